"""Credit memos: one ServiceTitan credit memo becomes one QuickBooks CreditMemo and what applies it.

What belongs here: the gate's answer, the memo as a sale, and its splits as a payment of nothing (rule
3.4). What does not: what all sales documents share (sales), and the rows of an application (applications).
"""

from datetime import date
from typing import Any

from st_qbo_assets.domain.gate import credit_memo_standing
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.mapping.applications import (
    APPLICATION,
    Row,
    lines_of,
    link_line,
    rows_against_sign,
    rows_of,
    told_of,
    wrong_rows,
    zero_payment,
)
from st_qbo_assets.mapping.effects import Shape, books
from st_qbo_assets.mapping.facts import active_items, credit_memo_facts, day_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.periods import posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined, rejected
from st_qbo_assets.mapping.sales import (
    Sale,
    SaleParts,
    contradictions,
    customer,
    number_of,
    sale_body,
    sale_parts,
)
from st_qbo_assets.mapping.twins import twin_of_memo
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.records import CreditMemo, CreditMemoItem, InvoiceItem, Unreadable


def map_credit_memo(record: CreditMemo | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what a credit memo becomes: the memo, and its application if it is applied to anything."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, CreditMemo, Entity.CREDIT_MEMO, lookup)
    standing = credit_memo_standing(credit_memo_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason)]
    sale, rows = sale_of_memo(record), rows_of(record.applied_to, lookup)
    parts = _parts(record, sale, rows, lookup)
    if isinstance(parts, Problem):
        return [_mapped(record, lookup, parts.verdict, reason=parts.reason)]
    memo = _memo(record, sale, parts, lookup)
    return [memo, _application(record, rows, parts, lookup)] if rows else [memo]


def items_of_credit_memo(record: CreditMemo, lookup: Lookup) -> list[Mapped]:
    """Return the items a due credit memo refers to, each once, in line order; none if it is not due."""
    standing = credit_memo_standing(credit_memo_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return []
    parts = _parts(record, sale_of_memo(record), rows_of(record.applied_to, lookup), lookup)
    return [] if isinstance(parts, Problem) else parts.items(lookup, day=day_of(record, lookup))


def sale_of_memo(memo: CreditMemo) -> Sale:
    """Return a credit memo laid out as the sale its document is written from, amounts as they are."""
    return Sale.model_construct(
        id=memo.id,
        raw=memo.raw,
        reference_number=memo.reference_number,
        invoice_date=memo.date,
        sub_total=memo.sub_total,
        sales_tax=memo.sales_tax,
        sales_tax_code=memo.sales_tax_code,
        total=memo.total,
        customer=memo.customer,
        customer_address=memo.customer_address,
        location=memo.location,
        location_address=memo.location_address,
        business_unit=memo.business_unit,
        items=tuple(_line(item) for item in active_items(memo)),
        created_on=memo.created_on,
    )


def _line(item: CreditMemoItem) -> InvoiceItem:
    return InvoiceItem.model_construct(
        id=item.id,
        type=item.type,
        sku_id=item.sku_id,
        sku_name=item.sku_name,
        description=item.description,
        quantity=item.quantity,
        price=item.price,
        total=item.total,
        taxable=item.taxable,
        general_ledger_account=item.revenue_general_ledger_account,
        business_unit=item.business_unit,
    )


def _parts(memo: CreditMemo, sale: Sale, rows: list[Row], lookup: Lookup) -> SaleParts | Problem:
    found = contradictions(sale, lookup)
    if memo.total < 0:
        return joined([*found, held("credit_memo_below_zero", total=from_cents(to_cents(memo.total)))])
    spent, total = sum(row.cents for row in rows), to_cents(memo.total)
    if spent > total:
        found.append(rejected("splits_exceed_total", applied=from_cents(spent), total=from_cents(total)))
    twin = twin_of_memo(memo, lookup)
    found += [twin] if twin else []
    return sale_parts(sale, _source(memo), lookup, day=day_of(memo, lookup), found=found)


def _memo(memo: CreditMemo, sale: Sale, parts: SaleParts, lookup: Lookup) -> Mapped:
    body = sale_body(sale, _source(memo), parts, lookup, number=_number(memo, lookup))
    body["EmailStatus"] = "NotSet"
    income, tax = parts.booked(sale, lookup, sign=-1)
    facts: Json = {
        **books(Shape.CREDIT_MEMO, customer=customer(sale), income=income, tax_cents=tax),
        "lines": len(parts.lines),
        "items": list(dict.fromkeys(str(line.item.source) for line in parts.lines)),
    }
    if memo.balance is not None:
        facts["balance_cents"] = to_cents(memo.balance)
    payload = Payload(
        source=_source(memo),
        target="CreditMemo",
        day=day_of(memo, lookup),
        body=body,
        cents=to_cents(memo.total),
        number=_number(memo, lookup),
        title=_title(memo, lookup),
    )
    return _mapped(memo, lookup, Verdict.DUE, reason=parts.posting.said, payload=payload, facts=facts)


def _application(memo: CreditMemo, rows: list[Row], parts: SaleParts, lookup: Lookup) -> Mapped:
    """Return the part that applies a memo; what is wrong with a split holds the splits, not the memo."""
    source = SourceRef(Entity.CREDIT_MEMO, str(memo.id), APPLICATION)
    posting = posting_date(source, _applied_day(memo, parts), lookup)
    problems = [*rows_against_sign(rows), *wrong_rows(rows, memo.customer, lookup)]
    if isinstance(posting, Problem):
        problems.append(posting)
    if problems or isinstance(posting, Problem):
        whole = joined(problems)
        return _mapped(memo, lookup, whole.verdict, reason=whole.reason, part=APPLICATION)
    spent = sum(row.cents for row in rows)
    lines = [*lines_of(rows), link_line(_source(memo), "CreditMemo", spent)]
    owner = customer(sale_of_memo(memo))
    told: Json = {"credit": str(_source(memo)), "cents": spent, "number": _number(memo, lookup)}
    payload = Payload(
        source=source,
        target="Payment",
        day=day_of(memo, lookup),
        body=zero_payment(source, owner, lines, day=posting.date),
        number=_number(memo, lookup),
        title=_title(memo, lookup),
    )
    facts = books(Shape.APPLICATION, customer=owner, applied=[*told_of(rows, lookup), told])
    return _mapped(
        memo, lookup, Verdict.DUE, reason=posting.said, payload=payload, facts=facts, part=APPLICATION
    )


def _applied_day(memo: CreditMemo, parts: SaleParts) -> date:
    """Return the day it was last applied, never before the memo: a later split is no change of its day."""
    return max((parts.posting.date, *(row.applied_on for row in memo.applied_to if row.applied_on)))


def _mapped(
    memo: CreditMemo, lookup: Lookup, verdict: Verdict, *, reason: Reason | None, part: str = "", **rest: Any
) -> Mapped:
    return Mapped(
        source=SourceRef(Entity.CREDIT_MEMO, str(memo.id), part),
        verdict=verdict,
        day=day_of(memo, lookup),
        cents=0 if part else to_cents(memo.total),
        number=_number(memo, lookup),
        title=_title(memo, lookup),
        reason=reason,
        **rest,
    )


def _source(memo: CreditMemo) -> SourceRef:
    return SourceRef(Entity.CREDIT_MEMO, str(memo.id))


def _number(memo: CreditMemo, lookup: Lookup) -> str:
    return number_of(memo.reference_number, memo.id, lookup)


def _title(memo: CreditMemo, lookup: Lookup) -> str:
    return lookup.line_text(memo.customer.name) if memo.customer else ""
