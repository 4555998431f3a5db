"""Gathering everything a tie-out needs: both systems anew, and the ledger's evidence on what was found.

What belongs here: the order of the reads, and which further documents a difference makes necessary. What
does not: the queries (reads) and the comparison (tie_out).

    1  both systems: the days                                   QuickBooks: one call a page of 500
    2  ServiceTitan: records that markers name and that were not in its lists
    3  the ledger: links, states and copies of all of them
    4  QuickBooks: linked documents that are not on the days, of every record of which a document is, so
       that each is whole on any range; and the items of all lines                          one call
    5  only where open balances differ: the payments of those documents, on whatever day    one call
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

from st_qbo_assets.books import quickbooks_side
from st_qbo_assets.books.applications import compare_applications
from st_qbo_assets.books.balances import payments_to_read
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import Change, Evidence, KnownLink, KnownState, OwnLoad, whole
from st_qbo_assets.books.loose_json import as_object, as_text
from st_qbo_assets.books.pairing import DOCUMENTS, Pairs, pair_documents
from st_qbo_assets.books.quickbooks_side import QuickBooksBooks
from st_qbo_assets.books.reads import (
    DriftFinder,
    QuickBooksQueries,
    QuickBooksReader,
    ServiceTitanLists,
    ServiceTitanReader,
)
from st_qbo_assets.books.servicetitan_side import ServiceTitanBooks
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Entity, SourceRef, Tenant
from st_qbo_assets.domain.outcomes import Outcome, Reason

#: States of a link to an object that we did not create.
_NOT_MADE_BY_US = frozenset({"adopted", "settled_pair"})
_ADJUSTMENTS = ("adjustment", "adjustment_application")
#: The parts of records that may stand somewhere of their own, the record itself first (rule 5.5).
_PARTS = {
    Entity.INVOICE: ("", *_ADJUSTMENTS),
    Entity.CREDIT_MEMO: ("", "application", *_ADJUSTMENTS),
    Entity.PAYMENT: ("", "refund", "write_off", "application", *_ADJUSTMENTS),
    Entity.BILL: ("",),
    Entity.VENDOR_CREDIT: ("", "application"),
    Entity.BILL_PAYMENT: ("",),
}
#: Where a link keeps the changes that somebody made in QuickBooks and that were accepted.
_ACCEPTED = "accepted"


class LinkRow(Protocol):
    """A row of the crosswalk, as the store has it."""

    @property
    def source(self) -> SourceRef:
        """The source record."""
        ...

    @property
    def target(self) -> str:
        """QuickBooks entity."""
        ...

    @property
    def qbo_id(self) -> str:
        """QuickBooks id."""
        ...

    @property
    def state(self) -> str:
        """How the link came to be."""
        ...

    @property
    def confirmed(self) -> Mapping[str, Any]:
        """Our fields as QuickBooks last confirmed them; what was accepted there stands under `accepted`."""
        ...


class StateRow(Protocol):
    """Where a record stands, as the store has it."""

    @property
    def source(self) -> SourceRef:
        """The source record."""
        ...

    @property
    def outcome(self) -> Outcome:
        """Outcome of the last load."""
        ...

    @property
    def reason(self) -> Reason | None:
        """Why it is not simply posted."""
        ...


class MarkedRow(Protocol):
    """A QuickBooks object that carries markers, as the index has it."""

    @property
    def target(self) -> str:
        """QuickBooks entity."""
        ...

    @property
    def qbo_id(self) -> str:
        """QuickBooks id."""
        ...


class Records(Protocol):
    """Links and states by source (`store.ledger.Ledger`)."""

    def links_of_records(
        self, company: Company, sources: Iterable[SourceRef], /
    ) -> Mapping[SourceRef, Sequence[LinkRow]]:
        """Return the links of many records, whatever part of them they are of, in one query."""
        ...

    def record_states(
        self, company: Company, sources: Iterable[SourceRef], /
    ) -> Mapping[SourceRef, StateRow]:
        """Return where many records stand in one query."""
        ...


class LinksByTarget(Protocol):
    """Links by QuickBooks object (`store.links.Links`)."""

    def of_targets(
        self, company: Company, target: str, qbo_ids: Iterable[str], /
    ) -> Mapping[str, Sequence[LinkRow]]:
        """Return the links to many objects of one entity in one query."""
        ...


@dataclass(frozen=True)
class Sources:
    """Where a tie-out reads.

    Attributes:
        records: links and states by source.
        links: links by QuickBooks object.
        doubled: sources that the index of markers knows in two living objects (`store.markers`).
        find_drift: finds fields somebody edited in QuickBooks, from the objects just read.
        tenant: the company's tenant where several feed one realm, else None.
        receivable: ids of QuickBooks' accounts of type Accounts Receivable.
        seen_until: newest vendor stamp the last load of the days had read; None if unknown.
        own_load: tells of the last load of the day on which records of a kind are dated.
        book_close: QuickBooks' BookCloseDate.
    """

    servicetitan: ServiceTitanLists
    quickbooks: QuickBooksQueries
    records: Records
    links: LinksByTarget
    doubled: Mapping[SourceRef, Sequence[MarkedRow]] = field(
        default_factory=dict[SourceRef, Sequence[MarkedRow]]
    )
    find_drift: DriftFinder | None = None
    tenant: Tenant | None = None
    receivable: frozenset[str] = frozenset()
    seen_until: datetime | None = None
    own_load: Callable[[Entity, date], OwnLoad] | None = None
    book_close: date | None = None


@dataclass(frozen=True)
class Gathered:
    """Everything `tie_out` takes."""

    servicetitan: ServiceTitanBooks
    quickbooks: QuickBooksBooks
    evidence: Evidence


def gather(sources: Sources, company: CompanyFile, days: Sequence[date], *, today: date) -> Gathered:
    """Read both systems anew for the days, and whatever their differences make necessary."""
    servicetitan = ServiceTitanReader(sources.servicetitan, company, today)
    servicetitan.read_days(min(days), max(days))
    quickbooks = QuickBooksReader(
        sources.quickbooks,
        sources.tenant,
        sources.find_drift,
        receivable=sources.receivable,
        entities=quickbooks_side.entities_of(company),
    )
    quickbooks.read_days(min(days), max(days))
    servicetitan.read(_marked(quickbooks))
    servicetitan.read_named()
    known = _Known(sources, Company(company.name))
    known.look_up(servicetitan, quickbooks)
    wanted = set(days)
    quickbooks.read(known.documents_of([*_of_days(servicetitan, wanted), *known.owners_of(quickbooks)]))
    known.look_up(servicetitan, quickbooks)
    servicetitan.read(_marked(quickbooks))
    servicetitan.read(known.sources_of([*quickbooks.documents, *_tied(quickbooks)]))
    servicetitan.read_named()
    known.look_up(servicetitan, quickbooks)
    _read_what_explains(servicetitan, quickbooks, known, wanted)
    own_loads = known.own_loads(servicetitan, quickbooks, wanted)
    evidence = replace(known.evidence(quickbooks), own_loads=own_loads)
    return Gathered(servicetitan.books(), quickbooks.books(), evidence)


def _of_days(servicetitan: ServiceTitanReader, days: set[date]) -> Iterable[SourceRef]:
    """Yield the records of the days, and the payments that refunds among them give back."""
    for source, document in servicetitan.documents.items():
        if document.day in days:
            yield source
            if document.refunds:
                yield SourceRef(Entity.PAYMENT, document.refunds)


def _tied(quickbooks: QuickBooksReader) -> Iterable[QboKey]:
    """Yield the refunds that payments are applied to (rule 3.5)."""
    return (
        key
        for document in quickbooks.documents.values()
        for key in document.applied
        if key.target == "Purchase"
    )


def _read_what_explains(
    servicetitan: ServiceTitanReader, quickbooks: QuickBooksReader, known: "_Known", days: set[date]
) -> None:
    """Read what a first comparison shows to be needed, whatever its day.

    Of documents whose open balances differ the payments on both sides; of payments that are applied
    otherwise what they are applied to.
    """
    pairs = pair_documents(servicetitan.documents, quickbooks.documents, known.evidence(quickbooks))
    differing = dict(payments_to_read(pairs))
    others = set(targets_to_read(pairs, days))
    if not differing and not others:
        return
    servicetitan.read_applied_to(differing)
    servicetitan.read_named()
    known.look_up(servicetitan, quickbooks)
    linked = [key for keys in differing.values() for key in keys]
    payments = {
        source
        for source, document in servicetitan.documents.items()
        if any(pairs.applied_source(each, document.shape) in differing for each in document.applied)
    }
    quickbooks.read([*linked, *known.documents_of({*others, *payments, *known.records_of(linked)})])
    known.look_up(servicetitan, quickbooks)
    servicetitan.read(known.owners_of(quickbooks))
    servicetitan.read_named()
    known.look_up(servicetitan, quickbooks)


def targets_to_read(pairs: Pairs, days: set[date]) -> Iterable[SourceRef]:
    """Yield what records of the days apply otherwise and QuickBooks was not asked for."""
    for pair in pairs.by_source.values():
        st = pair.counted
        if st is None or (st.day not in days and not pair.live):
            continue
        for gap in compare_applications(pair, pairs)[0]:
            if isinstance(gap.target, SourceRef) and gap.open_cents is None:
                yield gap.target


def _marked(quickbooks: QuickBooksReader) -> Iterable[SourceRef]:
    return (whole(source) for document in quickbooks.documents.values() for source in document.sources)


@dataclass
class _Known:
    """The ledger's evidence, looked up once for each source and object."""

    places: Sources
    company: Company
    _links: dict[tuple[SourceRef, QboKey], KnownLink] = field(
        default_factory=dict[tuple[SourceRef, QboKey], KnownLink]
    )
    _states: dict[SourceRef, KnownState] = field(default_factory=dict[SourceRef, KnownState])
    _sources: set[SourceRef] = field(default_factory=set[SourceRef])
    _keys: set[QboKey] = field(default_factory=set[QboKey])

    def look_up(self, servicetitan: ServiceTitanReader, quickbooks: QuickBooksReader) -> None:
        """Look up what is new: records, their customers, what they pay, and objects without a marker."""
        parties = {document.party for document in servicetitan.documents.values()} - {None}
        self._by_source(
            [
                *servicetitan.documents,
                *_marked(quickbooks),
                *(party for party in parties if party is not None),
            ]
        )
        unmarked = {key for key, document in quickbooks.documents.items() if not document.sources}
        paid = {key for document in quickbooks.documents.values() for key in document.applied}
        self._by_key(unmarked | (paid - quickbooks.documents.keys()))

    def documents_of(self, sources: Iterable[SourceRef]) -> list[QboKey]:
        """Return the QuickBooks documents that records are linked to or were seen in."""
        wanted = set(sources)
        linked = [key for source, key in self._links if whole(source) in wanted and key.target in DOCUMENTS]
        doubled = [
            QboKey(row.target, row.qbo_id)
            for source, rows in self.places.doubled.items()
            if whole(source) in wanted
            for row in rows
        ]
        return [*linked, *doubled]

    def owners_of(self, quickbooks: QuickBooksReader) -> list[SourceRef]:
        """Return the records that the documents in hand belong to, by their marker or by their link."""
        return [*_marked(quickbooks), *self.sources_of(quickbooks.documents)]

    def records_of(self, keys: Sequence[QboKey]) -> list[SourceRef]:
        """Return the records that objects not read yet are linked to, with all links of those looked up."""
        self._by_key(keys)
        found = self.sources_of(keys)
        self._by_source(found)
        return found

    def sources_of(self, keys: Iterable[QboKey]) -> list[SourceRef]:
        """Return the records that objects without a marker are linked to."""
        wanted = set(keys)
        return [whole(source) for source, key in self._links if key in wanted]

    def evidence(self, quickbooks: QuickBooksReader) -> Evidence:
        """Return what is known so far."""
        return Evidence(
            links=tuple(self._links.values()),
            states=tuple(self._states.values()),
            drift=dict(quickbooks.drift),
            seen_until=self.places.seen_until,
            book_close=self.places.book_close,
        )

    def own_loads(
        self, servicetitan: ServiceTitanReader, quickbooks: QuickBooksReader, days: set[date]
    ) -> dict[SourceRef, OwnLoad]:
        """Return the last load of the own day of records that may differ for want of it.

        Those are the ones that are due and no load has known, and of other days those with documents in hand.
        """
        ask = self.places.own_load
        if ask is None:
            return {}
        known = {whole(source) for source in (*self._states, *(source for source, _ in self._links))}
        owners = set(self.owners_of(quickbooks))
        found: dict[SourceRef, OwnLoad] = {}
        for source, document in servicetitan.documents.items():
            is_new = document.counts and source not in known and source not in owners
            if document.day in days and is_new:
                found[source] = OwnLoad(is_due=ask(source.entity, document.day).is_due)
            elif document.day not in days and (is_new or source in owners):
                own = ask(source.entity, document.day)
                found[source] = own if is_new else replace(own, is_due=False)
        return found

    def _by_source(self, sources: Iterable[SourceRef]) -> None:
        new = [source for source in dict.fromkeys(sources) if source not in self._sources]
        if not new:
            return
        self._sources.update(new)
        with_parts = [
            SourceRef(source.entity, source.id, part)
            for source in new
            for part in _PARTS.get(source.entity, ("",))
        ]
        for rows in self.places.records.links_of_records(self.company, new).values():
            self._keep(rows)
            with_parts += [row.source for row in rows]
        for source, row in self.places.records.record_states(self.company, with_parts).items():
            self._states[source] = KnownState(row.source, row.outcome, row.reason)

    def _by_key(self, keys: Iterable[QboKey]) -> None:
        new = set(keys) - self._keys
        self._keys |= new
        for target in sorted({key.target for key in new}):
            ids = sorted(key.id for key in new if key.target == target)
            for rows in self.places.links.of_targets(self.company, target, ids).values():
                self._keep(rows)

    def _keep(self, rows: Iterable[LinkRow]) -> None:
        for row in rows:
            is_adopted = str(row.state) in _NOT_MADE_BY_US
            key = QboKey(row.target, row.qbo_id)
            self._links[row.source, key] = KnownLink(row.source, key, is_adopted, _accepted(row.confirmed))


def _accepted(confirmed: Mapping[str, Any]) -> tuple[Change, ...]:
    changes = as_object(confirmed.get(_ACCEPTED))
    return tuple(
        Change(name, as_text(as_object(change).get("confirmed")), as_text(as_object(change).get("now")))
        for name, change in changes.items()
    )
