"""The same business ends in the same books: with events through a day's outage, and without events at all."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from st_qbo_assets.transport.retry import RetryPolicy
from tests.integration.following.branch import Branch, Json

pytestmark = pytest.mark.enable_socket
_A_DAY = 86_400
_ENTITIES = ("Customer", "Item", "Invoice", "CreditMemo", "Payment", "RefundReceipt", "Purchase", "Deposit")
#: What QuickBooks makes up itself, in the order in which it was asked.
_ITS_OWN = ("Id", "SyncToken", "MetaData")
_SENSORS = ("replay_failed", "webhook_inbox", "feed_catch_up")
_DOWN = {"rules": [{"kind": "http_503_html", "half": "quickbooks"}], "seed": 1}
_UP: Json = {"rules": [], "seed": 1}
_PAID_WITHIN_SECONDS = 180


@pytest.mark.rule("1.5", "5.1")
def test_books_with_events_and_an_outage_equal_books_with_feeds_and_refused_tokens(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RetryPolicy, "delay_seconds", lambda *_: 0.0)
    _begin(branch)
    branch.send_events(duplicates=0.3, duplicate_ids="new")
    _finish_jobs(branch)
    branch.arrived()
    for asked in branch.requests():
        branch.run(asked)
    branch.office.control("faults", _DOWN)
    _edit_and_pay(branch)
    branch.arrived()
    for asked in branch.requests():
        branch.run(asked, succeeds=False)
    assert branch.requests("replay_failed") == []  # nobody answers
    branch.wait(_A_DAY)
    assert branch.requests("replay_failed") == []
    branch.office.control("faults", _UP)
    branch.wait(900)
    assert [asked.job_name for asked in branch.requests("replay_failed")] != []
    branch.cursors.pop("replay_failed")  # the daemon died before it launched that
    _drain(branch)
    with_events = _books(branch)

    branch.begin_anew()
    _begin(branch)
    _finish_jobs(branch)
    _drain(branch)
    branch.wait(_A_DAY + 900)
    with branch.web.database.begin() as connection:  # the vendor forgets its tokens
        connection.execute(text("UPDATE st_qbo.feed_tokens SET token = 'ZXhwaXJlZA=='"))
    paid_at = _edit_and_pay(branch)
    interval = branch.whole.resolve_sensor_def("demo_feed_catch_up").minimum_interval_seconds
    assert interval is not None
    branch.wait(interval)
    _drain(branch)
    without_events = _books(branch)

    assert branch.counts().pending == 0
    assert without_events == with_events
    [payment] = [row for row in branch.state("quickbooks", "Payment") if row["PaymentRefNum"] == "4711"]
    posted_at = datetime.fromisoformat(payment["MetaData"]["CreateTime"])
    assert 0 < (posted_at - paid_at).total_seconds() <= _PAID_WITHIN_SECONDS


def _begin(branch: Branch) -> None:
    """Let the feeds' first look pass, which begins at their end."""
    assert branch.requests("feed_catch_up") == []


def _finish_jobs(branch: Branch) -> None:
    """Finish a job of each day."""
    for invoice in {each["invoiceDate"]: each for each in branch.state("servicetitan", "invoices")}.values():
        branch.act("reopen_job", id=invoice["job"]["id"])
        branch.act("complete_job", id=invoice["job"]["id"])


def _edit_and_pay(branch: Branch) -> datetime:
    """Change an invoice that is booked, pay it in part, void another payment; return when it was paid."""
    invoice = branch.state("servicetitan", "invoices")[0]
    item = invoice["items"][0]
    change = {"items": [{"id": item["id"], "price": float(item["price"]) + 10}]}
    branch.act("update", resource="invoices", id=invoice["id"], set=change)
    payments = branch.state("servicetitan", "payments")
    branch.act("void_payment", id=payments[0]["id"])
    paid = branch.act(
        "add_payment",
        type_id=payments[0]["typeId"],
        date=invoice["invoiceDate"][:10],
        splits=[{"invoice_id": invoice["id"], "amount": 5}],
        check_number="4711",
    )
    return datetime.fromisoformat(paid["createdOn"])


def _drain(branch: Branch) -> None:
    """Run what the sensors ask for until they ask for nothing."""
    for _ in range(6):
        branch.let_a_while_pass()
        asked = [request for sensor in _SENSORS for request in branch.requests(sensor)]
        for request in asked:
            branch.run(request)
        if not asked:
            return
    raise AssertionError(f"{len(asked)} runs are asked for again and again")


def _books(branch: Branch) -> dict[str, list[Any]]:
    """Return everything QuickBooks holds, without what it makes up itself."""
    rows = {entity: branch.state("quickbooks", entity) for entity in _ENTITIES}
    names = {(entity, row["Id"]): _name(row) for entity, found in rows.items() for row in found}
    return {entity: sorted((_plain(row, names) for row in found), key=str) for entity, found in rows.items()}


def _name(row: Json) -> str:
    return row.get("DisplayName") or row.get("FullyQualifiedName") or row.get("PrivateNote") or row["Id"]


def _plain(value: Any, names: dict[tuple[str, str], str], *, is_numbered: bool = True) -> Any:
    """Return a row or a part of it; rows and addresses have numbers of QuickBooks' own."""
    if isinstance(value, list):
        return [_plain(each, names, is_numbered=False) for each in value]
    if not isinstance(value, dict):
        return value
    if "TxnId" in value:
        return value | {"TxnId": names.get((value.get("TxnType", ""), value["TxnId"]), value["TxnId"])}
    if "value" in value and "name" in value:
        return value["name"]
    return {
        name: _plain(each, names, is_numbered=name.endswith("Addr"))
        for name, each in value.items()
        if not (is_numbered and name in _ITS_OWN)
    }
