"""What a mapped record would do to the books, before anything is written.

What belongs here: the effect in whole cents, and adding effects up. What does not: showing it
(orchestration). The effect of a document that is not due is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from st_qbo_assets.domain.outcomes import Mapped, Verdict


@dataclass(frozen=True)
class Effect:
    """Changes in whole cents; debits are positive on AR and cash, credits positive on income and tax.

    Attributes:
        receivable: accounts receivable.
        income: by QuickBooks account id, liabilities that lines go to included.
        tax: sales tax payable.
        cash: by deposit account id (Undeposited Funds, a bank).
    """

    receivable: int = 0
    income: Mapping[str, int] = field(default_factory=dict[str, int])
    tax: int = 0
    cash: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def balances(self) -> bool:
        """Whether debits equal credits."""
        return self.receivable + sum(self.cash.values()) == sum(self.income.values()) + self.tax

    def __add__(self, other: "Effect") -> "Effect":
        """Return both effects together."""
        return Effect(
            receivable=self.receivable + other.receivable,
            income=_merged(self.income, other.income),
            tax=self.tax + other.tax,
            cash=_merged(self.cash, other.cash),
        )


def effect(mapped: Mapped) -> Effect:
    """Return what a mapped record does to the books if it is written as it stands."""
    if mapped.verdict is not Verdict.DUE or mapped.payload is None:
        return Effect()
    if mapped.payload.target == "Invoice":
        income = cast("Mapping[str, int]", mapped.facts["income_by_account"])
        tax = cast(int, mapped.facts["tax_cents"])
        return Effect(receivable=mapped.cents, income=dict(income), tax=tax)
    if mapped.payload.target == "Payment":
        account = cast(str, mapped.facts["deposit_account"])
        return Effect(receivable=-mapped.cents, cash={account: mapped.cents})
    return Effect()


def effect_of_all(mapped: Iterable[Mapped]) -> Effect:
    """Return the effect of several records together."""
    return sum((effect(each) for each in mapped), Effect())


def _merged(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    accounts = dict.fromkeys((*one, *other))
    return {account: one.get(account, 0) + other.get(account, 0) for account in accounts}
