"""The company: its CompanyInfo and Preferences objects, and what the preferences decide.

Belongs here: reading preferences. Does not belong here: switches of the sandbox.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.quickbooks.books import Body, Books, copy_of
from st_qbo_sandbox.quickbooks.company_defaults import new_company_info, new_preferences
from st_qbo_sandbox.storage import as_object


def merge(base: Body, patch: Body) -> Body:
    """Return `base` with `patch` laid over it; None takes a key out, NameValue lists merge by name."""
    merged = copy_of(base)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif (inner := as_object(value)) is not None and as_object(merged.get(key)) is not None:
            merged[key] = merge(merged[key], inner)
        elif key == "NameValue" and isinstance(merged.get(key), list):
            pairs: list[Body] = [*merged[key], *value]
            merged[key] = list({pair["Name"]: pair for pair in pairs}.values())
        else:
            merged[key] = copy_of(value)
    return merged


class Company:
    """Reads what the company has decided."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def set_up(self) -> None:
        """Give a new company its two singletons."""
        stamp = self.books.stamp()
        if self.books.get("CompanyInfo", "1") is None:
            self.books.put("CompanyInfo", "1", new_company_info(stamp))
        if self.books.get("Preferences", "1") is None:
            self.books.put("Preferences", "1", new_preferences(stamp))

    def preference(self, group: str, name: str, default: Any = None) -> Any:
        """Return one preference."""
        preferences = self.books.get("Preferences", "1") or {}
        return preferences.get(group, {}).get(name, default)

    def other_preference(self, name: str) -> str | None:
        """Return one of the name-value preferences as text."""
        for pair in self.preference("OtherPrefs", "NameValue", []):
            if pair["Name"] == name:
                value = pair["Value"]
                return str(value).lower() if isinstance(value, bool) else str(value)
        return None

    def is_other_on(self, name: str) -> bool:
        """Whether a name-value preference says true."""
        return (self.other_preference(name) or "").lower() == "true"

    @property
    def edition(self) -> str:
        """What is subscribed to, as "QuickBooks Online Plus"."""
        pairs = (self.books.get("CompanyInfo", "1") or {}).get("NameValue", [])
        return next((str(pair["Value"]) for pair in pairs if pair["Name"] == "OfferingSku"), "")

    @property
    def is_plus(self) -> bool:
        """Whether the edition has purchase orders and inventory (reference §6.7, §6.8)."""
        return self.edition.endswith(("Plus", "Advanced", "Accountant"))

    @property
    def book_close_date(self) -> str | None:
        """The last day of the closed period."""
        return self.preference("AccountingInfoPrefs", "BookCloseDate")

    @property
    def home_currency(self) -> Body:
        """The home currency as a reference."""
        currency = self.preference("CurrencyPrefs", "HomeCurrency", "USD")
        if isinstance(currency, str):
            return {"value": currency, "name": "United States Dollar" if currency == "USD" else currency}
        return {"value": currency["value"], "name": currency.get("name", "United States Dollar")}

    @property
    def has_multicurrency(self) -> bool:
        """Whether transactions may be in other currencies."""
        return bool(self.preference("CurrencyPrefs", "MultiCurrencyEnabled", False))

    @property
    def tax_model(self) -> str:
        """`none`, `automated` or `manual`, by the three states of PartnerTaxEnabled (reference §6.14)."""
        prefs = (self.books.get("Preferences", "1") or {}).get("TaxPrefs", {})
        if not prefs.get("UsingSalesTax"):
            return "none"
        partner = prefs.get("PartnerTaxEnabled")
        if partner is None:
            return "manual"
        return "automated" if partner else "none"

    @property
    def zero(self) -> Decimal:
        """Nothing, as money."""
        return Decimal(0)
