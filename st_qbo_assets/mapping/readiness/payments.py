"""Payment types and terms: where money goes, and by which name QuickBooks knows a term (rules 2.7, 3.1, 3.5).

What belongs here: looking each up as a document's is. What does not: the lookup (`mapping.tenders`).
"""

from collections.abc import Sequence

from st_qbo_assets.domain.company import PaymentTypePolicy
from st_qbo_assets.domain.findings import Finding, info, ok, red, warn
from st_qbo_assets.mapping.accounts import deposit_account, receivable_account
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.mapping.readiness.words import listed, no_such, of_problem
from st_qbo_assets.quickbooks.reference import nearest
from st_qbo_assets.servicetitan.records import PaymentTerm, PaymentType


def check_payment_types(types: Sequence[PaymentType], lookup: Lookup) -> list[Finding]:
    """Return which payment types are held, and which policies lead nowhere."""
    policies = lookup.company.payment_types
    names = [type_.name for type_ in types]
    covered = [name for name in names if name in policies]
    found = [ok("payment_types", f"{len(covered)} of {len(names)} payment types are in the company file.")]
    found += [no_such("payment_types", "payment type", name, names) for name in policies if name not in names]
    for name, policy in policies.items():
        found += _check_policy(name, policy, lookup)
    found += _check_receivable(lookup)
    unnamed = [name for name in names if name not in policies]
    if unnamed:
        found.append(
            warn(
                "payment_types_unmapped",
                f"Payments of these types are held, since the company file does not name them: "
                f"{listed(unnamed)}.",
                "Name them under `payment_types`: what they become, and where the money goes.",
            )
        )
    return found


def _check_policy(name: str, policy: PaymentTypePolicy, lookup: Lookup) -> list[Finding]:
    if policy.becomes == "write_off":
        return [_check_write_off(name, policy, lookup)]
    if policy.becomes != "payment" or policy.deposit_to is None:
        return []
    found: list[Finding] = []
    account = deposit_account(policy.deposit_to, lookup, payment_type=name)
    if isinstance(account, Problem):
        found.append(of_problem(account))
    if policy.method and lookup.reference.payment_method(policy.method) is None:
        suggestions = nearest(policy.method, lookup.reference.payment_methods)
        unknown = held("payment_method_unknown", method=policy.method, type=name, suggestions=suggestions)
        found.append(of_problem(unknown))
    return found


def _check_write_off(name: str, policy: PaymentTypePolicy, lookup: Lookup) -> Finding:
    """Return which account write-offs of a type end on, or that their item is missing."""
    item = lookup.reference.item(policy.item or "")
    if item is None:
        return of_problem(held("write_off_item_unknown", item=policy.item, type=name))
    account = lookup.reference.account_by_id(item.account_id)
    if account is None:
        text = f"Write-offs of type {name} go by the item {policy.item!r} to an account that is not active."
        return warn("write_off", text, "Give the item an active account in QuickBooks.")
    where = f"{account.label} ({account.type})"
    return info("write_off", f"Write-offs of type {name} go by the item {policy.item!r} to {where}.")


def _check_receivable(lookup: Lookup) -> list[Finding]:
    """Return which account refunds are booked against."""
    found = receivable_account(lookup)
    if isinstance(found, Problem):
        is_named = lookup.company.receivable_account is not None
        return [of_problem(found, about="Refunds", say=red if is_named else warn)]
    return [ok("refunds", f"Refunds are booked against {found.label}.")]


def check_terms(terms: Sequence[PaymentTerm], lookup: Lookup) -> list[Finding]:
    """Return which terms QuickBooks lacks; only one that the company file names holds anything."""
    overrides, reference = lookup.company.terms, lookup.reference
    names = [term.name for term in terms]
    found = [no_such("terms", "payment term", name, names) for name in overrides if name not in names]
    for name, target in overrides.items():
        if reference.term(target) is None:
            suggestions = nearest(target, reference.terms)
            problem = held("term_override_unknown", term=name, named=target, suggestions=suggestions)
            found.append(of_problem(problem, say=red))
    active = [term.name for term in terms if term.active]
    missing = [name for name in active if name not in overrides and reference.term(name) is None]
    if missing:
        text = f"QuickBooks has no term {listed(missing)}; such invoices carry the due date alone."
        found.append(info("terms_missing", text))
    return found or [ok("terms", f"All {len(active)} payment terms are in QuickBooks.")]
