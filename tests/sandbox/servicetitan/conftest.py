"""The ServiceTitan half, served over HTTP with the small tenant of `story.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from st_qbo_sandbox.servicetitan import ServiceTitan
from st_qbo_sandbox.servicetitan.balances import inconsistencies
from tests.sandbox.core.fake_half import FakeHalf
from tests.sandbox.servicetitan.story import tell

Json = Any


class Client:
    """An API client of the tenant, and the office beside it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.servicetitan_url
        self.half: ServiceTitan = sandbox.halves["servicetitan"]  # type: ignore[assignment]
        self.session = requests.Session()
        self.session.headers["ST-App-Key"] = identity.SERVICETITAN_APP_KEY
        self.sign_in()

    def sign_in(self) -> None:
        """Take a new token."""
        self.session.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def token(self, **changes: str) -> requests.Response:
        """Ask for a token."""
        form = {
            "grant_type": "client_credentials",
            "client_id": identity.SERVICETITAN_CLIENT_ID,
            "client_secret": identity.SERVICETITAN_CLIENT_SECRET,
            **changes,
        }
        return requests.post(f"{self.url}/connect/token", data=form, timeout=10)

    def __call__(self, method: str, path: str, body: Json = None, **query: Any) -> requests.Response:
        """Call `accounting/invoices` and the like."""
        module, _, rest = path.partition("/")
        url = f"{self.url}/{module}/v2/tenant/{identity.TENANT}/{rest}"
        return self.session.request(method, url, params=query, json=body, timeout=10)

    def ok(self, method: str, path: str, body: Json = None, **query: Any) -> Json:
        """Call, and return the answer's JSON."""
        answer = self(method, path, body, **query)
        assert answer.status_code in (200, 201, 204), answer.text
        return answer.json() if answer.content else None

    def rows(self, path: str, **query: Any) -> list[Json]:
        """Return the rows of a list."""
        return self.ok("GET", path, **query)["data"]

    def ids(self, path: str, **query: Any) -> list[Any]:
        """Return the ids of the rows of a list."""
        return [row["id"] for row in self.rows(path, **query)]

    def one(self, path: str, id: object) -> Json:
        """Return the row with this id, active or not."""
        whole = {"activeState": "All", "active": "Any"}
        (row,) = self.rows(path, ids=str(id), **whole)
        return row

    def act(self, name: str, **fields: Any) -> Json:
        """Act as a person; afterwards everything must still add up."""
        answer = requests.post(f"{self.url}/_sandbox/edit", json={"act": name, **fields}, timeout=10)
        assert answer.status_code == 200, answer.text
        assert inconsistencies(self.half.records) == []
        return answer.json()

    def control(self, name: str, body: Json) -> requests.Response:
        """Use a control."""
        return requests.post(f"{self.url}/_sandbox/{name}", json=body, timeout=10)

    def switch(self, **switches: Any) -> None:
        """Set switches."""
        assert self.control("switches", {"servicetitan": switches}).status_code == 200

    def advance(self, seconds: float) -> None:
        """Move the clock, and take a new token since the old one may have expired."""
        self.control("clock", {"advance_seconds": seconds})
        self.sign_in()


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    def quickbooks(**parts: Any) -> FakeHalf:
        return FakeHalf("quickbooks", **parts)

    with Sandbox(halves={"servicetitan": ServiceTitan, "quickbooks": quickbooks}) as sandbox:
        yield sandbox


@pytest.fixture
def client(served: Sandbox) -> Iterator[Client]:
    requests.post(f"{served.servicetitan_url}/_sandbox/reset", timeout=10).raise_for_status()
    half: ServiceTitan = served.halves["servicetitan"]  # type: ignore[assignment]
    half.load(tell())
    # Every answer of every test is held against the specification; throttling has tests of its own.
    half.configure({"validate_answers": True, "requests_per_second": 100_000})
    served.storage.commit()
    client = Client(served)
    yield client
    client.session.close()
