"""An office that buys: runs of its days in this process, and what both products hold of bills."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from tests.integration.masters.shop import Shop

Json = dict[str, Any]


@dataclass
class Purchasing(Shop):
    """The demo company with its buying side on."""

    @property
    def days(self) -> list[date]:
        """The days of the sandbox, oldest first."""
        info = self.office.sandbox.info()
        first, last = date.fromisoformat(info["first_day"]), date.fromisoformat(info["last_day"])
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def standings(self, entity: str = "bill") -> dict[str, Json]:
        """Where every record of a kind stands, by its id."""
        query = (
            "SELECT source_id, outcome, reason_code, reason_text, cents, number, title "
            "FROM st_qbo.record_states WHERE source_entity = :entity"
        )
        with self.office.opened() as connections, connections.database.autocommit() as connection:
            rows = connection.execute(text(query), {"entity": entity})
            return {row["source_id"]: dict(row) for row in rows.mappings()}
