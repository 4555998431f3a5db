"""What a payment applies and what it leaves: the sums of its splits (rule 3.1).

What belongs here: the arithmetic, and rejecting a record whose figures contradict each other. What does not:
what the rows are applied to (applications).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.mapping.applications import Row, rows_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, rejected
from st_qbo_assets.servicetitan.records import Payment


@dataclass(frozen=True)
class Splits:
    """Rows in source order, and what is left of the total."""

    rows: Sequence[Row]
    rest: int


def splits_of(payment: Payment, lookup: Lookup, *, refunded: int = 0) -> Splits | Problem:
    """Return the splits of a payment whose applied and unapplied parts make its total to the cent.

    Args:
        payment: of any sign; a refund's rows are below zero as its total is.
        lookup: as everywhere.
        refunded: cents of its rest that were given back. Whether ServiceTitan takes them off the unapplied
            amount it states is not documented; either is taken for agreeing.
    """
    rows = rows_of(payment.applied_to, lookup)
    total, spent = to_cents(payment.total), sum(row.cents for row in rows)
    if (spent > total) if total >= 0 else (spent < total):
        return rejected("splits_exceed_total", applied=from_cents(spent), total=from_cents(total))
    rest = total - spent
    stated = rest if payment.unapplied_amount is None else to_cents(payment.unapplied_amount)
    if stated not in (rest, rest - refunded):
        return rejected(
            "payment_does_not_add_up",
            applied=from_cents(spent),
            unapplied=from_cents(stated),
            total=from_cents(total),
        )
    return Splits(rows, rest)
