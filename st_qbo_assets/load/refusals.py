"""What follows when QuickBooks refuses a write.

What belongs here: for each class of refusal, whether it proves that the write happened before, and
otherwise the next action or the final result. What does not: sending (`sending`), the words of faults
(`quickbooks.fault_table`), and closing rows (`apply`).
"""

from dataclasses import dataclass, replace
from typing import Protocol

from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.ids import is_location
from st_qbo_assets.domain.outcomes import Json, LoadResult, Outcome, Payload, Reason
from st_qbo_assets.load import adoption, objects
from st_qbo_assets.load.actions import Action, ActionKind, Finding, FindingKind, Resolution
from st_qbo_assets.load.drifting import edits_of, settle_edit
from st_qbo_assets.load.holding import note_on_hold
from st_qbo_assets.load.open_amounts import OpenAmounts, pays
from st_qbo_assets.load.open_books import OpenBooks
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import is_done, read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.requests import (
    note_with_marker,
    renamed,
    with_number_allowed,
    with_version,
    without_orders,
)
from st_qbo_assets.load.results import Subject
from st_qbo_assets.quickbooks.faults import FaultClass, TakenNumber, classify, explain, taken_number
from st_qbo_assets.store.intents import Intent, Operation

#: Accounts of an item's cost; no other request carries them in its header.
_ITEM_ACCOUNTS = frozenset({"ExpenseAccountRef", "AssetAccountRef"})


#: Times that a refused payment is held against what is open: others are written at the same time.
_MOST_LOOKS = 2


class NameDesk(Protocol):
    """Who decides when a name is taken."""

    def after_conflict(self, payload: Payload, tried: str) -> Finding:
        """Return what to do about a customer or item whose name QuickBooks refused."""
        ...


@dataclass(frozen=True)
class Refusal:
    """One refused write.

    Attributes:
        seen: the object that was read to understand the refusal, if one was.
        is_ours: whether what was read proves that the write happened after all.
    """

    fault: RemoteFault
    intent: Intent
    seen: Json | None = None
    is_ours: bool = False

    @property
    def fault_class(self) -> FaultClass:
        """What QuickBooks' code asks to be done."""
        return classify(self.fault)


def understand(context: WriteContext, fault: RemoteFault, intent: Intent) -> Refusal:
    """Return the refusal with what one read tells about it, if its class needs one.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    kind = classify(fault)
    if kind in (FaultClass.REREAD, FaultClass.DEPOSITED) and intent.operation is not Operation.CREATE:
        seen = read_if_there(context, intent.target, objects.text(intent.request.get("Id")))
        return Refusal(fault, intent, seen, is_ours=seen is not None and is_done(intent, seen))
    if (
        kind is FaultClass.OWN_DUPLICATE
        and (taken := taken_number(fault))
        and taken.txn_type == intent.target
    ):
        seen = read_if_there(context, intent.target, taken.txn_id)
        is_ours = seen is not None and intent.source in objects.markers(seen) and not objects.is_voided(seen)
        return Refusal(fault, intent, seen, is_ours=is_ours)
    return Refusal(fault, intent)


class Refusals:
    """Decides what follows a refusal, for one record under its lock."""

    def __init__(self, context: WriteContext, names: NameDesk, known: Resolution, subject: Subject) -> None:
        """Decide for the record of the subject."""
        self._context = context
        self._names = names
        self._known = known
        self._subject = subject
        self._times_looked = 0
        self._is_unlinked = False
        self._open_amounts = OpenAmounts(context, subject)

    def before_sending(self, action: Action) -> LoadResult | Action | None:
        """Return what follows if a payment would be refused since too little is open; None if not.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        if not pays(action):
            return None
        return self._open_amounts.before_sending(action, OpenBooks(self._context))

    def next(self, refusal: Refusal, action: Action) -> LoadResult | Action:
        """Return the next action, or the final result. The refused intent is closed already.

        Raises:
            SyncError: if QuickBooks had to be asked and could not be.
        """
        by_class = {
            FaultClass.REREAD: self._after_stale,
            FaultClass.NAME_CONFLICT: self._after_name_conflict,
            FaultClass.OWN_DUPLICATE: self._after_number_taken,
            FaultClass.CLOSED_PERIOD: self._after_closed_period,
            FaultClass.DEPOSITED: self._after_deposited,
            FaultClass.GONE: self._after_gone,
        }
        if refusal.fault_class in by_class:
            return by_class[refusal.fault_class](refusal, action)
        if self._may_be_too_much(refusal, action):
            return self._after_too_much(refusal, action)
        if refusal.fault_class is FaultClass.FEATURE_OFF and refusal.intent.target == "PurchaseOrder":
            return self._subject.result(Outcome.HELD, link=action.link, said=reason("orders_off"), wrote=True)
        if refusal.fault_class is FaultClass.FEATURE_OFF and refusal.intent.target == "Item":
            said = reason("inventory_refused")
            return self._subject.result(Outcome.HELD, link=action.link, said=said, wrote=True)
        if refusal.fault.code == "6270":
            said = reason("stock_not_started", error=refusal.fault.detail or refusal.fault.message)
            return self._subject.result(Outcome.HELD, link=action.link, said=said, wrote=True)
        if self._may_be_its_order(refusal, action):
            self._is_unlinked = True
            bare = without_orders(refusal.intent.request)
            return replace(action, request=bare, reason=reason("bill_without_order"))
        return self._refused(refusal, action)

    def _after_stale(self, refusal: Refusal, action: Action) -> LoadResult | Action:
        if action.link is None or refusal.seen is None:
            return self._after_gone(refusal, action)
        return over_present(self._context, self._subject, action, refusal.seen, wrote=True)

    def _after_name_conflict(self, refusal: Refusal, action: Action) -> LoadResult | Action:
        payload = action.payload
        field = objects.name_field(refusal.intent.target)
        is_renaming = payload is not None and is_location(payload.source) and field in refusal.intent.request
        if payload is None or not field or (action.kind is not ActionKind.CREATE and not is_renaming):
            return self._refused(refusal, action)
        tried = objects.text(refusal.intent.request.get(field))
        finding = self._names.after_conflict(payload, tried)
        if finding.kind is FindingKind.NAME:
            request = renamed(payload.target, refusal.intent.request, finding.name)
            return replace(action, request=request, reason=finding.reason or action.reason)
        return self._follow(finding, action)

    def _after_number_taken(self, refusal: Refusal, action: Action) -> LoadResult | Action:
        payload, taken = action.payload, taken_number(refusal.fault)
        if payload is not None and action.kind is ActionKind.CREATE and refusal.seen is not None:
            ids = [objects.text(refusal.seen.get("Id"))]
            links = self._context.links.of_targets(self._context.name, payload.target, ids)
            finding = adoption.judge(self._context, payload, [refusal.seen], links, self._known)
            if finding is None:  # a document we emptied holds the number
                return replace(action, request=with_number_allowed(refusal.intent.request))
            return self._follow(finding, action)
        other = taken or TakenNumber("", "another document", "(unknown id)")
        said = reason(
            "number_used",
            number=objects.text(refusal.intent.request.get("DocNumber")),
            other_type=other.txn_type,
            other_id=other.txn_id,
            other_number=f" (number {other.number})" if other.number else "",
        )
        return self._subject.result(Outcome.REJECTED, link=action.link, said=said, wrote=True)

    def _after_closed_period(self, refusal: Refusal, action: Action) -> LoadResult:
        day = objects.text(refusal.intent.request.get("TxnDate")) or refusal.intent.day.isoformat()
        code = "closed_period" if self._context.policies.is_closed(day) else "closed_period_answered"
        said = reason(code, day=day)
        return self._subject.result(Outcome.HELD, link=action.link, said=said, wrote=True)

    def _after_deposited(self, refusal: Refusal, action: Action) -> LoadResult:
        qbo_id = action.link.qbo_id if action.link else ""
        said = reason("deposited", target=refusal.intent.target, qbo_id=qbo_id)
        return self._subject.result(Outcome.HELD, link=action.link, said=said, wrote=True)

    def _after_gone(self, refusal: Refusal, action: Action) -> LoadResult:
        link = action.link
        if link is None:
            return self._refused(refusal, action)
        said = reason("deleted_in_quickbooks", source=link.source, target=link.target, qbo_id=link.qbo_id)
        return self._subject.result(Outcome.REJECTED, link=link, said=said, wrote=True)

    def _refused(self, refusal: Refusal, action: Action) -> LoadResult:
        if action.link is not None and _ITEM_ACCOUNTS & refusal.intent.request.keys():
            error = refused_reason(refusal.fault).text
            said = reason("item_account_refused", qbo_id=action.link.qbo_id, error=error)
            return self._subject.result(Outcome.HELD, link=action.link, said=said, wrote=True)
        said = refused_reason(refusal.fault)
        return self._subject.result(Outcome.REJECTED, link=action.link, said=said, wrote=True)

    def _follow(self, finding: Finding, action: Action) -> LoadResult | Action:
        if finding.kind is FindingKind.HOLD:
            return self._subject.result(Outcome.HELD, said=finding.reason, wrote=True)
        return Action(ActionKind.ADOPT, action.payload, finding=finding, reason=finding.reason)

    # A payment line that takes more than is open (rules 3.3, 3.7; QB §8 no. 21)

    def _may_be_too_much(self, refusal: Refusal, action: Action) -> bool:
        has_lines = bool(objects.applications(refusal.intent.request))
        is_payment = refusal.intent.target in objects.PAYMENTS and has_lines
        # Which code QuickBooks gives is not documented (QB §10 no. 3): 620, or 6000 with words of its own.
        can_mean_it = refusal.fault_class is FaultClass.NOT_LINKABLE or refusal.fault.code == "6000"
        return is_payment and can_mean_it and self._times_looked < _MOST_LOOKS and action.payload is not None

    def _after_too_much(self, refusal: Refusal, action: Action) -> LoadResult | Action:
        self._times_looked += 1
        step = self._open_amounts.after_refusal(refusal.intent.request, action)
        if step is None or (step is action and not self._may_go_again(refusal)):
            return self._refused(refusal, action)
        return step

    def _may_go_again(self, refusal: Refusal) -> bool:
        """Say whether what was refused may be sent again as it is, since enough is open for it now.

        Once only, and not if the last load was told the same: it is refused for another reason then.
        """
        if self._times_looked == _MOST_LOOKS:
            return False
        source = self._subject.source
        before = self._context.ledger.record_states(self._context.name, [source]).get(source)
        said = before.reason if before is not None else None
        return said is None or said.text != refused_reason(refusal.fault).text

    def _may_be_its_order(self, refusal: Refusal, action: Action) -> bool:
        """Say whether a bill may have been refused for its order, which somebody closed or billed in full."""
        can_mean_it = refusal.fault_class is FaultClass.NOT_LINKABLE or refusal.fault.code == "6000"
        is_linked = refusal.intent.request != without_orders(refusal.intent.request)
        return refusal.intent.target == "Bill" and can_mean_it and is_linked and not self._is_unlinked


def over_present(
    context: WriteContext, subject: Subject, action: Action, seen: Json, *, wrote: bool
) -> LoadResult | Action:
    """Return a write of a document as it is in QuickBooks now, or why it is not written over what it is.

    Raises:
        SyncError: if QuickBooks had to be asked and could not be.
    """
    link = action.link
    assert link is not None
    if edited := edits_of(link, seen, action.request or {}):
        settled = settle_edit(context, link, seen, edited, is_gone=action.payload is None)
        if settled.held is not None:
            return subject.result(Outcome.HELD, link=settled.link, said=settled.held, wrote=wrote)
        link = settled.link
        action = replace(action, request=_over(action, seen))
    token, request = objects.text(seen.get("SyncToken")), action.request or {}
    if link.target == "Bill" and "PrivateNote" in request and action.payload is not None:
        ours, stored = (objects.text(each.get("PrivateNote")) for each in (action.payload.body, seen))
        request = {**request, "PrivateNote": note_on_hold(ours, stored)}
    return replace(action, link=replace(link, sync_token=token), request=with_version(request, token))


def _over(action: Action, seen: Json) -> Json:
    """Return the request that writes our version over an edited one; a marker that is gone comes back."""
    request = action.request or {}
    if action.payload is None or objects.markers(action.payload.body) == objects.markers(seen):
        return request
    return {**request, "PrivateNote": note_with_marker(action.payload.body, seen)}


def refused_reason(fault: RemoteFault) -> Reason:
    """Return a refusal in plain words, with QuickBooks' own beside them."""
    kind = explain(fault)
    said = fault.detail or fault.message
    error = f"{kind.plain} {kind.cause} ({fault.code}: {said})"
    return reason("refused", error=error, remedy=kind.remedy)
