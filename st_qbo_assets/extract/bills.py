"""Vendors' bills of the company's one source, and what they name (rule 8.1).

What belongs here: which list is asked, and reading the vendors, orders, receipts, jobs and goods that bills
refer to. What does not: which day a bill belongs to (`documents`), what it becomes (mapping).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.servicetitan.buying import Bill, PurchaseOrder, Receipt, Vendor
from st_qbo_assets.servicetitan.records import Job, PricebookItem, Unreadable, parse
from st_qbo_assets.servicetitan.windows import Params

#: The list of each source, and what is asked of it: `ap-bills` shows one type of bill at a time (ST §5.6).
_LISTS: dict[str, tuple[str, tuple[Params, ...]]] = {
    "inventory_bills": ("inventory-bills", ((),)),
    "ap_bills": ("ap-bills", ((("billType", "Procurement"),), (("billType", "ApBill"),))),
}


#: The two lists that bills may be taken from, of which the second repeats the first.
SOURCES = tuple(_LISTS)


class Rows(Protocol):
    """The one call made to ServiceTitan."""

    def rows(
        self, endpoint: str, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[Json]:
        """Yield verbatim rows of a list, of every state."""
        ...


class Named(Protocol):
    """What bills name, by ids."""

    def jobs(self, *, ids: Iterable[int] | None = None) -> Iterator[Job | Unreadable]:
        """Yield jobs."""
        ...

    def services(self, *, ids: Iterable[int] | None = None) -> Iterator[PricebookItem | Unreadable]:
        """Yield services."""
        ...

    def materials(self, *, ids: Iterable[int] | None = None) -> Iterator[PricebookItem | Unreadable]:
        """Yield materials."""
        ...

    def equipment(self, *, ids: Iterable[int] | None = None) -> Iterator[PricebookItem | Unreadable]:
        """Yield equipment."""
        ...


class Purchasing(Rows, Named, Protocol):
    """Both."""


def has_bills(client: Rows, source: str, *, filters: Params) -> bool:
    """Say whether a source of bills has any that a filter lets through; a call or two."""
    endpoint, kinds = _LISTS[source]
    return any(next(iter(client.rows(endpoint, filters=(*kind, *filters))), None) for kind in kinds)


def read_bills(
    client: Rows, company: CompanyFile, *, ids: Iterable[int] | None = None, filters: Params = ()
) -> Iterator[Bill | Unreadable]:
    """Yield bills of every state, by ids or filters; none where the company takes none."""
    if company.bill_source is None:
        return
    endpoint, kinds = _LISTS[company.bill_source]
    wanted = None if ids is None else list(ids)
    for kind in kinds:
        for row in client.rows(endpoint, ids=wanted, filters=(*filters, *kind)):
            yield parse(Bill, row)


def read_orders(
    client: Rows, *, ids: Iterable[int] | None = None, filters: Params = ()
) -> Iterator[PurchaseOrder | Unreadable]:
    """Yield purchase orders of every status, by ids or filters."""
    return (parse(PurchaseOrder, row) for row in client.rows("purchase-orders", ids=ids, filters=filters))


def read_orders_around(client: Purchasing, records: Iterable[AnyRecord]) -> list[AnyRecord]:
    """Return what purchase orders name: vendors, jobs, and their goods in the price book."""
    orders = [record for record in records if isinstance(record, PurchaseOrder)]
    if not orders:
        return []
    vendors = known_ids(order.vendor_id for order in orders)
    goods = [(line.sku_id, line.sku_type) for order in orders for line in order.items]
    return [
        *(parse(Vendor, row) for row in client.rows("vendors", ids=vendors)),
        *client.jobs(ids=known_ids(order.job_id for order in orders)),
        *read_goods(client, goods),
    ]


def read_bills_around(client: Purchasing, records: Iterable[AnyRecord]) -> list[AnyRecord]:
    """Return what bills name: vendors, orders, receipts, jobs, and their goods in the price book."""
    bills = [record for record in records if isinstance(record, Bill)]
    if not bills:
        return []
    vendors = known_ids(bill.vendor.id for bill in bills if bill.vendor)
    orders = known_ids(bill.purchase_order_id for bill in bills)
    jobs = [
        *(bill.job_id for bill in bills),
        *(line.job.id for bill in bills for line in bill.expense_items if line.job),
    ]
    return [
        *(parse(Vendor, row) for row in client.rows("vendors", ids=vendors)),
        *(parse(PurchaseOrder, row) for row in client.rows("purchase-orders", ids=orders)),
        *_receipts(client, bills),
        *client.jobs(ids=known_ids(jobs)),
        *read_goods(client, [(line.sku_id, line.sku_type) for bill in bills for line in bill.items]),
    ]


def belongs_to(record: AnyRecord, documents: Sequence[AnyRecord]) -> bool:
    """Say whether some bills or orders name a record."""
    bills = [each for each in documents if isinstance(each, Bill)]
    orders = [each for each in documents if isinstance(each, PurchaseOrder)]
    if isinstance(record, Vendor):
        named = {bill.vendor.id for bill in bills if bill.vendor} | {order.vendor_id for order in orders}
    elif isinstance(record, PurchaseOrder):
        named = {bill.purchase_order_id for bill in bills}
    elif isinstance(record, Receipt):
        return any(bill.id == record.bill_id for bill in bills)
    elif isinstance(record, Job):
        named = {job for bill in bills for job in _jobs_of(bill)} | {order.job_id for order in orders}
    else:
        named = {line.sku_id for each in (*bills, *orders) for line in each.items}
    return record.id in named


def _jobs_of(bill: Bill) -> set[int | None]:
    return {bill.job_id, *(line.job.id for line in bill.expense_items if line.job)}


def _receipts(client: Rows, bills: Sequence[Bill]) -> Iterator[Receipt | Unreadable]:
    """Yield the receipts of bills without a number of their own: they may know the vendor's (rule 8.3)."""
    for bill in bills:
        if not bill.reference_number.strip():
            rows = client.rows("receipts", filters=(("billId", str(bill.id)),))
            yield from (parse(Receipt, row) for row in rows)


def read_goods(
    client: Named, lines: Sequence[tuple[int | None, str]]
) -> Iterator[PricebookItem | Unreadable]:
    """Yield the goods of lines, each an SKU and its type; one of unknown type is looked for everywhere."""
    places: dict[str, Callable[[list[int]], Iterator[PricebookItem | Unreadable]]] = {
        "Service": lambda ids: client.services(ids=ids),
        "Material": lambda ids: client.materials(ids=ids),
        "Equipment": lambda ids: client.equipment(ids=ids),
    }
    for type_, read in places.items():
        wanted = known_ids(sku for sku, kind in lines if kind == type_ or kind not in places)
        if wanted:
            yield from read(wanted)


def known_ids(found: Iterable[int | None]) -> list[int]:
    """Return the ids among some that may be missing, each once, in order."""
    return sorted({id_ for id_ in found if id_ is not None})
