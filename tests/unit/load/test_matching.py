"""Who a ServiceTitan customer is in QuickBooks."""

from typing import Any

import pytest

from st_qbo_assets.load.candidates import Candidates
from st_qbo_assets.load.matching import MatchKind, card_of, match_customer, normalise_name, normalise_phone

ADDRESS = {"Line1": "12 North Main Street", "City": "Austin", "PostalCode": "78701"}


def person(name: str, id_: str = "", **fields: Any) -> dict[str, Any]:
    shapes = {"email": "PrimaryEmailAddr", "phone": "PrimaryPhone", "address": "BillAddr"}
    keys = {"email": "Address", "phone": "FreeFormNumber"}
    body: dict[str, Any] = {"DisplayName": name, "Id": id_}
    for kind, value in fields.items():
        body[shapes.get(kind, kind)] = {keys[kind]: value} if kind in keys else value
    return body


def match(wanted: dict[str, Any], *others: dict[str, Any], linked: tuple[str, ...] = ()):
    return match_customer(card_of(wanted), [card_of(other) for other in others], linked_ids=frozenset(linked))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Smith, John", "John Smith"),
        ("JOHN  SMITH ", "John Smith"),
        ("O'Brien & Sons", "OBrien and Sons"),
        ("José Núñez", "Jose Nunez"),
        ("John Smith (deleted)", "John Smith"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


def test_phones_compare_by_their_last_ten_digits() -> None:
    assert normalise_phone("+1 (512) 555-0134 ext. 7") == normalise_phone("512.555.0134")
    assert normalise_phone("911") == ""


@pytest.mark.rule("7.2")
@pytest.mark.parametrize(
    ("mine", "theirs", "evidence"),
    [
        ({"email": "A@x.com"}, {"email": "a@x.com"}, ("e-mail",)),
        ({"phone": "512-555-0134"}, {"phone": "+15125550134"}, ("phone",)),
        ({"address": ADDRESS}, {"address": {**ADDRESS, "Line1": "12 N Main St."}}, ("address",)),
        (
            {"address": ADDRESS},
            {"address": {"Line1": "John Smith", "Line2": "12 N. Main St", "Line3": "Austin TX 78701"}},
            ("address",),
        ),
    ],
)
def test_the_name_and_one_more_agreement_link(mine: Any, theirs: Any, evidence: tuple[str, ...]) -> None:
    found = match(person("John Smith", **mine), person("Smith, John", "58", **theirs))

    assert (found.kind, found.card and found.card.id, found.evidence) == (MatchKind.LINK, "58", evidence)


@pytest.mark.rule("7.2")
@pytest.mark.parametrize(
    "other",
    [
        person("John Smith", "58"),
        person("John Smith", "58", email="other@x.com"),
        person("Jon Smith", "58"),
        person("Jon Smith", "58", email="john@x.com"),
        person("John Smith", "58", email="john@x.com", Active=False),
    ],
)
def test_the_name_alone_a_near_name_or_an_inactive_one_asks_a_person(other: dict[str, Any]) -> None:
    found = match(person("John Smith", email="john@x.com", phone="5125550134"), other)

    assert (found.kind, [card.id for card in found.candidates]) == (MatchKind.UNSURE, ["58"])


@pytest.mark.rule("7.2")
def test_two_that_fit_ask_a_person() -> None:
    found = match(
        person("John Smith", email="john@x.com"),
        person("John Smith", "58", email="john@x.com"),
        person("Smith, John", "59", email="john@x.com"),
    )

    assert (found.kind, len(found.candidates)) == (MatchKind.UNSURE, 2)


@pytest.mark.rule("7.2")
def test_the_same_name_with_everything_else_different_is_somebody_else() -> None:
    found = match(
        person("John Smith", email="john@x.com", phone="5125550134", address=ADDRESS),
        person(
            "John Smith",
            "58",
            email="j@y.com",
            phone="7135550188",
            address={"Line1": "9 Elm St", "PostalCode": "1"},
        ),
    )

    assert (found.kind, found.name_owner) == (MatchKind.NEW, "John Smith (Id 58)")


def test_a_near_name_with_another_phone_and_mail_is_somebody_else() -> None:
    found = match(
        person("John Smith", email="john@x.com", phone="5125550134"),
        person("Joan Smith", "58", email="joan@x.com", phone="7135550188"),
    )

    assert found.kind is MatchKind.NEW


@pytest.mark.rule("7.2")
def test_who_is_linked_to_another_customer_is_no_candidate_but_owns_the_name() -> None:
    found = match(
        person("John Smith", email="john@x.com"),
        person("John Smith", "58", email="john@x.com"),
        linked=("58",),
    )

    assert (found.kind, found.name_owner) == (MatchKind.NEW, "John Smith (Id 58)")


def test_nobody_like_that_is_new() -> None:
    assert match(person("John Smith"), person("Mary Jones", "58")).kind is MatchKind.NEW


@pytest.mark.rule("7.2")
def test_near_names_are_looked_at_unless_somebody_sure_is_free() -> None:
    ada, near = (
        card_of({"Id": id_, "DisplayName": name, "PrimaryEmailAddr": {"Address": "ada@x.com"}})
        for id_, name in (("1", "Ada Heronson"), ("2", "Ada Heronsen"))
    )
    index = Candidates([ada, near])
    assert index.likely([ada]) == [[ada]]
    assert index.likely([ada], taken=lambda ids: ids) == [[ada, near]]
