"""Every comparison of a day, kept; the newest one counts.

What belongs here: keeping verdicts and finding the newest. What does not: comparing (`books`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select

from st_qbo_assets.domain.ids import Company
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import tie_outs


@dataclass(frozen=True)
class TieOutRecord:
    """One comparison of one day.

    Attributes:
        rows: counts and cents of both systems, one object an entity.
        causes: every difference with its cause and evidence.
        at: when both systems were read; set by the store if None.
    """

    company: Company
    day: date
    is_green: bool
    difference_cents: int
    unexplained_cents: int
    rows: list[Json] = field(default_factory=list[Json])
    causes: list[Json] = field(default_factory=list[Json])
    run_id: str = ""
    at: datetime | None = None


class TieOuts:
    """Reads and writes comparisons."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def save(self, records: Iterable[TieOutRecord]) -> None:
        """Keep comparisons of many days in one transaction; nothing is overwritten."""
        rows = [
            {
                "company": record.company,
                "day": record.day,
                "at": record.at if record.at is not None else self._database.now(),
                "is_green": record.is_green,
                "difference_cents": record.difference_cents,
                "unexplained_cents": record.unexplained_cents,
                "rows": record.rows,
                "causes": record.causes,
                "run_id": record.run_id,
            }
            for record in records
        ]
        if rows:
            with self._database.autocommit() as connection:
                connection.execute(insert(tie_outs).values(rows))

    def newest(self, company: Company, first: date, last: date | None = None) -> dict[date, TieOutRecord]:
        """Return the newest comparison of every day from first to last; a day never compared is missing."""
        query = (
            self._of_days(company, first, last or first)
            .distinct(tie_outs.c.day)
            .order_by(tie_outs.c.day, tie_outs.c.id.desc())
        )
        return {record.day: record for record in self._read(query)}

    def history(self, company: Company, day: date) -> list[TieOutRecord]:
        """Return every comparison of a day, newest first."""
        return self._read(self._of_days(company, day, day).order_by(tie_outs.c.id.desc()))

    def _of_days(self, company: Company, first: date, last: date) -> Select[Any]:
        return select(tie_outs).where(tie_outs.c.company == company, tie_outs.c.day.between(first, last))

    def _read(self, query: Select[Any]) -> list[TieOutRecord]:
        with self._database.autocommit() as connection:
            return [_record_from(row) for row in connection.execute(query)]


def _record_from(row: Row[Any]) -> TieOutRecord:
    return TieOutRecord(
        company=row.company,
        day=row.day,
        is_green=row.is_green,
        difference_cents=row.difference_cents,
        unexplained_cents=row.unexplained_cents,
        rows=row.rows,
        causes=row.causes,
        run_id=row.run_id,
        at=row.at,
    )
