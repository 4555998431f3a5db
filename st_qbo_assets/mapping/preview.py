"""What a mapped record would do to the books, before anything is written.

What belongs here: the effect of one payload, read from the figures its mapping states. What does not: the
figures (`effects`), what QuickBooks holds already (`load.effects`), and showing it (orchestration). The
effect of a document that is not due is none.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from st_qbo_assets.domain.effects import Effect, total_of
from st_qbo_assets.domain.outcomes import Json, Mapped, Verdict


def effect(mapped: Mapped) -> Effect:
    """Return what a mapped record does to the books if it is written as it stands and was not before."""
    facts = mapped.facts
    if mapped.verdict is not Verdict.DUE or mapped.payload is None:
        return Effect()
    if "payable_cents" in facts:
        return _bought(facts)
    if "receivable_cents" not in facts:
        return Effect()
    income = cast("Mapping[str, int]", facts["income_by_account"])
    cash = int(facts["cash_cents"])
    return Effect(
        receivable=int(facts["receivable_cents"]),
        income={account: cents for account, cents in income.items() if cents},
        tax=int(facts["tax_cents"]),
        cash={str(facts["deposit_account"]): cash} if cash else {},
    )


def _bought(facts: Json) -> Effect:
    costs = cast("Mapping[str, int]", facts["cost_by_account"])
    cash = int(facts["cash_cents"])
    return Effect(
        payable=int(facts["payable_cents"]),
        costs={account: cents for account, cents in costs.items() if cents},
        cash={str(facts["deposit_account"]): cash} if cash else {},
    )


def effect_of_all(mapped: Iterable[Mapped]) -> Effect:
    """Return the effect of several records together."""
    return total_of(map(effect, mapped))
