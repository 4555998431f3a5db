"""What a transaction does to accounts and to the balances of customers and vendors.

Belongs here: pure reading of finished documents. Does not belong here: storing, validation, links between
transactions, and what goods cost (`stock.py`), which is read from what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Protocol

from st_qbo_sandbox.quickbooks import stock

Body = dict[str, Any]
Owner = tuple[str, str]

PROFIT_AND_LOSS = ("Revenue", "Expense")
ZERO = Decimal(0)


class Finder(Protocol):
    """What the ledger needs to know of the books."""

    @property
    def books(self) -> Any:
        """The committed books."""
        ...

    def find(self, entity: str, id: str) -> Body | None:
        """Return an object as the present work sees it."""
        ...


def sign_of_account(account: Body) -> int:
    """Return how CurrentBalance is shown: debit positive, save that cards show what is owed as positive."""
    return -1 if account.get("AccountType") == "Credit Card" else 1


def flat_lines(lines: list[Body]) -> Iterator[Body]:
    """Yield lines, with those inside bundles in place of the bundle."""
    for line in lines:
        if line.get("DetailType") == "GroupLineDetail":
            yield from line.get("GroupLineDetail", {}).get("Line", ())
        else:
            yield line


def system_account(finder: Finder, account_type: str, sub_type: str | None = None) -> str:
    """Return the id of the first active account of a type, or an empty text."""
    books = finder.books
    for account in books.all_of("Account"):
        is_fit = sub_type is None or account.get("AccountSubType") == sub_type
        if is_fit and account.get("AccountType") == account_type and account.get("Active", True):
            return account["Id"]
    return ""


def undeposited_funds(finder: Finder) -> str:
    """Return the id of Undeposited Funds, or an empty text."""
    found = system_account(finder, "Other Current Asset", "UndepositedFunds")
    if found:
        return found
    named = finder.books.find_named("Account", "Undeposited Funds")
    return named[0]["Id"] if named else ""


def receivable_account(finder: Finder, doc: Body) -> str:
    """Return the account that a sales document is owed on."""
    return doc.get("ARAccountRef", {}).get("value") or system_account(finder, "Accounts Receivable")


def payable_account(finder: Finder, doc: Body) -> str:
    """Return the account that a bill is owed on."""
    return doc.get("APAccountRef", {}).get("value") or system_account(finder, "Accounts Payable")


class _Entry(dict[str, Decimal]):
    def add(self, account: str, amount: Decimal) -> None:
        self[account] = self.get(account, ZERO) + amount


def post(entity: str, doc: Body, finder: Finder) -> dict[str, Decimal]:
    """Return the amounts by account, debit positive; accounts that end at zero are left out."""
    entry = _Entry()
    poster = _POSTERS.get(entity)
    if poster is not None:
        poster(doc, finder, entry)
    for move in doc.get("_stock", ()):
        for account, amount in stock.posting_of(move):
            entry.add(account, amount)
    return {account: amount for account, amount in entry.items() if amount}


def _post_sale(doc: Body, finder: Finder, entry: _Entry, account: str, sign: int) -> None:
    entry.add(account, sign * doc.get("TotalAmt", ZERO))
    for line in flat_lines(doc.get("Line", [])):
        kind = line.get("DetailType")
        amount = line.get("Amount", ZERO)
        if kind == "SalesItemLineDetail":
            entry.add(_income_account(line, finder), -sign * amount)
        elif kind == "DiscountLineDetail":
            detail = line.get("DiscountLineDetail", {})
            entry.add(detail.get("DiscountAccountRef", {}).get("value", ""), sign * amount)
    tax = doc.get("TxnTaxDetail", {}).get("TotalTax", ZERO)
    if tax:
        entry.add(system_account(finder, "Other Current Liability", "SalesTaxPayable"), -sign * tax)


def _income_account(line: Body, finder: Finder) -> str:
    item = finder.find("Item", line.get("SalesItemLineDetail", {}).get("ItemRef", {}).get("value", ""))
    return (item or {}).get("IncomeAccountRef", {}).get("value", "")


def _post_invoice(doc: Body, finder: Finder, entry: _Entry) -> None:
    account = receivable_account(finder, doc)
    _post_sale(doc, finder, entry, account, 1)
    deposit = doc.get("Deposit", ZERO)
    if deposit:
        entry.add(doc.get("DepositToAccountRef", {}).get("value") or undeposited_funds(finder), deposit)
        entry.add(account, -deposit)


def _post_credit_memo(doc: Body, finder: Finder, entry: _Entry) -> None:
    _post_sale(doc, finder, entry, receivable_account(finder, doc), -1)


def _post_receipt(doc: Body, finder: Finder, entry: _Entry) -> None:
    _post_sale(doc, finder, entry, doc.get("DepositToAccountRef", {}).get("value", ""), 1)


def _post_refund(doc: Body, finder: Finder, entry: _Entry) -> None:
    _post_sale(doc, finder, entry, doc.get("DepositToAccountRef", {}).get("value", ""), -1)


def _post_payment(doc: Body, finder: Finder, entry: _Entry) -> None:
    entry.add(doc.get("DepositToAccountRef", {}).get("value", ""), doc.get("TotalAmt", ZERO))
    entry.add(receivable_account(finder, doc), -doc.get("TotalAmt", ZERO))


def _post_expense_lines(doc: Body, finder: Finder, entry: _Entry, sign: int) -> None:
    for line in doc.get("Line", []):
        amount = sign * line.get("Amount", ZERO)
        account = line.get("AccountBasedExpenseLineDetail", {}).get("AccountRef", {}).get("value")
        item_id = line.get("ItemBasedExpenseLineDetail", {}).get("ItemRef", {}).get("value")
        if item_id:
            item = finder.find("Item", item_id) or {}
            ref: Body = (
                item.get("AssetAccountRef")
                or item.get("ExpenseAccountRef")
                or item.get("IncomeAccountRef")
                or {}
            )
            account = ref.get("value", "")
        if account is not None:
            entry.add(account, amount)
    tax = doc.get("TxnTaxDetail", {}).get("TotalTax", ZERO)
    if tax:
        entry.add(system_account(finder, "Other Current Liability", "SalesTaxPayable"), sign * tax)


def _post_bill(doc: Body, finder: Finder, entry: _Entry) -> None:
    entry.add(payable_account(finder, doc), -doc.get("TotalAmt", ZERO))
    _post_expense_lines(doc, finder, entry, 1)


def _post_vendor_credit(doc: Body, finder: Finder, entry: _Entry) -> None:
    entry.add(payable_account(finder, doc), doc.get("TotalAmt", ZERO))
    _post_expense_lines(doc, finder, entry, -1)


def _post_purchase(doc: Body, finder: Finder, entry: _Entry) -> None:
    sign = -1 if doc.get("Credit") else 1
    entry.add(doc.get("AccountRef", {}).get("value", ""), -sign * doc.get("TotalAmt", ZERO))
    _post_expense_lines(doc, finder, entry, sign)


def _post_bill_payment(doc: Body, finder: Finder, entry: _Entry) -> None:
    entry.add(payable_account(finder, doc), doc.get("TotalAmt", ZERO))
    ref: Body = (
        doc.get("CheckPayment", {}).get("BankAccountRef")
        or doc.get("CreditCardPayment", {}).get("CCAccountRef")
        or {}
    )
    entry.add(ref.get("value", ""), -doc.get("TotalAmt", ZERO))


def _post_deposit(doc: Body, finder: Finder, entry: _Entry) -> None:
    entry.add(doc.get("DepositToAccountRef", {}).get("value", ""), doc.get("TotalAmt", ZERO))
    for line in doc.get("Line", []):
        account = line.get("DepositLineDetail", {}).get("AccountRef", {}).get("value")
        if line.get("LinkedTxn"):
            account = undeposited_funds(finder)
        entry.add(account or "", -line.get("Amount", ZERO))
    back = doc.get("CashBack")
    if back:
        entry.add(back.get("AccountRef", {}).get("value", ""), back.get("Amount", ZERO))


def _post_journal(doc: Body, finder: Finder, entry: _Entry) -> None:
    for line in doc.get("Line", []):
        detail = line.get("JournalEntryLineDetail")
        if detail:
            sign = 1 if detail.get("PostingType") == "Debit" else -1
            entry.add(detail.get("AccountRef", {}).get("value", ""), sign * line.get("Amount", ZERO))


def _post_transfer(doc: Body, finder: Finder, entry: _Entry) -> None:
    entry.add(doc["ToAccountRef"]["value"], doc.get("Amount", ZERO))
    entry.add(doc["FromAccountRef"]["value"], -doc.get("Amount", ZERO))


_POSTERS = {
    "Invoice": _post_invoice,
    "CreditMemo": _post_credit_memo,
    "SalesReceipt": _post_receipt,
    "RefundReceipt": _post_refund,
    "Payment": _post_payment,
    "Bill": _post_bill,
    "VendorCredit": _post_vendor_credit,
    "Purchase": _post_purchase,
    "BillPayment": _post_bill_payment,
    "Deposit": _post_deposit,
    "JournalEntry": _post_journal,
    "Transfer": _post_transfer,
}


def owed(entity: str, doc: Body) -> list[tuple[Owner, Decimal]]:
    """Return who owes us (customers) or is owed (vendors) how much more because this document is open."""
    if entity == "Invoice":
        return [(("Customer", doc["CustomerRef"]["value"]), doc.get("Balance", ZERO))]
    if entity == "CreditMemo":
        return [(("Customer", doc["CustomerRef"]["value"]), -doc.get("Balance", ZERO))]
    if entity == "Payment":
        return [(("Customer", doc["CustomerRef"]["value"]), -doc.get("UnappliedAmt", ZERO))]
    if entity == "Bill":
        return [(("Vendor", doc["VendorRef"]["value"]), doc.get("Balance", ZERO))]
    if entity in ("VendorCredit", "BillPayment"):
        return [(("Vendor", doc["VendorRef"]["value"]), -doc.get("_open", doc.get("Balance", ZERO)))]
    return [((name, id), amount) for name, id, amount, _ in doc.get("_charges", ())]
