"""Edits and voids of documents in closed books (rule 4)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.ids import find_markers
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.load.actions import WritePolicies
from tests.unit.load.builders import (
    DAY,
    Bench,
    World,
    application,
    credit,
    customer,
    invoice,
    item,
    payment,
    verdict,
)

CLOSED = DAY + timedelta(days=4)
ADJUST = WritePolicies(book_close_date=CLOSED, closed_period_edits="adjust")


def code(result: LoadResult) -> str:
    return result.reason.code if result.reason else ""


def gone(mapped: Mapped) -> Mapped:
    return verdict(mapped, Verdict.NOT_DUE, "deleted", "It is no longer active.")


def close(bench: Bench, days: int = 4, *, edits: str = "adjust") -> None:
    """Close the books through so many days after DAY."""
    end = DAY + timedelta(days=days)
    bench.quickbooks.close_date = end.isoformat()
    bench.policies = WritePolicies(book_close_date=end, closed_period_edits=edits)  # pyright: ignore[reportArgumentType] - one of two


def sync(bench: Bench, world: World) -> dict[str, LoadResult]:
    """Load the day with two items beside it."""
    beside = [customer(1), customer(2), item("SKU"), item("PART")]
    given: dict[str, Any] = {"reread": world.reread, "payments_of": world.payments_of}
    return bench.load(*beside, *world.of_day(DAY), **given)


def start(*mapped: Mapped) -> tuple[Bench, World]:
    bench, world = Bench(), World()
    world.put(*mapped)
    sync(bench, world)
    close(bench)
    return bench, world


def books(bench: Bench) -> dict[str, Decimal]:
    """Income by item, as all documents together say."""
    found: dict[str, Decimal] = {}
    names = {each["Id"]: each["Name"] for each in bench.quickbooks.all("Item")}
    for entity, sign in (("Invoice", 1), ("CreditMemo", -1)):
        for document in bench.quickbooks.all(entity):
            for line in document["Line"]:
                if line["DetailType"] == "SalesItemLineDetail":
                    name = names[line["SalesItemLineDetail"]["ItemRef"]["value"]]
                    found[name] = found.get(name, Decimal(0)) + sign * Decimal(line["Amount"])
            found["tax"] = found.get("tax", Decimal(0)) + sign * document["TxnTaxDetail"]["TotalTax"]
    return {name: amount for name, amount in found.items() if amount}


def of_source(bench: Bench, entity: str, source: str) -> dict[str, Any]:
    (found,) = [
        each
        for each in bench.quickbooks.all(entity)
        if source in map(str, find_markers(each["PrivateNote"]))
        and not each["PrivateNote"].startswith("Voided")
    ]
    return found


def assert_at_rest(bench: Bench, world: World) -> None:
    writes = len(bench.quickbooks.writes)
    results = sync(bench, world)
    assert len(bench.quickbooks.writes) == writes, [write[:2] for write in bench.quickbooks.writes[writes:]]
    settled = {Outcome.UNCHANGED, Outcome.VOIDED, Outcome.NOT_DUE}
    assert {result.outcome for result in results.values()} <= settled


@pytest.mark.rule("4")
def test_an_edit_of_a_closed_invoice_is_held_by_default() -> None:
    bench, world = start(invoice(10))
    close(bench, edits="hold")

    world.put(invoice(10, lines=[("SKU", "80.00")]))
    result = sync(bench, world)["invoice:10"]

    assert (result.outcome, code(result), books(bench)) == (
        Outcome.HELD,
        "closed_period",
        {"SKU": Decimal(100)},
    )


@pytest.mark.rule("4")
def test_a_closed_invoice_of_less_gets_a_credit_memo_for_the_difference_applied_to_it() -> None:
    bench, world = start(invoice(10, tax="8.00"))

    world.put(invoice(10, lines=[("SKU", "75.00")], tax="6.00"))
    results = sync(bench, world)

    memo = of_source(bench, "CreditMemo", "invoice:10/adjustment")
    assert (memo["TotalAmt"], memo["TxnDate"]) == (Decimal(27), (CLOSED + timedelta(days=1)).isoformat())
    assert "Invoice 10 of 2026-11-16" in memo["PrivateNote"]
    assert of_source(bench, "Invoice", "invoice:10")["Balance"] == Decimal(81)
    assert (results["invoice:10"].outcome, code(results["invoice:10"])) == (Outcome.UNCHANGED, "adjusted")
    assert books(bench) == {"SKU": Decimal(75), "tax": Decimal(6)}
    assert_at_rest(bench, world)


@pytest.mark.rule("4")
def test_a_closed_invoice_of_more_gets_an_invoice_and_moved_income_one_over_nothing() -> None:
    bench, world = start(invoice(10))

    world.put(invoice(10, lines=[("SKU", "70.00"), ("PART", "30.00")]))
    sync(bench, world)
    assert books(bench) == {"SKU": Decimal(70), "PART": Decimal(30)}
    assert of_source(bench, "Invoice", "invoice:10/adjustment")["TotalAmt"] == 0
    world.put(invoice(10, lines=[("SKU", "70.00"), ("PART", "45.00")]))
    sync(bench, world)

    assert of_source(bench, "Invoice", "invoice:10/adjustment")["TotalAmt"] == Decimal(15)
    assert_at_rest(bench, world)


@pytest.mark.rule("4", "3.6")
def test_a_closed_invoice_that_is_deleted_is_reversed_and_comes_back() -> None:
    bench, world = start(invoice(10, tax="8.00"))

    world.put(gone(invoice(10)))
    result = sync(bench, world)["invoice:10"]
    assert (result.outcome, code(result), books(bench)) == (Outcome.VOIDED, "adjusted", {})
    assert of_source(bench, "Invoice", "invoice:10")["Balance"] == 0
    assert_at_rest(bench, world)
    world.put(invoice(10, tax="8.00"))
    sync(bench, world)

    assert books(bench) == {"SKU": Decimal(100), "tax": Decimal(8)}
    assert of_source(bench, "Invoice", "invoice:10")["Balance"] == Decimal(108)
    assert_at_rest(bench, world)


@pytest.mark.rule("4")
def test_an_edit_that_no_difference_makes_good_is_held() -> None:
    bench, world = start(invoice(10))

    world.put(invoice(10, customer=2, lines=[("SKU", "80.00")]))
    result = sync(bench, world)["invoice:10"]

    assert (result.outcome, code(result), books(bench)) == (
        Outcome.HELD,
        "closed_period",
        {"SKU": Decimal(100)},
    )


@pytest.mark.rule("4")
def test_what_is_said_of_a_closed_document_is_true_whatever_follows() -> None:
    bench, world = start(invoice(10))
    world.put(invoice(10, CustomerMemo={"value": "Thank you"}))
    assert code(sync(bench, world)["invoice:10"]) == "closed_and_same"

    world.put(invoice(10, lines=[("SKU", "80.00")]))
    assert code(sync(bench, world)["invoice:10"]) == "adjusted"
    close(bench, 2)  # taken back in part: the first open day is an earlier one, and the difference stays
    world.put(invoice(10, lines=[("SKU", "70.00")]))
    told = sync(bench, world)["invoice:10/adjustment"].reason
    memo = of_source(bench, "CreditMemo", "invoice:10/adjustment")
    assert told is not None
    assert told.text.endswith(f"whose books are closed, on the open day {memo['TxnDate']}.")
    assert memo["TxnDate"] == (CLOSED + timedelta(days=1)).isoformat()

    world.put(invoice(10))
    assert code(sync(bench, world)["invoice:10"]) == "closed_and_same"
    assert books(bench) == {"SKU": Decimal(100)}


@pytest.mark.rule("4")
def test_the_next_difference_is_a_document_of_its_own_once_the_first_is_closed_too() -> None:
    bench, world = start(invoice(10))
    world.put(invoice(10, lines=[("SKU", "80.00")]))
    sync(bench, world)
    close(bench, 40)

    world.put(invoice(10, lines=[("SKU", "50.00")]))
    sync(bench, world)

    assert of_source(bench, "CreditMemo", "invoice:10/adjustment")["TotalAmt"] == Decimal(20)
    assert of_source(bench, "CreditMemo", "invoice:10/adjustment_2")["TotalAmt"] == Decimal(30)
    assert of_source(bench, "Invoice", "invoice:10")["Balance"] == Decimal(50)
    assert_at_rest(bench, world)


@pytest.mark.rule("4")
def test_books_opened_again_take_the_adjustment_back_into_the_document() -> None:
    bench, world = start(invoice(10))
    world.put(invoice(10, lines=[("SKU", "80.00")]))
    sync(bench, world)
    bench.quickbooks.close_date, bench.policies = "", replace(ADJUST, book_close_date=None)

    sync(bench, world)

    assert of_source(bench, "Invoice", "invoice:10")["TotalAmt"] == Decimal(80)
    assert books(bench) == {"SKU": Decimal(80)}
    assert_at_rest(bench, world)


@pytest.mark.rule("4")
def test_the_credit_of_a_paid_invoice_stays_open_and_is_not_tried_again() -> None:
    bench, world = start(invoice(10), payment(20, "100.00", applied={10: "100.00"}))

    world.put(invoice(10, lines=[("SKU", "80.00")]))
    results = sync(bench, world)

    tie = results["invoice:10/adjustment_application"]
    assert (tie.outcome, code(tie)) == (Outcome.UNCHANGED, "adjustment_open")
    assert of_source(bench, "CreditMemo", "invoice:10/adjustment")["Balance"] == Decimal(20)
    assert books(bench) == {"SKU": Decimal(80)}
    assert_at_rest(bench, world)


@pytest.mark.rule("4")
def test_the_credit_is_applied_as_far_as_an_open_payment_lets_go() -> None:
    late = payment(20, "100.00", applied={10: "100.00"}, TxnDate=(CLOSED + timedelta(days=9)).isoformat())
    bench, world = start(invoice(10), late)

    less = payment(20, "100.00", applied={10: "85.00"}, TxnDate=(CLOSED + timedelta(days=9)).isoformat())
    world.put(invoice(10, lines=[("SKU", "80.00")]), less)
    results = sync(bench, world)

    tie = results["invoice:10/adjustment_application"]
    assert (tie.outcome, code(tie)) == (Outcome.POSTED, "applied_what_is_open")
    assert of_source(bench, "CreditMemo", "invoice:10/adjustment")["Balance"] == Decimal(5)
    assert of_source(bench, "Invoice", "invoice:10")["Balance"] == 0
    assert_at_rest(bench, world)


@pytest.mark.rule("4")
def test_a_payment_that_needs_its_closed_self_changed_is_held() -> None:
    bench, world = start(invoice(10), invoice(11), payment(20, "60.00", applied={10: "60.00"}))

    world.put(payment(20, "60.00", applied={11: "60.00"}))
    result = sync(bench, world)["payment:20"]

    assert (result.outcome, code(result)) == (Outcome.HELD, "closed_period")


amounts = st.integers(0, 30_000).map(lambda cents: (Decimal(cents) / 100).quantize(Decimal("0.01")))
versions = st.tuples(amounts, amounts, st.integers(0, 999)).filter(lambda each: each[0] + each[1] > 0)
steps = st.lists(
    st.one_of(versions, st.just("gone"), st.integers(1, 30).map(lambda days: ("close", days))),
    min_size=1,
    max_size=7,
)


@pytest.mark.rule("4")
@settings(max_examples=120, deadline=None)
@given(versions, steps)
def test_whatever_is_edited_after_closing_the_sum_is_what_servicetitan_says(
    first: Any, history: list[Any]
) -> None:
    bench, world, closed = Bench(), World(), 0
    current: Any = first
    for step in [first, *history]:
        if step == "gone":
            current = None
        elif isinstance(step[0], str):
            closed = max(closed, step[1])
            close(bench, closed)
        else:
            current = step
        world.put(gone(invoice(10)) if current is None else version(*current))
        sync(bench, world)
        if can_be_posted(current, bench):
            assert books(bench) == meant(current)
    assert_at_rest_or_waiting(bench, world)


def version(first: Decimal, second: Decimal, tax: int) -> Mapped:
    return invoice(10, lines=[("SKU", str(first)), ("PART", str(second))], tax=str(Decimal(tax) / 100))


def meant(current: Any) -> dict[str, Decimal]:
    if current is None:
        return {}
    parts = {"SKU": current[0], "PART": current[1], "tax": Decimal(current[2]) / 100}
    return {name: amount for name, amount in parts.items() if amount}


def can_be_posted(current: Any, bench: Bench) -> bool:
    """Whether nothing is held: tax against the total cannot be put on one document."""
    held = [state for state in bench.ledger.states.values() if state.outcome is Outcome.HELD]
    return not any(state.reason and state.reason.code == "closed_period" for state in held)


def assert_at_rest_or_waiting(bench: Bench, world: World) -> None:
    writes = len(bench.quickbooks.writes)
    results = sync(bench, world)
    settled = all(
        result.outcome in (Outcome.UNCHANGED, Outcome.VOIDED, Outcome.HELD) for result in results.values()
    )
    assert settled
    ties = [each for each in results.values() if each.source.part.endswith("application")]
    assert len(bench.quickbooks.writes) == writes or any(tie.reason for tie in ties)


@pytest.mark.rule("4")
def test_a_document_that_is_gone_on_both_sides_waits_for_a_person_and_stops_nobody() -> None:
    bench, world = start(invoice(8), invoice(9))
    bench.quickbooks.objects["Invoice"].pop(of_source(bench, "Invoice", "invoice:8")["Id"])
    world.put(gone(invoice(8)))
    world.put(invoice(9, lines=[("SKU", "70.00")]))
    results = sync(bench, world)
    assert (results["invoice:8"].outcome, code(results["invoice:8"])) == (
        Outcome.HELD,
        "deleted_in_quickbooks",
    )
    assert results["invoice:9/adjustment"].outcome is Outcome.POSTED


@pytest.mark.rule("4", "3.4")
def test_a_closed_invoice_that_became_a_credit_gets_one_credit_memo_for_both() -> None:
    bench, world = start(invoice(10, tax="8.00"))

    world.put(credit("invoice:10", lines=[("SKU", "40.00")], tax="3.00"))
    result = sync(bench, world)["invoice:10"]

    assert (result.outcome, code(result), result.target) == (Outcome.UNCHANGED, "adjusted", "Invoice")
    assert of_source(bench, "CreditMemo", "invoice:10/adjustment")["TotalAmt"] == Decimal(151)
    assert of_source(bench, "Invoice", "invoice:10")["Balance"] == 0
    assert books(bench) == {"SKU": Decimal(-40), "tax": Decimal(-3)}
    assert_at_rest(bench, world)
    world.put(invoice(10, tax="8.00"))
    sync(bench, world)
    assert books(bench) == {"SKU": Decimal(100), "tax": Decimal(8)}


@pytest.mark.rule("4", "3.6")
def test_a_closed_write_off_that_is_deleted_is_charged_again() -> None:
    write_off = credit("payment:20/write_off", lines=[("SKU", "30.00")])
    tie = ("Invoice", "invoice:10", "30.00"), ("CreditMemo", "payment:20/write_off", "30.00")
    bench, world = start(invoice(10), write_off, application("payment:20/application", *tie))

    world.put(verdict(replace(write_off, source=write_off.source.record), Verdict.NOT_DUE, "deleted"))
    results = sync(bench, world)

    charge = of_source(bench, "Invoice", "payment:20/adjustment")
    assert (charge["TotalAmt"], charge["TxnDate"]) == (Decimal(30), (CLOSED + timedelta(days=1)).isoformat())
    assert books(bench) == {"SKU": Decimal(100)}
    assert {name: (each.outcome, code(each)) for name, each in results.items() if "payment" in name} == {
        "payment:20": (Outcome.NOT_DUE, "deleted"),
        "payment:20/write_off": (Outcome.VOIDED, "adjusted"),
        "payment:20/application": (Outcome.UNCHANGED, "adjusted"),
        "payment:20/adjustment": (Outcome.POSTED, "adjustment"),
        "payment:20/adjustment_application": (Outcome.UNCHANGED, "adjustment_open"),
    }
    assert_at_rest(bench, world)


@pytest.mark.rule("4", "3.1")
def test_a_closed_write_off_that_became_a_payment_is_taken_back_and_the_payment_posts() -> None:
    write_off = credit("payment:20/write_off", lines=[("SKU", "30.00")])
    tie = ("Invoice", "invoice:10", "30.00"), ("CreditMemo", "payment:20/write_off", "30.00")
    bench, world = start(invoice(10), write_off, application("payment:20/application", *tie))

    late = (CLOSED + timedelta(days=9)).isoformat()
    world.put(payment(20, "30.00", applied={10: "30.00"}, TxnDate=late))
    results = sync(bench, world)

    assert results["payment:20"].outcome is Outcome.POSTED
    assert of_source(bench, "Invoice", "payment:20/adjustment")["Balance"] == Decimal(30)
    assert of_source(bench, "Invoice", "invoice:10")["Balance"] == Decimal(40)
    assert books(bench) == {"SKU": Decimal(100)}
    assert_at_rest(bench, world)
