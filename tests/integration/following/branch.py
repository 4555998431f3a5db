"""A company whose two systems send events: people act, the receiver takes, sensors ask for runs."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
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
from tests.integration.web.serving import KEY, VERIFIER, Served

Json = dict[str, Any]
_LOOKS = 2000


@dataclass
class Branch:
    """The demo company, its receiver, and Dagster in this process."""

    office: Office
    web: Served
    home: Path
    company: CompanyFile = field(default_factory=lambda: read_company("demo").company)
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    cursors: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.defs = CompanyDefs(self.company, self.home / "links.csv")
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

    def booked(self, target: str = "Invoice") -> list[str]:
        """Numbers of QuickBooks' documents, or their notes, each as often as it is there."""
        return sorted(
            row.get("PrivateNote") or row.get("DocNumber", "") for row in self.state("quickbooks", target)
        )

    # Dagster

    def requests(self, sensor: str = "webhook_inbox") -> list[dg.RunRequest]:
        """Return what one tick of a sensor asks for."""
        context = dg.build_sensor_context(
            instance=self.instance,
            resources={"connector": self.connector},
            definitions=self.whole,
            cursor=self.cursors.get(sensor),
        )
        found: Any = self.whole.resolve_sensor_def(f"demo_{sensor}")(context)
        if isinstance(found, dg.SensorResult):
            self.cursors[sensor] = found.cursor or ""
            found = found.run_requests
        asked: list[Any] = list(found) if isinstance(found, (list, Iterator)) else [found]
        return [each for each in asked if isinstance(each, dg.RunRequest)]

    def run(self, asked: dg.RunRequest, *, succeeds: bool = True) -> dg.ExecuteInProcessResult:
        """Run what was asked for, as the launcher does."""
        assert asked.job_name is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Dagster's words for `context.run_id`
            done = self.whole.resolve_job_def(asked.job_name).execute_in_process(
                instance=self.instance, run_config=asked.run_config, tags=asked.tags, raise_on_error=False
            )
        failures = [
            event.event_specific_data.error.cause or event.event_specific_data.error
            for event in done.all_events
            if event.is_step_failure
        ]
        assert done.success is succeeds, failures
        return done
