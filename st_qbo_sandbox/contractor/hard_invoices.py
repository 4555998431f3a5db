"""Invoices and credit memos that are not simply a sale: one function a shape.

What belongs here: credits, adjustments and odd invoices. What does not: odd payments and odd customers
(``hard_payments``, ``hard_customers``), and which shapes come when (``weekly``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.book import Issued
from st_qbo_sandbox.contractor.chart import line_account
from st_qbo_sandbox.contractor.day import Day, lines_of
from st_qbo_sandbox.contractor.documents import Line
from st_qbo_sandbox.contractor.money import cents, text
from st_qbo_sandbox.contractor.organization import UNIT, ZONE, Unit
from st_qbo_sandbox.contractor.pricebook import SKU
from st_qbo_sandbox.contractor.window import local, midnight, ordinal, stamp

Oddity = Callable[[Day, int], None]

_USUAL = ("DIAG-01", "CAP-REPL", "CAP-45-5")
_TYPED = ("LEAK-SRCH", "CAP-45-5")


def sell(
    day: Day,
    number: int,
    case: str,
    lines: tuple[Line, ...] | None = None,
    *,
    unit: Unit | None = None,
    **more: Any,
) -> Issued:
    """Enter an odd invoice and note it under its case; without lines it sells an ordinary repair."""
    customer = more.pop("customer", None) or day.stream(("odd", number)).choice(day.roster.people)
    chosen = lines if lines is not None else lines_of(*_USUAL)
    issued = day.sell(number, customer, unit or UNIT["HVAC Service"], chosen, **more)
    if case:
        day.book.case(case, issued.id)
    return issued


def restate(issued: Issued, **amounts: Decimal) -> None:
    """Overwrite amounts of an invoice's record; what is open follows the total."""
    for name, amount in amounts.items():
        issued.record[name] = text(amount)
    if "total" in amounts:
        issued.open = amounts["total"]


def _linked(day: Day) -> Any:
    return day.roster.linked_firms[(ordinal(day.date) + 3) % len(day.roster.linked_firms)]


def reverse(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Turn lines around: the same prices, quantities below zero."""
    return tuple(Line(line.sku, -line.quantity, line.price, line.unit) for line in lines)


def negative_adjustment(day: Day, number: int) -> None:
    """Correct a posted invoice downwards by one line."""
    original = sell(day, number, "", posted=True)
    day.pay_full(original, "Visa")
    sell(
        day,
        number + 1,
        "negative_adjustment",
        reverse(lines_of("CAP-45-5")),
        posted=False,
        has_job=False,
        customer=original.sale.customer,
        site=original.sale.site,
        reference=f"{original.record['referenceNumber']}-A1",
        changes={"adjustmentToId": original.id},
    )


def positive_adjustment(day: Day, number: int) -> None:
    """Correct a posted invoice upwards by one line."""
    original = sell(day, number, "", posted=True)
    sell(
        day,
        number + 1,
        "positive_adjustment",
        lines_of("CONTACTOR-REPL"),
        posted=False,
        has_job=False,
        customer=original.sale.customer,
        site=original.sale.site,
        reference=f"{original.record['referenceNumber']}-A1",
        changes={"adjustmentToId": original.id},
    )


def negative_invoice(day: Day, number: int) -> None:
    """Cancel a membership with an invoice below zero that corrects nothing."""
    sell(
        day,
        number,
        "negative_invoice",
        reverse(lines_of("MEMB-ANNUAL")),
        unit=UNIT["HVAC Maintenance"],
        kind="MembershipInvoice",
        has_job=False,
        posted=False,
    )


def write_credit_memo(
    day: Day, number: int, source: Issued, lines: tuple[Line, ...], *, applied: bool
) -> Decimal:
    """Enter a credit memo for lines of an invoice; applied to it or open. Return its total."""
    sale = source.sale
    subtotal = sum((line.total for line in lines), Decimal("0.00"))
    zone = ZONE[sale.site.zone_id]
    tax = cents(sum((line.total for line in lines if line.sku.taxable), Decimal(0)) * zone.rate)
    total = subtotal + tax
    identity = day.book.next_id("credit-memo", day.date)
    at = stamp(day.window.happened(local(day.date, 15, 30, 0, 120_004)))
    day.book.records["credit-memos"].append({
        "id": identity, "date": day.date.isoformat(),
        "referenceNumber": f"CM-{ordinal(day.date)}-{number % 1000}",
        "subTotal": subtotal, "salesTax": tax,
        "salesTaxCode": {"id": zone.id, "name": zone.name, "taxRate": zone.rate}, "total": total,
        "balance": Decimal("0.00") if applied else total,
        "appliedTo": [{
            "appliedId": day.book.next_id("split", day.date), "appliedTo": source.id, "appliedAmount": total,
            "appliedOn": day.date.isoformat(), "appliedBy": "rkowalewski",
            "appliedToReferenceNumber": source.record["referenceNumber"],
        }] if applied else [],
        "customer": sale.customer.named(), "customerAddress": sale.customer.address,
        "location": {"id": sale.site.id, "name": sale.site.name}, "locationAddress": sale.site.address,
        "businessUnit": sale.unit.named(), "syncStatus": "Pending", "batch": None, "customFields": None,
        "createdOn": at, "createdBy": "rkowalewski", "modifiedOn": at, "modifiedBy": "rkowalewski",
        "description": "Goodwill", "active": True, "importId": None, "exportId": None,
        "items": [{
            "id": day.book.next_id("credit-memo-item", day.date), "active": True,
            "description": line.sku.name,
            "quantity": line.quantity, "cost": line.sku.cost, "price": line.unit_price, "type": line.sku.type,
            "skuName": line.sku.code, "skuId": line.sku.id, "total": line.total, "taxable": line.sku.taxable,
            "revenueGeneralLedgerAccount": {
                key: value for key, value in line_account(line.sku.account or sale.unit.income).items()
                if key != "detailType"
            },
            "expensesGeneralLedgerAccount": None, "createdOn": at, "createdBy": "rkowalewski",
            "businessUnit": sale.unit.named(),
        } for line in lines],
    })  # fmt: skip
    if applied:
        day.book.settle(source, total, day.date)
    else:
        day.book.unapplied[sale.customer.id] += total
    return total


def credit_memo_applied(day: Day, number: int) -> None:
    """Credit one part of an open invoice with a memo applied to it."""
    source = sell(day, number, "")
    write_credit_memo(day, number, source, lines_of("CAP-45-5"), applied=True)
    day.book.case("credit_memo_applied", day.book.records["credit-memos"][-1]["id"])


def credit_memo_open(day: Day, number: int) -> None:
    """Leave a credit memo open."""
    source = sell(day, number, "")
    day.pay_full(source, "Visa")
    write_credit_memo(day, number, source, lines_of("CAP-REPL"), applied=False)
    day.book.case("credit_memo_open", day.book.records["credit-memos"][-1]["id"])


def credit_memo_and_negative_invoice(day: Day, number: int) -> None:
    """Credit the same thing twice: memo and negative invoice of one customer, amount and day."""
    source = sell(day, number, "")
    write_credit_memo(day, number, source, lines_of("CAP-REPL"), applied=False)
    sell(
        day,
        number + 1,
        "credit_memo_and_negative_invoice",
        reverse(lines_of("CAP-REPL")),
        has_job=False,
        posted=False,
        customer=source.sale.customer,
        site=source.sale.site,
    )


def exported_status(day: Day, number: int) -> None:
    """Exported by the vendor's own connector, which has booked it in QuickBooks."""
    issued = sell(
        day,
        number,
        "exported_status",
        lines_of(*_TYPED),
        customer=_linked(day),
        posted=True,
        changes={"syncStatus": "Exported"},
    )
    day.book.typed.append((issued, {}))


def export_id_set(day: Day, number: int) -> None:
    """Posted, yet with the id another connector left; it stands in QuickBooks."""
    issued = sell(
        day,
        number,
        "export_id_set",
        lines_of(*_TYPED),
        customer=_linked(day),
        posted=True,
        changes={"exportId": f"QBO-{number}"},
    )
    day.book.typed.append((issued, {}))


def number_taken_by_hand(day: Day, number: int) -> None:
    """Typed in by hand too, with another amount."""
    issued = sell(day, number, "number_taken_by_hand", lines_of(*_TYPED), customer=_linked(day))
    day.book.typed.append((issued, {"extra": 1250}))


def number_taken_other_customer(day: Day, number: int) -> None:
    """The number is on a hand-typed invoice of somebody else."""
    issued = sell(day, number, "number_taken_other_customer", lines_of(*_TYPED))
    day.book.typed.append((issued, {"customer": day.roster.linked_people[0]}))


def number_taken_other_day(day: Day, number: int) -> None:
    """Typed in by hand with everything equal but the day."""
    issued = sell(day, number, "number_taken_other_day", lines_of(*_TYPED), customer=_linked(day))
    day.book.typed.append((issued, {"day": day.later(-3)}))


def number_over_21(day: Day, number: int) -> None:
    """Two numbers too long for QuickBooks that differ after the 21st character only."""
    for part in range(2):
        sell(
            day, number + part, "number_over_21", reference=f"KC-RESIDENTIAL-2026-{ordinal(day.date)}-{part}"
        )


def number_repeated(day: Day, number: int) -> None:
    """Two invoices of two customers under one number."""
    for part in range(2):
        sell(day, number + part, "number_repeated", reference=f"DUP-{ordinal(day.date)}")


def twin_invoices(day: Day, number: int) -> None:
    """Two visits alike in customer, day and amount: both are real."""
    first = sell(day, number, "twin_invoices")
    sell(day, number + 1, "twin_invoices", customer=first.sale.customer, site=first.sale.site)


def invoice_before_start(day: Day, number: int) -> None:
    """Dated long before the sync began, and touched today; still open."""
    old = midnight(day.later(-400))
    sell(
        day,
        number,
        "invoice_before_start",
        posted=True,
        changes={"invoiceDate": old, "dueDate": old, "createdOn": stamp(local(day.later(-400), 9))},
    )


def opening_invoice(day: Day, number: int) -> None:
    """Dated before the sync began and open in QuickBooks under the same number."""
    old = midnight(day.later(-380))
    issued = sell(
        day,
        number,
        "opening_invoice",
        lines_of(*_TYPED),
        customer=_linked(day),
        posted=True,
        changes={"invoiceDate": old, "dueDate": old, "createdOn": stamp(local(day.later(-380), 9))},
    )
    day.book.typed.append((issued, {"day": day.later(-380)}))


def dated_in_future(day: Day, number: int) -> None:
    """Dated a month after the last day."""
    coming = day.window.last_day + timedelta(days=30)
    sell(
        day,
        number,
        "dated_in_future",
        posted=False,
        changes={"invoiceDate": midnight(coming), "dueDate": midnight(coming)},
    )


def lines_do_not_sum(day: Day, number: int) -> None:
    """Lines ten dollars short of the subtotal."""
    issued = sell(day, number, "lines_do_not_sum")
    ten = Decimal("10.00")
    restate(issued, subTotal=issued.sale.subtotal + ten, total=issued.sale.total + ten)


def total_does_not_sum(day: Day, number: int) -> None:
    """Subtotal and tax a cent beside the total."""
    issued = sell(day, number, "total_does_not_sum")
    restate(issued, total=issued.sale.total + Decimal("0.01"))


def tax_not_at_rate(day: Day, number: int) -> None:
    """Tax typed over by the office: another amount than the rate gives."""
    issued = sell(day, number, "tax_not_at_rate")
    restate(issued, salesTax=Decimal("7.77"), total=issued.sale.subtotal + Decimal("7.77"))


def tax_for_exempt_customer(day: Day, number: int) -> None:
    """Tax on an invoice of an exempt customer."""
    issued = sell(
        day, number, "tax_for_exempt_customer", customer=day.roster.exempt[0], unit=UNIT["Commercial"]
    )
    restate(issued, salesTax=Decimal("5.71"), total=issued.sale.subtotal + Decimal("5.71"))


def line_without_account(day: Day, number: int) -> None:
    """The first line names no ledger account."""
    issued = sell(day, number, "line_without_account")
    issued.record["items"][0]["generalLedgerAccount"] = None


def line_total_off(day: Day, number: int) -> None:
    """A line whose total somebody typed: not quantity times price."""
    issued = sell(day, number, "line_total_off")
    issued.record["items"][1]["price"] = "200.00"


def line_quantity_zero(day: Day, number: int) -> None:
    """A line with quantity zero and a total all the same."""
    issued = sell(day, number, "line_quantity_zero")
    issued.record["items"][1]["quantity"] = "0.00"


def quantity_is_a_word(day: Day, number: int) -> None:
    """A quantity that is no number."""
    sell(day, number, "quantity_is_a_word").record["items"][0]["quantity"] = "two"


def sku_name_null(day: Day, number: int) -> None:
    """A line without SKU name."""
    issued = sell(day, number, "sku_name_null")
    issued.record["items"][0]["skuName"] = None


def fields_missing(day: Day, number: int) -> None:
    """A record without the keys that the vendor does not promise."""
    record = sell(day, number, "fields_missing").record
    for key in (
        "dueDate",
        "termName",
        "location",
        "locationAddress",
        "salesTaxCode",
        "batch",
        "job",
        "summary",
    ):
        record.pop(key)


def amount_absurd(day: Day, number: int) -> None:
    """A total of a hundred million billions."""
    issued = sell(day, number, "amount_absurd")
    issued.record |= {"subTotal": "99999999999999999.99", "total": "99999999999999999.99"}


def long_description(day: Day, number: int) -> None:
    """Texts longer than QuickBooks takes, with markup in them."""
    issued = sell(day, number, "long_description", summary="<b>Replaced</b> &amp; tested. " * 400)
    issued.record["items"][0]["description"] = (
        "<p>" + "Observed, measured, recorded; " * 170 + "<script>x()</script></p>"
    )


def lines_over_750(day: Day, number: int) -> None:
    """More taxable lines than a QuickBooks transaction holds."""
    sell(
        day,
        number,
        "lines_over_750",
        lines_of(*(("THHN-12", str(10 + part)) for part in range(760))),
        unit=UNIT["Electrical"],
    )


def _simple(case: str, codes: tuple[Any, ...] = _USUAL, *, unit: str = "HVAC Service", **more: Any) -> Oddity:
    def write(day: Day, number: int) -> None:
        sell(day, number, case, lines_of(*codes), unit=UNIT[unit], **more)

    return write


def _not_chargeable_priced(day: Day, number: int) -> None:
    lines = (*lines_of("DIAG-01", "CAP-REPL"), Line(SKU["CAP-45-5"], chargeable=False))
    sell(day, number, "not_chargeable_priced", lines)


def _tiny_quantity(day: Day, number: int) -> None:
    sell(
        day,
        number,
        "quantity_seven_places",
        (Line(SKU["R410A"], Decimal("3.1415927")), *lines_of("LEAK-SRCH")),
    )


_ZERO_DATE = "0001-01-01T00:00:00Z"

INVOICE_ODDITIES: dict[str, Oddity] = {
    "negative_adjustment": negative_adjustment,
    "positive_adjustment": positive_adjustment,
    "negative_invoice": negative_invoice,
    "credit_memo_applied": credit_memo_applied,
    "credit_memo_open": credit_memo_open,
    "credit_memo_and_negative_invoice": credit_memo_and_negative_invoice,
    "deleted_invoice": _simple("deleted_invoice", changes={"active": False}),
    "unposted_invoice": _simple("unposted_invoice", posted=False, review="NeedsReview",
                                summary="Batch un-posted.",
                                changes={"sentStatus": "Sent"}),
    "exported_status": exported_status,
    "export_id_set": export_id_set,
    "review_on_hold": _simple("review_on_hold", review="OnHold"),
    "review_rejected": _simple("review_rejected", review="Rejected"),
    "ar_import": _simple("ar_import", kind="ARImportInvoice", has_job=False, changes={"importId": "OB-1"}),
    "booked_job_zero": _simple("booked_job_zero", (), posted=False, job_status="Scheduled"),
    "job_in_progress": _simple("job_in_progress", posted=False, job_status="InProgress"),
    "job_on_hold": _simple("job_on_hold", posted=False, job_status="Hold"),
    "canceled_with_total": _simple("canceled_with_total", ("TRIP-CHG",), posted=False, job_status="Canceled"),
    "dated_in_future": dated_in_future,
    "no_date": _simple("no_date", changes={"invoiceDate": None, "dueDate": None}),
    "zero_date": _simple("zero_date", changes={"invoiceDate": _ZERO_DATE, "dueDate": _ZERO_DATE}),
    "absurd_date": _simple("absurd_date", changes={"invoiceDate": "1899-12-31T00:00:00Z"}),
    "lines_do_not_sum": lines_do_not_sum,
    "total_does_not_sum": total_does_not_sum,
    "line_without_account": line_without_account,
    "account_not_in_quickbooks": _simple("account_not_in_quickbooks", ("SOLAR-CLEAN",), unit="Electrical"),
    "account_inactive": _simple("account_inactive", ("REFRIG-SVC",), unit="Commercial"),
    "account_is_expense": _simple("account_is_expense", ("ADV-REBATE", "DIAG-01")),
    "liability_membership": _simple("liability_membership", ("MEMB-PREPAID",), kind="MembershipInvoice",
                                    has_job=False),
    "liability_deposit": _simple("liability_deposit", ("JOB-DEPOSIT",), unit="HVAC Install"),
    "tax_for_exempt_customer": tax_for_exempt_customer,
    "tax_not_at_rate": tax_not_at_rate,
    "invoice_before_start": invoice_before_start,
    "opening_invoice": opening_invoice,
    "number_over_21": number_over_21,
    "number_taken_by_hand": number_taken_by_hand,
    "number_taken_other_customer": number_taken_other_customer,
    "number_taken_other_day": number_taken_other_day,
    "number_repeated": number_repeated,
    "number_null": _simple("number_null", changes={"referenceNumber": None}),
    "no_customer": _simple("no_customer", changes={"customer": None, "customerAddress": None}),
    "items_null": _simple("items_null", changes={"items": None}),
    "items_empty": _simple("items_empty", changes={"items": []}),
    "total_null": _simple("total_null", changes={"total": None, "subTotal": None, "salesTax": None}),
    "amount_absurd": amount_absurd,
    "quantity_is_a_word": quantity_is_a_word,
    "fields_missing": fields_missing,
    "long_description": long_description,
    "lines_over_750": lines_over_750,
    "line_total_off": line_total_off,
    "line_quantity_zero": line_quantity_zero,
    "quantity_seven_places": _tiny_quantity,
    "not_chargeable_priced": _not_chargeable_priced,
    "unit_without_class": _simple("unit_without_class", unit="Home Inspections"),
    "unit_class_unknown": _simple("unit_class_unknown", ("OUTLET-INST",), unit="Solar"),
    "no_business_unit": _simple("no_business_unit", changes={"businessUnit": None}),
    "term_unknown": _simple("term_unknown", changes={"termName": "Net 7 EOM"}),
    "sku_over_100": _simple("sku_over_100", (next(code for code in SKU if code.startswith("KIT-")),
                                             "DIAG-01")),
    "sku_with_colon": _simple("sku_with_colon", ("WTR:SOFT:INST",), unit="Plumbing"),
    "sku_differs_by_case": _simple("sku_differs_by_case", ("diag-01",), unit="Plumbing"),
    "sku_is_other_item": _simple("sku_is_other_item", ("Hours",), unit="Electrical"),
    "sku_inactive_item": _simple("sku_inactive_item", ("RETIRED-FLUSH",)),
    "sku_name_null": sku_name_null,
    "twin_invoices": twin_invoices,
}  # fmt: skip
