"""Values of fields: when two are the same, and what one side's value is on the other.

What belongs here: canonical forms, legal forms, and the projections both ways. What does not: where a
value stands in a record (`sides`) and which of two travels (`three_way`).

A value is text, or the parts of an address or name by key; empty is "" or {}. A projection that has no
legal result returns a `Problem`, which holds the field and never the record.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, get_args

from st_qbo_assets.domain.company import ExemptReason
from st_qbo_assets.domain.names import (
    EMAIL_LENGTH,
    NAME_PART_LENGTH,
    clean,
    legal_email,
    legal_name,
    legal_phone,
    one_line,
    person_parts,
    shorten,
)

Value: TypeAlias = str | dict[str, str]

ADDRESSES = frozenset({"address", "service"})
ADDRESS_PARTS = ("street", "unit", "city", "state", "zip", "country")
#: What ServiceTitan asks of an address (ServiceTitan reference §6.1).
_NEEDED = ("street", "city", "state", "zip")
_LINE_LENGTH, _PLACE_LENGTH, _POSTAL_LENGTH = 500, 255, 30
_HOME = frozenset({"", "us", "usa", "united states", "united states of america"})
_DELETED = re.compile(r"\s*\(deleted(?:-\d+)?\)$", re.IGNORECASE)
_GENERATION = frozenset({"jr", "sr", "ii", "iii", "iv"})
#: Reasons for which QuickBooks knows a customer as exempt, by the number it takes (QB §6.5).
EXEMPT_REASONS = {reason: str(number) for number, reason in enumerate(get_args(ExemptReason), start=1)}
_EXTENSION = re.compile(r"(?i)\s*(?:x|ext|extension|#)\.?\s*(\d+)\s*$")
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Problem:
    """Why a value cannot be written to the other side.

    Attributes:
        code: of the table of reasons.
        text: the value, as a person knows it.
    """

    code: str
    text: str


@dataclass(frozen=True)
class Manner:
    """How values of one pair are written.

    Attributes:
        latin1: whether QuickBooks takes Latin-1 only.
        name_format: how a ServiceTitan name "Last, First" of a person is shown in QuickBooks.
        is_person: whether the name may be one (residential, no company name).
        suffix: what we append to a name that is taken, without the space (`(C-1042)`).
        terms: ServiceTitan term → QuickBooks term, by name, where they differ.
        exempt_reason: number of the reason for which customers are exempt from tax; empty if none is named.
    """

    latin1: bool = True
    name_format: str = "as_is"
    is_person: bool = True
    suffix: str = ""
    terms: Mapping[str, str] = field(default_factory=dict[str, str])
    exempt_reason: str = ""


def same(name: str, one: Value, other: Value) -> bool:
    """Say whether two values of one side are the same to a person: no edit lies between them."""
    return _canonical(name, one) == _canonical(name, other)


def is_empty(value: Value) -> bool:
    """Say whether nothing is written in a value."""
    return not any(value.values()) if isinstance(value, dict) else not value


def shown(value: Value) -> str:
    """Return a value on one line, for people."""
    return ", ".join(part for part in value.values() if part) if isinstance(value, dict) else value


def to_quickbooks(
    name: str, value: Value, manner: Manner, *, base: tuple[Value, Value] | None = None
) -> Value | Problem:
    """Return what a ServiceTitan value is in QuickBooks, or why it cannot be.

    Args:
        name: of the field.
        value: as ServiceTitan shows it.
        manner: how values of the pair are written.
        base: (ServiceTitan, QuickBooks) as last agreed; a name keeps the style it has there.
    """
    if name == "name":
        return _name_to_quickbooks(text(value), manner, base)
    if name == "parts":
        return parts_of(text(value), manner)
    if name == "email":
        return _email_to_quickbooks(text(value))
    if name in ("phone", "mobile", "fax"):
        number = legal_phone(text(value), latin1=manner.latin1)
        return number if number or not text(value) else Problem("phone_illegal", text(value))
    if name in ADDRESSES:
        return _address_to_quickbooks(value, manner)
    if name == "exempt" and value == YES and not manner.exempt_reason:
        return Problem("exempt_without_reason", text(value))
    if name == "exempt" and value == YES:
        return f"{YES} {manner.exempt_reason}"
    if name == "terms":
        return manner.terms.get(text(value), text(value))
    if name == "notes":
        return clean(text(value), latin1=manner.latin1)
    if name == "person" and isinstance(value, dict):
        return {key: _part(part, manner) for key, part in value.items() if _part(part, manner)}
    return value


def to_servicetitan(
    name: str, value: Value, manner: Manner, *, base: tuple[Value, Value] | None = None
) -> Value | Problem:
    """Return what a QuickBooks value is in ServiceTitan, or why it cannot be; args as `to_quickbooks`."""
    if name == "name":
        return _name_to_servicetitan(text(value), manner, base)
    if name in ADDRESSES:
        return _address_to_servicetitan(value)
    if name == "email" and text(value) and not legal_email(text(value)):
        return Problem("email_illegal", text(value))
    if name == "terms":
        back = {other: own for own, other in manner.terms.items()}
        return back.get(text(value), text(value))
    return value


def agree(
    name: str, servicetitan: Value, quickbooks: Value, manner: Manner, base: tuple[Value, Value] | None
) -> bool:
    """Say whether two sides hold the same, each in its own form."""
    forward = to_quickbooks(name, servicetitan, manner, base=base)
    held = without_suffix(text(quickbooks), manner) if name == "name" else quickbooks
    if not isinstance(forward, Problem) and same(name, forward, held):
        return True
    if name == "name":
        return manner.is_person and _same_person(text(servicetitan), text(held), manner)
    back = to_servicetitan(name, quickbooks, manner, base=base)
    return name != "parts" and not isinstance(back, Problem) and same(name, back, servicetitan)


def text(value: Value) -> str:
    """Return a value that is text."""
    return value if isinstance(value, str) else shown(value)


def plain_name(name: str) -> str:
    """Return a QuickBooks name without what inactivation adds (QB §3.4)."""
    return one_line(_DELETED.sub("", name))


def without_suffix(name: str, manner: Manner) -> str:
    """Return a QuickBooks name without the suffix we made it unique with."""
    plain = plain_name(name)
    ending = f" {manner.suffix}"
    return plain[: -len(ending)] if manner.suffix and plain.endswith(ending) else plain


def parts_of(name: str, manner: Manner) -> dict[str, str]:
    """Return given and family name of a person, or the company name, as QuickBooks takes them."""
    legal = legal_name(name, limit=10_000, latin1=manner.latin1)
    whole = legal.text if legal else ""
    if not manner.is_person:
        return {"CompanyName": whole[:NAME_PART_LENGTH].strip()} if whole else {}
    given, family = person_parts(whole)
    return {key: part for key, part in (("GivenName", given), ("FamilyName", family)) if part}


def _canonical(name: str, value: Value) -> object:
    if isinstance(value, dict):
        parts = {key: _plain(part) for key, part in value.items() if _plain(part)}
        if name in ADDRESSES and parts.get("country", "").casefold() in _HOME:
            parts.pop("country", None)
        return tuple(sorted(parts.items()))
    if name == "name":
        return plain_name(_plain(value))
    if name == "email":
        return _plain(value).casefold()
    if name in ("phone", "mobile", "fax"):
        return number_key(value)
    if name == "exempt":
        return value.partition(" ")[0]  # the number of the reason goes to QuickBooks only
    return _plain(value)


def number_key(number: str) -> str:
    """Return what a phone number says, whatever its ornaments: ten digits and an extension."""
    found = _EXTENSION.search(number)
    digits = re.sub(r"\D", "", number[: found.start()] if found else number)
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    return f"{digits}x{found.group(1)}" if found and digits else digits or _plain(number).casefold()


def _plain(text_: str) -> str:
    return one_line(unicodedata.normalize("NFC", text_))


def _same_person(one: str, other: str, manner: Manner) -> bool:
    """Say whether "Smith, John" and "John Smith" are meant (rule 7.3)."""
    legal = [legal_name(_flipped(_plain(name)) or name, latin1=manner.latin1) for name in (one, other)]
    return legal[0] is not None and legal[1] is not None and legal[0].text == legal[1].text


def _flipped(name: str) -> str:
    """Return "Last, First" as "First Last"; empty if the name is not written so."""
    if name.count(",") != 1:
        return ""
    family, given = (part.strip() for part in name.split(","))
    if not family or not given or given.rstrip(".").casefold() in _GENERATION:
        return ""
    return f"{given} {family}"


def _name_to_quickbooks(name: str, manner: Manner, base: tuple[Value, Value] | None) -> Value | Problem:
    wanted = name
    if manner.is_person and _is_flipped_in(manner, base):
        wanted = _flipped(one_line(name)) or name
    legal = legal_name(wanted, latin1=manner.latin1)
    return legal.text if legal else Problem("name_illegal", one_line(clean(name, latin1=False)))


def _is_flipped_in(manner: Manner, base: tuple[Value, Value] | None) -> bool:
    """Say whether QuickBooks shows names of this pair as "First Last"; the pair's own habit comes first."""
    if base is not None:
        own, other = text(base[0]), without_suffix(text(base[1]), manner)
        flipped = _flipped(_plain(own))
        if flipped and other:
            return "," not in other
    return manner.name_format == "first_last"


def _name_to_servicetitan(name: str, manner: Manner, base: tuple[Value, Value] | None) -> Value | Problem:
    plain = without_suffix(name, manner)
    if not any(char.isalnum() for char in plain):
        return Problem("name_illegal", plain)
    own = _plain(text(base[0])) if base is not None else ""
    is_flipped = bool(_flipped(own)) if own else manner.name_format == "first_last"
    if not manner.is_person or not is_flipped or "," in plain or " " not in plain:
        return plain
    family = own.split(",")[0].strip() if own else ""
    if family and plain.endswith(f" {family}"):
        return f"{family}, {plain[: -len(family) - 1]}"
    given, last = person_parts(plain)
    return f"{last}, {given}" if given else plain


def _email_to_quickbooks(value: str) -> Value | Problem:
    if not value.strip():
        return ""
    legal = legal_email(value)
    return legal if legal else Problem("email_illegal", value[: EMAIL_LENGTH * 2])


def _address_to_quickbooks(value: Value, manner: Manner) -> Value:
    if not isinstance(value, dict):
        return {}
    limits = {"street": _LINE_LENGTH, "unit": _LINE_LENGTH, "zip": _POSTAL_LENGTH}
    written = {
        key: shorten(one_line(clean(part, latin1=manner.latin1)), limits.get(key, _PLACE_LENGTH))
        for key, part in value.items()
    }
    return {key: part for key, part in written.items() if part}


def _address_to_servicetitan(value: Value) -> Value | Problem:
    if not isinstance(value, dict) or any(not value.get(key, "").strip() for key in _NEEDED):
        return Problem("address_incomplete", shown(value))
    return {key: one_line(value.get(key, "")) for key in ADDRESS_PARTS if value.get(key)}


def _part(value: str, manner: Manner) -> str:
    legal = legal_name(value, limit=NAME_PART_LENGTH, latin1=manner.latin1)
    return legal.text if legal else ""
