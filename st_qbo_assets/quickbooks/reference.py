"""What documents refer to in QuickBooks: accounts, classes, locations, terms, methods, tax codes, settings.

What belongs here: fetching these lists in three metered calls, finding an entry by what people write,
and naming the nearest ones. What does not: which entry a record gets (`mapping`), items and customers
(links). Inactive entries are never found.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.query import PAGE_SIZE, statement
from st_qbo_assets.transport.decimal_json import read_json, write_json

_DELETED = re.compile(r"\s*\(deleted(?:-\d+)?\)\s*$", re.IGNORECASE)
#: Below this likeness (0 to 100) a name is no suggestion.
_LIKE_ENOUGH = 55.0


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
class Preferences:
    """The company's settings that decide what may be sent.

    Attributes:
        auto_apply_credit: QuickBooks applies open credits by itself (rule 3.3).
        book_close_date: the last closed day; None if the books are open.
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


class _Entry(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def full_name(self) -> str: ...
    @property
    def label(self) -> str: ...


AnyEntry = TypeVar("AnyEntry", bound=_Entry)


@dataclass(frozen=True)
class Reference:
    """All reference lists of one company at one time; lookups ignore case and outer spaces."""

    accounts: tuple[Account, ...] = ()
    classes: tuple[ListEntry, ...] = ()
    departments: tuple[ListEntry, ...] = ()
    terms: tuple[Term, ...] = ()
    payment_methods: tuple[ListEntry, ...] = ()
    tax_codes: tuple[TaxCode, ...] = ()
    preferences: Preferences = field(default_factory=Preferences)
    company: CompanyInfo = field(default_factory=CompanyInfo)

    def account(self, text: str) -> Account | None:
        """Return the account of a number, else of a full name, else of a name only one account has."""
        return self._accounts_by_number.get(_key(text)) or _find(self.accounts, self._account_names, text)

    def account_by_id(self, id: str) -> Account | None:  # noqa: A002 - QuickBooks' word
        """Return the account of a QuickBooks id."""
        return self._accounts_by_id.get(id)

    def class_path(self, text: str) -> ListEntry | None:
        """Return the class of a path, `Parent:Child`."""
        return _find(self.classes, self._class_names, text)

    def department(self, text: str) -> ListEntry | None:
        """Return the department (location) of a path or name."""
        return _find(self.departments, self._department_names, text)

    def term(self, text: str) -> Term | None:
        """Return the payment term of a name."""
        return _find(self.terms, self._term_names, text)

    def payment_method(self, text: str) -> ListEntry | None:
        """Return the payment method of a name."""
        return _find(self.payment_methods, self._payment_method_names, text)

    def tax_code(self, text: str) -> TaxCode | None:
        """Return the tax code of a name or id (`TAX`, `NON`)."""
        return _find(self.tax_codes, self._tax_code_names, text)

    def nearest_accounts(self, text: str, *, types: Iterable[str] = (), limit: int = 3) -> tuple[str, ...]:
        """Return labels of the most similar accounts, best first; of some `AccountType`s only if named."""
        wanted = set(types)
        return nearest(
            text, [account for account in self.accounts if not wanted or account.type in wanted], limit=limit
        )

    def to_json(self) -> str:
        """Return everything as JSON text, to be kept as an asset."""
        return write_json(_plain(asdict(self))).decode()

    @classmethod
    def from_json(cls, text: str) -> "Reference":
        """Return what `to_json` wrote."""
        data = cast(Json, read_json(text))
        preferences, company = cast(Json, data["preferences"]), cast(Json, data["company"])
        return cls(
            accounts=tuple(_build(Account, row) for row in data["accounts"]),
            classes=tuple(_build(ListEntry, row) for row in data["classes"]),
            departments=tuple(_build(ListEntry, row) for row in data["departments"]),
            terms=tuple(_build(Term, row) for row in data["terms"]),
            payment_methods=tuple(_build(ListEntry, row) for row in data["payment_methods"]),
            tax_codes=tuple(_build(TaxCode, _with_rate(row)) for row in data["tax_codes"]),
            preferences=_build(
                Preferences,
                {**preferences, "book_close_date": parse_business_date(preferences["book_close_date"])},
            ),
            company=_build(
                CompanyInfo, {**company, "start_date": parse_business_date(company["start_date"])}
            ),
        )

    @cached_property
    def _accounts_by_number(self) -> dict[str, Account]:
        return {_key(account.number): account for account in self.accounts if account.number}

    @cached_property
    def _accounts_by_id(self) -> dict[str, Account]:
        return {account.id: account for account in self.accounts}

    @cached_property
    def _account_names(self) -> dict[str, int]:
        return _index(self.accounts)

    @cached_property
    def _class_names(self) -> dict[str, int]:
        return _index(self.classes)

    @cached_property
    def _department_names(self) -> dict[str, int]:
        return _index(self.departments)

    @cached_property
    def _term_names(self) -> dict[str, int]:
        return _index(self.terms)

    @cached_property
    def _payment_method_names(self) -> dict[str, int]:
        return _index(self.payment_methods)

    @cached_property
    def _tax_code_names(self) -> dict[str, int]:
        return {**_index(self.tax_codes), **{_key(code.id): i for i, code in enumerate(self.tax_codes)}}


def nearest(text: str, entries: Iterable[_Entry], *, limit: int = 3) -> tuple[str, ...]:
    """Return the labels most like a text, best first; none that is unlike it."""
    from rapidfuzz import fuzz, process

    labels = [entry.label for entry in entries]
    found = process.extract(
        _key(text), labels, scorer=fuzz.WRatio, processor=_key, limit=limit, score_cutoff=_LIKE_ENOUGH
    )
    return tuple(label for label, _, _ in found)


class ReferenceSource(Protocol):
    """The part of the client that reference data is fetched with."""

    def batch_queries(self, statements: "list[str]") -> list[tuple[Json, ...]]:
        """Return the rows of several statements."""
        ...

    def query(self, entity: str, where: str = "") -> Iterable[Json]:
        """Return all rows of an entity."""
        ...

    def preferences(self) -> Json:
        """Return the preferences object."""
        ...

    def company_info(self) -> Json:
        """Return the company info object."""
        ...


_LISTS = ("Account", "Class", "Department", "Term", "PaymentMethod", "TaxCode", "TaxRate")


def fetch_reference(client: ReferenceSource) -> Reference:
    """Return the present reference lists: three metered calls, one more for each list of over 1000 rows."""
    answered = client.batch_queries([statement(entity) for entity in _LISTS])
    rows = {
        entity: list(client.query(entity)) if len(found) >= PAGE_SIZE else list(found)
        for entity, found in zip(_LISTS, answered, strict=True)
    }
    rates = {_text(row.get("Id")): row for row in rows["TaxRate"]}
    return Reference(
        accounts=tuple(_account(row) for row in rows["Account"] if _is_active(row)),
        classes=tuple(_entry(row) for row in rows["Class"] if _is_active(row)),
        departments=tuple(_entry(row) for row in rows["Department"] if _is_active(row)),
        terms=tuple(_term(row) for row in rows["Term"] if _is_active(row)),
        payment_methods=tuple(_entry(row) for row in rows["PaymentMethod"] if _is_active(row)),
        tax_codes=tuple(_tax_code(row, rates) for row in rows["TaxCode"] if _is_active(row)),
        preferences=read_preferences(client.preferences()),
        company=read_company_info(client.company_info()),
    )


def read_preferences(body: Json) -> Preferences:
    """Return the settings we need out of a Preferences object; what is absent is off."""
    accounting = _section(body, "AccountingInfoPrefs")
    sales = _section(body, "SalesFormsPrefs")
    tax = _section(body, "TaxPrefs")
    currency = _section(body, "CurrencyPrefs")
    partner = tax.get("PartnerTaxEnabled")
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
        home_currency=_text(_section(currency, "HomeCurrency").get("value")),
    )


def read_company_info(body: Json) -> CompanyInfo:
    """Return what we need out of a CompanyInfo object."""
    pairs = {_text(row.get("Name")): _text(row.get("Value")) for row in _rows(body.get("NameValue"))}
    return CompanyInfo(
        name=_text(body.get("CompanyName")),
        legal_name=_text(body.get("LegalName")),
        country=_text(body.get("Country")),
        edition=pairs.get("OfferingSku", ""),
        subscription=pairs.get("SubscriptionStatus", ""),
        start_date=parse_business_date(body.get("CompanyStartDate")),
    )


def _account(row: Json) -> Account:
    return Account(
        id=_text(row.get("Id")),
        name=_text(row.get("Name")),
        full_name=_text(row.get("FullyQualifiedName")) or _text(row.get("Name")),
        number=_text(row.get("AcctNum")),
        type=_text(row.get("AccountType")),
        sub_type=_text(row.get("AccountSubType")),
        classification=_text(row.get("Classification")),
    )


def _entry(row: Json) -> ListEntry:
    name = _text(row.get("Name"))
    return ListEntry(
        id=_text(row.get("Id")), name=name, full_name=_text(row.get("FullyQualifiedName")) or name
    )


def _term(row: Json) -> Term:
    return Term(
        id=_text(row.get("Id")),
        name=_text(row.get("Name")),
        due_days=_whole(row.get("DueDays")),
        day_of_month_due=_whole(row.get("DayOfMonthDue")),
        due_next_month_days=_whole(row.get("DueNextMonthDays")),
    )


def _tax_code(row: Json, rates: Mapping[str, Json]) -> TaxCode:
    parts = [
        rates.get(_text(_section(detail, "TaxRateRef").get("value")), {}).get("RateValue")
        for detail in _rows(_section(row, "SalesTaxRateList").get("TaxRateDetail"))
    ]
    known = [Decimal(str(part)) for part in parts if part is not None]
    return TaxCode(
        id=_text(row.get("Id")),
        name=_text(row.get("Name")),
        taxable=_flag(row.get("Taxable")),
        is_group=_flag(row.get("TaxGroup")),
        rate_percent=sum(known, Decimal(0)) if known and len(known) == len(parts) else None,
    )


def _find(entries: tuple[AnyEntry, ...], index: Mapping[str, int], text: str) -> AnyEntry | None:
    place = index.get(_key(text), -1)
    return None if place < 0 else entries[place]


def _index(entries: Iterable[_Entry]) -> dict[str, int]:
    """Return full names, and names that only one entry has, with their places; -1 where two share a name."""
    places: dict[str, int] = {}
    full: dict[str, int] = {}
    for place, entry in enumerate(entries):
        name = _key(entry.name)
        places[name] = -1 if name in places else place
        full.setdefault(_key(entry.full_name), place)
    return {**places, **full}


def _key(text: str) -> str:
    """Return a name as it is compared: without case and outer spaces, levels without spaces around."""
    return ":".join(" ".join(level.split()).casefold() for level in text.split(":"))


def _is_active(row: Json) -> bool:
    # The pseudo tax codes have no `Active`; an inactive name carries the suffix even in a snapshot.
    return row.get("Active") is not False and not _DELETED.search(_text(row.get("Name")))


def _section(body: Mapping[str, Any], name: str) -> Json:
    found = body.get(name)
    return cast(Json, found) if isinstance(found, dict) else {}


def _rows(value: object) -> list[Json]:
    rows = cast("list[object]", value) if isinstance(value, list) else []
    return [cast(Json, row) for row in rows if isinstance(row, dict)]


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _flag(value: object) -> bool:
    return value is True or _text(value).casefold() == "true"


def _whole(value: object) -> int | None:
    text = _text(value)
    return int(Decimal(text)) if text else None


def _with_rate(row: Json) -> Json:
    rate = row["rate_percent"]
    return {**row, "rate_percent": None if rate is None else Decimal(str(rate))}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast(Json, value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value


AnyRow = TypeVar("AnyRow")


def _build(kind: type[AnyRow], row: Json) -> AnyRow:
    """Return a row of stored JSON as its dataclass; fields added since take their defaults."""
    known = {item.name for item in fields(cast(Any, kind))}
    return kind(**{name: value for name, value in row.items() if name in known})
