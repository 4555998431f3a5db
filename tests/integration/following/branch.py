"""A company whose two systems send events: people act, the receiver takes, sensors ask for runs."""

import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import requests
from sqlalchemy import text

from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameStorage
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.store.inbox import Inbox, InboxCounts
from st_qbo_assets.store.links import Link
from tests.integration.cli.office import Office
from tests.integration.emptying import empty
from tests.integration.web.serving import KEY, VERIFIER, Served, give_keys
from tests.pace import UNTHROTTLED

Json = dict[str, Any]
_LOOKS = 2000


def _selling(company: CompanyFile) -> CompanyFile:
    """Return a company that carries no buying side: half the steps, and no event tells of it."""
    return company.model_copy(update={"bill_source": None})


@dataclass
class Branch:
    """The demo company, its receiver, and Dagster in this process."""

    office: Office
    web: Served
    home: Path
    company: CompanyFile = field(default_factory=lambda: _selling(read_company("demo").company))
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    cursors: dict[str, str] = field(default_factory=dict[str, str])
    past: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.defs = CompanyDefs(
            self.company, self.home / "links.csv", now_utc=lambda: datetime.now(UTC) + self.past
        )
        storage = str(self.home / "frames")
        self.connector = Connector(storage=storage)
        resources = {"io_manager": FrameStorage(root=storage), "connector": self.connector}
        self.whole = dg.Definitions.merge(build_company(self.defs), dg.Definitions(resources=resources))

    # The sandbox

    def send_events(self, **more: Any) -> None:
        """Switch the sandbox's events on."""
        base = f"{self.web.url}/webhooks"
        both = {
            "servicetitan": {"url": f"{base}/servicetitan/demo", "key": KEY, "seed": 7},
            "quickbooks": {"url": f"{base}/quickbooks", "key": VERIFIER, "seed": 7},
        }
        self.office.control("webhooks", {half: given | more for half, given in both.items()})

    def act(self, act: str, **more: Any) -> Json:
        """Act as a person in ServiceTitan."""
        return self.office.control("edit", {"act": act, **more}, half="servicetitan")

    def arrived(self) -> InboxCounts:
        """Wait until nothing is on its way any more; return what the inbox holds."""
        for _ in range(_LOOKS):
            shown = requests.get(
                f"{self.office.sandbox.servicetitan_url}/_sandbox/webhooks", timeout=20
            ).json()
            if not any(half["counts"][name] for half in shown.values() for name in ("gathering", "waiting")):
                return self.counts()
        raise AssertionError(shown)

    def counts(self) -> InboxCounts:
        """What the inbox holds."""
        return Inbox(self.web.database).counts()

    def state(self, half: str, name: str) -> list[Json]:
        """All records of one kind in a system."""
        sandbox = self.office.sandbox
        base = sandbox.quickbooks_url if half == "quickbooks" else sandbox.servicetitan_url
        found = requests.get(f"{base}/_sandbox/state", params={"entity": name}, timeout=20).json()
        return list(found.values()) if isinstance(found, dict) else found

    def posted(self, entity: str, id_: int) -> str:
        """Where a record of ServiceTitan stands."""
        source = SourceRef(Entity(entity), str(id_))
        with self.office.opened() as connections:
            found = connections.states.of_sources(connections.name, [source]).get(source)
        return found.outcome.value if found is not None else ""

    def linked(self, entity: str, id_: int) -> Link:
        """The one document of a record in QuickBooks."""
        source = SourceRef(Entity(entity), str(id_))
        with self.office.opened() as connections:
            [link] = connections.links.of_sources(connections.name, [source])[source]
        return link

    def let_a_while_pass(self) -> None:
        """Let what was asked for long ago be asked for again."""
        with self.web.database.begin() as connection:
            connection.execute(text("UPDATE st_qbo.inbox SET offered_at = offered_at - interval '1 hour'"))

    def wait(self, seconds: float) -> None:
        """Let time pass for both vendors and the daemon; the database's clock stands still."""
        self.office.control("clock", {"advance_seconds": seconds})
        self.past += timedelta(seconds=seconds)

    def begin_anew(self) -> None:
        """Put both systems back, and forget what was booked and what Dagster did."""
        self.office.control("reset", {})
        self.office.control("switches", UNTHROTTLED)
        with self.web.database.autocommit() as connection:
            empty(connection)
        self.office.connect()
        give_keys(self.web.settings, self.web.database)
        self.instance.dispose()
        self.instance = dg.DagsterInstance.ephemeral()
        shutil.rmtree(self.home / "frames", ignore_errors=True)
        self.cursors, self.past = {}, timedelta()

    def booked(self, target: str = "Invoice") -> list[str]:
        """Numbers of QuickBooks' documents, or their notes, each as often as it is there."""
        return sorted(
            row.get("PrivateNote") or row.get("DocNumber", "") for row in self.state("quickbooks", target)
        )

    # Dagster

    def requests(self, sensor: str = "webhook_inbox") -> list[dg.RunRequest]:
        """Return what one tick of a sensor asks for."""
        with dg.build_sensor_context(
            instance=self.instance,
            resources={"connector": self.connector},
            definitions=self.whole,
            cursor=self.cursors.get(sensor),
        ) as context:
            found: Any = self.whole.resolve_sensor_def(f"demo_{sensor}")(context)
            if isinstance(found, dg.SensorResult):
                self.cursors[sensor] = found.cursor or ""
                found = found.run_requests
            asked: list[Any] = list(found) if isinstance(found, (list, Iterator)) else [found]
        return [each for each in asked if isinstance(each, dg.RunRequest)]

    def run(self, asked: dg.RunRequest, *, succeeds: bool = True) -> dg.ExecuteInProcessResult:
        """Run what was asked for, as the launcher does."""
        job = asked.job_name or "demo_replay"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Dagster's words for `context.run_id`
            done = self.whole.resolve_job_def(job).execute_in_process(
                instance=self.instance,
                run_config=asked.run_config,
                tags=asked.tags,
                asset_selection=list(asked.asset_selection) if asked.asset_selection else None,
                raise_on_error=False,
            )
        failures = [
            event.event_specific_data.error.cause or event.event_specific_data.error
            for event in done.all_events
            if event.is_step_failure
        ]
        assert done.success is succeeds, failures
        return done
