"""The markasexported family and the status of payments (reference §5.8): one row per resource.

Belongs here: those. Does not belong here: a person's posting and un-posting (`acts`).

A 200 can hold failures: each row is answered for itself.
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.servicetitan.problems import invalid
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.storage import Document, as_array


def mark(call: Call, collection: str, what: str, id: int, external: dict[str, Any]) -> str | None:
    """Mark one document and return None, or why it cannot be."""
    record = call.records.get(collection, id)
    if record is None:
        return f"{what} with id {id} was not found."
    if not record.get("active", True) or record.get("status") in ("Canceled", "Cancelled"):
        return f"{what} with id {id} is deleted."
    if record.get("syncStatus") == "Pending" and not call.switches.pending_may_be_marked_exported:
        return f"{what} with id {id} is not posted."
    changed: Document = {**record, "syncStatus": "Exported"}
    if call.switches.mark_sets_export_id and external.get("externalId") is not None:
        changed["exportId"] = external["externalId"]
    if external.get("externalMessage") is not None:
        changed["_exportMessage"] = external["externalMessage"]
    call.records.change(collection, changed)
    return None


def _rows(collection: str, what: str, field: str) -> Write:
    """Return the handler of a body that is an array of objects."""

    def write(call: Call) -> list[dict[str, Any]]:
        return [_answer(call, collection, what, field, row[field], row) for row in call.rows]

    return write


def _ids(collection: str, what: str, sent: str, field: str) -> Write:
    """Return the handler of a body that is an object holding ids."""

    def write(call: Call) -> list[dict[str, Any]]:
        ids = _listed(call, sent)
        return [_answer(call, collection, what, field, id, {}) for id in ids]

    return write


def _answer(
    call: Call, collection: str, what: str, field: str, id: int, external: dict[str, Any]
) -> dict[str, Any]:
    error = mark(call, collection, what, id, external)
    return {field: id, "success": error is None, "errorMessage": error}


def _listed(call: Call, name: str) -> list[int]:
    return as_array(call.fields.get(name)) or []


def set_payment_status(call: Call) -> None:
    """POST /payments/status: no answer; 400 if a payment is unknown or may not go back."""
    status, ids = call.fields["status"], call.fields["paymentIds"]
    payments = [call.referred("payments", "paymentIds", id) for id in ids]
    may_go_back = call.switches.payment_status_may_go_back
    for payment in payments:
        if status == "Pending" and payment.get("syncStatus") != "Pending" and not may_go_back:
            raise invalid(status=f"Payment {payment['id']} cannot go back to Pending.")
    for payment in payments:
        call.records.change("payments", {**payment, "syncStatus": status})


def mark_deposits(call: Call) -> None:
    """POST /bank-deposits/markasexported: no answer."""
    for id in _listed(call, "ids"):
        call.referred("bank-deposits", "ids", id)
    for id in _listed(call, "ids"):
        mark(call, "bank-deposits", "Bank deposit", id, {})


WRITES: dict[str, Write] = {
    "POST accounting/invoices/markasexported": _rows("invoices", "Invoice", "invoiceId"),
    "POST accounting/credit-memos/markasexported": _rows("credit-memos", "Credit memo", "creditMemoId"),
    "POST accounting/ap-payments/markasexported": _rows("ap-payments", "AP payment", "apPaymentId"),
    "POST accounting/ap-credits/markasexported": _rows("ap-credits", "AP credit", "apCreditId"),
    "POST accounting/inventory-bills/markasexported": _ids(
        "inventory-bills", "Inventory bill", "inventoryBillIds", "inventoryBillId"
    ),
    "POST accounting/ap-bills/markasexported": _ids("ap-bills", "Bill", "billIds", "billId"),
    "POST accounting/bank-deposits/markasexported": mark_deposits,
    "POST accounting/payments/status": set_payment_status,
}
