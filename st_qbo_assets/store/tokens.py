"""Access and refresh tokens, encrypted and shared by all processes.

What belongs here: keeping tokens, and the lock under which one worker renews them for all. What does
not: fetching and refreshing, which the clients do (`servicetitan.auth`, `quickbooks.auth`).
"""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import Realm, Tenant
from st_qbo_assets.domain.tokens import AccessToken, TokenPair
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.locks import Locks
from st_qbo_assets.store.schema import tokens
from st_qbo_assets.store.vault import Vault

#: Longer than a refresh with all its tries; whoever waits that long may as well fail.
_WAIT_SECONDS = 300


class _Stored:
    """One row of the table and the lock that goes with it."""

    def __init__(self, database: Database, vault: Vault, system: str, account: str) -> None:
        self._database = database
        self._vault = vault
        self._system = system
        self._account = account

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Keep every other process and thread that would renew these tokens out of the block.

        The lock is gone with the process that held it. What is written inside is committed at
        once, so that the next one in reads it.

        Raises:
            LedgerConflict: if another holder did not finish in time.
        """
        with Locks(self._database).exclusive(
            f"token:{self._system}:{self._account}", wait_seconds=_WAIT_SECONDS
        ):
            yield

    def remove(self) -> None:
        """Forget the tokens."""
        with self._database.autocommit() as connection:
            connection.execute(delete(tokens).where(*self._key()))

    def _load(self) -> tuple[dict[str, str], Row[Any]] | None:
        query = select(tokens).where(*self._key())
        with self._database.autocommit() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        text = self._vault.unlock(row.ciphertext, what=f"token of {self._system} {self._account}")
        return json.loads(text), row

    def _save(self, secrets: dict[str, str], **dates: datetime | None) -> None:
        values = {"ciphertext": self._vault.lock(json.dumps(secrets)), **dates}
        now = self._database.now()
        statement = insert(tokens).values(
            system=self._system, account=self._account, updated_at=now, **values
        )
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["system", "account"],
                    set_=values | {"version": tokens.c.version + 1, "updated_at": now},
                )
            )

    def _key(self) -> tuple[Any, ...]:
        return (tokens.c.system == self._system, tokens.c.account == self._account)


class ServiceTitanTokens(_Stored):
    """The access token of one tenant; fulfils `servicetitan.auth.TokenCache`."""

    def __init__(self, database: Database, vault: Vault, *, tenant: Tenant, environment: Environment) -> None:
        """Keep the token of a tenant of an environment."""
        super().__init__(database, vault, "servicetitan", f"{environment.value}:{tenant}")

    def read(self) -> AccessToken | None:
        """Return the token last written, fresh from the database.

        Raises:
            SettingsError: if the vault's key is lost.
        """
        found = self._load()
        if found is None:
            return None
        secrets, row = found
        return AccessToken(secrets["access"], row.access_expires_at)

    def write(self, token: AccessToken) -> None:
        """Keep a token; it is committed when this returns."""
        self._save({"access": token.value}, access_expires_at=token.expires_at_utc)


class QuickBooksTokens(_Stored):
    """Both tokens of one realm; fulfils `quickbooks.auth.TokenVault`."""

    def __init__(self, database: Database, vault: Vault, *, realm: Realm, environment: Environment) -> None:
        """Keep the tokens of a realm of an environment."""
        super().__init__(database, vault, "quickbooks", f"{environment.value}:{realm}")

    def read(self) -> TokenPair | None:
        """Return the tokens last written, fresh from the database; None if never connected.

        Raises:
            SettingsError: if the vault's key is lost.
        """
        found = self._load()
        if found is None:
            return None
        secrets, row = found
        return TokenPair(
            access=AccessToken(secrets["access"], row.access_expires_at),
            refresh_token=secrets["refresh"],
            refresh_expires_at_utc=row.refresh_expires_at,
            hard_expires_at_utc=row.hard_expires_at,
        )

    def write(self, pair: TokenPair) -> None:
        """Keep both tokens; they are committed together when this returns.

        A five-year end the vendor did not repeat is kept as it was told before: a new consent removes the old
        tokens first.
        """
        known = self.hard_expires_at() if pair.hard_expires_at_utc is None else pair.hard_expires_at_utc
        self._save(
            {"access": pair.access.value, "refresh": pair.refresh_token},
            access_expires_at=pair.access.expires_at_utc,
            refresh_expires_at=pair.refresh_expires_at_utc,
            hard_expires_at=known,
        )

    def hard_expires_at(self) -> datetime | None:
        """Return when a person must connect again, if the vendor ever said so."""
        query = select(tokens.c.hard_expires_at).where(*self._key())
        with self._database.autocommit() as connection:
            return connection.execute(query).scalar()


@dataclass(frozen=True)
class TokenDates:
    """When the tokens of an account end; nothing secret.

    Attributes:
        refresh_expires_at: when they die if nobody uses them; None for ServiceTitan.
        hard_expires_at: when a person must connect again, if the vendor said so.
    """

    access_expires_at: datetime
    refresh_expires_at: datetime | None
    hard_expires_at: datetime | None
    updated_at: datetime


def token_dates(database: Database) -> dict[tuple[str, str], TokenDates]:
    """Return the dates of all tokens by system and `environment:account`; needs no vault key."""
    columns = (
        tokens.c.system,
        tokens.c.account,
        tokens.c.access_expires_at,
        tokens.c.refresh_expires_at,
        tokens.c.hard_expires_at,
        tokens.c.updated_at,
    )
    with database.autocommit() as connection:
        rows = connection.execute(select(*columns))
        return {(system, account): TokenDates(*dates) for system, account, *dates in rows}


def expiring_within(database: Database, span: timedelta) -> list[tuple[str, str, datetime]]:
    """Return system, account and end of every grant that a person must renew within a span, soonest first."""
    columns = (tokens.c.system, tokens.c.account, tokens.c.hard_expires_at)
    query = select(*columns).where(tokens.c.hard_expires_at < database.now() + span)
    with database.autocommit() as connection:
        return [(*row,) for row in connection.execute(query.order_by(tokens.c.hard_expires_at))]
