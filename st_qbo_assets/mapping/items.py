"""Items: which QuickBooks item a line needs, and its payload.

What belongs here: the identity (SKU, income account) and the item made of it (rule 2.1). What does
not: which of its names is free in a realm and whether it exists already (load).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.names import ITEM_NAME_LENGTH, item_names, legal_name, shorten
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Verdict
from st_qbo_assets.mapping.accounts import LIABILITY_TYPES
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.mapping.text import plain_text
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.records import InvoiceItem

#: ServiceTitan line type → QuickBooks item type. What is sold but not counted is NonInventory.
ITEM_TYPES = {"Material": "NonInventory", "Equipment": "NonInventory"}
#: What the first posting decides and no later record changes: an item is shared by every line of its
#: SKU and account, whose own words and flags differ from invoice to invoice.
OUTSIDE_DIGEST = ("Name", "Type", "Description", "Taxable")
#: `Item.PurchaseDesc` (QB §6.7).
PURCHASE_DESCRIPTION_LENGTH = 1000


@dataclass(frozen=True)
class Item:
    """One item that lines need.

    Attributes:
        sku: SKU code; empty where the company wants one item per account.
        account: the income (or liability) account it carries.
        type: QuickBooks item type.
        description: sales description, of the pricebook.
        taxable: whether it is taxable by default.
        expense: the account its cost goes to; only an item that has one can be bought.
        cost: what a piece costs, of the pricebook.
    """

    sku: str
    account: Account
    type: str
    description: str = ""
    taxable: bool = False
    expense: Account | None = None
    cost: Decimal | None = None

    @property
    def source(self) -> SourceRef:
        """Its identity, which lines refer to: `item:CAP-45-5|79` (SKU, QuickBooks account id)."""
        return SourceRef(Entity.ITEM, f"{self.sku}|{self.account.id}")


def item_of_line(item: InvoiceItem, account: Account, lookup: Lookup, *, line: int) -> Item | Problem:
    """Return the item a line needs, or why the line is held."""
    if lookup.company.items == "per_account":
        return Item("", account, "Service")
    known = lookup.pricebook.get(item.sku_id) if item.sku_id is not None else None
    sku = lookup.line_text(item.sku_name or (known.code if known else ""))
    if item_names(sku, "", latin1=lookup.latin1) is None:
        return held("sku_missing", line=line, what=what_of(item, lookup))
    kind = "Service" if account.type in LIABILITY_TYPES else ITEM_TYPES.get(item.type, "Service")
    description = plain_text(known.description or known.display_name, latin1=lookup.latin1) if known else ""
    taxable = known.taxable if known else item.taxable
    return Item(shorten(sku, ITEM_NAME_LENGTH), account, kind, description, taxable)


def what_of(item: InvoiceItem, lookup: Lookup) -> str:
    """Return what to call a line in a sentence."""
    return lookup.line_text(item.sku_name or item.display_name or item.type)[:60] or "no name"


def map_item(item: Item, lookup: Lookup, *, day: date) -> Mapped:
    """Return the payload of an item.

    Its `Name` is the plain one, outside the digest: which item of a SKU is the first, and so may have
    it, is decided at load with the crosswalk. `facts["name_candidates"]` are the names in the order
    they are to be tried: `NAME`, then `NAME [40100]`.
    """
    candidates = _names(item, lookup)
    body: Json = {
        "Name": candidates[0],
        "Type": item.type,
        "IncomeAccountRef": {"value": item.account.id},
    }
    if item.sku:
        body["Sku"] = item.sku
    if item.description:
        body["Description"] = item.description
    if lookup.reference.preferences.using_sales_tax:
        body["Taxable"] = item.taxable
    if item.expense is not None:
        body |= _bought(item, item.expense)
    payload = Payload(
        source=item.source,
        target="Item",
        day=day,
        body=body,
        title=candidates[0],
        outside_digest=(*OUTSIDE_DIGEST, "PurchaseDesc") if item.expense else OUTSIDE_DIGEST,
    )
    return Mapped(
        source=item.source,
        verdict=Verdict.DUE,
        day=day,
        title=candidates[-1],
        payload=payload,
        facts={"name_candidates": list(candidates), "sku": item.sku, "account": item.account.label},
    )


def _bought(item: Item, expense: Account) -> Json:
    """Return what makes an item one that can be bought; its cost follows the pricebook's."""
    body: Json = {"ExpenseAccountRef": {"value": expense.id}}
    if item.description:
        body["PurchaseDesc"] = item.description[:PURCHASE_DESCRIPTION_LENGTH]
    if item.cost is not None and item.cost >= 0:
        body["PurchaseCost"] = item.cost
    return body


def _names(item: Item, lookup: Lookup) -> tuple[str, ...]:
    suffix = item.account.number or item.account.name
    names = item_names(item.sku, suffix, latin1=lookup.latin1) if item.sku else None
    if names is not None:
        return names
    label = legal_name(item.account.label, limit=ITEM_NAME_LENGTH, latin1=lookup.latin1)
    plain = label.text if label else f"Account {item.account.id}"
    return (plain, shorten(f"{plain} [sales]", ITEM_NAME_LENGTH))
