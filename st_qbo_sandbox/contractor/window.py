"""The days a seed covers, its random streams, its ids and its instants.

What belongs here: everything that turns (seed, last day, days) into reproducible numbers and times. What does
not: any business content.

Streams are keyed by text (``f"{seed}/{key}"``), so a day draws the same numbers whatever the window around
it. Ids of dated records are ``kind * 10**9 + days since 2015 * 10**5 + running number``: stable, ordered and
never equal between kinds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from st_qbo_sandbox.identity import TIME_ZONE

_ZONE = ZoneInfo(TIME_ZONE)
_EPOCH = date(2015, 1, 1)

# Numbers within a day: ordinary documents first, then invoices carried over from the day before, then what
# comes once a week, then odd ones.
FIRST_CARRIED_NUMBER = 9_000
FIRST_WEEKLY_NUMBER = 40_000
FIRST_ODD_NUMBER = 50_000

KINDS = {
    "job": 1,
    "location": 2,
    "contact": 3,
    "project": 4,
    "customer": 5,
    "item": 6,
    "application": 7,
    "invoice": 8,
    "payment": 9,
    "batch": 10,
    "purchase-order": 11,
    "purchase-order-item": 12,
    "receipt": 13,
    "receipt-item": 14,
    "inventory-bill": 15,
    "inventory-bill-item": 16,
    "return": 17,
    "return-item": 18,
    "ap-credit": 19,
    "ap-payment": 20,
    "credit-memo": 21,
    "credit-memo-item": 22,
    "bank-deposit": 23,
    "membership": 24,
    "appointment": 25,
    "adjustment": 26,
    "transfer": 27,
    "ap-bill": 28,
    "split": 29,
    "journal-entry": 30,
}


def ordinal(day: date) -> int:
    """Count days since 2015, the number that dated ids and document numbers carry."""
    return (day - _EPOCH).days


def record_id(kind: str, day: date, number: int) -> int:
    """Make the id of the ``number``-th record of a kind that belongs to a day."""
    return KINDS[kind] * 10**9 + ordinal(day) * 10**5 + number


def family_of(identity: int) -> int:
    """Read the day (counted since 2015) out of an id."""
    return identity % 10**9 // 10**5


def day_of(number: int) -> date:
    """Give the day that is so many days after the first of 2015."""
    return _EPOCH + timedelta(days=number)


def midnight(day: date) -> str:
    """Write a business date as ServiceTitan does: the local date at midnight with a Z, never shifted."""
    return f"{day.isoformat()}T00:00:00Z"


def stamp(instant: datetime) -> str:
    """Write an instant in UTC with ServiceTitan's seven fractional digits."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "1Z"


def quickbooks_stamp(instant: datetime) -> str:
    """Write an instant in the company's zone, as QuickBooks writes ``MetaData`` times."""
    return instant.astimezone(_ZONE).isoformat(timespec="seconds")


def local(
    day: date, hour: int, minute: int = 0, second: int = 0, micro: int = 0, *, fold: int = 0
) -> datetime:
    """Take a wall-clock time in the company's zone; ``fold=1`` is the second pass of the autumn hour."""
    return datetime.combine(day, time(hour, minute, second, micro, tzinfo=_ZONE, fold=fold)).astimezone(UTC)


def random_time(stream: random.Random, day: date, first_hour: int, last_hour: int) -> datetime:
    """Draw a local time of a day between two hours (the last one exclusive)."""
    return local(
        day,
        stream.randrange(first_hour, last_hour),
        stream.randrange(60),
        stream.randrange(60),
        stream.randrange(1_000_000),
    )


@dataclass(frozen=True)
class Window:
    """The frame of one seed: what was asked for, and the days that follow from it."""

    seed: int
    last_day: date
    days: int
    invoices_per_day: int
    hard: bool
    buying: bool = False
    bills_per_day: int = 0
    skus: int = 0

    @property
    def first_day(self) -> date:
        """The earliest day with documents."""
        return self.last_day - timedelta(days=self.days - 1)

    @property
    def dates(self) -> list[date]:
        """Every day of the window, oldest first."""
        return [self.first_day + timedelta(days=offset) for offset in range(self.days)]

    @property
    def end(self) -> datetime:
        """The last instant that has happened: one second before local midnight after the last day."""
        return local(self.last_day, 23, 59, 59)

    def stream(self, key: str) -> random.Random:
        """Open the random stream of a key; the same key always starts the same stream."""
        return random.Random(f"{self.seed}/{key}")

    def happened(self, instant: datetime) -> datetime:
        """Hold an instant back to the end of the window, since nothing later can be on record."""
        return min(instant, self.end)

    def holds(self, day: date) -> bool:
        """Say whether a day is inside the window."""
        return self.first_day <= day <= self.last_day
