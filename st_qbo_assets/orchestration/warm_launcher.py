"""Launches runs in a process that has imported everything already, where there is one, and knows who died.

What belongs here: handing a run over, ending it, and saying whether it lives. What does not: the warm process
(`warm`), which needs Linux. Where that does not answer, runs are launched as Dagster does by default: imports
take three to four seconds of each such run, a fork a tenth of one.

    default     code server spawns a process: import Dagster, the clients, the definitions, then run
    warm        the warm process forks: run

A run whose process died with all around it (power, kill, a stop in its midst) would stay *started* for
Dagster, and everything of its lane would wait for it until the longest time a run may take.
"""

import json
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.dagster_run import DagsterRun
from dagster._core.storage.tags import GRPC_INFO_TAG

#: Which process works on a run: its id and the time it was started, since ids are used again.
WORKER_TAG = "st_qbo/worker"
#: What the warm process says first.
READY = b"ready\n"
_TIMEOUT_SECONDS = 2.0
_STARTED_FIELD = 19  # of /proc/<pid>/stat behind the name: clock ticks since boot


def socket_of(dagster_home: Path) -> Path:
    """Return the socket of an installation's warm process."""
    return dagster_home / "warm.sock"


def worker_of(pid: int) -> str:
    """Return what tells a process from all others; empty if there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{pid}@{fields[_STARTED_FIELD]}"


class WarmRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher, which asks the warm process first."""

    @property
    def is_warm(self) -> bool:
        """Whether a warm process seems to be there."""
        return socket_of(Path(self._instance.root_directory)).exists()

    def launch_run(self, context: LaunchRunContext) -> None:
        """Hand a run to the warm process, or launch it as usual."""
        run = context.dagster_run
        worker = self._hand_over(run.run_id)
        if worker is None:
            super().launch_run(context)
        elif worker:
            self._instance.add_run_tags(run.run_id, {WORKER_TAG: worker})

    def terminate(self, run_id: str) -> bool:
        """Have a run's process end, as Ctrl-C does; the warm process sees to it that it does."""
        run = self._instance.get_run_by_id(run_id)
        worker = _worker(run)
        if run is None or not worker:
            return super().terminate(run_id)
        if run.is_finished or not _lives(worker):
            return False
        self._instance.report_run_canceling(run)
        if not (self._ask({"cancel": run_id}) or {}).get("canceled"):
            os.kill(int(worker.partition("@")[0]), signal.SIGINT)  # the warm process it came from is gone
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether run monitoring may ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Say whether the process of a run lives.

        Of one launched as usual the code server knows, and reports it; a server that is gone took it along.
        """
        known = self._instance.get_run_by_id(run.run_id) or run
        worker = _worker(known)
        if worker and not _lives(worker):
            return CheckRunHealthResult(WorkerStatus.FAILED, "Its process is gone.")
        if not worker and not _has_server(known):
            return CheckRunHealthResult(WorkerStatus.FAILED, "The code server that began it is gone.")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def _hand_over(self, run_id: str) -> str | None:
        """Return the process that works on the run now; None if there is no warm process.

        Once the run was named it is never launched otherwise, though the answer be lost: it would run twice.
        One that nobody began is failed by run monitoring.
        """
        answer = self._ask({"run_id": run_id})
        return None if answer is None else str(answer.get("worker", ""))

    def _ask(self, question: Mapping[str, str]) -> Mapping[str, Any] | None:
        """Return what the warm process answers: None if it was not asked, nothing if its answer is lost."""
        path = socket_of(Path(self._instance.root_directory))
        if not path.exists():
            return None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            try:
                connection.settimeout(_TIMEOUT_SECONDS)
                connection.connect(str(path))
                lines = connection.makefile("rb")
                if lines.readline() != READY:
                    return None
            except OSError:
                return None
            try:
                connection.sendall(json.dumps(question).encode() + b"\n")
                answer: Any = json.loads(lines.readline())
            except (OSError, ValueError):
                return {}
            return cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}


def _worker(run: DagsterRun | None) -> str:
    return run.tags.get(WORKER_TAG, "") if run is not None else ""


def _lives(worker: str) -> bool:
    return worker_of(int(worker.partition("@")[0])) == worker


def _has_server(run: DagsterRun) -> bool:
    """Say whether the code server that began a run is there; True also where none did, or nobody can tell."""
    given: Any = json.loads(run.tags.get(GRPC_INFO_TAG) or "{}")
    if path := given.get("socket"):
        family, address = socket.AF_UNIX, path
    elif port := given.get("port"):
        family, address = socket.AF_INET, (given.get("host") or "localhost", port)
    else:
        return True
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_TIMEOUT_SECONDS)
        try:
            probe.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True  # busy: it is asked again in a minute
    return True
