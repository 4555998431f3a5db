"""Lists, pages and feeds of ServiceTitan."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    TransportError,
)
from st_qbo_assets.domain.ids import Tenant
from st_qbo_assets.servicetitan.client import Dates, ServiceTitan, Window, list_of
from st_qbo_assets.servicetitan.endpoints import ENDPOINTS, FEEDS
from st_qbo_assets.servicetitan.records import Invoice, PricebookItem, Unreadable
from st_qbo_assets.transport.http import Request, Response
from st_qbo_assets.transport.retry import RetryPolicy
from tests.unit.servicetitan.rows import invoice
from tests.unit.transport.fake_http import FakeBudget, FakeHttp, FakeTime, FakeTokens, answer

WINDOW = Window(
    since=datetime(2026, 2, 3, 6, tzinfo=UTC), before=datetime(2026, 2, 4, 6, 0, 0, 5, tzinfo=UTC)
)
THROTTLED = {
    "type": "https://tools.ietf.org/html/rfc6585#section-4",
    "title": "Rate limit is exceeded. Try again in 12 seconds.",
    "status": 429,
    "traceId": "00-abc",
    "errors": {},
    "data": {},
}


def page(*rows: object, more: bool = False, number: int = 1) -> Response:
    return answer(
        body={"page": number, "pageSize": 50, "hasMore": more, "totalCount": None, "data": list(rows)}
    )


def ids(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


class Desk:
    """A client with everything around it in reach."""

    def __init__(self, *replies: Any, always: Any = None) -> None:
        self.http = FakeHttp(replies, always=always)
        self.budget = FakeBudget()
        self.time = FakeTime()
        self.client = ServiceTitan(
            http=self.http,
            tokens=FakeTokens(),
            tenant=Tenant("1420761"),
            base_url="http://api/",
            budget=self.budget,
            retry=RetryPolicy(attempts=4, sleep=self.time.sleep, clock=self.time.clock, chance=lambda: 0.0),
        )


def test_a_list_is_read_until_it_says_there_is_no_more() -> None:
    # Short and empty pages in the middle are no end.
    desk = Desk(page(*ids(1, 2), more=True), page(more=True), page(*ids(3), more=True), page(*ids(4)))
    assert [job.id for job in desk.client.jobs(modified=WINDOW)] == [1, 2, 3, 4]
    assert [dict(request.params)["page"] for request in desk.http.requests] == ["1", "2", "3", "4"]


def test_a_row_that_comes_twice_over_pages_is_given_once() -> None:
    desk = Desk(page(*ids(1, 2), more=True), page(*ids(2, 3)))
    assert [job.id for job in desk.client.jobs(modified=WINDOW)] == [1, 2, 3]


def test_a_list_that_never_ends_is_left() -> None:
    desk = Desk(always=page(*ids(1), more=True))
    with pytest.raises(RemoteFault, match="for ever"):
        list(desk.client.jobs(modified=WINDOW))


def test_rows_without_an_id_are_all_kept() -> None:
    desk = Desk(page({"name": "a"}, {"name": "a"}, None))
    good, bad = list_of(desk.client.payment_types())
    assert (len(good), len(bad)) == (0, 3)


def test_pages_are_asked_for_only_when_they_are_needed() -> None:
    desk = Desk(page(*ids(1), more=True))
    assert next(iter(desk.client.jobs(modified=WINDOW))).id == 1
    assert len(desk.http.requests) == 1


def test_ids_are_asked_for_fifty_at_a_time_each_once() -> None:
    desk = Desk(page(*ids(*range(50))), page(*ids(*range(50, 60))))
    wanted = [*range(60), 3, 4]
    assert [job.id for job in desk.client.jobs(ids=wanted)] == list(range(60))
    assert [len(dict(request.params)["ids"].split(",")) for request in desk.http.requests] == [50, 10]


def test_no_ids_ask_for_nothing() -> None:
    desk = Desk()
    assert list(desk.client.jobs(ids=[])) == []
    assert list(desk.client.payments(applied_to_invoice_ids=[])) == []
    assert desk.http.requests == []


def test_invoices_and_payments_are_always_asked_for_in_every_state() -> None:
    desk = Desk(always=page())
    client = desk.client
    for rows in (
        client.invoices(ids=[1]),
        client.invoices(modified=WINDOW),
        client.payments(ids=[1]),
        client.payments(applied_to_invoice_ids=[1]),
    ):
        list(rows)
        assert desk.http.params()["activeState"] == "All"


@pytest.mark.rule("1.4")
def test_business_dates_are_asked_for_in_plain_z() -> None:
    desk = Desk(page(), page())
    span = Dates(date(2026, 3, 7), date(2026, 3, 8))
    list(desk.client.invoices(invoiced=span))
    list(desk.client.payments(paid=span))
    first, second = (dict(request.params) for request in desk.http.requests)
    assert (first["invoicedOnOrAfter"], first["invoicedOnBefore"]) == (
        "2026-03-07T00:00:00Z",
        "2026-03-09T00:00:00Z",
    )
    assert (second["paidOnAfter"], second["paidOnBefore"]) == ("2026-03-07T00:00:00Z", "2026-03-09T00:00:00Z")


def test_a_window_of_changes_has_both_ends_fixed_and_is_written_in_utc() -> None:
    desk = Desk(page())
    west = timezone(timedelta(hours=-6))
    list(desk.client.invoices(modified=Window(WINDOW.since.astimezone(west), WINDOW.before)))
    sent = desk.http.params()
    assert sent["modifiedOnOrAfter"] == "2026-02-03T06:00:00.000000Z"
    assert sent["modifiedBefore"] == "2026-02-04T06:00:00.000005Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Desk().client.jobs(completed=Window(datetime(2026, 2, 3), datetime(2026, 2, 4)))  # noqa: DTZ001


@pytest.mark.rule("7.1")
def test_a_change_of_balance_is_no_change_of_a_customer() -> None:
    desk = Desk(page(), page())
    list(desk.client.customers(modified=WINDOW))
    assert desk.http.params()["excludeAccountingChangesFromModifiedDateRange"] == "true"
    list(desk.client.customers(ids=[5]))
    assert "excludeAccountingChangesFromModifiedDateRange" not in desk.http.params()


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (lambda c: c.invoices(ids=[1]), "accounting/v2/tenant/1420761/invoices"),
        (lambda c: c.payments(ids=[1]), "accounting/v2/tenant/1420761/payments"),
        (lambda c: c.jobs(ids=[1]), "jpm/v2/tenant/1420761/jobs"),
        (lambda c: c.customers(ids=[1]), "crm/v2/tenant/1420761/customers"),
        (lambda c: c.customer_contacts(customer_ids=[1]), "crm/v2/tenant/1420761/customers/contacts"),
        (lambda c: c.locations(ids=[1]), "crm/v2/tenant/1420761/locations"),
        (lambda c: c.services(ids=[1]), "pricebook/v2/tenant/1420761/services"),
        (lambda c: c.materials(ids=[1]), "pricebook/v2/tenant/1420761/materials"),
        (lambda c: c.equipment(ids=[1]), "pricebook/v2/tenant/1420761/equipment"),
        (lambda c: c.discounts_and_fees(ids=[1]), "pricebook/v2/tenant/1420761/discounts-and-fees"),
        (lambda c: c.business_units(), "settings/v2/tenant/1420761/business-units"),
        (lambda c: c.payment_types(), "accounting/v2/tenant/1420761/payment-types"),
        (lambda c: c.payment_terms(), "accounting/v2/tenant/1420761/payment-terms"),
        (lambda c: c.tax_zones(), "accounting/v2/tenant/1420761/tax-zones"),
        (lambda c: c.gl_accounts(), "accounting/v2/tenant/1420761/gl-accounts"),
        (lambda c: c.rows("vendors"), "inventory/v2/tenant/1420761/vendors"),
        (lambda c: c.rows("inventory-bills"), "accounting/v2/tenant/1420761/inventory-bills/paginated"),
    ],
)
def test_each_list_has_its_path(call: Any, path: str) -> None:
    desk = Desk(page())
    list(call(desk.client))
    assert desk.http.last.url == f"http://api/{path}"


def test_vendors_take_their_ids_one_parameter_each() -> None:
    desk = Desk(page())
    list(desk.client.rows("vendors", ids=[7, 8]))
    assert [pair for pair in desk.http.last.params if pair[0] == "ids"] == [("ids", "7"), ("ids", "8")]
    assert ("active", "Any") in desk.http.last.params


def test_a_call_carries_token_and_app_key_and_shows_neither() -> None:
    desk = Desk(page())
    list(desk.client.tax_zones())
    headers = desk.http.last.headers
    assert (headers["Authorization"], headers["ST-App-Key"]) == ("Bearer t1", "ak1.key")
    assert "ak1" not in repr(desk.http.last)


def test_records_are_parsed_and_the_unreadable_does_not_stop_its_neighbours() -> None:
    desk = Desk(page(invoice(id=1), invoice(id=2, total="x"), invoice(id=3)))
    good, bad = list_of(desk.client.invoices(ids=[1, 2, 3]))
    assert [record.id for record in good] == [1, 3]
    assert all(isinstance(record, Invoice) for record in good)
    assert bad == [Unreadable("Invoice", 2, ("total: not an amount: 'x'",), bad[0].raw)]


def test_an_inactive_pricebook_item_is_found() -> None:
    desk = Desk(page({"id": 1, "code": "OLD", "active": False}))
    found = list(desk.client.services(ids=[1]))
    assert desk.http.params()["active"] == "Any"
    assert isinstance(found[0], PricebookItem) and found[0].active is False


def test_a_refused_token_is_replaced_and_the_call_repeated() -> None:
    desk = Desk(answer(401, text=""), page(*ids(1)))
    assert [job.id for job in desk.client.jobs(ids=[1])] == [1]
    assert [request.headers["Authorization"] for request in desk.http.requests] == ["Bearer t1", "Bearer t2"]


def test_two_refusals_go_up() -> None:
    desk = Desk(answer(401), answer(401))
    with pytest.raises(AuthExpired):
        list(desk.client.jobs(ids=[1]))


def test_each_retry_asks_for_its_token_anew() -> None:
    # A token can end during a long wait.
    replies = [TransportError("down"), answer(401), page(*ids(1))]
    desk = Desk(*replies)
    list(desk.client.jobs(ids=[1]))
    assert [request.headers["Authorization"] for request in desk.http.requests] == [
        "Bearer t1",
        "Bearer t1",
        "Bearer t2",
    ]


def test_a_throttled_read_waits_as_the_title_says_and_makes_everybody_wait() -> None:
    desk = Desk(answer(429, THROTTLED), page(*ids(1)))
    assert [job.id for job in desk.client.jobs(ids=[1])] == [1]
    assert (desk.time.slept, desk.budget.penalties) == ([12.0], [12.0])
    assert desk.client.calls.throttled == 1


@pytest.mark.parametrize(
    ("reply", "seconds"),
    [
        (answer(429, THROTTLED, retry_after="3"), 3.0),
        (answer(429, {**THROTTLED, "title": "Try again in 9999 seconds."}), 120.0),
        (answer(429, {**THROTTLED, "title": "Try again in 1 second."}), 1.0),
        (answer(429, {**THROTTLED, "title": "Slow down."}), 2.0),
        (answer(429, text="<html>Too many requests</html>"), 2.0),
        (answer(429, text=""), 2.0),
    ],
)
def test_how_long_a_429_asks_to_wait(reply: Response, seconds: float) -> None:
    desk = Desk(always=reply)
    with pytest.raises(RateLimited) as caught:
        list(desk.client.jobs(ids=[1]))
    assert caught.value.retry_after_seconds == seconds


def test_a_refusal_names_the_field_and_the_trace() -> None:
    body = {
        "title": "One or more validation errors occurred.",
        "status": 400,
        "traceId": "00-4bf",
        "errors": {"pageSize": ["The value 'abc' is not valid for PageSize."]},
    }
    with pytest.raises(RemoteFault, match="validation errors") as caught:
        list(Desk(answer(400, body)).client.jobs(ids=[1]))
    assert caught.value.code == "400"
    assert caught.value.detail == "pageSize: The value 'abc' is not valid for PageSize."
    assert caught.value.remote_request_id == "00-4bf"


@pytest.mark.parametrize(
    "reply", [answer(403, text="<html>no</html>"), answer(403, text=""), answer(403, {"title": "No"})]
)
def test_a_missing_scope_stops_the_connection_with_a_cure(reply: Response) -> None:
    with pytest.raises(ConnectionStopped, match="scope"):
        list(Desk(reply).client.jobs(ids=[1]))


@pytest.mark.parametrize(
    "reply", [answer(404, text="<h1>Not Found</h1>"), answer(409, text=""), answer(302, text="")]
)
def test_html_and_empty_refusals_are_tolerated(reply: Response) -> None:
    with pytest.raises(RemoteFault) as caught:
        list(Desk(reply).client.jobs(ids=[1]))
    assert caught.value.status == reply.status


@pytest.mark.parametrize(
    "reply", [answer(200, text="<html>login</html>"), answer(200, [1]), answer(200, {"data": None})]
)
def test_a_good_status_with_an_unreadable_body_is_asked_again(reply: Response) -> None:
    desk = Desk(reply, page(*ids(1)))
    assert [job.id for job in desk.client.jobs(ids=[1])] == [1]


def test_the_budget_is_spent_and_given_back_for_every_call() -> None:
    desk = Desk(TransportError("down"), page(*ids(1)))
    list(desk.client.jobs(ids=[1]))
    assert (desk.budget.acquired, desk.budget.in_flight) == ([("read", False)] * 2, 0)
    assert (desk.client.calls.calls, desk.client.calls.seconds) == (2, 0.25)


# Export feeds


def feed_page(token: str, *rows: object, more: bool) -> Response:
    return answer(body={"hasMore": more, "continueFrom": token, "data": list(rows)})


def test_a_feed_is_followed_by_its_tokens_to_its_end() -> None:
    desk = Desk(
        feed_page("b+/=", {"id": 1}, more=True), feed_page("c", {"id": 2, "active": False}, more=False)
    )
    pages = list(desk.client.export("payments", "a"))
    assert [(page.continue_from, len(page.rows), page.has_more) for page in pages] == [
        ("b+/=", 1, True),
        ("c", 1, False),
    ]
    assert [dict(request.params).get("from") for request in desk.http.requests] == ["a", "b+/="]
    assert desk.http.requests[1].full_url.endswith(
        "accounting/v2/tenant/1420761/export/payments?from=b%2B%2F%3D"
    )


def test_a_feed_from_its_beginning_sends_no_token_and_recent_changes_on_request() -> None:
    desk = Desk(feed_page("a", more=False), feed_page("a", more=False))
    list(desk.client.export("customers/contacts"))
    assert list(desk.http.last.params) == []
    list(desk.client.export("customers/contacts", "2026-01-01", include_recent_changes=True))
    assert desk.http.params() == {"from": "2026-01-01", "includeRecentChanges": "true"}


def test_a_feed_that_stands_still_is_left() -> None:
    desk = Desk(always=feed_page("a", {"id": 1}, more=True))
    with pytest.raises(RemoteFault, match="stands still"):
        list(desk.client.export("invoices", "a"))


def test_an_unknown_feed_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        list(Desk().client.export("vendors"))


def test_every_list_and_feed_names_one_of_the_vendors_modules() -> None:
    modules = {"accounting", "crm", "inventory", "pricebook", "jpm", "settings"}
    assert {place.module for place in ENDPOINTS.values()} | set(FEEDS.values()) <= modules


def test_a_request_for_a_list_is_a_get_without_a_body() -> None:
    seen: list[Request] = []

    def remember(request: Request) -> Response:
        seen.append(request)
        return page()

    list(Desk(remember).client.tax_zones())
    assert (seen[0].method, seen[0].body, seen[0].is_write) == ("GET", None, False)
