"""Amounts as the contractor's records write them: decimals, half-up cents, and the text form of string money.

What belongs here: rounding and formatting. What does not: knowing which field is text and which a number (the
record builders know, after the vendor's own schemas).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(amount: Decimal | int) -> Decimal:
    """Round half-up to the cent, as both products do on a line and on tax."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def text(amount: Decimal | int) -> str:
    """Write money as ServiceTitan's string decimals, two places (``"308.64"``)."""
    return format(cents(amount), "f")


def exact_text(amount: Decimal) -> str:
    """Write a quantity or unit price with the places it has, at least two (``"3.75"``, ``"1.1875"``)."""
    shown = format(amount, "f")
    _, _, fraction = shown.partition(".")
    return shown if len(fraction) >= 2 else format(amount.quantize(CENT), "f")
