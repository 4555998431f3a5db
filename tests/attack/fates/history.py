"""The state machine: a history of documents, with syncs in between and a judge after each.

What belongs here: how a history begins, syncs and ends. What does not: what people do in it (`selling`,
`crediting`, `bookkeeping`), and what must hold (`judge`).
"""

from collections.abc import Mapping
from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from tests.attack.fates import town
from tests.attack.fates.bookkeeping import Bookkeeping
from tests.attack.fates.books import Books, Document
from tests.attack.fates.crediting import Crediting
from tests.attack.fates.judge import Judge, ledger_differs
from tests.attack.fates.office import TiedDay
from tests.attack.fates.people import Line, day, lines, pick, share
from tests.attack.fates.rulebook import Rulebook, Wanted
from tests.attack.fates.selling import Selling
from tests.attack.fates.shapes import Part, Record

_ALL_DAYS = [date.fromisoformat(each) for each in town.DAYS]


class History(Selling, Crediting, Bookkeeping):
    """One contractor's documents, from the first to the last thing anybody did to them."""

    _is_whole = False

    @initialize(
        closed_period=st.sampled_from(["hold", "next_open_day"]),
        closed_period_edits=st.sampled_from(["hold", "adjust"]),
        applies_credits=st.sampled_from([False, False, False, True]),
        sales=st.lists(st.tuples(pick, day, lines), min_size=1, max_size=3),
        paid=st.lists(st.tuples(pick, day, share), max_size=2),
    )
    def begin(
        self,
        closed_period: str,
        closed_period_edits: str,
        applies_credits: bool,
        sales: list[tuple[int, int, list[Line]]],
        paid: list[tuple[int, int, int]],
    ) -> None:
        """Open for business, with a few sales and payments that no sync has seen."""
        policies = {"closed_period": closed_period, "closed_period_edits": closed_period_edits}
        self.office.begin(applies_credits=applies_credits, **policies)
        self.judge = Judge(adjusts=closed_period_edits == "adjust", applies_credits=applies_credits)
        self._is_whole = True
        for customer, on, drawn in sales:
            self.add_invoice(customer, on, drawn, "nothing")
        for invoice, on, part in paid:
            if self.owing():
                self.pay(invoice, "Check", on, part, "nothing")

    @rule(hours=st.integers(0, 20))
    def time_passes(self, hours: int) -> None:
        """Let time pass."""
        self.office.sandbox.clock.advance(hours * 3600)

    @rule()
    def sync(self) -> None:
        """Sync what ServiceTitan says has changed."""
        self._sync(None)

    @rule()
    def sweep(self) -> None:
        """Sync all days."""
        self._sync(_ALL_DAYS)

    def follow(self, then: str) -> None:
        """Sync, if that is what follows."""
        if then == "sync":
            self._sync(None)

    def teardown(self) -> None:
        """End with all days synced, compared by the product itself, and synced once more.

        Where nobody stood in the way the product's comparison must be green and the last sync write nothing.
        """
        if not self._is_whole:
            return  # it failed already
        self._sync(_ALL_DAYS)
        wanted, books = Rulebook(self.servicetitan()).wanted(), self.books()
        days = self.office.tie_out(_ALL_DAYS)
        unexplained = [day for day in days if day.unexplained_cents]
        assert not unexplained, self._told(unexplained, wanted, books)
        if not self.judge.obstacles(wanted, books.by_record()):
            red = [day for day in days if not day.is_green or day.difference_cents]
            assert not red, self._told(red, wanted, books)
            sent = len(self.office.wire.sent)
            self._sync(_ALL_DAYS)
            writes = [path for method, path in self.office.wire.sent[sent:] if _is_write(method, path)]
            assert not writes, f"a second sync wrote again: {writes}"

    def _told(self, days: list[TiedDay], wanted: dict[Record, Wanted], books: Books) -> str:
        return "\n".join(
            ["", *map(str, days), "", self.judge.context(wanted, books, self.office.standings())]
        )

    def _sync(self, days: list[date] | None) -> None:
        """Sync and judge."""
        self._is_whole = False
        before = self.books().by_record()
        planned = set(self.office.sync(days, looks_again=self.judge.look()))
        self.look_again()
        self.compare(planned=planned, before=before)
        self._is_whole = True

    def compare(self, *, planned: set[Part], before: Mapping[Record, list[Document]]) -> None:
        """Hold the books against what they should be.

        Args:
            planned: the parts that the sync had in its hands.
            before: the documents of each record before it.
        """
        wanted, books = Rulebook(self.servicetitan()).wanted(), self.books()
        standings = self.office.standings()
        problems = self.judge.judge(wanted, books, before=before, standings=standings, planned=planned)
        problems += ledger_differs(self.office.trial_balance(), books)
        assert not problems, "\n".join(["", *problems, "", self.judge.context(wanted, books, standings)])


def _is_write(method: str, path: str) -> bool:
    return method == "POST" and path.startswith("/v3/") and not path.endswith(("/query", "/batch"))
