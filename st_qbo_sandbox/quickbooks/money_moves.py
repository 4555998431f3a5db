"""Money that moves without an invoice or bill: Purchase, Deposit, JournalEntry, Transfer.

Belongs here: their lines, and what they leave open on Accounts Receivable and Payable. Does not belong
here: paying invoices and bills.
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks import ledger, links
from st_qbo_sandbox.quickbooks.books import Body, name_of
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money
from st_qbo_sandbox.quickbooks.expense_lines import build_expense_lines
from st_qbo_sandbox.quickbooks.faults import Fault, FaultError, business, deleted, fault, missing
from st_qbo_sandbox.quickbooks.numbers import number_document
from st_qbo_sandbox.quickbooks.payments import check_money_account
from st_qbo_sandbox.quickbooks.references import unknown_reference
from st_qbo_sandbox.quickbooks.sales_lines import LineNumbering, keep_class, keep_department
from st_qbo_sandbox.quickbooks.settlement import BILL_PAYMENT, PAYMENT, free_payments_of
from st_qbo_sandbox.quickbooks.stock_lines import check_stock_lines
from st_qbo_sandbox.storage import as_object

_OWNERS = {"Accounts Receivable": "Customer", "Accounts Payable": "Vendor"}
_PAYING_ACCOUNTS = {
    "Check": ("Bank",),
    "CreditCard": ("Credit Card",),
    "Cash": ("Bank", "Credit Card", "Other Current Asset"),
}
_DEPOSITABLE = ("Payment", "SalesReceipt", "RefundReceipt", "JournalEntry")
_NO_NAME = {
    "Customer": "When you use Accounts Receivable, you must choose a customer in the Name field.",
    "Vendor": "When you use Accounts Payable, you must choose a vendor in the Name field.",
}


def prepare_purchase(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed expense, cheque or card purchase.

    Raises:
        Fault: 2020, 6000, 6430 or what the lines are refused for.
    """
    account = call.work.find("Account", new["AccountRef"]["value"]) or {}
    allowed = _PAYING_ACCOUNTS.get(new["PaymentType"])
    if allowed is None:
        raise fault("2170", f"Invalid Enumeration : {new['PaymentType']}", "PaymentType")
    if account.get("AccountType") not in allowed:
        raise fault("6430", "Invalid account type : The account does not fit the payment type.", "AccountRef")
    new["TotalAmt"] = build_expense_lines(call, new, old)
    check_stock_lines(call, new)
    if not new["TotalAmt"] and old is None:
        raise business("You must set a transaction amount.")
    new["CurrencyRef"] = call.company.home_currency
    new.setdefault("Credit", False)
    new.setdefault("PrintStatus", "NotSet")
    for name in ("ExchangeRate", "GlobalTaxCalculation", "PurchaseEx"):
        new.pop(name, None)
    if "DepartmentRef" in new:
        keep_department(call, new)
    number_document(call, new, old)
    charges: list[list[object]] = []
    for line in new["Line"]:
        ref = line.get("AccountBasedExpenseLineDetail", {}).get("AccountRef")
        owner = (
            _OWNERS.get((call.work.find("Account", ref["value"]) or {}).get("AccountType", ""))
            if ref
            else None
        )
        if owner is None:
            continue
        sign = -1 if bool(new["Credit"]) != (owner == "Vendor") else 1
        charges.append([owner, _purchase_owner(new, line, owner), sign * line["Amount"], line["Id"]])
    _keep_charges(call, new, old, charges)


def _purchase_owner(new: Body, line: Body, owner: str) -> str:
    entity = new.get("EntityRef", {})
    if entity.get("type") == owner:
        return entity["value"]
    customer = line["AccountBasedExpenseLineDetail"].get("CustomerRef")
    if owner == "Customer" and customer is not None:
        return customer["value"]
    raise business(_NO_NAME[owner])


def _keep_charges(call: Call, new: Body, old: Body | None, charges: list[list[object]]) -> None:
    """Write what the document leaves open; links to it are freed if that changed."""
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))
    sides = {str(charge[3]): -1 if _is_reducing(charge) else 1 for charge in charges}
    if sides:
        sides[""] = next(iter(sides.values()))
    before = {(charge[1], charge[3]): charge for charge in (old or {}).get("_gross", ())}
    now = {(charge[1], charge[3]): charge for charge in charges}
    if (
        old is not None
        and new["LinkedTxn"]
        and {k: v[2] for k, v in before.items()} != {k: v[2] for k, v in now.items()}
    ):
        for kind in (PAYMENT, BILL_PAYMENT):
            free_payments_of(call.work, kind, call.entity.name, old)
        new["LinkedTxn"] = [link for link in new["LinkedTxn"] if link["TxnType"] == "Deposit"]
    elif old is not None and new["LinkedTxn"]:
        new["_charges"] = old.get("_charges", [])
        return
    for name, value in (
        ("_charges", charges),
        ("_gross", [list(charge) for charge in charges]),
        ("_side", sides),
    ):
        if value:
            new[name] = value
        else:
            new.pop(name, None)


def _is_reducing(charge: list[object]) -> bool:
    return Decimal(str(charge[2])) < 0


def remove_money_move(call: Call, doc: Body) -> None:
    """Free what is applied before a document is deleted."""
    for kind in (PAYMENT, BILL_PAYMENT):
        free_payments_of(call.work, kind, call.entity.name, doc)


def void_purchase(call: Call, doc: Body) -> None:
    """Turn an expense or cheque into nothing, which only a person can do; what is applied to it is free."""
    remove_money_move(call, doc)
    for line in doc.get("Line", ()):
        line["Amount"] = ZERO
    doc |= {"TotalAmt": ZERO, "LinkedTxn": []}
    for name in ("_charges", "_gross", "_side"):
        doc.pop(name, None)


def prepare_deposit(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed bank deposit; what lies on it is frozen.

    Raises:
        Fault: 2020, 610, 620, 6000, 6430 or 6460.
    """
    check_money_account(call, new["DepositToAccountRef"])
    if old is not None:
        remove_deposit(call, old)
    numbering = LineNumbering(old)
    charges: list[list[object]] = []
    for position, line in enumerate(new["Line"], 1):
        line.setdefault("DetailType", "DepositLineDetail")
        numbering.number(line, position)
        if line.get("LinkedTxn"):
            _deposit_linked(call, new, line)
        else:
            _deposit_direct(call, line, charges)
    total = sum((line["Amount"] for line in new["Line"]), ZERO)
    back = new.get("CashBack", {}).get("Amount")
    new["TotalAmt"] = total - (money(back) if back else ZERO)
    if new["TotalAmt"] < 0:
        raise business("The total of a deposit must not be negative.")
    new["CurrencyRef"] = call.company.home_currency
    for name in ("ExchangeRate", "GlobalTaxCalculation", "TxnTaxDetail"):
        new.pop(name, None)
    if "DepartmentRef" in new:
        keep_department(call, new)
    _keep_charges(call, new, old, charges)


def _deposit_linked(call: Call, deposit: Body, line: Body) -> None:
    link = line["LinkedTxn"][0]
    entity, id = link.get("TxnType", ""), link.get("TxnId", "")
    if entity not in _DEPOSITABLE:
        raise fault("2170", f"Invalid Enumeration : {entity}", "TxnType")
    target = call.work.find(entity, id)
    if target is None:
        raise deleted() if call.books.tombstone(entity, id) else unknown_reference(call, entity, id)
    if links.deposit_of(target):
        raise fault("620", f"Transaction cannot be linked : TxnId {id} is already on a deposit.")
    if entity != "JournalEntry":
        if target.get("DepositToAccountRef", {}).get("value") != ledger.undeposited_funds(call.work):
            raise fault("620", f"Transaction cannot be linked : TxnId {id} is not in Undeposited Funds.")
        amount = -target["TotalAmt"] if entity == "RefundReceipt" else target["TotalAmt"]
        if money(line.setdefault("Amount", amount)) != amount:
            raise business(
                "The amount of a deposit line must equal the amount of the transaction it links to."
            )
    if "Amount" not in line:
        raise Fault(missing("Amount"))
    line["Amount"] = money(line["Amount"])
    link.setdefault("TxnLineId", "0")
    detail = line.setdefault("DepositLineDetail", {})
    if "PaymentMethodRef" in target:
        detail.setdefault("PaymentMethodRef", call.ref("PaymentMethod", target["PaymentMethodRef"]["value"]))
    opened = call.work.open(entity, id)
    opened.setdefault("LinkedTxn", []).append({"TxnId": deposit["Id"], "TxnType": "Deposit"})


def _deposit_direct(call: Call, line: Body, charges: list[list[object]]) -> None:
    detail = line.get("DepositLineDetail", {})
    errors = [missing("Amount")] if "Amount" not in line else []
    if "AccountRef" not in detail:
        errors.append(missing("AccountRef"))
    if errors:
        raise Fault(*errors)
    line["Amount"] = money(line["Amount"])
    account = call.work.find("Account", detail["AccountRef"]["value"]) or {}
    owner = _OWNERS.get(account.get("AccountType", ""))
    entity: Body = as_object(detail.get("Entity")) or {}
    if entity.get("value"):
        kinds = (
            [str(entity["type"]).capitalize()] if entity.get("type") else ["Customer", "Vendor", "Employee"]
        )
        found = next((call.work.find(kind, str(entity["value"])) for kind in kinds), None)
        if found is None:
            raise unknown_reference(call, kinds[0], str(entity["value"]))
        detail["Entity"] = {**entity, "name": name_of(found), "type": kinds[0].upper()}
    if owner is not None:
        if not detail.get("Entity") or detail["Entity"]["type"].capitalize() != owner:
            raise business(_NO_NAME[owner])
        sign = 1 if owner == "Vendor" else -1
        charges.append([owner, detail["Entity"]["value"], sign * line["Amount"], line["Id"]])


def remove_deposit(call: Call, doc: Body) -> None:
    """Take everything off a deposit, so that it can be changed again."""
    for line in doc.get("Line", ()):
        for link in line.get("LinkedTxn", ()):
            if call.work.find(link["TxnType"], link["TxnId"]) is not None:
                links.unlink(call.work.open(link["TxnType"], link["TxnId"]), doc["Id"])


def prepare_journal(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed journal entry.

    Raises:
        Fault: 2020 or 6000.
    """
    lines = [line for line in new["Line"] if line.get("DetailType") != "DescriptionOnly"]
    if len(lines) < 2:
        raise business("Fill out at least two detail lines to continue.")
    errors: list[FaultError] = []
    for line in lines:
        detail = line.get("JournalEntryLineDetail", {})
        errors += [missing(name) for name in ("AccountRef", "PostingType") if name not in detail]
        errors += [] if "Amount" in line else [missing("Line.Amount")]
    if errors:
        raise Fault(*errors)
    numbering = LineNumbering(old)
    sums = {"Debit": ZERO, "Credit": ZERO}
    charges: list[list[object]] = []
    for position, line in enumerate(lines, 1):
        line["DetailType"] = "JournalEntryLineDetail"
        line["Amount"] = money(line["Amount"])
        numbering.number(line, position)
        sums[line["JournalEntryLineDetail"]["PostingType"]] += line["Amount"]
        _journal_line(call, line, charges)
    if sums["Debit"] != sums["Credit"]:
        raise business("The debits and credits of a journal entry must be equal.")
    new["TotalAmt"] = sums["Debit"]
    new.setdefault("Adjustment", False)
    new["CurrencyRef"] = call.company.home_currency
    new.pop("ExchangeRate", None)
    number_document(call, new, old)
    _keep_charges(call, new, old, charges)


def _journal_line(call: Call, line: Body, charges: list[list[object]]) -> None:
    detail = line["JournalEntryLineDetail"]
    if "ClassRef" in detail:
        keep_class(call, detail, "ClassTrackingPerTxnLine")
    if "DepartmentRef" in detail:
        keep_department(call, detail)
    account = call.work.find("Account", detail["AccountRef"]["value"]) or {}
    owner = _OWNERS.get(account.get("AccountType", ""))
    if owner is None:
        return
    entity = detail.get("Entity", {})
    if entity.get("Type") != owner or "EntityRef" not in entity:
        raise business(_NO_NAME[owner])
    sign = 1 if (detail["PostingType"] == "Debit") == (owner == "Customer") else -1
    charges.append([owner, entity["EntityRef"]["value"], sign * line["Amount"], line["Id"]])


def prepare_transfer(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed transfer.

    Raises:
        Fault: 2140 or 6000.
    """
    new["Amount"] = money(new["Amount"])
    if new["Amount"] <= 0:
        raise fault("2140", f"Invalid amount : {new['Amount']}", "Amount")
    if new["FromAccountRef"]["value"] == new["ToAccountRef"]["value"]:
        raise business("Choose two different accounts.")
    new["CurrencyRef"] = call.company.home_currency
