"""A sandbox of fake halves, served on free ports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from st_qbo_sandbox.app import Sandbox
from tests.sandbox.core.fake_half import make_sandbox


class Caller:
    """Raw HTTP to one half."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def __call__(self, method: str, path: str, body: object = None, **more: object) -> requests.Response:
        return self.session.request(method, self.url + path, json=body, timeout=10, **more)  # type: ignore[arg-type]

    def notes(self) -> list[str]:
        """The texts kept so far."""
        return [note["text"] for note in self("GET", "/_sandbox/state").json()["notes"]]

    def log(self, query: str = "") -> list[dict[str, object]]:
        """The requests seen so far."""
        return self("GET", f"/_sandbox/requests{query}").json()


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    with make_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    requests.post(f"{served.servicetitan_url}/_sandbox/reset", timeout=10).raise_for_status()
    return served


@pytest.fixture
def call(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox.servicetitan_url)
    yield caller
    caller.session.close()


@pytest.fixture
def other(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox.quickbooks_url)
    yield caller
    caller.session.close()
