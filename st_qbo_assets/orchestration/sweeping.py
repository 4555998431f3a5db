"""The proof that no ServiceTitan record stands twice in QuickBooks (rule 6.4).

What belongs here: asking the index of markers, making sure of what it says, and the rare scan that reads
every document which can carry a marker of ours. What does not: the index (`store.markers`), which is fed by
every object that any call was answered.
"""

from collections.abc import Iterable, Sequence

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.duplicates import Duplicate, find_duplicates
from st_qbo_assets.connections import Connections
from st_qbo_assets.load.objects import written_by
from st_qbo_assets.quickbooks.query import quote, quote_list, statement
from st_qbo_assets.store.markers import MarkedObject

#: Rows of one entity asked for at once in a full scan; all entities of a page are one metered call.
_PAGE = 1000
_IDS_AT_ONCE = 200


def sweep(connections: Connections) -> tuple[Duplicate, ...]:
    """Return every source that stands in several documents, each seen just now.

    The index may not know that a copy was deleted or voided: what looks doubled is read again.
    """
    found = _indexed(connections)
    if not found:
        return ()
    _read_again(connections, [copy.key for duplicate in found for copy in duplicate.copies])
    return _indexed(connections)


def scan(connections: Connections) -> int:
    """Read every document that can carry a marker of ours into the index; return how many that were.

    Our first document was written when the first link was made; whatever carries a marker was made or
    changed since.
    """
    since = connections.links.oldest(connections.name)
    if since is None:
        return 0
    where = f"MetaData.LastUpdatedTime >= {quote(since)}"
    unfinished: Sequence[str] = written_by(connections.company)
    start, count = 1, 0
    while unfinished:
        pages = connections.quickbooks.batch_queries(
            [statement(entity, where, start=start, page=_PAGE) for entity in unfinished]
        )
        count += sum(map(len, pages))
        unfinished = [entity for entity, rows in zip(unfinished, pages, strict=True) if len(rows) >= _PAGE]
        start += _PAGE
    return count


def _indexed(connections: Connections) -> tuple[Duplicate, ...]:
    connections.flush()
    doubled = connections.markers.duplicates(connections.realm)
    return find_duplicates(each for objects in doubled.values() for each in objects)


def _read_again(connections: Connections, keys: Iterable[QboKey]) -> None:
    """Read documents by id; those that are gone leave the index of the living."""
    wanted = list(dict.fromkeys(keys))
    plan = [
        (target, ids[first : first + _IDS_AT_ONCE])
        for target in dict.fromkeys(key.target for key in wanted)
        for ids in ([key.id for key in wanted if key.target == target],)
        for first in range(0, len(ids), _IDS_AT_ONCE)
    ]
    answers = connections.quickbooks.batch_queries(
        [statement(target, f"Id IN {quote_list(ids)}") for target, ids in plan]
    )
    there = {
        QboKey(target, str(row.get("Id", "")))
        for (target, _), rows in zip(plan, answers, strict=True)
        for row in rows
    }
    gone = [MarkedObject(key.target, key.id, deleted=True) for key in wanted if key not in there]
    connections.flush()
    connections.markers.feed(connections.realm, gone)
