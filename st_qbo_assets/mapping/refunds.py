"""Refunds: money that went back to a customer, by what ServiceTitan already reversed (rule 3.5).

What belongs here: which of the three shapes a refund has, and its documents. What does not: the share of an
invoice (derived), which refunds a payment's rest covers (ties). Every other refund is held, naming what is
missing: guessing would move income or tax twice, or not at all.

    applied to a credit    a Purchase against Accounts Receivable, tied to it by a payment of nothing
    of unapplied money     the same Purchase, tied by a line on the refunded payment itself
    nothing reversed       a RefundReceipt with the share of the invoice's lines and tax
"""

from collections.abc import Sequence
from dataclasses import dataclass

from st_qbo_assets.domain.gate import payment_standing
from st_qbo_assets.domain.ids import marker
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Verdict
from st_qbo_assets.domain.refunds import REFUND, RefundTie
from st_qbo_assets.mapping.accounts import receivable_account
from st_qbo_assets.mapping.applications import (
    APPLICATION,
    Row,
    lines_of,
    link_line,
    rows_against_sign,
    standing_code,
    told_of,
    wrong_rows,
    zero_payment,
)
from st_qbo_assets.mapping.currency import wrong_currency
from st_qbo_assets.mapping.derived import share_of
from st_qbo_assets.mapping.effects import Shape, books
from st_qbo_assets.mapping.facts import day_of, payment_facts
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined
from st_qbo_assets.mapping.reversals import already_reversed
from st_qbo_assets.mapping.sales import Sale, SaleParts, contradictions, sale_body, sale_parts
from st_qbo_assets.mapping.splits import Splits, splits_of
from st_qbo_assets.mapping.tenders import (
    Money,
    due_part,
    money_of,
    number_of_payment,
    payer_of,
    policy_of,
    source_of,
    without_customer,
)
from st_qbo_assets.mapping.ties import TXN_TYPES, payment_type_of, rest_of, tied_refunds
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.records import Invoice, Payment

#: What the gate may say of an invoice whose income is booked: by us, before the start, or by others.
_BOOKED = frozenset({"due", "before_start", "exported_elsewhere"})


@dataclass(frozen=True)
class _Parts:
    """What every refund has."""

    splits: Splits
    money: Money
    posting: PostingDate


def map_refund(payment: Payment, lookup: Lookup) -> list[Mapped] | Problem:
    """Return the parts of a refund, or why it is held."""
    parts = _parts(payment, lookup)
    if isinstance(parts, Problem):
        return parts
    if parts.splits.rows:
        return _of_credit(payment, parts, lookup)
    refunded = _refunded(payment, lookup)
    if isinstance(refunded, Problem):
        return refunded
    tie = next((tie for tie in tied_refunds(refunded, lookup) if tie.refund == str(payment.id)), None)
    if tie is not None:
        return _of_unapplied(payment, refunded, tie, parts, lookup=lookup)
    if rest_of(refunded) != 0:
        return _rest_too_small(payment, refunded, lookup)
    return _receipt(payment, refunded, parts, lookup)


def items_of_refund(payment: Payment, lookup: Lookup) -> list[Mapped]:
    """Return the items of the lines that a refund receipt gives back; none of any other refund."""
    parts = _parts(payment, lookup)
    if isinstance(parts, Problem) or parts.splits.rows:
        return []
    refunded = _refunded(payment, lookup)
    if isinstance(refunded, Problem) or rest_of(refunded) != 0:
        return []
    sale = _given_back(payment, refunded, lookup)
    found = sale if isinstance(sale, Problem) else _receipt_parts(payment, sale, lookup)
    return [] if isinstance(found, Problem) else found.items(lookup, day=day_of(payment, lookup))


def _parts(payment: Payment, lookup: Lookup) -> _Parts | Problem:
    splits, money = splits_of(payment, lookup), money_of(payment, lookup)
    posting = posting_date(source_of(payment, REFUND), day_of(payment, lookup), lookup)
    problems = [part for part in (splits, money, posting) if isinstance(part, Problem)]
    problems += without_customer(payment)
    if currency := wrong_currency(payment, lookup):
        problems.append(currency)
    if not isinstance(splits, Problem):
        problems += _wrong_splits(payment, splits)
        problems += wrong_rows(splits.rows, payment.customer, lookup)
    if problems or isinstance(splits, Problem) or isinstance(money, Problem) or isinstance(posting, Problem):
        return joined(problems)
    return _Parts(splits, money, posting)


def _wrong_splits(payment: Payment, splits: Splits) -> list[Problem]:
    """Return why the splits of a refund are not those of one that is applied to credits alone."""
    if not splits.rows:
        return []
    on_invoice = [row for row in splits.rows if row.document is not None and not row.is_credit]
    if on_invoice:
        numbers = ", ".join(row.label for row in on_invoice)
        return [held("refund_applied_to_invoice", total=_total(payment), invoice=numbers)]
    wrong = rows_against_sign(splits.rows)
    if not wrong and splits.rest:
        return [held("refund_partly_applied", total=_total(payment), rest=from_cents(-splits.rest))]
    return wrong


def _refunded(payment: Payment, lookup: Lookup) -> Payment | Problem:
    """Return the payment that a refund without splits refunds."""
    if payment.refunded_payment_id is None:
        return held("refund_without_payment", total=_total(payment))
    refunded = lookup.payments.get(payment.refunded_payment_id)
    if refunded is None:
        return held("refund_of_unknown_payment", total=_total(payment), payment=payment.refunded_payment_id)
    label = number_of_payment(refunded, lookup) or refunded.id
    owner, payer = refunded.customer, payment.customer
    if owner is not None and payer is not None and owner.id != payer.id:
        return held("refund_of_other_customer", payer=payer.name, payment=label, owner=owner.name)
    if not refunded.active:
        return held("refund_of_unposted_payment", payment=label, why="was voided in ServiceTitan")
    if unpaid := _paid_nothing(refunded, lookup):
        return held("refund_of_unposted_payment", payment=label, why=unpaid)
    if -payment.total > refunded.total:
        return held(
            "refund_exceeds_payment", total=_total(payment), payment=label, paid=_total(refunded, sign=1)
        )
    return refunded


def _paid_nothing(refunded: Payment, lookup: Lookup) -> str:
    """Return why a payment is no money in these books, as a write-off is not; empty if it is.

    A type without a policy may be that of a payment others have booked.
    """
    policy = policy_of(refunded, lookup)
    if policy is None or policy.becomes == "payment":
        return ""
    return f"is not posted as money: its type is {refunded.type}"


def _rest_too_small(payment: Payment, refunded: Payment, lookup: Lookup) -> Problem:
    others = sum(tie.cents for tie in tied_refunds(refunded, lookup))
    return held(
        "refund_rest_too_small",
        total=_total(payment),
        payment=number_of_payment(refunded, lookup) or refunded.id,
        rest=from_cents(rest_of(refunded) - others),
    )


# Against Accounts Receivable: of a credit, of unapplied money


def _of_credit(payment: Payment, parts: _Parts, lookup: Lookup) -> list[Mapped] | Problem:
    receivable = receivable_account(lookup)
    if isinstance(receivable, Problem):
        return receivable
    purchase = _purchase(payment, parts, receivable, lookup, shape=Shape.REFUND_OF_CREDIT)
    source, refund = source_of(payment, APPLICATION), source_of(payment, REFUND)
    rows: Sequence[Row] = parts.splits.rows
    txn_type = TXN_TYPES[payment_type_of(parts.money)]
    lines = [link_line(refund, txn_type, -to_cents(payment.total)), *lines_of(rows)]
    tied = due_part(
        payment,
        lookup,
        part=APPLICATION,
        target="Payment",
        body=zero_payment(source, payer_of(payment), lines, day=parts.posting.date),
        facts=books(Shape.APPLICATION, customer=payer_of(payment), applied=told_of(rows, lookup)),
        said=parts.posting.said,
        is_main=False,
    )
    return [purchase, tied]


def _of_unapplied(
    payment: Payment, refunded: Payment, tie: RefundTie, parts: _Parts, *, lookup: Lookup
) -> list[Mapped] | Problem:
    standing = payment_standing(payment_facts(refunded), lookup.company, today=lookup.today)
    policy = policy_of(refunded, lookup)
    if standing.verdict is not Verdict.DUE or policy is None or policy.becomes != "payment":
        why = standing.reason.text.rstrip(".") if standing.reason else f"its type is {refunded.type}"
        label = number_of_payment(refunded, lookup) or refunded.id
        return held("refund_of_unposted_payment", payment=label, why=f"is not posted: {why}")
    receivable = receivable_account(lookup)
    if isinstance(receivable, Problem):
        return receivable
    purchase = _purchase(payment, parts, receivable, lookup, shape=Shape.REFUND_OF_UNAPPLIED)
    told: Json = {
        "payment": str(source_of(refunded)),
        "refund": str(tie.source),
        "cents": tie.cents,
        "txn_type": tie.txn_type,
    }
    purchase.facts["tie"] = told
    return [purchase]


def _purchase(
    payment: Payment, parts: _Parts, receivable: Account, lookup: Lookup, *, shape: Shape
) -> Mapped:
    """Return the money going out: one line to Accounts Receivable with the customer as its name."""
    total, customer = to_cents(payment.total), {"value": payer_of(payment)}
    source = source_of(payment, REFUND)
    body: Json = {
        "PaymentType": payment_type_of(parts.money),
        "AccountRef": {"value": parts.money.account.id},
        "EntityRef": {**customer, "type": "Customer"},
        "TxnDate": parts.posting.date.isoformat(),
        "PrivateNote": marker(source),
        "Line": [
            {
                "Amount": from_cents(-total),
                "Description": lookup.line_text(payment.memo or payment.type),
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {
                    "AccountRef": {"value": receivable.id},
                    "CustomerRef": customer,
                    "BillableStatus": "NotBillable",
                },
            }
        ],
    }
    if parts.money.method_id:
        body["PaymentMethodRef"] = {"value": parts.money.method_id}
    if number := number_of_payment(payment, lookup):
        body["DocNumber"] = number
    facts = _facts(payment, parts, lookup) | books(
        shape,
        customer=payer_of(payment),
        account=parts.money.account.id,
        cash_cents=total,
        applied=told_of(parts.splits.rows, lookup),
    )
    facts["receivable_account"] = receivable.id
    return due_part(
        payment,
        lookup,
        part=REFUND,
        target="Purchase",
        body=body,
        facts=facts,
        said=parts.posting.said,
    )


# Nothing reversed: a receipt


def _receipt(payment: Payment, refunded: Payment, parts: _Parts, lookup: Lookup) -> list[Mapped] | Problem:
    sale = _given_back(payment, refunded, lookup)
    found = sale if isinstance(sale, Problem) else _receipt_parts(payment, sale, lookup)
    if isinstance(sale, Problem):
        return sale
    if isinstance(found, Problem):
        return found
    source = source_of(payment, REFUND)
    body = sale_body(sale, source, found, lookup, number=f"ST-{payment.id}")
    body["DepositToAccountRef"] = {"value": parts.money.account.id}
    if parts.money.method_id:
        body["PaymentMethodRef"] = {"value": parts.money.method_id}
    if number := number_of_payment(payment, lookup):
        body["PaymentRefNum"] = number
    income, tax = found.booked(sale, lookup, sign=-1)
    facts = _facts(payment, parts, lookup) | books(
        Shape.REFUND_RECEIPT,
        customer=payer_of(payment),
        income=income,
        tax_cents=tax,
        account=parts.money.account.id,
        cash_cents=to_cents(payment.total),
    )
    facts |= {"lines": len(found.lines), "refunds_payment": str(source_of(refunded))}
    return [
        due_part(
            payment,
            lookup,
            part=REFUND,
            target="RefundReceipt",
            body=body,
            facts=facts,
            said=parts.posting.said,
        )
    ]


def _receipt_parts(payment: Payment, sale: Sale, lookup: Lookup) -> SaleParts | Problem:
    source = source_of(payment, REFUND)
    return sale_parts(sale, source, lookup, day=day_of(payment, lookup))


def _given_back(payment: Payment, refunded: Payment, lookup: Lookup) -> Sale | Problem:
    """Return the share of the invoice that a refund gives back, the invoice itself if it is all of it."""
    invoice = _invoice_paid(payment, refunded, lookup)
    if isinstance(invoice, Problem):
        return invoice
    code = standing_code(invoice, lookup)
    label = invoice.reference_number or invoice.id
    if code not in _BOOKED:
        return held("refund_of_unbooked_invoice", total=_total(payment), invoice=label, state=code)
    reversed_by = already_reversed(payment, refunded, invoice, lookup)
    if reversed_by is not None:
        return reversed_by
    if wrong := contradictions(invoice, lookup):
        return joined(wrong)
    return share_of(invoice, -to_cents(payment.total))


def _invoice_paid(payment: Payment, refunded: Payment, lookup: Lookup) -> Invoice | Problem:
    """Return the one invoice that the refunded payment paid."""
    ids = list(dict.fromkeys(row.applied_to for row in refunded.applied_to if row.applied_amount))
    label = number_of_payment(refunded, lookup) or refunded.id
    if len(ids) != 1:
        return held("refund_of_several_invoices", total=_total(payment), payment=label, invoices=len(ids))
    if not ids[0]:
        return held("split_without_document", amount=_total(payment))
    invoice = lookup.invoices.get(ids[0])
    if invoice is None or invoice.total <= 0:
        return held("applied_to_unknown", invoice=ids[0], amount=_total(payment))
    return invoice


def _facts(payment: Payment, parts: _Parts, lookup: Lookup) -> Json:
    return {
        "deposit_account_name": parts.money.account.label,
        "type": lookup.line_text(payment.type),
    }


def _total(payment: Payment, *, sign: int = -1) -> object:
    return from_cents(sign * to_cents(payment.total))
