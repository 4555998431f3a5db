"""ServiceTitan's orders, bills, vendors' credits, payments of bills and receipts, read from its own records.

What belongs here: one record as verbatim JSON → one comparable value, with the gate's answer and its cost by
account. What does not: sales (`servicetitan_side`), what the mapping would make of it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from st_qbo_assets.books.accounts import GlAccount, Place
from st_qbo_assets.books.documents import StDocument
from st_qbo_assets.books.loose_json import as_list, as_object, as_text
from st_qbo_assets.books.raw_values import (
    Amounts,
    business_day,
    date_of,
    gl_account,
    instant_of,
    unless_unreadable,
)
from st_qbo_assets.books.receipts import Receipt
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.gate import (
    BillFacts,
    BillPaymentFacts,
    OrderFacts,
    VendorCreditFacts,
    bill_payment_standing,
    bill_standing,
    order_standing,
    vendor_credit_standing,
)
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents, shared_cents, sum_cents, to_cents
from st_qbo_assets.domain.outcomes import Json


def read_bill(record: Json, company: CompanyFile, *, today: date) -> StDocument:
    """Return one bill of a vendor: lines, tax and shipping are owed together (rule 8.2)."""
    amounts = Amounts()
    stated = amounts.cents(record, "billAmount", required=True)
    tax, shipping = amounts.cents(record, "taxAmount"), amounts.cents(record, "shippingAmount")
    lines = _bill_lines(record, company, amounts)
    cents = _line_cents([amount for _, amount in lines], stated, tax + shipping)
    vendor = as_object(record.get("vendor"))
    facts = BillFacts(
        sync_status=as_text(record.get("syncStatus")),
        total_cents=stated,
        business_date=date_of(record.get("billDate")),
        status=as_text(record.get("status")),
        is_canceled=as_text(record.get("status")) == "Canceled" or bool(record.get("dateCanceled")),
        active=record.get("active") is not False,
        business_unit=as_text(as_object(record.get("businessUnit")).get("name")),
    )
    return StDocument(
        source=SourceRef(Entity.BILL, as_text(record.get("id"))),
        day=business_day(record, Entity.BILL, company.time_zone) or today,
        number=as_text(record.get("referenceNumber")),
        customer_id=as_text(vendor.get("id")),
        customer=as_text(vendor.get("name")),
        total_cents=sum(cents) + tax + shipping,
        income=_costs([place for place, _ in lines], cents, company, tax=tax, shipping=shipping),
        lines=len(lines),
        active=record.get("active") is not False,
        changed_at=instant_of(record.get("modifiedOn")),
        standing=unless_unreadable(bill_standing(facts, company, today=today), amounts.faults),
        fault=amounts.fault,
    )


def read_order(
    record: Json,
    company: CompanyFile,
    *,
    vendors: Mapping[str, str],
    units: Mapping[str, str],
    today: date,
) -> StDocument:
    """Return one purchase order: its total is compared, and it costs nothing yet.

    Args:
        record: verbatim, as ServiceTitan returned it.
        company: whose gate decides.
        vendors: vendor id → name.
        units: business unit id → name.
        today: the company's local day.
    """
    amounts = Amounts()
    stated = amounts.cents(record, "total")
    rest = amounts.cents(record, "tax") + amounts.cents(record, "shipping")
    rows = [as_object(row) for row in as_list(record.get("items"))]
    exact = [_cost(row, amounts, number) for number, row in enumerate(rows, start=1)]
    vendor_id = as_text(record.get("vendorId"))

    def facts(*, is_posted: bool) -> OrderFacts:
        return OrderFacts(
            status=as_text(record.get("status")),
            total_cents=stated,
            business_date=date_of(record.get("date")),
            active=record.get("active") is not False,
            is_posted=is_posted,
            business_unit=units.get(as_text(record.get("businessUnitId")), ""),
        )

    now = order_standing(facts(is_posted=False), company, today=today)
    return StDocument(
        source=SourceRef(Entity.PURCHASE_ORDER, as_text(record.get("id"))),
        day=business_day(record, Entity.PURCHASE_ORDER, company.time_zone) or today,
        number=as_text(record.get("number")),
        customer_id=vendor_id,
        customer=vendors.get(vendor_id, ""),
        total_cents=sum(_line_cents(exact, stated, rest)) + rest,
        lines=len(rows),
        active=record.get("active") is not False,
        changed_at=instant_of(record.get("modifiedOn")),
        standing=unless_unreadable(now, amounts.faults),
        once_posted=order_standing(facts(is_posted=True), company, today=today),
        fault=amounts.fault,
    )


def read_vendor_credit(
    record: Json, company: CompanyFile, *, returned: Json | None, today: date
) -> StDocument:
    """Return one credit of a vendor, below zero; its lines are those of its return (rule 8.7).

    Args:
        record: verbatim, as ServiceTitan returned it.
        company: whose gate decides.
        returned: the return it credits, None if it credits none or that is gone.
        today: the company's local day.
    """
    amounts = Amounts()
    stated, back = amounts.cents(record, "amount", required=True), returned or {}
    tax, shipping = amounts.cents(back, "taxAmount"), amounts.cents(back, "shippingAmount")
    rows = [as_object(row) for row in as_list(back.get("items"))]
    rows = [row for row in rows if row.get("active") is not False]
    exact = [_cost(row, amounts, number) for number, row in enumerate(rows, start=1)]
    is_stocked = not (record.get("jobId") or back.get("jobId"))
    places = [_cost_account(row, company, is_stocked=is_stocked) for row in rows]
    if not record.get("inventoryReturnId"):
        places, exact = [GlAccount(company.vendor_credit_account or "", "")], [from_cents(stated)]
    cents = _line_cents(exact, stated, tax + shipping)
    if sum(cents) == stated:  # the goods alone: the vendor has not credited tax and shipping
        tax = shipping = 0
    costs = _costs(places, cents, company, tax=tax, shipping=shipping)
    applied = _splits(record, amounts)
    vendor, active = as_object(record.get("vendor")), record.get("active") is not False
    facts = VendorCreditFacts(
        sync_status=as_text(record.get("syncStatus")),
        total_cents=stated,
        business_date=date_of(record.get("date")),
        is_canceled=as_text(record.get("status")) == "Canceled" or bool(record.get("canceledOn")),
        active=active,
        business_unit=as_text(as_object(record.get("businessUnit")).get("name")),
    )
    return StDocument(
        source=SourceRef(Entity.VENDOR_CREDIT, as_text(record.get("id"))),
        day=business_day(record, Entity.VENDOR_CREDIT, company.time_zone) or today,
        number=as_text(record.get("referenceNumber")) or as_text(record.get("number")),
        customer_id=as_text(vendor.get("id")),
        customer=as_text(vendor.get("name")),
        total_cents=-stated,
        income={place: -each for place, each in costs.items()},
        lines=len(places),
        applied=applied if active and not facts.is_canceled else {},
        unapplied_cents=stated - sum(applied.values()),
        active=active,
        changed_at=instant_of(record.get("modifiedOn")),
        standing=unless_unreadable(vendor_credit_standing(facts, company, today=today), amounts.faults),
        fault=amounts.fault,
    )


def read_bill_payment(record: Json, company: CompanyFile, *, today: date) -> StDocument:
    """Return one payment of bills, due only as rule 8.8 says."""
    amounts = Amounts()
    total, applied = amounts.cents(record, "amount", required=True), _splits(record, amounts)
    vendor, active = as_object(record.get("vendor")), record.get("active") is not False
    facts = BillPaymentFacts(
        method=as_text(record.get("method")),
        status=as_text(record.get("status")),
        sync_status=as_text(record.get("syncStatus")),
        total_cents=total,
        business_date=date_of(record.get("date")),
        active=active,
        business_unit=as_text(as_object(record.get("businessUnit")).get("name")),
    )
    standing = bill_payment_standing(facts, company, today=today)
    return StDocument(
        source=SourceRef(Entity.BILL_PAYMENT, as_text(record.get("id"))),
        day=business_day(record, Entity.BILL_PAYMENT, company.time_zone) or today,
        number=as_text(record.get("name")),
        customer_id=as_text(vendor.get("id")),
        customer=as_text(vendor.get("name")),
        total_cents=total,
        applied=applied if active and standing.counts else {},
        unapplied_cents=total - sum(applied.values()),
        active=active,
        changed_at=instant_of(record.get("modifiedOn")),
        standing=unless_unreadable(standing, amounts.faults),
        fault=amounts.fault,
    )


def read_receipt(
    record: Json, company: CompanyFile, *, vendors: Mapping[str, str], orders: Mapping[str, str]
) -> Receipt | None:
    """Return one receipt; None for one that was canceled or never came.

    Args:
        record: verbatim, as ServiceTitan returned it.
        company: whose time zone tells the day of one without a date.
        vendors: vendor id → name.
        orders: purchase order id → number.
    """
    came = date_of(record.get("receivedOn")) or business_day(record, Entity.PURCHASE_ORDER, company.time_zone)
    if record.get("active") is False or came is None:
        return None
    vendor_id, order_id = as_text(record.get("vendorId")), as_text(record.get("purchaseOrderId"))
    return Receipt(
        id=as_text(record.get("id")),
        number=as_text(record.get("number")),
        day=came,
        vendor=vendors.get(vendor_id, "") or vendor_id,
        order=orders.get(order_id, "") or order_id,
        bill_id=as_text(record.get("billId")),
        cents=Amounts().cents(record, "receiptAmount"),
    )


def _splits(record: Json, amounts: Amounts) -> dict[str, int]:
    """Return bill id → cents of what a credit or payment is used for."""
    applied: dict[str, int] = {}
    for row in map(as_object, as_list(record.get("splits"))):
        if row.get("active") is not False:
            bill = as_text(row.get("inventoryBillId")) or as_text(row.get("documentId"))
            applied[bill] = applied.get(bill, 0) + amounts.cents(row, "amount", of=f"applied to {bill}: ")
    return {bill: cents for bill, cents in applied.items() if cents}


def _bill_lines(record: Json, company: CompanyFile, amounts: Amounts) -> list[tuple[Place, Decimal]]:
    """Return account and exact amount of the lines."""
    found: list[tuple[Place, Decimal]] = []
    is_stocked = not record.get("jobId")
    for number, line in enumerate(map(as_object, as_list(record.get("items"))), start=1):
        account = _cost_account(line, company, is_stocked=is_stocked)
        found.append((account, _cost(line, amounts, number)))
    for line in map(as_object, as_list(record.get("expenseItems"))):
        account = as_object(line.get("generalLedgerAccount"))
        found.append((gl_account(account), amounts.exact(line, "amount", of="expense ")))
    return found


def _cost(line: Mapping[str, Any], amounts: Amounts, number: int) -> Decimal:
    of = f"line {number} "
    return amounts.exact(line, "quantity", of=of) * amounts.exact(line, "cost", of=of)


def _cost_account(line: Mapping[str, Any], company: CompanyFile, *, is_stocked: bool) -> GlAccount:
    """Return the account goods stand on: stock that is kept or counted on its asset (rule 8.5)."""
    asset = as_object(line.get("assetAccount"))
    is_counted = company.counts(as_text(line.get("skuType")))
    is_kept = bool(asset) and (is_counted or (company.stocked_purchases == "asset" and is_stocked))
    return gl_account(asset if is_kept else as_object(line.get("costOfSaleAccount")))


def _line_cents(exact: Sequence[Decimal], stated: int, rest: int) -> list[int]:
    """Return the cents of lines whose amounts have more than two decimals (rule 8.2).

    Where the lines rounded one by one miss the amount stated and their exact sum does not, the cents are
    those of the lines with the largest remainders.

    Args:
        exact: amounts of the lines.
        stated: the amount of the whole document.
        rest: its tax and shipping, which the amount holds or does not.
    """
    goods, whole = sum_cents(exact), to_cents(sum(exact, Decimal(0)))
    if stated not in (goods, goods + rest) and stated in (whole, whole + rest):
        return shared_cents(exact, whole)
    return list(map(to_cents, exact))


def _costs(
    places: Sequence[Place], cents: Sequence[int], company: CompanyFile, *, tax: int, shipping: int
) -> dict[Place, int]:
    costs: dict[Place, int] = {}
    named = (company.freight_account, shipping), (company.purchase_tax_account, tax)
    rest = [(GlAccount(account or "", ""), each) for account, each in named]
    for place, each in (*zip(places, cents, strict=True), *rest):
        costs[place] = costs.get(place, 0) + each
    return {place: each for place, each in costs.items() if each}
