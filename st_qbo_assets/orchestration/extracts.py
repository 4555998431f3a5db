"""What the extracts of a company read, a week of days at once: imported when a step runs.

What belongs here: joining `extract` with the frames a step depends on. What does not: which windows are asked
for, which day a record belongs to (`extract`), and the assets (`assets.servicetitan`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import islice

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.extract.documents import WINDOW_DAYS, extract_invoices, extract_payments
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.referred import Referred, extract_customers, extract_items, extract_jobs, referred
from st_qbo_assets.orchestration.io_manager import DayFrames
from st_qbo_assets.orchestration.records import day_records
from st_qbo_assets.servicetitan.records import Contact, Customer, Invoice, Location, Payment

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
    for day, records, names in _weeks((day, [*records]) for day, records in found):
        ids = names.invoices
        paid = [*client.invoices(ids=sorted(ids))] if ids else []
        wanted = referred(records).invoices
        yield day, [*records, *(i for i in paid if isinstance(i, Invoice) and i.id in wanted)]


def _jobs(connections: Connections, _: object, frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
    return _referring(
        frames,
        lambda names: extract_jobs(connections.servicetitan, names.jobs),
        lambda record, names: record.id in names.jobs,
    )


def _customers(
    connections: Connections, _: object, frames: Mapping[str, DayFrames]
) -> Iterator[DayOfRecords]:
    return _referring(frames, lambda names: _people(connections, names), _is_customer_of)


def _items(connections: Connections, _: object, frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
    return _referring(
        frames,
        lambda names: extract_items(connections.servicetitan, names.skus),
        lambda record, names: record.id in names.skus,
    )


def _referring(
    frames: Mapping[str, DayFrames],
    fetch: Callable[[Referred], Iterable[AnyRecord]],
    belongs: Callable[[AnyRecord, Referred], bool],
) -> Iterator[DayOfRecords]:
    """Yield each day with what its documents refer to, a week of days fetched at once."""
    documents = (
        (day, [record for frame in frames.values() for record in day_records(frame, day)])
        for day in _days(frames)
    )
    weeks = iter(documents)
    while some := list(islice(weeks, WINDOW_DAYS)):
        found = list(fetch(referred(record for _, records in some for record in records)))
        for day, records in some:
            names = referred(records)
            yield day, [record for record in found if belongs(record, names)]


def _weeks(days: Iterator[DayOfRecords]) -> Iterator[tuple[date, list[AnyRecord], Referred]]:
    """Yield each day with what its whole week refers to."""
    while some := list(islice(days, WINDOW_DAYS)):
        names = referred(record for _, records in some for record in records)
        for day, records in some:
            yield day, records, names


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


def total_cents(records: list[AnyRecord], name: str) -> int | None:
    """Return what the documents of an extract come to; None if it holds none."""
    kind = {"invoices": Invoice, "payments": Payment}.get(name)
    if kind is None:
        return None
    return sum(to_cents(record.total) for record in records if isinstance(record, kind) and record.active)


#: By the name of the extract.
PRODUCERS: Mapping[str, Produce] = {
    "invoices": _invoices,
    "payments": _payments,
    "jobs": _jobs,
    "customers": _customers,
    "items": _items,
}
