"""A day while its documents are written: the tools that families and odd shapes share.

What belongs here: streams and times of a day, selling, paying, ordinary visits. What does not: which
documents a day has (``families``, ``hard``).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.baskets import basket, draw_unit
from st_qbo_sandbox.contractor.book import Book, Issued
from st_qbo_sandbox.contractor.customers import Customer, Roster, new_customer
from st_qbo_sandbox.contractor.documents import Line, Sale, morning_after
from st_qbo_sandbox.contractor.organization import JOB_TYPES, Unit
from st_qbo_sandbox.contractor.pricebook import SKU
from st_qbo_sandbox.contractor.window import Window, random_time

_CARDS = ("Visa", "Visa", "Visa", "MasterCard", "MasterCard", "AMEX")


def lines_of(*wanted: tuple[str, str] | str) -> tuple[Line, ...]:
    """Make lines from SKU codes, with a quantity where one is named."""
    return tuple(
        Line(SKU[entry]) if isinstance(entry, str) else Line(SKU[entry[0]], Decimal(entry[1]))
        for entry in wanted
    )


@dataclass
class Day:
    """A day while its families are written."""

    book: Book
    window: Window
    roster: Roster
    date: date

    def stream(self, key: object) -> random.Random:
        """Open a stream of this day."""
        return self.window.stream(f"day/{self.date}/{key}")

    def times(self, stream: random.Random) -> tuple[datetime, datetime]:
        """Draw when a job was booked and when it was completed."""
        booked = random_time(stream, self.date - timedelta(days=stream.choice((0, 1, 1, 2, 4))), 6, 8)
        return booked, random_time(stream, self.date, 9, 19)

    def sell(
        self,
        number: int,
        customer: Customer,
        unit: Unit,
        lines: tuple[Line, ...],
        *,
        key: object = None,
        posted: bool | None = None,
        booked: datetime | None = None,
        completed: datetime | None = None,
        modified: datetime | None = None,
        family: date | None = None,
        **more: Any,
    ) -> Issued:
        """Enter an invoice dated this day, its times drawn from its number's stream."""
        stream = self.stream(("sale", number) if key is None else key)
        drawn, done = self.times(stream)
        done = completed or done
        is_posted = (
            (self.date < self.window.last_day and stream.random() < 0.85) if posted is None else posted
        )
        changed = modified or (morning_after(self.date) if is_posted else done + timedelta(minutes=14))
        return self.book.enter(
            Sale(
                number=number,
                day=self.date,
                unit=unit,
                customer=customer,
                site=more.pop("site", None) or stream.choice(customer.sites),
                lines=lines,
                created=min(max(booked or drawn, customer.created), done),
                completed=self.window.happened(done),
                modified=self.window.happened(changed),
                job_type=stream.choice(JOB_TYPES[unit.name])[0],
                posted=is_posted,
                review=more.pop("review", None)
                or stream.choice(("Reviewed", "NeedsReview", "ReadyForBilling")),
                **more,
            ),
            family,
        )

    def later(self, days: int) -> date:
        """Give the day so many days after this one."""
        return self.date + timedelta(days=days)

    def pay_full(self, issued: Issued, type_name: str, *, days: int = 0) -> None:
        """Pay an invoice in full some days later, if that has happened by now."""
        self.book.pay(self.date, self.later(days), type_name, [(issued, issued.sale.total)])

    def visit(self, number: int) -> Issued:
        """Enter an ordinary visit and what is paid on it."""
        stream = self.stream(("visit", number))
        unit = draw_unit(stream)
        customer = self._caller(stream, unit, number)
        issued = self.sell(number, customer, unit, basket(stream, unit))
        if customer.commercial:
            if stream.random() < 0.4:
                self.pay_full(issued, stream.choice(("Check", "ACH")), days=stream.randrange(1, 9))
            return issued
        roll = stream.random()
        if roll < 0.82:
            self.pay_full(issued, self._tender(stream, issued.sale.total))
        elif roll < 0.95:
            self.pay_full(issued, stream.choice(("Check", "ACH", "Visa")), days=stream.randrange(1, 6))
        return issued

    def _caller(self, stream: random.Random, unit: Unit, number: int) -> Customer:
        roster = self.roster
        roll = stream.random()
        if unit.name == "Commercial" or roll < 0.15:
            return stream.choice(roster.firms)
        if roll < 0.25:
            return stream.choice(roster.linked_people)
        if roll < 0.5:
            return new_customer(self.window, self.date, number)
        return stream.choice(roster.people)

    def _tender(self, stream: random.Random, total: Decimal) -> str:
        if total > 2500 and stream.random() < 0.5:
            return "GreenSky Financing"
        roll = stream.random()
        if roll < 0.62:
            return stream.choice(_CARDS)
        return "Check" if roll < 0.86 else "ACH" if roll < 0.93 else "Cash"
