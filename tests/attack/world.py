"""A world: one sandbox with fresh data, one empty database, one folder; and the sessions that live in it.

What belongs here: making worlds, talking to their sandbox and their sessions. What does not: what is read
out of the sandbox's state (`proof`).
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self
from uuid import uuid4

import requests
from sqlalchemy import create_engine, make_url, text

from tests.pace import UNTHROTTLED

ROOT = Path(__file__).resolve().parents[2]
#: A Thursday like any other; the company of the demo has started by then.
DAY = "2026-03-12"
_TIMEOUT_SECONDS = 120
#: QuickBooks as it comes.
_SWITCHES: Mapping[str, Any] = {
    "requestid_minutes": 15,
    "requestid_replay": True,
    "refresh_rotation_hours": 24,
}


class SessionDied(Exception):
    """A session was killed; the message says where."""


class SessionFailed(Exception):
    """A command raised; the message is its traceback."""


class Lane:
    """One sandbox process, used by one world at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.sandbox_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.urls: dict[str, str] = json.loads(self._process.stdout.readline())
        self._http = requests.Session()

    def close(self) -> None:
        """End the process."""
        self._http.close()
        self._process.communicate(timeout=_TIMEOUT_SECONDS)

    def get(self, half: str, control: str, /, **params: Any) -> Any:
        """Return what a control answers."""
        url = f"{self.urls[half]}/_sandbox/{control}"
        answer = self._http.get(url, params=params, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        return json.loads(answer.text, parse_float=Decimal)

    def post(self, half: str, control: str, body: Mapping[str, Any]) -> Any:
        """Return what a control answers."""
        url = f"{self.urls[half]}/_sandbox/{control}"
        answer = self._http.post(url, json=body, timeout=_TIMEOUT_SECONDS)
        assert answer.ok, answer.text
        return answer.json()


@dataclass
class Arena:
    """What all worlds share: the database server, the zygote, the lanes."""

    server_url: str
    template: str
    zygote_path: str
    home: Path
    vault_key: str
    lanes: SimpleQueue[Lane] = field(default_factory=SimpleQueue)

    @contextmanager
    def world(self, **seed: Any) -> Iterator["World"]:
        """Yield a fresh world; everything of it is gone afterwards."""
        lane = self.lanes.get()
        name = f"world_{uuid4().hex[:12]}"
        folder = Path(tempfile.mkdtemp(prefix="world-", dir=self.home))
        self._sql(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        url = make_url(self.server_url).set(database=name).render_as_string(hide_password=False)
        world = World(self, lane, url, folder)
        try:
            world.begin(seed)
            yield world
        finally:
            world.end()
            self._sql(f"DROP DATABASE {name} WITH (FORCE)")
            shutil.rmtree(folder, ignore_errors=True)
            self.lanes.put(lane)

    def _sql(self, statement: str) -> None:
        engine = create_engine(self.server_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@dataclass(frozen=True)
class Run:
    """What became of one materialization."""

    success: bool
    checks: list[dict[str, Any]]
    failures: list[str]
    passed: dict[str, int]

    def passes(self, check: str, day: str | None = None) -> bool:
        """Say whether a check was made and passed."""
        found = [each for each in self.checks if each["check"] == check and day in (None, each["day"])]
        return bool(found) and all(each["passed"] for each in found)

    def told(self, check: str) -> dict[str, Any]:
        """Return the metadata of a check's one evaluation."""
        (found,) = [each for each in self.checks if each["check"] == check]
        return found["metadata"]

    @property
    def is_green(self) -> bool:
        """Whether the run succeeded and both proofs passed."""
        return self.success and self.passes("ties_out") and self.passes("no_duplicates")


class Session:
    """A process of the product, seen from the test."""

    def __init__(self, path: str, hello: Mapping[str, Any]) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_TIMEOUT_SECONDS)
        self._socket.connect(path)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self.ask("hello", **hello)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, command: str, **given: Any) -> Any:
        """Return what a command answers.

        Raises:
            SessionDied: it was killed before it could.
            SessionFailed: it raised.
        """
        self.begin(command, **given)
        return self.answer()

    def begin(self, command: str, **given: Any) -> None:
        """Give a command and do not wait for it."""
        self._socket.sendall(json.dumps({"do": command, **given}).encode() + b"\n")

    def answer(self) -> Any:
        """Return what the last command answers; raises as `ask` does."""
        try:
            line = self._lines.readline()
        except ConnectionResetError:
            line = ""
        words = json.loads(line) if line else {"died": "without a word"}
        if "died" in words:
            raise SessionDied(words["died"])
        if "error" in words:
            raise SessionFailed(words["error"])
        return words["said"]

    def materialize(self, *days: str, only: Sequence[str] | None = None) -> Run:
        """Materialize days as `st-qbo sync` does, or only these assets of them."""
        return Run(**self.ask("materialize", days=days or (DAY,), only=only))

    def prove(self, name: str, **config: Any) -> Run:
        """Make a proof over the whole books: `duplicates` or `drift`."""
        return Run(**self.ask("prove", name=name, config=config or None))


class World:
    """One company's two systems, its ledger and its frames."""

    def __init__(self, arena: Arena, lane: Lane, database_url: str, folder: Path) -> None:
        self._arena = arena
        self._lane = lane
        self._folder = folder
        self._sessions: list[Session] = []
        #: Ids of what a bookkeeper had in QuickBooks before the first run.
        self.before: dict[str, set[str]] = {}
        self._env = {
            "ST_QBO_HOME": str(folder),
            "ST_QBO_DATABASE_URL": database_url,
            "ST_QBO_STORAGE": str(folder / "storage"),
            "ST_QBO_VAULT_KEYS": arena.vault_key,
            "ST_QBO_SANDBOX_SERVICETITAN_URL": lane.urls["servicetitan"],
            "ST_QBO_SANDBOX_QUICKBOOKS_URL": lane.urls["quickbooks"],
        }

    def begin(self, seed: Mapping[str, Any]) -> None:
        """Make the data, and connect the company."""
        self._lane.post("quickbooks", "reset", {"empty": True})
        options = {"days": 1, "invoices_per_day": 6, "last_day": DAY, "seed": 1, "hard": False}
        self._lane.post("quickbooks", "seed", {**options, **seed})
        self.switch(**_SWITCHES)
        self._lane.post("quickbooks", "switches", UNTHROTTLED)
        held = self.state().items()
        self.before = {name: {doc["Id"] for doc in docs} for name, docs in held if docs and "Id" in docs[0]}
        with self.session() as session:
            session.ask("connect")

    def end(self) -> None:
        """Close what is open."""
        for session in self._sessions:
            session.__exit__()

    def session(self, company: Mapping[str, Any] | None = None) -> Session:
        """Start a process of the product."""
        session = Session(self._arena.zygote_path, {"env": self._env, "company": company})
        self._sessions.append(session)
        return session

    # The sandbox

    def state(self, half: str = "quickbooks") -> dict[str, list[dict[str, Any]]]:
        """Return everything a half holds, by entity."""
        return self._lane.get(half, "state")

    def act(self, half: str, act: str, **given: Any) -> Any:
        """Act as a person in one of the products."""
        return self._lane.post(half, "edit", {"act": act, **given})

    def faults(self, *rules: Mapping[str, Any], seed: int = 0) -> None:
        """Let requests go wrong from now on."""
        self._lane.post("quickbooks", "faults", {"rules": list(rules), "seed": seed})

    def fault_hits(self) -> int:
        """Return how many requests have gone wrong since the rules were given."""
        return sum(rule["hits"] for rule in self._lane.get("quickbooks", "faults")["rules"])

    def switch(self, **switches: Any) -> None:
        """Play an inferred behaviour of QuickBooks the other way."""
        self._lane.post("quickbooks", "switches", {"quickbooks": switches})

    def wait(self, seconds: int) -> None:
        """Let time pass for both vendors and the ledger; the product's clock stands still."""
        self._lane.post("quickbooks", "clock", {"advance_seconds": seconds})
        with self.session() as session:
            session.ask("age", seconds=seconds)

    def requests(self, half: str = "quickbooks", *, since: int = 0) -> list[dict[str, Any]]:
        """Return the requests of a half after the one of this number, oldest first."""
        return self._lane.get(half, "requests", since=since)

    def log_end(self) -> int:
        """Return the number of the newest request of both halves."""
        found = self._lane.get("quickbooks", "requests", half="all")
        return max((entry["number"] for entry in found), default=0)
