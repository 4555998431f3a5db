"""A customer or vendor as each system shows it, field by field.

What belongs here: where a value stands in either vendor's JSON, which of many contacts and locations is the
chosen one, and what a value is in QuickBooks. What does not: whether a value may travel (`three_way`), the
changes of a ServiceTitan record (`changing`), sending.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from st_qbo_assets.domain.days import parse_instant
from st_qbo_assets.domain.masters.fields import CUSTOMER_FIELDS, VENDOR_FIELDS, FieldRule
from st_qbo_assets.domain.masters.notes import from_quickbooks, joined, split, written_by_people
from st_qbo_assets.domain.masters.values import EXEMPT_REASONS, NO, YES, Manner, Value, plain_name, text
from st_qbo_assets.domain.names import legal_email, legal_phone, one_line
from st_qbo_assets.domain.outcomes import Json

CUSTOMER, VENDOR = "Customer", "Vendor"
SERVICE, NOTES, REMARKS = "service", "notes", "remarks"
#: QuickBooks' own word for a customer that pays sales tax.
_TAXABLE = "Taxable"
_LINES = ("Line1", "Line2", "Line3", "Line4", "Line5")
_PLACES = {"city": "City", "state": "CountrySubDivisionCode", "zip": "PostalCode", "country": "Country"}
_ADDRESSES = {"address": "BillAddr", SERVICE: "ShipAddr"}
_NUMBERS = {"phone": "PrimaryPhone", "mobile": "Mobile", "fax": "Fax"}
_PARTS = ("GivenName", "FamilyName", "CompanyName")
_RESIDENTIAL = "Residential"
#: Chosen by nobody: the person in QuickBooks wants none of the contacts that were there.
NOBODY = "none"


@dataclass(frozen=True)
class Side:
    """What one system shows.

    Attributes:
        id: of the record in that system.
        values: by field; a field that is missing says nothing (free-form address, unknown term).
        stamps: when each field last changed, as far as that system tells.
        chosen: which contact or location a field was read from; ServiceTitan only.
        is_active: as the system has it.
        merged_to: id of the record it was merged into.
    """

    id: str
    values: Mapping[str, Value]
    stamps: Mapping[str, datetime | None] = field(default_factory=dict[str, datetime | None])
    chosen: Mapping[str, str] = field(default_factory=dict[str, str])
    is_active: bool = True
    merged_to: str = ""
    raw: Json = field(default_factory=dict[str, Any], repr=False)
    contacts: Sequence[Json] = field(default=(), repr=False)
    locations: Sequence[Json] = field(default=(), repr=False)
    notes: Sequence[Json] | None = field(default=None, repr=False)

    @property
    def latest(self) -> datetime | None:
        """ServiceTitan's newest stamp of the record, its contacts and the locations looked at."""
        rows = (self.raw, *self.contacts, *self.locations)
        return max((stamp for row in rows if (stamp := parse_instant(row.get("modifiedOn")))), default=None)


@dataclass(frozen=True)
class Terms:
    """Payment terms of both sides: id → name."""

    servicetitan: Mapping[str, str] = field(default_factory=dict[str, str])
    quickbooks: Mapping[str, str] = field(default_factory=dict[str, str])


def rules_of(target: str) -> tuple[FieldRule, ...]:
    """Return the fields of a customer or vendor."""
    return CUSTOMER_FIELDS if target == CUSTOMER else VENDOR_FIELDS


def is_person(record: Mapping[str, Any]) -> bool:
    """Say whether a ServiceTitan customer may be a person, so that its name can be written both ways."""
    return record.get("type") == _RESIDENTIAL


# ServiceTitan


def read_servicetitan(
    target: str,
    record: Json,
    contacts: Sequence[Json] = (),
    *,
    locations: Sequence[Json] = (),
    chosen: Mapping[str, str] | None = None,
    terms: Terms | None = None,
    notes: Sequence[Json] | None = None,
) -> Side:
    """Return what ServiceTitan shows of a record.

    Args:
        target: Customer or Vendor.
        record: verbatim.
        contacts: of the customer, verbatim, in any order; inactive ones are passed over.
        locations: those of the customer that are known, likewise.
        chosen: contact field → id of the contact it stands for, as last agreed; or `NOBODY` and the ids
            that were passed over, with spaces between.
        terms: of both sides.
        notes: of the customer, verbatim; None if they were not read, which says nothing of them.
    """
    stamp = parse_instant(record.get("modifiedOn"))
    values: dict[str, Value] = {
        "name": one_line(_text(record.get("name"))),
        "active": YES if record.get("active") is not False else NO,
        "address": _address(_object(record.get("address"))),
    }
    stamps: dict[str, datetime | None] = dict.fromkeys(("name", "active", "address", "parts", "terms"), stamp)
    picked: dict[str, str] = {}
    if target == VENDOR:
        info = _object(record.get("contactInfo"))
        values |= {key: one_line(_text(info.get(key))) for key in ("email", "phone", "fax")}
        person = {"GivenName": info.get("firstName"), "FamilyName": info.get("lastName")}
        values["person"] = {key: one_line(_text(part)) for key, part in person.items() if _text(part).strip()}
        stamps |= dict.fromkeys(("email", "phone", "fax", "person"), stamp)
    else:
        values["parts"] = values["name"]
        picked = _choose(contacts, chosen or {})
        by_id = {_text(contact.get("id")): contact for contact in contacts}
        for name, id_ in picked.items():
            contact = by_id.get(id_)
            values[name] = one_line(_text(contact.get("value"))) if contact else ""
            stamps[name] = parse_instant(contact.get("modifiedOn")) if contact else None
        known = (terms or Terms()).servicetitan
        term = _text(record.get("paymentTermId"))
        if not term or term in known:
            values["terms"] = known.get(term, "")
        values["exempt"] = YES if record.get("taxExempt") is True else NO
        stamps["exempt"] = stamp
        if location := _choose_location(_text(record.get("id")), locations, (chosen or {}).get(SERVICE, "")):
            picked[SERVICE] = _text(location.get("id"))
            values[SERVICE] = _address(_object(location.get("address")))
            stamps[SERVICE] = parse_instant(location.get("modifiedOn"))
        if notes is not None:
            picked[REMARKS], values[REMARKS] = from_quickbooks(notes, (chosen or {}).get(REMARKS, ""))
            values[NOTES] = written_by_people(notes)
    return Side(
        id=_text(record.get("id")),
        values=values,
        stamps=stamps,
        chosen=picked,
        is_active=record.get("active") is not False,
        merged_to=_text(record.get("mergedToId")),
        raw=record,
        contacts=contacts,
        locations=locations,
        notes=notes,
    )


def _choose_location(customer: str, locations: Sequence[Json], chosen: str) -> Json | None:
    """Return the location agreed on, else the oldest active one that is known."""
    own = sorted(
        (
            each
            for each in locations
            if each.get("active") is not False and _text(each.get("customerId")) in ("", customer)
        ),
        key=lambda each: int(each.get("id") or 0),
    )
    agreed = next((each for each in own if _text(each.get("id")) == chosen), None)
    return agreed or next(iter(own), None)


def _choose(contacts: Sequence[Json], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return which contact each field stands for: the one agreed on, else the oldest that is free."""
    active = sorted(
        (each for each in contacts if each.get("active") is not False),
        key=lambda each: int(each.get("id") or 0),
    )
    by_id = {_text(contact.get("id")): contact for contact in active}
    picked: dict[str, str] = {}
    contact_rules = [rule for rule in CUSTOMER_FIELDS if rule.is_contact]
    for rule in contact_rules:  # what was agreed on comes first, for every field
        agreed = chosen.get(rule.name, "")
        if agreed in by_id and by_id[agreed].get("type") in rule.kinds and agreed not in picked.values():
            picked[rule.name] = agreed
    for rule in contact_rules:
        if rule.name not in picked:
            taken = {*picked.values(), *passed_over(chosen.get(rule.name, ""))}
            before = chosen.get(rule.name, "")
            picked[rule.name] = _oldest(active, rule, taken) or (before if passed_over(before) else "")
    return picked


def passed_over(chosen: str) -> list[str]:
    """Return the contacts that are not to be chosen, since the person in QuickBooks wanted none of them."""
    words = chosen.split()
    return words[1:] if words and words[0] == NOBODY else []


def _oldest(active: Sequence[Json], rule: FieldRule, taken: Iterable[str]) -> str:
    free = [each for each in active if each.get("type") in rule.kinds and _text(each.get("id")) not in taken]
    legal = [each for each in free if _is_legal(rule, _text(each.get("value")))]
    for kind in rule.kinds:
        for candidates in (legal, free):
            found = next((each for each in candidates if each.get("type") == kind), None)
            if found is not None and (candidates is legal or not legal):
                return _text(found.get("id"))
    return ""


def _is_legal(rule: FieldRule, value: str) -> bool:
    return bool(legal_email(value) if rule.name == "email" else legal_phone(value))


def _address(address: Mapping[str, Any]) -> dict[str, str]:
    parts = {key: one_line(_text(address.get(key))) for key in ("street", "unit", *_PLACES)}
    written = {key: part for key, part in parts.items() if part}
    return {} if set(written) <= {"country"} else written


# QuickBooks


def read_quickbooks(target: str, obj: Json, *, terms: Terms | None = None) -> Side:
    """Return what QuickBooks shows of a customer or vendor; a free-form address says nothing (rule 7.4)."""
    stamp = parse_instant(_object(obj.get("MetaData")).get("LastUpdatedTime"))
    values: dict[str, Value] = {
        "name": plain_name(_text(obj.get("DisplayName"))),
        "active": NO if obj.get("Active") is False else YES,
        "email": one_line(_text(_object(obj.get("PrimaryEmailAddr")).get("Address"))),
    }
    rules = rules_of(target)
    names = {rule.name for rule in rules}
    for name, place in _NUMBERS.items():
        if name in names:
            values[name] = one_line(_text(_object(obj.get(place)).get("FreeFormNumber")))
    parts = {key: one_line(_text(obj.get(key))) for key in _PARTS if _text(obj.get(key)).strip()}
    if "parts" in names:
        values["parts"] = parts
    if "person" in names:
        values["person"] = {key: part for key, part in parts.items() if key != "CompanyName"}
    for name, place in _ADDRESSES.items():
        address = _object(obj.get(place))
        if name in names and not is_free_form(address, obj):
            values[name] = _postal(address)
    if NOTES in names:
        values[NOTES], values[REMARKS] = split(_text(obj.get("Notes")))
    if "exempt" in names and _TAXABLE in obj:
        values["exempt"] = YES if obj.get(_TAXABLE) is False else NO
    if "terms" in names:
        known, term = (terms or Terms()).quickbooks, _text(_object(obj.get("SalesTermRef")).get("value"))
        if not term or term in known:
            values["terms"] = known.get(term, "")
    return Side(
        id=_text(obj.get("Id")),
        values=values,
        stamps=dict.fromkeys(names, stamp),
        is_active=obj.get("Active") is not False,
        raw=obj,
    )


def is_free_form(address: Mapping[str, Any], obj: Mapping[str, Any]) -> bool:
    """Say whether QuickBooks let an address flow into its lines, names first (QB §3.2)."""
    first = one_line(_text(address.get("Line1"))).casefold()
    if not first or _text(address.get("City")).strip():
        return False
    owners = (_text(obj.get("DisplayName")), _text(obj.get("CompanyName")), _full_name(obj))
    return any(first.startswith(plain_name(owner).casefold()) for owner in owners if owner.strip())


def _full_name(obj: Mapping[str, Any]) -> str:
    return one_line(f"{_text(obj.get('GivenName'))} {_text(obj.get('FamilyName'))}")


def _postal(address: Mapping[str, Any]) -> dict[str, str]:
    lines = [one_line(_text(address.get(line))) for line in _LINES]
    parts = {"street": lines[0], "unit": ", ".join(line for line in lines[1:] if line)}
    parts |= {key: one_line(_text(address.get(place))) for key, place in _PLACES.items()}
    written = {key: part for key, part in parts.items() if part}
    return {} if set(written) <= {"country"} else written


def quickbooks_body(
    changes: Mapping[str, Value], *, terms: Terms | None = None, stored: Mapping[str, Any] | None = None
) -> Json:
    """Return the fields of a QuickBooks object that carry these values.

    Args:
        changes: field → value.
        terms: of both sides.
        stored: the object as it is: of its notes only our part is written.
    """
    body: Json = {}
    for name, value in changes.items():
        if name == "name":
            body["DisplayName"] = value
        elif name in ("parts", "person") and isinstance(value, dict):
            body |= {key: value.get(key, "") for key in (_PARTS if name == "parts" else _PARTS[:2])}
        elif name == "email":
            body["PrimaryEmailAddr"] = {"Address": value}
        elif name in _NUMBERS:
            body[_NUMBERS[name]] = {"FreeFormNumber": value}
        elif name in _ADDRESSES and isinstance(value, dict):
            places = {place: value[key] for key, place in _PLACES.items() if value.get(key)}
            lines = {
                line: value[key] for key, line in (("street", "Line1"), ("unit", "Line2")) if value.get(key)
            }
            body[_ADDRESSES[name]] = {**lines, **places}
        elif name == "exempt":
            said, _, number = text(value).partition(" ")
            body |= {_TAXABLE: said != YES, **({"TaxExemptionReasonId": number} if number else {})}
        elif name == "active":
            body["Active"] = value == YES
        elif name == NOTES:
            body["Notes"] = joined(text(value), split(_text((stored or {}).get("Notes")))[1])
        elif name == "terms":
            id_ = term_id(text(value), (terms or Terms()).quickbooks)
            body["SalesTermRef"] = {"value": id_}
    return body


def term_id(name: str, known: Mapping[str, str]) -> str:
    """Return the id of a term by its name, empty if there is none."""
    folded = name.casefold()
    return next((id_ for id_, other in known.items() if other.casefold() == folded), "")


def knows_term(name: str, known: Mapping[str, str]) -> bool:
    """Say whether a term of that name is there; no term is always there."""
    return not name or bool(term_id(name, known))


def manner_of(
    target: str,
    record: Mapping[str, Any],
    *,
    latin1: bool,
    name_format: str,
    terms: Mapping[str, str],
    exempt_reason: str = "",
) -> Manner:
    """Return how values of a ServiceTitan record are written."""
    letter = "C" if target == CUSTOMER else "V"
    return Manner(
        latin1=latin1,
        name_format=name_format,
        is_person=target == CUSTOMER and is_person(record),
        suffix=f"({letter}-{record.get('id')})",
        terms=terms,
        exempt_reason=EXEMPT_REASONS.get(exempt_reason, ""),
    )


def _object(value: object) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
