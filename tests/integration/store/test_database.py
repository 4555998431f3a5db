"""Connections that died while nobody used them are replaced without an error."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from st_qbo_assets.store import database as module
from st_qbo_assets.store.database import Database


@pytest.fixture
def own(database: Database) -> Iterator[Database]:
    """Yield pools of our own on the same server."""
    opened = Database(database.url)
    yield opened
    opened.dispose()


def test_a_connection_that_died_idle_is_replaced(
    own: Database, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own.begin() as connection:
        first = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    _end(database, first)
    monkeypatch.setattr(module, "_UNASKED_SECONDS", 0.0)
    with own.begin() as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != first


def test_a_connection_that_the_server_ended_just_now_is_replaced_without_asking_it(
    own: Database, database: Database
) -> None:
    for opened in (own.begin, own.autocommit):
        with opened() as connection:
            first = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        _end(database, first)
        with opened() as connection:
            assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != first


def _end(database: Database, pid: int) -> None:
    """End a connection as a server that stops does, and wait until it is gone."""
    with database.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
