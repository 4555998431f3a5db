"""Run requests as values: which work, which days, which events they settle; the fewest that do.

What belongs here: grouping, pure. What does not: on which day a record is (`events`), Dagster.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

#: A day between two that changed is loaded with them: it costs a few free reads, a run of its own more.
GAP_DAYS = 3
#: Days of one run at most, so that what comes meanwhile does not wait for long.
MOST_DAYS = 31
#: Runs asked for at once; what is left is asked for at the next turn.
MOST_ASKS = 8


class Work(StrEnum):
    """What a run does; the job of a company is called `<company>_<work>`."""

    LIVE = "live"
    MASTERS = "masters"
    DRIFT = "drift"


@dataclass(frozen=True)
class Ask:
    """One run to be asked for.

    Attributes:
        first: first day of its range; None if the work has no days.
        last: last day of it.
        events: the inbox's numbers of the events it settles, ascending.
        tries: how often a run was asked for one of them before, at most.
        asked_at: instant of the database's clock after everything it is asked for was kept.
    """

    work: Work
    first: date | None = None
    last: date | None = None
    events: tuple[int, ...] = ()
    tries: int = 0
    asked_at: datetime | None = None

    @property
    def key(self) -> str:
        """The run's key: the same for the same events and the same try, wherever it is computed.

        Without events it is the moment: days that are still due are asked for again.
        """
        if not self.events:
            return f"{self.work}-{self.first}-{self.last}-{self.asked_at}"
        digest = hashlib.sha256()
        for text in (self.work.value, str(self.first), str(self.last), *map(str, self.events)):
            digest.update(f"{text},".encode())
        return f"inbox-{digest.hexdigest()[:24]}-{self.tries}"


@dataclass(frozen=True)
class Due:
    """An event, or all of one record, whose day is known.

    Attributes:
        days: the days that must be loaded before it is settled.
    """

    events: tuple[int, ...]
    days: frozenset[date]
    tries: int = 0


def asks_of_days(due: Sequence[Due], extra: Iterable[date] = (), *, most: int = MOST_ASKS) -> list[Ask]:
    """Return the fewest runs that load every day, newest first; each event is settled by one of them.

    The newest come first, so that a backlog of old days keeps no event of today waiting. Events of records
    that touch several days are settled by the run of their last one: the others are kept as due elsewhere.

    Args:
        due: events with their days; one without days is left out.
        extra: days to be loaded beside them.
        most: of so many runs; what does not fit is left out with its events.
    """
    days = {*extra, *(day for each in due for day in each.days)}
    found: list[Ask] = []
    for first, last in spans(sorted(days))[::-1][:most]:
        own = [each for each in due if each.days and first <= max(each.days) <= last]
        events = tuple(sorted({id_ for each in own for id_ in each.events}))
        tries = max((each.tries for each in own), default=0)
        found.append(Ask(Work.LIVE, first, last, events, tries))
    return found


def spans(days: Sequence[date], *, gap: int = GAP_DAYS, most: int = MOST_DAYS) -> list[tuple[date, date]]:
    """Return few spans that cover sorted days: small gaps are bridged, and no span is longer than allowed."""
    found: list[tuple[date, date]] = []
    for day in days:
        if found:
            first, last = found[-1]
            if day <= last + timedelta(days=gap) and day < first + timedelta(days=most):
                found[-1] = (first, day)
                continue
        found.append((day, day))
    return found


def without(asks: Iterable[Ask], busy: Collection[int]) -> list[Ask]:
    """Return the asks none of whose events is being settled by a run already."""
    return [ask for ask in asks if not any(id_ in busy for id_ in ask.events)]
