"""A web part with the demo company and both keys, on an empty database."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from tests.integration.web.serving import Served, give_keys, served


@pytest.fixture
def web_settings(database_settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a home of its own on that database."""
    return replace(database_settings, home=tmp_path)


@pytest.fixture
def web(web_settings: Settings, database: Database) -> Generator[Served]:
    give_keys(web_settings, database)
    with served(web_settings) as running:
        yield running
