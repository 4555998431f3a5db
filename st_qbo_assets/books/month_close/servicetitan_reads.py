"""What the month close reads of ServiceTitan: the month's documents, its jobs and its recognition entries.

What belongs here: the lists asked for, and what is kept of their rows beside the tie-out's values. What does
not: the gate and amounts, which the tie-out's own reader knows. These reads are not metered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from st_qbo_assets.books.documents import StDocument
from st_qbo_assets.books.goods_used import GoodsUsed, goods_of_invoice
from st_qbo_assets.books.loose_json import as_object, as_text
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.objects import cents_of
from st_qbo_assets.books.reads import ServiceTitanLists, ServiceTitanReader
from st_qbo_assets.books.receipts import Receipt
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import local_day, parse_business_date, parse_instant
from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.servicetitan.endpoints import Endpoint
from st_qbo_assets.servicetitan.windows import Params, Window, window_params

_JOURNAL = Endpoint("accounting", "journal-entries", page_size=500)
_RECOGNITION = "RevenueRecognition"
#: How long before the month goods may have come whose bill is still not there.
_RECEIVED_BEFORE = timedelta(days=92)


@dataclass(frozen=True)
class TaxPlace:
    """Where a document is taxed: its zone by id, and the code that names it where it has none."""

    zone_id: str = ""
    code: str = ""


@dataclass(frozen=True)
class JobDone:
    """A completed job: its number, the local day of its completion, its invoice."""

    id: str
    number: str
    completed: date
    invoice_id: str = ""


@dataclass(frozen=True)
class RecognitionLine:
    """One line of a journal entry by which ServiceTitan recognizes revenue."""

    entry: str
    name: str
    posted: date | None
    account: str
    debit_cents: int
    credit_cents: int
    unit: str
    memo: str


@dataclass
class ServiceTitanMonth:
    """What was read of ServiceTitan.

    Attributes:
        documents: invoices, credit memos and payments around the month, and the invoices of its jobs.
        taxed: where each invoice and credit memo is taxed.
        zones: tax zone id → name.
        job_of: invoice id → its job's id.
        jobs: completed jobs of those invoices and of the month.
        recognition: the recognition lines posted in the month.
        goods: invoice → the goods on it, where the company buys.
        receipts: of goods received in the month and for a while before it, where the company buys.
        received_since: from when on.
        refused: what ServiceTitan did not let us read, a sentence each.
    """

    month: Month
    documents: Mapping[SourceRef, StDocument] = field(default_factory=dict[SourceRef, StDocument])
    taxed: dict[SourceRef, TaxPlace] = field(default_factory=dict[SourceRef, TaxPlace])
    zones: dict[str, str] = field(default_factory=dict[str, str])
    job_of: dict[str, str] = field(default_factory=dict[str, str])
    jobs: dict[str, JobDone] = field(default_factory=dict[str, JobDone])
    recognition: list[RecognitionLine] = field(default_factory=list[RecognitionLine])
    goods: dict[SourceRef, tuple[GoodsUsed, ...]] = field(
        default_factory=dict[SourceRef, tuple[GoodsUsed, ...]]
    )
    receipts: tuple[Receipt, ...] = ()
    received_since: date | None = None
    refused: list[str] = field(default_factory=list[str])

    def due(self, *entities: Entity) -> Iterator[StDocument]:
        """Yield the documents of the month that count by the gate (rule 6.1)."""
        for source, document in self.documents.items():
            if source.entity in entities and document.counts and Month.of(document.day) == self.month:
                yield document

    def used(self) -> Iterator[GoodsUsed]:
        """Yield the goods on the month's due invoices."""
        for document in self.due(Entity.INVOICE):
            yield from self.goods.get(document.source, ())


def read_servicetitan(
    client: ServiceTitanLists, company: CompanyFile, month: Month, *, today: date
) -> ServiceTitanMonth:
    """Return what the close of a month needs of ServiceTitan."""
    found = ServiceTitanMonth(month)
    noting = _Noting(client, company, found)
    reader = ServiceTitanReader(noting, company, today)
    first = max(company.start_date, month.first)
    reader.read_days(first, month.last)
    made = Window(_midnight(first, company), _midnight(month.last + timedelta(days=1), company))
    for _ in noting.rows("jobs", filters=window_params("completedOnOrAfter", "completedBefore", made)):
        pass  # noted as it passes
    reader.read(SourceRef(Entity.INVOICE, job.invoice_id) for job in found.jobs.values() if job.invoice_id)
    if company.buys:
        found.received_since = max(company.start_date, first - _RECEIVED_BEFORE)
        if found.received_since < first:
            reader.read_received(found.received_since, first - timedelta(days=1))
    books = reader.books()
    found.documents, found.receipts = books.documents, books.receipts
    found.zones = {as_text(row.get("id")): as_text(row.get("name")) for row in client.rows("tax-zones")}
    try:
        found.recognition = list(_recognition(client, month))
    except RemoteFault as fault:
        found.refused.append(f"ServiceTitan does not let us read its journal entries: {fault}")
    return found


class _Noting:
    """Passes rows on and notes what the tie-out's values leave out."""

    def __init__(self, client: ServiceTitanLists, company: CompanyFile, found: ServiceTitanMonth) -> None:
        self._client = client
        self._company = company
        self._found = found

    def rows(
        self, endpoint: str | Endpoint, *, ids: Iterable[int] | None = None, filters: Params = ()
    ) -> Iterator[Json]:
        for row in self._client.rows(endpoint, ids=ids, filters=filters):
            if endpoint == "invoices":
                self._note_tax(SourceRef(Entity.INVOICE, as_text(row.get("id"))), row)
                self._found.job_of[as_text(row.get("id"))] = as_text(as_object(row.get("job")).get("id"))
                self._note_goods(row)
            elif endpoint == "credit-memos":
                self._note_tax(SourceRef(Entity.CREDIT_MEMO, as_text(row.get("id"))), row)
            elif endpoint == "jobs":
                self._note_job(row)
            yield row

    def _note_goods(self, row: Json) -> None:
        if self._company.buys:
            invoice = SourceRef(Entity.INVOICE, as_text(row.get("id")))
            self._found.goods[invoice] = tuple(goods_of_invoice(row, self._company))

    def _note_job(self, row: Json) -> None:
        try:
            completed = parse_instant(row.get("completedOn"))
        except ValueError:
            return
        if completed is None or as_text(row.get("jobStatus")) != "Completed":
            return
        id_ = as_text(row.get("id"))
        self._found.jobs[id_] = JobDone(
            id_,
            as_text(row.get("jobNumber")),
            local_day(completed, self._company.time_zone),
            as_text(row.get("invoiceId")),
        )

    def _note_tax(self, source: SourceRef, row: Json) -> None:
        code = as_text(as_object(row.get("salesTaxCode")).get("name"))
        self._found.taxed[source] = TaxPlace(as_text(row.get("taxZoneId")), code)


def _recognition(client: ServiceTitanLists, month: Month) -> Iterator[RecognitionLine]:
    posted = (
        ("postedFrom", f"{month.first.isoformat()}T00:00:00Z"),
        ("postedTo", f"{month.last.isoformat()}T23:59:59Z"),
        ("empty", "Exclude"),
    )
    for entry in client.rows(_JOURNAL, filters=posted):
        posted_on = _day(entry.get("postDate"))
        if posted_on is None or Month.of(posted_on) != month:
            continue
        details = Endpoint("accounting", f"journal-entries/{as_text(entry.get('id'))}/details", page_size=500)
        for line in client.rows(details):
            if as_text(as_object(line.get("transaction")).get("type")) == _RECOGNITION:
                yield _line(entry, line)


def _line(entry: Json, line: Json) -> RecognitionLine:
    account = as_object(line.get("account"))
    label = f"{as_text(account.get('number'))} {as_text(account.get('name'))}".strip()
    return RecognitionLine(
        entry=as_text(entry.get("number")),
        name=as_text(entry.get("name")),
        posted=_day(line.get("postDate")) or _day(entry.get("postDate")),
        account=label,
        debit_cents=cents_of(line.get("debit")),
        credit_cents=cents_of(line.get("credit")),
        unit=as_text(as_object(line.get("businessUnit")).get("name")),
        memo=as_text(line.get("memo")),
    )


def _day(value: object) -> date | None:
    try:
        return parse_business_date(value)
    except ValueError:
        return None


def _midnight(day: date, company: CompanyFile) -> datetime:
    return datetime.combine(day, time(), tzinfo=company.zone).astimezone(UTC)
