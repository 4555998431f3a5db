"""When what failed because of an outage is tried again: pure decisions over what is due and what was tried.

What belongs here: the order of probe, trial and drain, the pauses between, and the limit. What does not: what
failed (`failed_runs`, the ledger), asking the systems (`connecting.probing`), and Dagster (`replay_failed`).

    something is due ─ probe ─┬─ no answer: pause (1, 2, 4 … 15 minutes), probe again, for as long as it takes
                              └─ both answer: the oldest days are replayed, at most a month at a time
    a replay that helped      the next days follow at once, until nothing is due
    a replay that did not     pause (2, 4, 8 … minutes, at most 4 hours); after 14 such tries a day waits for
                              a person, and she is told
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

#: Replays of one day before it waits for a person; with the pauses between they span more than a day.
MOST_TRIES = 14
#: Days of one replay: a run of an hour and not of a night, so that what fails again is known soon.
MOST_DAYS = 31
_FIRST_PROBE, _LONGEST_PROBE = timedelta(minutes=1), timedelta(minutes=15)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=4)

#: Asset keys as text by day; None stands for assets without days.
Due = Mapping[date | None, frozenset[str]]


@dataclass(frozen=True)
class FailedRun:
    """A run that died before its records had a state, and what it was to materialize.

    Attributes:
        first: its first day; None if its assets have none.
        assets: keys as text.
        months: its partitions where those are months, as `2026-03`.
    """

    run_id: str
    at: float
    assets: tuple[str, ...]
    first: date | None = None
    last: date | None = None
    months: tuple[str, ...] = ()

    @property
    def days(self) -> list[date | None]:
        """Its days, or None alone."""
        if self.first is None or self.last is None:
            return [None]
        return [self.first + timedelta(days=count) for count in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class Memory:
    """What is remembered from one look to the next.

    Attributes:
        seen_until: failed runs were read until this time stamp.
        runs: failed runs that are not mended yet.
        tries: fruitless and running replays by day.
        replayed: the days of the last replay, until it is known whether it helped.
        silent: probes in a row that were not answered.
        fruitless: replays in a row that did not help.
        next_at: nothing is tried before.
    """

    seen_until: float = 0.0
    runs: tuple[FailedRun, ...] = ()
    tries: Mapping[str, int] = field(default_factory=dict[str, int])
    replayed: tuple[str, ...] = ()
    silent: int = 0
    fruitless: int = 0
    next_at: datetime | None = None

    def dump(self) -> str:
        """Return it as a sensor's cursor."""
        document = {
            **self.__dict__,
            "tries": dict(self.tries),
            "runs": [run.__dict__ for run in self.runs],
        }
        return json.dumps(document, default=str)

    @classmethod
    def load(cls, text: str | None) -> "Memory":
        """Return what a cursor says; nothing if there is none."""
        if not text:
            return cls()
        known: dict[str, Any] = json.loads(text)
        runs = [
            FailedRun(
                run_id=run["run_id"],
                at=run["at"],
                assets=tuple(run["assets"]),
                first=_day(run["first"]),
                last=_day(run["last"]),
                months=tuple(run.get("months", ())),
            )
            for run in known["runs"]
        ]
        next_at = known["next_at"]
        return cls(
            seen_until=known["seen_until"],
            runs=tuple(runs),
            tries=known["tries"],
            replayed=tuple(known["replayed"]),
            silent=known["silent"],
            fruitless=known["fruitless"],
            next_at=datetime.fromisoformat(next_at) if next_at else None,
        )


@dataclass(frozen=True)
class Replay:
    """Days to replay in one run, and which assets; no day stands for assets without days."""

    assets: frozenset[str]
    first: date | None = None
    last: date | None = None


def judged(memory: Memory, due: Due, now: datetime) -> Memory:
    """Return the memory once the last replay has ended: did it help?"""
    names = {_name(day) for day in due}
    memory = replace(memory, tries={day: count for day, count in memory.tries.items() if day in names})
    if not memory.replayed:
        return memory
    if not names & set(memory.replayed):
        return replace(memory, replayed=(), fruitless=0, next_at=None)
    pause = min(_FIRST_PAUSE * 2 ** min(memory.fruitless, 16), _LONGEST_PAUSE)
    return replace(memory, replayed=(), fruitless=memory.fruitless + 1, next_at=now + pause)


def given_up(memory: Memory, due: Due) -> list[date | None]:
    """Return the days that were tried often enough and wait for a person."""
    return [day for day in _sorted(due) if memory.tries.get(_name(day), 0) >= MOST_TRIES]


def is_time(memory: Memory, now: datetime) -> bool:
    """Say whether something may be tried now."""
    return memory.next_at is None or now >= memory.next_at


def unanswered(memory: Memory, now: datetime) -> Memory:
    """Return the memory after a probe that was not answered: it is no try of any day."""
    pause = min(_FIRST_PROBE * 2 ** min(memory.silent, 16), _LONGEST_PROBE)
    return replace(memory, silent=memory.silent + 1, next_at=now + pause)


def next_replay(memory: Memory, due: Due) -> tuple[Replay, Memory] | None:
    """Return the days to replay, as one unbroken range of the same assets; None if there are none.

    Those tried least come first, of them the oldest: one that fails for ever does not keep the others.
    """
    tried = {day: memory.tries.get(_name(day), 0) for day in _sorted(due)}
    least = min(tried.values(), default=MOST_TRIES)
    if least >= MOST_TRIES:
        return None
    days = _range([day for day, count in tried.items() if count == least], due)
    names = tuple(_name(day) for day in days)
    tries = {**memory.tries, **{name: memory.tries.get(name, 0) + 1 for name in names}}
    replay = Replay(due[days[0]], days[0], days[-1])
    return replay, replace(memory, tries=tries, replayed=names, silent=0, next_at=None)


def together(*parts: Iterable[tuple[date | None, Iterable[str]]]) -> Due:
    """Return everything that is due, each day's assets in one set."""
    found: dict[date | None, frozenset[str]] = {}
    for part in parts:
        for day, assets in part:
            found[day] = found.get(day, frozenset()) | frozenset(assets)
    return found


def _range(open_: Sequence[date | None], due: Due) -> list[date | None]:
    days = [open_[0]]
    for day in open_[1:]:
        last = days[-1]
        if last is None or day is None or len(days) >= MOST_DAYS:
            break
        if day != last + timedelta(days=1) or due[day] != due[last]:
            break
        days.append(day)
    return days


def _sorted(due: Due) -> list[date | None]:
    # what has no day first: the lists that documents are mapped by
    return sorted(due, key=lambda day: day or date.min)


def _name(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
