"""A connected company of the sandbox for every test, in process and without throttles."""

import pytest

from st_qbo_sandbox.app import Sandbox
from tests.sandbox.quickbooks.company import Company


@pytest.fixture
def books() -> Company:
    company = Company(Sandbox())
    company.switch(requests_per_minute=None, requests_per_second=None, batches_per_minute=None)
    company.connect()
    company.set_up()
    return company
