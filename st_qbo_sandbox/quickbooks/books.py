"""All objects of the company: collections, indexes, sequences, tombstones, and the unit of work.

Belongs here: storing and finding. Does not belong here: what an operation means, or which faults it gives.

Documents are kept in the shape in which they are returned. Keys that begin with an underscore are private
to the sandbox and are taken out by `render`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import Any, cast

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.indexes import Index, OrderedIndex
from st_qbo_sandbox.quickbooks import ledger, stock, times
from st_qbo_sandbox.quickbooks.catalog import ENTITIES, NAME_LISTS, TRANSACTIONS
from st_qbo_sandbox.quickbooks.switches import Switches
from st_qbo_sandbox.storage import Collection, Document, Storage

Body = dict[str, Any]
Key = tuple[str, str]

_PREFIX = "quickbooks."
_NAMED = (
    "Customer",
    "Vendor",
    "Employee",
    "Item",
    "Account",
    "Class",
    "Department",
    "Term",
    "PaymentMethod",
    "TaxAgency",
)
_LINKING = ("Payment", "BillPayment", "Deposit", "Bill", "CreditMemo", "Invoice", "VendorCredit")


def copy_of(value: Any) -> Any:
    """Copy a JSON value all the way down."""
    if isinstance(value, dict):
        return {key: copy_of(item) for key, item in cast("Body", value).items()}
    if isinstance(value, list):
        return [copy_of(item) for item in cast("list[Any]", value)]
    return value


def name_of(doc: Body) -> str:
    """Return the name by which other objects refer to this one."""
    return doc.get("FullyQualifiedName") or doc.get("DisplayName") or doc.get("Name") or ""


def name_key(name: str) -> str:
    """Return what two equal names have in common: case and outer blanks do not count (reference §6.5)."""
    return name.strip().casefold()


def linked_keys(doc: Body) -> list[tuple[str, str]]:
    """Return (TxnType, TxnId) of every transaction that the lines of this one link to."""
    return [
        (link.get("TxnType", ""), link.get("TxnId", ""))
        for line in doc.get("Line", ())
        for link in line.get("LinkedTxn", ())
    ]


class Books:
    """Everything that is committed."""

    def __init__(self, clock: Clock, storage: Storage, switches: Callable[[], Switches]) -> None:
        self.clock = clock
        self.storage = storage
        self._switches = switches
        self._collections = {name: storage.collection(_PREFIX + name) for name in ENTITIES}
        self._sequences = storage.collection(_PREFIX + "sequences")
        self._tombstones = storage.collection(_PREFIX + "tombstones")
        self.balances: dict[str, Decimal] = {}
        self.counted_items: set[str] = set()
        self._stamp: tuple[int, str] = (0, "")
        self._make_indexes()

    @property
    def switches(self) -> Switches:
        """The switches of this moment."""
        return self._switches()

    def _make_indexes(self) -> None:
        self.by_date = {name: OrderedIndex(self._collections[name], _date_of) for name in TRANSACTIONS}
        self.by_number = {name: Index(self._collections[name], _key_of("DocNumber")) for name in TRANSACTIONS}
        self.by_customer = {
            name: Index(self._collections[name], _ref_of("CustomerRef")) for name in TRANSACTIONS
        }
        self.by_vendor = {name: Index(self._collections[name], _ref_of("VendorRef")) for name in TRANSACTIONS}
        self.by_name = {name: Index(self._collections[name], _name_keys) for name in _NAMED}
        self.by_link = {name: Index(self._collections[name], linked_keys) for name in _LINKING}
        self.by_parent = {
            name: Index(self._collections[name], _ref_of("ParentRef")) for name in ENTITIES if name in _NAMED
        }
        self.by_stock = {name: Index(self._collections[name], _items_moved) for name in stock.ENTITIES}
        self.by_change = {name: OrderedIndex(self._collections[name], _changed_of) for name in ENTITIES}
        self.deletions = OrderedIndex(self._tombstones, lambda doc: times.epoch_of(doc["LastUpdatedTime"]))
        self._collections["Item"].watch(self._follow_counting)
        for name in (*TRANSACTIONS, "Item"):
            self._collections[name].watch(self._follow_postings(name))

    def _follow_counting(self, id: str, old: Document | None, new: Document | None) -> None:
        if new is not None and stock.is_tracked(new):
            self.counted_items.add(id)
        else:
            self.counted_items.discard(id)

    def _follow_postings(self, entity: str) -> Callable[[str, Document | None, Document | None], None]:
        def follow(id: str, old: Document | None, new: Document | None) -> None:
            for doc, sign in ((old, -1), (new, 1)):
                if doc is not None:
                    for account, amount in doc.get("_post", {}).items():
                        self.balances[account] = self.balances.get(account, Decimal(0)) + sign * amount

        return follow

    def collection(self, entity: str) -> Collection:
        """Return the collection of an entity."""
        return self._collections[entity]

    def get(self, entity: str, id: str) -> Document | None:
        """Return a committed object, private keys included; never change it."""
        return self._collections[entity].get(id)

    def all_of(self, entity: str) -> Iterable[Document]:
        """Return the committed objects of an entity in the order of their creation."""
        return self._collections[entity].values()

    def find_named(self, entity: str, name: str) -> list[Document]:
        """Return the objects whose own or fully qualified name equals this one, inactive ones included."""
        found = (self.get(entity, id) for id in self.by_name[entity].ids(name_key(name)))
        return [doc for doc in found if doc is not None]

    def tombstone(self, entity: str, id: str) -> Document | None:
        """Return the record of a deletion."""
        return self._tombstones.get(f"{entity}:{id}")

    def tombstones_since(self, epoch: int) -> list[Document]:
        """Return the records of deletions at or after this second, oldest first."""
        found = (self._tombstones.get(key) for key in self.deletions.range(epoch))
        return [doc for doc in found if doc is not None]

    def stamp(self) -> str:
        """Return the present moment as a MetaData time."""
        second = int(self.clock.seconds())
        if second != self._stamp[0]:
            self._stamp = (second, times.write_stamp(self.clock.now()))
        return self._stamp[1]

    def today(self) -> str:
        """Return the server's date, which is Pacific."""
        return self.stamp()[:10]

    def next_id(self, sequence: str) -> str:
        """Take the next id of a sequence."""
        name = self._sequence_name(sequence)
        kept = self._sequences.get(name)
        number = int(kept["last"]) + 1 if kept else 1
        self._sequences.put(name, {"last": number})
        return str(number)

    def reserve_id(self, sequence: str, id: str) -> None:
        """Make the sequence go on after an id that was given from outside."""
        name = self._sequence_name(sequence)
        kept = self._sequences.get(name)
        if id.isdigit() and int(id) > (int(kept["last"]) if kept else 0):
            self._sequences.put(name, {"last": int(id)})

    def _sequence_name(self, sequence: str) -> str:
        if self.switches.names_share_one_sequence and sequence in NAME_LISTS:
            return "names"
        return sequence

    def put(self, entity: str, id: str, doc: Document) -> None:
        """Store an object as it is."""
        self._collections[entity].put(id, doc)

    def bury(self, entity: str, id: str, stamp: str, *, into: str | None = None) -> None:
        """Remove an object and leave a tombstone, which knows into which other one it was merged."""
        self._collections[entity].remove(id)
        merged = {} if into is None else {"_merged_into": into}
        record = {"Entity": entity, "Id": id, "LastUpdatedTime": stamp, **merged}
        self._tombstones.put(f"{entity}:{id}", record)

    def clear(self) -> None:
        """Forget everything."""
        for collection in self._collections.values():
            collection.clear()
        self._sequences.clear()
        self._tombstones.clear()
        self.balances.clear()

    def render(self, entity: str, doc: Document) -> Body:
        """Return an object as the API shows it."""
        if entity == "Account":
            return self._render_account(doc)
        if any(key.startswith("_") for key in doc):
            return {key: value for key, value in doc.items() if not key.startswith("_")}
        return doc

    def _render_account(self, doc: Document) -> Body:
        own = self.balances.get(doc["Id"], Decimal(0)) + doc.get("_opening", Decimal(0))
        shown = {key: value for key, value in doc.items() if not key.startswith("_")}
        if doc.get("Classification") in ledger.PROFIT_AND_LOSS:
            own = Decimal(0)
        sign = ledger.sign_of_account(doc)
        shown["CurrentBalance"] = own * sign
        shown["CurrentBalanceWithSubAccounts"] = self._with_children(doc, own) * sign
        return shown

    def _with_children(self, doc: Document, own: Decimal) -> Decimal:
        total = own
        for id in self.by_parent["Account"].ids(doc["Id"]):
            child = self.get("Account", id)
            if child is not None and doc.get("Classification") not in ledger.PROFIT_AND_LOSS:
                balance = self.balances.get(id, Decimal(0)) + child.get("_opening", Decimal(0))
                total += self._with_children(child, balance)
        return total


def _date_of(doc: Document) -> str | None:
    return doc.get("TxnDate")


def _changed_of(doc: Document) -> int | None:
    stamp = doc.get("MetaData", {}).get("LastUpdatedTime")
    return times.epoch_of(stamp) if stamp else None


def _key_of(field: str) -> Callable[[Document], Iterable[Hashable]]:
    def keys(doc: Document) -> Iterable[Hashable]:
        value = doc.get(field)
        return (value.casefold(),) if value else ()

    return keys


def _ref_of(field: str) -> Callable[[Document], Iterable[Hashable]]:
    def keys(doc: Document) -> Iterable[Hashable]:
        ref = doc.get(field)
        return (ref["value"],) if ref else ()

    return keys


def _items_moved(doc: Document) -> Iterable[Hashable]:
    return [move["Item"] for move in doc.get("_stock", ())]


def _name_keys(doc: Document) -> Iterable[Hashable]:
    names = (doc.get("DisplayName"), doc.get("Name"), doc.get("FullyQualifiedName"))
    return [name_key(name) for name in names if name]
