"""What customers owe, against the receivable account; their unapplied credits; money not yet deposited.

What belongs here: these three lists. What does not: reading them (`quickbooks_reads`).
"""

from collections.abc import Mapping
from datetime import date

from st_qbo_assets.books.loose_json import as_text
from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.objects import cents_of, day_of, ref, ref_name, total_of, undeposited_of
from st_qbo_assets.books.month_close.quickbooks_reads import QuickBooksMonth, dated, receivable_after
from st_qbo_assets.books.month_close.sections import Column, Section, count, day, money
from st_qbo_assets.domain.ids import find_markers
from st_qbo_assets.domain.money import from_cents

#: Upper ends of the ages, in days, in which money not yet deposited is shown.
_AGES = ((7, "0-7 days"), (30, "8-30 days"), (60, "31-60 days"))
_OLDEST = "over 60 days"


def receivables(books: QuickBooksMonth) -> Section:
    """Return what each customer owes now and owed at the month's end, against the account."""
    names = _names(books)
    balances = {as_text(row.get("Id")): cents_of(row.get("Balance")) for row in books.customers}
    invoices = _by_customer(books.open_invoices, "Balance")
    credits = _by_customer(books.open_credits, "Balance")
    unapplied = _by_customer(books.unapplied, "UnappliedAmt")
    after = receivable_after(books)
    rows: list[tuple[str | int, ...]] = []
    for id_ in sorted(
        {*balances, *invoices, *credits, *unapplied, *after}, key=lambda id_: names.get(id_, id_)
    ):
        now, later = balances.get(id_, 0), after.get(id_, 0)
        parts = (invoices.get(id_, 0), -credits.get(id_, 0), -unapplied.get(id_, 0))
        if now or later or any(parts):
            rows.append((names.get(id_, id_), *parts, now - sum(parts), now, later, now - later))
    account = sum(cents_of(row.get("CurrentBalance")) for row in books.receivable_accounts)
    customers = sum(balances.values())
    later = sum(after.values())
    notes = [f"Accounts Receivable agrees with the customers' balances: {_dollars(account)}."]
    if account != customers:
        notes = [
            f"Accounts Receivable stands at {_dollars(account)}, the customers' balances at "
            f"{_dollars(customers)}: {_dollars(account - customers)} were posted to the account without a "
            "customer's balance following."
        ]
    return Section(
        "receivables",
        "Accounts Receivable by customer",
        (
            Column("customer"),
            *(money(name) for name in ("open invoices", "open credits", "unapplied payments", "other")),
            money("balance now"),
            money("dated after the month"),
            money("balance at month end"),
        ),
        tuple(rows),
        tuple(notes),
        {
            "account_cents": account,
            "customers_cents": customers,
            "difference_cents": account - customers,
            "at_month_end_cents": customers - later,
        },
    )


def unapplied_credits(books: QuickBooksMonth) -> Section:
    """Return the credits that customers have and that pay for nothing yet."""
    found = [("CreditMemo", row, cents_of(row.get("Balance"))) for row in books.open_credits]
    found += [("Payment", row, cents_of(row.get("UnappliedAmt"))) for row in books.unapplied]
    dated_until = [each for each in found if Month.of(dated(each[1])) <= books.month]
    dated_until.sort(key=lambda each: (ref_name(each[1], "CustomerRef"), dated(each[1]), each[0]))
    rows = tuple(
        (
            ref_name(row, "CustomerRef"),
            f"{target} {as_text(row.get('Id'))}",
            as_text(row.get("DocNumber")) or as_text(row.get("PaymentRefNum")),
            day_of(row),
            total_of(row),
            cents,
            _record(row),
        )
        for target, row, cents in dated_until
    )
    return Section(
        "unapplied_credits",
        "Unapplied credits by customer",
        (
            Column("customer"),
            Column("document"),
            Column("number"),
            day("date"),
            money("total"),
            money("unapplied"),
            Column("record"),
        ),
        rows,
        (),
        {"documents": len(rows), "unapplied_cents": sum(each[2] for each in dated_until)},
    )


def undeposited_funds(books: QuickBooksMonth, *, today: date) -> Section:
    """Return the money that lies in Undeposited Funds, oldest first, with its age."""
    lying = [
        (target, row, cents)
        for target, row in books.money()
        if (cents := undeposited_of(target, row, books.undeposited_id))
        and Month.of(dated(row)) <= books.month
    ]
    lying.sort(key=lambda each: (dated(each[1]), as_text(each[1].get("Id"))))
    rows = tuple(
        (
            _age(today, row),
            (today - dated(row)).days,
            day_of(row),
            f"{target} {as_text(row.get('Id'))}",
            as_text(row.get("PaymentRefNum")) or as_text(row.get("DocNumber")),
            ref_name(row, "CustomerRef"),
            cents,
            _record(row),
        )
        for target, row, cents in lying
    )
    figures = {
        f"{name.replace(' ', '_').replace('-', '_')}_cents": 0 for name in (*(n for _, n in _AGES), _OLDEST)
    }
    for _, row, cents in lying:
        figures[f"{_age(today, row).replace(' ', '_').replace('-', '_')}_cents"] += cents
    balance = cents_of((books.undeposited or {}).get("CurrentBalance"))
    figures |= {
        "payments": len(rows),
        "listed_cents": sum(each[2] for each in lying),
        "account_cents": balance,
    }
    return Section(
        "undeposited_funds",
        "Payments still in Undeposited Funds by age",
        (
            Column("age"),
            count("days"),
            day("date"),
            Column("document"),
            Column("number"),
            Column("customer"),
            money("amount"),
            Column("record"),
        ),
        rows,
        tuple(_undeposited_notes(books, balance)),
        figures,
    )


def _undeposited_notes(books: QuickBooksMonth, balance: int) -> list[str]:
    if books.undeposited is None:
        return ["QuickBooks has no account Undeposited Funds."]
    if books.is_traced:
        return [f"The account stands at {_dollars(balance)} now, all of it accounted for."]
    return [
        f"The account stands at {_dollars(balance)} now, documents account for "
        f"{_dollars(books.traced_cents)}: the rest is older than the months looked through, or was entered "
        "otherwise."
    ]


def _age(today: date, row: Mapping[str, object]) -> str:
    days = (today - dated(dict(row))).days
    return next((name for until, name in _AGES if days <= until), _OLDEST)


def _by_customer(rows: list[dict[str, object]], field: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        customer = ref(row, "CustomerRef")
        found[customer] = found.get(customer, 0) + cents_of(row.get(field))
    return found


def _names(books: QuickBooksMonth) -> dict[str, str]:
    documents = (row for rows in books.documents.values() for row in rows)
    rows = (*books.open_invoices, *books.open_credits, *books.unapplied, *documents)
    names = {ref(row, "CustomerRef"): ref_name(row, "CustomerRef") for row in rows}
    return names | {as_text(row.get("Id")): as_text(row.get("DisplayName")) for row in books.customers}


def _record(row: Mapping[str, object]) -> str:
    return ", ".join(map(str, find_markers(as_text(row.get("PrivateNote")))))


def _dollars(cents: int) -> str:
    return f"{from_cents(cents):,}"
