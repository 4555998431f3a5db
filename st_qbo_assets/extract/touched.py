"""Which business days changed since the last safe mark, and reading documents again by id (rule 1.5).

What belongs here: asking what changed, the days it touches, old and new, and the next marks. What does
not: where marks and last known days are kept (store), loading the days (orchestration).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeAlias

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import parse_instant
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.extract.bills import read_bills, read_orders
from st_qbo_assets.extract.credit_memos import with_items
from st_qbo_assets.extract.documents import Dated, business_day, local_midnight
from st_qbo_assets.extract.payables import (
    read_bill_payments,
    read_credits_of_returns,
    read_vendor_credits,
)
from st_qbo_assets.extract.reader import Reader
from st_qbo_assets.servicetitan.records import (
    CreditMemo,
    Customer,
    Invoice,
    Job,
    Payment,
    Unreadable,
)
from st_qbo_assets.servicetitan.windows import Window, modified_params

#: A stamp may be given to a row before the row can be read; so much of the past is asked for again.
OVERLAP = timedelta(minutes=15)

Document: TypeAlias = Invoice | Payment | CreditMemo | Customer | Unreadable

#: Returns the business day on which records were last seen; those never seen are left out.
SeenDays = Callable[[Iterable[SourceRef]], Mapping[SourceRef, date]]


@dataclass(frozen=True)
class Marks:
    """Until which vendor's stamp changes were read; None if never."""

    invoices: datetime | None = None
    payments: datetime | None = None
    credit_memos: datetime | None = None
    jobs: datetime | None = None
    bills: datetime | None = None
    purchase_orders: datetime | None = None
    vendor_credits: datetime | None = None
    bill_payments: datetime | None = None
    returns: datetime | None = None
    receipts: datetime | None = None


@dataclass(frozen=True)
class Touched:
    """What changed.

    Attributes:
        days: business days to load, from the start date on.
        marks: to be kept once these days are loaded: the newest vendor's stamps less the overlap.
        invoices: how many invoices changed, those whose job changed included.
        payments: how many payments changed.
        credit_memos: how many credit memos changed.
        bills: how many bills of the company's one source changed, those with a changed receipt included.
        purchase_orders: how many orders changed.
        vendor_credits: how many vendors' credits changed, those with a changed return included.
        bill_payments: how many payments of bills changed.
        undated: changed records without any day; they are unreadable and belong to no partition.
    """

    days: frozenset[date]
    marks: Marks
    invoices: int = 0
    payments: int = 0
    credit_memos: int = 0
    bills: int = 0
    purchase_orders: int = 0
    vendor_credits: int = 0
    bill_payments: int = 0
    undated: tuple[Unreadable, ...] = ()


def touched_days(
    client: Reader, company: CompanyFile, *, since: Marks, until: datetime, seen: SeenDays
) -> Touched:
    """Return the days that documents changed since the marks belong to now, and belonged to before.

    Args:
        client: of the tenant.
        company: whose days they are; without a mark its start date is where to begin.
        since: the marks kept last.
        until: fixed upper bound of the windows, ahead of any stamp the vendor can have given.
        seen: looks up where records were seen before.
    """
    begin = local_midnight(company.start_date, company)
    invoices, payments = Changes(Entity.INVOICE), Changes(Entity.PAYMENT)
    memos = Changes(Entity.CREDIT_MEMO)
    invoices.read(client.invoices(modified=Window(since.invoices or begin, until)), company)
    payments.read(client.payments(modified=Window(since.payments or begin, until)), company)
    memos.read(client.credit_memos(modified=Window(since.credit_memos or begin, until)), company)
    bills, orders = Changes(Entity.BILL), Changes(Entity.PURCHASE_ORDER)
    if company.buys:
        changed_since = modified_params(Window(since.bills or begin, until))
        bills.read(read_bills(client, company, filters=changed_since), company)
    if company.orders:
        changed_since = modified_params(Window(since.purchase_orders or begin, until))
        orders.read(read_orders(client, filters=changed_since), company)
    credits, paid = Changes(Entity.VENDOR_CREDIT), Changes(Entity.BILL_PAYMENT)
    returned, received = None, None
    if company.buys:
        changed_since = modified_params(Window(since.vendor_credits or begin, until))
        credits.read(read_vendor_credits(client, filters=changed_since), company)
        returns, returned = _changed(client, "returns", "id", Window(since.returns or begin, until))
        credits.read(read_credits_of_returns(client, company, returns), company)
        billed, received = _changed(client, "receipts", "billId", Window(since.receipts or begin, until))
        if missing := sorted(billed - bills.ids):
            bills.read(read_bills(client, company, ids=missing), company)
    if company.pays_bills:
        changed_since = modified_params(Window(since.bill_payments or begin, until))
        paid.read(read_bill_payments(client, filters=changed_since), company)
    jobs, stamp = _changed_jobs(client, Window(since.jobs or begin, until))
    marks = Marks(
        invoices=_mark(since.invoices, invoices.stamp),
        payments=_mark(since.payments, payments.stamp),
        credit_memos=_mark(since.credit_memos, memos.stamp),
        jobs=_mark(since.jobs, stamp),
        bills=_mark(since.bills, bills.stamp),
        purchase_orders=_mark(since.purchase_orders, orders.stamp),
        vendor_credits=_mark(since.vendor_credits, credits.stamp),
        bill_payments=_mark(since.bill_payments, paid.stamp),
        returns=_mark(since.returns, returned),
        receipts=_mark(since.receipts, received),
    )
    invoices.read(client.invoices(ids=sorted(jobs - invoices.ids)), company)
    changed = (invoices, payments, memos, bills, orders, credits, paid)
    before = seen([source for each in changed for source in each.sources])
    days = {*before.values(), *(day for each in changed for day in each.days)}
    return Touched(
        days=frozenset(day for day in days if day >= company.start_date),
        marks=marks,
        invoices=len(invoices.ids),
        payments=len(payments.ids),
        credit_memos=len(memos.ids),
        bills=len(bills.ids),
        purchase_orders=len(orders.ids),
        vendor_credits=len(credits.ids),
        bill_payments=len(paid.ids),
        undated=tuple(record for each in changed for record in each.undated),
    )


def _changed_jobs(client: Reader, window: Window) -> tuple[set[int], datetime | None]:
    """Return the invoices of jobs changed or completed in a window, and the newest stamp."""
    invoices: set[int] = set()
    stamp: datetime | None = None
    for jobs in (client.jobs(modified=window), client.jobs(completed=window)):
        for job in jobs:
            if isinstance(job, Job):
                stamp = _later(stamp, job.modified_on)
                invoices |= {job.invoice_id} if job.invoice_id is not None else set()
    return invoices, stamp


def _changed(client: Reader, endpoint: str, field: str, window: Window) -> tuple[set[int], datetime | None]:
    """Return an id of every row of a list that changed in a window, and the newest stamp."""
    found: set[int] = set()
    stamp: datetime | None = None
    for row in client.rows(endpoint, filters=modified_params(window)):
        named = row.get(field)
        found |= {named} if isinstance(named, int) else set()
        try:
            stamp = _later(stamp, parse_instant(row.get("modifiedOn")))
        except ValueError:
            continue  # it is read again with the next one
    return found, stamp


@dataclass
class Changes:
    """What is kept of changed records of one kind, which may be very many the first time.

    Attributes:
        days: their business days.
        stamp: the newest vendor's stamp.
        undated: unreadable ones without any day.
    """

    entity: Entity
    ids: set[int] = field(default_factory=set[int])
    days: set[date] = field(default_factory=set[date])
    stamp: datetime | None = None
    undated: list[Unreadable] = field(default_factory=list[Unreadable])

    @property
    def sources(self) -> list[SourceRef]:
        """The records, by id."""
        return [SourceRef(self.entity, str(id_)) for id_ in sorted(self.ids)]

    def read(self, records: Iterable[Dated | Unreadable], company: CompanyFile) -> None:
        """Take records."""
        for record in records:
            day = business_day(record, company)
            if record.id is not None:
                self.ids.add(record.id)
            if day is not None:
                self.days.add(day)
            if isinstance(record, Unreadable):
                self.undated += [record] if day is None else []
            else:
                self.stamp = _later(self.stamp, record.modified_on)


@dataclass(frozen=True)
class Reread:
    """Documents read again by id; those ServiceTitan no longer finds are missing, never deleted by guess."""

    found: Mapping[int, Document]
    missing: frozenset[int]


def reread(client: Reader, entity: Entity, ids: Iterable[int]) -> Reread:
    """Return records of one kind by id, wherever they are dated now.

    Raises:
        KeyError: if records of that kind are not read by id.
    """
    wanted = sorted(set(ids))
    readers: dict[Entity, Callable[[], Iterable[Document]]] = {
        Entity.INVOICE: lambda: client.invoices(ids=wanted),
        Entity.PAYMENT: lambda: client.payments(ids=wanted),
        Entity.CREDIT_MEMO: lambda: with_items(client, client.credit_memos(ids=wanted)),
        Entity.CUSTOMER: lambda: client.customers(ids=wanted),
    }
    read = readers[entity]
    found = {record.id: record for record in (read() if wanted else ()) if record.id is not None}
    return Reread(found, frozenset(wanted) - found.keys())


def later(one: Marks, other: Marks) -> Marks:
    """Return the later of two marks for each list; a mark never goes back."""
    return Marks(
        invoices=_later(one.invoices, other.invoices),
        payments=_later(one.payments, other.payments),
        credit_memos=_later(one.credit_memos, other.credit_memos),
        jobs=_later(one.jobs, other.jobs),
        bills=_later(one.bills, other.bills),
        purchase_orders=_later(one.purchase_orders, other.purchase_orders),
        vendor_credits=_later(one.vendor_credits, other.vendor_credits),
        bill_payments=_later(one.bill_payments, other.bill_payments),
        returns=_later(one.returns, other.returns),
        receipts=_later(one.receipts, other.receipts),
    )


def _mark(last: datetime | None, newest: datetime | None) -> datetime | None:
    """Return the newest stamp less the overlap; the last mark if nothing newer was read."""
    return _later(last, newest - OVERLAP if newest is not None else None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((mark for mark in (one, other) if mark is not None), default=None)
