"""A shop whose customers live in both systems: people edit either side, Dagster runs the poll."""

import warnings
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import requests
from sqlalchemy import select

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameStorage
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.schema import decisions
from tests.companies import seller
from tests.integration.cli.office import Office

Json = dict[str, Any]


@dataclass
class Shop:
    """The demo company with its two systems, and runs in this process."""

    office: Office
    home: Path
    company: CompanyFile = field(default_factory=seller)
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    def poll(self, job: str = "masters", *, day: date | None = None, succeeds: bool = True) -> Json:
        """Run a job of the company for a day, today if none is named; return the metadata of each asset."""
        defs = CompanyDefs(self.company, self.home / "links.csv")
        storage = str(self.home / "frames")
        whole = dg.Definitions.merge(
            build_company(defs),
            dg.Definitions(
                resources={"io_manager": FrameStorage(root=storage), "connector": Connector(storage=storage)}
            ),
        )
        on = (day or defs.today()).isoformat()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Dagster's words for `context.run_id`
            done = whole.resolve_job_def(f"{self.company.name}_{job}").execute_in_process(
                instance=self.instance, partition_key=on, raise_on_error=succeeds
            )
        assert done.success is succeeds
        found: Json = {}
        for event in done.all_events:
            if event.is_step_materialization:
                made = event.step_materialization_data.materialization
                found["/".join(made.asset_key.path[1:])] = {k: v.value for k, v in made.metadata.items()}
        return found

    # ServiceTitan

    def act_servicetitan(self, act: str, **more: Any) -> Json:
        """Act as a person in ServiceTitan."""
        return self.office.control("edit", {"act": act, **more}, half="servicetitan")

    def state(self, half: str, name: str) -> list[Json]:
        """All records of one kind in a system."""
        sandbox = self.office.sandbox
        base = sandbox.quickbooks_url if half == "quickbooks" else sandbox.servicetitan_url
        found = requests.get(f"{base}/_sandbox/state", timeout=20).json()[name]
        return list(found.values()) if isinstance(found, dict) else found

    def customer(self, id_: int) -> Json:
        """One customer of ServiceTitan."""
        return next(row for row in self.state("servicetitan", "customers") if row["id"] == id_)

    def contacts(self, customer_id: int) -> list[Json]:
        """Its active contacts."""
        rows = self.state("servicetitan", "contacts")
        return [row for row in rows if row["customerId"] == customer_id and row.get("active", True)]

    def notes(self, customer_id: int) -> list[str]:
        """Its notes, oldest first."""
        rows = self.state("servicetitan", "customer-notes")
        own = [row for row in rows if row["customerId"] == customer_id and row.get("active", True)]
        return [row["text"] for row in sorted(own, key=lambda row: row["id"])]

    def location(self, id_: int) -> Json:
        """One service location."""
        return next(row for row in self.state("servicetitan", "locations") if row["id"] == id_)

    # QuickBooks

    def stored(self, qbo_id: str) -> Json:
        """One customer of QuickBooks."""
        return next(row for row in self.state("quickbooks", "Customer") if row["Id"] == qbo_id)

    def qbo_id(self, customer_id: int) -> str:
        """The QuickBooks customer a ServiceTitan customer is linked to."""
        with self.office.opened() as connections:
            link = connections.links.get(
                connections.name, SourceRef(Entity.CUSTOMER, str(customer_id)), "Customer"
            )
        assert link is not None
        return link.qbo_id

    def link(self, source: SourceRef) -> Link:
        """The link of a customer or of one of its locations."""
        with self.office.opened() as connections:
            link = connections.links.get(connections.name, source, "Customer")
        assert link is not None
        return link

    def decision(self, customer_id: int, code: str) -> Json:
        """The detail of the newest decision of a kind about a customer."""
        source = SourceRef(Entity.CUSTOMER, str(customer_id))
        with self.office.opened() as connections, connections.database.autocommit() as connection:
            query = (
                select(decisions.c.detail)
                .where(decisions.c.source_id == source.id, decisions.c.code == code)
                .order_by(decisions.c.id.desc())
            )
            return connection.execute(query).scalars().first() or {}

    def any_item(self) -> str:
        """An item of QuickBooks."""
        return next(row["Id"] for row in self.state("quickbooks", "Item") if row.get("Type") == "Service")

    def link_invoice(self, invoice: Json, customer: str) -> None:
        """Let an invoice be one that we posted."""
        with self.office.opened() as connections:
            link = Link(
                company=connections.name,
                source=SourceRef(Entity.INVOICE, "990001"),
                target="Invoice",
                realm=connections.realm,
                qbo_id=invoice["Id"],
                confirmed={"CustomerRef": customer},
            )
            connections.links.save(link)

    def results(self) -> list[str]:
        """Where every customer and vendor stands, for the eye of who reads a failed test."""
        with self.office.opened() as connections:
            rows = [
                row
                for entity in (Entity.CUSTOMER, Entity.VENDOR)
                for row in connections.states.of_days(connections.name, entity, [self.today()])
            ]
        return [f"{row.source} {row.title} {row.outcome} {row.reason}" for row in rows]

    def reasons(self) -> dict[str, str]:
        """Why customers and vendors do not cross over, by name."""
        with self.office.opened() as connections:
            rows = connections.states.of_days(
                connections.name, Entity.CUSTOMER, [self.today()], outcomes=[Outcome.HELD]
            )
        return {row.title: row.reason.code for row in rows if row.reason}

    def today(self) -> date:
        """The company's day."""
        return CompanyDefs(self.company, self.home / "links.csv").today()

    def forget_asked(self) -> None:
        """Let the log of what was asked begin anew: it grows with every history."""
        sandbox = self.office.sandbox
        for base in (sandbox.quickbooks_url, sandbox.servicetitan_url):
            requests.delete(f"{base}/_sandbox/requests", timeout=20).raise_for_status()

    def asked(self) -> list[str]:
        """What both systems were asked so far, tokens aside."""
        sandbox = self.office.sandbox
        found: list[str] = []
        for base in (sandbox.quickbooks_url, sandbox.servicetitan_url):
            rows = requests.get(f"{base}/_sandbox/requests", timeout=20).json()
            found += [
                f"{row['method']} {row['path']}?{row.get('query', '')}"
                for row in rows
                if "token" not in row["path"]
            ]
        return found
