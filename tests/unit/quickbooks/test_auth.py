"""OAuth of QuickBooks: consent, rotation, one refresh for all, the end of a grant."""

import base64
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault, TransportError
from st_qbo_assets.domain.tokens import AccessToken, TokenPair
from st_qbo_assets.quickbooks.auth import (
    AppCredentials,
    Endpoints,
    OAuth,
    QuickBooksAuth,
    discover,
    new_state,
)
from st_qbo_assets.transport.http import Request, Response
from st_qbo_assets.transport.retry import RetryPolicy
from tests.unit.transport.fake_http import FakeHttp, FakeTime, answer

START = datetime(2026, 2, 3, 12, tzinfo=UTC)
ENDPOINTS = Endpoints(
    authorize="http://a/connect/oauth2", token="http://a/tokens/bearer", revoke="http://a/revoke"
)
INVALID_GRANT = answer(400, {"error": "invalid_grant"}, intuit_tid="1-x")


def tokens(number: int = 0, *, now: datetime = START) -> TokenPair:
    return TokenPair(
        access=AccessToken(value=f"access{number}", expires_at_utc=now + timedelta(hours=1)),
        refresh_token=f"refresh{number}",
        refresh_expires_at_utc=now + timedelta(days=100),
    )


class FakeVault:
    """Tokens in memory, with a log of what happened in which order."""

    def __init__(self, stored: TokenPair | None) -> None:
        self.stored = stored
        self.log: list[str] = []
        self.lock = threading.Lock()
        self.on_lock: Any = None
        self.reads = 0

    def read(self) -> TokenPair | None:
        self.reads += 1
        return self.stored

    def write(self, tokens: TokenPair) -> None:
        assert self.lock.locked(), "written outside the lock"
        self.log.append(f"write {tokens.refresh_token}")
        self.stored = tokens

    @contextmanager
    def exclusive(self) -> Generator[None]:
        with self.lock:
            self.log.append("lock")
            if self.on_lock:
                self.on_lock(self)
            yield
        self.log.append("commit")


class Desk:
    """One company's auth with a clock, a vault and Intuit's token address to play with."""

    def __init__(self, *replies: Any, stored: TokenPair | None = None) -> None:
        self.issued = 0
        self.http = FakeHttp(replies, always=self.issue)
        self.vault = FakeVault(stored)
        self.now = START
        time = FakeTime()
        self.oauth = OAuth(
            http=self.http,
            endpoints=ENDPOINTS,
            credentials=AppCredentials(client_id="id", client_secret=SecretStr("hush")),
            retry=RetryPolicy(attempts=3, sleep=time.sleep, clock=time.clock),
            now_utc=lambda: self.now,
        )
        self.auth = QuickBooksAuth(oauth=self.oauth, vault=self.vault, now_utc=lambda: self.now)

    def issue(self, request: Request) -> Response:
        self.issued += 1
        return token_answer(self.issued)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs((self.http.last.body or b"").decode())


def token_answer(number: int, **changes: Any) -> Response:
    body = {
        "token_type": "bearer",
        "access_token": f"access{number}",
        "refresh_token": f"refresh{number}",
        "expires_in": 3600,
        "x_refresh_token_expires_in": 8726400,
        "x_refresh_token_hard_expires_in": 157680000,
    }
    return answer(body={**body, **changes}, intuit_tid="1-t")


def test_the_consent_address_carries_scope_redirect_and_state() -> None:
    state = new_state()
    url = urlsplit(Desk().oauth.authorize_url(redirect_uri="https://us/callback?x=1", state=state))
    assert url.netloc + url.path == "a/connect/oauth2"
    assert parse_qs(url.query) == {
        "client_id": ["id"],
        "response_type": ["code"],
        "scope": ["com.intuit.quickbooks.accounting"],
        "redirect_uri": ["https://us/callback?x=1"],
        "state": [state],
    }


def test_a_state_is_never_the_same_and_never_short() -> None:
    assert len({new_state() for _ in range(50)}) == 50
    with pytest.raises(ValueError, match="guess"):
        Desk().oauth.authorize_url(redirect_uri="https://us", state="1234")


def test_a_code_is_exchanged_once_with_basic_authorization() -> None:
    desk = Desk()
    got = desk.oauth.exchange_code("thecode", redirect_uri="https://us")
    assert desk.form == {
        "grant_type": ["authorization_code"],
        "code": ["thecode"],
        "redirect_uri": ["https://us"],
    }
    headers = desk.http.last.headers
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"id:hush").decode()
    assert headers["x-include-refresh-token-hard-expires-in"] == "true"
    assert got == TokenPair(
        access=AccessToken(value="access1", expires_at_utc=START + timedelta(seconds=3600)),
        refresh_token="refresh1",
        refresh_expires_at_utc=START + timedelta(seconds=8726400),
        hard_expires_at_utc=START + timedelta(seconds=157680000),
    )


def test_an_exchange_whose_answer_was_lost_is_not_repeated() -> None:
    desk = Desk(TransportError("lost"))
    with pytest.raises(TransportError):
        desk.oauth.exchange_code("thecode", redirect_uri="https://us")
    assert len(desk.http.requests) == 1


@pytest.mark.parametrize("code", ["", "x" * 513])
def test_a_code_of_illegal_length_is_refused_here(code: str) -> None:
    with pytest.raises(ConnectionStopped):
        Desk().oauth.exchange_code(code, redirect_uri="https://us")


def test_a_fresh_token_is_used_without_a_call() -> None:
    desk = Desk(stored=tokens())
    assert desk.auth.access_token() == "access0"
    assert desk.http.requests == []


def test_the_vault_is_read_once_for_many_calls() -> None:
    desk = Desk(stored=tokens())
    assert {desk.auth.access_token() for _ in range(5)} == {"access0"}
    assert desk.vault.reads == 1


def test_a_refused_token_is_looked_up_where_another_worker_may_have_renewed_it() -> None:
    desk = Desk(stored=tokens())
    desk.auth.access_token()
    desk.vault.stored = tokens(7)
    assert desk.auth.access_token() == "access0"
    assert desk.auth.access_token(refused="access0") == "access7"
    assert desk.http.requests == []


def test_a_token_is_refreshed_before_its_hour_ends() -> None:
    desk = Desk(stored=tokens())
    desk.now = START + timedelta(minutes=55)
    assert desk.auth.access_token() == "access1"
    assert desk.form == {"grant_type": ["refresh_token"], "refresh_token": ["refresh0"]}


def test_new_tokens_are_committed_before_the_access_token_is_handed_out() -> None:
    desk = Desk(stored=tokens())
    assert desk.auth.access_token(refused="access0") == "access1"
    assert desk.vault.log == ["lock", "write refresh1", "commit"]
    assert desk.vault.stored and desk.vault.stored.refresh_token == "refresh1"


def test_a_worker_that_waited_takes_what_the_other_refreshed() -> None:
    desk = Desk(stored=tokens(0))
    desk.vault.on_lock = lambda vault: setattr(vault, "stored", tokens(9))
    assert desk.auth.access_token(refused="access0") == "access9"
    assert desk.http.requests == []


def test_many_threads_refresh_once() -> None:
    desk = Desk(stored=tokens())
    gate = threading.Barrier(8)
    got: list[str] = []

    def worker() -> None:
        auth = QuickBooksAuth(oauth=desk.oauth, vault=desk.vault, now_utc=lambda: desk.now)
        gate.wait(10)
        got.append(auth.access_token(refused="access0"))

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (got, desk.issued) == (["access1"] * 8, 1)


def test_a_lost_refresh_is_asked_for_again() -> None:
    desk = Desk(TransportError("lost"), stored=tokens())
    assert desk.auth.access_token(refused="access0") == "access1"


def test_a_grant_that_ended_stops_the_connection_with_a_cure_and_keeps_what_was_stored() -> None:
    desk = Desk(INVALID_GRANT, stored=tokens())
    with pytest.raises(ConnectionStopped, match="st-qbo connect") as caught:
        desk.auth.access_token(refused="access0")
    assert caught.value.code == "invalid_grant"
    assert len(desk.http.requests) == 1
    assert (desk.vault.stored, desk.vault.log) == (tokens(), ["lock"])
    assert not desk.vault.lock.locked()


def test_after_invalid_grant_the_vault_is_read_once_more() -> None:
    # Somebody connected anew, without waiting for our lock, while we were refreshing.
    desk = Desk(stored=tokens())

    def reconnect(request: Request) -> Response:
        desk.vault.stored = tokens(5)
        return INVALID_GRANT

    desk.http.replies = [reconnect]
    assert desk.auth.access_token(refused="access0") == "access1"
    assert desk.form["refresh_token"] == ["refresh5"]


def test_after_invalid_grant_twice_it_stops() -> None:
    desk = Desk(stored=tokens())

    def reconnect(request: Request) -> Response:
        desk.vault.stored = tokens(5)
        return INVALID_GRANT

    desk.http.replies = [reconnect, INVALID_GRANT]
    with pytest.raises(ConnectionStopped):
        desk.auth.access_token(refused="access0")
    assert len(desk.http.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        token_answer(1, refresh_token=None),
        token_answer(1, access_token=""),
        token_answer(1, expires_in="soon"),
        answer(200, {"error": "server_error"}),
        answer(200, {}),
        answer(200, text="<html>maintenance</html>"),
        answer(401, {"error": "invalid_client"}),
    ],
)
def test_an_answer_without_both_tokens_never_overwrites_good_ones(reply: Response) -> None:
    desk = Desk(reply, stored=tokens())
    with pytest.raises((ConnectionStopped, RemoteFault)):
        desk.auth.access_token(refused="access0")
    assert desk.vault.stored == tokens()


def test_lifetimes_as_text_are_read_and_an_unknown_hard_end_is_none() -> None:
    desk = Desk(token_answer(1, expires_in="3600", x_refresh_token_hard_expires_in=None))
    assert desk.oauth.refresh("r").hard_expires_at_utc is None


def test_a_throttled_token_address_is_asked_again_after_its_wait() -> None:
    desk = Desk(answer(429, text=""), stored=tokens())
    assert desk.auth.access_token(refused="access0") == "access1"


def test_a_company_never_connected_says_so() -> None:
    with pytest.raises(ConnectionStopped) as caught:
        Desk().auth.access_token()
    assert caught.value.code == "not_connected"


def test_an_idle_company_is_kept_alive_and_a_busy_one_left_alone() -> None:
    desk = Desk(stored=tokens())
    assert desk.auth.keep_alive() is False
    desk.now = START + timedelta(days=31)
    assert desk.auth.keep_alive() is True
    assert desk.vault.stored and desk.vault.stored.refresh_token == "refresh1"


def test_revoking_sends_the_token_as_json() -> None:
    desk = Desk(answer(200, text=""), stored=tokens())
    desk.auth.disconnect()
    assert (desk.http.last.url, desk.http.last.body) == ("http://a/revoke", b'{"token":"refresh0"}')
    with pytest.raises(ConnectionStopped):
        Desk(answer(400, {"error": "invalid_request"}), stored=tokens()).auth.disconnect()


def test_the_addresses_are_read_from_the_discovery_document() -> None:
    document = {
        "authorization_endpoint": ENDPOINTS.authorize,
        "token_endpoint": ENDPOINTS.token,
        "revocation_endpoint": ENDPOINTS.revoke,
    }
    assert discover(FakeHttp([answer(body=document)]), "http://a/.well-known") == ENDPOINTS
    with pytest.raises(RemoteFault, match="discovery"):
        discover(FakeHttp([answer(200, {"token_endpoint": "x"})]), "http://a/.well-known")


def test_no_secret_is_in_a_repr_or_an_error() -> None:
    desk = Desk(
        answer(400, {"error": "invalid_grant", "error_description": "token=refresh0"}), stored=tokens()
    )
    with pytest.raises(ConnectionStopped) as caught:
        desk.auth.access_token(refused="access0")
    shown = f"{caught.value} {tokens()!r} {desk.http.last!r} {AppCredentials('id', SecretStr('hush'))!r}"
    assert not [secret for secret in ("refresh0", "access0", "hush") if secret in shown]
