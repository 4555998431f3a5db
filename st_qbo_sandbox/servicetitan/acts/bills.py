"""Acts on bills of vendors.

Belongs here: entering bills, matching, posting, holding, replacing and canceling them. Does not belong here:
orders and receipts (`buying.py`), returns, credits and payments (`payables.py`), the arithmetic
(`purchasing.py`).

A bill stands in `inventory-bills` and `ap-bills` under one id, and every act here changes both.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.buying import (
    day_given,
    line_given,
    money_given,
    vendor_given,
)
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.acts.invoices import find_unit
from st_qbo_sandbox.servicetitan.acts.plain import merged
from st_qbo_sandbox.servicetitan.balances import ZERO, amount, text
from st_qbo_sandbox.servicetitan.purchasing import (
    add_bill,
    bill_item,
    change_bill,
    new_bill,
    with_bill_amount,
)
from st_qbo_sandbox.servicetitan.records import rows_of
from st_qbo_sandbox.servicetitan.stamps import midnight
from st_qbo_sandbox.servicetitan.writes.drafts import USER, account_of, named
from st_qbo_sandbox.storage import Document, as_object

_STATUSES = ("Unreconciled", "Discrepancy", "Reconciled")


def bill_of(desk: Desk, id: object) -> Document:
    """Return a bill as the newer list has it, else as the older.

    Raises:
        EditError: neither has it.
    """
    found = desk.records.get("ap-bills", id) or desk.records.get("inventory-bills", id)
    if found is None:
        raise EditError(f"no bill {id}")
    return found


def bill_order(desk: Desk, act: dict[str, Any]) -> Document:
    """Enter the vendor's bill for receipts of an order: those named, else all that have none yet."""
    order = desk.record("purchase-orders", act["id"])
    return _bill_receipts(desk, act, order, _receipts(desk, act, order, None))


def _receipts(desk: Desk, act: dict[str, Any], order: Document, billed: object) -> list[Document]:
    wanted = [desk.record("receipts", id) for id in act.get("receipt_ids", ())] or [
        receipt
        for receipt in desk.records.all("receipts")
        if receipt["purchaseOrderId"] == order["id"]
        and receipt.get("active", True)
        and receipt.get("billId") in (None, billed)
    ]
    if not wanted and not act.get("lines"):
        raise EditError(f"order {order['id']} has nothing received that is not billed")
    return wanted


def _bill_receipts(desk: Desk, act: dict[str, Any], order: Document, receipts: list[Document]) -> Document:
    vendor = desk.record("vendors", order["vendorId"])
    job = desk.records.get("jobs", order.get("jobId")) or {}
    first = receipts[0] if receipts else {}
    number = act.get("number") or first.get("vendorInvoiceNumber") or order.get("vendorDocumentNumber")
    sums = {
        name: sum((amount(receipt.get(name)) for receipt in receipts), ZERO)
        for name in ("taxAmount", "shippingAmount")
    }
    rows = [row for receipt in receipts for row in rows_of(receipt, "items")]
    if act.get("lines"):
        rows = [line_given(desk, row) for row in rows_of(act, "lines")]
    place = desk.records.get("warehouses", order.get("inventoryLocationId")) or desk.records.get(
        "trucks", order.get("inventoryLocationId")
    )
    shown = None if place is None else {**(named(place) or {}), "type": "Warehouse"}
    given: Document = {
        "purchaseOrderId": order["id"],
        "referenceNumber": str(number) if number else None,
        "vendorNumber": order["number"],
        "summary": order.get("summary") or "",
        "businessUnit": named(desk.records.get("business-units", order.get("businessUnitId"))),
        "jobId": job.get("id"),
        "jobNumber": job.get("jobNumber"),
        "shipTo": order.get("shipTo"),
        "items": [
            {**bill_item(desk.records, row, position), "inventoryLocation": shown}
            for position, row in enumerate(rows)
        ],
    }
    made = _store_new(desk, act, vendor, given, sums)
    for receipt in receipts:
        desk.records.change("receipts", {**receipt, "billId": made["id"]})
    return made


def _store_new(
    desk: Desk, act: dict[str, Any], vendor: Document, given: Document, sums: dict[str, Decimal]
) -> Document:
    bill = new_bill(desk.records, vendor, day_given(desk, act), given)
    bill["taxAmount"] = text(money_given(act, "tax", sums.get("taxAmount", ZERO)))
    bill["shippingAmount"] = text(money_given(act, "shipping", sums.get("shippingAmount", ZERO)))
    for name, field in (("term", "termName"), ("memo", "summary"), ("status", "status")):
        if act.get(name):
            bill[field] = act[name]
    if act.get("due_date"):
        bill["dueDate"] = midnight(act["due_date"])
    bill = with_bill_amount(bill, desk.balances.switches)
    if act.get("amount") is not None:
        bill |= dict.fromkeys(("billAmount", "vendorInvoiceTotal"), text(amount(act["amount"])))
    return add_bill(desk.records, merged(bill, as_object(act.get("set")) or {}))


def add_free_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Enter a bill without an order: goods (`lines`), or costs on accounts (`expenses`; AP bills only)."""
    vendor = vendor_given(desk, act)
    expenses = [_expense(desk, row) for row in rows_of(act, "expenses")]
    rows = [line_given(desk, row) for row in rows_of(act, "lines")]
    job = desk.record("jobs", act["job_id"]) if "job_id" in act else {}
    given: Document = {
        "referenceNumber": None if act.get("number") is None else str(act["number"]),
        "businessUnit": named(find_unit(desk, act)),
        "source": "Standalone",
        "billType": "Procurement" if rows else "ApBill",
        "jobId": job.get("id"),
        "jobNumber": job.get("jobNumber"),
        "items": [bill_item(desk.records, row, position) for position, row in enumerate(rows)],
        "expenseItems": expenses,
    }
    return _store_new(desk, act, vendor, given, {})


def _expense(desk: Desk, row: dict[str, Any]) -> Document:
    wanted = str(row["account"]).lower()
    for account in desk.records.all("gl-accounts"):
        if wanted in (str(account["id"]), str(account.get("number")).lower(), str(account["name"]).lower()):
            break
    else:
        raise EditError(f"no GL account {row['account']!r}")
    job = desk.record("jobs", row["job_id"]) if "job_id" in row else None
    return {
        "id": desk.records.new_id(),
        "amount": text(amount(row["amount"])),
        "description": row.get("description"),
        "generalLedgerAccount": account_of(account),
        "job": None if job is None else {"id": job["id"], "name": job.get("jobNumber")},
        "businessUnit": named(find_unit(desk, row)) if "business_unit_id" in row else None,
        "budgetCodeId": None,
        "projectLabelIds": [],
    }


def edit_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Set fields of a bill; `lines`, `tax` and `shipping` move its amount unless `set` gives one."""
    bill = bill_of(desk, act["id"])
    changes = merged(bill, as_object(act.get("set")) or {})
    if act.get("lines"):
        rows = [line_given(desk, row) for row in rows_of(act, "lines")]
        changes["items"] = [bill_item(desk.records, row, position) for position, row in enumerate(rows)]
    for name, field in (("tax", "taxAmount"), ("shipping", "shippingAmount")):
        if act.get(name) is not None:
            changes[field] = text(amount(act[name]))
    if {"lines", "tax", "shipping"} & set(act):
        changes = with_bill_amount(changes, desk.balances.switches)
        changes |= as_object(act.get("set")) or {}
    moved = {name: value for name, value in changes.items() if bill.get(name) != value}
    return change_bill(desk.records, act["id"], moved)


def replace_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Replace a bill after its order changed: the old one is canceled, a new one takes its receipts."""
    old = bill_of(desk, act["id"])
    order = desk.record("purchase-orders", act.get("order_id", old.get("purchaseOrderId")))
    receipts = _receipts(desk, act, order, old["id"])
    _cancel(desk, old, act.get("inactive", True))
    kept = {"number": old.get("referenceNumber"), "date": old["billDate"], "term": old.get("termName")}
    return _bill_receipts(desk, {**kept, **act}, order, receipts)


def cancel_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Cancel a bill: Canceled in the newer list, inactive in the feed of the older."""
    return _cancel(desk, bill_of(desk, act["id"]), True)


def _cancel(desk: Desk, bill: Document, gone: bool) -> Document:
    person = {"id": 21, "name": USER}
    now = desk.records.stamps.now()
    if desk.records.get("inventory-bills", bill["id"]) is not None and gone:
        held = desk.record("inventory-bills", bill["id"])
        desk.records.change("inventory-bills", {**held, "active": False})
    newer = desk.records.get("ap-bills", bill["id"])
    for receipt in list(desk.records.all("receipts")):
        if receipt.get("billId") == bill["id"]:
            desk.records.change("receipts", {**receipt, "billId": None})
    if newer is None:
        return desk.record("inventory-bills", bill["id"])
    canceled = {"status": "Canceled", "dateCanceled": now, "canceledBy": person}
    return desk.records.change("ap-bills", {**newer, **canceled})


def delete_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Delete a bill: it is gone from the lists and inactive in the feed."""
    bill = bill_of(desk, act["id"])
    if desk.records.get("ap-bills", bill["id"]) is not None:
        desk.records.remove("ap-bills", bill["id"])
    held = desk.records.get("inventory-bills", bill["id"])
    return bill if held is None else desk.records.change("inventory-bills", {**held, "active": False})


def hold_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Put a bill on hold (`doNotPay`), or with `hold: false` take it off."""
    bill_of(desk, act["id"])
    newer = desk.record("ap-bills", act["id"])
    return desk.records.change("ap-bills", {**newer, "doNotPay": bool(act.get("hold", True))})


def reconcile_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Give a bill a status of the three-way match."""
    status = str(act.get("status", "Reconciled"))
    if status not in _STATUSES:
        raise EditError(f"a bill is {', '.join(_STATUSES)}, not {status}")
    return desk.records.change("ap-bills", {**desk.record("ap-bills", act["id"]), "status": status})


def post_bill(desk: Desk, act: dict[str, Any]) -> Document:
    """Put a bill into a batch and post it, or give it another `sync_status`."""
    bill_of(desk, act["id"])
    status = str(act.get("sync_status", "Posted"))
    number = str(act.get("batch_number") or desk.records.new_id())
    is_in = status != "Pending"
    batch = {"id": desk.records.new_id(), "number": number, "name": f"Batch {number}"} if is_in else None
    post_date = midnight(desk.records.stamps.today()) if is_in else None
    changes: Document = {"syncStatus": status, "batch": batch, "postDate": post_date}
    return change_bill(desk.records, act["id"], changes)


ACTS: dict[str, Act] = {
    "bill_order": bill_order,
    "add_bill": add_free_bill,
    "edit_bill": edit_bill,
    "replace_bill": replace_bill,
    "cancel_bill": cancel_bill,
    "delete_bill": delete_bill,
    "hold_bill": hold_bill,
    "reconcile_bill": reconcile_bill,
    "post_bill": post_bill,
}
