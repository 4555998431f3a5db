"""The Dagster instance's storage: the same Postgres the ledger uses.

What belongs here: finding the database when `dagster.yaml` is read, and keeping its connections. How it is
found (a URL or the embedded server under a file lock) is the store's business.
"""

import os
import weakref
from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from st_qbo_assets.orchestration.event_log import QuickEventLog, take_days_for_one
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.database import replace_dead
from st_qbo_assets.store.embedded import postgres_url


class SharedPostgresStorage(DagsterPostgresStorage):
    """Dagster's runs, events and schedules in the Postgres of the settings.

    Dagster's own storage takes one fixed URL; ours resolves it when the instance is made, so that
    plain `dagster dev -w workspace.yaml` from a clean shell starts or joins the embedded server. And its own
    connects anew for every statement, 340 times in a run of one day, each of which has the server start a
    process; ours keeps a connection. Nor does it wait until each event is on the disk, two thirds of
    the time of one: if the machine dies, the last half second may be missing there; of the ledger nothing.
    """

    def __init__(self, postgres_url: str, **more: Any) -> None:
        """Use the database at this address."""
        super().__init__(postgres_url, **more)
        self._event_log_storage = QuickEventLog(postgres_url)
        take_days_for_one()
        engine = _engine(postgres_url)
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = engine  # pyright: ignore[reportPrivateUsage] - there is no other way

    @classmethod
    def config_type(cls) -> Any:
        """Return an empty configuration: everything comes from the settings."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "SharedPostgresStorage":
        """Build the storage; called by Dagster with the configuration of `dagster.yaml`."""
        return cls(
            postgres_url=postgres_url(load_settings()),
            inst_data=inst_data,
        )


def _engine(url: str) -> Engine:
    """Return a pool that outlives restarts of the server, and of which no fork uses what is the parent's."""
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=1,
        max_overflow=30,
        pool_recycle=600,
    )
    replace_dead(engine)
    event.listen(engine, "connect", _hurry)
    kept = weakref.ref(engine)

    def forget() -> None:
        if (inherited := kept()) is not None:
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
    return engine


def _hurry(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SET synchronous_commit TO off")
    cursor.close()
    connection.commit()
