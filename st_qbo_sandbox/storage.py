"""Where the sandbox keeps its documents: dicts in memory for reading, sqlite written through for surviving.

Belongs here: collections of JSON documents, their undo within one request, and writing them to disk. Does
not belong here: what a document means, or indexes over its fields (`indexes.py`).

A document taken from a collection is never changed in place: build a new dict and `put` it. That is what
makes `transaction()` able to undo, and indexes able to follow.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import simplejson

Document = dict[str, Any]
Watcher = Callable[[str, Document | None, Document | None], None]

FILE_NAME = "state.sqlite3"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (collection, id)
)
"""
_SELECT = "SELECT collection, id, body FROM documents ORDER BY position"
_UPSERT = """
INSERT INTO documents (collection, id, body) VALUES (?, ?, ?)
ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body
"""


def dump_json(value: Any) -> str:
    """Write a JSON text with Decimal as JSON numbers, digits exactly as the Decimal holds them."""
    return simplejson.dumps(value, use_decimal=True, separators=(",", ":"), ensure_ascii=False)


def parse_json(text: str | bytes) -> Any:
    """Read a JSON text with every fraction as Decimal."""
    return json.loads(text, parse_float=Decimal)


def as_object(value: Any) -> dict[str, Any] | None:
    """Return the value if it is a JSON object, else None."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_array(value: Any) -> list[Any] | None:
    """Return the value if it is a JSON array, else None."""
    return cast("list[Any]", value) if isinstance(value, list) else None


class Collection:
    """Documents by id, in the order in which their ids were first put."""

    def __init__(self, name: str, note: Callable[[Collection, str, Document | None], None]) -> None:
        self.name = name
        self._note = note
        self._documents: dict[str, Document] = {}
        self._watchers: list[Watcher] = []

    def get(self, id: str) -> Document | None:
        """Return the document with this id, or None."""
        return self._documents.get(id)

    def put(self, id: str, doc: Document) -> None:
        """Store the document under this id, replacing what was there."""
        old = self._documents.get(id)
        self._note(self, id, old)
        self.restore(id, doc)

    def remove(self, id: str) -> None:
        """Forget the document with this id, if there is one."""
        old = self._documents.get(id)
        if old is not None:
            self._note(self, id, old)
            self.restore(id, None)

    def values(self) -> Iterable[Document]:
        """Return all documents, oldest id first."""
        return self._documents.values()

    def ids(self) -> Iterable[str]:
        """Return all ids, oldest first."""
        return self._documents.keys()

    def items(self) -> Iterable[tuple[str, Document]]:
        """Return all ids with their documents, oldest id first."""
        return self._documents.items()

    def clear(self) -> None:
        """Forget all documents."""
        for id in list(self._documents):
            self.remove(id)

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher(id, old, new)` for every change from now on, and now for each document there is."""
        self._watchers.append(watcher)
        for id, doc in self._documents.items():
            watcher(id, None, doc)

    def __len__(self) -> int:
        return len(self._documents)

    def __contains__(self, id: object) -> bool:
        return id in self._documents

    def restore(self, id: str, doc: Document | None) -> None:
        """Put or remove (None) without a way back: for undo, and for reading from disk."""
        old = self._documents.get(id)
        if doc is None:
            self._documents.pop(id, None)
        else:
            self._documents[id] = doc
        for watcher in self._watchers:
            watcher(id, old, doc)


@dataclass(frozen=True)
class Change:
    """What one request made of a document; None is none."""

    collection: str
    id: str
    old: Document | None
    new: Document | None


class Storage:
    """All collections, with one undo journal and one sqlite file (or none, when `folder` is None)."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._collections: dict[str, Collection] = {}
        self._journal: list[tuple[Collection, str, Document | None]] = []
        self._followers: list[tuple[Callable[[list[Change]], None], Callable[[], bool]]] = []
        self._hushed = 0
        self._database = None if folder is None else _open_database(folder)
        if self._database is not None:
            self._read_all(self._database)

    def collection(self, name: str) -> Collection:
        """Return the collection of this name, made on first use."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = Collection(name, self._note)
        return found

    def names(self) -> list[str]:
        """Return the names of the collections that were read from disk or asked for."""
        return list(self._collections)

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Undo every change made inside if the block raises. Blocks may nest; nothing is written."""
        mark = len(self._journal)
        try:
            yield
        except BaseException:
            self.undo_to(mark)
            raise

    def mark(self) -> int:
        """Return a point to which `undo_to` can go back, until the next commit."""
        return len(self._journal)

    def undo_to(self, mark: int) -> None:
        """Take back every change made since `mark`."""
        while len(self._journal) > mark:
            collection, id, old = self._journal.pop()
            collection.restore(id, old)

    def commit(self) -> None:
        """Make all changes so far final and write them to disk in one sqlite transaction."""
        if not self._journal:
            return
        self._tell()
        journal, self._journal = self._journal, []
        self._hushed = 0
        if self._database is None:
            return
        created = {(collection.name, id) for collection, id, old in journal if old is None}
        changed = dict.fromkeys((collection.name, id) for collection, id, _ in journal)
        removals: list[tuple[str, str]] = []
        upserts: list[tuple[str, str, str]] = []
        for name, id in changed:
            doc = self._collections[name].get(id)
            if doc is None or (name, id) in created:
                removals.append((name, id))
            if doc is not None:
                upserts.append((name, id, dump_json(doc)))
        with self._database:
            self._database.executemany("DELETE FROM documents WHERE collection = ? AND id = ?", removals)
            self._database.executemany(_UPSERT, upserts)

    def follow(self, follower: Callable[[list[Change]], None], *, wanted: Callable[[], bool]) -> None:
        """Call `follower` before every commit with what it changes; of what it adds nobody is told.

        Args:
            follower: may change more.
            wanted: whether it wants to be called at all now; looking for changes costs time.
        """
        self._followers.append((follower, wanted))

    def hush(self) -> None:
        """Tell no follower of the changes so far: data was planted or wiped, nothing happened in it."""
        self._hushed = len(self._journal)

    def _tell(self) -> None:
        journal = self._journal[min(self._hushed, len(self._journal)) :]
        followers = [follower for follower, wanted in self._followers if wanted()]
        if not journal or not followers:
            return
        first: dict[tuple[str, str], Document | None] = {}
        for collection, id, old in journal:
            first.setdefault((collection.name, id), old)
        changes = [
            Change(name, id, old, self._collections[name].get(id))
            for (name, id), old in first.items()
            if self._collections[name].get(id) is not old
        ]
        for follower in followers:
            follower(changes)

    def close(self) -> None:
        """Commit and close the file."""
        self.commit()
        if self._database is not None:
            self._database.close()
            self._database = None

    def _note(self, collection: Collection, id: str, old: Document | None) -> None:
        self._journal.append((collection, id, old))

    def _read_all(self, database: sqlite3.Connection) -> None:
        for name, id, body in database.execute(_SELECT):
            self.collection(name).restore(id, parse_json(body))


def _open_database(folder: Path) -> sqlite3.Connection:
    folder.mkdir(parents=True, exist_ok=True)
    # The server runs in a thread of its own in tests, hence the check is off; only one thread uses it at a
    # time.
    database = sqlite3.connect(folder / FILE_NAME, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing that was committed; only a power cut could, which a sandbox may.
    database.execute("PRAGMA synchronous = OFF")
    database.execute(_SCHEMA)
    database.commit()
    return database
