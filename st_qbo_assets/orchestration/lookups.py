"""The mapping's lookup for one day, put together from frames, reference data and links.

What belongs here: gathering. What does not: deciding anything by it (mapping).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Mapped
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.referred import (
    extract_customers,
    extract_items,
    extract_jobs,
    referred,
)
from st_qbo_assets.mapping.customers import map_customer
from st_qbo_assets.mapping.invoices import items_of_invoice, map_invoice
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.payments import map_payment
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.references import References
from st_qbo_assets.servicetitan.records import (
    Contact,
    Customer,
    Invoice,
    Job,
    Location,
    Payment,
    PricebookItem,
    Unreadable,
)

#: QuickBooks entity → field of a link's confirmed values that holds its date.
_DATE = "TxnDate"


def build_lookup(
    defs: CompanyDefs, references: References, connections: Connections, records: Iterable[AnyRecord]
) -> Lookup:
    """Return the lookup over a day's records of all kinds."""
    known = [record for record in records if not isinstance(record, Unreadable)]
    contacts: dict[int, tuple[Contact, ...]] = {}
    for record in known:
        if isinstance(record, Contact) and record.customer_id is not None:
            contacts[record.customer_id] = (*contacts.get(record.customer_id, ()), record)
    return Lookup(
        company=defs.company,
        reference=references.quickbooks,
        today=defs.today(),
        posted=_posted(connections, known),
        business_units=references.business_units,
        tax_zones=references.tax_zones,
        customers={record.id: record for record in known if isinstance(record, Customer)},
        contacts=contacts,
        locations={record.id: record for record in known if isinstance(record, Location)},
        jobs={record.id: record for record in known if isinstance(record, Job)},
        pricebook={record.id: record for record in known if isinstance(record, PricebookItem)},
        invoices={record.id: record for record in known if isinstance(record, Invoice)},
        tax_item_id=connections.tax_item_id(),
    )


def read_around(connections: Connections, documents: Sequence[AnyRecord]) -> list[AnyRecord]:
    """Return everything documents refer to, read now: for documents read again outside their day's frames."""
    client = connections.servicetitan
    names = referred(documents)
    paid = [*client.invoices(ids=sorted(names.invoices))] if names.invoices else []
    whole = referred([*documents, *paid])
    return [
        *paid,
        *extract_jobs(client, whole.jobs),
        *extract_customers(client, whole.customers, without_link=whole.customers, locations=whole.locations),
        *extract_items(client, names.skus),
    ]


def map_day(entity: Entity, day: date, records: Sequence[AnyRecord], lookup: Lookup) -> list[Mapped]:
    """Return what the records of a day become, for one entity; each source once.

    Args:
        entity: what is wanted; items come from the invoices that need them.
        day: the partition.
        records: the documents of the day for invoices, payments and items; customers for customers.
        lookup: of the day.
    """
    found: list[Mapped] = []
    for record in records:
        found += _map_one(entity, day, record, lookup)
    by_source: Mapping[SourceRef, Mapped] = {mapped.source: mapped for mapped in reversed(found)}
    return [by_source[source] for source in dict.fromkeys(mapped.source for mapped in found)]


def _map_one(entity: Entity, day: date, record: AnyRecord, lookup: Lookup) -> list[Mapped]:
    unreadable = isinstance(record, Unreadable)
    if entity is Entity.ITEM:
        return items_of_invoice(record, lookup) if isinstance(record, Invoice) else []
    if entity is Entity.INVOICE:
        return map_invoice(record, lookup) if unreadable or isinstance(record, Invoice) else []
    if entity is Entity.PAYMENT:
        return map_payment(record, lookup) if unreadable or isinstance(record, Payment) else []
    if entity is Entity.CUSTOMER:
        return map_customer(record, lookup, day=day) if unreadable or isinstance(record, Customer) else []
    raise ValueError(f"{entity.plural} are not mapped")


def _posted(connections: Connections, records: Iterable[AnyRecord]) -> dict[SourceRef, date]:
    """Return the dates under which documents are in QuickBooks already."""
    sources = [
        SourceRef(Entity.INVOICE if isinstance(record, Invoice) else Entity.PAYMENT, str(record.id))
        for record in records
        if isinstance(record, (Invoice, Payment))
    ]
    dates: dict[SourceRef, date] = {}
    for source, links in connections.links.of_sources(connections.name, sources).items():
        for link in links:
            posted = parse_business_date(link.confirmed.get(_DATE))
            if posted is not None:
                dates[source] = posted
    return dates
