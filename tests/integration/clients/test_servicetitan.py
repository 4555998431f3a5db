"""The ServiceTitan client against the sandbox."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault
from st_qbo_assets.servicetitan.client import Dates, ServiceTitan, Window, list_of
from st_qbo_assets.servicetitan.endpoints import ENDPOINTS, FEEDS
from tests.integration.clients.desk import Desk

LISTS: dict[str, Callable[[ServiceTitan, list[int]], Any]] = {
    "invoices": lambda client, ids: client.invoices(ids=ids),
    "payments": lambda client, ids: client.payments(ids=ids),
    "jobs": lambda client, ids: client.jobs(ids=ids),
    "customers": lambda client, ids: client.customers(ids=ids),
    "locations": lambda client, ids: client.locations(ids=ids),
    "services": lambda client, ids: client.services(ids=ids),
    "materials": lambda client, ids: client.materials(ids=ids),
    "equipment": lambda client, ids: client.equipment(ids=ids),
    "discounts-and-fees": lambda client, ids: client.discounts_and_fees(ids=ids),
    "business-units": lambda client, ids: client.business_units(),
    "payment-types": lambda client, ids: client.payment_types(),
    "payment-terms": lambda client, ids: client.payment_terms(),
    "tax-zones": lambda client, ids: client.tax_zones(),
    "gl-accounts": lambda client, ids: client.gl_accounts(),
}


def ids_of(rows: Any) -> list[int]:
    return sorted(row["id"] if isinstance(row, dict) else row.id for row in rows)


@pytest.mark.parametrize("name", LISTS)
def test_every_row_of_every_list_is_read(desk: Desk, name: str) -> None:
    held = desk.state("servicetitan", name)
    assert held
    good, bad = list_of(LISTS[name](desk.servicetitan, ids_of(held)))
    assert bad == []
    assert ids_of(good) == ids_of(held)


def test_small_pages_bring_the_same_rows_each_once(desk: Desk) -> None:
    desk.switch("servicetitan", list_order="scattered")
    small = desk.make_servicetitan(page_size=7)
    window = Window(desk.now - timedelta(days=9000), desk.now + timedelta(days=1))
    assert ids_of(small.customers(modified=window, exclude_accounting_changes=False)) == ids_of(
        desk.state("servicetitan", "customers")
    )


@pytest.mark.rule("1.4")
def test_a_day_asked_for_with_its_neighbours_holds_every_invoice_of_the_day(desk: Desk) -> None:
    day = date.fromisoformat(desk.info["last_day"])
    around = Dates(day - timedelta(days=1), day + timedelta(days=1))
    found = [
        row
        for row in desk.servicetitan.invoices(invoiced=around)
        if getattr(row, "invoice_date", None) == day
    ]
    held = [
        row for row in desk.state("servicetitan", "invoices") if row["invoiceDate"][:10] == day.isoformat()
    ]
    assert held and ids_of(found) == ids_of(held)


def test_money_comes_to_the_cent_whatever_json_type_it_has(desk: Desk) -> None:
    held = {row["id"]: Decimal(str(row["total"])) for row in desk.state("servicetitan", "invoices")}
    read = {row.id: getattr(row, "total", None) for row in desk.servicetitan.invoices(ids=list(held))}
    assert read == held


def test_payments_are_found_by_the_invoices_they_are_applied_to(desk: Desk) -> None:
    held = desk.state("servicetitan", "payments")
    applied = {applied["appliedTo"] for row in held for applied in row["appliedTo"] or []}
    expected = [row for row in held if row["appliedTo"]]
    assert expected and ids_of(desk.servicetitan.payments(applied_to_invoice_ids=applied)) == ids_of(expected)


def test_contacts_are_found_by_their_customers(desk: Desk) -> None:
    held = desk.state("servicetitan", "contacts")
    customers = {row["customerId"] for row in held}
    found, bad = list_of(desk.servicetitan.customer_contacts(customer_ids=customers))
    assert bad == []
    assert ids_of(found) == ids_of(held)


def test_a_feed_is_followed_from_its_beginning_and_goes_on_from_its_token(desk: Desk) -> None:
    desk.switch("servicetitan", feed_page_size=5)
    pages = list(desk.servicetitan.export("invoices", include_recent_changes=True))
    rows = [row for page in pages for row in page.rows]
    assert set(ids_of(rows)) == set(ids_of(desk.state("servicetitan", "invoices")))
    assert len(pages) > 1 and not pages[-1].has_more
    again = list(desk.servicetitan.export("invoices", pages[-1].continue_from))
    assert [page.rows for page in again] == [()]


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_every_feed_of_the_table_exists(desk: Desk, feed: str) -> None:
    assert not list(desk.servicetitan.export(feed, "2026-01-01"))[-1].has_more


@pytest.mark.parametrize("name", sorted(set(ENDPOINTS) - {"customer-contacts"}))
def test_every_list_of_the_table_exists(desk: Desk, name: str) -> None:
    assert isinstance(list(desk.servicetitan.rows(name)), list)


@pytest.mark.parametrize(
    "kind", ["reset", "lost_response", "truncated", "http_500", "http_503_html", "http_429", "token_expired"]
)
def test_a_read_survives_every_kind_of_failure(desk: Desk, kind: str) -> None:
    desk.fault(kind, path="*/tax-zones*", times=2 if kind != "token_expired" else 1, half="servicetitan")
    good, bad = list_of(desk.servicetitan.tax_zones())
    assert (len(good), bad) == (len(desk.state("servicetitan", "tax-zones")), [])
    assert desk.budget.in_flight == 0


def test_a_throttled_read_waits_as_long_as_the_vendor_says(desk: Desk) -> None:
    desk.fault("http_429", path="*/tax-zones*", half="servicetitan")
    list(desk.servicetitan.tax_zones())
    assert len(desk.budget.penalties) == 1
    assert desk.time.slept[0] >= desk.budget.penalties[0] > 0


def test_a_token_that_ended_in_the_vendors_time_is_replaced(desk: Desk) -> None:
    list(desk.servicetitan.payment_types())
    desk.advance(16 * 60)
    assert list(desk.servicetitan.payment_types())
    assert len([one for one in desk.sent("/connect/token", half="servicetitan") if one["status"] == 200]) == 2


@pytest.mark.parametrize("body", ["problem", "empty", "html"])
def test_wrong_keys_stop_the_connection_whatever_the_body(desk: Desk, body: str) -> None:
    desk.switch("servicetitan", auth_error_body=body)
    with pytest.raises(ConnectionStopped) as wrong_secret:
        list(desk.make_servicetitan(client_secret="cs1.wrong").tax_zones())
    assert wrong_secret.value.code == "invalid_client"
    with pytest.raises(ConnectionStopped) as wrong_tenant:
        list(desk.make_servicetitan(tenant=1).tax_zones())
    assert wrong_tenant.value.code == "403"


def test_a_missing_scope_stops_the_connection(desk: Desk) -> None:
    desk.switch("servicetitan", scopes_withheld=["tn.acc.taxzones"])
    with pytest.raises(ConnectionStopped, match="scope"):
        list(desk.servicetitan.tax_zones())


def test_a_bad_filter_is_refused_with_its_name(desk: Desk) -> None:
    with pytest.raises(RemoteFault) as caught:
        list(desk.servicetitan.rows("tax-zones", filters=(("createdBefore", "never"),)))
    assert caught.value.status == 400
    assert "createdBefore" in caught.value.detail or "createdBefore" in caught.value.message
