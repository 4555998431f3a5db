"""What people do in QuickBooks behind the product's back.

What belongs here: those rules. What does not: ServiceTitan (`selling`, `crediting`).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.attack.fates import town
from tests.attack.fates.books import Document, is_deposited
from tests.attack.fates.people import People, money, one_of, part_of, pick, price, share, then
from tests.attack.fates.rulebook import cents
from tests.attack.fates.shapes import record_of


class Bookkeeping(People):
    """A bookkeeper's days."""

    @precondition(lambda self: self._unbanked())
    @rule(which=pick, then=then)
    def deposit(self, which: int, then: str) -> None:
        """Take a payment to the bank."""
        payment = one_of(self._unbanked(), which)
        self.make("deposit", then, payments=[payment.raw["Id"]], account=town.BANK)

    def _unbanked(self) -> list[Document]:
        return [
            each
            for each in self.books().documents
            if each.piece.target == "Payment"
            and (town.UNDEPOSITED, "") in each.piece.postings
            and not is_deposited(each)
        ]

    @rule(on=st.integers(0, 2), is_seen=st.booleans(), then=then)
    def close_books(self, on: int, is_seen: bool, then: str) -> None:
        """Close a period; the product may not have looked since."""
        self.at_quickbooks("close_books", date=town.DAYS[on])
        self.judge.close(town.DAYS[on], is_seen=is_seen)
        self.follow(then)

    @precondition(lambda self: self.judge.closed)
    @rule(then=then)
    def open_books(self, then: str) -> None:
        """Open the books again."""
        self.at_quickbooks("close_books", date=None)
        self.judge.close("", is_seen=True)
        self.follow(then)

    @precondition(lambda self: len(self.books().customers) > 1)
    @rule(gone=pick, kept=pick, then=then)
    def merge_in_quickbooks(self, gone: int, kept: int, then: str) -> None:
        """Merge one customer into another."""
        names = {"from": one_of(self.books().customers, gone), "into": one_of(self.books().customers, kept)}
        if self.at_quickbooks("merge_customers", **names):
            self.judge.merge(names["from"], names["into"])
        self.follow(then)

    @precondition(lambda self: self.ours("Invoice", "CreditMemo"))
    @rule(which=pick, amount=price, then=then)
    def edit_in_quickbooks(self, which: int, amount: str, then: str) -> None:
        """Change the first line of a sale of ours."""
        document = one_of(self.ours("Invoice", "CreditMemo"), which)
        first = document.raw["Line"][0]["Id"]
        self.spoil(document, "edit_line", then, entity=document.piece.target, line=first, amount=amount)

    @precondition(lambda self: self.ours())
    @rule(which=pick, how=st.sampled_from(["void", "delete"]), then=then)
    def remove_in_quickbooks(self, which: int, how: str, then: str) -> None:
        """Void or delete a document of ours."""
        document = one_of(self.ours(), which)
        self.spoil(document, how, then, entity=document.piece.target)

    @precondition(lambda self: self._paying())
    @rule(which=pick, then=then)
    def unapply_in_quickbooks(self, which: int, then: str) -> None:
        """Take a payment of ours off what it pays."""
        document = one_of(self._paying(), which)
        self.spoil(document, "unapply", then, payment=document.raw["Id"])

    def _paying(self) -> list[Document]:
        return [each for each in self.ours("Payment") if each.piece.pays and each.piece.postings]

    @precondition(lambda self: self._owed())
    @rule(which=pick, part=share, then=then)
    def pay_in_quickbooks(self, which: int, part: int, then: str) -> None:
        """Type a payment on an invoice of ours."""
        document = one_of(self._owed(), which)
        self.judge.disturb(record_of(document.parts[0]), "by hand")
        what = {"customer": document.raw["CustomerRef"]["value"], "invoices": [document.raw["Id"]]}
        amount = money(part_of(document.raw["Balance"], part))
        self.make("type_payment", then, amount=amount, date=town.DAYS[-1], **what)

    def _owed(self) -> list[Document]:
        return [each for each in self.ours("Invoice") if cents(each.raw["Balance"]) > 0]
