"""What a tie-out has to read of both systems, and how few calls that takes.

What belongs here: the lists and queries of a range of days, over protocols that the two clients fulfil.
What does not: how calls are sent (the clients), and what has to be read besides once the first differences
are known (gather).

QuickBooks' reads are metered: a range of days is one TxnDate query for each entity, and all entities of a
page go in one batch, which is one metered call (QB §3.7). ServiceTitan's are not.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Protocol

from st_qbo_assets.books import quickbooks_side, servicetitan_side
from st_qbo_assets.books.accounts import Item, read_items
from st_qbo_assets.books.documents import QboDocument, QboKey, Shape, StDocument
from st_qbo_assets.books.evidence import FieldDrift
from st_qbo_assets.books.lists import (
    ITEMS_OF_MEMOS,
    MEMOS_OF,
    PAYMENTS_OF,
    RECEIPTS,
    lists_of,
    received_on,
)
from st_qbo_assets.books.loose_json import as_text
from st_qbo_assets.books.quickbooks_side import QuickBooksBooks
from st_qbo_assets.books.raw_values import has_date
from st_qbo_assets.books.receipts import Receipt
from st_qbo_assets.books.servicetitan_buying import (
    read_bill,
    read_bill_payment,
    read_order,
    read_receipt,
    read_vendor_credit,
)
from st_qbo_assets.books.servicetitan_side import JobFacts, ServiceTitanBooks
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef, Tenant
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.query import quote, quote_list, statement
from st_qbo_assets.servicetitan.endpoints import Endpoint
from st_qbo_assets.servicetitan.windows import Params, Window

#: Rows of one entity asked for at once: what is held as JSON at a time, in exchange for calls.
PAGE = 500
#: Ids in one statement.
IDS_AT_ONCE = 200
#: Invoices whose jobs are asked for together.
_CHUNK = 200


class ServiceTitanLists(Protocol):
    """The one call made to ServiceTitan."""

    def rows(
        self, endpoint: str | Endpoint, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[Json]:
        """Yield verbatim rows of a list, of every state."""
        ...


class QuickBooksQueries(Protocol):
    """The one call made to QuickBooks."""

    def batch_queries(self, statements: Sequence[str], /) -> list[tuple[Json, ...]]:
        """Return the rows of several statements with as few metered calls as possible."""
        ...


#: Finds, for objects of one entity just read, the fields we own that somebody changed (rule 5.3).
DriftFinder = Callable[[str, Sequence[Json]], Mapping[QboKey, tuple[FieldDrift, ...]]]


def read_servicetitan_books(
    client: ServiceTitanLists, company: CompanyFile, days: Sequence[date], *, today: date
) -> ServiceTitanBooks:
    """Return the documents of the days, and what they are applied to or give back.

    Lists are asked for from the day before to the day after; what lies outside the days is kept, since
    it explains documents that moved. What has no date is found by when it was made (rule 1.4).
    """
    reader = ServiceTitanReader(client, company, today)
    reader.read_days(min(days), max(days))
    reader.read_named()
    return reader.books()


def read_quickbooks_books(
    client: QuickBooksQueries,
    days: Sequence[date],
    *,
    tenant: Tenant | None = None,
    receivable: Collection[str] = (),
) -> QuickBooksBooks:
    """Return every document dated on the days, ours or not, and the items on their lines."""
    reader = QuickBooksReader(client, tenant, receivable=receivable)
    reader.read_days(min(days), max(days))
    reader.read()
    return reader.books()


@dataclass
class ServiceTitanReader:
    """Reads documents and keeps them as comparable values only."""

    client: ServiceTitanLists
    company: CompanyFile
    today: date
    documents: dict[SourceRef, StDocument] = field(default_factory=dict[SourceRef, StDocument])
    receipts: dict[str, Receipt] = field(default_factory=dict[str, Receipt])
    _vendors: dict[str, str] = field(default_factory=dict[str, str])
    _units: dict[str, str] | None = None
    _jobs: dict[str, JobFacts] = field(default_factory=dict[str, JobFacts])
    _asked: set[SourceRef] = field(default_factory=set[SourceRef])

    def read_days(self, first: date, last: date) -> None:
        """Read what is dated from first to last, and what was made then and has no date."""
        earlier, later = first - timedelta(days=1), last + timedelta(days=1)
        made = Window(self._midnight(first), self._midnight(later))
        for each in lists_of(self.company):
            rows = self.client.rows(each.endpoint, filters=each.of_days(earlier, later))
            self._keep(each.entity, rows)
            if not each.is_dated:
                rows = self.client.rows(each.endpoint, filters=each.made_in(made))
                self._keep(each.entity, (row for row in rows if not has_date(row, each.entity)))
        if self.company.buys:
            self.read_received(first, last)

    def read_received(self, first: date, last: date) -> None:
        """Read what came of orders from first to last, and the bills it stands on."""
        rows = list(self.client.rows(RECEIPTS, filters=received_on(first, last)))
        self._read_vendors(as_text(row.get("vendorId")) for row in rows)
        self.read(SourceRef(Entity.BILL, as_text(row.get("billId"))) for row in rows if row.get("billId"))
        due = {
            source.id for source, bill in self.documents.items() if bill.shape is Shape.BILL and bill.counts
        }
        open_ = [as_text(row.get("purchaseOrderId")) for row in rows if as_text(row.get("billId")) not in due]
        ids = sorted({int(each) for each in open_ if each.isdigit()})
        orders = {
            as_text(row.get("id")): as_text(row.get("number"))
            for row in (self.client.rows("purchase-orders", ids=ids) if ids else ())
        }
        for row in rows:
            receipt = read_receipt(row, self.company, vendors=self._vendors, orders=orders)
            if receipt is not None:
                self.receipts[receipt.id] = receipt

    def read_named(self) -> None:
        """Read what the documents in hand are applied to or give back, and was not read yet.

        A refund may be applied to a credit memo, under whose id there is no invoice.
        """
        documents = list(self.documents.values())
        self.read(SourceRef(Entity.PAYMENT, each.refunds) for each in documents if each.refunds)
        documents = list(self.documents.values())
        self.read(
            SourceRef(_applied_entity(each, cents), applied)
            for each in documents
            for applied, cents in each.applied.items()
        )
        self.read(
            SourceRef(Entity.CREDIT_MEMO, applied)
            for each in documents
            if each.shape in (Shape.REFUND, Shape.PAYMENT)
            for applied, cents in each.applied.items()
            if cents < 0 and SourceRef(Entity.INVOICE, applied) not in self.documents
        )

    def read(self, sources: Iterable[SourceRef]) -> None:
        """Read some records by id; those read or asked for before are left out."""
        wanted = [
            source
            for source in dict.fromkeys(sources)
            if source not in self.documents and source.id.isdigit() and source not in self._asked
        ]
        for each in lists_of(self.company):
            new = [source for source in wanted if source.entity is each.entity]
            if new:
                self._asked.update(new)
                ids = [int(source.id) for source in new]
                self._keep(each.entity, self.client.rows(each.endpoint, ids=ids, filters=each.own))

    def read_applied_to(self, documents: Iterable[SourceRef]) -> None:
        """Read every payment and credit memo that is applied to some documents, whatever its day."""
        ids = [int(source.id) for source in dict.fromkeys(documents) if source.id.isdigit()]
        if ids:
            self._keep(Entity.PAYMENT, self.client.rows(PAYMENTS_OF, ids=ids))
            self._keep(Entity.CREDIT_MEMO, self.client.rows(MEMOS_OF, ids=ids))

    def books(self) -> ServiceTitanBooks:
        """Return what was read so far."""
        absent = frozenset(self._asked - self.documents.keys())
        return ServiceTitanBooks(dict(self.documents), absent, tuple(self.receipts.values()))

    def _keep(self, entity: Entity, rows: Iterator[Json]) -> None:
        while chunk := list(islice(rows, _CHUNK)):
            for document in self._documents(entity, chunk):
                if not document.source.id:
                    # Without an id no two are the same; a number of our own keeps it in the count.
                    name = SourceRef(entity, f"unnumbered-{len(self.documents)}")
                    document = replace(document, source=name)
                self.documents[document.source] = document

    def _documents(self, entity: Entity, rows: Sequence[Json]) -> Iterator[StDocument]:
        company, today = self.company, self.today
        if entity is Entity.PAYMENT:
            return (servicetitan_side.read_payment(row, company, today=today) for row in rows)
        if entity is Entity.BILL:
            return (read_bill(row, company, today=today) for row in rows)
        if entity is Entity.BILL_PAYMENT:
            return (read_bill_payment(row, company, today=today) for row in rows)
        if entity is Entity.VENDOR_CREDIT:
            returns = self._returns(rows)
            return (
                read_vendor_credit(
                    row, company, returned=returns.get(as_text(row.get("inventoryReturnId"))), today=today
                )
                for row in rows
            )
        if entity is Entity.PURCHASE_ORDER:
            self._read_vendors(as_text(row.get("vendorId")) for row in rows)
            names = {"vendors": self._vendors, "units": self._unit_names()}
            return (read_order(row, company, **names, today=today) for row in rows)
        if entity is Entity.CREDIT_MEMO:
            items = self._items_of_memos(rows)
            return (
                servicetitan_side.read_credit_memo(
                    row, company, items=items.get(as_text(row.get("id")), ()), today=today
                )
                for row in rows
            )
        self._read_jobs(rows)
        return (servicetitan_side.read_invoice(row, company, jobs=self._jobs, today=today) for row in rows)

    def _items_of_memos(self, memos: Iterable[Json]) -> dict[str, list[Json]]:
        ids = [int(id_) for memo in memos if (id_ := as_text(memo.get("id"))).isdigit()]
        found: dict[str, list[Json]] = {}
        for row in self.client.rows(ITEMS_OF_MEMOS, ids=ids) if ids else ():
            found.setdefault(as_text(row.get("creditMemoId")), []).append(row)
        return found

    def _returns(self, credits: Iterable[Json]) -> dict[str, Json]:
        ids = sorted(
            {int(id_) for row in credits if (id_ := as_text(row.get("inventoryReturnId"))).isdigit()}
        )
        rows = self.client.rows("returns", ids=ids) if ids else ()
        return {as_text(row.get("id")): row for row in rows}

    def _read_vendors(self, ids: Iterable[str]) -> None:
        new = sorted({int(id_) for id_ in ids if id_.isdigit() and id_ not in self._vendors})
        for row in self.client.rows("vendors", ids=new) if new else ():
            self._vendors[as_text(row.get("id"))] = as_text(row.get("name"))

    def _unit_names(self) -> dict[str, str]:
        """Return the business units by id, which orders name by id alone; read where one may be another's."""
        policy = self.company.business_units
        if self._units is None:
            wanted = bool(policy.include or policy.exclude)
            rows = self.client.rows("business-units") if wanted else ()
            self._units = {as_text(row.get("id")): as_text(row.get("name")) for row in rows}
        return self._units

    def _read_jobs(self, invoices: Iterable[Json]) -> None:
        ids = {servicetitan_side.job_id(invoice) for invoice in invoices}
        new = sorted(int(job) for job in ids if job.isdigit() and job not in self._jobs)
        for row in self.client.rows("jobs", ids=new) if new else ():
            self._jobs[as_text(row.get("id"))] = servicetitan_side.job_facts(row)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.company.zone).astimezone(UTC)


@dataclass
class QuickBooksReader:
    """Reads documents and keeps them as comparable values only."""

    client: QuickBooksQueries
    tenant: Tenant | None = None
    find_drift: DriftFinder | None = None
    receivable: Collection[str] = ()
    page: int = PAGE
    entities: Sequence[str] = quickbooks_side.ENTITIES
    documents: dict[QboKey, QboDocument] = field(default_factory=dict[QboKey, QboDocument])
    items: dict[str, Item] = field(default_factory=dict[str, Item])
    drift: dict[QboKey, tuple[FieldDrift, ...]] = field(default_factory=dict[QboKey, tuple[FieldDrift, ...]])
    _asked: set[QboKey] = field(default_factory=set[QboKey])
    _asked_items: set[str] = field(default_factory=set[str])

    def read_days(self, first: date, last: date) -> None:
        """Read every document dated from first to last, a page of every entity in one call."""
        where = f"TxnDate >= {quote(first)} AND TxnDate <= {quote(last)}"
        unfinished, start = list(self.entities), 1
        while unfinished:
            pages = self.client.batch_queries(
                [statement(entity, where, start=start, page=self.page) for entity in unfinished]
            )
            for entity, rows in zip(unfinished, pages, strict=True):
                self._keep(entity, [row for row in rows if self._concerns_us(entity, row)])
            full = [entity for entity, rows in zip(unfinished, pages, strict=True) if len(rows) >= self.page]
            unfinished, start = full, start + self.page

    def read(self, keys: Iterable[QboKey] = ()) -> None:
        """Read some documents by id, and the items on all lines, in one call.

        Documents and items that were read or asked for before are left out.
        """
        new = [key for key in dict.fromkeys(keys) if key not in self.documents and key not in self._asked]
        self._asked.update(new)
        plan = [
            (target, chunk)
            for target in dict.fromkeys(key.target for key in new)
            for chunk in _chunks([key.id for key in new if key.target == target])
        ]
        items = self._unknown_items()
        self._asked_items |= items
        plan += [("Item", chunk) for chunk in _chunks(sorted(items))]
        if not plan:
            return
        answers = self.client.batch_queries([_by_id(target, ids) for target, ids in plan])
        for (target, _), rows in zip(plan, answers, strict=True):
            if target == "Item":
                self.items.update(read_items(rows))
            else:
                self._keep(target, rows)
        # Documents that came with this call may carry items of their own; each is asked for once.
        self.read()

    def books(self) -> QuickBooksBooks:
        """Return what was read so far."""
        return QuickBooksBooks(
            dict(self.documents), dict(self.items), frozenset(self._asked - self.documents.keys())
        )

    def _unknown_items(self) -> set[str]:
        carried = {item for document in self.documents.values() for item in document.item_ids}
        return carried - self._asked_items

    def _concerns_us(self, target: str, row: Json) -> bool:
        return quickbooks_side.concerns_customers(target, row, self.receivable)

    def _keep(self, target: str, rows: Sequence[Json]) -> None:
        for row in rows:
            document = quickbooks_side.read_document(
                target, row, tenant=self.tenant, receivable=self.receivable
            )
            self.documents[document.key] = document
        if self.find_drift is not None and rows:
            self.drift.update(self.find_drift(target, rows))


def _applied_entity(document: StDocument, cents: int) -> Entity:
    if not document.shape.is_bought:
        return Entity.INVOICE
    return Entity.BILL if cents > 0 else Entity.VENDOR_CREDIT


def _by_id(target: str, ids: Sequence[str]) -> str:
    where = f"Id IN {quote_list(ids)}"
    if target == "Item":
        where += " AND Active IN (true, false)"
    return statement(target, where)


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(ids), IDS_AT_ONCE):
        yield ids[first : first + IDS_AT_ONCE]
