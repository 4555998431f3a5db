"""Hard data: odd customers and every odd shape, beside the ordinary documents.

What belongs here: putting them together. What does not: the shapes (``hard_invoices``, ``hard_payments``,
``hard_customers``) and their calendar (``weekly``).
"""

from __future__ import annotations

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.customers import Customer, Roster
from st_qbo_sandbox.contractor.day import Day
from st_qbo_sandbox.contractor.hard_customers import CASES_IN_ORDER, odd_customers, write_odd_visits
from st_qbo_sandbox.contractor.weekly import EVERYDAY, ODDITIES, write_shapes
from st_qbo_sandbox.contractor.window import FIRST_ODD_NUMBER

_VISITS = 60_000


def write_hard(book: Book, roster: Roster) -> list[Customer]:
    """Write the odd documents of every day, and return the odd customers."""
    customers = odd_customers(book.window)
    for case, customer in zip(CASES_IN_ORDER, customers, strict=True):
        book.know(customer)
        book.case(case, customer.id)
    book.first_number = FIRST_ODD_NUMBER
    for day in book.window.dates:
        today = Day(book, book.window, roster, day)
        write_shapes(today, ODDITIES.keys() - EVERYDAY)
        write_odd_visits(today, customers, _VISITS)
    book.first_number = 1
    return customers
