"""Shapes that come once a week: which on which day, beside the ordinary documents.

What belongs here: the calendar, and which of its shapes are everyday business. What does not: the shapes
themselves (``hard_invoices``, ``hard_payments``), and odd customers (``hard``).

Every shape comes once a week, on its own weekday, so seven days hold each of them once and a longer window
changes nothing in the days it adds to. They use numbers of their own and leave ordinary ids alone. What any
contractor's office does every week (credits, refunds, write-offs, voids) comes in default data too, from so
many invoices a day on that it is the rare thing there that it is in life; the rest only in hard data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.customers import Roster
from st_qbo_sandbox.contractor.day import Day
from st_qbo_sandbox.contractor.hard_invoices import INVOICE_ODDITIES, Oddity
from st_qbo_sandbox.contractor.hard_payments import PAYMENT_ODDITIES
from st_qbo_sandbox.contractor.window import FIRST_WEEKLY_NUMBER, Window, ordinal

ODDITIES: dict[str, Oddity] = {**INVOICE_ODDITIES, **PAYMENT_ODDITIES}
EVERYDAY = frozenset(
    {
        "negative_adjustment",
        "positive_adjustment",
        "negative_invoice",
        "credit_memo_applied",
        "credit_memo_open",
        "credit_moved",
        "refund_of_negative_invoice",
        "refund_of_unapplied",
        "refund_nothing_reversed",
        "write_off",
        "voided_payment",
        "deleted_invoice",
        "deposit_without_job",
    }
)
_ENOUGH_A_DAY = 30


def comes_on(case: str, day: date) -> bool:
    """Say whether a shape's weekday is this day."""
    return (ordinal(day) - list(ODDITIES).index(case)) % 7 == 0


def shapes_of(window: Window) -> Iterable[str]:
    """Return the shapes that a window holds."""
    if window.hard:
        return ODDITIES
    return EVERYDAY if window.invoices_per_day >= _ENOUGH_A_DAY else ()


def write_everyday(book: Book, roster: Roster) -> None:
    """Write the everyday shapes of every day, with numbers of their own, whatever else is written."""
    book.first_number = FIRST_WEEKLY_NUMBER
    for day in book.window.dates:
        write_shapes(Day(book, book.window, roster, day), EVERYDAY)
    book.first_number = 1


def write_shapes(today: Day, chosen: Collection[str]) -> None:
    """Write those of the chosen shapes that a window holds and whose weekday it is."""
    held = set(shapes_of(today.window)) & set(chosen)
    for position, (case, write) in enumerate(ODDITIES.items()):
        if case in held and comes_on(case, today.date):
            write(today, today.book.first_number + position * 10)
