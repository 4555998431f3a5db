"""A run is handed to the warm process once, or launched as usual; never both."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from st_qbo_assets.orchestration.warm import Warm
from st_qbo_assets.orchestration.warm_launcher import READY, WarmRunLauncher, socket_of, worker_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux alone has a warm process")


@pytest.fixture
def launcher() -> Generator[tuple[WarmRunLauncher, Path]]:
    with TemporaryDirectory(dir="/tmp") as home, dg.DagsterInstance.ephemeral(tempdir=home) as instance:
        launcher = WarmRunLauncher()
        launcher.register_instance(instance)
        yield launcher, socket_of(Path(instance.root_directory))


@contextmanager
def listening(path: Path, answer: Callable[[socket.socket], None]) -> Generator[None]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def test_without_a_warm_process_runs_are_launched_as_usual(launcher: tuple[WarmRunLauncher, Path]) -> None:
    warm, path = launcher
    assert warm._hand_over("run-1") is None  # noqa: SLF001 - what decides
    with listening(path, lambda connection: None):
        assert warm._hand_over("run-1") is None  # noqa: SLF001 - it hung up before it was told the run


def test_the_process_that_took_a_run_is_known(launcher: tuple[WarmRunLauncher, Path]) -> None:
    warm, path = launcher
    asked: list[str] = []

    def take(connection: socket.socket) -> None:
        connection.sendall(READY)
        asked.append(json.loads(connection.makefile("rb").readline())["run_id"])
        connection.sendall(json.dumps({"worker": "12@34"}).encode() + b"\n")

    with listening(path, take):
        assert warm._hand_over("run-1") == "12@34"  # noqa: SLF001 - what decides
    assert asked == ["run-1"]


def test_a_run_whose_answer_is_lost_is_not_launched_again(launcher: tuple[WarmRunLauncher, Path]) -> None:
    warm, path = launcher

    def take(connection: socket.socket) -> None:
        connection.sendall(READY)
        connection.makefile("rb").readline()

    with listening(path, take):
        assert warm._hand_over("run-1") == ""  # noqa: SLF001 - not None: it may have begun


def test_a_canceled_run_is_asked_to_end_and_then_made_to(tmp_path: Path) -> None:
    patient, impatient = (Warm(tmp_path / "socket", grace_seconds=seconds) for seconds in (60, 0))
    assert not patient.cancel("run-1")
    command = ["sh", "-c", "trap '' INT; echo deaf; exec sleep 60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        assert deaf.stdout.readline() == b"deaf\n"
        for warm in (patient, impatient):
            warm.watch(deaf.pid, "run-1")
            assert warm.cancel("run-1")
        patient.kill_overdue()
        assert deaf.poll() is None
        impatient.kill_overdue()
        assert deaf.wait() == -signal.SIGKILL


def test_what_runs_ends_with_the_warm_process(tmp_path: Path) -> None:
    warm = Warm(tmp_path / "socket")
    pid = os.fork()
    if pid == 0:
        signal.pause()
    warm.watch(pid, "")
    warm.end_runs()
    assert worker_of(pid) == ""


@pytest.mark.parametrize("is_there", [True, False])
def test_a_run_whose_code_server_is_gone_has_failed(
    launcher: tuple[WarmRunLauncher, Path], is_there: bool
) -> None:
    warm, path = launcher
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        if is_there:
            server.listen()
        for told, status in (
            ({"socket": str(path)}, WorkerStatus.RUNNING if is_there else WorkerStatus.FAILED),
            ({"socket": f"{path}.older"}, WorkerStatus.FAILED),  # its machine was restarted
            ({}, WorkerStatus.RUNNING),  # a process of somebody's: nothing is known of it
        ):
            run = dg.DagsterRun(job_name="live", tags={GRPC_INFO_TAG: json.dumps(told)})
            assert warm.check_run_worker_health(run).status is status


def test_a_process_is_told_from_a_later_one_of_the_same_id() -> None:
    mine = worker_of(os.getpid())
    assert mine.startswith(f"{os.getpid()}@")
    assert worker_of(2**22 + 1) == ""
