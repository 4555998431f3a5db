"""Acts on any record: change, add, delete, restore, post, move in time.

Belongs here: what is the same for every resource. Does not belong here: making documents (`invoices.py`,
`money.py`).
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.acts.items import with_items
from st_qbo_sandbox.servicetitan.balances import amount, text, with_rest, with_totals
from st_qbo_sandbox.servicetitan.lists import schemas_of
from st_qbo_sandbox.servicetitan.records import named_id, rows_of
from st_qbo_sandbox.servicetitan.shapes import project
from st_qbo_sandbox.servicetitan.stamps import day_of, midnight
from st_qbo_sandbox.servicetitan.writes.drafts import tax_code
from st_qbo_sandbox.storage import Document, as_object

# The business date of each kind of document; the due date, where there is one, moves by as many days.
DATES = {
    "invoices": "invoiceDate",
    "payments": "date",
    "credit-memos": "date",
    "inventory-bills": "billDate",
    "ap-bills": "billDate",
    "ap-credits": "date",
    "ap-payments": "date",
    "bank-deposits": "depositDate",
    "purchase-orders": "date",
    "receipts": "receivedOn",
    "returns": "returnDate",
    "adjustments": "date",
    "transfers": "date",
    "journal-entries": "postDate",
}
_PURE_DATES = ("credit-memos", "journal-entries")
_RETOTALLED = {"items", "salesTax", "taxZoneId", "salesTaxCode"}


def update(desk: Desk, act: dict[str, Any]) -> Document:
    """Set fields of a record."""
    resource, given = act["resource"], act["set"]
    record = desk.record(resource, act["id"])
    changed = merged(record, {name: value for name, value in given.items() if name != "items"})
    if "items" in given:
        if resource == "invoices":
            changed["items"] = with_items(desk, record, given["items"])
        else:
            changed["items"] = _merged_rows(rows_of(record, "items"), given["items"])
    if act.get("totals") == "as given":
        return desk.records.change(resource, changed)
    if resource == "invoices" and _RETOTALLED & set(given):
        changed = _retotalled(desk, changed, given)
    stored = desk.store(resource, changed)
    if resource == "customers" and stored["name"] != record["name"]:
        follow_name(desk, stored)
    return stored


def _retotalled(desk: Desk, changed: Document, given: dict[str, Any]) -> Document:
    if "taxZoneId" in given and "salesTaxCode" not in given:
        changed["salesTaxCode"] = tax_code(desk.records, changed["taxZoneId"])
    tax = None if "salesTax" not in given else amount(given["salesTax"])
    return with_totals(changed, tax=tax)


def merged(record: Document, given: dict[str, Any]) -> Document:
    """Return the record with fields set: objects merged, numbers as text where the record has text."""
    changed = dict(record)
    for name, value in given.items():
        before = record.get(name)
        inner, held = as_object(value), as_object(before)
        if inner is not None and held is not None:
            changed[name] = merged(held, inner)
        elif isinstance(value, int | Decimal) and not isinstance(value, bool) and isinstance(before, str):
            changed[name] = text(Decimal(value)) if _is_number(before) and "." in before else str(value)
        else:
            changed[name] = value
    return changed


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).replace("-", "", 1).isdigit()


def _merged_rows(rows: list[Document], given: list[dict[str, Any]]) -> list[Document]:
    by_id = {row.get("id"): row for row in rows}
    for row in given:
        if row.get("remove"):
            by_id.pop(row.get("id"), None)
        else:
            by_id[row.get("id")] = merged(by_id.get(row.get("id"), {}), row)
    return list(by_id.values())


def follow_name(desk: Desk, customer: Document) -> None:
    """Show a customer's new name on its documents; the documents themselves have not changed."""
    for resource in ("invoices", "payments", "credit-memos"):
        for document in list(desk.records.all(resource)):
            if named_id(document, "customer") == customer["id"]:
                shown = {"id": customer["id"], "name": customer["name"]}
                desk.records.keep(resource, {**document, "customer": shown})


def touch(desk: Desk, act: dict[str, Any]) -> Document:
    """Move `modifiedOn`."""
    return desk.records.change(act["resource"], desk.record(act["resource"], act["id"]))


def add(desk: Desk, act: dict[str, Any]) -> Document:
    """Add a whole record."""
    resource, record = act["resource"], dict(act["record"])
    if resource not in desk.records.names():
        raise EditError(f"no resource {resource!r}")
    if record.get("id") is not None and desk.records.get(resource, record["id"]) is not None:
        raise EditError(f"{resource} has a record {record['id']} already")
    for module, schema in schemas_of(resource):
        # `id` and stamps are given by `Records.add`; defaults of the rest come from the specification.
        record = {**project(module, schema, {}), **record}
    for name in ("id", "createdOn", "modifiedOn"):
        if not act["record"].get(name):
            record.pop(name, None)
    record["active"] = act["record"].get("active", True)
    if resource == "invoices" and act["record"].get("total") is None:
        tax = act["record"].get("salesTax")
        record = with_totals(record, tax=None if tax is None else amount(tax))
    added = desk.records.add(resource, record)
    if resource == "payments":
        # The applications move the balances only once they are stored as a change.
        desk.records.keep(resource, {**with_rest({**added, "appliedTo": []}), "active": False})
    if resource in ("invoices", "credit-memos"):
        desk.records.keep(resource, {**added, "active": False})
    return desk.store(resource, added) if resource in DATES else added


def delete(desk: Desk, act: dict[str, Any]) -> Document:
    """Make a record inactive."""
    resource, record = act["resource"], desk.record(act["resource"], act["id"])
    if resource == "purchase-orders":
        return desk.records.change(resource, {**record, "status": "Canceled"})
    if resource == "invoices":
        free_of(desk, record["id"])
        record = _with_moved_items(desk, desk.record(resource, act["id"]))
    return desk.store(resource, {**record, "active": False})


def erase(desk: Desk, act: dict[str, Any]) -> Document:
    """Take a record out of every list and feed, as if it had never been."""
    record = desk.record(act["resource"], act["id"])
    desk.records.remove(act["resource"], record["id"])
    return record


def free_of(desk: Desk, invoice_id: int) -> None:
    """Take payments and credit memos off an invoice; a payment that moved its credit applies nothing then."""
    for payment in desk.records.having("payments", "invoice", invoice_id):
        rows = [row for row in rows_of(payment, "appliedTo") if row["appliedTo"] != invoice_id]
        applied = sum((amount(row["appliedAmount"]) for row in rows), Decimal(0))
        is_whole = abs(applied) <= abs(amount(payment["total"]))
        desk.balances.settle_payment({**payment, "appliedTo": rows if is_whole else []})
    for memo in desk.records.having("credit-memos", "invoice", invoice_id):
        rows = [row for row in rows_of(memo, "appliedTo") if row["appliedTo"] != invoice_id]
        desk.balances.settle_memo({**memo, "appliedTo": rows})


def restore(desk: Desk, act: dict[str, Any]) -> Document:
    """Make a record active again."""
    resource, record = act["resource"], desk.record(act["resource"], act["id"])
    if resource == "invoices":
        record = _with_moved_items(desk, record)
    return desk.store(resource, {**record, "active": True})


def _with_moved_items(desk: Desk, invoice: Document) -> Document:
    now = desk.records.stamps.now()
    return {**invoice, "items": [{**item, "modifiedOn": now} for item in rows_of(invoice, "items")]}


def post(desk: Desk, act: dict[str, Any]) -> Document:
    """Put a document into a batch and post it."""
    batch_id = desk.records.new_id()
    number = str(act.get("batch_number") or batch_id)
    batch = {"id": batch_id, "number": number, "name": f"Batch {number}"}
    return _with_status(desk, act, "Posted", batch=batch)


def unpost(desk: Desk, act: dict[str, Any]) -> Document:
    """Take a document out of its batch: its status goes back to Pending."""
    return _with_status(desk, act, "Pending", batch=None)


def export(desk: Desk, act: dict[str, Any]) -> Document:
    """Export a document, as another connector would."""
    more = {"exportId": act["external_id"]} if "external_id" in act else {}
    return _with_status(desk, act, "Exported", **more)


def _with_status(desk: Desk, act: dict[str, Any], status: str, **more: Any) -> Document:
    resource = act.get("resource", "invoices")
    return desk.records.change(resource, {**desk.record(resource, act["id"]), "syncStatus": status, **more})


def move_date(desk: Desk, act: dict[str, Any]) -> Document:
    """Move a document to another day."""
    resource = act.get("resource", "invoices")
    if resource not in DATES:
        raise EditError(f"{resource} has no business date")
    record, field = desk.record(resource, act["id"]), DATES[resource]
    day = date.fromisoformat(act["date"])
    changed = {**record, field: day.isoformat() if resource in _PURE_DATES else midnight(day)}
    if record.get("dueDate") and record.get(field):
        moved = day - date.fromisoformat(day_of(record[field]))
        due = date.fromisoformat(day_of(record["dueDate"])) + timedelta(days=moved.days)
        changed["dueDate"] = midnight(due)
    return desk.store(resource, changed)


def change_customer(desk: Desk, act: dict[str, Any]) -> Document:
    """Give a document to another customer, with that customer's location and addresses."""
    resource = act.get("resource", "invoices")
    record, customer = desk.record(resource, act["id"]), desk.record("customers", act["customer_id"])
    changed: Document = {**record, "customer": {"id": customer["id"], "name": customer["name"]}}
    if "location" in record:
        found = desk.records.having("locations", "customer", customer["id"])
        location = found[0] if found else None
        changed["location"] = None if location is None else {"id": location["id"], "name": location["name"]}
        changed["customerAddress"] = customer.get("address")
        changed["locationAddress"] = (location or customer).get("address")
    return desk.store(resource, changed)


def change_number(desk: Desk, act: dict[str, Any]) -> Document:
    """Give a document another number."""
    resource = act.get("resource", "invoices")
    return desk.store(resource, {**desk.record(resource, act["id"]), "referenceNumber": str(act["to"])})


ACTS: dict[str, Act] = {
    "update": update,
    "change_customer": change_customer,
    "change_number": change_number,
    "touch": touch,
    "add": add,
    "delete": delete,
    "restore": restore,
    "erase": erase,
    "post": post,
    "unpost": unpost,
    "export": export,
    "move_date": move_date,
}
