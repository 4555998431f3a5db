"""An office that buys: runs of its days in this process, and what both products hold of bills."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dagster as dg
from sqlalchemy import text

from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameStorage
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.store.tie_outs import TieOuts
from tests.integration.masters.shop import Shop

Json = dict[str, Any]


@dataclass
class Purchasing(Shop):
    """The demo company with its buying side on."""

    @property
    def days(self) -> list[date]:
        """The days of the sandbox, oldest first."""
        info = self.office.sandbox.info()
        first, last = date.fromisoformat(info["first_day"]), date.fromisoformat(info["last_day"])
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def standings(self, entity: str = "bill") -> dict[str, Json]:
        """Where every record of a kind stands, by its id."""
        query = (
            "SELECT source_id, outcome, reason_code, reason_text, cents, number, title "
            "FROM st_qbo.record_states WHERE source_entity = :entity"
        )
        with self.office.opened() as connections, connections.database.autocommit() as connection:
            rows = connection.execute(text(query), {"entity": entity})
            return {row["source_id"]: dict(row) for row in rows.mappings()}

    def load(
        self, days: Sequence[date], *, job: str = "days", may_fail: bool = False
    ) -> dict[str, dict[str, Json]]:
        """Run a job over a span of days in one run; return the metadata by asset and day."""
        defs = CompanyDefs(self.company, self.home / "links.csv")
        storage = str(self.home / "frames")
        whole = dg.Definitions.merge(
            build_company(defs),
            dg.Definitions(
                resources={"io_manager": FrameStorage(root=storage), "connector": Connector(storage=storage)}
            ),
        )
        span = {"start": days[0].isoformat(), "end": days[-1].isoformat()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Dagster's words for `context.run_id`
            done = whole.resolve_job_def(f"{self.company.name}_{job}").execute_in_process(
                instance=self.instance,
                tags={f"dagster/asset_partition_range_{name}": day for name, day in span.items()},
                raise_on_error=not may_fail,
            )
        found: dict[str, dict[str, Json]] = {}
        for event in done.all_events:
            if event.is_step_materialization:
                made = event.step_materialization_data.materialization
                name = "/".join(made.asset_key.path[1:])
                told = {key: value.value for key, value in made.metadata.items()}
                found.setdefault(name, {})[made.partition or ""] = told
        return found

    def causes(self, days: Sequence[date]) -> dict[str, str]:
        """The cause of everything the newest tie-outs list, by record or QuickBooks document."""
        with self.office.opened() as connections:
            newest = TieOuts(connections.database).newest(connections.name, days[0], days[-1])
        return {
            each["source"] or each["quickbooks"][0]: each["cause"]
            for day in days
            for each in newest[day].causes
        }

    def bills(self) -> dict[str, Json]:
        """QuickBooks' bills that are ours, by their record's id."""
        rows = self.state("quickbooks", "Bill")
        note = "ServiceTitan bill "
        return {
            row["PrivateNote"].partition(note)[2].split()[0]: row
            for row in rows
            if note in str(row.get("PrivateNote"))
        }
