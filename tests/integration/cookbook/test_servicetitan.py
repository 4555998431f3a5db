"""Every entry of the ServiceTitan cookbook against the sandbox, asked by raw HTTP."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest
import requests

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    SyncError,
    TransportError,
)
from st_qbo_assets.servicetitan.problems import PROBLEMS, UNKNOWN_PROBLEM, ProblemKind, error_of, problem_kind
from st_qbo_assets.transport.http import Http, Request, Response
from st_qbo_sandbox.app import Sandbox
from tests.integration.clients.desk import Desk

INVOICES = "accounting/v2/tenant/{tenant}/invoices"


class Asker:
    """Asks the sandbox with nothing of our client's around the call."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.known: dict[str, Any] = desk.info["servicetitan"]
        self._http = Http()

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, *params: tuple[str, str], app_key: str = "", token: str = "") -> Response:
        headers = {
            "Authorization": f"Bearer {token or self._token()}",
            "ST-App-Key": app_key or str(self.known["app_key"]),
        }
        url = f"{self.known['base_url']}/{path.format(tenant=self.known['tenant'])}"
        return self._http.send(Request("GET", url, is_write=False, params=params, headers=headers))

    def refused(self, code: str) -> Response:
        self.desk.fault("refuse", code=code, half="servicetitan", path="*/invoices")
        return self.get(INVOICES)

    def _token(self) -> str:
        form = {name: self.known[name] for name in ("client_id", "client_secret")}
        answer = requests.post(
            self.known["token_url"], data={"grant_type": "client_credentials", **form}, timeout=20
        )
        return str(answer.json()["access_token"])


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=1) as sandbox:
        yield sandbox


@pytest.fixture
def asker(sandbox: Sandbox) -> Generator[Asker]:
    desk = Desk(sandbox)
    desk.control("reset", {})
    found = Asker(desk)
    yield found
    found.close()
    desk.close()


def _too_many(asker: Asker) -> Response:
    asker.desk.fault("http_429", half="servicetitan", path="*/invoices")
    return asker.get(INVOICES)


def _internal(asker: Asker) -> Response:
    asker.desk.fault("http_500", half="servicetitan", path="*/invoices")
    return asker.get(INVOICES)


def _wrong_secret(asker: Asker) -> Response:
    next(iter(asker.desk.make_servicetitan(client_secret="wrong").business_units()))
    raise AssertionError("it was accepted")


#: Entry → what brings it about, and the error it becomes.
PROVOCATIONS: dict[str, tuple[Callable[[Asker], Response], type[SyncError]]] = {
    "400": (lambda asker: asker.get(INVOICES, ("sort", "+Nothing")), RemoteFault),
    "401": (lambda asker: asker.get(INVOICES, token="made.up.token"), AuthExpired),
    "403": (lambda asker: asker.get(INVOICES, app_key="another"), ConnectionStopped),
    "404": (lambda asker: asker.get("crm/v2/tenant/{tenant}/customers/999999999"), RemoteFault),
    "409": (lambda asker: asker.refused("409"), RemoteFault),
    "429": (_too_many, RateLimited),
    "5xx": (_internal, TransportError),
    "invalid_client": (_wrong_secret, ConnectionStopped),
}


def provoked(asker: Asker, code: str) -> tuple[str, SyncError | None]:
    """Return the code of what was answered and the error it became."""
    try:
        answer = PROVOCATIONS[code][0](asker)
    except TransportError as error:
        return str(error.status), error
    except ConnectionStopped as error:
        return error.code, error
    return str(answer.status), error_of(answer)


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.code)
def test_the_vendors_own_answer_gives_the_entry(asker: Asker, kind: ProblemKind) -> None:
    assert kind.code in PROVOCATIONS, f"nothing brings {kind.code} about: {kind.plain}"
    code, error = provoked(asker, kind.code)
    assert problem_kind(code) is kind
    assert type(error) is PROVOCATIONS[kind.code][1]
    if isinstance(error, (RemoteFault, ConnectionStopped)):
        assert f"{kind.plain} {kind.cause}" in str(error)
        assert error.remedy == kind.remedy
    assert isinstance(error, (AuthExpired, RateLimited, TransportError)) is kind.retry_helps


def test_an_answer_nobody_knows_is_told_in_general_words(asker: Asker) -> None:
    error = error_of(asker.refused("418"))
    assert isinstance(error, RemoteFault)
    assert UNKNOWN_PROBLEM.plain in str(error)
    assert error.remedy == UNKNOWN_PROBLEM.remedy


def test_every_entry_says_all_of_it() -> None:
    for kind in (*PROBLEMS, UNKNOWN_PROBLEM):
        assert all(words.endswith((".", ").", "`.")) for words in (kind.plain, kind.cause, kind.remedy))
    assert set(PROVOCATIONS) == {kind.code for kind in PROBLEMS}
