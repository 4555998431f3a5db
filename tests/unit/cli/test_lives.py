"""A life told to programs and to people."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from st_qbo_assets.cli.lives import Places, life_document, print_life
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import Company, Entity, Realm, RequestId, SourceRef, Tenant
from st_qbo_assets.domain.outcomes import Outcome, Reason, Verdict
from st_qbo_assets.store.audit import Decision, Life, StateChange
from st_qbo_assets.store.intents import Attempt, AttemptOutcome, Closing, Intent, IntentState, Operation
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.states import RecordState

SOURCE = SourceRef(Entity.INVOICE, "8001001")
DAY = date(2026, 3, 2)
START = datetime(2026, 3, 3, 4, 30, tzinfo=UTC)
PLACES = Places("http://127.0.0.1:3000", Environment.PRODUCTION, ZoneInfo("America/Chicago"))
WAITS = Reason(
    "class_unmapped",
    "Business unit HVAC [north] has no class in QuickBooks.",
    remedy="Name it under `classes`.",
    suggestions=("HVAC:Service",),
    waits_for=SourceRef(Entity.CUSTOMER, "77"),
)


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def intent(state: IntentState = IntentState.POSTED, **changes: object) -> Intent:
    given = {
        "id": 1,
        "company": Company("acme"),
        "tenant": Tenant("1420761"),
        "realm": Realm("93"),
        "source": SOURCE,
        "target": "Invoice",
        "operation": Operation.CREATE,
        "digest": "abcdef0123456789",
        "revision": 1,
        "request_id": RequestId("st-qbo-1"),
        "payload": {"CustomerRef": {"value": "customer:77"}},
        "request": {"CustomerRef": {"value": "58"}},
        "state": state,
        "day": DAY,
        "opened_at": minute(1),
        "closed_at": minute(4),
        "run_id": "run-1",
    }
    return Intent(**{**given, **changes})  # type: ignore[arg-type] - one dictionary for brevity


def attempt(number: int, outcome: AttemptOutcome, closing: Closing, *, run_id: str) -> Attempt:
    return Attempt(
        id=number,
        intent=intent(),
        number=number,
        sent_at=minute(number + 1),
        run_id=run_id,
        outcome=outcome,
        closed_at=minute(number + 2),
        closing=closing,
    )


def life(*, reason: Reason | None = None) -> Life:
    """An invoice that was held, then failed once, then was posted."""
    state = RecordState(
        company=Company("acme"),
        source=SOURCE,
        outcome=Outcome.HELD if reason else Outcome.POSTED,
        day=DAY,
        cents=12550,
        number="1001",
        title="Ada [Byron]",
        target="Invoice",
        qbo_id="145",
        operation="create",
        reason=reason,
        verdict=Verdict.HELD,
        first_seen=minute(0),
        updated_at=minute(5),
        run_id="run-2",
    )
    held = StateChange(
        minute(0), Verdict.HELD, Outcome.HELD, DAY, 12550, "class_unmapped", "It has no class.", "", "run-1"
    )
    posted = StateChange(minute(5), None, Outcome.POSTED, DAY, 12550, "", "", "145", "run-2")
    decision = Decision(
        minute(0),
        Company("acme"),
        SOURCE,
        "Customer",
        "58",
        "linked_by_rule",
        "rule",
        {"agrees": ["name", "phone"]},
        "run-1",
    )
    link = Link(
        Company("acme"),
        SOURCE,
        "Invoice",
        Realm("93"),
        "145",
        number="1001",
        digest="abcdef0123456789",
        drift={"TxnDate": {"confirmed": "2026-03-02", "now": "2026-03-03"}},
        created_at=minute(4),
    )
    lost = attempt(
        1, AttemptOutcome.FAILED, Closing(None, code="timeout", message="no answer"), run_id="run-1"
    )
    done = Closing(200, intuit_tid="1-x", duration_ms=230, answer={"Id": "145"})
    return Life(
        SOURCE,
        state,
        changes=[held, posted],
        intents=[intent()],
        attempts=[lost, attempt(2, AttemptOutcome.POSTED, done, run_id="run-2")],
        links=[link],
        decisions=[decision],
    )


def test_the_document_has_the_whole_life() -> None:
    document = life_document(life(reason=WAITS), PLACES)
    assert document["servicetitan_url"] == "https://go.servicetitan.com/#/Invoice/8001001"
    assert document["state"]["reason"]["waits_for"] == "customer:77"
    assert document["state"]["quickbooks_url"].endswith("/invoice?txnId=145")
    assert [change["verdict"] for change in document["history"]] == ["held", None]
    (write,) = document["writes"]
    assert (write["request_id"], write["payload_digest"]) == ("st-qbo-1", "abcdef0123456789")
    assert [one["outcome"] for one in write["attempts"]] == ["failed", "posted"]
    assert (write["attempts"][0]["code"], write["attempts"][0]["message"]) == ("timeout", "no answer")
    assert (write["attempts"][1]["intuit_tid"], write["attempts"][1]["duration_ms"]) == ("1-x", 230)
    assert write["attempts"][1]["run_url"] == "http://127.0.0.1:3000/runs/run-2"
    assert document["links"][0]["drift"] == {"TxnDate": {"confirmed": "2026-03-02", "now": "2026-03-03"}}
    assert document["decisions"][0]["detail"] == {"agrees": ["name", "phone"]}


def test_people_read_what_happened_in_order_and_in_their_own_time(capsys: pytest.CaptureFixture[str]) -> None:
    print_life(life(), PLACES)
    told = capsys.readouterr().out
    steps = [
        "stands held, mapped as held",
        "linked by rule (by rule)",
        "create Invoice",
        "sent (1)",
        "answer: failed",
        "sent (2)",
        "answer: posted",
        "stands posted",
    ]
    places = [told.index(step) for step in steps]
    assert places == sorted(places)
    assert "2026-03-02 22:30:00" in told
    assert "HTTP 200, after 230 ms, intuit_tid 1-x" in told
    assert "no answer, timeout no answer" in told
    assert "http://127.0.0.1:3000/runs/run-2" in told
    assert "edited there" in told
    assert "date: 2026-03-02 → 2026-03-03" in told


def test_people_read_why_a_record_waits_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    print_life(life(reason=WAITS), PLACES)
    told = capsys.readouterr().out
    assert "invoice 8001001 · number 1001 · Ada [Byron] · 2026-03-02 · 125.50" in told
    for text in ("HVAC [north] has no class", "Name it under `classes`.", "HVAC:Service", "customer:77"):
        assert text in told


def test_a_record_known_by_its_link_alone_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    customer = SourceRef(Entity.CUSTOMER, "77")
    known = Life(customer, links=[Link(Company("acme"), customer, "Customer", Realm("93"), "58")])
    assert life_document(known, PLACES)["state"] is None
    print_life(known, PLACES)
    assert "customer 77" in capsys.readouterr().out


def test_a_write_that_was_refused_says_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    print_life(Life(SOURCE, intents=[intent(IntentState.REJECTED)]), PLACES)
    assert "write ended" in capsys.readouterr().out


def refused() -> Life:
    closing = Closing(400, code="6210", message="Account Period Closed The account period has closed")
    return Life(
        SOURCE,
        intents=[intent(IntentState.REJECTED)],
        attempts=[attempt(1, AttemptOutcome.REJECTED, closing, run_id="run-1")],
    )


def test_a_refusal_is_told_with_cause_remedy_and_whether_a_retry_helps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_life(refused(), PLACES)
    told = " ".join(capsys.readouterr().out.split())
    for words in ("The books are closed for that date.", "on or before the closing date", "Take the closing"):
        assert words in told
    assert "the same again does not help" in told


def test_programs_get_the_same_explanation_and_none_where_nothing_was_refused() -> None:
    (write,) = life_document(refused(), PLACES)["writes"]
    explained = write["attempts"][0]["explained"]
    assert (explained["class"], explained["retry_helps"]) == ("closed_period", False)
    assert explained["plain"] == "The books are closed for that date."
    (posted,) = life_document(life(), PLACES)["writes"]
    assert [each["explained"] for each in posted["attempts"]] == [None, None]
