"""Secrets, encrypted at rest: the vault table and the keys it is locked with.

What belongs here: encrypting, the key file, rotation. What does not: which secrets there are
(`connections`) and tokens, which have their own table (`tokens`) under the same keys.

Keys are Fernet keys, newest first: all of them open, the newest one locks. They come from
`ST_QBO_VAULT_KEYS`, or from a file of mode 0600 in the home, which is made when nothing is
encrypted yet and read again whenever it changes, so that running processes follow a rotation.
"""

import logging
import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy import Connection, Row, Table, delete, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.locks import Locks
from st_qbo_assets.store.schema import tokens, vault

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_log = logging.getLogger(__name__)

KEY_FILE = "vault.key"
#: After a rotation the file keeps the key before the newest, for processes that just read it.
_KEPT_KEYS = 2
_CURE = (
    "Put the key that was in use back (ST_QBO_VAULT_KEYS, or {file}), or connect the companies again with "
    "`st-qbo connect`, which replaces what cannot be opened."
)


@dataclass(frozen=True)
class SecretNote:
    """What may be said of a secret: everything but the secret."""

    scope: str
    name: str
    version: int
    expires_at: datetime | None
    updated_at: datetime


class KeyRing:
    """The keys of one installation, from the environment or from the key file."""

    def __init__(self, keys: Sequence[SecretStr], *, file: Path) -> None:
        """Use these keys, or those in the file if there are none.

        Args:
            keys: Fernet keys, newest first.
            file: the key file, used only if no keys are given.
        """
        self.file = file
        self.is_file = not keys
        self._keys = tuple(keys)
        self._read: tuple[int, int, int] | None = None

    def fernet(self, *, may_create: bool) -> "MultiFernet":
        """Return what locks with the newest key and opens with any.

        Args:
            may_create: whether a missing key file may be made, since nothing is encrypted yet.

        Raises:
            SettingsError: if the key file is missing, unreadable, open to others or no key file.
        """
        from cryptography.fernet import Fernet, MultiFernet

        if self.is_file:
            self._read_file(may_create=may_create)
        return MultiFernet([Fernet(key.get_secret_value()) for key in self._keys])

    def add(self) -> None:
        """Put a new key first in the key file and keep those before it."""
        self._write([_new_key(), *(key.get_secret_value() for key in self._keys)])

    def forget_oldest(self) -> None:
        """Drop the keys nobody needs after a rotation."""
        self._write([key.get_secret_value() for key in self._keys[:_KEPT_KEYS]])

    def _read_file(self, *, may_create: bool) -> None:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            if not may_create:
                raise SettingsError(
                    f"the vault's key file {self.file} is missing.", remedy=_CURE.format(file=self.file)
                ) from None
            self._create()
            found = self.file.stat()
        stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
        if stamp == self._read:
            return
        if stat.S_IMODE(found.st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(
                f"the vault's key file {self.file} can be read by others.",
                remedy=f"Close it with `chmod 600 {self.file}`.",
            )
        try:
            lines = self.file.read_text().split()
        except PermissionError:
            raise SettingsError(
                f"the vault's key file {self.file} cannot be read by this user.",
                remedy="Run as the user that made it.",
            ) from None
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                f"the vault's key file {self.file} cannot be read.", remedy=_CURE.format(file=self.file)
            ) from None
        self._keys = tuple(SecretStr(line) for line in lines)
        _check(self._keys, self.file)
        self._read = stamp

    def _create(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        written = self._written([_new_key()])
        # a link fails if another process was first, and never shows a half-written file
        with suppress(FileExistsError):
            os.link(written, self.file)
            _log.info("vault=key_file_made file=%s", self.file)
        written.unlink()

    def _write(self, keys: Sequence[str]) -> None:
        self._written(keys).replace(self.file)
        self._read = None
        self._read_file(may_create=False)

    def _written(self, keys: Sequence[str]) -> Path:
        handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=f".{KEY_FILE}.")  # made with mode 0600
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return Path(name)


class Vault:
    """Keeps secrets by scope and name; what it returns does not show in a `repr`."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        """Keep secrets in this database under these keys."""
        self._database = database
        self._keys = keys

    @classmethod
    def open(cls, database: Database, settings: Settings) -> "Vault":
        """Return the vault of an installation."""
        return cls(database, KeyRing(settings.vault_keys, file=settings.home / KEY_FILE))

    def put(self, scope: str, name: str, secret: SecretStr, *, expires_at: datetime | None = None) -> None:
        """Keep a secret, replacing the one of the same scope and name."""
        values = {"ciphertext": self.lock(secret.get_secret_value()), "expires_at": expires_at}
        statement = insert(vault).values(scope=scope, name=name, updated_at=self._database.now(), **values)
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["scope", "name"],
                    set_=values | {"version": vault.c.version + 1, "updated_at": self._database.now()},
                )
            )

    def get(self, scope: str, name: str) -> SecretStr | None:
        """Return a secret, if it is kept.

        Raises:
            SettingsError: if its key is lost, with the cure.
        """
        query = select(vault.c.ciphertext).where(vault.c.scope == scope, vault.c.name == name)
        with self._database.autocommit() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else SecretStr(self.unlock(found, what=f"{name} of {scope}"))

    def remove(self, scope: str, name: str) -> None:
        """Forget a secret."""
        with self._database.autocommit() as connection:
            connection.execute(delete(vault).where(vault.c.scope == scope, vault.c.name == name))

    def ciphertexts(self, names: Sequence[str]) -> dict[tuple[str, str], bytes]:
        """Return by scope and name what is kept under these names, still locked, in one question."""
        query = select(vault.c.scope, vault.c.name, vault.c.ciphertext).where(vault.c.name.in_(list(names)))
        with self._database.autocommit() as connection:
            return {(row.scope, row.name): bytes(row.ciphertext) for row in connection.execute(query)}

    def take(self, scope: str, name: str) -> SecretStr | None:
        """Return a secret and forget it at once: of many who ask one gets it, and an expired one nobody.

        Raises:
            SettingsError: if its key is lost, with the cure.
        """
        is_fresh = or_(vault.c.expires_at.is_(None), vault.c.expires_at > self._database.now())
        statement = (
            delete(vault)
            .where(vault.c.scope == scope, vault.c.name == name)
            .returning(vault.c.ciphertext, is_fresh.label("is_fresh"))
        )
        with self._database.autocommit() as connection:
            row = connection.execute(statement).one_or_none()
        if row is None or not row.is_fresh:
            return None
        return SecretStr(self.unlock(row.ciphertext, what=f"{name} of {scope}"))

    def forget_expired(self, scope: str) -> None:
        """Forget the secrets of a scope that have ended."""
        ended = (vault.c.scope == scope, vault.c.expires_at <= self._database.now())
        with self._database.autocommit() as connection:
            connection.execute(delete(vault).where(*ended))

    def notes(self) -> list[SecretNote]:
        """Return what may be said of every secret."""
        columns = (vault.c.scope, vault.c.name, vault.c.version, vault.c.expires_at, vault.c.updated_at)
        with self._database.autocommit() as connection:
            rows = connection.execute(select(*columns).order_by(vault.c.scope, vault.c.name))
            return [SecretNote(*row) for row in rows]

    def lock(self, text: str) -> bytes:
        """Return the text encrypted with the newest key."""
        return self._keys.fernet(may_create=self._is_empty()).encrypt(text.encode())

    def unlock(self, ciphertext: bytes, *, what: str) -> str:
        """Return the text of a ciphertext.

        Args:
            ciphertext: as the table holds it.
            what: named in the error.

        Raises:
            SettingsError: if no key opens it, with the cure.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._keys.fernet(may_create=False).decrypt(bytes(ciphertext)).decode()
        except InvalidToken:
            raise SettingsError(
                f"no key at hand opens the vault's {what}.", remedy=_CURE.format(file=self._keys.file)
            ) from None

    def rotate(self) -> int:
        """Lock every secret and token with the newest key; return how many there were.

        With a key file a new key is made first. With `ST_QBO_VAULT_KEYS` put the new key in front, restart
        everything, rotate, and then take the old one out.

        Raises:
            SettingsError: if something cannot be opened; nothing was changed then.
        """
        with Locks(self._database).exclusive("vault"):
            self._keys.fernet(may_create=self._is_empty())
            if self._keys.is_file:
                self._keys.add()
            with self._database.begin() as connection:
                # what has ended is of no use, and must not stand in the way if its key is lost
                connection.execute(delete(vault).where(vault.c.expires_at <= self._database.now()))
                count = self._relock(connection, vault, "scope", "name")
                count += self._relock(connection, tokens, "system", "account")
            if self._keys.is_file:
                self._keys.forget_oldest()
        _log.info("vault=rotated secrets=%d", count)
        return count

    def _relock(self, connection: Connection, table: Table, owner: str, name: str) -> int:
        rows: Sequence[Row[tuple[str, str, bytes]]] = connection.execute(
            select(table.c[owner], table.c[name], table.c.ciphertext).with_for_update()
        ).all()
        for row_owner, row_name, ciphertext in rows:
            text = self.unlock(ciphertext, what=f"{row_name} of {row_owner}")
            connection.execute(
                update(table)
                .where(table.c[owner] == row_owner, table.c[name] == row_name)
                .values(ciphertext=self.lock(text))
            )
        return len(rows)

    def _is_empty(self) -> bool:
        """Say whether nothing is encrypted yet: a missing key file is then a new one, not a lost one."""
        if not self._keys.is_file or self._keys.file.exists():
            return False
        anything = union_all(select(vault.c.version).limit(1), select(tokens.c.version).limit(1))
        with self._database.autocommit() as connection:
            return connection.execute(anything).first() is None


def new_key() -> SecretStr:
    """Return a fresh key for `ST_QBO_VAULT_KEYS`."""
    return SecretStr(_new_key())


def _new_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def _check(keys: Sequence[SecretStr], file: Path) -> None:
    from cryptography.fernet import Fernet

    try:
        if not keys:
            raise ValueError
        for key in keys:
            Fernet(key.get_secret_value())
    except ValueError:
        raise SettingsError(f"{file} holds no vault keys.", remedy=_CURE.format(file=file)) from None
