"""Applying what a vendor owes back, or is paid, to bills: rows, lines, and the payment they stand on.

What belongs here: what a split is applied to, what is wrong with it, the BillPayment that carries it (of
nothing, where only a credit is used), and the account money leaves (rules 8.7, 8.8). What does not: whether
the bills are in QuickBooks yet (load). Every reference stays symbolic.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.mapping.accounts import account_of, buying_account, label_of
from st_qbo_assets.mapping.applications import link_line
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.records import GlAccountRef, Named

#: Where money for bills may come from, and how QuickBooks says that (QB §6.10).
_PAID_FROM = {
    "Bank": ("Check", "CheckPayment", "BankAccountRef"),
    "Credit Card": ("CreditCard", "CreditCardPayment", "CCAccountRef"),
}
_TYPES = frozenset(_PAID_FROM)


@dataclass(frozen=True)
class Row:
    """What is applied to one bill, or used of one credit; cents are positive.

    Attributes:
        entity: bill or vendor credit; None if nobody finds what it names.
        label: what to call it in a sentence.
    """

    entity: Entity | None
    id: int
    cents: int
    label: str
    vendor: Named | None = None

    @property
    def source(self) -> SourceRef:
        """The document's reference."""
        return SourceRef(self.entity or Entity.BILL, str(self.id))


def wrong_rows(rows: Iterable[Row], owner: Named | None) -> list[Problem]:
    """Return what is wrong with rows: documents nobody finds, of other vendors, or below zero."""
    found: list[Problem] = []
    for row in rows:
        if row.entity is None:
            found.append(held("applied_to_unknown_bill", document=row.label))
            continue
        other = row.vendor
        if owner is not None and other is not None and other.id != owner.id:
            names = {"owner": owner.name, "other": other.name}
            found.append(held("applied_to_other_vendor", bill=row.label, **names))
        if row.cents < 0:
            found.append(held("applied_below_zero", bill=row.label, amount=from_cents(row.cents)))
    return found


def lines_of(rows: Iterable[Row]) -> list[Json]:
    """Return a line for every row: bills are paid, credits are used."""
    return [
        link_line(row.source, "VendorCredit" if row.entity is Entity.VENDOR_CREDIT else "Bill", row.cents)
        for row in rows
    ]


def told_of(rows: Iterable[Row]) -> list[Json]:
    """Return the rows as the preview and the load are told of them."""
    names = {Entity.BILL: "bill", Entity.VENDOR_CREDIT: "credit"}
    return [
        {names[row.entity]: str(row.source), "cents": row.cents, "number": row.label}
        for row in rows
        if row.entity is not None
    ]


def bill_payment(
    source: SourceRef,
    references: Json,
    lines: Sequence[Json],
    *,
    account: Account,
    day: date,
    cents: int = 0,
) -> Json:
    """Return the body of a payment of bills; over nothing it only ties a credit to them."""
    how, holder, field = _PAID_FROM[account.type]
    return {
        **references,
        "PayType": how,
        holder: {field: {"value": account.id}},
        "TotalAmt": from_cents(cents),
        "TxnDate": day.isoformat(),
        "PrivateNote": marker(source),
        "Line": list(lines),
    }


def paying_account(named: GlAccountRef | None, lookup: Lookup) -> Account | Problem:
    """Return the account a payment left: the one it names, else the company's (rule 8.8)."""
    if named is not None and (named.number or named.name):
        found = account_of(named, lookup)
        if isinstance(found, Problem) or (found is not None and found.type in _TYPES):
            return found
        told = f"{found.label} of type {found.type}" if found is not None else "in no list"
        nearest = lookup.reference.nearest_accounts(label_of(named), types=_TYPES)
        return held("bill_payment_account_wrong", account=label_of(named), found=told, suggestions=nearest)
    policy = lookup.company.bill_payment_account
    if policy is None:
        return held("bill_payment_account_missing")
    return buying_account(policy, lookup, policy="bill_payment_account", types=_TYPES)


def tying_account(lookup: Lookup) -> Account | Problem:
    """Return the account that a payment of nothing names: the company's, else QuickBooks' first bank.

    Nothing moves there; QuickBooks wants one named all the same (QB §6.10).
    """
    if lookup.company.bill_payment_account is not None:
        return paying_account(None, lookup)
    banks = [each for each in lookup.reference.accounts if each.type == "Bank"]
    return min(banks, key=lambda each: each.id.zfill(20)) if banks else held("zero_payment_needs_bank")
