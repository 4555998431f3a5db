"""The arena of all attacks: one database server, one zygote, two sandboxes."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from st_qbo_assets.settings import load_settings
from st_qbo_assets.store import embedded
from st_qbo_assets.store.database import Database
from tests.attack.world import ROOT, Arena, Lane

_TEMPLATE = "attacked"
#: As many worlds at a time as the smallest machine has cores.
_LANES = 2


@pytest.fixture(scope="session")
def arena() -> Iterator[Arena]:
    """What worlds are made in; its processes end with the tests."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="st-qbo-attack-", dir="/tmp")).resolve()
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        server_url = _server(home, stack)
        lanes = [Lane() for _ in range(_LANES)]
        for lane in lanes:
            stack.callback(lane.close)
        found = Arena(
            server_url=server_url,
            template=_TEMPLATE,
            zygote_path=_zygote(home, stack),
            home=home,
            vault_key=Fernet.generate_key().decode(),
        )
        for lane in lanes:
            found.lanes.put(lane)
        yield found


def _server(home: Path, stack: ExitStack) -> str:
    """Start a Postgres with a migrated database to copy; return its address."""
    settings = load_settings({"ST_QBO_HOME": str(home)})
    stack.callback(embedded.stop, settings)
    url = embedded.postgres_url(settings)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Nothing here outlives the machine: kill -9 of a process loses nothing without fsync.
        for option in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {option} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
    engine.dispose()
    template = make_url(url).set(database=_TEMPLATE).render_as_string(hide_password=False)
    Database.open(replace(settings, database_url=SecretStr(template))).dispose()
    return url


def _zygote(home: Path, stack: ExitStack) -> str:
    path = str(home / "zygote.sock")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.attack.zygote", path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    stack.callback(process.communicate)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return path
