"""Documents of sales and of buying of a range of days, day by day, in few wide windows.

What belongs here: which windows to ask for, and which day a record belongs to (rule 1.4). What does not:
whether a record is due (gate). Business dates are written as midnight Z and never shifted; a record
without one belongs to the local day it was made on.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import accounting_day, days_between
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.bills import Rows, read_bills, read_orders
from st_qbo_assets.extract.credit_memos import with_items
from st_qbo_assets.extract.payables import read_bill_payments, read_vendor_credits, since_start
from st_qbo_assets.extract.reader import Documents
from st_qbo_assets.servicetitan.buying import Bill, BillPayment, PurchaseOrder, VendorCredit
from st_qbo_assets.servicetitan.records import (
    CreditMemo,
    Invoice,
    Payment,
    Unreadable,
    parse_credit_memo,
    parse_invoice,
    parse_payment,
)
from st_qbo_assets.servicetitan.windows import Dates, Window, date_params, window_params

#: Days asked for at once. A window is held in memory until its days are given out, since the order of
#: rows is not guaranteed (ST quirk 22); a wider one saves few calls.
WINDOW_DAYS = 7

Document = TypeVar("Document", Invoice, Payment, CreditMemo, Bill, PurchaseOrder, VendorCredit, BillPayment)
Dated = Invoice | Payment | CreditMemo | Bill | PurchaseOrder | VendorCredit | BillPayment


def extract_invoices(
    client: Documents, company: CompanyFile, *, first: date, last: date
) -> Iterator[tuple[date, list[Invoice | Unreadable]]]:
    """Yield every day from first to last, oldest first, with its invoices of all states in order of id."""
    for window in windows(first, last):
        dated = client.invoices(invoiced=_around(window))
        undated = _made_in(client, company, window, "invoices", parse_invoice)
        yield from _by_day((*dated, *undated), window, company)


def extract_payments(
    client: Documents, company: CompanyFile, *, first: date, last: date
) -> Iterator[tuple[date, list[Payment | Unreadable]]]:
    """Yield every day from first to last, oldest first, with its payments of all states in order of id."""
    for window in windows(first, last):
        dated = client.payments(paid=_around(window))
        undated = _made_in(client, company, window, "payments", parse_payment)
        yield from _by_day((*dated, *undated), window, company)


def extract_credit_memos(
    client: Documents, company: CompanyFile, *, first: date, last: date
) -> Iterator[tuple[date, list[CreditMemo | Unreadable]]]:
    """Yield every day from first to last, oldest first, with its credit memos whole, in order of id."""
    for window in windows(first, last):
        dated = client.credit_memos(dated=_around(window))
        undated = _made_in(client, company, window, "credit-memos", parse_credit_memo)
        days = list(_by_day((*dated, *undated), window, company))
        whole = iter(with_items(client, (memo for _, memos in days for memo in memos)))
        for day, memos in days:
            yield day, [next(whole) for _ in memos]


def extract_bills(
    client: Rows, company: CompanyFile, *, first: date, last: date
) -> Iterator[tuple[date, list[Bill | Unreadable]]]:
    """Yield every day from first to last, oldest first, with its bills of the one source (rule 8.1)."""
    for window in windows(first, last):
        dated = read_bills(client, company, filters=date_params("dateFrom", "dateTo", _around(window)))
        made = window_params("createdOnOrAfter", "createdBefore", _instants(window, company))
        undated = (bill for bill in read_bills(client, company, filters=made) if _dated(bill) is None)
        yield from _by_day((*dated, *undated), window, company)


def extract_orders(
    client: Rows, company: CompanyFile, *, first: date, last: date
) -> Iterator[tuple[date, list[PurchaseOrder | Unreadable]]]:
    """Yield every day from first to last, oldest first, with its purchase orders of every status."""
    for window in windows(first, last):
        dated = read_orders(client, filters=date_params("dateOnOrAfter", "dateBefore", _around(window)))
        made = window_params("createdOnOrAfter", "createdBefore", _instants(window, company))
        undated = (order for order in read_orders(client, filters=made) if _dated(order) is None)
        yield from _by_day((*dated, *undated), window, company)


def extract_vendor_credits(
    client: Rows, company: CompanyFile, *, first: date, last: date
) -> Iterator[tuple[date, list[VendorCredit | Unreadable]]]:
    """Yield every day from first to last, oldest first, with its vendors' credits of every status.

    The list is read once for all of them, since it has no filter by date; it is short.
    """
    yield from _by_day(read_vendor_credits(client, filters=since_start(company)), Dates(first, last), company)


def extract_bill_payments(
    client: Rows, company: CompanyFile, *, first: date, last: date
) -> Iterator[tuple[date, list[BillPayment | Unreadable]]]:
    """Yield every day from first to last, oldest first, with its payments of bills; likewise."""
    yield from _by_day(read_bill_payments(client, filters=since_start(company)), Dates(first, last), company)


def windows(first: date, last: date, *, days: int = WINDOW_DAYS) -> Iterator[Dates]:
    """Yield spans of at most so many days that cover first to last, oldest first."""
    start = first
    while start <= last:
        end = min(start + timedelta(days=days - 1), last)
        yield Dates(start, end)
        start = end + timedelta(days=1)


def business_day(record: Dated | Unreadable, company: CompanyFile) -> date | None:
    """Return the accounting day of a record: its business date, else the local day it was made.

    None if it has neither, which only an unreadable record has.
    """
    return accounting_day(_dated(record), record.created_on, company.time_zone)


def local_midnight(day: date, company: CompanyFile) -> datetime:
    """Return the instant a day begins in the company's time zone."""
    return datetime.combine(day, time(), tzinfo=company.zone).astimezone(UTC)


def _around(window: Dates) -> Dates:
    """Return the window from the day before; the client asks until the midnight after its last day.

    So every midnight of the window lies strictly inside, whether a bound counts itself or not and
    whether the vendor reads it as UTC or as local time.
    """
    return Dates(window.first - timedelta(days=1), window.last)


def _made_in(
    client: Documents,
    company: CompanyFile,
    window: Dates,
    endpoint: str,
    parse: Callable[[Json], Document | Unreadable],
) -> Iterator[Document | Unreadable]:
    """Yield the records without a date that were made in a window; no filter by date finds them."""
    filters = window_params("createdOnOrAfter", "createdBefore", _instants(window, company))
    for row in client.rows(endpoint, filters=filters):
        record = parse(row)
        if _dated(record) is None:
            yield record


def _instants(window: Dates, company: CompanyFile) -> Window:
    """Return the instants of local days."""
    begin = local_midnight(window.first, company)
    return Window(begin, local_midnight(window.last + timedelta(days=1), company))


def _dated(record: Dated | Unreadable) -> date | None:
    if isinstance(record, Invoice):
        return record.invoice_date
    return record.business_date if isinstance(record, Unreadable) else record.date


def _by_day(
    records: Iterable[Document | Unreadable], window: Dates, company: CompanyFile
) -> Iterator[tuple[date, list[Document | Unreadable]]]:
    days: dict[date, list[Document | Unreadable]] = {
        day: [] for day in days_between(window.first, window.last)
    }
    seen: set[int] = set()
    for record in records:
        day = business_day(record, company)
        if day is None or day not in days or (record.id is not None and record.id in seen):
            continue
        if record.id is not None:
            seen.add(record.id)
        days[day].append(record)
    for day in list(days):
        yield day, sorted(days.pop(day), key=_order)


def _order(record: Dated | Unreadable) -> tuple[bool, int]:
    return (record.id is None, record.id or 0)
