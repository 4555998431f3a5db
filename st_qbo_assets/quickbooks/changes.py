"""Everything that changed in QuickBooks since an instant, however much that is.

What belongs here: how far back change data capture looks, and what is asked when it shows no more than its
1,000 objects (QuickBooks reference §3.9). What does not: the calls (`client`), where the last reading ended,
and what a change means.

    usual            one call for all entities
    truncated        one call for each entity
    still truncated  the newest span that fits, found by halving; what was before it by pages of a query
    too long ago     what was before by pages of a query

A query shows no deleted objects: `Read.deletions_since` says from when on they are all there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.answers import Changes
from st_qbo_assets.quickbooks.query import quote

#: QuickBooks looks back 30 days; an hour less, since its clock is not ours.
LOOK_BACK = timedelta(days=30) - timedelta(hours=1)
#: Spans are not halved below this: so much in so little time is read by query.
_SHORTEST = timedelta(minutes=1)


class ChangeSource(Protocol):
    """The calls that are made (`client.QuickBooks`)."""

    def cdc(self, entities: Iterable[str], since: datetime, /) -> Changes:
        """Return what changed since an instant."""
        ...

    def query(self, entity: str, where: str = "", /, *, order_by: str = "Id") -> Iterator[Json]:
        """Yield the objects of a query, page by page."""
        ...


@dataclass(frozen=True)
class Read:
    """Everything that changed.

    Attributes:
        objects: live objects by entity, each once, as they are now.
        deleted: ids of deleted objects by entity.
        deletions_since: from when on all deletions are known.
        as_of: QuickBooks' own time of the oldest answer; None if it told none.
    """

    objects: Mapping[str, tuple[Json, ...]]
    deleted: Mapping[str, tuple[str, ...]]
    deletions_since: datetime
    as_of: datetime | None


def read_changes(client: ChangeSource, entities: Sequence[str], *, since: datetime, now: datetime) -> Read:
    """Return what changed since an instant, with as few metered calls as that takes.

    Args:
        client: who is asked.
        entities: which objects.
        since: the instant; the boundary second belongs to it.
        now: the present.
    """
    reading = _Reading(client, now)
    start = max(since, now - LOOK_BACK)
    whole = client.cdc(entities, start)
    reading.note_time(whole)
    if not whole.truncated:
        reading.keep(whole)
    else:
        for entity in entities:
            reading.read(entity, start)
    if start > since:
        for entity in entities:
            reading.query(entity, since, start)
        reading.deletions_since = max(reading.deletions_since or start, start)
    return reading.result(since)


class _Reading:
    """Collects what is read; newer answers overwrite older ones."""

    def __init__(self, client: ChangeSource, now: datetime) -> None:
        self._client = client
        self._now = now
        self._objects: dict[str, dict[str, Json]] = {}
        self._deleted: dict[str, dict[str, None]] = {}
        self._as_of: datetime | None = None
        self.deletions_since: datetime | None = None

    def note_time(self, changes: Changes) -> None:
        """Remember the time of the oldest answer."""
        if self._as_of is None or (changes.as_of is not None and changes.as_of < self._as_of):
            self._as_of = changes.as_of

    def keep(self, changes: Changes) -> None:
        """Keep what an answer says."""
        for entity, rows in changes.objects.items():
            for row in rows:
                self._keep(entity, row)
        for entity, ids in changes.deleted.items():
            self._deleted.setdefault(entity, {}).update(dict.fromkeys(ids))

    def read(self, entity: str, since: datetime) -> None:
        """Read one entity, halving the span as long as it does not fit."""
        changes = self._client.cdc([entity], since)
        self.note_time(changes)
        start = since
        while changes.truncated and self._now - start > _SHORTEST:
            start += (self._now - start) / 2
            changes = self._client.cdc([entity], start)
        self.keep(changes)
        if start > since or changes.truncated:
            complete_from = self._now if changes.truncated else start
            self.query(entity, since, complete_from)
            self.deletions_since = max(self.deletions_since or complete_from, complete_from)

    def query(self, entity: str, since: datetime, before: datetime) -> None:
        """Read what lives and changed within a span."""
        where = (
            f"MetaData.LastUpdatedTime >= {quote(since)} AND "
            f"MetaData.LastUpdatedTime <= {quote(before + timedelta(seconds=1))}"
        )
        for row in self._client.query(entity, where):
            self._keep(entity, row)

    def result(self, since: datetime) -> Read:
        """Return everything; what was deleted meanwhile does not live."""
        return Read(
            objects={
                entity: tuple(row for id_, row in rows.items() if id_ not in self._deleted.get(entity, ()))
                for entity, rows in self._objects.items()
            },
            deleted={entity: tuple(ids) for entity, ids in self._deleted.items()},
            deletions_since=self.deletions_since or since,
            as_of=self._as_of,
        )

    def _keep(self, entity: str, row: Json) -> None:
        rows = self._objects.setdefault(entity, {})
        id_ = str(row.get("Id", ""))
        known = rows.get(id_)
        if known is None or _version(row) >= _version(known):
            rows[id_] = row


def _version(row: Json) -> int:
    text = str(row.get("SyncToken") or "0")
    return int(text) if text.isdigit() else 0
