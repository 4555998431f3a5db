"""Acts on payments.

Belongs here: taking, applying, un-applying and refunding money. Does not belong here: the arithmetic
(`balances.py`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.acts.plain import merged
from st_qbo_sandbox.servicetitan.balances import ZERO, amount
from st_qbo_sandbox.servicetitan.records import named_id, rows_of
from st_qbo_sandbox.servicetitan.writes.drafts import customer_of, draft_payment, draft_splits
from st_qbo_sandbox.storage import Document


def add_payment(desk: Desk, act: dict[str, Any]) -> Document:
    """Take a payment; without `amount` it is the sum of its splits."""
    splits = _splits(act)
    invoices = [desk.record("invoices", split["invoiceId"]) for split in splits if split["memoId"] is None]
    customer_id = act.get("customer_id") or (named_id(invoices[0], "customer") if invoices else None)
    customer = desk.record("customers", customer_id)
    parts = sum((split["amount"] for split in splits), ZERO)
    total = amount(act["amount"]) if act.get("amount") is not None else parts
    payment = _draft(desk, customer, act, total)
    unit = invoices[0].get("businessUnit") if invoices else None
    payment = {
        **payment,
        "businessUnit": unit,
        "memo": act.get("memo"),
        "checkNumber": act.get("check_number"),
    }
    payment = merged(payment, act.get("set") or {})
    return desk.balances.settle_payment({**payment, "appliedTo": draft_splits(desk.records, splits, [])})


def _draft(desk: Desk, customer: Document | None, act: dict[str, Any], total: Decimal) -> Document:
    day = act.get("date") or desk.records.stamps.today().isoformat()
    return draft_payment(desk.records, customer, _type(desk, act), total, day)


def _type(desk: Desk, act: dict[str, Any]) -> Document:
    if "type_id" in act:
        return desk.record("payment-types", act["type_id"])
    wanted = str(act["type"]).lower()
    for kind in desk.records.all("payment-types"):
        if str(kind["name"]).lower() == wanted:
            return kind
    raise EditError(f"no payment type {act['type']!r}")


def _splits(act: dict[str, Any]) -> list[dict[str, Any]]:
    """Read `splits`, whose rows may say `invoice_id` or `invoiceId`, or `memo_id` of a credit memo."""
    return [
        {
            "invoiceId": row.get("invoice_id", row.get("invoiceId")),
            "memoId": row.get("memo_id"),
            "amount": amount(row["amount"]),
        }
        for row in rows_of(act, "splits")
    ]


def apply_payment(desk: Desk, act: dict[str, Any]) -> Document:
    """Apply a payment's unapplied money to an invoice."""
    payment, invoice = desk.record("payments", act["id"]), desk.record("invoices", act["invoice_id"])
    rest, is_open = amount(payment.get("unappliedAmount")), amount(invoice.get("balance"))
    part = amount(act["amount"]) if act.get("amount") is not None else min(rest, is_open)
    if part == 0 or abs(part) > abs(rest):
        raise EditError(f"payment {payment['id']} has {rest} to apply, not {part}")
    rows = rows_of(payment, "appliedTo")
    added = draft_splits(desk.records, [{"invoiceId": invoice["id"], "amount": part}], [])
    return desk.balances.settle_payment({**payment, "appliedTo": [*rows, *added]})


def unapply_payment(desk: Desk, act: dict[str, Any]) -> Document:
    """Take back a payment's applications, all or those to one invoice."""
    payment, only = desk.record("payments", act["id"]), act.get("invoice_id")
    kept = [row for row in rows_of(payment, "appliedTo") if only is not None and row["appliedTo"] != only]
    return desk.balances.settle_payment({**payment, "appliedTo": kept})


def reapply_payment(desk: Desk, act: dict[str, Any]) -> Document:
    """Replace a payment's applications; rows that stay the same keep their ids."""
    payment = desk.record("payments", act["id"])
    rows = draft_splits(desk.records, _splits(act), rows_of(payment, "appliedTo"))
    if abs(sum((amount(row["appliedAmount"]) for row in rows), ZERO)) > abs(amount(payment.get("total"))):
        raise EditError("the splits exceed the payment")
    return desk.balances.settle_payment({**payment, "appliedTo": rows})


def refund_payment(desk: Desk, act: dict[str, Any]) -> Document:
    """Give money back: a payment below zero, which may apply to negative invoices and credit memos."""
    payment = desk.record("payments", act["id"])
    total = -abs(amount(act["amount"] if act.get("amount") is not None else payment.get("total")))
    named = act if "type" in act or "type_id" in act else {**act, "type_id": payment["typeId"]}
    draft = _draft(desk, customer_of(desk.records, payment), named, total)
    refund = {**draft, "refundedPaymentId": payment["id"], "businessUnit": payment.get("businessUnit")}
    return desk.balances.settle_payment({**refund, "appliedTo": draft_splits(desk.records, _splits(act), [])})


def void_payment(desk: Desk, act: dict[str, Any]) -> Document:
    """Void a payment: it is inactive, and what it paid is open again."""
    return desk.balances.settle_payment({**desk.record("payments", act["id"]), "active": False})


ACTS: dict[str, Act] = {
    "add_payment": add_payment,
    "void_payment": void_payment,
    "apply_payment": apply_payment,
    "unapply_payment": unapply_payment,
    "reapply_payment": reapply_payment,
    "refund_payment": refund_payment,
}
