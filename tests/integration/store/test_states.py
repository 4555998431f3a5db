from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Reason, Verdict
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import record_changes
from st_qbo_assets.store.states import RecordStates
from tests.integration.store.builders import ACME, DAY, invoice, result

PAYMENT = SourceRef(Entity.PAYMENT, "9")
BLOCKED = Reason(
    "waits_for_invoice", "Its invoice is not posted.", "Post the invoice.", ("1001", "1002"), invoice(1)
)


@pytest.fixture
def states(database: Database) -> RecordStates:
    return RecordStates(database)


def test_a_state_comes_back_with_its_whole_reason(states: RecordStates) -> None:
    states.save(
        ACME, [result(PAYMENT, outcome=Outcome.BLOCKED, reason=BLOCKED, target="Payment", qbo_id="")], "run-1"
    )

    state = states.of_sources(ACME, [PAYMENT])[PAYMENT]

    assert (state.outcome, state.reason, state.target, state.run_id) == (
        Outcome.BLOCKED,
        BLOCKED,
        "Payment",
        "run-1",
    )


def test_a_held_edit_of_a_posted_document_still_names_its_object(states: RecordStates) -> None:
    states.save(ACME, [result()], "run-1")
    held = Mapped(invoice(), Verdict.HELD, DAY, reason=Reason("closed_period", "The period is closed."))

    states.save(ACME, [held], "run-2")

    state = states.of_sources(ACME, [invoice()])[invoice()]
    assert (state.outcome, state.verdict, state.qbo_id, state.target) == (
        Outcome.HELD,
        Verdict.HELD,
        "145",
        "Invoice",
    )


def test_a_due_record_has_no_state_until_it_was_loaded(states: RecordStates) -> None:
    states.save(ACME, [result()], "run-1")

    states.save(ACME, [Mapped(invoice(), Verdict.DUE, DAY)], "run-2")

    assert states.of_sources(ACME, [invoice()])[invoice()].outcome is Outcome.POSTED


def test_a_thousand_states_are_saved_and_read_together(states: RecordStates) -> None:
    states.save(ACME, [result(invoice(number), cents=number) for number in range(1000)], "run-1")

    assert len(states.of_days(ACME, Entity.INVOICE, [DAY])) == 1000
    [count] = states.counts(ACME, DAY, DAY)
    assert (count.count, count.cents, count.outcome) == (1000, sum(range(1000)), Outcome.POSTED)


def test_of_two_results_for_one_record_the_last_counts(states: RecordStates) -> None:
    states.save(ACME, [result(outcome=Outcome.FAILED), result()], "run-1")

    assert states.of_sources(ACME, [invoice()])[invoice()].outcome is Outcome.POSTED


@pytest.mark.rule("3.2")
def test_who_waits_for_a_record_is_found_by_it(states: RecordStates) -> None:
    states.save(ACME, [result(PAYMENT, outcome=Outcome.BLOCKED, reason=BLOCKED), result(invoice(2))], "run-1")

    found = states.waiting_for(ACME, [invoice(1), invoice(2)])

    assert {waited: [state.source for state in waiting] for waited, waiting in found.items()} == {
        invoice(1): [PAYMENT]
    }
    code = BLOCKED.code
    assert [state.source for state in states.waiting_because(ACME, code)] == [PAYMENT]
    assert states.waiting_because(ACME, f"{code} otherwise") == []


def test_only_rejected_failed_and_mismatched_records_make_a_day_fail(states: RecordStates) -> None:
    outcomes = list(Outcome)
    days = [DAY + timedelta(days=number) for number in range(len(outcomes))]
    states.save(
        ACME,
        [
            result(invoice(number), outcome=outcome, day=day)
            for number, (outcome, day) in enumerate(zip(outcomes, days, strict=True))
        ],
        "run-1",
    )

    failing = states.failing_days(ACME)

    assert failing == {
        Entity.INVOICE: [day for outcome, day in zip(outcomes, days, strict=True) if outcome.fails_partition]
    }
    assert len(failing[Entity.INVOICE]) == 3


def test_states_of_a_day_can_be_asked_for_by_outcome(states: RecordStates) -> None:
    states.save(ACME, [result(invoice(1)), result(invoice(2), outcome=Outcome.HELD)], "run-1")

    found = states.of_days(ACME, Entity.INVOICE, [DAY], outcomes=[Outcome.HELD, Outcome.BLOCKED])

    assert [state.source for state in found] == [invoice(2)]


def test_every_change_is_kept_and_a_repetition_is_none(states: RecordStates, database: Database) -> None:
    posted = result()
    moved = replace(posted, day=date(2026, 3, 9))
    for run, saved in enumerate([posted, posted, moved, replace(moved, outcome=Outcome.UNCHANGED)]):
        states.save(ACME, [saved], f"run-{run}")

    with database.autocommit() as connection:
        query = select(record_changes.c.outcome, record_changes.c.day, record_changes.c.run_id)
        kept = [tuple(row) for row in connection.execute(query.order_by(record_changes.c.id))]

    assert kept == [
        ("posted", DAY, "run-0"),
        ("posted", date(2026, 3, 9), "run-2"),
        ("unchanged", date(2026, 3, 9), "run-3"),
    ]


@pytest.mark.parametrize("table", ["record_states", "record_changes", "links", "decisions", "tie_outs"])
def test_no_row_that_tells_of_a_record_can_be_deleted(
    states: RecordStates, database: Database, table: str
) -> None:
    states.save(ACME, [result()], "run-1")

    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(text(f"TRUNCATE st_qbo.{table} CASCADE"))


def test_a_name_no_column_can_hold_does_not_fail_its_neighbours(states: RecordStates) -> None:
    states.save(ACME, [result(invoice(1), title="bad\x00 \ud800 name"), result(invoice(2))], "run-1")

    assert len(states.of_sources(ACME, [invoice(1), invoice(2)])) == 2


def test_a_reason_is_found_by_its_day_and_entity(states: RecordStates) -> None:
    states.save(ACME, [result(PAYMENT, outcome=Outcome.BLOCKED, reason=BLOCKED)], "run-1")
    days, code = [DAY, DAY + timedelta(days=1)], BLOCKED.code
    assert states.has_reason(ACME, code, [Entity.INVOICE, Entity.PAYMENT], days)
    assert not states.has_reason(ACME, code, [Entity.INVOICE], days)
    assert not states.has_reason(ACME, code, [Entity.PAYMENT], days[1:])
    assert not states.has_reason(ACME, "closed_period", [Entity.PAYMENT], days)
