"""XML answers, which QuickBooks gives to clients that do not ask for JSON.

Belongs here: from a JSON body to XML. Does not belong here: deciding who gets it (`api_routes.py`). Requests
in XML are not read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from st_qbo_sandbox.storage import as_array, as_object

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NAMESPACE = "http://schema.intuit.com/finance/v3"
_ATTRIBUTES = ("domain", "sparse", "status", "startPosition", "maxResults", "totalCount", "time", "bId")
_FAULT_ATTRIBUTES = ("type", "code", "element")
_REFERENCE_ATTRIBUTES = ("name", "type")


def write_xml(body: dict[str, Any]) -> str:
    """Return the whole body inside `IntuitResponse`."""
    return _HEAD + _element("IntuitResponse", body, f' xmlns="{_NAMESPACE}"')


def _element(name: str, value: Any, extra: str = "") -> str:
    items = as_array(value)
    if items is not None:
        return "".join(_element(name, item) for item in items)
    inner = as_object(value)
    if inner is None:
        return f"<{name}>{escape(_text(value))}</{name}>"
    attributes = _attributes_of(name, inner)
    written = extra + "".join(f" {key}={quoteattr(_text(inner[key]))}" for key in inner if key in attributes)
    if "value" in inner and name != "NameValue":
        content = escape(_text(inner["value"]))
    else:
        content = "".join(_element(key, part) for key, part in inner.items() if key not in attributes)
    return f"<{name}{written}>{content}</{name}>"


def _attributes_of(name: str, inner: dict[str, Any]) -> tuple[str, ...]:
    if name in ("Fault", "Error"):
        return _FAULT_ATTRIBUTES
    return _REFERENCE_ATTRIBUTES if "value" in inner else _ATTRIBUTES


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else str(value)
