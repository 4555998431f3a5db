"""What documents refer to: jobs, customers, contacts, locations, pricebook items, paid invoices.

What belongs here: which ids a day's documents name, and reading those. What does not: which of them
have a link already; the caller says so.

Customers and locations are read for *every* document, linked or not: whether a taxed document's
customer or location is exempt stands nowhere else (rule 2.4), and 50 cost one call. Contacts and
pricebook items only make new customers and items, so they are read where there is no link yet. The
ship-to address of a document is its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TypeVar

from st_qbo_assets.extract.documents import WINDOW_DAYS
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.reader import Documents, Lists, Masters
from st_qbo_assets.servicetitan.records import CreditMemo, Invoice, Job, Payment, PricebookItem, Unreadable

Found = TypeVar("Found")


@dataclass(frozen=True)
class Referred:
    """Ids that documents name.

    Attributes:
        skus: SKU id → type of the line that names it, which says where in the pricebook it stands.
        invoices: those that payments and credit memos are applied to; some may be credit memos themselves.
    """

    jobs: frozenset[int] = frozenset()
    customers: frozenset[int] = frozenset()
    locations: frozenset[int] = frozenset()
    skus: Mapping[int, str] = field(default_factory=dict[int, str])
    invoices: frozenset[int] = frozenset()


def referred(records: Iterable[AnyRecord]) -> Referred:
    """Return what invoices, credit memos and payments refer to; unreadable ones refer to nothing.

    A job among them, such as that of a bill, refers to its customer.
    """
    found = list(records)
    jobs = [record for record in found if isinstance(record, Job)]
    documents = [record for record in found if isinstance(record, (Invoice, Payment, CreditMemo))]
    invoices = [record for record in documents if isinstance(record, Invoice)]
    memos = [record for record in documents if isinstance(record, CreditMemo)]
    applied = [record for record in documents if isinstance(record, (Payment, CreditMemo))]
    return Referred(
        jobs=_ids(invoice.job.id for invoice in invoices if invoice.job),
        customers=_ids(document.customer.id for document in documents if document.customer)
        | _ids(job.customer_id for job in jobs),
        locations=_ids(sale.location.id for sale in (*invoices, *memos) if sale.location),
        skus={
            **{
                line.sku_id: line.type
                for invoice in invoices
                for line in invoice.items
                if line.sku_id is not None and line.is_chargeable
            },
            **{
                line.sku_id: line.type
                for memo in memos
                for line in memo.items
                if line.sku_id is not None and line.active
            },
        },
        invoices=_ids(row.applied_to or None for record in applied for row in record.applied_to),
    )


def extract_jobs(client: Documents, ids: Iterable[int]) -> list[Job | Unreadable]:
    """Return jobs by id, for the gate."""
    return list(client.jobs(ids=sorted(ids)))


def extract_customers(
    client: Masters, customers: Iterable[int], *, without_link: Iterable[int], locations: Iterable[int] = ()
) -> list[AnyRecord]:
    """Return customers and locations by id, and the contacts of the customers without a link."""
    return [
        *client.customers(ids=sorted(customers)),
        *client.customer_contacts(customer_ids=sorted(without_link)),
        *client.locations(ids=sorted(locations)),
    ]


def extract_items(client: Masters, skus: Mapping[int, str]) -> list[PricebookItem | Unreadable]:
    """Return pricebook items by SKU id; a line of unknown type is looked for everywhere."""
    places: dict[str, Callable[[list[int]], Iterator[PricebookItem | Unreadable]]] = {
        "Service": lambda ids: client.services(ids=ids),
        "Material": lambda ids: client.materials(ids=ids),
        "Equipment": lambda ids: client.equipment(ids=ids),
        "PriceModifier": lambda ids: client.discounts_and_fees(ids=ids),
    }
    found: list[PricebookItem | Unreadable] = []
    for type_, read in places.items():
        wanted = sorted(
            sku for sku, line_type in skus.items() if line_type == type_ or line_type not in places
        )
        if wanted:
            found.extend(read(wanted))
    return found


def extract_lists(client: Lists) -> list[AnyRecord]:
    """Return ServiceTitan's reference lists, whole."""
    return [
        *client.business_units(),
        *client.payment_types(),
        *client.payment_terms(),
        *client.tax_zones(),
        *client.gl_accounts(),
    ]


def by_day(
    days: Iterable[tuple[date, Iterable[int]]],
    fetch: Callable[[list[int]], Iterable[Found]],
    *,
    belongs_to: Callable[[Found], int | None],
) -> Iterator[tuple[date, list[Found]]]:
    """Yield each day with the records its ids name, a week of days in one go.

    Args:
        days: day and ids, oldest first; read as they are needed.
        fetch: reads records by ids, in as few calls as it takes.
        belongs_to: the id that asked for a record (a contact's customer).
    """
    remaining = iter(days)
    while some := [(day, set(ids)) for day, ids in islice(remaining, WINDOW_DAYS)]:
        wanted = sorted({id_ for _, ids in some for id_ in ids})
        found = list(fetch(wanted)) if wanted else []
        for day, ids in some:
            yield day, [record for record in found if belongs_to(record) in ids]


def _ids(found: Iterable[int | None]) -> frozenset[int]:
    return frozenset(id_ for id_ in found if id_ is not None)
