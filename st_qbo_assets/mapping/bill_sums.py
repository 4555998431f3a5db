"""What a bill comes to, to the cent: its lines, tax and shipping against the amount it states (rule 8.2).

What belongs here: that arithmetic. What does not: which accounts the parts stand on (`bought`). ServiceTitan
does not say whether `billAmount` includes tax and shipping: whichever holds to the cent is taken, and what is
owed is lines, tax and shipping together in either case.
"""

from dataclasses import dataclass
from decimal import Decimal

from st_qbo_assets.domain.money import from_cents, shared_cents, sum_cents, to_cents
from st_qbo_assets.mapping.problems import Problem, held, rejected
from st_qbo_assets.servicetitan.buying import Bill


@dataclass(frozen=True)
class Sums:
    """The cents of a bill: of its goods and expenses in source order, its tax, its shipping."""

    lines: tuple[int, ...]
    tax: int
    shipping: int

    @property
    def total(self) -> int:
        """What is owed."""
        return sum(self.lines) + self.tax + self.shipping


def sums_of(bill: Bill) -> Sums | Problem:
    """Return what a bill comes to, or how its figures contradict each other.

    Unit costs have more than two decimals: if the lines rounded one by one miss the amount and their exact
    sum rounds to it, the cents are given to the lines with the largest remainders.
    """
    exact = [
        *(line.quantity * line.cost for line in bill.items),
        *(line.amount for line in bill.expense_items),
    ]
    if not exact:
        return rejected("bill_without_lines")
    if bill.bill_amount is None:
        return rejected("bill_amount_missing")
    amount, tax, shipping = (
        to_cents(bill.bill_amount),
        to_cents(bill.tax_amount),
        to_cents(bill.shipping_amount),
    )
    rounded, whole = sum_cents(exact), to_cents(sum(exact, Decimal(0)))
    for goods in dict.fromkeys((rounded, whole)):
        if amount in (goods, goods + tax + shipping):
            lines = tuple(map(to_cents, exact)) if goods == rounded else tuple(shared_cents(exact, goods))
            sums = Sums(lines, tax, shipping)
            return sums if sums.total >= 0 else held("bill_below_zero", amount=from_cents(sums.total))
    return rejected(
        "bill_does_not_add_up",
        lines=from_cents(rounded),
        tax=from_cents(tax),
        shipping=from_cents(shipping),
        amount=from_cents(amount),
    )
