"""JSON that a stranger's server sent: read without ever raising, and taken apart.

What belongs here: bodies of webhooks of either vendor. What does not: what their fields mean.
"""

from datetime import datetime
from typing import Any, cast

from st_qbo_assets.domain.days import parse_instant
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.transport.decimal_json import read_json

_LONGEST = 200


def read_body(body: bytes) -> dict[str, Any] | list[Any] | str:
    """Return the object or array of a body; else why it is none, in a few words."""
    try:
        found: object = read_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "it is no UTF-8 text"
    except RecursionError:
        return "it is nested too deeply"
    except ValueError:
        return "it is no JSON"
    if not isinstance(found, (dict, list)):
        return "it is neither object nor array"
    return cast("dict[str, Any] | list[Any]", found)


def items_of(found: object) -> list[object]:
    """Return what an array holds, or the one thing itself."""
    return cast("list[object]", found) if isinstance(found, list) else [found]


def moment_of(document: Json, name: str) -> datetime | None:
    """Return a time, None if it cannot be read: an event is none the worse for it."""
    try:
        return parse_instant(document.get(name))
    except (ValueError, OverflowError):
        return None


def text_of(document: Json, name: str) -> str:
    """Return an id or name as text, empty if it is none; numbers are taken as their digits."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    try:
        text = str(value)
    except ValueError:
        return ""  # a number of thousands of digits
    return text.strip() if len(text) <= _LONGEST else ""
