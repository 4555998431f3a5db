"""Statements in QuickBooks' query language."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.quickbooks.query import count_statement, format_instant, quote, quote_list, statement


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Adam's Candy Shop", r"'Adam\'s Candy Shop'"),
        ("C:\\temp", r"'C:\\temp'"),
        ("a\\'b", r"'a\\\'b'"),
        ("", "''"),
        ("two\r\nlines", "'two lines'"),
        (5, "'5'"),
        (Decimal("1000.0"), "'1000.0'"),
        (Decimal("1E+3"), "'1000'"),
        (True, "true"),
        (False, "false"),
        (date(2026, 2, 3), "'2026-02-03'"),
        (datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC), "'2026-02-03T04:05:06+00:00'"),
        (datetime(2026, 2, 3, 4, tzinfo=timezone(timedelta(hours=-8))), "'2026-02-03T04:00:00-08:00'"),
    ],
)
def test_every_value_is_quoted_but_a_boolean(value: object, text: str) -> None:
    assert quote(value) == text  # type: ignore[arg-type]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_instant(datetime(2026, 2, 3))  # noqa: DTZ001


@given(st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"))))
def test_a_quoted_text_ends_where_it_should_and_reads_back(text: str) -> None:
    quoted = quote(text)
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", quoted, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL) == text


def test_a_list_is_the_right_side_of_in() -> None:
    assert quote_list(["1", "O'Neil", True]) == r"('1', 'O\'Neil', true)"


def test_a_page_is_a_select_with_order_and_bounds() -> None:
    assert (
        statement("Invoice", "TxnDate = '2026-02-03'", start=1001)
        == "SELECT * FROM Invoice WHERE TxnDate = '2026-02-03' ORDERBY Id STARTPOSITION 1001 MAXRESULTS 1000"
    )


def test_the_sku_of_an_item_is_asked_for_by_name() -> None:
    assert statement("Item", page=30).startswith("SELECT *, Sku FROM Item ORDERBY Id")


def test_a_count_has_no_page() -> None:
    assert count_statement("Invoice", "Balance > '0'") == "SELECT count(*) FROM Invoice WHERE Balance > '0'"
    assert count_statement("Term") == "SELECT count(*) FROM Term"
