"""The first connection: who in ServiceTitan is who in QuickBooks, before anything is written (rules 7.2, 10).

What belongs here: both sides read whole, every unlinked record in its bucket, and what its match waits for.
What does not: deciding a match (`matching`), and showing the report (command and asset).

    linked      a person, a rule or we ourselves made it a pair
    exact       would be linked by rule: the same name and e-mail, phone or address
    probable    one candidate, and a person says whether it is the same
    several     more than one candidate
    none        nobody like it: it will be made in QuickBooks
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.masters.sides import CUSTOMER
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.candidates import Candidates, sorted_words
from st_qbo_assets.load.masters.creating import is_wanted, servicetitan_card
from st_qbo_assets.load.masters.profiles import Profile, profile_of
from st_qbo_assets.load.matching import Card, Match, MatchKind, agreements, card_of, match_customer
from st_qbo_assets.load.settled import SettledLinks
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.states import RecordState

LINKED, EXACT, PROBABLE, SEVERAL, NONE = "linked", "exact", "probable", "several", "none"
BUCKETS = (LINKED, EXACT, PROBABLE, SEVERAL, NONE)
_LISTS = {Entity.CUSTOMER: ("customers", "Customer"), Entity.VENDOR: ("vendors", "Vendor")}


@dataclass(frozen=True)
class Candidate:
    """Somebody in QuickBooks a record may be.

    Attributes:
        score: likeness of the names, 0 to 100, whatever the order of the words.
        evidence: what else agrees: e-mail, phone, address.
    """

    qbo_id: str
    name: str
    score: int
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class MatchRow:
    """One record of ServiceTitan and who it is, or may be.

    Attributes:
        is_settled: whether links.csv decides it, at the next load.
        waiting_cents: amount of the documents that wait for it.
        since: since when it waits.
    """

    source: SourceRef
    target: str
    name: str
    bucket: str
    qbo_id: str = ""
    candidates: tuple[Candidate, ...] = ()
    why: str = ""
    is_settled: bool = False
    waiting_cents: int = 0
    since: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether a person has to decide."""
        return self.bucket in (PROBABLE, SEVERAL) and not self.is_settled


@dataclass(frozen=True)
class Matches:
    """The report over customers or vendors.

    Attributes:
        quickbooks: active names there, sub-customers left aside.
        sub_customers: sub-customers and projects, which are left alone.
        would_make_in_quickbooks: records without anybody like them.
        would_make_in_servicetitan: names of QuickBooks that nobody in ServiceTitan is, by policy.
        profiles: of ServiceTitan and QuickBooks.
    """

    entity: Entity
    rows: tuple[MatchRow, ...]
    quickbooks: int
    sub_customers: int
    would_make_in_quickbooks: int
    would_make_in_servicetitan: int
    profiles: Mapping[str, Profile]

    @property
    def waiting_cents(self) -> int:
        """The cents of the documents that wait for a match."""
        return sum(row.waiting_cents for row in self.rows if row.is_open)

    def oldest_wait_days(self, now: datetime) -> int:
        """Return for how many days the oldest match has been waiting."""
        return max(((now - row.since).days for row in self.rows if row.is_open and row.since), default=0)

    def count(self, bucket: str) -> int:
        """Return how many records are in a bucket."""
        return sum(row.bucket == bucket for row in self.rows)


class _Rows(Protocol):
    def rows(self, endpoint: str, *, ids: Iterable[int] | None = None) -> Iterable[Json]: ...


class _Query(Protocol):
    def query(self, entity: str, where: str = "") -> Iterable[Json]: ...


class _Links(Protocol):
    def of_sources(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> Mapping[SourceRef, list[Link]]: ...

    def of_targets(
        self, company: Company, target: str, qbo_ids: Iterable[str]
    ) -> Mapping[str, list[Link]]: ...


class _States(Protocol):
    def of_sources(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> Mapping[SourceRef, RecordState]: ...

    def waiting_for(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> Mapping[SourceRef, list[RecordState]]: ...


@dataclass(frozen=True)
class Sources:
    """Where the report reads: both vendors, and what the store knows."""

    company: Company
    servicetitan: _Rows
    quickbooks: _Query
    links: _Links
    states: _States
    settled: SettledLinks
    to_servicetitan: str
    listed: tuple[str, ...] = ()


def find_matches(entity: Entity, given: Sources, contacts: Mapping[str, Sequence[Json]]) -> Matches:
    """Return every active record of ServiceTitan in its bucket.

    Args:
        entity: customers or vendors.
        given: where to read.
        contacts: of customers, by customer id.
    """
    list_, target = _LISTS[entity]
    rows_read = list(given.servicetitan.rows(list_))
    records = [row for row in rows_read if row.get("active") is not False]
    stored = list(given.quickbooks.query(target, "Active IN (true, false)"))
    names = [row for row in stored if row.get("Job") is not True and not objects.ref(row, "ParentRef")]
    sources = {SourceRef(entity, objects.text(row.get("id"))): row for row in records}
    links = {
        source: link
        for source, found in given.links.of_sources(given.company, sources).items()
        for link in found
        if link.target == target
    }
    open_ = [source for source in sources if source not in links]
    own = {
        source: servicetitan_card(target, row, contacts.get(source.id, ())) for source, row in sources.items()
    }
    cards, theirs = [own[each] for each in open_], [card_of(row) for row in names]
    index = Candidates(theirs)

    def linked(ids: Iterable[str]) -> frozenset[str]:
        return frozenset(given.links.of_targets(given.company, target, sorted(ids)))

    likely = index.likely(cards, linked) if cards else []
    linked_ids = linked({card.id for some in likely for card in some})
    waiting = given.states.waiting_for(given.company, open_)
    states = given.states.of_sources(given.company, open_)
    rows = [
        MatchRow(source, target, objects.text(sources[source].get("name")), LINKED, qbo_id=link.qbo_id)
        for source, link in links.items()
    ]
    for source, card, some in zip(open_, cards, likely, strict=True):
        match = match_customer(card, some, linked_ids=linked_ids)
        rows.append(
            _row(
                source,
                target,
                sources[source],
                card,
                match,
                given.settled,
                waiting.get(source, []),
                states.get(source),
            )
        )
    taken = {row.qbo_id for row in rows if row.qbo_id} | {
        each.qbo_id for row in rows for each in row.candidates
    }
    return Matches(
        entity=entity,
        rows=tuple(sorted(rows, key=lambda row: (BUCKETS.index(row.bucket), row.name.casefold()))),
        quickbooks=sum(row.get("Active") is not False for row in names),
        sub_customers=len(stored) - len(names),
        would_make_in_quickbooks=sum(row.bucket == NONE for row in rows),
        would_make_in_servicetitan=sum(
            bool(is_wanted(row, to_servicetitan=given.to_servicetitan, listed=given.listed))
            for row in names
            if objects.text(row.get("Id")) not in taken
        ),
        profiles={
            "servicetitan": profile_of([*own.values()], left_out=len(rows_read) - len(records)),
            "quickbooks": profile_of(theirs),
        },
    )


def _row(
    source: SourceRef,
    target: str,
    record: Json,
    card: Card,
    match: Match,
    settled: SettledLinks,
    waiting: Sequence[RecordState],
    state: RecordState | None,
) -> MatchRow:
    pair = settled.get((source, target))
    cards = (match.card,) if match.card is not None else match.candidates
    candidates = tuple(_candidate(card, each) for each in cards)
    bucket = NONE
    if match.kind is MatchKind.LINK:
        bucket = EXACT
    elif match.kind is MatchKind.UNSURE:
        bucket = PROBABLE if len(candidates) == 1 else SEVERAL
    since = min((each.first_seen for each in waiting), default=state.first_seen if state else None)
    return MatchRow(
        source=source,
        target=target,
        name=objects.text(record.get("name")),
        bucket=bucket,
        qbo_id=candidates[0].qbo_id if bucket == EXACT else "",
        candidates=candidates,
        why=match.why,
        is_settled=pair is not None,
        waiting_cents=sum(each.cents for each in waiting),
        since=since if bucket in (PROBABLE, SEVERAL) else None,
    )


def _candidate(wanted: Card, card: Card) -> Candidate:
    from rapidfuzz import fuzz

    score = max((fuzz.ratio(sorted_words(wanted.key), sorted_words(key)) for key in card.keys), default=0.0)
    return Candidate(card.id, card.name, round(score), agreements(wanted, card))


def contacts_of(pages: Iterable[Sequence[Json]]) -> dict[str, list[Json]]:
    """Return the contacts of an export feed by customer; deleted ones are left out."""
    newest: dict[str, Json] = {}
    for rows in pages:
        for row in rows:
            newest[objects.text(row.get("id"))] = row
    found: dict[str, list[Json]] = {}
    for row in newest.values():
        if row.get("active") is not False:
            found.setdefault(objects.text(row.get("customerId")), []).append(row)
    return found


__all__ = [
    "BUCKETS",
    "CUSTOMER",
    "Candidate",
    "MatchRow",
    "Matches",
    "Sources",
    "contacts_of",
    "find_matches",
]
