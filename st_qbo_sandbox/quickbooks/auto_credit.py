"""Credits that QuickBooks applies by itself when `AutoApplyCredit` is on.

Belongs here: reference §6.1 (effect inferred, the preference confirmed). Does not belong here: credits that
a request applies (`payments.py`).
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks import links
from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO, Call
from st_qbo_sandbox.quickbooks.work import Work

NOTE = "Created by QB Online to link credits to charges."


def apply_credits(call: Call, doc: Body) -> None:
    """Use the customer's open credits on a new invoice, and a new credit memo on open invoices."""
    if not call.preference("SalesFormsPrefs", "AutoApplyCredit", False):
        return
    work = Work(call.books)
    customer = doc["CustomerRef"]["value"]
    if call.entity.name == "Invoice":
        _use_payments(work, customer, doc["Id"])
        for memo in _open_of(work, "CreditMemo", customer):
            join(call, work, customer, doc["Id"], memo["Id"])
    else:
        for invoice in _open_of(work, "Invoice", customer):
            join(call, work, customer, invoice["Id"], doc["Id"])
    work.commit()


def _open_of(work: Work, entity: str, customer: str) -> list[Body]:
    found = [work.find(entity, id) for id in work.books.by_customer[entity].ids(customer)]
    docs = [doc for doc in found if doc is not None and links.open_amount(entity, doc) > 0]
    return sorted(docs, key=lambda doc: (doc["TxnDate"], int(doc["Id"])))


def _use_payments(work: Work, customer: str, invoice_id: str) -> None:
    for id in work.books.by_customer["Payment"].ids(customer):
        found = work.find("Payment", id)
        if found is not None and found["UnappliedAmt"] > 0:
            apply_payment(work, id, invoice_id)


def apply_payment(work: Work, payment_id: str, invoice_id: str, amount: Decimal | None = None) -> Decimal:
    """Put unapplied money of a payment on an invoice and return how much was used."""
    invoice = work.find("Invoice", invoice_id) or {}
    payment = work.open("Payment", payment_id)
    usable = min(payment["UnappliedAmt"], invoice.get("Balance", ZERO))
    if amount is not None:
        usable = min(usable, amount)
    if usable <= 0:
        return ZERO
    payment["Line"].append({"Amount": usable, "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]})
    payment["UnappliedAmt"] -= usable
    links.use(work, "Invoice", invoice_id, usable, by=payment, by_entity="Payment", line_id=None)
    return usable


def join(
    call: Call, work: Work, customer: str, invoice_id: str, memo_id: str, amount: Decimal | None = None
) -> Body | None:
    """Apply a credit memo to an invoice by a payment of nothing and return that payment."""
    invoice, memo = work.find("Invoice", invoice_id) or {}, work.find("CreditMemo", memo_id) or {}
    usable = min(invoice.get("Balance", ZERO), memo.get("RemainingCredit", ZERO))
    if amount is not None:
        usable = min(usable, amount)
    if usable <= 0:
        return None
    stamp = call.books.stamp()
    payment: Body = {
        "Id": call.books.next_id("txn"),
        "CustomerRef": call.ref("Customer", customer),
        "TxnDate": max(invoice["TxnDate"], memo["TxnDate"]),
        "TotalAmt": ZERO,
        "UnappliedAmt": ZERO,
        "ProcessPayment": False,
        "PrivateNote": NOTE,
        "CurrencyRef": call.company.home_currency,
        "LinkedTxn": [],
        "Line": [
            {"Amount": usable, "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]},
            {"Amount": usable, "LinkedTxn": [{"TxnId": memo_id, "TxnType": "CreditMemo"}]},
        ],
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }
    links.use(work, "Invoice", invoice_id, usable, by=payment, by_entity="Payment", line_id=None)
    links.use(work, "CreditMemo", memo_id, usable, by=payment, by_entity="Payment", line_id=None)
    work.put("Payment", payment)
    return payment
