"""The documents of a day in default data: planted shapes first, ordinary visits after.

What belongs here: which invoices and payments a day brings. What does not: how a record is written
(``documents``) and odd shapes that no first version posts (``hard_*``).

A *family* is an invoice (or a few) with its payments. It belongs to one day and is drawn from streams of that
day, so it is the same whatever the window; only what would lie after the last day has not happened yet. A
longer window adds families of earlier days, and with them at most a carried-over payment or a prepaid invoice
on a day that was the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.customers import Customer, Roster
from st_qbo_sandbox.contractor.day import Day, lines_of
from st_qbo_sandbox.contractor.documents import Line
from st_qbo_sandbox.contractor.money import ZERO, cents
from st_qbo_sandbox.contractor.organization import UNIT
from st_qbo_sandbox.contractor.pricebook import SKU
from st_qbo_sandbox.contractor.window import FIRST_CARRIED_NUMBER, local, ordinal, record_id, stamp


def _person(day: Day, number: int) -> Customer:
    return day.stream(("person", number)).choice(day.roster.people)


def _firm(day: Day, number: int) -> Customer:
    return day.stream(("firm", number)).choice(day.roster.firms)


def _linked_firm(day: Day, number: int) -> None:
    customer = day.roster.linked_firms[ordinal(day.date) % len(day.roster.linked_firms)]
    lines = lines_of("LEAK-SRCH", ("CAP-45-5", "2"), "CONTACTOR-REPL")
    issued = day.sell(
        number, customer, UNIT["HVAC Service"], lines, site=customer.sites[0], key=("linked", number)
    )
    day.book.case("invoice_of_linked_customer", issued.id)


def _linked_person(day: Day, number: int) -> None:
    customer = day.roster.linked_people[ordinal(day.date) % len(day.roster.linked_people)]
    issued = day.sell(number, customer, UNIT["Plumbing"], lines_of("TRIP-CHG", "FAUCET-INST"))
    day.pay_full(issued, "Check")
    day.book.case("invoice_of_linked_customer", issued.id)


def _zero_total(day: Day, number: int) -> None:
    lines = () if ordinal(day.date) % 2 else lines_of("WARR-VISIT")
    issued = day.sell(
        number, _person(day, number), UNIT["HVAC Service"], lines, summary="Warranty call-back."
    )
    day.book.case("zero_total", issued.id)


def _canceled(day: Day, number: int) -> None:
    issued = day.sell(
        number,
        _person(day, number),
        UNIT["Plumbing"],
        (),
        posted=False,
        job_status="Canceled",
        summary="Customer canceled.",
    )
    day.book.case("canceled_zero_total", issued.id)


def _one_check(day: Day, number: int) -> None:
    customer = day.roster.firms[3 * (ordinal(day.date) % (len(day.roster.firms) // 3)) + 2]
    sold = [
        day.sell(
            number + part,
            customer,
            UNIT["Commercial"],
            lines_of("RTU-PM", ("FLT-16X25X4", str(4 + part))),
            site=customer.sites[part % len(customer.sites)],
        )
        for part in range(3)
    ]
    when = day.date if ordinal(day.date) % 2 else min(day.later(1), day.window.last_day)
    payment = day.book.pay(day.date, when, "Check", [(issued, issued.sale.total) for issued in sold])
    if payment:
        day.book.case("one_payment_many_invoices", payment["id"])


def _part_payments(day: Day, number: int) -> None:
    issued = day.sell(
        number,
        _person(day, number),
        UNIT["HVAC Install"],
        lines_of("MINI-12K", "INSTALL-MINI", ("LINESET-38-34", "27.5"), "PERMIT"),
    )
    first = cents(issued.sale.total * Decimal("0.4"))
    second = cents(issued.sale.total * Decimal("0.35"))
    day.book.pay(day.date, day.date, "Visa", [(issued, first)])
    day.book.pay(day.date, day.later(1), "Check", [(issued, second)])
    day.book.pay(day.date, day.later(3), "ACH", [(issued, issued.sale.total - first - second)])
    day.book.case("part_payments", issued.id)


def _overpaid(day: Day, number: int) -> None:
    issued = day.sell(
        number, _person(day, number), UNIT["Electrical"], lines_of("TRIP-CHG", "OUTLET-INST", "GFCI-20")
    )
    total = (issued.sale.total // 50 + 1) * 50
    payment = day.book.pay(day.date, day.date, "Check", [(issued, issued.sale.total)], total=total)
    if payment:
        day.book.case("overpayment", payment["id"])


def _prepaid(day: Day, number: int) -> None:
    """Take a deposit today for an invoice dated tomorrow: an invoice more than the day's own."""
    issued = day.sell(number, _person(day, number), UNIT["HVAC Service"], lines_of("DIAG-01", "BLOWER-CLEAN"))
    day.pay_full(issued, "Visa")
    day.book.case("paid_on_site", issued.id)
    if ordinal(day.date) % 2 or not day.window.holds(day.later(1)):
        return
    tomorrow = Day(day.book, day.window, day.roster, day.later(1))
    customer = day.roster.people[(ordinal(day.date) * 7) % len(day.roster.people)]
    job = tomorrow.sell(
        FIRST_CARRIED_NUMBER + number,
        customer,
        UNIT["HVAC Install"],
        lines_of("FURN-96-80", "INSTALL-SPLIT", "TSTAT-T6", "PERMIT"),
        booked=local(day.later(-1), 10, 15),
        family=day.date,
    )
    deposit = cents(job.sale.total / 2)
    payment = day.book.pay(day.date, day.date, "AMEX", [(job, deposit)], at=local(day.date, 11, 5, 9))
    day.book.pay(day.date, day.later(1), "Check", [(job, job.sale.total - deposit)])
    if payment:
        day.book.case("prepayment", payment["id"])


def _late_edit(day: Day, number: int) -> None:
    when = day.later(2)
    edited = when <= day.window.last_day
    issued = day.sell(
        number,
        _person(day, number),
        UNIT["HVAC Maintenance"],
        lines_of("TUNEUP-AC", ("FLT-16X25X4", "2")),
        posted=False,
        modified=local(when, 11, 20, 37, 250_000) if edited else None,
        summary="Corrected filter count after office review." if edited else "Tune-up.",
    )
    day.pay_full(issued, "MasterCard")
    if edited:
        day.book.case("late_edit", issued.id)


def _evening(day: Day, number: int) -> None:
    start, end = local(day.date, 0), local(day.date + timedelta(days=1), 0)
    hours = (end - start).total_seconds() / 3600
    if hours == 24:
        done, case = local(day.date, 22, 41, 7, 120_000), "completed_next_utc_day"
    elif hours == 25:
        done, case = local(day.date, 1, 30, 7, 120_000, fold=1), "dst_day"
    else:
        done, case = local(day.date, 3, 15, 7, 120_000), "dst_day"
    issued = day.sell(
        number,
        _person(day, number),
        UNIT["Plumbing"],
        lines_of("AFTERHRS", "PIPE-RPR", ("PEX-34", "18.5")),
        completed=done,
    )
    day.book.case(case, issued.id)


def _two_units(day: Day, number: int) -> None:
    lines = (
        *lines_of("DIAG-01", "CONTACTOR-REPL", "CONT-2P-30"),
        Line(SKU["OUTLET-INST"], Decimal(2), unit=UNIT["Electrical"]),
        Line(SKU["BRKR-20"], unit=UNIT["Electrical"]),
    )
    issued = day.sell(number, _person(day, number), UNIT["HVAC Service"], lines)
    day.pay_full(issued, "Visa", days=1)
    day.book.case("two_business_units", issued.id)


def _two_accounts(day: Day, number: int) -> None:
    lines = (
        Line(SKU["LABOR-HR"], Decimal("1.5")),
        Line(SKU["LABOR-HR"], Decimal("2.25"), unit=UNIT["Drain and Sewer"]),
        *lines_of("CAMERA-INSP"),
    )
    issued = day.sell(number, _person(day, number), UNIT["Plumbing"], lines)
    day.book.case("sku_two_accounts", issued.id)


def _exempt(day: Day, number: int) -> None:
    customer = day.roster.exempt[ordinal(day.date) % len(day.roster.exempt)]
    issued = day.sell(
        number, customer, UNIT["Commercial"], lines_of("RTU-PM", ("FLT-16X25X4", "6"), "CONT-2P-30")
    )
    day.book.case("tax_exempt_customer", issued.id)


def _membership(day: Day, number: int) -> None:
    code = "MEMB-ANNUAL" if ordinal(day.date) % 3 == 0 else "MEMB-COMFORT"
    issued = day.sell(
        number,
        _person(day, number),
        UNIT["HVAC Maintenance"],
        lines_of(code),
        kind="MembershipInvoice",
        has_job=False,
        membership_id=record_id("membership", day.date, number),
        summary="Comfort Club.",
    )
    day.pay_full(issued, "Visa")
    day.book.case("membership_invoice", issued.id)


def _counter(day: Day, number: int) -> None:
    issued = day.sell(
        number,
        _person(day, number),
        UNIT["Plumbing"],
        lines_of(("WAX-RING", "2"), ("BALL-34", "3")),
        kind="CounterSales",
        has_job=False,
        summary="Counter sale.",
    )
    day.pay_full(issued, "Cash")
    day.book.case("counter_sale", issued.id)


def _project(day: Day, number: int) -> None:
    project = record_id("project", day.date, number)
    issued = day.sell(
        number,
        _firm(day, number),
        UNIT["Electrical"],
        lines_of("PANEL-200A", "PANEL-200", ("THHN-12", "212.5")),
        kind="ProjectInvoice",
        has_job=False,
        project_id=project,
        summary="Progress billing 1.",
    )
    made = stamp(local(day.date, 8, 5))
    day.book.records["projects"].append({
        "id": project, "number": f"P-{ordinal(day.date)}", "name": "Service entrance upgrade",
        "summary": None,
        "status": "In Progress", "statusId": 1, "subStatus": None, "subStatusId": None,
        "customerId": issued.sale.customer.id, "locationId": issued.sale.site.id, "projectTypeId": None,
        "projectManagerIds": [], "businessUnitIds": [UNIT["Electrical"].id], "startDate": None,
        "targetCompletionDate": None, "actualCompletionDate": None, "modifiedOn": made, "createdOn": made,
        "customFields": [], "externalData": [], "jobIds": [],
    })  # fmt: skip
    day.book.case("project_invoice", issued.id)


def _interest(day: Day, number: int) -> None:
    issued = day.sell(
        number,
        _firm(day, number),
        UNIT["Commercial"],
        lines_of("FIN-CHG"),
        kind="InterestChargeInvoice",
        has_job=False,
        summary="Finance charge.",
    )
    day.book.case("interest_charge", issued.id)


def _fractions(day: Day, number: int) -> None:
    lines = lines_of("TRIP-CHG", ("PEX-34", "37.3750"), ("LABOR-HR", "1.25"), ("BALL-34", "2"))
    issued = day.sell(number, _person(day, number), UNIT["Plumbing"], lines)
    day.pay_full(issued, "ACH", days=2)
    day.book.case("fractional_quantity", issued.id)


def _half_cents(day: Day, number: int) -> None:
    lines = (
        Line(SKU["THHN-12"], Decimal("127.3333")),
        Line(SKU["ROMEX-12-2"], Decimal("128.350"), price=Decimal("14.50")),
        *lines_of("OUTLET-INST"),
    )
    issued = day.sell(number, _person(day, number), UNIT["Electrical"], lines)
    day.pay_full(issued, "Check")
    day.book.case("line_off_whole_cent", issued.id)


def _special_name(day: Day, number: int) -> None:
    special = day.roster.special
    for part in range(2):
        customer = special[(2 * ordinal(day.date) + part) % len(special)]
        issued = day.sell(
            number + part, customer, UNIT["HVAC Maintenance"], lines_of("TUNEUP-HT", "FLT-16X25X4")
        )
        day.pay_full(issued, "Check", days=part)


def _shared_name(day: Day, number: int) -> None:
    customer = day.roster.shared[ordinal(day.date) % 2]
    issued = day.sell(number, customer, UNIT["Drain and Sewer"], lines_of("DRAIN-CBL", ("PVC-3", "6.5")))
    day.pay_full(issued, "Cash")


def _not_charged(day: Day, number: int) -> None:
    lines = (*lines_of("DIAG-01", "IGNITOR-REPL"), Line(SKU["IGN-SN"], price=ZERO, chargeable=False))
    issued = day.sell(number, _person(day, number), UNIT["HVAC Service"], lines)
    day.pay_full(issued, "MasterCard")
    day.book.case("line_not_chargeable", issued.id)


def _discounted(day: Day, number: int) -> None:
    lines = lines_of("DIAG-01", "CAP-REPL", "CAP-45-5", "DISC-MEMBER", "FEE-FUEL")
    issued = day.sell(number, _person(day, number), UNIT["HVAC Service"], lines)
    day.pay_full(issued, "Visa")
    day.book.case("discount_line", issued.id)


def _financed(day: Day, number: int) -> None:
    issued = day.sell(
        number,
        _person(day, number),
        UNIT["HVAC Install"],
        lines_of("AC-16-3T", "COIL-3T", "INSTALL-SPLIT", "PERMIT", "DISC-TAXABLE"),
    )
    deposit = Decimal("500.00")
    day.book.pay(day.date, day.date, "Check", [(issued, deposit)])
    day.book.pay(day.date, day.later(1), "GreenSky Financing", [(issued, issued.sale.total - deposit)])
    day.book.case("financed", issued.id)


def _many_days_one_check(day: Day, number: int) -> None:
    """Pay today's invoice late: the payment falls on a later day, alone."""
    issued = day.sell(
        number, _firm(day, number), UNIT["Commercial"], lines_of("RTU-PM", ("SHOP-MISC", "1.5"))
    )
    payment = day.book.pay(day.date, day.later(2), "ACH", [(issued, issued.sale.total)])
    if payment:
        day.book.case("payment_on_later_day", payment["id"])


@dataclass(frozen=True)
class Slot:
    """A planted family: how many of the day's numbers it takes, and who writes it."""

    width: int
    write: Callable[[Day, int], None]


SLOTS: dict[str, Slot] = {
    "linked_firm": Slot(1, _linked_firm),
    "linked_person": Slot(1, _linked_person),
    "part_payments": Slot(1, _part_payments),
    "overpayment": Slot(1, _overpaid),
    "zero_total": Slot(1, _zero_total),
    "two_business_units": Slot(1, _two_units),
    "prepayment": Slot(1, _prepaid),
    "one_payment_many_invoices": Slot(3, _one_check),
    "late_edit": Slot(1, _late_edit),
    "evening": Slot(1, _evening),
    "sku_two_accounts": Slot(1, _two_accounts),
    "tax_exempt_customer": Slot(1, _exempt),
    "line_off_whole_cent": Slot(1, _half_cents),
    "canceled_zero_total": Slot(1, _canceled),
    "special_name": Slot(2, _special_name),
    "shared_name": Slot(1, _shared_name),
    "membership_invoice": Slot(1, _membership),
    "counter_sale": Slot(1, _counter),
    "project_invoice": Slot(1, _project),
    "interest_charge": Slot(1, _interest),
    "fractional_quantity": Slot(1, _fractions),
    "line_not_chargeable": Slot(1, _not_charged),
    "discount_line": Slot(1, _discounted),
    "financed": Slot(1, _financed),
    "payment_on_later_day": Slot(1, _many_days_one_check),
}


def planted_slots(invoices_per_day: int) -> dict[str, int]:
    """Say which planted families a day of this size holds, and the number each begins with."""
    numbers: dict[str, int] = {}
    taken = 0
    for name, slot in SLOTS.items():
        if taken + slot.width > invoices_per_day:
            break
        numbers[name] = taken + 1
        taken += slot.width
    return numbers


def write_day(book: Book, roster: Roster, day: date) -> None:
    """Write every family of a day."""
    today = Day(book, book.window, roster, day)
    planted = planted_slots(book.window.invoices_per_day)
    for name, number in planted.items():
        SLOTS[name].write(today, number)
    taken = sum(SLOTS[name].width for name in planted)
    for number in range(taken + 1, book.window.invoices_per_day + 1):
        today.visit(number)
