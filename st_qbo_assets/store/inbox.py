"""The inbox: events that came by webhook, each of them once, until a run has done what they ask for.

What belongs here: storing, offering, acknowledging, counting what was dropped. What does not: signatures and
forms of events (clients), routing them to companies (`web`), which run they start (sensors).

The life of an event, at least once through any crash:

1. `store` commits it before the delivery is answered; its repeats are ignored.
2. `pending` gives what is not acknowledged, grouped by record. Whoever starts a run for a group says so with
   `note_offered` (before or after the start: both only delay the next offer); `try_key` makes the run's key
   from the events and the try, so that starting twice is one run.
3. The run that has read the record again *after it began* and written what follows calls `acknowledge` in the
   same transaction as its ledger rows. It names the ids it was started for: an event that came meanwhile has
   another id and stays pending.
4. A run that dies acknowledges nothing, and after `again_after` the group is offered once more.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Date, Interval, RowMapping, func, literal, or_, select, update
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.events import Event, EventSystem, Undecodable
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import inbox, inbox_dropped
from st_qbo_assets.store.sources import clean_text

_NAME_LENGTH = 100
#: A group that no run acknowledges is offered ever more rarely, but never quite given up.
_MOST_DOUBLINGS = 6


@dataclass(frozen=True)
class Arrival:
    """An event for one company, or what could not be read.

    Attributes:
        company: empty if what could not be read names none.
    """

    company: str
    what: Event | Undecodable


@dataclass(frozen=True)
class Drop:
    """An event that concerns nobody here.

    Attributes:
        reason: `unknown_account` or `not_followed`.
        name: the tenant, realm or event type.
    """

    system: EventSystem
    reason: str
    name: str


@dataclass(frozen=True)
class Pending:
    """What happened to one record and is not acknowledged, all its events together.

    Attributes:
        entity: `invoice` or `job` of ServiceTitan, or QuickBooks' entity.
        operations: what happened, each once, in the order received.
        ids: the inbox's own numbers, to acknowledge.
        event_ids: the vendor's.
        received_at: when the first of them came.
        occurred_at: when the last of them happened, as the vendor says.
        offers: how often a run was asked for, at most.
    """

    company: Company
    system: EventSystem
    entity: str
    record_id: str
    operations: tuple[str, ...]
    ids: tuple[int, ...]
    event_ids: tuple[str, ...]
    received_at: datetime
    occurred_at: datetime | None
    offers: int

    @property
    def try_key(self) -> str:
        """A key for the run: the same for the same events and the same try, wherever it is computed."""
        return try_key([self])


@dataclass(frozen=True)
class InboxCounts:
    """How many events there are, for people and health checks."""

    pending: int = 0
    acknowledged: int = 0
    undecodable: int = 0
    oldest_pending_at: datetime | None = None
    last_received_at: datetime | None = None
    dropped: Mapping[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])


@dataclass(frozen=True)
class SettledRun:
    """A run that acknowledged events.

    Attributes:
        received_at: when the first of them was stored.
        settled_at: when it acknowledged them.
    """

    run_id: str
    received_at: datetime
    settled_at: datetime
    events: int


def try_key(groups: Iterable[Pending]) -> str:
    """Return the run key of several groups together."""
    listed = list(groups)
    digest = hashlib.sha256()
    for id_ in sorted(id_ for group in listed for id_ in group.ids):
        digest.update(f"{id_},".encode())
    return f"inbox-{digest.hexdigest()[:24]}-{max((group.offers for group in listed), default=0)}"


class Inbox:
    """Reads and writes the inbox."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def store(self, arrivals: Sequence[Arrival], drops: Sequence[Drop] = ()) -> int:
        """Keep what arrived, each event once, and count what was dropped; committed when this returns.

        Returns:
            How many events were new.
        """
        rows = _distinct(_row(arrival) for arrival in arrivals)
        new = 0
        with self._database.begin() as connection:
            if rows:
                # whichever of its ids is known: it is the same event
                statement = insert(inbox).on_conflict_do_nothing().returning(inbox.c.id)
                new = len(connection.execute(statement, rows).all())
            if drops:
                self._count(connection, drops)
        return new

    def pending(
        self,
        company: Company | None = None,
        *,
        again_after: timedelta = timedelta(minutes=5),
        limit: int = 500,
        newest_first: bool = False,
    ) -> list[Pending]:
        """Return what waits for a run, oldest first, grouped by company, system, entity and record.

        Args:
            company: of this one only.
            again_after: what was offered is offered again after so long, and twice as long after each further
                time, up to 32 times as long.
            limit: groups at most, so that a tick of any backlog is bounded.
            newest_first: begin with what came last, whatever backlog waits behind it.
        """
        wait = literal(again_after, Interval) * func.power(2, func.least(inbox.c.offers, _MOST_DOUBLINGS) - 1)
        is_due = or_(inbox.c.offered_at.is_(None), inbox.c.offered_at + wait <= self._database.now())
        group = (inbox.c.company, inbox.c.system, inbox.c.entity, inbox.c.record_id)
        query = (
            select(
                *group,
                func.array_agg(inbox.c.operation).label("operations"),
                func.array_agg(inbox.c.id).label("ids"),
                func.array_agg(inbox.c.event_id).label("event_ids"),
                func.min(inbox.c.received_at).label("received_at"),
                func.max(inbox.c.occurred_at).label("occurred_at"),
                func.max(inbox.c.offers).label("offers"),
            )
            .where(inbox.c.acknowledged_at.is_(None), inbox.c.problem == "", is_due)
            .group_by(*group)
            .order_by(func.max(inbox.c.id).desc() if newest_first else func.min(inbox.c.id))
            .limit(limit)
        )
        if company is not None:
            query = query.where(inbox.c.company == company)
        with self._database.autocommit() as connection:
            return [_pending(row) for row in connection.execute(query).mappings()]

    def note_offered(self, ids: Iterable[int]) -> None:
        """Note that a run was asked for these events."""
        statement = (
            update(inbox)
            .where(inbox.c.id.in_(list(ids)))
            .values(offers=inbox.c.offers + 1, offered_at=self._database.now())
        )
        with self._database.autocommit() as connection:
            connection.execute(statement)

    def take_back(self, ids: Iterable[int]) -> None:
        """Note that the run asked for last for these events could not start: they are offered at once."""
        statement = (
            update(inbox)
            .where(inbox.c.id.in_(list(ids)), inbox.c.acknowledged_at.is_(None))
            .values(offers=func.greatest(inbox.c.offers - 1, 0), offered_at=None)
        )
        with self._database.autocommit() as connection:
            connection.execute(statement)

    def acknowledge(self, ids: Iterable[int], connection: Connection, *, run_id: str = "") -> int:
        """Note in the caller's transaction that a run has done what these events ask for.

        Returns:
            How many were not acknowledged before.
        """
        statement = (
            update(inbox)
            .where(inbox.c.id.in_(list(ids)), inbox.c.acknowledged_at.is_(None))
            .values(acknowledged_at=self._database.now(), run_id=run_id)
        )
        return connection.execute(statement).rowcount

    def acknowledge_names(
        self,
        company: Company,
        entities: Iterable[str],
        connection: Connection,
        *,
        before: datetime,
        run_id: str,
    ) -> int:
        """Note in the caller's transaction that a run read everything QuickBooks changed of some entities.

        Args:
            company: whose events.
            entities: as QuickBooks calls them.
            connection: of the transaction.
            before: an instant of the database's clock before that run began to read; later events stay.
            run_id: the run.
        """
        statement = (
            update(inbox)
            .where(
                inbox.c.company == company,
                inbox.c.system == "quickbooks",
                inbox.c.entity.in_(list(entities)),
                inbox.c.acknowledged_at.is_(None),
                inbox.c.problem == "",
                inbox.c.received_at <= before,
            )
            .values(acknowledged_at=self._database.now(), run_id=run_id)
        )
        return connection.execute(statement).rowcount

    def settled_runs(self, company: Company, since: datetime) -> list[SettledRun]:
        """Return the runs that acknowledged events of a company since an instant, in their order."""
        settled_at = func.max(inbox.c.acknowledged_at)
        query = (
            select(inbox.c.run_id, func.min(inbox.c.received_at), settled_at, func.count())
            .where(inbox.c.company == company, inbox.c.run_id != "", inbox.c.acknowledged_at > since)
            .group_by(inbox.c.run_id)
            .order_by(settled_at)
        )
        with self._database.autocommit() as connection:
            return [SettledRun(*row) for row in connection.execute(query)]

    def unacknowledged(self, ids: Iterable[int]) -> set[int]:
        """Return which of some events no run has acknowledged."""
        query = select(inbox.c.id).where(inbox.c.id.in_(list(ids)), inbox.c.acknowledged_at.is_(None))
        with self._database.autocommit() as connection:
            return set(connection.execute(query).scalars())

    def runs_of(self, company: Company, entities: Iterable[str], *, within: timedelta) -> int:
        """Return how many runs lately acknowledged QuickBooks' events of some entities."""
        query = select(func.count(inbox.c.run_id.distinct())).where(
            inbox.c.company == company,
            inbox.c.system == "quickbooks",
            inbox.c.entity.in_(list(entities)),
            inbox.c.run_id != "",
            inbox.c.acknowledged_at > self._database.now() - within,
        )
        with self._database.autocommit() as connection:
            return connection.execute(query).scalar_one()

    def counts(self, company: Company | None = None) -> InboxCounts:
        """Return how many events there are, of a company or of all; drops are those of seven days."""
        is_pending = inbox.c.acknowledged_at.is_(None) & (inbox.c.problem == "")
        query = select(
            func.count().filter(is_pending),
            func.count().filter(inbox.c.acknowledged_at.is_not(None)),
            func.count().filter(inbox.c.problem != ""),
            func.min(inbox.c.received_at).filter(is_pending),
            func.max(inbox.c.received_at),
        )
        if company is not None:
            query = query.where(inbox.c.company == company)
        recent = select(
            inbox_dropped.c.system,
            inbox_dropped.c.reason,
            inbox_dropped.c.name,
            func.sum(inbox_dropped.c.count),
        ).where(inbox_dropped.c.day > sql_cast(self._database.now(), Date) - 7)
        dropped = recent.group_by(inbox_dropped.c.system, inbox_dropped.c.reason, inbox_dropped.c.name)
        with self._database.autocommit() as connection:
            counted = connection.execute(query).one()
            rows = connection.execute(dropped).all()
        return InboxCounts(*counted, dropped={(row[0], row[1], row[2]): int(row[3]) for row in rows})

    def _count(self, connection: Connection, drops: Sequence[Drop]) -> None:
        today = connection.execute(select(func.timezone("UTC", self._database.now()))).scalar_one().date()
        totals: dict[tuple[str, str, str], int] = {}
        for drop in drops:
            key = (drop.system, drop.reason, clean_text(drop.name)[:_NAME_LENGTH])
            totals[key] = totals.get(key, 0) + 1
        statement = insert(inbox_dropped)
        counted = statement.on_conflict_do_update(
            index_elements=["day", "system", "reason", "name"],
            set_={"count": inbox_dropped.c.count + statement.excluded.count, "last_at": self._database.now()},
        )
        connection.execute(counted, [_drop_row(today, key, totals[key]) for key in sorted(totals)])


def _drop_row(day: date, key: tuple[str, str, str], count: int) -> dict[str, Any]:
    system, reason, name = key
    return {"day": day, "system": system, "reason": reason, "name": name, "count": count}


def _row(arrival: Arrival) -> dict[str, Any]:
    what = arrival.what
    row: dict[str, Any] = {
        "company": arrival.company,
        "system": what.system,
        "account": "",
        "assigned_id": "",
        "type": "",
        "entity": "",
        "record_id": "",
        "operation": "",
        "occurred_at": None,
        "document": None,
        "raw": None,
        "problem": "",
    }
    if isinstance(what, Undecodable):
        return row | {
            "event_id": hashlib.sha256(what.raw).hexdigest(),
            "raw": what.raw,
            "problem": clean_text(what.why),
        }
    texts = ("account", "event_id", "assigned_id", "type", "entity", "record_id", "operation")
    return row | {
        **{name: clean_text(getattr(what, name)) for name in texts},
        "occurred_at": what.occurred_at,
        "document": what.document,
    }


def _distinct(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows without repeats of an event in one batch, in a fixed order.

    The order keeps two writers of the same events from waiting for each other.
    """
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        found.setdefault((row["system"], row["company"], row["event_id"]), row)
    return [found[key] for key in sorted(found)]


def _pending(row: RowMapping) -> Pending:
    order = sorted(range(len(row["ids"])), key=lambda index: row["ids"][index])

    def in_order(name: str) -> list[Any]:
        values = cast("list[Any]", row[name])
        return [values[index] for index in order]

    return Pending(
        company=Company(row["company"]),
        system=row["system"],
        entity=row["entity"],
        record_id=row["record_id"],
        operations=tuple(dict.fromkeys(in_order("operations"))),
        ids=tuple(in_order("ids")),
        event_ids=tuple(in_order("event_ids")),
        received_at=row["received_at"],
        occurred_at=row["occurred_at"],
        offers=row["offers"],
    )
