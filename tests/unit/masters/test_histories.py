"""Histories of people editing both sides: we follow the last writer, then we are quiet."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.masters.values import agree
from tests.unit.masters.town import Town, new_town

_name_words = st.sampled_from(
    ["John", "Jon", "Ana", "Smith", "Smythe", "van der Berg", "Ștefan", "Mc 😀 Coy", "O'Neil"]
)
_emails = st.sampled_from(["john@x.com", "home@x.com", "new@y.org", "JOHN@X.com", "other@z.net", ""])
_phones = st.sampled_from(
    ["(512) 555-0100", "512-555-0100", "5125550199", "512.555.0177 x22", "+1 512 555 0166", ""]
)
_streets = st.sampled_from(["1 Elm St", "2 Oak Ave", "Ștefan cel Mare 3", "9 Pine\tRd"])


_KINDS = [
    "st_name",
    "qb_name",
    "qb_email",
    "qb_phone",
    "qb_mobile",
    "st_contact",
    "st_new",
    "st_gone",
    "st_address",
    "qb_address",
    "qb_terms",
    "st_terms",
    "qb_active",
    "business",
]


@st.composite
def _edits(draw: st.DrawFn) -> tuple[str, Callable[[Town], None]]:
    """One act of a person: what it is called, and doing it."""
    kind = draw(st.sampled_from(_KINDS))
    given_name, family = draw(_name_words), draw(_name_words)
    email, phone, street = draw(_emails), draw(_phones), draw(_streets)
    acts: dict[str, Callable[[Town], None]] = {
        "st_name": lambda town: town.edit_servicetitan(name=f"{family}, {given_name}"),
        "qb_name": lambda town: town.edit_quickbooks(
            DisplayName=f"{given_name} {family}".replace("😀", "").replace("Ș", "S")
        ),
        "qb_email": lambda town: town.edit_quickbooks(PrimaryEmailAddr={"Address": email}),
        "qb_phone": lambda town: town.edit_quickbooks(PrimaryPhone={"FreeFormNumber": phone}),
        "qb_mobile": lambda town: town.edit_quickbooks(Mobile={"FreeFormNumber": phone}),
        "st_contact": lambda town: _edit_any(town, email, phone),
        "st_new": lambda town: _add(town, email, phone),
        "st_gone": lambda town: town.contacts and town.delete_contact(town.contacts[0]["id"]) or None,
        "st_address": lambda town: town.edit_servicetitan(
            address={**town.record["address"], "street": street}
        ),
        "qb_address": lambda town: town.edit_quickbooks(
            BillAddr={**town.obj.get("BillAddr", {}), "Line1": street}
        ),
        "qb_terms": lambda town: town.edit_quickbooks(SalesTermRef={"value": "12"}),
        "st_terms": lambda town: town.edit_servicetitan(paymentTermId=2),
        "qb_active": lambda town: town.edit_quickbooks(Active=not town.obj["Active"]),
        "business": lambda town: town.business(),
    }
    return kind, acts[kind]


def _edit_any(town: Town, email: str, phone: str) -> None:
    if town.contacts:
        contact = town.contacts[-1]
        town.edit_contact(contact["id"], (email if contact["type"] == "Email" else phone) or "none given")


def _add(town: Town, email: str, phone: str) -> None:
    if email:
        town.add_contact("Email", email)
    elif phone:
        town.add_contact("Phone", phone)


_acts = st.lists(st.tuples(_edits(), st.integers(0, 3), st.floats(0.5, 90)), max_size=12)


@pytest.mark.rule("7.1", "7.3")
@settings(max_examples=400)
@given(acts=_acts, name_format=st.sampled_from(["as_is", "first_last"]))
def test_after_the_last_edit_two_writes_then_none(acts: list[Any], name_format: str) -> None:
    town = new_town(name_format=name_format)
    for (_, act), polls, minutes in acts:
        town.tick(minutes)
        act(town)
        for _ in range(polls):
            town.tick(1)
            town.poll()

    town.writes.clear()
    for _ in range(5):
        town.tick(30)
        town.poll()
        town.business()

    systems = [system for system, _ in town.writes]
    assert sorted(systems) in ([], ["quickbooks"], ["servicetitan"], ["quickbooks", "servicetitan"]), (
        town.writes
    )
    town.tick(30)
    assert town.poll().is_at_rest or town.held


@pytest.mark.rule("7.1")
@settings(max_examples=300)
@given(acts=_acts)
def test_sides_agree_at_rest(acts: list[Any]) -> None:
    town = new_town()
    for (_, act), polls, minutes in acts:
        town.tick(minutes)
        act(town)
        for _ in range(polls):
            town.poll()
    town.tick(30)
    town.poll()
    own, other = town.sides()
    held = {each.field for each in town.held}
    for name in ("name", "email", "phone", "mobile", "active"):
        pair = town.base.fields[name].pair
        assert name in held or agree(name, own.values[name], other.values[name], town.manner, pair), name


@pytest.mark.rule("7.1")
@given(rounds=st.integers(1, 6))
def test_documents_bump_stamps_and_overwrite_nothing(rounds: int) -> None:
    town = new_town(obj={"PrimaryEmailAddr": {"Address": "books@x.com"}, "DisplayName": "J. Smith"})
    before = (dict(town.record), [dict(each) for each in town.contacts], dict(town.obj))
    for _ in range(rounds):
        town.tick()
        town.business()
        town.poll()
    ignored = {"modifiedOn", "balance", "Balance", "MetaData"}
    after = (town.record, town.contacts, town.obj)
    assert town.writes == []
    for one, other in zip(before, after, strict=True):
        if isinstance(one, dict):
            assert {k: v for k, v in one.items() if k not in ignored} == {
                k: v for k, v in other.items() if k not in ignored
            }
        else:
            assert one == other


@pytest.mark.rule("7.1")
@pytest.mark.parametrize(
    ("minutes", "winner"), [(10, "quickbooks"), (1.5, "servicetitan"), (-10, "servicetitan")]
)
def test_the_later_write_wins_and_close_ones_go_to_servicetitan(minutes: float, winner: str) -> None:
    town = new_town()
    town.tick(60)
    town.edit_contact(5, "st@x.com")
    town.tick(minutes)
    town.edit_quickbooks(PrimaryEmailAddr={"Address": "qb@x.com"})
    town.now += town.now - town.now
    town.poll()

    expected = "qb@x.com" if winner == "quickbooks" else "st@x.com"
    assert [each.winner for each in town.conflicts] == [winner]
    assert (town.conflicts[0].servicetitan, town.conflicts[0].quickbooks) == ("st@x.com", "qb@x.com")
    assert town.contacts[0]["value"] == expected
    assert town.obj["PrimaryEmailAddr"]["Address"] == expected


@pytest.mark.rule("7.1")
def test_the_stamp_of_a_change_is_that_of_the_poll_that_first_showed_it() -> None:
    town = new_town(policies={"email": "hold"})
    town.tick(60)
    town.edit_contact(5, "st@x.com")
    town.tick(60)
    town.edit_quickbooks(PrimaryEmailAddr={"Address": "qb@x.com"})
    town.poll()
    town.tick(60)
    town.contacts[0]["modifiedOn"] = town.stamp()  # a memo was typed: the value is the same
    town.policies = {}
    town.poll()

    assert town.conflicts[-1].winner == "quickbooks"
    assert town.contacts[0]["value"] == "qb@x.com"
