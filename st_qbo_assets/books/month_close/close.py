"""Putting a month's close together: the verdict, the lists, and whether it is a new version.

What belongs here: the order of the lists and the verdict. What does not: what each list holds (its module)
and how it is written (`pages`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from st_qbo_assets.books.accounts import Accounts
from st_qbo_assets.books.evidence import Evidence
from st_qbo_assets.books.materials_cost import ItemHeld
from st_qbo_assets.books.month_close import changes, cutoff, payables, purchases, receivables, sales
from st_qbo_assets.books.month_close.changes import DriftedLink, Inventory, digest_of
from st_qbo_assets.books.month_close.consumption import consumption
from st_qbo_assets.books.month_close.materials import materials_cost
from st_qbo_assets.books.month_close.months import Comparison, DayState, Month, states_of
from st_qbo_assets.books.month_close.quickbooks_reads import QuickBooksMonth
from st_qbo_assets.books.month_close.sales import Lists
from st_qbo_assets.books.month_close.sections import Section
from st_qbo_assets.books.month_close.servicetitan_reads import ServiceTitanMonth
from st_qbo_assets.books.vendors import Vendors
from st_qbo_assets.domain.company import CompanyFile


@dataclass(frozen=True)
class CloseInputs:
    """Everything a month's close is made of.

    Attributes:
        comparisons: the newest comparison of each day.
        changed: days that ServiceTitan changed after they were compared.
        drifted: our documents that somebody edited in QuickBooks.
        lists: QuickBooks' accounts, classes and tax codes.
        evidence: the links of vendors, where the company buys.
        items: what is known of the items on our documents, by QuickBooks id, where the company buys.
        today: the company's local day.
    """

    company: CompanyFile
    month: Month
    quickbooks: QuickBooksMonth
    servicetitan: ServiceTitanMonth
    comparisons: Mapping[date, Comparison]
    changed: Collection[date]
    drifted: Sequence[DriftedLink]
    lists: Lists
    today: date
    evidence: Evidence = field(default_factory=Evidence)
    items: Mapping[str, ItemHeld] = field(default_factory=dict[str, ItemHeld])


@dataclass(frozen=True)
class Version:
    """What is kept of a version, to compare the next one with."""

    number: int
    inputs: Mapping[str, str]
    documents: Inventory


@dataclass(frozen=True)
class MonthClose:
    """One close of one month.

    Attributes:
        version: its number, from 1; that of the last one if nothing it is made of changed.
        is_new: whether anything changed since the last version.
        days: how far each day is.
        inputs: what it is made of → hash.
        documents: what the next version is compared with.
    """

    company: str
    month: Month
    today: date
    version: int
    is_new: bool
    days: tuple[DayState, ...]
    sections: tuple[Section, ...]
    inputs: Mapping[str, str]
    documents: Inventory

    @property
    def passes(self) -> bool:
        """Whether the month may be closed: every day of it is green (rule 9)."""
        return bool(self.days) and all(state.is_green for state in self.days)

    @property
    def payables_agree(self) -> bool | None:
        """Whether what vendors are owed is one figure wherever it stands; None if the company does not buy.

        The payable account agrees with the vendors' balances, and the month's bills and credits with
        ServiceTitan's, vendor by vendor.
        """
        wanted = [each for each in self.sections if each.name in ("payables", "bought_by_vendor")]
        return all(each.figures["difference_cents"] == 0 for each in wanted) if wanted else None

    @property
    def open_days(self) -> tuple[DayState, ...]:
        """The days that keep it from passing."""
        return tuple(state for state in self.days if not state.is_green)

    def section(self, name: str) -> Section:
        """Return a list by its name."""
        return next(section for section in self.sections if section.name == name)


def close_month(given: CloseInputs, last: Version | None) -> MonthClose:
    """Return the close of a month.

    Args:
        given: what was read.
        last: the last version of the month; None if there is none.
    """
    month, company = given.month, given.company
    days = month.days(company.start_date)
    states = states_of(days, given.comparisons, changed=given.changed, today=given.today)
    documents = changes.inventory(given.servicetitan, given.quickbooks)
    drift = changes.drift(given.drifted, month)
    inputs = {
        "quickbooks": changes.quickbooks_digest(given.quickbooks),
        "servicetitan": changes.servicetitan_digest(given.servicetitan),
        "tie_outs": digest_of([[str(each.day), each.state, dict(each.causes)] for each in states]),
        "drift": digest_of([[str(cell) for cell in row] for row in drift.rows]),
    }
    if given.items:
        costs = sorted([id_, item.sku, str(item.cost)] for id_, item in given.items.items())
        inputs["items"] = digest_of(costs)
    is_new = last is None or dict(last.inputs) != inputs
    number = 1 if last is None else last.number + is_new
    changed = changes.changes(last.documents if last else None, documents, since=last.number if last else 0)
    return MonthClose(
        company=company.name,
        month=month,
        today=given.today,
        version=number,
        is_new=is_new,
        days=states,
        sections=(*_lists(given), drift, changed),
        inputs=inputs,
        documents=documents,
    )


def _bought(given: CloseInputs, accounts: Accounts) -> tuple[Section, ...]:
    servicetitan, quickbooks = given.servicetitan, given.quickbooks
    return (
        payables.payables(quickbooks),
        payables.payables_movement(quickbooks),
        payables.aged_payables(quickbooks, today=given.today),
        purchases.bought_by_vendor(servicetitan, quickbooks, Vendors(given.evidence)),
        purchases.cost_by_account(servicetitan, quickbooks, accounts),
        purchases.received_not_billed(servicetitan, today=given.today),
        materials_cost(servicetitan, quickbooks, given.items),
        consumption(servicetitan.used(), given.company),
    )


def _lists(given: CloseInputs) -> tuple[Section, ...]:
    accounts = sales.accounts_of(given.quickbooks, given.company, given.lists)
    return (
        receivables.receivables(given.quickbooks),
        receivables.unapplied_credits(given.quickbooks),
        receivables.undeposited_funds(given.quickbooks, today=given.today),
        sales.tax(given.servicetitan, given.quickbooks, given.company, given.lists),
        sales.income_by_account(given.servicetitan, given.quickbooks, accounts),
        sales.income_by_class(given.quickbooks, accounts, given.lists),
        *(_bought(given, accounts) if given.company.buys else ()),
        cutoff.cutoff(given.servicetitan),
        cutoff.revenue_recognition(given.servicetitan),
    )
