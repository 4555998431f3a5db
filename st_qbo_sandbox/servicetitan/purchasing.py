"""What buying documents are made of and do to one another: orders, receipts, bills.

Belongs here: items and totals of orders, what a receipt does to its order, the bill that follows from
receipts. Does not belong here: who asked for it (`writes/inventory.py`, `acts/buying.py`).

A bill stands in two lists under one id: `inventory-bills`, and `ap-bills` with its status beside it. Which
sum `billAmount` is stays unconfirmed (reference §15 no. 9) and is a switch.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.servicetitan.balances import ZERO, amount, cents, text
from st_qbo_sandbox.servicetitan.problems import invalid
from st_qbo_sandbox.servicetitan.records import Records, rows_of
from st_qbo_sandbox.servicetitan.stamps import midnight
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.servicetitan.writes.drafts import SKU_TYPES, USER, find_account, find_sku, named, scale
from st_qbo_sandbox.storage import Document, as_object

BILL_LISTS = ("inventory-bills", "ap-bills")
_ACCOUNTS = {"generalLedgerAccount": "account", "costOfSaleAccount": "costOfSaleAccount",
             "assetAccount": "assetAccount"}  # fmt: skip
_OPEN = ("Pending", "Sent", "PartiallyReceived", "Received")


def sku_of(records: Records, id: int) -> tuple[str, Document]:
    """Return a SKU with its collection.

    Raises:
        RefusalError: 400, there is none.
    """
    found = find_sku(records, id, None)
    if found is None:
        raise invalid(skuId=f"SKU {id} was not found.")
    return found


def goods_of(items: Iterable[Document]) -> Decimal:
    """Return what items come to, each rounded to the cent."""
    return sum((cents(amount(item["quantity"]) * amount(item["cost"])) for item in items), ZERO)


def order_item(records: Records, row: dict[str, Any], held: Document | None = None) -> Document:
    """Return an item of an order from a body's row, on top of the one that was there."""
    collection, sku = sku_of(records, row["skuId"])
    now = records.stamps.now()
    quantity, cost = amount(row["quantity"]), amount(row["cost"])
    base = held or {
        "id": records.new_id(),
        "createdOn": now,
        "quantityReceived": ZERO,
        "serialNumbers": [],
        "status": "Pending",
        "chargeable": False,
    }
    return {
        **base,
        "skuId": row["skuId"],
        "description": row.get("description") or "",
        "modifiedOn": now,
        "skuName": sku.get("displayName") or sku["code"],
        "skuCode": sku["code"],
        "skuType": SKU_TYPES[collection],
        "vendorPartNumber": row.get("vendorPartNumber") or "",
        "quantity": quantity,
        "cost": cost,
        "total": cents(quantity * cost),
        "budgetCodeId": row.get("budgetCodeId"),
    }


def with_order_total(order: Document) -> Document:
    """Return an order with the total of items, tax and shipping."""
    items = sum((amount(item["total"]) for item in rows_of(order, "items")), ZERO)
    return {**order, "total": cents(items + amount(order.get("tax")) + amount(order.get("shipping")))}


def with_received_status(order: Document) -> Document:
    """Return an order whose items and status say what has been received."""
    items = [{**item, "status": _item_status(item)} for item in rows_of(order, "items")]
    changed = {**order, "items": items}
    if order.get("status") not in _OPEN:
        return changed
    received = [amount(item["quantityReceived"]) for item in items]
    if items and all(amount(item["quantity"]) <= done for item, done in zip(items, received, strict=True)):
        changed["status"] = "Received"
    elif any(received):
        changed |= {"status": "PartiallyReceived", "receivedOn": None}
    elif order["status"] in ("PartiallyReceived", "Received"):
        changed |= {"status": "Sent" if order.get("sentOn") else "Pending", "receivedOn": None}
    return changed


def _item_status(item: Document) -> str:
    received = amount(item.get("quantityReceived"))
    if received >= amount(item["quantity"]):
        return "Received"
    return "PartiallyReceived" if received else "Pending"


def receipt_item(records: Records, order: Document, row: dict[str, Any]) -> Document:
    """Return an item of a receipt.

    Raises:
        RefusalError: 400, the SKU is unknown or not on the order.
    """
    ordered = next(
        (one for one in rows_of(order, "items") if one["id"] == row.get("purchaseOrderItemId")), None
    )
    ordered = ordered or next((one for one in rows_of(order, "items") if one["skuId"] == row["skuId"]), None)
    if ordered is None:
        raise invalid(items=f"SKU {row['skuId']} is not on the purchase order.")
    _, sku = sku_of(records, row["skuId"])
    return {
        "id": records.new_id(),
        "skuId": row["skuId"],
        "name": sku.get("displayName") or sku["code"],
        "code": sku["code"],
        "description": row.get("description") or ordered["description"],
        "quantity": amount(row["quantity"]),
        "cost": amount(row["cost"]),
        **accounts_of(records, sku),
        "purchaseOrderItemId": ordered["id"],
    }


def accounts_of(records: Records, sku: Document) -> Document:
    """Return the three accounts of a SKU as items carry them."""
    return {name: find_account(records, sku, field) for name, field in _ACCOUNTS.items()}


def receive(records: Records, order: Document, received: list[Document], on: str) -> Document:
    """Store an order of which more has been received."""
    order = _with_quantities(order, received, 1)
    return records.change("purchase-orders", with_received_status({**order, "receivedOn": on}))


def take_back(records: Records, receipt: Document) -> None:
    """Store the order of a receipt that is canceled."""
    order = records.get("purchase-orders", receipt["purchaseOrderId"])
    if order is not None:
        order = _with_quantities(order, rows_of(receipt, "items"), -1)
        records.change("purchase-orders", with_received_status(order))


def _with_quantities(order: Document, received: list[Document], sign: int) -> Document:
    items: list[Document] = []
    for item in rows_of(order, "items"):
        more = sum((row["quantity"] for row in received if row["purchaseOrderItemId"] == item["id"]), ZERO)
        items.append({**item, "quantityReceived": amount(item.get("quantityReceived")) + sign * more})
    return {**order, "items": items}


def bill_item(records: Records, row: Document, order: int) -> Document:
    """Return an item of a bill from one of a receipt, or from `{skuId, quantity, cost}`."""
    collection, sku = sku_of(records, row["skuId"])
    return {
        "order": order,
        "name": sku.get("displayName") or sku["code"],
        "description": row.get("description") or sku.get("displayName") or sku["code"],
        "quantity": scale(amount(row["quantity"])),
        "cost": scale(amount(row["cost"])),
        "serialNumber": None,
        **accounts_of(records, sku),
        "id": records.new_id(),
        "skuId": sku["id"],
        "receiptItemId": row.get("id") if "purchaseOrderItemId" in row else None,
        "skuType": SKU_TYPES[collection],
        "skuCode": sku["code"],
        "budgetCodeId": None,
    }


def with_bill_amount(bill: Document, switches: Switches) -> Document:
    """Return a bill whose amount follows from its lines, tax and shipping."""
    total = goods_of(rows_of(bill, "items"))
    total += sum((amount(row["amount"]) for row in rows_of(bill, "expenseItems")), ZERO)
    if switches.bill_amount_includes_tax_and_shipping:
        total += amount(bill.get("taxAmount")) + amount(bill.get("shippingAmount"))
    return {**bill, "billAmount": text(total), "vendorInvoiceTotal": text(total)}


def new_bill(records: Records, vendor: Document, day: str, given: Document) -> Document:
    """Return a bill of the newer list, unsaved, with the fields both lists share."""
    id = records.new_id()
    return {
        "id": id,
        "active": True,
        "purchaseOrderId": None,
        "syncStatus": "Pending",
        "referenceNumber": None,
        "vendorNumber": None,
        "summary": "",
        "billDate": midnight(day),
        "dueDate": midnight(day),
        "taxAmount": text(ZERO),
        "shippingAmount": text(ZERO),
        "createdBy": USER,
        "termName": None,
        "vendor": named(vendor),
        "status": "Unreconciled",
        "source": "Purchasing",
        "billType": "Procurement",
        "doNotPay": False,
        "expenseItems": [],
        "items": [],
        **given,
    }


def add_bill(records: Records, bill: Document) -> Document:
    """Store a new bill in both lists, or in the newer alone if it buys no goods; return that record."""
    if bill["billType"] == "Procurement":
        records.add("inventory-bills", {**bill, "items": _older_items(bill)})
    return records.add("ap-bills", bill)


def change_bill(records: Records, id: object, changes: Document) -> Document:
    """Change a bill wherever it stands, and return its record, of the newer list if it is there."""
    changed: Document = {}
    for name in BILL_LISTS:
        held = records.get(name, id)
        if held is None:
            continue
        shown = {**changes, "items": _older_items(changes)} if name == "inventory-bills" else changes
        if "items" not in changes:
            shown = changes
        changed = records.change(name, {**held, **shown})
    return changed


def _older_items(bill: Document) -> list[Document]:
    return [{**row, "inventoryLocation": _place_name(row)} for row in rows_of(bill, "items")]


def _place_name(row: Document) -> str | None:
    place = row.get("inventoryLocation")
    named_place = as_object(place)
    return place if named_place is None else named_place.get("name")
