"""Items of an invoice as a person changes them.

Belongs here: reading the `items` of an act. Does not belong here: totals (`balances.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.acts.desk import Desk
from st_qbo_sandbox.servicetitan.balances import amount, text
from st_qbo_sandbox.servicetitan.records import rows_of
from st_qbo_sandbox.servicetitan.writes.drafts import draft_item, scale
from st_qbo_sandbox.storage import Document

_SCALED = ("quantity", "price", "cost")


def with_items(desk: Desk, invoice: Document, given: Sequence[dict[str, Any]]) -> list[Document]:
    """Return the items of an invoice with rows changed, removed and added."""
    items = {item["id"]: item for item in rows_of(invoice, "items")}
    for row in given:
        id = row.get("id")
        if id is None:
            order = max((item.get("order", 0) for item in items.values()), default=-1) + 1
            new = new_item(desk, invoice, row, order)
            items[new["id"]] = new
        elif id not in items:
            raise EditError(f"invoice {invoice['id']} has no item {id}")
        elif row.get("remove"):
            gone = {**items.pop(id), "active": False, "invoiceId": invoice["id"]}
            desk.records.change("removed-invoice-items", gone)
        else:
            items[id] = _changed(desk, items[id], row)
    return list(items.values())


def new_item(desk: Desk, invoice: Document, row: dict[str, Any], order: int) -> Document:
    """Return a new item from `{skuId | skuName, quantity?, price?, ...}`; other fields are set as given."""
    body = {**row, "unitPrice": amount(row["price"])} if row.get("price") is not None else row
    item = draft_item(desk.records, invoice, body, order)
    shaped = ("skuId", "skuName", "unitPrice", "isAddOn", *_SCALED)
    return {**item, **{name: value for name, value in row.items() if name not in shaped}}


def _changed(desk: Desk, item: Document, row: dict[str, Any]) -> Document:
    changed = {**item, **row}
    for name in _SCALED:
        if name in row:
            changed[name] = scale(amount(row[name]))
    if "total" in row:
        changed["total"] = text(amount(row["total"]))
    elif {"quantity", "price"} & set(row):
        changed["total"] = text(amount(changed["quantity"]) * amount(changed["price"]))
    if {"quantity", "cost"} & set(row):
        changed["totalCost"] = text(amount(changed["quantity"]) * amount(changed["cost"]))
    return {**changed, "modifiedOn": desk.records.stamps.now()}
