"""Running a query: which properties may be used, comparing, ordering, paging.

Belongs here: `Query` to `QueryResponse`. Does not belong here: the grammar (`query_parser.py`) and metering
(`routes.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cmp_to_key
from typing import Any

from st_qbo_sandbox.quickbooks import times
from st_qbo_sandbox.quickbooks.books import Body, Books, name_key
from st_qbo_sandbox.quickbooks.catalog import BY_LOWER_NAME, Entity
from st_qbo_sandbox.quickbooks.faults import Fault, fault
from st_qbo_sandbox.quickbooks.fields import TABLES
from st_qbo_sandbox.quickbooks.query_parser import Condition, Literal, Query, parse_query
from st_qbo_sandbox.storage import as_object

PAGE_MAX = 1000
_META = {"metadata.createtime": "MetaData.CreateTime", "metadata.lastupdatedtime": "MetaData.LastUpdatedTime"}
_ORDERED = ("<", ">", "<=", ">=")
Test = Callable[[Body], bool]


class QueryRunner:
    """Answers queries over the committed books."""

    def __init__(self, books: Books, render: Callable[[str, Body], Body]) -> None:
        self._books = books
        self._render = render

    def run(self, statement: str) -> Body:
        """Return the content of `QueryResponse`.

        Raises:
            Fault: 4000 or 4001.
        """
        query = parse_query(statement)
        entity = BY_LOWER_NAME.get(query.entity.lower())
        if entity is None or "query" not in entity.operations:
            raise _invalid(f"Entity {query.entity} is not found")
        conditions = [self._resolve(entity, condition) for condition in query.conditions]
        ordering = [(self._property(entity, name), falling) for name, falling in query.ordering]
        first, page = self._paging(query)
        matches = self._matches(entity, conditions)
        if query.is_count:
            return {"totalCount": sum(1 for _ in matches)}
        rows = self._order(matches, ordering)
        rows = _slice(rows, first, page)
        if not rows:
            return {}
        shown = [self._show(entity, query, row) for row in rows]
        return {entity.name: shown, "startPosition": first, "maxResults": len(rows), "totalCount": len(rows)}

    def _paging(self, query: Query) -> tuple[int, int]:
        if query.start_position < 1:
            raise _invalid(f"value {query.start_position} is too small. Min allowed value is 1")
        if query.max_results < 1:
            raise _invalid(f"value {query.max_results} is too small. Min allowed value is 1")
        if query.max_results > PAGE_MAX:
            if self._books.switches.query_over_1000 == "refuse":
                raise _invalid(f"value {query.max_results} is too large. Max allowed value is {PAGE_MAX}")
            return query.start_position, PAGE_MAX
        return query.start_position, query.max_results

    def _property(self, entity: Entity, name: str) -> str:
        """Return the property in its proper spelling."""
        lower = name.lower()
        if lower in _META:
            return _META[lower]
        table = TABLES[entity.name]
        found = next((known for known in table if known.lower() == lower), None)
        if found is None and lower.split(".")[0] not in (known.lower() for known in table):
            raise _invalid(f"Property {name} not found for Entity {entity.name}")
        if found is None or lower not in entity.queryable:
            raise _invalid(f"property '{found or name}' is not queryable")
        return found

    def _resolve(self, entity: Entity, condition: Condition) -> tuple[str, Condition]:
        name = self._property(entity, condition.property)
        if condition.operator in ("!=", "NOT IN") and not self._books.switches.query_not_equal:
            raise fault("4000", f'QueryParserError: Encountered " "{condition.operator}" at line 1.', None)
        if name == "Id" and condition.operator not in ("=", "IN", "!=", "NOT IN"):
            raise _invalid(f"Operator {condition.operator} is not supported for property Id")
        for value in condition.values:
            if value.kind == "number" and not self._books.switches.query_bare_numbers:
                raise fault(
                    "4000",
                    f'QueryParserError: Encountered " <INTEGER_LITERAL> "{value.text} "" at line 1.',
                    None,
                )
        return name, condition

    def _matches(self, entity: Entity, conditions: list[tuple[str, Condition]]) -> Iterator[Body]:
        tests = [self._test(entity, name, condition) for name, condition in conditions]
        if entity.has_active and not any(name == "Active" for name, _ in conditions):
            tests.append(lambda doc: doc.get("Active", True) is not False)
        renders = entity.name == "Account"
        for doc in self._candidates(entity, conditions):
            seen = self._render(entity.name, doc) if renders else doc
            if all(test(seen) for test in tests):
                yield doc

    def _candidates(self, entity: Entity, conditions: list[tuple[str, Condition]]) -> Iterable[Body]:
        ids: Iterable[str] | None = None
        for name, condition in conditions:
            ids = self._by_equal(entity, name, condition)
            if ids is not None:
                break
        if ids is None:
            ids = self._by_dates(entity, conditions)
        if ids is None:
            ids = self._by_change(entity, conditions)
        if ids is None:
            return self._books.all_of(entity.name)
        found = (self._books.get(entity.name, id) for id in dict.fromkeys(ids))
        return sorted((doc for doc in found if doc is not None), key=_id_order)

    def _by_equal(self, entity: Entity, name: str, condition: Condition) -> Iterable[str] | None:
        if condition.operator not in ("=", "IN"):
            return None
        texts = [value.text for value in condition.values]
        if name == "Id":
            return texts
        indexes: dict[str, Any] = {}
        if entity.is_transaction:
            indexes = {
                "DocNumber": self._books.by_number,
                "CustomerRef": self._books.by_customer,
                "VendorRef": self._books.by_vendor,
            }
        elif name in ("DisplayName", "Name", "FullyQualifiedName") and entity.name in self._books.by_name:
            return [id for text in texts for id in self._books.by_name[entity.name].ids(name_key(text))]
        if name in indexes and all(text.strip() for text in texts):
            index = indexes[name][entity.name]
            return [
                id for text in texts for id in index.ids(text.casefold() if name == "DocNumber" else text)
            ]
        return None

    def _by_dates(self, entity: Entity, conditions: list[tuple[str, Condition]]) -> Iterable[str] | None:
        """Narrow a range of TxnDate; the bounds are kept wide, the tests cut them."""
        low = high = None
        for name, condition in conditions:
            if (
                name != "TxnDate"
                or condition.operator not in ("=", *_ORDERED)
                or not condition.values[0].text.strip()
            ):
                continue
            day = self._day(name, condition.values[0])
            if condition.operator in ("=", ">", ">="):
                low = max(low or day, day)
            if condition.operator in ("=", "<", "<="):
                high = min(high or day, day)
        if not entity.is_transaction or (low is None and high is None):
            return None
        # "~" sorts after every date, so that the day itself is inside.
        return self._books.by_date[entity.name].range(low, None if high is None else high + "~")

    def _by_change(self, entity: Entity, conditions: list[tuple[str, Condition]]) -> Iterable[str] | None:
        for name, condition in conditions:
            if name == "MetaData.LastUpdatedTime" and condition.operator in (">", ">="):
                return self._books.by_change[entity.name].range(int(self._instant(name, condition.values[0])))
        return None

    def _day(self, name: str, value: Literal) -> str:
        if value.kind == "current_date":
            return self._books.today()
        day = times.parse_date(value.text)
        if day is None:
            raise _invalid(f"Invalid value '{value.text}' for property {name}")
        return day.isoformat()

    def _instant(self, name: str, value: Literal) -> float:
        text = self._books.today() if value.kind == "current_date" else value.text
        moment = times.parse_instant(text)
        if moment is None:
            raise _invalid(f"Invalid value '{value.text}' for property {name}")
        return moment.timestamp()

    def _test(self, entity: Entity, name: str, condition: Condition) -> Test:
        if condition.operator == "LIKE":
            return _like(name, condition.values[0].text)
        wanted = [self._value(entity, name, value) for value in condition.values]
        read = _reader(entity, name)
        if condition.operator in ("IN", "="):
            return lambda doc: read(doc) in wanted
        if condition.operator in ("NOT IN", "!="):
            return lambda doc: read(doc) not in wanted
        compare = _COMPARISONS[condition.operator]
        return lambda doc: (value := read(doc)) is not None and compare(value, wanted[0])

    def _value(self, entity: Entity, name: str, value: Literal) -> Any:
        """Return the value in the type of the property, as `_reader` reads it."""
        kind = "t" if name.startswith("MetaData.") else TABLES[entity.name][name].kind
        if not value.text.strip():
            return None
        if kind == "t":
            return int(self._instant(name, value))
        if kind == "d":
            return self._day(name, value)
        if kind in ("n", "i"):
            try:
                return Decimal(value.text)
            except InvalidOperation:
                raise _invalid(f"Invalid value '{value.text}' for property {name}") from None
        if kind == "b":
            return value.text.lower() == "true"
        return value.text.casefold()

    def _order(self, rows: Iterator[Body], ordering: list[tuple[str, bool]]) -> Iterable[Body]:
        if not ordering:
            return rows
        kept = list(rows)
        for name, falling in reversed(ordering):
            kept.sort(key=cmp_to_key(_compare_by(name)), reverse=falling)
        return kept

    def _show(self, entity: Entity, query: Query, doc: Body) -> Body:
        shown = self._render(entity.name, doc)
        wanted = [column.lower() for column in query.columns]
        if "*" in wanted or not wanted:
            if entity.name == "Item" and "Sku" in shown and "sku" not in wanted:
                shown = {key: value for key, value in shown.items() if key != "Sku"}
            return shown
        top = {column.split(".")[0] for column in wanted} | {"id"}
        picked = {key: value for key, value in shown.items() if key.lower() in top}
        return picked | {"domain": "QBO", "sparse": True}


def _invalid(text: str) -> Fault:
    return fault("4001", f"QueryValidationError: {text}", None)


def _id_order(doc: Body) -> tuple[int, str]:
    return (int(doc["Id"]), "") if doc["Id"].isdigit() else (0, doc["Id"])


def _slice(rows: Iterable[Body], first: int, page: int) -> list[Body]:
    picked: list[Body] = []
    for position, row in enumerate(rows, 1):
        if position < first:
            continue
        picked.append(row)
        if len(picked) == page:
            break
    return picked


def _reader(entity: Entity, name: str) -> Callable[[Body], Any]:
    if name.startswith("MetaData."):
        part = name.split(".")[1]
        return lambda doc: times.epoch_of(doc["MetaData"][part]) if part in doc.get("MetaData", {}) else None
    kind = TABLES[entity.name][name].kind
    if kind == "Ref":
        return lambda doc: doc[name]["value"].casefold() if name in doc else None
    if kind in ("Mail", "Tel"):
        part = "Address" if kind == "Mail" else "FreeFormNumber"
        return lambda doc: doc.get(name, {}).get(part, "").casefold() or None
    if kind in ("s", "@"):
        return lambda doc: doc[name].casefold() if name in doc else None
    return lambda doc: doc.get(name)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: other is not None and one < other,
    ">": lambda one, other: other is None or one > other,
    "<=": lambda one, other: other is not None and one <= other,
    ">=": lambda one, other: other is None or one >= other,
}


def _like(name: str, pattern: str) -> Test:
    expression = re.compile(".*".join(re.escape(part) for part in pattern.casefold().split("%")), re.DOTALL)

    def test(doc: Body) -> bool:
        value: Any = doc.get(name)
        holder = as_object(value)
        if holder is not None:
            value = holder.get("Address") or holder.get("FreeFormNumber") or holder.get("value")
        return value is not None and expression.fullmatch(str(value).casefold()) is not None

    return test


def _sort_value(name: str, doc: Body) -> Any:
    if name == "Id":
        return _id_order(doc)
    value: Any = doc
    for part in name.split("."):
        value = (as_object(value) or {}).get(part)
    holder = as_object(value)
    if holder is not None:
        value = holder.get("value") or holder.get("Address")
    if name.startswith("MetaData.") and value:
        return times.epoch_of(value)
    return value.casefold() if isinstance(value, str) else value


def _compare_by(name: str) -> Callable[[Body, Body], int]:
    def compare(one: Body, other: Body) -> int:
        left, right = _sort_value(name, one), _sort_value(name, other)
        if left == right:
            return 0
        if left is None or right is None:
            return -1 if left is None else 1
        return -1 if left < right else 1

    return compare
