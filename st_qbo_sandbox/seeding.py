"""Which data the sandbox holds: the options of the made-up contractor, kept beside the data.

Belongs here: options, their defaults, remembering them. Does not belong here: making the data
(`contractor/`) or understanding it (the halves).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from st_qbo_sandbox.half import Half
from st_qbo_sandbox.identity import TIME_ZONE
from st_qbo_sandbox.storage import FILE_NAME, Storage, parse_json

_COLLECTION = "sandbox"
_ID = "seed"
_MAX_DAYS = 3_660
#: Numbers of a day's papers have three digits.
_MAX_BILLS = 799


class SeedError(ValueError):
    """Seed options that make no sense."""


def yesterday() -> date:
    """Return the day before today where the contractor is."""
    return datetime.now(UTC).astimezone(ZoneInfo(TIME_ZONE)).date() - timedelta(days=1)


@dataclass(frozen=True)
class SeedOptions:
    """What the contractor's data is a function of."""

    last_day: date
    days: int = 7
    invoices_per_day: int = 40
    seed: int = 1
    hard: bool = False
    buying: bool = False
    bills_per_day: int = 0
    skus: int = 0

    @property
    def first_day(self) -> date:
        """The first of the days."""
        return self.last_day - timedelta(days=self.days - 1)

    def changed(self, given: dict[str, Any]) -> SeedOptions:
        """Return these options with the given ones (JSON or command line) in place; None means not given.

        Raises:
            SeedError: an option is unknown or out of range.
        """
        wanted = {name: value for name, value in given.items() if value is not None}
        unknown = set(wanted) - set(asdict(self))
        if unknown:
            raise SeedError(f"unknown seed option {', '.join(sorted(unknown))}")
        try:
            for name in ("days", "invoices_per_day", "seed", "bills_per_day", "skus"):
                if name in wanted:
                    wanted[name] = int(wanted[name])
            if isinstance(wanted.get("last_day"), str):
                wanted["last_day"] = date.fromisoformat(wanted["last_day"])
        except (TypeError, ValueError) as error:
            raise SeedError(f"seed options cannot be read: {error}") from error
        changed = replace(self, **wanted)
        if not 1 <= changed.days <= _MAX_DAYS or changed.invoices_per_day < 0:
            raise SeedError(f"days must be 1 to {_MAX_DAYS}, invoices_per_day not negative")
        if not 0 <= changed.bills_per_day <= _MAX_BILLS or changed.skus < 0:
            raise SeedError(f"bills_per_day must be 0 to {_MAX_BILLS}, skus not negative")
        return changed

    def describe(self) -> dict[str, Any]:
        """Return the options as JSON, with the first day."""
        return {
            "seed": self.seed,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "days": self.days,
            "invoices_per_day": self.invoices_per_day,
            "hard": self.hard,
            "buying": self.buying,
            "bills_per_day": self.bills_per_day,
            "skus": self.skus,
        }


def default_options() -> SeedOptions:
    """Return the options of a sandbox that nobody asked anything of."""
    return SeedOptions(last_day=yesterday())


def remembered_options(storage: Storage) -> SeedOptions | None:
    """Return the options of the data in this storage, or None if it was never seeded."""
    kept = storage.collection(_COLLECTION).get(_ID)
    return None if kept is None else _from_document(kept)


def read_options(folder: Path) -> SeedOptions | None:
    """Return the options of the state in this folder without opening it for writing, or None."""
    file = folder / FILE_NAME
    if not file.exists():
        return None
    try:
        database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            row = database.execute(
                "SELECT body FROM documents WHERE collection = ? AND id = ?", (_COLLECTION, _ID)
            ).fetchone()
        finally:
            database.close()
    except sqlite3.Error:
        return None
    return None if row is None else _from_document(parse_json(row[0]))


def plant(storage: Storage, halves: Sequence[Half], options: SeedOptions) -> None:
    """Make the contractor's data, replace what the halves hold with it, and remember the options."""
    from st_qbo_sandbox.contractor import build  # slow to import, and not needed to start on existing state

    seed = build(
        seed=options.seed,
        last_day=options.last_day,
        days=options.days,
        invoices_per_day=options.invoices_per_day,
        hard=options.hard,
        buying=options.buying,
        bills_per_day=options.bills_per_day,
        skus=options.skus,
    )
    for half in halves:
        half.reset()
        half.load(getattr(seed, half.name))
    storage.hush()
    kept = asdict(options) | {"last_day": options.last_day.isoformat()}
    storage.collection(_COLLECTION).put(_ID, kept)


def forget(storage: Storage) -> None:
    """Forget the options: the sandbox is empty."""
    storage.collection(_COLLECTION).remove(_ID)


def _from_document(kept: dict[str, Any]) -> SeedOptions:
    options = dict(kept)
    last_day = date.fromisoformat(options.pop("last_day"))
    return SeedOptions(last_day=last_day, **options)
