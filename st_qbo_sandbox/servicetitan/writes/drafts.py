"""Making documents whole: items from SKUs, invoices from lines, payments from splits.

Belongs here: filling in what the product fills in. Does not belong here: storing (`balances.py`), or who
asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.servicetitan.balances import ZERO, amount, cents, text
from st_qbo_sandbox.servicetitan.problems import invalid
from st_qbo_sandbox.servicetitan.records import Records, named_id, rows_of
from st_qbo_sandbox.servicetitan.stamps import midnight
from st_qbo_sandbox.storage import Document, as_object

SKU_TYPES = {
    "services": "Service",
    "materials": "Material",
    "equipment": "Equipment",
    "discounts-and-fees": "PriceModifier",
}
USER = "api"
_NO_SKU = "Unspecified"


def find_sku(records: Records, id: int | None, code: str | None) -> tuple[str, Document] | None:
    """Return a SKU with its collection, by id or else by code."""
    for collection in SKU_TYPES:
        found = None if id is None else records.get(collection, id)
        if found is not None:
            return collection, found
    for collection in SKU_TYPES if code else ():
        for sku in records.all(collection):
            if str(sku.get("code")).lower() == str(code).lower():
                return collection, sku
    return None


def find_account(records: Records, sku: Document, field: str = "account") -> Document | None:
    """Return the GL account a SKU posts to; its text may be a name or a number (reference §8)."""
    by_id = records.get("gl-accounts", sku.get("generalLedgerAccountId")) if field == "account" else None
    name = str(sku.get(field) or "").strip().lower()
    if by_id is None and name:
        by_id = next(
            (
                account
                for account in records.all("gl-accounts")
                if name in (str(account.get("name")).lower(), str(account.get("number")).lower())
            ),
            None,
        )
    return None if by_id is None else account_of(by_id)


def account_of(account: Document) -> Document:
    """Return a GL account as documents carry it."""
    return {
        "id": account["id"],
        "name": account.get("name"),
        "number": account.get("number"),
        "type": account.get("type"),
        "detailType": account.get("subtype"),
    }


def named(record: Document | None) -> dict[str, Any] | None:
    """Return a record as documents refer to it."""
    return None if record is None else {"id": record["id"], "name": record.get("name")}


def scale(number: Decimal) -> str:
    """Write a quantity or a unit price: two decimals, more where it has more."""
    exponent = number.normalize().as_tuple().exponent
    return f"{number:.2f}" if not isinstance(exponent, int) or exponent >= -2 else f"{number.normalize():f}"


def draft_item(records: Records, invoice: Document, given: dict[str, Any], order: int) -> Document:
    """Return a new item of an invoice from `{skuId | skuName, quantity, unitPrice?, cost?, ...}`.

    Raises:
        RefusalError: 400, there is no such SKU.
    """
    found = find_sku(records, given.get("skuId"), given.get("skuName"))
    if found is None and (given.get("skuId") is not None or given.get("skuName")):
        raise invalid(skuId=f"SKU {given.get('skuId') or given.get('skuName')} was not found.")
    collection, sku = found or ("", {})
    kind = SKU_TYPES.get(collection, _NO_SKU)
    quantity = amount(given.get("quantity", 1))
    price = given.get("unitPrice")
    if price is None:
        price = _list_price(sku)
    cost = amount(given.get("cost", sku.get("cost") or 0))
    now = records.stamps.now()
    inventory = bool(sku.get("isInventory"))
    label = sku.get("displayName") or sku.get("code")
    return {
        "id": records.new_id(),
        "description": given.get("description") or sku.get("description") or label,
        "quantity": scale(quantity),
        "cost": scale(cost),
        "totalCost": text(quantity * cost),
        "price": scale(amount(price)),
        "total": text(quantity * amount(price)),
        "type": kind,
        "skuName": sku.get("code") or given.get("skuName"),
        "skuId": sku.get("id", 0),
        "inventory": inventory,
        "taxable": bool(given.get("taxable", sku.get("taxable"))),
        "isChargeable": given.get("isChargeable", True),
        "generalLedgerAccount": given.get("generalLedgerAccount") or find_account(records, sku),
        "costOfSaleAccount": find_account(records, sku, "costOfSaleAccount"),
        "assetAccount": find_account(records, sku, "assetAccount") if inventory else None,
        "membershipTypeId": 0,
        "displayName": label,
        "createdOn": now,
        "modifiedOn": now,
        "order": order,
        "businessUnit": given.get("businessUnit") or invoice.get("businessUnit"),
        "displayInAmount": True,
        "addOn": bool(given.get("isAddOn")),
        "technicianId": given.get("technicianId"),
    }


def _list_price(sku: Document) -> Decimal:
    if "amountType" in sku:
        sign = -1 if sku.get("type") == "Discount" else 1
        return sign * abs(amount(sku.get("amount")))
    return amount(sku.get("price"))


def changed_item(records: Records, item: Document, given: dict[str, Any]) -> Document:
    """Return an item with the fields of an item body applied and its totals computed anew."""
    quantity = amount(given.get("quantity", item.get("quantity")))
    price = amount(given["unitPrice"]) if given.get("unitPrice") is not None else amount(item.get("price"))
    cost = amount(given["cost"]) if given.get("cost") is not None else amount(item.get("cost"))
    renamed = {"isAddOn": "addOn"}
    plain = ("description", "technicianId", "budgetCodeId", "inventoryLocationId", "isAddOn")
    changes = {renamed.get(name, name): given[name] for name in plain if name in given}
    return {
        **item,
        **changes,
        "quantity": scale(quantity),
        "price": scale(price),
        "cost": scale(cost),
        "total": text(quantity * price),
        "totalCost": text(quantity * cost),
        "modifiedOn": records.stamps.now(),
    }


def tax_code(records: Records, zone_id: int | None) -> dict[str, Any] | None:
    """Return the sales tax code of a tax zone: its rates added up."""
    zone = records.get("tax-zones", zone_id)
    if zone is None:
        return None
    rate = sum((amount(row.get("taxRate")) for row in rows_of(zone, "rates")), Decimal(0))
    return {"id": zone["id"], "name": zone.get("name"), "taxRate": rate}


def draft_invoice(records: Records, customer: Document, location: Document | None, **given: Any) -> Document:
    """Return a new invoice without items: the fields given over what a new invoice has."""
    zone_id = given.pop("tax_zone_id", None) or (location or {}).get("taxZoneId")
    if customer.get("taxExempt") or (location or {}).get("taxExempt"):
        zone_id = None
    term = records.get("payment-terms", customer.get("paymentTermId"))
    now = records.stamps.now()
    return {
        "id": records.new_id(),
        "syncStatus": "Pending",
        "salesTaxCode": tax_code(records, zone_id),
        "taxZoneId": zone_id,
        "customer": named(customer),
        "customerAddress": customer.get("address"),
        "location": named(location),
        "locationAddress": (location or customer).get("address"),
        "termName": (term or {}).get("name"),
        "createdBy": USER,
        "createdOn": now,
        "modifiedOn": now,
        "sentStatus": "NotSent",
        "reviewStatus": "NeedsReview",
        "royalty": {"status": "Pending", "date": None, "sentOn": None, "memo": None},
        "items": [],
        "customFields": None,
        "active": True,
        "invoiceConfiguration": "JobInvoice" if given.get("job") else "CounterSales",
        **given,
    }


def draft_payment(
    records: Records, customer: Document | None, kind: Document, total: Decimal, day: str, **given: Any
) -> Document:
    """Return a new payment that applies to nothing yet."""
    now = records.stamps.now()
    return {
        "id": records.new_id(),
        "active": True,
        "appliedTo": [],
        "createdBy": USER,
        "createdOn": now,
        "modifiedOn": now,
        "customer": named(customer),
        "customFields": [],
        "date": midnight(day[:10]),
        "generalLedgerAccount": account_of_type(records, kind["id"]),
        "referenceNumber": given.get("checkNumber"),
        "syncStatus": "Pending",
        "total": text(total),
        "type": kind.get("name"),
        "typeId": str(kind["id"]),
        "unappliedAmount": text(total),
        **given,
    }


def account_of_type(records: Records, type_id: int) -> Document | None:
    """Return the account of the latest payment of a type; else undeposited funds."""
    latest = None
    for payment in records.all("payments"):
        if payment.get("typeId") == str(type_id) and payment.get("generalLedgerAccount"):
            latest = payment["generalLedgerAccount"]
    if latest is not None:
        return latest
    for account in records.all("gl-accounts"):
        if account.get("defaultAccountType") == "UndepositedFunds":
            return account_of(account)
    return None


def draft_splits(
    records: Records, splits: Sequence[dict[str, Any]], kept: Sequence[Document]
) -> list[Document]:
    """Return the application rows for splits `{invoiceId | invoiceNumber | memoId, amount}`; equal rows stay.

    Raises:
        RefusalError: 400, an invoice is unknown or deleted, or a split has no amount.
    """
    before = {(row["appliedTo"], amount(row.get("appliedAmount"))): row for row in kept}
    rows: list[Document] = []
    for split in splits:
        memo = records.get("credit-memos", split.get("memoId"))
        invoice = find_invoice(records, split) if memo is None else memo
        part = cents(amount(split.get("amount")))
        if part == ZERO:
            raise invalid(splits="A split needs an amount.")
        row = before.get((invoice["id"], part))
        rows.append(
            row
            or {
                "appliedId": records.new_id(),
                "appliedTo": invoice["id"],
                "appliedAmount": text(part),
                "appliedOn": records.stamps.now(),
                "appliedBy": USER,
                "appliedToReferenceNumber": invoice.get("referenceNumber"),
            }
        )
    return rows


def find_invoice(records: Records, split: dict[str, Any]) -> Document:
    """Return the active invoice a split names.

    Raises:
        RefusalError: 400.
    """
    invoice = records.get("invoices", split.get("invoiceId"))
    if invoice is None and split.get("invoiceNumber"):
        numbered = records.having("invoices", "number", split["invoiceNumber"])
        invoice = numbered[0] if numbered else None
    if invoice is None or not invoice.get("active", True):
        raise invalid(splits=f"Invoice {split.get('invoiceId') or split.get('invoiceNumber')} was not found.")
    return invoice


def customer_of(records: Records, document: Document) -> Document | None:
    """Return the customer of a document."""
    return records.get("customers", named_id(document, "customer"))


def object_or_empty(value: Any) -> dict[str, Any]:
    """Return a JSON object, an empty one for null."""
    return as_object(value) or {}
