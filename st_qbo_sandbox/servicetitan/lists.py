"""The lists: candidates by index, filters, activity, sorting, paging, envelope (reference §3.1).

Belongs here: how every list answers. Does not belong here: which lists and filters there are (the tables).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.servicetitan.filter_tables import filters_of
from st_qbo_sandbox.servicetitan.filters import (
    COMPARED,
    Filter,
    Test,
    any_id,
    any_text,
    any_value,
    compared_test,
    custom_fields_test,
    number_of,
)
from st_qbo_sandbox.servicetitan.list_tables import LISTS, Listing
from st_qbo_sandbox.servicetitan.parameters import Query, read_ids
from st_qbo_sandbox.servicetitan.problems import invalid, not_found
from st_qbo_sandbox.servicetitan.records import Records
from st_qbo_sandbox.servicetitan.schema.reading import Operation, Schema, follow, operations
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.servicetitan.views import View
from st_qbo_sandbox.storage import Document, as_array

DEFAULT_PAGE_SIZE = 50
# What the list engine itself understands; every other declared parameter needs a row in the filter tables.
OWN_PARAMETERS = frozenset(
    [
        "ids",
        "page",
        "pageSize",
        "includeTotal",
        "sort",
        "orderBy",
        "orderByDirection",
        "active",
        "activeState",
        "activeOnly",
        "customField.Fields",
        "customField.Operator",
        "customFields.Fields",
        "customFields.Operator",
        "customField",
        "empty",
        "externalDataApplicationGuid",
        "externalDataKey",
        "externalDataValues",
        "calculatePrices",
        "excludeAccountingChangesFromModifiedDateRange",
    ]
) | {name for first, (second, _) in COMPARED.items() for name in (first, second)}


class ListEngine:
    """Answers one list operation."""

    def __init__(self, operation: Operation, listing: Listing, records: Records) -> None:
        self._operation = operation
        self._listing = listing
        self._records = records
        self._filters = filters_of(operation.module, operation.path)
        row = row_schema(operation)
        self.view = View(operation.module, row)
        self._sortable = _sortable_fields(operation, row)

    def answer(self, query: Query, path: dict[str, str], switches: Switches) -> str:
        """Return the body of the answer.

        Raises:
            RefusalError: 400 or 404.
        """
        rows = self._rows(query, path, switches)
        page, size = _page(query, self._listing, switches)
        shown = rows[(page - 1) * size : page * size]
        application = query.get("externalDataApplicationGuid")
        if query.get("calculatePrices"):
            shown = [{**row, "calculatedPrice": row.get("price")} for row in shown]
        texts = ",".join(self.view.render(row, switches, application) for row in shown)
        if self._listing.bare:
            return f"[{texts}]"
        total = str(len(rows)) if query.get("includeTotal") else "null"
        has_more = "true" if page * size < len(rows) else "false"
        head = f'"page":{page},"pageSize":{size},"hasMore":{has_more},"totalCount":{total}'
        return f'{{{head},"data":[{texts}]}}'

    def _rows(self, query: Query, path: dict[str, str], switches: Switches) -> list[Document]:
        listing = self._listing
        sent = query.values
        query = Query({**listing.defaults, **sent})
        if listing.needs and not any(name in sent for name in listing.needs):
            raise invalid(**{listing.needs[0]: f"One of {', '.join(listing.needs)} must be specified."})
        tests = self._tests(query, switches)
        candidates = self._candidates(query, path, switches)
        rows = [row for row in candidates if all(test(row) for test in tests)]
        return self._sorted(rows, query, switches)

    def _candidates(self, query: Query, path: dict[str, str], switches: Switches) -> Iterable[Document]:
        listing, records = self._listing, self._records
        if listing.parent is not None:
            collection, parameter, index = listing.parent
            parent = records.get(collection, path[parameter])
            if parent is None:
                raise not_found(collection, path[parameter])
            if listing.rows is None:
                return records.having(listing.collection, index, parent["id"])
        if listing.rows is not None:
            return listing.rows(records, path)
        name = listing.collection
        ids = query.get("ids")
        if ids is not None:
            wanted = ids.split(",") if isinstance(ids, str) else ids
            found = (records.get(name, str(id).strip()) for id in dict.fromkeys(wanted))
            return [record for record in found if record is not None]
        return self._indexed(query, switches)

    def _indexed(self, query: Query, switches: Switches) -> Iterable[Document]:
        """Return the fewest records an index can offer: by an equal value, else by a period of time."""
        name, records = self._listing.collection, self._records
        bounds: dict[str, dict[str, str]] = {}
        for parameter, row in self._filters.items():
            value = query.get(parameter)
            if value is None:
                continue
            if row.index is not None and records.has_index(name, row.index):
                wanted = read_ids(value, parameter, switches) if row.reads == "ids" else [value]
                found = {r["id"]: r for one in wanted for r in records.having(name, row.index, one)}
                return list(found.values())
            if row.bound is not None:
                bounds.setdefault(_time_path(row, query), {})[row.bound] = value
        for field, bound in bounds.items():
            order = records.order(name, field)
            if order is not None:
                ids = order.range(bound.get("low"), bound.get("high"))
                return [record for record in (records.get(name, id) for id in ids) if record is not None]
        return records.all(name)

    def _tests(self, query: Query, switches: Switches) -> list[Test]:
        tests: list[Test] = []
        for parameter, row in self._filters.items():
            value = query.get(parameter)
            if value is not None:
                moved = _moved(row, query)
                tests.append(moved.test(_wanted(row, value, parameter, switches), self._records))
        for test in (
            self._ids_test(query, switches),
            self._activity_test(query, switches),
            _custom_fields_test(query),
            _external_data_test(query),
            _empty_entries_test(self._operation, query),
        ):
            if test is not None:
                tests.append(test)
        for amount, (comparer, field) in COMPARED.items():
            if query.get(amount) is not None:
                tests.append(compared_test(field, query.get(amount), query.get(comparer)))
        return tests

    def _ids_test(self, query: Query, switches: Switches) -> Test | None:
        ids = query.get("ids")
        if ids is None:
            return None
        if not isinstance(ids, str):
            return any_value("id").test(ids, self._records)
        if self._operation.path == "journal-entries":
            return any_text("id").test([part.strip().lower() for part in ids.split(",")], self._records)
        return any_id("id").test(read_ids(ids, "ids", switches), self._records)

    def _activity_test(self, query: Query, switches: Switches) -> Test | None:
        declared = {p["name"] for p in self._operation.parameters}
        wanted: str | None = None
        if "active" in declared:
            wanted = query.get("active", "True")
        elif "activeState" in declared:
            fallback = switches.invoices_active_state if self._operation.path == "invoices" else "ActiveOnly"
            wanted = query.get("activeState", fallback)
        elif "activeOnly" in declared:
            wanted = "True" if query.get("activeOnly") else "Any"
        elif self._listing.activity != "all":
            wanted = "True"
        if wanted in (None, "Any", "All"):
            return None
        is_active = wanted in ("True", "ActiveOnly")
        return lambda record: bool(record.get("active", True)) == is_active

    def _sorted(self, rows: list[Document], query: Query, switches: Switches) -> list[Document]:
        asked = query.get("sort")
        if asked is None and query.get("orderBy") is not None:
            descends = str(query.get("orderByDirection", "")).lower() in ("desc", "descending")
            asked = f"{'-' if descends else '+'}{query.get('orderBy')}"
        field, descending = self._sort_field(asked, switches)
        if field is not None:
            rows.sort(key=lambda row: _id_key(row))
            rows.sort(key=lambda row: _sort_key(row.get(field)), reverse=descending)
        elif switches.list_order == "scattered":
            rows.sort(key=_scattered_key)
        elif self._listing.rows is None:
            rows.sort(key=_id_key)
        return rows

    def _sort_field(self, asked: str | None, switches: Switches) -> tuple[str | None, bool]:
        if asked is None:
            return None, False
        if asked[0] == " " and switches.space_before_sort_field == "refuse":
            raise invalid(sort=f"Sorting by '{asked}' is not supported.")
        name = asked.lstrip("+- ")
        field = self._sortable.get(name.lower())
        if field is None and switches.unknown_sort_field == "refuse":
            raise invalid(sort=f"Sorting by '{name}' is not supported.")
        return field, asked[0] == "-"


def row_schema(operation: Operation) -> Schema:
    """Return the schema of one row of a list or feed."""
    whole = follow(operation.module, operation.answer or {})
    rows = whole if whole.get("type") == "array" else follow(operation.module, whole["properties"]["data"])
    return rows["items"]


def schemas_of(collection: str) -> list[tuple[str, Schema]]:
    """Return the modules and row schemas of the lists of a collection."""
    return [
        (name.split("/", 1)[0], row_schema(operations()[f"GET {name}"]))
        for name, listing in LISTS.items()
        if listing.collection == collection
    ]


def _sortable_fields(operation: Operation, row: Schema) -> dict[str, str]:
    """Return the fields a list can be sorted by; where none are listed, every plain field of its rows."""
    parameter = operation.query_parameter("sort") or {}
    properties: dict[str, Schema] = follow(operation.module, row)["properties"]
    listed: Sequence[str] = parameter.get("sortFields") or [
        name for name, inner in properties.items() if "ref" not in inner and inner.get("type") != "array"
    ]
    return {name.lower(): name[:1].lower() + name[1:] for name in listed}


def _page(query: Query, listing: Listing, switches: Switches) -> tuple[int, int]:
    page, size = query.get("page", 1), query.get("pageSize", DEFAULT_PAGE_SIZE)
    if page < 1:
        raise invalid(page="The field Page must be greater than or equal to 1.")
    if size < 1:
        raise invalid(pageSize="The field PageSize must be greater than or equal to 1.")
    if size > listing.maximum and switches.page_size_over_maximum == "refuse":
        raise invalid(pageSize=f"The field PageSize must be between 1 and {listing.maximum}.")
    return page, min(size, listing.maximum)


def _wanted(row: Filter, value: Any, parameter: str, switches: Switches) -> Any:
    if row.reads == "ids":
        return frozenset(read_ids(value, parameter, switches))
    if row.reads == "texts":
        return frozenset(part.strip().lower() for part in value.split(","))
    values = as_array(value)
    return value if values is None else frozenset(values)


def _moved(row: Filter, query: Query) -> Filter:
    """Return the filter, on the date of the last change that is no accounting one if that is asked for."""
    path = _time_path(row, query)
    return row if path == ".".join(row.path) else Filter((path,), row.holds, bound=row.bound)


def _time_path(row: Filter, query: Query) -> str:
    path = ".".join(row.path)
    if path == "modifiedOn" and query.get("excludeAccountingChangesFromModifiedDateRange"):
        return "_contentModifiedOn"
    return path


def _custom_fields_test(query: Query) -> Test | None:
    for name in ("customField", "customFields"):
        wanted = query.get(f"{name}.Fields")
        if wanted:
            return custom_fields_test(wanted, query.get(f"{name}.Operator", "And"))
    wanted = query.get("customField")
    if not wanted:
        return None
    if len(wanted) > 5:
        raise invalid(customField="The maximum number of custom fields is 5.")
    return custom_fields_test(wanted, "And")


def _external_data_test(query: Query) -> Test | None:
    key, values = query.get("externalDataKey"), query.get("externalDataValues")
    if key is None and values is None:
        return None
    if key is None or values is None:
        raise invalid(externalDataKey="externalDataKey and externalDataValues must be provided together.")
    wanted = {part.strip() for part in values.split(",")}
    application = query.get("externalDataApplicationGuid")

    def passes(record: Document) -> bool:
        held: dict[str, list[dict[str, Any]]] = record.get("_externalData") or {}
        return any(
            row["key"] == key and row["value"] in wanted
            for guid, rows in held.items()
            for row in rows
            if application in (None, guid)
        )

    return passes


def _empty_entries_test(operation: Operation, query: Query) -> Test | None:
    if operation.path != "journal-entries" or query.get("ids") is not None:
        return None
    mode = query.get("empty", "IncludeExceptNotSynced")
    if mode == "Include":
        return None
    if mode == "Exclude":
        return lambda record: not record.get("isEmpty")
    return lambda record: not (record.get("isEmpty") and record.get("syncStatus") == "NotSynced")


def _id_key(row: Document) -> tuple[int, Any]:
    id = row.get("id")
    return (0, id) if isinstance(id, int) else (1, str(id))


def _scattered_key(row: Document) -> str:
    return hashlib.sha256(str(row.get("id")).encode()).hexdigest()


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    number = number_of(value) if isinstance(value, str | int | Decimal) else None
    return (1, number) if number is not None else (2, str(value).lower())
