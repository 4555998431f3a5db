"""What of the records needs attention, counted: failing, waiting for long, and when anything was last read.

What belongs here: these counts. What does not: single records (`states`, `audit`), whom to tell (`alerting`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from st_qbo_assets.domain.ids import Company, Entity
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.domain.passing import PASSING_REASONS
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import feed_tokens, record_changes, record_states, safe_marks, tie_outs

_CHANGES_FEED = "quickbooks/changes"
#: What is read regularly, in words that go on with "for 31 hours".
_COMPARED, _CHANGES = "No day was compared", "QuickBooks was not asked for changes"
_EXPORTS = "servicetitan/export/"


@dataclass(frozen=True)
class Standing:
    """Records of one entity and day that stand alike for the same reason.

    Attributes:
        text: one of their reasons in words.
        passes: whether they go on by themselves once a system answers.
    """

    entity: Entity
    day: date
    code: str
    text: str
    remedy: str
    count: int
    cents: int
    passes: bool


class Attention:
    """Counts what needs a person."""

    def __init__(self, database: Database) -> None:
        """Read in this database."""
        self._database = database

    def failing(self, company: Company) -> list[Standing]:
        """Return what is rejected, failed or mismatched, the newest day first."""
        return self._counted(company, [each for each in Outcome if each.fails_partition])

    def waiting(self, company: Company, *, since: datetime) -> list[Standing]:
        """Return what has been held or blocked at least since an instant, the newest day first."""
        same = [
            record_changes.c[name] == record_states.c[name]
            for name in ("company", "source_entity", "source_id", "source_part")
        ]
        stood = select(func.max(record_changes.c.at)).where(*same).correlate(record_states).scalar_subquery()
        is_old = func.coalesce(stood, record_states.c.first_seen) <= since
        return self._counted(company, (Outcome.HELD, Outcome.BLOCKED), is_old)

    def last_read(self, company: Company) -> dict[str, datetime]:
        """Return when what is read regularly was last read; what never was is missing."""
        compared = select(func.max(tie_outs.c.at)).where(tie_outs.c.company == company)
        changes = select(safe_marks.c.updated_at).where(
            safe_marks.c.company == company, safe_marks.c.feed == _CHANGES_FEED
        )
        exports = select(feed_tokens.c.feed, feed_tokens.c.updated_at).where(
            feed_tokens.c.company == company, feed_tokens.c.feed.startswith(_EXPORTS)
        )
        with self._database.autocommit() as connection:
            found = {
                _COMPARED: connection.execute(compared).scalar(),
                _CHANGES: connection.execute(changes).scalar(),
            }
            for row in connection.execute(exports):
                name = row.feed.removeprefix(_EXPORTS)
                found[f"ServiceTitan did not tell which {name} changed"] = row.updated_at
        return {name: at for name, at in found.items() if at is not None}

    def outcomes(self, company: Company, first: date, last: date) -> dict[Outcome, tuple[int, int]]:
        """Return how many records of some days stand where, with their cents."""
        table = record_states.c
        query = (
            select(table.outcome, func.count().label("records"), func.sum(table.cents).label("cents"))
            .where(table.company == company, table.day.between(first, last))
            .group_by(table.outcome)
        )
        with self._database.autocommit() as connection:
            return {Outcome(row.outcome): (row.records, int(row.cents)) for row in connection.execute(query)}

    def _counted(
        self, company: Company, outcomes: Iterable[Outcome], *conditions: ColumnElement[bool]
    ) -> list[Standing]:
        table = record_states.c
        group: Sequence[Any] = (table.day, table.source_entity, table.reason_code)
        query = (
            select(
                *group,
                func.count().label("records"),
                func.sum(func.abs(table.cents)).label("cents"),
                func.max(table.reason_text).label("text"),
                func.max(table.remedy).label("remedy"),
            )
            .where(
                table.company == company, table.outcome.in_([each.value for each in outcomes]), *conditions
            )
            .group_by(*group)
            .order_by(table.day.desc(), func.count().desc(), table.source_entity, table.reason_code)
        )
        with self._database.autocommit() as connection:
            return [
                Standing(
                    entity=Entity(row.source_entity),
                    day=row.day,
                    code=row.reason_code,
                    text=row.text,
                    remedy=row.remedy,
                    count=row.records,
                    cents=int(row.cents),
                    passes=row.reason_code in PASSING_REASONS,
                )
                for row in connection.execute(query)
            ]
