"""Money as `Decimal` and as integer cents.

What belongs here: parsing, rounding and adding amounts. What does not: what an amount means
(invoice total, tax), which the mapping and the books know.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
#: QuickBooks documents amounts as "max 15 digits in 10.5 format"; anything larger is no money.
LARGEST_AMOUNT = Decimal("9999999999.99")


def parse_amount(value: object) -> Decimal:
    """Return an amount from a vendor's JSON value (string decimal, int or Decimal).

    Raises:
        ValueError: if the value is missing, a float, a boolean, not finite, or absurdly large.
    """
    if isinstance(value, (bool, float)) or not isinstance(value, (str, int, Decimal)):
        raise ValueError(f"not an amount: {value!r}")
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {value!r}") from error
    if not amount.is_finite() or abs(amount) > LARGEST_AMOUNT:
        raise ValueError(f"not an amount a ledger can hold: {value!r}")
    return amount


def round_to_cent(amount: Decimal) -> Decimal:
    """Return the amount rounded half up (away from zero) to the cent, as QuickBooks rounds."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def to_cents(amount: Decimal) -> int:
    """Return whole cents, rounding half up; `Decimal("1.005")` gives 101."""
    return int(round_to_cent(amount) * 100)


def from_cents(cents: int) -> Decimal:
    """Return the amount of so many cents, always with two decimals."""
    return (Decimal(cents) / 100).quantize(CENT)


def sum_cents(amounts: Iterable[Decimal]) -> int:
    """Return the sum of amounts in cents; each amount is rounded to the cent first."""
    return sum(to_cents(amount) for amount in amounts)


def shared_cents(exact: Sequence[Decimal], cents: int) -> list[int]:
    """Return amounts in whole cents such that they add up to the cents, which their exact sum rounds to.

    Each is rounded down; what is left over goes to the largest remainders, on equal ones to the earlier.
    """
    parts = [int((amount * 100).to_integral_value(rounding=ROUND_FLOOR)) for amount in exact]
    rests = [amount * 100 - part for amount, part in zip(exact, parts, strict=True)]
    by_rest = sorted(range(len(parts)), key=lambda place: (-rests[place], place))
    for place in by_rest[: cents - sum(parts)]:
        parts[place] += 1
    return parts
