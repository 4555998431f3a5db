"""A plan tells what a load then does: the books change by just what was previewed, to the cent."""

import csv
import io
import shutil
import signal
import socket
import tempfile
import warnings
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from st_qbo_assets.company_files import read_company
from st_qbo_assets.defs.shared import shared
from st_qbo_assets.domain.ids import Entity, SourceRef, find_markers
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.plan_days import plan_days
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store import embedded
from st_qbo_sandbox.app import Sandbox
from tests.integration.cli.office import Office
from tests.pace import UNTHROTTLED

Json = dict[str, Any]


def plan_of(office: Office, defs: CompanyDefs, day: str) -> Json:
    """What the command finds out, found out in this process."""
    with office.opened() as connections:
        connections = replace(connections, company=defs.company)
        stored = FrameFolder(str(connections.settings.storage))
        return plan_days(defs, connections, stored, [date.fromisoformat(day)])


@dataclass(frozen=True)
class Chapter:
    """A plan, the sync after it, and what the sandbox's own ledger says that changed.

    Attributes:
        wrote: how many writes QuickBooks saw while it was planned.
        changed: account id → cents, debits positive.
        kinds: account id → its type.
    """

    plan: Json
    wrote: int
    is_green: bool
    changed: dict[str, int]
    kinds: dict[str, str]

    @property
    def effect(self) -> Json:
        return self.plan["effect"]

    def steps(self, will: str = "") -> list[Json]:
        days = self.plan["days"]
        return [step for day in days for step in day["steps"] if will in ("", step["will"])]

    def change_of(self, kind: str) -> int:
        return sum(cents for account, cents in self.changed.items() if self.kinds[account] == kind)


@dataclass(frozen=True)
class Closing:
    """A day whose books are closed after the lists were read, and opened again minutes later.

    Attributes:
        plan: with the books closed, before a sync.
        standings: of the edited invoice, once loaded so by a person and once opened and loaded by a schedule.
        dates: on which the new memo stands in QuickBooks, then and then.
    """

    plan: Json
    invoice: str
    memo: str
    standings: tuple[str, str]
    dates: tuple[str, str]

    def step(self, record: str) -> Json:
        (found,) = [step for day in self.plan["days"] for step in day["steps"] if step["record"] == record]
        return found


@dataclass(frozen=True)
class Story:
    """New documents, then what people do to them, then closed books, then nothing."""

    office: Office
    day: str
    created: Chapter
    changed: Chapter
    closing: Closing
    nothing: Chapter
    acted: Json

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        return self.created, self.changed, self.nothing


class Author:
    """Lives the story, in this process: a plan as the command finds it out, a sync as Dagster runs it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.quickbooks = office.sandbox.halves["quickbooks"]
        self.day = str(office.sandbox.info()["last_day"])
        folder = read_company("demo")
        self.defs = CompanyDefs(folder.company, folder.links_file)

    def chapter(self) -> Chapter:
        before, writes = self._balances(), self._writes()
        plan = plan_of(self.office, self.defs, self.day)
        wrote = self._writes() - writes
        assert self._balances() == before
        is_green = self._sync()
        after = self._balances()
        changed = {id_: after.get(id_, 0) - before.get(id_, 0) for id_ in {**before, **after}}
        kinds = {row["Id"]: row["AccountType"] for row in self.quickbooks.state()["Account"]}
        return Chapter(plan, wrote, is_green, {id_: cents for id_, cents in changed.items() if cents}, kinds)

    def _sync(self) -> bool:
        """Materialize the day as `st-qbo sync` does; say whether it ended well and ties out."""
        is_done = self._materialize(self.defs, {"servicetitan", "mapped", "loaded", "books"})
        with self.office.opened() as connections:
            day = date.fromisoformat(self.day)
            newest = connections.tie_outs.newest(connections.name, day).get(day)
        return is_done and newest is not None and newest.is_green

    def _materialize(self, defs: CompanyDefs, stages: set[str], tags: dict[str, str] | None = None) -> bool:
        every = dg.Definitions.merge(build_company(defs), shared())
        graph, job = every.resolve_asset_graph(), every.resolve_implicit_global_asset_job_def()
        wanted = [
            key
            for key in graph.get_all_asset_keys()
            if key.path[1] in stages and graph.get(key).partitions_def == defs.days
        ]
        with dg.DagsterInstance.ephemeral() as instance, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Dagster says of its own names
            return job.execute_in_process(
                instance=instance,
                run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
                asset_selection=wanted,
                partition_key=self.day,
                tags=tags or {},
                raise_on_error=False,
            ).success

    def _balances(self) -> dict[str, int]:
        return {
            row["Id"]: int(Decimal(str(row["Balance"])) * 100)
            for row in self.quickbooks.trial_balance()["Accounts"]
        }

    def _writes(self) -> int:
        calls = self.quickbooks.stats()["calls"]
        return sum(count for kind, count in calls.items() if kind in ("create", "update", "void", "delete"))

    def act(self, act: str, **more: Any) -> Json:
        return self.office.control("edit", {"act": act, **more}, half="servicetitan")

    def change_everything(self) -> Json:
        """Let people edit, delete, refund, write off and credit; return what they did to what."""
        state = self.office.sandbox.halves["servicetitan"].state()
        mapped = {
            step["record"] for step in self.created.steps("create") if step["record"].startswith("invoice:")
        }
        due = [each for each in state["invoices"] if f"invoice:{each['id']}" in mapped and each["items"]]
        paid = {row["appliedTo"]: each for each in state["payments"] for row in each["appliedTo"]}
        unpaid = [each for each in due if each["id"] not in paid]
        edited = next(each for each in due if each["id"] in paid and float(each["salesTax"]))
        item = next(each for each in edited["items"] if each["taxable"])
        items = [{"id": item["id"], "price": float(item["price"]) + 37.13}]
        self.act("update", resource="invoices", id=edited["id"], set={"items": items})
        payment = paid[edited["id"]]
        acted: Json = {"edited": edited, "payment": payment}
        renumbered = next(each for each in due if each["id"] != edited["id"] and each not in unpaid[:1])
        acted["renumbered"] = renumbered
        number = {"referenceNumber": f"{renumbered['referenceNumber']}A"}
        self.act("update", resource="invoices", id=renumbered["id"], set=number)
        if unpaid:
            acted["deleted"] = unpaid[0]
            self.act("delete", resource="invoices", id=unpaid[0]["id"])
        self.act("void_payment", id=payment["id"])
        line = {"skuName": item["skuName"], "quantity": 1, "price": 40.0}
        acted["memo"] = self.act(
            "add_credit_memo", customer_id=edited["customer"]["id"], lines=[line], date=self.day
        )
        return acted

    def close_and_open(self, edited: Json) -> Closing:
        """Close the books on an edit and a new document, load, open them, and load what waits again."""
        policies = {"closed_period": "next_open_day", "closed_period_edits": "hold"}
        company = self.defs.company.model_copy(update=policies)
        defs = CompanyDefs(company, self.defs.links_file)
        item = next(each for each in edited["items"] if each["taxable"])
        items = [{"id": item["id"], "price": float(item["price"]) + 12.5}]
        self.act("update", resource="invoices", id=edited["id"], set={"items": items})
        line = {"skuName": item["skuName"], "quantity": 1, "price": 15.0}
        memo = self.act("add_credit_memo", customer_id=edited["customer"]["id"], lines=[line], date=self.day)
        invoice = SourceRef(Entity.INVOICE, str(edited["id"]))
        self.office.act("close_books", date=self.day)
        plan = plan_of(self.office, defs, self.day)
        self._materialize(defs, {"servicetitan", "mapped", "loaded"})
        closed = self._standing(invoice), self._date_of(memo)
        self.office.act("close_books", date=None)
        self._materialize(defs, {"loaded"}, tags={"dagster/schedule_name": "sweep"})
        opened = self._standing(invoice), self._date_of(memo)
        standings, dates = zip(closed, opened, strict=True)
        return Closing(plan, str(invoice), f"credit_memo:{memo['id']}", standings, dates)

    def _standing(self, record: SourceRef) -> str:
        with self.office.opened() as connections:
            state = connections.states.of_sources(connections.name, [record])[record]
        return state.reason.code if state.reason else state.outcome.value

    def _date_of(self, memo: Json) -> str:
        source, rows = SourceRef(Entity.CREDIT_MEMO, str(memo["id"])), self.quickbooks.state()["CreditMemo"]
        found = [row["TxnDate"] for row in rows if source in find_markers(row.get("PrivateNote") or "")]
        return str(*found)

    def live(self) -> Story:
        self.created = self.chapter()
        acted = self.change_everything()
        changed = self.chapter()
        closing = self.close_and_open(acted["edited"])
        return Story(self.office, self.day, self.created, changed, closing, self.chapter(), acted)


@pytest.fixture(scope="module")
def story() -> Generator[Story]:
    home = Path(tempfile.mkdtemp(prefix="st-qbo-plan-", dir="/tmp")).resolve()
    with (
        pytest.MonkeyPatch.context() as patch,
        socket.socket() as free,
        Sandbox(days=1, invoices_per_day=5) as sandbox,
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


class TestEffect:
    @pytest.mark.parametrize("number", [0, 1, 2], ids=["created", "changed", "nothing"])
    def test_the_books_change_by_what_was_previewed(self, story: Story, number: int) -> None:
        chapter = story.chapters[number]
        effect = chapter.effect
        previewed: dict[str, int] = {}
        for side, sign in (("income", -1), ("cash", 1)):
            for row in effect[side]:
                previewed[row["account"]] = previewed.get(row["account"], 0) + sign * row["cents"]
        receivable = effect["accounts_receivable_cents"]
        rest = {
            account: cents - previewed.pop(account, 0)
            for account, cents in chapter.changed.items()
            if chapter.kinds[account] != "Accounts Receivable"
        }
        assert previewed == {}
        assert {account: cents for account, cents in rest.items() if cents} == (
            {account: cents for account, cents in rest.items() if cents == -effect["sales_tax_cents"] != 0}
        )
        assert sum(rest.values()) == -effect["sales_tax_cents"]
        assert chapter.change_of("Accounts Receivable") == receivable

    def test_it_is_no_empty_promise(self, story: Story) -> None:
        for chapter in (story.created, story.changed):
            assert chapter.effect["accounts_receivable_cents"] != 0
            assert chapter.effect["income_cents"] != 0
            assert chapter.effect["sales_tax_cents"] != 0
            assert chapter.effect["cash_cents"] != 0

    def test_each_day_adds_up_to_its_steps(self, story: Story) -> None:
        for chapter in story.chapters:
            for day in chapter.plan["days"]:
                for name in ("accounts_receivable_cents", "income_cents", "sales_tax_cents", "cash_cents"):
                    assert day["effect"][name] == sum(step["effect"][name] for step in day["steps"])

    def test_every_step_balances(self, story: Story) -> None:
        for chapter in story.chapters:
            for effect in (step["effect"] for step in chapter.steps()):
                debit = effect["accounts_receivable_cents"] + effect["cash_cents"]
                assert debit == effect["income_cents"] + effect["sales_tax_cents"]


class TestSteps:
    def test_an_edit_shows_only_the_difference(self, story: Story) -> None:
        (step,) = [
            step
            for step in story.changed.steps("update")
            if step["record"] == f"invoice:{story.acted['edited']['id']}"
        ]
        before = Decimal(str(story.acted["edited"]["total"])) * 100
        assert step["effect"]["accounts_receivable_cents"] == step["cents"] - int(before)

    def test_every_update_says_what_changes(self, story: Story) -> None:
        why = {step["record"]: step["why"] for step in story.changed.steps("update")}
        renumbered, edited = story.acted["renumbered"], story.acted["edited"]
        number, item = (
            renumbered["referenceNumber"],
            next(each for each in edited["items"] if each["taxable"]),
        )
        assert why[f"invoice:{renumbered['id']}"] == f"number {number} → {number}A"
        assert f"(item {item['skuName']}) → " in why[f"invoice:{edited['id']}"]
        assert all(why.values())

    def test_a_void_takes_back_what_was_booked(self, story: Story) -> None:
        voids = {step["record"]: step for step in story.changed.steps("void")}
        payment = story.acted["payment"]
        cents = int(Decimal(str(payment["total"])) * 100)
        assert voids[f"payment:{payment['id']}"]["effect"]["cash_cents"] == -cents
        if "deleted" in story.acted:
            deleted = story.acted["deleted"]
            cents = int(Decimal(str(deleted["total"])) * 100)
            assert voids[f"invoice:{deleted['id']}"]["effect"]["accounts_receivable_cents"] == -cents

    def test_a_credit_memo_takes_income_back(self, story: Story) -> None:
        (step,) = [
            step
            for step in story.changed.steps("create")
            if step["record"] == f"credit_memo:{story.acted['memo']['id']}"
        ]
        assert step["document"] == "CreditMemo"
        assert step["effect"]["income_cents"] == -4000

    def test_what_is_unchanged_is_only_counted(self, story: Story) -> None:
        assert story.nothing.steps() == []
        assert story.nothing.plan["days"][0]["counts"]["unchanged"] > 0


@pytest.mark.rule("4")
class TestClosingDate:
    def test_a_plan_goes_by_the_present_one(self, story: Story) -> None:
        held, moved = story.closing.step(story.closing.invoice), story.closing.step(story.closing.memo)
        assert (held["will"], held["code"]) == ("held", "closed_period")
        assert held["effect"]["accounts_receivable_cents"] == 0
        assert (moved["will"], moved["code"]) == ("create", "moved_to_open_day")

    def test_what_waited_is_loaded_at_once_when_they_are_opened(self, story: Story) -> None:
        assert story.closing.standings == ("closed_period", "posted")

    def test_what_was_moved_comes_back_to_its_day(self, story: Story) -> None:
        next_day = date.fromisoformat(story.day) + timedelta(days=1)
        assert story.closing.dates == (next_day.isoformat(), story.day)


class TestPromises:
    def test_nothing_is_written_while_it_is_planned(self, story: Story) -> None:
        assert [chapter.wrote for chapter in story.chapters] == [0, 0, 0]

    def test_a_load_after_a_plan_is_green(self, story: Story) -> None:
        assert [chapter.is_green for chapter in story.chapters] == [True, True, True]

    def test_a_company_in_preview_is_planned_alike(self, story: Story) -> None:
        folder = read_company("demo")
        company = folder.company.model_copy(update={"mode": "preview"})
        document = plan_of(story.office, CompanyDefs(company, folder.links_file), story.day)
        assert document["mode"] == "preview"
        assert document["days"] == story.nothing.plan["days"]


class TestCommand:
    def test_it_answers_with_one_document(self, story: Story) -> None:
        done = story.office.run("plan", "--company", "demo", "--day", story.day, "--json")
        assert done.status == 0
        assert done.document == story.nothing.plan
        assert list(story.office.home.glob("plan-*")) == []

    def test_csv_has_a_line_for_each_step(self, story: Story) -> None:
        done = story.office.run("plan", "--company", "demo", "--day", story.day, "--csv")
        assert done.status == 0
        assert done.out.startswith("day,will,record,document,")
        assert len(list(csv.DictReader(io.StringIO(done.out)))) == len(story.nothing.steps())
