"""Frames of customers and vendors: what changed on a day in either system.

What belongs here: columns and rows of the QuickBooks side, the extracts of both by the day of the change, and
frames that may be missing. What does not: what is decided about them (`master_pairs`).

The day of a change is the company's local day of the vendor's stamp. A record that changes again later moves
to that day; the pair it belongs to is decided by what both sides show when it is loaded, not by the frame.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import parse_instant
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.masters.three_way import Base
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.frames import FRAMES, AnyRecord, verbatim
from st_qbo_assets.load import objects
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import Row, load_json, to_frame, to_rows
from st_qbo_assets.orchestration.io_manager import DayFrames, MissingFrame, T
from st_qbo_assets.orchestration.quickbooks_changes import names_changed
from st_qbo_assets.servicetitan.records import Contact, Customer, Location
from st_qbo_assets.servicetitan.windows import Window, modified_params

if TYPE_CHECKING:
    import pandas as pd

#: Columns of `quickbooks/customers` and `quickbooks/vendors`, and of `servicetitan/vendors`.
OBJECTS: Mapping[str, str] = {
    "id": "text",
    "name": "text",
    "active": "bool",
    "modified_on": "instant",
    "deleted": "bool",
    "raw": "text",
}
TARGETS = {Entity.CUSTOMER: "Customer", Entity.VENDOR: "Vendor"}
#: Days back for which changed contacts are read from the export feed.
_FEED_DAYS = timedelta(days=4)

DayOfRecords = tuple[date, list[AnyRecord]]
Produce = Callable[[Connections, list[date], Mapping[str, DayFrames]], Iterator[DayOfRecords]]


def span(company: CompanyFile, days: list[date]) -> Window:
    """Return the instants of some local days, from the first midnight to the one after the last."""
    first = datetime.combine(days[0], time(), tzinfo=company.zone)
    after = datetime.combine(days[-1] + timedelta(days=1), time(), tzinfo=company.zone)
    return Window(first.astimezone(UTC), after.astimezone(UTC))


def with_changed(produce: Produce) -> Produce:
    """Return the extract of customers that also reads those that changed on its days, contacts included.

    Contacts do not bump their customer's stamp, so they are asked for by themselves (rule 7.1).
    """

    def customers(
        connections: Connections, days: list[date], frames: Mapping[str, DayFrames]
    ) -> Iterator[DayOfRecords]:
        present = {name: _OrEmpty(frame, name) for name, frame in frames.items()}
        changed = changed_customers(connections, days)
        told: set[date] = set()
        for day, records in produce(connections, days, present):  # pyright: ignore[reportArgumentType] - reads alike
            told.add(day)
            yield day, merged(records, changed.get(day, []))
        for day in days:
            if day not in told:
                yield day, changed.get(day, [])

    return customers


class _OrEmpty(Mapping[date, "pd.DataFrame"]):
    """The frames of some days; a day that was never materialized is empty, since no document asks."""

    def __init__(self, frames: DayFrames, name: str) -> None:
        self._frames = frames
        self._name = name

    def __getitem__(self, day: date) -> "pd.DataFrame":
        try:
            return self._frames[day]
        except MissingFrame:
            return to_frame([], FRAMES[self._name])

    def made_of(self, day: date, make: "Callable[[pd.DataFrame], list[T]]") -> "list[T]":
        """Return what is made of a day's frame, as `DayFrames` does; of none nothing."""
        try:
            return self._frames.made_of(day, make)
        except MissingFrame:
            return []

    def __iter__(self) -> Iterator[date]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


def merged(one: list[AnyRecord], other: list[AnyRecord]) -> list[AnyRecord]:
    """Return the records of two lists, each once."""
    known = {(type(record), record.id) for record in one}
    return [*one, *(record for record in other if (type(record), record.id) not in known)]


def changed_customers(connections: Connections, days: list[date]) -> dict[date, list[AnyRecord]]:
    """Return the customers that changed on some days, each with all its contacts and changed locations.

    Without a link they are only wanted if the company makes all of them in QuickBooks (rule 7.5).
    """
    client, company, window = connections.servicetitan, connections.company, span(connections.company, days)
    changed: dict[int, datetime] = {}
    people = [record for record in client.customers(modified=window) if isinstance(record, Customer)]
    for record in people:
        changed[record.id] = record.modified_on or window.since
    for customer_id, stamp in _changed_contacts(connections, window):
        changed[customer_id] = max(stamp, changed.get(customer_id, stamp))
    locations = [row for row in client.locations(modified=window) if isinstance(row, Location)]
    for row in locations:
        if row.customer_id is not None:
            stamp = row.modified_on or window.since
            changed[row.customer_id] = max(stamp, changed.get(row.customer_id, stamp))
    wanted = _wanted(connections, changed)
    known = {record.id: record for record in people}
    for record in client.customers(ids=sorted(wanted - known.keys())):
        if isinstance(record, Customer):
            known[record.id] = record
    contacts = [
        each for each in client.customer_contacts(customer_ids=sorted(wanted)) if isinstance(each, Contact)
    ]
    found: dict[date, list[AnyRecord]] = {}
    wanted -= _unlinked(connections, {id_ for id_ in wanted & known.keys() if not known[id_].active})
    for id_ in sorted(wanted & known.keys()):
        day = changed[id_].astimezone(company.zone).date()
        own: list[AnyRecord] = [
            known[id_],
            *(each for each in contacts if each.customer_id == id_),
            *(each for each in locations if each.customer_id == id_),
        ]
        found.setdefault(min(max(day, days[0]), days[-1]), []).extend(own)
    return found


def _changed_contacts(connections: Connections, window: Window) -> Iterator[tuple[int, datetime]]:
    """Yield (customer, stamp) of every contact that changed in a window.

    Only the export feed tells of deleted ones; it cannot be asked for an end, so days long past are read from
    the list.
    """
    client = connections.servicetitan
    if datetime.now(UTC) - window.since > _FEED_DAYS:
        for contact in client.customer_contacts(modified=window):
            if isinstance(contact, Contact) and contact.customer_id is not None:
                yield contact.customer_id, contact.modified_on or window.since
        return
    feed = client.export("customers/contacts", window.since.date().isoformat(), include_recent_changes=True)
    for row in (row for page in feed for row in page.rows):
        customer_id, stamp = row.get("customerId"), parse_instant(row.get("modifiedOn"))
        if isinstance(customer_id, int) and stamp is not None and window.since <= stamp < window.before:
            yield customer_id, stamp


def _unlinked(connections: Connections, ids: set[int]) -> set[int]:
    """Return which of some inactive customers QuickBooks does not have: those are not made there."""
    sources = {SourceRef(Entity.CUSTOMER, str(id_)) for id_ in ids}
    linked = connections.links.of_sources(connections.name, sources)
    return {int(source.id) for source in sources if source not in linked}


def _wanted(connections: Connections, changed: Mapping[int, datetime]) -> set[int]:
    """Return the customers that are looked at: not those that were, since they last changed."""
    known = connections.pairs.of_sources(connections.name, Entity.CUSTOMER, map(str, changed))
    wanted = {
        id_
        for id_, stamp in changed.items()
        if (row := known.get(str(id_))) is None or not _was_looked_at(row.base, stamp)
    }
    if connections.company.create_customers.to_quickbooks == "all" or not wanted:
        return wanted
    linked = connections.links.of_sources(
        connections.name, [SourceRef(Entity.CUSTOMER, str(id_)) for id_ in wanted]
    )
    return {int(source.id) for source in linked}


def _was_looked_at(base: Base, stamp: datetime) -> bool:
    return not base.seen and base.stamp is not None and base.stamp >= stamp


def changed_vendors(connections: Connections, days: list[date]) -> dict[date, list[Row]]:
    """Return the rows of vendors that changed in ServiceTitan on some days, by day."""
    company, window = connections.company, span(connections.company, days)
    found: dict[date, list[Row]] = {}
    for raw in connections.servicetitan.rows("vendors", filters=modified_params(window)):
        stamp = parse_instant(raw.get("modifiedOn")) or window.since
        day = stamp.astimezone(company.zone).date()
        found.setdefault(min(max(day, days[0]), days[-1]), []).append(
            _row(raw, stamp, "name", raw.get("active"))
        )
    return found


def changed_objects(
    defs: CompanyDefs, connections: Connections, days: list[date], entities: Collection[Entity]
) -> dict[Entity, dict[date, list[Row]]]:
    """Return the rows of customers and vendors that changed in QuickBooks on some days, by entity and day.

    One call of change data capture, tombstones of merged ones included, which follows drift too; queries
    where that does not reach back so far or has too much to tell.
    """
    window = span(connections.company, days)
    read = names_changed(defs, connections, [TARGETS[entity] for entity in entities], window.since)
    return {
        entity: _by_day(
            connections.company,
            days,
            window,
            list(read.objects.get(TARGETS[entity], ())),
            list(read.deleted.get(TARGETS[entity], ())),
        )
        for entity in entities
    }


def _by_day(
    company: CompanyFile, days: list[date], window: Window, changed: list[Json], deleted: list[str]
) -> dict[date, list[Row]]:
    found: dict[date, list[Row]] = {}
    for obj in changed:
        meta = objects.as_mapping(obj.get("MetaData"))
        stamp = parse_instant(meta.get("LastUpdatedTime")) or window.since
        day = stamp.astimezone(company.zone).date()
        if day in days:
            found.setdefault(day, []).append(_row(obj, stamp, "DisplayName", obj.get("Active")))
    for id_ in deleted:
        # A tombstone tells when it was seen to be gone, no more.
        gone = {"id": id_, "name": "", "active": False, "modified_on": None, "deleted": True, "raw": "{}"}
        found.setdefault(days[-1], []).append(gone)
    return found


def _row(raw: Json, stamp: datetime, name: str, active: object) -> Row:
    return {
        "id": objects.text(raw.get("Id") or raw.get("id")),
        "name": objects.text(raw.get(name)).encode("utf-8", "replace").decode(),
        "active": active is not False,
        "modified_on": stamp,
        "deleted": False,
        "raw": verbatim(raw),
    }


def objects_in(frame: "pd.DataFrame | None") -> Iterator[tuple[str, Json, bool]]:
    """Yield (id, object, whether it is gone) of a frame of such rows; a frame never made has none."""
    for row in to_rows(frame) if frame is not None else ():
        yield row["id"], load_json(row["raw"]), bool(row["deleted"])
