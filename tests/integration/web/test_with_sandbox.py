"""The sandbox's senders against the receiver: every event of either vendor arrives, each of them once."""

import threading
from collections.abc import Generator
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from sqlalchemy import text

from st_qbo_assets.company_files import read_company
from st_qbo_assets.connecting.quickbooks import connect_quickbooks, store_quickbooks_app
from st_qbo_assets.connections import QUICKBOOKS_SECRETS, open_connections
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.inbox import Inbox, Pending
from st_qbo_sandbox import identity
from st_qbo_sandbox.app import Sandbox
from tests.integration.web.serving import KEY, VERIFIER, Served, as_json, cloud_event, give_keys, served

_LOOKS = 3000


class Town:
    """A running sandbox that sends to a running receiver."""

    def __init__(self, sandbox: Sandbox, web: Served) -> None:
        self.sandbox = sandbox
        self.web = web
        self.http = requests.Session()

    def post(self, control: str, body: dict[str, Any], half: str = "servicetitan") -> Any:
        base = self.sandbox.servicetitan_url if half == "servicetitan" else self.sandbox.quickbooks_url
        answer = self.http.post(f"{base}/_sandbox/{control}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def switch_on(self, **more: Any) -> None:
        servicetitan = {"url": f"{self.web.url}/webhooks/servicetitan/demo", "key": KEY, "seed": 7}
        quickbooks = {"url": f"{self.web.url}/webhooks/quickbooks", "key": VERIFIER, "seed": 7}
        encoding, form = more.pop("encoding", "hex"), more.pop("format", "cloudevents")
        both = {
            "servicetitan": servicetitan | more | {"encoding": encoding},
            "quickbooks": quickbooks | more | {"format": form},
        }
        self.post("webhooks", both)

    def wait(self) -> None:
        """Return when nothing is on its way any more; what waits for its retry is brought forward."""
        for _ in range(_LOOKS):
            shown = self.http.get(f"{self.sandbox.servicetitan_url}/_sandbox/webhooks", timeout=20).json()
            if not any(half["counts"][name] for half in shown.values() for name in ("gathering", "waiting")):
                return
            self.post("clock", {"advance_seconds": 5})
        raise AssertionError(shown)

    def pending(self) -> list[Pending]:
        return Inbox(self.web.database).pending()


@pytest.fixture(scope="module")
def sandbox() -> Generator[Sandbox]:
    with Sandbox(days=1, invoices_per_day=12) as running:
        yield running


@pytest.fixture
def town(sandbox: Sandbox, web_settings: Settings, database: Database) -> Generator[Town]:
    give_keys(web_settings, database)
    with served(
        web_settings,
        sandbox_servicetitan_url=sandbox.servicetitan_url,
        sandbox_quickbooks_url=sandbox.quickbooks_url,
    ) as web:
        made = Town(sandbox, web)
        made.post("reset", {})
        connections = open_connections(read_company("demo").company, web.settings)
        app = (identity.QUICKBOOKS_CLIENT_ID, identity.QUICKBOOKS_CLIENT_SECRET)
        keys = {name: SecretStr(value) for name, value in zip(QUICKBOOKS_SECRETS, app, strict=True)}
        store_quickbooks_app(connections, keys)
        consent = made.post("edit", {"act": "consent"}, "quickbooks")
        connect_quickbooks(connections, consent["code"], redirect_uri=consent["redirect_uri"])
        connections.close()
        yield made
        made.http.close()


@pytest.mark.parametrize(
    ("encoding", "form"),
    [("hex", "cloudevents"), ("base64", "legacy"), ("prefixed_hex", "cloudevents")],
)
def test_every_event_arrives_once_through_repeats_and_disorder(town: Town, encoding: str, form: str) -> None:
    town.switch_on(encoding=encoding, format=form, duplicates=0.5, reorder=0.5)
    base = town.sandbox.servicetitan_url
    invoices = town.http.get(f"{base}/_sandbox/state?entity=invoices", timeout=20).json()
    for invoice in invoices:
        town.post("edit", {"act": "touch", "resource": "invoices", "id": invoice["id"]})
    bodies = [{"DisplayName": f"Customer {number}"} for number in range(10)]
    made = [
        town.post("edit", {"act": "create", "entity": "Customer", "body": body}, "quickbooks")
        for body in bodies
    ]
    town.wait()
    found = {(each.system, each.entity, each.record_id): len(each.ids) for each in town.pending()}
    expected = {("servicetitan", "invoice", str(invoice["id"])): 1 for invoice in invoices}
    expected |= {("quickbooks", "Customer", each["Customer"]["Id"]): 1 for each in made}
    assert found == expected


def test_a_finished_job_names_the_job_to_read_again(town: Town) -> None:
    town.switch_on()
    base = town.sandbox.servicetitan_url
    [job, *_] = town.http.get(f"{base}/_sandbox/state?entity=jobs", timeout=20).json()
    town.post("edit", {"act": "reopen_job", "id": job["id"]})
    town.post("edit", {"act": "complete_job", "id": job["id"]})
    town.wait()
    [event] = town.pending()
    assert (event.entity, event.record_id) == ("job", str(job["id"]))
    assert "completed" in event.operations  # in whatever order the two events came


def test_another_key_gets_nothing_in_and_the_vendor_tries_again_with_the_right_one(town: Town) -> None:
    town.switch_on()
    town.post("webhooks", {"servicetitan": {"key": "f" * 32}})
    base = town.sandbox.servicetitan_url
    [invoice, *_] = town.http.get(f"{base}/_sandbox/state?entity=invoices", timeout=20).json()
    town.post("edit", {"act": "touch", "resource": "invoices", "id": invoice["id"]})
    for _ in range(_LOOKS):
        shown = town.http.get(f"{base}/_sandbox/webhooks", timeout=20).json()["servicetitan"]
        if shown["waiting"] and shown["waiting"][0]["attempts"]:
            break
    assert shown["waiting"][0]["attempts"][0]["status"] == 403
    assert town.pending() == []
    town.post("webhooks", {"servicetitan": {"key": KEY}})
    town.wait()
    assert len(town.pending()) == 1


def test_connections_that_the_database_ends_lose_nothing(web: Served, database: Database) -> None:
    statuses: list[int] = []

    def deliver(first: int) -> None:
        with requests.Session() as http:
            mine = Served(web.url, web.settings, web.database, http)
            statuses.extend(
                mine.quickbooks(as_json([cloud_event(first + number)])).status_code for number in range(60)
            )

    senders = [threading.Thread(target=deliver, args=(1000 * number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    end_all = text(  # and wait until they have ended
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    while any(sender.is_alive() for sender in senders):
        with database.autocommit() as connection:
            connection.execute(end_all)
        senders[0].join(0.2)
        database.dispose()
    for sender in senders:
        sender.join()
    accepted = statuses.count(200)
    assert set(statuses) <= {200, 503}
    assert accepted > len(statuses) / 2
    # what was answered with 200 is there; what was not may be there too
    assert Inbox(web.database).counts().pending >= accepted
