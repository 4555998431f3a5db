"""Spans of days and instants, and how ServiceTitan's filters want them written.

What belongs here: the spans and their parameters. What does not: which spans to ask for (`extract`).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Dates:
    """Business dates, both included, asked for in plain Z and never shifted (rule 1.4)."""

    first: date
    last: date


@dataclass(frozen=True)
class Window:
    """A span of instants from `since` until just before `before`.

    Both ends are fixed: a list that is paged while rows change would else skip or repeat some.
    """

    since: datetime
    before: datetime


def format_utc(instant: datetime) -> str:
    """Return an instant in plain Z, as ServiceTitan's filters want it.

    Raises:
        ValueError: if it has no zone.
    """
    if instant.tzinfo is None:
        raise ValueError(f"a time without a zone: {instant.isoformat()}")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def date_params(first: str, before: str, dates: Dates | None) -> Params:
    """Return the two parameters of a span of days; none for None."""
    if dates is None:
        return ()
    end = dates.last + timedelta(days=1)
    return ((first, f"{dates.first.isoformat()}T00:00:00Z"), (before, f"{end.isoformat()}T00:00:00Z"))


def window_params(since: str, before: str, window: Window | None) -> Params:
    """Return the two parameters of a span of instants; none for None."""
    if window is None:
        return ()
    return ((since, format_utc(window.since)), (before, format_utc(window.before)))


def modified_params(window: Window | None) -> Params:
    """Return the parameters of a span of changes; none for None."""
    return window_params("modifiedOnOrAfter", "modifiedBefore", window)
