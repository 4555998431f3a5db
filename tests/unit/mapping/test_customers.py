"""What a customer becomes: legal names, one of each kind of contact, an address."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.outcomes import Mapped
from st_qbo_assets.mapping.customers import map_customer
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.servicetitan.records import Contact, Customer, parse
from tests.unit.mapping import builders as make

DAY = date(2026, 2, 3)


def mapped(*contacts: Any, **changes: Any) -> Mapped:
    (one,) = map_customer(make.customer(**changes), make.lookup(contacts={5010001: contacts}), day=DAY)
    return one


def body(one: Mapped) -> dict[str, Any]:
    assert one.payload is not None, one.reason
    return one.payload.body


def test_a_person_has_given_and_family_name() -> None:
    assert body(mapped()) == {"DisplayName": "Alvarez, Maria", "GivenName": "Maria", "FamilyName": "Alvarez"}
    assert body(mapped(name="Cher")) == {"DisplayName": "Cher", "FamilyName": "Cher"}


def test_a_company_has_a_company_name() -> None:
    one = body(mapped(name="Bluebonnet Dental Group, LLC", type="Commercial"))
    assert one == {
        "DisplayName": "Bluebonnet Dental Group, LLC",
        "CompanyName": "Bluebonnet Dental Group, LLC",
    }


@pytest.mark.rule("7.2")
def test_names_are_made_legal_and_the_change_is_told() -> None:
    one = mapped(name="  Smith: Rental\t🏠 ")
    assert body(one)["DisplayName"] == "Smith- Rental"
    assert one.facts["name_changes"] == [
        "characters dropped or transliterated",
        "colon replaced",
        "spaces collapsed",
    ]
    long = mapped(name="x" * 600, type="Commercial")
    assert len(body(long)["DisplayName"]) == 500
    assert len(body(long)["CompanyName"]) == 100


@pytest.mark.rule("7.2")
@pytest.mark.parametrize("name", ["", "...", None, "🔥", "- : -"])
def test_a_name_without_letters_is_held(name: str | None) -> None:
    one = mapped(name=name)
    assert (one.verdict.value, one.reason and one.reason.code) == ("held", "name_illegal")


def test_the_oldest_contact_of_a_kind_is_the_primary_one() -> None:
    contacts = [
        make.contact(5, "Phone", "512-555-0199"),
        make.contact(2, "Phone", "(512) 555-0100 x4"),
        make.contact(3, "MobilePhone", "512 555 0111"),
        make.contact(9, "Email", "second@example.com"),
        make.contact(1, "Email", "not an address"),
        make.contact(4, "Email", "first@example.com"),
        make.contact(6, "Email", "gone@example.com", active=False),
        make.contact(7, "Fax", "512-555-0122"),
    ]
    one = mapped(*contacts)
    assert body(one)["PrimaryEmailAddr"] == {"Address": "first@example.com"}
    assert body(one)["PrimaryPhone"] == {"FreeFormNumber": "(512) 555-0100 x4"}
    assert body(one)["Mobile"] == {"FreeFormNumber": "512 555 0111"}
    assert body(one)["Fax"] == {"FreeFormNumber": "512-555-0122"}
    assert one.facts["emails"] == ["first@example.com", "second@example.com"]
    assert one.facts["phones"] == ["(512) 555-0100 x4", "512-555-0199", "512 555 0111"]
    assert body(mapped(*reversed(contacts))) == body(one)


def test_a_mobile_alone_is_the_primary_phone() -> None:
    one = body(mapped(make.contact(3, "MobilePhone", "512 555 0111")))
    assert one["PrimaryPhone"] == {"FreeFormNumber": "512 555 0111"}
    assert "Mobile" not in one


def test_the_billing_address() -> None:
    address = {
        "street": "118 Sample Oak Dr",
        "unit": None,
        "city": "Austin",
        "state": "TX",
        "zip": "78704",
        "country": "USA",
    }
    assert body(mapped(address=address))["BillAddr"] == {
        "Line1": "118 Sample Oak Dr",
        "City": "Austin",
        "CountrySubDivisionCode": "TX",
        "PostalCode": "78704",
        "Country": "USA",
    }


@pytest.mark.rule("7.2")
def test_a_name_made_unique_at_load_is_no_change() -> None:
    one = mapped()
    assert one.payload is not None
    other = one.payload.with_body({**one.payload.body, "DisplayName": "Alvarez, Maria (C-5010001)"})
    assert other.digest == one.payload.digest
    moved = one.payload.with_body({**one.payload.body, "FamilyName": "Alvarez-Lee"})
    assert moved.digest != one.payload.digest


def test_a_merged_customer_tells_its_survivor() -> None:
    assert mapped(active=False, mergedToId=77).facts["merged_to"] == "customer:77"


def test_an_unreadable_customer_is_rejected() -> None:
    (one,) = map_customer(parse(Customer, {"id": 4, "name": {"first": "x"}}), make.lookup(), day=DAY)
    assert (one.verdict.value, str(one.source)) == ("rejected", "customer:4")
    contact: Any = parse(Contact, {"id": "x"})
    assert map_customer(contact, make.lookup(), day=DAY) == []


@given(st.text(max_size=650), st.sampled_from(["Residential", "Commercial", ""]))
def test_any_name_gives_a_legal_payload_or_a_reason(name: str, type_: str) -> None:
    one = mapped(name=name, type=type_)
    if one.payload is None:
        assert one.reason is not None
        return
    for field, length in (
        ("DisplayName", 500),
        ("GivenName", 100),
        ("FamilyName", 100),
        ("CompanyName", 100),
    ):
        part = one.payload.body.get(field, "")
        assert len(part) <= length
        assert not set(":\t\n\r") & set(part)
        assert part == part.strip()


def test_records_are_sorted_into_their_lists() -> None:
    found = Lookup.of(
        [
            make.customer(),
            make.contact(1, "Email", "a@b.co"),
            make.contact(2, "Phone", "5125550100"),
            make.invoice(),
            parse(Customer, {}),
            make.record(make.st.BusinessUnit, {"id": 301, "name": "HVAC"}),
        ],
        company=make.company(),
        reference=make.REFERENCE,
        today=make.TODAY,
        posted={},
        tax_item_id="44",
    )
    assert set(found.customers) == {5010001}
    assert [contact.id for contact in found.contacts[5010001]] == [1, 2]
    assert set(found.invoices) == {8001001}
    assert set(found.business_units) == {301}
    assert found.tax_item_id == "44"
