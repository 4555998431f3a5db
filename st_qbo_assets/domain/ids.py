"""Typed ids and the name of a source record.

What belongs here: ids and their text forms. What does not: what the ids point to.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Company = NewType("Company", str)
Tenant = NewType("Tenant", str)
Realm = NewType("Realm", str)
RequestId = NewType("RequestId", str)


class Entity(StrEnum):
    """The kinds of source records; the value is the singular used in references and markers."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    ITEM = "item"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_MEMO = "credit_memo"
    PURCHASE_ORDER = "purchase_order"
    BILL = "bill"
    VENDOR_CREDIT = "vendor_credit"
    BILL_PAYMENT = "bill_payment"

    @property
    def plural(self) -> str:
        """The name used in asset keys (`invoices`)."""
        return f"{self.value}s"

    @property
    def label(self) -> str:
        """The words shown to people and written into markers (`credit memo`)."""
        return self.value.replace("_", " ")


#: Key of an item's body that is never sent: the id of its record in ServiceTitan's price book, by which its
#: link is found again when the SKU has another code.
PRICEBOOK = "?pricebook"

_NAMES = frozenset(member.value for member in Entity)


@dataclass(frozen=True, order=True)
class SourceRef:
    """One source record, or one part of it: `invoice:8001001`, `payment:9/refund`.

    An item's id is its identity in QuickBooks, `<SKU>|<GL account>` (rule 2.1).
    """

    entity: Entity
    id: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.entity.value}:{self.id}" + (f"/{self.part}" if self.part else "")

    @property
    def record(self) -> "SourceRef":
        """The whole record, of which this may be a part."""
        return SourceRef(self.entity, self.id) if self.part else self

    @classmethod
    def parse(cls, text: str) -> "SourceRef":
        """Return the reference written as text.

        Raises:
            ValueError: if the text is no reference.
        """
        entity, colon, rest = text.partition(":")
        if not colon or entity not in _NAMES or not rest:
            raise ValueError(f"not a source reference: {text!r}")
        if Entity(entity) is Entity.ITEM:
            return cls(Entity.ITEM, rest)
        id_, _, part = rest.partition("/")
        return cls(Entity(entity), id_, part)


_LOCATION = "location"


def location_part(location_id: str) -> str:
    """Return the part of a customer that is the sub-customer of one of its service locations."""
    return f"{_LOCATION}{location_id}"


def is_location(source: SourceRef) -> bool:
    """Say whether a source is a service location that became a sub-customer."""
    return source.entity is Entity.CUSTOMER and source.part.startswith(_LOCATION)


def is_symbolic(value: object) -> bool:
    """Say whether a reference value in a payload is symbolic (`customer:123`) and not a QuickBooks id."""
    return isinstance(value, str) and ":" in value and value.partition(":")[0] in _NAMES


#: Written after the marker of a bill that ServiceTitan holds back from being paid.
ON_HOLD = " - on hold, do not pay"
_MARKER = re.compile(
    r"ServiceTitan ([a-z]+(?: [a-z]+)?) (\d+)(?:/([a-z][a-z0-9_]*))?(?: tenant (\d+))?(?!\w)"
)


def marker(source: SourceRef, *, tenant: Tenant | None = None) -> str:
    """Return the one marker of a document, e.g. `ServiceTitan invoice 8001001` (rule 2.6).

    The tenant is appended only where several tenants feed one realm.
    """
    part = f"/{source.part}" if source.part else ""
    return f"ServiceTitan {source.entity.label} {source.id}{part}" + (f" tenant {tenant}" if tenant else "")


def find_markers(note: str | None) -> tuple[SourceRef, ...]:
    """Return the markers in a QuickBooks `PrivateNote`, wherever they stand.

    The match is anchored at word ends: `800100` is not `8001001`. A void prepends "Voided".
    """
    found: list[SourceRef] = []
    for match in _MARKER.finditer(note or ""):
        name = match.group(1).replace(" ", "_")
        if name in _NAMES:
            found.append(SourceRef(Entity(name), match.group(2), match.group(3) or ""))
    return tuple(found)
