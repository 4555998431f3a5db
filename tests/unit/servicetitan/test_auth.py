"""Tokens of ServiceTitan: cached, shared, replaced."""

import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault, TransportError
from st_qbo_assets.domain.tokens import AccessToken
from st_qbo_assets.servicetitan.auth import Credentials, MemoryTokenCache, ServiceTitanAuth
from st_qbo_assets.transport.http import Request, Response
from st_qbo_assets.transport.retry import RetryPolicy
from tests.unit.transport.fake_http import FakeHttp, FakeTime, answer

START = datetime(2026, 2, 3, 12, tzinfo=UTC)
CREDENTIALS = Credentials(
    client_id="cid.1", client_secret=SecretStr("cs1.hush+&"), app_key=SecretStr("ak1.key")
)


class Desk:
    """An auth with a clock and a token endpoint to play with."""

    def __init__(self, http: FakeHttp | None = None) -> None:
        self.issued = 0
        self.http = http or FakeHttp(always=self.issue)
        self.cache = MemoryTokenCache()
        self.now = START
        time = FakeTime()
        self.auth = self.another()
        self.retry = RetryPolicy(sleep=time.sleep, clock=time.clock)

    def another(self) -> ServiceTitanAuth:
        """A second worker with the same cache."""
        time = FakeTime()
        return ServiceTitanAuth(
            http=self.http,
            token_url="http://auth/connect/token",
            credentials=CREDENTIALS,
            cache=self.cache,
            retry=RetryPolicy(attempts=3, sleep=time.sleep, clock=time.clock),
            now_utc=lambda: self.now,
        )

    def issue(self, request: Request) -> Response:
        self.issued += 1
        return answer(body={"access_token": f"token{self.issued}", "expires_in": 900, "token_type": "Bearer"})


def test_the_request_is_a_form_with_the_credentials() -> None:
    desk = Desk()
    desk.auth.access_token()
    request = desk.http.last
    assert (request.method, request.url) == ("POST", "http://auth/connect/token")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs((request.body or b"").decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["cid.1"],
        "client_secret": ["cs1.hush+&"],
    }


def test_a_token_is_used_until_a_minute_before_it_ends() -> None:
    desk = Desk()
    assert desk.auth.access_token() == "token1"
    desk.now = START + timedelta(seconds=839)
    assert desk.auth.access_token() == "token1"
    desk.now = START + timedelta(seconds=840)
    assert desk.auth.access_token() == "token2"


def test_another_worker_uses_the_token_that_is_there() -> None:
    desk = Desk()
    desk.auth.access_token()
    assert desk.another().access_token() == "token1"
    assert desk.issued == 1


def test_a_refused_token_is_replaced_and_not_handed_out_again() -> None:
    desk = Desk()
    desk.auth.access_token()
    assert desk.auth.access_token(refused="token1") == "token2"
    # A worker that was refused the same old token takes what the first one fetched.
    assert desk.another().access_token(refused="token1") == "token2"
    assert desk.issued == 2


def test_many_threads_fetch_one_token() -> None:
    desk = Desk()
    gate = threading.Barrier(8)
    got: list[str] = []

    def worker() -> None:
        gate.wait(10)
        got.append(desk.another().access_token())

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (got, desk.issued) == (["token1"] * 8, 1)


def test_unknown_credentials_stop_the_connection_with_a_cure() -> None:
    desk = Desk(FakeHttp([answer(400, {"error": "invalid_client"})]))
    with pytest.raises(ConnectionStopped, match="one environment") as caught:
        desk.auth.access_token()
    assert caught.value.code == "invalid_client"
    assert "hush" not in str(caught.value) + repr(CREDENTIALS) + repr(desk.http.last)


def test_a_throttled_or_failing_token_address_is_asked_again() -> None:
    good = answer(body={"access_token": "t", "expires_in": 900})
    desk = Desk(FakeHttp([answer(429, text="slow down"), TransportError("down"), good]))
    assert desk.auth.access_token() == "t"


@pytest.mark.parametrize("reply", [answer(200, {}), answer(200, text="<html>"), answer(404, text="")])
def test_an_address_that_gives_no_token_is_named_as_wrong(reply: Response) -> None:
    with pytest.raises(RemoteFault, match="token address"):
        Desk(FakeHttp([reply])).auth.access_token()


def test_a_token_never_shows_in_a_repr() -> None:
    assert "abc" not in repr(AccessToken(value="abc", expires_at_utc=START))
