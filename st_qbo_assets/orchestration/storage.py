"""The Dagster instance's storage: the same Postgres the ledger uses.

What belongs here: finding the database when `dagster.yaml` is read. How it is found (a URL or the
embedded server under a file lock) is the store's business.
"""

from typing import Any

from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage

from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.embedded import postgres_url


class SharedPostgresStorage(DagsterPostgresStorage):
    """Dagster's runs, events and schedules in the Postgres of the settings.

    Dagster's own storage takes one fixed URL; ours resolves it when the instance is made, so that
    plain `dagster dev -w workspace.yaml` from a clean shell starts or joins the embedded server.
    """

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
