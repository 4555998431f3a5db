"""Payments of customers: what they pay, what stays unapplied.

Belongs here: the rules of Payment (reference §6.2). Does not belong here: applying lines (`settlement.py`)
and the credits that QuickBooks applies by itself (`auto_credit.py`).
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks import ledger, links
from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.faults import deposited, fault
from st_qbo_sandbox.quickbooks.settlement import PAYMENT, release, settle
from st_qbo_sandbox.quickbooks.work import Work

MONEY_ACCOUNTS = ("Bank", "Other Current Asset")


def prepare_payment(call: Call, new: Body, old: Body | None) -> None:
    """Apply the lines of a new or changed payment.

    Raises:
        Fault: 2020, 2140, 2500, 610, 620, 6000, 6430 or 6540.
    """
    refuse_deposited(old)
    new["TotalAmt"] = money(new["TotalAmt"])
    if new["TotalAmt"] < 0:
        raise fault("2140", f"Invalid amount : {new['TotalAmt']}", "TotalAmt")
    _choose_account(call, new)
    new["ProcessPayment"] = False
    new["CurrencyRef"] = call.company.home_currency
    for name in ("ExchangeRate", "GlobalTaxCalculation", "TxnTaxDetail"):
        new.pop(name, None)
    if old is not None:
        release(call.work, old)
    new["LinkedTxn"] = []
    settle(call, PAYMENT, new)


def refuse_deposited(old: Body | None) -> None:
    """Refuse to touch a document that sits on a bank deposit.

    Raises:
        Fault: 6540.
    """
    if old is not None and links.deposit_of(old):
        raise deposited()


def _choose_account(call: Call, new: Body) -> None:
    ref = new.get("DepositToAccountRef")
    if ref is not None:
        check_money_account(call, ref)
        return
    account = ledger.undeposited_funds(call.work)
    if account:
        new["DepositToAccountRef"] = {"value": account}


def check_money_account(call: Call, ref: Body) -> None:
    """Refuse an account that cannot hold money.

    Raises:
        Fault: 6430.
    """
    account = call.work.find("Account", ref["value"]) or {}
    if account.get("AccountType") not in MONEY_ACCOUNTS:
        raise fault(
            "6430", "Invalid account type : The account must be a bank or other current asset account."
        )


def void_payment(call: Call, doc: Body) -> None:
    """Turn a payment into nothing.

    Raises:
        Fault: 6540 if it is deposited.
    """
    refuse_deposited(doc)
    release(call.work, doc)
    doc |= {"Line": [], "TotalAmt": ZERO, "UnappliedAmt": ZERO}


def remove_payment(call: Call, doc: Body) -> None:
    """Give back everything before a payment is deleted.

    Raises:
        Fault: 6540 if it is deposited.
    """
    refuse_deposited(doc)
    release(call.work, doc)


def render_payment(work: Work, doc: Body) -> Body:
    """Return a payment with the `LineEx` that QuickBooks computes at reading time."""
    if not doc.get("Line"):
        return doc
    return {**doc, "Line": [_with_extra(work, line) for line in doc["Line"]]}


def _with_extra(work: Work, line: Body) -> Body:
    link = line["LinkedTxn"][0]
    entity = links.entity_of_type(link["TxnType"])
    target = work.find(entity, link["TxnId"]) or {}
    balance = links.open_amount(entity, target, link.get("TxnLineId")) if target else ZERO
    pairs = [("txnId", link["TxnId"]), ("txnOpenBalance", f"{balance + line['Amount']:.2f}")]
    if target.get("DocNumber"):
        pairs.append(("txnReferenceNumber", target["DocNumber"]))
    return {**line, "LineEx": {"any": [_name_value(name, value) for name, value in pairs]}}


def _name_value(name: str, value: str) -> Body:
    return {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
        "value": {"Name": name, "Value": value},
        "nil": False,
        "globalScope": True,
        "typeSubstituted": False,
    }
