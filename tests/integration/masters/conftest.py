"""One small sandbox for all tests of customers and vendors, put back before each."""

from collections.abc import Generator
from pathlib import Path

import pytest

from st_qbo_assets.settings import Settings
from st_qbo_sandbox.app import Sandbox
from tests.integration.cli.office import Office
from tests.integration.masters.shop import Shop
from tests.pace import UNTHROTTLED


@pytest.fixture(scope="session")
def quiet_sandbox() -> Generator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=2) as sandbox:
        yield sandbox


@pytest.fixture
def shop(
    database_settings: Settings, quiet_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Shop]:
    assert database_settings.database_url is not None
    environment = {
        "ST_QBO_HOME": str(tmp_path),
        "ST_QBO_DATABASE_URL": database_settings.database_url.get_secret_value(),
        "ST_QBO_SANDBOX_SERVICETITAN_URL": quiet_sandbox.servicetitan_url,
        "ST_QBO_SANDBOX_QUICKBOOKS_URL": quiet_sandbox.quickbooks_url,
        "ST_QBO_PUBLIC_URL": "http://localhost:8800",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    office = Office(environment, quiet_sandbox, monkeypatch)
    office.control("reset", {})
    office.control("switches", UNTHROTTLED)
    office.connect()
    yield Shop(office, tmp_path)
