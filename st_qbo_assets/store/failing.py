"""What failed and passes by itself, by day: which days to try again when a system answers.

What belongs here: this one question. What does not: where single records stand (`states`), and when to try
again (orchestration).
"""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, select

from st_qbo_assets.domain.ids import Company, Entity
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import record_states


class Failing:
    """Reads which days hold failed records."""

    def __init__(self, database: Database) -> None:
        """Read in this database."""
        self._database = database

    def days(self, company: Company, reasons: Iterable[str]) -> dict[date, dict[Entity, int]]:
        """Return the days on which records failed for one of some reasons, oldest first, with how many.

        Args:
            company: whose records.
            reasons: codes; a record that failed for another reason is not counted.
        """
        table = record_states.c
        query = (
            select(table.day, table.source_entity, func.count().label("records"))
            .where(
                table.company == company,
                table.outcome == Outcome.FAILED.value,
                table.reason_code.in_(list(reasons)),
            )
            .group_by(table.day, table.source_entity)
            .order_by(table.day, table.source_entity)
        )
        found: dict[date, dict[Entity, int]] = {}
        with self._database.autocommit() as connection:
            for row in connection.execute(query):
                found.setdefault(row.day, {})[Entity(row.source_entity)] = row.records
        return found
