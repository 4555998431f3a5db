"""Launches the runs that events ask for at once, without waiting for a sensor's next turn.

What belongs here: one thread that turns notices into launches through Dagster's web server. What does not:
which runs events ask for (`following`), Dagster itself. Nothing here is needed for anything to happen: a
launch that fails is taken back, and the sensor asks for the run.

    notice          an event of a company was committed; costs nothing
    at most two     runs of a company that have not settled their events; what comes meanwhile waits, and
                    goes into one run together
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from sqlalchemy.exc import SQLAlchemyError

from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.following.asks import Ask
from st_qbo_assets.following.launch import (
    RUN_KEY_TAG,
    SENSOR_TAG,
    job_name,
    run_config,
    run_tags,
    sensor_name,
)
from st_qbo_assets.following.turn import take_turn
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.inbox import Inbox

_log = logging.getLogger(__name__)
_ASKED_BY = "receiver"
#: Events of one delivery, and of those right behind it, go together.
_GATHER_SECONDS = 0.05
#: Where runs are on their way: until the next look whether they are done.
_LOOK_SECONDS = 0.5
#: After Dagster did not answer, the sensor alone goes on for so long.
_REST_SECONDS = 20.0
#: A run that has not settled its events by then is not waited for.
_PATIENCE_SECONDS = 120.0
_MOST_ON_THEIR_WAY = 2
_MOST_RECORDS = 100
_TIMEOUT_SECONDS = 20.0
_LAUNCH = """mutation Launch($given: ExecutionParams!) { launchRun(executionParams: $given) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on Error { message } } }"""


class NotLaunched(Exception):  # noqa: N818 - the sensor does it then
    """Dagster did not take a run."""


class Runs(Protocol):
    """Where runs are launched."""

    def launch(self, company: CompanyFile, ask: Ask) -> str:
        """Launch a run and return its id.

        Raises:
            NotLaunched: if Dagster does not answer, or refuses.
        """
        ...


@dataclass
class DagsterRuns:
    """Dagster's web server.

    Attributes:
        url: where it answers.
        location: the code location of `workspace.yaml`.
    """

    url: str
    location: str = "st_qbo_assets"
    _session: Any = None

    def launch(self, company: CompanyFile, ask: Ask) -> str:
        """Launch a run and return its id."""
        import requests  # its sessions keep connections, and nothing else here needs it

        self._session = self._session or requests.Session()
        tags = run_tags(company.name, ask, asked_by=_ASKED_BY)
        tags |= {RUN_KEY_TAG: ask.key, SENSOR_TAG: sensor_name(company.name)}
        given = {
            "selector": {
                "repositoryLocationName": self.location,
                "repositoryName": "__repository__",
                "jobName": job_name(company.name, ask.work),
            },
            "runConfigData": run_config(company.name, ask),
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        try:
            answer = self._session.post(
                f"{self.url}/graphql",
                json={"query": _LAUNCH, "variables": {"given": given}},
                timeout=_TIMEOUT_SECONDS,
            )
            found = cast("dict[str, Any]", answer.json()["data"]["launchRun"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotLaunched(type(error).__name__) from error
        if found.get("__typename") != "LaunchRunSuccess":
            raise NotLaunched(str(found.get("message") or found.get("__typename"))[:200])
        return str(found["run"]["runId"])


@dataclass
class _OnItsWay:
    events: tuple[int, ...]
    until: float


@dataclass
class _Desk:
    """What is known of one company."""

    company: CompanyFile
    connections: Connections
    on_their_way: list[_OnItsWay] = field(default_factory=list[_OnItsWay])

    def has_room(self) -> bool:
        """Say whether another run may be launched, forgetting those that are done."""
        now = time.monotonic()
        self.on_their_way = [
            each
            for each in self.on_their_way
            if each.until > now and Inbox(self.connections.database).unacknowledged(each.events)
        ]
        return len(self.on_their_way) < _MOST_ON_THEIR_WAY

    def busy(self) -> set[int]:
        """Return the events of runs on their way."""
        return {id_ for each in self.on_their_way for id_ in each.events}


class Launcher:
    """One thread that launches for all companies."""

    def __init__(
        self,
        settings: Settings,
        runs: Runs,
        *,
        connect: Callable[[CompanyFile, Settings], Connections] = open_connections,
    ) -> None:
        """Launch through these runs.

        Args:
            settings: of the installation.
            runs: where runs are launched.
            connect: opens a company's connections.
        """
        self._settings = settings
        self._runs = runs
        self._connect = connect
        self._noticed: dict[str, CompanyFile] = {}
        self._desks: dict[str, _Desk] = {}
        self._resting_until = 0.0
        self._wake = threading.Condition()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="launcher", daemon=True)

    def start(self) -> None:
        """Begin to launch."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is being launched."""
        with self._wake:
            self._is_ending = True
            self._wake.notify()
        self._thread.join()

    def notice(self, companies: Iterable[CompanyFile]) -> None:
        """Note that events of some companies were kept; returns at once."""
        with self._wake:
            self._noticed |= {company.name: company for company in companies}
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._noticed or self._is_ending)
                if self._is_ending:
                    break
            time.sleep(_GATHER_SECONDS)
            with self._wake:
                noticed, self._noticed = self._noticed, {}
            waits = [company for company in noticed.values() if not self._launch(company)]
            if waits:
                with self._wake:
                    self._wake.wait_for(lambda: self._is_ending, timeout=_LOOK_SECONDS)
                    self._noticed = {company.name: company for company in waits} | self._noticed
        for desk in self._desks.values():
            desk.connections.close()

    def _launch(self, company: CompanyFile) -> bool:
        """Launch what a company's events ask for; False if it must be looked at again soon."""
        if time.monotonic() < self._resting_until:
            return True
        try:
            desk = self._desk(company)
            if not desk.has_room():
                return False
            today = datetime.now(UTC).astimezone(company.zone).date()
            asks = take_turn(
                desk.connections, today=today, busy=desk.busy(), most=_MOST_RECORDS, newest_first=True
            )
            for number, ask in enumerate(asks):
                self._launch_one(desk, ask, asks[number:])
        except NotLaunched as error:
            self._resting_until = time.monotonic() + _REST_SECONDS
            _log.warning("launch=left_to_the_sensor company=%s why=%s", company.name, error)
        except (SyncError, SQLAlchemyError, OSError) as error:
            _log.warning("launch=failed company=%s error=%s", company.name, type(error).__name__)
            self._forget(company)
        except Exception:  # noqa: BLE001 - the thread must live; the sensor does what it did not
            _log.exception("launch=failed company=%s", company.name)
            self._forget(company)
        return True

    def _launch_one(self, desk: _Desk, ask: Ask, left: list[Ask]) -> None:
        try:
            run_id = self._runs.launch(desk.company, ask)
        except NotLaunched:
            inbox = Inbox(desk.connections.database)
            inbox.take_back(id_ for each in left for id_ in each.events)
            raise
        desk.on_their_way.append(_OnItsWay(ask.events, time.monotonic() + _PATIENCE_SECONDS))
        _log.info("launch=done company=%s run=%s events=%d", desk.company.name, run_id, len(ask.events))

    def _desk(self, company: CompanyFile) -> _Desk:
        desk = self._desks.get(company.name)
        if desk is None or desk.company != company:
            self._forget(company)
            desk = self._desks[company.name] = _Desk(company, self._connect(company, self._settings))
        return desk

    def _forget(self, company: CompanyFile) -> None:
        desk = self._desks.pop(company.name, None)
        if desk is not None:
            desk.connections.close()
