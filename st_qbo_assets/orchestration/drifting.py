"""What people edited or deleted in QuickBooks of the documents that are ours, found and kept on the links.

What belongs here: comparing objects that were just read with what QuickBooks last confirmed, whoever read
them, and following QuickBooks' changes up to a stored instant. What does not: what is done about drift
(`load`, by the company's policy), and what a difference is called (`books`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import FieldDrift
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json, Outcome
from st_qbo_assets.load.objects import written_by
from st_qbo_assets.load.verify import deleted_json, drift, drift_json, owned_fields
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.quickbooks.changes import Read, read_changes
from st_qbo_assets.quickbooks.query import quote_list, statement
from st_qbo_assets.store.links import Link, LinkState

#: How far QuickBooks' changes are read.
FEED = "quickbooks/changes"
#: Windows overlap by this much: stamps are whole seconds, and clocks differ (QB §3.9).
_MARGIN = timedelta(minutes=5)
#: Why people were asked to void a document in QuickBooks.
_ASKED = frozenset({"needs_void", "gone_from_servicetitan"})
_IDS_AT_ONCE = 200


@dataclass
class DriftFinder:
    """Compares objects with what QuickBooks last confirmed, and keeps what differs on their links.

    Attributes:
        connections: the company's.
        found: links whose drift is new or another than before, as they are now.
        healed: links that agree again.
    """

    connections: Connections
    found: list[Link] = field(default_factory=list[Link])
    healed: list[Link] = field(default_factory=list[Link])

    def compare(self, target: str, rows: Sequence[Json]) -> Mapping[QboKey, tuple[FieldDrift, ...]]:
        """Return the edited fields of objects of one entity in words, and keep them as they are."""
        by_id = {str(row.get("Id", "")): row for row in rows}
        differing: dict[QboKey, tuple[FieldDrift, ...]] = {}
        for link in self._links(target, by_id):
            obj = by_id[link.qbo_id]
            if _version(obj.get("SyncToken")) < _version(link.sync_token):
                continue  # read before we wrote it
            changes = drift(link.confirmed, owned_fields(target, obj))
            self._keep(link, drift_json(changes) if changes else None)
            if changes:
                differing[QboKey(target, link.qbo_id)] = changes
        return differing

    def note_deleted(self, target: str, qbo_ids: Iterable[str]) -> None:
        """Keep that documents were deleted in QuickBooks."""
        for link in self._links(target, qbo_ids):
            self._keep(link, deleted_json())

    def mark_days(self, defs: CompanyDefs) -> None:
        """Make the days of what drifted or agrees again due to be loaded: the load says what follows."""
        days = [link.day for link in (*self.found, *self.healed) if link.day is not None]
        start = defs.company.start_date
        self.connections.dirty_days.mark(defs.name, [day for day in days if day >= start])

    def _links(self, target: str, qbo_ids: Iterable[str]) -> Iterable[Link]:
        found = self.connections.links.of_targets(self.connections.name, target, qbo_ids)
        return (link for links in found.values() for link in links if link.state is not LinkState.VOIDED)

    def _keep(self, link: Link, told: Json | None) -> None:
        if told == link.drift or not self.connections.links.set_drift(link, told):
            return
        (self.found if told else self.healed).append(link)


@dataclass(frozen=True)
class Followed:
    """What one reading of QuickBooks' changes brought.

    Attributes:
        changed: objects read, ours or not.
        deleted: objects deleted, ours or not.
        found: our links with new drift.
        healed: our links without drift any more.
        deletions_since: from when on all deletions are known.
    """

    changed: int
    deleted: int
    found: tuple[Link, ...]
    healed: tuple[Link, ...]
    deletions_since: datetime


def follow_changes(defs: CompanyDefs, connections: Connections) -> Followed:
    """Read what changed in QuickBooks since the last time, keep what drifted, and remember how far.

    The mark moves last, so that whatever dies before, the same changes are read again.
    """
    now = defs.now_utc()
    since = connections.marks.get(defs.name, FEED) or connections.links.oldest(defs.name) or now
    return keep_followed(
        defs,
        connections,
        read_changes(connections.quickbooks, written_by(defs.company), since=since, now=now),
    )


def keep_followed(defs: CompanyDefs, connections: Connections, read: Read) -> Followed:
    """Keep what drifted of the documents in an answer, whoever asked, and remember how far it reached."""
    now, finder = defs.now_utc(), DriftFinder(connections)
    entities = written_by(defs.company)
    for target in entities:
        finder.compare(target, read.objects.get(target, ()))
        finder.note_deleted(target, read.deleted.get(target, ()))
    finder.mark_days(defs)
    connections.flush()
    connections.marks.advance(defs.name, FEED, min(read.as_of or now, now) - _MARGIN)
    return Followed(
        changed=sum(len(read.objects.get(target, ())) for target in entities),
        deleted=sum(len(read.deleted.get(target, ())) for target in entities),
        found=tuple(finder.found),
        healed=tuple(finder.healed),
        deletions_since=read.deletions_since,
    )


def look_at_asked(connections: Connections, entities: Iterable[Entity], days: Collection[date]) -> None:
    """Keep what drifted of documents that people were asked to void: one may have done so a moment ago.

    Without such a document it costs nothing, else one call for all of them. A load that nobody waits for goes
    by the changes that QuickBooks tells and by the last tie-out.
    """
    name, held = connections.name, list[SourceRef]()
    for entity in entities:
        states = connections.states.of_days(name, entity, days, outcomes=[Outcome.HELD])
        held += [each.source for each in states if each.reason is not None and each.reason.code in _ASKED]
    ids: dict[str, list[str]] = {}
    for links in connections.links.of_sources(name, held).values() if held else ():
        for link in links:
            if link.state is not LinkState.VOIDED:
                ids.setdefault(link.target, []).append(link.qbo_id)
    plan = [
        (target, found[first : first + _IDS_AT_ONCE])
        for target, found in sorted(ids.items())
        for first in range(0, len(found), _IDS_AT_ONCE)
    ]
    if not plan:
        return
    finder = DriftFinder(connections)
    asked = [statement(target, f"Id IN {quote_list(some)}") for target, some in plan]
    for (target, some), rows in zip(plan, connections.quickbooks.batch_queries(asked), strict=True):
        finder.compare(target, rows)
        finder.note_deleted(target, set(some) - {str(row.get("Id", "")) for row in rows})


def _version(text: object) -> int:
    return int(str(text)) if str(text or "").isdigit() else 0
