"""What the log of a Dagster run says while it grows: how far the run is, and why it failed.

What belongs here: reading Dagster's event lines. What does not: starting the run (`sync`).
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

#: Every event line begins with its time; what follows on further lines is a message or a stack trace.
_EVENT = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ - dagster - ")
_RUN = re.compile(r" - ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}) - ")
_STEP = re.compile(r' - STEP_START - Started execution of step "([^"]+)"')
_DAY_LOADED = re.compile(r" - ASSET_(?:MATERIALIZATION|OBSERVATION) - .*\bloaded invoices\b")
_DAY_COMPARED = re.compile(r" - ASSET_MATERIALIZATION - \d{4}-\d\d-\d\d: ")
_MATERIALIZED = " - ASSET_MATERIALIZATION - "
_FAILED = " - STEP_FAILURE - "
_FAILURE = "dagster._core.definitions.events.Failure: "
_TRACE = "Stack Trace:"
_CAUSE = "The above exception was caused by the following exception:"
#: Lines shown of a log that ends without telling a failure.
_TAIL = 6


@dataclass
class RunLog:
    """The part of a log file that a run adds to it.

    Attributes:
        path: the file; what stood in it before is not looked at.
        run_id: the run, once it has begun.
        phase: what it does now, in words.
        days_done: days the present phase is through with.
    """

    path: Path
    run_id: str = ""
    phase: str = "starting Dagster"
    days_done: int = 0
    _start: int = field(init=False)
    _read: int = field(init=False)

    def __post_init__(self) -> None:
        self._start = self._read = self.path.stat().st_size if self.path.exists() else 0

    def advance(self) -> None:
        """Read the lines that were added since the last time."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._follow(line)

    def _follow(self, line: str) -> None:
        if not _EVENT.match(line):
            return
        if not self.run_id and (run := _RUN.search(line)):
            self.run_id = run[1]
        if step := _STEP.search(line):
            self.phase, self.days_done = _words(step[1]), 0
        elif _DAY_COMPARED.search(line):
            if self.phase != "comparing both":
                self.phase, self.days_done = "comparing both", 0
            self.days_done += 1
        elif _DAY_LOADED.search(line) or (
            _MATERIALIZED in line and self.phase.startswith(("reading", "map"))
        ):
            self.days_done += 1

    def reasons(self) -> list[str]:
        """Return why steps failed, each once; of a run that never came so far the end of its log."""
        lines = self._added().splitlines()
        found: list[str] = []
        for number, line in enumerate(lines):
            if _EVENT.match(line) and _FAILED in line:
                found.append(_reason(lines[number + 1 :]))
        told = list(dict.fromkeys(reason for reason in found if reason))
        tail = [line for line in lines if line.strip()][-_TAIL:]
        return told or ["\n".join(tail) or f"it ended without a word; see {self.path}"]

    def _added(self) -> str:
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(self._start)
            return file.read().decode("utf-8", "replace")


def _reason(lines: list[str]) -> str:
    """Return the sentence of a failure, or the exception it was caused by."""
    end = next((place for place, line in enumerate(lines) if _EVENT.match(line)), len(lines))
    block = lines[:end]
    first = next((place for place, line in enumerate(block) if line.strip()), 0)
    if block[first : first + 1] and block[first].startswith(_FAILURE):
        stop = next((place for place, line in enumerate(block) if line.startswith(_TRACE)), len(block))
        return "\n".join(block[first:stop]).removeprefix(_FAILURE).strip()
    causes = [place + 1 for place, line in enumerate(block) if line.startswith(_CAUSE)]
    start = causes[-1] if causes else first
    stop = next((at for at in range(start, len(block)) if block[at].startswith(_TRACE)), start + 1)
    return "\n".join(block[start:stop]).strip()


def _words(step: str) -> str:
    """Return what a step does: `demo__servicetitan__invoices` reads invoices."""
    _, _, rest = step.partition("__")
    stage, _, entity = rest.partition("__")
    if stage == "servicetitan":
        return f"reading {entity} from ServiceTitan"
    return f"mapping {entity}" if stage == "mapped" else "writing to QuickBooks"
