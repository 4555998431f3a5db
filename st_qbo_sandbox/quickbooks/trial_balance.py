"""What the company's ledger says: every account's balance, what customers owe, vendors are owed, goods cost.

Belongs here: reading the postings that the ledger made. Does not belong here: making them (`ledger.py`), and
any report of the vendor's API.

Two readings of Accounts Receivable stand side by side, so that a test can tell them apart: `Posted` sums
what documents posted to receivable accounts, `Open` sums what is still open on invoices, credits, payments
and entries. Accounts Payable is read in the same two ways by vendor, what we owe positive. Items are what
counted goods are left, with what they cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from st_qbo_sandbox.quickbooks import ledger, stock
from st_qbo_sandbox.quickbooks.books import Body, Books, name_of
from st_qbo_sandbox.quickbooks.catalog import TRANSACTIONS
from st_qbo_sandbox.quickbooks.work import Work

ZERO = Decimal(0)
_OWED_BY_CUSTOMER = ("Invoice", "CreditMemo", "Payment")
_OWED_TO_VENDOR = ("Bill", "VendorCredit", "BillPayment")


def trial_balance(books: Books, *, first: str | None = None, last: str | None = None) -> Body:
    """Return balances by account and receivables by customer, debit positive, payables by vendor, goods.

    Args:
        books: the company.
        first: leave out documents dated before this day, and opening balances.
        last: leave out documents dated after this day.
    """
    documents = list(_documents(books, first, last))
    balances: dict[str, Decimal] = {}
    for _, doc in documents:
        for account, amount in doc.get("_post", {}).items():
            balances[account] = balances.get(account, ZERO) + amount
    for move in _own_moves(books, first, last):
        for account, amount in stock.entry_of_item(move).items():
            balances[account] = balances.get(account, ZERO) + amount
    if first is None:
        for account in books.all_of("Account"):
            if account.get("_opening"):
                balances[account["Id"]] = balances.get(account["Id"], ZERO) + account["_opening"]
    accounts = [_account_row(books, id, amount) for id, amount in balances.items() if amount]
    accounts.sort(key=lambda row: (row["AcctNum"], row["Name"], row["Id"]))
    return {
        "First": first,
        "Last": last,
        "Accounts": accounts,
        "TotalDebit": sum((row["Balance"] for row in accounts if row["Balance"] > 0), ZERO),
        "TotalCredit": -sum((row["Balance"] for row in accounts if row["Balance"] < 0), ZERO),
        "Customers": _owner_rows(books, documents, "Customer", _receivable_postings),
        "Vendors": _owner_rows(books, documents, "Vendor", _payable_postings),
        "Items": [
            {"Id": item["Id"], "Name": name_of(item), "QtyOnHand": item["QtyOnHand"], "Value": item["_value"]}
            for item in books.all_of("Item")
            if "_value" in item
        ],
    }


def _documents(books: Books, first: str | None, last: str | None) -> Iterator[tuple[str, Body]]:
    for entity in TRANSACTIONS:
        for doc in books.all_of(entity):
            day = doc.get("TxnDate", "")
            if (first is None or day >= first) and (last is None or day <= last):
                yield entity, doc


def _own_moves(books: Books, first: str | None, last: str | None) -> Iterator[Body]:
    """Yield opening quantities and corrections of items."""
    for item in books.all_of("Item"):
        for move in item.get("_moves", ()):
            day = move["TxnDate"]
            if (first is None or day >= first) and (last is None or day <= last):
                yield move


def _account_row(books: Books, id: str, amount: Decimal) -> Body:
    account = books.get("Account", id) or {}
    return {
        "Id": id,
        "Name": account.get("FullyQualifiedName", account.get("Name", "")),
        "AcctNum": account.get("AcctNum", ""),
        "AccountType": account.get("AccountType", ""),
        "AccountSubType": account.get("AccountSubType", ""),
        "Classification": account.get("Classification", ""),
        "Balance": amount,
    }


def _owner_rows(
    books: Books,
    documents: list[tuple[str, Body]],
    kind: str,
    postings: Callable[[Work, str, Body], Iterator[tuple[str, Decimal]]],
) -> list[Body]:
    work = Work(books)
    posted: dict[str, Decimal] = {}
    still_open: dict[str, Decimal] = {}
    for entity, doc in documents:
        for id, amount in postings(work, entity, doc):
            posted[id] = posted.get(id, ZERO) + amount
        for (owner, id), amount in ledger.owed(entity, doc):
            if owner == kind:
                still_open[id] = still_open.get(id, ZERO) + amount
    rows: list[Body] = []
    for id in sorted({*posted, *still_open}, key=lambda id: (len(id), id)):
        row = {"Id": id, "Posted": posted.get(id, ZERO), "Open": still_open.get(id, ZERO)}
        if row["Posted"] or row["Open"]:
            rows.append(row | {"DisplayName": name_of(books.get(kind, id) or {})})
    return rows


def _receivable_postings(work: Work, entity: str, doc: Body) -> Iterator[tuple[str, Decimal]]:
    """Yield (customer id, amount) of what a document posts to receivable accounts."""
    if entity in _OWED_BY_CUSTOMER:
        yield (
            doc["CustomerRef"]["value"],
            doc.get("_post", {}).get(ledger.receivable_account(work, doc), ZERO),
        )
    for owner, id, amount, _ in doc.get("_gross", ()):
        if owner == "Customer":
            yield id, amount


def _payable_postings(work: Work, entity: str, doc: Body) -> Iterator[tuple[str, Decimal]]:
    """Yield (vendor id, amount) of what a document posts to payable accounts."""
    if entity in _OWED_TO_VENDOR:
        posted = doc.get("_post", {}).get(ledger.payable_account(work, doc), ZERO)
        yield doc["VendorRef"]["value"], -posted
    for owner, id, amount, _ in doc.get("_gross", ()):
        if owner == "Vendor":
            yield id, amount
