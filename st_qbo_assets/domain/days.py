"""Business days and instants.

A ServiceTitan business date (`invoiceDate`, payment `date`) is a local calendar date written as
midnight Z and is never shifted; only `createdOn`, `modifiedOn` and `completedOn` are instants
(rule 1.4). Nothing here reads a clock.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_INSTANT = re.compile(
    r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE
)
#: ServiceTitan writes the year 1 for "no date" on some modules.
_NO_DATE_YEAR = 1


def parse_business_date(value: object) -> date | None:
    """Return the date part of a vendor's business date; None for a missing or year-1 date.

    Raises:
        ValueError: if the text is not a date.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(f"not a date: {value!r}")
    parsed = date.fromisoformat(value[:10])
    return None if parsed.year == _NO_DATE_YEAR else parsed


def parse_instant(value: object) -> datetime | None:
    """Return an aware UTC instant; accepts up to nine fractional digits and any offset.

    A time without an offset is taken as UTC. None and the year-1 date give None.

    Raises:
        ValueError: if the text is not a date-time.
    """
    if value is None or value == "":
        return None
    match = _INSTANT.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"not a date-time: {value!r}")
    day, time, fraction, offset = match.groups()
    micros = ((fraction or "") + "000000")[:6]
    zone = "+00:00" if offset in (None, "Z", "z") else offset
    instant = datetime.fromisoformat(f"{day}T{time}.{micros}{zone}").astimezone(UTC)
    return None if instant.year == _NO_DATE_YEAR else instant


def local_day(instant: datetime, time_zone: str) -> date:
    """Return the calendar day of an instant in the company's time zone."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


def accounting_day(dated: date | None, made: datetime | None, time_zone: str) -> date | None:
    """Return the day a document belongs to: its business date, else the local day it was made (rule 1.4)."""
    return dated if dated is not None or made is None else local_day(made, time_zone)


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every day from first to last, both included, oldest first."""
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)
