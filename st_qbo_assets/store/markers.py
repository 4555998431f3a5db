"""The index of markers: which source every QuickBooks object we ever read names in its note.

What belongs here: keeping what was read, and finding a source twice. What does not: what a marker
looks like (`domain.ids`), and our own links (`links`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, case, func, select
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import Realm, SourceRef
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import markers

_READ = tuple(column.name for column in markers.columns if column.name != "seen_at")


@dataclass(frozen=True)
class MarkedObject:
    """One QuickBooks object as read, with the sources its note names (rule 2.6); no source is kept too.

    Attributes:
        deleted: whether QuickBooks says the object is gone.
    """

    target: str
    qbo_id: str
    sources: tuple[SourceRef, ...] = ()
    txn_date: date | None = None
    sync_token: int = 0
    total_cents: int = 0
    deleted: bool = False


class Markers:
    """The index of markers, fed by every QuickBooks object that is read or written."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def feed(self, realm: Realm, objects: Sequence[MarkedObject]) -> None:
        """Keep what was read of many objects at once; an older version never overwrites a newer."""
        newest: dict[tuple[str, str], MarkedObject] = {}
        for item in objects:
            known = newest.get((item.target, item.qbo_id))
            if known is None or (item.sync_token, item.deleted) >= (known.sync_token, known.deleted):
                newest[item.target, item.qbo_id] = item
        if not newest:
            return
        rows = [
            {
                "realm": realm,
                "target": target,
                "qbo_id": qbo_id,
                "sources": [str(source) for source in dict.fromkeys(item.sources)],
                "txn_date": item.txn_date,
                "sync_token": item.sync_token,
                "total_cents": item.total_cents,
                "deleted": item.deleted,
            }
            # in one order everywhere, so that two readers of the same objects cannot wait for each other
            for (target, qbo_id), item in sorted(newest.items())
        ]
        with self._database.begin() as connection:
            connection.execute(self._upsert(), rows)

    def _upsert(self):
        bound: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in _READ}
        statement = insert(markers).values(**bound, seen_at=self._database.now())
        new = statement.excluded
        return statement.on_conflict_do_update(
            index_elements=["realm", "target", "qbo_id"],
            # A tombstone carries no note, date, total or version: keep what the object last was.
            set_={
                "sources": _unless_deleted("sources", new),
                "txn_date": _unless_deleted("txn_date", new),
                "total_cents": _unless_deleted("total_cents", new),
                "sync_token": func.greatest(new.sync_token, markers.c.sync_token),
                "deleted": new.deleted,
                "seen_at": new.seen_at,
            },
            where=(new.sync_token >= markers.c.sync_token) | new.deleted,
        )

    def of_source(self, realm: Realm, source: SourceRef) -> list[MarkedObject]:
        """Return the living objects whose note names a source, oldest first."""
        query = select(markers).where(
            markers.c.realm == realm, markers.c.sources.contains([str(source)]), ~markers.c.deleted
        )
        with self._database.autocommit() as connection:
            rows = connection.execute(query.order_by(func.length(markers.c.qbo_id), markers.c.qbo_id))
            return [_marked_from(row) for row in rows]

    def duplicates(self, realm: Realm) -> dict[SourceRef, list[MarkedObject]]:
        """Return every source that two or more living objects of one entity name."""
        named = (
            select(markers, func.unnest(markers.c.sources).label("source"))
            .where(markers.c.realm == realm, ~markers.c.deleted)
            .subquery()
        )
        same = func.count().over(partition_by=(named.c.target, named.c.source)).label("same")
        counted = select(named, same).subquery()
        query = (
            select(counted)
            .where(counted.c.same > 1)
            .order_by(counted.c.source, counted.c.target, func.length(counted.c.qbo_id), counted.c.qbo_id)
        )
        found: dict[SourceRef, list[MarkedObject]] = {}
        with self._database.autocommit() as connection:
            for row in connection.execute(query):
                found.setdefault(SourceRef.parse(row.source), []).append(_marked_from(row))
        return found


def _unless_deleted(name: str, new: Any) -> Any:
    return case((new.deleted, markers.c[name]), else_=new[name])


def _marked_from(row: Row[Any]) -> MarkedObject:
    return MarkedObject(
        target=row.target,
        qbo_id=row.qbo_id,
        sources=tuple(SourceRef.parse(source) for source in row.sources),
        txn_date=row.txn_date,
        sync_token=row.sync_token,
        total_cents=row.total_cents,
        deleted=row.deleted,
    )
