"""What the company's ledger says: every account's balance, and what each customer owes.

Belongs here: reading the postings that the ledger made. Does not belong here: making them (`ledger.py`), and
any report of the vendor's API.

Two readings of Accounts Receivable stand side by side, so that a test can tell them apart: `Posted` sums
what documents posted to receivable accounts, `Open` sums what is still open on invoices, credits, payments
and entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from st_qbo_sandbox.quickbooks import ledger
from st_qbo_sandbox.quickbooks.books import Body, Books, name_of
from st_qbo_sandbox.quickbooks.catalog import TRANSACTIONS
from st_qbo_sandbox.quickbooks.work import Work

ZERO = Decimal(0)
_OWED_BY_CUSTOMER = ("Invoice", "CreditMemo", "Payment")


def trial_balance(books: Books, *, first: str | None = None, last: str | None = None) -> Body:
    """Return balances by account and receivables by customer, debit positive.

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
        "Customers": _customer_rows(books, documents),
    }


def _documents(books: Books, first: str | None, last: str | None) -> Iterator[tuple[str, Body]]:
    for entity in TRANSACTIONS:
        for doc in books.all_of(entity):
            day = doc.get("TxnDate", "")
            if (first is None or day >= first) and (last is None or day <= last):
                yield entity, doc


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


def _customer_rows(books: Books, documents: list[tuple[str, Body]]) -> list[Body]:
    work = Work(books)
    posted: dict[str, Decimal] = {}
    still_open: dict[str, Decimal] = {}
    for entity, doc in documents:
        for id, amount in _receivable_postings(work, entity, doc):
            posted[id] = posted.get(id, ZERO) + amount
        for (owner, id), amount in ledger.owed(entity, doc):
            if owner == "Customer":
                still_open[id] = still_open.get(id, ZERO) + amount
    rows: list[Body] = []
    for id in sorted({*posted, *still_open}, key=lambda id: (len(id), id)):
        row = {"Id": id, "Posted": posted.get(id, ZERO), "Open": still_open.get(id, ZERO)}
        if row["Posted"] or row["Open"]:
            rows.append(row | {"DisplayName": name_of(books.get("Customer", id) or {})})
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
