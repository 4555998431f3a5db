"""Payments: one ServiceTitan payment becomes one QuickBooks Payment, or says why not.

What belongs here: the gate's answer, the type's policy, splits and the unapplied rest (rules 3.1–3.3).
What does not: whether the invoices it pays are in QuickBooks yet (load). Every split stays in the
payload as a symbolic reference; the load applies what can be applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from st_qbo_assets.domain.company import PaymentTypePolicy
from st_qbo_assets.domain.gate import invoice_standing, payment_standing
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.money import from_cents, round_to_cent, to_cents
from st_qbo_assets.domain.names import legal_number
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.accounts import DEPOSIT_TYPES, account_of, deposit_account, label_of
from st_qbo_assets.mapping.facts import day_of, invoice_facts, payment_facts
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined, rejected
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.quickbooks.reference import nearest
from st_qbo_assets.servicetitan.records import Payment, Unreadable


@dataclass(frozen=True)
class _Splits:
    """Cents by invoice id, in source order, and the rest."""

    applied: Mapping[int, int]
    unapplied: int


@dataclass(frozen=True)
class _Parts:
    """What a payment is put together from."""

    splits: _Splits
    deposit_id: str
    deposit_label: str
    method_id: str
    posting: PostingDate


def map_payment(record: Payment | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what a payment becomes: one outcome a part, today always one."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, Payment, Entity.PAYMENT, lookup)
    standing = payment_standing(payment_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason)]
    policy = _policy(record.type, lookup)
    if policy is not None and policy.becomes == "ignore":
        told = reason("payment_type_ignored", type=record.type)
        return [_mapped(record, lookup, Verdict.NOT_DUE, reason=told)]
    parts = _other_shape(record) or _parts(record, policy, lookup)
    if isinstance(parts, Problem):
        return [_mapped(record, lookup, parts.verdict, reason=parts.reason)]
    payload = Payload(
        source=_source(record),
        target="Payment",
        day=day_of(record, lookup),
        body=_body(record, parts, lookup),
        cents=to_cents(record.total),
        number=_number(record, lookup),
        title=_title(record, lookup),
    )
    facts = _facts(record, parts, lookup)
    return [_mapped(record, lookup, Verdict.DUE, reason=parts.posting.said, payload=payload, facts=facts)]


def _other_shape(payment: Payment) -> Problem | None:
    """Return why a record is no plain receipt of money: a refund, or credit moved between invoices."""
    if payment.total < 0 or payment.refunded_payment_id is not None:
        refunded = payment.refunded_payment_id
        of = f" of payment {refunded}" if refunded is not None else ""
        return held("refund_not_carried", total=abs(round_to_cent(payment.total)), of=of)
    if any(row.applied_amount < 0 for row in payment.applied_to) or payment.total == 0:
        rows = (f"{round_to_cent(row.applied_amount)} to {row.applied_to}" for row in payment.applied_to)
        return held("application_not_carried", applied=", ".join(rows) or "nothing")
    return None


def _parts(payment: Payment, policy: PaymentTypePolicy | None, lookup: Lookup) -> _Parts | Problem:
    splits = _splits(payment)
    money = _money_goes_to(payment, policy, lookup)
    posting = posting_date(_source(payment), day_of(payment, lookup), lookup)
    problems = [part for part in (splits, money, posting) if isinstance(part, Problem)]
    if payment.customer is None or payment.customer.id is None:
        problems.append(rejected("customer_missing"))
    problems += _wrong_invoices(payment, lookup)
    if problems or isinstance(splits, Problem) or isinstance(money, Problem) or isinstance(posting, Problem):
        return joined(problems)
    deposit_id, deposit_label, method_id = money
    return _Parts(splits, deposit_id, deposit_label, method_id, posting)


def _splits(payment: Payment) -> _Splits | Problem:
    """Return what is applied to each invoice; applied and unapplied must make the total to the cent."""
    applied: dict[int, int] = {}
    for row in payment.applied_to:
        applied[row.applied_to] = applied.get(row.applied_to, 0) + to_cents(row.applied_amount)
    total, spent = to_cents(payment.total), sum(applied.values())
    if spent > total:
        return rejected("splits_exceed_total", applied=from_cents(spent), total=from_cents(total))
    stated = total - spent if payment.unapplied_amount is None else to_cents(payment.unapplied_amount)
    if spent + stated != total:
        return rejected(
            "payment_does_not_add_up",
            applied=from_cents(spent),
            unapplied=from_cents(stated),
            total=from_cents(total),
        )
    return _Splits({invoice: cents for invoice, cents in applied.items() if cents}, stated)


def _money_goes_to(
    payment: Payment, policy: PaymentTypePolicy | None, lookup: Lookup
) -> tuple[str, str, str] | Problem:
    """Return deposit account (id, label) and method id of a type (rule 3.1)."""
    if policy is None:
        return _unmapped_type(payment, lookup)
    if policy.becomes == "hold":
        return held("payment_type_held", type=payment.type)
    if policy.becomes == "write_off" or policy.deposit_to is None:
        return held("write_off_not_carried", total=round_to_cent(payment.total))
    account = deposit_account(policy.deposit_to, lookup, payment_type=payment.type)
    if isinstance(account, Problem):
        return account
    method = lookup.reference.payment_method(policy.method or payment.type)
    if method is None and policy.method:
        suggestions = nearest(policy.method, lookup.reference.payment_methods)
        return held(
            "payment_method_unknown", method=policy.method, type=payment.type, suggestions=suggestions
        )
    return account.id, account.label, method.id if method else ""


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


def _wrong_invoices(payment: Payment, lookup: Lookup) -> list[Problem]:
    """Return the invoices it pays that are another customer's or another company's, as far as known."""
    found: list[Problem] = []
    for row in payment.applied_to:
        invoice = lookup.invoices.get(row.applied_to)
        if invoice is None or row.applied_amount == 0:
            continue
        number = invoice.reference_number or str(invoice.id)
        owner, payer = invoice.customer, payment.customer
        if owner is not None and payer is not None and owner.id != payer.id:
            found.append(
                held("payment_of_other_customer", payer=payer.name, invoice=number, owner=owner.name)
            )
        if _standing_code(row.applied_to, lookup) == "out_of_scope":
            found.append(held("payment_spans_companies", invoice=number))
    return found


def _standing_code(invoice_id: int, lookup: Lookup) -> str | None:
    """Return what the gate says of an invoice it pays: `due`, or a reason's code; None if not known."""
    invoice = lookup.invoices.get(invoice_id)
    if invoice is None:
        return None
    standing = invoice_standing(invoice_facts(invoice, lookup), lookup.company, today=lookup.today)
    return standing.reason.code if standing.reason else standing.verdict.value


def _body(payment: Payment, parts: _Parts, lookup: Lookup) -> Json:
    body: Json = {
        "CustomerRef": {"value": _customer(payment)},
        "TotalAmt": from_cents(to_cents(payment.total)),
        "TxnDate": parts.posting.date.isoformat(),
        "DepositToAccountRef": {"value": parts.deposit_id},
        "PrivateNote": marker(_source(payment), tenant=lookup.marker_tenant),
        "Line": [
            {
                "Amount": from_cents(cents),
                "LinkedTxn": [{"TxnId": str(SourceRef(Entity.INVOICE, str(invoice))), "TxnType": "Invoice"}],
            }
            for invoice, cents in parts.splits.applied.items()
        ],
    }
    if parts.method_id:
        body["PaymentMethodRef"] = {"value": parts.method_id}
    if number := _number(payment, lookup):
        body["PaymentRefNum"] = number
    return body


def _facts(payment: Payment, parts: _Parts, lookup: Lookup) -> Json:
    numbers = {row.applied_to: row.applied_to_reference_number for row in payment.applied_to}
    applied: list[Json] = []
    for invoice, cents in parts.splits.applied.items():
        row: Json = {"invoice": str(SourceRef(Entity.INVOICE, str(invoice))), "cents": cents}
        row["number"] = lookup.line_text(numbers[invoice])
        if standing := _standing_code(invoice, lookup):
            row["standing"] = standing
        applied.append(row)
    return {
        "customer": _customer(payment),
        "applied": applied,
        "applied_cents": sum(parts.splits.applied.values()),
        "unapplied_cents": parts.splits.unapplied,
        "deposit_account": parts.deposit_id,
        "deposit_account_name": parts.deposit_label,
        "type": lookup.line_text(payment.type),
    }


def _mapped(
    payment: Payment, lookup: Lookup, verdict: Verdict, *, reason: Reason | None, **rest: Any
) -> Mapped:
    return Mapped(
        source=_source(payment),
        verdict=verdict,
        day=day_of(payment, lookup),
        cents=to_cents(payment.total),
        number=_number(payment, lookup),
        title=_title(payment, lookup),
        reason=reason,
        **rest,
    )


def _policy(type_name: str, lookup: Lookup) -> PaymentTypePolicy | None:
    return lookup.company.payment_types.get(type_name)


def _source(payment: Payment) -> SourceRef:
    return SourceRef(Entity.PAYMENT, str(payment.id))


def _customer(payment: Payment) -> str:
    return str(SourceRef(Entity.CUSTOMER, str(payment.customer.id if payment.customer else None)))


def _number(payment: Payment, lookup: Lookup) -> str:
    """Return check number, reference or authorisation code, whichever there is first."""
    for number in (payment.check_number, payment.reference_number, payment.auth_code):
        if legal := legal_number(number, latin1=lookup.latin1).text:
            return legal
    return ""


def _title(payment: Payment, lookup: Lookup) -> str:
    return lookup.line_text(payment.customer.name) if payment.customer else ""
