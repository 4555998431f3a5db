"""Calls to QuickBooks: what is sent, what comes back, what is tried again."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    StaleObject,
    TransportError,
    UncertainOutcome,
)
from st_qbo_assets.domain.ids import Realm
from st_qbo_assets.quickbooks.client import BatchItem, QuickBooks
from st_qbo_assets.quickbooks.faults import FaultClass, classify
from st_qbo_assets.transport.decimal_json import read_json
from st_qbo_assets.transport.http import Request, Response
from st_qbo_assets.transport.retry import RetryPolicy
from tests.unit.transport.fake_http import FakeBudget, FakeHttp, FakeTime, FakeTokens, answer

STORED = {
    "Id": "129",
    "SyncToken": "0",
    "TotalAmt": Decimal("100.10"),
    "PrivateNote": "ServiceTitan invoice 8",
}


def stored(entity: str = "Invoice", **changes: Any) -> Response:
    return answer(
        body={entity: {**STORED, **changes}, "time": "2026-02-03T10:00:00-08:00"}, intuit_tid="1-abc"
    )


def fault(code: str, detail: str = "d", *, status: int = 400, message: str = "m") -> Response:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return answer(status, {"Fault": {"Error": [error], "type": "ValidationFault"}}, intuit_tid="1-bad")


def gateway(code: str, *, status: int) -> Response:
    return answer(
        status, {"fault": {"error": [{"message": "m", "detail": None, "code": code}], "type": "SERVICE"}}
    )


def rows(entity: str, *ids: int) -> Response:
    found = [{"Id": str(number)} for number in ids]
    return answer(
        body={"QueryResponse": {entity: found, "startPosition": 1, "maxResults": len(found)} if found else {}}
    )


class Desk:
    """A client with everything around it in reach."""

    def __init__(self, *replies: Any, always: Any = None) -> None:
        self.http = FakeHttp(replies, always=always)
        self.budget = FakeBudget()
        self.time = FakeTime()
        self.observed: list[tuple[str, str]] = []
        self.client = QuickBooks(
            http=self.http,
            tokens=FakeTokens(),
            realm=Realm("934"),
            base_url="http://qbo",
            budget=self.budget,
            retry=RetryPolicy(attempts=4, sleep=self.time.sleep, clock=self.time.clock, chance=lambda: 0.0),
            observer=lambda entity, row: self.observed.append((entity, str(row["Id"]))),
        )

    @property
    def sent(self) -> Any:
        return read_json((self.http.last.body or b"").decode())


# Writes


def test_a_create_sends_the_body_with_its_request_id_and_returns_the_object_as_stored() -> None:
    desk = Desk(stored())
    got = desk.client.create("Invoice", {"Line": [{"Amount": Decimal("100.10")}]}, "req-1")
    assert (got.id, got.sync_token, got.object["TotalAmt"], got.intuit_tid) == (
        "129",
        "0",
        Decimal("100.10"),
        "1-abc",
    )
    request = desk.http.last
    assert (request.method, request.url, request.is_write) == (
        "POST",
        "http://qbo/v3/company/934/invoice",
        True,
    )
    assert desk.http.params() == {"requestid": "req-1", "minorversion": "75"}
    assert request.headers["Accept"] == request.headers["Content-Type"] == "application/json"
    assert request.body == b'{"Line":[{"Amount":100.10}]}'


def test_the_path_of_an_entity_is_in_small_letters_and_its_answer_is_not() -> None:
    desk = Desk(stored("CreditMemo"))
    assert desk.client.create("CreditMemo", {}, "r").entity == "CreditMemo"
    assert desk.http.last.url.endswith("/creditmemo")


def test_an_update_is_sparse_and_needs_id_and_version() -> None:
    desk = Desk(stored())
    desk.client.update("Invoice", {"Id": "129", "SyncToken": "3", "DocNumber": "7"}, "r")
    assert desk.sent == {"sparse": True, "Id": "129", "SyncToken": "3", "DocNumber": "7"}
    with pytest.raises(ValueError, match="SyncToken"):
        desk.client.update("Invoice", {"Id": "129"}, "r")


@pytest.mark.rule("3.6")
@pytest.mark.parametrize(
    ("entity", "params", "body"),
    [
        ("Invoice", {"operation": "void"}, {"Id": "5", "SyncToken": "2"}),
        (
            "Payment",
            {"operation": "update", "include": "void"},
            {"Id": "5", "SyncToken": "2", "sparse": True},
        ),
        (
            "BillPayment",
            {"operation": "update", "include": "void"},
            {"Id": "5", "SyncToken": "2", "sparse": True},
        ),
    ],
)
def test_each_document_is_voided_in_its_own_form(
    entity: str, params: dict[str, str], body: dict[str, Any]
) -> None:
    desk = Desk(stored(entity))
    desk.client.void(entity, "5", "2", "r")
    assert desk.http.params() == {**params, "requestid": "r", "minorversion": "75"}
    assert desk.sent == body


@pytest.mark.rule("3.6")
@pytest.mark.parametrize("entity", ["CreditMemo", "RefundReceipt", "Bill", "VendorCredit", "PurchaseOrder"])
def test_what_quickbooks_cannot_void_is_not_tried(entity: str) -> None:
    with pytest.raises(ValueError, match="cannot void"):
        Desk().client.void(entity, "5", "2", "r")


@pytest.mark.rule("5.1")
@pytest.mark.parametrize("request_id", ["", "x" * 51])
def test_no_write_goes_without_a_request_id_of_legal_length(request_id: str) -> None:
    with pytest.raises(ValueError, match="request id"):
        Desk().client.create("Invoice", {}, request_id)


@pytest.mark.rule("5.1")
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (UncertainOutcome("lost"), UncertainOutcome),
        (TransportError("nobody there"), TransportError),
        (fault("10000"), UncertainOutcome),
        (answer(200, text="<html>half"), UncertainOutcome),
        (answer(200, text='{"Invoice": {"Id"'), UncertainOutcome),
        (answer(200, {"time": "…"}), UncertainOutcome),
        (answer(200, {"Invoice": None}), UncertainOutcome),
        (answer(429, text=""), RateLimited),
        (fault("3001", status=200), RateLimited),
        (fault("5010"), StaleObject),
        (fault("6240"), RemoteFault),
        (fault("6240", status=200), RemoteFault),
        (fault("6000", "You can only add or edit one name at a time."), RemoteFault),
        (fault("140"), RemoteFault),
        (answer(400, text="<html>bad</html>"), RemoteFault),
        (answer(404, text=""), RemoteFault),
        (answer(301, text=""), RemoteFault),
        (fault("6190"), ConnectionStopped),
        (fault("120", status=401), ConnectionStopped),
        (gateway("3100", status=403), ConnectionStopped),
        (answer(403, text="<html>no</html>"), ConnectionStopped),
    ],
)
def test_a_write_is_sent_once_and_its_error_says_what_may_have_happened(
    reply: Any, error: type[Exception]
) -> None:
    desk = Desk(reply)
    with pytest.raises(error) as caught:
        desk.client.create("Invoice", {}, "r")
    assert type(caught.value) is error
    assert len(desk.http.requests) == 1
    assert desk.budget.in_flight == 0
    assert desk.time.slept == []


def test_a_refusal_keeps_code_detail_and_trace_id_and_can_be_classified() -> None:
    two = {
        "Fault": {
            "Error": [
                {"Message": "Duplicate Document Number Error", "Detail": "DocNumber=1 …", "code": "6140"},
                {
                    "Message": "Required",
                    "Detail": "Required parameter AccountRef",
                    "code": "2020",
                    "element": "A",
                },
            ],
            "type": "ValidationFault",
        }
    }
    with pytest.raises(RemoteFault) as caught:
        Desk(answer(400, two, intuit_tid="1-bad")).client.create("Invoice", {}, "r")
    error = caught.value
    assert (error.code, error.status, error.remote_request_id) == ("6140", 400, "1-bad")
    assert error.detail == "DocNumber=1 …; also 2020: Required parameter AccountRef"
    assert classify(error) is FaultClass.OWN_DUPLICATE


def test_a_stopped_connection_names_code_and_cure() -> None:
    with pytest.raises(ConnectionStopped, match="subscription") as caught:
        Desk(fault("6190", "Subscription period has ended")).client.create("Invoice", {}, "r")
    assert (caught.value.code, "Renew" in caught.value.remedy) == ("6190", True)


def test_a_refused_token_is_replaced_once_even_for_a_write() -> None:
    desk = Desk(gateway("3200", status=401), stored())
    desk.client.create("Invoice", {}, "r")
    assert [request.headers["Authorization"] for request in desk.http.requests] == ["Bearer t1", "Bearer t2"]
    assert desk.http.params(0)["requestid"] == desk.http.params(1)["requestid"] == "r"


def test_a_second_refusal_of_the_token_goes_up() -> None:
    with pytest.raises(AuthExpired):
        Desk(answer(401, text=""), answer(401, text="")).client.create("Invoice", {}, "r")


def test_an_echoed_token_is_in_no_error() -> None:
    leaky = {"fault": {"error": [{"message": "m", "detail": "Token expired: AB0secret", "code": "2010"}]}}
    with pytest.raises(RemoteFault) as caught:
        Desk(answer(400, leaky)).client.create("Invoice", {}, "r")
    assert "AB0secret" not in str(caught.value) + caught.value.detail


# Budget and counting


@pytest.mark.rule("11")
def test_a_throttle_puts_the_whole_realm_to_sleep_for_a_flat_minute() -> None:
    desk = Desk(answer(429, text=""), stored())
    with pytest.raises(RateLimited) as caught:
        desk.client.create("Invoice", {}, "r")
    assert (desk.budget.penalties, caught.value.retry_after_seconds) == ([60.0], 60.0)


def test_a_throttled_read_waits_and_goes_again() -> None:
    desk = Desk(answer(429, text="", retry_after="7"), rows("Invoice", 1))
    assert [row["Id"] for row in desk.client.query("Invoice")] == ["1"]
    assert (desk.time.slept, desk.budget.penalties, desk.client.calls.throttled) == ([7.0], [7.0], 1)


@pytest.mark.rule("11")
def test_reads_and_batches_are_metered_and_writes_are_not() -> None:
    batch = answer(body={"BatchItemResponse": [{"bId": "0", "QueryResponse": {}}]})
    empty_cdc = answer(body={"CDCResponse": [{"QueryResponse": [{}]}]})
    desk = Desk(stored(), stored(), rows("Invoice"), empty_cdc, answer(body={"Preferences": {}}), batch)
    desk.client.create("Invoice", {}, "r")
    desk.client.read("Invoice", "129")
    list(desk.client.query("Invoice"))
    desk.client.cdc(["Invoice"], datetime(2026, 2, 3, tzinfo=UTC))
    desk.client.preferences()
    desk.client.batch([BatchItem(query="SELECT * FROM Term")])
    assert desk.budget.acquired == [("write", False), *[("read", True)] * 4, ("batch", True)]
    calls = desk.client.calls
    assert (calls.writes, calls.reads, calls.batches, calls.metered, calls.seconds) == (1, 4, 1, 5, 1.5)


# Reads


def test_a_read_returns_the_object_and_shows_it_to_the_observer() -> None:
    desk = Desk(stored("Payment"))
    assert desk.client.read("Payment", "129").object["TotalAmt"] == Decimal("100.10")
    assert desk.http.last.url == "http://qbo/v3/company/934/payment/129"
    assert desk.observed == [("Payment", "129")]


@pytest.mark.parametrize(
    "reply",
    [TransportError("down"), fault("10000"), fault("140"), fault("4002", status=500), answer(200, text="<")],
)
def test_a_read_is_asked_again_after_a_passing_trouble(reply: Any) -> None:
    desk = Desk(reply, stored())
    assert desk.client.read("Invoice", "129").id == "129"
    assert len(desk.http.requests) == 2


def test_a_deleted_object_says_so_and_is_not_asked_again() -> None:
    desk = Desk(fault("610", "Object Not Found : Another user has deleted this transaction."))
    with pytest.raises(RemoteFault) as caught:
        desk.client.read("Invoice", "129")
    assert classify(caught.value) is FaultClass.GONE


def test_a_query_is_paged_until_a_page_is_short_and_each_id_comes_once() -> None:
    desk = Desk(rows("Invoice", 1, 2), rows("Invoice", 2, 3), rows("Invoice", 4))
    assert [row["Id"] for row in desk.client.query("Invoice", "Balance > '0'", page=2)] == [
        "1",
        "2",
        "3",
        "4",
    ]
    statements = [dict(request.params)["query"] for request in desk.http.requests]
    assert (
        statements[0] == "SELECT * FROM Invoice WHERE Balance > '0' ORDERBY Id STARTPOSITION 1 MAXRESULTS 2"
    )
    assert [text.split("STARTPOSITION ")[1] for text in statements] == [
        "1 MAXRESULTS 2",
        "3 MAXRESULTS 2",
        "5 MAXRESULTS 2",
    ]
    assert desk.observed == [("Invoice", "1"), ("Invoice", "2"), ("Invoice", "3"), ("Invoice", "4")]


def test_a_full_last_page_is_followed_by_one_empty_one() -> None:
    desk = Desk(rows("Invoice", 1, 2), rows("Invoice"))
    assert len(list(desk.client.query("Invoice", page=2))) == 2


def test_a_statement_is_encoded_whole() -> None:
    desk = Desk(rows("Customer"))
    list(desk.client.query("Customer", r"DisplayName LIKE '100% Adam\'s'"))
    assert "%20" in desk.http.last.full_url
    assert "100%25%20Adam%5C%27s%27" in desk.http.last.full_url


def test_a_long_statement_goes_by_post_as_text() -> None:
    desk = Desk(rows("Invoice", 1))
    where = "Id IN (" + ", ".join(f"'{number}'" for number in range(500)) + ")"
    list(desk.client.query("Invoice", where))
    request = desk.http.last
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/text")
    assert (request.body or b"").startswith(b"SELECT * FROM Invoice WHERE Id IN ('0', ")
    assert (request.is_write, dict(request.params)) == (False, {"minorversion": "75"})


def test_a_count_is_a_number_and_nothing_is_zero() -> None:
    desk = Desk(answer(body={"QueryResponse": {"totalCount": 26}}), answer(body={"QueryResponse": {}}))
    assert (desk.client.count("Invoice"), desk.client.count("Invoice", "Balance > '0'")) == (26, 0)


def test_company_info_is_asked_for_by_the_realm() -> None:
    desk = Desk(answer(body={"CompanyInfo": {"CompanyName": "Blue Heron"}}))
    assert desk.client.company_info() == {"CompanyName": "Blue Heron"}
    assert desk.http.last.url.endswith("/companyinfo/934")


# Change data capture


def cdc(*groups: dict[str, Any]) -> Response:
    return answer(
        body={"CDCResponse": [{"QueryResponse": list(groups)}], "time": "2026-02-03T12:56:06.196-08:00"}
    )


def test_changes_come_by_entity_with_tombstones_apart() -> None:
    gone = {"status": "Deleted", "domain": "QBO", "Id": "979"}
    desk = Desk(
        cdc(
            {"Customer": [{"Id": "63"}], "startPosition": 1},
            {"Invoice": [{"Id": "34"}, gone], "maxResults": 2},
        )
    )
    changes = desk.client.cdc(["Customer", "Invoice"], datetime(2026, 2, 3, 10, tzinfo=UTC))
    assert changes.objects == {"Customer": ({"Id": "63"},), "Invoice": ({"Id": "34"},)}
    assert changes.deleted == {"Invoice": ("979",)}
    assert (changes.truncated, changes.as_of) == (False, datetime(2026, 2, 3, 20, 56, 6, 196000, tzinfo=UTC))
    assert desk.http.params()["entities"] == "Customer,Invoice"
    assert desk.http.params()["changedSince"] == "2026-02-03T10:00:00+00:00"
    assert desk.observed == [("Customer", "63"), ("Invoice", "34"), ("Invoice", "979")]


def test_no_changes_are_no_changes() -> None:
    changes = Desk(cdc({})).client.cdc(["Invoice"], datetime(2026, 2, 3, tzinfo=UTC))
    assert (changes.objects, changes.deleted, changes.truncated) == ({}, {}, False)


def test_a_thousand_changes_are_taken_for_cut_off() -> None:
    many = [{"Id": str(number)} for number in range(600)]
    changes = Desk(cdc({"Invoice": many}, {"Payment": many[:400]})).client.cdc(
        ["Invoice", "Payment"], datetime(2026, 2, 3, tzinfo=UTC)
    )
    assert changes.truncated


# Batches


def batch(*parts: dict[str, Any]) -> Response:
    return answer(body={"BatchItemResponse": list(parts)}, intuit_tid="1-b")


def item_fault(code: str, b_id: str) -> dict[str, Any]:
    return {
        "bId": b_id,
        "Fault": {"Error": [{"Message": "m", "Detail": "d", "code": code}], "type": "ValidationFault"},
    }


def test_each_part_of_a_batch_has_its_own_result_in_order() -> None:
    desk = Desk(
        batch(
            {"bId": "1", "Invoice": STORED},
            item_fault("6240", "0"),
            {"bId": "2", "QueryResponse": {"Term": [{"Id": "3"}]}},
        )
    )
    items = [
        BatchItem(entity="Customer", operation="create", body={"DisplayName": "A"}),
        BatchItem(entity="Invoice", operation="update", body={"Id": "129"}),
        BatchItem(query="SELECT * FROM Term"),
    ]
    first, second, third = desk.client.batch(items, "req")
    assert isinstance(first.error, RemoteFault) and first.error.code == "6240"
    assert second.answer and second.answer.id == "129"
    assert third.rows == ({"Id": "3"},)
    assert desk.sent["BatchItemRequest"][0] == {
        "bId": "0",
        "operation": "create",
        "Customer": {"DisplayName": "A"},
    }
    assert desk.sent["BatchItemRequest"][2] == {"bId": "2", "Query": "SELECT * FROM Term"}


def test_a_write_that_a_batch_did_not_answer_is_uncertain() -> None:
    (result,) = Desk(batch()).client.batch([BatchItem(entity="Customer", operation="create")], "req")
    assert type(result.error) is UncertainOutcome


def test_a_batch_with_writes_is_sent_once() -> None:
    desk = Desk(UncertainOutcome("lost"))
    with pytest.raises(UncertainOutcome):
        desk.client.batch([BatchItem(entity="Customer", operation="create")], "req")
    assert len(desk.http.requests) == 1


def test_a_batch_that_is_too_large_or_has_no_request_id_is_refused_here() -> None:
    write = BatchItem(entity="Customer", operation="create")
    with pytest.raises(ValueError, match="30"):
        Desk().client.batch([write] * 31, "req")
    for request_id in ("", "x" * 37):
        with pytest.raises(ValueError, match="request id"):
            Desk().client.batch([write], request_id)


def test_many_queries_go_thirty_to_a_batch_in_order() -> None:
    def echo(request: Request) -> Response:
        parts = read_json((request.body or b"").decode())["BatchItemRequest"]
        return batch(
            *[{"bId": part["bId"], "QueryResponse": {"Term": [{"Id": part["Query"]}]}} for part in parts]
        )

    desk = Desk(always=echo)
    statements = [f"q{number}" for number in range(35)]
    assert [found[0]["Id"] for found in desk.client.batch_queries(statements)] == statements
    assert len(desk.http.requests) == 2


def test_a_throttled_part_makes_everybody_wait_and_the_queries_go_again() -> None:
    good = batch({"bId": "0", "QueryResponse": {"Term": [{"Id": "1"}]}})
    desk = Desk(batch(item_fault("3001", "0")), good)
    assert desk.client.batch_queries(["SELECT * FROM Term"]) == [({"Id": "1"},)]
    assert (desk.budget.penalties, desk.time.slept) == ([60.0], [60.0])
