"""What people do to invoices and payments in ServiceTitan.

What belongs here: those rules. What does not: what takes money back (`crediting`), and QuickBooks
(`bookkeeping`).
"""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.attack.fates import town
from tests.attack.fates.people import (
    Json,
    Line,
    People,
    day,
    kinds,
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


class Selling(People):
    """Sales and money for them."""

    @rule(customer=pick, on=day, lines=lines, then=then)
    def add_invoice(self, customer: int, on: int, lines: list[Line], then: str) -> None:
        """Sell something."""
        what = {"customer_id": self.customer(customer), "date": town.DAYS[on], "lines": typed(lines)}
        self.at_servicetitan("add_invoice", then, **what)

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, item=pick, amount=price, then=then)
    def edit_line(self, invoice: int, item: int, amount: str, then: str) -> None:
        """Change the price of a line."""
        doc = one_of(self.docs("invoices"), invoice)
        if doc["items"]:
            row = one_of(doc["items"], item)
            self._set_items(doc, then, {"id": row["id"], "price": amount})

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, line=line, sign=st.sampled_from([1, 1, -1]), then=then)
    def add_line(self, invoice: int, line: Line, sign: int, then: str) -> None:
        """Add a line, sometimes one that takes something off; a sale may become a credit so."""
        doc = one_of(self.docs("invoices"), invoice)
        self._set_items(doc, then, *typed([line], sign))

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, item=pick, then=then)
    def remove_line(self, invoice: int, item: int, then: str) -> None:
        """Take a line off."""
        doc = one_of(self.docs("invoices"), invoice)
        if doc["items"]:
            self._set_items(doc, then, {"id": one_of(doc["items"], item)["id"], "remove": True})

    def _set_items(self, doc: Json, then: str, *items: Json) -> None:
        self.at_servicetitan("update", then, resource="invoices", id=doc["id"], set={"items": list(items)})

    @rule(kind=kinds, which=pick, on=day, then=then)
    def move_date(self, kind: str, which: int, on: int, then: str) -> None:
        """Move a document to another day."""
        if docs := self.docs(kind):
            doc = one_of(docs, which)
            self.at_servicetitan("move_date", then, resource=kind, id=doc["id"], date=town.DAYS[on])

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, customer=pick, then=then)
    def change_customer(self, invoice: int, customer: int, then: str) -> None:
        """Give an invoice that nothing is tied to to another customer."""
        doc = one_of(self.docs("invoices"), invoice)
        if doc["balance"] == doc["total"] and not doc.get("adjustmentToId"):
            self.at_servicetitan("change_customer", then, id=doc["id"], customer_id=self.customer(customer))

    @precondition(lambda self: len(self.docs("customers")) > 1)
    @rule(gone=pick, kept=pick, moves=st.booleans(), then=then)
    def merge_customers(self, gone: int, kept: int, moves: bool, then: str) -> None:
        """Merge one customer into another; whether documents move along nobody knows."""
        self.office.sandbox.halves["servicetitan"].configure({"merge_moves_documents": moves})
        ids = {"from_id": self.customer(gone), "into_id": self.customer(kept)}
        self.at_servicetitan("merge_customers", then, **ids)

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, number=st.integers(1, 3), then=then)
    def change_number(self, invoice: int, number: int, then: str) -> None:
        """Give an invoice another number."""
        doc = one_of(self.docs("invoices"), invoice)
        self.at_servicetitan("change_number", then, id=doc["id"], to=f"{doc['id']}-{number}")

    @rule(kind=kinds, which=pick, then=then)
    def delete(self, kind: str, which: int, then: str) -> None:
        """Delete or void a document."""
        if docs := self.docs(kind):
            self.at_servicetitan("delete", then, resource=kind, id=one_of(docs, which)["id"])

    @rule(kind=kinds, which=pick, then=then)
    def restore(self, kind: str, which: int, then: str) -> None:
        """Bring a deleted document back, unless it would pay something a second time."""
        gone = [doc for doc in self.servicetitan()[kind] if not doc["active"] and not doc.get("appliedTo")]
        if gone:
            self.at_servicetitan("restore", then, resource=kind, id=one_of(gone, which)["id"])

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, then=then)
    def post_or_unpost(self, invoice: int, then: str) -> None:
        """Post a batch, or take it back."""
        doc = one_of(self.docs("invoices"), invoice)
        self.at_servicetitan("unpost" if doc["syncStatus"] == "Posted" else "post", then, id=doc["id"])

    @precondition(lambda self: self.docs("invoices"))
    @rule(invoice=pick, then=then)
    def zero_out(self, invoice: int, then: str) -> None:
        """Take everything off an invoice."""
        self.at_servicetitan("zero_out", then, id=one_of(self.docs("invoices"), invoice)["id"])

    @precondition(lambda self: self.owing())
    @rule(invoice=pick, kind=paid_by, on=day, part=share, then=then)
    def pay(self, invoice: int, kind: str, on: int, part: int, then: str) -> None:
        """Pay an invoice, or half or a third of it."""
        doc = one_of(self.owing(), invoice)
        splits = [{"invoice_id": doc["id"], "amount": money(part_of(doc["balance"], part))}]
        self.at_servicetitan("add_payment", then, type=kind, splits=splits, date=town.DAYS[on])

    @rule(customer=pick, amount=price, on=day, then=then)
    def pay_ahead(self, customer: int, amount: str, on: int, then: str) -> None:
        """Take money that belongs to no invoice yet."""
        what = {"type": "Check", "amount": amount, "date": town.DAYS[on]}
        self.at_servicetitan("add_payment", then, customer_id=self.customer(customer), **what)

    @precondition(lambda self: self.owing())
    @rule(customer=pick, extra=price, on=day, then=then)
    def pay_everything(self, customer: int, extra: str, on: int, then: str) -> None:
        """Pay all that a customer owes and more."""
        if docs := self.owing(self.customer(customer)):
            splits = [{"invoice_id": doc["id"], "amount": doc["balance"]} for doc in docs]
            amount = money(sum(cents(doc["balance"]) for doc in docs) + cents(extra))
            what = {"type": "Check", "amount": amount, "date": town.DAYS[on]}
            self.at_servicetitan("add_payment", then, splits=splits, **what)

    @precondition(lambda self: self.unapplied() and self.owing())
    @rule(payment=pick, invoice=pick, then=then)
    def apply_payment(self, payment: int, invoice: int, then: str) -> None:
        """Apply what is left of a payment to an invoice of its customer."""
        doc = one_of(self.unapplied(), payment)
        if open_ones := self.owing(doc["customer"]["id"]):
            to = one_of(open_ones, invoice)
            self.at_servicetitan("apply_payment", then, id=doc["id"], invoice_id=to["id"])

    @precondition(lambda self: self.spent())
    @rule(payment=pick, then=then)
    def unapply_payment(self, payment: int, then: str) -> None:
        """Take a payment off everything."""
        self.at_servicetitan("unapply_payment", then, id=one_of(self.spent(), payment)["id"])

    @precondition(lambda self: self.spent() and self.owing())
    @rule(payment=pick, invoice=pick, then=then)
    def move_payment(self, payment: int, invoice: int, then: str) -> None:
        """Take a payment off what it pays and put it on another invoice."""
        doc = one_of(self.spent(), payment)
        if doc["type"] in town.PAID_INTO and (open_ones := self.owing(doc["customer"]["id"])):
            to = one_of(open_ones, invoice)
            amount = money(min(cents(doc["total"]), cents(to["balance"])))
            splits = [{"invoice_id": to["id"], "amount": amount}]
            self.at_servicetitan("reapply_payment", then, id=doc["id"], splits=splits)
