"""Access to loose JSON: what is missing or of another shape is empty, never an error.

What belongs here: the three accessors both vendors' records are read with. What does not: amounts
and dates, whose faults are remembered by those who read them.
"""

from typing import Any, cast

from st_qbo_assets.domain.outcomes import Json


def as_object(value: object) -> Json:
    """Return the value if it is an object, else an empty one."""
    return cast(Json, value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return the value if it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return the value as trimmed text; missing is empty."""
    return "" if value is None else str(value).strip()
