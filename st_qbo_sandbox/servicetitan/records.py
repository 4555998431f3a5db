"""The records of the tenant: collections by resource, ids, stamps of change, indexes.

Belongs here: keeping and finding records. Does not belong here: what a change means for other records
(`balances.py`).

Fields whose name begins with `_` are the sandbox's own and in no answer:
`_contentModifiedOn` when a customer last changed other than by its balance; `_externalData` by application
GUID; `_exportMessage` what markasexported said; `_of` the resource of a custom field type.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.indexes import Index, OrderedIndex
from st_qbo_sandbox.servicetitan.stamps import Stamps, key_or_none
from st_qbo_sandbox.storage import Collection, Document, Storage, as_array, as_object

_PREFIX = "servicetitan/"
_COUNTER = "servicetitan.ids"
_FIRST_ID = 70_000_001

# Collections whose records other modules ask for by name; a seed may bring more, which are kept and shown
# as they are.
COLLECTIONS = (
    "customers",
    "contacts",
    "customer-notes",
    "locations",
    "location-contacts",
    "shared-contacts",
    "business-units",
    "employees",
    "technicians",
    "tag-types",
    "user-roles",
    "invoices",
    "removed-invoice-items",
    "invoice-tasks",
    "payments",
    "payment-types",
    "payment-terms",
    "tax-zones",
    "gl-accounts",
    "gl-account-types",
    "journal-entries",
    "credit-memos",
    "bank-deposits",
    "inventory-bills",
    "ap-bills",
    "ap-credits",
    "ap-payments",
    "remittance-vendors",
    "vendors",
    "purchase-orders",
    "purchase-order-types",
    "receipts",
    "returns",
    "return-types",
    "adjustments",
    "transfers",
    "warehouses",
    "trucks",
    "inventory-templates",
    "services",
    "materials",
    "equipment",
    "categories",
    "discounts-and-fees",
    "cost-types",
    "jobs",
    "appointments",
    "projects",
    "job-types",
    "job-cancel-reasons",
    "job-hold-reasons",
    "job-canceled-logs",
    "job-notes",
    "project-notes",
    "job-history",
    "project-statuses",
    "project-substatuses",
    "project-types",
    "custom-field-types",
)


def named_id(record: Document, name: str) -> int | None:
    """Return the id of a `{id, name}` reference, None where it is null."""
    reference = as_object(record.get(name))
    return None if reference is None else reference.get("id")


def rows_of(record: Document, name: str) -> list[Document]:
    """Return the objects of an array field, none where it is null."""
    return [row for row in as_array(record.get(name)) or [] if isinstance(row, dict)]


def _present(value: Hashable) -> list[Hashable]:
    return [] if value is None else [value]


def _applied_to(doc: Document) -> list[Hashable]:
    return [row["appliedTo"] for row in rows_of(doc, "appliedTo") if row.get("appliedTo") is not None]


_KEYS: dict[tuple[str, str], Callable[[Document], Iterable[Hashable]]] = {
    ("invoices", "customer"): lambda doc: _present(named_id(doc, "customer")),
    ("invoices", "job"): lambda doc: _present(named_id(doc, "job")),
    ("invoices", "number"): lambda doc: _present(doc.get("referenceNumber")),
    ("payments", "customer"): lambda doc: _present(named_id(doc, "customer")),
    ("payments", "invoice"): _applied_to,
    ("payments", "deposit"): lambda doc: _present(named_id(doc, "deposit")),
    ("credit-memos", "invoice"): _applied_to,
    ("contacts", "customer"): lambda doc: _present(doc.get("customerId")),
    ("customer-notes", "customer"): lambda doc: _present(doc.get("customerId")),
    ("location-contacts", "location"): lambda doc: _present(doc.get("locationId")),
    ("locations", "customer"): lambda doc: _present(doc.get("customerId")),
    ("jobs", "customer"): lambda doc: _present(doc.get("customerId")),
    ("jobs", "invoice"): lambda doc: _present(doc.get("invoiceId")),
    ("appointments", "job"): lambda doc: _present(doc.get("jobId")),
    ("invoice-tasks", "invoice"): lambda doc: _present(doc.get("_invoiceId")),
}
_ORDERS: dict[tuple[str, str], str] = {
    ("invoices", "invoiceDate"): "invoiceDate",
    ("payments", "date"): "date",
    ("jobs", "completedOn"): "completedOn",
    ("customers", "_contentModifiedOn"): "_contentModifiedOn",
    ("credit-memos", "date"): "date",
    ("inventory-bills", "billDate"): "billDate",
}


class Records:
    """Everything the tenant holds."""

    def __init__(self, clock: Clock, storage: Storage) -> None:
        self.stamps = Stamps(clock)
        self._storage = storage
        self._counter = storage.collection(_COUNTER)
        self._collections: dict[str, Collection] = {}
        self._modified: dict[str, OrderedIndex] = {}
        for name in [*COLLECTIONS, *self._stored_names()]:
            self.collection(name)
        self._by_key = {key: Index(self.collection(key[0]), keys) for key, keys in _KEYS.items()}
        self._by_order = {
            key: OrderedIndex(self.collection(key[0]), _order_of(path)) for key, path in _ORDERS.items()
        }

    def collection(self, name: str) -> Collection:
        """Return the collection of a resource, made on first use."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = self._storage.collection(_PREFIX + name)
            self._modified[name] = OrderedIndex(found, _changed_key)
        return found

    def names(self) -> list[str]:
        """Return the names of all collections."""
        return list(self._collections)

    def get(self, name: str, id: object) -> Document | None:
        """Return the record with this id."""
        return self._collections[name].get(str(id))

    def having(self, name: str, field: str, value: Hashable) -> list[Document]:
        """Return the records whose indexed field has this value."""
        collection = self._collections[name]
        found = (collection.get(id) for id in self._by_key[name, field].ids(value))
        return [doc for doc in found if doc is not None]

    def has_index(self, name: str, field: str) -> bool:
        """Say whether `having` knows this field."""
        return (name, field) in self._by_key

    def order(self, name: str, field: str) -> OrderedIndex | None:
        """Return the index by this time field (`modifiedOn` on every collection), if there is one."""
        return self._modified[name] if field == "modifiedOn" else self._by_order.get((name, field))

    def new_id(self) -> int:
        """Return an id that nothing in the tenant has."""
        kept = self._counter.get("next")
        id = kept["id"] if kept else _FIRST_ID
        self._counter.put("next", {"id": id + 1})
        return id

    def keep(self, name: str, record: Document) -> None:
        """Store a record as it is, without a stamp of change."""
        self.collection(name).put(str(record["id"]), record)

    def change(self, name: str, record: Document, *, accounting: bool = False) -> Document:
        """Store a changed record with a new `modifiedOn`, and return it.

        With `accounting` a customer's change is one of its balance only.
        """
        stamped = {**record, "modifiedOn": self.stamps.now()}
        if name == "customers" and not accounting:
            stamped["_contentModifiedOn"] = stamped["modifiedOn"]
        self.keep(name, stamped)
        return stamped

    def add(self, name: str, record: Document) -> Document:
        """Store a new record, with an id and stamps unless it brings them, and return it."""
        now = self.stamps.now()
        new = {"createdOn": now, "modifiedOn": now, **record}
        if new.get("id") is None:
            new["id"] = self.new_id()
        else:
            self.reserve(new["id"])
        if name == "customers":
            new.setdefault("_contentModifiedOn", new["modifiedOn"])
        self.keep(name, new)
        return new

    def reserve(self, id: object) -> None:
        """Never give out this id."""
        kept = self._counter.get("next")
        following = kept["id"] if kept else _FIRST_ID
        if isinstance(id, int) and id >= following:
            self._counter.put("next", {"id": id + 1})

    def remove(self, name: str, id: object) -> None:
        """Forget a record altogether."""
        self._collections[name].remove(str(id))

    def clear(self) -> None:
        """Forget everything."""
        self.stamps.forget()
        for collection in self._collections.values():
            collection.clear()
        self._counter.clear()

    def all(self, name: str) -> Iterable[Document]:
        """Return all records of a collection, oldest first."""
        return self._collections[name].values()

    def _stored_names(self) -> list[str]:
        stored = (name.removeprefix(_PREFIX) for name in self._storage.names() if name.startswith(_PREFIX))
        return [name for name in stored if name not in COLLECTIONS]


def _changed_key(doc: Document) -> str | None:
    return key_or_none(doc.get("modifiedOn")) or key_or_none(doc.get("createdOn"))


def _order_of(path: str) -> Callable[[Document], str | None]:
    return lambda doc: key_or_none(doc.get(path))


def fields_at(record: Document, path: tuple[str, ...]) -> Any:
    """Return the value at a path of field names; a list on the way gives a list of values."""
    value: Any = record
    for depth, name in enumerate(path):
        rows = as_array(value)
        if rows is not None:
            return list(itertools.chain.from_iterable(_as_list(fields_at(row, path[depth:])) for row in rows))
        inner = as_object(value)
        if inner is None:
            return None
        value = inner.get(name)
    return value


def _as_list(value: Any) -> list[Any]:
    rows = as_array(value)
    return [value] if rows is None else rows
