"""Names, numbers, e-mails and phones made legal for QuickBooks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.names import (
    DISPLAY_NAME_LENGTH,
    clean,
    item_names,
    legal_email,
    legal_name,
    legal_number,
    legal_phone,
    person_parts,
    shorten,
    suffixed,
)


def name_of(text: str) -> str:
    legal = legal_name(text)
    return legal.text if legal else ""


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("Smith: Rental Unit", "Smith- Rental Unit"),
        ("  O'Brien,\tPat \n", "O'Brien, Pat"),
        ("Joe’s “Best” Diner – North", 'Joe\'s "Best" Diner - North'),
        ("Łukasz Żółć", "Lukasz Zólc"),
        ("🔥 Hot Yoga 👩‍🔬 Studio ☀️", "Hot Yoga Studio"),
        ("Café ® 50° Grill", "Café ® 50° Grill"),
        ("Ａcme：Co", "Acme-Co"),
        ("...", ""),
        ("", ""),
        ("李", ""),
    ],
)
def test_display_names_made_legal(given_name: str, expected: str) -> None:
    assert name_of(given_name) == expected


def test_a_legal_name_says_what_was_changed() -> None:
    legal = legal_name("A:B  C")
    assert legal is not None
    assert legal.changes == ("colon replaced", "spaces collapsed")
    unchanged = legal_name("Smith, John")
    assert unchanged is not None
    assert unchanged.changes == ()


def test_names_of_600_characters_keep_their_difference() -> None:
    one, two = name_of("x" * 600 + "1"), name_of("x" * 600 + "2")
    assert len(one) == DISPLAY_NAME_LENGTH
    assert one != two
    assert one == name_of("x" * 600 + "1")


def test_scripts_beyond_latin1_stay_where_the_realm_takes_them() -> None:
    legal = legal_name("李 Dental 😀", latin1=False)
    assert legal is not None
    assert legal.text == "李 Dental"


@given(st.text(max_size=700), st.booleans())
def test_a_legal_name_is_legal_and_final(text: str, latin1: bool) -> None:
    legal = legal_name(text, latin1=latin1)
    if legal is None:
        return
    assert not set(":\t\n\r") & set(legal.text)
    assert legal.text == " ".join(legal.text.split())
    assert 0 < len(legal.text) <= DISPLAY_NAME_LENGTH
    if latin1:
        legal.text.encode("latin-1")
    again = legal_name(legal.text, latin1=latin1)
    assert again is not None
    assert (again.text, again.changes) == (legal.text, ())


@given(st.text(max_size=300), st.integers(10, 200))
def test_shortening_keeps_what_fits_and_never_exceeds(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert (short == text) == (len(text) <= limit)


@given(st.text(max_size=200))
def test_clean_text_encodes_in_latin1_and_never_fails(text: str) -> None:
    clean(text, latin1=True).encode("latin-1")
    clean(text, latin1=False).encode("utf-8")


def test_a_suffix_always_survives() -> None:
    assert suffixed("Smith, John", "(C-1042)") == "Smith, John (C-1042)"
    assert suffixed("x" * 500, "(C-1042)").endswith(" (C-1042)")
    assert len(suffixed("x" * 500, "(C-1042)")) == DISPLAY_NAME_LENGTH


@pytest.mark.rule("2.1")
def test_items_have_a_plain_name_and_one_with_the_account() -> None:
    assert item_names("CAP-45-5", "40100") == ("CAP-45-5", "CAP-45-5 [40100]")
    assert item_names("FILTER:16x20", "Sales: Parts") == ("FILTER-16x20", "FILTER-16x20 [Sales- Parts]")
    assert item_names("--", "40100") is None
    plain, further = item_names("S" * 120, "40100") or ("", "")
    assert (len(plain), len(further)) == (100, 100)
    assert further.endswith(" [40100]")


def test_numbers_longer_than_21_characters_stay_different() -> None:
    one, two = legal_number("PROJECT-2026-000123-A-1"), legal_number("PROJECT-2026-000123-A-2")
    assert (len(one.text), len(two.text)) == (21, 21)
    assert one.text != two.text
    assert one.changes == ("shortened",)
    assert legal_number(" 7001001 ").text == "7001001"
    assert legal_number("x" * 21).text == "x" * 21


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Alvarez, Maria", ("Maria", "Alvarez")),
        ("Maria  Alvarez", ("Maria", "Alvarez")),
        ("John Smith Jr.", ("John", "Smith Jr.")),
        ("Smith, Jr.", ("Smith", "Jr.")),
        ("Cher", ("", "Cher")),
        ("Ann & Bob Lee", ("Ann & Bob", "Lee")),
        ("", ("", "")),
    ],
)
def test_parts_of_a_persons_name(name: str, expected: tuple[str, str]) -> None:
    assert person_parts(name) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (" maria@example.com ", "maria@example.com"),
        ("maria@example", ""),
        ("maria example@x.com", ""),
        ("a@b.com, c@d.com", ""),
        ("n/a", ""),
        (None, ""),
        ("x" * 95 + "@e.com", ""),
        ("maria@.com", ""),
    ],
)
def test_only_an_email_that_quickbooks_takes(address: str | None, expected: str) -> None:
    assert legal_email(address) == expected


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("(512) 555-0142 x12", "(512) 555-0142 x12"),
        ("call  512.555.0142", "call 512.555.0142"),
        ("(512) 555-0142 extension number 1234", "5125550142x1234"),
        ("none", ""),
        (None, ""),
        ("1" * 31, ""),
    ],
)
def test_phones_fit_in_30_characters(phone: str | None, expected: str) -> None:
    assert legal_phone(phone) == expected
