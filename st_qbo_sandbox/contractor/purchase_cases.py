"""The table of what is planted in buying: names, descriptions, where, and how many a week.

What belongs here: the table of ``purchases`` and ``odd_purchases``. What does not: cases of sales
(``cases``).
"""

from __future__ import annotations

from st_qbo_sandbox.contractor.cases import Case
from st_qbo_sandbox.contractor.odd_purchases import ODD_SHAPES
from st_qbo_sandbox.contractor.purchases import SHAPES, Shape, comes_on
from st_qbo_sandbox.contractor.window import Window

_BILLS, _ORDERS = "inventory-bills", "purchase-orders"
# (case, shape, where, description, times)
_TABLE: tuple[tuple[str, str, str, str, int], ...] = (
    ("order_in_parts", "order_in_parts", _ORDERS, "received and billed in two parts", 1),
    ("bill_of_a_part", "order_in_parts", _BILLS, "one of two bills of an order, the second with freight", 2),
    ("order_part_received", "order_part_received", _ORDERS, "half of one line of two came and was billed", 1),
    ("bill_at_another_cost", "job_order_at_another_cost", _BILLS,
     "a job's goods at costs of four decimals that the order does not have, with tax and freight", 1),
    ("order_pending", "orders_without_bill", _ORDERS, "not sent", 1),
    ("order_sent", "orders_without_bill", _ORDERS, "sent, nothing came", 1),
    ("order_canceled", "orders_without_bill", _ORDERS, "canceled", 1),
    ("order_not_billed", "orders_without_bill", _ORDERS, "received, not billed", 1),
    ("bill_without_order", "bills_without_order", _BILLS, "goods bought over the counter", 1),
    ("bill_of_expenses", "bills_without_order", "ap-bills", "costs on accounts, no goods", 1),
    ("vendor_is_customer", "vendor_is_customer", _BILLS, "of a vendor whose name a customer has too", 1),
    ("bought_after_sold", "bought_after_sold", _BILLS, "of goods that invoices sold before", 1),
    ("bill_canceled", "bill_replaced", _BILLS, "inactive here, Canceled among AP bills", 1),
    ("bill_replacing", "bill_replaced", _BILLS, "took the place of a canceled one, same order and number", 1),
    ("bill_on_hold", "bill_on_hold", _BILLS, "doNotPay among AP bills", 1),
    ("bill_discrepancy", "bill_on_hold", _BILLS, "Discrepancy among AP bills", 1),
    ("credit_applied", "credits_of_vendors", "ap-credits", "of a return, applied to the bill", 1),
    ("credit_without_return", "credits_of_vendors", "ap-credits", "a rebate, not applied", 1),
    ("payment_servicetitan_paid", "payments_of_bills", "ap-payments", "paid from ServiceTitan", 1),
    ("payment_accountingsystem_paid", "payments_of_bills", "ap-payments", "paid from the books", 1),
    ("payment_servicetitan_rejected", "payments_of_bills", "ap-payments", "rejected by the bank", 1),
)  # fmt: skip
_ODD_TABLE: tuple[tuple[str, str, str, str, int], ...] = (
    ("bill_does_not_add_up", "bill_does_not_add_up", _BILLS, "ten dollars more than its parts", 1),
    ("bill_of_negative_quantity", "bill_of_negative_quantity", _BILLS, "a line of less than nothing", 1),
    ("bill_of_unknown_vendor", "bill_of_unknown_vendor", _BILLS, "its vendor is in no list", 1),
    ("bill_of_unknown_sku", "bill_of_unknown_sku", _BILLS, "its SKU is not in the price book", 1),
    ("bill_without_accounts", "bill_without_accounts", _BILLS, "its line has no account", 1),
    ("bill_of_deleted_order", "bill_of_deleted_order", _BILLS, "its order is gone", 1),
    ("receipt_without_order", "receipt_without_order", "receipts", "its order never was", 1),
    ("bill_number_repeated", "bill_numbers", _BILLS, "two of one vendor with one number", 2),
    ("bill_number_over_21", "bill_numbers", _BILLS, "a number longer than QuickBooks takes", 1),
    ("bill_without_number", "bill_numbers", _BILLS, "no number on bill, receipt and order", 1),
    ("order_of_400_lines", "order_of_400_lines", _ORDERS, "400 lines, all billed", 1),
)


def _case(row: tuple[str, str, str, str, int], shapes: tuple[Shape, ...], hard: bool) -> Case:
    name, shape, where, description, times = row
    position = [one.__name__ for one in shapes].index(shape)

    def count(window: Window) -> int:
        return times * sum(1 for day in window.dates if comes_on(position, day))

    return Case(name, description, hard, where, count)


BUYING_CASES: tuple[Case, ...] = (
    *(_case(row, SHAPES, False) for row in _TABLE),
    *(_case(row, ODD_SHAPES, True) for row in _ODD_TABLE),
)
