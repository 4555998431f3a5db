"""Which item a line of a sale or of a bill needs.

What belongs here: line → item, with what the price book knows of it (rules 2.1, 8.5). What does not: the
item's body (`items`), and what the price book adds (`pricebook`).
"""

from st_qbo_assets.domain.names import ITEM_NAME_LENGTH, item_names, shorten
from st_qbo_assets.mapping.accounts import COST_TYPES, INCOME_TYPES, account_of
from st_qbo_assets.mapping.items import Item, what_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.pricebook import priced
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.mapping.text import plain_text
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.buying import BillItem
from st_qbo_assets.servicetitan.records import GlAccountRef, InvoiceItem, PricebookItem


def item_of_line(item: InvoiceItem, account: Account, lookup: Lookup, *, line: int) -> Item | Problem:
    """Return the item a line needs, or why the line is held."""
    if lookup.company.items == "per_account":
        return Item("", account, "Service")
    known = lookup.pricebook.get(item.sku_id) if item.sku_id is not None else None
    sku = lookup.line_text(item.sku_name or (known.code if known else ""))
    if item_names(sku, "", latin1=lookup.latin1) is None:
        return held("sku_missing", line=line, what=what_of(item, lookup))
    taxable = known.taxable if known else item.taxable
    return _needed(sku, account, known, lookup, kind=item.type, taxable=taxable)


def item_of_bill_line(line: BillItem, cost: Account, lookup: Lookup) -> Item | None:
    """Return the item a line is bought on; None if only its account can say where the money goes.

    The item is that of sales, of SKU and income account (rule 2.1). It has one account for its cost, that of
    the price book: a line with another one goes to its account itself.
    """
    known = lookup.pricebook.get(line.sku_id) if line.sku_id is not None else None
    sku = lookup.line_text(line.sku_code or (known.code if known else ""))
    if lookup.company.items == "per_account" or item_names(sku, "", latin1=lookup.latin1) is None:
        return None
    income = account_of(line.general_ledger_account, lookup) if line.general_ledger_account else None
    if not isinstance(income, Account) or income.type not in INCOME_TYPES or cost.type not in COST_TYPES:
        return None
    if known is None or not known.cost_of_sale_account:
        return None
    usual = account_of(GlAccountRef(number=known.cost_of_sale_account), lookup)
    if not isinstance(usual, Account) or usual.id != cost.id:
        return None
    return _needed(sku, income, known, lookup, kind=line.sku_type, taxable=known.taxable)


def _needed(
    sku: str, account: Account, known: PricebookItem | None, lookup: Lookup, *, kind: str, taxable: bool
) -> Item:
    code = lookup.line_text(known.code) if known is not None and lookup.company.buys else ""
    words = (known.description or known.display_name) if known else ""
    item = Item(
        shorten(code or sku, ITEM_NAME_LENGTH),
        account,
        "Service",
        plain_text(words, latin1=lookup.latin1),
        taxable,
    )
    return priced(item, known, lookup, kind=kind)
