"""The QuickBooks client against the sandbox."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from st_qbo_assets.domain.errors import (
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    StaleObject,
    UncertainOutcome,
)
from st_qbo_assets.quickbooks.client import Answer, BatchItem, QuickBooks
from st_qbo_assets.quickbooks.faults import FaultClass, classify, taken_number
from st_qbo_assets.quickbooks.query import quote
from st_qbo_assets.quickbooks.reference import Reference, fetch_reference
from tests.integration.clients.desk import Desk

_request_ids = (f"req-{number}" for number in count(1))


def new_id() -> str:
    return next(_request_ids)


def first(client: QuickBooks, entity: str, where: str = "") -> dict[str, Any]:
    return next(iter(client.query(entity, where)))


def invoice_body(client: QuickBooks, amount: str = "100.10", **more: Any) -> dict[str, Any]:
    line = {
        "Amount": Decimal(amount),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": first(client, "Item", "Type = 'Service'")["Id"]}},
    }
    customer = {"value": first(client, "Customer")["Id"]}
    return {"CustomerRef": customer, "Line": [line], "TxnDate": "2026-11-20", "EmailStatus": "NotSet", **more}


def new_invoice(client: QuickBooks, amount: str = "100.10", **more: Any) -> Answer:
    return client.create("Invoice", invoice_body(client, amount, **more), new_id())


def refusal(caught: pytest.ExceptionInfo[RemoteFault]) -> FaultClass:
    return classify(caught.value)


def test_an_invoice_is_created_read_updated_and_voided(connected: Desk) -> None:
    client = connected.quickbooks
    made = new_invoice(client, PrivateNote="ServiceTitan invoice 8001001")
    assert (made.object["TotalAmt"], made.sync_token) == (Decimal("100.1"), "0")
    assert made.intuit_tid
    assert client.read("Invoice", made.id).object == made.object
    lines = [line for line in made.object["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    change = {"Id": made.id, "SyncToken": made.sync_token, "Line": lines, "PrivateNote": "changed"}
    changed = client.update("Invoice", change, new_id())
    assert (changed.object["PrivateNote"], changed.object["TxnDate"]) == ("changed", "2026-11-20")
    voided = client.void("Invoice", made.id, changed.sync_token, new_id())
    assert (voided.object["TotalAmt"], voided.object["PrivateNote"][:6]) == (0, "Voided")


def test_a_payment_is_applied_and_voided_in_its_own_form(connected: Desk) -> None:
    client = connected.quickbooks
    made = new_invoice(client)
    link = {"Amount": Decimal("60.10"), "LinkedTxn": [{"TxnId": made.id, "TxnType": "Invoice"}]}
    body = {"CustomerRef": made.object["CustomerRef"], "TotalAmt": Decimal("60.10"), "Line": [link]}
    paid = client.create("Payment", body, new_id())
    assert client.read("Invoice", made.id).object["Balance"] == Decimal("40")
    voided = client.void("Payment", paid.id, paid.sync_token, new_id())
    assert (voided.object["TotalAmt"], voided.object["Line"]) == (0, [])


@pytest.mark.rule("5.1")
def test_the_same_request_id_gives_the_same_object_again(connected: Desk) -> None:
    client, request_id = connected.quickbooks, new_id()
    body = invoice_body(client)
    one, two = (client.create("Invoice", body, request_id) for _ in range(2))
    assert one.object == two.object


@pytest.mark.rule("5.1")
@pytest.mark.parametrize("kind", ["lost_response", "truncated", "http_500", "http_503_html", "reset"])
def test_after_a_lost_answer_the_same_request_id_ends_with_one_object(connected: Desk, kind: str) -> None:
    client, request_id = connected.quickbooks, new_id()
    body = invoice_body(client, PrivateNote=f"lost {kind}")
    connected.fault(kind, path="*/invoice*", method="POST")
    with pytest.raises(UncertainOutcome):
        client.create("Invoice", body, request_id)
    assert client.create("Invoice", body, request_id).object["PrivateNote"] == f"lost {kind}"
    held = connected.state("quickbooks", "Invoice")
    assert len([row for row in held if row.get("PrivateNote") == f"lost {kind}"]) == 1


@pytest.mark.rule("11")
def test_a_throttled_write_did_not_happen_and_makes_the_realm_wait(connected: Desk) -> None:
    body = invoice_body(connected.quickbooks, PrivateNote="throttled")
    connected.fault("http_429", path="*/invoice*", method="POST")
    with pytest.raises(RateLimited):
        connected.quickbooks.create("Invoice", body, new_id())
    assert connected.budget.penalties == [60.0]
    assert not [
        row for row in connected.state("quickbooks", "Invoice") if row.get("PrivateNote") == "throttled"
    ]


@pytest.mark.parametrize(
    "kind", ["reset", "lost_response", "truncated", "http_500", "http_503_html", "http_429", "token_expired"]
)
def test_a_read_survives_every_kind_of_failure(connected: Desk, kind: str) -> None:
    held = len([row for row in connected.state("quickbooks", "Term") if row["Active"]])
    connected.fault(kind, path="*/query*")
    assert len(list(connected.quickbooks.query("Term"))) == held
    assert connected.budget.in_flight == 0


def test_a_stale_version_says_read_again(connected: Desk) -> None:
    client = connected.quickbooks
    made = new_invoice(client)
    connected.fault("stale", path="*/invoice*", method="POST")
    with pytest.raises(StaleObject) as caught:
        client.update("Invoice", {"Id": made.id, "SyncToken": made.sync_token, "PrivateNote": "x"}, new_id())
    assert (refusal(caught), bool(caught.value.remote_request_id)) == (FaultClass.REREAD, True)


def test_a_taken_name_is_a_conflict_of_names(connected: Desk) -> None:
    client = connected.quickbooks
    taken = first(client, "Vendor")["DisplayName"]
    with pytest.raises(RemoteFault) as caught:
        client.create("Customer", {"DisplayName": taken}, new_id())
    assert refusal(caught) is FaultClass.NAME_CONFLICT


def test_a_taken_number_names_who_holds_it(connected: Desk) -> None:
    client = connected.quickbooks
    connected.switch(warn_duplicate_number=True)
    holder = new_invoice(client, DocNumber="8001001")
    with pytest.raises(RemoteFault) as caught:
        new_invoice(client, DocNumber="8001001")
    found = taken_number(caught.value)
    assert refusal(caught) is FaultClass.OWN_DUPLICATE
    assert found and (found.number, found.txn_type, found.txn_id) == ("8001001", "Invoice", holder.id)


def test_closed_books_are_a_closed_period(connected: Desk) -> None:
    connected.act("close_books", date="2026-11-30")
    with pytest.raises(RemoteFault) as caught:
        new_invoice(connected.quickbooks)
    assert refusal(caught) is FaultClass.CLOSED_PERIOD


def test_a_deposited_payment_is_frozen(connected: Desk) -> None:
    client = connected.quickbooks
    body = {"CustomerRef": {"value": first(client, "Customer")["Id"]}, "TotalAmt": Decimal("5.00")}
    paid = client.create("Payment", body, new_id())
    connected.act("deposit", payments=[paid.id])
    with pytest.raises(RemoteFault) as caught:
        client.void("Payment", paid.id, client.read("Payment", paid.id).sync_token, new_id())
    assert refusal(caught) is FaultClass.DEPOSITED


def test_a_deleted_invoice_is_gone(connected: Desk) -> None:
    made = new_invoice(connected.quickbooks)
    connected.act("delete", entity="Invoice", id=made.id)
    with pytest.raises(RemoteFault) as caught:
        connected.quickbooks.read("Invoice", made.id)
    assert refusal(caught) is FaultClass.GONE


@pytest.mark.parametrize(("act", "code"), [("lock_subscription", "6190"), ("lose_access", "120")])
def test_what_a_person_must_cure_stops_the_connection(connected: Desk, act: str, code: str) -> None:
    body = invoice_body(connected.quickbooks)
    connected.act(act)
    with pytest.raises(ConnectionStopped) as caught:
        connected.quickbooks.create("Invoice", body, new_id())
    assert (caught.value.code, bool(caught.value.remedy)) == (code, True)
    connected.act({"lock_subscription": "unlock_subscription", "lose_access": "regain_access"}[act])


def test_another_realm_stops_the_connection(connected: Desk) -> None:
    with pytest.raises(ConnectionStopped) as caught:
        connected.make_quickbooks(realm="1").preferences()
    assert caught.value.code == "3100"


def test_small_pages_bring_the_same_rows_each_once(connected: Desk) -> None:
    held = [row["Id"] for row in connected.state("quickbooks", "Invoice")]
    read = [row["Id"] for row in connected.quickbooks.query("Invoice", page=5)]
    assert sorted(read) == sorted(held)
    assert connected.quickbooks.count("Invoice") == len(held)


@pytest.mark.parametrize("name", ["Peet's Coffee", "Back\\slash", '100% "quoted" Ltd & Co; +1', "Zoë's"])
def test_a_name_with_any_character_is_found_again(connected: Desk, name: str) -> None:
    client = connected.quickbooks
    made = client.create("Customer", {"DisplayName": name}, new_id())
    assert [row["Id"] for row in client.query("Customer", f"DisplayName = {quote(name)}")] == [made.id]


def test_a_long_statement_finds_what_a_short_one_would(connected: Desk) -> None:
    client = connected.quickbooks
    held = [row["Id"] for row in connected.state("quickbooks", "Invoice")]
    where = f"Id IN ({', '.join(quote(str(number)) for number in [*held, *range(10**6, 10**6 + 200)])})"
    assert sorted(row["Id"] for row in client.query("Invoice", where)) == sorted(held)
    assert connected.sent("/query")[-1]["method"] == "POST"


def test_changes_and_deletions_are_captured(connected: Desk) -> None:
    client = connected.quickbooks
    kept, gone = new_invoice(client), new_invoice(client)
    connected.act("delete", entity="Invoice", id=gone.id)
    changes = client.cdc(["Invoice", "Payment"], connected.now - timedelta(minutes=2))
    assert kept.id in [row["Id"] for row in changes.objects["Invoice"]]
    assert changes.deleted == {"Invoice": (gone.id,)}
    assert changes.as_of is not None


def test_a_batch_answers_each_of_its_parts(connected: Desk) -> None:
    client = connected.quickbooks
    taken = first(client, "Customer")["DisplayName"]
    items = [
        BatchItem(entity="Customer", operation="create", body={"DisplayName": "A new one"}),
        BatchItem(entity="Customer", operation="create", body={"DisplayName": taken}),
        BatchItem(query="SELECT * FROM Term"),
    ]
    made, conflict, terms = client.batch(items, "batch-1")
    assert made.answer and made.answer.object["DisplayName"] == "A new one"
    assert isinstance(conflict.error, RemoteFault) and classify(conflict.error) is FaultClass.NAME_CONFLICT
    assert terms.rows


@pytest.mark.rule("11")
def test_the_reference_lists_are_read_in_three_calls_and_found(connected: Desk) -> None:
    before = connected.quickbooks.calls.metered
    reference = fetch_reference(connected.quickbooks)
    assert connected.quickbooks.calls.metered - before == 3
    held = [row for row in connected.state("quickbooks", "Account") if row["Active"]]
    assert {account.id for account in reference.accounts} == {row["Id"] for row in held}
    for row in held:
        found = reference.account(row.get("AcctNum") or row["FullyQualifiedName"])
        assert found and found.id == row["Id"]
    assert reference.company.is_us and reference.preferences.home_currency == "USD"
    assert Reference.from_json(reference.to_json()) == reference


def test_threads_share_one_client(connected: Desk) -> None:
    client = connected.quickbooks
    body = invoice_body(client)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: client.create("Invoice", body, f"thread-{number}").id, range(24)))
    assert len(set(made)) == 24
    assert connected.budget.in_flight == 0
    assert client.calls.writes == 24
