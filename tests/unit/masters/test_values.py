"""Values cross over and back without losing anything, and what is no value is held, not sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.masters.sides import (
    CUSTOMER,
    VENDOR,
    quickbooks_body,
    read_quickbooks,
    read_servicetitan,
)
from st_qbo_assets.domain.masters.values import (
    Manner,
    Problem,
    Value,
    agree,
    same,
    to_quickbooks,
    to_servicetitan,
)
from st_qbo_assets.load.masters.creating import creation_body, is_wanted
from tests.unit.masters.town import new_town

_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=700)
_manner = st.builds(
    Manner,
    latin1=st.booleans(),
    name_format=st.sampled_from(["as_is", "first_last"]),
    is_person=st.booleans(),
    suffix=st.just("(C-1042)"),
)


@pytest.mark.rule("7.1", "7.3")
@settings(max_examples=300)
@given(name=st.sampled_from(["name", "email", "phone", "fax"]), value=_text, manner=_manner)
def test_what_was_written_to_quickbooks_agrees_with_what_it_came_from(
    name: str, value: str, manner: Manner
) -> None:
    written = to_quickbooks(name, " ".join(value.split()), manner)
    if isinstance(written, Problem):
        return
    base = (" ".join(value.split()), written)
    assert agree(name, base[0], written, manner, base)
    again = to_quickbooks(name, base[0], manner, base=base)
    assert not isinstance(again, Problem) and same(name, again, written)


@pytest.mark.rule("7.3")
@given(value=_text, manner=_manner)
def test_our_suffix_never_reaches_servicetitan(value: str, manner: Manner) -> None:
    written = to_quickbooks("name", value, manner)
    if isinstance(written, Problem):
        return
    suffixed = f"{written} {manner.suffix}"
    assert agree("name", value, suffixed, manner, (value, suffixed))
    back = to_servicetitan("name", f"{written}x {manner.suffix}", manner, base=(value, suffixed))
    assert isinstance(back, Problem) or manner.suffix not in str(back)


@pytest.mark.rule("7.1")
@settings(max_examples=150)
@given(name=_text, street=_text, rounds=st.integers(1, 3))
def test_polls_alone_never_change_what_people_wrote(name: str, street: str, rounds: int) -> None:
    town = new_town()
    town.tick()
    town.edit_servicetitan(name=name, address={**town.record["address"], "street": street})
    town.poll()
    before = (dict(town.record), [dict(each) for each in town.contacts])
    for _ in range(rounds):
        town.tick()
        town.business()
        town.poll()
    changed = {key for key in before[0] if before[0][key] != town.record[key]}
    assert changed <= {"modifiedOn", "balance"}
    assert before[1] == town.contacts


@pytest.mark.rule("7.4")
def test_a_free_form_address_is_no_edit_and_never_travels() -> None:
    town = new_town()
    town.tick()
    town.edit_quickbooks(BillAddr={"Line1": "Smith, John", "Line2": "1 Elm St", "Line3": "Austin, TX  78701"})
    decision = town.poll()
    assert decision.is_at_rest and town.writes == []


@pytest.mark.rule("7.1", "7.4")
@pytest.mark.parametrize(
    ("field", "obj", "code"),
    [
        ("email", {"PrimaryEmailAddr": {"Address": "no address"}}, "email_illegal"),
        ("address", {"BillAddr": {"Line1": "9 Pine Rd", "PostalCode": "78701"}}, "address_incomplete"),
    ],
)
def test_what_servicetitan_cannot_take_is_held_and_the_rest_travels(
    field: str, obj: dict[str, object], code: str
) -> None:
    town = new_town()
    town.tick()
    town.edit_quickbooks(**obj, Mobile={"FreeFormNumber": "512 555 0111"})
    decision = town.poll()
    assert [(each.field, each.code) for each in decision.held] == [(field, code)]
    assert town.contacts[3]["value"] == "512 555 0111"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("", "name_illegal"), ("!?!", "name_illegal"), ("x" * 600, ""), ("Heron: Sons\t&\nCo", "")],
)
def test_bad_names_are_legal_or_held(name: str, expected: str) -> None:
    written = to_quickbooks("name", name, Manner(is_person=False))
    if expected:
        assert isinstance(written, Problem) and written.code == expected
    else:
        assert isinstance(written, str) and len(written) <= 500 and not set(written) & set(":\t\n")


@pytest.mark.rule("7.1", "7.4")
@pytest.mark.parametrize(
    ("field", "value", "quickbooks", "servicetitan"),
    [
        ("name", "", "name_illegal", "name_illegal"),
        ("name", "...", "name_illegal", "name_illegal"),
        ("name", "x" * 600, "x" * 493 + "-5130b3", "x" * 600),
        ("phone", "(512) 555-0100 ext. 22", "(512) 555-0100 ext. 22", "(512) 555-0100 ext. 22"),
        ("phone", "call the office", "phone_illegal", "call the office"),
        ("email", "no address", "email_illegal", "email_illegal"),
        ("email", "", "", ""),
        (
            "address",
            {"street": "1 Elm St", "zip": "78701"},
            {"street": "1 Elm St", "zip": "78701"},
            "address_incomplete",
        ),
        ("service", {"city": "Austin"}, {"city": "Austin"}, "address_incomplete"),
        ("exempt", "yes", "exempt_without_reason", "yes"),
    ],
)
def test_bad_input_is_made_legal_or_held(
    field: str, value: Value, quickbooks: Value, servicetitan: Value
) -> None:
    manner = Manner(is_person=False)
    for project, expected in ((to_quickbooks, quickbooks), (to_servicetitan, servicetitan)):
        written = project(field, value, manner)
        assert (written.code if isinstance(written, Problem) else written) == expected


def test_a_phone_with_an_extension_is_the_same_number_with_other_ornaments_only() -> None:
    assert same("phone", "(512) 555-0100 x22", "512.555.0100 ext. 22")
    assert not same("phone", "(512) 555-0100 x22", "(512) 555-0100")


@pytest.mark.rule("7.5")
def test_sub_customers_and_projects_are_never_made() -> None:
    for part in ({"ParentRef": {"value": "5"}}, {"Job": True}, {"IsProject": True}, {"Active": False}):
        assert is_wanted({"DisplayName": "Unit 7", **part}, to_servicetitan="all", listed=()) is None
    assert is_wanted({"DisplayName": "Ada"}, to_servicetitan="listed", listed=("ada",)) is True
    assert is_wanted({"DisplayName": "Ada"}, to_servicetitan="never", listed=()) is False


def test_a_body_of_every_value_reads_back_as_the_values() -> None:
    town = new_town()
    own = read_servicetitan(CUSTOMER, town.record, town.contacts)
    changes = {name: value for name, value in own.values.items() if name not in ("parts", "terms")}
    read = read_quickbooks(CUSTOMER, quickbooks_body(changes))
    assert {name: same(name, read.values[name], value) for name, value in changes.items()} == dict.fromkeys(
        changes, True
    )


def test_a_vendor_without_anything_but_a_name_can_be_made() -> None:
    body = creation_body(VENDOR, {"Id": "9", "DisplayName": "North Pipe"}, name_format="as_is")
    assert isinstance(body, dict) and body["name"] == "North Pipe" and body["address"]["country"] == "USA"
