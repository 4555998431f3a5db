"""Writes to invoices and payments (reference §5.2, §5.3).

Belongs here: those. Does not belong here: marking as exported (`exported.py`), or what only a person can do
(`acts`).
"""

from __future__ import annotations

import uuid
from typing import Any

from st_qbo_sandbox.servicetitan.balances import ZERO, amount, cents, text, with_totals
from st_qbo_sandbox.servicetitan.problems import RefusalError, invalid
from st_qbo_sandbox.servicetitan.records import named_id, rows_of
from st_qbo_sandbox.servicetitan.stamps import midnight
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.servicetitan.writes.drafts import (
    changed_item,
    customer_of,
    draft_invoice,
    draft_item,
    draft_payment,
    draft_splits,
    find_invoice,
    named,
    tax_code,
)
from st_qbo_sandbox.storage import Document

_RENAMED = {"number": "referenceNumber"}
_SAME = ("summary", "exportId", "reviewStatus", "budgetCodeId")
_ROYALTY = {
    "royaltyStatus": "status",
    "royaltyDate": "date",
    "royaltySentOn": "sentOn",
    "royaltyMemo": "memo",
}


def patch_invoice(call: Call) -> None:
    """PATCH /invoices/{id}: header, items by id, tax. An exported invoice takes only `exportId`."""
    invoice, given = call.target("invoices", "Invoice"), call.fields
    _refuse_locked(call, invoice, set(given) - {"exportId"})
    for row in rows_of(given, "payments"):
        call.referred("payments", "payments", row["id"])
    call.balances.settle_invoice(_with_header(call, invoice, given))


def _with_header(call: Call, invoice: Document, given: dict[str, Any]) -> Document:
    changed = dict(invoice)
    for name in (*_RENAMED, *_SAME):
        if name in given:
            changed[_RENAMED.get(name, name)] = given[name]
    royalty = {_ROYALTY[name]: given[name] for name in _ROYALTY if name in given}
    if royalty:
        changed["royalty"] = {**(invoice.get("royalty") or {}), **royalty}
    if given.get("invoicedOn"):
        changed["invoiceDate"] = midnight(given["invoicedOn"][:10])
    if given.get("dueDate"):
        changed["dueDate"] = midnight(given["dueDate"][:10])
    if given.get("typeId") is not None:
        changed["invoiceType"] = {"id": given["typeId"], "name": None}
    if given.get("assignedToId") is not None:
        changed["assignedTo"] = named(call.referred("employees", "assignedToId", given["assignedToId"]))
    if given.get("taxZoneId") is not None:
        zone = call.referred("tax-zones", "taxZoneId", given["taxZoneId"])
        changed["taxZoneId"], changed["salesTaxCode"] = zone["id"], tax_code(call.records, zone["id"])
    for row in rows_of(given, "items"):
        changed["items"] = _with_item(call, changed, row)
    return _with_sums(changed, given)


def _with_sums(changed: Document, given: dict[str, Any]) -> Document:
    """Compute totals where something they follow from was sent; a sent `tax` wins over the rate."""
    tax = None if given.get("tax") is None else amount(given["tax"])
    if "items" in given or "taxZoneId" in given:
        return with_totals(changed, tax=tax)
    if tax is None and given.get("subtotal") is None:
        return changed
    subtotal = changed.get("subTotal") if given.get("subtotal") is None else given["subtotal"]
    tax = amount(changed.get("salesTax")) if tax is None else tax
    total = amount(subtotal) + tax
    return {**changed, "subTotal": text(amount(subtotal)), "salesTax": text(tax), "total": text(total)}


def _with_item(call: Call, invoice: Document, given: dict[str, Any]) -> list[Document]:
    items = rows_of(invoice, "items")
    if given.get("id") is None:
        order = max((item.get("order", 0) for item in items), default=-1) + 1
        return [*items, draft_item(call.records, invoice, given, order)]
    if all(item["id"] != given["id"] for item in items):
        raise invalid(items=f"Item {given['id']} was not found.")
    return [changed_item(call.records, item, given) if item["id"] == given["id"] else item for item in items]


def patch_invoice_item(call: Call) -> None:
    """PATCH /invoices/{invoiceId}/items: with `id` changes, without adds."""
    invoice = call.target("invoices", "Invoice", "invoiceId")
    _refuse_locked(call, invoice, {"items"})
    changed = {**invoice, "items": _with_item(call, invoice, call.fields)}
    call.balances.settle_invoice(with_totals(changed))


def delete_invoice_item(call: Call) -> None:
    """DELETE /invoices/{invoiceId}/items/{itemId}: the item stays in its export feed, inactive."""
    invoice = call.target("invoices", "Invoice", "invoiceId")
    _refuse_locked(call, invoice, {"items"})
    gone = [item for item in rows_of(invoice, "items") if str(item["id"]) == call.path["itemId"]]
    if not gone:
        raise RefusalError(404, f"Item with id {call.path['itemId']} was not found.")
    remember_removed(call, invoice, gone)
    kept = [item for item in rows_of(invoice, "items") if item not in gone]
    call.balances.settle_invoice(with_totals({**invoice, "items": kept}))


def remember_removed(call: Call, invoice: Document, items: list[Document]) -> None:
    """Keep removed items for the feed of invoice items."""
    for item in items:
        call.records.change("removed-invoice-items", {**item, "active": False, "invoiceId": invoice["id"]})


def create_adjustment(call: Call) -> int:
    """POST /invoices: an adjustment invoice; the answer is its bare id."""
    given = call.fields
    original = call.referred("invoices", "adjustmentToId", given["adjustmentToId"])
    customer = customer_of(call.records, original)
    if customer is None:
        raise invalid(adjustmentToId="The invoice has no customer.")
    location = call.records.get("locations", named_id(original, "location"))
    copied = ("businessUnit", "job", "projectId", "invoiceConfiguration", "termName", "membershipId")
    number = sum(1 for row in call.records.all("invoices") if row.get("adjustmentToId") == original["id"]) + 1
    day = midnight(given["invoicedOn"][:10] if given.get("invoicedOn") else call.records.stamps.today())
    draft = draft_invoice(
        call.records,
        customer,
        location,
        **{name: original.get(name) for name in copied},
        tax_zone_id=original.get("taxZoneId"),
        adjustmentToId=original["id"],
        referenceNumber=f"{original.get('referenceNumber')}-A{number}",
        invoiceDate=day,
        dueDate=day,
    )
    whole = with_totals(_with_header(call, draft, given), tax=_given_tax(given))
    call.records.reserve(whole["id"])
    return call.balances.settle_invoice(whole)["id"]


def _given_tax(given: dict[str, Any]) -> Any:
    return None if given.get("tax") is None else amount(given["tax"])


def _refuse_locked(call: Call, invoice: Document, fields: set[str]) -> None:
    if not invoice.get("active", True):
        raise RefusalError(404, f"Invoice with id {invoice['id']} was not found.")
    if fields and call.switches.exported_is_locked and invoice.get("syncStatus") == "Exported":
        raise RefusalError(400, "The invoice has been exported and cannot be changed.")


def create_payment(call: Call) -> dict[str, Any]:
    """POST /payments: the amounts are numbers, the answer has the write model."""
    given = call.fields
    kind = call.referred("payment-types", "typeId", given["typeId"])
    splits = rows_of(given, "splits")
    invoices = [find_invoice(call.records, split) for split in splits]
    customer = (
        call.referred("customers", "customerId", given["customerId"])
        if given.get("customerId") is not None
        else (customer_of(call.records, invoices[0]) if invoices else None)
    )
    if customer is None:
        raise invalid(customerId="A payment needs a customer or an invoice.")
    parts = sum((amount(split.get("amount")) for split in splits), ZERO)
    total = cents(amount(given["amount"]) if given.get("amount") is not None else parts)
    _refuse_excess(total, parts)
    day = given.get("paidOn") or call.records.stamps.today().isoformat()
    payment = draft_payment(
        call.records,
        customer,
        kind,
        total,
        day,
        authCode=given.get("authCode"),
        checkNumber=given.get("checkNumber"),
        memo=given.get("memo"),
        exportId=given.get("exportId"),
        syncStatus=given.get("status") or "Pending",
        businessUnit=invoices[0].get("businessUnit") if invoices else None,
    )
    payment["appliedTo"] = draft_splits(call.records, splits, [])
    return written_payment(call.balances.settle_payment(payment))


def patch_payment(call: Call) -> dict[str, Any]:
    """PATCH /payments/{id}: `splits` and `typeId` are required even here; the total stays."""
    payment, given = call.target("payments", "Payment"), call.fields
    kind = call.referred("payment-types", "typeId", given["typeId"])
    parts = sum((amount(split.get("amount")) for split in given["splits"]), ZERO)
    _refuse_excess(amount(payment.get("total")), parts)
    changed = {**payment, "type": kind.get("name"), "typeId": str(kind["id"])}
    for name in ("active", "authCode", "checkNumber", "exportId", "memo"):
        if name in given:
            changed[name] = given[name]
    if "status" in given:
        changed["syncStatus"] = given["status"]
    if given.get("paidOn"):
        changed["date"] = midnight(given["paidOn"][:10])
    changed["appliedTo"] = draft_splits(call.records, given["splits"], rows_of(payment, "appliedTo"))
    return written_payment(call.balances.settle_payment(changed))


def _refuse_excess(total: Any, parts: Any) -> None:
    if abs(parts) > abs(total) or total * parts < 0:
        raise invalid(splits="The splits exceed the amount of the payment.")


def written_payment(payment: Document) -> dict[str, Any]:
    """Return a payment in the write model (reference §11, quirk 5)."""
    return {
        **payment,
        "customerId": named_id(payment, "customer"),
        "paidOn": payment.get("date"),
        "typeId": int(payment["typeId"]),
        "status": payment.get("syncStatus"),
        "transactionStatus": None,
        "splits": [
            {
                "amount": amount(row.get("appliedAmount")),
                "invoiceId": row["appliedTo"],
                "invoiceNumber": row.get("appliedToReferenceNumber"),
            }
            for row in rows_of(payment, "appliedTo")
        ],
    }


def create_task(call: Call) -> dict[str, Any]:
    """POST /invoices/{invoiceId}/tasks."""
    invoice = call.target("invoices", "Invoice", "invoiceId")
    task_id = str(uuid.uuid4())
    task: Document = {
        "id": task_id,
        "taskId": task_id,
        "_invoiceId": invoice["id"],
        "type": "Task",
        "name": call.fields["templateId"],
        "status": "Open",
        "templateId": call.fields["templateId"],
        "relations": [],
    }
    call.records.add("invoice-tasks", task)
    tasks = [{"taskId": task_id, "key": "task-1"}]
    return {"executionId": str(uuid.uuid4()), "tasks": tasks, "status": "Completed", "errors": []}


def patch_task(call: Call) -> Document:
    """PATCH /invoices/{invoiceId}/tasks/{taskId}."""
    task = call.target("invoice-tasks", "Task", "taskId")
    return call.records.change("invoice-tasks", {**task, **call.fields})


WRITES: dict[str, Write] = {
    "POST accounting/invoices": create_adjustment,
    "PATCH accounting/invoices/{id}": patch_invoice,
    "PATCH accounting/invoices/{invoiceId}/items": patch_invoice_item,
    "DELETE accounting/invoices/{invoiceId}/items/{itemId}": delete_invoice_item,
    "POST accounting/invoices/{invoiceId}/tasks": create_task,
    "PATCH accounting/invoices/{invoiceId}/tasks/{taskId}": patch_task,
    "POST accounting/payments": create_payment,
    "PATCH accounting/payments/{id}": patch_payment,
}
