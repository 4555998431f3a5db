"""Whatever dies when: no duplicate and no loss."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.outcomes import Outcome, Verdict
from st_qbo_assets.store.intents import IntentState
from st_qbo_assets.store.links import LinkState
from tests.unit.load.builders import Bench, invoice, payment, verdict
from tests.unit.load.chaos import (
    SEAMS,
    Killed,
    Round,
    Trouble,
    assert_exactly_once,
    concurrent,
    play,
    replace_seam,
    rounds,
)


@pytest.mark.rule("5.1", "5.2", "5.3")
@settings(max_examples=150, deadline=None)
@given(rounds(), st.booleans())
def test_one_object_a_source_whatever_dies_when(plan: list[Round], refuses_duplicate_numbers: bool) -> None:
    bench = play(Bench(), plan, refuses_duplicate_numbers=refuses_duplicate_numbers)

    assert_exactly_once(bench, plan[-1].books)


@pytest.mark.rule("5.1")
@settings(max_examples=40, deadline=None)
@given(rounds())
def test_the_same_with_five_documents_in_flight(plan: list[Round]) -> None:
    bench = play(concurrent(Bench()), plan, refuses_duplicate_numbers=False)

    assert_exactly_once(bench, plan[-1].books)


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("seam", SEAMS)
@pytest.mark.parametrize("pause_seconds", [1.0, 601.0, 86_400.0])
@pytest.mark.parametrize("refuses_duplicate_numbers", [True, False])
def test_death_at_a_seam_is_made_good_by_the_next_load(
    seam: str, pause_seconds: float, refuses_duplicate_numbers: bool
) -> None:
    bench = Bench()
    bench.quickbooks.refuses_duplicate_numbers = refuses_duplicate_numbers
    bench.load_as_usual()
    records = (invoice(10), payment(20, "100.00", applied={10: "100.00"}))

    with pytest.raises(Killed):
        replace_seam(bench, Trouble([(seam, "killed")]).at).load_as_usual(*records)
    bench.clock.advance(pause_seconds)
    results = bench.load_as_usual(*records)

    assert [results["invoice:10"].outcome, results["payment:20"].outcome] == [Outcome.POSTED, Outcome.POSTED]
    assert (len(bench.quickbooks.all("Invoice")), len(bench.quickbooks.all("Payment"))) == (1, 1)
    assert bench.quickbooks.all("Invoice")[0]["Balance"] == 0


@pytest.mark.rule("5.1")
def test_a_young_intent_is_sent_again_with_the_same_request_id() -> None:
    bench = Bench()
    bench.load_as_usual()
    with pytest.raises(Killed):
        replace_seam(bench, Trouble([("after_intent", "killed")]).at).load_as_usual(invoice(10))

    bench.load_as_usual(invoice(10))

    assert len(bench.ledger.intents) == 3
    assert [send.intent.request_id for send in bench.ledger.sends[-2:]] == [
        bench.ledger.intents[-1].request_id
    ] * 2


@pytest.mark.rule("5.1", "5.2")
def test_an_old_intent_is_probed_before_anything_is_sent() -> None:
    bench = Bench()
    bench.load_as_usual()
    with pytest.raises(Killed):
        replace_seam(bench, Trouble([("after_intent", "killed")]).at).load_as_usual(invoice(10))
    bench.clock.advance(601)
    writes = len(bench.quickbooks.writes)

    bench.load_as_usual(invoice(10))

    assert [intent.state for intent in bench.ledger.intents[-2:]] == [IntentState.ABSENT, IntentState.POSTED]
    assert [intent.revision for intent in bench.ledger.intents[-2:]] == [1, 2]
    assert len(bench.quickbooks.writes) == writes + 1


@pytest.mark.rule("5.1")
def test_nothing_is_sent_before_its_intent_is_committed() -> None:
    bench = Bench()
    seen: list[int] = []
    bench.quickbooks.mischief = lambda moment, entity, body: (
        seen.append(len(bench.ledger.intents) - len(bench.quickbooks.writes)) if moment == "before" else None
    )

    bench.load_as_usual(invoice(10))

    assert seen == [0, 0, 0]


@pytest.mark.rule("5.1")
def test_a_lost_answer_is_asked_for_again_with_the_same_request_id() -> None:
    bench = Bench()
    bench.load_as_usual()
    bench.quickbooks.mischief = Trouble([("after", "lost"), ("before", "lost"), ("before", "busy")]).at

    results = bench.load_as_usual(invoice(10))

    assert results["invoice:10"].outcome is Outcome.POSTED
    assert len({request_id for *_, request_id in bench.quickbooks.writes[2:]}) == 1
    assert len(bench.quickbooks.all("Invoice")) == 1


@pytest.mark.rule("5.1")
def test_an_answer_that_never_comes_leaves_the_intent_open_and_the_record_failed() -> None:
    bench = Bench()
    bench.load_as_usual()
    bench.quickbooks.mischief = Trouble([("after", "lost")] * 99).at

    results = bench.load_as_usual(invoice(10))

    assert results["invoice:10"].outcome is Outcome.FAILED
    assert results["invoice:10"].reason is not None
    assert results["invoice:10"].reason.code == "not_settled"
    assert bench.ledger.intents[-1].state is IntentState.OPEN


@pytest.mark.rule("5.1", "5.3")
def test_a_to_b_to_a_ends_at_a() -> None:
    bench = Bench()
    for amount in ("100.00", "120.00", "100.00"):
        results = bench.load_as_usual(invoice(10, lines=[("SKU", amount)]))

    assert results["invoice:10"].operation == "update"
    assert bench.quickbooks.all("Invoice")[0]["TotalAmt"] == Decimal("100.00")
    assert len({intent.request_id for intent in bench.ledger.intents}) == len(bench.ledger.intents)


@pytest.mark.rule("5.1")
def test_back_to_a_while_b_is_unsettled_settles_b_first() -> None:
    bench = Bench()
    bench.load_as_usual(invoice(10))
    with pytest.raises(Killed):
        replace_seam(bench, Trouble([("after_send", "killed")]).at).load_as_usual(
            invoice(10, lines=[("SKU", "120.00")])
        )

    bench.load_as_usual(invoice(10))

    assert bench.quickbooks.all("Invoice")[0]["TotalAmt"] == Decimal("100.00")
    assert {intent.state for intent in bench.ledger.intents} == {IntentState.POSTED}


@pytest.mark.rule("5.1")
def test_an_open_intent_of_a_record_now_held_is_found_out_but_not_sent() -> None:
    bench = Bench()
    bench.load_as_usual()
    with pytest.raises(Killed):
        replace_seam(bench, Trouble([("after_intent", "killed")]).at).load_as_usual(invoice(10))
    writes = len(bench.quickbooks.writes)
    bench.clock.advance(601)

    results = bench.load_as_usual(verdict(invoice(10), Verdict.HELD, "tax_mode_none"))

    assert (results["invoice:10"].outcome, len(bench.quickbooks.writes)) == (Outcome.HELD, writes)
    assert bench.ledger.intents[-1].state is IntentState.ABSENT


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("moment", ["before", "after"], ids=["never arrived", "answer lost"])
def test_an_open_edit_of_what_was_voided_by_hand_and_is_not_due_is_never_sent_again(moment: str) -> None:
    bench, key = Bench(), (invoice(10).source, "Invoice")
    books = bench.quickbooks
    bench.load_as_usual(invoice(10))
    books.mischief = Trouble([(moment, "lost")] * 99).at
    bench.load_as_usual(invoice(10, lines=[("SKU", "150.00")]))
    books.mischief = Trouble([]).at
    there = books.all("Invoice")[0]
    books.void("Invoice", there["Id"], there["SyncToken"], "by hand")
    seen = {"TotalAmt": {"confirmed": "100.00", "now": "0"}}
    bench.ledger.kept_links[key] = replace(bench.ledger.kept_links[key], drift=seen)
    writes, closed = len(books.writes), verdict(invoice(10), Verdict.NOT_DUE, "job_not_completed")

    young = bench.load_as_usual(closed)["invoice:10"]
    bench.clock.advance(601)
    old = bench.load_as_usual(closed)["invoice:10"]

    assert young.reason is not None
    assert (young.outcome, young.reason.code, old.outcome) == (Outcome.FAILED, "not_settled", Outcome.VOIDED)
    assert (len(books.writes), bench.ledger.kept_links[key].state) == (writes, LinkState.VOIDED)
    assert bench.ledger.intents[-1].state is IntentState.ABSENT
