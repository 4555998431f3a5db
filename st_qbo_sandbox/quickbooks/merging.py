"""Merging one customer into another, which only a person can do.

Belongs here: what becomes of documents, children and balances. Does not belong here: merge events.
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.quickbooks.books import Body, Books, name_of
from st_qbo_sandbox.quickbooks.calls import ZERO
from st_qbo_sandbox.quickbooks.catalog import TRANSACTIONS
from st_qbo_sandbox.quickbooks.work import Work
from st_qbo_sandbox.storage import as_array, as_object


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
    books.bury("Customer", source_id, books.stamp(), into=target_id)


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


def _mentions(value: Any, id: str) -> bool:
    doc = as_object(value)
    if doc is not None:
        return any(_is_customer(key, inner, id) or _mentions(inner, id) for key, inner in doc.items())
    return any(_mentions(item, id) for item in as_array(value) or ())


def _is_customer(key: str, value: Any, id: str) -> bool:
    ref = as_object(value)
    if ref is None or ref.get("value") != id:
        return False
    is_entity = key in ("EntityRef", "Entity") and str(ref.get("type", "Customer")).lower() == "customer"
    return key == "CustomerRef" or is_entity


def _replace(value: Any, id: str, ref: Body) -> None:
    doc = as_object(value)
    if doc is None:
        for item in as_array(value) or ():
            _replace(item, id, ref)
        return
    for key, inner in doc.items():
        if _is_customer(key, inner, id):
            inner |= ref
        else:
            _replace(inner, id, ref)
    for charge in doc.get("_charges", ()):
        if charge[0] == "Customer" and charge[1] == id:
            charge[1] = ref["value"]
