"""One list of the month close, as values that both a page and a spreadsheet are written from.

What belongs here: the shape of a list. What does not: what is in it, and how it is written (`pages`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

#: Money is in whole cents.
Cell = str | int | date | None
Kind = Literal["text", "money", "count", "date"]


@dataclass(frozen=True)
class Column:
    """One column."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Section:
    """One list.

    Attributes:
        name: of its file and in JSON, e.g. `receivables`.
        title: over it.
        rows: a cell for each column.
        notes: what is to be said of it, a sentence each.
        figures: its totals by name, numbers; money in cents.
        is_summed: whether its columns of money add up to something.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    figures: Mapping[str, int] = field(default_factory=dict[str, int])
    is_summed: bool = True


def money(name: str) -> Column:
    """Return a column of cents."""
    return Column(name, "money")


def count(name: str) -> Column:
    """Return a column of whole numbers."""
    return Column(name, "count")


def day(name: str) -> Column:
    """Return a column of dates."""
    return Column(name, "date")
