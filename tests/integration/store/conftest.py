"""Here the pace itself is tried."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def hurried() -> None:
    """Keep the product's own pace."""
