"""Acts on credit memos, and the other ways in which a person takes money off an invoice.

Belongs here: entering and applying credit memos, writing off, zeroing, moving credit between invoices. Does
not belong here: payments and refunds (`money.py`), the arithmetic (`balances.py`).

`add_credit_memo`: `customer_id`, `lines` (each `skuId` or `skuName`, `quantity`, `price`, above zero), and
as wanted `date` (else today), `number`, `tax` (else by the rate), `tax_zone_id` (else the location's),
`location_id`, `business_unit_id`, `description`, `splits` (each `invoice_id`, `amount`), `set`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.acts.invoices import find_location, find_unit
from st_qbo_sandbox.servicetitan.acts.items import new_item, with_items
from st_qbo_sandbox.servicetitan.acts.money import add_payment
from st_qbo_sandbox.servicetitan.acts.plain import free_of, merged
from st_qbo_sandbox.servicetitan.balances import ZERO, amount, cents, with_memo_totals, with_totals
from st_qbo_sandbox.servicetitan.records import rows_of
from st_qbo_sandbox.servicetitan.stamps import day_of
from st_qbo_sandbox.servicetitan.writes.drafts import USER, draft_invoice, find_invoice, named
from st_qbo_sandbox.storage import Document, as_object

_FROM_INVOICE = (
    "id",
    "syncStatus",
    "salesTaxCode",
    "customer",
    "customerAddress",
    "location",
    "locationAddress",
    "createdBy",
    "createdOn",
    "modifiedOn",
    "active",
)


def add_credit_memo(desk: Desk, act: dict[str, Any]) -> Document:
    """Enter a credit memo, applied or not."""
    customer = desk.record("customers", act["customer_id"])
    unit = named(find_unit(desk, act))
    like = draft_invoice(
        desk.records,
        customer,
        find_location(desk, act, customer),
        businessUnit=unit,
        tax_zone_id=act.get("tax_zone_id"),
    )
    memo: Document = {name: like[name] for name in _FROM_INVOICE}
    memo |= {
        "date": day_of(act.get("date") or desk.records.stamps.today().isoformat()),
        "referenceNumber": str(act.get("number") or f"CM-{memo['id']}"),
        "businessUnit": unit,
        "batch": None,
        "appliedTo": [],
        "description": act.get("description"),
        "modifiedBy": USER,
    }
    memo = merged(memo, as_object(act.get("set")) or {})
    memo["items"] = [_memo_item(new_item(desk, memo, row, n)) for n, row in enumerate(rows_of(act, "lines"))]
    memo = with_memo_totals(memo, tax=None if act.get("tax") is None else amount(act["tax"]))
    return desk.balances.settle_memo({**memo, "appliedTo": _applications(desk, memo, act, [])})


def _memo_item(item: Document) -> Document:
    """Return an item as credit memos have it: numbers, one account for revenue (reference §5.7)."""
    kept = ("id", "description", "type", "skuName", "skuId", "taxable", "createdOn", "businessUnit")
    numbers = {name: amount(item.get(name)) for name in ("quantity", "cost", "price", "total")}
    revenue = item.get("revenueGeneralLedgerAccount") or item.get("generalLedgerAccount")
    account = {"revenueGeneralLedgerAccount": revenue}
    return {name: item.get(name) for name in kept} | numbers | account | {"active": True, "createdBy": USER}


def _applications(
    desk: Desk, memo: Document, act: dict[str, Any], kept: list[Document]
) -> list[dict[str, Any]]:
    """Return the application rows of `splits` after those kept; together at most the memo's total."""
    rows: list[dict[str, Any]] = list(kept)
    for split in rows_of(act, "splits"):
        invoice = find_invoice(desk.records, {"invoiceId": split.get("invoice_id", split.get("invoiceId"))})
        rows.append(
            {
                "appliedId": desk.records.new_id(),
                "appliedTo": invoice["id"],
                "appliedAmount": cents(amount(split["amount"])),
                "appliedOn": desk.records.stamps.today().isoformat(),
                "appliedBy": USER,
                "appliedToReferenceNumber": invoice.get("referenceNumber"),
            }
        )
    if sum((amount(row["appliedAmount"]) for row in rows), ZERO) > amount(memo["total"]):
        raise EditError("the splits exceed the credit memo")
    return rows


def apply_credit_memo(desk: Desk, act: dict[str, Any]) -> Document:
    """Apply what is left of a credit memo to an invoice, at most what is open there."""
    memo, invoice = desk.record("credit-memos", act["id"]), desk.record("invoices", act["invoice_id"])
    rest = amount(memo.get("balance"))
    part = (
        amount(act["amount"]) if act.get("amount") is not None else min(rest, amount(invoice.get("balance")))
    )
    if part <= 0 or part > rest:
        raise EditError(f"credit memo {memo['id']} has {rest} to apply, not {part}")
    rows = _applications(
        desk,
        memo,
        {"splits": [{"invoice_id": invoice["id"], "amount": part}]},
        rows_of(memo, "appliedTo"),
    )
    return desk.balances.settle_memo({**memo, "appliedTo": rows})


def unapply_credit_memo(desk: Desk, act: dict[str, Any]) -> Document:
    """Take back a credit memo's applications, all or those to one invoice."""
    memo, only = desk.record("credit-memos", act["id"]), act.get("invoice_id")
    kept = [row for row in rows_of(memo, "appliedTo") if only is not None and row["appliedTo"] != only]
    return desk.balances.settle_memo({**memo, "appliedTo": kept})


def reapply_credit_memo(desk: Desk, act: dict[str, Any]) -> Document:
    """Replace a credit memo's applications."""
    memo = desk.record("credit-memos", act["id"])
    return desk.balances.settle_memo({**memo, "appliedTo": _applications(desk, memo, act, [])})


def change_credit_memo(desk: Desk, act: dict[str, Any]) -> Document:
    """Change items or tax of a credit memo; totals follow, and its applications stay."""
    memo = desk.record("credit-memos", act["id"])
    changed = dict(memo)
    if "items" in act:
        before = rows_of(memo, "items")
        given = {item["id"]: item for item in before}
        rows = with_items(desk, {**memo, "items": before}, rows_of(act, "items"))
        changed["items"] = [row if row is given.get(row["id"]) else _memo_item(row) for row in rows]
    tax = None if act.get("tax") is None else amount(act["tax"])
    changed = with_memo_totals(changed, tax=tax)
    _applications(desk, changed, {}, rows_of(changed, "appliedTo"))
    return desk.balances.settle_memo(changed)


def zero_out(desk: Desk, act: dict[str, Any]) -> Document:
    """Take everything off an invoice: no items, no tax, and what paid it is free again."""
    invoice = desk.record("invoices", act["id"])
    free_of(desk, invoice["id"])
    invoice = desk.record("invoices", act["id"])
    removed = [{"id": item["id"], "remove": True} for item in rows_of(invoice, "items")]
    items = with_items(desk, invoice, removed)
    return desk.balances.settle_invoice(with_totals({**invoice, "items": items}, tax=Decimal(0)))


def write_off(desk: Desk, act: dict[str, Any]) -> Document:
    """Take what is open on an invoice off by a payment of a write-off type."""
    invoice = desk.record("invoices", act["invoice_id"])
    part = amount(act["amount"]) if act.get("amount") is not None else amount(invoice.get("balance"))
    if part <= 0:
        raise EditError(f"invoice {invoice['id']} has nothing to write off")
    named_type = {name: act[name] for name in ("type", "type_id", "date", "memo") if name in act}
    return add_payment(
        desk, {"type": "Write Off", **named_type, "splits": [{"invoice_id": invoice["id"], "amount": part}]}
    )


def move_credit(desk: Desk, act: dict[str, Any]) -> Document:
    """Pay an invoice with a negative one: a payment of nothing with rows of both signs."""
    source, target = desk.record("invoices", act["from_id"]), desk.record("invoices", act["into_id"])
    credit, is_open = -amount(source.get("balance")), amount(target.get("balance"))
    part = amount(act["amount"]) if act.get("amount") is not None else min(credit, is_open)
    if part <= 0 or part > credit:
        raise EditError(f"invoice {source['id']} has {credit} of credit, not {part}")
    splits = [{"invoice_id": source["id"], "amount": -part}, {"invoice_id": target["id"], "amount": part}]
    named_type = {name: act[name] for name in ("type", "type_id", "date", "memo") if name in act}
    return add_payment(desk, {"type": "Credit", **named_type, "amount": 0, "splits": splits})


ACTS: dict[str, Act] = {
    "add_credit_memo": add_credit_memo,
    "apply_credit_memo": apply_credit_memo,
    "unapply_credit_memo": unapply_credit_memo,
    "reapply_credit_memo": reapply_credit_memo,
    "change_credit_memo": change_credit_memo,
    "zero_out": zero_out,
    "write_off": write_off,
    "move_credit": move_credit,
}
