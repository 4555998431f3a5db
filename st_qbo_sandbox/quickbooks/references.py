"""References inside a document: do they exist, are they active, what is their name.

Belongs here: checking and naming. Does not belong here: links between transactions (`links.py`) and tax codes of lines
(`sales_lines.py`).
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.quickbooks.books import Body, name_of
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.catalog import ENTITIES, MAGIC_ITEMS, REFERENCES
from st_qbo_sandbox.quickbooks.faults import INACTIVE, Fault, fault, inactive

# Samples show these by value alone.
_WITHOUT_NAME = ("SalesTermRef", "TxnTaxCodeRef", "TaxRateRef", "DefaultTaxCodeRef", "AgencyRef", "ParentRef")
_PAYMENT_WITHOUT_NAME = ("DepositToAccountRef", "PaymentMethodRef")


def unknown_reference(call: Call, entity: str, id: str) -> Fault:
    """Return the fault for an id that no object has."""
    if call.switches.unknown_reference_names_id:
        element = ENTITIES[entity].ref_element or entity
        return fault("2500", f"Invalid Reference Id : {element} element id {id} not found", "Reference Id")
    return fault("2500", f"Invalid Reference Id : {INACTIVE}")


def check_reference(
    call: Call, entity: str, ref: Body, known: frozenset[tuple[str, str]] = frozenset()
) -> Body:
    """Return the object behind a reference.

    Raises:
        Fault: 2500 if there is none, 610 (or 2500, by switch) if it is inactive and not in `known`.
    """
    id = ref["value"]
    found = call.work.find(entity, id)
    if found is None:
        raise unknown_reference(call, entity, id)
    if not found.get("Active", True) and (entity, id) not in known:
        raise inactive(call.switches.inactive_reference_code)
    return found


def complete_references(call: Call, doc: Body, old: Body | None) -> None:
    """Check every reference in `doc` and write the names of their targets.

    An inactive target that the old document had already may stay.
    """
    known = frozenset(_collect(old)) if old else frozenset()
    _walk(call, doc, known)


def _walk(call: Call, value: Any, known: frozenset[tuple[str, str]]) -> None:
    for name, inner in value.items():
        if isinstance(inner, dict):
            target = REFERENCES.get(name)
            if target is not None and "value" in inner:
                _complete(call, name, target, inner, known)
            elif name == "EntityRef":
                _complete_entity(call, inner, value.get("Type"), known)
            elif name != "MetaData" and not name.startswith("_"):
                _walk(call, inner, known)
        elif isinstance(inner, list):
            for item in inner:
                if isinstance(item, dict):
                    _walk(call, item, known)


def _complete(call: Call, name: str, target: str, ref: Body, known: frozenset[tuple[str, str]]) -> None:
    if target == "Item" and ref["value"] in MAGIC_ITEMS:
        return
    found = check_reference(call, target, ref, known)
    ref.pop("type", None)
    hidden = name in _WITHOUT_NAME or (call.entity.name == "Payment" and name in _PAYMENT_WITHOUT_NAME)
    if hidden:
        ref.pop("name", None)
    else:
        ref["name"] = name_of(found)


def _complete_entity(call: Call, ref: Body, kind: str | None, known: frozenset[tuple[str, str]]) -> None:
    kinds = [kind or ref.get("type")] if kind or ref.get("type") else ["Vendor", "Customer", "Employee"]
    for candidate in kinds:
        name = str(candidate).capitalize()
        if name in ENTITIES and call.work.find(name, ref["value"]) is not None:
            found = check_reference(call, name, ref, known)
            ref["name"] = name_of(found)
            if kind is None:
                ref["type"] = name
            return
    raise unknown_reference(call, "Vendor", ref["value"])


def _collect(value: Any) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    if isinstance(value, dict):
        for name, inner in value.items():
            target = REFERENCES.get(name)
            if target is not None and isinstance(inner, dict) and "value" in inner:
                pairs.append((target, inner["value"]))
            elif name == "EntityRef" and isinstance(inner, dict):
                pairs += [(kind, inner.get("value", "")) for kind in ("Customer", "Vendor", "Employee")]
            else:
                pairs += _collect(inner)
    elif isinstance(value, list):
        for item in value:
            pairs += _collect(item)
    return pairs
