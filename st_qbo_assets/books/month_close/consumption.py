"""What was used of stock in a month, as the entry a person posts (rule 8.6).

What belongs here: the lines of the entry. What does not: reading the goods (`goods_used`).

Stock that is kept as an asset leaves it when it is used, and ServiceTitan alone knows when. What QuickBooks
counts it books itself, and stock that was cost when it was bought has nothing left to book.
"""

from collections.abc import Iterable

from st_qbo_assets.books.accounts import GlAccount
from st_qbo_assets.books.goods_used import GoodsUsed
from st_qbo_assets.books.month_close.sections import Column, Section, count, money
from st_qbo_assets.domain.company import CompanyFile

_COLUMNS = (Column("account"), Column("against"), money("debit"), money("credit"), count("lines"))
_NO_ACCOUNT = "(no account in ServiceTitan)"


def consumption(used: Iterable[GoodsUsed], company: CompanyFile) -> Section:
    """Return the entry of a month: cost of what was used from stock, out of its asset accounts.

    Args:
        used: the goods of the month's due invoices.
        company: whose policy decides whether stock is an asset.
    """
    taken: dict[tuple[str, str], tuple[int, int]] = {}
    counted = 0
    for goods in used:
        if not goods.is_stocked:
            continue
        if goods.is_counted:
            counted += goods.cost_cents
            continue
        key = (_label(goods.cost_account), _label(goods.asset_account))
        cents, lines = taken.get(key, (0, 0))
        taken[key] = (cents + goods.cost_cents, lines + 1)
    is_asset = company.stocked_purchases == "asset"
    rows: list[tuple[str | int | None, ...]] = []
    for (cost, asset), (cents, lines) in sorted(taken.items()) if is_asset else ():
        if cents:
            rows += [(cost, asset, cents, 0, lines), (asset, cost, 0, cents, lines)]
    total = sum(cents for cents, _ in taken.values())
    if is_asset:
        notes = ["Post it in QuickBooks as a journal entry on the last day of the month; nothing posts it."]
    else:
        notes = ["Nothing to post: what is bought for stock is cost at once (`stocked_purchases: expense`)."]
    if counted:
        notes.append("What QuickBooks counts is not part of it: its cost is booked when it is sold.")
    return Section(
        name="consumption",
        title="Stock used, to be posted",
        columns=_COLUMNS,
        rows=tuple(rows),
        notes=tuple(notes),
        figures={"used_cents": total, "counted_cents": counted},
    )


def _label(account: GlAccount) -> str:
    return f"{account.number} {account.name}".strip() or _NO_ACCOUNT
