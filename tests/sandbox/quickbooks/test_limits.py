"""Request ids, throttles, metering."""

from __future__ import annotations

from pathlib import Path

import pytest

from st_qbo_sandbox.app import Sandbox
from tests.sandbox.quickbooks.company import Company


def test_a_repeated_request_id_gives_the_first_answer_to_the_letter(books: Company) -> None:
    first = books.post("invoice", books.sale(), requestid="abc")
    books.advance(86_400 * 20)
    books.connect()
    again = books.post("invoice", books.sale(books.line(7)), requestid="abc")
    assert (again.status, again.content) == (first.status, first.content)
    assert len(books.ids("select * from Invoice")) == 1
    assert books.control("stats")["duplicate_request_ids"] == 1


def test_the_first_answer_comes_back_even_when_the_object_has_changed(books: Company) -> None:
    first = books.post("invoice", books.sale(), requestid="abc").json()["Invoice"]
    books.act("delete", id=first["Id"])
    assert books.post("invoice", books.sale(), requestid="abc").json()["Invoice"] == first


def test_refusals_are_not_remembered_unless_switched(books: Company) -> None:
    def status(body: object) -> int:
        return books.post("invoice", body, requestid="abc").status

    assert [status({}), status(books.sale())] == [400, 200]
    books.switch(requestid_remembers_faults=True)
    assert books.post("invoice", {}, requestid="def").status == 400
    assert books.post("invoice", books.sale(), requestid="def").status == 400


def test_ids_can_be_forgotten_after_a_while_or_never_kept(books: Company) -> None:
    books.switch(requestid_minutes=10)

    def ids() -> str:
        return books.make("Invoice", books.sale(), requestid="abc")["Id"]

    first = ids()
    books.advance(500)
    assert ids() == first
    books.advance(101)
    second = ids()
    assert second != first
    assert ids() == second
    books.switch(requestid_replay=False)
    assert ids() != second


def test_another_body_may_be_a_fault(books: Company) -> None:
    books.switch(requestid_other_body="fault")
    books.make("Invoice", books.sale(), requestid="abc")
    assert books.post("invoice", books.sale(books.line(3)), requestid="abc").codes == ["600"]
    assert books.post("invoice", books.sale(), requestid="abc").status == 200


def test_a_request_id_has_at_most_50_characters(books: Company) -> None:
    assert books.post("invoice", books.sale(), requestid="x" * 50).status == 200
    assert books.post("invoice", books.sale(), requestid="x" * 51).codes == ["2130"]


@pytest.mark.parametrize("operation", ["void", "delete"])
def test_voids_and_deletes_are_replayed_too(books: Company, operation: str) -> None:
    target = {"Id": books.invoice()["Id"], "SyncToken": "0"}
    replies = [books.post("invoice", target, operation=operation, requestid="v") for _ in range(2)]
    assert replies[0].status == 200
    assert replies[0].content == replies[1].content


def test_an_answer_that_was_lost_is_given_again(books: Company) -> None:
    books.control(
        "faults", {"rules": [{"method": "POST", "path": "*invoice*", "kind": "lost_response", "times": 1}]}
    )
    with pytest.raises(ConnectionResetError):
        books.post("invoice", books.sale(), requestid="lost")
    made = books.make("Invoice", books.sale(), requestid="lost")
    assert books.ids("select * from Invoice") == [made["Id"]]


def test_request_ids_survive_a_restart(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path)
    books = Company(sandbox)
    books.switch(requests_per_second=None)
    books.connect()
    books.set_up()
    first = books.post("invoice", books.sale(), requestid="abc")
    state = books.control("state")
    balances = books.half.books.balances
    sandbox.stop()
    sandbox = Sandbox(tmp_path)
    again = Company(sandbox)
    again.token, again.names = books.token, books.names
    again.switch(requests_per_second=None)
    assert again.post("invoice", books.sale(), requestid="abc").content == first.content
    assert again.control("state") == state
    assert again.half.books.balances == balances
    assert int(again.invoice()["Id"]) == int(first.json()["Invoice"]["Id"]) + 1
    sandbox.stop()


def statuses(company: Company, calls: int) -> list[int]:
    return [company.api("GET", "preferences").status for _ in range(calls)]


def test_ten_requests_a_second(bare: Company) -> None:
    bare.connect()
    assert statuses(bare, 12).count(429) == 2
    bare.advance(1.01)
    assert statuses(bare, 1) == [200]


def test_five_hundred_requests_a_minute(bare: Company) -> None:
    bare.switch(requests_per_second=None)
    bare.connect()
    assert statuses(bare, 503).count(429) == 3
    bare.advance(61)
    assert statuses(bare, 1) == [200]
    assert bare.control("stats")["throttled"] == 3


def test_forty_batches_a_minute(bare: Company) -> None:
    bare.switch(requests_per_second=None)
    bare.connect()
    body = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Item"}]}
    found = [bare.post("batch", body).status for _ in range(42)]
    assert found.count(429) == 2
    assert statuses(bare, 1) == [200]


def test_sign_in_is_never_throttled(bare: Company) -> None:
    for _ in range(30):
        bare.connect()


def test_reads_are_metered_and_writes_are_not(books: Company) -> None:
    before = books.control("stats")["metered_reads"]
    made = books.invoice()
    books.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")
    assert books.control("stats")["metered_reads"] == before
    books.ask("select * from Item")
    books.read("Invoice", made["Id"])
    books.api("GET", "cdc", entities="Invoice", changedSince=made["MetaData"]["CreateTime"])
    books.post("batch", {"BatchItemRequest": [{"bId": "1", "Query": "select * from Item"}]})
    assert books.control("stats")["metered_reads"] == before + 4


def test_a_monthly_cap_stops_reads_until_the_next_month(books: Company) -> None:
    done = books.control("stats")["metered_reads"]
    books.switch(metered_reads_per_month=done + 1)
    assert statuses(books, 2) == [200, 429]
    assert books.post("invoice", books.sale()).status == 200
    books.advance(86_400 * 32)
    books.connect()
    assert statuses(books, 1) == [200]


def test_stats_count_calls_and_faults(books: Company) -> None:
    books.invoice()
    books.post("invoice", {})
    stats = books.control("stats")
    assert stats["calls"]["create Invoice"] == 2
    assert stats["faults"]["2020"] == 2
    assert stats["objects"]["Invoice"] == 1


def test_reset_empties_everything(books: Company) -> None:
    books.switch(subscription_locked=True)
    books.control("reset", {"empty": True})
    assert books.api("GET", "preferences").status == 401
    books.connect()
    stats = books.control("stats")
    assert (stats["objects"]["Account"], stats["objects"]["Preferences"]) == (0, 1)
    assert books.make("Customer", {"DisplayName": "First"})["Id"] == "1"


def test_unknown_switches_are_refused(bare: Company) -> None:
    reply = bare.http("POST", "/_sandbox/switches", b'{"quickbooks": {"colour": 1}}')
    assert reply.status == 400
    assert "colour" in reply.json()["error"]
