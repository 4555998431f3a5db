"""Settling: how a Payment or BillPayment uses up charges and credits, and gives them back.

Belongs here: the lines that both have in common. Does not belong here: what else a payment is (`payments.py`,
`bill_payments.py`) and moving open amounts (`links.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from st_qbo_sandbox.quickbooks import links
from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.faults import Fault, business, deleted, fault, missing
from st_qbo_sandbox.quickbooks.references import unknown_reference
from st_qbo_sandbox.quickbooks.work import Work


@dataclass(frozen=True)
class Kind:
    """One of the two kinds: who pays, what may be linked, where unused money is kept."""

    entity: str
    owner_field: str
    linkable: tuple[str, ...]
    unused_field: str


PAYMENT = Kind(
    "Payment", "CustomerRef", ("Invoice", "CreditMemo", "JournalEntry", "Purchase", "Deposit"), "UnappliedAmt"
)
BILL_PAYMENT = Kind(
    "BillPayment", "VendorRef", ("Bill", "VendorCredit", "JournalEntry", "Purchase", "Deposit"), "_open"
)


def settle(call: Call, kind: Kind, new: Body) -> None:
    """Apply the lines of a new or changed payment and write what is left over.

    Raises:
        Fault: 2020, 2170, 2290, 2500, 610, 620 or 6000.
    """
    new["Line"] = [_read_line(line) for line in new.get("Line", [])]
    applied = sum((_apply(call, kind, new, line) for line in new["Line"]), ZERO)
    if not new["TotalAmt"] and not new["Line"]:
        raise business("You must set a transaction amount.")
    if applied > new["TotalAmt"]:
        raise business("The amount applied to the transactions is more than the amount of the payment.")
    new[kind.unused_field] = new["TotalAmt"] - applied


def _read_line(line: Body) -> Body:
    if "Amount" not in line:
        raise Fault(missing("Amount"))
    if len(line.get("LinkedTxn", [])) != 1:
        raise Fault(missing("LinkedTxn"))
    link = line["LinkedTxn"][0]
    for name in ("TxnId", "TxnType"):
        if name not in link:
            raise Fault(missing(name))
    if link.get("TxnLineId") in ("0", ""):
        link.pop("TxnLineId")
    return {"Amount": money(line["Amount"]), "LinkedTxn": [link]}


def _apply(call: Call, kind: Kind, payment: Body, line: Body) -> Decimal:
    link = line["LinkedTxn"][0]
    amount, line_id = line["Amount"], link.get("TxnLineId")
    entity = links.entity_of_type(link["TxnType"])
    if entity not in kind.linkable:
        raise fault("2170", f"Invalid Enumeration : {link['TxnType']}", "TxnType")
    if amount < 0:
        raise fault(
            "2290", "NegativeAmount : Negative amounts aren't supported on transaction lines.", "Amount"
        )
    target = call.work.find(entity, link["TxnId"])
    if target is None:
        raise (
            deleted()
            if call.books.tombstone(entity, link["TxnId"])
            else unknown_reference(call, entity, link["TxnId"])
        )
    _check_owner(call, kind, payment, entity, target, line_id)
    if amount > links.open_amount(entity, target, line_id):
        detail = "You can't apply more than the open balance of a transaction."
        raise fault(call.switches.overpaid_line_code, f"Business Validation Error: {detail}")
    link["TxnType"] = links.type_of(entity, target)
    is_credit = links.is_credit(entity, target, line_id)
    links.use(call.work, entity, link["TxnId"], amount, by=payment, by_entity=kind.entity, line_id=line_id)
    return -amount if is_credit else amount


def _check_owner(
    call: Call, kind: Kind, payment: Body, entity: str, target: Body, line_id: str | None
) -> None:
    owner = links.owner_of(entity, target, line_id)
    payer = payment[kind.owner_field]["value"]
    while owner is not None and owner != payer:
        customer = call.work.find("Customer", owner) if kind is PAYMENT else None
        # A parent pays for sub-customers that are billed with it (reference §6.2).
        is_billed_with_parent = customer is not None and customer.get("BillWithParent")
        owner = customer["ParentRef"]["value"] if customer is not None and is_billed_with_parent else None
    if owner is None:
        raise fault(
            call.switches.foreign_customer_link_code,
            f"Transaction cannot be linked : TxnId {target['Id']} belongs to another customer or vendor.",
        )


def release(work: Work, payment: Body) -> None:
    """Give back everything that the lines of a payment use."""
    for line in payment.get("Line", ()):
        for link in line.get("LinkedTxn", ()):
            links.give_back(
                work,
                links.entity_of_type(link["TxnType"]),
                link["TxnId"],
                line["Amount"],
                by_id=payment["Id"],
                line_id=link.get("TxnLineId"),
            )


def free_payments_of(work: Work, kind: Kind, entity: str, target: Body) -> None:
    """Take a document off every payment applied to it; the money stays with the payment (reference §3.5)."""
    for id in links.linking(work, entity, target, by_entity=kind.entity):
        payment = work.open(kind.entity, id)
        kept: list[Body] = []
        freed = ZERO
        for line in payment["Line"]:
            if is_link_to(line, entity, target["Id"]):
                is_credit = links.is_credit(entity, target, line["LinkedTxn"][0].get("TxnLineId"))
                freed += -line["Amount"] if is_credit else line["Amount"]
            else:
                kept.append(line)
        payment["Line"] = kept
        payment[kind.unused_field] = payment.get(kind.unused_field, ZERO) + freed
        if payment[kind.unused_field] < 0:
            # The credit that fed this payment is gone: what it fed is open again.
            _shrink(work, kind, payment)


def is_link_to(line: Body, entity: str, id: str) -> bool:
    """Whether a line of a payment links to this document."""
    link = line["LinkedTxn"][0]
    return link["TxnId"] == id and links.entity_of_type(link["TxnType"]) == entity


def _shrink(work: Work, kind: Kind, payment: Body) -> None:
    for line in list(reversed(payment["Line"])):
        if payment[kind.unused_field] >= 0:
            return
        link = line["LinkedTxn"][0]
        entity = links.entity_of_type(link["TxnType"])
        target = work.find(entity, link["TxnId"])
        if target is not None and not links.is_credit(entity, target, link.get("TxnLineId")):
            cut_link(work, kind, payment, line, min(line["Amount"], -payment[kind.unused_field]))


def cut_link(work: Work, kind: Kind, payment: Body, line: Body, cut: Decimal) -> None:
    """Take part of a line off a payment and give it back to its target; a line of nothing goes away."""
    link = line["LinkedTxn"][0]
    entity, line_id = links.entity_of_type(link["TxnType"]), link.get("TxnLineId")
    target = work.find(entity, link["TxnId"])
    is_credit = target is not None and links.is_credit(entity, target, line_id)
    links.give_back(work, entity, link["TxnId"], cut, by_id=payment["Id"], line_id=line_id)
    line["Amount"] -= cut
    payment[kind.unused_field] += -cut if is_credit else cut
    if line["Amount"]:
        back = {"TxnId": payment["Id"], "TxnType": links.type_of(kind.entity, payment)}
        work.open(entity, link["TxnId"])["LinkedTxn"].append(back)
    else:
        payment["Line"] = [kept for kept in payment["Line"] if kept is not line]


def keep_payments(call: Call, kind: Kind, new: Body, old: Body, field: str) -> None:
    """After a change keep what is applied; what no longer fits goes back to the payments, newest first."""
    entity = call.entity.name
    if old[kind.owner_field]["value"] != new[kind.owner_field]["value"]:
        free_payments_of(call.work, kind, entity, old)
        freed = set(links.linking(call.work, entity, old, by_entity=kind.entity))
        new["LinkedTxn"] = [link for link in new["LinkedTxn"] if link["TxnId"] not in freed]
        return
    ids = links.linking(call.work, entity, old, by_entity=kind.entity)
    payments = [payment for id in ids if (payment := call.work.find(kind.entity, id)) is not None]
    new[field] -= sum((_applied_by(payment, entity, old["Id"]) for payment in payments), ZERO)
    if new[field] >= 0:
        return
    call.work.put(entity, new)
    for payment in reversed(payments):
        opened = call.work.open(kind.entity, payment["Id"])
        for line in list(opened["Line"]):
            if new[field] < 0 and is_link_to(line, entity, old["Id"]):
                cut_link(call.work, kind, opened, line, min(-new[field], line["Amount"]))
        if opened[kind.unused_field] < 0:
            _shrink(call.work, kind, opened)


def _applied_by(payment: Body, entity: str, id: str) -> Decimal:
    return sum((line["Amount"] for line in payment["Line"] if is_link_to(line, entity, id)), ZERO)
