import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import IntegrityError

from st_qbo_assets.domain.errors import LedgerConflict
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.intents import Attempt, AttemptOutcome, Closing, IntentState, request_id_of
from st_qbo_assets.store.ledger import Ledger
from st_qbo_assets.store.links import LinkState
from st_qbo_assets.store.markers import MarkedObject, Markers
from st_qbo_assets.store.schema import attempts, intents
from tests.integration.store.builders import ACME, REALM, draft, invoice, link


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


def test_an_intent_and_its_attempt_are_committed_before_anything_is_sent(ledger: Ledger) -> None:
    attempt = ledger.begin(draft())

    found = ledger.open_intent(ACME, invoice(), "Invoice")

    assert found is not None
    assert (found.id, found.attempts, found.state) == (attempt.intent.id, 1, IntentState.OPEN)
    assert found.first_sent_at == attempt.sent_at


@pytest.mark.rule("5.1")
def test_the_request_id_the_database_makes_is_the_one_we_can_reckon(ledger: Ledger) -> None:
    wanted = draft(invoice(), digest="ä" * 64)

    intent = ledger.begin_intent(wanted)

    assert intent.request_id == request_id_of(wanted, 1)
    assert len(intent.request_id) <= 50


@pytest.mark.rule("5.1")
def test_no_second_intent_opens_while_the_first_is_unsettled(ledger: Ledger) -> None:
    ledger.begin_intent(draft())

    with pytest.raises(LedgerConflict, match="open Invoice intent"):
        ledger.begin(draft(digest="d2"))


@pytest.mark.rule("5.5")
def test_parts_of_one_record_have_intents_of_their_own(ledger: Ledger) -> None:
    ledger.begin(draft(invoice()))
    ledger.begin(draft(invoice(part="refund"), target="Purchase"))

    assert {str(source) for source in ledger.open_intents(ACME)} == {
        "invoice:8001001",
        "invoice:8001001/refund",
    }


@pytest.mark.rule("5.1")
def test_edit_a_to_b_to_a_opens_three_intents_with_three_request_ids(ledger: Ledger) -> None:
    seen: list[str] = []
    for digest in ("a", "b", "a"):
        attempt = ledger.begin(draft(digest=digest))
        ledger.close_posted(attempt, link=link(digest=digest))
        seen.append(attempt.intent.request_id)

    assert len(set(seen)) == 3
    known = ledger.link(ACME, invoice(), "Invoice")
    assert known is not None
    assert known.digest == "a"


@pytest.mark.rule("5.1")
def test_a_resend_keeps_the_request_id_and_closes_what_a_dead_process_left(ledger: Ledger) -> None:
    dead = ledger.begin(draft())
    intent = ledger.open_intent(ACME, invoice(), "Invoice")
    assert intent is not None

    again = ledger.begin_attempt(intent, run_id="run-2")

    assert (again.number, again.intent.request_id) == (2, dead.intent.request_id)
    first, second = ledger.attempts([intent.id])
    assert (first.outcome, first.closing.code) == (AttemptOutcome.FAILED, "lost")
    assert (second.outcome, second.run_id) == (AttemptOutcome.SENDING, "run-2")


def test_posting_closes_attempt_and_intent_and_keeps_link_and_marker(
    ledger: Ledger, database: Database
) -> None:
    attempt = ledger.begin(draft())
    answer = {"Id": "145", "TotalAmt": Decimal("125.50")}

    ledger.close_posted(
        attempt,
        link=link(confirmed={"TotalAmt": Decimal("125.50")}),
        closing=Closing(http_status=200, intuit_tid="1-abc", duration_ms=151, answer=answer),
        marked=MarkedObject("Invoice", "145", (invoice(),), total_cents=12550),
    )

    [closed] = ledger.attempts([attempt.intent.id])
    assert (closed.outcome, closed.intent.state) == (AttemptOutcome.POSTED, IntentState.POSTED)
    assert closed.closing == Closing(200, intuit_tid="1-abc", duration_ms=151, answer=answer)
    known = ledger.link(ACME, invoice(), "Invoice")
    assert known is not None
    assert known.confirmed == {"TotalAmt": Decimal("125.50")}
    assert [item.qbo_id for item in Markers(database).of_source(REALM, invoice())] == ["145"]
    assert ledger.open_intent(ACME, invoice(), "Invoice") is None


@pytest.mark.rule("5.4")
def test_a_mismatch_is_closed_and_keeps_its_link(ledger: Ledger) -> None:
    attempt = ledger.begin(draft())

    ledger.close_posted(attempt, link=link(state=LinkState.MISMATCH), mismatch=True)

    [closed] = ledger.attempts([attempt.intent.id])
    assert closed.intent.state is IntentState.MISMATCH
    known = ledger.link(ACME, invoice(), "Invoice")
    assert known is not None
    assert known.state is LinkState.MISMATCH


@pytest.mark.rule("5.1")
def test_a_transient_failure_leaves_the_intent_open(ledger: Ledger) -> None:
    attempt = ledger.begin(draft())

    ledger.close_attempt(attempt, AttemptOutcome.FAILED, Closing(503, code="http_503", message="try again"))

    found = ledger.open_intent(ACME, invoice(), "Invoice")
    assert found is not None
    assert found.attempts == 1


@pytest.mark.rule("5.1")
def test_a_refusal_closes_the_intent_and_the_next_one_has_a_higher_revision(ledger: Ledger) -> None:
    attempt = ledger.begin(draft())

    ledger.close_attempt(attempt, AttemptOutcome.REJECTED, Closing(400, code="6210", message="closed period"))

    assert ledger.open_intent(ACME, invoice(), "Invoice") is None
    assert ledger.begin_intent(draft()).revision == 2


@pytest.mark.rule("5.1")
def test_proven_absence_closes_the_intent(ledger: Ledger) -> None:
    attempt = ledger.begin(draft())

    ledger.close_absent(attempt.intent, message="no document with number 1001")

    [closed] = ledger.attempts([attempt.intent.id])
    assert (closed.outcome, closed.intent.state) == (AttemptOutcome.FAILED, IntentState.ABSENT)


@pytest.mark.rule("5.2")
def test_a_write_found_by_a_probe_is_posted_without_being_sent_again(ledger: Ledger) -> None:
    attempt = ledger.begin(draft())

    ledger.close_found(attempt.intent, link=link(), closing=Closing(code="found", answer={"Id": "145"}))

    [closed] = ledger.attempts([attempt.intent.id])
    assert (closed.outcome, closed.closing.code) == (AttemptOutcome.POSTED, "found")
    assert ledger.link(ACME, invoice(), "Invoice") is not None


def test_an_intent_that_was_never_sent_can_be_settled(ledger: Ledger) -> None:
    ledger.close_absent(ledger.begin_intent(draft()))

    assert ledger.open_intents(ACME) == {}


def test_nothing_closes_twice(ledger: Ledger) -> None:
    attempt = ledger.begin(draft())
    ledger.close_posted(attempt, link=link())

    with pytest.raises(LedgerConflict, match="closed already"):
        ledger.close_posted(attempt, link=link(sync_token="1"))
    with pytest.raises(LedgerConflict, match="closed already"):
        ledger.close_attempt(attempt, AttemptOutcome.FAILED, Closing())
    with pytest.raises(LedgerConflict, match="closed already"):
        ledger.begin_attempt(attempt.intent)
    known = ledger.link(ACME, invoice(), "Invoice")
    assert known is not None
    assert known.sync_token == "0"


def test_a_document_linked_to_another_record_rolls_all_of_the_close_back(ledger: Ledger) -> None:
    ledger.save_link(link(invoice(1), qbo_id="145"))
    attempt = ledger.begin(draft(invoice(2)))

    with pytest.raises(LedgerConflict, match="linked to another record"):
        ledger.close_posted(attempt, link=link(invoice(2), qbo_id="145"))

    assert ledger.open_intent(ACME, invoice(2), "Invoice") is not None
    assert ledger.link(ACME, invoice(2), "Invoice") is None


@pytest.mark.parametrize("table", [intents, attempts], ids=["intents", "attempts"])
def test_the_database_itself_refuses_to_rewrite_or_delete_history(
    ledger: Ledger, database: Database, table
) -> None:
    ledger.close_posted(ledger.begin(draft()), link=link())

    for statement in (delete(table), update(table).values(run_id="x"), text(f"TRUNCATE {table} CASCADE")):
        with pytest.raises(IntegrityError), database.begin() as connection:
            connection.execute(statement)


def test_an_open_intent_may_only_be_closed_never_reworded(ledger: Ledger, database: Database) -> None:
    ledger.begin(draft())

    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(update(intents).values(request={"CustomerRef": {"value": "59"}}))


@pytest.mark.rule("5.1")
def test_the_age_of_the_first_send_is_told_by_the_clock(database: Database) -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    clocked = Database(database.url, clock=lambda: now)
    ledger = Ledger(clocked)
    attempt = ledger.begin(draft())
    ledger.close_attempt(attempt, AttemptOutcome.FAILED, Closing(code="timeout"))

    now += timedelta(minutes=11)
    found = ledger.open_intent(ACME, invoice(), "Invoice")

    assert found is not None
    assert found.seconds_since_first_sent == 660
    clocked.dispose()


def test_one_of_five_threads_opens_the_intent_and_the_others_are_told(ledger: Ledger) -> None:
    said: Counter[str] = Counter()
    start = threading.Barrier(5)

    def write() -> None:
        start.wait()
        try:
            ledger.begin(draft())
            said["opened"] += 1
        except LedgerConflict:
            said["refused"] += 1

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said == {"opened": 1, "refused": 4}


def test_five_threads_post_beside_each_other(ledger: Ledger) -> None:
    numbers = iter(range(100))
    guard = threading.Lock()

    def write() -> None:
        while True:
            with guard:
                number = next(numbers, None)
            if number is None:
                return
            with ledger.lock(ACME, invoice(number)):
                attempt = ledger.begin(draft(invoice(number)))
                ledger.close_posted(attempt, link=link(invoice(number), qbo_id=str(number)))

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ledger.links(ACME, [invoice(number) for number in range(100)])) == 100
    assert ledger.open_intents(ACME) == {}


def test_intents_of_two_companies_do_not_meet(ledger: Ledger) -> None:
    other = Company("bravo")
    ledger.begin(draft())
    ledger.begin(draft(company=other, digest="d9"))

    assert len(ledger.open_intents(ACME, [invoice()])) == 1
    assert len(ledger.open_intents(other, [invoice()])) == 1


def test_a_hostile_payload_is_kept_verbatim(ledger: Ledger) -> None:
    body = {"PrivateNote": "nul \x00 lone \ud800 quote ' % :x", "Qty": Decimal("1.50")}

    ledger.begin(draft(payload=body, request=body))

    found = ledger.open_intent(ACME, invoice(), "Invoice")
    assert found is not None
    assert found.request == body
    assert str(found.request["Qty"]) == "1.50"
    ledger.close_attempt(
        _attempt_of(ledger, found.id), AttemptOutcome.REJECTED, Closing(400, message="bad \x00 text \ud800")
    )


def _attempt_of(ledger: Ledger, intent_id: int) -> Attempt:
    return replace(ledger.attempts([intent_id])[0])
