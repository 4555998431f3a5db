"""What documents do to the books: changes of accounts in whole cents.

What belongs here: the value that mapping and load speak of effects in, and adding effects up. What does not:
the effect of a payload (`mapping.preview`), of what QuickBooks holds and of a plan (`load.effects`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from st_qbo_assets.domain.outcomes import Json


@dataclass(frozen=True)
class Effect:
    """Changes in whole cents; debits are positive on AR, cash and cost, credits on income, tax and AP.

    Attributes:
        receivable: accounts receivable.
        income: by QuickBooks account id, liabilities that lines go to included.
        tax: sales tax payable.
        cash: by account id (Undeposited Funds, a bank).
        payable: accounts payable.
        costs: by account id: what is bought, as cost or as stock that is kept.
    """

    receivable: int = 0
    income: Mapping[str, int] = field(default_factory=dict[str, int])
    tax: int = 0
    cash: Mapping[str, int] = field(default_factory=dict[str, int])
    payable: int = 0
    costs: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def income_cents(self) -> int:
        """The change of all income accounts together."""
        return sum(self.income.values())

    @property
    def cash_cents(self) -> int:
        """The change of all money accounts together."""
        return sum(self.cash.values())

    @property
    def cost_cents(self) -> int:
        """The change of all accounts of what is bought together."""
        return sum(self.costs.values())

    @property
    def is_nothing(self) -> bool:
        """Whether no account changes."""
        moved = (*self.income.values(), *self.cash.values(), *self.costs.values())
        return not (self.receivable or self.tax or self.payable or any(moved))

    @property
    def balances(self) -> bool:
        """Whether debits equal credits."""
        debits = self.receivable + self.cash_cents + self.cost_cents
        return debits == self.income_cents + self.tax + self.payable

    def __add__(self, other: "Effect") -> "Effect":
        """Return both effects together; accounts that come to zero are left out."""
        return Effect(
            receivable=self.receivable + other.receivable,
            income=_merged(self.income, other.income),
            tax=self.tax + other.tax,
            cash=_merged(self.cash, other.cash),
            payable=self.payable + other.payable,
            costs=_merged(self.costs, other.costs),
        )

    def __neg__(self) -> "Effect":
        """Return the effect that takes this one back."""
        return Effect(
            receivable=-self.receivable,
            income={account: -cents for account, cents in self.income.items()},
            tax=-self.tax,
            cash={account: -cents for account, cents in self.cash.items()},
            payable=-self.payable,
            costs={account: -cents for account, cents in self.costs.items()},
        )

    def __sub__(self, other: "Effect") -> "Effect":
        """Return what this effect does beyond another."""
        return self + -other

    def to_json(self) -> Json:
        """Return the effect as plain JSON."""
        return {
            "receivable_cents": self.receivable,
            "income_cents": self.income_cents,
            "tax_cents": self.tax,
            "cash_cents": self.cash_cents,
            "income": dict(self.income),
            "cash": dict(self.cash),
            "payable_cents": self.payable,
            "cost_cents": self.cost_cents,
            "costs": dict(self.costs),
        }


def total_of(effects: Iterable[Effect]) -> Effect:
    """Return several effects together."""
    return sum(effects, Effect())


def _merged(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    accounts = dict.fromkeys((*one, *other))
    sums = {account: one.get(account, 0) + other.get(account, 0) for account in accounts}
    return {account: cents for account, cents in sums.items() if cents}
