"""Payments that are not simply money for an invoice: one function a shape.

What belongs here: refunds, write-offs, deposits, voids and broken payments. What does not: odd invoices and
customers, and which shapes come when (``weekly``).

A refund is a payment below zero, as the vendor's sample has it; ``refundedPaymentId`` names the payment it
returns.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.day import Day, lines_of
from st_qbo_sandbox.contractor.hard_invoices import Oddity, reverse, sell
from st_qbo_sandbox.contractor.money import text
from st_qbo_sandbox.contractor.window import local, midnight, stamp

_REPAIR = ("DIAG-01", "CONTACTOR-REPL")


def _note(day: Day, case: str, payment: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    if payment is None:
        raise ValueError(f"{case} must have happened by the last day")
    payment.update(changes)
    day.book.case(case, payment["id"])
    return payment


def refund_of_negative_invoice(day: Day, number: int) -> None:
    """Return money for lines that a negative adjustment took back: applied to the adjustment."""
    original = sell(day, number, "", lines_of(*_REPAIR), posted=True)
    paid = day.book.pay(day.date, day.date, "Visa", [(original, original.sale.total)])
    back = sell(
        day,
        number + 1,
        "",
        reverse(lines_of("CONTACTOR-REPL")),
        has_job=False,
        posted=False,
        customer=original.sale.customer,
        site=original.sale.site,
        reference=f"{original.record['referenceNumber']}-A1",
        changes={"adjustmentToId": original.id},
    )
    refund = day.book.pay(day.date, day.date, "Refund (Credit Card)", [(back, back.sale.total)])
    _note(day, "refund_of_negative_invoice", refund, refundedPaymentId=paid["id"] if paid else None)


def refund_of_unapplied(day: Day, number: int) -> None:
    """Return what a customer paid too much; nothing is invoiced against it."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    over = Decimal("75.00")
    paid = day.book.pay(
        day.date, day.date, "Check", [(issued, issued.sale.total)], total=issued.sale.total + over
    )
    refund = day.book.pay(
        day.date, day.date, "Refund (Check)", [], total=-over, customer=issued.sale.customer
    )
    _note(day, "refund_of_unapplied", refund, refundedPaymentId=paid["id"] if paid else None)


def refund_nothing_reversed(day: Day, number: int) -> None:
    """Return money although the invoice and its payment still stand."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    paid = day.book.pay(day.date, day.date, "Visa", [(issued, issued.sale.total)])
    refund = day.book.pay(
        day.date, day.date, "Refund (Credit Card)", [], total=Decimal("-60.00"), customer=issued.sale.customer
    )
    _note(day, "refund_nothing_reversed", refund, refundedPaymentId=paid["id"] if paid else None)


def _of_type(case: str, type_name: str) -> Oddity:
    def write(day: Day, number: int) -> None:
        issued = sell(day, number, "", lines_of(*_REPAIR))
        _note(day, case, day.book.pay(day.date, day.date, type_name, [(issued, issued.sale.total)]))

    return write


def _changed(case: str, **changes: Any) -> Oddity:
    def write(day: Day, number: int) -> None:
        issued = sell(day, number, "", lines_of(*_REPAIR))
        _note(day, case, day.book.pay(day.date, day.date, "Visa", [(issued, issued.sale.total)]), **changes)

    return write


def voided_payment(day: Day, number: int) -> None:
    """A check that bounced: inactive, applied to nothing, its invoice open again."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    total = issued.sale.total
    payment = day.book.pay(day.date, day.date, "Check", [], total=total, customer=issued.sale.customer)
    day.book.unapplied[issued.sale.customer.id] -= total
    _note(day, "voided_payment", payment, active=False, unappliedAmount="0.00", memo="NSF")


def deposit_weeks_before_job(day: Day, number: int) -> None:
    """A deposit taken three weeks before the invoice it is applied to."""
    issued = sell(day, number, "", lines_of(*_REPAIR), booked=local(day.later(-22), 9))
    taken = local(day.later(-21), 10, 15)
    payment = day.book.pay(day.date, day.later(-21), "Check", [(issued, issued.sale.total)], at=taken)
    _note(day, "deposit_weeks_before_job", payment)


def deposit_without_job(day: Day, number: int) -> None:
    """Money for work not yet booked: applied to nothing."""
    customer = day.stream(("odd", number)).choice(day.roster.people)
    payment = day.book.pay(day.date, day.date, "Check", [], total=Decimal("1000.00"), customer=customer)
    _note(day, "deposit_without_job", payment)


def payment_in_future(day: Day, number: int) -> None:
    """Dated a month after the last day (a check dated ahead)."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    payment = day.book.pay(day.date, day.date, "Check", [(issued, issued.sale.total)])
    coming = day.later((day.window.last_day - day.date).days + 30)
    _note(day, "payment_in_future", payment, date=midnight(coming))


def payment_does_not_sum(day: Day, number: int) -> None:
    """Splits and rest five dollars beside the total."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    payment = day.book.pay(day.date, day.date, "Visa", [(issued, issued.sale.total)])
    _note(day, "payment_does_not_sum", payment, total=text(issued.sale.total + 5))


def payment_splits_null(day: Day, number: int) -> None:
    """The whole list of splits is null, and no rest is shown."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    payment = day.book.pay(
        day.date, day.date, "Visa", [], total=issued.sale.total, customer=issued.sale.customer
    )
    _note(day, "payment_splits_null", payment, appliedTo=None, unappliedAmount=None)


def payment_of_missing_invoice(day: Day, number: int) -> None:
    """Applied to an invoice that no list shows."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    payment = day.book.pay(day.date, day.date, "Visa", [(issued, issued.sale.total)])
    _note(day, "payment_of_missing_invoice", payment)["appliedTo"][0]["appliedTo"] = 8_000_000_000 + number


def payment_of_other_customer(day: Day, number: int) -> None:
    """A landlord pays the tenant's invoice."""
    issued = sell(day, number, "", lines_of(*_REPAIR))
    other = day.stream(("payer", number)).choice(day.roster.firms)
    payment = day.book.pay(day.date, day.date, "Check", [(issued, issued.sale.total)], customer=other)
    _note(day, "payment_of_other_customer", payment)


def payment_of_rejected_invoice(day: Day, number: int) -> None:
    """Pays an invoice that cannot be mapped."""
    issued = sell(day, number, "", lines_of("DIAG-01"))
    issued.record["items"][0]["generalLedgerAccount"] = None
    _note(
        day,
        "payment_of_rejected_invoice",
        day.book.pay(day.date, day.date, "Visa", [(issued, issued.sale.total)]),
    )


def payment_of_undue_invoice(day: Day, number: int) -> None:
    """Pays an invoice whose job is still running."""
    issued = sell(day, number, "", lines_of(*_REPAIR), posted=False, job_status="InProgress")
    _note(
        day,
        "payment_of_undue_invoice",
        day.book.pay(day.date, day.date, "Visa", [(issued, issued.sale.total)]),
    )


def twin_payments(day: Day, number: int) -> None:
    """Two checks alike in customer, day and amount for two invoices alike: both are real."""
    first = sell(day, number, "", lines_of(*_REPAIR))
    second = sell(day, number + 1, "", lines_of(*_REPAIR), customer=first.sale.customer, site=first.sale.site)
    for issued in (first, second):
        _note(day, "twin_payments", day.book.pay(day.date, day.date, "Cash", [(issued, issued.sale.total)]))


def payment_of_old_invoice(day: Day, number: int) -> None:
    """Pays today what was invoiced long before the sync began."""
    old = midnight(day.later(-410))
    issued = sell(
        day,
        number,
        "",
        lines_of(*_REPAIR),
        posted=True,
        changes={"invoiceDate": old, "dueDate": old, "createdOn": stamp(local(day.later(-410), 9))},
    )
    _note(
        day,
        "payment_of_old_invoice",
        day.book.pay(day.date, day.date, "Check", [(issued, issued.sale.total)]),
    )


def credit_moved(day: Day, number: int) -> None:
    """Pay an open invoice with the credit of another that was taken back: a payment of nothing."""
    paid = sell(day, number, "", lines_of(*_REPAIR), posted=True)
    day.pay_full(paid, "Visa")
    mine: dict[str, Any] = {"customer": paid.sale.customer, "site": paid.sale.site}
    back = sell(
        day,
        number + 1,
        "",
        reverse(lines_of("CONTACTOR-REPL")),
        has_job=False,
        posted=False,
        reference=f"{paid.record['referenceNumber']}-A1",
        changes={"adjustmentToId": paid.id},
        **mine,
    )
    later = sell(day, number + 2, "", lines_of(*_REPAIR), **mine)
    used = -back.sale.total
    payment = day.book.pay(
        day.date, day.date, "Customer Credit", [(back, -used), (later, used)], total=Decimal("0.00")
    )
    _note(day, "credit_moved", payment)


PAYMENT_ODDITIES: dict[str, Oddity] = {
    "refund_of_negative_invoice": refund_of_negative_invoice,
    "refund_of_unapplied": refund_of_unapplied,
    "refund_nothing_reversed": refund_nothing_reversed,
    "write_off": _of_type("write_off", "Bad Debt Write-Off"),
    "unmapped_payment_type": _of_type("unmapped_payment_type", "Barter"),
    "voided_payment": voided_payment,
    "exported_payment": _changed("exported_payment", syncStatus="Exported"),
    "deposit_weeks_before_job": deposit_weeks_before_job,
    "deposit_without_job": deposit_without_job,
    "payment_in_future": payment_in_future,
    "payment_without_date": _changed("payment_without_date", date=None),
    "payment_without_type": _changed("payment_without_type", type=None, typeId=None),
    "payment_without_customer": _changed("payment_without_customer", customer=None),
    "payment_zero": _changed("payment_zero", total="0.00", appliedTo=[], unappliedAmount="0.00"),
    "payment_amount_is_a_word": _changed("payment_amount_is_a_word", total="n/a"),
    "payment_does_not_sum": payment_does_not_sum,
    "payment_splits_null": payment_splits_null,
    "payment_of_missing_invoice": payment_of_missing_invoice,
    "payment_of_other_customer": payment_of_other_customer,
    "payment_of_rejected_invoice": payment_of_rejected_invoice,
    "payment_of_undue_invoice": payment_of_undue_invoice,
    "payment_of_old_invoice": payment_of_old_invoice,
    "twin_payments": twin_payments,
    "credit_moved": credit_moved,
}
