"""`python -m st_qbo_assets.orchestration.warm`: imports everything once, then forks a process for each run.

What belongs here: the socket, the fork, ending a run, and the news of one whose process died. What does not:
which runs come here (`warm_launcher`).

    {"run_id": …}   a process is forked for the run       → {"worker": …}
    {"cancel": …}   its process is asked to end, then made → {"canceled": …}

The parent has one thread and no connection to anything when it forks, else a child would inherit locks that
nobody frees and connections that are not its own. A new version of the program needs a new parent, as it
needs a new code server; company files are read by each child. Asked to end, it ends its runs, which must not
go on under another version of the program: they have failed, and are made good as any that died.
"""

import gc
import json
import logging
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FrameType

from dagster import DagsterInstance, DagsterRunStatus
from dagster._cli.api import _execute_run_command_body  # pyright: ignore[reportPrivateUsage] - no public one
from dagster._utils.interrupts import capture_interrupts

from st_qbo_assets.orchestration.warm_launcher import READY, socket_of, worker_of

_log = logging.getLogger(__name__)
#: The code location, named as in `workspace.yaml`: what runs is not known to this layer.
_LOCATION = "st_qbo_assets.definitions"
#: Imported by steps when they run; here once for all.
_HEAVY = (
    *("pandas", "pyarrow", "pyarrow.parquet", "psycopg2", "dagster_postgres", "requests", "simplejson"),
    *(
        f"st_qbo_assets.orchestration.{name}"
        for name in ("extracts", "load_run", "mapping_days", "previewing", "references", "drifting")
    ),
    *(f"st_qbo_assets.orchestration.{name}" for name in ("master_frames", "master_runs", "storage", "lanes")),
)
_READ_SECONDS = 1.0
#: Until those that were killed at the end are reported.
_END_SECONDS = 3.0
#: A canceled run may end what it is sending; then its process is killed, and the ledger finds out the rest.
GRACE_SECONDS = 20.0


def main() -> int:
    """Serve until asked to end; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if sys.platform != "linux":
        sys.stderr.write("Error: a warm process needs Linux.\n")
        return 2
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read on import: no threads of its own
    for name in _HEAVY:
        import_module(name)
    import_module(_LOCATION).defs()  # for what that imports; each child reads the company files anew
    if threads := _threads():
        _log.error("warm=refused threads=%s", threads)
        return 2
    gc.collect()
    gc.freeze()
    Warm(socket_of(Path(os.environ["DAGSTER_HOME"]))).serve()
    return 0


def _threads() -> list[str]:
    """Return the names of threads that a fork would lose; Arrow's allocator begins its own anew."""
    names = [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    others = [name for name in names if not name.startswith("jemalloc")]
    return others if len(others) > 1 else []


class Warm:
    """The parent of runs."""

    def __init__(self, path: Path, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Listen at this path."""
        self._path = path
        self._grace_seconds = grace_seconds
        self._runs: dict[int, str] = {}
        self._kill_at: dict[int, float] = {}
        self._is_ending = False

    def serve(self) -> None:
        """Fork for each run that is handed over, until asked to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # it only wakes the wait below
        self._path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            server.bind(str(self._path))
            os.umask(mask)
            server.listen(64)
            server.settimeout(1.0)
            _log.info("warm=listening path=%s", self._path)
            while not self._is_ending:
                self._reap()
                self.kill_overdue()
                try:
                    connection, _ = server.accept()
                except (TimeoutError, InterruptedError):
                    continue
                with connection:
                    self._take(connection, server)
        self._path.unlink(missing_ok=True)
        self.end_runs()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._is_ending = True

    def _take(self, connection: socket.socket, server: socket.socket) -> None:
        try:
            connection.settimeout(_READ_SECONDS)
            connection.sendall(READY)
            asked = json.loads(connection.makefile("rb").readline())
            if "cancel" in asked:
                is_canceled = self.cancel(str(asked["cancel"]))
                connection.sendall(json.dumps({"canceled": is_canceled}).encode() + b"\n")
                return
            run_id = str(asked["run_id"])
        except (OSError, ValueError, KeyError, TypeError):
            return
        pid = os.fork()
        if pid == 0:
            server.close()
            connection.close()
            _as_child(lambda: _run(run_id))
        self.watch(pid, run_id)
        try:
            connection.sendall(json.dumps({"worker": worker_of(pid)}).encode() + b"\n")
        except OSError:
            _log.warning("warm=answer_lost run=%s", run_id)

    def watch(self, pid: int, run_id: str) -> None:
        """Know a child as the process of a run."""
        self._runs[pid] = run_id

    def cancel(self, run_id: str) -> bool:
        """Ask the process of a run to end, as Ctrl-C does; say whether there is one."""
        # a child's id is its own until it is buried here
        for pid in [pid for pid, each in self._runs.items() if each == run_id]:
            os.kill(pid, signal.SIGINT)
            self._kill_at.setdefault(pid, time.monotonic() + self._grace_seconds)
            return True
        return False

    def end_runs(self) -> None:
        """Kill what runs, and have it reported."""
        for pid, run_id in self._runs.items():
            _log.warning("warm=killed run=%s", run_id)
            with suppress(ProcessLookupError):  # it leads a session of its own: what it started goes with it
                os.killpg(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)  # one that was forked just now leads none yet
        end = time.monotonic() + _END_SECONDS
        while self._runs and time.monotonic() < end:
            self._reap()
            time.sleep(0.05)

    def kill_overdue(self) -> None:
        """Kill what was canceled and does not end."""
        for pid in [pid for pid, at in self._kill_at.items() if time.monotonic() >= at]:
            _log.warning("warm=killed run=%s", self._runs.get(pid, ""))
            os.kill(pid, signal.SIGKILL)
            del self._kill_at[pid]

    def _reap(self) -> None:
        """Bury the processes that ended; of those that died the run is told to have failed."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            run_id = self._runs.pop(pid, "")
            self._kill_at.pop(pid, None)
            if run_id and status != 0 and os.fork() == 0:
                _as_child(lambda run_id=run_id: _report_dead(run_id))


def _as_child(work: Callable[[], int]) -> None:
    """Do something in a process that was just forked, and end it."""
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        random.seed()
        status = work()
    except BaseException:
        _log.exception("warm=child_failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(run_id: str) -> int:
    with capture_interrupts(), DagsterInstance.get() as instance:
        status = _execute_run_command_body(run_id, instance, lambda _: None, True)  # noqa: FBT003 - Dagster's
    _log.info("warm=run_ended run=%s status=%d cpu_seconds=%.2f", run_id, status, time.process_time())
    return status


def _report_dead(run_id: str) -> int:
    with DagsterInstance.get() as instance:
        run = instance.get_run_by_id(run_id)
        if run is not None and run.status is DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, "Its process was ended.")
        elif run is not None and not run.is_finished:
            instance.report_run_failed(run, "Its process died.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
