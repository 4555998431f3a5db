"""What of a payload may be sent today.

What belongs here: which lines of a payment stand for documents that are in QuickBooks, which are left out
and which it waits for (rules 1.6, 3.2), and that every other reference is there. What does not: what is
done with it (`plan`). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json, Outcome, Payload, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Resolution, WritePolicies
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.verify import LINES
from st_qbo_assets.store.links import LinkState

_WAITING = frozenset({Outcome.REJECTED, Outcome.HELD, Outcome.FAILED, Outcome.BLOCKED, Outcome.MISMATCH})
#: Outcomes of an item that is not as the price book says: what is bought would be booked where it was.
_NOT_AS_MEANT = _WAITING - {Outcome.BLOCKED}
_WORDS: dict[Outcome | None, str] = {
    None: "has not been loaded yet",
    Outcome.NOT_DUE: "is not due",
    Outcome.REJECTED: "was rejected",
    Outcome.HELD: "is held",
    Outcome.BLOCKED: "is waiting itself",
    Outcome.FAILED: "could not be posted",
    Outcome.VOIDED: "was voided",
}


@dataclass(frozen=True)
class Effective:
    """What may be sent now.

    Attributes:
        payload: with the body that may be sent; None if it has to wait, or there is nothing to apply.
        said: why it waits, or what is to be said of it.
        is_nothing: whether it only applies a credit, and none of what it is applied to is in QuickBooks.
    """

    payload: Payload | None
    said: Reason | None = None
    is_nothing: bool = False


@dataclass
class _Lines:
    """The lines of a payment, sorted."""

    kept: list[Json] = field(default_factory=list[Json])
    dropped: list[tuple[SourceRef, str]] = field(default_factory=list[tuple[SourceRef, str]])
    dropped_amount: Decimal = objects.ZERO
    waits: SourceRef | None = None


def effective_payload(payload: Payload, known: Resolution, policies: WritePolicies) -> Effective:
    """Return the payload with the body that may be sent now, and what is to be said of it.

    A payment line whose invoice is not in QuickBooks is dropped where the invoice is not due, unknown,
    deleted or before the start (the payment posts unapplied on its own date), and waits where the invoice
    was rejected, held or failed, unless the company says `unapplied` (rules 1.6, 3.2). So does one whose
    invoice is held on another customer, of whom QuickBooks takes no payment for it. What uses a credit uses
    as much less of it; without anything left to apply it to, it is nothing. A payment of bills waits until
    one of them is there.
    """
    said: Reason | None = None
    body = payload.body
    if payload.target in objects.PAYMENTS:
        found = _payment_lines(body, known, policies)
        if found.waits is not None:
            said = reason("payment_waits", waits_for=found.waits, state=state_of(found.waits, "", known))
            return Effective(None, said)
        lines = _lower(found.kept, found.dropped_amount, is_credit=True)
        if found.dropped:
            documents = ", ".join(dict.fromkeys(str(source) for source, _ in found.dropped))
            code = "credit_stays_unapplied" if is_application(body) else "unapplied_for_now"
            said = reason(code, invoices=documents, state=state_of(*found.dropped[0], known))
            if is_application(body) and not lines:
                return Effective(None, said, is_nothing=True)
            if payload.target == "BillPayment" and not lines:
                # QuickBooks takes no payment of bills that names none (QB §6.10).
                source, target = found.dropped[0]
                state = state_of(source, target, known)
                return Effective(None, reason("bill_payment_waits", waits_for=source, state=state))
        body = {**body, "Line": lines}
    if payload.target == "Bill":
        body = _with_orders_there(body, known)
    if payload.target == "Item":
        body = _with_vendor_there(body, known)
    is_bought = payload.target in objects.BUYING
    for target, source in objects.symbolic_references(body):
        is_as_meant = not (is_bought and target == "Item" and known.outcome(source) in _NOT_AS_MEANT)
        if not is_there(known, source, target) or not is_as_meant:
            return Effective(
                None, reason("waits_for", waits_for=source, state=state_of(source, target, known))
            )
    return Effective(payload.with_body(body), said)


def _with_orders_there(body: Json, known: Resolution) -> Json:
    """Return a bill linked only to order lines that are in QuickBooks: what is owed waits for no order."""
    lines: list[Json] = []
    for line in map(objects.as_mapping, objects.as_list(body.get("Line"))):
        linked = objects.as_mapping(next(iter(objects.as_list(line.get("LinkedTxn"))), None))
        source = objects.as_source(linked.get("TxnId"))
        if source is not None:
            link = known.link(source, "PurchaseOrder")
            ids = objects.as_mapping(link.confirmed.get(LINES)) if link is not None else {}
            if objects.text(linked.get("TxnLineId")) not in ids or not is_there(
                known, source, "PurchaseOrder"
            ):
                line = {key: value for key, value in line.items() if key != "LinkedTxn"}
        lines.append(line)
    return {**body, "Line": lines}


def _with_vendor_there(body: Json, known: Resolution) -> Json:
    """Return an item with its usual vendor only if he is in QuickBooks: an item waits for no vendor."""
    source = objects.as_source(objects.ref(body, "PrefVendorRef"))
    if source is None or is_there(known, source, "Vendor"):
        return body
    return {key: value for key, value in body.items() if key != "PrefVendorRef"}


def without_missing(payload: Payload, known: Resolution) -> Payload | None:
    """Return a payment applied only to what is in QuickBooks and stays; None if nothing of it is left.

    What is to be voided is let go of that way, before what takes its place is there.
    """
    lines = [
        line
        for line in map(objects.as_mapping, objects.as_list(payload.body.get("Line")))
        if all(is_there(known, source, target) for target, source in objects.symbolic_references(line))
    ]
    money = objects.amount(payload.body.get("TotalAmt")) or objects.ZERO
    charged = sum((_amount(line) for line in lines if not _uses_credit(line)), objects.ZERO)
    used = sum((_amount(line) for line in lines if _uses_credit(line)), objects.ZERO)
    lines = _lower(lines, max(objects.ZERO, charged - used - money), is_credit=False)
    lines = _lower(lines, max(objects.ZERO, used - charged), is_credit=True)
    return payload.with_body({**payload.body, "Line": lines}) if lines or money else None


def is_application(body: Json) -> bool:
    """Say whether a payment moves no money: it only ties a credit to what it is used for."""
    return not objects.amount(body.get("TotalAmt"))


def is_there(known: Resolution, source: SourceRef, target: str) -> bool:
    """Say whether a document is in QuickBooks, and stays there."""
    link = known.link(source, target)
    if link is not None:
        return link.state is not LinkState.VOIDED and not known.is_retiring(source, target)
    return known.outcome(source) is Outcome.PLANNED


def state_of(source: SourceRef, target: str, known: Resolution) -> str:
    """Return where a record stands, in words."""
    if known.is_retiring(source, target):
        return "is gone from ServiceTitan"
    return _WORDS.get(known.outcome(source), "is not in QuickBooks")


def _payment_lines(body: Json, known: Resolution, policies: WritePolicies) -> _Lines:
    found = _Lines()
    for line in map(objects.as_mapping, objects.as_list(body.get("Line"))):
        missing = [
            (target, source)
            for target, source in objects.symbolic_references(line)
            if not is_there(known, source, target) or _is_left_on_another(body, source, target, known)
        ]
        if not missing:
            found.kept.append(line)
            continue
        target, source = missing[0]
        if _waits(body, target, source, known, policies):
            found.waits = source
            return found
        found.dropped.append((source, target))
        found.dropped_amount += objects.amount(line.get("Amount")) or objects.ZERO
    return found


def _is_left_on_another(body: Json, source: SourceRef, target: str, known: Resolution) -> bool:
    """Say whether a document that is held stands on another customer, or vendor, than its payment names."""
    link = known.link(source, target)
    if link is None or known.outcome(source) not in _WAITING:
        return False
    for whose in ("CustomerRef", "VendorRef"):
        payer, owner = objects.as_source(objects.ref(body, whose)), objects.text(link.confirmed.get(whose))
        if payer is not None and owner:
            # With those of his service locations.
            return owner not in {each.qbo_id for each in known.parts_of(payer)}
    return False


def _waits(body: Json, target: str, source: SourceRef, known: Resolution, policies: WritePolicies) -> bool:
    if target in objects.CREDITS:
        return True  # a credit that is not there cannot pay for anything
    if target == "Purchase":
        return is_application(body)  # money is taken whether or not its refund can be posted
    is_waiting = known.outcome(source) in _WAITING and not known.is_retiring(source, target)
    return is_waiting and policies.payment_of_unposted_invoice == "wait"


def _lower(lines: Sequence[Json], by: Decimal, *, is_credit: bool) -> list[Json]:
    """Return the lines with so much less taken from credits (or charges), the last one first."""
    left = by
    lowered: list[Json] = []
    for line in reversed(lines):
        if left and _uses_credit(line) is is_credit:
            cut = min(left, _amount(line))
            left -= cut
            if _amount(line) == cut:
                continue
            line = {**line, "Amount": _amount(line) - cut}
        lowered.append(line)
    return lowered[::-1]


def _amount(line: Json) -> Decimal:
    return objects.amount(line.get("Amount")) or objects.ZERO


def _uses_credit(line: dict[str, Any]) -> bool:
    return any(kind in objects.CREDITS for kind, _, _ in objects.applications({"Line": [line]}))
