"""Advisory locks: who may write a record, or a name list, right now.

What belongs here: session locks of Postgres, gone with the process that held them. What does not:
row locks, which belong to the statement that needs them.
"""

import hashlib
import logging
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from st_qbo_assets.domain.errors import LedgerConflict
from st_qbo_assets.domain.ids import Company, Realm, SourceRef
from st_qbo_assets.store.database import Database

_log = logging.getLogger(__name__)

_TAKE = text("SELECT set_config('lock_timeout', :wait, false), pg_advisory_lock(:key)")
_TRY = text("SELECT pg_try_advisory_lock(:key)")
_RELEASE = text("SELECT pg_advisory_unlock_all()")
#: lock_not_available, deadlock_detected
_REFUSED = ("55P03", "40P01")


class Locks:
    """Takes locks that all processes of this database honour.

    A lock lives on a connection of its own: it outlives statements and transactions, and is
    released at the end of the `with` or when the process dies. It is not re-entrant: taking a lock
    that this thread holds already waits for it in vain and ends in `LedgerConflict`.
    """

    def __init__(self, database: Database) -> None:
        """Lock in this database."""
        self._database = database

    @contextmanager
    def records(self, company: Company, *sources: SourceRef, wait_seconds: float = 120) -> Generator[None]:
        """Hold the write locks of one or more source records; parts of one record share its lock.

        Several are taken in one fixed order, so that two holders cannot wait for each other.

        Raises:
            LedgerConflict: if another holder did not finish in time.
        """
        names = {f"record:{company}:{source.entity.value}:{source.id}" for source in sources}
        with self._held(sorted(names), wait_seconds):
            yield

    @contextmanager
    def names(self, realm: Realm, name_list: str, *, wait_seconds: float = 600) -> Generator[None]:
        """Hold the lock of a name list of a realm (`names`, `items`): those are written one at a time.

        Raises:
            LedgerConflict: if another holder did not finish in time.
        """
        with self._held([f"names:{realm}:{name_list}"], wait_seconds):
            yield

    @contextmanager
    def exclusive(self, name: str, *, wait_seconds: float = 60) -> Generator[None]:
        """Hold a lock of any other name (`token:…`).

        Raises:
            LedgerConflict: if another holder did not finish in time.
        """
        with self._held([f"other:{name}"], wait_seconds):
            yield

    @contextmanager
    def if_free(self, name: str) -> Generator[bool]:
        """Try a lock of any other name; yield whether we hold it."""
        with self._database.lock_engine.connect() as connection:
            got = bool(connection.execute(_TRY, {"key": _key(f"other:{name}")}).scalar())
            try:
                yield got
            finally:
                if got:
                    _release(connection, [name])

    @contextmanager
    def _held(self, names: list[str], wait_seconds: float) -> Generator[None]:
        with self._database.lock_engine.connect() as connection:
            _take(connection, names, wait_seconds)
            try:
                yield
            finally:
                _release(connection, names)


def _take(connection: Connection, names: list[str], wait_seconds: float) -> None:
    wait = f"{max(1, int(wait_seconds * 1000))}ms"  # 0 would mean for ever
    try:
        for name in names:
            connection.execute(_TAKE, {"wait": wait, "key": _key(name)})
    except OperationalError as error:
        _release(connection, names)
        if getattr(error.orig, "pgcode", None) not in _REFUSED:
            raise
        raise LedgerConflict(
            f"{', '.join(names)} is being written by another run for more than {wait_seconds:g} s"
        ) from error


def _release(connection: Connection, names: list[str]) -> None:
    try:
        connection.execute(_RELEASE)
    except DBAPIError:
        # The server went away and took the lock along. What was done under it stands in the ledger:
        # an error here would call a posted document failed.
        _log.warning("locks=lost names=%s", ",".join(names))
        connection.invalidate()


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
