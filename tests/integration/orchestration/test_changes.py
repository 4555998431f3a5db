"""What changed in ServiceTitan becomes days that are due, and stays due until they were loaded (rule 1.5)."""

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from pydantic import SecretStr

from st_qbo_assets.connections import SERVICETITAN_SECRETS, Connections, open_connections, scope_of
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.orchestration.changes import note_changes
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.settings import Settings
from st_qbo_sandbox.app import Sandbox

DEMO = Path(__file__).parents[3] / "st_qbo_assets" / "defs" / "demo" / "defs.yaml"
LAST = date(2026, 11, 20)

pytestmark = pytest.mark.enable_socket


class Office:
    """A company connected to a sandbox of three days, five invoices each."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        company = CompanyFile.model_validate(yaml.safe_load(DEMO.read_text())["attributes"])
        self.sandbox = sandbox
        self.defs = CompanyDefs(company, Path("links.csv"), lambda: datetime.now(UTC))
        self.connections: Connections = open_connections(company, settings)
        info = sandbox.info()["servicetitan"]
        for name in SERVICETITAN_SECRETS:
            secret = SecretStr(info[name.removeprefix("servicetitan_")])
            self.connections.vault.put(scope_of(company), name, secret)

    def due(self) -> list[date]:
        return note_changes(self.defs, self.connections)

    def load(self) -> None:
        """Do as a load of everything due does when it ends."""
        days = self.connections.dirty_days.all(self.defs.name)
        for invoice in self.invoices():
            day = date.fromisoformat(invoice["invoiceDate"][:10])
            self.connections.seen.save(self.defs.name, Entity.INVOICE, {str(invoice["id"]): day})
        self.connections.dirty_days.clear(
            self.defs.name, days, read_at=datetime.now(UTC) + timedelta(minutes=1)
        )

    def invoices(self) -> list[dict[str, Any]]:
        return self.state("invoices")

    def state(self, entity: str) -> list[dict[str, Any]]:
        url = f"{self.sandbox.servicetitan_url}/_sandbox/state?entity={entity}"
        return requests.get(url, timeout=30).json()

    def act(self, **act: Any) -> None:
        answer = requests.post(f"{self.sandbox.servicetitan_url}/_sandbox/edit", json=act, timeout=30)
        assert answer.ok, answer.text


@pytest.fixture
def office(database_settings: Settings) -> Generator[Office]:
    with Sandbox(days=3, invoices_per_day=5, last_day=LAST.isoformat()) as sandbox:
        settings = replace(
            database_settings,
            sandbox_servicetitan_url=sandbox.servicetitan_url,
            sandbox_quickbooks_url=sandbox.quickbooks_url,
        )
        made = Office(sandbox, settings)
        yield made
        made.connections.close()


@pytest.mark.rule("1.5")
def test_the_first_look_finds_every_day_with_documents(office: Office) -> None:
    assert {LAST, LAST - timedelta(days=1), LAST - timedelta(days=2)} <= set(office.due())


@pytest.mark.rule("1.5")
def test_a_day_stays_due_until_it_was_loaded(office: Office) -> None:
    first = office.due()
    assert office.due() == first
    office.load()
    assert set(office.due()) <= set(first)


@pytest.mark.rule("1.5")
def test_a_moved_document_makes_its_old_and_its_new_day_due(office: Office) -> None:
    office.due()
    office.load()
    moved = next(i for i in office.invoices() if i["invoiceDate"].startswith(LAST.isoformat()))
    new_day = LAST - timedelta(days=10)
    office.act(act="move_date", resource="invoices", id=moved["id"], date=new_day.isoformat())
    assert {LAST, new_day} <= set(office.due())


@pytest.mark.rule("1.5", "3.5")
def test_a_refunded_payment_that_changed_brings_the_day_of_its_refund(office: Office) -> None:
    office.due()
    office.load()
    payment = office.state("payments")[0]
    long_ago = LAST - timedelta(days=40)
    tie = RefundTie(payment=str(payment["id"]), refund="77", cents=100, txn_type="Check")
    office.connections.refunds.save(office.defs.name, [tie])
    office.connections.seen.save(office.defs.name, Entity.PAYMENT, {"77": long_ago})
    assert long_ago not in office.due()
    office.act(act="touch", resource="payments", id=payment["id"])
    assert long_ago in office.due()
