"""Batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.quickbooks.company import Body, Company

SAMPLE = json.loads(Path(__file__).with_name("fault_samples.json").read_text())["bodies"]["batch-item-faults"]


def run(books: Company, *items: Body, **query: Any) -> list[Body]:
    reply = books.post("batch", {"BatchItemRequest": list(items)}, **query)
    assert reply.status == 200, reply.text
    return reply.json()["BatchItemResponse"]


def test_items_stand_or_fall_by_themselves(books: Company) -> None:
    invoice, stale = books.invoice(), books.invoice()
    answers = run(
        books,
        {"bId": "1", "operation": "create", "Vendor": {"DisplayName": "Freeman, Ada"}},
        {"bId": "2", "operation": "delete", "Invoice": {"Id": invoice["Id"], "SyncToken": "0"}},
        {"bId": "3", "operation": "update", "Invoice": {"Id": stale["Id"], "SyncToken": "9", "sparse": True}},
        {"bId": "4", "Query": "select * from Invoice where Balance > '0'"},
        {"bId": "5", "operation": "create", "Customer": {"DisplayName": "New"}},
        {"bId": "6", "operation": "delete", "Invoice": {"Id": "129", "SyncToken": "0"}},
    )
    assert [answer["bId"] for answer in answers] == ["1", "2", "3", "4", "5", "6"]
    faults = {a["bId"]: [e["code"] for e in a["Fault"]["Error"]] for a in answers if "Fault" in a}
    assert faults == {"1": ["6240"], "3": ["5010"], "6": ["610"]}
    assert answers[1]["Invoice"]["status"] == "Deleted"
    assert [row["Id"] for row in answers[3]["QueryResponse"]["Invoice"]] == [stale["Id"]]
    assert answers[4]["Customer"]["SyncToken"] == "0"


def test_a_fault_of_an_item_has_the_recorded_form(books: Company) -> None:
    books.prefer("OtherPrefs", NameValue=[{"Name": "WarnDuplicateJournalNumber", "Value": "true"}])
    line = {
        "Amount": 5,
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": {"PostingType": "Debit", "AccountRef": {"value": books.names["bank"]}},
    }
    other = {**line, "JournalEntryLineDetail": {**line["JournalEntryLineDetail"], "PostingType": "Credit"}}
    body = {"DocNumber": "AA_2025-07_7676ce", "Line": [line, other]}
    made = books.make("JournalEntry", body)
    (answer,) = run(books, {"bId": "1", "operation": "create", "JournalEntry": body})
    expected = SAMPLE["BatchItemResponse"][0]
    expected["Fault"]["Error"][0]["Detail"] = expected["Fault"]["Error"][0]["Detail"].replace(
        "3632", made["Id"]
    )
    expected["Fault"]["Error"] = expected["Fault"]["Error"][:1]
    assert answer == expected


def test_thirty_queries_in_one_batch(books: Company) -> None:
    items = [{"bId": str(n), "Query": "select count(*) from Customer"} for n in range(30)]
    assert all(answer["QueryResponse"] == {"totalCount": 2} for answer in run(books, *items))
    reply = books.post("batch", {"BatchItemRequest": [*items, items[0]]})
    assert (reply.status, reply.codes) == (400, ["1040"])


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"operation": "create"}, "2010"),
        ({"operation": "create", "Nonsense": {}}, "2010"),
        ({"operation": "paint", "Invoice": {}}, "500"),
        ({"operation": "delete", "Customer": {"Id": "1", "SyncToken": "0"}}, "500"),
        ({"Query": "select"}, "4000"),
    ],
)
def test_an_item_that_is_none(books: Company, item: Body, code: str) -> None:
    (answer,) = run(books, {"bId": "x", **item})
    assert [error["code"] for error in answer["Fault"]["Error"]] == [code]


def test_voiding_in_a_batch(books: Company) -> None:
    payment = books.pay(5)
    body = {"Id": payment["Id"], "SyncToken": "0", "sparse": True}
    (answer,) = run(books, {"bId": "1", "operation": "update", "optionsData": "void", "Payment": body})
    assert answer["Payment"]["TotalAmt"] == 0


def test_changes_can_be_asked_for_in_a_batch(books: Company) -> None:
    since = books.invoice()["MetaData"]["LastUpdatedTime"]
    (answer,) = run(books, {"bId": "1", "CDCQuery": {"Entities": "Invoice", "ChangedSince": since}})
    assert answer["CDCResponse"][0]["QueryResponse"][0]["maxResults"] == 1


def test_a_batch_is_replayed_only_with_the_same_items(books: Company) -> None:
    def item(b_id: str) -> Body:
        return {"bId": b_id, "operation": "create", "Invoice": books.sale()}

    first = run(books, item("a"), requestid="r1")
    assert run(books, item("a"), requestid="r1") == first
    assert run(books, item("b"), requestid="r1") != first
    assert len(books.ids("select * from Invoice")) == 2


@pytest.mark.parametrize(("request_id", "b_id"), [("r" * 37, "a"), ("r", "b" * 11)])
def test_batch_ids_are_short(books: Company, request_id: str, b_id: str) -> None:
    body = {"BatchItemRequest": [{"bId": b_id, "Query": "select * from Item"}]}
    assert books.post("batch", body, requestid=request_id).codes == ["2130"]
    long_without = {"BatchItemRequest": [{"bId": "b" * 36, "Query": "select * from Item"}]}
    assert books.post("batch", long_without).status == 200
