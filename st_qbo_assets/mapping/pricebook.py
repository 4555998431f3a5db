"""Items of the price book: type by the company's policy, accounts, cost, vendor, and what is on hand.

What belongs here: what the price book adds to the item a line needs, and the items of what changed in it
(rules 2.1, 8.5). What does not: the item's body (`items`), names and links (load).
"""

from dataclasses import replace
from datetime import date

from st_qbo_assets.domain.days import local_day
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.names import ITEM_NAME_LENGTH, item_names, shorten
from st_qbo_assets.domain.opening_quantities import sku_key
from st_qbo_assets.domain.outcomes import Mapped, Reason, Verdict
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.accounts import (
    COST_TYPES,
    INCOME_TYPES,
    LIABILITY_TYPES,
    STOCK_TYPES,
    account_of,
)
from st_qbo_assets.mapping.items import Item, Stock, map_item
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.mapping.text import plain_text
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.records import GlAccountRef, PricebookItem

_TYPES = {"service": "Service", "non_inventory": "NonInventory", "inventory": "Inventory"}
_COGS = frozenset({"Cost of Goods Sold"})


def priced(item: Item, known: PricebookItem | None, lookup: Lookup, *, kind: str) -> Item:
    """Return the item of a line as the price book knows it; as it is where the buying side is not carried.

    Args:
        item: what the line needs.
        known: its record.
        lookup: as everywhere.
        kind: ServiceTitan's type of the line.
    """
    kind = kind or (known.sku_type if known is not None else "")
    type_ = _type_of(item, known, lookup, kind=kind)
    if known is None or not lookup.company.buys:
        return replace(item, type=type_)
    cost = _account(known.cost_of_sale_account, lookup)
    vendor = known.primary_vendor
    return replace(
        item,
        type=type_,
        identity=identity_of(known, item.sku, lookup),
        pricebook_id=known.id,
        expense=cost if cost is not None and cost.type in COST_TYPES else None,
        cost=known.cost,
        price=known.price,
        vendor_id=vendor.vendor_id if vendor is not None else None,
        stock=_stock(known, item, lookup) if type_ == "Inventory" else None,
        is_active=True,
    )


def identity_of(known: PricebookItem, sku: str, lookup: Lookup) -> str:
    """Return the SKU under which an item is known: the one it had first, so that a rename changes none.

    An SKU that another record of the price book had first is told apart by the record's id.
    """
    first = lookup.item_skus.get(known.id)
    if first is not None:
        return first
    owner = lookup.sku_owners.get(sku)
    return sku if owner in (None, known.id) else f"{shorten(sku, ITEM_NAME_LENGTH - 20)} #{known.id}"


def is_counted(known: PricebookItem | None, lookup: Lookup, *, kind: str) -> bool:
    """Say whether QuickBooks is to count an item: the company's policy, of goods that ServiceTitan stocks."""
    return known is not None and known.is_inventory and lookup.company.counts(kind or known.sku_type)


def map_changed(known: PricebookItem, lookup: Lookup, *, day: date) -> list[Mapped]:
    """Return what a record of the price book becomes on the day it changed, one item for each account.

    Accounts are its own, and those on which lines needed it before. One that is not used any more is not
    made.
    """
    company = lookup.company
    if not company.buys or company.items == "per_account" or changed_on(known, lookup) != day:
        return []
    sku = shorten(lookup.line_text(known.code), ITEM_NAME_LENGTH)
    own = _account(known.account, lookup)
    accounts = {each.id: each for each in (own,) if each is not None and _earns(each) and known.active}
    for id_ in lookup.item_accounts.get(known.id, ()):
        linked = lookup.reference.account_by_id(id_)
        accounts |= {linked.id: linked} if linked is not None else {}
    if not known.active and known.id not in lookup.item_skus:
        return [_not_made(known, sku, day, reason("item_not_used"))]
    if item_names(sku, "", latin1=lookup.latin1) is None:
        return [_not_made(known, sku, day, reason("item_without_sku", id=known.id))]
    if not accounts:
        return [_not_made(known, sku, day, _without_account(known, own))]
    words = plain_text(known.description or known.display_name, latin1=lookup.latin1)
    items = [
        priced(
            Item(sku, account, "Service", words, known.taxable),
            known,
            lookup,
            kind=known.sku_type,
        )
        for account in accounts.values()
    ]
    return [map_item(replace(item, is_active=known.active), lookup, day=day) for item in items]


def changed_on(known: PricebookItem, lookup: Lookup) -> date | None:
    """Return the local day on which a record of the price book changed last."""
    stamp = known.modified_on or known.created_on
    return None if stamp is None else local_day(stamp, lookup.company.time_zone)


def _type_of(item: Item, known: PricebookItem | None, lookup: Lookup, *, kind: str) -> str:
    if item.account.type in LIABILITY_TYPES:
        return "Service"
    policy = lookup.company.item_policy.of(kind)
    if policy == "inventory" and not is_counted(known, lookup, kind=kind):
        policy = "non_inventory"
    return _TYPES[policy]


def _stock(known: PricebookItem, item: Item, lookup: Lookup) -> Stock | Problem:
    """Return what makes an item one that is counted, or why it cannot be (rule 8.5)."""
    sku, info = item.sku, lookup.reference.company
    if not info.may_count_goods or not lookup.reference.preferences.quantity_on_hand:
        return held("inventory_off", sku=sku, edition=info.edition or "this edition")
    if item.account.type not in INCOME_TYPES:
        return held("stock_account_wrong", sku=sku, kind="income", account=item.account.label)
    asset, cost = (_account(text, lookup) for text in (known.asset_account, known.cost_of_sale_account))
    if asset is None or asset.type not in STOCK_TYPES:
        return held("stock_account_wrong", sku=sku, kind="asset", account=known.asset_account or "none")
    if cost is None or cost.type not in _COGS:
        return held("stock_account_wrong", sku=sku, kind="cost", account=known.cost_of_sale_account or "none")
    return Stock(asset, lookup.opening.get(sku_key(sku)))


def _account(text: str, lookup: Lookup) -> Account | None:
    found = account_of(GlAccountRef(number=text), lookup) if text else None
    return found if isinstance(found, Account) else None


def _earns(account: Account) -> bool:
    return account.type in INCOME_TYPES or account.type in LIABILITY_TYPES


def _without_account(known: PricebookItem, own: Account | None) -> Reason:
    if not known.account:
        return reason("item_without_account")
    return reason("item_account_unknown", account=own.label if own is not None else known.account)


def _not_made(known: PricebookItem, sku: str, day: date, said: Reason) -> Mapped:
    """Return a record of which no item is made by itself: nothing waits for one that no document needs."""
    source = SourceRef(Entity.ITEM, f"{sku}|#{known.id}")
    return Mapped(source, Verdict.NOT_DUE, day, title=sku, reason=said)
