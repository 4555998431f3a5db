"""The table of planted cases: what is planted where, and how many of it a window holds.

What belongs here: names, descriptions and expected counts; ``Seed.cases`` has the ids. What does not: the
planting.

Counts are for the ids noted under a case: records of the collection named in ``where``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from st_qbo_sandbox.contractor.customers import SPECIAL_NAMES
from st_qbo_sandbox.contractor.families import planted_slots
from st_qbo_sandbox.contractor.hard_customers import CASES_IN_ORDER
from st_qbo_sandbox.contractor.names import LINKED_FIRMS, LINKED_PEOPLE
from st_qbo_sandbox.contractor.weekly import EVERYDAY, comes_on, shapes_of
from st_qbo_sandbox.contractor.window import Window, local, ordinal

Count = Callable[[Window], int]


@dataclass(frozen=True)
class Case:
    """One planted case; ``expected`` says how many ids a window holds."""

    name: str
    description: str
    hard: bool
    where: str
    count: Count

    def expected(self, window: Window) -> int:
        """Count what the window must hold; hard cases are absent from default data."""
        return self.count(window) if window.hard or not self.hard else 0


def _days(
    slot: str, times: int = 1, when: Callable[[Window, date], bool] = lambda window, day: True
) -> Count:
    def count(window: Window) -> int:
        if slot not in planted_slots(window.invoices_per_day):
            return 0
        return times * sum(1 for day in window.dates if when(window, day))

    return count


def _happens_after(days: int) -> Callable[[Window, date], bool]:
    return lambda window, day: window.holds(day + timedelta(days=days))


def _is_clock_change(window: Window, day: date) -> bool:
    return (local(day + timedelta(days=1), 0) - local(day, 0)).total_seconds() != 24 * 3600


def _is_plain_day(window: Window, day: date) -> bool:
    return not _is_clock_change(window, day)


def _deposit_day(window: Window, day: date) -> bool:
    return ordinal(day) % 2 == 0 and window.holds(day + timedelta(days=1))


def _fixed(number: int) -> Count:
    return lambda window: number


def _linked_invoices(window: Window) -> int:
    slots = planted_slots(window.invoices_per_day)
    return window.days * sum(1 for slot in ("linked_firm", "linked_person") if slot in slots)


def _adopted(window: Window) -> int:
    return min(2, window.days) if "linked_firm" in planted_slots(window.invoices_per_day) else 0


def _weekly(case: str, times: int = 1) -> Count:
    def count(window: Window) -> int:
        is_there = case in shapes_of(window)
        return times * sum(1 for day in window.dates if is_there and comes_on(case, day))

    return count


def _exempt_location(window: Window) -> int:
    position = CASES_IN_ORDER.index("location_exempt")
    return sum(1 for day in window.dates if (ordinal(day) - position) % 7 == 0)


_SPECIAL = {
    "name_apostrophe": "apostrophes in the name",
    "name_colon": "colons, which QuickBooks refuses",
    "name_trailing_space": "a space at the end",
    "name_double_space": "two spaces in the middle",
    "name_accents": "accented Latin letters",
    "name_over_100": "longer than the 100 characters of a company name",
    "name_ampersand": "ampersand and double quotes",
}

_DEFAULT: tuple[Case, ...] = (
    *(Case(name, text, False, "customers", _fixed(len(SPECIAL_NAMES[name]))) for name,
      text in _SPECIAL.items()),
    Case("shared_name", "two customers of one name, every contact datum different", False, "customers",
         _fixed(2)),
    Case("customer_in_both",
         "in QuickBooks too: same name but for capitals and spaces, same e-mail or telephone",
         False, "customers", _fixed(len(LINKED_PEOPLE) + len(LINKED_FIRMS))),
    Case("tax_exempt_customer", "taxable lines, no tax", False, "invoices", _days("tax_exempt_customer")),
    Case("invoice_of_linked_customer", "of a customer in both products", False, "invoices", _linked_invoices),
    Case("adopted_invoice", "typed into QuickBooks too: same number, customer, day and amount; last two days",
         False, "invoices", _adopted),
    Case("part_payments", "paid in parts on several days", False, "invoices", _days("part_payments")),
    Case("overpayment", "a rest stays unapplied", False, "payments", _days("overpayment")),
    Case("zero_total", "job done, nothing to pay; with or without a line", False, "invoices",
         _days("zero_total")),
    Case("canceled_zero_total", "job canceled, with completedOn", False, "invoices",
         _days("canceled_zero_total")),
    Case("two_business_units", "lines of two units on one invoice", False, "invoices",
         _days("two_business_units")),
    Case("sku_two_accounts", "one SKU twice, on two income accounts", False, "invoices",
         _days("sku_two_accounts")),
    Case("paid_on_site", "paid at once by card", False, "invoices", _days("prepayment")),
    Case("prepayment", "taken on the day before its invoice", False, "payments",
         _days("prepayment", when=_deposit_day)),
    Case("one_payment_many_invoices", "one check over three invoices", False, "payments",
         _days("one_payment_many_invoices")),
    Case("late_edit", "edited two days after its date", False, "invoices",
         _days("late_edit", when=_happens_after(2))),
    Case("completed_next_utc_day", "job completed late in the evening: the next day in UTC", False,
         "invoices",
         _days("evening", when=_is_plain_day)),
    Case("dst_day", "job completed around the change of the clocks", False, "invoices",
         _days("evening", when=_is_clock_change)),
    Case("line_off_whole_cent", "quantity times price is no whole cent, or half a one", False, "invoices",
         _days("line_off_whole_cent")),
    Case("fractional_quantity", "quantities of two to four decimals", False, "invoices",
         _days("fractional_quantity")),
    Case("membership_invoice", "membership as income, no job", False, "invoices",
         _days("membership_invoice")),
    Case("counter_sale", "goods over the counter, no job", False, "invoices", _days("counter_sale")),
    Case("project_invoice", "progress billing, no job", False, "invoices", _days("project_invoice")),
    Case("interest_charge", "finance charge, no job", False, "invoices", _days("interest_charge")),
    Case("line_not_chargeable", "a part used but not charged, at zero", False, "invoices",
         _days("line_not_chargeable")),
    Case("discount_line", "a price modifier below zero and one above", False, "invoices",
         _days("discount_line")),
    Case("financed", "check and financing", False, "invoices", _days("financed")),
    Case("payment_on_later_day", "paid two days after the invoice", False, "payments",
         _days("payment_on_later_day", when=_happens_after(2))),
)  # fmt: skip

_INVOICE_TEXTS = {
    "negative_adjustment": "takes one line of a posted invoice back (adjustmentToId)",
    "positive_adjustment": "adds a line to a posted invoice (adjustmentToId)",
    "negative_invoice": "below zero, adjusts nothing",
    "credit_memo_applied": "credit memo applied to its invoice",
    "credit_memo_open": "credit memo applied to nothing",
    "credit_memo_and_negative_invoice": "memo and negative invoice for the same thing",
    "deleted_invoice": "inactive",
    "unposted_invoice": "sent, then its batch un-posted",
    "exported_status": "Exported; booked in QuickBooks by the other connector",
    "export_id_set": "exportId set; booked in QuickBooks by the other connector",
    "review_on_hold": "review status OnHold",
    "review_rejected": "review status Rejected",
    "ar_import": "opening balance import",
    "booked_job_zero": "exists since the job was booked, zero",
    "job_in_progress": "job still running, total above zero",
    "job_on_hold": "job on hold, total above zero",
    "canceled_with_total": "job canceled, trip charged",
    "dated_in_future": "dated after the last day",
    "no_date": "invoiceDate null",
    "zero_date": "invoiceDate 0001-01-01",
    "absurd_date": "invoiceDate 1899-12-31",
    "lines_do_not_sum": "lines are not the subtotal",
    "total_does_not_sum": "subtotal and tax are not the total",
    "line_without_account": "no ledger account on a line",
    "account_not_in_quickbooks": "ledger account unknown to QuickBooks",
    "account_inactive": "ledger account inactive in QuickBooks",
    "account_is_expense": "a line on an expense account",
    "liability_membership": "a line on deferred revenue",
    "liability_deposit": "a line on customer deposits",
    "tax_for_exempt_customer": "tax although the customer is exempt",
    "tax_not_at_rate": "tax typed over",
    "invoice_before_start": "dated 400 days ago, open, unknown to QuickBooks",
    "opening_invoice": "dated 380 days ago, open in QuickBooks under the same number",
    "number_over_21": "two long numbers alike in their first 21 characters",
    "number_taken_by_hand": "number, customer and day in QuickBooks with another amount",
    "number_taken_other_customer": "number in QuickBooks on another customer's invoice",
    "number_taken_other_day": "number, customer and amount in QuickBooks on another day",
    "number_repeated": "one number on two invoices",
    "number_null": "no number",
    "no_customer": "customer null",
    "items_null": "items null, total above zero",
    "items_empty": "no items, total above zero",
    "total_null": "amounts null",
    "amount_absurd": "amount beyond any ledger",
    "quantity_is_a_word": "quantity 'two'",
    "fields_missing": "optional keys absent",
    "long_description": "markup and more than 4000 characters",
    "lines_over_750": "760 taxable lines",
    "line_total_off": "line total is not quantity times price",
    "line_quantity_zero": "quantity zero, total above zero",
    "quantity_seven_places": "quantity of seven decimals",
    "not_chargeable_priced": "a line not chargeable, yet with a price; outside the subtotal",
    "unit_without_class": "business unit without quickbooksClass",
    "unit_class_unknown": "quickbooksClass unknown to QuickBooks",
    "no_business_unit": "business unit null",
    "term_unknown": "term unknown to either list",
    "sku_over_100": "SKU code over 100 characters",
    "sku_with_colon": "SKU code with colons, and the legal form taken on another account",
    "sku_differs_by_case": "SKU code equal to another but for capitals",
    "sku_is_other_item": "SKU code equal to a QuickBooks item on another account",
    "sku_inactive_item": "SKU code equal to an inactive QuickBooks item",
    "sku_name_null": "SKU name null",
    "twin_invoices": "two real invoices alike in customer, day and amount",
}
_PAYMENT_TEXTS = {
    "refund_of_negative_invoice": "refund applied to a negative adjustment",
    "refund_of_unapplied": "refund of money never applied",
    "refund_nothing_reversed": "refund while invoice and payment stand",
    "write_off": "a payment type that is a write-off",
    "unmapped_payment_type": "a payment type nobody mapped",
    "voided_payment": "inactive",
    "exported_payment": "syncStatus Exported",
    "deposit_weeks_before_job": "dated three weeks before its invoice",
    "deposit_without_job": "applied to nothing",
    "payment_in_future": "dated after the last day",
    "payment_without_date": "date null",
    "payment_without_type": "type null",
    "payment_without_customer": "customer null",
    "payment_zero": "total zero",
    "payment_amount_is_a_word": "total 'n/a'",
    "payment_does_not_sum": "splits and rest are not the total",
    "payment_splits_null": "appliedTo null",
    "payment_of_missing_invoice": "applied to an unknown invoice",
    "payment_of_other_customer": "applied to another customer's invoice",
    "payment_of_rejected_invoice": "applied to an invoice that cannot be mapped",
    "payment_of_undue_invoice": "applied to an invoice whose job is running",
    "payment_of_old_invoice": "applied to an invoice of 410 days ago",
    "twin_payments": "two real payments alike in customer, day and amount",
    "credit_moved": "pays an invoice with the credit of a negative one: total zero, splits of both signs",
}
_CUSTOMER_TEXTS = {
    "name_600": "two names of 600 characters that differ at the end",
    "name_only_punctuation": "a name of punctuation",
    "name_only_space": "a name of spaces",
    "name_empty": "an empty name",
    "name_emoji": "emoji in the name",
    "name_not_latin": "letters outside Latin-1",
    "name_tab_and_newline": "tab and newline in the name",
    "name_quotes_and_backslash": "quotes and a backslash",
    "name_is_a_vendor": "the name of a QuickBooks vendor",
    "name_is_an_employee": "the name of a QuickBooks employee",
    "name_near": "nearly the name of a QuickBooks customer",
    "name_alone": "the name of a QuickBooks customer, and nothing else to compare",
    "name_two_candidates": "two QuickBooks customers fit",
    "name_reversed": "first name first in QuickBooks",
    "customer_twice": "one person twice in ServiceTitan, same e-mail",
    "names_collide_when_legal": "two names that become one when made legal",
    "inactive_in_quickbooks": "inactive in QuickBooks",
    "sub_customer_in_quickbooks": "a sub-customer in QuickBooks",
    "free_form_address": "free-form address in QuickBooks",
    "email_invalid": "no e-mail address at all",
    "email_over_100": "e-mail over 100 characters",
    "phone_over_30": "telephone with words",
    "no_contacts": "no contact at all",
    "customer_inactive": "inactive, yet invoiced",
    "location_exempt": "only the location is exempt",
    "customer_merged": "merged into another, yet invoiced",
}
_MEMOS = {"credit_memo_applied", "credit_memo_open"}
_TWICE = {"number_over_21", "number_repeated", "twin_invoices", "twin_payments"}

_WEEKLY: tuple[Case, ...] = (
    *(
        Case(name, text, name not in EVERYDAY, "credit-memos" if name in _MEMOS else "invoices",
             _weekly(name, 2 if name in _TWICE else 1))
        for name, text in _INVOICE_TEXTS.items()
    ),
    *(
        Case(name, text, name not in EVERYDAY, "payments", _weekly(name, 2 if name in _TWICE else 1))
        for name, text in _PAYMENT_TEXTS.items()
    ),
    *(
        Case(name, text, True, "customers", _fixed(Counter(CASES_IN_ORDER)[name]))
        for name, text in _CUSTOMER_TEXTS.items()
    ),
    Case("tax_for_exempt_location", "tax although the location is exempt", True, "invoices",
         _exempt_location),
)  # fmt: skip

CASES: tuple[Case, ...] = (*_DEFAULT, *_WEEKLY)
