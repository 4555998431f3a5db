"""How QuickBooks writes and reads times: Pacific offset, seconds in MetaData, milliseconds in the envelope.

Belongs here: formats. Does not belong here: what time it is (`st_qbo_sandbox.clock`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")

_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|[+-]\d{2}:?\d{2})?$"
)


def write_stamp(moment: datetime) -> str:
    """Write a MetaData time: `2026-11-20T10:00:00-08:00`."""
    return moment.astimezone(PACIFIC).replace(microsecond=0).isoformat()


def write_envelope_time(moment: datetime) -> str:
    """Write the `time` of a response: `2026-11-20T10:00:00.123-08:00`."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def epoch_of(stamp: str) -> int:
    """Return the seconds since 1970 of a MetaData time as this module writes it."""
    return int(datetime.fromisoformat(stamp).timestamp())


def parse_instant(text: str) -> datetime | None:
    """Read any common form of a moment or date; without an offset it is Pacific. None if it is none.

    A `+` that became a space in a query string is accepted, since clients forget to encode it.
    """
    cleaned = text.strip().strip("'\"")
    cleaned = re.sub(r"(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) (\d{2}:?\d{2})$", r"\1+\2", cleaned)
    match = _INSTANT.match(cleaned)
    if not match:
        return None
    day, clock, seconds, fraction, zone = match.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        naive = datetime.fromisoformat(f"{day}T{clock or '00:00'}:{seconds or '00'}.{micros}")
    except ValueError:
        return None
    if zone is None:
        return naive.replace(tzinfo=PACIFIC)
    if zone in ("Z", "z", "UTC"):
        return naive.replace(tzinfo=UTC)
    zone = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return datetime.fromisoformat(f"{naive.isoformat()}{zone}")


def parse_date(text: str) -> date | None:
    """Read a date, or the date part of a moment; None if it is none."""
    match = _INSTANT.match(text.strip())
    if not match:
        return None
    try:
        return date.fromisoformat(match.group(1))
    except ValueError:
        return None
