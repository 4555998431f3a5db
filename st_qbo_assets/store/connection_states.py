"""Whether a company's two systems may be called, or wait for a person.

What belongs here: the state and its reason. What does not: credentials (`vault`), tokens (`tokens`).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.errors import ConnectionStopped
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import connections
from st_qbo_assets.store.sources import clean_text

System = Literal["servicetitan", "quickbooks"]


@dataclass(frozen=True)
class ConnectionState:
    """One side of a company.

    Attributes:
        account: tenant or realm it is connected to.
        code: why it is stopped, e.g. `invalid_grant`; empty if it is not.
        since: since when it is so.
    """

    company: Company
    system: System
    account: str
    is_stopped: bool
    code: str
    message: str
    remedy: str
    since: datetime

    def require(self) -> None:
        """Return if the system may be called.

        Raises:
            ConnectionStopped: with the reason and remedy it was stopped for.
        """
        if self.is_stopped:
            raise ConnectionStopped(self.message, code=self.code, remedy=self.remedy, system=self.system)


class ConnectionStates:
    """Reads and writes the states."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def connected(self, company: Company, system: System, account: str) -> None:
        """Note that a system may be called, as this tenant or realm."""
        self._save(company, system, account=account, state="connected", code="", message="", remedy="")

    def stopped(self, company: Company, system: System, account: str, error: ConnectionStopped) -> bool:
        """Note that a system waits for a person; return whether it was not stopped for this before.

        Many workers fail at once: only the first one to stop it raises the alert.
        """
        return self._save(
            company,
            system,
            account=account,
            state="stopped",
            code=error.code,
            message=clean_text(str(error).removesuffix(error.remedy).strip()),
            remedy=clean_text(error.remedy),
        )

    def of(self, company: Company, system: System) -> ConnectionState | None:
        """Return the state of one side of a company; None if it was never connected."""
        return next((state for state in self.all(company) if state.system == system), None)

    def all(self, company: Company | None = None) -> list[ConnectionState]:
        """Return the states of a company, or of all companies."""
        query = select(connections).order_by(connections.c.company, connections.c.system.desc())
        if company is not None:
            query = query.where(connections.c.company == company)
        with self._database.autocommit() as connection:
            return [
                ConnectionState(
                    company=row.company,
                    system=row.system,
                    account=row.account,
                    is_stopped=row.state == "stopped",
                    code=row.code,
                    message=row.message,
                    remedy=row.remedy,
                    since=row.since,
                )
                for row in connection.execute(query)
            ]

    def _save(self, company: Company, system: System, **values: str) -> bool:
        """Write the state unless it is the same; return whether it changed."""
        now = self._database.now()
        statement = insert(connections).values(company=company, system=system, since=now, **values)
        new = statement.excluded
        is_other = tuple_(connections.c.state, connections.c.code, connections.c.account).is_distinct_from(
            tuple_(new.state, new.code, new.account)
        )
        written = statement.on_conflict_do_update(
            index_elements=["company", "system"], set_={**values, "since": new.since}, where=is_other
        ).returning(connections.c.since)
        with self._database.autocommit() as connection:
            return connection.execute(written).first() is not None
