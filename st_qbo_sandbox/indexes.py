"""Indexes that follow a collection: by equal key, and by order.

Belongs here: finding ids fast by something computed from a document. Does not belong here: which fields are
worth an index; each half decides.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from st_qbo_sandbox.storage import Collection, Document

KeysOf = Callable[[Document], Iterable[Hashable]]


class Index:
    """Ids by key; a document may have any number of keys."""

    def __init__(self, collection: Collection, keys_of: KeysOf) -> None:
        self._keys_of = keys_of
        self._keys: dict[str, tuple[Hashable, ...]] = {}
        self._ids: dict[Hashable, dict[str, None]] = {}
        collection.watch(self._follow)

    def ids(self, key: Hashable) -> list[str]:
        """Return the ids of the documents that have this key, oldest first."""
        return list(self._ids.get(key, ()))

    def __contains__(self, key: Hashable) -> bool:
        return key in self._ids

    def _follow(self, id: str, old: Document | None, new: Document | None) -> None:
        keys = () if new is None else tuple(dict.fromkeys(self._keys_of(new)))
        before = self._keys.get(id, ())
        if keys == before:
            return
        for key in before:
            bucket = self._ids[key]
            del bucket[id]
            if not bucket:
                del self._ids[key]
        for key in keys:
            self._ids.setdefault(key, {})[id] = None
        if keys:
            self._keys[id] = keys
        else:
            self._keys.pop(id, None)


class OrderedIndex:
    """Ids in the order of one sortable key; a document whose key is None is left out."""

    def __init__(self, collection: Collection, key_of: Callable[[Document], Any]) -> None:
        self._key_of = key_of
        self._keys: dict[str, Any] = {}
        self._rows: list[tuple[Any, str]] = []
        collection.watch(self._follow)

    def range(self, low: Any = None, high: Any = None) -> Iterator[str]:
        """Yield ids with low <= key < high, in order; None leaves an end open."""
        first = 0 if low is None else bisect_left(self._rows, (low,))
        last = len(self._rows) if high is None else bisect_left(self._rows, (high,))
        for _, id in self._rows[first:last]:
            yield id

    def after(self, position: tuple[Any, str]) -> Iterator[tuple[Any, str]]:
        """Yield (key, id) that come after this position, in order."""
        for n in range(bisect_right(self._rows, position), len(self._rows)):
            yield self._rows[n]

    def _follow(self, id: str, old: Document | None, new: Document | None) -> None:
        key = None if new is None else self._key_of(new)
        before = self._keys.get(id)
        if key == before:
            return
        if before is not None:
            del self._rows[bisect_left(self._rows, (before, id))]
        if key is not None:
            insort(self._rows, (key, id))
            self._keys[id] = key
        else:
            self._keys.pop(id, None)
