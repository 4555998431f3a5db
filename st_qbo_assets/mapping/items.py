"""Items: which QuickBooks item a line needs, and its payload.

What belongs here: the identity (SKU, income account) and the item made of it (rule 2.1). What does
not: which of its names is free in a realm and whether it exists already (load).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from st_qbo_assets.domain.ids import PRICEBOOK, Entity, SourceRef
from st_qbo_assets.domain.names import ITEM_NAME_LENGTH, item_names, legal_name, shorten, suffixed
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Verdict
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem
from st_qbo_assets.quickbooks.reference import Account
from st_qbo_assets.servicetitan.records import InvoiceItem

#: What the first posting decides and no later record changes: an item is shared by every line of its
#: SKU and account, whose own words and flags differ from invoice to invoice.
OUTSIDE_DIGEST = ("Name", "Type", "Description", "Taxable")
#: The same of an item of the price book, whose words are its own; what is on hand moves by itself.
PRICED_OUTSIDE_DIGEST = ("Name", "Type", "TrackQtyOnHand", "QtyOnHand", "InvStartDate", PRICEBOOK)
#: `Item.PurchaseDesc` (QB §6.7).
PURCHASE_DESCRIPTION_LENGTH = 1000


@dataclass(frozen=True)
class Stock:
    """What makes an item one that is counted: its asset account, and what is on hand at the start."""

    asset: Account
    opening: Decimal | None = None


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
        identity: the SKU it was first known by; empty where that is the SKU itself.
        pricebook_id: its record, where the price book decides what it is.
        price: what a piece sells for, of the pricebook.
        vendor_id: of whom it is usually bought.
        stock: what is counted, or why it cannot be; None for an item that is not to be counted.
        is_active: whether it may be used; None leaves that alone.
    """

    sku: str
    account: Account
    type: str
    description: str = ""
    taxable: bool = False
    expense: Account | None = None
    cost: Decimal | None = None
    identity: str = ""
    pricebook_id: int | None = None
    price: Decimal | None = None
    vendor_id: int | None = None
    stock: "Stock | Problem | None" = None
    is_active: bool | None = None

    @property
    def source(self) -> SourceRef:
        """Its identity, which lines refer to: `item:CAP-45-5|79` (SKU, QuickBooks account id)."""
        return SourceRef(Entity.ITEM, f"{self.identity or self.sku}|{self.account.id}")


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
    if isinstance(item.stock, Problem):
        why = item.stock
        return Mapped(item.source, why.verdict, day, title=candidates[-1], reason=why.reason)
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
    outside = (*OUTSIDE_DIGEST, "PurchaseDesc") if item.expense else OUTSIDE_DIGEST
    if item.pricebook_id is not None:
        body |= _priced(item, lookup)
        outside = PRICED_OUTSIDE_DIGEST
    payload = Payload(
        source=item.source,
        target="Item",
        day=day,
        body=body,
        title=candidates[0],
        outside_digest=outside,
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


def _priced(item: Item, lookup: Lookup) -> Json:
    """Return what the price book adds: price, usual vendor, whether it is used, and what is on hand."""
    body: Json = {PRICEBOOK: str(item.pricebook_id)}
    if item.price is not None and item.price >= 0:
        body["UnitPrice"] = item.price
    if item.vendor_id is not None:
        body["PrefVendorRef"] = {"value": str(SourceRef(Entity.VENDOR, str(item.vendor_id)))}
    if item.is_active is not None:
        body["Active"] = item.is_active
    if isinstance(item.stock, Stock):
        body |= {
            "TrackQtyOnHand": True,
            "QtyOnHand": item.stock.opening or Decimal(0),
            "InvStartDate": lookup.company.start_date.isoformat(),
            "AssetAccountRef": {"value": item.stock.asset.id},
        }
    return body


def _names(item: Item, lookup: Lookup) -> tuple[str, ...]:
    suffix = item.account.number or item.account.name
    names = item_names(item.sku, suffix, latin1=lookup.latin1) if item.sku else None
    if names is not None and item.identity.endswith(f" #{item.pricebook_id}"):
        # Its SKU was another's, who keeps the plain name.
        return (*names, suffixed(names[0], f"#{item.pricebook_id}", limit=ITEM_NAME_LENGTH))
    if names is not None:
        return names
    label = legal_name(item.account.label, limit=ITEM_NAME_LENGTH, latin1=lookup.latin1)
    plain = label.text if label else f"Account {item.account.id}"
    return (plain, shorten(f"{plain} [sales]", ITEM_NAME_LENGTH))
