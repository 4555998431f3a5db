"""One Postgres: where it is, its connections, its clock, and its schema brought up to date.

What belongs here: opening, pooling, transactions. What does not: tables (`schema`), what is
written to them (one module per table family), and starting the embedded server (`embedded`).
"""

import json
import select
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import simplejson
from sqlalchemy import ColumnElement, Connection, DateTime, Engine, create_engine, event, func, literal
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings
from st_qbo_assets.store import migrations
from st_qbo_assets.store.embedded import postgres_url

#: A server may take many seconds to greet where its machine is busy; one that is down refuses at once.
_CONNECT_TIMEOUT_SECONDS = 30
#: Five writers, the realm's budget, and a few readers beside them; threads beyond wait for a connection.
_POOL_SIZE = 8
_POOL_OVERFLOW = 24
_POOL_WAIT_SECONDS = 60
#: A connection is asked whether it still lives only if nobody used it for so long: while documents are
#: posted, asking each time would be a quarter of the work.
_UNASKED_SECONDS = 2.0

Clock = Callable[[], datetime]


class Database:
    """An open Postgres with the schema of this version.

    Thread-safe: every call takes its own connection. Advisory locks are held on connections of
    their own pool, so that lock holders never wait for the connection they need to finish.

    Attributes:
        url: SQLAlchemy URL (`postgresql+psycopg2://…`), with its password.
        engine: the pool for statements.
        lock_engine: the pool for connections that hold session locks.
        clock: tells the time instead of the database, if one was given.
    """

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        """Make the pools; nothing is connected yet.

        Args:
            url: SQLAlchemy URL with the psycopg2 driver.
            clock: tells the time instead of the database (tests).
        """
        self.url = url
        self.clock = clock
        self.engine = _engine(url)
        self.lock_engine = _engine(url, isolation_level="AUTOCOMMIT")
        # An own pool: changing the isolation of a pooled connection at every use costs half a millisecond.
        self._autocommit = _engine(url, isolation_level="AUTOCOMMIT")

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock | None = None) -> "Database":
        """Return the database of the settings, its schema brought up to date.

        The embedded server is started, or joined if it runs.

        Raises:
            SettingsError: if it cannot be reached, started or brought up to date, with the cure.
        """
        url = postgres_url(settings)
        where = make_url(url).render_as_string(hide_password=True)
        database = cls(url, clock=clock)
        try:
            with _opening:
                migrations.upgrade(database.engine)
        except OperationalError as error:
            database.dispose()
            raise SettingsError(
                f"the database {where} cannot be used: {_first_line(error)}.",
                remedy="Start it, correct ST_QBO_DATABASE_URL, or unset it to use the embedded server.",
            ) from None  # the driver's own message may repeat the address with its password
        return database

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
        self._autocommit.dispose()
        self.lock_engine.dispose()

    @contextmanager
    def begin(self) -> Generator[Connection]:
        """Yield a connection in one transaction, committed at the end."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def autocommit(self) -> Generator[Connection]:
        """Yield a connection on which every statement is its own transaction (one round trip each)."""
        with self._autocommit.connect() as connection:
            yield connection

    def now(self) -> ColumnElement[datetime]:
        """Return the present instant as SQL: the database's clock, or the one given at opening."""
        if self.clock is None:
            return func.clock_timestamp(type_=DateTime(timezone=True))
        return literal(self.clock(), DateTime(timezone=True))

    def fixed_now(self) -> datetime | None:
        """Return the present if a clock was given at opening; None leaves it to the database."""
        return None if self.clock is None else self.clock()


_opening = threading.Lock()


def _engine(url: str, **options: Any) -> Engine:
    engine = create_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_OVERFLOW,
        pool_timeout=_POOL_WAIT_SECONDS,
        json_serializer=_dump_json,
        json_deserializer=_load_json,
        connect_args={"connect_timeout": _CONNECT_TIMEOUT_SECONDS, "application_name": "st-qbo"},
        hide_parameters=True,  # payloads and ciphertexts have no place in tracebacks
        **options,
    )
    replace_dead(engine)
    return engine


def replace_dead(engine: Engine) -> None:
    """Have a pool notice connections that died, without asking one that was used a moment ago."""
    event.listen(engine, "checkout", _drop_if_dead)
    event.listen(engine, "checkin", _note_use)


def _drop_if_dead(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: object) -> None:
    """Have the pool open another connection if this one died while nobody used it."""
    used = entry.info.get("used")
    if used is None:
        return
    if _says_something(connection):
        raise DisconnectionError
    if time.monotonic() - used < _UNASKED_SECONDS:
        return
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
        connection.rollback()
    except Exception as error:  # whatever the driver raises: the connection is of no use
        raise DisconnectionError from error


def _says_something(connection: Any) -> bool:
    """Say whether the server sent something though nothing was asked: that is its farewell, or the end.

    A server that stops or ends the connection says so at once, and looking costs no round trip; one that
    vanished without a word is found out by asking.
    """
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return bool(watch.poll(0))


def _note_use(connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["used"] = time.monotonic()


def _dump_json(value: object) -> str:
    return simplejson.dumps(value, use_decimal=True)  # ASCII: a NUL stays an escape, which Postgres keeps


def _load_json(value: str) -> Any:
    return json.loads(value, parse_float=Decimal)


def _first_line(error: OperationalError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else "no answer"
