"""What is written to ServiceTitan so that a record has other values.

What belongs here: the PATCH of the record, the calls for its contacts, the PATCH of its location. What does
not: which values (`three_way`), sending (load).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from st_qbo_assets.domain.masters.fields import FieldRule
from st_qbo_assets.domain.masters.sides import (
    CUSTOMER,
    NOBODY,
    REMARKS,
    SERVICE,
    Side,
    Terms,
    rules_of,
    term_id,
)
from st_qbo_assets.domain.masters.values import YES, Value, same, text
from st_qbo_assets.domain.outcomes import Json

_PARTS = ("street", "unit", "city", "state", "zip", "country")


@dataclass(frozen=True)
class ContactChange:
    """What becomes of one contact.

    Attributes:
        operation: create, update or delete.
        id: of the contact; empty for a new one.
    """

    field: str
    operation: str
    type: str
    value: str
    id: str = ""


@dataclass(frozen=True)
class ServiceTitanChange:
    """What is written to ServiceTitan for one record.

    Attributes:
        body: the PATCH of the record; empty if only contacts change.
        contacts: the calls for contacts.
        location: the PATCH of the chosen location; empty if it stays.
        remark: what the note of QuickBooks' text is to say; None if it stays, empty if it goes.
        chosen: which contact each field stands for afterwards; a new one's id is known only then.
    """

    body: Json = field(default_factory=dict[str, Any])
    contacts: tuple[ContactChange, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict[str, str])
    location: Json = field(default_factory=dict[str, Any])
    remark: str | None = None

    @property
    def says_anything(self) -> bool:
        """Whether anything is sent."""
        return bool(self.body or self.contacts or self.location) or self.remark is not None


def servicetitan_change(
    target: str, changes: Mapping[str, Value], side: Side, *, terms: Terms | None = None
) -> ServiceTitanChange:
    """Return the writes that give a ServiceTitan record these values.

    An e-mail or number that stands in another contact already is chosen, not written again (rule 7.7).
    """
    body: Json = {}
    found = ServiceTitanChange(chosen=dict(side.chosen))
    for rule in rules_of(target):
        if rule.name not in changes:
            continue
        value = changes[rule.name]
        if rule.is_contact and target == CUSTOMER:
            found = _with_contact(found, rule, text(value), side)
        elif rule.name == "name":
            body["name"] = value
        elif rule.name == "active":
            body["active"] = value == YES
        elif rule.name == "address" and isinstance(value, dict):
            whole = _billing_address if target == CUSTOMER else _whole_address
            body["address"] = whole(value, _object(side.raw.get("address")))
        elif rule.name == SERVICE and isinstance(value, dict):
            found = replace(found, location=_location(value, side))
        elif rule.name == REMARKS:
            found = replace(found, remark=text(value))
        elif rule.name == "terms":
            body["paymentTermId"] = int(term_id(text(value), (terms or Terms()).servicetitan) or 0) or None
        elif rule.name == "person" and isinstance(value, dict):
            body |= {"firstName": value.get("GivenName", ""), "lastName": value.get("FamilyName", "")}
        else:
            body[rule.name] = value
    return replace(found, body=body)


def _with_contact(change: ServiceTitanChange, rule: FieldRule, value: str, side: Side) -> ServiceTitanChange:
    active = [each for each in side.contacts if each.get("active") is not False]
    held = next((each for each in active if _text(each.get("id")) == side.chosen.get(rule.name)), None)
    used = {id_ for name, id_ in change.chosen.items() if name != rule.name}
    twin = next(
        (
            each
            for each in sorted(active, key=lambda each: int(each.get("id") or 0))
            if each.get("type") in rule.kinds
            and _text(each.get("id")) not in used
            and value
            and same(rule.name, _text(each.get("value")), value)
        ),
        None,
    )
    if twin is not None:
        return replace(change, chosen={**change.chosen, rule.name: _text(twin.get("id"))})
    if not value:
        own = [_text(each.get("id")) for each in active if each.get("type") in rule.kinds]
        chosen = {**change.chosen, rule.name: " ".join((NOBODY, *own))}
        if held is None:
            return replace(change, chosen=chosen)
        gone = ContactChange(rule.name, "delete", _text(held.get("type")), "", _text(held.get("id")))
        return replace(change, contacts=(*change.contacts, gone), chosen=chosen)
    operation = "update" if held is not None else "create"
    kind = _text(held.get("type")) if held is not None else rule.kinds[0]
    id_ = _text(held.get("id")) if held is not None else ""
    made = ContactChange(rule.name, operation, kind, value, id_)
    return replace(change, contacts=(*change.contacts, made), chosen={**change.chosen, rule.name: id_})


def _location(value: Mapping[str, str], side: Side) -> Json:
    chosen = side.chosen.get(SERVICE)
    before = next((each.get("address") for each in side.locations if _text(each.get("id")) == chosen), None)
    # A location may be without coordinates, and those of another address are wrong.
    return {"address": {**_whole_address(value, _object(before)), "latitude": None, "longitude": None}}


def _billing_address(value: Mapping[str, str], before: Mapping[str, Any]) -> Json:
    """Return a customer's address; it needs coordinates that are numbers, so those it has stay (ST §6.1)."""
    coordinates = {name: before.get(name) or 0 for name in ("latitude", "longitude")}
    return {**_whole_address(value, before), **coordinates}


def _whole_address(value: Mapping[str, str], before: Mapping[str, Any]) -> Json:
    """Return an address with every part ServiceTitan asks for."""
    parts: Json = {key: value.get(key, "") for key in _PARTS}
    parts["country"] = parts["country"] or _text(before.get("country")) or "USA"
    return parts


def _object(value: object) -> Json:
    return cast(Json, value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
