"""Acts on returns to vendors, their credits, and payments of bills.

Belongs here: what an office does about what it owes once it is billed. Does not belong here: bills themselves
(`bills.py`), orders and receipts (`buying.py`).
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.bills import bill_of
from st_qbo_sandbox.servicetitan.acts.buying import day_given, line_given, money_given, vendor_given
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.acts.invoices import find_unit
from st_qbo_sandbox.servicetitan.acts.plain import merged
from st_qbo_sandbox.servicetitan.balances import ZERO, amount
from st_qbo_sandbox.servicetitan.records import named_id, rows_of
from st_qbo_sandbox.servicetitan.stamps import midnight
from st_qbo_sandbox.servicetitan.writes.drafts import account_of, named
from st_qbo_sandbox.servicetitan.writes.inventory import return_item, with_return_amount
from st_qbo_sandbox.storage import Document, as_object


def return_goods(desk: Desk, act: dict[str, Any]) -> Document:
    """Enter a return to a vendor, of an order (`order_id`) or by itself."""
    order = desk.record("purchase-orders", act["order_id"]) if "order_id" in act else {}
    vendor = desk.record("vendors", order["vendorId"]) if order else vendor_given(desk, act)
    day, id = midnight(day_given(desk, act)), desk.records.new_id()
    items = [return_item(desk.records, line_given(desk, row)) for row in rows_of(act, "lines")]
    unit = find_unit(desk, act) or {}
    record: Document = {
        "id": id,
        "active": True,
        "number": str(act.get("number") or f"RTN-{id}"),
        "referenceNumber": str(act.get("vendor_number") or ""),
        "status": "Pending",
        "vendorId": vendor["id"],
        "purchaseOrderId": order.get("id"),
        "jobId": order.get("jobId"),
        "businessUnitId": order.get("businessUnitId") or unit.get("id", 0),
        "inventoryLocationId": order.get("inventoryLocationId"),
        "memo": act.get("memo") or "",
        "taxAmount": money_given(act, "tax"),
        "shippingAmount": money_given(act, "shipping"),
        "returnDate": day,
        "syncStatus": "Pending",
        "items": items,
        "customFields": [],
    }
    return desk.records.add("returns", with_return_amount(record))


def send_return(desk: Desk, act: dict[str, Any]) -> Document:
    """Hand the goods of a return back."""
    record = desk.record("returns", act["id"])
    on = midnight(day_given(desk, act))
    return desk.records.change("returns", {**record, "status": "Returned", "returnedOn": on})


def cancel_return(desk: Desk, act: dict[str, Any]) -> Document:
    """Cancel a return."""
    record = desk.record("returns", act["id"])
    canceled = {"status": "Canceled", "active": False, "dateCanceled": desk.records.stamps.now()}
    return desk.records.change("returns", {**record, **canceled, "canceledReason": "Other"})


def credit_return(desk: Desk, act: dict[str, Any]) -> Document:
    """Enter the vendor's credit for a return, of its amount unless another is given; return the credit."""
    record = desk.record("returns", act["id"])
    day = day_given(desk, act)
    changed = {"status": "CreditReceived", "creditReceivedOn": midnight(day)}
    returned = record.get("returnedOn") or midnight(day)
    desk.records.change("returns", {**record, **changed, "returnedOn": returned})
    given = {"amount": record["returnAmount"], "vendor_id": record["vendorId"], **act}
    return _add_credit(desk, given, inventoryReturnId=record["id"], jobId=record.get("jobId"))


def add_vendor_credit(desk: Desk, act: dict[str, Any]) -> Document:
    """Enter a credit of a vendor without a return."""
    return _add_credit(desk, act)


def _add_credit(desk: Desk, act: dict[str, Any], **more: Any) -> Document:
    vendor, id = vendor_given(desk, act), desk.records.new_id()
    record: Document = {
        "id": id,
        "active": True,
        "date": midnight(day_given(desk, act)),
        "number": f"VC-{id}",
        "referenceNumber": None if act.get("number") is None else str(act["number"]),
        "memo": act.get("memo"),
        "amount": amount(act["amount"]),
        "appliedAmount": ZERO,
        "status": "Unreconciled",
        "syncStatus": "Pending",
        "businessUnit": named(find_unit(desk, act)),
        "vendor": named(vendor),
        "paymentStatus": "Unpaid",
        "splits": [],
        "customFields": [],
        **more,
    }
    return desk.records.add("ap-credits", merged(record, as_object(act.get("set")) or {}))


def apply_vendor_credit(desk: Desk, act: dict[str, Any]) -> Document:
    """Apply what is left of a vendor's credit, or an amount, to one of that vendor's bills."""
    credit, bill = desk.record("ap-credits", act["id"]), bill_of(desk, act["bill_id"])
    if named_id(bill, "vendor") != named_id(credit, "vendor"):
        raise EditError("the bill is of another vendor")
    rest = amount(credit["amount"]) - amount(credit["appliedAmount"])
    part = money_given(act, "amount", rest)
    if not 0 < part <= rest:
        raise EditError(f"credit {credit['id']} has {rest} to apply, not {part}")
    split: Document = {
        "id": desk.records.new_id(),
        "active": True,
        "createdOn": desk.records.stamps.now(),
        "inventoryBillId": bill["id"],
        "vendorCreditId": credit["id"],
        "amount": part,
    }
    return desk.records.change("ap-credits", _with_applied(credit, [*rows_of(credit, "splits"), split]))


def unapply_vendor_credit(desk: Desk, act: dict[str, Any]) -> Document:
    """Take a vendor's credit back from its bills."""
    credit = desk.record("ap-credits", act["id"])
    splits = [{**split, "active": False} for split in rows_of(credit, "splits")]
    return desk.records.change("ap-credits", _with_applied(credit, splits))


def _with_applied(credit: Document, splits: list[Document]) -> Document:
    applied = sum((amount(split["amount"]) for split in splits if split["active"]), ZERO)
    status = "Paid" if applied and applied == amount(credit["amount"]) else "Unpaid"
    return {**credit, "splits": splits, "appliedAmount": applied, "paymentStatus": status}


def cancel_vendor_credit(desk: Desk, act: dict[str, Any]) -> Document:
    """Cancel a vendor's credit."""
    credit = unapply_vendor_credit(desk, act)
    canceled = {"status": "Canceled", "active": False, "canceledOn": desk.records.stamps.now()}
    return desk.records.change("ap-credits", {**credit, **canceled})


def pay_bills(desk: Desk, act: dict[str, Any]) -> Document:
    """Pay bills of one vendor, each in full or with the `amount` of `splits`."""
    splits = rows_of(act, "splits") or [{"bill_id": id} for id in act["bill_ids"]]
    paid = [(bill_of(desk, split["bill_id"]), split) for split in splits]
    if len({named_id(bill, "vendor") for bill, _ in paid}) != 1:
        raise EditError("the bills are of several vendors")
    now = desk.records.stamps.now()
    rows: list[Document] = [
        {
            "id": desk.records.new_id(),
            "active": True,
            "createdOn": now,
            "documentId": bill["id"],
            "inventoryBillId": bill["id"],
            "amount": money_given(split, "amount", amount(bill["billAmount"])),
        }
        for bill, split in paid
    ]
    first, day = paid[0][0], midnight(day_given(desk, act))
    bank = next((row for row in desk.records.all("gl-accounts") if row.get("type") == "Bank"), None)
    status = str(act.get("status", "Paid"))
    record: Document = {
        "active": True,
        "date": day,
        "approvedDate": day if status != "Unpaid" else None,
        "method": act.get("method", "ServiceTitan"),
        "name": (first.get("vendor") or {}).get("name"),
        "printCheck": False,
        "amount": sum((row["amount"] for row in rows), ZERO),
        "status": status,
        "syncStatus": "Pending",
        "glAccount": None if bank is None else account_of(bank),
        "businessUnit": first.get("businessUnit"),
        "vendor": first.get("vendor"),
        "splits": rows,
        "customFields": [],
    }
    return desk.records.add("ap-payments", record)


def cancel_bill_payment(desk: Desk, act: dict[str, Any]) -> Document:
    """Cancel a payment of bills."""
    record = desk.record("ap-payments", act["id"])
    splits = [{**split, "active": False} for split in rows_of(record, "splits")]
    return desk.records.change("ap-payments", {**record, "status": "Cancelled", "splits": splits})


ACTS: dict[str, Act] = {
    "return_goods": return_goods,
    "send_return": send_return,
    "cancel_return": cancel_return,
    "credit_return": credit_return,
    "add_vendor_credit": add_vendor_credit,
    "apply_vendor_credit": apply_vendor_credit,
    "unapply_vendor_credit": unapply_vendor_credit,
    "cancel_vendor_credit": cancel_vendor_credit,
    "pay_bills": pay_bills,
    "cancel_bill_payment": cancel_bill_payment,
}
