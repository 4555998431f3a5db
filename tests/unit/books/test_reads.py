"""What is asked of both systems for a range of days, and how seldom QuickBooks is asked."""

from datetime import timedelta
from decimal import Decimal

import pytest

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.quickbooks_side import ENTITIES
from st_qbo_assets.books.reads import QuickBooksReader, read_servicetitan_books
from st_qbo_assets.domain.ids import SourceRef
from tests.unit.books.world import (
    DAY,
    TODAY,
    WEEK,
    FakeQuickBooks,
    FakeServiceTitan,
    World,
    applied_line,
    line,
)

HVAC = ("40100", "HVAC Service")


@pytest.fixture
def world() -> World:
    world = World()
    for id_ in range(1, 9):
        world.invoice(id_, WEEK[id_ % 5])
        world.payment(id_, WEEK[(id_ + 2) % 5], applied={id_: 500})
    return world.settle()


@pytest.mark.rule("6.3", "11")
def test_a_range_of_days_that_agrees_costs_two_metered_calls(world: World) -> None:
    assert world.causes() == {}
    days, items = world.statements
    assert [statement.split(" WHERE ")[0] for statement in days] == [
        f"SELECT * FROM {entity}" for entity in ENTITIES
    ]
    assert all("TxnDate >= '2026-11-10' AND TxnDate <= '2026-11-14'" in statement for statement in days)
    (item,) = items
    assert item.startswith("SELECT *, Sku FROM Item WHERE Id IN ('i401') AND Active IN (true, false) ")


@pytest.mark.rule("6.3")
def test_days_without_documents_cost_one_call() -> None:
    world = World()
    assert world.causes() == {}
    assert len(world.statements) == 1


def test_only_a_difference_in_balances_costs_a_third_call(world: World) -> None:
    world.typed_by_hand("Payment", 77, day=DAY + timedelta(days=90), Line=[applied_line(1003, 100)])
    assert world.settle().causes() == {"balances invoice:3": "paid_in_quickbooks_by_hand"}
    assert [len(call) for call in world.statements] == [len(ENTITIES), 1, 1]
    assert "FROM Payment WHERE Id IN ('77')" in world.statements[2][0]


def test_a_page_that_is_full_is_followed_by_the_next_of_that_entity_alone(world: World) -> None:
    for _ in range(4):
        world.objects["Payment"].popitem()
    reader = QuickBooksReader(FakeQuickBooks(world), page=5)
    reader.read_days(WEEK[0], WEEK[-1])
    assert sum(key.target == "Invoice" for key in reader.documents) == 8
    assert [[statement.split()[3] for statement in call] for call in world.statements] == [
        [*ENTITIES],
        ["Invoice"],
    ]


def test_an_item_nobody_knows_is_asked_for_once(world: World) -> None:
    world.objects["Invoice"]["1001"]["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] = "gone"
    world.causes()
    assert sum("'gone'" in statement for call in world.statements for statement in call) == 1


@pytest.mark.rule("1.4")
def test_servicetitan_is_asked_from_the_day_before_to_the_day_after(world: World) -> None:
    asked: list[tuple[object, dict[str, str]]] = []

    class Listening(FakeServiceTitan):
        def rows(self, endpoint, *, ids=None, filters=()):  # noqa: ANN001, ANN202
            asked.append((endpoint, dict(filters)))
            return super().rows(endpoint, ids=ids, filters=filters)

    read_servicetitan_books(Listening(world), world.company, WEEK[:2], today=TODAY)
    assert (
        "invoices",
        {"invoicedOnOrAfter": "2026-11-09T00:00:00Z", "invoicedOnBefore": "2026-11-13T00:00:00Z"},
    ) in asked
    assert (
        "payments",
        {"paidOnAfter": "2026-11-09T00:00:00Z", "paidOnBefore": "2026-11-13T00:00:00Z"},
    ) in asked
    # Midnight in Chicago is six in the morning in plain Z: what has no date is sought by when it was made.
    made = {"createdOnOrAfter": "2026-11-10T06:00:00.000000Z", "createdBefore": "2026-11-12T06:00:00.000000Z"}
    assert ("invoices", made) in asked


def test_jobs_are_asked_for_once_and_only_those_of_the_invoices(world: World) -> None:
    world.invoices["1"]["job"] = {"id": 5}
    world.invoices["2"]["job"] = {"id": 5}
    world.jobs["5"] = {"id": 5, "jobStatus": "Completed", "modifiedOn": "2026-11-10T00:00:00Z"}
    world.jobs["6"] = {"id": 6, "jobStatus": "Completed"}
    world.invoices["1"]["syncStatus"] = "Pending"
    books = read_servicetitan_books(FakeServiceTitan(world), world.company, WEEK, today=TODAY)
    assert books.documents[SourceRef.parse("invoice:1")].counts


def test_records_asked_for_and_not_found_are_absent(world: World) -> None:
    world.payments["1"]["appliedTo"].append({"appliedTo": 4711, "appliedAmount": "1.00"})
    books = read_servicetitan_books(FakeServiceTitan(world), world.company, WEEK, today=TODAY)
    assert books.absent == {SourceRef.parse("invoice:4711")}


def test_linked_objects_asked_for_and_not_found_are_absent(world: World) -> None:
    del world.objects["Invoice"]["1004"]
    assert world.settle().gather().quickbooks.absent == {QboKey("Invoice", "1004")}


@pytest.mark.rule("2.1")
def test_items_of_documents_that_came_by_id_are_read_too(world: World) -> None:
    moved = world.objects["Invoice"]["1004"]
    moved |= {
        "TxnDate": str(DAY + timedelta(days=60)),
        "Line": [line("402", "100.00")],
        "TotalAmt": Decimal("100.00"),
    }
    found = world.gather()
    assert found.quickbooks.items.keys() == {"i401", "i402"}


@pytest.mark.rule("1.4")
def test_a_record_without_an_id_is_counted_all_the_same(world: World) -> None:
    world.st_invoice(9, DAY, cents={HVAC: 100})
    world.invoices["9"]["id"] = None
    assert world.tie_out()[0].figure("invoices").servicetitan_count == 2
