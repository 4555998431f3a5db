"""Two days of a contractor's business, booked once for the session; every test starts from there."""

from collections.abc import Generator
from datetime import date, timedelta

import pytest

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_sandbox.app import Sandbox
from tests.integration.books.clerk import Clerk
from tests.integration.clients.desk import Desk
from tests.pace import UNTHROTTLED


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with Sandbox(days=2, invoices_per_day=12) as sandbox:
        yield sandbox


@pytest.fixture
def clerk(sandbox: Sandbox) -> Generator[Clerk]:
    desk = Desk(sandbox)
    desk.control("reset", {})
    desk.control("switches", UNTHROTTLED)
    desk.connect()
    desk.act("set_preferences", preferences={"SalesFormsPrefs": {"AutoApplyCredit": False}})
    info = sandbox.info()
    last = date.fromisoformat(str(info["last_day"]))
    company = CompanyFile.model_validate(
        {
            "name": "acme",
            "environment": "sandbox",
            "servicetitan": {"tenant": str(info["servicetitan"]["tenant"])},
            "quickbooks": {"realm": str(info["quickbooks"]["realm"])},
            "time_zone": "America/Chicago",
            "start_date": "2020-01-01",
            "mode": "live",
        }
    )
    clerk = Clerk(desk, company, [last - timedelta(days=1), last], last + timedelta(days=1))
    clerk.book_everything()
    yield clerk
    desk.close()
