"""Batches: up to thirty independent operations in one call.

Belongs here: reference §3.7. Does not belong here: throttling and replay of the call as a whole
(`api_routes.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.catalog import ENTITIES, Entity
from st_qbo_sandbox.quickbooks.faults import (
    Fault,
    fault,
    missing,
    unsupported_operation,
    unsupported_property,
)
from st_qbo_sandbox.storage import as_array, as_object

ITEMS_MAX = 30
_NOT_ENTITIES = ("bId", "operation", "optionsData", "Query", "CDCQuery", "ReportQuery")

Write = Callable[[Entity, str, Any, frozenset[str]], Body]
QueryAnswer = Callable[[str], Body]
Capture = Callable[[str, str], list[Body]]


class Batch:
    """Runs the items of a batch; each stands or falls by itself."""

    def __init__(self, write: Write, query: QueryAnswer, capture: Capture) -> None:
        self._write = write
        self._query = query
        self._capture = capture

    def run(self, body: Any) -> list[Body]:
        """Return `BatchItemResponse`, in the order of the items.

        Raises:
            Fault: 1040 for too many items, 2010 or 2020 for a body that is no batch.
        """
        items = read_items(body)
        return [self._run_item(item) for item in items]

    def _run_item(self, item: Body) -> Body:
        answer: Body = {}
        try:
            if "Query" in item:
                answer = {"QueryResponse": self._query(str(item["Query"]))}
            elif "CDCQuery" in item:
                asked = item["CDCQuery"]
                answer = {
                    "CDCResponse": self._capture(
                        str(asked.get("Entities", "")), str(asked.get("ChangedSince", ""))
                    )
                }
            else:
                answer = self._run_operation(item)
        except Fault as refused:
            answer = {"Fault": refused.body()}
        return {**answer, "bId": item.get("bId")}

    def _run_operation(self, item: Body) -> Body:
        names = [name for name in item if name not in _NOT_ENTITIES]
        if len(names) != 1 or names[0] not in ENTITIES:
            raise unsupported_property(f'Unrecognized field "{names[0] if names else ""}"')
        operation = str(item.get("operation", "")).lower()
        if operation not in ("create", "update", "delete", "void"):
            raise unsupported_operation(operation or "none")
        entity = ENTITIES[names[0]]
        options = frozenset(str(item.get("optionsData", "")).replace(" ", "").lower().split(","))
        return {entity.name: self._write(entity, operation, item[entity.name], options)}


def read_items(body: Any) -> list[Body]:
    """Return the items of a batch body.

    Raises:
        Fault: 1040, 2010 or 2020.
    """
    whole = as_object(body)
    if whole is None:
        raise unsupported_property()
    if not whole.get("BatchItemRequest"):
        raise Fault(missing("BatchItemRequest"))
    items = [
        item for item in map(as_object, as_array(whole["BatchItemRequest"]) or [None]) if item is not None
    ]
    if len(items) != len(whole["BatchItemRequest"]):
        raise unsupported_property()
    if len(items) > ITEMS_MAX:
        raise fault(
            "1040",
            f"Batch size exceeds allowed limit : {ITEMS_MAX} items are allowed, {len(items)} were sent.",
        )
    return items
