"""An empty company, and one that is ready for work, fresh for every test."""

from __future__ import annotations

import pytest

from st_qbo_sandbox.app import Sandbox
from tests.sandbox.quickbooks.company import Company

_NO_LIMITS = {"requests_per_minute": None, "requests_per_second": None, "batches_per_minute": None}


@pytest.fixture
def bare() -> Company:
    """A company without anything, not connected, with the vendor's throttles."""
    return Company(Sandbox())


@pytest.fixture
def books(bare: Company) -> Company:
    """A connected company with accounts, items and a customer, without throttles."""
    bare.switch(**_NO_LIMITS)
    bare.connect()
    bare.set_up()
    return bare
