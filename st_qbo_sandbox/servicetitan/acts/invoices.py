"""Acts that make invoices.

Belongs here: an invoice or adjustment typed by a person. Does not belong here: changing one (`plain.py`).

`add_invoice`: `customer_id`, `lines` (each `skuId` or `skuName`, `quantity`, `price`, and any field of an
item), and as wanted `location_id` (else the customer's first), `business_unit_id`, `date` (else today),
`due_date`, `number`, `job_id`, `tax_zone_id` (else the location's), `tax` (else by the rate), `set` (any
field of the invoice).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.acts.items import new_item
from st_qbo_sandbox.servicetitan.acts.plain import merged
from st_qbo_sandbox.servicetitan.balances import amount, with_totals
from st_qbo_sandbox.servicetitan.records import rows_of
from st_qbo_sandbox.servicetitan.stamps import day_of, midnight
from st_qbo_sandbox.servicetitan.writes.call import Call
from st_qbo_sandbox.servicetitan.writes.documents import create_adjustment
from st_qbo_sandbox.servicetitan.writes.drafts import draft_invoice, named
from st_qbo_sandbox.storage import Document, as_object


def add_invoice(desk: Desk, act: dict[str, Any]) -> Document:
    """Type an invoice."""
    customer = desk.record("customers", act["customer_id"])
    location = find_location(desk, act, customer)
    job = desk.record("jobs", act["job_id"]) if "job_id" in act else None
    day = act.get("date") or desk.records.stamps.today().isoformat()
    draft = draft_invoice(
        desk.records,
        customer,
        location,
        businessUnit=named(find_unit(desk, act)),
        job=None if job is None else {"id": job["id"], "number": job.get("jobNumber"), "type": None},
        invoiceDate=midnight(day),
        tax_zone_id=act.get("tax_zone_id"),
    )
    draft["referenceNumber"] = str(act.get("number") or (job or {}).get("jobNumber") or draft["id"])
    draft["dueDate"] = midnight(act.get("due_date") or _due(desk, customer, day))
    given = as_object(act.get("set")) or {}
    draft = merged(draft, {name: value for name, value in given.items() if name != "items"})
    draft["items"] = [new_item(desk, draft, row, order) for order, row in enumerate(rows_of(act, "lines"))]
    tax = None if act.get("tax") is None else amount(act["tax"])
    return desk.balances.settle_invoice(with_totals(draft, tax=tax))


def find_location(desk: Desk, act: dict[str, Any], customer: Document) -> Document | None:
    """Return the location an act names, else the customer's first."""
    if "location_id" in act:
        return desk.record("locations", act["location_id"])
    locations = desk.records.having("locations", "customer", customer["id"])
    return locations[0] if locations else None


def find_unit(desk: Desk, act: dict[str, Any]) -> Document | None:
    """Return the business unit an act names, else the first there is."""
    if "business_unit_id" in act:
        return desk.record("business-units", act["business_unit_id"])
    return next(iter(desk.records.all("business-units")), None)


def _due(desk: Desk, customer: Document, day: str) -> str:
    term = desk.records.get("payment-terms", customer.get("paymentTermId")) or {}
    days = int(term.get("dueDay") or 0) if term.get("dueDayType") == "NumberOfDays" else 0
    return (date.fromisoformat(day_of(day)) + timedelta(days=days)).isoformat()


def add_adjustment(desk: Desk, act: dict[str, Any]) -> Document:
    """Adjust an invoice by another one."""
    original = desk.record("invoices", act["invoice_id"])
    body: dict[str, Any] = {"adjustmentToId": original["id"], "invoicedOn": act.get("date")}
    if act.get("tax") is not None:
        body["tax"] = act["tax"]
    switches = desk.balances.switches
    call = Call(desk.records, desk.balances, switches, path={}, body=body)
    adjustment = desk.record("invoices", create_adjustment(call))
    rows: list[dict[str, Any]] = rows_of(act, "lines")
    items = [new_item(desk, adjustment, row, order) for order, row in enumerate(rows)]
    tax = None if act.get("tax") is None else amount(act["tax"])
    return desk.balances.settle_invoice(with_totals({**adjustment, "items": items}, tax=tax))


ACTS: dict[str, Act] = {"add_invoice": add_invoice, "add_adjustment": add_adjustment}
