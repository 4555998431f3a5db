"""OAuth of QuickBooks: consent, code, refresh, revoke (QuickBooks reference §1).

What belongs here: the calls, and the rules that keep a grant alive. What does not: keeping tokens (the
store, through `TokenVault`), the consent page in a browser (`web`, `cli`).

The rules (§1.6): one refresh at a time per company, under a lock all processes share; the tokens are
read again inside it; both new tokens are committed before the access token is used; `invalid_grant`
makes us read them once more, since somebody may have connected anew, and then stops the connection.
"""

import base64
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from st_qbo_assets.domain.errors import ConnectionStopped, RateLimited, RemoteFault
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.domain.tokens import AccessToken, TokenPair
from st_qbo_assets.quickbooks.answers import THROTTLE_SECONDS
from st_qbo_assets.transport.decimal_json import write_json
from st_qbo_assets.transport.http import Request, Response, Sender, trace_id
from st_qbo_assets.transport.redaction import redact
from st_qbo_assets.transport.retry import RetryPolicy

_log = logging.getLogger(__name__)
#: An access token is refreshed this long before its hour ends.
MARGIN = timedelta(minutes=5)
SCOPE_ACCOUNTING = "com.intuit.quickbooks.accounting"
#: Without this header Intuit does not say when the five years of a grant end (§1.3).
_HARD_EXPIRY = ("x-include-refresh-token-hard-expires-in", "true")
_TOO_MANY = 429
_RECONNECT = "Connect the company again: `st-qbo connect`, or the Connect page."
_LONGEST_CODE = 512


@dataclass(frozen=True)
class Endpoints:
    """Where Intuit's OAuth answers; `discover` reads them from its discovery document."""

    authorize: str
    token: str
    revoke: str


@dataclass(frozen=True)
class AppCredentials:
    """The keys of our app at Intuit, for one environment."""

    client_id: str = field(repr=False)
    client_secret: SecretStr


class TokenVault(Protocol):
    """Where the tokens of one company (realm) live, seen by all processes."""

    def read(self) -> TokenPair | None:
        """Return the tokens last written, fresh from where they live; None if never connected."""
        ...

    def write(self, tokens: TokenPair, /) -> None:
        """Keep new tokens; they are committed, at the latest when the exclusive block ends."""
        ...

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep every other process and thread that would refresh this company out of the block."""
        ...


class OAuth:
    """The calls to Intuit's OAuth for one app; it keeps nothing."""

    def __init__(
        self,
        *,
        http: Sender,
        endpoints: Endpoints,
        credentials: AppCredentials,
        retry: RetryPolicy,
        now_utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Args are the parts; `now_utc` is the clock that lifetimes count from."""
        self._http = http
        self._endpoints = endpoints
        self._credentials = credentials
        self._retry = retry
        self._now_utc = now_utc

    def authorize_url(self, *, redirect_uri: str, state: str, scope: str = SCOPE_ACCOUNTING) -> str:
        """Return the address at which an administrator of the company gives consent.

        Raises:
            ValueError: if `state` is too short to keep out a forged callback.
        """
        if len(state) < 16:
            raise ValueError("state must be hard to guess; use new_state()")
        params = {
            "client_id": self._credentials.client_id,
            "response_type": "code",
            "scope": scope,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._endpoints.authorize}?{urlencode(params, quote_via=quote)}"

    def exchange_code(self, code: str, *, redirect_uri: str) -> TokenPair:
        """Return the tokens of a consent; the realm stands in the callback, not in them.

        A code works once: it is sent once and never tried again.

        Raises:
            ConnectionStopped: if the code was used, expired or belongs to another redirect address.
        """
        if not 0 < len(code) <= _LONGEST_CODE:
            raise ConnectionStopped(
                "the code is no authorization code.", code="invalid_code", remedy=_RECONNECT
            )
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._token_call(form)

    def refresh(self, refresh_token: str) -> TokenPair:
        """Return new tokens; the refresh token in them may have changed, and only it works from now on.

        A lost answer is asked for again: within a day Intuit gives the same refresh token once more.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._retry.call(lambda: self._token_call(form))

    def revoke(self, token: str) -> None:
        """Withdraw the app's permission for the company the token belongs to."""
        response = self._retry.call(
            lambda: self._http.send(
                Request(
                    "POST",
                    self._endpoints.revoke,
                    is_write=False,
                    headers=self._headers("application/json"),
                    body=write_json({"token": token}),
                )
            )
        )
        if response.status >= 300:
            raise _refusal(response)

    def _token_call(self, form: Mapping[str, str]) -> TokenPair:
        asked_at = self._now_utc()
        headers = {**self._headers("application/x-www-form-urlencoded"), _HARD_EXPIRY[0]: _HARD_EXPIRY[1]}
        request = Request(
            "POST", self._endpoints.token, is_write=False, headers=headers, body=urlencode(form).encode()
        )
        response = self._http.send(request)
        if response.status == _TOO_MANY:
            wait = response.retry_after_seconds
            raise RateLimited(
                "Intuit's token address asks to wait (429)",
                retry_after_seconds=THROTTLE_SECONDS if wait is None else wait,
            )
        return _read_tokens(response, asked_at)

    def _headers(self, content_type: str) -> dict[str, str]:
        pair = f"{self._credentials.client_id}:{self._credentials.client_secret.get_secret_value()}"
        return {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Accept": "application/json",
            "Content-Type": content_type,
        }


class QuickBooksAuth:
    """Access tokens of one company, refreshed by one worker for all."""

    def __init__(
        self,
        *,
        oauth: OAuth,
        vault: TokenVault,
        now_utc: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Args are the parts; `now_utc` is the clock that tokens are aged by."""
        self._oauth = oauth
        self._vault = vault
        self._now_utc = now_utc
        self._last: AccessToken | None = None

    def access_token(self, *, refused: str = "") -> str:
        """Return a token that works for minutes at least, and is not the one just refused.

        Raises:
            ConnectionStopped: if the company was never connected, or its grant has ended.
        """
        # Remembered for this process, so that not every call reads the vault; whatever happened to the
        # token elsewhere shows as a refusal, and then the vault is read.
        last = self._last
        if last is None or not self._works(last, refused):
            last = self._last = self._tokens(refused).access
        return last.value

    def keep_alive(self, *, longer_than: timedelta = timedelta(days=70)) -> bool:
        """Refresh a company that nobody used for a while; say whether it was needed.

        A refresh token dies after a hundred idle days, which a seasonal company can reach.
        """
        tokens = self._vault.read()
        if tokens is None or tokens.refresh_expires_at_utc - self._now_utc() > longer_than:
            return False
        self._tokens(tokens.access.value)
        return True

    def disconnect(self) -> None:
        """Withdraw our permission at Intuit; the tokens are of no use afterwards."""
        if (tokens := self._vault.read()) is not None:
            self._oauth.revoke(tokens.refresh_token)
        self._last = None

    def _tokens(self, refused: str) -> TokenPair:
        if (tokens := self._usable(refused)) is not None:
            return tokens
        with self._vault.exclusive():
            # Whoever held the lock before us may have refreshed already: read again, inside it.
            if (tokens := self._usable(refused)) is not None:
                return tokens
            fresh = self._refresh()
            self._vault.write(fresh)
        _log.info("token refreshed vendor=quickbooks expires_at=%s", fresh.access.expires_at_utc.isoformat())
        return fresh

    def _usable(self, refused: str) -> TokenPair | None:
        tokens = self._vault.read()
        if tokens is None:
            raise ConnectionStopped("QuickBooks is not connected.", code="not_connected", remedy=_RECONNECT)
        return tokens if self._works(tokens.access, refused) else None

    def _works(self, token: AccessToken, refused: str) -> bool:
        return token.value != refused and token.is_usable(self._now_utc(), margin=MARGIN)

    def _refresh(self) -> TokenPair:
        used = self._stored_refresh_token()
        try:
            return self._oauth.refresh(used)
        except ConnectionStopped as error:
            again = self._stored_refresh_token()
            if error.code != "invalid_grant" or again == used:
                raise
        return self._oauth.refresh(again)

    def _stored_refresh_token(self) -> str:
        tokens = self._vault.read()
        return tokens.refresh_token if tokens else ""


def new_state() -> str:
    """Return a `state` nobody can guess, to be compared when the consent comes back."""
    return secrets.token_urlsafe(32)


def discover(http: Sender, url: str) -> Endpoints:
    """Return the addresses of Intuit's discovery document.

    Raises:
        RemoteFault: if it is not one.
    """
    response = http.send(Request("GET", url, is_write=False, headers={"Accept": "application/json"}))
    body = _object(response)
    names = ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
    found = [body.get(name) for name in names]
    if not all(isinstance(address, str) and address for address in found):
        raise RemoteFault("this is no discovery document", code=str(response.status), status=response.status)
    authorize, token, revoke = (str(address) for address in found)
    return Endpoints(authorize=authorize, token=token, revoke=revoke)


def _read_tokens(response: Response, asked_at: datetime) -> TokenPair:
    """Return both tokens, or raise: an answer without both must never overwrite good ones (§1.4)."""
    body = _object(response)
    access, refresh = body.get("access_token"), body.get("refresh_token")
    lifetimes = [_seconds(body.get(name)) for name in ("expires_in", "x_refresh_token_expires_in")]
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh and all(lifetimes)):
        raise _refusal(response)
    hard = _seconds(body.get("x_refresh_token_hard_expires_in"))
    return TokenPair(
        access=AccessToken(value=access, expires_at_utc=asked_at + timedelta(seconds=lifetimes[0])),
        refresh_token=refresh,
        refresh_expires_at_utc=asked_at + timedelta(seconds=lifetimes[1]),
        hard_expires_at_utc=asked_at + timedelta(seconds=hard) if hard else None,
    )


def _refusal(response: Response) -> ConnectionStopped | RemoteFault:
    code = str(_object(response).get("error") or "")
    said = redact(str(_object(response).get("error_description") or ""))
    trace = trace_id(response.headers) or "unknown"
    if code == "invalid_grant":
        return ConnectionStopped(
            f"QuickBooks has ended our permission (invalid_grant; trace {trace}). {said}".strip(),
            code=code,
            remedy=_RECONNECT,
        )
    if code:
        return ConnectionStopped(
            f"QuickBooks does not accept our app ({redact(code)}; trace {trace}). {said}".strip(),
            code=code,
            remedy="Check client id and secret: development keys work with sandbox companies only.",
        )
    return RemoteFault(
        "Intuit's OAuth address gave no tokens; is its URL right?",
        code=str(response.status),
        status=response.status,
        remote_request_id=trace_id(response.headers),
    )


def _object(response: Response) -> Json:
    body: object = response.json()
    return cast(Json, body) if isinstance(body, dict) else {}


def _seconds(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0
