"""What the extracts of a company read, a week of days at once: imported when a step runs.

What belongs here: joining `extract` with the frames a step depends on. What does not: which windows are asked
for, which day a record belongs to (`extract`), and the assets (`assets.servicetitan`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice

import dagster as dg

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.extract.bills import belongs_to, read_bills_around, read_orders_around
from st_qbo_assets.extract.documents import (
    WINDOW_DAYS,
    business_day,
    extract_bill_payments,
    extract_bills,
    extract_credit_memos,
    extract_invoices,
    extract_orders,
    extract_payments,
    extract_vendor_credits,
)
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.payables import (
    belongs_to_payables,
    read_credits_around,
    read_payments_around,
    read_returns_without_credit,
)
from st_qbo_assets.extract.referred import Referred, extract_customers, extract_items, extract_jobs, referred
from st_qbo_assets.extract.refunds import given_back, read_refund_context
from st_qbo_assets.orchestration.io_manager import DayFrames
from st_qbo_assets.orchestration.item_frames import with_changed_items
from st_qbo_assets.orchestration.master_frames import with_changed
from st_qbo_assets.orchestration.metadata import MOST_ROWS, Metadata, cell, dollars
from st_qbo_assets.orchestration.records import day_records
from st_qbo_assets.servicetitan.buying import (
    Bill,
    BillPayment,
    InventoryReturn,
    PurchaseOrder,
    VendorCredit,
)
from st_qbo_assets.servicetitan.records import (
    Contact,
    CreditMemo,
    Customer,
    Invoice,
    Location,
    Payment,
    Unreadable,
)

DayOfRecords = tuple[date, list[AnyRecord]]
#: What produces the records of a run's days, given the clients and the frames it depends on.
Produce = Callable[[Connections, list[date], Mapping[str, DayFrames]], Iterator[DayOfRecords]]


def _invoices(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
    client, company = connections.servicetitan, connections.company
    for day, records in extract_invoices(client, company, first=days[0], last=days[-1]):
        yield day, [*records]


def _payments(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
    client, company = connections.servicetitan, connections.company
    found = extract_payments(client, company, first=days[0], last=days[-1])
    for day, records in _with_applied(connections, ((day, [*records]) for day, records in found)):
        own = {(type(record), record.id) for record in records}
        context = read_refund_context(client, records)
        yield day, [*records, *(each for each in context if (type(each), each.id) not in own)]


def _credit_memos(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
    client, company = connections.servicetitan, connections.company
    found = extract_credit_memos(client, company, first=days[0], last=days[-1])
    return _with_applied(connections, ((day, [*records]) for day, records in found))


def _bills(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
    client, company = connections.servicetitan, connections.company
    found = extract_bills(client, company, first=days[0], last=days[-1])
    while some := list(islice(found, WINDOW_DAYS)):
        around = read_bills_around(client, [record for _, records in some for record in records])
        for day, records in some:
            yield day, [*records, *(each for each in around if belongs_to(each, records))]


def _purchase_orders(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
    client, company = connections.servicetitan, connections.company
    found = extract_orders(client, company, first=days[0], last=days[-1])
    while some := list(islice(found, WINDOW_DAYS)):
        around = read_orders_around(client, [record for _, records in some for record in records])
        for day, records in some:
            yield day, [*records, *(each for each in around if belongs_to(each, records))]


def _vendor_credits(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
    client, company = connections.servicetitan, connections.company
    found = extract_vendor_credits(client, company, first=days[0], last=days[-1])
    waiting = read_returns_without_credit(client, company, first=days[0], last=days[-1])
    while some := list(islice(found, WINDOW_DAYS)):
        around = read_credits_around(client, company, [record for _, records in some for record in records])
        for day, records in _with_payables_around(some, around):
            yield day, [*records, *(each for each in waiting if each.date == day)]


def _bill_payments(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
    client, company = connections.servicetitan, connections.company
    found = extract_bill_payments(client, company, first=days[0], last=days[-1])
    while some := list(islice(found, WINDOW_DAYS)):
        around = read_payments_around(client, company, [record for _, records in some for record in records])
        yield from _with_payables_around(some, around)


def _with_payables_around(
    days: Iterable[tuple[date, Sequence[AnyRecord]]], around: list[AnyRecord]
) -> Iterator[DayOfRecords]:
    """Yield each day with what its credits and payments name; a document of the day stands there once."""
    for day, records in days:
        own = {(type(record), record.id) for record in records}
        named = [each for each in around if (type(each), each.id) not in own]
        yield day, [*records, *(each for each in named if belongs_to_payables(each, records, around))]


def _with_applied(connections: Connections, days: Iterator[DayOfRecords]) -> Iterator[DayOfRecords]:
    """Yield each day with the invoices and credit memos its documents are applied to."""
    while some := list(islice(days, WINDOW_DAYS)):
        ids = referred(record for _, records in some for record in records).invoices
        applied = {record.id: record for record in read_applied(connections, ids)}
        for day, records in some:
            wanted = sorted(referred(records).invoices & applied.keys())
            yield day, [*records, *(applied[id_] for id_ in wanted)]


def read_applied(connections: Connections, ids: Iterable[int]) -> list[Invoice | CreditMemo]:
    """Return what payments and credit memos are applied to, by id: invoices, and the memos among them."""
    client, wanted = connections.servicetitan, set(ids)
    invoices = [each for each in client.invoices(ids=sorted(wanted)) if isinstance(each, Invoice)]
    missing = sorted(wanted - {invoice.id for invoice in invoices})
    memos = [each for each in client.credit_memos(ids=missing) if isinstance(each, CreditMemo)]
    return [*invoices, *memos]


def _jobs(connections: Connections, _: object, frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
    return _referring(
        _sold(frames),
        lambda names: extract_jobs(connections.servicetitan, names.jobs),
        lambda record, names: record.id in names.jobs,
    )


def _customers(
    connections: Connections, _: object, frames: Mapping[str, DayFrames]
) -> Iterator[DayOfRecords]:
    return _referring(_all(frames), lambda names: _people(connections, names), _is_customer_of)


def _items(connections: Connections, _: object, frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
    return _referring(
        _sold(frames),
        lambda names: extract_items(connections.servicetitan, names.skus),
        lambda record, names: record.id in names.skus,
    )


def _all(frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
    """Yield each day with the records of all its frames."""
    for day in _days(frames):
        yield day, [record for frame in frames.values() for record in day_records(frame, day)]


def _sold(frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
    """Yield each day with the documents whose lines are written: of payments only what refunds give back."""
    for day in _days(frames):
        sold: list[AnyRecord] = []
        for name, frame in frames.items():
            records = list(day_records(frame, day))
            sold += given_back(records) if name == "payments" else records
        yield day, sold


def _referring(
    days: Iterator[DayOfRecords],
    fetch: Callable[[Referred], Iterable[AnyRecord]],
    belongs: Callable[[AnyRecord, Referred], bool],
) -> Iterator[DayOfRecords]:
    """Yield each day with what its documents refer to, a week of days fetched at once."""
    while some := list(islice(days, WINDOW_DAYS)):
        found = list(fetch(referred(record for _, records in some for record in records)))
        for day, records in some:
            names = referred(records)
            yield day, [record for record in found if belongs(record, names)]


def _days(frames: Mapping[str, DayFrames]) -> list[date]:
    return sorted({day for frame in frames.values() for day in frame})


def _people(connections: Connections, names: Referred) -> list[AnyRecord]:
    """Return customers with their contacts, and locations.

    Contacts are read of linked customers too: a payload without them would differ from the one posted.
    """
    return extract_customers(
        connections.servicetitan, names.customers, without_link=names.customers, locations=names.locations
    )


def _is_customer_of(record: AnyRecord, names: Referred) -> bool:
    if isinstance(record, Contact):
        return record.customer_id in names.customers
    if isinstance(record, Location):
        return record.id in names.locations
    return record.id in names.customers if isinstance(record, Customer) else True


def total_cents(records: list[AnyRecord], name: str, *, day: date, company: CompanyFile) -> int | None:
    """Return what the documents of a day come to, not those they refer to; None if an extract holds none."""
    kind = _KINDS.get(name)
    if kind is None:
        return None
    own = own_records(records, name, day=day, company=company)
    return sum(to_cents(record.total) for record in own if isinstance(record, kind) and record.active)


def listed(name: str, records: Iterable[AnyRecord], day: date) -> Metadata:
    """Return what is listed beside a day's documents: returns without a credit post nothing (rule 8.7)."""
    found = list(records)
    credited = {each.inventory_return_id for each in found if isinstance(each, VendorCredit)}
    waiting = [
        each
        for each in found
        if isinstance(each, InventoryReturn) and each.id not in credited and each.date == day
    ]
    if name != "vendor_credits" or not waiting:
        return {}
    rows = [
        f"| {cell(each.number)} | {each.status} | {dollars(to_cents(each.return_amount))} |"
        for each in waiting
    ]
    table = "| return | status | amount |\n|---|---|---:|\n" + "\n".join(rows[:MOST_ROWS])
    return {
        "returns_without_credit": dg.MetadataValue.md(table),
        "returns_without_credit_cents": sum(to_cents(each.return_amount) for each in waiting),
    }


def own_records(
    records: Iterable[AnyRecord], name: str, *, day: date, company: CompanyFile
) -> list[AnyRecord]:
    """Return the records of a frame that belong to its day; the others are there because they are named.

    Frames of what documents refer to belong to their day whole.
    """
    kind = _KINDS.get(name)
    if kind is None:
        return list(records)
    return [
        record
        for record in records
        if (isinstance(record, kind) or (isinstance(record, Unreadable) and record.kind == kind.__name__))
        and business_day(record, company) == day
    ]


#: What the documents of an extract are.
_KINDS: Mapping[
    str,
    type[Invoice]
    | type[Payment]
    | type[CreditMemo]
    | type[Bill]
    | type[PurchaseOrder]
    | type[VendorCredit]
    | type[BillPayment],
] = {
    "invoices": Invoice,
    "payments": Payment,
    "credit_memos": CreditMemo,
    "bills": Bill,
    "purchase_orders": PurchaseOrder,
    "vendor_credits": VendorCredit,
    "bill_payments": BillPayment,
}
#: By the name of the extract.
PRODUCERS: Mapping[str, Produce] = {
    "invoices": _invoices,
    "payments": _payments,
    "credit_memos": _credit_memos,
    "bills": _bills,
    "purchase_orders": _purchase_orders,
    "vendor_credits": _vendor_credits,
    "bill_payments": _bill_payments,
    "jobs": _jobs,
    "customers": with_changed(_customers),
    "items": with_changed_items(_items),
}
