"""All that changed since an instant is read, however much it is, and however long ago."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.answers import Changes
from st_qbo_assets.quickbooks.changes import LOOK_BACK, read_changes

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)
ENTITIES = ("Invoice", "Payment")


@dataclass
class Books:
    """QuickBooks with its limit of objects; remembers what it was asked.

    Attributes:
        changed: (entity, id) → when it last changed.
        deleted: (entity, id) → when it was deleted.
    """

    limit: int = 10
    changed: dict[tuple[str, str], datetime] = field(default_factory=dict)
    deleted: dict[tuple[str, str], datetime] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def cdc(self, entities: Iterable[str], since: datetime) -> Changes:
        wanted = list(entities)
        assert since >= NOW - timedelta(days=30)
        self.calls.append(f"cdc {','.join(wanted)}")
        left, objects, deleted = self.limit, dict[str, list[Json]](), dict[str, list[str]]()
        for name in wanted:
            for (entity, id_), at in sorted(self.changed.items(), key=lambda item: item[1]):
                if entity == name and at >= since and left:
                    objects.setdefault(name, []).append({"Id": id_, "SyncToken": "0"})
                    left -= 1
            for (entity, id_), at in self.deleted.items():
                if entity == name and at >= since and left:
                    deleted.setdefault(name, []).append(id_)
                    left -= 1
        return Changes(
            {name: tuple(rows) for name, rows in objects.items()},
            {name: tuple(ids) for name, ids in deleted.items()},
            truncated=left == 0,
            as_of=NOW,
            intuit_tid="",
        )

    def query(self, entity: str, where: str = "", *, order_by: str = "Id") -> Iterator[Json]:
        self.calls.append(f"query {entity}")
        first, last = (datetime.fromisoformat(part.split("'")[1]) for part in where.split(" AND "))
        for (name, id_), at in self.changed.items():
            if name == entity and first <= at <= last:
                yield {"Id": id_, "SyncToken": "0"}


def ids(found: dict[str, tuple]) -> set[tuple[str, str]]:
    return {
        (entity, str(row["Id"] if isinstance(row, dict) else row))
        for entity in found
        for row in found[entity]
    }


@pytest.mark.rule("11")
def test_usual_changes_cost_one_call() -> None:
    books = Books(changed={("Invoice", "1"): NOW - timedelta(minutes=3)}, deleted={("Payment", "9"): NOW})
    read = read_changes(books, ENTITIES, since=NOW - timedelta(hours=4), now=NOW)
    assert books.calls == ["cdc Invoice,Payment"]
    assert (ids(read.objects), ids(read.deleted)) == ({("Invoice", "1")}, {("Payment", "9")})
    assert read.deletions_since == NOW - timedelta(hours=4)
    assert read.as_of == NOW


def test_changes_older_than_quickbooks_looks_back_are_read_by_query() -> None:
    long_ago = NOW - timedelta(days=100)
    books = Books(
        changed={("Invoice", "1"): long_ago, ("Invoice", "2"): NOW}, deleted={("Payment", "9"): NOW}
    )
    read = read_changes(books, ENTITIES, since=long_ago, now=NOW)
    assert ids(read.objects) == {("Invoice", "1"), ("Invoice", "2")}
    assert ids(read.deleted) == {("Payment", "9")}
    assert read.deletions_since == NOW - LOOK_BACK


stamps = st.integers(0, 30 * 24 * 60 - 70).map(lambda minutes: NOW - timedelta(minutes=minutes))
keys = st.tuples(st.sampled_from(ENTITIES), st.integers(1, 60).map(str))


@given(
    changed=st.dictionaries(keys, stamps, max_size=60),
    deleted=st.dictionaries(keys, stamps, max_size=12),
    days=st.integers(0, 45),
)
def test_whatever_lives_is_found_and_every_deletion_as_far_as_told(
    changed: dict[tuple[str, str], datetime], deleted: dict[tuple[str, str], datetime], days: int
) -> None:
    changed = {key: at for key, at in changed.items() if key not in deleted}
    books, since = Books(changed=changed, deleted=deleted), NOW - timedelta(days=days)
    read = read_changes(books, ENTITIES, since=since, now=NOW)
    assert {key for key, at in changed.items() if at >= since} <= ids(read.objects) <= changed.keys()
    assert {key for key, at in deleted.items() if at >= read.deletions_since} <= ids(read.deleted)


def test_more_in_a_minute_than_an_answer_holds_is_read_by_query() -> None:
    books = Books(changed={("Invoice", str(n)): NOW for n in range(25)})
    read = read_changes(books, ENTITIES, since=NOW - timedelta(hours=4), now=NOW)
    assert len(ids(read.objects)) == 25
    assert read.deletions_since == NOW
    assert len(books.calls) < 15
