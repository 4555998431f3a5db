"""One record under its lock, from plan to close.

What belongs here: settling an intent that was left open, committing, sending, verifying, closing, and
what is there already (rules 5.1–5.4). What does not: the lock and what errors become (`apply`), the
decision (`plan`), the loop of sends (`sending`), refusals (`refusals`).
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from st_qbo_assets.domain.errors import LedgerConflict, SyncError, TransportError
from st_qbo_assets.domain.outcomes import Json, LoadResult, Outcome, Payload, Reason
from st_qbo_assets.load import adoption
from st_qbo_assets.load.actions import Action, ActionKind, Finding, FindingKind
from st_qbo_assets.load.emptying import ready_to_void
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.linking import Posted, link_to, link_to_found, marked, state_after
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import find_written
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.rechecking import Rechecks
from st_qbo_assets.load.refusals import NameDesk, Refusals, understand
from st_qbo_assets.load.requests import repair_request
from st_qbo_assets.load.results import Subject
from st_qbo_assets.load.sending import Sent, is_trusted, send
from st_qbo_assets.load.verify import Difference, describe, verify, verify_voided
from st_qbo_assets.load.voiding import VOID_DIGEST
from st_qbo_assets.quickbooks.faults import FaultClass
from st_qbo_assets.store.intents import AttemptOutcome, Closing, Intent, IntentDraft, Operation
from st_qbo_assets.store.links import Link, LinkState

_log = logging.getLogger(__name__)

#: Actions of one turn: another name, another version, a repair, and some to spare.
_MOST_ACTIONS = 8
_OPERATIONS = {
    ActionKind.CREATE: Operation.CREATE,
    ActionKind.UPDATE: Operation.UPDATE,
    ActionKind.VOID: Operation.VOID,
}
_FOREIGN = (LinkState.ADOPTED, LinkState.SETTLED_PAIR)
Planner = Callable[[Link | None], Action]


class RecordTurn:
    """One record while its lock is held; used once."""

    def __init__(
        self, context: WriteContext, names: NameDesk, known: Knowledge, subject: Subject, planner: Planner
    ) -> None:
        """Prepare the turn of a subject; `planner` says what it needs, given its present link."""
        self._context = context
        self._ledger = context.ledger
        self._known = known
        self._subject = subject
        self._planner = planner
        self._refusals = Refusals(context, names, known, subject)
        self._rechecks = Rechecks(context, known, subject)
        self._repairing: tuple[Difference, ...] = ()
        self._wrote = False
        self._is_looked_at = False
        self._operation = ""

    def run(self) -> LoadResult:
        """Bring the record to where it can be brought, and return where it stands.

        Raises:
            SyncError: if QuickBooks or the ledger could not be asked; what is open stays open.
        """
        step: LoadResult | Action = self._plan()
        intent = self._ledger.open_intent(self._context.name, self._subject.source, self._subject.target)
        if intent is not None:
            step = self._settle(intent, step)
        for _ in range(_MOST_ACTIONS):
            if isinstance(step, LoadResult):
                return step
            step = self._carry_out(step)
        if isinstance(step, LoadResult):
            return step
        return self._subject.unsettled(LedgerConflict("QuickBooks keeps changing it while it is written"))

    def _plan(self) -> Action:
        link = self._ledger.link(self._context.name, self._subject.source, self._subject.target)
        if link is not None:
            self._known.learn_links([link])
        return self._planner(link)

    # An intent that was left open (rules 5.1, 5.2)

    def _settle(self, intent: Intent, action: Action) -> LoadResult | Action:
        is_waiting = action.kind in (ActionKind.HELD, ActionKind.BLOCKED)
        # Without a payload there is nothing to be booked: what is left is to be voided, or done with.
        is_wanted = action.kind is ActionKind.VOID or (action.payload is not None and not is_waiting)
        may_resend = is_wanted and (intent.operation is not Operation.VOID or action.kind is ActionKind.VOID)
        if may_resend and is_trusted(self._context, intent):
            attempt = self._ledger.begin_attempt(intent, run_id=self._context.run_id)
            return self._conclude(send(self._context, attempt), intent, action)
        found = find_written(self._context, intent)
        if found is not None:
            return self._close_found(intent, found, action, code="found")
        if not is_trusted(self._context, intent):
            self._ledger.close_absent(intent)
            return self._plan()
        if not is_waiting:
            return self._subject.unsettled(TransportError("it is still being found out"), link=action.link)
        return action

    # Actions

    def _carry_out(self, action: Action) -> LoadResult | Action:
        if action.kind is ActionKind.ADOPT:
            return self._adopt(action)
        if action.kind is ActionKind.RECHECK:
            return self._recheck(action)
        if action.kind is ActionKind.VOID and action.request is None:
            return ready_to_void(self._context, self._subject, action)
        if action.writes:
            step = self._before_sending(action)
            return self._write(action) if step is None else step
        if action.kind is ActionKind.UNCHANGED and self._operation:
            done = Outcome.VOIDED if self._operation == Operation.VOID.value else Outcome.POSTED
            return self._result(done, action.link, action)
        return replace(without_writing(self._subject, action), wrote=self._wrote)

    def _before_sending(self, action: Action) -> LoadResult | Action | None:
        """Look at what is open before a payment goes again that found too little; it would be refused."""
        if self._is_looked_at or not self._known.found_too_little(self._subject.source):
            return None
        self._is_looked_at = True
        return self._refusals.before_sending(action)

    def _write(self, action: Action) -> LoadResult | Action:
        payload = action.payload
        draft = IntentDraft(
            company=self._context.name,
            tenant=self._context.tenant,
            realm=self._context.realm,
            source=self._subject.source,
            target=self._subject.target,
            operation=_OPERATIONS[action.kind],
            digest=payload.digest if payload else VOID_DIGEST,
            day=self._subject.day,
            payload=payload.body if payload else {},
            request=action.request or {},
            run_id=self._context.run_id,
        )
        attempt = self._ledger.begin(draft)
        self._context.seam("after_intent")
        return self._conclude(send(self._context, attempt), attempt.intent, action)

    def _conclude(self, sent: Sent, intent: Intent, action: Action) -> LoadResult | Action:
        """Close what was sent, and return what follows."""
        self._wrote = True
        if sent.obj is not None and not sent.is_found:
            return self._close_answered(sent, intent, action)
        if sent.obj is not None:
            return self._close_found(intent, sent.obj, action, code=sent.closing.code)
        if sent.is_absent:
            return self._plan()
        if sent.fault is None:
            error: SyncError = sent.error or TransportError("no answer")
            return self._subject.unsettled(error, link=action.link)
        refusal = understand(self._context, sent.fault, intent)
        if refusal.is_ours and refusal.seen is not None:
            return self._close_found(intent, refusal.seen, action, code=sent.fault.code)
        self._ledger.close_attempt(sent.attempt, AttemptOutcome.REJECTED, sent.closing)
        if not _is_same(intent, action):
            return self._plan()
        if self._repairing and action.link is not None and refusal.fault_class is not FaultClass.REREAD:
            return self._mismatch(action.link, self._repairing)
        return self._refusals.next(refusal, action)

    def _close_answered(self, sent: Sent, intent: Intent, action: Action) -> LoadResult | Action:
        obj = sent.obj or {}
        different = self._differences(intent, obj, action)
        link = self._link(intent, obj, different)
        self._context.seam("before_close")
        self._ledger.close_posted(
            sent.attempt,
            link=link,
            closing=sent.closing,
            marked=marked(intent.target, obj),
            mismatch=bool(different),
        )
        return self._after_close(intent, obj, link, different, action, may_repair=True)

    def _close_found(self, intent: Intent, obj: Json, action: Action, *, code: str) -> LoadResult | Action:
        different = self._differences(intent, obj, action)
        link = self._link(intent, obj, different)
        self._context.seam("before_close")
        self._ledger.close_found(
            intent,
            link=link,
            closing=Closing(code=code, message="found in QuickBooks", answer=obj),
            marked=marked(intent.target, obj),
            mismatch=bool(different),
        )
        # What is found may carry a person's edits: only an answer of our own is repaired by itself.
        return self._after_close(intent, obj, link, different, action, may_repair=False)

    def _link(self, intent: Intent, obj: Json, different: tuple[Difference, ...]) -> Link:
        state = state_after(intent, differs=bool(different))
        return link_to(self._context, Posted.of_intent(intent), obj, state=state)

    def _differences(self, intent: Intent, obj: Json, action: Action) -> tuple[Difference, ...]:
        if intent.operation is Operation.VOID:
            return verify_voided(intent.target, obj)
        is_same = _is_same(intent, action)
        return verify(
            intent.target,
            intent.request,
            obj,
            cents=abs(self._subject.cents) if is_same and action.payload else None,
            applies_itself=self._context.applies_itself,
        )

    def _after_close(
        self,
        intent: Intent,
        obj: Json,
        link: Link,
        different: tuple[Difference, ...],
        action: Action,
        *,
        may_repair: bool,
    ) -> LoadResult | Action:
        self._known.learn_links([link])
        if not _is_same(intent, action):
            return self._plan()
        self._operation = self._operation or intent.operation.value
        outcome = Outcome.VOIDED if intent.operation is Operation.VOID else Outcome.POSTED
        if action.finding is not None and action.finding.kind is FindingKind.AGAIN:
            _note_decision(self._context, link, action.finding)
        if not different:
            return self._result(outcome, link, action)
        _log.warning("write=mismatch source=%s qbo_id=%s", intent.source, link.qbo_id)
        if not may_repair or self._repairing or intent.operation is Operation.VOID:
            return self._mismatch(link, different)
        self._repairing = different
        request = repair_request(intent.target, intent.request, obj)
        return Action(ActionKind.UPDATE, action.payload, request=request, link=link, reason=action.reason)

    # Objects that are there already

    def _adopt(self, action: Action) -> LoadResult | Action:
        payload, finding = action.payload, action.finding
        assert payload is not None and finding is not None and finding.obj is not None
        link, is_unsure = link_to_found(self._context, payload, finding, self._known)
        try:
            self._ledger.save_link(link)
        except LedgerConflict as conflict:
            return self._subject.result(Outcome.HELD, said=_taken(link, payload, conflict))
        self._known.learn_links([link])
        _note_decision(self._context, link, finding)
        if is_unsure:
            return self._plan()
        self._operation = "link"
        return self._result(Outcome.POSTED, link, action)

    def _recheck(self, action: Action) -> LoadResult | Action:
        step = self._rechecks.follow(action, wrote=self._wrote)
        return self._plan() if step is None else step

    # Results

    def _result(self, outcome: Outcome, link: Link | None, action: Action) -> LoadResult:
        return self._subject.result(
            outcome, link=link, said=action.reason, operation=self._operation, wrote=self._wrote
        )

    def _mismatch(self, link: Link, different: tuple[Difference, ...]) -> LoadResult:
        said = reason("mismatch", target=link.target, qbo_id=link.qbo_id, differences=describe(different))
        return self._subject.result(
            Outcome.MISMATCH, link=link, said=said, operation=self._operation, wrote=self._wrote
        )


def _is_same(intent: Intent, action: Action) -> bool:
    """Say whether an intent writes just what the action is about."""
    if action.payload is None:
        return intent.operation is Operation.VOID and action.kind is ActionKind.VOID
    return intent.operation is not Operation.VOID and intent.digest == action.payload.digest


def _note_decision(context: WriteContext, link: Link, finding: Finding) -> None:
    decide(
        context,
        link,
        code=finding.code,
        decided_by=finding.decided_by,
        detail=finding.evidence or {},
    )


def decide(context: WriteContext, link: Link, *, code: str, decided_by: str, detail: Json) -> None:
    """Keep in the audit who decided that a record is an existing object."""
    context.decisions.decide(
        context.name,
        link.source,
        target=link.target,
        qbo_id=link.qbo_id,
        code=code,
        decided_by=decided_by,
        detail=detail,
        run_id=context.run_id,
    )


def without_writing(subject: Subject, action: Action) -> LoadResult:
    """Return the result of an action that sends nothing."""
    outcomes = {ActionKind.BLOCKED: Outcome.BLOCKED, ActionKind.UNCHANGED: Outcome.UNCHANGED}
    outcome = outcomes.get(action.kind, Outcome.HELD)
    if outcome is Outcome.UNCHANGED and action.link and action.link.state is LinkState.VOIDED:
        outcome = Outcome.VOIDED
    return subject.result(outcome, link=action.link, said=action.reason)


def _taken(link: Link, payload: Payload, conflict: LedgerConflict) -> Reason:
    number = adoption.number_of(payload) or payload.number
    return reason(
        "number_taken",
        number=number,
        target=link.target,
        qbo_id=link.qbo_id,
        owner=f"another record ({conflict})",
    )
