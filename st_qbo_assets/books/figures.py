"""The figures of a day: what each document contributes on either side, and their sums.

What belongs here: the measures compared, a document's contribution to them, and adding up. What does
not: why two sums differ (causes).

    invoices      documents and their totals          payments    documents and their totals
    credit_memos  the same; totals are below zero     refunds     the same; totals are below zero
    tax           documents with tax, and the tax     applied     applications, and their cents
    income        by account: documents and cents     balances    open documents and what is open
    purchase_orders, bills, vendor_credits, bill_payments: documents and their totals; credits are below zero
    costs         by account: documents and cents     payables    by vendor: bills less credits
    settlements   what payments and credits are applied to of bills
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from st_qbo_assets.books.documents import QboDocument, Shape, StDocument

INVOICES, CREDITS, TAX, INCOME = Shape.INVOICE.value, Shape.CREDIT.value, "tax", "income"
PAYMENTS, REFUNDS, APPLIED, BALANCES = Shape.PAYMENT.value, Shape.REFUND.value, "applied", "balances"
ORDERS, BILLS, COSTS, PAYABLES = Shape.ORDER.value, Shape.BILL.value, "costs", "payables"
VENDOR_CREDITS, BILL_PAYMENTS = Shape.VENDOR_CREDIT.value, Shape.BILL_PAYMENT.value
SETTLEMENTS = "settlements"
_BOUGHT = (ORDERS, BILLS, VENDOR_CREDITS, COSTS, PAYABLES, BILL_PAYMENTS, SETTLEMENTS)
#: All entities compared, in the order shown.
ENTITIES = (INVOICES, CREDITS, TAX, INCOME, PAYMENTS, REFUNDS, APPLIED, BALANCES, *_BOUGHT)
#: Those with a figure for each account or vendor, and those shown only where there is something of them.
BY_ACCOUNT, ON_DEMAND = frozenset({INCOME, COSTS, PAYABLES}), frozenset(_BOUGHT)
#: Causes under which a document counts as held.
_HELD = frozenset({"held", "closed_period"})


class FigureKey(NamedTuple):
    """One measure: an entity, and of income and cost the account, of payables the vendor."""

    entity: str
    account: str = ""


class Amount(NamedTuple):
    """So many documents, and their cents."""

    documents: int
    cents: int


Contribution = Mapping[FigureKey, Amount]


@dataclass(frozen=True)
class Figure:
    """One measure of one day on both sides.

    Attributes:
        account: account key, for income and cost; a vendor's for payables.
        account_name: what to show for it.
        servicetitan_count: documents due by the gate, held and rejected included (rule 6.1).
        quickbooks_count: documents dated that day, ours or not.
        unexplained_cents: sum of the absolute differences of records that no cause covers.
        held: how many of ServiceTitan's documents are held.
        rejected: how many of them are rejected.
    """

    entity: str
    account: str = ""
    account_name: str = ""
    servicetitan_count: int = 0
    quickbooks_count: int = 0
    servicetitan_cents: int = 0
    quickbooks_cents: int = 0
    unexplained_cents: int = 0
    held: int = 0
    rejected: int = 0

    @property
    def difference_cents(self) -> int:
        """ServiceTitan less QuickBooks."""
        return self.servicetitan_cents - self.quickbooks_cents

    @property
    def agrees(self) -> bool:
        """Whether both sides have as many documents and as many cents."""
        return self.difference_cents == 0 and self.servicetitan_count == self.quickbooks_count


class Tally:
    """Adds up the figures of one day."""

    def __init__(self) -> None:
        #: By measure: the counts and cents of both sides, what is unexplained, held and rejected.
        self._sums: dict[FigureKey, list[int]] = {
            FigureKey(entity): [0] * 7 for entity in ENTITIES if entity not in BY_ACCOUNT | ON_DEMAND
        }

    def add(
        self, servicetitan: Contribution, quickbooks: Contribution, *, cause: str, unexplained: bool
    ) -> None:
        """Add what one pair contributes on this day to some measures.

        Args:
            servicetitan: of the ServiceTitan document.
            quickbooks: of all its QuickBooks documents together.
            cause: name of the cause of its difference, empty if there is none.
            unexplained: whether that is no cause at all.
        """
        for key in dict.fromkeys([*servicetitan, *quickbooks]):
            ours, theirs = servicetitan.get(key, _NOTHING), quickbooks.get(key, _NOTHING)
            sums = self._sums.setdefault(key, [0] * 7)
            sums[0] += ours.documents
            sums[1] += theirs.documents
            sums[2] += ours.cents
            sums[3] += theirs.cents
            if cause:
                sums[4] += abs(ours.cents - theirs.cents) if unexplained else 0
                sums[5] += cause in _HELD and key in servicetitan
                sums[6] += cause == "rejected" and key in servicetitan

    def figures(self, account_name: Callable[[str], str]) -> tuple[Figure, ...]:
        """Return the figures in the order shown; income by account, one each, with its name."""
        order = {entity: place for place, entity in enumerate(ENTITIES)}
        named = [
            Figure(key.entity, key.account, account_name(key.account) if key.account else "", *sums)
            for key, sums in self._sums.items()
        ]
        return tuple(sorted(named, key=lambda each: (order[each.entity], each.account_name)))


_NOTHING = Amount(0, 0)


def of_document(document: StDocument | QboDocument, *, vendor: str = "") -> dict[FigureKey, Amount]:
    """Return what a document contributes, its applications apart.

    Args:
        document: of either side.
        vendor: key of the vendor of what is owed.
    """
    found = {FigureKey(document.shape.value): Amount(1, document.total_cents)}
    if document.tax_cents:
        found[FigureKey(TAX)] = Amount(1, document.tax_cents)
    by_account = COSTS if document.shape.is_owed else INCOME
    if document.shape.is_owed:
        found[FigureKey(PAYABLES, vendor)] = Amount(1, document.total_cents)
    for account, cents in document.income.items():
        found[FigureKey(by_account, str(account))] = Amount(1, cents)
    if document.balance_cents:
        found[FigureKey(BALANCES)] = Amount(1, document.balance_cents)
    return found


def of_applications(applied: Collection[int], *, is_bought: bool = False) -> dict[FigureKey, Amount]:
    """Return what applications contribute: the cents applied to each document, or to each bill."""
    key = FigureKey(SETTLEMENTS if is_bought else APPLIED)
    return {key: Amount(len(applied), sum(applied))} if applied else {}


def summed(contributions: Iterable[Contribution]) -> dict[FigureKey, Amount]:
    """Return several contributions as one."""
    total: dict[FigureKey, Amount] = {}
    for contribution in contributions:
        for key, amount in contribution.items():
            so_far = total.get(key, _NOTHING)
            total[key] = Amount(so_far.documents + amount.documents, so_far.cents + amount.cents)
    return total


def differences(servicetitan: Contribution, quickbooks: Contribution) -> dict[FigureKey, Amount]:
    """Return ServiceTitan less QuickBooks for every measure in which they differ."""
    found: dict[FigureKey, Amount] = {}
    for key in dict.fromkeys([*servicetitan, *quickbooks]):
        ours, theirs = servicetitan.get(key, _NOTHING), quickbooks.get(key, _NOTHING)
        if ours != theirs:
            found[key] = Amount(ours.documents - theirs.documents, ours.cents - theirs.cents)
    return found
