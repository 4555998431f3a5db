"""The one table of the fields of customers and vendors: who owns them, which way they travel, how long.

What belongs here: the rows, which the guide prints. What does not: how a field is read or written
(`sides`), and who wins (`three_way`).
"""

from dataclasses import dataclass
from enum import StrEnum

from st_qbo_assets.domain import names
from st_qbo_assets.domain.masters import notes


class Direction(StrEnum):
    """Which way the values of a field travel."""

    BOTH = "both"
    TO_QUICKBOOKS = "to QuickBooks"
    TO_SERVICETITAN = "to ServiceTitan"


@dataclass(frozen=True)
class FieldRule:
    """One row of the table.

    Attributes:
        name: as policies and conflicts name it.
        servicetitan: where it stands there.
        quickbooks: where it stands there.
        length: the most QuickBooks takes; 0 where it is no text.
        rule: what is special about it, in one sentence.
        vendor: whether vendors have it too, and where in ServiceTitan.
        is_vendor_only: whether only vendors have it.
        kinds: types of the ServiceTitan contacts it is the primary one of, preferred first.
    """

    name: str
    servicetitan: str
    quickbooks: str
    direction: Direction
    length: int
    rule: str
    vendor: str = ""
    is_vendor_only: bool = False
    kinds: tuple[str, ...] = ()

    @property
    def is_contact(self) -> bool:
        """Whether it is a contact of its own in ServiceTitan, with a stamp of its own."""
        return bool(self.kinds)


_CONTACT = "the chosen contact of its kind; the others stay, and a choice moves only if it is deleted"

FIELDS: tuple[FieldRule, ...] = (
    FieldRule(
        "name",
        "name",
        "DisplayName",
        Direction.BOTH,
        names.DISPLAY_NAME_LENGTH,
        "made legal and unique with a suffix that never travels back; each side keeps its own style",
        vendor="name",
    ),
    FieldRule(
        "parts",
        "name",
        "GivenName, FamilyName, CompanyName",
        Direction.TO_QUICKBOOKS,
        names.NAME_PART_LENGTH,
        "taken from the name as long as nobody changed them in QuickBooks",
    ),
    FieldRule(
        "email", "contacts", "PrimaryEmailAddr", Direction.BOTH, names.EMAIL_LENGTH, _CONTACT,
        vendor="contactInfo.email", kinds=("Email",),
    ),
    FieldRule(
        "phone", "contacts", "PrimaryPhone", Direction.BOTH, names.PHONE_LENGTH,
        _CONTACT + "; a mobile number stands in where there is no other",
        vendor="contactInfo.phone", kinds=("Phone", "MobilePhone"),
    ),
    FieldRule(
        "mobile", "contacts", "Mobile", Direction.BOTH, names.PHONE_LENGTH, _CONTACT, kinds=("MobilePhone",),
    ),
    FieldRule(
        "fax", "contacts", "Fax", Direction.BOTH, names.PHONE_LENGTH, _CONTACT,
        vendor="contactInfo.fax", kinds=("Fax",),
    ),
    FieldRule(
        "address", "address", "BillAddr", Direction.BOTH, 500,
        "one value; free-form ones of QuickBooks and ones without street, city, state or postal code never "
        "reach ServiceTitan",
        vendor="address",
    ),
    FieldRule(
        "service", "locations.address", "ShipAddr", Direction.BOTH, 500,
        "of the location that was seen first, as long as it is active; as with `address`",
    ),
    FieldRule(
        "terms", "paymentTermId", "SalesTermRef", Direction.BOTH, 0,
        "by name, through `terms`; a vendor's reach ServiceTitan when it is made there, since it never shows "
        "them again",
    ),
    FieldRule(
        "exempt", "taxExempt", "Taxable, TaxExemptionReasonId", Direction.TO_QUICKBOOKS, 0,
        "with the reason under `tax.exempt_reason`; without one it is held",
    ),
    FieldRule(
        "active", "active", "Active", Direction.BOTH, 0,
        "a customer with an open balance is not made inactive in QuickBooks",
        vendor="active",
    ),
    FieldRule(
        "notes", "notes of people", "Notes, our part", Direction.TO_QUICKBOOKS, notes.LENGTH,
        "the newest that fit, pinned ones first, between two lines of ours; read whenever the customer is "
        "looked at, since ServiceTitan does not tell that a note was added",
    ),
    FieldRule(
        "remarks", "one note, `From QuickBooks: …`", "Notes, the rest", Direction.TO_SERVICETITAN,
        notes.LENGTH,
        "what people wrote in QuickBooks; a change makes the note anew, since ServiceTitan edits none",
    ),
    FieldRule(
        "person", "contactInfo.firstName, lastName", "GivenName, FamilyName", Direction.BOTH,
        names.NAME_PART_LENGTH, "the person to speak to", vendor="contactInfo", is_vendor_only=True,
    ),
)  # fmt: skip

BY_NAME = {field.name: field for field in FIELDS}
CUSTOMER_FIELDS = tuple(field for field in FIELDS if not field.is_vendor_only)
VENDOR_FIELDS = tuple(field for field in FIELDS if field.vendor)
