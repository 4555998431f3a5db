"""Links between transactions: payments on invoices and credits, bill payments on bills, deposits on payments.

Belongs here: taking an amount off a target and giving it back, and finding who links to a document. Does
not belong here: which links a payment may have (`payments.py`, `bill_payments.py`).

A charge is what is owed (Invoice, Bill, a cheque to Accounts Receivable); a credit is what reduces it
(CreditMemo, VendorCredit). Both have an open amount that a link uses up.
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import ZERO
from st_qbo_sandbox.quickbooks.catalog import ENTITIES
from st_qbo_sandbox.quickbooks.work import Work

PURCHASE_TYPES = ("Expense", "Check", "CreditCardCredit", "CreditCardExpense", "CashPurchase", "Purchase")
BILL_PAYMENT_TYPES = {"Check": "BillPaymentCheck", "CreditCard": "BillPaymentCreditCard"}


def entity_of_type(txn_type: str) -> str:
    """Return the entity behind a TxnType."""
    if txn_type in PURCHASE_TYPES:
        return "Purchase"
    if txn_type in BILL_PAYMENT_TYPES.values():
        return "BillPayment"
    return txn_type


def type_of(entity: str, doc: Body) -> str:
    """Return the TxnType under which others link to this document."""
    if entity == "Purchase":
        if doc.get("PaymentType") == "Check":
            return "Check"
        if doc.get("PaymentType") == "CreditCard":
            return "CreditCardCredit" if doc.get("Credit") else "CreditCardExpense"
        return "Expense"
    if entity == "BillPayment":
        return BILL_PAYMENT_TYPES.get(doc.get("PayType", "Check"), "BillPaymentCheck")
    return entity


def _matching_charges(doc: Body, line_id: str | None) -> list[list[object]]:
    charges = doc.get("_charges", [])
    if line_id and line_id != "0" and any(charge[3] == line_id for charge in charges):
        return [charge for charge in charges if charge[3] == line_id]
    return charges


def open_amount(entity: str, doc: Body, line_id: str | None = None) -> Decimal:
    """Return how much of the document a link may still use, never negative."""
    if entity in ("Invoice", "Bill"):
        return doc.get("Balance", ZERO)
    if entity == "CreditMemo":
        return doc.get("RemainingCredit", ZERO)
    if entity in ("VendorCredit", "Payment", "BillPayment"):
        return doc.get("_open", doc.get("Balance", doc.get("UnappliedAmt", ZERO)))
    return abs(sum((charge[2] for charge in _matching_charges(doc, line_id)), ZERO))  # type: ignore[misc]


def is_credit(entity: str, doc: Body, line_id: str | None = None) -> bool:
    """Whether the document reduces what is owed."""
    if entity in ("CreditMemo", "VendorCredit", "Payment"):
        return True
    if entity in ("Invoice", "Bill"):
        return False
    side = doc.get("_side", {})
    return side.get(line_id or "", side.get("", 1)) < 0


def owner_of(entity: str, doc: Body, line_id: str | None = None) -> str | None:
    """Return the id of the customer or vendor whose document it is."""
    if "CustomerRef" in doc:
        return doc["CustomerRef"]["value"]
    if "VendorRef" in doc:
        return doc["VendorRef"]["value"]
    owners = [charge[1] for charge in _matching_charges(doc, line_id)]
    return str(owners[0]) if owners else None


def use(
    work: Work, entity: str, id: str, amount: Decimal, *, by: Body, by_entity: str, line_id: str | None
) -> None:
    """Take an amount off the open part of a document and note the link on it."""
    doc = work.open(entity, id)
    _change(entity, doc, -amount, line_id)
    link = {"TxnId": by["Id"], "TxnType": type_of(by_entity, by)}
    links = doc.setdefault("LinkedTxn", [])
    if link not in links:
        links.append(link)


def give_back(work: Work, entity: str, id: str, amount: Decimal, *, by_id: str, line_id: str | None) -> None:
    """Undo `use`."""
    if work.find(entity, id) is None:
        return
    doc = work.open(entity, id)
    _change(entity, doc, amount, line_id)
    unlink(doc, by_id)


def unlink(doc: Body, by_id: str) -> None:
    """Take the links of one document off another."""
    doc["LinkedTxn"] = [link for link in doc.get("LinkedTxn", ()) if link["TxnId"] != by_id]


def _change(entity: str, doc: Body, amount: Decimal, line_id: str | None) -> None:
    if entity in ("Invoice", "Bill"):
        doc["Balance"] = doc.get("Balance", ZERO) + amount
    elif entity == "CreditMemo":
        doc["Balance"] = doc["RemainingCredit"] = doc.get("RemainingCredit", ZERO) + amount
    elif entity in ("VendorCredit", "BillPayment"):
        doc["_open"] = doc.get("_open", ZERO) + amount
        if entity == "VendorCredit":
            doc["Balance"] = doc["_open"]
    elif entity == "Payment":
        doc["UnappliedAmt"] = doc.get("UnappliedAmt", ZERO) + amount
    else:
        for charge in _matching_charges(doc, line_id)[:1]:
            sign = -1 if charge[2] < 0 or is_credit(entity, doc, line_id) else 1  # type: ignore[operator]
            charge[2] += sign * amount  # type: ignore[operator]


def linking(work: Work, entity: str, doc: Body, *, by_entity: str) -> list[str]:
    """Return the ids of the documents of one entity whose lines link to this one."""
    ids: dict[str, None] = {}
    for txn_type in {type_of(entity, doc), entity}:
        for id in work.books.by_link[by_entity].ids((txn_type, doc["Id"])):
            ids[id] = None
    return list(ids)


def deposit_of(doc: Body) -> str | None:
    """Return the id of the bank deposit that this document sits on."""
    for link in doc.get("LinkedTxn", ()):
        if link["TxnType"] == "Deposit":
            return link["TxnId"]
    return None


def is_known_type(txn_type: str) -> bool:
    """Whether a TxnType names a transaction at all."""
    return entity_of_type(txn_type) in ENTITIES and ENTITIES[entity_of_type(txn_type)].is_transaction
