"""Carrying out the plan of one record, so that QuickBooks holds it exactly once whatever dies when.

What belongs here: the locks around a record's turn, what errors become, and the ways a record is looked
at (write, void, find out, preview). What does not: the turn itself (`turn`), the order of a day (`day`).

    lock ─ link and open intent ─ plan ─┬─ nothing to send: done
                                        └─ intent ─ send ─ answer ─ verify ─ close (attempt, intent, link)
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    LedgerConflict,
    RateLimited,
    RemoteFault,
    TransportError,
)
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped, Outcome, Payload, Verdict
from st_qbo_assets.load import adoption, objects
from st_qbo_assets.load.actions import Action, ActionKind
from st_qbo_assets.load.emptying import seems_emptied, unless_emptied
from st_qbo_assets.load.foresight import foreseen
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.linking import Posted, link_to
from st_qbo_assets.load.plan import plan_write
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.refusals import NameDesk, refused_reason
from st_qbo_assets.load.results import Subject, passed_through, subject_of
from st_qbo_assets.load.shapes import GATE_CLOSED, Unwanted
from st_qbo_assets.load.turn import Planner, RecordTurn, decide, without_writing
from st_qbo_assets.load.voiding import plan_void
from st_qbo_assets.store.links import Link, LinkState

_log = logging.getLogger(__name__)

_NOT_TO_BE_BOOKED, _NOT_FOR_NOW = "needs_void", "gate_closed_again"
_WAITS_FOR_EMPTYING = frozenset({_NOT_TO_BE_BOOKED, _NOT_FOR_NOW})


def awaits_emptying(action: Action) -> bool:
    """Say whether a person was asked to empty a document, and something of it was seen to be gone."""
    waits = action.reason is not None and action.reason.code in _WAITS_FOR_EMPTYING
    return waits and action.link is not None and seems_emptied(action.link)


class RecordWriter:
    """Writes records, each under its lock; share it between the threads of a load."""

    def __init__(self, context: WriteContext, names: NameDesk) -> None:
        """Write for one company; `names` decides when a name is taken."""
        self._context = context
        self._names = names

    def write(self, payload: Payload, known: Knowledge) -> LoadResult:
        """Bring QuickBooks to hold a payload, and return where the record stands.

        Raises:
            ConnectionStopped: if a person has to act before anything can be written.
        """
        subject = Subject.of_payload(payload)
        policies = self._context.policies
        return self._turn(subject, known, lambda link: plan_write(payload, link, known, policies))

    def find_out(self, mapped: Mapped, target: str, known: Knowledge) -> LoadResult:
        """Find out what became of a record that is not to be booked now.

        That is a write whose outcome was not known, or a document that a person seems to have emptied, as she
        was asked to: then it is done with.

        Raises:
            ConnectionStopped: if a person has to act first.
        """

        def plan(link: Link | None) -> Action:
            action = self.plan_waiting(mapped, link)
            if link is None or not awaits_emptying(action):
                return action
            why = mapped.reason.text if mapped.reason else "it is not due."
            return unless_emptied(self._context, action, link, why)

        result = self._turn(Subject.of_mapped(mapped, target), known, plan)
        if mapped.verdict is not Verdict.NOT_DUE or not result.qbo_id:
            stands = passed_through(mapped, qbo_id=result.qbo_id, target=result.target)
            return result if result.outcome is Outcome.FAILED else stands
        return result

    def plan_waiting(self, mapped: Mapped, link: Link | None) -> Action:
        """Return what is said of a record that is not booked now: nothing is removed by it (rule 1.2)."""
        if link is None or mapped.verdict is not Verdict.NOT_DUE:
            return Action(ActionKind.HELD, link=link, reason=mapped.reason)
        if link.state is LinkState.VOIDED:
            return Action(ActionKind.UNCHANGED, link=link)
        is_gate = mapped.reason is not None and mapped.reason.code in GATE_CLOSED
        code = _NOT_FOR_NOW if is_gate else _NOT_TO_BE_BOOKED
        why = mapped.reason.text if mapped.reason else "it is not due."
        said = reason(code, target=link.target, qbo_id=link.qbo_id, why=why)
        return Action(ActionKind.HELD, link=link, reason=said)

    def void(self, unwanted: Unwanted, known: Knowledge) -> LoadResult:
        """Void a document that its record no longer is; a write of it that was left open is found out first.

        Raises:
            ConnectionStopped: if a person has to act first.
        """
        subject = subject_of(unwanted)

        def plan(link: Link | None) -> Action:
            if link is None:
                said = reason("not_settled", error="it is still being found out")
                return Action(ActionKind.HELD, reason=said)
            action = plan_void(link, unwanted.why, self._context.policies)
            if action.kind is not ActionKind.HELD:
                return action
            # What could not be voided for her is done with once a person has emptied it, as she was asked to.
            return unless_emptied(self._context, action, link, unwanted.why)

        result = self._turn(subject, known, plan)
        is_never_written = result.outcome is Outcome.HELD and not result.qbo_id
        if (
            is_never_written
            and self._context.ledger.open_intent(self._context.name, unwanted.source, unwanted.target) is None
        ):
            return subject.result(Outcome.VOIDED)
        return result

    def preview_void(self, unwanted: Unwanted) -> LoadResult:
        """Return what a void would do; nothing is sent, locked or kept."""
        subject, link = subject_of(unwanted), unwanted.link
        if link is None:
            return subject.result(Outcome.PLANNED, operation="void")
        action = plan_void(link, unwanted.why, self._context.policies)
        if action.kind is ActionKind.VOID:
            said = action.reason or unwanted.mapped.reason
            said = said or reason("voided_here", target=link.target, qbo_id=link.qbo_id, why=unwanted.why)
            return subject.result(Outcome.PLANNED, link=link, said=said, operation="void")
        return without_writing(subject, action)

    def link_elsewhere(self, wanted: adoption.Elsewhere, obj: Json, known: Knowledge) -> LoadResult:
        """Link a document that others have booked, so that payments and voids find it; nothing is written."""
        mapped, target = wanted.mapped, "Invoice"
        stands = passed_through(mapped, target=target)
        posted = Posted.elsewhere(mapped, target)
        link = link_to(self._context, posted, obj, state=LinkState.ADOPTED)
        try:
            with self._locked(mapped.source, target):
                if self._context.ledger.link(self._context.name, mapped.source, target) is None:
                    self._context.ledger.save_link(link)
                    evidence: Json = {"number": wanted.number, "cents": wanted.cents, "open": wanted.is_open}
                    decide(self._context, link, code="adopted_elsewhere", decided_by="rule", detail=evidence)
        except LedgerConflict as conflict:
            _log.warning("link=refused source=%s error=%s", mapped.source, conflict)
            return stands
        known.learn_links([link])
        return replace(stands, qbo_id=link.qbo_id, operation="link")

    def preview(self, payload: Payload, known: Knowledge) -> LoadResult:
        """Return what a write would do; nothing is sent, locked or kept."""
        subject = Subject.of_payload(payload)
        link = known.link(payload.source, payload.target)
        return foreseen(subject, plan_write(payload, link, known, self._context.policies))

    def _turn(self, subject: Subject, known: Knowledge, planner: Planner) -> LoadResult:
        try:
            with self._locked(subject.source, subject.target):
                return RecordTurn(self._context, self._names, known, subject, planner).run()
        except ConnectionStopped:
            raise
        except RemoteFault as fault:
            # a read that was refused; writes deal with their own refusals
            return subject.result(Outcome.FAILED, said=refused_reason(fault))
        except (TransportError, RateLimited, AuthExpired, LedgerConflict) as error:
            _log.warning("write=failed source=%s error=%s", subject.source, type(error).__name__)
            return subject.failed(error)

    @contextmanager
    def _locked(self, source: SourceRef, target: str) -> Generator[None]:
        ledger, name = self._context.ledger, self._context.name
        if not objects.name_field(target):
            with ledger.lock(name, source):
                yield
            return
        with (
            ledger.lock_names(self._context.realm, "items" if target == "Item" else "names"),
            ledger.lock(name, source),
        ):
            yield
