"""Reading the intents whose outcome is not known yet.

What belongs here: finding them by what they write. What does not: opening and closing them (`ledger`), and
what they are (`intents`).
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement

from st_qbo_assets.domain.ids import Company, SourceRef
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.intents import Intent, intent_from, intents_with_sends
from st_qbo_assets.store.schema import intents
from st_qbo_assets.store.sources import record_is_in, source_is_in


class OpenIntents:
    """The open intents of a company."""

    def __init__(self, database: Database) -> None:
        """Read in this database."""
        self._database = database

    def of_sources(
        self, company: Company, sources: Iterable[SourceRef] | None = None
    ) -> dict[SourceRef, list[Intent]]:
        """Return those of many sources (all, if none are named) in one query."""
        if sources is None:
            return self._read(company)
        wanted = list(dict.fromkeys(sources))
        return self._read(company, source_is_in(intents, wanted)) if wanted else {}

    def of_records(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Intent]]:
        """Return those of many records in one query, whatever their part; by the source they carry."""
        wanted = list(dict.fromkeys(source.record for source in sources))
        return self._read(company, record_is_in(intents, wanted)) if wanted else {}

    def _read(self, company: Company, *conditions: ColumnElement[bool]) -> dict[SourceRef, list[Intent]]:
        query = intents_with_sends(self._database.now()).where(
            intents.c.company == company, intents.c.state == "open", *conditions
        )
        found: dict[SourceRef, list[Intent]] = {}
        with self._database.autocommit() as connection:
            for row in connection.execute(query.order_by(intents.c.id)):
                intent = intent_from(row)
                found.setdefault(intent.source, []).append(intent)
        return found
