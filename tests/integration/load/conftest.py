"""One seeded sandbox for all tests of the load over HTTP, put back before each."""

from collections.abc import Generator

import pytest

from st_qbo_assets.store.database import Database
from st_qbo_sandbox.app import Sandbox
from tests.integration.load.office import Office
from tests.pace import UNTHROTTLED


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=2) as sandbox:
        yield sandbox


@pytest.fixture
def office(sandbox: Sandbox, database: Database) -> Generator[Office]:
    opened = Office(sandbox, database)
    opened.desk.control("reset", {})
    opened.desk.control("switches", UNTHROTTLED)
    opened.open_for_business()
    yield opened
    opened.desk.close()
