"""`servicetitan/*`: the day's records, verbatim, and what they refer to.

What belongs here: handing days to `extract` and rows to the frames. What does not: which windows
are asked for, and which day a record belongs to (`extract`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

import dagster as dg

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.extract.documents import WINDOW_DAYS, extract_invoices, extract_payments
from st_qbo_assets.extract.frames import FRAMES, AnyRecord, row_of
from st_qbo_assets.extract.referred import Referred, extract_customers, extract_items, extract_jobs, referred
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import FrameStream, to_frame
from st_qbo_assets.orchestration.io_manager import DayFrames
from st_qbo_assets.orchestration.metadata import extract_metadata
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.records import day_records
from st_qbo_assets.orchestration.references import ReferenceData
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.servicetitan.records import Contact, Customer, Invoice, Location, Payment

if TYPE_CHECKING:
    import pandas as pd

DayOfRecords = tuple[date, list[AnyRecord]]
#: What produces the records of a run's days, given the clients and the frames it depends on.
Produce = Callable[[Connections, list[date], Mapping[str, DayFrames]], Iterator[DayOfRecords]]


def servicetitan_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the extracts of a company."""
    company = defs.company

    def invoices(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
        client = connections.servicetitan
        for day, records in extract_invoices(client, company, first=days[0], last=days[-1]):
            yield day, [*records]

    def payments(connections: Connections, days: list[date], _: object) -> Iterator[DayOfRecords]:
        client = connections.servicetitan
        found = extract_payments(client, company, first=days[0], last=days[-1])
        for day, records, names in _weeks((day, [*records]) for day, records in found):
            ids = names.invoices
            paid = [*client.invoices(ids=sorted(ids))] if ids else []
            wanted = referred(records).invoices
            yield day, [*records, *(i for i in paid if isinstance(i, Invoice) and i.id in wanted)]

    def jobs(connections: Connections, _: object, frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
        return _referring(
            frames,
            lambda names: extract_jobs(connections.servicetitan, names.jobs),
            lambda record, names: record.id in names.jobs,
        )

    def customers(
        connections: Connections, _: object, frames: Mapping[str, DayFrames]
    ) -> Iterator[DayOfRecords]:
        return _referring(frames, lambda names: _customers(connections, names), _is_customer_of)

    def items(connections: Connections, _: object, frames: Mapping[str, DayFrames]) -> Iterator[DayOfRecords]:
        return _referring(
            frames,
            lambda names: extract_items(connections.servicetitan, names.skus),
            lambda record, names: record.id in names.skus,
        )

    return [
        _reference(defs),
        _extract(defs, "invoices", (), invoices, "Invoices of the business day, of every status, verbatim."),
        _extract(
            defs,
            "payments",
            (),
            payments,
            "Payments of the business day, and the invoices they are applied to.",
        ),
        _extract(defs, "jobs", ("invoices",), jobs, "The jobs of the day's invoices: is the work done?"),
        _extract(
            defs,
            "customers",
            ("invoices", "payments"),
            customers,
            "Customers, contacts and locations the day's documents refer to.",
        ),
        _extract(defs, "items", ("invoices",), items, "Pricebook items on the day's invoices."),
    ]


def _extract(
    defs: CompanyDefs, name: str, depends_on: tuple[str, ...], produce: Produce, description: str
) -> dg.AssetsDefinition:
    @dg.asset(
        key=keys.servicetitan(defs.name, name),
        ins={other: dg.AssetIn(keys.servicetitan(defs.name, other)) for other in depends_on},
        partitions_def=defs.days,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name=keys.group(defs.name, "servicetitan"),
        description=description,
        kinds={"servicetitan"},
    )
    def extract(context: dg.AssetExecutionContext, connector: Connector, **frames: DayFrames) -> FrameStream:
        days = run_days(context.partition_keys)

        def write() -> Iterator[tuple[date, "pd.DataFrame"]]:
            with connector.open(defs, context.run_id) as connections:
                for day, records in produce(connections, days, frames):
                    before = connections.servicetitan.calls.calls
                    metadata = extract_metadata(
                        records=len(records), total_cents=_total_cents(records, name), calls=before
                    )
                    context.add_asset_metadata(metadata, partition_key=day.isoformat())
                    yield day, to_frame([row_of(record, name) for record in records], FRAMES[name])

        return FrameStream(write)

    return extract


def _reference(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.asset(
        key=keys.servicetitan(defs.name, "reference"),
        group_name=keys.group(defs.name, "servicetitan"),
        description="Business units, payment types, terms, tax zones and GL accounts of ServiceTitan.",
        kinds={"servicetitan"},
    )
    def reference(context: dg.AssetExecutionContext, connector: Connector) -> dg.MaterializeResult[Any]:
        with connector.open(defs, context.run_id) as connections:
            _, counts = ReferenceData(defs, connector.frames, connections).fetch_servicetitan()
        return dg.MaterializeResult(metadata=counts)

    return reference


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


def _customers(connections: Connections, names: Referred) -> list[AnyRecord]:
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


def _total_cents(records: list[AnyRecord], name: str) -> int | None:
    kind = {"invoices": Invoice, "payments": Payment}.get(name)
    if kind is None:
        return None
    return sum(to_cents(record.total) for record in records if isinstance(record, kind) and record.active)
