"""Change data capture."""

from __future__ import annotations

from datetime import timedelta

import pytest

from st_qbo_sandbox.quickbooks.catalog import ENTITIES
from tests.sandbox.quickbooks.company import Body, Company, Reply


def capture(books: Company, entities: str, since: str) -> Reply:
    return books.api("GET", "cdc", entities=entities, changedSince=since)


def groups(reply: Reply) -> list[Body]:
    assert reply.status == 200, reply.text
    return reply.json()["CDCResponse"][0]["QueryResponse"]


def now(books: Company, **back: int) -> str:
    return (books.sandbox.clock.now() - timedelta(**back)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_changes_are_grouped_in_their_order_with_tombstones_last(books: Company) -> None:
    books.advance(1800)
    since = now(books)
    first, second, gone = (books.invoice(amount) for amount in (10, 20, 30))
    books.advance(5)
    books.post("invoice", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
    books.post("invoice", {"Id": first["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"})
    (invoices, customers) = groups(capture(books, "Invoice,Customer", since))
    assert [row["Id"] for row in invoices["Invoice"]] == [second["Id"], first["Id"], gone["Id"]]
    assert (invoices["startPosition"], invoices["maxResults"]) == (1, 3)
    assert invoices["Invoice"][1]["PrivateNote"] == "x"
    tombstone = invoices["Invoice"][2]
    assert set(tombstone) == {"domain", "status", "Id", "MetaData"}
    assert (tombstone["status"], set(tombstone["MetaData"])) == ("Deleted", {"LastUpdatedTime"})
    assert [row["DisplayName"] for row in customers["Customer"]] == ["Freeman, Ada"]


def test_nothing_changed(books: Company) -> None:
    books.advance(60)
    reply = capture(books, "Invoice,Payment", now(books))
    assert reply.json()["CDCResponse"] == [{"QueryResponse": [{}]}]


def test_the_boundary_second_is_inside(books: Company) -> None:
    made = books.invoice()
    (invoices,) = groups(capture(books, "Invoice", made["MetaData"]["LastUpdatedTime"]))
    assert [row["Id"] for row in invoices["Invoice"]] == [made["Id"]]


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%dT%H:%M:%S+00:00",
        "%Y-%m-%dT%H:%M:%S.%fZ",
        "%Y-%m-%dT%H:%M:%S+0000",
        "%Y-%m-%d %H:%M:%S+00:00",
        "%Y-%m-%dT%H:%MZ",
        "%Y-%m-%d",
    ],
)
def test_dates_in_every_common_form(books: Company, form: str) -> None:
    since = (books.sandbox.clock.now() - timedelta(days=2)).strftime(form)
    books.invoice()
    assert groups(capture(books, "invoice", since))[0]["maxResults"] == 1


def test_a_plus_that_became_a_blank_is_understood(books: Company) -> None:
    books.invoice()
    since = (books.sandbox.clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    reply = books.api("GET", f"cdc?entities=Invoice&changedSince={since}+00:00")
    assert groups(reply)[0]["maxResults"] == 1


def test_a_time_without_zone_is_pacific(books: Company) -> None:
    stamp = books.invoice()["MetaData"]["LastUpdatedTime"][:19]
    assert groups(capture(books, "Invoice", stamp))[0]["maxResults"] == 1


@pytest.mark.parametrize(
    ("entities", "since", "code"),
    [
        ("Invoice", "2020-01-01", "2240"),
        ("Invoice", "yesterday", "2060"),
        ("Invoice", "", "2020"),
        ("", "2020-01-01", "2020"),
        ("TaxCode", None, "2170"),
        ("TaxAgency", None, "2170"),
        ("Nonsense", None, "2170"),
    ],
)
def test_what_cannot_be_captured(books: Company, entities: str, since: str | None, code: str) -> None:
    reply = capture(books, entities, now(books) if since is None else since)
    assert (reply.status, reply.codes) == (400, [code])


def test_at_most_1000_objects(books: Company) -> None:
    for _ in range(990):
        books.half.operations.create(ENTITIES["Invoice"], books.sale())
    for number in range(20):
        books.make("Customer", {"DisplayName": f"Name {number}"})
    found = groups(capture(books, "Invoice,Customer", now(books, hours=1)))
    assert [group["maxResults"] for group in found] == [990, 10]
    books.switch(cdc_limit_per_entity=True)
    found = groups(capture(books, "Invoice,Customer", now(books, hours=1)))
    assert [group["maxResults"] for group in found] == [990, 22]


def test_side_effects_and_inactive_names_are_changes(books: Company) -> None:
    invoice = books.invoice(50)
    books.advance(1800)
    since = now(books)
    books.pay(50, invoice["Id"])
    books.act("inactivate", entity="Customer", id=books.names["other"])
    (invoices, customers) = groups(capture(books, "Invoice,Customer", since))
    assert invoices["Invoice"][0]["Balance"] == 0
    assert {row["Active"] for row in customers["Customer"]} == {True, False}


def test_a_voided_invoice_comes_as_an_ordinary_object(books: Company) -> None:
    made = books.invoice()
    books.advance(60)
    since = now(books)
    books.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")
    (invoices,) = groups(capture(books, "Invoice", since))
    assert (invoices["Invoice"][0]["TotalAmt"], "status" in invoices["Invoice"][0]) == (0, False)
