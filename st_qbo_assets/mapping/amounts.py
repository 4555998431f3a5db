"""Quantity and price beside an amount, such that QuickBooks' own multiplication agrees.

What belongs here: the one decision whether `Qty` and `UnitPrice` may be sent. What does not: which
lines there are (lines). QuickBooks refuses a line (6070) unless `Amount` is their product rounded half
up to the cent (QB §8 no. 1–4); leaving both out is legal.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, Decimal

from st_qbo_assets.domain.money import CENT, LARGEST_AMOUNT, round_to_cent

#: "10.5 format" for quantities, up to 7 decimals for prices (QB §6, common types).
QUANTITY_SCALE = 5
PRICE_SCALE = 7


@dataclass(frozen=True)
class Measure:
    """A quantity and a unit price that multiply to the amount of their line."""

    quantity: Decimal
    unit_price: Decimal


def measure(amount: Decimal, quantity: Decimal | None, price: Decimal | None) -> Measure | None:
    """Return quantity and price if they may stand beside the amount, else None.

    They may if both fit QuickBooks' scales and their product rounds to the amount beyond doubt: a
    negative half cent is rounded one way by some and the other way by others, so it counts as doubt.
    """
    if quantity is None or price is None or quantity <= 0:
        return None
    quantity, price = _shortest(quantity), _shortest(price)
    if _scale(quantity) > QUANTITY_SCALE or _scale(price) > PRICE_SCALE or quantity > LARGEST_AMOUNT:
        return None
    product = quantity * price
    if product < 0 and round_to_cent(product) != product.quantize(CENT, rounding=ROUND_HALF_DOWN):
        return None
    return Measure(quantity, price) if round_to_cent(product) == amount else None


def _shortest(number: Decimal) -> Decimal:
    """Return the number without trailing zeros and without an exponent: 1E+2 is 100."""
    short = number.normalize()
    return short if _scale(short) > 0 else short.quantize(Decimal(1))


def _scale(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
