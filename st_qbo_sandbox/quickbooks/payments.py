"""Payments of customers: what they pay, what stays unapplied.

Belongs here: the rules of Payment (reference §6.2). Does not belong here: how an open amount moves (`links.py`) and the
credits that QuickBooks applies by itself (`auto_credit.py`).
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks import ledger, links
from st_qbo_sandbox.quickbooks.books import Body, Work
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.faults import Fault, business, deleted, deposited, fault, missing
from st_qbo_sandbox.quickbooks.references import unknown_reference

_LINKABLE = ("Invoice", "CreditMemo", "JournalEntry", "Purchase", "Deposit")
_DEPOSIT_ACCOUNTS = ("Bank", "Other Current Asset")


def prepare_payment(call: Call, new: Body, old: Body | None) -> None:
    """Apply the lines of a new or changed payment.

    Raises:
        Fault: 2020, 2140, 2500, 610, 620, 6000, 6430 or 6540.
    """
    refuse_deposited(old)
    amount = new["TotalAmt"] = money(new["TotalAmt"])
    if amount < 0:
        raise fault("2140", f"Invalid amount : {amount}", "TotalAmt")
    _choose_account(call, new)
    new["ProcessPayment"] = False
    new["CurrencyRef"] = call.company.home_currency
    new.pop("ExchangeRate", None)
    if old is not None:
        release_payment(call.work, old)
    new["LinkedTxn"] = []
    new["Line"] = [_read_line(line) for line in new.get("Line", [])]
    applied = sum((_apply(call, new, line) for line in new["Line"]), ZERO)
    if not amount and not new["Line"]:
        raise business("You must set a transaction amount.")
    if applied > amount:
        raise business("The amount applied to the transactions is more than the amount of the payment.")
    new["UnappliedAmt"] = amount - applied


def refuse_deposited(old: Body | None) -> None:
    """Refuse to touch a payment that sits on a deposit.

    Raises:
        Fault: 6540.
    """
    if old is not None and links.deposit_of(old):
        raise deposited()


def _choose_account(call: Call, new: Body) -> None:
    ref = new.get("DepositToAccountRef")
    if ref is None:
        account = ledger.undeposited_funds(call.work)
        if account:
            new["DepositToAccountRef"] = {"value": account}
        return
    account_doc = call.work.find("Account", ref["value"]) or {}
    if account_doc.get("AccountType") not in _DEPOSIT_ACCOUNTS:
        raise fault("6430", "Invalid account type : The deposit account must be a bank or other current asset account.")


def _read_line(line: Body) -> Body:
    if "Amount" not in line:
        raise Fault(missing("Amount"))
    if len(line.get("LinkedTxn", [])) != 1:
        raise Fault(missing("LinkedTxn"))
    link = line["LinkedTxn"][0]
    for name in ("TxnId", "TxnType"):
        if name not in link:
            raise Fault(missing(name))
    if link.get("TxnLineId") in ("0", ""):
        link.pop("TxnLineId")
    return {"Amount": money(line["Amount"]), "LinkedTxn": [link]}


def _apply(call: Call, payment: Body, line: Body) -> Decimal:
    link = line["LinkedTxn"][0]
    amount, line_id = line["Amount"], link.get("TxnLineId")
    entity = links.entity_of_type(link["TxnType"])
    if entity not in _LINKABLE:
        raise fault("2170", f"Invalid Enumeration : {link['TxnType']}", "TxnType")
    if amount < 0:
        raise fault("2290", "NegativeAmount : Negative amounts aren't supported on transaction lines.", "Amount")
    target = call.work.find(entity, link["TxnId"])
    if target is None:
        raise deleted() if call.books.tombstone(entity, link["TxnId"]) else unknown_reference(call, entity, link["TxnId"])
    _check_owner(call, payment, entity, target, line_id)
    if amount > links.open_amount(entity, target, line_id):
        detail = "You can't apply more than the open balance of a transaction."
        raise fault(call.switches.overpaid_line_code, f"Business Validation Error: {detail}")
    link["TxnType"] = links.type_of(entity, target)
    credit = links.is_credit(entity, target, line_id)
    links.use(call.work, entity, link["TxnId"], amount, by=payment, by_entity="Payment", line_id=line_id)
    return -amount if credit else amount


def _check_owner(call: Call, payment: Body, entity: str, target: Body, line_id: str | None) -> None:
    owner = links.owner_of(entity, target, line_id)
    payer = payment["CustomerRef"]["value"]
    while owner is not None and owner != payer:
        customer = call.work.find("Customer", owner) or {}
        # A parent pays for sub-customers that are billed with it (reference §6.2).
        owner = customer.get("ParentRef", {}).get("value") if customer.get("BillWithParent") else None
    if owner is None:
        raise fault(
            call.switches.foreign_customer_link_code,
            f"Transaction cannot be linked : TxnId {target['Id']} belongs to another customer.",
        )


def release_payment(work: Work, payment: Body) -> None:
    """Give back everything that the lines of a payment use."""
    for line in payment.get("Line", ()):
        for link in line.get("LinkedTxn", ()):
            links.give_back(
                work,
                links.entity_of_type(link["TxnType"]),
                link["TxnId"],
                line["Amount"],
                by_id=payment["Id"],
                line_id=link.get("TxnLineId"),
            )


def free_payments_of(work: Work, entity: str, target: Body) -> None:
    """Take a document off every payment that is applied to it; the money stays with the payment (reference §3.5)."""
    for id in links.linking(work, entity, target, by_entity="Payment"):
        payment = work.open("Payment", id)
        kept, freed = [], ZERO
        for line in payment["Line"]:
            link = line["LinkedTxn"][0]
            if link["TxnId"] == target["Id"] and links.entity_of_type(link["TxnType"]) == entity:
                freed += -line["Amount"] if links.is_credit(entity, target, link.get("TxnLineId")) else line["Amount"]
            else:
                kept.append(line)
        payment["Line"] = kept
        payment["UnappliedAmt"] += freed
        if payment["UnappliedAmt"] < 0:
            # The credit that fed this payment is gone: what it fed is open again.
            _shrink(work, payment)


def _shrink(work: Work, payment: Body) -> None:
    for line in list(reversed(payment["Line"])):
        if payment["UnappliedAmt"] >= 0:
            return
        link = line["LinkedTxn"][0]
        entity = links.entity_of_type(link["TxnType"])
        target = work.find(entity, link["TxnId"])
        if target is None or links.is_credit(entity, target, link.get("TxnLineId")):
            continue
        cut = min(line["Amount"], -payment["UnappliedAmt"])
        cut_link(work, payment, line, cut)


def cut_link(work: Work, payment: Body, line: Body, cut: Decimal) -> None:
    """Take part of a line off a payment and give it back to its target; a line of nothing goes away."""
    link = line["LinkedTxn"][0]
    entity = links.entity_of_type(link["TxnType"])
    links.give_back(work, entity, link["TxnId"], cut, by_id=payment["Id"], line_id=link.get("TxnLineId"))
    line["Amount"] -= cut
    payment["UnappliedAmt"] += cut
    if line["Amount"]:
        target = work.open(entity, link["TxnId"])
        target["LinkedTxn"].append({"TxnId": payment["Id"], "TxnType": "Payment"})
    else:
        payment["Line"] = [kept for kept in payment["Line"] if kept is not line]


def void_payment(call: Call, doc: Body) -> None:
    """Turn a payment into nothing.

    Raises:
        Fault: 6540 if it is deposited.
    """
    refuse_deposited(doc)
    release_payment(call.work, doc)
    doc |= {"Line": [], "TotalAmt": ZERO, "UnappliedAmt": ZERO}


def remove_payment(call: Call, doc: Body) -> None:
    """Give back everything before a payment is deleted.

    Raises:
        Fault: 6540 if it is deposited.
    """
    refuse_deposited(doc)
    release_payment(call.work, doc)


def render_payment(work_find: Work, doc: Body) -> Body:
    """Return a payment with the `LineEx` that QuickBooks computes at reading time."""
    if not doc.get("Line"):
        return doc
    shown = dict(doc)
    shown["Line"] = [_with_extra(work_find, line) for line in doc["Line"]]
    return shown


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
