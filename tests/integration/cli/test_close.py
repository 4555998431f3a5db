"""A short month is closed over the sandbox: it passes, its lists agree with the sandbox's own ledger, and a
bookkeeper's hand afterwards makes a new version that says so."""

import json
import shutil
import signal
import socket
import tempfile
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from st_qbo_assets.company_files import read_company
from st_qbo_assets.defs.shared import shared
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store import embedded
from st_qbo_sandbox.app import Sandbox
from tests.integration.cli.office import Done, Office
from tests.pace import UNTHROTTLED

Json = dict[str, Any]
#: The company starts on the last two days of a month: a month of two days.
LAST = date(2026, 10, 31)
FIRST = LAST - timedelta(days=1)
MONTH = "2026-10"
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


@dataclass(frozen=True)
class Closed:
    """One close: what Dagster was told, and the document of the version.

    Attributes:
        agree: whether the check of payables passed.
        calls: metered QuickBooks calls it took.
    """

    passed: bool
    agree: bool
    told: str
    metadata: dict[str, Any]
    document: Json
    calls: int

    def figures(self, name: str) -> Json:
        return self.document["lists"][name]


@dataclass(frozen=True)
class Story:
    """Before anything was compared, after it, the same again, and after a person changed something."""

    office: Office
    folder: Path
    early: Closed
    whole: Closed
    again: Closed
    edited: Closed
    balances: dict[str, tuple[str, int]]
    changed: Json

    def file(self, version: int, name: str) -> str:
        return (self.folder / f"v{version}" / name).read_text()


class Author:
    """Lives the story, in this process as Dagster runs it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.quickbooks = office.sandbox.halves["quickbooks"]
        found = read_company("demo")
        company = found.company.model_copy(update={"start_date": FIRST})
        self.defs = CompanyDefs(company, found.links_file)
        self.folder = (
            Path(load_settings(office.environment).storage) / "demo" / "books" / "month_close" / MONTH
        )

    def live(self) -> Story:
        early = self.close()
        self.sync()
        whole, again = self.close(), self.close()
        balances = {
            row["Id"]: (row["AccountType"], int(Decimal(str(row["Balance"])) * 100))
            for row in self.quickbooks.trial_balance()["Accounts"]
        }
        changed = self.edit_an_invoice()
        self.sync(only="books/tie_out")
        return Story(self.office, self.folder, early, whole, again, self.close(), balances, changed)

    def edit_an_invoice(self) -> Json:
        """Let a bookkeeper date one of our invoices a day earlier in QuickBooks."""
        ours = [
            row
            for row in self.quickbooks.state()["Invoice"]
            if str(row.get("PrivateNote", "")).startswith("ServiceTitan invoice")
            and row["TxnDate"] == str(LAST)
        ]
        self.office.act("change_date", entity="Invoice", id=ours[0]["Id"], date=str(FIRST))
        return ours[0]

    def sync(self, only: str = "") -> None:
        tags = dict(zip(_RANGE, (str(FIRST), str(LAST)), strict=True))
        found = self._run(lambda key: self._is_daily(key, only), tags=tags)
        assert found.success

    def close(self) -> Closed:
        metered = self.quickbooks.stats()["metered_reads"]
        found = self._run(
            lambda key: key.path == ["demo", "books", "month_close"], tags={"dagster/partition": MONTH}
        )
        assert found.success
        (event,) = [
            event.materialization
            for event in found.get_asset_materialization_events()
            if event.materialization.asset_key.path[-1] == "month_close"
        ]
        checks = {each.check_name: each for each in found.get_asset_check_evaluations()}
        check = checks["month_closes"]
        return Closed(
            check.passed,
            checks["payables_agree"].passed,
            str(check.description),
            {name: value.value for name, value in event.metadata.items()},
            json.loads((self.folder / "close.json").read_text()),
            self.quickbooks.stats()["metered_reads"] - metered,
        )

    def _is_daily(self, key: dg.AssetKey, only: str) -> bool:
        graph = self._every().resolve_asset_graph()
        stages = {"servicetitan", "mapped", "loaded", "books"}
        is_daily = key.path[1] in stages and graph.get(key).partitions_def == self.defs.days
        return is_daily and (not only or "/".join(key.path[1:]) == only)

    def _every(self) -> dg.Definitions:
        return dg.Definitions.merge(build_company(self.defs), shared())

    def _run(self, wanted: Any, *, tags: dict[str, str]) -> dg.ExecuteInProcessResult:
        every = self._every()
        job = every.resolve_implicit_global_asset_job_def()
        keys = [key for key in every.resolve_asset_graph().get_all_asset_keys() if wanted(key)]
        with dg.DagsterInstance.ephemeral() as instance, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Dagster says of its own names
            return job.execute_in_process(
                instance=instance, run_config=_QUIET, asset_selection=keys, tags=tags, raise_on_error=False
            )


@pytest.fixture(scope="module")
def story() -> Generator[Story]:
    home = Path(tempfile.mkdtemp(prefix="st-qbo-close-", dir="/tmp")).resolve()
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.socket() as free,
        Sandbox(days=2, invoices_per_day=4, last_day=str(LAST), buying=True) as sandbox,
    ):
        free.bind(("127.0.0.1", 0))
        environment = {
            "ST_QBO_HOME": str(home),
            "ST_QBO_PUBLIC_URL": "http://localhost:8800",
            "ST_QBO_SANDBOX_SERVICETITAN_URL": sandbox.servicetitan_url,
            "ST_QBO_SANDBOX_QUICKBOOKS_URL": sandbox.quickbooks_url,
            "ST_QBO_PORT_DAGSTER": str(free.getsockname()[1]),
        }
        free.close()
        before = signal.getsignal(signal.SIGTERM)
        office = Office(environment, sandbox, patch)
        try:
            for name, value in environment.items():
                patch.setenv(name, value)
            office.control("switches", UNTHROTTLED)
            office.connect()
            yield Author(office).live()
        finally:
            signal.signal(signal.SIGTERM, before)
            embedded.stop(load_settings(environment))
            shutil.rmtree(home, ignore_errors=True)


@pytest.mark.rule("9")
class TestVerdict:
    def test_a_month_nobody_compared_does_not_pass(self, story: Story) -> None:
        assert not story.early.passed
        assert [day["state"] for day in story.early.document["days"]] == ["not compared", "not compared"]

    def test_a_month_of_two_green_days_passes(self, story: Story) -> None:
        assert story.whole.passed
        assert story.whole.told == f"{MONTH} passes: 2 of 2 days are green."
        assert [day["day"] for day in story.whole.document["days"]] == [str(FIRST), str(LAST)]

    def test_an_edit_in_quickbooks_keeps_it_from_passing_and_is_named(self, story: Story) -> None:
        assert not story.edited.passed
        causes = {name for day in story.edited.document["days"] for name in day["causes"]}
        assert "edited_in_quickbooks" in causes
        assert "edited in quickbooks" in story.edited.told


class TestLists:
    def test_receivables_are_those_of_the_ledger(self, story: Story) -> None:
        found = story.whole.figures("receivables")
        ledger = sum(cents for kind, cents in story.balances.values() if kind == "Accounts Receivable")
        assert found["account_cents"] == found["customers_cents"] == ledger
        assert found["rows"] > 0

    def test_money_not_yet_deposited_is_all_accounted_for(self, story: Story) -> None:
        found = story.whole.figures("undeposited_funds")
        assert found["listed_cents"] == found["account_cents"] > 0

    def test_both_sides_agree_on_tax(self, story: Story) -> None:
        found = story.whole.figures("tax")
        assert found["servicetitan_cents"] == found["quickbooks_cents"] != 0

    def test_income_by_class_is_the_income_by_account(self, story: Story) -> None:
        by_account = story.whole.figures("income_by_account")["quickbooks_cents"]
        assert story.whole.figures("income_by_class")["quickbooks_cents"] == by_account > 0

    def test_payables_are_those_of_the_ledger_and_of_servicetitan(self, story: Story) -> None:
        owed, bought = story.whole.figures("payables"), story.whole.figures("bought_by_vendor")
        ledger = sum(cents for kind, cents in story.balances.values() if kind == "Accounts Payable")
        assert owed["account_cents"] == owed["vendors_cents"] == -ledger > 0
        assert bought["servicetitan_cents"] == bought["quickbooks_cents"] > 0
        assert story.whole.figures("payables_movement")["at_month_end_cents"] == owed["account_cents"]
        assert story.whole.figures("received_not_billed")["not_billed_cents"] > 0
        assert (story.early.agree, story.whole.agree) == (False, True)

    def test_it_takes_few_calls_of_quickbooks(self, story: Story) -> None:
        assert story.whole.calls <= 10

    def test_every_number_is_one_in_dagster(self, story: Story) -> None:
        assert story.whole.metadata["passes"] is True
        assert story.whole.metadata["green_days"] == 2
        assert story.whole.metadata["receivables_difference_cents"] == 0
        assert isinstance(story.whole.metadata["receivables_account_cents"], int)


class TestVersions:
    def test_each_is_kept_with_its_files(self, story: Story) -> None:
        assert [story.early.document["version"], story.whole.document["version"]] == [1, 2]
        for version in (1, 2):
            assert story.file(version, "close.md").startswith(f"# demo: {MONTH}, version {version}")
        lists = story.whole.document["lists"]
        for name in ("days", *lists):
            assert story.file(2, f"{name}.csv")

    def test_the_same_books_are_the_same_version(self, story: Story) -> None:
        assert story.again.document == story.whole.document
        assert story.again.passed

    def test_a_new_one_names_the_document_and_the_field(self, story: Story) -> None:
        assert story.edited.document["version"] == 3
        told = story.file(3, "changes.csv")
        assert f"QuickBooks,Invoice {story.changed['Id']}" in told
        assert f"date {LAST} → {FIRST}" in told
        drift = story.file(3, "drift.csv")
        assert f"date,{LAST},{FIRST}" in drift


@pytest.fixture(scope="module")
def answered(story: Story, tmp_path_factory: pytest.TempPathFactory) -> tuple[Done, Path]:
    """What the command answers about the company file of the demo, which starts in January."""
    out = tmp_path_factory.mktemp("close") / "pack"
    done = story.office.run("close", "--company", "demo", "--month", MONTH, "--json", "--out", str(out))
    return done, out


class TestCommand:
    def test_it_fails_naming_the_days(self, answered: tuple[Done, Path]) -> None:
        done, _ = answered
        assert done.status == 1
        states = {day["day"]: day["state"] for day in done.document["days"]}
        assert states["2026-10-01"] == "not compared"
        assert done.document["passes"] is False

    def test_it_hands_over_the_files(self, answered: tuple[Done, Path]) -> None:
        done, out = answered
        assert {"close.md", "days.csv", "receivables.csv"} <= {path.name for path in out.iterdir()}
        assert done.document["copied_to"] == str(out)
        assert done.document["run_url"]


class TestBadInput:
    @pytest.mark.parametrize(
        ("month", "said"),
        [
            ("2026-13", "'2026-13' is no month"),
            ("October", "'October' is no month"),
            ("2025-12", "before demo's start date 2026-01-01"),
            ("2999-01", "lies in the future"),
        ],
    )
    def test_a_month_that_cannot_be_closed_is_refused(self, story: Story, month: str, said: str) -> None:
        done = story.office.run("close", "--company", "demo", "--month", month)
        assert (done.status, done.out) == (2, "")
        assert said in done.err

    def test_an_unknown_company_is_told_which_there_are(self, story: Story) -> None:
        done = story.office.run("close", "--company", "Demo", "--month", MONTH)
        assert done.status == 2
        assert "'Demo'" in done.err

    def test_a_file_is_no_folder(self, story: Story, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("")
        done = story.office.run(
            "close", "--company", "demo", "--month", MONTH, "--out", str(tmp_path / "taken")
        )
        assert done.status == 2
        assert "is no folder" in done.err
