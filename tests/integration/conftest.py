"""A real Postgres for integration tests: one embedded server a session, an empty database a test."""

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine, make_url, text

from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store import embedded, migrations
from st_qbo_assets.store.database import Database
from tests.integration.emptying import empty
from tests.pace import hurry

_NAME = "tests"


@pytest.fixture(scope="module", autouse=True)
def hurried() -> Generator[None]:
    """Let nobody wait for a pace that no vendor asks for."""
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch.setattr)
        yield


@pytest.fixture(scope="session")
def embedded_settings() -> Generator[Settings]:
    """Settings of a home whose embedded server runs, in a folder without spaces."""
    home = Path(tempfile.mkdtemp(prefix="st-qbo-tests-", dir="/tmp")).resolve()
    settings = load_settings({"ST_QBO_HOME": str(home)})
    try:
        with _connected(embedded.postgres_url(settings)) as connection:
            # Nothing here outlives the machine: kill -9 of a process loses nothing without fsync.
            for option in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {option} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        yield settings
    finally:
        embedded.stop(settings)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def _migrated(embedded_settings: Settings) -> str:
    """The URL of a migrated database beside the home's own, which stays untouched."""
    server = embedded.postgres_url(embedded_settings)
    with _connected(server) as connection:
        connection.execute(text(f"CREATE DATABASE {_NAME}"))
    url = make_url(server).set(database=_NAME).render_as_string(hide_password=False)
    engine = create_engine(url)
    migrations.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture
def database_settings(embedded_settings: Settings, _migrated: str) -> Settings:
    """Settings that name a database in which nothing has happened yet."""
    with _connected(_migrated) as connection:
        others = "FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"), {"name": _NAME})
        empty(connection)
    return replace(embedded_settings, database_url=SecretStr(_migrated))


@pytest.fixture
def database(database_settings: Settings) -> Generator[Database]:
    """An empty database, open."""
    opened = Database.open(database_settings)
    yield opened
    opened.dispose()


@contextmanager
def _connected(url: str) -> Generator[Connection]:
    """A connection on which each statement is its own transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()
