"""ServiceTitan's client credentials and the token all processes share.

What belongs here: fetching a token, reusing it for its 15 minutes, replacing a refused one once. What
does not: keeping it between processes (the store, through `TokenCache`).
"""

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast
from urllib.parse import urlencode

from pydantic import SecretStr

from st_qbo_assets.domain.errors import ConnectionStopped, RateLimited, RemoteFault, TransportError
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.domain.tokens import AccessToken
from st_qbo_assets.servicetitan.problems import error_of, problem_kind
from st_qbo_assets.transport.http import Request, Response, Sender
from st_qbo_assets.transport.redaction import redact
from st_qbo_assets.transport.retry import RetryPolicy

_log = logging.getLogger(__name__)
#: A token is replaced this long before it ends, so that no call starts with one about to die.
MARGIN = timedelta(seconds=60)
_LIFETIME_SECONDS = 900


@dataclass(frozen=True)
class Credentials:
    """What one app has for one tenant and environment; the app key is the same everywhere."""

    client_id: str = field(repr=False)
    client_secret: SecretStr
    app_key: SecretStr


class TokenCache(Protocol):
    """Where the token of one tenant lives, seen by all processes."""

    def read(self) -> AccessToken | None:
        """Return the token last written, fresh from where it lives; None if there is none."""
        ...

    def write(self, token: AccessToken, /) -> None:
        """Keep a token; it is visible to others when this returns."""
        ...

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep every other process and thread out of the block, so that one of them fetches."""
        ...


class MemoryTokenCache:
    """A cache for one process, for commands and tests that share nothing."""

    def __init__(self) -> None:
        self._token: AccessToken | None = None
        self._lock = threading.Lock()

    def read(self) -> AccessToken | None:
        """Return the token last written."""
        return self._token

    def write(self, token: AccessToken) -> None:
        """Keep a token."""
        self._token = token

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Keep every other thread out."""
        with self._lock:
            yield


class ServiceTitanAuth:
    """Access tokens of one tenant."""

    def __init__(
        self,
        *,
        http: Sender,
        token_url: str,
        credentials: Credentials,
        cache: TokenCache,
        retry: RetryPolicy,
        now_utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Args are the parts; `now_utc` is the clock that tokens are aged by."""
        self._http = http
        self._token_url = token_url
        self._credentials = credentials
        self._cache = cache
        self._retry = retry
        self._now_utc = now_utc
        self._last: AccessToken | None = None

    @property
    def app_key(self) -> SecretStr:
        """The application's key, sent with every call."""
        return self._credentials.app_key

    def access_token(self, *, refused: str = "") -> str:
        """Return a token that works for a minute at least, and is not the one just refused.

        Raises:
            ConnectionStopped: if ServiceTitan does not know these credentials.
        """
        # Remembered for this process, so that not every call reads the cache; a token that ended early
        # shows as a refusal, and then the cache is read.
        last = self._last
        if last is None or not self._works(last, refused):
            last = self._last = self._shared(refused)
        return last.value

    def _shared(self, refused: str) -> AccessToken:
        if (token := self._cached(refused)) is not None:
            return token
        with self._cache.exclusive():
            # Another worker may have fetched one while we waited for the lock.
            if (token := self._cached(refused)) is not None:
                return token
            token = self._retry.call(self._fetch)
            self._cache.write(token)
        _log.info("token fetched vendor=servicetitan expires_at=%s", token.expires_at_utc.isoformat())
        return token

    def _cached(self, refused: str) -> AccessToken | None:
        token = self._cache.read()
        return token if token is not None and self._works(token, refused) else None

    def _works(self, token: AccessToken, refused: str) -> bool:
        return token.value != refused and token.is_usable(self._now_utc(), margin=MARGIN)

    def _fetch(self) -> AccessToken:
        asked_at = self._now_utc()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret.get_secret_value(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        # Asking for a token changes nothing that matters, so a lost answer is simply asked again.
        response = self._http.send(
            Request("POST", self._token_url, is_write=False, headers=headers, body=urlencode(form).encode())
        )
        return _read_token(response, asked_at)


def _read_token(response: Response, asked_at: datetime) -> AccessToken:
    body: object = response.json()
    answer = cast(Json, body) if isinstance(body, dict) else {}
    if "error" in answer:
        kind = problem_kind("invalid_client")
        raise ConnectionStopped(
            f"{kind.plain} {kind.cause} It says: {redact(str(answer['error']))}.",
            code=str(answer["error"]),
            remedy=kind.remedy,
            system="servicetitan",
        )
    error = error_of(response)
    if isinstance(error, (RateLimited, TransportError)):
        raise error
    value, lifetime = answer.get("access_token"), answer.get("expires_in", _LIFETIME_SECONDS)
    if error is not None or not isinstance(value, str) or not value or not isinstance(lifetime, int):
        raise RemoteFault(
            "ServiceTitan's token address gave no token; is its URL right?",
            code=str(response.status),
            status=response.status,
        )
    return AccessToken(value=value, expires_at_utc=asked_at + timedelta(seconds=lifetime))
