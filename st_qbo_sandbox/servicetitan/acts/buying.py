"""Acts on orders, receipts and SKUs: ordering, receiving in parts, canceling, opening again.

Belongs here: what a buyer and a warehouse do. Does not belong here: bills (`bills.py`), returns, credits and
payments (`payables.py`), and the arithmetic (`purchasing.py`).

A line is `{sku | sku_id, quantity, cost?, description?}`: a SKU by code or id, at the price book's cost
unless it says another. A line of an order that is there is named by `id`, and goes with `"remove": true`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.desk import Act, Desk
from st_qbo_sandbox.servicetitan.acts.invoices import find_unit
from st_qbo_sandbox.servicetitan.acts.plain import merged
from st_qbo_sandbox.servicetitan.balances import ZERO, amount
from st_qbo_sandbox.servicetitan.purchasing import (
    goods_of,
    order_item,
    receipt_item,
    receive,
    take_back,
    with_order_total,
    with_received_status,
)
from st_qbo_sandbox.servicetitan.records import rows_of
from st_qbo_sandbox.servicetitan.stamps import day_of, midnight
from st_qbo_sandbox.servicetitan.writes.drafts import find_sku
from st_qbo_sandbox.storage import Document, as_object

_NEW_ORDER = ("invoiceId", "jobId", "projectId", "requiredOn", "sentOn", "receivedOn", "technicianId")


def day_given(desk: Desk, act: dict[str, Any]) -> str:
    """Return the day an act names, else today."""
    return day_of(act.get("date") or desk.records.stamps.today().isoformat())


def money_given(act: dict[str, Any], name: str, otherwise: Decimal = ZERO) -> Decimal:
    """Return an amount an act gives."""
    return otherwise if act.get(name) is None else amount(act[name])


def vendor_given(desk: Desk, act: dict[str, Any]) -> Document:
    """Return the vendor an act names by id or name.

    Raises:
        EditError: there is none.
    """
    if "vendor_id" in act:
        return desk.record("vendors", act["vendor_id"])
    wanted = str(act["vendor"]).lower()
    for vendor in desk.records.all("vendors"):
        if str(vendor["name"]).lower() == wanted:
            return vendor
    raise EditError(f"no vendor {act['vendor']!r}")


def line_given(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """Return a line of an act as bodies of the API have it.

    Raises:
        EditError: there is no such SKU.
    """
    found = find_sku(desk.records, row.get("sku_id", row.get("skuId")), row.get("sku"))
    if found is None:
        raise EditError(f"no SKU {row.get('sku_id', row.get('sku'))!r}")
    sku = found[1]
    cost = row["cost"] if row.get("cost") is not None else sku.get("cost") or 0
    shown = {"description": row.get("description") or sku.get("displayName") or sku["code"]}
    return {"skuId": sku["id"], "quantity": amount(row["quantity"]), "cost": amount(cost), **shown}


def add_order(desk: Desk, act: dict[str, Any]) -> Document:
    """Enter a purchase order, for a job or for stock."""
    vendor = vendor_given(desk, act)
    job = desk.record("jobs", act["job_id"]) if "job_id" in act else {}
    unit, day, id = find_unit(desk, act) or {}, day_given(desk, act), desk.records.new_id()
    record: Document = {
        **dict.fromkeys(_NEW_ORDER),
        "id": id,
        "number": str(act.get("number") or (f"{job['jobNumber']}-{id % 1000:03d}" if job else f"PO-{id}")),
        "status": "Pending",
        "invoiceId": job.get("invoiceId"),
        "jobId": job.get("id"),
        "typeId": act.get("type_id", _first_id(desk, "purchase-order-types")),
        "vendorId": vendor["id"],
        "businessUnitId": unit.get("id"),
        "inventoryLocationId": act.get("location_id", _first_id(desk, "warehouses")),
        "vendorDocumentNumber": str(act.get("vendor_number") or ""),
        "date": midnight(day),
        "requiredOn": midnight(day_of(act.get("required_on") or day)),
        "tax": money_given(act, "tax"),
        "shipping": money_given(act, "shipping"),
        "summary": act.get("memo") or "",
        "items": [order_item(desk.records, line_given(desk, row)) for row in rows_of(act, "lines")],
        "customFields": [],
    }
    record = merged(with_order_total(record), as_object(act.get("set")) or {})
    return desk.records.add("purchase-orders", record)


def _first_id(desk: Desk, collection: str) -> int:
    return next((record["id"] for record in desk.records.all(collection)), 0)


def change_order(desk: Desk, act: dict[str, Any]) -> Document:
    """Change lines, tax, freight or any field of an order; totals and status follow."""
    order = desk.record("purchase-orders", act["id"])
    held = {item["id"]: item for item in rows_of(order, "items")}
    for row in rows_of(act, "lines"):
        before = held.get(row.get("id"))
        if row.get("id") is not None and before is None:
            raise EditError(f"order {order['id']} has no item {row['id']}")
        if before is None:
            added = order_item(desk.records, line_given(desk, row))
            held[added["id"]] = added
        elif row.get("remove"):
            held.pop(before["id"])
        else:
            kept = {"sku_id": before["skuId"], "quantity": before["quantity"], "cost": before["cost"]}
            line = line_given(desk, {**kept, "description": before["description"], **row})
            held[before["id"]] = order_item(desk.records, line, before)
    extra = {name: money_given(act, name) for name in ("tax", "shipping") if act.get(name) is not None}
    changed = merged({**order, "items": list(held.values()), **extra}, as_object(act.get("set")) or {})
    return desk.records.change("purchase-orders", with_received_status(with_order_total(changed)))


def send_order(desk: Desk, act: dict[str, Any]) -> Document:
    """Send an order to its vendor."""
    order = desk.record("purchase-orders", act["id"])
    if order["status"] != "Pending":
        raise EditError(f"order {order['id']} is {order['status']}")
    return desk.records.change(
        "purchase-orders", {**order, "status": "Sent", "sentOn": desk.records.stamps.now()}
    )


def cancel_order(desk: Desk, act: dict[str, Any]) -> Document:
    """Cancel an order, whatever was received of it."""
    order = desk.record("purchase-orders", act["id"])
    return desk.records.change("purchase-orders", {**order, "status": "Canceled"})


def reopen_order(desk: Desk, act: dict[str, Any]) -> Document:
    """Open an order again: its status is what receipts make of it."""
    order = desk.record("purchase-orders", act["id"])
    status = "Sent" if order.get("sentOn") else "Pending"
    return desk.records.change("purchase-orders", with_received_status({**order, "status": status}))


def receive_order(desk: Desk, act: dict[str, Any]) -> Document:
    """Receive an order, or the lines named (`id` or SKU, `quantity`, `cost`), and return the receipt."""
    order = desk.record("purchase-orders", act["id"])
    named = rows_of(act, "lines")
    rows = [_received_row(desk, order, row) for row in named] if named else _outstanding(order)
    if not rows:
        raise EditError(f"order {order['id']} is received")
    items = [receipt_item(desk.records, order, row) for row in rows]
    on = midnight(day_given(desk, act))
    order = receive(desk.records, order, items, on)
    tax, shipping = money_given(act, "tax"), money_given(act, "shipping")
    id = desk.records.new_id()
    plain = ("jobId", "businessUnitId", "vendorId", "technicianId", "shipTo")
    record: Document = {
        **{name: order.get(name) for name in plain},
        "id": id,
        "active": True,
        "number": str(act.get("number") or f"R-{id}"),
        "vendorInvoiceNumber": str(act.get("vendor_number") or ""),
        "memo": act.get("memo") or "",
        "purchaseOrderId": order["id"],
        "billId": None,
        "inventoryLocationId": order.get("inventoryLocationId") or 0,
        "shipToDescription": "",
        "receiptAmount": goods_of(items) + tax + shipping,
        "taxAmount": tax,
        "shippingAmount": shipping,
        "receivedOn": on,
        "syncStatus": "Pending",
        "items": items,
        "customFields": [],
    }
    return desk.records.add("receipts", merged(record, as_object(act.get("set")) or {}))


def _received_row(desk: Desk, order: Document, row: dict[str, Any]) -> dict[str, Any]:
    items = rows_of(order, "items")
    found = next((item for item in items if item["id"] == row.get("id")), None)
    if found is None and ("sku" in row or "sku_id" in row):
        line = line_given(desk, {"quantity": 0, **row})
        found = next((item for item in items if item["skuId"] == line["skuId"]), None)
    if found is None:
        raise EditError(f"order {order['id']} has no line {row}")
    return {
        "purchaseOrderItemId": found["id"],
        "skuId": found["skuId"],
        "description": found["description"],
        "quantity": money_given(row, "quantity", _missing(found)),
        "cost": money_given(row, "cost", amount(found["cost"])),
    }


def _outstanding(order: Document) -> list[dict[str, Any]]:
    return [
        {
            "purchaseOrderItemId": item["id"],
            "skuId": item["skuId"],
            "description": item["description"],
            "quantity": _missing(item),
            "cost": amount(item["cost"]),
        }
        for item in rows_of(order, "items")
        if _missing(item) > 0
    ]


def _missing(item: Document) -> Decimal:
    return amount(item["quantity"]) - amount(item.get("quantityReceived"))


def cancel_receipt(desk: Desk, act: dict[str, Any]) -> Document:
    """Cancel a receipt: its goods are to come again."""
    receipt = desk.record("receipts", act["id"])
    if receipt.get("active", True):
        take_back(desk.records, receipt)
    return desk.records.change("receipts", {**receipt, "active": False})


def change_cost(desk: Desk, act: dict[str, Any]) -> Document:
    """Change what a SKU costs; documents stay as they are."""
    collection, sku = _sku_given(desk, act)
    return desk.records.change(collection, {**sku, "cost": amount(act["cost"])})


def rename_sku(desk: Desk, act: dict[str, Any]) -> Document:
    """Give a SKU another code, and another label with `display_name`."""
    collection, sku = _sku_given(desk, act)
    named = {"displayName": act["display_name"]} if "display_name" in act else {}
    return desk.records.change(collection, {**sku, "code": str(act["to"]), **named})


def _sku_given(desk: Desk, act: dict[str, Any]) -> tuple[str, Document]:
    found = find_sku(desk.records, act.get("id"), act.get("sku"))
    if found is None:
        raise EditError(f"no SKU {act.get('id', act.get('sku'))!r}")
    return found


ACTS: dict[str, Act] = {
    "add_order": add_order,
    "change_order": change_order,
    "send_order": send_order,
    "cancel_order": cancel_order,
    "reopen_order": reopen_order,
    "receive_order": receive_order,
    "cancel_receipt": cancel_receipt,
    "change_cost": change_cost,
    "rename_sku": rename_sku,
}
