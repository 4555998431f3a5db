"""Writes to the pricebook: services, materials, equipment, discounts and fees, categories (reference §8).

Belongs here: those, one by one and in bulk. Does not belong here: what a SKU does on an invoice
(`drafts.py`).
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.servicetitan.problems import conflict, invalid
from st_qbo_sandbox.servicetitan.records import Records, rows_of
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.servicetitan.writes.external_data import with_external_data
from st_qbo_sandbox.storage import Document, as_object

_API_USER = 20
_RENAMED = {
    "variationMaterials": "variationsOrConfigurableMaterials",
    "variationEquipment": "variationsOrConfigurableEquipment",
}
_DROPPED = ("externalData", "customId", "id", "intacctGlGroupAccount")
_RESOURCES = ("services", "materials", "equipment", "discounts-and-fees", "categories")
_BULK = {
    "services": "services",
    "materials": "materials",
    "equipment": "equipment",
    "discountAndFees": "discounts-and-fees",
}
_DEFAULTS: dict[str, Document] = {
    "services": {"isLabor": False, "source": None},
    "materials": {"chargeableByDefault": True, "displayInAmount": True, "createdById": _API_USER},
    "equipment": {"displayInAmount": True, "createdById": _API_USER},
}


def _created(records: Records, collection: str, given: dict[str, Any]) -> Document:
    _refuse_same_code(records, collection, given, None)
    record = {"active": True, **_DEFAULTS.get(collection, {}), **_fields(records, collection, given)}
    return records.add(collection, with_external_data(record, given.get("externalData")))


def _changed(records: Records, collection: str, record: Document, given: dict[str, Any]) -> Document:
    _refuse_same_code(records, collection, given, record["id"])
    changed = {**record, **_fields(records, collection, given)}
    return records.change(collection, with_external_data(changed, given.get("externalData")))


def _fields(records: Records, collection: str, given: dict[str, Any]) -> Document:
    fields = {_RENAMED.get(name, name): value for name, value in given.items() if name not in _DROPPED}
    if as_object(fields.get("primaryVendor")):
        fields["primaryVendor"] = _sku_vendor(records, fields["primaryVendor"])
    if fields.get("otherVendors"):
        fields["otherVendors"] = [_sku_vendor(records, row) for row in fields["otherVendors"]]
    if collection == "services" and fields.get("categories") is not None:
        fields["categories"] = [_category(records, id) for id in fields["categories"]]
    return fields


def _sku_vendor(records: Records, given: dict[str, Any]) -> Document:
    vendor = records.get("vendors", given["vendorId"])
    if vendor is None:
        raise invalid(vendorId=f"Vendor {given['vendorId']} was not found.")
    return {**given, "id": records.new_id(), "vendorName": vendor["name"]}


def _category(records: Records, id: int) -> Document:
    """Return a category as services carry it; materials and equipment carry bare ids."""
    category = records.get("categories", id)
    if category is None:
        raise invalid(categories=f"Category {id} was not found.")
    return {"id": id, "name": category["name"], "active": category.get("active", True)}


def _refuse_same_code(records: Records, collection: str, given: dict[str, Any], own_id: int | None) -> None:
    code = given.get("code")
    if code is None:
        return
    if not code.strip():
        raise invalid(code="The code field is required.")
    for sku in records.all(collection):
        if sku["id"] != own_id and sku.get("active", True) and sku.get("code") == code:
            raise conflict(f"An item with code {code} already exists.")


def _create(collection: str) -> Write:
    return lambda call: _created(call.records, collection, call.fields)


def _patch(collection: str) -> Write:
    return lambda call: _changed(call.records, collection, call.target(collection, "Item"), call.fields)


def _delete(collection: str) -> Write:
    """DELETE is a deactivation: invoice items may carry SKUs that are inactive now."""

    def write(call: Call) -> None:
        call.records.change(collection, {**call.target(collection, "Item"), "active": False})

    return write


def create_in_bulk(call: Call) -> dict[str, Any]:
    """POST /pricebook: new SKUs of all kinds; the answer maps each `customId` to its id."""
    answer: dict[str, Any] = {}
    for field, collection in _BULK.items():
        rows = rows_of(call.fields, field)
        made = [(row.get("customId"), _created(call.records, collection, row)["id"]) for row in rows]
        answer[field] = [{"customId": custom, "id": id} for custom, id in made]
    return answer


def patch_in_bulk(call: Call) -> None:
    """PATCH /pricebook: changed SKUs of all kinds."""
    for field, collection in _BULK.items():
        for row in rows_of(call.fields, field):
            record = call.referred(collection, field, row.get("id"))
            _changed(call.records, collection, record, row)


WRITES: dict[str, Write] = {
    "POST pricebook/pricebook": create_in_bulk,
    "PATCH pricebook/pricebook": patch_in_bulk,
    **{f"POST pricebook/{name}": _create(name) for name in _RESOURCES},
    **{f"PATCH pricebook/{name}/{{id}}": _patch(name) for name in _RESOURCES},
    **{f"DELETE pricebook/{name}/{{id}}": _delete(name) for name in _RESOURCES},
}
