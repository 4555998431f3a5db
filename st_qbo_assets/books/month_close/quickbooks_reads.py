"""What the month close reads of QuickBooks, in as few metered calls as the books allow (QB §3.7, §5.2).

What belongs here: the queries and what is kept of their rows. What does not: the lists made of them.

    1  the transactions from the month's first day on, a page of every entity in one call; with the first page
       what is open, and the accounts and customers with a balance
    2  the payments of customers who have unapplied money, and the items on all lines: one call
    3  only where Undeposited Funds hold more than those show: payments of the months before, one call a month
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from st_qbo_assets.books.accounts import Item, read_items
from st_qbo_assets.books.documents import QboDocument
from st_qbo_assets.books.loose_json import as_text
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.objects import (
    PURCHASES,
    SALES,
    cents_of,
    day_of,
    payable_of,
    receivable_of,
    ref,
    sale_lines,
    undeposited_of,
)
from st_qbo_assets.books.quickbooks_side import read_document
from st_qbo_assets.books.reads import IDS_AT_ONCE, PAGE, QuickBooksQueries
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.query import quote, quote_list, statement

#: Transactions that touch sales, receivables or money not yet deposited; and those of vendors.
TRANSACTIONS = (*SALES, "Payment", "Purchase", "Deposit", "JournalEntry", *PURCHASES)
_MONEY = ("Payment", "SalesReceipt", "RefundReceipt", "Purchase")
#: Months before the closed one that are looked through for money not yet deposited.
_MONTHS_BACK = 6


@dataclass
class QuickBooksMonth:
    """What was read of QuickBooks.

    Attributes:
        documents: transactions dated from the month's first day on, by entity.
        earlier_money: transactions of before that put money into Undeposited Funds and left it there.
        is_traced: whether what lies in Undeposited Funds is all accounted for.
        open_invoices: invoices with an open balance, of any date.
        open_credits: credit memos with an open balance, of any date.
        unapplied: payments with unapplied money, of any date.
        customers: those with a balance.
        receivable_accounts: the accounts of type Accounts Receivable.
        undeposited: the account Undeposited Funds, None if there is none.
        open_bills: bills with an open balance, of any date; this and what follows only if the company buys.
        open_vendor_credits: vendors' credits with an open balance, of any date.
        vendors: those with a balance.
        payable_accounts: the accounts of type Accounts Payable.
        items: the items on sold and bought lines.
    """

    month: Month
    documents: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])
    earlier_money: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    is_traced: bool = True
    open_invoices: list[Json] = field(default_factory=list[Json])
    open_credits: list[Json] = field(default_factory=list[Json])
    unapplied: list[Json] = field(default_factory=list[Json])
    customers: list[Json] = field(default_factory=list[Json])
    receivable_accounts: list[Json] = field(default_factory=list[Json])
    undeposited: Json | None = None
    open_bills: list[Json] = field(default_factory=list[Json])
    open_vendor_credits: list[Json] = field(default_factory=list[Json])
    vendors: list[Json] = field(default_factory=list[Json])
    payable_accounts: list[Json] = field(default_factory=list[Json])
    items: dict[str, Item] = field(default_factory=dict[str, Item])

    @property
    def receivable_ids(self) -> frozenset[str]:
        """Ids of the receivable accounts."""
        return frozenset(as_text(account.get("Id")) for account in self.receivable_accounts)

    @property
    def payable_ids(self) -> frozenset[str]:
        """Ids of the payable accounts."""
        return frozenset(as_text(account.get("Id")) for account in self.payable_accounts)

    def bought(self) -> Iterator[QboDocument]:
        """Yield the bills and vendors' credits of the month, with their cost by what lines stand on."""
        return (read_document(target, obj) for target, obj in self.of_month("Bill", "VendorCredit"))

    @property
    def undeposited_id(self) -> str:
        """Id of Undeposited Funds, empty if there is none."""
        return as_text((self.undeposited or {}).get("Id"))

    def of_month(self, *targets: str) -> Iterator[tuple[str, Json]]:
        """Yield (entity, transaction) of those dated in the month."""
        for target in targets or TRANSACTIONS:
            for obj in self.documents.get(target, ()):
                day = day_of(obj)
                if day is not None and day <= self.month.last:
                    yield target, obj

    def after_month(self) -> Iterator[tuple[str, Json]]:
        """Yield (entity, transaction) of those dated after the month."""
        for target in TRANSACTIONS:
            for obj in self.documents.get(target, ()):
                day = day_of(obj)
                if day is not None and day > self.month.last:
                    yield target, obj

    def money(self) -> Iterator[tuple[str, Json]]:
        """Yield every transaction read that may have put money into Undeposited Funds."""
        yield from self.earlier_money
        for target in _MONEY:
            for obj in self.documents.get(target, ()):
                yield target, obj

    @property
    def traced_cents(self) -> int:
        """What of the money in Undeposited Funds the transactions read account for."""
        return sum(undeposited_of(target, obj, self.undeposited_id) for target, obj in self.money())


@dataclass(frozen=True)
class _Query:
    """One statement, page after page, and who takes its rows."""

    entity: str
    where: str
    keep: Callable[[Sequence[Json]], None]


def read_quickbooks(
    client: QuickBooksQueries, month: Month, *, buys: bool = False, page: int = PAGE
) -> QuickBooksMonth:
    """Return what the close of a month needs of QuickBooks.

    Args:
        client: to read with.
        month: the month.
        buys: whether what is owed to vendors is read too.
        page: rows of one entity asked for at once.
    """
    found = QuickBooksMonth(month)
    accounts: list[Json] = []
    queries = [
        _Query(entity, f"TxnDate >= {quote(month.first)}", found.documents.setdefault(entity, []).extend)
        for entity in TRANSACTIONS
        if buys or entity not in PURCHASES
    ]
    queries += [
        _Query("Invoice", "Balance > '0'", found.open_invoices.extend),
        _Query("CreditMemo", "Balance > '0'", found.open_credits.extend),
        _Query("Customer", "Balance > '0' AND Active IN (true, false)", found.customers.extend),
        _Query("Customer", "Balance < '0' AND Active IN (true, false)", found.customers.extend),
        _Query("Account", "AccountType = 'Accounts Receivable'", found.receivable_accounts.extend),
        _Query("Account", "AccountSubType = 'UndepositedFunds'", accounts.extend),
    ]
    if buys:
        queries += _payables(found)
    _read(client, queries, page=page)
    found.undeposited = accounts[0] if accounts else None
    _read(client, [*_unapplied(found), *_items(found)], page=page)
    _trace_undeposited(client, found, page=page)
    return found


def _read(client: QuickBooksQueries, queries: Sequence[_Query], *, page: int) -> None:
    """Read queries side by side, a page of each in one batch, until every one is through."""
    unfinished, start = list(queries), 1
    while unfinished:
        texts = [statement(each.entity, each.where, start=start, page=page) for each in unfinished]
        pages = client.batch_queries(texts)
        for each, rows in zip(unfinished, pages, strict=True):
            each.keep(rows)
        full = [each for each, rows in zip(unfinished, pages, strict=True) if len(rows) >= page]
        unfinished, start = full, start + page


def _payables(found: QuickBooksMonth) -> list[_Query]:
    return [
        _Query("Bill", "Balance > '0'", found.open_bills.extend),
        _Query("VendorCredit", "Balance > '0'", found.open_vendor_credits.extend),
        _Query("Vendor", "Balance > '0' AND Active IN (true, false)", found.vendors.extend),
        _Query("Vendor", "Balance < '0' AND Active IN (true, false)", found.vendors.extend),
        _Query("Account", "AccountType = 'Accounts Payable'", found.payable_accounts.extend),
    ]


def _unapplied(found: QuickBooksMonth) -> list[_Query]:
    """Return the queries of customers whose balance shows money that is applied to nothing.

    Unapplied money cannot be asked for, but it is what open invoices less open credits exceed a balance by.
    """
    owed: dict[str, int] = {}
    for rows, sign in ((found.open_invoices, 1), (found.open_credits, -1)):
        for row in rows:
            customer = ref(row, "CustomerRef")
            owed[customer] = owed.get(customer, 0) + sign * cents_of(row.get("Balance"))
    balances = {as_text(row.get("Id")): cents_of(row.get("Balance")) for row in found.customers}
    differing = sorted(id_ for id_ in {**owed, **balances} if owed.get(id_, 0) != balances.get(id_, 0))

    def keep(rows: Sequence[Json]) -> None:
        found.unapplied.extend(row for row in rows if cents_of(row.get("UnappliedAmt")))

    # One customer a statement: a list of references is not documented as filterable.
    return [_Query("Payment", f"CustomerRef = {quote(id_)}", keep) for id_ in differing if id_]


def _items(found: QuickBooksMonth) -> list[_Query]:
    sold = {
        line.item_id
        for target, obj in found.of_month(*SALES)
        for line in sale_lines(target, obj)
        if line.item_id
    }
    named = sorted(sold.union(*(document.item_ids for document in found.bought())))

    def keep(rows: Sequence[Json]) -> None:
        found.items.update(read_items(rows))

    return [
        _Query(
            "Item",
            f"Id IN {quote_list(named[first : first + IDS_AT_ONCE])} AND Active IN (true, false)",
            keep,
        )
        for first in range(0, len(named), IDS_AT_ONCE)
    ]


def _trace_undeposited(client: QuickBooksQueries, found: QuickBooksMonth, *, page: int) -> None:
    """Read earlier months, newest first, until what lies in Undeposited Funds is accounted for."""
    if found.undeposited is None:
        return
    balance, until = cents_of(found.undeposited.get("CurrentBalance")), found.month.first
    for _ in range(_MONTHS_BACK):
        if found.traced_cents == balance:
            return
        first = (until - timedelta(days=1)).replace(day=1)
        where = f"TxnDate >= {quote(first)} AND TxnDate < {quote(until)}"
        _read(client, [_Query(entity, where, _keeper(found, entity)) for entity in _MONEY], page=page)
        until = first
    found.is_traced = found.traced_cents == balance


def _keeper(found: QuickBooksMonth, entity: str) -> Callable[[Sequence[Json]], None]:
    def keep(rows: Sequence[Json]) -> None:
        account = found.undeposited_id
        found.earlier_money.extend((entity, row) for row in rows if undeposited_of(entity, row, account))

    return keep


def receivable_after(found: QuickBooksMonth) -> Mapping[str, int]:
    """Return what transactions dated after the month posted to receivables, by customer."""
    return _posted_after(found, receivable_of, found.receivable_ids)


def payable_after(found: QuickBooksMonth) -> Mapping[str, int]:
    """Return what transactions dated after the month posted to payables, by vendor."""
    return _posted_after(found, payable_of, found.payable_ids)


def _posted_after(
    found: QuickBooksMonth,
    posts: Callable[[str, Json, frozenset[str]], Iterator[tuple[str, int]]],
    accounts: frozenset[str],
) -> Mapping[str, int]:
    posted: dict[str, int] = {}
    for target, obj in found.after_month():
        for owner, cents in posts(target, obj, accounts):
            posted[owner] = posted.get(owner, 0) + cents
    return posted


def dated(obj: Json) -> date:
    """Return the date of a transaction that was asked for by its date."""
    day = day_of(obj)
    return day if day is not None else date.min
