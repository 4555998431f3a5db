"""What documents refer to in QuickBooks: accounts, classes, locations, terms, methods, tax codes, settings.

What belongs here: fetching these lists in three metered calls, finding an entry by what people write,
naming the nearest ones. What does not: the entries themselves (`lists`), which one a record gets
(`mapping`), items of lines and customers (links). Inactive entries are never found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.lists import (
    Account,
    CompanyInfo,
    ListEntry,
    Preferences,
    SalesItem,
    TaxCode,
    Term,
    is_active,
    read_account,
    read_company_info,
    read_entry,
    read_item,
    read_preferences,
    read_tax_code,
    read_term,
    text_of,
)
from st_qbo_assets.quickbooks.query import PAGE_SIZE, quote_list, statement
from st_qbo_assets.transport.decimal_json import read_json, write_json

__all__ = [
    "Account",
    "CompanyInfo",
    "ListEntry",
    "Preferences",
    "Reference",
    "ReferenceSource",
    "SalesItem",
    "TaxCode",
    "Term",
    "fetch_reference",
    "nearest",
    "read_company_info",
    "read_preferences",
]

#: Below this likeness (0 to 100) a name is no suggestion.
_LIKE_ENOUGH = 55.0


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
    """All reference lists of one company at one time; lookups ignore case and outer spaces.

    Attributes:
        items: those that the company file names, as far as they are there and post to an account.
        items_asked: by which names they were asked for.
    """

    accounts: tuple[Account, ...] = ()
    classes: tuple[ListEntry, ...] = ()
    departments: tuple[ListEntry, ...] = ()
    terms: tuple[Term, ...] = ()
    payment_methods: tuple[ListEntry, ...] = ()
    tax_codes: tuple[TaxCode, ...] = ()
    items: tuple[SalesItem, ...] = ()
    items_asked: tuple[str, ...] = ()
    preferences: Preferences = field(default_factory=Preferences)
    company: CompanyInfo = field(default_factory=CompanyInfo)

    def account(self, text: str) -> Account | None:
        """Return the account of a number, else of a full name, else of a name only one account has."""
        return self._accounts_by_number.get(_key(text)) or _find(self.accounts, self._account_names, text)

    def account_by_id(self, id: str) -> Account | None:
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

    def item(self, text: str) -> SalesItem | None:
        """Return the item of a name that the company file gives, None if there is none or several have it."""
        return _find(self.items, self._item_names, text)

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
            items=tuple(_build(SalesItem, row) for row in data.get("items", ())),
            items_asked=tuple(data.get("items_asked", ())),
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
    def _item_names(self) -> dict[str, int]:
        return _index(self.items)

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


def fetch_reference(client: ReferenceSource, *, items: Iterable[str] = ()) -> Reference:
    """Return the present reference lists: three metered calls, one more for each list of over 1000 rows.

    Args:
        client: of the realm.
        items: names of items that the company file gives.
    """
    names = tuple(dict.fromkeys(items))
    named = [statement("Item", f"Name IN {quote_list(names)}")] if names else []
    answered = client.batch_queries([*(statement(entity) for entity in _LISTS), *named])
    rows = {
        entity: list(client.query(entity)) if len(found) >= PAGE_SIZE else list(found)
        for entity, found in zip(_LISTS, answered, strict=False)
    }
    found_items = [read_item(row) for page in answered[len(_LISTS) :] for row in page if is_active(row)]
    rates = {text_of(row.get("Id")): row for row in rows["TaxRate"]}
    return Reference(
        accounts=tuple(read_account(row) for row in rows["Account"] if is_active(row)),
        classes=tuple(read_entry(row) for row in rows["Class"] if is_active(row)),
        departments=tuple(read_entry(row) for row in rows["Department"] if is_active(row)),
        terms=tuple(read_term(row) for row in rows["Term"] if is_active(row)),
        payment_methods=tuple(read_entry(row) for row in rows["PaymentMethod"] if is_active(row)),
        tax_codes=tuple(read_tax_code(row, rates) for row in rows["TaxCode"] if is_active(row)),
        items=tuple(item for item in found_items if item.account_id),
        items_asked=names,
        preferences=read_preferences(client.preferences()),
        company=read_company_info(client.company_info()),
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
