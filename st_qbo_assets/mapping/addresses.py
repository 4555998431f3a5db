"""Postal addresses as QuickBooks writes them.

What belongs here: one address to one `PhysicalAddress`. What does not: which address a document gets.
"""

from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.servicetitan.records import Address

#: Lengths of `PhysicalAddress` (QB §6, common types).
_LENGTHS = {
    "Line1": 500,
    "Line2": 500,
    "City": 255,
    "CountrySubDivisionCode": 255,
    "PostalCode": 30,
    "Country": 255,
}


def physical_address(address: Address | None, lookup: Lookup) -> Json | None:
    """Return the address with the parts that are known; None if nothing is written in it."""
    if address is None or address.is_empty:
        return None
    parts = {
        "Line1": address.street,
        "Line2": address.unit,
        "City": address.city,
        "CountrySubDivisionCode": address.state,
        "PostalCode": address.zip,
        "Country": address.country,
    }
    written = {name: lookup.line_text(part)[: _LENGTHS[name]].strip() for name, part in parts.items()}
    return {name: part for name, part in written.items() if part} or None
