"""One seeded sandbox for all tests of sales tax, put back before each."""

from collections.abc import Generator
from pathlib import Path

import pytest

from st_qbo_assets.store.database import Database
from st_qbo_sandbox.app import Sandbox
from tests.integration.tax.shop import Shop, demo_company
from tests.pace import UNTHROTTLED


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=2) as sandbox:
        yield sandbox


@pytest.fixture
def shop(sandbox: Sandbox, database: Database) -> Generator[Shop]:
    opened = Shop(sandbox, database, demo_company(Path(__file__).parents[3]))
    opened.desk.control("reset", {})
    opened.desk.control("switches", UNTHROTTLED)
    opened.open()
    yield opened
    opened.desk.close()
