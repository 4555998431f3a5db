"""Quantity and price never trip QuickBooks' own multiplication (rule 1.3; QB §8 no. 1)."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.mapping.amounts import measure

CENT = Decimal("0.01")


def D(text: str) -> Decimal:  # noqa: N802 - reads like the literal it stands for
    return Decimal(text)


@pytest.mark.parametrize(
    ("amount", "quantity", "price", "sent"),
    [
        ("129.00", "2.00", "64.50", True),
        ("1861.08", "128.350", "14.50", True),  # a half cent goes up
        ("1861.07", "128.350", "14.50", False),
        ("37.37", "1", "37.37499999", False),  # more decimals than a price may have
        ("100.00", "3", "33.3333333", True),
        ("100.00", "0.333333", "300.0003", False),  # more decimals than a quantity may have
        ("-20.00", "1.00", "-20.00", True),
        ("-0.13", "0.5", "-0.25", False),  # a negative half cent: nobody knows which way
        ("-64.50", "-1", "64.50", False),
        ("0.00", "2", "0.00", True),
        ("10.00", "0", "10.00", False),
        ("200.00", "2", "1E+2", True),
    ],
)
def test_quantity_and_price_are_sent_only_if_they_multiply(
    amount: str, quantity: str, price: str, sent: bool
) -> None:
    assert (measure(D(amount), D(quantity), D(price)) is not None) == sent


def test_missing_quantity_or_price_is_left_out() -> None:
    assert measure(D("5.00"), None, D("5.00")) is None
    assert measure(D("5.00"), D("1"), None) is None


@given(
    st.decimals("-99999", "99999", places=2),
    st.decimals("-999", "999", allow_nan=False, allow_infinity=False),
    st.decimals("-9999", "9999", allow_nan=False, allow_infinity=False),
)
def test_what_is_sent_gives_the_amount_under_either_rounding(
    amount: Decimal, quantity: Decimal, price: Decimal
) -> None:
    exact = (quantity * price).quantize(CENT, rounding=ROUND_HALF_UP)
    for wanted in (amount, exact):
        sent = measure(wanted, quantity, price)
        if sent is None:
            continue
        product = sent.quantity * sent.unit_price
        assert product.quantize(CENT, rounding=ROUND_HALF_UP) == wanted
        # the other reading of "half up": towards positive infinity
        assert (product + Decimal("0.005")).quantize(CENT, rounding=ROUND_FLOOR) == wanted
