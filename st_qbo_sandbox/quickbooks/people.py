"""Names: Customer, Vendor and Employee, which share one set of display names.

Belongs here: name rules, uniqueness, parents, inactivation (reference §6.5, §6.6). Does not belong here:
balances, which follow the transactions (`books.py`).
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.activity import change_activity
from st_qbo_sandbox.quickbooks.addresses import number_addresses
from st_qbo_sandbox.quickbooks.books import Body, name_key
from st_qbo_sandbox.quickbooks.calls import ZERO, Call
from st_qbo_sandbox.quickbooks.catalog import NAME_LISTS
from st_qbo_sandbox.quickbooks.faults import Fault, FaultError, duplicate_name, fault
from st_qbo_sandbox.quickbooks.references import check_reference
from st_qbo_sandbox.quickbooks.work import Work

_LEVELS_MAX = 5
_CHECKED = ("DisplayName", "Title", "GivenName", "MiddleName", "FamilyName", "Suffix", "PrintOnCheckName")
_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_ILLEGAL = (":", "\t", "\n", "\r")
# Blanking these by a sparse update does nothing (reference §3.2).
STICKY = ("DisplayName", "PrintOnCheckName")


def prepare_person(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed name.

    Raises:
        Fault: 2040, 6000, 6080, 6180 or 6240.
    """
    _name(call, new, old)
    if call.entity.name == "Customer":
        _complete_customer(call, new, old)
    elif call.entity.name == "Vendor":
        new.setdefault("Vendor1099", False)
        new["Balance"] = (old or {}).get("Balance", ZERO)
        _mask(new, "TaxIdentifier", 4)
    new.setdefault("Active", True)
    if old is not None and old.get("Active", True) != new["Active"]:
        change_activity(call, new, ("DisplayName", "FullyQualifiedName"))
    _refuse_duplicate(call, new)
    number_addresses(call, new, ("BillAddr", "ShipAddr", "PrimaryAddr"))
    if call.entity.name != "Employee":
        new["CurrencyRef"] = (old or {}).get("CurrencyRef") or call.company.home_currency


def _name(call: Call, new: Body, old: Body | None) -> None:
    errors = [
        FaultError("2040", f"Element contains invalid characters. {new[field]}", field)
        for field in _CHECKED
        if any(mark in new.get(field, "") for mark in _ILLEGAL)
    ]
    if errors:
        raise Fault(*errors)
    if not new.get("DisplayName", "").strip():
        parts = [new[part].strip() for part in _PARTS if new.get(part, "").strip()]
        composed = " ".join(parts) or new.get("CompanyName", "").strip()
        if not composed:
            raise fault(
                "6080",
                "No name provided : At least one name part or a display name is required.",
                "DisplayName",
            )
        new["DisplayName"] = composed
    new["DisplayName"] = new["DisplayName"].strip()
    new["FullyQualifiedName"] = new["DisplayName"]
    new.setdefault("PrintOnCheckName", new.get("CompanyName") or new["DisplayName"][:110])


def _complete_customer(call: Call, new: Body, old: Body | None) -> None:
    parent = new.get("ParentRef")
    level = 0
    if parent is not None:
        ancestor = check_reference(call, "Customer", parent)
        level = int(ancestor.get("Level", 0)) + 1
        if level >= _LEVELS_MAX or ancestor["Id"] == new.get("Id"):
            raise fault(
                "6180", f"Sub level limit exceeded : A customer may have at most {_LEVELS_MAX} levels."
            )
        new["FullyQualifiedName"] = f"{ancestor['FullyQualifiedName']}:{new['DisplayName']}"
        new.setdefault("Job", True)
    elif new.get("Job"):
        raise fault("2020", "Required parameter ParentRef is missing in the request", "ParentRef")
    new.setdefault("Job", False)
    new["Level"] = level
    if parent is None:
        new["BillWithParent"] = False
    new.setdefault("BillWithParent", False)
    new.setdefault("Taxable", True)
    new.setdefault("PreferredDeliveryMethod", "Print")
    new["IsProject"] = False
    opening = new.get("Balance", ZERO) if old is None else old.get("Balance", ZERO)
    new["Balance"] = opening
    new["BalanceWithJobs"] = opening if old is None else old.get("BalanceWithJobs", opening)
    _mask(new, "PrimaryTaxIdentifier", 5)
    if old is not None and old.get("FullyQualifiedName") != new["FullyQualifiedName"]:
        _rename_children(call.work, new)


def _rename_children(work: Work, parent: Body) -> None:
    for id in work.books.by_parent["Customer"].ids(parent["Id"]):
        child = work.open("Customer", id)
        child["FullyQualifiedName"] = f"{parent['FullyQualifiedName']}:{child['DisplayName']}"
        child["Level"] = int(parent["Level"]) + 1
        _rename_children(work, child)


def _mask(doc: Body, field: str, shown: int) -> None:
    value = doc.get(field)
    if value and not value.startswith("X"):
        doc[field] = "X" * max(len(value) - shown, 0) + value[-shown:]


def _refuse_duplicate(call: Call, new: Body) -> None:
    wanted = name_key(new["DisplayName"])
    for entity in NAME_LISTS:
        for id in call.books.by_name[entity].ids(wanted):
            other = call.work.find(entity, id)
            if other is None or (entity == call.entity.name and id == new.get("Id")):
                continue
            if name_key(other["DisplayName"]) == wanted:
                raise duplicate_name()
