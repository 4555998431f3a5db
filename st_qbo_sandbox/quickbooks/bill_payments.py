"""Payments to vendors.

Belongs here: the rules of BillPayment (reference §6.10). Does not belong here: applying lines
(`settlement.py`).
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.buying import keep_payable_account
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.faults import Fault, fault, missing
from st_qbo_sandbox.quickbooks.sales_lines import keep_department
from st_qbo_sandbox.quickbooks.settlement import BILL_PAYMENT, release, settle

# PayType -> (holder, reference inside it, account type)
_SOURCES = {
    "Check": ("CheckPayment", "BankAccountRef", "Bank"),
    "CreditCard": ("CreditCardPayment", "CCAccountRef", "Credit Card"),
}


def prepare_bill_payment(call: Call, new: Body, old: Body | None) -> None:
    """Apply the lines of a new or changed bill payment.

    Raises:
        Fault: 2020, 2140, 2500, 610, 620, 6000 or 6430.
    """
    new["TotalAmt"] = money(new["TotalAmt"])
    if new["TotalAmt"] < 0:
        raise fault("2140", f"Invalid amount : {new['TotalAmt']}", "TotalAmt")
    holder, field, account_type = _SOURCES[new["PayType"]]
    ref = new.get(holder, {}).get(field)
    if ref is None:
        raise Fault(missing(field))
    account = call.work.find("Account", ref["value"]) or {}
    if account.get("AccountType") != account_type:
        raise fault("6430", f"Invalid account type : The account must be of type {account_type}.", field)
    if new["PayType"] == "Check":
        new["CheckPayment"].setdefault("PrintStatus", "NotSet")
    new["CurrencyRef"] = call.company.home_currency
    keep_payable_account(call, new)
    if "DepartmentRef" in new:
        keep_department(call, new)
    new.pop("ExchangeRate", None)
    if old is not None:
        release(call.work, old)
    new["LinkedTxn"] = []
    settle(call, BILL_PAYMENT, new)


def void_bill_payment(call: Call, doc: Body) -> None:
    """Turn a bill payment into nothing."""
    release(call.work, doc)
    doc |= {"Line": [], "TotalAmt": ZERO, "_open": ZERO}


def remove_bill_payment(call: Call, doc: Body) -> None:
    """Give back everything before a bill payment is deleted."""
    release(call.work, doc)
