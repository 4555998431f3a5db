"""Reading query parameters by their declared types.

Belongs here: what a parameter's text means, and 400 for a text that means nothing. Does not belong here:
filtering.

Unknown parameters are ignored, as the vendor does (reference §2.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request

from st_qbo_sandbox.servicetitan.problems import VALIDATION_TITLE, RefusalError
from st_qbo_sandbox.servicetitan.schema.reading import Operation, Schema, follow
from st_qbo_sandbox.servicetitan.stamps import key_of
from st_qbo_sandbox.servicetitan.switches import Switches

_MAP_KEY = re.compile(r"(?P<map>[A-Za-z]+(?:\.Fields)?)(?:\[(?P<inner>[^\]]+)\]|\.(?P<dotted>.+))")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


@dataclass
class Query:
    """The declared parameters of a request that were sent, read; arrays as lists, maps as dicts."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])

    def get(self, name: str, fallback: Any = None) -> Any:
        """Return a parameter's value."""
        return self.values.get(name, fallback)


def read_query(operation: Operation, request: Request, switches: Switches) -> Query:
    """Read the declared query parameters.

    Raises:
        RefusalError: 400, naming each parameter that cannot be read.
    """
    query, errors = Query(), dict[str, list[str]]()
    for parameter in operation.parameters:
        if parameter["in"] != "query":
            continue
        name: str = parameter["name"]
        try:
            value = _read_parameter(operation.module, parameter, request, switches)
        except (ValueError, InvalidOperation) as error:
            shown = name[:1].upper() + name[1:]
            errors[name] = [f"The value '{_shown(request, name, error)}' is not valid for {shown}."]
            continue
        if value is not None:
            query.values[name] = value
        elif parameter.get("required"):
            errors[name] = [f"The {name} field is required."]
    if errors:
        raise RefusalError(400, VALIDATION_TITLE, errors)
    return query


def read_ids(text: str, name: str, switches: Switches) -> list[int]:
    """Read a comma list of ids.

    Raises:
        RefusalError: 400, an id is no number or there are too many.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(re.fullmatch(r"-?\d+", part) for part in parts):
        raise RefusalError(400, VALIDATION_TITLE, {name: [f"The value '{text}' is not valid for {name}."]})
    if len(parts) > switches.ids_maximum:
        raise RefusalError(
            400, VALIDATION_TITLE, {name: [f"The maximum number of items is {switches.ids_maximum}."]}
        )
    return [int(part) for part in parts]


def _shown(request: Request, name: str, error: Exception) -> str:
    return str(error) if isinstance(error, _BadValueError) else request.query_params.get(name, "")


class _BadValueError(ValueError):
    pass


def _read_parameter(module: str, parameter: Schema, request: Request, switches: Switches) -> Any:
    name = parameter["name"]
    found = follow(module, parameter) if "ref" in parameter else parameter
    if found.get("type") == "object":
        return _read_map(name, request) or None
    texts = [text for text in request.query_params.getlist(name) if text != ""]
    if not texts:
        return None
    if found.get("type") == "array":
        inner = follow(module, found["items"])
        return [_read_text(inner, text, exact=False) for text in texts]
    return _read_text(found, texts[0], exact=name == "active" and switches.active_is_case_sensitive)


def _read_text(schema: Schema, text: str, *, exact: bool) -> Any:
    if "enum" in schema:
        for choice in schema["enum"]:
            if text == choice or (not exact and text.lower() == str(choice).lower()):
                return choice
        raise _BadValueError(text)
    reader = _READERS.get((schema.get("type"), schema.get("format"))) or _READERS.get(
        (schema.get("type"), None)
    )
    try:
        return text if reader is None else reader(text)
    except (ValueError, InvalidOperation) as error:
        raise _BadValueError(text) from error


def _read_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _read_int(text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?\d{1,19}\s*", text):
        raise ValueError(text)
    return int(text)


def _read_number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _read_guid(text: str) -> str:
    if not _GUID.fullmatch(text):
        raise ValueError(text)
    return text.lower()


_READERS: dict[tuple[Any, str | None], Callable[[str], Any]] = {
    ("boolean", None): _read_bool,
    ("integer", None): _read_int,
    ("number", None): _read_number,
    ("string", "date-time"): key_of,
    ("string", "date"): key_of,
    ("string", "guid"): _read_guid,
}


def _read_map(name: str, request: Request) -> dict[str, str]:
    """Read `name[key]=value` or `name.key=value`; the wire form is inferred (reference §3.1)."""
    taken: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        match = _MAP_KEY.fullmatch(key)
        if match is not None and match["map"] == name:
            taken[match["inner"] or match["dotted"]] = value
    return taken
