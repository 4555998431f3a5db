"""Entries of QuickBooks' reference lists, its settings and its company info, as values.

What belongs here: the values, and reading each from QuickBooks' JSON. What does not: fetching and
finding them (`reference`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.outcomes import Json

_WITH_INVENTORY = ("Plus", "Advanced", "Accountant")
_DELETED = re.compile(r"\s*\(deleted(?:-\d+)?\)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Account:
    """An account of the chart.

    Attributes:
        full_name: with its parents, `Parent:Child`.
        number: empty if account numbers are off.
        type: `AccountType`, e.g. `Income`, `Bank`, `Other Current Asset`.
        sub_type: `AccountSubType`, e.g. `UndepositedFunds`.
        classification: Asset, Equity, Expense, Liability or Revenue.
    """

    id: str
    name: str
    full_name: str
    number: str = ""
    type: str = ""
    sub_type: str = ""
    classification: str = ""

    @property
    def label(self) -> str:
        """Number and full name, as people speak of it."""
        return f"{self.number} {self.full_name}".strip()


@dataclass(frozen=True)
class ListEntry:
    """A class, department (location) or payment method."""

    id: str
    name: str
    full_name: str

    @property
    def label(self) -> str:
        """The full name."""
        return self.full_name


@dataclass(frozen=True)
class Term:
    """A payment term; standard ones have `due_days`, date driven ones `day_of_month_due`."""

    id: str
    name: str
    due_days: int | None = None
    day_of_month_due: int | None = None
    due_next_month_days: int | None = None

    @property
    def full_name(self) -> str:
        """The name; terms have no parents."""
        return self.name

    @property
    def label(self) -> str:
        """The name."""
        return self.name


@dataclass(frozen=True)
class TaxCode:
    """A tax code.

    Attributes:
        rate_percent: sum of its sales rates (8.25), None if it has none.
        is_group: false for the pseudo codes `TAX` and `NON`.
    """

    id: str
    name: str
    taxable: bool = False
    is_group: bool = False
    rate_percent: Decimal | None = None

    @property
    def full_name(self) -> str:
        """The name; tax codes have no parents."""
        return self.name

    @property
    def label(self) -> str:
        """The name."""
        return self.name


@dataclass(frozen=True)
class SalesItem:
    """An item that the company file names, for write-offs or for tax on a line of its own.

    Attributes:
        account_id: its income account, which its lines post to.
    """

    id: str
    name: str
    full_name: str
    account_id: str

    @property
    def label(self) -> str:
        """The full name."""
        return self.full_name


@dataclass(frozen=True)
class Preferences:
    """The company's settings that decide what may be sent.

    Attributes:
        auto_apply_credit: QuickBooks applies open credits by itself (rule 3.3).
        book_close_date: the last closed day; None if the books are open.
        track_by_customer: lines of bills may name a customer.
        quantity_on_hand: goods are counted; where it is not said, QuickBooks decides when asked.
        partner_tax_enabled: automated sales tax on (true), not set up (false), older model (None).
    """

    class_per_line: bool = False
    class_per_txn: bool = False
    track_departments: bool = False
    custom_txn_numbers: bool = False
    auto_apply_credit: bool = False
    use_account_numbers: bool = False
    allow_discount: bool = False
    book_close_date: date | None = None
    using_sales_tax: bool = False
    partner_tax_enabled: bool | None = None
    multicurrency: bool = False
    home_currency: str = ""
    track_by_customer: bool = True
    quantity_on_hand: bool = True


@dataclass(frozen=True)
class CompanyInfo:
    """Name, country, edition and subscription of the company file."""

    name: str = ""
    legal_name: str = ""
    country: str = ""
    edition: str = ""
    subscription: str = ""
    start_date: date | None = None

    @property
    def is_us(self) -> bool:
        """Whether it is a US company; both the old and the ISO-3 spelling occur."""
        return self.country.upper() in ("US", "USA", "UNITED STATES")

    @property
    def may_count_goods(self) -> bool:
        """Whether its edition can have inventory (QB §6.7); one that does not say its name is asked."""
        return not self.edition or any(name in self.edition for name in _WITH_INVENTORY)


def read_preferences(body: Json) -> Preferences:
    """Return the settings we need out of a Preferences object; what is absent is off."""
    accounting = _section(body, "AccountingInfoPrefs")
    sales = _section(body, "SalesFormsPrefs")
    tax = _section(body, "TaxPrefs")
    currency = _section(body, "CurrencyPrefs")
    partner = tax.get("PartnerTaxEnabled")
    tracking = _section(body, "VendorAndPurchasesPrefs").get("TrackingByCustomer")
    counting = _section(body, "ProductAndServicesPrefs").get("QuantityOnHand")
    return Preferences(
        class_per_line=_flag(accounting.get("ClassTrackingPerTxnLine")),
        class_per_txn=_flag(accounting.get("ClassTrackingPerTxn")),
        track_departments=_flag(accounting.get("TrackDepartments")),
        custom_txn_numbers=_flag(sales.get("CustomTxnNumbers")),
        auto_apply_credit=_flag(sales.get("AutoApplyCredit")),
        use_account_numbers=_flag(accounting.get("UseAccountNumbers")),
        allow_discount=_flag(sales.get("AllowDiscount")),
        book_close_date=parse_business_date(accounting.get("BookCloseDate")),
        using_sales_tax=_flag(tax.get("UsingSalesTax")),
        partner_tax_enabled=None if partner is None else _flag(partner),
        multicurrency=_flag(currency.get("MultiCurrencyEnabled")),
        track_by_customer=tracking is None or _flag(tracking),
        quantity_on_hand=counting is None or _flag(counting),
        home_currency=text_of(_section(currency, "HomeCurrency").get("value")),
    )


def read_company_info(body: Json) -> CompanyInfo:
    """Return what we need out of a CompanyInfo object."""
    pairs = {text_of(row.get("Name")): text_of(row.get("Value")) for row in _rows(body.get("NameValue"))}
    return CompanyInfo(
        name=text_of(body.get("CompanyName")),
        legal_name=text_of(body.get("LegalName")),
        country=text_of(body.get("Country")),
        edition=pairs.get("OfferingSku", ""),
        subscription=pairs.get("SubscriptionStatus", ""),
        start_date=parse_business_date(body.get("CompanyStartDate")),
    )


def read_account(row: Json) -> Account:
    """Return an account."""
    return Account(
        id=text_of(row.get("Id")),
        name=text_of(row.get("Name")),
        full_name=text_of(row.get("FullyQualifiedName")) or text_of(row.get("Name")),
        number=text_of(row.get("AcctNum")),
        type=text_of(row.get("AccountType")),
        sub_type=text_of(row.get("AccountSubType")),
        classification=text_of(row.get("Classification")),
    )


def read_entry(row: Json) -> ListEntry:
    """Return a class, department or payment method."""
    name = text_of(row.get("Name"))
    return ListEntry(
        id=text_of(row.get("Id")), name=name, full_name=text_of(row.get("FullyQualifiedName")) or name
    )


def read_term(row: Json) -> Term:
    """Return a payment term."""
    return Term(
        id=text_of(row.get("Id")),
        name=text_of(row.get("Name")),
        due_days=_whole(row.get("DueDays")),
        day_of_month_due=_whole(row.get("DayOfMonthDue")),
        due_next_month_days=_whole(row.get("DueNextMonthDays")),
    )


def read_tax_code(row: Json, rates: Mapping[str, Json]) -> TaxCode:
    """Return a tax code with the sum of its rates, which are given by id."""
    parts = [
        rates.get(text_of(_section(detail, "TaxRateRef").get("value")), {}).get("RateValue")
        for detail in _rows(_section(row, "SalesTaxRateList").get("TaxRateDetail"))
    ]
    known = [Decimal(str(part)) for part in parts if part is not None]
    return TaxCode(
        id=text_of(row.get("Id")),
        name=text_of(row.get("Name")),
        taxable=_flag(row.get("Taxable")),
        is_group=_flag(row.get("TaxGroup")),
        rate_percent=sum(known, Decimal(0)) if known and len(known) == len(parts) else None,
    )


def read_item(row: Json) -> SalesItem:
    """Return an item; a category has no account."""
    name = text_of(row.get("Name"))
    return SalesItem(
        id=text_of(row.get("Id")),
        name=name,
        full_name=text_of(row.get("FullyQualifiedName")) or name,
        account_id=text_of(_section(row, "IncomeAccountRef").get("value")),
    )


def is_active(row: Json) -> bool:
    """Say whether an entry may be used."""
    # The pseudo tax codes have no `Active`; an inactive name carries the suffix even in a snapshot.
    return row.get("Active") is not False and not _DELETED.search(text_of(row.get("Name")))


def _section(body: Mapping[str, Any], name: str) -> Json:
    found = body.get(name)
    return cast(Json, found) if isinstance(found, dict) else {}


def _rows(value: object) -> list[Json]:
    rows = cast("list[object]", value) if isinstance(value, list) else []
    return [cast(Json, row) for row in rows if isinstance(row, dict)]


def text_of(value: object) -> str:
    """Return a JSON value as trimmed text; missing is empty."""
    return "" if value is None else str(value).strip()


def _flag(value: object) -> bool:
    return value is True or text_of(value).casefold() == "true"


def _whole(value: object) -> int | None:
    text = text_of(value)
    return int(Decimal(text)) if text else None
