"""Writes to customers, locations, contacts, the pricebook, jobs, vendors and inventory documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client
from tests.sandbox.servicetitan.story import ADA, ADDRESS

CUSTOMERS, LOCATIONS = "crm/customers", "crm/locations"
GUID = "0f6e4f0e-3c5a-4a57-8f0e-1d2c3b4a5f60"
OTHER_GUID = "0f6e4f0e-3c5a-4a57-8f0e-1d2c3b4a5f61"
FULL_ADDRESS = {**ADDRESS, "unit": "", "latitude": 38.88, "longitude": -94.81}


def new_customer(**changes: Any) -> dict[str, Any]:
    """Make the body of a customer."""
    contact = {"type": "MobilePhone", "value": "(913) 555-0199"}
    location = {"name": "Shop", "address": ADDRESS, "contacts": [contact]}
    return {
        "name": "Hopper, Grace",
        "type": "Commercial",
        "address": ADDRESS,
        "locations": [location],
        **changes,
    }


def external(application: str, mode: str | None = None, **rows: str) -> dict[str, Any]:
    """Make the external data of a body."""
    data = [{"key": key, "value": value} for key, value in rows.items()]
    return {"applicationGuid": application, "externalData": data, **({"patchMode": mode} if mode else {})}


def test_a_customer_is_created_with_locations_and_contacts(client: Client) -> None:
    body = new_customer(contacts=[{"type": "Email", "value": "grace@navy.example", "memo": "work"}])
    created = client.ok("POST", CUSTOMERS, body)
    read = client.ok("GET", f"{CUSTOMERS}/{created['id']}")

    assert [location["name"] for location in created["locations"]] == ["Shop"]
    assert {row["value"] for row in created["contacts"]} == {"grace@navy.example"}
    assert set(created) - set(read) == {"locations", "contacts"}
    assert (read["name"], read["type"], read["balance"], read["active"]) == (
        "Hopper, Grace",
        "Commercial",
        0,
        True,
    )
    values = {row["value"] for row in client.rows(f"{CUSTOMERS}/{created['id']}/contacts")}
    assert values == {"grace@navy.example", "(913) 555-0199"}
    assert client.ids(LOCATIONS, customerId=created["id"]) == [created["locations"][0]["id"]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"locations": []}, "locations"),
        ({"locations": None}, "locations"),
        ({"name": " "}, "name"),
        ({"address": {"street": "x"}}, "address.city"),
        ({"type": "Military"}, "type"),
        ({"contacts": [{"type": "Pager", "value": "1"}]}, "contacts[0].type"),
    ],
)
def test_a_customer_that_is_not_whole_is_refused(client: Client, changes: Any, field: str) -> None:
    refused = client("POST", CUSTOMERS, new_customer(**changes))

    assert refused.status_code == 400
    assert field in refused.json()["errors"]
    assert len(client.ids(CUSTOMERS)) == 2


def test_a_patched_customer_keeps_what_was_not_sent(client: Client) -> None:
    before = client.ok("GET", f"{CUSTOMERS}/{ADA}")
    after = client.ok("PATCH", f"{CUSTOMERS}/{ADA}", {"name": "Ada King", "taxExempt": True, "colour": "red"})

    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"name", "taxExempt", "modifiedOn"}
    assert client.ok("PATCH", f"{CUSTOMERS}/{ADA}", {"active": False})["active"] is False
    assert client("PATCH", f"{CUSTOMERS}/1", {"name": "x"}).status_code == 404


def test_a_sent_address_must_be_whole(client: Client) -> None:
    assert client("PATCH", f"{CUSTOMERS}/{ADA}", {"address": ADDRESS}).status_code == 400
    assert client("PATCH", f"{CUSTOMERS}/{ADA}", {"address": FULL_ADDRESS}).status_code == 200


def test_accounting_changes_move_modified_on_but_can_be_left_out(client: Client) -> None:
    since = client.ok("GET", f"{CUSTOMERS}/{ADA}")["modifiedOn"]
    client.act("add_payment", customer_id=ADA, type="Cash", amount="5.00")
    moved = client.ok("GET", f"{CUSTOMERS}/{ADA}")["modifiedOn"]
    asked = {"modifiedOnOrAfter": moved, "excludeAccountingChangesFromModifiedDateRange": "true"}

    assert moved > since
    assert client.ids(CUSTOMERS, modifiedOnOrAfter=moved) == [ADA]
    assert client.ids(CUSTOMERS, **asked) == []
    client.ok("PATCH", f"{CUSTOMERS}/{ADA}", {"doNotMail": True})
    assert client.ids(CUSTOMERS, **asked) == [ADA]


def test_contacts_do_not_move_their_customer(client: Client) -> None:
    before = client.ok("GET", f"{CUSTOMERS}/{ADA}")["modifiedOn"]
    path = f"{CUSTOMERS}/{ADA}/contacts"
    made = client.ok("POST", path, {"type": "Email", "value": "new@example.com"})
    preferences = {**made["preferences"], "jobRemindersEnabled": False}
    patched = client.ok("PATCH", f"{path}/{made['id']}", {"preferences": preferences})

    assert patched["preferences"]["jobRemindersEnabled"] is False
    assert patched["phoneSettings"] == {"phoneNumber": "", "doNotText": False}
    client.ok("DELETE", f"{path}/{made['id']}")
    assert client("PATCH", f"{path}/{made['id']}", {"value": "x"}).status_code == 409
    assert client("DELETE", f"{path}/3").status_code == 409
    assert client("GET", f"{CUSTOMERS}/1/contacts").status_code == 404
    assert client.ok("GET", f"{CUSTOMERS}/{ADA}")["modifiedOn"] == before


def test_locations_answer_409_for_unknown_others(client: Client) -> None:
    body = {"name": "Barn", "address": ADDRESS}
    made = client.ok("POST", LOCATIONS, {**body, "customerId": ADA})

    assert made["customerId"] == ADA
    assert client("POST", LOCATIONS, {**body, "customerId": 1}).status_code == 409
    assert client("PATCH", f"{LOCATIONS}/{made['id']}", {"customerId": 1}).status_code == 409
    assert client("PATCH", f"{LOCATIONS}/{made['id']}", {"taxZoneId": 1}).status_code == 409
    assert (
        client.ok("PATCH", f"{LOCATIONS}/{made['id']}", {"taxZoneId": story.ZONE})["taxZoneId"] == story.ZONE
    )
    contact = client.ok("POST", f"{LOCATIONS}/{made['id']}/contacts", {"type": "Phone", "value": "5550123"})
    client.ok("PATCH", f"{LOCATIONS}/{made['id']}/contacts/{contact['id']}", {"value": "5550124"})
    assert [row["value"] for row in client.rows(f"{LOCATIONS}/{made['id']}/contacts")] == ["5550124"]
    client.ok("DELETE", f"{LOCATIONS}/{made['id']}/contacts/{contact['id']}")


def test_external_data_is_seen_by_its_application_only_and_replaced_unless_merged(client: Client) -> None:
    path = f"{CUSTOMERS}/{ADA}"
    client.ok("PATCH", path, {"externalData": external(GUID, qbo="58", batch="1")})

    def seen(application: str) -> dict[str, str]:
        rows = client.ok("GET", path) if not application else None
        rows = rows or client.rows(CUSTOMERS, ids=str(ADA), externalDataApplicationGuid=application)[0]
        return {row["key"]: row["value"] for row in rows["externalData"]}

    assert (seen(""), seen(OTHER_GUID), seen(GUID)) == ({}, {}, {"qbo": "58", "batch": "1"})
    client.ok("PATCH", path, {"externalData": external(GUID, "Merge", batch="2")})
    assert seen(GUID) == {"qbo": "58", "batch": "2"}
    client.ok("PATCH", path, {"externalData": external(GUID, batch="3")})
    assert seen(GUID) == {"batch": "3"}
    found = {"externalDataApplicationGuid": GUID, "externalDataKey": "batch", "externalDataValues": "3,4"}
    assert client.ids(CUSTOMERS, **found) == [ADA]
    assert client("GET", CUSTOMERS, externalDataKey="batch").status_code == 400


def test_skus_are_created_with_201_changed_and_deactivated_with_204(client: Client) -> None:
    path = "pricebook/materials"
    vendor = {"vendorId": story.VENDOR, "cost": 4, "active": True}
    body = {
        "code": "FLT",
        "description": "filter",
        "price": 12.5,
        "primaryVendor": vendor,
        "categories": [31],
    }
    made = client("POST", path, {**body, "typeId": 3})

    assert made.status_code == 201
    assert (made.json()["price"], made.json()["categories"]) == (12.5, [31])
    assert made.json()["primaryVendor"]["vendorName"] == "Heartland Supply"
    id = made.json()["id"]
    assert client("POST", path, body).status_code == 409
    assert client.ok("PATCH", f"{path}/{id}", {"price": 13})["price"] == 13
    assert client("DELETE", f"{path}/{id}").status_code == 204
    assert client.ok("GET", f"{path}/{id}")["active"] is False
    assert (
        client(
            "POST", path, {"code": "X", "description": "x", "primaryVendor": {**vendor, "vendorId": 1}}
        ).status_code
        == 400
    )


def test_services_carry_whole_categories_and_calculated_prices_on_demand(client: Client) -> None:
    body = {"code": "NEW", "description": "d", "categories": [31], "price": 5}
    made = client.ok("POST", "pricebook/services", body)
    path = f"pricebook/services/{made['id']}"

    assert made["categories"] == [{"id": 31, "name": "Repairs", "active": True}]
    assert client.ok("GET", path)["calculatedPrice"] is None
    assert client.ok("GET", path, calculatePrices="true")["calculatedPrice"] == 5
    assert client.rows("pricebook/services", calculatePrices="true")[0]["calculatedPrice"] == 100


def test_the_pricebook_is_written_in_bulk(client: Client) -> None:
    rows = [{"code": "B1", "description": "b", "customId": "c-1"}]
    made = client("POST", "pricebook/pricebook", {"services": rows})
    id = made.json()["services"][0]["id"]

    assert (made.status_code, made.json()["services"][0]["customId"]) == (201, "c-1")
    assert client("PATCH", "pricebook/pricebook", {"services": [{"id": id, "price": 9}]}).status_code == 400
    whole = client.ok("GET", f"pricebook/services/{id}") | {"price": 9, "intacctGlGroupAccount": ""}
    texts = dict.fromkeys(("account", "crossSaleGroup", "budgetCostCode", "budgetCostType"), "")
    more = {"warranty": {"duration": 1, "description": ""}, "categories": [31], "isLabor": True}
    more |= {"displayName": "Bulk", "externalData": None}
    client.ok("PATCH", "pricebook/pricebook", {"services": [{**whole, **texts, **more}]})
    assert client.ok("GET", f"pricebook/services/{id}")["price"] == 9


def test_every_pricebook_resource_can_be_created(client: Client) -> None:
    sku = {"code": "Z", "description": "z"}
    for resource, body in {
        "equipment": sku,
        "discounts-and-fees": {**sku, "type": "Fee", "amountType": "Fixed", "amount": 3},
        "categories": {"name": "Parts", "categoryType": "Materials"},
    }.items():
        made = client.ok("POST", f"pricebook/{resource}", body)
        assert client.ok("GET", f"pricebook/{resource}/{made['id']}")["active"] is True


def test_a_job_is_completed_cancelled_and_reopened_once_each(client: Client) -> None:
    path = f"jpm/jobs/{story.JOB_OPEN}"
    assert client("PUT", f"{path}/remove-cancellation").status_code == 409
    assert client.ok("PUT", f"{path}/hold", {"reasonId": 1, "memo": "parts"}) is None
    assert client.ok("PUT", f"{path}/cancel", {"reasonId": 1, "memo": "moved"}) is None
    assert client("PUT", f"{path}/complete", {"completedOn": "2026-03-09T10:00:00Z"}).status_code == 409
    assert client.rows("jpm/export/job-canceled-logs", includeRecentChanges="true")[0]["memo"] == "moved"
    client.ok("PUT", f"{path}/remove-cancellation")
    client.ok("PUT", f"{path}/complete", {"completedOn": "2026-03-09T10:00:00-06:00"})
    job = client.ok("GET", path)

    assert (job["jobStatus"], job["completedOn"]) == ("Completed", "2026-03-09T16:00:00.0000000Z")
    assert client.ok("PATCH", path, {"customerPo": "PO 5"})["customerPo"] == "PO 5"
    assert client("PATCH", path, {"customerId": 1}).status_code == 400


def test_a_vendor_is_written_flat_and_read_nested(client: Client) -> None:
    body = {
        "name": "Pipe & Co",
        "active": True,
        "firstName": "Jo",
        "email": "jo@pipe.example",
        "isTruckReplenishment": False,
        "taxRate": 0.05,
        "restrictedMobileCreation": True,
        "address": {**ADDRESS, "unit": ""},
    }
    id = client.ok("POST", "inventory/vendors", body)["id"]
    read = client.ok("GET", f"inventory/vendors/{id}")

    assert read["contactInfo"] == {
        "firstName": "Jo",
        "lastName": "",
        "phone": "",
        "email": "jo@pipe.example",
        "fax": "",
    }
    assert (read["defaultTaxRate"], read["isMobileCreationRestricted"]) == (0.05, True)
    assert client.ok("PATCH", f"inventory/vendors/{id}", {"phone": "5550100"}) == {"id": id}
    assert client.ok("GET", f"inventory/vendors/{id}")["contactInfo"]["phone"] == "5550100"
    assert client("POST", "inventory/vendors", {"name": "x"}).status_code == 400


def test_an_order_is_made_received_and_cannot_be_cancelled_then(client: Client) -> None:
    item = {
        "skuId": story.CAPACITOR,
        "description": "caps",
        "vendorPartNumber": "C",
        "quantity": 4,
        "cost": 8,
    }
    body = {
        "vendorId": story.VENDOR,
        "typeId": 1,
        "businessUnitId": story.SERVICE,
        "inventoryLocationId": 1,
        "shipTo": {"description": "shop", "address": {**ADDRESS, "unit": ""}},
        "impactsTechnicianPayroll": False,
        "date": "2026-03-09T00:00:00Z",
        "requiredOn": "2026-03-12T00:00:00Z",
        "tax": 1,
        "shipping": 2,
        "items": [item],
    }
    id = client.ok("POST", "inventory/purchase-orders", body)["id"]
    order = client.ok("GET", f"inventory/purchase-orders/{id}")
    assert (order["status"], order["total"], order["items"][0]["skuType"]) == ("Pending", 35.0, "Material")

    line = order["items"][0]["id"]
    patched = {"tax": 0, "items": [{**item, "id": line, "quantity": 5}]}
    client.ok("PATCH", f"inventory/purchase-orders/{id}", patched)
    received = {"purchaseOrderItemId": line, "skuId": story.CAPACITOR, "quantity": 5, "cost": 8}
    receipt = {
        "purchaseOrderId": id,
        "dateReceived": "2026-03-11",
        "tax": 0,
        "shipping": 2,
        "items": [received],
    }
    made = client.ok("POST", "inventory/receipts", receipt)
    order = client.ok("GET", f"inventory/purchase-orders/{id}")

    assert (order["status"], order["total"], order["items"][0]["quantityReceived"]) == ("Received", 42.0, 5)
    assert client.rows("inventory/receipts", purchaseOrderIds=str(id))[0]["receiptAmount"] == 42.0
    assert client("PATCH", f"inventory/purchase-orders/{id}/cancellation", {}).status_code == 400
    client.ok("PATCH", f"inventory/receipts/{made['id']}/cancellation", {"canceledReason": "Duplicate"})
    assert client.ids("inventory/receipts") == []
    assert client.ok("PATCH", f"inventory/purchase-orders/{story.ORDER}/cancellation", {}) == {
        "id": story.ORDER
    }


def test_a_return_is_made_patched_and_cancelled(client: Client) -> None:
    item = {"skuId": story.CAPACITOR, "quantity": 2, "cost": 8}
    body = {
        "vendorId": story.VENDOR,
        "returnTypeId": 1,
        "businessUnitId": story.SERVICE,
        "inventoryLocationId": 1,
        "returnDate": "2026-03-10",
        "tax": 0,
        "shipping": 0,
        "restockingFee": 0,
        "items": [item],
    }
    id = client.ok("POST", "inventory/returns", body)["id"]
    client.ok(
        "PATCH",
        f"inventory/returns/{id}",
        {"referenceNumber": "RMA-1", "externalData": external(GUID, q="1")},
    )
    client.ok("PATCH", f"inventory/returns/{id}/cancellation", {"canceledReason": "Other"})
    (row,) = client.rows("inventory/returns", active="False", externalDataApplicationGuid=GUID)

    assert (row["returnAmount"], row["status"], row["referenceNumber"]) == (16.0, "Canceled", "RMA-1")
    assert row["externalData"] == [{"key": "q", "value": "1"}]
    assert client("PATCH", f"inventory/returns/{id}", {"referenceNumber": "x"}).status_code == 409


def test_trucks_and_business_units_take_external_data(client: Client) -> None:
    truck = client.ok("POST", "inventory/trucks", {"name": "Truck 7", "warehouseId": 1})["id"]
    client.ok("PATCH", f"inventory/trucks/{truck}", {"memo": "new", "externalData": external(GUID, q="1")})
    unit = f"settings/business-units/{story.SERVICE}"
    client.ok("PATCH", unit, {"externalData": external(GUID, q="2")})

    assert client.rows("inventory/trucks")[0]["memo"] == "new"
    assert client.ok("GET", unit, externalDataApplicationGuid=GUID)["externalData"][0]["value"] == "2"
