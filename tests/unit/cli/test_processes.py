"""Started processes: their ports, their folders, and that they go down whole."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from st_qbo_assets.cli.processes import Children, ProcessFailed, prepare_dagster_home, require_free_ports
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings, load_settings

#: Starts a process of its own that ignores TERM, tells its id, and ignores TERM itself.
_STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def settings(home: Path, **more: str) -> Settings:
    return load_settings({"ST_QBO_HOME": str(home), **more})


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody waited for yet counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def wait_until(is_so: object) -> None:
    deadline = time.monotonic() + 30
    while not is_so():  # type: ignore[operator] - any callable
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_taken_port_is_told_with_the_variable_that_chooses_another(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        chosen = settings(tmp_path, ST_QBO_PORT_WEB=str(port))
        with pytest.raises(SettingsError, match=f"Port {port} is taken.*ST_QBO_PORT_WEB"):
            require_free_ports(chosen, "web")


def test_a_process_goes_down_with_all_it_started(tmp_path: Path) -> None:
    children = Children(settings(tmp_path))
    child = children.start("stubborn", [sys.executable, "-c", _STUBBORN])
    wait_until(lambda: child.log.read_text().endswith("\n"))
    grandchild = int(child.log.read_text())
    child.stop(timeout_seconds=0.2)
    assert child.process.returncode == -signal.SIGKILL
    wait_until(lambda: is_gone(grandchild))


def test_a_process_that_ended_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    children = Children(settings(tmp_path))
    child = children.start("brief", [sys.executable, "-c", "import sys; sys.exit('no such thing')"])
    child.process.wait()
    with pytest.raises(ProcessFailed, match=r"brief ended with status 1; see .*brief\.log:\nno such thing"):
        children.check()
    children.stop()


def test_a_helper_that_ended_is_started_again_unless_it_cannot_work_here(tmp_path: Path) -> None:
    children = Children(settings(tmp_path))
    for status in (1, 2):
        child = children.start_helper(f"helper{status}", ["sh", "-c", f"echo started; exit {status}"])
        child.process.wait()
        children._helpers[child.name].pause_seconds = 0.0  # noqa: SLF001 - no test waits
    children.check()
    children.check()
    for child in children.started:
        child.process.wait()
    told = {child.name: child.log.read_text().count("started") for child in children.started}
    assert told == {"helper1": 2, "helper2": 1}


def test_the_projects_dagster_yaml_is_put_into_the_home_and_kept_fresh(tmp_path: Path) -> None:
    folder = prepare_dagster_home(settings(tmp_path))
    assert folder == tmp_path / "dagster"
    (folder / "dagster.yaml").write_text("of an older version")
    prepare_dagster_home(settings(tmp_path))
    assert "SharedPostgresStorage" in (folder / "dagster.yaml").read_text()


def test_a_dagster_yaml_of_somebodys_own_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "dagster.yaml").write_text("mine")
    prepare_dagster_home(settings(tmp_path / "home", DAGSTER_HOME=str(own)))
    assert (own / "dagster.yaml").read_text() == "mine"
