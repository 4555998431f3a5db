"""What is bought: whether bills, orders and vendors' credits lead somewhere, before any does (rules 8.1–8.8).

What belongs here: accounts the company file names, those of the price book's costs, orders and counting in
the edition, and the lists ServiceTitan must show. What does not: matches of vendors, reading those lists.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from st_qbo_assets.domain.findings import Finding, info, ok, red, warn
from st_qbo_assets.mapping.accounts import (
    COST_TYPES,
    buying_account,
    cost_account,
    payable_account,
)
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.paid_bills import paying_account
from st_qbo_assets.mapping.problems import Problem
from st_qbo_assets.mapping.readiness.words import of_problem
from st_qbo_assets.servicetitan.records import GlAccount, GlAccountRef, PricebookItem

_GOODS = frozenset({"Material", "Equipment"})
#: Field of the company file → what is held without it.
_UNNAMED = {
    "freight_account": "bills with shipping",
    "purchase_tax_account": "bills with tax",
    "vendor_credit_account": "vendors' credits without a return",
}


def check_buying(
    chart: Sequence[GlAccount], pricebook: Iterable[PricebookItem], lookup: Lookup
) -> list[Finding]:
    """Return what bills and orders need and do not find; nothing where none are carried."""
    if not lookup.company.buys:
        return []
    return [
        *_check_named(lookup),
        *_check_goods(chart, pricebook, lookup),
        *_check_orders(lookup),
        *_check_counting(lookup),
    ]


def lists_needed(lookup: Lookup) -> tuple[str, ...]:
    """Return the lists of ServiceTitan that the buying side reads, by their endpoint."""
    company = lookup.company
    if company.bill_source is None:
        return ()
    bills = {"inventory_bills": "inventory-bills", "ap_bills": "ap-bills"}[company.bill_source]
    payments = ("ap-payments",) if company.pays_bills else ()
    return ("vendors", bills, "purchase-orders", "receipts", "returns", "ap-credits", *payments)


def check_bill_source(named: str | None, lately: Mapping[str, bool | None]) -> list[Finding]:
    """Return whether the company's bills are taken from the list that has them (rule 8.1).

    Args:
        named: the company's source; None where the buying side is not carried.
        lately: source → whether it had bills lately; None if ServiceTitan does not show it.
    """
    used = [source for source, has_bills in lately.items() if has_bills]
    if named is None:
        text = f"ServiceTitan has vendors' bills, which are not carried ({', '.join(used)})."
        cure = "Name one of the lists as `bill_source` in the company file, if they are to be."
        return [info("bills_left_out", text, cure)] if used else []
    if named in used:
        return [ok("bill_source", f"`{named}` has the bills.")]
    if used:
        text = f"`{named}` had no bill lately, and `{used[0]}` has: none would be carried."
        return [red("bill_source_empty", text, f"Name `bill_source: {used[0]}` in the company file.")]
    return [info("bill_source", f"ServiceTitan has shown no bill lately, in `{named}` or elsewhere.")]


def check_lists(refused: Mapping[str, str], needed: Sequence[str]) -> list[Finding]:
    """Return which lists of the buying side ServiceTitan does not show us.

    Args:
        refused: list → what ServiceTitan said.
        needed: all that were asked for.
    """
    found = [
        red(
            "scope_missing",
            f"ServiceTitan does not show its list of {name}: {said}",
            f"Give the app the read scope of {name} in ServiceTitan's developer portal, connect the tenant "
            "again, and materialize this again.",
            name=name,
        )
        for name, said in refused.items()
    ]
    if found or not needed:
        return found
    return [ok("scopes", f"ServiceTitan shows all {len(needed)} lists of what is bought.")]


def _check_named(lookup: Lookup) -> list[Finding]:
    """Return which accounts of the company file QuickBooks lacks, and what is held because none is named."""
    company, found = lookup.company, list[Finding]()
    payable = payable_account(lookup)
    if isinstance(payable, Problem):
        found.append(of_problem(payable, about="Bills"))
    else:
        found.append(ok("payable", f"Bills are owed on {payable.label}."))
    for policy, what in _UNNAMED.items():
        named: str | None = getattr(company, policy)
        if named is None:
            cure = f"Name an account as `{policy}` in the company file, unless there are none."
            found.append(warn(f"{policy}_missing", f"`{policy}` is not named: {what} are held.", cure))
            continue
        account = buying_account(named, lookup, policy=policy, types=COST_TYPES)
        if isinstance(account, Problem):
            found.append(of_problem(account, about=what.capitalize()))
    if company.pays_bills:
        found += _check_payment_account(lookup)
    return found


def _check_payment_account(lookup: Lookup) -> list[Finding]:
    account = paying_account(None, lookup)
    if not isinstance(account, Problem):
        return [ok("paid_from", f"Payments of bills that name no account are paid from {account.label}.")]
    say = red if lookup.company.bill_payment_account is not None else warn
    return [of_problem(account, about="Payments of bills", say=say)]


def _check_goods(
    chart: Sequence[GlAccount], pricebook: Iterable[PricebookItem], lookup: Lookup
) -> list[Finding]:
    """Return the accounts of cost that the price book names and QuickBooks lacks, each told once."""
    by_name = {text.casefold(): each for each in chart for text in (each.name, each.number) if text}
    used: Counter[str] = Counter()
    without = 0
    for item in pricebook:
        if not item.active or item.sku_type not in _GOODS:
            continue
        used[item.cost_of_sale_account] += bool(item.cost_of_sale_account)
        without += not item.cost_of_sale_account
    found: list[Finding] = []
    good = 0
    for name in sorted(each for each, count in used.items() if count):
        known = by_name.get(name.casefold())
        ref = (
            GlAccountRef(id=known.id, name=known.name, number=known.number, type=known.type)
            if known is not None
            else GlAccountRef(name=name)
        )
        account = cost_account(ref, lookup, line=1, what=name, is_asset=False)
        if isinstance(account, Problem):
            plural = "" if used[name] == 1 else "s"
            found.append(
                red(
                    account.reason.code,
                    f"The cost account {name} of {used[name]} SKU{plural} in the price book leads to no "
                    "account of cost in QuickBooks: bills of them are held.",
                    "Name its QuickBooks account under `accounts` in the company file, or add it to "
                    "QuickBooks.",
                    suggestions=account.reason.suggestions,
                    name=name,
                )
            )
        else:
            good += 1
    if without:
        text = f"{without} SKUs of the price book name no cost account: bills of them without one are held."
        found.append(warn("cost_account_missing", text, "Give them one in ServiceTitan's price book."))
    return [ok("cost_accounts", f"{good} accounts of cost lead to QuickBooks."), *found] if used else found


def _check_orders(lookup: Lookup) -> list[Finding]:
    if not lookup.company.orders:
        return [info("orders_left_out", "Purchase orders stay in ServiceTitan (`purchase_orders: false`).")]
    reference, found = lookup.reference, list[Finding]()
    if not reference.company.may_count_goods:
        found.append(
            red(
                "orders_off",
                f"{reference.company.edition} has no purchase orders: they are held.",
                "Change to QuickBooks Plus or Advanced, or set `purchase_orders: false` in the company file.",
            )
        )
    else:
        text = (
            "Purchase orders are sent. QuickBooks does not tell whether they are turned on; while they are "
            "not, orders are held and bills post without them."
        )
        found.append(info("orders_sent", text, "Look under Account and settings > Expenses in QuickBooks."))
    if not reference.preferences.track_by_customer:
        found.append(
            info(
                "bills_without_customer",
                "QuickBooks does not track expenses by customer: lines of bills name none.",
                "Turn it on under Account and settings > Expenses, if costs are to be seen by customer.",
            )
        )
    return found


def _check_counting(lookup: Lookup) -> list[Finding]:
    policy, reference = lookup.company.item_policy, lookup.reference
    if "inventory" not in (policy.material, policy.equipment):
        return []
    if reference.company.may_count_goods and reference.preferences.quantity_on_hand:
        return [ok("inventory", "QuickBooks counts goods.")]
    edition = reference.company.edition or "this edition"
    return [
        red(
            "inventory_off",
            f"`item_policy` counts goods, and QuickBooks counts none: {edition} has no inventory, or it is "
            "off.",
            "Turn on quantity on hand in QuickBooks (Plus or Advanced), or take `inventory` out of "
            "`item_policy`.",
        )
    ]
