"""What people of the contractor's office do to which documents, once each.

What belongs here: the choice, and finding what was done already: whoever does something writes why on the
document, as people do, so that the demo run again finds it. What does not: reading and acting. Pure.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan.records import CreditMemo, Invoice, InvoiceItem, Payment

_PART = Decimal("50.00")
_CREDIT = Decimal("25.00")
_DISCOUNT = Decimal("0.9")
_CENT = Decimal("0.01")


class Fate(StrEnum):
    """What becomes of a document; the value is what its row says people did."""

    EDITED = "one more of a line"
    MOVED = "moved to the next day"
    VOIDED = "made inactive"
    FREED = "its invoice was made inactive"
    PAID = "paid"
    SPLIT = "taken off its invoice in part"
    REFUNDED = "what was paid too much is given back"
    CREDITED = "a credit is given on an invoice"
    CLOSED = "edited after its books were closed"


#: Why, as it stands on the document: an invoice's summary, a payment's memo, a credit memo's description.
NOTES: Mapping[Fate, str] = {
    Fate.EDITED: "The technician counted one too few.",
    Fate.MOVED: "The work was finished a day later.",
    Fate.VOIDED: "Entered twice.",
    Fate.FREED: "It belongs to the other one.",
    Fate.PAID: "The check came later.",
    Fate.SPLIT: "A part of it is for the next visit.",
    Fate.REFUNDED: "Paid too much, given back.",
    Fate.CREDITED: "We came late.",
    Fate.CLOSED: "The member's discount was forgotten.",
}
_FATES = {note: fate for fate, note in NOTES.items()}


@dataclass(frozen=True)
class Days:
    """The days that the second half of the demo is about.

    Attributes:
        closed: the day whose books get closed; None if there is none but the open one.
        open: the day on whose documents people act.
        next: where one of them is moved; None if that would be in the future.
    """

    closed: date | None
    open: date
    next: date | None

    @property
    def first(self) -> date:
        """The first of them."""
        return self.closed or self.open

    @property
    def last(self) -> date:
        """The last of them."""
        return self.next or self.open


def days_within(first: date, last: date, *, today: date) -> Days:
    """Return the days to act on, of those that were synced: three at most, however many there are."""
    open_ = min(first + timedelta(days=1), last)
    after = open_ + timedelta(days=1)
    return Days(first if first < open_ else None, open_, after if after <= today else None)


@dataclass(frozen=True)
class Sales:
    """What ServiceTitan has of those days.

    Attributes:
        ours: records that we posted, and nobody else, as an Invoice or a Payment.
    """

    invoices: Sequence[Invoice]
    payments: Sequence[Payment]
    memos: Sequence[CreditMemo]
    ours: frozenset[SourceRef]

    def done(self) -> dict[Fate, SourceRef]:
        """Return what was done already, and to which record."""
        told = [
            *((SourceRef(Entity.INVOICE, str(each.id)), each.summary) for each in self.invoices),
            *((SourceRef(Entity.PAYMENT, str(each.id)), each.memo) for each in self.payments),
            *((SourceRef(Entity.CREDIT_MEMO, str(each.id)), each.description) for each in self.memos),
        ]
        return {_FATES[note]: source for source, note in told if note in _FATES}

    def customers(self, day: date) -> dict[int, str]:
        """Return the names of the customers of a day's invoices that are ours, by id."""
        return {
            each.customer.id: each.customer.name
            for each in self.invoices
            if each.invoice_date == day and each.customer is not None and each.customer.id is not None
            if SourceRef(Entity.INVOICE, str(each.id)) in self.ours
        }


def acts_on(sales: Sales, days: Days, *, spared: Iterable[SourceRef] = ()) -> list[Json]:
    """Return the acts for everything that was not done yet and that a document is there for.

    Args:
        sales: of the days.
        days: on which documents are looked for.
        spared: records that somebody else acts on.
    """
    office = _Office(sales, days, set(spared))
    done = sales.done()
    # what few documents can serve for comes first
    makers: list[tuple[Fate, Callable[[], list[Json]]]] = [
        (Fate.REFUNDED, office.refund),
        (Fate.CREDITED, office.credit),
        (Fate.PAID, office.pay),
        (Fate.SPLIT, office.split),
        (Fate.VOIDED, office.void),
        (Fate.MOVED, office.move),
        (Fate.EDITED, office.edit),
        (Fate.CLOSED, office.edit_closed),
    ]
    return [act for fate, make in makers if fate not in done for act in make()]


@dataclass
class _Office:
    """Chooses, each document once."""

    sales: Sales
    days: Days
    used: set[SourceRef] = field(default_factory=set[SourceRef])

    def refund(self) -> list[Json]:
        """Give back what is left of a payment that was too much."""
        refunded = {each.refunded_payment_id for each in self.sales.payments}
        for payment in self._payments():
            rest = payment.unapplied_amount or Decimal(0)
            if rest > 0 and payment.id not in refunded and len(payment.applied_to) == 1:
                self._use(payment, *self._paid_by(payment))
                what = {"amount": str(rest), "type": "Refund (Check)", "date": self._day}
                noted = {"memo": NOTES[Fate.REFUNDED]}
                return [_noted("payments", payment.id, noted), _act("refund_payment", payment.id, **what)]
        return []

    def credit(self) -> list[Json]:
        """Give a credit on an unpaid invoice, for a line that bears no tax."""
        for invoice in self._unpaid(self.days.open):
            item = _cheapest(each for each in invoice.items if not each.taxable)
            if item is None or invoice.customer is None or invoice.business_unit is None:
                continue
            if invoice.total < _CREDIT:
                continue
            self._use(invoice)
            sold = next(row for row in invoice.raw["items"] if row["id"] == item.id)
            line = {"skuName": item.sku_name, "quantity": "1", "price": str(_CREDIT)}
            memo: Json = {
                "act": "add_credit_memo",
                "customer_id": invoice.customer.id,
                "business_unit_id": invoice.business_unit.id,
                "lines": [{**line, "generalLedgerAccount": sold["generalLedgerAccount"]}],
                "splits": [{"invoice_id": invoice.id, "amount": str(_CREDIT)}],
                "date": self._day,
                "description": NOTES[Fate.CREDITED],
            }
            return [memo]
        return []

    def pay(self) -> list[Json]:
        """Pay an unpaid invoice."""
        for invoice in self._unpaid(self.days.open):
            self._use(invoice)
            splits = [{"invoice_id": invoice.id, "amount": str(invoice.balance)}]
            paid = {"act": "add_payment", "type": "Check", "splits": splits, "date": self._day}
            return [{**paid, "memo": NOTES[Fate.PAID]}]
        return []

    def split(self) -> list[Json]:
        """Take a part of a payment off its invoice."""
        for payment, invoice in self._settled():
            if payment.total > 2 * _PART:
                self._use(payment, invoice)
                splits = [{"invoice_id": invoice.id, "amount": str(payment.total - _PART)}]
                note = _noted("payments", payment.id, {"memo": NOTES[Fate.SPLIT]})
                return [note, _act("reapply_payment", payment.id, splits=splits)]
        return []

    def void(self) -> list[Json]:
        """Make a paid invoice inactive; its payment belongs to nothing then."""
        for payment, invoice in self._settled():
            self._use(payment, invoice)
            return [
                _noted("invoices", invoice.id, {"summary": NOTES[Fate.VOIDED]}),
                _noted("payments", payment.id, {"memo": NOTES[Fate.FREED]}),
                _act("delete", invoice.id, resource="invoices"),
            ]
        return []

    def move(self) -> list[Json]:
        """Move an invoice to the next day, an unpaid one if there is one."""
        if self.days.next is None:
            return []
        for invoice in (*self._unpaid(self.days.open), *self._invoices(self.days.open)):
            self._use(invoice)
            note = _noted("invoices", invoice.id, {"summary": NOTES[Fate.MOVED]})
            day = self.days.next.isoformat()
            return [note, _act("move_date", invoice.id, resource="invoices", date=day)]
        return []

    def edit(self) -> list[Json]:
        """Count one more of a line."""
        for invoice, item in self._counted(self.days.open):
            more = {"id": item.id, "quantity": str((item.quantity or Decimal(0)) + 1)}
            return [_noted("invoices", invoice.id, {"summary": NOTES[Fate.EDITED], "items": [more]})]
        return []

    def edit_closed(self) -> list[Json]:
        """Lower the price of a line of an invoice in closed books."""
        if self.days.closed is None:
            return []
        for invoice, item in self._counted(self.days.closed):
            price = (item.price or Decimal(0)) * _DISCOUNT
            less = {"id": item.id, "price": str(price.quantize(_CENT))}
            return [_noted("invoices", invoice.id, {"summary": NOTES[Fate.CLOSED], "items": [less]})]
        return []

    @property
    def _day(self) -> str:
        return self.days.open.isoformat()

    def _counted(self, day: date) -> Iterator[tuple[Invoice, InvoiceItem]]:
        """Yield the invoices of a day that have a line to count again, unpaid ones first."""
        for invoice in (*self._unpaid(day), *self._invoices(day)):
            item = _cheapest(invoice.items)
            if item is not None:
                self._use(invoice)
                yield invoice, item

    def _settled(self) -> Iterator[tuple[Payment, Invoice]]:
        """Yield the payments of the open day that pay one invoice of it, all of it and nothing else."""
        for payment in self._payments():
            for invoice in self._paid_by(payment):
                if len(payment.applied_to) == 1 and payment.total == invoice.total and invoice.balance == 0:
                    yield payment, invoice

    def _paid_by(self, payment: Payment) -> list[Invoice]:
        paid = {each.applied_to for each in payment.applied_to}
        return [each for each in self._invoices(self.days.open) if each.id in paid]

    def _unpaid(self, day: date) -> Iterator[Invoice]:
        return (each for each in self._invoices(day) if each.balance == each.total)

    def _invoices(self, day: date) -> list[Invoice]:
        """Return the plain invoices of a day that nothing was done to, newest customers first."""
        free = [
            each
            for each in self.sales.invoices
            if each.invoice_date == day
            and each.active
            and each.total > 0
            and each.adjustment_to_id is None
            and each.summary not in _FATES
            and self._is_free(SourceRef(Entity.INVOICE, str(each.id)))
        ]
        return sorted(free, key=lambda each: (-_customer(each), each.id))

    def _payments(self) -> list[Payment]:
        free = [
            each
            for each in self.sales.payments
            if each.date == self.days.open
            and each.active
            and each.total > 0
            and each.memo not in _FATES
            and self._is_free(SourceRef(Entity.PAYMENT, str(each.id)))
        ]
        return sorted(free, key=lambda each: (-_customer(each), each.id))

    def _is_free(self, source: SourceRef) -> bool:
        return source in self.sales.ours and source not in self.used

    def _use(self, *records: Invoice | Payment) -> None:
        for record in records:
            entity = Entity.INVOICE if isinstance(record, Invoice) else Entity.PAYMENT
            self.used.add(SourceRef(entity, str(record.id)))


def _cheapest(items: Iterable[InvoiceItem]) -> InvoiceItem | None:
    """Return the line of the lowest price, of those that are charged by quantity and price."""
    counted = [
        (each.price, each.id, each)
        for each in items
        if each.is_chargeable and each.price is not None and each.price >= 1 and (each.quantity or 0) > 0
    ]
    return min(counted)[2] if counted else None


def _customer(record: Invoice | Payment) -> int:
    return (record.customer.id if record.customer is not None else None) or 0


def _act(name: str, id_: int, **more: object) -> Json:
    return {"act": name, "id": id_, **more}


def _noted(resource: str, id_: int, what: Json) -> Json:
    return _act("update", id_, resource=resource, set=what)
