"""What we owe vendors, against the payable account; how it moved in the month, and how old it is.

What belongs here: these lists of QuickBooks' books. What does not: reading them (`quickbooks_reads`), what
ServiceTitan says was bought (`purchases`).
"""

from datetime import date

from st_qbo_assets.books.loose_json import as_text
from st_qbo_assets.books.month_close.objects import (
    PURCHASES,
    cents_of,
    payable_of,
    ref,
    ref_name,
)
from st_qbo_assets.books.month_close.quickbooks_reads import QuickBooksMonth, dated, payable_after
from st_qbo_assets.books.month_close.sections import Cell, Column, Section, count, money
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.ids import find_markers
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json

#: Days overdue and the columns they stand in, as QuickBooks' own report of aged payables has them.
_AGES = ((0, "not yet due"), (30, "1-30 days"), (60, "31-60 days"), (90, "61-90 days"))
_OLDEST = "over 90 days"
#: What moved the account, as people speak of it.
_MOVES = {"Bill": "bills", "VendorCredit": "credits of vendors", "BillPayment": "payments of bills"}
_ENTERED = "entered otherwise"


def payables(books: QuickBooksMonth) -> Section:
    """Return what each vendor is owed now and was owed at the month's end, against the account."""
    names = _names(books)
    balances = {as_text(row.get("Id")): cents_of(row.get("Balance")) for row in books.vendors}
    bills, credits = _open(books.open_bills), _open(books.open_vendor_credits)
    after = payable_after(books)
    rows: list[tuple[Cell, ...]] = []
    for id_ in sorted({*balances, *bills, *credits, *after}, key=lambda id_: names.get(id_, id_)):
        now, later = balances.get(id_, 0), after.get(id_, 0)
        parts = (bills.get(id_, 0), -credits.get(id_, 0))
        if now or later or any(parts):
            rows.append((names.get(id_, id_), *parts, now - sum(parts), now, later, now - later))
    account, vendors = _account(books), sum(balances.values())
    said = f"Accounts Payable agrees with the vendors' balances: {_dollars(account)}."
    if account != vendors:
        said = (
            f"Accounts Payable stands at {_dollars(account)}, the vendors' balances at {_dollars(vendors)}: "
            f"{_dollars(account - vendors)} were posted to the account without a vendor's balance following."
        )
    return Section(
        "payables",
        "Accounts Payable by vendor",
        (
            Column("vendor"),
            *(money(name) for name in ("open bills", "open credits", "other")),
            money("balance now"),
            money("dated after the month"),
            money("balance at month end"),
        ),
        tuple(rows),
        (said, "Other is what payments left unused, and journal entries."),
        {
            "account_cents": account,
            "vendors_cents": vendors,
            "difference_cents": account - vendors,
            "at_month_end_cents": vendors - sum(after.values()),
        },
    )


def payables_movement(books: QuickBooksMonth) -> Section:
    """Return what moved Accounts Payable in the month: what we posted, and what others did."""
    ours: dict[str, list[int]] = {name: [0, 0, 0, 0] for name in (*_MOVES.values(), _ENTERED)}
    for target, obj in books.of_month():
        posted = sum(cents for _, cents in payable_of(target, obj, books.payable_ids))
        if target not in PURCHASES and not posted:
            continue
        sums = ours[_MOVES.get(target, _ENTERED)]
        place = 0 if find_markers(as_text(obj.get("PrivateNote"))) else 2
        sums[place] += 1
        sums[place + 1] += posted
    end = _account(books) - sum(payable_after(books).values())
    moved = sum(sums[1] + sums[3] for sums in ours.values())
    rows: list[tuple[Cell, ...]] = [("before the month", None, None, None, None, end - moved)]
    rows += [(name, *sums, sums[1] + sums[3]) for name, sums in ours.items() if any(sums)]
    rows.append(("at its end", None, None, None, None, end))
    return Section(
        "payables_movement",
        "How Accounts Payable moved",
        (
            Column("what"),
            *(count("from ServiceTitan"), money("from ServiceTitan $")),
            *(count("entered in QuickBooks"), money("entered in QuickBooks $")),
            money("in all"),
        ),
        tuple(rows),
        (),
        {
            "before_cents": end - moved,
            **{f"{name.replace(' ', '_')}_cents": sums[1] + sums[3] for name, sums in ours.items()},
            "at_month_end_cents": end,
        },
        is_summed=False,
    )


def aged_payables(books: QuickBooksMonth, *, today: date) -> Section:
    """Return what is open on bills by vendor and days overdue, as QuickBooks' own report has it.

    A credit lowers what is not yet due: it can be used for whichever bill is paid next.
    """
    names, ages = _names(books), [name for _, name in _AGES] + [_OLDEST]
    owed: dict[str, dict[str, int]] = {}
    for row in books.open_bills:
        by_age = owed.setdefault(ref(row, "VendorRef"), dict.fromkeys(ages, 0))
        by_age[_age(row, today)] += cents_of(row.get("Balance"))
    for row in books.open_vendor_credits:
        by_age = owed.setdefault(ref(row, "VendorRef"), dict.fromkeys(ages, 0))
        by_age[ages[0]] -= cents_of(row.get("Balance"))
    rows = tuple(
        (names.get(id_, id_), *(by_age[age] for age in ages), sum(by_age.values()))
        for id_, by_age in sorted(owed.items(), key=lambda each: names.get(each[0], each[0]))
    )
    sums = {age: sum(by_age[age] for by_age in owed.values()) for age in ages}
    return Section(
        "aged_payables",
        "Open bills and credits by days overdue",
        (Column("vendor"), *(money(age) for age in ages), money("in all")),
        rows,
        (),
        {f"{age.replace(' ', '_').replace('-', '_')}_cents": cents for age, cents in sums.items()},
    )


def _age(row: Json, today: date) -> str:
    try:
        due = parse_business_date(row.get("DueDate")) or dated(row)
    except ValueError:
        due = dated(row)
    overdue = (today - due).days
    return next((name for until, name in _AGES if overdue <= until), _OLDEST)


def _account(books: QuickBooksMonth) -> int:
    """Return what the payable accounts stand at, what we owe positive; QuickBooks shows debits positive."""
    return -sum(cents_of(row.get("CurrentBalance")) for row in books.payable_accounts)


def _open(rows: list[Json]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        vendor = ref(row, "VendorRef")
        found[vendor] = found.get(vendor, 0) + cents_of(row.get("Balance"))
    return found


def _names(books: QuickBooksMonth) -> dict[str, str]:
    documents = [row for target in PURCHASES for row in books.documents.get(target, ())]
    rows = (*documents, *books.open_bills, *books.open_vendor_credits)
    names = {ref(row, "VendorRef"): ref_name(row, "VendorRef") for row in rows}
    return names | {as_text(row.get("Id")): as_text(row.get("DisplayName")) for row in books.vendors}


def _dollars(cents: int) -> str:
    return f"{from_cents(cents):,}"
