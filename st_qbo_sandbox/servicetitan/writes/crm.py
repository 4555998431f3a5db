"""Writes to customers, locations, their contacts and notes (reference §6).

Belongs here: those. Does not belong here: merging, which only the product can do (`acts`).
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.servicetitan.balances import ZERO
from st_qbo_sandbox.servicetitan.problems import conflict, invalid, not_found
from st_qbo_sandbox.servicetitan.records import Records, rows_of
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.servicetitan.writes.external_data import with_external_data
from st_qbo_sandbox.storage import Document, as_object

# The API user the sandbox's app acts as.
_API_USER = 20
_NOT_PLAIN = ("externalData", "locations", "contacts", "customFields")
_PREFERENCES = {
    "jobRemindersEnabled": True,
    "marketingUpdatesEnabled": True,
    "invoiceStatementNotification": False,
}


def create_customer(call: Call) -> Document:
    """POST /customers: a customer with its locations and contacts."""
    given = call.fields
    if not given["locations"]:
        raise invalid(locations="At least one location is required.")
    _refuse_blank(given, "name")
    base = _new_customer(call.records, given)
    locations = [_new_location(call.records, base, row) for row in given["locations"]]
    contacts = [_new_contact(call.records, base["id"], row) for row in rows_of(given, "contacts")]
    return {**base, "locations": locations, "contacts": contacts}


def _new_customer(records: Records, given: dict[str, Any]) -> Document:
    record: Document = {
        "active": True,
        "type": "Residential",
        "balance": ZERO,
        "taxExempt": False,
        "tagTypeIds": [],
        "doNotMail": False,
        "doNotService": False,
        "nationalAccount": False,
        "createdById": _API_USER,
        "mergedToId": None,
        **{name: value for name, value in given.items() if name not in _NOT_PLAIN and value is not None},
        "customFields": _custom_fields(records, given.get("customFields")),
    }
    return records.add("customers", with_external_data(record, given.get("externalData")))


def patch_customer(call: Call) -> Document:
    """PATCH /customers/{id}."""
    record, given = call.target("customers", "Customer"), call.fields
    _refuse_blank(given, "name")
    changed = {**record, **{name: value for name, value in given.items() if name not in _NOT_PLAIN}}
    if "customFields" in given:
        changed["customFields"] = _custom_fields(call.records, given["customFields"])
    return call.records.change("customers", with_external_data(changed, given.get("externalData")))


def create_location(call: Call) -> Document:
    """POST /locations: 409 for an unknown customer."""
    customer = call.records.get("customers", call.fields["customerId"])
    if customer is None:
        raise conflict("Unknown customer")
    _refuse_blank(call.fields, "name")
    return _new_location(call.records, customer, call.fields)


def patch_location(call: Call) -> Document:
    """PATCH /locations/{id}: 409 for an unknown customer or tax zone; lists are replaced whole."""
    record, given = call.target("locations", "Location"), call.fields
    if "customerId" in given and call.records.get("customers", given["customerId"]) is None:
        raise conflict("Customer not found")
    if "taxZoneId" in given and call.records.get("tax-zones", given["taxZoneId"]) is None:
        raise conflict("Tax Zone not found")
    changed = {**record, **{name: value for name, value in given.items() if name not in _NOT_PLAIN}}
    if "customFields" in given:
        changed["customFields"] = _custom_fields(call.records, given["customFields"])
    if "address" in given:
        changed["address"] = {**record["address"], **given["address"]}
    return call.records.change("locations", with_external_data(changed, given.get("externalData")))


def _new_location(records: Records, customer: Document, given: dict[str, Any]) -> Document:
    record: Document = {
        "customerId": customer["id"],
        "active": True,
        "name": given["name"],
        "address": given["address"],
        "customFields": _custom_fields(records, given.get("customFields")),
        "createdById": _API_USER,
        "mergedToId": None,
        "zoneId": None,
        "taxExempt": bool(customer.get("taxExempt")),
        "tagTypeIds": rows_of(given, "tagTypeIds"),
        "taxZoneId": None,
    }
    location = records.add("locations", with_external_data(record, given.get("externalData")))
    contacts: list[Document] = []
    for row in rows_of(given, "contacts"):
        contacts.append(_new_location_contact(records, location["id"], row))
        # A contact given with a new location becomes one of the customer's too.
        _new_contact(records, customer["id"], row)
    return {**location, "contacts": contacts}


def _new_contact(records: Records, customer_id: int, given: dict[str, Any]) -> Document:
    return records.add("contacts", {**_contact(given), "customerId": customer_id})


def _new_location_contact(records: Records, location_id: int, given: dict[str, Any]) -> Document:
    return records.add("location-contacts", {**_contact(given), "locationId": location_id})


def _contact(given: dict[str, Any]) -> Document:
    is_phone = given["type"] in ("Phone", "MobilePhone")
    digits = "".join(c for c in given["value"] if c.isdigit())
    return {
        "active": True,
        "type": given["type"],
        "value": given["value"],
        "memo": given.get("memo"),
        # Required even on e-mail rows (reference §6.2).
        "phoneSettings": {"phoneNumber": digits if is_phone else "", "doNotText": False},
        "preferences": dict(_PREFERENCES),
    }


def create_customer_contact(call: Call) -> Document:
    """POST /customers/{id}/contacts. The customer's own `modifiedOn` stays (reference §6.1)."""
    customer = call.target("customers", "Customer")
    return _new_contact(call.records, customer["id"], call.fields)


def create_location_contact(call: Call) -> Document:
    """POST /locations/{id}/contacts."""
    location = call.target("locations", "Location")
    return _new_location_contact(call.records, location["id"], call.fields)


def _own_contact(call: Call, collection: str, owner: str) -> Document:
    contact = call.target(collection, "Contact", "contactId")
    if str(contact.get(owner)) != call.path["id"] or not contact.get("active", True):
        raise conflict("The contact does not belong to this record.")
    return contact


def _patch_contact(call: Call, collection: str, owner: str) -> Document:
    contact, given = _own_contact(call, collection, owner), call.fields
    held = as_object(contact.get("preferences")) or {}
    preferences = {**_PREFERENCES, **held, **(as_object(given.get("preferences")) or {})}
    changed: Document = {**contact, **given, "preferences": preferences}
    if "value" in given or "type" in given:
        changed["phoneSettings"] = _contact(changed)["phoneSettings"]
    return call.records.change(collection, changed)


def patch_customer_contact(call: Call) -> Document:
    """PATCH /customers/{id}/contacts/{contactId}."""
    return _patch_contact(call, "contacts", "customerId")


def patch_location_contact(call: Call) -> Document:
    """PATCH /locations/{id}/contacts/{contactId}."""
    return _patch_contact(call, "location-contacts", "locationId")


def delete_customer_contact(call: Call) -> None:
    """DELETE /customers/{id}/contacts/{contactId}: it stays in the export feed, inactive."""
    call.records.change("contacts", {**_own_contact(call, "contacts", "customerId"), "active": False})


def delete_location_contact(call: Call) -> None:
    """DELETE /locations/{id}/contacts/{contactId}."""
    contact = _own_contact(call, "location-contacts", "locationId")
    call.records.change("location-contacts", {**contact, "active": False})


def create_note(call: Call) -> Document:
    """POST /customers/{id}/notes; there is no PATCH. The customer's `modifiedOn` stays, as of contacts."""
    customer, given = call.target("customers", "Customer"), call.fields
    _refuse_blank(given, "text")
    note: Document = {
        "customerId": customer["id"],
        "active": True,
        "text": given["text"],
        "isPinned": bool(given.get("pinToTop")),
        "createdById": _API_USER,
    }
    return call.records.add("customer-notes", note)


def delete_note(call: Call) -> None:
    """DELETE /customers/{id}/notes/{noteId}."""
    note = call.target("customer-notes", "Note", "noteId")
    if str(note.get("customerId")) != call.path["id"] or not note.get("active", True):
        raise not_found("Note", note["id"])
    call.records.change("customer-notes", {**note, "active": False})


def _custom_fields(records: Records, given: list[dict[str, Any]] | None) -> list[Document]:
    types = {row["id"]: row["name"] for row in records.all("custom-field-types")}
    return [{**row, "name": types.get(row["typeId"])} for row in given or []]


def _refuse_blank(given: dict[str, Any], field: str) -> None:
    if field in given and not str(given[field]).strip():
        raise invalid(**{field: f"The {field} field is required."})


WRITES: dict[str, Write] = {
    "POST crm/customers": create_customer,
    "PATCH crm/customers/{id}": patch_customer,
    "POST crm/customers/{id}/contacts": create_customer_contact,
    "PATCH crm/customers/{id}/contacts/{contactId}": patch_customer_contact,
    "DELETE crm/customers/{id}/contacts/{contactId}": delete_customer_contact,
    "POST crm/customers/{id}/notes": create_note,
    "DELETE crm/customers/{id}/notes/{noteId}": delete_note,
    "POST crm/locations": create_location,
    "PATCH crm/locations/{id}": patch_location,
    "POST crm/locations/{id}/contacts": create_location_contact,
    "PATCH crm/locations/{id}/contacts/{contactId}": patch_location_contact,
    "DELETE crm/locations/{id}/contacts/{contactId}": delete_location_contact,
}
