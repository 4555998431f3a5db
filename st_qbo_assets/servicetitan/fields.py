"""The field types of ServiceTitan's records, lenient where the vendor is loose.

What belongs here: how one JSON value is read (money, dates, ids, text, flags, arrays). What does not:
which fields a record has (`records`). Nulls where the vendor promises a value are common in live data
(ServiceTitan reference §4), so null reads as empty; a value of the wrong kind is a problem.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from st_qbo_assets.domain.days import parse_business_date, parse_instant
from st_qbo_assets.domain.money import parse_amount


def _read_id(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("missing" if value is None else f"not an id: {value!r}")
    return value


def _read_optional_id(value: object) -> int | None:
    # 0 stands for "none" on some fields (membershipTypeId).
    return None if value is None or value == 0 or value == "" else _read_id(value)


def _read_id_or_zero(value: object) -> int:
    return _read_optional_id(value) or 0


def _read_count(value: object) -> int | None:
    return None if value is None or value == "" else _read_id(value)


def _read_money(value: object) -> Decimal:
    if value is None:
        raise ValueError("missing")
    return parse_amount(value)


def _read_optional_money(value: object) -> Decimal | None:
    return None if value is None or value == "" else parse_amount(value)


def _read_money_or_zero(value: object) -> Decimal:
    return Decimal(0) if value is None or value == "" else parse_amount(value)


def _read_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"not a text: {value!r}")


def _read_flag(value: object) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    raise ValueError(f"neither true nor false: {value!r}")


def _read_flag_true_by_default(value: object) -> bool:
    return True if value is None else _read_flag(value)


def _read_list(value: object) -> object:
    return () if value is None else value


Id = Annotated[int, BeforeValidator(_read_id)]
OptionalId = Annotated[int | None, BeforeValidator(_read_optional_id)]
IdOrZero = Annotated[int, BeforeValidator(_read_id_or_zero)]
Count = Annotated[int | None, BeforeValidator(_read_count)]
Money = Annotated[Decimal, BeforeValidator(_read_money)]
OptionalMoney = Annotated[Decimal | None, BeforeValidator(_read_optional_money)]
MoneyOrZero = Annotated[Decimal, BeforeValidator(_read_money_or_zero)]
BusinessDate = Annotated[date | None, BeforeValidator(parse_business_date)]
Instant = Annotated[datetime | None, BeforeValidator(parse_instant)]
Text = Annotated[str, BeforeValidator(_read_text)]
Flag = Annotated[bool, BeforeValidator(_read_flag)]
TrueByDefault = Annotated[bool, BeforeValidator(_read_flag_true_by_default)]
Nulls = BeforeValidator(_read_list)


class Part(BaseModel):
    """A frozen piece of a record; camelCase in JSON, snake_case here; unknown fields are let pass."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True, defer_build=True
    )


class Record(Part):
    """A whole record.

    Attributes:
        id: unique within the tenant and its kind.
        raw: the vendor's JSON exactly as it came, for the frame and for quarantine.
    """

    id: Id
    raw: Annotated[dict[str, Any], Field(repr=False, exclude=True)]


class Named(Part):
    """An id with a name, as ServiceTitan refers to customers, units, types and batches."""

    id: OptionalId = None
    name: Text = ""


class Address(Part):
    """A postal address; any part may be empty."""

    street: Text = ""
    unit: Text = ""
    city: Text = ""
    state: Text = ""
    zip: Text = ""
    country: Text = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written in it."""
        return not any((self.street, self.unit, self.city, self.state, self.zip))


class GlAccountRef(Part):
    """The general ledger account of a line or payment; inventory records give it without an id."""

    id: OptionalId = None
    name: Text = ""
    number: Text = ""
    type: Text = ""
    detail_type: Text = ""


class CustomField(Part):
    """A custom field's name and value."""

    name: Text = ""
    value: Text = ""
