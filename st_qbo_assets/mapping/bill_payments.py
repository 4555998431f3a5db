"""Payments of bills: one AP payment of ServiceTitan's becomes one QuickBooks BillPayment (rule 8.8).

What belongs here: the gate's answer, what it pays and uses, and the account it left. What does not: rows and
body (`paid_bills`), whether the bills are in QuickBooks yet (load).
"""

from typing import Any

from st_qbo_assets.domain.gate import bill_payment_standing
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.mapping.accounts import payable_account
from st_qbo_assets.mapping.effects import Shape, bought
from st_qbo_assets.mapping.facts import bill_payment_facts, day_of
from st_qbo_assets.mapping.headers import needed_vendor
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.paid_bills import Row, bill_payment, lines_of, paying_account, told_of, wrong_rows
from st_qbo_assets.mapping.periods import posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined, rejected
from st_qbo_assets.mapping.tracking import department_of
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.buying import BillPayment
from st_qbo_assets.servicetitan.records import Unreadable


def map_bill_payment(record: BillPayment | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what a payment of bills becomes."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, BillPayment, Entity.BILL_PAYMENT, lookup)
    standing = bill_payment_standing(bill_payment_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason)]
    return [_due(record, lookup)]


def vendor_of_bill_payment(record: BillPayment, lookup: Lookup) -> list[Mapped]:
    """Return the vendor a due payment needs."""
    standing = bill_payment_standing(bill_payment_facts(record), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        return []
    return needed_vendor(record.vendor.id if record.vendor else None, lookup, day=day_of(record, lookup))


def _due(payment: BillPayment, lookup: Lookup) -> Mapped:
    rows, total = _rows(payment, lookup), to_cents(payment.amount)
    posting = posting_date(_source(payment), day_of(payment, lookup), lookup)
    account, payable = paying_account(payment.gl_account, lookup), payable_account(lookup)
    place = department_of(payment.business_unit, lookup)
    problems = [each for each in (posting, account, payable, place) if isinstance(each, Problem)]
    problems += [*_wrong_vendor(payment, lookup), *wrong_rows(rows, payment.vendor)]
    paid = sum(-row.cents if row.entity is Entity.VENDOR_CREDIT else row.cents for row in rows)
    if total < 0:
        problems.append(held("bill_payment_below_zero", amount=from_cents(total)))
    elif not rows:
        problems.append(held("bill_payment_without_bill", amount=from_cents(total)))
    elif paid > total:
        figures = {"applied": from_cents(paid), "amount": from_cents(total)}
        problems.append(rejected("applied_over_amount", **figures))
    if (
        problems
        or isinstance(posting, Problem)
        or isinstance(account, Problem)
        or isinstance(payable, Problem)
    ):
        whole = joined(problems)
        return _mapped(payment, lookup, whole.verdict, reason=whole.reason)
    vendor = str(SourceRef(Entity.VENDOR, str(payment.vendor.id if payment.vendor else "")))
    references: Json = {"VendorRef": {"value": vendor}, "APAccountRef": {"value": payable.id}}
    if isinstance(place, str) and place:
        references["DepartmentRef"] = {"value": place}
    payload = Payload(
        source=_source(payment),
        target="BillPayment",
        day=day_of(payment, lookup),
        body=bill_payment(
            _source(payment), references, lines_of(rows), account=account, day=posting.date, cents=total
        ),
        cents=total,
        title=_title(payment, lookup),
    )
    facts = bought(
        Shape.BILL_PAYMENT, vendor=vendor, account=account.id, cash_cents=-total, applied=told_of(rows)
    )
    return _mapped(payment, lookup, Verdict.DUE, reason=posting.said, payload=payload, facts=facts)


def _wrong_vendor(payment: BillPayment, lookup: Lookup) -> list[Problem]:
    vendor = payment.vendor
    if vendor is None or vendor.id is None:
        return [rejected("vendor_missing")]
    if vendor.id not in lookup.vendors:
        return [held("vendor_unknown", vendor=lookup.line_text(vendor.name), id=vendor.id)]
    return []


def _rows(payment: BillPayment, lookup: Lookup) -> list[Row]:
    """Return what a payment pays and uses, a row a document, in source order.

    A split below zero that names a credit of the vendor's uses so much of it.
    """
    cents: dict[tuple[int | None, int | None], int] = {}
    for split in payment.splits:
        if split.active:
            document = None if split.inventory_bill_id else split.document_id
            key = (split.inventory_bill_id, document)
            cents[key] = cents.get(key, 0) + to_cents(split.amount)
    return [_row(bill, document, amount, lookup) for (bill, document), amount in cents.items() if amount]


def _row(bill_id: int | None, document_id: int | None, cents: int, lookup: Lookup) -> Row:
    bill = lookup.bills.get(bill_id or document_id or 0)
    if bill is not None:
        return Row(Entity.BILL, bill.id, cents, bill.reference_number or str(bill.id), bill.vendor)
    credit = lookup.vendor_credits.get(document_id or 0)
    if credit is not None:
        return Row(Entity.VENDOR_CREDIT, credit.id, -cents, credit.number or str(credit.id), credit.vendor)
    return Row(None, 0, cents, str(bill_id or document_id or "nothing"))


def _mapped(
    payment: BillPayment, lookup: Lookup, verdict: Verdict, *, reason: Reason | None, **rest: Any
) -> Mapped:
    return Mapped(
        source=_source(payment),
        verdict=verdict,
        day=day_of(payment, lookup),
        cents=to_cents(payment.amount),
        title=_title(payment, lookup),
        reason=reason,
        **rest,
    )


def _source(payment: BillPayment) -> SourceRef:
    return SourceRef(Entity.BILL_PAYMENT, str(payment.id))


def _title(payment: BillPayment, lookup: Lookup) -> str:
    return lookup.line_text(payment.vendor.name) if payment.vendor else ""
