"""One small sandbox with a week of purchasing, for the tests of the buying side."""

from collections.abc import Generator
from pathlib import Path

import pytest

from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.settings import Settings
from st_qbo_sandbox.app import Sandbox
from tests.integration.buying.purchasing import Purchasing
from tests.integration.cli.office import Office
from tests.pace import UNTHROTTLED

_BUYS = {"bill_source": "ap_bills", "freight_account": "50400", "purchase_tax_account": "50500"}


@pytest.fixture(scope="module")
def buying_sandbox() -> Generator[Sandbox]:
    with Sandbox(days=7, invoices_per_day=1, buying=True) as sandbox:
        yield sandbox


@pytest.fixture
def purchasing(
    database_settings: Settings, buying_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Purchasing:
    assert database_settings.database_url is not None
    environment = {
        "ST_QBO_HOME": str(tmp_path),
        "ST_QBO_DATABASE_URL": database_settings.database_url.get_secret_value(),
        "ST_QBO_SANDBOX_SERVICETITAN_URL": buying_sandbox.servicetitan_url,
        "ST_QBO_SANDBOX_QUICKBOOKS_URL": buying_sandbox.quickbooks_url,
        "ST_QBO_PUBLIC_URL": "http://localhost:8800",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    office = Office(environment, buying_sandbox, monkeypatch)
    office.control("reset", {})
    office.control("switches", UNTHROTTLED)
    office.connect()
    demo = read_company("demo").company.model_dump(mode="json")
    company = CompanyFile.model_validate({**demo, **_BUYS})
    return Purchasing(office, tmp_path, company=company)
