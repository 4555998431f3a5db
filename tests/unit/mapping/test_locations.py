"""Service locations as sub-customers: which customer a sale names, and what a location becomes."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from st_qbo_assets.mapping.invoices import map_invoice
from st_qbo_assets.mapping.locations import map_location
from st_qbo_assets.mapping.payments import map_payment
from st_qbo_assets.servicetitan.records import Customer, Location
from tests.unit.mapping import builders as make

SUB, FLAT = "customer:5010001/location5020001", "customer:5010001"


def named(**settings: Any) -> str:
    """Who the invoice of 3 February names."""
    (one,) = map_invoice(make.invoice(), make.lookup(company=make.company(**settings)))
    assert one.payload is not None
    return one.payload.body["CustomerRef"]["value"]


def location(**changes: Any) -> Location:
    address = {"street": "12 Cedar Ln", "city": "Austin", "state": "TX", "zip": "78704", "country": "USA"}
    values = {"id": 5020001, "customerId": 5010001, "name": "Alvarez, Maria", "address": address}
    return make.record(Location, {**values, **changes})


@pytest.mark.rule("7.5")
@pytest.mark.parametrize(
    ("locations", "since", "expected"),
    [
        ("flat", None, FLAT),
        ("sub_customers", "2026-01-01", SUB),
        ("sub_customers", "2026-02-03", SUB),
        ("sub_customers", "2026-02-04", FLAT),
        ("flat", "2026-02-04", SUB),
        ("flat", "2026-02-03", FLAT),
    ],
)
def test_a_switch_applies_to_documents_dated_from_its_day_on(
    locations: str, since: str | None, expected: str
) -> None:
    assert named(locations=locations, locations_since=since) == expected


def test_a_switch_without_its_day_is_refused() -> None:
    with pytest.raises(ValidationError, match="locations_since"):
        make.company(locations="sub_customers")


def test_a_payment_stays_with_the_customer_and_a_moved_location_with_who_owes() -> None:
    company = make.company(locations="sub_customers", locations_since="2026-01-01")
    paid = make.lookup(company=company, invoices={8001001: make.invoice()})
    (one,) = map_payment(make.payment(), paid)
    assert one.payload is not None and one.payload.body["CustomerRef"] == {"value": FLAT}
    moved = make.lookup(company=company, locations={5020001: location(customerId=77)})
    (other,) = map_invoice(make.invoice(), moved)
    assert other.payload is not None and other.payload.body["CustomerRef"] == {"value": FLAT}


def test_a_location_becomes_a_sub_customer_billed_with_its_parent() -> None:
    company = make.company(locations="sub_customers", locations_since="2026-01-01")
    owner = make.record(Customer, {"id": 5010001, "name": "Alvarez, Maria"})
    lookup = make.lookup(company=company, customers={5010001: owner})
    (one,) = map_location(location(), lookup, day=date(2026, 2, 3))
    assert one.payload is not None
    body = one.payload.body
    assert (str(one.source), body["ParentRef"], body["Job"], body["BillWithParent"]) == (
        SUB,
        {"value": FLAT},
        True,
        True,
    )
    assert (body["DisplayName"], body["ShipAddr"]["Line1"]) == ("12 Cedar Ln", "12 Cedar Ln")
    (named_,) = map_location(location(name="Unit 7"), lookup, day=date(2026, 2, 3))
    assert named_.payload is not None and named_.payload.body["DisplayName"] == "Unit 7"
    (none,) = map_location(location(name="--", address=None), lookup, day=date(2026, 2, 3))
    assert none.reason is not None and none.reason.code == "name_illegal"
    assert map_location(location(), make.lookup(), day=date(2026, 2, 3)) == []
