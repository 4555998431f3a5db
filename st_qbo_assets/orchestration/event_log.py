"""Dagster's event log in Postgres, without what nobody reads.

What belongs here: leaving out statements that tell nothing new. What does not: connections (`storage`). A
live run of one day writes some 130 events; each asked whether the tables are there and rang a bell that no
reader of this version listens for, and each step looked up the version of every day it reads.

All of it is Dagster's own and private, tried with the version that is pinned.
"""

from typing import Any

from dagster._core.definitions import data_version
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.context import data_version_cache
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster_postgres import PostgresEventLogStorage

_THRESHOLD = "SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD"


class QuickEventLog(PostgresEventLogStorage):
    """Dagster's storage of events; tables and columns that were there are not looked for again."""

    def __init__(self, postgres_url: str) -> None:
        """Use the database at this address."""
        super().__init__(postgres_url)
        self._known: set[str] = set()

    def has_table(self, table_name: str) -> bool:
        """Say whether there is a table."""
        if table_name not in self._known and super().has_table(table_name):
            self._known.add(table_name)
        return table_name in self._known

    def _has_asset_key_col_on_connection(self, conn: Any, column_name: str) -> bool:
        name = f"asset_keys.{column_name}"
        if name not in self._known and super()._has_asset_key_col_on_connection(conn, column_name):
            self._known.add(name)
        return name in self._known

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event, as Dagster does, but for the notification."""
        table = SqlEventLogStorageTable.c
        with self._connect() as connection:
            statement = self.prepare_insert_event(event).returning(table.id)
            event_id = int(connection.execute(statement).scalar_one())
        told = event.dagster_event
        if told is None:
            return
        if told.event_type in ASSET_EVENTS and told.asset_key:
            with self.index_transaction() as connection:
                self._store_asset_event_tags(connection, [event], [event_id])
                self._store_asset_event(connection, event, event_id)
        if told.event_type in ASSET_CHECK_EVENTS:
            self.store_asset_check_event(event, event_id)


def take_days_for_one() -> None:
    """Have Dagster take the version of an asset for that of each of its days.

    It does so by itself where a step reads a hundred of them. A day's frames are read anew whenever it is
    loaded, so that nothing here is decided by versions.
    """
    for module in (data_version, data_version_cache):
        setattr(module, _THRESHOLD, 0)
