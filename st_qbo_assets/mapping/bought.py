"""Lines of what is bought: on an item with its cost, or on an account.

What belongs here: one line of a bill to one expense line, with item or account, quantity, customer and class
(rules 8.4, 8.5). What does not: what the lines come to (`bill_sums`), the document's header (`bills`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.mapping.accounts import (
    COST_TYPES,
    buying_account,
    cost_account,
)
from st_qbo_assets.mapping.amounts import Measure, measure
from st_qbo_assets.mapping.bill_sums import Sums
from st_qbo_assets.mapping.items import Item
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.needed_items import item_of_bill_line
from st_qbo_assets.mapping.pricebook import is_counted
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.mapping.text import DESCRIPTION_LENGTH, plain_text
from st_qbo_assets.mapping.tracking import class_of
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.buying import Bill, BillExpense, BillItem
from st_qbo_assets.servicetitan.records import Named

#: Keys of the lines that are no goods.
FREIGHT, TAX = "freight", "tax"
_BY_ACCOUNT, _BY_ITEM = "AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail"


@dataclass(frozen=True)
class Line:
    """One line as it is sent, with the account its money stands on and the item it needs, if any.

    Attributes:
        key: the id of the line of goods it is of; `freight`, `tax`, or empty.
    """

    body: Json
    account: Account
    cents: int
    item: Item | None = None
    key: str = ""


def map_bill_lines(bill: Bill, sums: Sums, lookup: Lookup) -> tuple[list[Line], list[Problem]]:
    """Return the lines that can be written, in source order, freight and tax last, and what is wrong."""
    goods = [
        _map_item(bill, line, lookup, number=number, cents=cents)
        for number, (line, cents) in enumerate(zip(bill.items, sums.lines, strict=False), start=1)
    ]
    expenses = [
        _map_expense(bill, line, lookup, number=number, cents=cents)
        for number, (line, cents) in enumerate(
            zip(bill.expense_items, sums.lines[len(bill.items) :], strict=True), start=len(bill.items) + 1
        )
    ]
    company = lookup.company
    extra = [
        _extra(bill, sums.shipping, company.freight_account, lookup, policy="freight_account"),
        _extra(bill, sums.tax, company.purchase_tax_account, lookup, policy="purchase_tax_account"),
    ]
    found = [*goods, *expenses, *(each for each in extra if each is not None)]
    written = [each for each in found if isinstance(each, Line)]
    return written, [problem for each in found if not isinstance(each, Line) for problem in each]


def _map_item(
    bill: Bill, line: BillItem, lookup: Lookup, *, number: int, cents: int
) -> Line | Sequence[Problem]:
    what = lookup.line_text(line.sku_code or line.name)[:60] or "no name"
    if line.quantity < 0 or line.cost < 0:
        return [held("bought_below_zero", line=number, what=what, quantity=line.quantity, cost=line.cost)]
    known = lookup.pricebook.get(line.sku_id) if line.sku_id is not None else None
    counted = is_counted(known, lookup, kind=line.sku_type)
    is_asset = not counted and _is_kept(bill, line, lookup)
    account = cost_account(
        line.asset_account if is_asset else line.cost_of_sale_account,
        lookup,
        line=number,
        what=what,
        is_asset=is_asset,
    )
    tracking, problems = _tracking(bill, lookup, job_id=bill.job_id, unit=bill.business_unit)
    if isinstance(account, Problem):
        return [account, *problems]
    if problems:
        return problems
    item = None if is_asset else item_of_bill_line(line, account, lookup)
    told = plain_text(line.description or line.name, latin1=lookup.latin1, limit=DESCRIPTION_LENGTH)
    measured = measure(from_cents(cents), line.quantity, line.cost)
    if counted:
        shelf = _shelf(item, measured, number=number, what=what)
        if isinstance(shelf, Problem):
            return [shelf]
        account = shelf
    detail = dict(tracking)
    if item is None:
        detail["AccountRef"] = {"value": account.id}
        return _line(detail, account, cents, told, _BY_ACCOUNT, key=str(line.id))
    detail["ItemRef"] = {"value": str(item.source)}
    if measured is not None:
        detail |= {"Qty": measured.quantity, "UnitPrice": measured.unit_price}
    return _line(detail, account, cents, told, _BY_ITEM, item=item, key=str(line.id))


def _shelf(item: Item | None, measured: Measure | None, *, number: int, what: str) -> Account | Problem:
    """Return the account on which goods that are counted stand, or why they cannot be counted (rule 8.5)."""
    stock = item.stock if item is not None else None
    if isinstance(stock, Problem):
        return stock
    if stock is None:
        return held("stock_without_item", line=number, what=what)
    return stock.asset if measured else held("stock_without_quantity", line=number, what=what)


def _map_expense(
    bill: Bill, line: BillExpense, lookup: Lookup, *, number: int, cents: int
) -> Line | Sequence[Problem]:
    what = lookup.line_text(line.description)[:60] or "no name"
    account = cost_account(line.general_ledger_account, lookup, line=number, what=what, is_asset=False)
    job_id = line.job.id if line.job is not None and line.job.id is not None else bill.job_id
    unit = line.business_unit or bill.business_unit
    tracking, problems = _tracking(bill, lookup, job_id=job_id, unit=unit)
    if isinstance(account, Problem):
        return [account, *problems]
    if problems:
        return problems
    told = plain_text(line.description, latin1=lookup.latin1, limit=DESCRIPTION_LENGTH)
    return _line(tracking | {"AccountRef": {"value": account.id}}, account, cents, told, _BY_ACCOUNT)


def _extra(
    bill: Bill, cents: int, named: str | None, lookup: Lookup, *, policy: str
) -> Line | Sequence[Problem] | None:
    """Return the line of freight or tax; none where there is none."""
    if cents == 0:
        return None
    is_freight = policy == "freight_account"
    if named is None and is_freight:
        return [held("freight_account_missing", amount=from_cents(cents))]
    if named is None:
        return [held("purchase_tax_account_missing", amount=from_cents(cents))]
    account = buying_account(named, lookup, policy=policy, types=COST_TYPES)
    tracking, problems = _tracking(bill, lookup, job_id=bill.job_id, unit=bill.business_unit)
    if isinstance(account, Problem):
        return [account]
    if problems:
        return problems
    key = FREIGHT if is_freight else TAX
    detail = tracking | {"AccountRef": {"value": account.id}}
    return _line(detail, account, cents, key.capitalize(), _BY_ACCOUNT, key=key)


def _line(
    detail: Json,
    account: Account,
    cents: int,
    told: str,
    kind: str,
    *,
    item: Item | None = None,
    key: str = "",
) -> Line:
    body: Json = {"Amount": from_cents(cents), "DetailType": kind, kind: detail}
    if told:
        body["Description"] = told
    return Line(body, account, cents, item, key)


def _is_kept(bill: Bill, line: BillItem, lookup: Lookup) -> bool:
    """Say whether a line goes on stock and the company keeps stock as an asset (rule 8.5).

    What is bought for a job is used there at once.
    """
    return (
        lookup.company.stocked_purchases == "asset" and bill.job_id is None and line.asset_account is not None
    )


def _tracking(
    bill: Bill, lookup: Lookup, *, job_id: int | None, unit: Named | None
) -> tuple[Json, list[Problem]]:
    """Return customer and class of a line as far as they are tracked (rule 8.4)."""
    detail: Json = {}
    preferences = lookup.reference.preferences
    if job_id is not None and preferences.track_by_customer:
        job = lookup.jobs.get(job_id)
        if job is None or job.customer_id is None:
            return {}, [held("job_of_bill_unknown", job=bill.job_number or job_id)]
        customer = SourceRef(Entity.CUSTOMER, str(job.customer_id))
        detail |= {"CustomerRef": {"value": str(customer)}, "BillableStatus": "NotBillable"}
    if preferences.class_per_line:
        found = class_of(unit, lookup)
        if isinstance(found, Problem):
            return {}, [found]
        if found:
            detail["ClassRef"] = {"value": found}
    return detail, []
