"""References inside a document: do they exist, are they active, what is their name.

Belongs here: checking and naming. Does not belong here: links between transactions (`links.py`) and tax
codes of lines (`sales_lines.py`).
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.quickbooks.books import Body, name_of
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.catalog import ENTITIES, MAGIC_ITEMS, NAME_LISTS, REFERENCES
from st_qbo_sandbox.quickbooks.faults import INACTIVE, Fault, fault, inactive
from st_qbo_sandbox.storage import as_array, as_object

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
    known = frozenset(_collect(old))
    _walk(call, doc, known)


def _walk(call: Call, value: Body, known: frozenset[tuple[str, str]]) -> None:
    for name, inner in value.items():
        ref = as_object(inner)
        if ref is None:
            for item in as_array(inner) or ():
                if (nested := as_object(item)) is not None:
                    _walk(call, nested, known)
            continue
        target = REFERENCES.get(name)
        if target is not None and "value" in ref:
            _complete(call, name, target, ref, known)
        elif name == "EntityRef":
            _complete_entity(call, ref, value.get("Type"), known)
        elif name != "MetaData" and not name.startswith("_"):
            _walk(call, ref, known)


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
    for name, inner in (as_object(value) or {}).items():
        ref = as_object(inner)
        target = REFERENCES.get(name)
        if ref is not None and target is not None and "value" in ref:
            pairs.append((target, ref["value"]))
        elif ref is not None and name == "EntityRef":
            pairs += [(kind, ref.get("value", "")) for kind in NAME_LISTS]
        else:
            pairs += _collect(inner)
    for item in as_array(value) or ():
        pairs += _collect(item)
    return pairs
