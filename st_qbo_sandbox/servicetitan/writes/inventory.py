"""Writes to vendors and the inventory documents (reference §7).

Belongs here: those, as far as the documents themselves. Does not belong here: what orders, receipts and bills
do to one another (`purchasing.py`), quantities on hand, cost of sales.
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.servicetitan.balances import amount
from st_qbo_sandbox.servicetitan.problems import conflict, invalid
from st_qbo_sandbox.servicetitan.purchasing import (
    accounts_of,
    goods_of,
    order_item,
    receipt_item,
    receive,
    sku_of,
    take_back,
    with_order_total,
)
from st_qbo_sandbox.servicetitan.records import Records, rows_of
from st_qbo_sandbox.servicetitan.stamps import midnight
from st_qbo_sandbox.servicetitan.writes.accounting import custom_fields_writer
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.servicetitan.writes.external_data import with_external_data
from st_qbo_sandbox.storage import Document, as_object

_CONTACT = ("firstName", "lastName", "phone", "email", "fax")
# Writable but never returned (reference §7.1): kept as they are, no answer has them.
_VENDOR_RENAMED = {"taxRate": "defaultTaxRate", "restrictedMobileCreation": "isMobileCreationRestricted"}
_EDITABLE_ORDERS = ("Pending", "Sent", "PartiallyReceived")


def create_vendor(call: Call) -> Document:
    """POST /vendors: the answer is the id only."""
    record: Document = {"deliveryOption": "Manual", "memo": "", "customFields": None}
    record["contactInfo"] = dict.fromkeys(_CONTACT, "")
    return call.records.add("vendors", _with_vendor_fields(record, call.fields))


def patch_vendor(call: Call) -> Document:
    """PATCH /vendors/{id}."""
    return call.records.change("vendors", _with_vendor_fields(call.target("vendors", "Vendor"), call.fields))


def _with_vendor_fields(record: Document, given: dict[str, Any]) -> Document:
    if "name" in given and not given["name"].strip():
        raise invalid(name="The name field is required.")
    contact = {name: given[name] or "" for name in _CONTACT if name in given}
    plain = {
        _VENDOR_RENAMED.get(name, name): value
        for name, value in given.items()
        if name not in (*_CONTACT, "externalData") and value is not None
    }
    info = {**(as_object(record.get("contactInfo")) or {}), **contact}
    changed: Document = {**record, **plain, "contactInfo": info}
    return with_external_data(changed, given.get("externalData"))


def create_order(call: Call) -> Document:
    """POST /purchase-orders: it starts Pending."""
    given = call.fields
    vendor = call.referred("vendors", "vendorId", given["vendorId"])
    items = [order_item(call.records, row) for row in given["items"]]
    id = call.records.new_id()
    record = {
        **_order_fields(given),
        "id": id,
        "number": f"PO-{id}",
        "status": "Pending",
        "vendorId": vendor["id"],
        "items": items,
        "customFields": [],
    }
    record.setdefault("summary", "")
    record.setdefault("vendorDocumentNumber", "")
    return call.records.add("purchase-orders", with_order_total(record))


def patch_order(call: Call) -> Document:
    """PATCH /purchase-orders/{id}: items not sent become inactive; an exported order cannot be changed."""
    order, given = call.target("purchase-orders", "Purchase order"), call.fields
    if order.get("status") not in _EDITABLE_ORDERS:
        raise invalid(id=f"A purchase order with status {order.get('status')} cannot be changed.")
    changed = {**order, **_order_fields(given)}
    if "items" in given:
        held = {item["id"]: item for item in rows_of(order, "items")}
        changed["items"] = [order_item(call.records, row, held.get(row.get("id"))) for row in given["items"]]
    return call.records.change("purchase-orders", with_order_total(changed))


def cancel_order(call: Call) -> Document:
    """PATCH /purchase-orders/{id}/cancellation."""
    order = call.target("purchase-orders", "Purchase order")
    if order.get("status") not in ("Pending", "Sent"):
        raise invalid(id=f"A purchase order with status {order.get('status')} cannot be canceled.")
    return call.records.change("purchase-orders", {**order, "status": "Canceled"})


def _order_fields(given: dict[str, Any]) -> Document:
    renamed = {"memo": "summary", "vendorInvoiceNumber": "vendorDocumentNumber"}
    fields = {
        renamed.get(name, name): value
        for name, value in given.items()
        if name not in ("items", "shipTo", "impactsTechnicianPayroll")
    }
    if given.get("shipTo"):
        fields["shipTo"] = given["shipTo"].get("address") or given["shipTo"]
    if given.get("date"):
        fields["date"] = midnight(given["date"][:10])
    return fields


def create_receipt(call: Call) -> Document:
    """POST /receipts: receives items of a purchase order."""
    given = call.fields
    order = call.existing("purchase-orders", given["purchaseOrderId"], "Purchase order")
    items = [receipt_item(call.records, order, row) for row in given["items"]]
    on = midnight(given["dateReceived"][:10])
    receive(call.records, order, items, on)
    id = call.records.new_id()
    record = {
        "id": id,
        "active": True,
        "number": f"R-{id}",
        "vendorInvoiceNumber": given.get("vendorDocumentNumber") or "",
        "memo": given.get("memo") or "",
        "purchaseOrderId": order["id"],
        "jobId": order.get("jobId"),
        "businessUnitId": order.get("businessUnitId"),
        "vendorId": order["vendorId"],
        "technicianId": order.get("technicianId"),
        "inventoryLocationId": order.get("inventoryLocationId") or 0,
        "shipTo": order.get("shipTo"),
        "receiptAmount": goods_of(items) + amount(given["tax"]) + amount(given["shipping"]),
        "taxAmount": given["tax"],
        "shippingAmount": given["shipping"],
        "receivedOn": on,
        "syncStatus": "Pending",
        "items": items,
        "customFields": [],
    }
    return call.records.add("receipts", record)


def create_return(call: Call) -> Document:
    """POST /returns: a return to a vendor, Pending."""
    given = call.fields
    call.existing("vendors", given["vendorId"], "Vendor")
    items = [return_item(call.records, row) for row in rows_of(given, "items")]
    id = call.records.new_id()
    plain = ("vendorId", "jobId", "purchaseOrderId", "businessUnitId", "budgetCodeId", "inventoryLocationId")
    record = {
        **{name: given.get(name) for name in plain},
        "id": id,
        "active": True,
        "number": f"RTN-{id}",
        "referenceNumber": given.get("referenceNumber") or "",
        "status": "Pending",
        "memo": given.get("memo") or "",
        "taxAmount": given["tax"],
        "shippingAmount": given["shipping"],
        "returnDate": midnight(given["returnDate"][:10]),
        "syncStatus": "Pending",
        "items": items,
        "customFields": [],
    }
    return call.records.add("returns", with_return_amount(record))


def patch_return(call: Call) -> Document:
    """PATCH /returns/{id}: 409 once it is no longer pending."""
    record, given = call.target("returns", "Return"), call.fields
    if record.get("status") != "Pending":
        raise conflict(f"A return with status {record.get('status')} cannot be changed.")
    renamed = {"tax": "taxAmount", "shipping": "shippingAmount"}
    skipped = ("items", "externalData", "returnTypeId", "restockingFee", "returnDate")
    changed = {**record, **{renamed.get(n, n): v for n, v in given.items() if n not in skipped}}
    if given.get("returnDate"):
        changed["returnDate"] = midnight(given["returnDate"][:10])
    if "items" in given:
        changed["items"] = [return_item(call.records, row) for row in given["items"]]
    changed = with_external_data(with_return_amount(changed), given.get("externalData"))
    return call.records.change("returns", changed)


def return_item(records: Records, row: dict[str, Any]) -> Document:
    """Return an item of a return from a body's row."""
    _, sku = sku_of(records, row["skuId"])
    now = records.stamps.now()
    return {
        "id": row.get("id") or records.new_id(),
        "skuId": row["skuId"],
        "description": row.get("itemDescription") or row.get("description") or sku.get("description") or "",
        "createdOn": now,
        "modifiedOn": now,
        "name": sku.get("displayName") or sku["code"],
        "code": sku["code"],
        "quantity": amount(row["quantity"]),
        "cost": amount(row["cost"]),
        **accounts_of(records, sku),
        "serialNumbers": [],
        "active": True,
    }


def with_return_amount(record: Document) -> Document:
    """Return a return with the total of items, tax and shipping."""
    extra = amount(record.get("taxAmount")) + amount(record.get("shippingAmount"))
    return {**record, "returnAmount": goods_of(rows_of(record, "items")) + extra}


def _cancel(collection: str, what: str) -> Write:
    """Return the handler of a cancellation."""

    def write(call: Call) -> Document:
        record = call.target(collection, what)
        if record.get("syncStatus") == "Exported":
            raise invalid(id=f"{what} {record['id']} has been exported and cannot be canceled.")
        changed = {
            **record,
            "active": False,
            "canceledReason": call.fields.get("canceledReason"),
            "dateCanceled": call.records.stamps.now(),
        }
        if collection == "returns":
            changed["status"] = "Canceled"
        if collection == "receipts" and record.get("active", True):
            take_back(call.records, record)
        return call.records.change(collection, changed)

    return write


def _patch_plain(collection: str, what: str) -> Write:
    """Return the handler of a PATCH that takes external data and plain fields."""

    def write(call: Call) -> Document:
        record, given = call.target(collection, what), call.fields
        renamed = {"templateId": "inventoryTemplateId"}
        plain = {renamed.get(n, n): value for n, value in given.items() if n != "externalData"}
        changed = with_external_data({**record, **plain}, given.get("externalData"))
        return call.records.change(collection, changed)

    return write


def create_truck(call: Call) -> Document:
    """POST /trucks."""
    given = call.fields
    record: Document = {
        "active": True,
        "name": given["name"],
        "memo": given.get("memo") or "",
        "warehouseId": given["warehouseId"],
        "technicianIds": rows_of(given, "technicianIds"),
        "inventoryTemplateId": given.get("templateId"),
    }
    return call.records.add("trucks", with_external_data(record, given.get("externalData")))


WRITES: dict[str, Write] = {
    "POST inventory/vendors": create_vendor,
    "PATCH inventory/vendors/{id}": patch_vendor,
    "POST inventory/purchase-orders": create_order,
    "PATCH inventory/purchase-orders/{id}": patch_order,
    "PATCH inventory/purchase-orders/{id}/cancellation": cancel_order,
    "POST inventory/receipts": create_receipt,
    "PATCH inventory/receipts/{id}/cancellation": _cancel("receipts", "Receipt"),
    "POST inventory/returns": create_return,
    "PATCH inventory/returns/{id}": patch_return,
    "PATCH inventory/returns/{id}/cancellation": _cancel("returns", "Return"),
    "PATCH inventory/adjustments/{id}": _patch_plain("adjustments", "Adjustment"),
    "PATCH inventory/transfers/{id}": _patch_plain("transfers", "Transfer"),
    "PATCH inventory/warehouses/{id}": _patch_plain("warehouses", "Warehouse"),
    "POST inventory/trucks": create_truck,
    "PATCH inventory/trucks/{id}": _patch_plain("trucks", "Truck"),
    **{
        f"PATCH inventory/{name}/custom-fields": custom_fields_writer(name)
        for name in ("vendors", "receipts", "returns", "adjustments", "transfers")
    },
}
