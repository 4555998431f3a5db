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


def read_bills_around(client: Purchasing, records: Iterable[AnyRecord]) -> list[AnyRecord]:
    """Return what bills name: vendors, orders, receipts, jobs, and their goods in the price book."""
    bills = [record for record in records if isinstance(record, Bill)]
    if not bills:
        return []
    vendors = _ids(bill.vendor.id for bill in bills if bill.vendor)
    orders = _ids(bill.purchase_order_id for bill in bills)
    jobs = [
        *(bill.job_id for bill in bills),
        *(line.job.id for bill in bills for line in bill.expense_items if line.job),
    ]
    return [
        *(parse(Vendor, row) for row in client.rows("vendors", ids=vendors)),
        *(parse(PurchaseOrder, row) for row in client.rows("purchase-orders", ids=orders)),
        *_receipts(client, bills),
        *client.jobs(ids=_ids(jobs)),
        *_goods(client, bills),
    ]


def belongs_to(record: AnyRecord, bills: Sequence[AnyRecord]) -> bool:
    """Say whether some bills name a record."""
    own = [bill for bill in bills if isinstance(bill, Bill)]
    if isinstance(record, Vendor):
        return any(bill.vendor is not None and bill.vendor.id == record.id for bill in own)
    if isinstance(record, PurchaseOrder):
        return any(bill.purchase_order_id == record.id for bill in own)
    if isinstance(record, Receipt):
        return any(bill.id == record.bill_id for bill in own)
    if isinstance(record, Job):
        return any(record.id in _jobs_of(bill) for bill in own)
    return any(line.sku_id == record.id for bill in own for line in bill.items)


def _jobs_of(bill: Bill) -> set[int | None]:
    return {bill.job_id, *(line.job.id for line in bill.expense_items if line.job)}


def _receipts(client: Rows, bills: Sequence[Bill]) -> Iterator[Receipt | Unreadable]:
    """Yield the receipts of bills without a number of their own: they may know the vendor's (rule 8.3)."""
    for bill in bills:
        if not bill.reference_number.strip():
            rows = client.rows("receipts", filters=(("billId", str(bill.id)),))
            yield from (parse(Receipt, row) for row in rows)


def _goods(client: Named, bills: Sequence[Bill]) -> Iterator[PricebookItem | Unreadable]:
    places: dict[str, Callable[[list[int]], Iterator[PricebookItem | Unreadable]]] = {
        "Service": lambda ids: client.services(ids=ids),
        "Material": lambda ids: client.materials(ids=ids),
        "Equipment": lambda ids: client.equipment(ids=ids),
    }
    lines = [line for bill in bills for line in bill.items]
    for type_, read in places.items():
        wanted = _ids(line.sku_id for line in lines if line.sku_type == type_ or line.sku_type not in places)
        if wanted:
            yield from read(wanted)


def _ids(found: Iterable[int | None]) -> list[int]:
    return sorted({id_ for id_ in found if id_ is not None})
