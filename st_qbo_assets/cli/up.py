"""`st-qbo up` and `down`: the database, the web part and the Dagster UI of one home."""

import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from filelock import FileLock, Timeout

from st_qbo_assets.cli.output import say, working
from st_qbo_assets.cli.processes import (
    Children,
    require_free_ports,
    start_dagster,
    start_web,
    ui_url,
    web_url,
)
from st_qbo_assets.company_files import read_companies
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.embedded import stop

_LOOK_SECONDS = 0.5


@contextmanager
def only_one(settings: Settings) -> Generator[None]:
    """Hold the home's lock, so that no second `up` or `demo` runs on it.

    Raises:
        SettingsError: if another process holds it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "up.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise SettingsError(
            f"Another st-qbo is already up on {settings.home}.",
            remedy="Use that one, stop it, or set ST_QBO_HOME to another folder.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def wait_until_interrupted(children: Children, *, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Return when the process is asked to end.

    Args:
        children: must live all the time.
        meanwhile: called again and again.

    Raises:
        ProcessFailed: if one of its children ends before.
    """
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        # nothing that takes a lock: the handler runs within the wait below, which may hold that very lock
        asked.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    while not asked:
        time.sleep(_LOOK_SECONDS)
        children.check()
        meanwhile()


def run_up() -> int:
    """Start everything and stay until interrupted."""
    settings = load_settings()
    read_companies()  # a broken file is told at once, not by Dagster after a while
    with only_one(settings):
        require_free_ports(settings, "dagster", "web")
        children = Children(settings)
        try:
            with working("Starting the database and Dagster …"):
                Database.open(settings).dispose()
                start_web(children)
                start_dagster(children)
            say(f"Dagster UI: {ui_url(settings)}   (Ctrl-C stops it)")
            say(f"Connect pages: {web_url(settings)}")
            wait_until_interrupted(children)
        finally:
            children.stop()
    if settings.database_url is None:
        say("The database keeps running for other commands; `st-qbo down` stops it.")
    return 0


def run_down() -> int:
    """Stop the embedded database."""
    settings = load_settings()
    if settings.database_url is not None:
        raise SettingsError(
            "ST_QBO_DATABASE_URL names a database that is not ours to stop.",
            remedy="Unset it to stop the embedded one.",
        )
    with only_one(settings):  # not under the feet of an `up` or a demo
        was_running = stop(settings)
    say(f"The database of {settings.home} {'is stopped' if was_running else 'was not running'}.")
    return 0
