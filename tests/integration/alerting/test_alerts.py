"""People are told of each thing once, by a webhook and by mail that really listen; addresses stay secret."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from st_qbo_assets.alerting.targets import Targets
from st_qbo_assets.alerting.watch import Watch
from st_qbo_assets.books.figures import Figure
from st_qbo_assets.books.records import DayTieOut
from st_qbo_assets.books.verdict import day_json
from st_qbo_assets.company_files import read_company
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.errors import ConnectionStopped, SettingsError
from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Outcome, Reason
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.alerts import Alerts, Concern
from st_qbo_assets.store.connection_states import ConnectionStates
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.marks import FeedTokens
from st_qbo_assets.store.states import RecordStates
from st_qbo_assets.store.tie_outs import TieOutRecord, TieOuts
from st_qbo_assets.store.vault import Vault

_DEMO = read_company("demo").company
_NAME = Company("demo")
_TOKEN = "sekret-token-4711"
_NOW = datetime.now(UTC)
_WRONG = Reason("lines_do_not_sum", "Lines add up to 1.00.", "Save it again.")
_DAY = _NOW.astimezone(_DEMO.zone).date()


@dataclass
class Webhook:
    """A receiver on loopback, and what it was sent."""

    port: int = 0
    status: int = 200
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def told(self) -> list[str]:
        told = [f"{each['title']}\n{each['message']}" for each in self.messages]
        self.messages.clear()
        return told


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    made = Webhook()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert _TOKEN in self.path
            made.messages.append(json.loads(body))
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answering)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Mailbox:
    """A mail server on loopback that takes everything."""

    port: int = 0
    mails: list[Message] = field(default_factory=list[Message])


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox()

    class Taking(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 books.example\r\n")
            while verb := self.rfile.readline()[:4].upper():
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    made.mails.append(message_from_bytes(b"".join(lines)))
                self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 taken\r\n")

    with ThreadingTCPServer(("127.0.0.1", 0), Taking) as server:
        made.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def watch(database_settings: Settings, database: Database, webhook: Webhook, tmp_path: Path) -> Watch:
    settings = replace(database_settings, home=tmp_path, ui_url="https://dagster.example")
    company = _DEMO.model_copy(update={"alerts": _DEMO.alerts.model_copy(update={"digest_at": None})})
    targets = Targets(Vault.open(database, settings), "demo")
    targets.add("chat", SecretStr(f"json://127.0.0.1:{webhook.port}/{_TOKEN}"))
    return Watch(company, database, settings)


def _differs(kind: str, entity: str, source: str, cents: int) -> dict[str, Any]:
    told = {"kind": kind, "cause": "duplicate" if kind == "failing" else kind, "entity": entity}
    return {
        **told,
        "source": source,
        "difference_cents": cents,
        "words": "It stands twice.",
        "remedy": "Delete one.",
    }


_DIFFERING = [
    _differs("failing", "invoices", "invoice:1", 5_900),
    _differs("failing", "balances", "invoice:1", 5_900),
    _differs("failing", "payments", "payment:2", -100_000),
    _differs("failing", "balances", "invoice:3", 100_000),
    _differs("waiting", "invoices", "invoice:4", 1_500_000),
]


def _hold(database: Database, number: int, outcome: Outcome, reason: Reason) -> None:
    source = SourceRef(Entity.INVOICE, str(number))
    result = LoadResult(source, outcome, _DAY, cents=12_345, number=str(number), reason=reason)
    RecordStates(database).save(_NAME, [result], "")


def test_each_thing_is_told_once_with_its_remedy_and_link(
    watch: Watch, database: Database, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stopped = ConnectionStopped(
        "QuickBooks has ended our permission.", code="invalid_grant", remedy="Connect."
    )
    ConnectionStates(database).stopped(_NAME, "quickbooks", "1", stopped)
    # What measures of the day differ in all, held ones too, is no sum that a person knows.
    TieOuts(database).save([TieOutRecord(_NAME, _DAY, False, 3_239_638, 0, causes=_DIFFERING)])
    _hold(database, 1, Outcome.HELD, Reason("account_unmapped", "Account 40100 is not there.", "Name it."))
    _hold(
        database, 2, Outcome.REJECTED, Reason("lines_do_not_sum", "Lines add up to 1.00.", "Save it again.")
    )
    _hold(database, 3, Outcome.FAILED, Reason("transient", "QuickBooks could not be reached: 503"))
    run = Concern("run", "acme/x", "A run could not go on.", "Open it.", "https://dagster.example/runs/1")

    watch.look(_NOW, failed_runs=[run])
    [told] = webhook.told()
    assert told.startswith("demo: 5 things need you")
    for words in (
        "The connection to QuickBooks is stopped: QuickBooks has ended our permission.\n→ Connect.\n",
        f"{_DAY}: ServiceTitan and QuickBooks differ by 1,059.00 (2 documents). It stands twice.\n→ Delete",
        f"https://dagster.example/assets/demo/books/tie_out?view=partitions&partition={_DAY}",
        f"1 invoice of {_DAY} failed: Lines add up to 1.00.\n→ Save it again.",
        "1 record of 1 day could not be loaded since a system did not answer",
        "A run could not go on.\n→ Open it.\nhttps://dagster.example/runs/1",
    ):
        assert words in told
    assert "Account 40100" not in told  # not yet

    watch.look(_NOW + timedelta(minutes=1), failed_runs=[run])
    assert webhook.told() == []
    watch.look(_NOW + timedelta(hours=25), failed_runs=[run])
    [told] = webhook.told()
    assert told.startswith("demo: something needs you\n1 record over 123.45 wait for more than 24 hours")
    assert "→ Name it." in told
    watch.look(_NOW + timedelta(hours=31), failed_runs=[run])
    assert "No day was compared for 31 hours" in webhook.told()[0]

    # what is over and comes again is told again
    ConnectionStates(database).connected(_NAME, "quickbooks", "1")
    watch.look(_NOW + timedelta(hours=31))
    assert {each.concern.kind for each in Alerts(database).open(_NAME)} == {
        "difference", "failed", "held", "outage", "stale",
    }  # fmt: skip
    ConnectionStates(database).stopped(_NAME, "quickbooks", "1", stopped)
    watch.look(_NOW + timedelta(hours=31))
    assert "QuickBooks has ended our permission" in webhook.told()[0]
    assert _TOKEN not in caplog.text
    with database.autocommit() as connection:
        for table in ("vault", "alerts"):
            kept = connection.execute(text(f"SELECT string_agg(t::text, ' ') FROM st_qbo.{table} t")).scalar()
            assert _TOKEN not in str(kept)
    with database.autocommit() as connection, pytest.raises(Exception, match="keeps its history"):
        connection.execute(text("DELETE FROM st_qbo.alerts"))


def test_what_nobody_took_is_tried_again_later_and_the_day_is_summed_up_once(
    watch: Watch, database: Database, webhook: Webhook
) -> None:
    webhook.status = 500
    _hold(
        database, 2, Outcome.REJECTED, Reason("lines_do_not_sum", "Lines add up to 1.00.", "Save it again.")
    )
    assert "did not take it" in watch.look(_NOW)[0]
    webhook.status = 200
    webhook.messages.clear()
    watch.look(_NOW + timedelta(seconds=30))
    assert webhook.told() == []
    watch.look(_NOW + timedelta(minutes=10))
    assert len(webhook.told()) == 1

    policy = _DEMO.alerts.model_copy(update={"digest_at": "07:30"})
    summing = replace(watch, company=_DEMO.model_copy(update={"alerts": policy}))
    morning = datetime.combine(_DAY + timedelta(days=1), datetime.min.time(), _DEMO.zone)
    for hours in (7.0, 7.5, 7.6, 20.0):
        summing.look(morning + timedelta(hours=hours))
    [told] = webhook.told()
    assert told.startswith(f"demo, {_DAY}: 1 open\n{_DAY}: 1 rejected (123.45).")
    assert "Every compared day is green." in told
    assert "→ Save it again." in told


@pytest.mark.rule("6.2")
def test_a_day_whose_figures_do_not_add_up_to_its_documents_is_told(
    watch: Watch, database: Database, webhook: Webhook
) -> None:
    figure = Figure("income", "4", "40100 Service", 3, 2, servicetitan_cents=30_000, quickbooks_cents=20_000)
    lost = day_json(DayTieOut(_DAY, (figure,), {}, ()), Environment.SANDBOX)
    TieOuts(database).save([TieOutRecord(_NAME, _DAY, False, 10_000, 0, causes=lost["records"])])
    watch.look(_NOW)
    [told] = webhook.told()
    assert (
        f"{_DAY}: A figure of the day differs by another amount than its documents do. income 40100 Service: "
        "300.00 (3) in ServiceTitan, 200.00 (2) in QuickBooks; the documents that differ come to 0.00 (0).\n"
        "→ Compare the day again: materialize books/tie_out of it"
    ) in told


def test_a_mail_says_what_to_do_and_each_feed_that_stands_still_is_named(
    watch: Watch, database: Database, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    targets = Targets(Vault.open(database, watch.settings), "demo")
    targets.remove("chat")
    address = f"mailto://127.0.0.1:{mailbox.port}?from=sync-4711@books.example&to=jane@books.example"
    targets.add("mail", SecretStr(address))
    for feed in ("invoices", "payments"):
        FeedTokens(database).save(_NAME, f"servicetitan/export/{feed}", "token")
    with database.begin() as connection:  # payments were asked for an hour later, and then no more
        later = "UPDATE st_qbo.feed_tokens SET updated_at = :at WHERE feed LIKE '%payments'"
        connection.execute(text(later), {"at": _NOW + timedelta(hours=10)})

    watch.look(_NOW + timedelta(hours=31))
    [mail] = mailbox.mails
    assert (mail["To"], mail["Subject"]) == ("jane@books.example", "demo: something needs you")
    assert "sync-4711@books.example" in mail["From"]
    plain = next(part for part in mail.walk() if part.get_content_type() in ("text/plain", "text/html"))
    words = bytes(plain.get_payload(decode=True)).decode()
    assert "ServiceTitan did not tell which invoices changed for 31 hours" in words
    assert "See that `st-qbo up` runs" in words
    assert "https://dagster.example/automation" in words
    assert "payments" not in words
    assert "4711" not in caplog.text


def test_an_address_is_tried_for_its_form_and_never_repeated(watch: Watch, database: Database) -> None:
    targets = Targets(Vault.open(database, watch.settings), "demo")
    with pytest.raises(SettingsError, match="no address") as refused:
        targets.add("mail", SecretStr("nonsense-sekret"))
    assert "sekret" not in str(refused.value)
    assert targets.names() == ["chat"]
    assert _TOKEN not in repr(targets.all())
    assert targets.remove("chat")
    assert not targets.remove("chat")
    assert targets.all() == []
