"""The second half of the demo: what people do to posted documents arrives, once, and the days tie out."""

import warnings
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from st_qbo_assets.cli.changing import Shown, opened_changes
from st_qbo_assets.cli.fates.choosing import Fate
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameStorage
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_sandbox.app import Sandbox
from tests.companies import seller
from tests.integration.cli.office import Office

_DAY = ("servicetitan", "mapped", "loaded", "books")
_POLLED = (
    "servicetitan/customers",
    "quickbooks/customers",
    "mapped/customers",
    "loaded/customers",
    "books/drift",
)
_UNTHROTTLED = {"requests_per_minute": None, "requests_per_second": None, "batches_per_minute": None}


@dataclass
class Demo:
    """The demo's steps, in this process."""

    office: Office
    home: Path
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    synced: list[tuple[date, date]] = field(default_factory=list[tuple[date, date]])

    def __post_init__(self) -> None:
        company = seller()
        unpaced = {"requests_per_second": 500, "requests_per_minute": 50_000}
        quick = {"quickbooks": company.quickbooks.model_copy(update=unpaced)}
        self.defs = CompanyDefs(company.model_copy(update=quick), self.home / "links.csv")
        storage = str(self.home / "frames")
        resources = {"io_manager": FrameStorage(root=storage), "connector": Connector(storage=storage)}
        whole = dg.Definitions.merge(build_company(self.defs), dg.Definitions(resources=resources))
        self._job = whole.resolve_implicit_global_asset_job_def()
        self._graph = whole.resolve_asset_graph()
        info = self.office.sandbox.info()
        self.first, self.last = (date.fromisoformat(info[name]) for name in ("first_day", "last_day"))

    def sell(self) -> None:
        """Sell as much as is needed: on the last day four invoices paid, one with too much, and more not."""
        state = self.office.sandbox.halves["servicetitan"].state()
        items = [item for doc in state["invoices"] for item in doc["items"]]
        like = next(item for item in items if not item["taxable"] and item["type"] == "Service")
        line = {name: like[name] for name in ("skuId", "generalLedgerAccount")} | {
            "quantity": 1,
            "price": 120,
        }
        customers = [each["id"] for each in state["customers"] if each["active"]][::-1]
        sale = {"act": "add_invoice", "business_unit_id": 301, "lines": [line]}
        days = [self.first, *[self.last] * 11]
        sold = [
            self._act({**sale, "customer_id": customer, "date": day.isoformat()})
            for customer, day in zip(customers, days, strict=False)
        ]
        for invoice, amount in zip(sold[-4:], (120, 120, 120, 150), strict=True):
            splits = [{"invoice_id": invoice["id"], "amount": invoice["total"]}]
            paid = {"act": "add_payment", "type": "Check", "splits": splits, "amount": amount}
            self._act({**paid, "date": self.last.isoformat()})

    def sync(self, first: date, last: date) -> bool:
        """Materialize days."""
        self.synced.append((first, last))
        by_day = [key for key in self._graph.get_all_asset_keys() if self._is_of_days(key)]
        ends = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        return self._run(
            [key for key in by_day if key.path[1] in _DAY], **{k: str(v) for k, v in ends.items()}
        )

    def poll(self) -> bool:
        """Poll customers, and read what changed in QuickBooks."""
        wanted = [dg.AssetKey(["demo", *name.split("/")]) for name in _POLLED]
        return self._run(wanted, **{"dagster/partition": self.defs.today().isoformat()})

    def change(self, *, polls: bool = True) -> Shown:
        """Let people change everything that was not changed yet."""

        def act(half: str, body: dict[str, Any]) -> Any:
            return self.office.control("edit", body, half=half)

        with opened_changes(load_settings(), self.defs.company, self.first, self.last, act) as changes:
            changes.begin()
            assert not polls or self.poll()
            return changes.finish(self.sync, waits=False)

    def state(self) -> list[Any]:
        """Both systems' documents."""
        halves = self.office.sandbox.halves
        names = {"servicetitan": ("invoices", "payments"), "quickbooks": ("Invoice", "Payment", "Purchase")}
        return [halves[half].state()[name] for half, found in names.items() for name in found]

    def _act(self, body: dict[str, Any]) -> dict[str, Any]:
        return self.office.control("edit", body, half="servicetitan")

    def _is_of_days(self, key: dg.AssetKey) -> bool:
        return self._graph.get(key).partitions_def == self.defs.days

    def _run(self, wanted: list[dg.AssetKey], **tags: str) -> bool:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Dagster says of its own names
            return self._job.execute_in_process(
                instance=self.instance,
                run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
                asset_selection=wanted,
                tags=tags,
                raise_on_error=False,
            ).success


@pytest.fixture
def demo(database_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Demo]:
    assert database_settings.database_url is not None
    with Sandbox(days=2, invoices_per_day=1) as sandbox:
        environment = {
            "ST_QBO_HOME": str(tmp_path),
            "ST_QBO_DATABASE_URL": database_settings.database_url.get_secret_value(),
            "ST_QBO_PUBLIC_URL": "http://localhost:8800",
            "ST_QBO_SANDBOX_SERVICETITAN_URL": sandbox.servicetitan_url,
            "ST_QBO_SANDBOX_QUICKBOOKS_URL": sandbox.quickbooks_url,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        office = Office(environment, sandbox, monkeypatch)
        office.control("switches", {"quickbooks": _UNTHROTTLED})
        office.connect()
        yield Demo(office, tmp_path)


@pytest.mark.rule("3.6", "4", "5.3")
def test_what_people_do_to_posted_documents_arrives_once_and_ties_out(demo: Demo) -> None:
    demo.sell()
    assert demo.sync(demo.first, demo.last)
    shown = demo.change()
    assert [row for row in shown.rows if not row.arrived] == []
    assert shown.is_right, shown.days
    written = {row.did.partition(" (")[0]: row.wrote for row in shown.rows}
    assert {fate: written.get(fate.value) for fate in Fate} == {
        Fate.EDITED: "invoice updated",
        Fate.MOVED: "invoice updated",
        Fate.VOIDED: "invoice voided",
        Fate.FREED: "payment updated",
        Fate.PAID: "payment made",
        Fate.SPLIT: "payment updated",
        Fate.REFUNDED: "check made, payment updated",
        Fate.CREDITED: "credit memo made, payment made",
        Fate.CLOSED: "credit memo made, payment made",
    }
    by_hand = [row.wrote for row in shown.rows if row.wrote.startswith("nothing")]
    assert by_hand == [by_hand[0], "nothing: the link follows"]
    assert by_hand[0].startswith("nothing: told as an edit (lines, ")

    state = demo.state()
    again = demo.change(polls=False)
    assert [(row.document, row.now) for row in again.rows] == [(row.document, row.now) for row in shown.rows]
    assert again.is_right
    assert (len(demo.synced), demo.state()) == (2, state)
