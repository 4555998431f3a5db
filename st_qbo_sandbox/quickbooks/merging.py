"""Merging one customer into another, which only a person can do.

Belongs here: what becomes of documents, children and balances. Does not belong here: merge events.
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.books import Body, Books, Work, name_of
from st_qbo_sandbox.quickbooks.calls import ZERO
from st_qbo_sandbox.quickbooks.catalog import TRANSACTIONS


def merge_customers(books: Books, source_id: str, target_id: str) -> None:
    """Give everything of one customer to another and delete the first."""
    work = Work(books)
    target = work.find("Customer", target_id)
    assert target is not None
    ref = {"value": target_id, "name": name_of(target)}
    for entity in TRANSACTIONS:
        for doc in list(books.all_of(entity)):
            if _mentions(doc, source_id):
                changed = work.open(entity, doc["Id"])
                _replace(changed, source_id, ref)
    for id in books.by_parent["Customer"].ids(source_id):
        child = work.open("Customer", id)
        child["ParentRef"] = {"value": target_id}
        child["FullyQualifiedName"] = f"{ref['name']}:{child['DisplayName']}"
    work.commit()
    _move_opening_balance(books, source_id, target_id)
    books.bury("Customer", source_id, books.stamp())


def _move_opening_balance(books: Books, source_id: str, target_id: str) -> None:
    """Move what is left once all documents have gone: the opening balance given at creation."""
    source = books.get("Customer", source_id) or {}
    opening = source.get("Balance", ZERO)
    if opening:
        work = Work(books)
        kept = work.open("Customer", target_id)
        kept["Balance"] += opening
        kept["BalanceWithJobs"] += opening
        work.commit()


def _mentions(value: object, id: str) -> bool:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "CustomerRef" and inner.get("value") == id:
                return True
            if key in ("EntityRef", "Entity") and isinstance(inner, dict) and inner.get("value") == id:
                return True
            if _mentions(inner, id):
                return True
    elif isinstance(value, list):
        return any(_mentions(item, id) for item in value)
    return False


def _replace(value: object, id: str, ref: Body) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            is_customer = key == "CustomerRef" or (
                key in ("EntityRef", "Entity")
                and isinstance(inner, dict)
                and str(inner.get("type", "Customer")).lower() == "customer"
            )
            if is_customer and isinstance(inner, dict) and inner.get("value") == id:
                inner |= ref
            else:
                _replace(inner, id, ref)
        for charge in value.get("_charges", ()):
            if charge[0] == "Customer" and charge[1] == id:
                charge[1] = ref["value"]
    elif isinstance(value, list):
        for item in value:
            _replace(item, id, ref)
