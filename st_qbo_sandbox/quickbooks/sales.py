"""Sales documents: Invoice, Estimate, CreditMemo, RefundReceipt and SalesReceipt.

Belongs here: computed totals, dates, copied addresses, balances, voids. Does not belong here: lines
(`sales_lines.py`), tax (`sales_tax.py`), numbers (`numbers.py`).
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from st_qbo_sandbox.quickbooks import ledger, links
from st_qbo_sandbox.quickbooks.addresses import free_form, number_addresses
from st_qbo_sandbox.quickbooks.books import Body, copy_of
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.faults import Fault, business, fault, missing
from st_qbo_sandbox.quickbooks.numbers import number_document
from st_qbo_sandbox.quickbooks.payments import check_money_account, refuse_deposited
from st_qbo_sandbox.quickbooks.sales_lines import build_sales_lines, keep_class, keep_department
from st_qbo_sandbox.quickbooks.sales_tax import compute_tax
from st_qbo_sandbox.quickbooks.settlement import PAYMENT, free_payments_of, keep_payments
from st_qbo_sandbox.quickbooks.stock_lines import check_stock_lines

_NOT_IN_US = (
    "GlobalTaxCalculation",
    "ExchangeRate",
    "InvoiceStatus",
    "DiscountRate",
    "DiscountAmt",
)
_ONLINE = ("AllowOnlineCreditCardPayment", "AllowOnlineACHPayment")
_WRITABLE_LINKS = ("Estimate", "TimeActivity", "StatementCharge", "ReimburseCharge")


def prepare_sale(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed sales document.

    Raises:
        Fault: whatever QuickBooks refuses about lines, tax, number, account or total.
    """
    refuse_deposited(old)
    customer = _customer(call, new)
    _copy_customer(call, new, old, customer)
    number_addresses(call, new, ("BillAddr", "ShipAddr", "ShipFromAddr"))
    if "ClassRef" in new:
        keep_class(call, new, "ClassTrackingPerTxn")
    if "DepartmentRef" in new:
        keep_department(call, new)
    _total(call, new, old)
    _set_status(call, new, old, customer)
    if call.entity.name in ("Invoice", "Estimate"):
        _set_due_date(call, new, old, customer)
    number_document(call, new, old)
    _FINISHERS[call.entity.name](call, new, old)


def _customer(call: Call, new: Body) -> Body:
    ref = new.get("CustomerRef")
    return (call.work.find("Customer", ref["value"]) or {}) if ref else {}


def _copy_customer(call: Call, new: Body, old: Body | None, customer: Body) -> None:
    if old is not None:
        for name in ("BillAddr", "ShipAddr"):
            if name in call.sent and name in new:
                new[name] = free_form(call, new[name], old.get(name), customer)
        return
    for name in ("BillAddr", "ShipAddr"):
        if name not in new and name in customer:
            new[name] = copy_of(customer[name])
    if "ShipAddr" not in new and "BillAddr" in customer:
        new["ShipAddr"] = copy_of(customer["BillAddr"])
    if "BillEmail" not in new and "PrimaryEmailAddr" in customer:
        new["BillEmail"] = {"Address": customer["PrimaryEmailAddr"]["Address"]}


def _total(call: Call, new: Body, old: Body | None) -> None:
    new.setdefault("ApplyTaxAfterDiscount", False)
    currency = new.get("CurrencyRef")
    if currency and currency["value"] != call.company.home_currency["value"]:
        raise business("The currency of the transaction is invalid for customer/vendor/account.")
    new["CurrencyRef"] = call.company.home_currency
    for name in _NOT_IN_US:
        new.pop(name, None)
    lines = build_sales_lines(call, new.get("Line", []), old)
    new["Line"] = lines.lines
    tax = compute_tax(call, new, old, lines)
    total = lines.subtotal - lines.discount + tax
    if total < 0:
        raise fault(
            call.switches.negative_total_code,
            "Business Validation Error: Transaction amount must be 0 or greater.",
        )
    new["TotalAmt"] = total
    check_stock_lines(call, new)


def _set_status(call: Call, new: Body, old: Body | None, customer: Body) -> None:
    if old is None:
        prefers_print = customer.get("PreferredDeliveryMethod") == "Print"
        new.setdefault("PrintStatus", "NeedToPrint" if prefers_print else "NotSet")
    new.setdefault("PrintStatus", "NotSet")
    new.setdefault("EmailStatus", "NotSet")
    if new["EmailStatus"] == "NeedToSend" and "BillEmail" not in new:
        raise Fault(missing("BillEmail"))
    if call.entity.name == "Invoice":
        can_pay_online = bool(call.preference("SalesFormsPrefs", "ETransactionPaymentEnabled", False))
        for name in _ONLINE:
            new[name] = bool(new.get(name, False)) and can_pay_online
        new["AllowIPNPayment"] = new["AllowOnlinePayment"] = False


def _set_due_date(call: Call, new: Body, old: Body | None, customer: Body) -> None:
    if old is None and "SalesTermRef" not in new and "SalesTermRef" in customer:
        new["SalesTermRef"] = {"value": customer["SalesTermRef"]["value"]}
    if "DueDate" in new and (
        old is None or "DueDate" in call.sent or not call.sent & {"TxnDate", "SalesTermRef"}
    ):
        return
    ref: Body = new.get("SalesTermRef") or call.preference("SalesFormsPrefs", "DefaultTerms") or {}
    term = call.work.find("Term", ref.get("value", "")) or {}
    new["DueDate"] = due_date(date.fromisoformat(new["TxnDate"]), term).isoformat()


def due_date(txn_date: date, term: Body) -> date:
    """Return the day by which a document of this day is due under a term."""
    if term.get("Type") == "DATE_DRIVEN" and term.get("DayOfMonthDue"):
        months = 1 if txn_date.day + int(term.get("DueNextMonthDays", 0)) > int(term["DayOfMonthDue"]) else 0
        year, month = divmod(txn_date.year * 12 + txn_date.month - 1 + months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(int(term["DayOfMonthDue"]), last))
    return txn_date + timedelta(days=int(term.get("DueDays", 0)))


def _finish_invoice(call: Call, new: Body, old: Body | None) -> None:
    deposit = new.get("Deposit", ZERO)
    if deposit and not call.preference("SalesFormsPrefs", "AllowDeposit", False):
        raise fault(
            "5030", "Feature Not Supported Error : Deposits are not turned on for this company.", "Deposit"
        )
    new["Deposit"] = money(deposit)
    sent_links = [
        {"TxnId": link["TxnId"], "TxnType": link["TxnType"]}
        for link in new.get("LinkedTxn", ())
        if link.get("TxnType") in _WRITABLE_LINKS
        and call.work.find(link["TxnType"], link.get("TxnId", "")) is not None
    ]
    paid_links = [link for link in (old or {}).get("LinkedTxn", ()) if link["TxnType"] not in _WRITABLE_LINKS]
    new["LinkedTxn"] = sent_links + paid_links
    new["Balance"] = new["TotalAmt"] - new["Deposit"]
    if old is not None:
        keep_payments(call, PAYMENT, new, old, "Balance")
    for link in sent_links:
        _note_on_estimate(call, new, link)


def _note_on_estimate(call: Call, new: Body, link: Body) -> None:
    if link["TxnType"] != "Estimate":
        return
    estimate = call.work.open("Estimate", link["TxnId"])
    back = {"TxnId": new["Id"], "TxnType": "Invoice"}
    if back not in estimate.setdefault("LinkedTxn", []):
        estimate["LinkedTxn"].append(back)
        estimate["TxnStatus"] = "Closed"


def _finish_credit_memo(call: Call, new: Body, old: Body | None) -> None:
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))
    new["RemainingCredit"] = new["Balance"] = new["TotalAmt"]
    if old is not None:
        keep_payments(call, PAYMENT, new, old, "RemainingCredit")
        new["Balance"] = new["RemainingCredit"]


def _finish_receipt(call: Call, new: Body, old: Body | None) -> None:
    new["Balance"] = ZERO
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))
    ref = new.get("DepositToAccountRef")
    if ref is None:
        account = ledger.undeposited_funds(call.work)
        if account:
            new["DepositToAccountRef"] = call.ref("Account", account)
        return
    check_money_account(call, ref)


def _finish_estimate(call: Call, new: Body, old: Body | None) -> None:
    new.setdefault("TxnStatus", "Pending")
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))
    new.pop("Balance", None)


_FINISHERS = {
    "Invoice": _finish_invoice,
    "CreditMemo": _finish_credit_memo,
    "RefundReceipt": _finish_receipt,
    "SalesReceipt": _finish_receipt,
    "Estimate": _finish_estimate,
}


def void_sale(call: Call, doc: Body) -> None:
    """Set all amounts and quantities to zero and free what is applied (reference §3.5)."""
    refuse_deposited(doc)
    free_applied(call, doc)
    for line in doc.get("Line", ()):
        line["Amount"] = ZERO
        detail = line.get("SalesItemLineDetail")
        if detail is not None:
            detail.pop("UnitPrice", None)
            detail["Qty"] = ZERO
    doc["Line"] = [line for line in doc["Line"] if line.get("DetailType") != "DiscountLineDetail"]
    doc["TxnTaxDetail"] = {"TotalTax": ZERO}
    doc |= {"TotalAmt": ZERO, "Balance": ZERO, "LinkedTxn": []}
    if "Deposit" in doc:
        doc["Deposit"] = ZERO
    if "RemainingCredit" in doc:
        doc["RemainingCredit"] = ZERO


def remove_sale(call: Call, doc: Body) -> None:
    """Free what is applied before a sales document is deleted."""
    refuse_deposited(doc)
    free_applied(call, doc)


def free_applied(call: Call, doc: Body) -> None:
    """Take the document off the payments that use it, and off its estimate."""
    if call.entity.name in ("Invoice", "CreditMemo"):
        free_payments_of(call.work, PAYMENT, call.entity.name, doc)
    for link in doc.get("LinkedTxn", ()):
        if link["TxnType"] == "Estimate" and call.work.find("Estimate", link["TxnId"]) is not None:
            links.unlink(call.work.open("Estimate", link["TxnId"]), doc["Id"])
