"""The book of one seed: where documents are entered, numbered and finally settled.

What belongs here: handing out ids and numbers, keeping who owes what, and the planted cases. What does not:
deciding which documents there are.

Ids of a document belong to the day of its family (see ``families``), so that they do not depend on the
window.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.customers import Customer, customer_record, location_records
from st_qbo_sandbox.contractor.customers import contact_records as contacts_of
from st_qbo_sandbox.contractor.documents import (
    Ids,
    Sale,
    appointment_record,
    invoice_record,
    job_record,
    morning_after,
    payment_record,
    split_record,
)
from st_qbo_sandbox.contractor.money import ZERO, text
from st_qbo_sandbox.contractor.organization import PAYMENT_TYPE, UNITS
from st_qbo_sandbox.contractor.window import Window, local, midnight, ordinal, record_id

Record = dict[str, Any]


@dataclass
class Issued:
    """An invoice on the book: the sale it came from, its record, and what is still open on it."""

    sale: Sale
    record: Record
    open: Decimal
    paid_on: date | None = None
    job: Record | None = None

    @property
    def id(self) -> int:
        """The invoice's id."""
        return int(self.record["id"])


class Book:
    """Collects the records of one seed."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.records: dict[str, list[Record]] = defaultdict(list)
        self.issued: list[Issued] = []
        self.customers: dict[int, Customer] = {}
        self.unapplied: dict[int, Decimal] = defaultdict(lambda: ZERO)
        self.cases: dict[str, list[int | str]] = defaultdict(list)
        self.typed: list[tuple[Issued, dict[str, Any]]] = []
        self._counters: dict[tuple[str, date, int], int] = defaultdict(int)
        self.first_number = 1

    def next_id(self, kind: str, family: date) -> int:
        """Hand out the next id of a kind in a family's range, from ``first_number`` on."""
        key = (kind, family, self.first_number)
        self._counters[key] += 1
        return record_id(kind, family, self.first_number - 1 + self._counters[key])

    def case(self, name: str, *ids: int | str) -> None:
        """Note records that were planted for a case."""
        self.cases[name].extend(ids)

    def know(self, customer: Customer) -> Customer:
        """Enter a customer once and return it."""
        self.customers.setdefault(customer.id, customer)
        return customer

    def enter(self, sale: Sale, family: date | None = None) -> Issued:
        """Enter an invoice with its job, number it, and return it; its items get ids of the family's day."""
        self.know(sale.customer)
        ids = Ids(
            invoice=record_id("invoice", sale.day, sale.number),
            job=record_id("job", sale.day, sale.number),
            items=tuple(self.next_id("item", family or sale.day) for _ in sale.lines),
            batch=record_id("batch", sale.day, sale.unit.id),
        )
        if not sale.reference:
            sale = replace(sale, reference=f"{ordinal(sale.day)}{sale.number:04d}")
        issued = Issued(sale, invoice_record(sale, ids), sale.total)
        if sale.has_job:
            issued.job = job_record(sale, ids, completed=sale.job_status in ("Completed", "Canceled"))
            self.records["jobs"].append(issued.job)
            self.records["appointments"].append(appointment_record(sale, ids))
        self.records["invoices"].append(issued.record)
        self.issued.append(issued)
        return issued

    def pay(
        self,
        family: date,
        day: date,
        type_name: str,
        parts: list[tuple[Issued, Decimal]],
        *,
        total: Decimal | None = None,
        at: datetime | None = None,
        reference: str = "",
        customer: Customer | None = None,
    ) -> Record | None:
        """Enter a payment over any number of invoices; None when its day is not in the past yet.

        The id belongs to the family's day and is used up either way.
        """
        identity = self.next_id("payment", family)
        split_ids = [self.next_id("application", family) for _ in parts]
        if day > self.window.last_day:
            return None
        first = parts[0][0] if parts else None
        payer = customer or (first.sale.customer if first else None)
        if payer is None:
            raise ValueError("a payment of nothing needs a customer")
        taken = self.window.happened(at or local(day, 16, 10 + identity % 45, identity % 60))
        posted = day < self.window.last_day
        amount = sum((part for _, part in parts), ZERO) if total is None else total
        record = payment_record(
            identity,
            day=day,
            at=taken,
            modified=self.window.happened(morning_after(day)) if posted else taken,
            kind=PAYMENT_TYPE[type_name],
            customer=self.know(payer),
            unit=first.sale.unit if first else UNITS[0],
            total=amount,
            splits=[
                split_record(split, part, taken, issued.id, issued.record["referenceNumber"])
                for split, (issued, part) in zip(split_ids, parts, strict=True)
            ],
            posted=posted,
            reference=reference or (str(1000 + identity % 8999) if type_name == "Check" else ""),
        )
        for issued, part in parts:
            self.settle(issued, part, day)
        self.unapplied[payer.id] += Decimal(record["unappliedAmount"])
        self.records["payments"].append(record)
        return record

    def settle(self, issued: Issued, amount: Decimal, day: date) -> None:
        """Take an amount off what is open on an invoice."""
        issued.open -= amount
        issued.paid_on = max(issued.paid_on or day, day, issued.sale.day)

    def close(self) -> None:
        """Write balances, the days of full payment, and the customers' records."""
        owed: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for issued in self.issued:
            if "balance" not in issued.sale.changes:
                issued.record["balance"] = text(issued.open)
            if issued.open == 0 and issued.paid_on:
                issued.record["paidOn"] = midnight(issued.paid_on)
            if issued.record["active"]:
                owed[issued.sale.customer.id] += issued.open
        for customer in sorted(self.customers.values(), key=lambda entry: entry.id):
            balance = owed[customer.id] - self.unapplied[customer.id]
            self.records["customers"].append(customer_record(customer, balance))
            self.records["locations"] += location_records(customer)
            self.records["contacts"] += contacts_of(customer)
