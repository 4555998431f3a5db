"""People at both products: how a rule of the state machine finds documents and acts on them.

What belongs here: drawing, finding and acting. What does not: the rules themselves (`selling`, `crediting`,
`bookkeeping`), and when the product syncs (`history`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from st_qbo_sandbox.half import EditError
from tests.attack.fates import town
from tests.attack.fates.books import Books, Document
from tests.attack.fates.judge import Judge
from tests.attack.fates.office import Office
from tests.attack.fates.rulebook import cents
from tests.attack.fates.shapes import record_of

Json = dict[str, Any]
#: A line of an invoice as drawn: SKU, quantity, price.
Line = tuple[int, int, str]

pick = st.integers(0, 7)
day = st.integers(0, len(town.DAYS) - 1)
price = st.sampled_from(["100.00", "40.00", "33.33", "0.01", "19.99", "250.05"])
quantity = st.sampled_from([1, 2, 3])
share = st.sampled_from([1, 2, 3])
line = st.tuples(pick, quantity, price)
lines = st.lists(line, min_size=1, max_size=3)
#: What follows an act: a sync only now and then, so that several acts fall into one.
then = st.sampled_from(["nothing", "nothing", "nothing", "sync"])
paid_by = st.sampled_from(["Cash", "Check", "Wire"])
kinds = st.sampled_from(["invoices", "payments", "credit-memos"])


class People(RuleBasedStateMachine):
    """What all rules have in common."""

    office: ClassVar[Office]
    judge: Judge

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, Any] = {}

    def follow(self, then: str) -> None:
        """Let the product sync, if that is what follows."""
        raise NotImplementedError

    # Acting

    def at_servicetitan(self, act: str, then: str, /, **given: Any) -> None:
        """Act as a person in ServiceTitan."""
        self._act("servicetitan", act, given)
        self.follow(then)

    def at_quickbooks(self, act: str, /, **given: Any) -> Json:
        """Act as a person in QuickBooks and return what became of it; nothing if that is refused."""
        return self._act("quickbooks", act, given)

    def spoil(self, document: Document, act: str, then: str, **given: Any) -> None:
        """Change a document of ours in QuickBooks."""
        if self.at_quickbooks(act, id=document.raw["Id"], **given):
            self.judge.disturb(record_of(document.parts[0]), "edited")
        self.follow(then)

    def make(self, act: str, then: str, **given: Any) -> None:
        """Make a document in QuickBooks that is nobody's but theirs."""
        made = self.at_quickbooks(act, **given)
        self.judge.theirs |= {f"{name} {doc['Id']}" for name, doc in made.items()}
        self.follow(then)

    def _act(self, half: str, act: str, given: Json) -> Json:
        self._seen.clear()
        try:
            return self.office.act(half, act, **given)
        except EditError:
            return {}  # what the product itself would not let a person do

    def look_again(self) -> None:
        """Forget what was seen of both products."""
        self._seen.clear()

    # Finding

    def servicetitan(self) -> Mapping[str, list[Json]]:
        """Return everything ServiceTitan holds."""
        if "servicetitan" not in self._seen:
            self._seen["servicetitan"] = self.office.state("servicetitan")
        return self._seen["servicetitan"]

    def books(self) -> Books:
        """Return everything QuickBooks holds."""
        if "quickbooks" not in self._seen:
            self._seen["quickbooks"] = Books(self.office.state("quickbooks"))
        return self._seen["quickbooks"]

    def docs(self, kind: str) -> list[Json]:
        """Return the active documents of a kind."""
        return [doc for doc in self.servicetitan()[kind] if doc["active"]]

    def customer(self, which: int) -> int:
        """Return the customer that was drawn."""
        return one_of(self.docs("customers"), which)["id"]

    def owing(self, customer_id: int | None = None) -> list[Json]:
        """Return the invoices on which something is open, of one customer or all."""
        return [
            doc
            for doc in self.docs("invoices")
            if cents(doc["balance"]) > 0 and customer_id in (None, doc["customer"]["id"])
        ]

    def credits(self) -> list[Json]:
        """Return the invoices below zero of which something is unused."""
        return [doc for doc in self.docs("invoices") if cents(doc["balance"]) < 0 and cents(doc["total"]) < 0]

    def memos(self) -> list[Json]:
        """Return the credit memos of which something is unused."""
        return [doc for doc in self.docs("credit-memos") if cents(doc["balance"]) > 0]

    def unapplied(self) -> list[Json]:
        """Return the payments of which something is left."""
        return [
            doc
            for doc in self.docs("payments")
            if cents(doc["unappliedAmount"]) > 0 and doc["type"] in town.PAID_INTO
        ]

    def spent(self) -> list[Json]:
        """Return the payments of which nothing is left."""
        return [
            doc
            for doc in self.docs("payments")
            if doc["appliedTo"]
            and not cents(doc["unappliedAmount"])
            and cents(doc["total"]) > 0
            and doc["type"] in town.PAID_INTO
            and not any(d.get("refundedPaymentId") == doc["id"] for d in self.docs("payments"))
        ]

    def ours(self, *targets: str) -> list[Document]:
        """Return our documents of these entities that do something."""
        return [
            each
            for each in self.books().documents
            if each.is_live and each.parts and (not targets or each.piece.target in targets)
        ]


def one_of(choices: list[Any], which: int) -> Any:
    """Return the one of these that was drawn."""
    return choices[which % len(choices)]


def money(amount: int) -> str:
    """Write cents as people type them."""
    return f"{amount / 100:.2f}"


def part_of(amount: object, share: int) -> int:
    """Return all, half or a third of an amount in cents, at least one."""
    return max(1, abs(cents(amount)) // share)


def typed(drawn: Iterable[Line], sign: int = 1) -> list[Json]:
    """Return lines as people type them."""
    skus = list(town.ACCOUNT_OF_SKU)
    return [{"skuId": one_of(skus, sku), "quantity": sign * n, "price": amount} for sku, n, amount in drawn]
