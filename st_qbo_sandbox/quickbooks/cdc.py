"""Change data capture: what changed since a moment, with tombstones of what was deleted.

Belongs here: reference §3.9. Does not belong here: webhooks.
"""

from __future__ import annotations

from collections.abc import Callable

from st_qbo_sandbox.quickbooks import times
from st_qbo_sandbox.quickbooks.books import Body, Books
from st_qbo_sandbox.quickbooks.catalog import BY_LOWER_NAME, Entity
from st_qbo_sandbox.quickbooks.faults import Fault, fault, missing

LOOK_BACK_DAYS = 30
OBJECTS_MAX = 1000


def capture_changes(
    books: Books, render: Callable[[str, Body], Body], entities: str, since: str
) -> list[Body]:
    """Return the content of `CDCResponse`.

    Raises:
        Fault: 2020, 2060, 2170 or 2240 for parameters that cannot be used.
    """
    errors = [
        missing(name)
        for name, value in (("entities", entities), ("changedSince", since))
        if not value.strip()
    ]
    if errors:
        raise Fault(*errors)
    moment = times.parse_instant(since)
    if moment is None:
        raise fault("2060", f"Invalid date format : {since}", "changedSince")
    epoch = int(moment.timestamp())
    if epoch < books.clock.seconds() - LOOK_BACK_DAYS * 86400 - 60:
        raise fault(
            "2240",
            f"Invalid Number Range : changedSince is more than {LOOK_BACK_DAYS} days ago.",
            "changedSince",
        )
    left = OBJECTS_MAX
    groups: list[Body] = []
    for name in dict.fromkeys(part.strip() for part in entities.split(",") if part.strip()):
        entity = _entity(name)
        rows = _changed(
            books, render, entity, epoch, OBJECTS_MAX if books.switches.cdc_limit_per_entity else left
        )
        left -= len(rows)
        if rows:
            groups.append(
                {entity.name: rows, "startPosition": 1, "maxResults": len(rows), "totalCount": len(rows)}
            )
    return [{"QueryResponse": groups or [{}]}]


def _entity(name: str) -> Entity:
    entity = BY_LOWER_NAME.get(name.lower())
    if entity is None or not entity.has_cdc:
        raise fault("2170", f"Invalid Enumeration : {name}", "entities")
    return entity


def _changed(
    books: Books, render: Callable[[str, Body], Body], entity: Entity, epoch: int, limit: int
) -> list[Body]:
    rows: list[Body] = []
    for id in books.by_change[entity.name].range(epoch):
        if len(rows) >= limit:
            return rows
        doc = books.get(entity.name, id)
        if doc is not None:
            rows.append(render(entity.name, doc))
    for tombstone in books.tombstones_since(epoch):
        if tombstone["Entity"] == entity.name and len(rows) < limit:
            rows.append(
                {
                    "domain": "QBO",
                    "status": "Deleted",
                    "Id": tombstone["Id"],
                    "MetaData": {"LastUpdatedTime": tombstone["LastUpdatedTime"]},
                }
            )
    return rows
