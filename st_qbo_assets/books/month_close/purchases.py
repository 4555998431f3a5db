"""What was bought in the month: by vendor and by account on both sides, and goods not billed.

What belongs here: these lists. What does not: what is still owed (`payables`), and the causes of differences,
which the days' tie-outs tell.
"""

from collections.abc import Iterable
from datetime import date

from st_qbo_assets.books.accounts import Accounts, Place
from st_qbo_assets.books.documents import QboDocument, Shape, StDocument
from st_qbo_assets.books.month_close.quickbooks_reads import QuickBooksMonth
from st_qbo_assets.books.month_close.sections import Cell, Column, Section, count, day, money
from st_qbo_assets.books.month_close.servicetitan_reads import ServiceTitanMonth
from st_qbo_assets.books.receipts import not_billed
from st_qbo_assets.books.vendors import Vendors
from st_qbo_assets.domain.ids import Entity

_OWED = (Entity.BILL, Entity.VENDOR_CREDIT)


def bought_by_vendor(
    servicetitan: ServiceTitanMonth, quickbooks: QuickBooksMonth, vendors: Vendors
) -> Section:
    """Return bills and credits of the month by vendor: ServiceTitan's, ours and others in QuickBooks."""
    sides: dict[str, list[int]] = {}
    documents: list[tuple[StDocument | QboDocument, int]] = [
        *((each, int(each.shape is Shape.VENDOR_CREDIT)) for each in servicetitan.due(*_OWED)),
        *((each, 2 if each.sources else 3) for each in quickbooks.bought()),
    ]
    for document, place in documents:
        sides.setdefault(vendors.key_of(document), [0, 0, 0, 0])[place] += document.total_cents
    rows: list[tuple[Cell, ...]] = [
        (vendors.name(key), bills, credits, ours, bills + credits - ours, typed)
        for key, (bills, credits, ours, typed) in sorted(sides.items(), key=lambda one: vendors.name(one[0]))
        if any((bills, credits, ours, typed))
    ]
    sums = [sum(each) for each in zip(*sides.values(), strict=True)] or [0, 0, 0, 0]
    return Section(
        "bought_by_vendor",
        "Bills and credits by vendor",
        (
            Column("vendor"),
            *(money(f"ServiceTitan {name}") for name in ("bills", "credits")),
            money("QuickBooks"),
            money("difference"),
            money("typed in QuickBooks by hand"),
        ),
        tuple(rows),
        (),
        {
            "servicetitan_cents": sums[0] + sums[1],
            "quickbooks_cents": sums[2],
            "difference_cents": sum(abs(a + b - c) for a, b, c, _ in sides.values()),
            "typed_by_hand_cents": sums[3],
        },
    )


def cost_by_account(
    servicetitan: ServiceTitanMonth, quickbooks: QuickBooksMonth, accounts: Accounts
) -> Section:
    """Return the cost of bills less credits by account: ServiceTitan's, ours in QuickBooks, others there."""
    bought = list(quickbooks.bought())
    sides = (
        _by_account(servicetitan.due(*_OWED), accounts),
        _by_account((each for each in bought if each.sources), accounts),
        _by_account((each for each in bought if not each.sources), accounts),
    )
    rows = [
        (accounts.name(key), ours, booked, ours - booked, typed)
        for key in sorted({key for side in sides for key in side}, key=accounts.name)
        for ours, booked, typed in [[side.get(key, 0) for side in sides]]
    ]
    whole, held, _ = (sum(side.values()) for side in sides)
    return Section(
        "cost_by_account",
        "Cost of what was bought by account",
        (
            Column("account"),
            *(money(name) for name in ("ServiceTitan", "QuickBooks", "difference")),
            money("typed in QuickBooks by hand"),
        ),
        tuple(rows),
        (),
        {"servicetitan_cents": whole, "quickbooks_cents": held, "difference_cents": whole - held},
    )


def received_not_billed(servicetitan: ServiceTitanMonth, *, today: date) -> Section:
    """Return the goods that had come by the month's end and were on no bill of then: owed, and not booked."""
    until = min(servicetitan.month.last, today)
    found = not_billed(servicetitan.receipts, servicetitan.documents, until=until)
    rows = tuple(
        (
            each.receipt.vendor,
            each.receipt.order,
            each.receipt.number,
            each.receipt.day,
            each.age_days,
            each.receipt.cents,
            each.why,
        )
        for each in found
    )
    since = servicetitan.received_since
    return Section(
        "received_not_billed",
        "Received, not billed",
        (
            *(Column(name) for name in ("vendor", "purchase order", "receipt")),
            day("received"),
            count("days"),
            money("amount"),
            Column("why"),
        ),
        rows,
        (f"Looked through: what came since {since}.",) if since is not None else (),
        {"receipts": len(rows), "not_billed_cents": sum(each.receipt.cents for each in found)},
    )


def _by_account(documents: Iterable[StDocument | QboDocument], accounts: Accounts) -> dict[str, int]:
    costs: dict[Place, int] = {}
    for document in documents:
        for place, cents in document.income.items():
            costs[place] = costs.get(place, 0) + cents
    return accounts.by_key(costs)
