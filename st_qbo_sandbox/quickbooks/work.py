"""The unit of work: what one operation changes, kept to itself until it commits.

Belongs here: staging, SyncToken and time stamps, and the balances that follow from documents. Does not
belong here: what an operation means (`operations.py`).
"""

from __future__ import annotations

from decimal import Decimal

from st_qbo_sandbox.quickbooks import ledger
from st_qbo_sandbox.quickbooks.books import Body, Books, Key, copy_of
from st_qbo_sandbox.quickbooks.catalog import ENTITIES
from st_qbo_sandbox.quickbooks.switches import Switches


class Work:
    """One operation: reads through to the books, keeps its changes to itself until `commit`."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._staged: dict[Key, Body | None] = {}
        self._touched: set[Key] = set()

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
