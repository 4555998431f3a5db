"""One small sandbox for all tests of the commands, put back before each, and an empty database a test."""

import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from st_qbo_assets.settings import Settings
from st_qbo_sandbox.app import Sandbox
from tests.integration.cli.office import Office
from tests.pace import UNTHROTTLED


@pytest.fixture(scope="session")
def small_sandbox() -> Generator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=3) as sandbox:
        yield sandbox


@pytest.fixture
def office(
    database_settings: Settings, small_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Office]:
    """A home that is connected to nothing yet."""
    assert database_settings.database_url is not None
    environment = {
        "ST_QBO_HOME": str(tmp_path),
        "ST_QBO_DATABASE_URL": database_settings.database_url.get_secret_value(),
        "ST_QBO_PUBLIC_URL": "http://localhost:8800",
        "ST_QBO_SANDBOX_SERVICETITAN_URL": small_sandbox.servicetitan_url,
        "ST_QBO_SANDBOX_QUICKBOOKS_URL": small_sandbox.quickbooks_url,
        "ST_QBO_PORT_DAGSTER": "1",  # nothing ever listens there
    }
    opened = Office(environment, small_sandbox, monkeypatch)
    opened.control("reset", {})
    opened.control("switches", UNTHROTTLED)
    opened.control("switches", {"quickbooks": {"subscription_locked": False, "user_lost_access": False}})
    before = signal.getsignal(signal.SIGTERM)
    yield opened
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def connected(office: Office) -> Office:
    """The same, connected to both systems."""
    office.connect()
    return office
