"""Postal addresses: their ids, and what becomes of one that is changed through a transaction.

Belongs here: reference §6 PhysicalAddress and the free-form quirk of §3.2. Does not belong here: copying
from a customer (`sales.py`).
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.faults import Fault, too_long

_PARTS = (
    "Line1",
    "Line2",
    "Line3",
    "Line4",
    "Line5",
    "City",
    "CountrySubDivisionCode",
    "PostalCode",
    "Country",
)
_LINES_TOGETHER_MAX = 2000


def number_addresses(call: Call, doc: Body, names: tuple[str, ...]) -> None:
    """Give each address an id.

    Raises:
        Fault: 2050 if the lines of one are longer than 2000 characters together.
    """
    for name in names:
        address = doc.get(name)
        if address is None:
            continue
        length = sum(len(address.get(f"Line{number}", "")) for number in range(1, 6))
        if length > _LINES_TOGETHER_MAX:
            raise Fault(too_long(name, _LINES_TOGETHER_MAX, length))
        if "Id" not in address:
            address["Id"] = call.books.next_id("address")


def is_same(one: Body, other: Body | None) -> bool:
    """Whether two addresses say the same."""
    return other is not None and all(one.get(part) == other.get(part) for part in _PARTS)


def free_form(call: Call, new: Body, old: Body | None, customer: Body) -> Body:
    """Return a changed address as QuickBooks gives it back: names first, the city in the last line."""
    if is_same(new, old):
        return dict(old or {})
    names = [customer.get("DisplayName"), customer.get("CompanyName")]
    head = [name for name in dict.fromkeys(names) if name]
    lines = [new[f"Line{number}"] for number in range(1, 6) if f"Line{number}" in new]
    if lines[: len(head)] == head:
        head = []
    place = ", ".join(part for part in (new.get("City"), new.get("CountrySubDivisionCode")) if part)
    tail = "  ".join(part for part in (place, new.get("PostalCode")) if part)
    flowing = [*head, *lines, *([tail] if tail else [])]
    while len(flowing) > 5:
        flowing[3:5] = [f"{flowing[3]} {flowing[4]}"]
    return {f"Line{number}": text for number, text in enumerate(flowing, 1)}
