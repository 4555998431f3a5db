"""The ground histories stand on: one Postgres and one sandbox, each new for nobody but the first.

What belongs here: starting and ending both. What does not: what a history finds there (`office`).
"""

import gc
import shutil
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text

from st_qbo_assets.settings import load_settings
from st_qbo_assets.store import embedded
from st_qbo_assets.store.database import Database
from tests.attack.fates.office import Office, plain_frames

_NAME = "fates"


@contextmanager
def open_office() -> Generator[Office]:
    """Yield an office with a database of its own."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="st-qbo-fates-", dir="/tmp")).resolve()
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        settings = load_settings({"ST_QBO_HOME": str(home)})
        stack.callback(embedded.stop, settings)
        server = embedded.postgres_url(settings)
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            # Nothing here outlives the machine, and nobody pulls its plug.
            for option in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {option} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text(f"CREATE DATABASE {_NAME}"))
        engine.dispose()
        url = make_url(server).set(database=_NAME).render_as_string(hide_password=False)
        database = Database.open(replace(settings, database_url=SecretStr(url)))
        stack.callback(database.dispose)
        stack.enter_context(plain_frames())
        # What is there now stays: to look through it for garbage again and again is a tenth of the time.
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        yield Office(database, settings)
