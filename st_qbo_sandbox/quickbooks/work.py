"""The unit of work: what one operation changes, kept to itself until it commits.

Belongs here: staging, SyncToken and time stamps, and the balances, costs and quantities that follow from
documents. Does not belong here: what an operation means (`operations.py`).
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks import ledger, stock
from st_qbo_sandbox.quickbooks.books import Body, Books, Key, copy_of
from st_qbo_sandbox.quickbooks.catalog import ENTITIES
from st_qbo_sandbox.quickbooks.switches import Switches


class Work:
    """One operation: reads through to the books, keeps its changes to itself until `commit`."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._staged: dict[Key, Body | None] = {}
        self._touched: set[Key] = set()
        # What changes by costs alone: nobody sees that, so there is no new SyncToken or time stamp.
        self._unseen: dict[Key, Body] = {}

    @property
    def switches(self) -> Switches:
        """The switches of this moment."""
        return self.books.switches

    def find(self, entity: str, id: str) -> Body | None:
        """Return an object as this work sees it; never change it."""
        key = (entity, id)
        if key in self._staged:
            return self._staged[key]
        return self.books.get(entity, id)

    def every(self, entity: str) -> list[Body]:
        """Return all objects of an entity as this work sees them; for short lists."""
        seen = {doc["Id"]: doc for doc in self.books.all_of(entity)}
        for (name, id), doc in self._staged.items():
            if name == entity:
                seen.pop(id, None)
                if doc is not None:
                    seen[id] = doc
        return list(seen.values())

    def open(self, entity: str, id: str) -> Body:
        """Return a copy that may be changed and will be stored.

        Raises:
            KeyError: there is no such object.
        """
        found = self._staged.get((entity, id))
        if found is None:
            stored = self.books.get(entity, id)
            if stored is None:
                raise KeyError((entity, id))
            found = self._staged[entity, id] = copy_of(stored)
        return found

    def put(self, entity: str, doc: Body, *, touch: bool = True) -> None:
        """Store this object at commit; `touch` bumps SyncToken even if nothing differs."""
        key = (entity, doc["Id"])
        self._staged[key] = doc
        if touch:
            self._touched.add(key)

    def changed(self) -> list[tuple[str, Body]]:
        """Return (entity, stored object) of everything stored that this work has opened or dropped."""
        stored = ((entity, self.books.get(entity, id)) for entity, id in self._staged)
        return [(entity, doc) for entity, doc in stored if doc is not None]

    def drop(self, entity: str, id: str) -> None:
        """Delete this object at commit."""
        self._staged[entity, id] = None

    def commit(self, stamp: str | None = None) -> None:
        """Make the changes: balances of names follow, SyncToken and LastUpdatedTime move once per object.

        Args:
            stamp: the time of the changes, if they belong to the past.
        """
        stamp = stamp or self.books.stamp()
        self._cost_goods()
        self._post()
        self._move_balances()
        for (entity, id), new in self._staged.items():
            old = self.books.get(entity, id)
            if new is None:
                if old is not None:
                    self.books.bury(entity, id, stamp)
                continue
            if old is not None:
                if new == old and (entity, id) not in self._touched:
                    continue
                self._stamp_change(entity, new, old, stamp)
            self.books.put(entity, id, new)
        for (entity, id), doc in self._unseen.items():
            if (entity, id) not in self._staged:
                self.books.put(entity, id, doc)

    def _stamp_change(self, entity: str, new: Body, old: Body, stamp: str) -> None:
        quiet = new.pop("_quiet", False) and not self.switches.balance_bumps_name_sync_token
        token = int(old.get("SyncToken", "0"))
        new["SyncToken"] = str(token if quiet else token + 1)
        created = old.get("MetaData", {}).get("CreateTime", stamp)
        new["MetaData"] = {"CreateTime": created, "LastUpdatedTime": stamp}

    def _post(self) -> None:
        for (entity, _), new in self._staged.items():
            if new is not None and ENTITIES[entity].is_transaction:
                posted = ledger.post(entity, new, self)
                if posted:
                    new["_post"] = posted
                else:
                    new.pop("_post", None)

    def _cost_goods(self) -> None:
        """Write what documents move, and cost anew every item that this moves."""
        if not self.books.counted_items and not any(entity == "Item" for entity, _ in self._staged):
            return
        moved: dict[str, None] = {}
        for (entity, id), new in list(self._staged.items()):
            if entity == "Item" and new is not None and stock.is_tracked(new):
                moved[id] = None
            if entity not in stock.ENTITIES:
                continue
            before = (self.books.get(entity, id) or {}).get("_stock", ())
            now = [] if new is None else stock.movements(entity, new, self)
            if new is not None:
                new.pop("_stock", None)
                if now:
                    new["_stock"] = now
            moved |= dict.fromkeys(move["Item"] for move in (*before, *now))
        for id in moved:
            self._cost_item(id)
        for (entity, _), doc in self._unseen.items():
            if entity != "Item":
                doc["_post"] = ledger.post(entity, doc, self)

    def _cost_item(self, item_id: str) -> None:
        item = self.find("Item", item_id)
        if item is None:
            return
        own: list[Body] = copy_of(item.get("_moves", []))
        rows = [(stock.order_of(move["TxnDate"], move, "0", n), move) for n, move in enumerate(own)]
        # Costs are found on copies, so that a document whose costs stay is not touched.
        places: list[tuple[Key, int, Body]] = []
        for key in self._moving(item_id):
            doc = self._with_costs(key)
            for position, move in enumerate(doc["_stock"]):
                if move["Item"] == item_id:
                    places.append((key, position, {**move}))
                    rows.append((stock.order_of(doc["TxnDate"], move, doc["Id"], position), places[-1][2]))
        is_fifo = self.switches.inventory_costing == "fifo"
        shelf = stock.Shelf(is_fifo, item.get("PurchaseCost", Decimal(0)))
        for _, move in sorted(rows, key=lambda row: row[0]):
            shelf.move(move)
        value = shelf.close()
        for key, position, move in places:
            if self._with_costs(key)["_stock"][position].get("Cost") != move["Cost"]:
                self._open_costs(key)["_stock"][position]["Cost"] = move["Cost"]
        posted = stock.posting_of_item(own)
        self._keep_item(item, {"QtyOnHand": shelf.quantity, "_value": value, "_moves": own, "_post": posted})

    def _with_costs(self, key: Key) -> Body:
        return self._unseen.get(key) or self.find(*key) or {}

    def _open_costs(self, key: Key) -> Body:
        """Return a document whose costs may be changed: a staged one, or a copy that nobody sees change."""
        doc = self._with_costs(key)
        if key not in self._staged and key not in self._unseen:
            doc = self._unseen[key] = {**doc, "_stock": copy_of(doc["_stock"])}
        return doc

    def _moving(self, item_id: str) -> list[Key]:
        """Return the documents that move an item, as this work sees them."""
        stored = [
            (entity, id) for entity in stock.ENTITIES for id in self.books.by_stock[entity].ids(item_id)
        ]
        staged = [
            key
            for key, doc in self._staged.items()
            if key[0] in stock.ENTITIES and any(m["Item"] == item_id for m in (doc or {}).get("_stock", ()))
        ]
        kept = (key for key in stored if key not in self._staged)
        return [*kept, *staged]

    def _keep_item(self, item: Body, known: Body) -> None:
        key = ("Item", item["Id"])
        if key not in self._staged:
            if item.get("QtyOnHand") == known["QtyOnHand"]:
                self._unseen[key] = {**item, **known}
                return
            item = self.open(*key)
            item["_quiet"] = True
        item |= known

    def _move_balances(self) -> None:
        changes: dict[Key, Decimal] = {}
        for (entity, id), new in list(self._staged.items()):
            if not ENTITIES[entity].is_transaction:
                continue
            for doc, sign in ((self.books.get(entity, id), -1), (new, 1)):
                if doc is not None:
                    for owner, amount in ledger.owed(entity, doc):
                        changes[owner] = changes.get(owner, Decimal(0)) + sign * amount
        for (entity, id), amount in changes.items():
            if amount:
                self._change_balance(entity, id, amount)

    def _change_balance(self, entity: str, id: str, amount: Decimal) -> None:
        field = "Balance"
        while True:
            known = (entity, id) in self._staged
            if self.find(entity, id) is None:
                return
            doc = self.open(entity, id)
            if not known:
                doc["_quiet"] = True
            if field == "Balance":
                doc["Balance"] = doc.get("Balance", Decimal(0)) + amount
            if entity != "Customer":
                return
            doc["BalanceWithJobs"] = doc.get("BalanceWithJobs", Decimal(0)) + amount
            parent = doc.get("ParentRef")
            if not parent:
                return
            id, field = parent["value"], "BalanceWithJobs"
