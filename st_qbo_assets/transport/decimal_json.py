"""JSON in which every number with a point is a `Decimal`.

What belongs here: reading and writing. What does not: which values are money.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast


def read_json(text: str) -> Any:
    """Return parsed JSON; numbers with a point are Decimal, whole ones int.

    Raises:
        ValueError: if the text is no JSON, or holds NaN or Infinity.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def write_json(value: object) -> bytes:
    """Return JSON in plain ASCII, Decimal written as numbers with all their digits.

    Escaping every other character keeps the body valid UTF-8 whatever the text holds (QuickBooks
    reference §2.2).

    Raises:
        TypeError: if a float is in it: an amount that went through a float may be wrong already.
    """
    # Loaded on the first write: many processes only read.
    import simplejson

    _refuse_floats(value)
    return simplejson.dumps(value, use_decimal=True, separators=(",", ":")).encode("ascii")


def _refuse(constant: str) -> None:
    raise ValueError(f"not a number a ledger can hold: {constant}")


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError(f"a float in a request body: {value!r}; use Decimal")
    if isinstance(value, Mapping):
        for item in cast("Mapping[str, object]", value).values():
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in cast("list[object]", value):
            _refuse_floats(item)
