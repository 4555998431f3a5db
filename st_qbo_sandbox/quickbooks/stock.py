"""Goods on hand: what documents move, what the pieces cost, and what is left (reference §6.7).

Belongs here: movements of inventory items, first in first out or at average, and quantities. Does not belong
here: storing (`work.py`), posting to accounts (`ledger.py`), and refusing lines (`expense_lines.py`,
`sales_lines.py`).

A movement is kept on its document under `_stock`, and for opening quantities and corrections on the item
under `_moves`. Its way is `in` (goods that came for an amount), `out` (sold), `back` (a customer's return,
at the cost of the last sale) or `off` (returned to the vendor, or corrected downwards). What is sold before
it came waits for the next goods and costs what they cost; until then it costs the item's PurchaseCost. That
inventory is first in first out is Intuit's; the rest of how costs are found is inferred.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

Body = dict[str, Any]

ZERO = Decimal(0)
_CENT = Decimal("0.01")
_SOLD = {"Invoice": "out", "SalesReceipt": "out", "CreditMemo": "back", "RefundReceipt": "back"}
_BOUGHT = {"Bill": "in", "Purchase": "in", "VendorCredit": "off"}
_OPPOSITE = {"in": "off", "off": "in", "out": "back", "back": "out"}
ENTITIES = (*_SOLD, *_BOUGHT)


class Finder(Protocol):
    """What is needed of the books."""

    def find(self, entity: str, id: str) -> Body | None:
        """Return an object as the present work sees it."""
        ...


def movements(entity: str, doc: Body, finder: Finder) -> list[Body]:
    """Return what a document moves, without costs."""
    way = _SOLD.get(entity) or _BOUGHT[entity]
    if entity == "Purchase" and doc.get("Credit"):
        way = _OPPOSITE[way]
    kind = "SalesItemLineDetail" if entity in _SOLD else "ItemBasedExpenseLineDetail"
    found: list[Body] = []
    for line in _flat(doc.get("Line", ())):
        detail: Body = line.get(kind) or {}
        quantity: Decimal = detail.get("Qty") or ZERO
        item = finder.find("Item", detail.get("ItemRef", {}).get("value", "")) if quantity else None
        if item is None or not is_tracked(item) or doc["TxnDate"] < item["InvStartDate"]:
            continue
        found.append(
            {
                "Item": item["Id"],
                "Way": way if quantity > 0 else _OPPOSITE[way],
                "Qty": abs(quantity),
                "Amount": abs(line.get("Amount", ZERO)),
                "Asset": item.get("AssetAccountRef", {}).get("value", ""),
                "Expense": item.get("ExpenseAccountRef", {}).get("value", ""),
            }
        )
    return found


def is_tracked(item: Body) -> bool:
    """Whether QuickBooks counts an item."""
    return item.get("Type") == "Inventory"


def _flat(lines: Iterable[Body]) -> Iterator[Body]:
    for line in lines:
        if line.get("DetailType") == "GroupLineDetail":
            yield from line.get("GroupLineDetail", {}).get("Line", ())
        else:
            yield line


def cents(amount: Decimal) -> Decimal:
    """Round half up to the cent."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


@dataclass
class Shelf:
    """The goods of one item: layers of (pieces, value), and sales that wait for goods."""

    first_in_first_out: bool
    guess: Decimal
    quantity: Decimal = ZERO
    _layers: deque[list[Decimal]] = field(default_factory=deque[list[Decimal]])
    _waiting: deque[list[Any]] = field(default_factory=deque[list[Any]])
    _last: Decimal | None = None

    def move(self, move: Body) -> None:
        """Take one movement and write its `Cost`; that of a waiting one is completed later."""
        move["Cost"] = ZERO
        if move["Way"] in ("in", "back"):
            is_bought = move["Way"] == "in"
            value = move["Amount"] if is_bought else cents(move["Qty"] * self._unit_cost())
            move["Cost"] = value
            self.quantity += move["Qty"]
            self._put(move["Qty"], value)
            return
        self.quantity -= move["Qty"]
        left = self._take(move, move["Qty"])
        if left < move["Qty"]:
            self._last = move["Cost"] / (move["Qty"] - left)
        if left:
            self._waiting.append([move, left])

    def close(self) -> Decimal:
        """Cost what still waits by the guess, and return the value of what is on hand."""
        value = sum((layer[1] for layer in self._layers), ZERO)
        for move, left in self._waiting:
            guessed = cents(left * self.guess)
            move["Cost"] += guessed
            value -= guessed
        return value

    def _unit_cost(self) -> Decimal:
        return self.guess if self._last is None else self._last

    def _put(self, quantity: Decimal, value: Decimal) -> None:
        layer = [quantity, value]
        while self._waiting and layer[0]:
            move, left = self._waiting[0]
            taken = min(left, layer[0])
            move["Cost"] += _cut(layer, taken)
            self._waiting[0][1] = left - taken
            if left == taken:
                self._waiting.popleft()
        if not layer[0]:
            return
        if self._layers and not self.first_in_first_out:
            self._layers[0][0] += layer[0]
            self._layers[0][1] += layer[1]
        else:
            self._layers.append(layer)

    def _take(self, move: Body, wanted: Decimal) -> Decimal:
        """Take pieces off the layers, and return how many are not there."""
        while wanted and self._layers:
            layer = self._layers[0]
            taken = min(wanted, layer[0])
            move["Cost"] += _cut(layer, taken)
            wanted -= taken
            if not layer[0]:
                self._layers.popleft()
        return wanted


def _cut(layer: list[Decimal], quantity: Decimal) -> Decimal:
    """Take pieces out of a layer and return what they cost; the last take all that is left to the cent."""
    value = layer[1] if quantity == layer[0] else cents(layer[1] * quantity / layer[0])
    layer[0] -= quantity
    layer[1] -= value
    return value


def posting_of_item(moves: list[Body]) -> dict[str, Decimal]:
    """Return what an item's own movements post, by account."""
    posted: dict[str, Decimal] = {}
    for move in moves:
        for account, amount in entry_of_item(move).items():
            posted[account] = posted.get(account, ZERO) + amount
    return {account: amount for account, amount in posted.items() if amount}


def entry_of_item(move: Body) -> dict[str, Decimal]:
    """Return what one opening or correction posts, by account."""
    amount = move["Amount"] if move["Way"] == "in" else -move.get("Cost", ZERO)
    return {move["Asset"]: amount, move["Expense"]: -amount}


def order_of(day: str, move: Body, number: str, position: int) -> tuple[str, int, int, int]:
    """Return what movements are put in order by: the day, goods before sales, then as entered."""
    return (day, 0 if move["Way"] == "in" else 1, int(number) if number.isdigit() else 0, position)


def posting_of(move: Body) -> list[tuple[str, Decimal]]:
    """Return what a movement posts besides its line: (account, debit), asset against cost of goods.

    The line of a purchase has put its amount on the asset already; of what goes back to the vendor the asset
    loses the cost and not the amount.
    """
    cost = move.get("Cost", ZERO)
    if move["Way"] == "in":
        return []
    amount = {"out": -cost, "back": cost, "off": move["Amount"] - cost}[move["Way"]]
    return [(move["Asset"], amount), (move["Expense"], -amount)]
