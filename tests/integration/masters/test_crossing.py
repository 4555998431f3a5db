"""A customer edited on one side arrives on the other, through the assets."""

from collections import Counter

import pytest

from tests.integration.masters.shop import Shop

ADDRESS = {
    "street": "12 Cedar Ln",
    "unit": "",
    "city": "Austin",
    "state": "TX",
    "zip": "78704",
    "country": "USA",
}
SITE = {**ADDRESS, "street": "8 Mill Rd", "latitude": None, "longitude": None}


def new_customer(shop: Shop, name: str = "Heron, Ada") -> int:
    """A customer who is new in ServiceTitan today, with an e-mail address and a number."""
    made = shop.act_servicetitan(
        "add", resource="customers", record={"name": name, "type": "Residential", "address": ADDRESS}
    )
    shop.act_servicetitan(
        "add", resource="contacts", record={"customerId": made["id"], "type": "Email", "value": "ada@x.com"}
    )
    shop.act_servicetitan(
        "add", resource="contacts", record={"customerId": made["id"], "type": "Phone", "value": "5125550123"}
    )
    return made["id"]


@pytest.mark.rule("7.1", "7.6")
def test_an_edit_on_either_side_crosses_over_once(shop: Shop) -> None:
    id_ = new_customer(shop)
    place = shop.act_servicetitan(
        "add", resource="locations", record={"customerId": id_, "name": "Heron, Ada", "address": SITE}
    )["id"]
    for kind, value in (("Email", "spare@x.com"), ("Phone", "5125550199")):
        record = {"customerId": id_, "type": kind, "value": value}
        shop.act_servicetitan("add", resource="contacts", record=record)
    term = shop.state("servicetitan", "payment-terms")[0]
    shop.act_servicetitan("update", resource="customers", id=id_, set={"paymentTermId": term["id"]})
    shop.act_servicetitan(
        "add", resource="customer-notes", record={"customerId": id_, "text": "Ring twice", "isPinned": False}
    )
    shop.poll()
    qbo_id = shop.qbo_id(id_)
    first = shop.stored(qbo_id)
    assert (first["DisplayName"], first["ShipAddr"]["Line1"]) == ("Heron, Ada", "8 Mill Rd")
    assert (first["PrimaryEmailAddr"], first["PrimaryPhone"]) == (
        {"Address": "ada@x.com"},
        {"FreeFormNumber": "5125550123"},
    )
    terms = {row["Id"]: row["Name"] for row in shop.state("quickbooks", "Term")}
    assert terms[first["SalesTermRef"]["value"]] == term["name"]
    assert "- Ring twice" in first["Notes"]

    edited = {
        "PrimaryEmailAddr": {"Address": "new@y.org"},
        "ShipAddr": {
            "Line1": "9 Mill Rd",
            "City": "Kyle",
            "CountrySubDivisionCode": "TX",
            "PostalCode": "78640",
        },
        "Notes": f"Pays by check\n{first['Notes']}",
    }
    shop.office.act("update", entity="Customer", id=qbo_id, body=edited)
    first = shop.poll()
    assert shop.location(place)["address"]["street"] == "9 Mill Rd", first
    assert [row["value"] for row in shop.contacts(id_)] == [
        "new@y.org",
        "5125550123",
        "spare@x.com",
        "5125550199",
    ]
    assert shop.notes(id_) == ["Ring twice", "From QuickBooks: Pays by check"]

    number = next(row for row in shop.contacts(id_) if row["type"] == "Phone")
    shop.act_servicetitan("update", resource="contacts", id=number["id"], set={"value": "(512) 555-0177"})
    shop.act_servicetitan("update", resource="locations", id=place, set={"address": SITE})
    shop.act_servicetitan("update", resource="customers", id=id_, set={"taxExempt": True})
    shop.act_servicetitan(
        "add", resource="customer-notes", record={"customerId": id_, "text": "Dog bites", "isPinned": False}
    )
    shop.poll()
    stored = shop.stored(qbo_id)
    assert stored["Notes"].splitlines()[:1] == ["Pays by check"]
    assert [line for line in stored["Notes"].splitlines() if line[:2] == "- "] == [
        "- Dog bites",
        "- Ring twice",
    ]
    assert (stored["PrimaryPhone"], stored["ShipAddr"]["Line1"]) == (
        {"FreeFormNumber": "(512) 555-0177"},
        "8 Mill Rd",
    )
    assert (stored["Taxable"], shop.reasons()["Heron, Ada"]) == (True, "exempt_without_reason")
    tax = shop.company.tax.model_copy(update={"exempt_reason": "Religious organization"})
    shop.company = shop.company.model_copy(update={"tax": tax})
    shop.poll()
    stored = shop.stored(qbo_id)
    assert (stored["Taxable"], stored["TaxExemptionReasonId"]) == (False, "6")

    for poll in ("customers", "vendors"):
        before = shop.asked()
        again = shop.poll(poll)
        assert len(shop.asked()) - len(before) <= 4, list(
            (Counter(shop.asked()) - Counter(before)).elements()
        )
        assert again[f"loaded/{poll}"].get("posted", 0) == 0, again


@pytest.mark.rule("7.1", "7.2", "7.3", "7.5", "7.6")
def test_a_vendor_of_either_system_is_made_in_the_other_and_its_edits_cross(shop: Shop) -> None:
    shop.office.act(
        "create",
        entity="Vendor",
        body={"DisplayName": "Bright Supply Co", "PrimaryPhone": {"FreeFormNumber": "512 555 0144"}},
    )
    shop.act_servicetitan(
        "add",
        resource="vendors",
        record={
            "name": "North Pipe Works",
            "contactInfo": {"email": "desk@northpipe.com", "phone": "", "fax": ""},
        },
    )
    # The same people are a customer as well: names are unique across both lists (6240).
    record = {"name": "Bright Supply Co", "type": "Commercial", "address": ADDRESS}
    twin = shop.act_servicetitan("add", resource="customers", record=record)["id"]
    shop.poll()
    shop.poll("customers")
    assert shop.stored(shop.qbo_id(twin))["DisplayName"] == f"Bright Supply Co (C-{twin})"
    assert shop.customer(twin)["name"] == "Bright Supply Co"

    there = {row["name"]: row for row in shop.state("servicetitan", "vendors")}
    here = {row["DisplayName"]: row for row in shop.state("quickbooks", "Vendor")}
    assert there["Bright Supply Co"]["contactInfo"]["phone"] == "512 555 0144"
    assert here["North Pipe Works"]["PrimaryEmailAddr"] == {"Address": "desk@northpipe.com"}

    id_ = there["Bright Supply Co"]["id"]
    shop.act_servicetitan(
        "update", resource="vendors", id=id_, set={"contactInfo": {"email": "buy@bright.com"}}
    )
    shop.poll()
    here = {row["DisplayName"]: row for row in shop.state("quickbooks", "Vendor")}
    assert here["Bright Supply Co"]["PrimaryEmailAddr"] == {"Address": "buy@bright.com"}


@pytest.mark.rule("7.4", "7.5", "7.7")
def test_a_customer_typed_into_quickbooks_is_made_in_servicetitan_once(shop: Shop) -> None:
    address = {"Line1": "5 Elm St", "City": "Austin", "CountrySubDivisionCode": "TX", "PostalCode": "78701"}
    terms = {row["Name"]: row["Id"] for row in shop.state("quickbooks", "Term")}
    known = {row["name"]: row["id"] for row in shop.state("servicetitan", "payment-terms")}
    net = next(name for name in known if name in terms)
    body = {
        "DisplayName": "Zora Quill",
        "GivenName": "Zora",
        "FamilyName": "Quill",
        "PrimaryEmailAddr": {"Address": "zora@quill.org"},
        "BillAddr": address,
        "Notes": "Wants paper invoices",
        "SalesTermRef": {"value": terms[net]},
    }
    shop.office.act("create", entity="Customer", body=body)
    shop.office.act("create", entity="Customer", body={"DisplayName": "No Address Given"})
    shop.office.control(
        "faults",
        {
            "rules": [
                {"method": "POST", "path": path, "kind": "lost_response", "times": 1}
                for path in ("*/crm/v2/*/customers", "*/crm/v2/*/notes")
            ]
        },
        half="servicetitan",
    )
    shop.poll()
    shop.poll(succeeds=False)
    shop.poll()

    made = [row for row in shop.state("servicetitan", "customers") if row["name"] == "Zora Quill"]
    assert len(made) == 1
    assert (made[0]["address"]["city"], made[0]["paymentTermId"]) == ("Austin", known[net])
    assert shop.notes(made[0]["id"]) == ["From QuickBooks: Wants paper invoices"]
    assert [row["value"] for row in shop.contacts(made[0]["id"])] == ["zora@quill.org"]
    assert not [row for row in shop.state("servicetitan", "customers") if row["name"] == "No Address Given"]
    assert shop.qbo_id(made[0]["id"])
    assert shop.reasons()["No Address Given"] == "location_missing"


@pytest.mark.rule("7.1")
def test_a_contact_deleted_in_servicetitan_gives_way_to_the_next(shop: Shop) -> None:
    id_ = new_customer(shop)
    shop.act_servicetitan(
        "add", resource="contacts", record={"customerId": id_, "type": "Email", "value": "second@x.com"}
    )
    shop.poll()
    first = next(row for row in shop.contacts(id_) if row["value"] == "ada@x.com")
    shop.act_servicetitan("delete", resource="contacts", id=first["id"])
    shop.poll()

    assert shop.stored(shop.qbo_id(id_))["PrimaryEmailAddr"] == {"Address": "second@x.com"}
