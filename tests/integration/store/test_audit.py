from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.store.audit import Audit, AuditQuery, Decisions
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.intents import AttemptOutcome, Closing
from st_qbo_assets.store.ledger import Ledger
from st_qbo_assets.store.schema import decisions
from tests.integration.store.builders import ACME, DAY, draft, invoice, link, result

CUSTOMER = SourceRef(Entity.CUSTOMER, "77")


@pytest.fixture
def audit(database: Database) -> Audit:
    """An audit of an invoice that failed once, a held payment and a customer linked by file."""
    ledger = Ledger(database)
    attempt = ledger.begin(draft())
    ledger.close_attempt(attempt, AttemptOutcome.FAILED, Closing(503, code="http_503"))
    ledger.save_states(ACME, [result(outcome=Outcome.FAILED, qbo_id="")], "run-1")
    again = ledger.begin_attempt(attempt.intent, run_id="run-2")
    ledger.close_posted(again, link=link(), closing=Closing(200, intuit_tid="1-x", answer={"Id": "145"}))
    payment = result(
        SourceRef(Entity.PAYMENT, "9"), outcome=Outcome.HELD, qbo_id="", day=date(2026, 3, 5), number="P-9"
    )
    ledger.save_states(ACME, [result(), payment], "run-2")
    ledger.save_link(
        link(CUSTOMER, target="Customer", qbo_id="58", display_name="O'Brien 100% Air", number="")
    )
    Decisions(database).decide(
        ACME,
        CUSTOMER,
        target="Customer",
        qbo_id="58",
        code="linked_by_file",
        decided_by="links.csv",
        detail={"line": 3},
        run_id="run-2",
    )
    ledger.begin(draft(invoice(5), company=Company("bravo")))
    return Audit(database)


def test_the_whole_life_of_a_record_is_told(audit: Audit) -> None:
    [life] = audit.find(ACME, AuditQuery(servicetitan_id="8001001"))

    assert life.state is not None
    assert life.state.outcome is Outcome.POSTED
    assert [change.outcome for change in life.changes] == [Outcome.FAILED, Outcome.POSTED]
    assert [(attempt.number, attempt.outcome, attempt.run_id) for attempt in life.attempts] == [
        (1, AttemptOutcome.FAILED, "run-1"),
        (2, AttemptOutcome.POSTED, "run-2"),
    ]
    assert life.attempts[1].closing.intuit_tid == "1-x"
    assert len(life.intents) == 1
    assert [known.qbo_id for known in life.links] == ["145"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (AuditQuery(qbo_id="145"), ["invoice:8001001"]),
        (AuditQuery(qbo_id="58"), ["customer:77"]),
        (AuditQuery(number="1001"), ["invoice:8001001"]),
        (AuditQuery(title="ada b"), ["payment:9", "invoice:8001001"]),
        (AuditQuery(title="brien 100%"), ["customer:77"]),
        (AuditQuery(title="100_"), []),
        (AuditQuery(day=DAY), ["customer:77", "invoice:8001001"]),
        (AuditQuery(day=DAY, last_day=date(2026, 3, 5), entity=Entity.PAYMENT), ["payment:9"]),
        (AuditQuery(outcome=Outcome.HELD), ["payment:9"]),
        (AuditQuery(outcome=Outcome.HELD, day=DAY), []),
        (AuditQuery(entity=Entity.INVOICE, servicetitan_id="9"), []),
        (AuditQuery(limit=1), ["payment:9"]),
    ],
    ids=[
        "qbo",
        "customer",
        "number",
        "title",
        "percent",
        "no-wildcard",
        "day",
        "range",
        "outcome",
        "both",
        "none",
        "limit",
    ],
)
def test_a_record_is_found_by_any_of_its_names(audit: Audit, query: AuditQuery, found: list[str]) -> None:
    assert [str(source) for source in audit.sources(ACME, query)] == found


def test_who_decided_is_told_with_the_evidence(audit: Audit) -> None:
    [life] = audit.lives(ACME, [CUSTOMER])

    [decision] = life.decisions
    assert (decision.code, decision.decided_by, decision.detail, decision.run_id) == (
        "linked_by_file",
        "links.csv",
        {"line": 3},
        "run-2",
    )


def test_a_record_nobody_knows_has_an_empty_life(audit: Audit) -> None:
    [life] = audit.lives(ACME, [invoice(404)])

    assert (life.state, life.links, life.intents) == (None, [], [])


def test_a_decision_cannot_be_rewritten(audit: Audit, database: Database) -> None:
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(update(decisions).values(decided_by="somebody else"))
