"""What people do in ServiceTitan to take money back: credits, adjustments, refunds, write-offs.

What belongs here: those rules. What does not: sales and their payments (`selling`), and QuickBooks
(`bookkeeping`).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.attack.fates import town
from tests.attack.fates.people import (
    Line,
    People,
    day,
    line,
    lines,
    money,
    one_of,
    paid_by,
    part_of,
    pick,
    price,
    share,
    then,
    typed,
)
from tests.attack.fates.rulebook import cents


class Crediting(People):
    """Credits and what is done with them."""

    @rule(customer=pick, on=day, lines=lines, then=then)
    def add_credit(self, customer: int, on: int, lines: list[Line], then: str) -> None:
        """Enter an invoice below zero."""
        what = {"customer_id": self.customer(customer), "date": town.DAYS[on], "lines": typed(lines, -1)}
        self.at_servicetitan("add_invoice", then, **what)

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, on=day, line=line, sign=st.sampled_from([-1, -1, 1]), then=then)
    def adjust(self, invoice: int, on: int, line: Line, sign: int, then: str) -> None:
        """Adjust an invoice by another, mostly downwards."""
        doc = one_of(self.docs("invoices"), invoice)
        what = {"date": town.DAYS[on], "lines": typed([line], sign)}
        self.at_servicetitan("add_adjustment", then, invoice_id=doc["id"], **what)

    @precondition(lambda self: self.credits() and self.owing())
    @rule(credit=pick, invoice=pick, part=share, on=day, then=then)
    def move_credit(self, credit: int, invoice: int, part: int, on: int, then: str) -> None:
        """Pay an invoice with one below zero."""
        source = one_of(self.credits(), credit)
        if open_ones := self.owing(source["customer"]["id"]):
            to = one_of(open_ones, invoice)
            amount = money(min(part_of(source["balance"], part), cents(to["balance"])))
            what = {"from_id": source["id"], "into_id": to["id"], "date": town.DAYS[on]}
            self.at_servicetitan("move_credit", then, amount=amount, **what)

    # Credit memos

    @rule(customer=pick, on=day, lines=lines, then=then)
    def add_memo(self, customer: int, on: int, lines: list[Line], then: str) -> None:
        """Enter a credit memo."""
        what = {"customer_id": self.customer(customer), "date": town.DAYS[on], "lines": typed(lines)}
        self.at_servicetitan("add_credit_memo", then, **what)

    @precondition(lambda self: self.memos() and self.owing())
    @rule(memo=pick, invoice=pick, part=share, then=then)
    def apply_memo(self, memo: int, invoice: int, part: int, then: str) -> None:
        """Apply what is left of a credit memo, or some of it, to an invoice of its customer."""
        doc = one_of(self.memos(), memo)
        if open_ones := self.owing(doc["customer"]["id"]):
            to = one_of(open_ones, invoice)
            amount = money(min(part_of(doc["balance"], part), cents(to["balance"])))
            self.at_servicetitan("apply_credit_memo", then, id=doc["id"], invoice_id=to["id"], amount=amount)

    @precondition(lambda self: self.docs("credit-memos"))
    @rule(memo=pick, then=then)
    def unapply_memo(self, memo: int, then: str) -> None:
        """Take a credit memo off everything."""
        doc = one_of(self.docs("credit-memos"), memo)
        self.at_servicetitan("unapply_credit_memo", then, id=doc["id"])

    @precondition(lambda self: self.docs("credit-memos"))
    @rule(memo=pick, amount=price, then=then)
    def change_memo(self, memo: int, amount: str, then: str) -> None:
        """Change the price of a credit memo's first line."""
        doc = one_of(self.docs("credit-memos"), memo)
        if doc["items"]:
            items = [{"id": doc["items"][0]["id"], "price": amount}]
            self.at_servicetitan("change_credit_memo", then, id=doc["id"], items=items)

    # Write-offs

    @precondition(lambda self: self.owing())
    @rule(invoice=pick, part=share, on=day, then=then)
    def write_off(self, invoice: int, part: int, on: int, then: str) -> None:
        """Give up what is open on an invoice, or some of it."""
        doc = one_of(self.owing(), invoice)
        amount = money(part_of(doc["balance"], part))
        what = {"invoice_id": doc["id"], "date": town.DAYS[on]}
        self.at_servicetitan("write_off", then, amount=amount, **what)

    # Refunds

    @precondition(lambda self: self.credits() and self.docs("payments"))
    @rule(credit=pick, part=share, kind=paid_by, on=day, then=then)
    def refund_credit(self, credit: int, part: int, kind: str, on: int, then: str) -> None:
        """Pay out what an invoice below zero has left."""
        doc = one_of(self.credits(), credit)
        amount = part_of(doc["balance"], part)
        self._pay_out(doc["customer"]["id"], amount, {"invoice_id": doc["id"]}, kind, on, then)

    @precondition(lambda self: self.memos() and self.docs("payments"))
    @rule(memo=pick, part=share, kind=paid_by, on=day, then=then)
    def refund_memo(self, memo: int, part: int, kind: str, on: int, then: str) -> None:
        """Pay out what a credit memo has left."""
        doc = one_of(self.memos(), memo)
        amount = part_of(doc["balance"], part)
        self._pay_out(doc["customer"]["id"], amount, {"memo_id": doc["id"]}, kind, on, then)

    def _pay_out(
        self, customer_id: int, amount: int, what: dict[str, int], kind: str, on: int, then: str
    ) -> None:
        paid = [doc for doc in self.docs("payments") if doc["customer"]["id"] == customer_id]
        if paid:
            splits = [{**what, "amount": f"-{money(amount)}"}]
            how = {"amount": money(amount), "type": kind, "splits": splits, "date": town.DAYS[on]}
            self.at_servicetitan("refund_payment", then, id=paid[0]["id"], **how)

    @precondition(lambda self: self.unapplied())
    @rule(payment=pick, part=share, kind=paid_by, on=day, then=then)
    def refund_unapplied(self, payment: int, part: int, kind: str, on: int, then: str) -> None:
        """Give back what nobody used of a payment, or some of it."""
        doc = one_of(self.unapplied(), payment)
        amount = money(part_of(doc["unappliedAmount"], part))
        how = {"amount": amount, "type": kind, "date": town.DAYS[on]}
        self.at_servicetitan("refund_payment", then, id=doc["id"], **how)

    @precondition(lambda self: self.spent())
    @rule(payment=pick, part=share, kind=paid_by, on=day, then=then)
    def refund_spent(self, payment: int, part: int, kind: str, on: int, then: str) -> None:
        """Give money back for work that nobody took off an invoice."""
        doc = one_of(self.spent(), payment)
        how = {"amount": money(part_of(doc["total"], part)), "type": kind, "date": town.DAYS[on]}
        self.at_servicetitan("refund_payment", then, id=doc["id"], **how)
