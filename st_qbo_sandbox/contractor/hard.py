"""Hard data: which odd shape comes on which day, beside the ordinary documents.

What belongs here: the calendar of odd documents. What does not: the shapes themselves (``hard_invoices``,
``hard_payments``, ``hard_customers``).

Every shape comes once a week, on its own weekday, so seven days hold each of them once and a longer window
changes nothing in the days it adds to. Odd documents use numbers of their own and leave ordinary ids alone.
"""

from __future__ import annotations

from datetime import date

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.customers import Customer, Roster
from st_qbo_sandbox.contractor.day import Day
from st_qbo_sandbox.contractor.hard_customers import CASES_IN_ORDER, odd_customers, write_odd_visits
from st_qbo_sandbox.contractor.hard_invoices import INVOICE_ODDITIES, Oddity
from st_qbo_sandbox.contractor.hard_payments import PAYMENT_ODDITIES
from st_qbo_sandbox.contractor.window import FIRST_ODD_NUMBER, ordinal

_VISITS = 60_000
ODDITIES: dict[str, Oddity] = {**INVOICE_ODDITIES, **PAYMENT_ODDITIES}


def comes_on(case: str, day: date) -> bool:
    """Say whether a shape's weekday is this day."""
    return (ordinal(day) - list(ODDITIES).index(case)) % 7 == 0


def write_hard(book: Book, roster: Roster) -> list[Customer]:
    """Write the odd documents of every day, and return the odd customers."""
    customers = odd_customers(book.window)
    for case, customer in zip(CASES_IN_ORDER, customers, strict=True):
        book.know(customer)
        book.case(case, customer.id)
    book.first_number = FIRST_ODD_NUMBER
    for day in book.window.dates:
        today = Day(book, book.window, roster, day)
        for position, (case, write) in enumerate(ODDITIES.items()):
            if comes_on(case, day):
                write(today, FIRST_ODD_NUMBER + position * 10)
        write_odd_visits(today, customers, _VISITS)
    book.first_number = 1
    return customers
