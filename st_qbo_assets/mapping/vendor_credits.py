"""Vendors' credits: one AP credit becomes one QuickBooks VendorCredit and what applies it (rule 8.7).

What belongs here: the gate's answer, the credit laid out as the bill of its return, what it comes to, and its
splits. What does not: lines (`bought`), headers (`headers`), the payment of nothing that applies it
(`paid_bills`). A return without a credit posts nothing.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.days import local_day
from st_qbo_assets.domain.gate import vendor_credit_standing
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.money import from_cents, shared_cents, sum_cents, to_cents
from st_qbo_assets.domain.names import legal_number
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.accounts import COST_TYPES, buying_account
from st_qbo_assets.mapping.applications import APPLICATION
from st_qbo_assets.mapping.bill_sums import Sums
from st_qbo_assets.mapping.bought import Line, map_bill_lines
from st_qbo_assets.mapping.effects import Shape, bought
from st_qbo_assets.mapping.facts import day_of, vendor_credit_facts
from st_qbo_assets.mapping.headers import buying_references, needed_vendor
from st_qbo_assets.mapping.items import map_item
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.paid_bills import Row, bill_payment, lines_of, told_of, tying_account, wrong_rows
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined, rejected
from st_qbo_assets.mapping.sales import LINES
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.buying import (
    Bill,
    BillExpense,
    BillItem,
    InventoryReturn,
    ReturnItem,
    VendorCredit,
)
from st_qbo_assets.servicetitan.records import GlAccountRef, Unreadable


@dataclass(frozen=True)
class _Parts:
    """What a credit is put together from."""

    lines: list[Line]
    sums: Sums
    posting: PostingDate
    references: Json


def map_vendor_credit(record: VendorCredit | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what a vendor's credit becomes: the credit, and its application if it is applied to anything."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, VendorCredit, Entity.VENDOR_CREDIT, lookup)
    standing = vendor_credit_standing(vendor_credit_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason)]
    parts = _parts(record, lookup)
    if isinstance(parts, Problem):
        return [_mapped(record, lookup, parts.verdict, reason=parts.reason)]
    credit, rows = _credit(record, parts, lookup), _rows(record, lookup)
    return [credit, _application(record, rows, parts, lookup)] if rows else [credit]


def items_of_vendor_credit(record: VendorCredit, lookup: Lookup) -> list[Mapped]:
    """Return the items a due credit refers to, each once, in line order; none if it is not due."""
    parts = _parts(record, lookup) if _is_due(record, lookup) else None
    if parts is None or isinstance(parts, Problem):
        return []
    items = {line.item.source: line.item for line in reversed(parts.lines) if line.item is not None}
    return [map_item(item, lookup, day=day_of(record, lookup)) for item in reversed(items.values())]


def vendor_of_vendor_credit(record: VendorCredit, lookup: Lookup) -> list[Mapped]:
    """Return the vendor a due credit needs."""
    if not _is_due(record, lookup):
        return []
    return needed_vendor(record.vendor.id if record.vendor else None, lookup, day=day_of(record, lookup))


def bill_of_credit(credit: VendorCredit, lookup: Lookup) -> Bill | Problem:
    """Return a credit laid out as the bill of what went back; without a return, of the company's account."""
    returned, items, expenses = None, (), ()
    if credit.inventory_return_id is not None:
        returned = lookup.returns.get(credit.inventory_return_id)
        wrong = _wrong_return(credit, returned, lookup)
        if wrong is not None:
            return wrong
        items = tuple(_item(line) for line in _returned(returned))
    else:
        named = lookup.company.vendor_credit_account
        if named is None:
            return held("credit_without_return", amount=from_cents(to_cents(credit.amount)))
        account = buying_account(named, lookup, policy="vendor_credit_account", types=COST_TYPES)
        if isinstance(account, Problem):
            return account
        place = GlAccountRef(number=account.number, name=account.full_name)
        memo = credit.memo or "Credit without a return"
        expenses = (
            BillExpense.model_construct(
                id=credit.id, amount=credit.amount, description=memo, general_ledger_account=place
            ),
        )
    return Bill.model_construct(
        id=credit.id,
        raw=credit.raw,
        date=credit.date,
        bill_amount=credit.amount,
        tax_amount=returned.tax_amount if returned else Decimal(0),
        shipping_amount=returned.shipping_amount if returned else Decimal(0),
        vendor=credit.vendor,
        business_unit=credit.business_unit,
        job_id=credit.job_id or (returned.job_id if returned else None),
        items=items,
        expense_items=expenses,
        created_on=credit.created_on,
    )


def sums_of_credit(bill: Bill, number: str) -> Sums | Problem:
    """Return what a credit comes to, which is always its own amount: all of its return, or the goods alone.

    Unit costs have more than two decimals: cents are given to the lines as those of a bill are.
    """
    exact = [
        *(line.quantity * line.cost for line in bill.items),
        *(line.amount for line in bill.expense_items),
    ]
    amount, tax = to_cents(bill.bill_amount or Decimal(0)), to_cents(bill.tax_amount)
    shipping, rounded = to_cents(bill.shipping_amount), sum_cents(exact)
    for extra in dict.fromkeys(((tax, shipping), (0, 0))):
        for goods in dict.fromkeys((rounded, to_cents(sum(exact, Decimal(0))))):
            if amount == goods + sum(extra):
                lines = map(to_cents, exact) if goods == rounded else shared_cents(exact, goods)
                return Sums(tuple(lines), *extra)
    return rejected(
        "credit_does_not_add_up",
        number=number,
        lines=from_cents(rounded),
        tax=from_cents(tax),
        shipping=from_cents(shipping),
        amount=from_cents(amount),
    )


def _wrong_return(credit: VendorCredit, returned: InventoryReturn | None, lookup: Lookup) -> Problem | None:
    if returned is None:
        return held("return_unknown", id=credit.inventory_return_id)
    if returned.is_canceled:
        return held("return_canceled", number=returned.number)
    for number, line in enumerate(_returned(returned), start=1):
        if line.quantity < 0 or line.cost < 0:
            what = lookup.line_text(line.code or line.name)[:60]
            return held("returned_below_zero", line=number, what=what, quantity=line.quantity, cost=line.cost)
    return None


def _returned(returned: InventoryReturn | None) -> list[ReturnItem]:
    return [line for line in returned.items if line.active] if returned is not None else []


def _item(line: ReturnItem) -> BillItem:
    return BillItem.model_construct(
        id=line.id,
        name=line.name,
        description=line.description,
        quantity=line.quantity,
        cost=line.cost,
        sku_id=line.sku_id,
        sku_code=line.code,
        general_ledger_account=line.general_ledger_account,
        cost_of_sale_account=line.cost_of_sale_account,
        asset_account=line.asset_account,
    )


def _is_due(record: VendorCredit, lookup: Lookup) -> bool:
    standing = vendor_credit_standing(vendor_credit_facts(record), lookup.company, today=lookup.today)
    return standing.verdict is Verdict.DUE


def _parts(credit: VendorCredit, lookup: Lookup) -> _Parts | Problem:
    if credit.amount < 0:
        return held("vendor_credit_below_zero", amount=from_cents(to_cents(credit.amount)))
    bill = bill_of_credit(credit, lookup)
    if isinstance(bill, Problem):
        return bill
    returned = lookup.returns.get(credit.inventory_return_id or 0)
    sums = sums_of_credit(bill, returned.number if returned else "")
    posting = posting_date(_source(credit), day_of(credit, lookup), lookup)
    lines, problems = map_bill_lines(bill, sums, lookup) if isinstance(sums, Sums) else ([], [])
    references, wrong = buying_references(bill, lookup)
    problems += [*wrong, *(part for part in (sums, posting) if isinstance(part, Problem))]
    if len(lines) > LINES:
        problems.append(held("too_many_lines", count=len(lines), limit=LINES))
    if problems or isinstance(sums, Problem) or isinstance(posting, Problem):
        return joined(problems)
    return _Parts(lines, sums, posting, references)


def _credit(credit: VendorCredit, parts: _Parts, lookup: Lookup) -> Mapped:
    body: Json = {
        **parts.references,
        "TxnDate": parts.posting.date.isoformat(),
        "PrivateNote": marker(_source(credit)),
        "Line": [line.body for line in parts.lines],
    }
    if number := _number(credit, lookup):
        body["DocNumber"] = number
    costs: dict[str, int] = {}
    for line in parts.lines:
        costs[line.account.id] = costs.get(line.account.id, 0) - line.cents
    payload = Payload(
        source=_source(credit),
        target="VendorCredit",
        day=day_of(credit, lookup),
        body=body,
        cents=parts.sums.total,
        number=_number(credit, lookup),
        title=_title(credit, lookup),
    )
    facts: Json = {
        **bought(Shape.VENDOR_CREDIT, vendor=parts.references["VendorRef"]["value"], costs=costs),
        "lines": len(parts.lines),
        "items": list(dict.fromkeys(str(line.item.source) for line in parts.lines if line.item)),
    }
    said = parts.posting.said or _left(credit, parts.sums, lookup)
    return _mapped(credit, lookup, Verdict.DUE, reason=said, payload=payload, facts=facts)


def _left(credit: VendorCredit, sums: Sums, lookup: Lookup) -> Reason | None:
    """Return what of the return the vendor did not credit, if anything."""
    returned = lookup.returns.get(credit.inventory_return_id or 0)
    if returned is None or (sums.tax, sums.shipping) == (
        to_cents(returned.tax_amount),
        to_cents(returned.shipping_amount),
    ):
        return None
    figures = {"tax": returned.tax_amount, "shipping": returned.shipping_amount, "amount": credit.amount}
    told = {name: from_cents(to_cents(value)) for name, value in figures.items()}
    return reason("credit_left_on_account", **told)


def _rows(credit: VendorCredit, lookup: Lookup) -> list[Row]:
    """Return what a credit is used for, a row a bill, in source order."""
    cents: dict[int, int] = {}
    for split in credit.splits:
        if split.active:
            bill = split.inventory_bill_id or 0
            cents[bill] = cents.get(bill, 0) + to_cents(split.amount)
    rows: list[Row] = []
    for id_, amount in cents.items():
        bill = lookup.bills.get(id_)
        label = (bill.reference_number if bill else "") or str(id_ or "nothing")
        entity = Entity.BILL if bill is not None else None
        rows += [Row(entity, id_, amount, label, bill.vendor if bill else None)] if amount else []
    return rows


def _application(credit: VendorCredit, rows: list[Row], parts: _Parts, lookup: Lookup) -> Mapped:
    """Return the part that applies a credit; what is wrong with a split holds the splits, not the credit."""
    source = SourceRef(Entity.VENDOR_CREDIT, str(credit.id), APPLICATION)
    posting = posting_date(source, _applied_day(credit, parts, lookup), lookup)
    account, spent = tying_account(lookup), sum(row.cents for row in rows)
    problems = wrong_rows(rows, credit.vendor)
    problems += [each for each in (posting, account) if isinstance(each, Problem)]
    if spent > parts.sums.total:
        figures = {"applied": from_cents(spent), "amount": from_cents(parts.sums.total)}
        problems.append(rejected("applied_over_amount", **figures))
    if problems or isinstance(posting, Problem) or isinstance(account, Problem):
        whole = joined(problems)
        return _mapped(credit, lookup, whole.verdict, reason=whole.reason, part=APPLICATION)
    used = Row(Entity.VENDOR_CREDIT, credit.id, spent, _number(credit, lookup), credit.vendor)
    references = {name: parts.references[name] for name in ("VendorRef", "APAccountRef")}
    body = bill_payment(source, references, lines_of([*rows, used]), account=account, day=posting.date)
    payload = Payload(
        source=source,
        target="BillPayment",
        day=day_of(credit, lookup),
        body=body,
        number=_number(credit, lookup),
        title=_title(credit, lookup),
        outside_digest=("CheckPayment", "CreditCardPayment", "PayType"),
    )
    facts = bought(
        Shape.VENDOR_CREDIT_APPLICATION,
        vendor=references["VendorRef"]["value"],
        applied=told_of([*rows, used]),
    )
    return _mapped(
        credit, lookup, Verdict.DUE, reason=posting.said, payload=payload, facts=facts, part=APPLICATION
    )


def _applied_day(credit: VendorCredit, parts: _Parts, lookup: Lookup) -> date:
    """Return the day it was last applied, never before the credit."""
    zone = lookup.company.time_zone
    made = (split.created_on for split in credit.splits if split.active)
    days = (local_day(instant, zone) for instant in made if instant is not None)
    return max((parts.posting.date, *days))


def _mapped(
    credit: VendorCredit,
    lookup: Lookup,
    verdict: Verdict,
    *,
    reason: Reason | None,
    part: str = "",
    **rest: Any,
) -> Mapped:
    return Mapped(
        source=SourceRef(Entity.VENDOR_CREDIT, str(credit.id), part),
        verdict=verdict,
        day=day_of(credit, lookup),
        cents=0 if part else to_cents(credit.amount),
        number=_number(credit, lookup),
        title=_title(credit, lookup),
        reason=reason,
        **rest,
    )


def _source(credit: VendorCredit) -> SourceRef:
    return SourceRef(Entity.VENDOR_CREDIT, str(credit.id))


def _number(credit: VendorCredit, lookup: Lookup) -> str:
    """Return the vendor's own number, else ServiceTitan's (rule 8.3)."""
    legal = (
        legal_number(each, latin1=lookup.latin1).text for each in (credit.reference_number, credit.number)
    )
    return next((each for each in legal if each), "")


def _title(credit: VendorCredit, lookup: Lookup) -> str:
    return lookup.line_text(credit.vendor.name) if credit.vendor else ""
