"""Giving a value the shape a schema asks for, and saying where it has another.

Belongs here: projection of stored records to answers, completion of new records, validation of answers and
of bodies. Does not belong here: what the fields mean.

Stored records may hold more than any answer shows (names beginning with `_`, fields of another view); a
projection takes what its schema names and leaves the rest.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from st_qbo_sandbox.servicetitan.schema.reading import Schema, follow
from st_qbo_sandbox.storage import as_array, as_object

_NO_DATE = "0001-01-01T00:00:00Z"
_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?"),
    # Journal entries really send `2025-10-13T00:00:00` where the specification says date (reference, quirk
    # 19).
    "date": re.compile(r"\d{4}-\d\d-\d\d(T00:00:00)?"),
    "guid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
_BODY_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


def project(module: str, schema: Schema, value: Any) -> Any:
    """Return the value as the schema shows it: its fields only, null or a default where one is missing."""
    found = follow(module, schema)
    if value is None:
        return None if found.get("nullable") else default(module, found)
    if "properties" in found:
        record = as_object(value)
        return value if record is None else _project_object(module, found, record)
    if found.get("type") == "array":
        rows = as_array(value)
        return value if rows is None else [project(module, found["items"], row) for row in rows]
    return value


def _project_object(module: str, schema: Schema, record: dict[str, Any]) -> dict[str, Any]:
    required = schema.get("required", ())
    shown: dict[str, Any] = {}
    for name, inner in schema["properties"].items():
        value = record.get(name)
        if value is not None and "ref" not in inner and "items" not in inner and "properties" not in inner:
            shown[name] = value
        elif value is not None or inner.get("nullable") or name in required:
            shown[name] = project(module, inner, value)
    return shown


def default(module: str, schema: Schema) -> Any:
    """Return the emptiest value of this schema."""
    found = follow(module, schema)
    if "enum" in found:
        return found["enum"][0]
    kind = found.get("type")
    if "properties" in found:
        return project(module, found, {})
    if kind == "string":
        return _NO_DATE if found.get("format") == "date-time" else ""
    empty: dict[str | None, Any] = {"array": [], "object": {}, "integer": 0, "number": 0, "boolean": False}
    return empty.get(kind)


def mismatches(module: str, schema: Schema, value: Any, where: str = "$") -> list[str]:
    """Return where the value is not what the schema says, in words; empty if it is."""
    found = follow(module, schema)
    if value is None:
        return [] if found.get("nullable") else [f"{where}: null"]
    if "properties" in found:
        return _object_mismatches(module, found, value, where)
    kind = found.get("type")
    if kind == "array":
        rows = as_array(value)
        if rows is None:
            return [f"{where}: {value!r} is no array"]
        return [
            m for n, row in enumerate(rows) for m in mismatches(module, found["items"], row, f"{where}[{n}]")
        ]
    if kind == "object":
        return [] if as_object(value) is not None else [f"{where}: {value!r} is no object"]
    return _scalar_mismatches(found, value, where)


def _object_mismatches(module: str, schema: Schema, value: Any, where: str) -> list[str]:
    record = as_object(value)
    if record is None:
        return [f"{where}: {value!r} is no object"]
    properties = schema["properties"]
    missing = [f"{where}.{name}: missing" for name in schema.get("required", ()) if name not in record]
    unknown = [f"{where}.{name}: unknown" for name in record if name not in properties]
    inner = [
        mismatch
        for name, field in record.items()
        if name in properties
        for mismatch in mismatches(module, properties[name], field, f"{where}.{name}")
    ]
    return missing + unknown + inner


def _scalar_mismatches(schema: Schema, value: Any, where: str) -> list[str]:
    kind, pattern = schema.get("type"), _FORMATS.get(schema.get("format", ""))
    is_bool = isinstance(value, bool)
    fits = {
        "string": isinstance(value, str),
        "boolean": is_bool,
        "integer": isinstance(value, int) and not is_bool,
        "number": isinstance(value, int | Decimal) and not is_bool,
    }.get(str(kind), True)
    if not fits:
        return [f"{where}: {value!r} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {', '.join(schema['enum'])}"]
    if pattern is not None and isinstance(value, str) and not pattern.fullmatch(value):
        return [f"{where}: {value!r} is no {schema['format']}"]
    return []


class BodyError(Exception):
    """A body that does not fit; `errors` maps field to what is wrong, as the vendor's error body does."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()))
        self.errors = errors


def read_body(module: str, schema: Schema, body: Any) -> Any:
    """Return the body with unknown fields dropped and numbers in text read as numbers.

    A null where the schema allows none counts as not sent.

    Raises:
        BodyError: a required field is missing, or a value cannot be read.
    """
    errors: dict[str, list[str]] = {}
    taken = _take(module, schema, body, "", errors)
    if errors:
        raise BodyError(errors)
    return taken


def _take(module: str, schema: Schema, value: Any, where: str, errors: dict[str, list[str]]) -> Any:
    found = follow(module, schema)
    if value is None:
        return None
    kind = found.get("type")
    if "properties" in found or kind == "object":
        record = as_object(value)
        if record is None:
            errors[where or "$"] = [f"Error converting value {value!r} to an object."]
            return None
        return record if "properties" not in found else _take_object(module, found, record, where, errors)
    if kind == "array":
        rows = as_array(value)
        if rows is None:
            errors[where or "$"] = [f"Error converting value {value!r} to a list."]
            return None
        return [_take(module, found["items"], row, f"{where}[{n}]", errors) for n, row in enumerate(rows)]
    try:
        return _take_scalar(found, value)
    except (ValueError, InvalidOperation):
        errors[where or "$"] = [f"Could not convert value {value!r} to {kind}."]
        return None


def _take_object(
    module: str, schema: Schema, record: dict[str, Any], where: str, errors: dict[str, list[str]]
) -> dict[str, Any]:
    taken: dict[str, Any] = {}
    for name, inner in schema["properties"].items():
        path = f"{where}.{name}" if where else name
        value = record.get(name)
        if value is not None:
            taken[name] = _take(module, inner, value, path, errors)
        elif name in record and inner.get("nullable"):
            taken[name] = None
        elif name in schema.get("required", ()):
            errors[path] = [f"The {name} field is required."]
    return taken


def _take_scalar(schema: Schema, value: Any) -> Any:
    kind = schema.get("type")
    if "enum" in schema:
        for choice in schema["enum"]:
            if str(choice).lower() == str(value).lower():
                return choice
        raise ValueError(value)
    if kind == "boolean":
        if not isinstance(value, bool):
            raise ValueError(value)
        return value
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise ValueError(value)
    if kind == "integer":
        number = Decimal(str(value))
        if number != number.to_integral_value():
            raise ValueError(value)
        return int(number)
    if kind == "number":
        return Decimal(str(value))
    text = str(value)
    if schema.get("format") in ("date-time", "date") and not _BODY_DATE.fullmatch(text):
        raise ValueError(value)
    return text
