"""Export feeds: order, opaque tokens, the lag, recent changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client
from tests.sandbox.servicetitan.story import DELETED, OPEN, PAID, PARTLY

FEED = "accounting/export/invoices"


def drain(client: Client, feed: str, **query: Any) -> tuple[list[Any], str]:
    """Read a feed to its end; return ids and the last token."""
    ids: list[Any] = []
    while True:
        page = client.ok("GET", feed, **query)
        ids += [row["id"] for row in page["data"]]
        query["from"] = page["continueFrom"]
        if not page["hasMore"]:
            return ids, page["continueFrom"]


def test_a_feed_brings_everything_active_or_not_in_order_of_change(client: Client) -> None:
    page = client.ok("GET", FEED, activeState="ActiveOnly", customerId=story.BANK)

    assert [row["id"] for row in page["data"]] == [PAID, PARTLY, OPEN, DELETED]
    assert [row["active"] for row in page["data"]] == [True, True, True, False]
    assert list(page) == ["hasMore", "continueFrom", "data"]


def test_pages_follow_each_other_by_token(client: Client) -> None:
    client.switch(feed_page_size=3)
    first = client.ok("GET", FEED)
    second = client.ok("GET", FEED, **{"from": first["continueFrom"]})

    assert (len(first["data"]), first["hasMore"]) == (3, True)
    assert ([row["id"] for row in second["data"]], second["hasMore"]) == ([DELETED], False)
    assert client.ok("GET", FEED, **{"from": second["continueFrom"]})["data"] == []


def test_a_date_starts_with_the_records_changed_on_it(client: Client) -> None:
    assert drain(client, FEED, **{"from": "2026-03-06"})[0] == [OPEN, DELETED]
    assert drain(client, FEED, **{"from": story.stamp(6, 13)})[0] == [OPEN, DELETED]


@pytest.mark.parametrize("token", ["nonsense", "e30=", "2026-13-45"])
def test_a_token_that_is_none_is_refused(client: Client, token: str) -> None:
    assert client("GET", FEED, **{"from": token}).status_code == 400


def test_a_token_of_another_feed_is_refused(client: Client) -> None:
    _, token = drain(client, FEED)

    assert client("GET", "accounting/export/payments", **{"from": token}).status_code == 400


def test_a_change_shows_after_fifteen_minutes(client: Client) -> None:
    _, token = drain(client, FEED)
    client.act("touch", resource="invoices", id=PAID)

    assert drain(client, FEED, **{"from": token})[0] == []
    client.advance(890)
    assert drain(client, FEED, **{"from": token})[0] == []
    client.advance(30)
    assert drain(client, FEED, **{"from": token})[0] == [PAID]


def test_recent_changes_show_at_once_and_come_again_until_they_are_old(client: Client) -> None:
    _, token = drain(client, FEED)
    client.act("touch", resource="invoices", id=PAID)

    recent, token = drain(client, FEED, **{"from": token, "includeRecentChanges": "true"})
    again, token = drain(client, FEED, **{"from": token, "includeRecentChanges": "true"})
    client.advance(3600)
    once_more, token = drain(client, FEED, **{"from": token, "includeRecentChanges": "true"})
    quiet, _ = drain(client, FEED, **{"from": token, "includeRecentChanges": "true"})

    assert (recent, again, once_more, quiet) == ([PAID], [PAID], [PAID], [])


def test_recent_changes_over_several_pages_end(client: Client) -> None:
    client.switch(feed_page_size=1)
    _, token = drain(client, FEED)
    for id in (PAID, PARTLY, OPEN):
        client.act("touch", resource="invoices", id=id)

    assert drain(client, FEED, **{"from": token, "includeRecentChanges": "true"})[0] == [PAID, PARTLY, OPEN]


def test_items_of_invoices_have_a_feed_in_which_removed_ones_stay(client: Client) -> None:
    feed = "accounting/export/invoice-items"
    rows = client.rows(feed)
    assert [(row["id"], row["invoiceId"], row["active"]) for row in rows][-1] == (5, DELETED, False)

    client.act("update", resource="invoices", id=PARTLY, set={"items": [{"id": 3, "remove": True}]})
    removed = {row["id"]: row for row in client.rows(feed, includeRecentChanges="true")}[3]

    assert (removed["active"], removed["invoiceId"], removed["total"]) == (False, PARTLY, "50.00")


def test_merged_customers_and_deleted_contacts_are_in_their_feeds(client: Client) -> None:
    client.ok("DELETE", f"crm/customers/{story.ADA}/contacts/2")
    customers = {row["id"]: row for row in client.rows("crm/export/customers")}
    contacts = client.rows("crm/export/customers/contacts", includeRecentChanges="true")

    assert customers[story.GONE]["mergedToId"] == story.ADA
    assert [(row["id"], row["active"]) for row in contacts] == [(1, True), (3, True), (2, False)]
    assert client.ids(f"crm/customers/{story.ADA}/contacts") == [1]
