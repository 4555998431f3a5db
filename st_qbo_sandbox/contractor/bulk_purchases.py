"""Plain purchases in any number, for measuring: so many bills a day over so many SKUs.

What belongs here: SKUs, orders, receipts and bills that differ by nothing but vendor, goods and cost. What
does not: anything a test looks at one by one (``purchases``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.pricebook import Sku, material_record
from st_qbo_sandbox.contractor.purchases import ELECTRIC, HVAC, PLUMBING, Bought, Clerk
from st_qbo_sandbox.contractor.window import Window

_FIRST_NUMBER = 200
_LINES = 3
_FEWEST_SKUS = 16
_VENDORS = (HVAC, PLUMBING, ELECTRIC)
_ACCOUNTS = ("40100", "42100", "44100")


def bulk_sku(number: int) -> Sku:
    """Return the SKU of a number, each at a cost of four decimals of its own."""
    cost = Decimal(10_003 + number * 7 % 500_000) / 10_000
    return Sku(
        1_000_000 + number,
        f"BULK-{number:05d}",
        f"Bulk part {number}",
        "Material",
        cost * 3,
        cost,
        _ACCOUNTS[number % 3],
        True,
        stocked=True,
    )


def bulk_materials(window: Window, made: str) -> list[dict[str, Any]]:
    """Write the price book's bulk SKUs."""
    return [material_record(bulk_sku(number), made) for number in range(_skus(window))]


def _skus(window: Window) -> int:
    return max(window.skus, _FEWEST_SKUS) if window.skus or window.bills_per_day else 0


def write_bulk(book: Book) -> None:
    """Write each day's bulk orders, received and billed at once; every SKU has its turn."""
    window = book.window
    skus = _skus(window)
    for day in window.dates:
        for number in range(window.bills_per_day):
            turn = (day.toordinal() * window.bills_per_day + number) * _LINES
            lines = [(bulk_sku((turn + line) % skus), Decimal(1 + number % 7)) for line in range(_LINES)]
            clerk = Clerk(book, day, _FIRST_NUMBER + number)
            whole: Bought = clerk.buy(_VENDORS[number % 3], *lines)
            clerk.order(whole)
            clerk.receipt(whole, whole)
            clerk.bill(whole, whole)
