"""Write-offs: a payment that brings no money, but takes an invoice off the books (rule 3.1).

What belongs here: the CreditMemo with the item the company names, and the payment of nothing that applies
it. What does not: which types are write-offs (the company file), and the rows (applications).
"""

from dataclasses import dataclass

from st_qbo_assets.domain.company import PaymentTypePolicy
from st_qbo_assets.domain.ids import marker
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped
from st_qbo_assets.mapping.applications import (
    APPLICATION,
    lines_of,
    link_line,
    rows_against_sign,
    told_of,
    wrong_rows,
    zero_payment,
)
from st_qbo_assets.mapping.currency import wrong_currency
from st_qbo_assets.mapping.effects import Shape, books
from st_qbo_assets.mapping.facts import day_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined
from st_qbo_assets.mapping.sales import Sale, header_references
from st_qbo_assets.mapping.splits import Splits, splits_of
from st_qbo_assets.mapping.tax import TaxPlan, plan_tax
from st_qbo_assets.mapping.tenders import due_part, payer_of, source_of, without_customer
from st_qbo_assets.mapping.tracking import class_of
from st_qbo_assets.quickbooks.reference import SalesItem
from st_qbo_assets.servicetitan.records import Payment

#: Part of a payment that is the credit memo.
WRITE_OFF = "write_off"


@dataclass(frozen=True)
class _Parts:
    item: SalesItem
    splits: Splits
    posting: PostingDate
    tax: TaxPlan
    references: dict[str, str]
    line_class: str


def map_write_off(payment: Payment, policy: PaymentTypePolicy, lookup: Lookup) -> list[Mapped] | Problem:
    """Return the credit memo of a write-off and what applies it, or why it is held."""
    parts = _parts(payment, policy, lookup)
    if isinstance(parts, Problem):
        return parts
    memo = due_part(
        payment,
        lookup,
        part=WRITE_OFF,
        target="CreditMemo",
        body=_body(payment, parts, lookup),
        facts=_facts(payment, parts, lookup),
        said=parts.posting.said,
    )
    return [memo, _application(payment, parts, lookup)] if parts.splits.rows else [memo]


def _parts(payment: Payment, policy: PaymentTypePolicy, lookup: Lookup) -> _Parts | Problem:
    if payment.total <= 0:
        return held("write_off_below_zero", total=from_cents(to_cents(payment.total)), type=payment.type)
    sale = _sale(payment)
    item = lookup.reference.item(policy.item or "")
    splits = splits_of(payment, lookup)
    posting = posting_date(source_of(payment, WRITE_OFF), day_of(payment, lookup), lookup)
    tax = plan_tax(sale, (), lookup)
    per_line = lookup.reference.preferences.class_per_line
    line_class = class_of(payment.business_unit, lookup) if per_line else None
    references, problems = header_references(sale, lookup)
    problems += [part for part in (splits, posting, tax, line_class) if isinstance(part, Problem)]
    if item is None:
        problems.append(held("write_off_item_unknown", item=policy.item, type=payment.type))
    if not isinstance(splits, Problem):
        problems += rows_against_sign(splits.rows)
        if any(row.cents < 0 for row in splits.rows):
            problems.append(held("write_off_uses_credit", type=payment.type))
        problems += wrong_rows(splits.rows, payment.customer, lookup)
    problems += without_customer(payment)
    if currency := wrong_currency(payment, lookup):
        problems.append(currency)
    if (
        problems
        or item is None
        or isinstance(splits, Problem)
        or isinstance(posting, Problem)
        or isinstance(tax, Problem)
    ):
        return joined(problems)
    return _Parts(item, splits, posting, tax, references, line_class if isinstance(line_class, str) else "")


def _sale(payment: Payment) -> Sale:
    """Return a write-off as a sale without tax, for what all sales documents have."""
    return Sale.model_construct(
        id=payment.id,
        raw=payment.raw,
        total=payment.total,
        customer=payment.customer,
        business_unit=payment.business_unit,
    )


def _body(payment: Payment, parts: _Parts, lookup: Lookup) -> Json:
    detail: Json = {"ItemRef": {"value": parts.item.id}}
    if parts.tax.other_code:
        detail["TaxCodeRef"] = {"value": parts.tax.other_code}
    if parts.line_class:
        detail["ClassRef"] = {"value": parts.line_class}
    body: Json = {
        "CustomerRef": {"value": payer_of(payment)},
        "TxnDate": parts.posting.date.isoformat(),
        "DocNumber": f"ST-{payment.id}",
        "PrivateNote": marker(source_of(payment, WRITE_OFF)),
        "Line": [
            {
                "Amount": from_cents(to_cents(payment.total)),
                "Description": lookup.line_text(payment.memo or payment.type),
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": detail,
            }
        ],
        "EmailStatus": "NotSet",
    }
    body |= {name: {"value": id_} for name, id_ in parts.references.items()}
    if parts.tax.detail is not None:
        body["TxnTaxDetail"] = parts.tax.detail
    return body


def _facts(payment: Payment, parts: _Parts, lookup: Lookup) -> Json:
    return {
        **books(
            Shape.WRITE_OFF,
            customer=payer_of(payment),
            income={parts.item.account_id: -to_cents(payment.total)},
        ),
        "unapplied_cents": parts.splits.rest,
        "type": lookup.line_text(payment.type),
    }


def _application(payment: Payment, parts: _Parts, lookup: Lookup) -> Mapped:
    source, memo, rows = source_of(payment, APPLICATION), source_of(payment, WRITE_OFF), parts.splits.rows
    spent = sum(row.cents for row in rows)
    used: Json = {"credit": str(memo), "cents": spent, "number": f"ST-{payment.id}"}
    lines = [*lines_of(rows), link_line(memo, "CreditMemo", spent)]
    return due_part(
        payment,
        lookup,
        part=APPLICATION,
        target="Payment",
        body=zero_payment(source, payer_of(payment), lines, day=parts.posting.date),
        facts=books(Shape.APPLICATION, customer=payer_of(payment), applied=[*told_of(rows, lookup), used]),
        said=parts.posting.said,
        is_main=False,
    )
