"""ServiceTitan's times: stamps with seven fractional digits, midnight-Z business dates, keys to compare.

Belongs here: writing and reading times. Does not belong here: when something happens.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from st_qbo_sandbox.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS_A_SECOND = 10_000_000
_PATTERN = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?\s*(Z|z|[+-]\d\d:?\d\d)?"
)


def write_stamp(moment: datetime) -> str:
    """Write an instant as the vendor does: UTC, seven fractional digits, `Z`."""
    return _write_ticks((moment - _EPOCH) // timedelta(microseconds=1) * 10)


def midnight(day: date | str) -> str:
    """Write a business date as the vendor does: midnight with a `Z` that means nothing."""
    return f"{day if isinstance(day, str) else day.isoformat()}T00:00:00Z"


def day_of(text: str) -> str:
    """Return the calendar date a business date stands for."""
    return text[:10]


def key_of(text: str) -> str:
    """Return a text of fixed width that sorts by time, for a date or date-time; without a zone it is UTC.

    Raises:
        ValueError: it is no time.
    """
    if len(text) == 28 and text[-1] == "Z" and text[19] == ".":
        return text[:27]
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time")
    day, hour, minute, second, fraction, zone = match.groups()
    moment = datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:{second or '00'}+00:00")
    if zone and zone not in "Zz":
        sign = 1 if zone[0] == "+" else -1
        moment -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{(fraction or '')[:7]:0<7}"


def key_or_none(text: object) -> str | None:
    """Return the key of a stored time, None where there is none or none that can be read."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return key_of(text)
    except ValueError:
        return None


class Stamps:
    """Stamps of now, each later than the one before, so that no two changes look simultaneous."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def now(self) -> str:
        """Return the stamp of a change that happens now."""
        ticks = (self._clock.now() - _EPOCH) // timedelta(microseconds=1) * 10
        self._last = ticks if ticks > self._last else self._last + 1
        return _write_ticks(self._last)

    def forget(self) -> None:
        """Begin anew: after a reset the clock may be earlier than it was."""
        self._last = 0

    def today(self) -> date:
        """Return the UTC date."""
        return self._clock.now().date()

    def key_before(self, seconds: float) -> str:
        """Return the key of the instant so many seconds ago."""
        return key_of(write_stamp(self._clock.now() - timedelta(seconds=seconds)))


def _write_ticks(ticks: int) -> str:
    moment = _EPOCH + timedelta(seconds=ticks // _TICKS_A_SECOND)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ticks % _TICKS_A_SECOND:07d}Z"
