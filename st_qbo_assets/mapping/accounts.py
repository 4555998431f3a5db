"""Which QuickBooks account a ServiceTitan ledger account is.

What belongs here: overrides, then number, then name, and the types an account must have for its use
(rules 2.1, 2.2, 3.1). What does not: a fallback; unmapped is held with the nearest accounts.
"""

from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.records import GlAccountRef

INCOME_TYPES = frozenset({"Income", "Other Income"})
LIABILITY_TYPES = frozenset({"Other Current Liability"})
DEPOSIT_TYPES = frozenset({"Bank", "Other Current Asset"})
#: Where the cost of what is bought may stand, and where it may wait until it is used.
COST_TYPES = frozenset({"Cost of Goods Sold", "Expense", "Other Expense"})
ASSET_TYPES = frozenset({"Other Current Asset", "Fixed Asset", "Other Asset"})
#: The asset of an item that QuickBooks counts (QB §6.7).
STOCK_TYPES = frozenset({"Other Current Asset"})
PAYABLE_TYPES = frozenset({"Accounts Payable"})
RECEIVABLE_TYPES = frozenset({"Accounts Receivable"})


def label_of(gl_account: GlAccountRef) -> str:
    """Return number and name of a ServiceTitan account, as people speak of it."""
    return f"{gl_account.number} {gl_account.name}".strip()


def account_of(gl_account: GlAccountRef, lookup: Lookup) -> Account | Problem | None:
    """Return the account by override, number or name; None if there is none.

    An override that leads nowhere is a problem of its own: the company said where it goes.
    """
    overrides = {_key(name): named for name, named in lookup.company.accounts.items()}
    for key in (gl_account.number, gl_account.name):
        named = overrides.get(_key(key)) if key else None
        if named is not None:
            found = lookup.reference.account(named)
            return found or held(
                "account_override_unknown",
                account=label_of(gl_account),
                named=named,
                suggestions=lookup.reference.nearest_accounts(named),
            )
    for key in (gl_account.number, gl_account.name):
        found = lookup.reference.account(key) if key else None
        if found is not None:
            return found
    return None


def account_of_line(
    gl_account: GlAccountRef | None, lookup: Lookup, *, line: int, what: str
) -> Account | Problem:
    """Return the account that a line's item must have, or why the line is held."""
    if gl_account is None or not (gl_account.number or gl_account.name):
        return held("account_missing", line=line, what=what)
    found = account_of(gl_account, lookup)
    if isinstance(found, Problem):
        return found
    if found is None:
        nearest = lookup.reference.nearest_accounts(label_of(gl_account), types=INCOME_TYPES)
        return held(
            "account_unmapped", account=label_of(gl_account), line=line, what=what, suggestions=nearest
        )
    if found.type in INCOME_TYPES or (
        found.type in LIABILITY_TYPES and lookup.company.liability_lines == "post"
    ):
        return found
    if found.type in LIABILITY_TYPES:
        return held("liability_line_held", line=line, what=what, label=found.label)
    return held(
        "account_not_income",
        account=label_of(gl_account),
        line=line,
        what=what,
        label=found.label,
        type=found.type,
        suggestions=lookup.reference.nearest_accounts(label_of(gl_account), types=INCOME_TYPES),
    )


def deposit_account(named: str, lookup: Lookup, *, payment_type: str) -> Account | Problem:
    """Return the account payments of a type are deposited to (rule 3.1)."""
    found = lookup.reference.account(named)
    if found is None:
        nearest = lookup.reference.nearest_accounts(named, types=DEPOSIT_TYPES)
        return held("deposit_account_unknown", account=named, type=payment_type, suggestions=nearest)
    if found.type not in DEPOSIT_TYPES:
        nearest = lookup.reference.nearest_accounts(named, types=DEPOSIT_TYPES)
        return held(
            "deposit_account_wrong_type",
            label=found.label,
            type=payment_type,
            account_type=found.type,
            suggestions=nearest,
        )
    return found


def receivable_account(lookup: Lookup) -> Account | Problem:
    """Return the Accounts Receivable of refunds: the only one, or the one named (rule 3.5)."""
    named = lookup.company.receivable_account
    accounts = [each for each in lookup.reference.accounts if each.type in RECEIVABLE_TYPES]
    if named is None and len(accounts) == 1:
        return accounts[0]
    labels = [each.label for each in accounts]
    if named is None:
        return held("receivable_account_unclear", count=len(accounts), suggestions=labels)
    found = lookup.reference.account(named)
    if found is None or found.type not in RECEIVABLE_TYPES:
        return held("receivable_account_unknown", named=named, suggestions=labels)
    return found


def cost_account(
    gl_account: GlAccountRef | None, lookup: Lookup, *, line: int, what: str, is_asset: bool
) -> Account | Problem:
    """Return the account a line of a bill stands on: its cost, or stock that is kept (rules 8.4, 8.5)."""
    kind = "asset" if is_asset else "cost"
    if gl_account is None or not (gl_account.number or gl_account.name):
        return held("cost_account_missing", line=line, what=what, kind=kind)
    types = ASSET_TYPES if is_asset else COST_TYPES | ASSET_TYPES
    found = account_of(gl_account, lookup)
    if isinstance(found, Problem):
        return found
    label = label_of(gl_account)
    nearest = lookup.reference.nearest_accounts(label, types=types)
    if found is None:
        return held("cost_account_unmapped", account=label, line=line, what=what, suggestions=nearest)
    if found.type not in types:
        return held(
            "cost_account_wrong_type",
            label=found.label,
            line=line,
            what=what,
            type=found.type,
            suggestions=nearest,
        )
    return found


def buying_account(named: str, lookup: Lookup, *, policy: str, types: frozenset[str]) -> Account | Problem:
    """Return the account a policy of the company file names."""
    found = lookup.reference.account(named)
    if found is None or found.type not in types:
        nearest = lookup.reference.nearest_accounts(named, types=types)
        return held("buying_account_unknown", named=named, policy=policy, suggestions=nearest)
    return found


def payable_account(lookup: Lookup) -> Account | Problem:
    """Return the Accounts Payable of bills: the only one, or the one named (rule 8.1)."""
    if lookup.company.ap_account is not None:
        return buying_account(lookup.company.ap_account, lookup, policy="ap_account", types=PAYABLE_TYPES)
    accounts = [each for each in lookup.reference.accounts if each.type in PAYABLE_TYPES]
    if len(accounts) == 1:
        return accounts[0]
    labels = [each.label for each in accounts]
    return held("ap_account_unclear", count=len(accounts), suggestions=labels)


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()
