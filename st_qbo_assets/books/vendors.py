"""Vendors as the two products name them, under one key, for comparing what is owed by vendor.

What belongs here: that key and its name. What does not: linking vendors (load), and reading their names.

The key of a vendor is his QuickBooks id; one who is not in QuickBooks has a key of his own, so that nothing
is ever dropped.
"""

from st_qbo_assets.books.documents import QboDocument, StDocument
from st_qbo_assets.books.evidence import Evidence

_PREFIX = "vendor "
_UNLINKED = "vendor of ServiceTitan "


class Vendors:
    """Gives keys, and remembers the names that documents gave them."""

    def __init__(self, evidence: Evidence) -> None:
        """Take the links of vendors from the evidence."""
        self._evidence = evidence
        self._names: dict[str, str] = {}

    def key_of(self, document: StDocument | QboDocument) -> str:
        """Return the key of the vendor a document is owed to; a QuickBooks name goes before others."""
        if isinstance(document, QboDocument):
            key = f"{_PREFIX}{document.customer_id}"
            self._names[key] = document.customer or self._names.get(key, "")
            return key
        linked = self._evidence.linked_to(document)
        key = f"{_PREFIX}{linked}" if linked else f"{_UNLINKED}{document.customer_id or 'not named'}"
        self._names.setdefault(key, document.customer)
        return key

    def name(self, key: str) -> str:
        """Return what to show for a key; empty if it is none of a vendor."""
        if not key.startswith(_PREFIX):
            return ""
        return self._names.get(key) or key
