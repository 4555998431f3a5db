"""The same random trouble with the real ledger: transactions, unique keys, locks and its own clock."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.ids import Company, SourceRef
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.audit import Decisions
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.intents import IntentState
from st_qbo_assets.store.ledger import Ledger
from st_qbo_assets.store.links import Links
from tests.unit.load.builders import Bench, company_file, customer, invoice, payment
from tests.unit.load.chaos import (
    SEAMS,
    Killed,
    Round,
    Trouble,
    assert_exactly_once,
    play,
    replace_seam,
    rounds,
)
from tests.unit.load.clock import FakeClock

_names = count(1)
_START = datetime(2026, 11, 20, tzinfo=UTC)


class Bank:
    """Companies with books of their own in one real database whose clock the tests move."""

    def __init__(self, database_settings: Settings) -> None:
        self.clock = FakeClock()
        self.database = Database.open(
            database_settings, clock=lambda: _START + timedelta(seconds=self.clock.now)
        )

    def bench(self, *, in_flight: int = 1) -> Bench:
        """A company in which nothing has happened yet."""
        number = next(_names)
        company = company_file(
            name=f"acme_{number}", quickbooks={"realm": str(10_000 + number), "in_flight": in_flight}
        )
        return Bench(
            company=company,
            clock=self.clock,
            ledger=Ledger(self.database),
            links=Links(self.database),
            decisions=Decisions(self.database),
        )


@pytest.fixture
def bank(database_settings: Settings) -> Generator[Bank]:
    opened = Bank(database_settings)
    yield opened
    opened.database.dispose()


@pytest.mark.rule("5.1", "5.2", "5.3")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=rounds(), refuses=st.booleans(), in_flight=st.sampled_from([1, 5]))
def test_one_object_a_source_whatever_dies_when(
    bank: Bank, plan: list[Round], refuses: bool, in_flight: int
) -> None:
    bench = play(bank.bench(in_flight=in_flight), plan, refuses_duplicate_numbers=refuses)

    assert_exactly_once(bench, plan[-1].books)


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("seam", SEAMS)
@pytest.mark.parametrize("pause_seconds", [1.0, 601.0])
def test_death_at_a_seam_is_made_good_by_the_next_load(bank: Bank, seam: str, pause_seconds: float) -> None:
    bench = bank.bench()
    bench.quickbooks.refuses_duplicate_numbers = False
    bench.load_as_usual()
    records = (invoice(10), payment(20, "100.00", applied={10: "100.00"}))

    with pytest.raises(Killed):
        replace_seam(bench, Trouble([(seam, "killed")]).at).load_as_usual(*records)
    bench.clock.advance(pause_seconds)
    results = bench.load_as_usual(*records)

    assert [results[name].outcome for name in ("invoice:10", "payment:20")] == [
        Outcome.POSTED,
        Outcome.POSTED,
    ]
    assert (len(bench.quickbooks.all("Invoice")), len(bench.quickbooks.all("Payment"))) == (1, 1)


@pytest.mark.rule("5.1", "5.4")
def test_the_ledger_tells_every_send_and_how_it_ended(bank: Bank) -> None:
    bench = bank.bench()
    bench.load_as_usual()
    bench.quickbooks.mischief = Trouble([("after", "lost"), ("before", "busy")]).at

    bench.load_as_usual(invoice(10))

    source, company = SourceRef.parse("invoice:10"), Company(bench.company.name)
    link = bench.ledger.link(company, source, "Invoice")
    assert link is not None and link.confirmed["TotalAmt"] == "100.00"
    assert bench.ledger.open_intents(company) == {}
    states = bench.ledger.record_states(company, [source])
    assert (states[source].outcome, states[source].qbo_id) == (Outcome.POSTED, link.qbo_id)
    sends = bench.ledger.attempts(range(1, 50))
    own = [send for send in sends if send.intent.company == company and send.intent.source == source]
    assert [(send.number, str(send.outcome), send.closing.code) for send in own] == [
        (1, "failed", "UncertainOutcome"),
        (2, "failed", "RateLimited"),
        (3, "posted", ""),
    ]
    assert own[-1].intent.state is IntentState.POSTED
    assert own[-1].closing.answer is not None and own[-1].closing.answer["Id"] == link.qbo_id


@pytest.mark.rule("7.2")
def test_a_match_is_kept_with_its_evidence(bank: Bank) -> None:
    bench = bank.bench()
    bench.quickbooks.put("Customer", {"DisplayName": "Lee, Ann", "PrimaryEmailAddr": {"Address": "a@x.com"}})

    first = bench.load(customer(1, "Ann Lee", email="a@x.com"))["customer:1"]
    second = bench.load(customer(1, "Ann Lee", email="a@x.com"))["customer:1"]

    assert (first.outcome, first.operation, second.outcome) == (Outcome.POSTED, "link", Outcome.UNCHANGED)
