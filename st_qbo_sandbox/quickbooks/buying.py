"""Purchase orders, bills and vendor credits.

Belongs here: totals, accounts, due dates, balances (reference §6.8, §6.9, §6.11). Does not belong here: what
links bills and orders (`orders.py`), paying (`bill_payments.py`) and purchases paid at once
(`money_moves.py`).
"""

from __future__ import annotations

from datetime import date

from st_qbo_sandbox.quickbooks.addresses import number_addresses
from st_qbo_sandbox.quickbooks.books import Body, copy_of
from st_qbo_sandbox.quickbooks.calls import Call, money
from st_qbo_sandbox.quickbooks.expense_lines import build_expense_lines
from st_qbo_sandbox.quickbooks.faults import Fault, business, fault, missing
from st_qbo_sandbox.quickbooks.numbers import number_document
from st_qbo_sandbox.quickbooks.orders import (
    free_bills_of,
    link_bill,
    linked_orders,
    settle_order,
    unlink_bill,
)
from st_qbo_sandbox.quickbooks.sales import due_date
from st_qbo_sandbox.quickbooks.sales_lines import keep_class, keep_department
from st_qbo_sandbox.quickbooks.settlement import BILL_PAYMENT, free_payments_of, keep_payments
from st_qbo_sandbox.quickbooks.stock_lines import check_stock_lines

_NOT_IN_US = ("GlobalTaxCalculation", "ExchangeRate")


def prepare_buying(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed purchase document.

    Raises:
        Fault: whatever QuickBooks refuses about lines, number or total.
    """
    _check_feature(call)
    vendor = call.work.find("Vendor", new["VendorRef"]["value"]) or {}
    total = build_expense_lines(call, new, old)
    check_stock_lines(call, new)
    for name in _NOT_IN_US:
        new.pop(name, None)
    tax = new.get("TxnTaxDetail", {}).get("TotalTax")
    new["TotalAmt"] = total + (money(tax) if tax else 0)
    if new["TotalAmt"] < 0:
        raise business("Transaction amount must be 0 or greater.")
    new["CurrencyRef"] = call.company.home_currency
    keep_payable_account(call, new)
    if "DepartmentRef" in new:
        keep_department(call, new)
    if "ClassRef" in new:
        keep_class(call, new, "ClassTrackingPerTxn")
    if old is None and "VendorAddr" not in new and "BillAddr" in vendor:
        new["VendorAddr"] = copy_of(vendor["BillAddr"])
    number_addresses(call, new, ("VendorAddr", "ShipAddr"))
    number_document(call, new, old)
    _FINISHERS[call.entity.name](call, new, old, vendor)


def _check_feature(call: Call) -> None:
    if call.entity.name != "PurchaseOrder" or call.person:
        return
    if not call.switches.purchase_orders or not call.company.is_plus:
        raise fault(
            "5030", "Feature Not Supported Error : Purchase orders are not turned on for this company."
        )


def keep_payable_account(call: Call, new: Body) -> None:
    """Keep the account a document is owed on, or imply the only one there is.

    Raises:
        Fault: 2020, an order of a company with several such accounts names none; 6430, it is another kind.
    """
    ref = new.get("APAccountRef")
    if ref is not None:
        kind = (call.work.find("Account", ref["value"]) or {}).get("AccountType")
        if kind != "Accounts Payable":
            detail = "Invalid account type : The account must be of type Accounts Payable."
            raise fault("6430", detail, "APAccountRef")
        new["APAccountRef"] = call.ref("Account", ref["value"])
        return
    payable = [
        account["Id"]
        for account in call.books.all_of("Account")
        if account.get("AccountType") == "Accounts Payable" and account.get("Active", True)
    ]
    if len(payable) > 1 and call.entity.name == "PurchaseOrder":
        raise Fault(missing("APAccountRef"))
    if payable:
        new["APAccountRef"] = call.ref("Account", payable[0])


def _finish_bill(call: Call, new: Body, old: Body | None, vendor: Body) -> None:
    if old is None and "SalesTermRef" not in new and "TermRef" in vendor:
        new["SalesTermRef"] = {"value": vendor["TermRef"]["value"]}
    if "DueDate" not in new or (old is not None and "DueDate" not in call.sent and "TxnDate" in call.sent):
        term = call.work.find("Term", new.get("SalesTermRef", {}).get("value", "")) or {}
        new["DueDate"] = due_date(date.fromisoformat(new["TxnDate"]), term).isoformat()
    link_bill(call, new, old)
    new["Balance"] = new["TotalAmt"]
    if old is not None:
        keep_payments(call, BILL_PAYMENT, new, old, "Balance")


def _finish_vendor_credit(call: Call, new: Body, old: Body | None, vendor: Body) -> None:
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))
    new["_open"] = new["TotalAmt"]
    if old is not None:
        keep_payments(call, BILL_PAYMENT, new, old, "_open")
    new["Balance"] = new["_open"]


def _finish_order(call: Call, new: Body, old: Body | None, vendor: Body) -> None:
    new.setdefault("POStatus", "Open")
    new.setdefault("EmailStatus", "NotSet")
    settle_order(call, new, old)


_FINISHERS = {"Bill": _finish_bill, "VendorCredit": _finish_vendor_credit, "PurchaseOrder": _finish_order}


def remove_buying(call: Call, doc: Body) -> None:
    """Free what is applied or linked before a document is deleted."""
    if call.entity.name in ("Bill", "VendorCredit"):
        free_payments_of(call.work, BILL_PAYMENT, call.entity.name, doc)
    if call.entity.name == "PurchaseOrder":
        free_bills_of(call.work, doc)
    for id in linked_orders(doc):
        unlink_bill(call.work, id, doc["Id"])
