"""The processes a command starts: Dagster and the sandbox, each with its log file and its port.

What does not belong here: what the processes do.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from st_qbo_assets.domain.errors import SettingsError, SyncError
from st_qbo_assets.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
WEB_COMMAND = ["-m", "st_qbo_assets.web"]
_WARM_COMMAND = ["-m", "st_qbo_assets.orchestration.warm"]
#: A helper that ended is started again after so long, then after twice as long.
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 5.0, 600.0
#: With this status a process says that it cannot work here at all.
_REFUSED = 2


class ProcessFailed(SyncError):
    """A process we started did not come up or ended with an error."""


@dataclass
class Child:
    """A started process and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def failure(self) -> ProcessFailed:
        """Return the error for a process that ended when it should not have."""
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
        return ProcessFailed(
            f"{self.name} ended with status {self.process.returncode}; see {self.log}:\n{tail}"
        )

    def stop(self, *, timeout_seconds: float = 20) -> None:
        """End the process: TERM, then KILL; processes that it left behind go with it."""
        if self.process.poll() is not None:
            return  # its process id may be another's by now
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout_seconds)
        # every child leads a session of its own: its process group holds what it started, and nothing else
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class _Helper:
    """A process that makes things quicker, and without which everything goes on."""

    command: list[str]
    pause_seconds: float = _PAUSE_SECONDS
    again_at: float | None = None


@dataclass
class Children:
    """Processes that live as long as a command; stopped newest first."""

    settings: Settings
    started: list[Child] = field(default_factory=list[Child])
    _helpers: dict[str, _Helper] = field(default_factory=dict[str, _Helper])

    def start(self, name: str, command: list[str]) -> Child:
        """Start a process whose output goes to `logs/<name>.log` in the home."""
        logs = self.settings.home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_default_interrupt,
            )
        child = Child(name, process, log)
        self.started.append(child)
        return child

    def start_helper(self, name: str, command: list[str]) -> Child:
        """Start a process that nobody misses should it end; `check` starts it again."""
        self._helpers[name] = _Helper(command)
        return self.start(name, command)

    def check(self) -> None:
        """Return if everything that was started still runs; start helpers again that ended.

        Raises:
            ProcessFailed: naming what ended, and its log.
        """
        for child in [child for child in self.started if child.process.poll() is not None]:
            helper = self._helpers.get(child.name)
            if helper is None:
                raise child.failure()
            if child.process.returncode != _REFUSED:
                self._start_again(child, helper, time.monotonic())

    def _start_again(self, child: Child, helper: _Helper, now: float) -> None:
        if helper.again_at is None:
            helper.again_at = now + helper.pause_seconds
        elif now >= helper.again_at:
            helper.again_at = None
            helper.pause_seconds = min(helper.pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
            self.started.remove(child)
            self.start(child.name, helper.command)

    def stop(self) -> None:
        """Stop everything that was started."""
        while self.started:
            self.started.pop().stop()


def _default_interrupt() -> None:
    # `dagster dev` maps TERM to whatever INT does; started from a background shell it would inherit
    # INT ignored and could never be stopped.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(settings: Settings) -> Mapping[str, str]:
    """Return the environment of a child: ours, with the home made absolute and Dagster's settings.

    Children keep what Python compiled: each run is a process, and compiling Dagster anew takes it seconds.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "ST_QBO_HOME": str(settings.home),
        "DAGSTER_HOME": str(prepare_dagster_home(settings)),
        "DAGSTER_EVENT_BATCH_SIZE": os.environ.get("DAGSTER_EVENT_BATCH_SIZE", "200"),
    }


def prepare_dagster_home(settings: Settings) -> Path:
    """Make Dagster's folder and put the project's `dagster.yaml` there; one of somebody's own stays."""
    folder = settings.dagster_home
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "dagster.yaml"
    if folder.is_relative_to(settings.home) or not file.exists():
        file.write_text((PROJECT / "dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def ui_url(settings: Settings) -> str:
    """Return the address of the Dagster UI."""
    return settings.ui_url


def web_url(settings: Settings) -> str:
    """Return the address of the Connect pages on this machine."""
    return f"http://{LOOPBACK}:{settings.ports.web}/connect"


def require_free_ports(settings: Settings, *names: str) -> None:
    """Refuse to start where something else answers.

    Args:
        settings: they hold the ports.
        names: dagster, web, servicetitan or quickbooks.

    Raises:
        SettingsError: naming the variable that chooses another port.
    """
    for name in names:
        _require_free(getattr(settings.ports, name), f"ST_QBO_PORT_{name.upper()}")


def _require_free(port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise SettingsError(
                f"Port {port} is taken.",
                remedy=f"Stop what listens there, or set {variable} to another port.",
            ) from error


def answers(port: int) -> bool:
    """Say whether something listens on a local port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_for_port(child: Child, port: int, *, timeout_seconds: float = 300) -> None:
    """Wait until a child listens.

    Raises:
        ProcessFailed: if it ends before, or takes too long; names its log.
    """
    deadline = time.monotonic() + timeout_seconds
    while not answers(port):
        if child.process.poll() is not None:
            raise child.failure()
        if time.monotonic() > deadline:
            raise ProcessFailed(
                f"{child.name} did not answer on port {port} within {timeout_seconds:.0f} s; see {child.log}"
            )
        time.sleep(0.1)


def start_dagster(children: Children) -> Child:
    """Start webserver, daemon and code server, and wait until the UI answers; then what launches quicker."""
    port = children.settings.ports.dagster
    require_free_ports(children.settings, "dagster")
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(PROJECT / "workspace.yaml"),
        "-h",
        LOOPBACK,
        "-p",
        str(port),
    ]
    child = children.start("dagster", command)
    wait_for_port(child, port)
    if children.settings.has_warm_launcher:
        children.start_helper("warm", [sys.executable, *_WARM_COMMAND])
    return child


def start_web(children: Children) -> Child:
    """Start the receiver of webhooks and the Connect pages, and wait until they answer."""
    require_free_ports(children.settings, "web")
    child = children.start("web", [sys.executable, *WEB_COMMAND])
    wait_for_port(child, children.settings.ports.web)
    return child


def start_sandbox(children: Children, arguments: list[str]) -> Child:
    """Start the sandbox and wait until both halves answer."""
    ports = children.settings.ports
    require_free_ports(children.settings, "servicetitan", "quickbooks")
    child = children.start("sandbox", [sys.executable, "-m", "st_qbo_sandbox", "serve", *arguments])
    wait_for_port(child, ports.servicetitan)
    wait_for_port(child, ports.quickbooks)
    return child
