"""Real runs: a locked subscription stops one, nothing is lost, and every record's life is told afterwards."""

import csv
import io
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from st_qbo_assets.domain.rules_version import RULES_VERSION
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store import embedded
from st_qbo_sandbox.app import Sandbox
from tests.integration.cli.office import Done, Office


@dataclass(frozen=True)
class Story:
    """What the commands answered, in the order in which they were run.

    Attributes:
        locked: a sync while the subscription was locked, and the doctor after it.
        healed: what failed replayed after it was renewed, and the doctor after that.
    """

    office: Office
    day: str
    locked: Done
    locked_doctor: Done
    healed: Done
    healed_doctor: Done

    def audit(self, *arguments: str) -> Done:
        return self.office.run("audit", "--company", "demo", *arguments)

    def lives(self, *arguments: str) -> list[dict[str, Any]]:
        return self.audit(*arguments, "--json").document["records"]

    def an_invoice(self) -> dict[str, Any]:
        """The first invoice that was created."""
        created = (life for life in self.lives("--entity", "invoice", "--outcome", "posted"))
        return next(life for life in created if life["state"]["operation"] == "create")


@pytest.fixture(scope="module")
def story(small_sandbox: Sandbox) -> Generator[Story]:
    home = Path(tempfile.mkdtemp(prefix="st-qbo-runs-", dir="/tmp")).resolve()
    with pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        environment = {
            "ST_QBO_HOME": str(home),
            "ST_QBO_PUBLIC_URL": "http://localhost:8800",
            "ST_QBO_SANDBOX_SERVICETITAN_URL": small_sandbox.servicetitan_url,
            "ST_QBO_SANDBOX_QUICKBOOKS_URL": small_sandbox.quickbooks_url,
            "ST_QBO_PORT_DAGSTER": str(free.getsockname()[1]),
        }
        free.close()
        before = signal.getsignal(signal.SIGTERM)
        office = Office(environment, small_sandbox, patch)
        try:
            yield _lived(office)
        finally:
            signal.signal(signal.SIGTERM, before)
            embedded.stop(load_settings(environment))
            shutil.rmtree(home, ignore_errors=True)


def _lived(office: Office) -> Story:
    office.control("reset", {})
    office.connect()
    day = office.sandbox.info()["last_day"]
    sync = ("sync", "--company", "demo", "--from", day, "--to", day, "--json")
    office.act("lock_subscription")
    locked, locked_doctor = office.run(*sync), office.run("doctor")
    office.act("unlock_subscription")
    replay = ("replay", "--company", "demo", "--outcome", "failed", "--json")
    return Story(office, day, locked, locked_doctor, office.run(*replay), office.run("doctor"))


class TestLockedSubscription:
    def test_the_run_fails_for_one_clear_reason(self, story: Story) -> None:
        document = story.locked.document
        assert (story.locked.status, document["succeeded"]) == (1, False)
        (reason,) = document["reasons"]
        assert "The QuickBooks subscription is over or unpaid" in reason
        assert "Renew the subscription under Your Account" in reason

    def test_the_day_is_compared_all_the_same_and_is_not_green(self, story: Story) -> None:
        (day,) = story.locked.document["days"]
        assert (day["day"], day["is_green"]) == (story.day, False)
        assert day["entities"]["invoices"]["difference_cents"] > 0
        assert day["unexplained_cents"] == 0

    def test_the_doctor_says_so_until_it_is_renewed(self, story: Story) -> None:
        assert story.locked_doctor.status == 1
        assert "(6190): The QuickBooks subscription is over or unpaid" in story.locked_doctor.out
        assert "→ Renew the subscription under Your Account" in story.locked_doctor.out
        assert story.healed_doctor.status == 0

    def test_nothing_is_lost_or_written_twice(self, story: Story) -> None:
        (day,) = story.healed.document["days"]
        assert (story.healed.status, story.healed.document["reasons"]) == (0, [])
        assert day["is_green"]
        for entity in ("invoices", "payments"):
            figures = day["entities"][entity]
            assert figures["servicetitan_count"] == figures["quickbooks_count"] > 0
            assert figures["difference_cents"] == figures["unexplained_cents"] == 0
        notes = [
            row.get("PrivateNote") for row in story.office.sandbox.halves["quickbooks"].state()["Invoice"]
        ]
        ours = [note for note in notes if note and note.startswith("ServiceTitan invoice")]
        assert len(ours) == len(set(ours)) > 0


class TestDocument:
    def test_it_leads_to_the_run_and_to_the_ui(self, story: Story) -> None:
        document = story.locked.document
        address = f"http://127.0.0.1:{story.office.environment['ST_QBO_PORT_DAGSTER']}"
        assert document["ui_url"] == address
        assert document["run_url"] == f"{address}/runs/{document['run_id']}"
        assert document["days"][0]["run_id"] == document["run_id"]
        healed = story.healed.document
        assert healed["run_urls"] == [healed["days"][0]["run_url"]] != [document["run_url"]]

    def test_every_entity_has_its_figures(self, story: Story) -> None:
        for figures in story.healed.document["days"][0]["entities"].values():
            assert {
                "servicetitan_count",
                "quickbooks_count",
                "servicetitan_cents",
                "quickbooks_cents",
                "difference_cents",
                "unexplained_cents",
                "held",
                "rejected",
            } <= figures.keys()

    def test_what_goes_on_is_told_beside_the_document(self, story: Story) -> None:
        assert story.locked.err.startswith(f"Syncing demo from {story.day} to {story.day}")
        assert story.healed.err.startswith(f"Replaying demo from {story.day} to {story.day}")


class TestAudit:
    def test_an_invoice_is_found_by_each_of_its_names(self, story: Story) -> None:
        life = story.an_invoice()
        state = life["state"]
        for question in (
            ("--id", life["servicetitan_id"]),
            ("--id", life["source"]),
            ("--id", life["servicetitan_id"], "--entity", "invoice"),
            ("--quickbooks-id", state["quickbooks_id"]),
            ("--number", state["number"]),
            ("--customer", state["title"][1:-1].upper()),
            ("--day", story.day),
            ("--day", story.day, "--to", story.day, "--outcome", "posted"),
        ):
            assert life["source"] in [found["source"] for found in story.lives(*question)], question
        assert story.lives("--id", life["servicetitan_id"], "--entity", "invoice") == [life]

    def test_its_life_goes_from_the_failure_to_the_posting(self, story: Story) -> None:
        life = story.an_invoice()
        outcomes = [change["outcome"] for change in life["history"]]
        assert outcomes[0] in ("failed", "blocked")
        assert outcomes[-1] == "posted"
        runs = [told.document["days"][0]["run_id"] for told in (story.locked, story.healed)]
        assert [life["history"][0]["run_id"], life["history"][-1]["run_id"]] == runs
        write = life["writes"][-1]
        sent = write["attempts"][-1]
        assert (write["state"], sent["outcome"], sent["http_status"]) == ("posted", "posted", 200)
        assert len(write["request_id"]) <= 50
        assert write["payload_digest"] == life["links"][0]["payload_digest"]
        assert sent["intuit_tid"]
        assert sent["duration_ms"] >= 0
        assert [sent["run_url"]] == story.healed.document["run_urls"]
        assert sent["answer"]["Id"] == life["links"][0]["quickbooks_id"]
        assert life["servicetitan_url"].endswith(life["servicetitan_id"])
        assert life["links"][0]["quickbooks_url"].endswith(life["links"][0]["quickbooks_id"])

    def test_the_refusal_is_kept_with_its_code(self, story: Story) -> None:
        sent = [
            attempt
            for life in story.lives("--day", story.day)
            for write in life["writes"]
            for attempt in write["attempts"]
        ]
        refused = [attempt for attempt in sent if attempt["code"] == "6190"]
        assert len(refused) == 1
        assert "Subscription period has ended" in refused[0]["message"]
        assert refused[0]["run_id"] == story.locked.document["run_id"]

    def test_people_read_one_life_as_a_story_and_many_as_a_list(self, story: Story) -> None:
        life = story.an_invoice()
        told = story.audit("--id", life["servicetitan_id"]).out
        for text in (f"number {life['state']['number']}", "answer: posted", "intuit_tid", "/runs/"):
            assert text in told
        listed = story.audit("--day", story.day).out
        assert "ask for one by --id to see its whole life" in listed
        assert life["state"]["number"] in listed

    def test_the_trail_of_every_record_is_exported_a_line_for_each_thing(self, story: Story) -> None:
        done = story.audit("--day", story.day, "--limit", "1", "--csv")
        rows = list(csv.DictReader(io.StringIO(done.out)))
        lives = story.lives("--day", story.day)
        assert {row["record"] for row in rows} == {life["source"] for life in lives}
        life = story.an_invoice()
        own = [row for row in rows if row["record"] == life["source"]]
        assert own[0]["what"] == "first seen"
        assert [row["at"] for row in own] == sorted(row["at"] for row in own)
        assert sum(row["what"].startswith("sent (") for row in own) == sum(
            len(write["attempts"]) for write in life["writes"]
        )
        posted = next(row for row in own if row["what"] == "create Invoice")
        assert posted["rules"] == str(RULES_VERSION) == str(life["state"]["rules"])
        assert posted["run_page"] in story.healed.document["run_urls"]
        assert posted["servicetitan_page"] == life["servicetitan_url"]
        assert posted["quickbooks_page"] == life["links"][0]["quickbooks_url"]
        assert {row["by"] for row in rows if row["what"].startswith("linked by")} <= {"rule"}

    def test_a_limit_says_that_there_is_more(self, story: Story) -> None:
        done = story.audit("--day", story.day, "--limit", "1", "--json")
        assert (done.document["count"], done.document["has_more"]) == (1, True)
        assert "raise --limit" in done.err


class TestUp:
    def test_a_home_is_up_once_and_goes_down_whole(self, story: Story) -> None:
        office = story.office
        command = [sys.executable, "-m", "st_qbo_assets.cli.main", "up"]
        log = office.home / "logs" / "dagster.log"
        with office.process(command) as first:
            _wait_until(log.exists, first)
            for second in (office.run("up"), office.run("demo", "--exit")):
                assert second.status == 2
                assert f"Another st-qbo is already up on {office.home}." in second.err
                assert "set ST_QBO_HOME to another folder" in second.err
            first.terminate()
            assert first.wait(60) == 128 + signal.SIGTERM
        running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        mine = [
            line for line in running.splitlines() if f"-p {office.environment['ST_QBO_PORT_DAGSTER']}" in line
        ]
        assert mine == []


def _wait_until(is_so: Any, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
