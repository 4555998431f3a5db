"""Quantities that are typed into an item: the opening one, and corrections.

Belongs here: the item's own movements. Does not belong here: those of documents, and costs (`stock.py`).

That a changed QtyOnHand corrects the stock as of today, against the item's expense account, is inferred, and
a switch.
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks import ledger
from st_qbo_sandbox.quickbooks.books import Body, copy_of
from st_qbo_sandbox.quickbooks.calls import ZERO, Call, money

_EQUITY = "OpeningBalanceEquity"


def count_goods(call: Call, new: Body, old: Body | None) -> None:
    """Keep the movements of a counted item; its quantity follows from all movements when it is stored."""
    if old is None or old.get("Type") != "Inventory":
        opening = _move(new, new["QtyOnHand"], new["PurchaseCost"], new["InvStartDate"])
        new["_moves"] = [{**opening, "Expense": _opening_equity(call)}] if new["QtyOnHand"] else []
        return
    moves = copy_of(old.get("_moves", []))
    for move in moves:
        if move["TxnDate"] == old["InvStartDate"]:
            move["TxnDate"] = new["InvStartDate"]
    more = new["QtyOnHand"] - old["QtyOnHand"] if "QtyOnHand" in call.sent else ZERO
    how = call.switches.item_quantity_update
    if more and how == "start":
        before = sum((move["Qty"] for move in moves if move["TxnDate"] == new["InvStartDate"]), ZERO)
        opening = _move(new, before + more, new["PurchaseCost"], new["InvStartDate"])
        moves = [move for move in moves if move["TxnDate"] != new["InvStartDate"]]
        moves.insert(0, {**opening, "Expense": _opening_equity(call)})
    elif more and how == "correct":
        is_valued = old["QtyOnHand"] > 0 and old.get("_value", ZERO) > 0
        unit = old["_value"] / old["QtyOnHand"] if is_valued else new["PurchaseCost"]
        moves.append(_move(new, more, unit, call.books.today()))
    new["_moves"] = moves
    new["QtyOnHand"] = old["QtyOnHand"]


def _move(item: Body, quantity: Decimal, unit: Decimal, day: str) -> Body:
    is_more = quantity > 0
    return {
        "TxnDate": day,
        "Way": "in" if is_more else "off",
        "Qty": abs(quantity),
        "Amount": money(quantity * unit) if is_more else ZERO,
        "Asset": item["AssetAccountRef"]["value"],
        "Expense": item["ExpenseAccountRef"]["value"],
    }


def _opening_equity(call: Call) -> str:
    """Return the id of Opening Balance Equity, which QuickBooks makes when it is first needed."""
    found = ledger.system_account(call.work, "Equity", _EQUITY)
    if found:
        return found
    stamp = call.books.stamp()
    account: Body = {
        "Id": call.books.next_id("Account"),
        "Name": "Opening Balance Equity",
        "FullyQualifiedName": "Opening Balance Equity",
        "AccountType": "Equity",
        "AccountSubType": _EQUITY,
        "Classification": "Equity",
        "SubAccount": False,
        "Active": True,
        "CurrencyRef": call.company.home_currency,
        "domain": "QBO",
        "sparse": False,
        "SyncToken": "0",
        "MetaData": {"CreateTime": stamp, "LastUpdatedTime": stamp},
    }
    call.work.put("Account", account)
    return account["Id"]
