"""One seeded sandbox for all tests of the clients, put back before each."""

from collections.abc import Generator

import pytest

from st_qbo_sandbox.app import Sandbox
from tests.integration.clients.desk import Desk

#: What every test starts with; a test that plays it the other way says so.
_SWITCHES = {
    "quickbooks": {
        "requests_per_minute": None,
        "requests_per_second": None,
        "batches_per_minute": None,
        "warn_duplicate_number": False,
    },
    "servicetitan": {
        "list_order": "id",
        "feed_page_size": 500,
        "auth_error_body": "problem",
        "scopes_withheld": [],
    },
}


@pytest.fixture(scope="session")
def running() -> Generator[Sandbox]:
    with Sandbox(days=2, invoices_per_day=12) as sandbox:
        yield sandbox


@pytest.fixture
def desk(running: Sandbox) -> Generator[Desk]:
    opened = Desk(running)
    opened.control("reset", {})
    opened.control("switches", _SWITCHES)
    yield opened
    opened.close()


@pytest.fixture
def connected(desk: Desk) -> Desk:
    desk.connect()
    return desk
