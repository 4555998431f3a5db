"""Seeds that several tests look at, built once."""

from __future__ import annotations

from datetime import date
from functools import cache

from st_qbo_sandbox.contractor import Seed, build
from st_qbo_sandbox.contractor.window import Window

LAST_DAY = date(2026, 11, 21)


def window(
    seed: int = 1,
    last_day: date = LAST_DAY,
    days: int = 7,
    a_day: int = 32,
    hard: bool = False,
    buying: bool = False,
) -> Window:
    return Window(seed, last_day, days, a_day, hard, buying)


@cache
def seed_of(frame: Window) -> Seed:
    return build(frame.seed, frame.last_day, frame.days, frame.invoices_per_day, frame.hard, frame.buying)
