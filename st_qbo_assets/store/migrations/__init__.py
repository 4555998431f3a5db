"""Bringing the schema up to date: Alembic, run by the program, once, under an advisory lock.

What belongs here: when and how migrations run; each one is a module in `versions/`. What does not:
the tables as they are now (`schema`), which a test compares with what the migrations make.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, inspect, text

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.store.schema import SCHEMA, metadata

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

#: The newest revision in `versions/`; known here so that an up-to-date database costs one query.
HEAD = "0010"
_VERSION_TABLE = "alembic_version"
#: Any number that nobody else uses in this database; Alembic itself takes no lock.
_LOCK = 7_310_223_094_117_502


def upgrade(engine: Engine) -> None:
    """Bring the schema to this version; many processes may call it at once.

    Raises:
        SettingsError: if the database was made by a newer version of this program.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            if _revision(connection) != HEAD:
                connection.rollback()
                _run(connection)
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE, schema=SCHEMA):
        return None
    return connection.execute(text(f"SELECT version_num FROM {SCHEMA}.{_VERSION_TABLE}")).scalar()  # noqa: S608 - constants


def _run(connection: Connection) -> None:
    from alembic.runtime.environment import EnvironmentContext
    from alembic.util import CommandError

    config, directory = scripts()
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.commit()

    def upgrade_steps(revision: Any, _: Any) -> Any:
        return directory._upgrade_revs("head", revision)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - as alembic.command.upgrade does

    with EnvironmentContext(config, directory, fn=upgrade_steps, destination_rev="head") as environment:
        environment.configure(
            connection=connection,
            target_metadata=metadata,
            version_table=_VERSION_TABLE,
            version_table_schema=SCHEMA,
        )
        try:
            with environment.begin_transaction():
                environment.run_migrations()
        except CommandError as error:
            raise SettingsError(
                f"the database's schema {SCHEMA} is of another version of this program ({error}).",
                remedy="Run the newest version, or name another database.",
            ) from error


def scripts() -> "tuple[Config, ScriptDirectory]":
    """Return Alembic's view of the revisions in `versions/`."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)
