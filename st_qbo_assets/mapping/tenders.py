"""A payment record as such: its type, where its money goes, how it is called.

What belongs here: the type's policy, the account and method it names (rule 3.1), and the outcome of one part.
What does not: the shapes a payment takes (payments, write_offs, refunds).
"""

from dataclasses import dataclass
from typing import Any

from st_qbo_assets.domain.company import PaymentTypePolicy
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.names import legal_number
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.mapping.accounts import DEPOSIT_TYPES, account_of, deposit_account, label_of
from st_qbo_assets.mapping.facts import day_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held, rejected
from st_qbo_assets.quickbooks.reference import Account, nearest
from st_qbo_assets.servicetitan.records import Payment


@dataclass(frozen=True)
class Money:
    """Where the money of a payment goes, or comes from if it is a refund.

    Attributes:
        method_id: payment method; empty if QuickBooks has none of that name.
    """

    account: Account
    method_id: str


def policy_of(payment: Payment, lookup: Lookup) -> PaymentTypePolicy | None:
    """Return what the company file says of a payment's type."""
    return lookup.company.payment_types.get(payment.type)


def money_of(payment: Payment, lookup: Lookup) -> Money | Problem:
    """Return where the money of a type goes (rule 3.1); a type without a policy is held."""
    policy = policy_of(payment, lookup)
    if policy is None:
        return _unmapped_type(payment, lookup)
    if policy.becomes != "payment" or policy.deposit_to is None:
        return held("payment_type_held", type=payment.type)
    account = deposit_account(policy.deposit_to, lookup, payment_type=payment.type)
    if isinstance(account, Problem):
        return account
    method = lookup.reference.payment_method(policy.method or payment.type)
    if method is None and policy.method:
        suggestions = nearest(policy.method, lookup.reference.payment_methods)
        return held(
            "payment_method_unknown", method=policy.method, type=payment.type, suggestions=suggestions
        )
    return Money(account, method.id if method else "")


def without_customer(payment: Payment) -> list[Problem]:
    """Return the problem of a payment that names nobody."""
    if payment.customer is None or payment.customer.id is None:
        return [rejected("customer_missing")]
    return []


def mapped_payment(
    payment: Payment, lookup: Lookup, verdict: Verdict, *, reason: Reason | None, part: str = "", **rest: Any
) -> Mapped:
    """Return the outcome of a payment as a whole, or of its main part."""
    return Mapped(
        source=source_of(payment, part),
        verdict=verdict,
        day=day_of(payment, lookup),
        cents=to_cents(payment.total),
        number=number_of_payment(payment, lookup),
        title=title_of(payment, lookup),
        reason=reason,
        **rest,
    )


def due_part(
    payment: Payment,
    lookup: Lookup,
    *,
    part: str,
    target: str,
    body: Json,
    facts: Json,
    said: Reason | None = None,
    is_main: bool = True,
) -> Mapped:
    """Return a due part of a payment with its payload; only the main part has the record's cents."""
    cents, number = to_cents(payment.total) if is_main else 0, number_of_payment(payment, lookup)
    source, day, title = source_of(payment, part), day_of(payment, lookup), title_of(payment, lookup)
    payload = Payload(
        source=source, target=target, day=day, body=body, cents=cents, number=number, title=title
    )
    return Mapped(
        source=source,
        verdict=Verdict.DUE,
        day=day,
        cents=cents,
        number=number,
        title=title,
        payload=payload,
        reason=said,
        facts=facts,
    )


def source_of(payment: Payment, part: str = "") -> SourceRef:
    """Return the reference to a payment or a part of it."""
    return SourceRef(Entity.PAYMENT, str(payment.id), part)


def payer_of(payment: Payment) -> str:
    """Return the reference to its customer."""
    return str(SourceRef(Entity.CUSTOMER, str(payment.customer.id if payment.customer else None)))


def number_of_payment(payment: Payment, lookup: Lookup) -> str:
    """Return check number, reference or authorisation code, whichever there is first."""
    for number in (payment.check_number, payment.reference_number, payment.auth_code):
        if legal := legal_number(number, latin1=lookup.latin1).text:
            return legal
    return ""


def title_of(payment: Payment, lookup: Lookup) -> str:
    """Return its customer's name."""
    return lookup.line_text(payment.customer.name) if payment.customer else ""


def _unmapped_type(payment: Payment, lookup: Lookup) -> Problem:
    """Return the problem of a type without policy, suggesting the payment's own account."""
    own = payment.general_ledger_account
    found = account_of(own, lookup) if own is not None else None
    key = payment.type.strip().casefold()
    suggestions = [name for name in lookup.company.payment_types if name.casefold() == key]
    if found is not None and not isinstance(found, Problem):
        takes_money = found.type in DEPOSIT_TYPES
        suggestions.append(f"deposit_to: {found.label}" if takes_money else "becomes: write_off")
    account = f"; ServiceTitan books this one on {label_of(own)}" if own is not None and label_of(own) else ""
    return held(
        "payment_type_unmapped", type=payment.type or "(none)", account=account, suggestions=suggestions
    )
