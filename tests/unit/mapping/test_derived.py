"""Shares and reversals of an invoice add up to the cent, whatever its lines (rule 3.5)."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from st_qbo_assets.domain.money import sum_cents, to_cents
from st_qbo_assets.mapping.derived import apportion, reversed_sale, share_of
from tests.unit.mapping import builders as make

cents = st.integers(-200_000, 500_000)


def amount(value: int) -> str:
    return str(Decimal(value) / 100)


@pytest.mark.rule("3.5")
def test_the_cents_left_over_go_to_the_largest_remainders_and_then_to_the_earlier() -> None:
    assert apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert apportion(100, [1, 2, 0]) == [33, 67, 0]
    assert apportion(50, [200, -100]) == [100, -50]
    with pytest.raises(ValueError, match="come to nothing"):
        apportion(5, [1, -1])


@given(st.lists(cents, min_size=1, max_size=9), st.integers(1, 400_000))
def test_parts_add_up_and_none_is_a_cent_off_its_exact_share(weights: list[int], whole: int) -> None:
    assume(sum(weights) > 0)
    parts = apportion(whole, weights)
    assert sum(parts) == whole
    assert all(
        abs(part * sum(weights) - whole * weight) < sum(weights)
        for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.rule("3.5")
@given(st.lists(cents, min_size=1, max_size=8), st.integers(0, 40_000), st.integers(1, 400_000))
def test_a_share_is_lines_and_tax_to_the_cent(lines: list[int], tax: int, refund: int) -> None:
    assume(refund < sum(lines) + tax)
    sale = make.invoice([make.line(amount(each)) for each in lines], salesTax=amount(tax))
    share = share_of(sale, refund)
    assert sum_cents(line.total for line in share.items) + to_cents(share.sales_tax) == refund
    assert to_cents(share.total) == refund
    assert share.sales_tax >= 0
    assert all(line.total and line.quantity is None and line.price is None for line in share.items)


@pytest.mark.rule("3.5")
def test_the_share_that_is_the_whole_is_the_invoice_itself() -> None:
    sale = make.invoice([make.line("30.00"), make.line("-5.00")], salesTax="2.00")
    assert share_of(sale, 2700) is sale


@pytest.mark.rule("3.4")
def test_a_line_turns_by_its_quantity_where_that_is_below_zero_else_by_its_price() -> None:
    rows = [
        make.line("-50.00", quantity="-1", price="50.00"),
        make.line("-8.00", quantity="2", price="-4.00"),
    ]
    turned = reversed_sale(make.invoice([*rows, make.line("-1.00", quantity=None, price=None)])).items
    assert [(line.total, line.quantity, line.price) for line in turned] == [
        (Decimal("50.00"), Decimal(1), Decimal("50.00")),
        (Decimal("8.00"), Decimal(2), Decimal("4.00")),
        (Decimal("1.00"), None, None),
    ]


@given(st.lists(cents, min_size=1, max_size=8), st.integers(-40_000, 40_000))
def test_turning_twice_is_not_turning(lines: list[int], tax: int) -> None:
    sale = make.invoice([make.line(amount(each)) for each in lines], salesTax=amount(tax))
    assert reversed_sale(reversed_sale(sale)) == sale
