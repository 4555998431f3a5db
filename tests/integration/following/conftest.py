"""One small sandbox for all tests of events and feeds, put back before each, and a receiver."""

from collections.abc import Generator
from pathlib import Path

import pytest

from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_sandbox.app import Sandbox
from tests.integration.cli.office import Office
from tests.integration.following.branch import Branch
from tests.integration.web.serving import give_keys, served
from tests.pace import UNTHROTTLED


@pytest.fixture(scope="session")
def sending_sandbox() -> Generator[Sandbox]:
    with Sandbox(days=2, invoices_per_day=2) as sandbox:
        yield sandbox


@pytest.fixture
def branch(
    database_settings: Settings,
    database: Database,
    sending_sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Generator[Branch]:
    assert database_settings.database_url is not None
    environment = {
        "ST_QBO_HOME": str(tmp_path),
        "ST_QBO_DATABASE_URL": database_settings.database_url.get_secret_value(),
        "ST_QBO_SANDBOX_SERVICETITAN_URL": sending_sandbox.servicetitan_url,
        "ST_QBO_SANDBOX_QUICKBOOKS_URL": sending_sandbox.quickbooks_url,
        "ST_QBO_PUBLIC_URL": "http://localhost:8800",
        "ST_QBO_PORT_DAGSTER": "1",  # nothing ever listens there
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    office = Office(environment, sending_sandbox, monkeypatch)
    office.control("reset", {})
    office.control("switches", UNTHROTTLED)
    with office.opened() as connections:
        settings = connections.settings
    office.connect()
    give_keys(settings, database)
    with served(settings, dagster_url="") as web:  # tests ask the sensors, and nobody before them
        yield Branch(office, web, tmp_path)
