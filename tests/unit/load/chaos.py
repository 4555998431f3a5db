"""Loads under random trouble: answers lost before or after the commit, faults, and death anywhere.

Whatever happened, loads in peace must end with exactly one object a source, each equal to its source.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from st_qbo_assets.domain.errors import RateLimited, RemoteFault, TransportError, UncertainOutcome
from st_qbo_assets.domain.ids import SourceRef, find_markers
from st_qbo_assets.domain.outcomes import Mapped, Outcome
from tests.unit.load.builders import Bench, customer, invoice, item, payment

TROUBLES = ("lost", "failed", "busy", "locked", "killed")
SEAMS = ("after_intent", "after_send", "before_close")
MOMENTS = ("before", "after", "read", *SEAMS)


class Killed(BaseException):
    """The process died here."""


@dataclass
class Trouble:
    """What goes wrong, in order: one entry for each moment at which something could."""

    script: list[tuple[str, str]] = field(default_factory=list)
    is_dead: bool = False
    happened: list[str] = field(default_factory=list)

    def at(self, moment: str, entity: str = "", body: dict[str, Any] | None = None) -> None:
        if self.is_dead:
            raise Killed  # every thread of a dead process is dead
        if not self.script or self.script[0][0] != moment:
            return
        _, kind = self.script.pop(0)
        self.happened.append(f"{kind} {moment} {entity}")
        if kind == "killed" or moment in SEAMS:
            self.is_dead = True
            raise Killed
        if kind == "busy" and moment == "before":
            raise RateLimited("wait", retry_after_seconds=60)
        if kind == "locked" and moment == "before":
            raise RemoteFault(
                "Business Validation Error",
                code="6000",
                detail="You can only add or edit one name at a time.",
            )
        raise TransportError("reset") if moment == "read" else UncertainOutcome("lost")


@dataclass(frozen=True)
class Books:
    """What ServiceTitan says in one round."""

    customers: int
    totals: tuple[int, ...]
    payments: tuple[tuple[int, tuple[int, ...]], ...]

    def records(self) -> list[Mapped]:
        people = [customer(number + 1, email=f"c{number}@example.com") for number in range(self.customers)]
        invoices = [
            invoice(100 + place, customer=place % self.customers + 1, lines=[("SKU", f"{cents / 100:.2f}")])
            for place, cents in enumerate(self.totals)
        ]
        payments = [
            payment(900 + place, _money(total), customer=1, applied=self._applied(total, wanted))
            for place, (total, wanted) in enumerate(self.payments)
        ]
        return [*people, item("SKU"), *invoices, *payments]

    def _applied(self, total: int, wanted: Sequence[int]) -> dict[int, str]:
        """Apply to invoices of customer 1, at most a seventh of each: payments always fit together."""
        own = [place for place in range(len(self.totals)) if place % self.customers == 0]
        left, applied = total, dict[int, str]()
        for place in wanted:
            if place not in own or 100 + place in applied:
                continue
            part = min(left, self.totals[place] // 7)
            if part:
                applied[100 + place] = _money(part)
                left -= part
        return applied


def _money(cents: int) -> str:
    return str((Decimal(cents) / 100).quantize(Decimal("0.01")))


def books(shape: tuple[int, int, int]) -> st.SearchStrategy[Books]:
    """Versions of the same records: the same ids, other amounts and applications."""
    customers, invoices, payments = shape
    amounts = st.integers(100, 90_000)
    paid = st.tuples(st.integers(1, 5_000), st.lists(st.integers(0, invoices - 1), max_size=3).map(tuple))
    return st.builds(
        Books,
        customers=st.just(customers),
        totals=st.lists(amounts, min_size=invoices, max_size=invoices).map(tuple),
        payments=st.lists(paid, min_size=payments, max_size=payments).map(tuple),
    )


shapes = st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(0, 3))
scripts = st.lists(st.tuples(st.sampled_from(MOMENTS), st.sampled_from(TROUBLES)), max_size=12)
pauses = st.sampled_from([0.0, 45.0, 599.0, 601.0, 7200.0])


@dataclass(frozen=True)
class Round:
    """One load: what ServiceTitan says, what goes wrong, and how long until the next."""

    books: Books
    script: list[tuple[str, str]]
    pause_seconds: float


@st.composite
def rounds(draw: st.DrawFn) -> list[Round]:
    """Up to four loads of the same records."""
    versions = books(draw(shapes))
    count = draw(st.integers(1, 4))
    return [Round(draw(versions), draw(scripts), draw(pauses)) for _ in range(count)]


def play(bench: Bench, plan: Sequence[Round], *, refuses_duplicate_numbers: bool) -> Bench:
    """Load every round in trouble, then the last one in peace until nothing is left to do."""
    bench.quickbooks.refuses_duplicate_numbers = refuses_duplicate_numbers
    for each in plan:
        trouble = Trouble(list(each.script))
        bench.quickbooks.mischief = trouble.at
        troubled = replace_seam(bench, trouble.at)
        with suppress(Killed):
            troubled.load(*each.books.records())
        bench.clock.advance(each.pause_seconds)
    bench.quickbooks.mischief = lambda moment, entity, body: None
    bench.load(*plan[-1].books.records())
    bench.clock.advance(1200)
    bench.load(*plan[-1].books.records())
    return bench


def replace_seam(bench: Bench, seam: Callable[[str], None]) -> Bench:
    """The same company in a process that may die."""
    troubled = Bench(
        company=bench.company,
        clock=bench.clock,
        seam=seam,
        ledger=bench.ledger,
        links=bench.links,
        decisions=bench.decisions,
    )
    troubled.quickbooks = bench.quickbooks
    return troubled


def assert_exactly_once(bench: Bench, last: Books) -> None:
    """One object a source, equal to its source; and another load writes nothing and asks nothing."""
    quickbooks = bench.quickbooks
    assert sorted(each["DisplayName"] for each in quickbooks.all("Customer")) == sorted(
        f"Customer {number + 1}" for number in range(last.customers)
    )
    assert len(quickbooks.all("Item")) == 1
    for entity, kind in (("Invoice", "invoice"), ("Payment", "payment")):
        named = [find_markers(each["PrivateNote"]) for each in quickbooks.all(entity)]
        wanted = [each for each in last.records() if each.source.entity.value == kind]
        assert sorted(named) == sorted((each.source,) for each in wanted)
        for each in wanted:
            stored = stored_for(bench, entity, each.source)
            assert stored["TotalAmt"] * 100 == each.cents
            assert applied_in(bench, stored) == applied_meant(each)
    calls = quickbooks.calls
    again = bench.load(*last.records())
    assert {result.outcome for result in again.values()} == {Outcome.UNCHANGED}
    assert quickbooks.calls == calls


def stored_for(bench: Bench, entity: str, source: SourceRef) -> dict[str, Any]:
    return next(each for each in bench.quickbooks.all(entity) if source in find_markers(each["PrivateNote"]))


def applied_in(bench: Bench, stored: dict[str, Any]) -> dict[str, Decimal]:
    """What a stored payment is applied to, by the number of the invoice."""
    invoices = bench.quickbooks.objects.get("Invoice", {})
    lines = [line for line in stored["Line"] if line.get("LinkedTxn")]
    return {invoices[line["LinkedTxn"][0]["TxnId"]]["DocNumber"]: line["Amount"] for line in lines}


def applied_meant(mapped: Mapped) -> dict[str, Decimal]:
    assert mapped.payload is not None
    lines = [line for line in mapped.payload.body["Line"] if line.get("LinkedTxn")]
    return {line["LinkedTxn"][0]["TxnId"].partition(":")[2]: line["Amount"] for line in lines}


def concurrent(bench: Bench) -> Bench:
    """The same bench with five documents in flight."""
    quickbooks = bench.company.quickbooks.model_copy(update={"in_flight": 5})
    return replace(bench, company=bench.company.model_copy(update={"quickbooks": quickbooks}))
