"""Lines as a person types them into a form.

Belongs here: from the words of an act to a line of the API. Does not belong here: finding and storing
documents (`acts.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import money

FindItem = Callable[[Any], str]


def need(act: Body, key: str) -> Any:
    """Return what an act must say.

    Raises:
        EditError: it does not.
    """
    if act.get(key) is None:
        raise EditError(f'"{key}" is missing')
    return act[key]


def to_decimal(value: Any) -> Decimal:
    """Read a number given as text or number."""
    return Decimal(str(value))


def typed_line(given: Body, find_item: FindItem) -> Body:
    """Return the sales line for an item with an amount, or with a quantity and a price."""
    detail: Body = {"ItemRef": {"value": find_item(need(given, "item"))}}
    if "qty" in given or "price" in given:
        detail |= {"Qty": to_decimal(given.get("qty", 1)), "UnitPrice": to_decimal(need(given, "price"))}
    amount = given.get("amount")
    if amount is None:
        amount = money(detail.get("Qty", Decimal(1)) * to_decimal(need(given, "price")))
    detail["TaxCodeRef"] = {"value": "TAX" if given.get("taxed") else "NON"}
    line: Body = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    if given.get("description"):
        line["Description"] = given["description"]
    return line


def change_line(line: Body, act: Body, find_item: FindItem) -> None:
    """Type over parts of a line; an amount alone drops quantity and price."""
    detail: Body = line.get(line["DetailType"], {})
    if act.get("description") is not None:
        line["Description"] = act["description"]
    if act.get("item") is not None:
        detail["ItemRef"] = {"value": find_item(act["item"])}
    if act.get("taxed") is not None:
        detail["TaxCodeRef"] = {"value": "TAX" if act["taxed"] else "NON"}
    if act.get("amount") is not None:
        line["Amount"] = to_decimal(act["amount"])
        detail.pop("Qty", None)
        detail.pop("UnitPrice", None)
    elif act.get("qty") is not None or act.get("price") is not None:
        detail["Qty"] = to_decimal(act.get("qty", detail.get("Qty", 1)))
        detail["UnitPrice"] = to_decimal(act.get("price", detail.get("UnitPrice", line["Amount"])))
        line["Amount"] = money(detail["Qty"] * detail["UnitPrice"])
