"""Accounts: whether those in use lead to income accounts of QuickBooks (rules 2.1, 2.2).

What belongs here: which accounts the pricebook and the ledger name, each looked up as a document's line is.
What does not: the lookup itself (`mapping.accounts`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from st_qbo_assets.domain.findings import Finding, ok, red, warn
from st_qbo_assets.mapping.accounts import INCOME_TYPES, LIABILITY_TYPES, account_of, label_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem
from st_qbo_assets.mapping.readiness.words import folded, no_such, of_problem
from st_qbo_assets.servicetitan.records import GlAccount, GlAccountRef, PricebookItem


def check_accounts(
    chart: Sequence[GlAccount], pricebook: Iterable[PricebookItem], lookup: Lookup
) -> list[Finding]:
    """Return which accounts of the pricebook, and which income accounts, lead nowhere or to no income."""
    used = _used(chart, pricebook)
    income = [_ref(account) for account in chart if account.active and account.type in INCOME_TYPES]
    wanted = list(dict.fromkeys((*used, *income)))
    problems = [
        finding for account in wanted if (finding := _check(account, used[account], lookup)) is not None
    ]
    good = len(wanted) - len(problems)
    counted = [ok("accounts", f"{good} of {len(wanted)} income accounts lead to QuickBooks.")] if good else []
    return [*counted, *problems, *_check_overrides(chart, lookup)]


def _used(chart: Iterable[GlAccount], pricebook: Iterable[PricebookItem]) -> Counter[GlAccountRef]:
    """Return the accounts that active pricebook items name, with how many do."""
    known = list(chart)
    by_id = {account.id: account for account in known}
    by_text = {folded(account.name): account for account in known if account.name}
    by_text |= {folded(account.number): account for account in known if account.number}
    used: Counter[GlAccountRef] = Counter()
    for item in pricebook:
        if not item.active:
            continue
        account = by_id.get(item.general_ledger_account_id or 0) or by_text.get(folded(item.account))
        if account is not None:
            used[_ref(account)] += 1
        elif item.account:
            used[GlAccountRef(name=item.account)] += 1
    return used


def _check(account: GlAccountRef, items: int, lookup: Lookup) -> Finding | None:
    """Return what is wrong with an account; it holds documents only if the pricebook uses it."""
    say = red if items else warn
    plural = "" if items == 1 else "s"
    use = f"{items} pricebook item{plural}" if items else "not in the pricebook"
    label = f"{label_of(account)} ({use})"
    found = account_of(account, lookup)
    if isinstance(found, Problem):
        return of_problem(found, about=label, say=say)
    suggestions = lookup.reference.nearest_accounts(label_of(account), types=INCOME_TYPES)
    if found is None:
        return say(
            "account_unmapped",
            f"Account {label} is not in QuickBooks, neither by number nor by name.",
            "Name its QuickBooks account under `accounts` in the company file, or add it to QuickBooks.",
            suggestions=suggestions,
        )
    is_posted_liability = found.type in LIABILITY_TYPES and lookup.company.liability_lines == "post"
    if found.type in INCOME_TYPES or is_posted_liability:
        return None
    return say(
        "account_not_income",
        f"Account {label} is {found.label} in QuickBooks, of type {found.type}: no income.",
        "Name an income account for it under `accounts` in the company file.",
        suggestions=suggestions,
    )


def _check_overrides(chart: Sequence[GlAccount], lookup: Lookup) -> list[Finding]:
    """Return the overrides of accounts nobody has, and those that lead nowhere and were not told yet."""
    by_name = {folded(text): account for account in chart for text in (account.name, account.number) if text}
    found: list[Finding] = []
    for name, target in lookup.company.accounts.items():
        account = by_name.get(folded(name))
        if account is None:
            found.append(no_such("accounts", "account", name, [label_of(_ref(each)) for each in chart]))
        elif account.type not in INCOME_TYPES and lookup.reference.account(target) is None:
            problem = account_of(_ref(account), lookup)
            found += [of_problem(problem)] if isinstance(problem, Problem) else []
    return found


def _ref(account: GlAccount) -> GlAccountRef:
    return GlAccountRef(id=account.id, name=account.name, number=account.number, type=account.type)
