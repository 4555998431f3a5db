"""A month of a company's books: its days, its name, and how far each day is.

What belongs here: the calendar, and the verdict on days that were compared. What does not: comparing
(`books.tie_out`) and keeping verdicts (store).
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from st_qbo_assets.domain.days import days_between

_MONTH = re.compile(r"([1-9]\d{3})-(0[1-9]|1[0-2])")
#: Kinds of causes that keep a day from being green (rule 6.2).
_OPEN_KINDS = ("failing", "waiting")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, written `2026-11`."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Return the month written as text.

        Raises:
            ValueError: if it is none.
        """
        found = _MONTH.fullmatch(text)
        if found is None:
            raise ValueError(f"not a month: {text!r}")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> "Month":
        """Return the month of a day."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    def days(self, start: date) -> list[date]:
        """Return its days, from the day a company starts."""
        return list(days_between(max(start, self.first), self.last))


class Comparison(Protocol):
    """The newest comparison of a day, as the store has it."""

    @property
    def is_green(self) -> bool:
        """Whether it has neither a failing nor a waiting cause."""
        ...

    @property
    def at(self) -> datetime | None:
        """When both systems were read."""
        ...

    @property
    def causes(self) -> Sequence[Mapping[str, Any]]:
        """Every difference with its `cause` and `kind`."""
        ...


@dataclass(frozen=True)
class DayState:
    """How far one day is.

    Attributes:
        state: `green`, `open`, `not compared`, `changed since` or `to come`.
        causes: how many records each failing or waiting cause has.
    """

    day: date
    state: str
    causes: Mapping[str, int]
    compared_at: datetime | None = None

    @property
    def is_green(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.state == "green"

    @property
    def why(self) -> str:
        """What keeps it from being green, in a few words; empty if it is."""
        if self.is_green:
            return ""
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.causes.items())
        return {"open": told or "figures differ", "changed since": "ServiceTitan changed it since"}.get(
            self.state, self.state
        )


def states_of(
    days: Collection[date],
    comparisons: Mapping[date, Comparison],
    *,
    changed: Collection[date],
    today: date,
) -> tuple[DayState, ...]:
    """Return how far each day is.

    Args:
        days: of the month.
        comparisons: the newest of each day that was ever compared.
        changed: days that ServiceTitan changed after they were compared.
        today: the company's local day; it is not over.
    """
    return tuple(_state(day, comparisons.get(day), changed=changed, today=today) for day in sorted(days))


def _state(day: date, compared: Comparison | None, *, changed: Collection[date], today: date) -> DayState:
    if day >= today:
        return DayState(day, "to come", {})
    if compared is None:
        return DayState(day, "not compared", {})
    causes = Counter(str(each.get("cause")) for each in compared.causes if each.get("kind") in _OPEN_KINDS)
    state = "green" if compared.is_green else "open"
    if compared.is_green and day in changed:
        state = "changed since"
    return DayState(day, state, dict(causes.most_common()), compared.at)
