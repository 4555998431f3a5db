"""The duplicate sweep: no two QuickBooks documents carry one source.

What belongs here: the proof over an index of markers, fed by every QuickBooks object ever read, and what
to say of a source that stands twice (rule 6.4). What does not: keeping the index (store) and filling it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.domain.ids import SourceRef


class MarkedObject(Protocol):
    """A QuickBooks object with the sources its note names, as the index holds it."""

    @property
    def target(self) -> str:
        """QuickBooks entity."""
        ...

    @property
    def qbo_id(self) -> str:
        """QuickBooks id."""
        ...

    @property
    def sources(self) -> tuple[SourceRef, ...]:
        """The sources its note names."""
        ...

    @property
    def txn_date(self) -> date | None:
        """Its date."""
        ...

    @property
    def total_cents(self) -> int:
        """Its total; 0 on a void document."""
        ...

    @property
    def deleted(self) -> bool:
        """Whether QuickBooks says it is gone."""
        ...


@dataclass(frozen=True)
class Copy:
    """One of the documents that carry the same source."""

    key: QboKey
    day: date | None
    total_cents: int


@dataclass(frozen=True)
class Duplicate:
    """A source that stands in several QuickBooks documents of one entity.

    Attributes:
        copies: the documents, oldest QuickBooks id first; the first is the one to keep.
    """

    source: SourceRef
    copies: tuple[Copy, ...]

    @property
    def surplus_cents(self) -> int:
        """What is booked too much: all but the first."""
        return sum(copy.total_cents for copy in self.copies[1:])


def find_duplicates(objects: Iterable[MarkedObject]) -> tuple[Duplicate, ...]:
    """Return every source that two or more documents of one entity carry, in order of source.

    An object may be handed over more than once; deleted ones and those of total zero (void, or an
    application without money) book nothing and do not count.
    """
    found: dict[tuple[SourceRef, str], dict[str, Copy]] = {}
    for obj in objects:
        if obj.deleted or obj.total_cents == 0:
            continue
        copy = Copy(QboKey(obj.target, obj.qbo_id), obj.txn_date, obj.total_cents)
        for source in obj.sources:
            found.setdefault((source, obj.target), {})[obj.qbo_id] = copy
    doubled = [
        Duplicate(source, tuple(sorted(copies.values(), key=_age)))
        for (source, _), copies in found.items()
        if len(copies) > 1
    ]
    return tuple(sorted(doubled, key=lambda each: each.source))


def _age(copy: Copy) -> tuple[int, str]:
    return len(copy.key.id), copy.key.id
