"""The result of a tie-out: a day's figures, and every record that differs or has to be listed.

What belongs here: these values, and collecting one day's. What does not: pairing and classing, which
decide what is collected (tie_out), and what a day's result means (verdict).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from st_qbo_assets.books.causes import UNEXPLAINED, Finding, Kind, does_not_add_up, unexplained
from st_qbo_assets.books.documents import QboDocument, QboKey, Shape, StDocument
from st_qbo_assets.books.figures import BALANCES, Amount, Contribution, Figure, FigureKey, Tally, differences
from st_qbo_assets.books.pairing import Pair
from st_qbo_assets.books.receipts import NotBilled
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.money import from_cents

#: How far a document is paid.
STATUSES = ("paid", "part", "open")


@dataclass(frozen=True)
class Record:
    """One document that differs on a day, or that has to be listed, with its one cause.

    Attributes:
        day: the day on which it shows; a document that moved shows on both.
        entity: what it is in the books (`invoices`, `payments`, `bills` …), or `balances` for the open
            balance of an invoice or credit.
        source: the ServiceTitan record, None for a QuickBooks document of nobody.
        quickbooks: its QuickBooks documents, void ones included.
        number: the number people know it by.
        customer: customer or vendor name.
        document_cents: what the document is about, also where it counts on neither side.
        servicetitan_cents: what ServiceTitan counts for it on the day; None if nothing.
        quickbooks_cents: what QuickBooks counts for it on the day; None if nothing.
        differences: ServiceTitan less QuickBooks, for every measure in which they differ.
        differs_in: the facets in which the two documents differ (`missing`, `total`, `customer` …).
        finding: the cause with its evidence.
    """

    day: date
    entity: str
    source: SourceRef | None
    quickbooks: tuple[QboKey, ...]
    number: str
    customer: str
    document_cents: int
    servicetitan_cents: int | None
    quickbooks_cents: int | None
    differences: Mapping[FigureKey, Amount]
    differs_in: tuple[str, ...]
    finding: Finding

    @property
    def cause(self) -> str:
        """Name of the cause."""
        return self.finding.cause.name

    @property
    def kind(self) -> Kind:
        """Whether the cause is failing, waiting or informational."""
        return self.finding.cause.kind

    @property
    def difference_cents(self) -> int:
        """ServiceTitan less QuickBooks."""
        return (self.servicetitan_cents or 0) - (self.quickbooks_cents or 0)


@dataclass(frozen=True)
class Uncounted:
    """ServiceTitan documents of a day that are not due, by the gate's reason."""

    entity: str
    code: str
    count: int
    cents: int


@dataclass(frozen=True)
class OpenPayable:
    """What QuickBooks has open of a day's bills and credits of one vendor; ServiceTitan tells of none.

    Attributes:
        vendor: his key in the figure `payables`.
        documents: bills and credits that are open.
    """

    vendor: str
    name: str
    documents: int
    cents: int


@dataclass(frozen=True)
class DayTieOut:
    """One day compared.

    Attributes:
        figures: every measure on both sides; income has one for each account.
        statuses: status (`paid`, `part`, `open`) → (ServiceTitan, QuickBooks) invoices.
        records: what differs or has to be listed, gravest cause first.
        uncounted: what ServiceTitan dates on the day and the gate leaves out.
        open_payables: by vendor what is still open of the day's bills and credits.
        not_billed: goods received on the day whose bill is not there yet.
    """

    day: date
    figures: tuple[Figure, ...]
    statuses: Mapping[str, tuple[int, int]]
    records: tuple[Record, ...]
    uncounted: tuple[Uncounted, ...] = ()
    open_payables: tuple[OpenPayable, ...] = ()
    not_billed: tuple[NotBilled, ...] = ()

    def figure(self, entity: str, account: str = "") -> Figure:
        """Return one figure; zero if nothing contributes to it."""
        for figure in self.figures:
            if (figure.entity, figure.account) == (entity, account):
                return figure
        return Figure(entity, account)

    @property
    def unexplained_cents(self) -> int:
        """What no cause covers, over all measures."""
        return sum(figure.unexplained_cents for figure in self.figures)

    @cached_property
    def findings(self) -> tuple[Record, ...]:
        """The records, after the figures that differ by another amount than these add up to.

        There is none of the latter unless the comparison itself lost something.
        """
        return (*self._unaccounted(), *self.records)

    def _unaccounted(self) -> Iterator[Record]:
        told: dict[FigureKey, Amount] = {}
        for record in self.records:
            for key, amount in record.differences.items():
                so_far = told.get(key, Amount(0, 0))
                told[key] = Amount(so_far.documents + amount.documents, so_far.cents + amount.cents)
        for figure in self.figures:
            key = FigureKey(figure.entity, figure.account)
            count = figure.servicetitan_count - figure.quickbooks_count
            explained = told.get(key, Amount(0, 0))
            if explained != Amount(count, figure.difference_cents):
                yield _of_figure(self.day, figure, explained)


@dataclass(frozen=True)
class Side:
    """What a pair contributes on one day.

    Attributes:
        servicetitan: of the ServiceTitan document; None if it does not count there that day.
        quickbooks: of the QuickBooks documents of that day; None if there is none.
    """

    servicetitan: Contribution | None
    quickbooks: Contribution | None

    def only(self, *, balances: bool) -> "Side":
        """Return the part about open balances, or the other one."""
        return Side(_only(self.servicetitan, balances), _only(self.quickbooks, balances))

    @property
    def differences(self) -> dict[FigureKey, Amount]:
        """ServiceTitan less QuickBooks where they differ."""
        return differences(self.servicetitan or {}, self.quickbooks or {})


@dataclass
class DayBook:
    """Collects one day."""

    day: date
    tally: Tally = field(default_factory=Tally)
    records: list[Record] = field(default_factory=list[Record])
    _statuses: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    _uncounted: dict[tuple[str, str], list[int]] = field(default_factory=dict[tuple[str, str], list[int]])
    _payables: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def add(
        self, pair: Pair, side: Side, *, finding: Finding | None, differs_in: tuple[str, ...], entity: str
    ) -> None:
        """Add what a pair contributes to the figures of an entity, and its record if it has one."""
        found = side.differences
        if found and finding is None:
            finding = unexplained("The two sides differ on this day.", entity=pair.entity.plural)
        cause = finding.cause.name if finding is not None else ""
        self.tally.add(
            side.servicetitan or {}, side.quickbooks or {}, cause=cause, unexplained=cause == UNEXPLAINED.name
        )
        if finding is not None and (found or entity != BALANCES):
            self.records.append(_record(self.day, pair, side, found, finding, differs_in, entity))

    def count_status(self, pair: Pair) -> None:
        """Count how far the invoices of a pair are paid on this day, on both sides."""
        counted = pair.counted
        if counted is not None and counted.day == self.day and counted.shape is Shape.INVOICE:
            self._count_status(counted, 0)
        for document in pair.live:
            if document.day == self.day and document.key.target == "Invoice":
                self._count_status(document, 1)

    def leave_out(self, shape: Shape, document: StDocument) -> None:
        """Count a ServiceTitan document of this day that is not due."""
        so_far = self._uncounted.setdefault((shape.value, document.not_due_code), [0, 0])
        so_far[0] += 1
        so_far[1] += document.total_cents

    def owe(self, vendor: str, document: QboDocument) -> None:
        """Count what is open of a bill or vendor's credit of this day."""
        if document.payable_cents:
            so_far = self._payables.setdefault(vendor, [0, 0])
            so_far[0] += 1
            so_far[1] += document.payable_cents

    def close(self, account_name: Callable[[str], str], not_billed: Iterable[NotBilled] = ()) -> DayTieOut:
        """Return the day; accounts and vendors are shown by the name the function gives for their key."""
        payables = [
            OpenPayable(vendor, account_name(vendor), count, cents)
            for vendor, (count, cents) in self._payables.items()
        ]
        return DayTieOut(
            day=self.day,
            figures=self.tally.figures(account_name),
            statuses={name: (both[0], both[1]) for name, both in self._all_statuses().items()},
            records=tuple(sorted(self.records, key=_gravity)),
            uncounted=tuple(
                Uncounted(entity, code, count, cents)
                for (entity, code), (count, cents) in sorted(self._uncounted.items())
            ),
            open_payables=tuple(sorted(payables, key=lambda each: each.name)),
            not_billed=tuple(each for each in not_billed if each.receipt.day == self.day),
        )

    def _count_status(self, document: StDocument | QboDocument, side: int) -> None:
        self._statuses.setdefault(_status(document), [0, 0])[side] += 1

    def _all_statuses(self) -> dict[str, list[int]]:
        return {name: self._statuses.get(name, [0, 0]) for name in STATUSES}


def _of_figure(day: date, figure: Figure, explained: Amount) -> Record:
    """Return what is listed of a figure that its records do not explain."""
    name = f"{figure.entity} {figure.account_name}".strip().replace("_", " ")
    ours, theirs = from_cents(figure.servicetitan_cents), from_cents(figure.quickbooks_cents)
    evidence = (
        f"{name}: {ours:,} ({figure.servicetitan_count}) in ServiceTitan, {theirs:,} "
        f"({figure.quickbooks_count}) in QuickBooks; the documents that differ come to "
        f"{from_cents(explained.cents):,} ({explained.documents})."
    )
    missing = Amount(
        figure.servicetitan_count - figure.quickbooks_count - explained.documents,
        figure.difference_cents - explained.cents,
    )
    return Record(
        day=day,
        entity=figure.entity,
        source=None,
        quickbooks=(),
        number="",
        customer="",
        document_cents=abs(missing.cents),
        servicetitan_cents=figure.servicetitan_cents,
        quickbooks_cents=figure.quickbooks_cents,
        differences={FigureKey(figure.entity, figure.account): missing},
        differs_in=("figure",),
        finding=does_not_add_up(evidence, entity=figure.entity.replace("_", " ")),
    )


def _record(
    day: date,
    pair: Pair,
    side: Side,
    found: Mapping[FigureKey, Amount],
    finding: Finding,
    differs_in: tuple[str, ...],
    entity: str,
) -> Record:
    document = pair.st if pair.st is not None else (*pair.mains, *pair.live, *pair.voided)[0]
    main = FigureKey(entity)
    about = document.balance_cents if entity == BALANCES else document.total_cents
    return Record(
        day=day,
        entity=entity,
        source=pair.source,
        quickbooks=tuple(each.key for each in (*pair.live, *pair.voided)) or pair.absent,
        number=document.number,
        customer=document.customer or next((each.customer for each in pair.live), ""),
        document_cents=about,
        servicetitan_cents=_cents(side.servicetitan, main),
        quickbooks_cents=_cents(side.quickbooks, main),
        differences=found,
        differs_in=differs_in,
        finding=finding,
    )


def _cents(contribution: Contribution | None, key: FigureKey) -> int | None:
    if contribution is None:
        return None
    amount = contribution.get(key)
    return amount.cents if amount is not None else 0


def _only(contribution: Contribution | None, balances: bool) -> Contribution | None:
    if contribution is None:
        return None
    return {key: amount for key, amount in contribution.items() if (key.entity == BALANCES) == balances}


def _status(document: StDocument | QboDocument) -> str:
    if document.balance_cents == 0:
        return "paid"
    return "open" if document.balance_cents == document.total_cents else "part"


def _gravity(record: Record) -> tuple[int, str, str]:
    return -record.kind.gravity, record.entity, str(record.source or record.quickbooks)
