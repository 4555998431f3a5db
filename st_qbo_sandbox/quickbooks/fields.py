"""Reading a request body against the property tables: types, lengths, dates, what "not set" means.

Belongs here: everything that concerns one property by itself. Does not belong here: required properties,
references and rules between properties.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from st_qbo_sandbox.quickbooks import times
from st_qbo_sandbox.quickbooks.faults import Fault, FaultError, too_long, unsupported_property
from st_qbo_sandbox.quickbooks.field_tables import ENTITIES, ENUMERATIONS, STRUCTURES
from st_qbo_sandbox.storage import as_array, as_object

Body = dict[str, Any]


class _Cleared:
    """Marks a property that the request sets to nothing; only a sparse update tells it from an absent one."""

    def __repr__(self) -> str:
        return "CLEARED"


CLEARED: Any = _Cleared()
_NUMBER_LIMIT = Decimal(10) ** 15


@dataclass(frozen=True)
class Field:
    """One property: `kind` is a letter of the notation, `@`, or the name of a structure."""

    name: str
    kind: str
    limit: int | None = None
    choices: dict[str, str] | None = None
    many: bool = False
    read_only: bool = False


def _plain(text: str) -> str:
    """Reduce an enumeration value to what is compared: no case, no separators (reference §6.15)."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _read_field(token: str) -> Field:
    name, _, kind = token.partition(":")
    read_only = token.endswith("!")
    name, kind = name.rstrip("!"), kind.rstrip("!")
    many = kind.endswith("*")
    kind = kind.rstrip("*")
    if kind.isdigit():
        return Field(name, "s", limit=int(kind), read_only=read_only)
    if kind.startswith("@"):
        values = ENUMERATIONS[kind[1:]]
        parts = values.split("|") if "|" in values else values.split()
        return Field(name, "@", choices={_plain(part): part for part in parts}, read_only=read_only)
    return Field(name, kind or "s", many=many, read_only=read_only)


def _read_table(text: str) -> dict[str, Field]:
    return {field.name: field for field in (_read_field(token) for token in text.split())}


TABLES = {name: _read_table(text) for name, text in (ENTITIES | STRUCTURES).items()}


class Reader:
    """Reads one body; collects what can be reported together and raises it at the end."""

    def __init__(
        self, *, refuse_unknown: bool, keep_cleared: bool, limits: dict[str, int] | None = None
    ) -> None:
        self._refuse_unknown = refuse_unknown
        self._keep_cleared = keep_cleared
        self._limits = limits or {}
        self._errors: list[FaultError] = []

    def read(self, table: str, body: Any) -> Body:
        """Return the body with proper types and without what is not set or not writable.

        Raises:
            Fault: 2010 for what the JSON reader refuses; else all of 2050, 2060, 2140, 2170, 2210 together.
        """
        cleaned = self._read_object(table, _need_object(body), top=True)
        if self._errors:
            raise Fault(*self._errors)
        return cleaned

    def _read_object(self, table: str, body: Body, *, top: bool = False) -> Body:
        fields = TABLES[table]
        cleaned: Body = {}
        for name, value in body.items():
            field = fields.get(name)
            if field is None:
                if self._refuse_unknown:
                    raise unsupported_property(f'Unrecognized field "{name}"')
                continue
            if field.read_only or value is None:
                continue
            if value == "" or value == [] or value == {}:
                if top and self._keep_cleared:
                    cleaned[name] = [] if value == [] else CLEARED
                continue
            result = self._read_value(field, value)
            if result is not None and result != {}:
                cleaned[name] = result
        return cleaned

    def _read_value(self, field: Field, value: Any) -> Any:
        if field.many:
            # One object where a list belongs is read as a list of one.
            items = as_array(value)
            items = [value] if items is None else items
            return [self._read_one(field, item) for item in items if item not in (None, "", {})]
        return self._read_one(field, value)

    def _read_one(self, field: Field, value: Any) -> Any:
        reader = self._READERS.get(field.kind)
        if reader is not None:
            return reader(self, field, value)
        return self._read_object(field.kind, _need_object(value))

    def _text(self, field: Field, value: Any) -> str | None:
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, (int, Decimal)):
            value = str(value)
        elif not isinstance(value, str):
            raise unsupported_property()
        limit = self._limits.get(field.name, field.limit)
        if limit is not None and len(value) > limit:
            self._errors.append(too_long(field.name, limit, len(value)))
        return value

    def _decimal(self, field: Field, value: Any) -> Decimal | None:
        number = _to_decimal(value)
        if number is None:
            raise unsupported_property(f'Can not construct instance of java.math.BigDecimal from "{value}"')
        if abs(number) >= _NUMBER_LIMIT:
            self._errors.append(FaultError("2140", f"Invalid amount : {value}", field.name))
            return None
        return number

    def _integer(self, field: Field, value: Any) -> int | None:
        number = _to_decimal(value)
        if number is None or number != number.to_integral_value():
            raise unsupported_property(f'Can not construct instance of java.lang.Integer from "{value}"')
        return int(number)

    def _boolean(self, field: Field, value: Any) -> bool | None:
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text in ("true", "1"):
            return True
        if text in ("false", "0"):
            return False
        raise unsupported_property(f'Can not construct instance of java.lang.Boolean from "{value}"')

    def _date(self, field: Field, value: Any) -> str | None:
        day = times.parse_date(value) if isinstance(value, str) else None
        if day is None:
            self._errors.append(FaultError("2060", f"Invalid date format : {value}", field.name))
            return None
        return day.isoformat()

    def _time(self, field: Field, value: Any) -> str | None:
        moment = times.parse_instant(value) if isinstance(value, str) else None
        if moment is None:
            self._errors.append(FaultError("2060", f"Invalid date format : {value}", field.name))
            return None
        return times.write_stamp(moment)

    def _choice(self, field: Field, value: Any) -> str | None:
        choices = field.choices or {}
        found = choices.get(_plain(value)) if isinstance(value, str) else None
        if found is None:
            self._errors.append(FaultError("2170", f"Invalid Enumeration : {value}", field.name))
        return found

    def _reference(self, field: Field, value: Any) -> Body | None:
        given = _need_object(value)
        unknown = set(given) - {"value", "name", "type"}
        if unknown and self._refuse_unknown:
            raise unsupported_property(f'Unrecognized field "{min(unknown)}"')
        target = given.get("value")
        if target is None or target == "":
            return None
        kept: Body = {"value": self._text(field, target)}
        if isinstance(given.get("type"), str) and given["type"]:
            kept["type"] = given["type"]
        return kept

    def _mail(self, field: Field, value: Any) -> Body | None:
        kept = self._read_object(field.kind, _need_object(value))
        address = kept.get("Address")
        if address is None:
            return None
        if not all(_looks_like_mail(part) for part in address.split(",")):
            self._errors.append(
                FaultError(
                    "2210", f"Email Address does not conform to the RFC 822 standard. : {address}", field.name
                )
            )
        return kept

    def _telephone(self, field: Field, value: Any) -> Body | None:
        return self._read_object(field.kind, _need_object(value))

    def _web(self, field: Field, value: Any) -> Body | None:
        kept = self._read_object(field.kind, _need_object(value))
        uri = kept.get("URI")
        if uri is not None and (" " in uri or "." not in uri):
            self._errors.append(FaultError("2200", f"Invalid URL Format : {uri}", field.name))
        return kept

    def _anything(self, field: Field, value: Any) -> Any:
        return value

    _READERS: ClassVar[dict[str, Callable[[Reader, Field, Any], Any]]] = {
        "s": _text,
        "n": _decimal,
        "i": _integer,
        "b": _boolean,
        "d": _date,
        "t": _time,
        "@": _choice,
        "x": _anything,
        "Ref": _reference,
        "Mail": _mail,
        "Mails": _mail,
        "Tel": _telephone,
        "Web": _web,
    }


def _need_object(value: Any) -> Body:
    found = as_object(value)
    if found is None:
        raise unsupported_property()
    return found


def _to_decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, (int, str)):
        try:
            number = (
                Decimal(str(value).strip().replace(",", "")) if isinstance(value, str) else Decimal(value)
            )
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    return None


def _looks_like_mail(text: str) -> bool:
    name, at, host = text.strip().rpartition("@")
    return bool(name and at and "." in host and " " not in text.strip() and not host.startswith("."))
