"""Reading QuickBooks' faults and looking them up in the table.

What belongs here: finding errors in an answer whatever their case, the class of a fault, and what 6140
says of the number's holder. What does not: the rows (`fault_table`) and acting on them (client, load).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.quickbooks.fault_table import FAULTS, UNKNOWN, FaultClass, FaultKind

__all__ = [
    "FAULTS",
    "UNKNOWN",
    "FaultClass",
    "FaultKind",
    "RawFault",
    "TakenNumber",
    "classify",
    "explain",
    "fault_kind",
    "find_faults",
    "taken_number",
]


def fault_kind(code: str, text: str = "") -> FaultKind:
    """Return the row of a code; `text` is message and detail together."""
    for kind in FAULTS:
        if kind.matches(code, text):
            return kind
    return UNKNOWN


def classify(fault: RemoteFault) -> FaultClass:
    """Return what to do about a fault."""
    return explain(fault).fault_class


def explain(fault: RemoteFault) -> FaultKind:
    """Return the plain words, cause and remedy of a fault."""
    return fault_kind(fault.code, f"{fault.message} {fault.detail}")


@dataclass(frozen=True)
class TakenNumber:
    """Who holds a document number, as 6140 tells it; `txn_type` without spaces (`JournalEntry`)."""

    number: str
    txn_type: str
    txn_id: str


_TAKEN = re.compile(r"DocNumber=(?P<number>.*?) is assigned to TxnType=(?P<type>.*?) with TxnId=(?P<id>\d+)")


def taken_number(fault: RemoteFault) -> TakenNumber | None:
    """Return the document that holds the number of a 6140, None if the detail does not say."""
    match = _TAKEN.search(fault.detail) or _TAKEN.search(fault.message)
    if match is None:
        return None
    return TakenNumber(match["number"], match["type"].replace(" ", ""), match["id"])


@dataclass(frozen=True)
class RawFault:
    """One error of a fault as it was written, capital or lower case (§4.1, §4.2)."""

    code: str
    message: str
    detail: str
    element: str
    type: str


def find_faults(body: object) -> tuple[RawFault, ...]:
    """Return the errors of an answer or batch item; empty if it holds no `Fault` or `fault`."""
    fault = _get(body, "Fault")
    if not isinstance(fault, dict):
        return ()
    fault = cast("dict[str, Any]", fault)
    errors = _get(fault, "Error")
    rows = cast("list[object]", errors) if isinstance(errors, list) else []
    kind = _text(_get(fault, "type"))
    found = [
        RawFault(
            code=_code(row),
            message=_text(_get(row, "Message")),
            detail=_text(_get(row, "Detail")),
            element=_text(_get(row, "element")),
            type=kind,
        )
        for row in rows
    ]
    return tuple(found) or (
        RawFault(code="", message="fault without errors", detail="", element="", type=kind),
    )


def _code(row: object) -> str:
    code = _text(_get(row, "code"))
    if code:
        return code.lstrip("0") or code
    # Gateways put the code into the message: "message=ThrottleExceeded; errorCode=003001; statusCode=429".
    match = re.search(r"errorCode=0*(\d+)", _text(_get(row, "Message")))
    return match[1] if match else ""


def _get(obj: object, name: str) -> object:
    """Return a property whatever its case; gateways write the same words in lower case."""
    if not isinstance(obj, Mapping):
        return None
    mapping = cast("Mapping[str, Any]", obj)
    if name in mapping:
        return mapping[name]
    wanted = name.casefold()
    return next((value for key, value in mapping.items() if key.casefold() == wanted), None)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
