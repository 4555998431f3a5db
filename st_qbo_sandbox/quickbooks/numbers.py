"""Document numbers: given, numbered automatically, or refused as duplicates.

Belongs here: the DocNumber table of reference §6.1. Does not belong here: its length (`field_tables.py`).
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.catalog import SALES
from st_qbo_sandbox.quickbooks.faults import duplicate_number

AUTO = "AUTO_GENERATE"
_FIRST = 1001
_AUTOMATIC_ON_REQUEST = ("Invoice", "Estimate", "SalesReceipt")


def number_document(call: Call, new: Body, old: Body | None) -> None:
    """Give the document its number.

    Raises:
        Fault: 6140 if the company warns of duplicates and the number is used by another of the same type.
    """
    wished = new.get("DocNumber")
    asked = bool(new.pop("AutoDocNumber", False)) and call.entity.name in _AUTOMATIC_ON_REQUEST
    if asked or wished == AUTO:
        new["DocNumber"] = _next_number(call)
        return
    if old is not None:
        if (
            "DocNumber" not in call.sent
            and not call.sparse
            and old.get("DocNumber")
            and not _uses_custom(call)
        ):
            new["DocNumber"] = old["DocNumber"]
    elif not wished and _numbers_itself(call):
        new["DocNumber"] = _next_number(call)
        return
    number = new.get("DocNumber")
    if number and (old is None or number != old.get("DocNumber")):
        _refuse_duplicate(call, new, number)


def _uses_custom(call: Call) -> bool:
    if call.entity.name in SALES:
        return bool(call.preference("SalesFormsPrefs", "CustomTxnNumbers", False))
    return call.company.is_other_on("VendorAndPurchasesPrefs.UseCustomTxnNumbers")


def _numbers_itself(call: Call) -> bool:
    return (call.entity.name in SALES or call.entity.name == "PurchaseOrder") and not _uses_custom(call)


def _next_number(call: Call) -> str:
    sequence = "number:sales" if call.entity.name in SALES else f"number:{call.entity.name}"
    while True:
        number = str(int(call.books.next_id(sequence)) + _FIRST - 1)
        if call.entity.name not in SALES or not any(number in call.books.by_number[name] for name in SALES):
            return number


def _refuse_duplicate(call: Call, new: Body, number: str) -> None:
    if "allowduplicatedocnum" in call.include or not _warns(call):
        return
    for id in call.books.by_number[call.entity.name].ids(number.casefold()):
        other = call.work.find(call.entity.name, id)
        if other is None or id == new.get("Id"):
            continue
        if (
            call.entity.name in ("Bill", "VendorCredit")
            and other["VendorRef"]["value"] != new["VendorRef"]["value"]
        ):
            continue
        raise duplicate_number(number, _type_name(call.entity.name), id)


def _warns(call: Call) -> bool:
    name = call.entity.name
    if name == "Bill":
        return call.switches.refuse_duplicate_bill_number or call.company.is_other_on(
            "WarnDuplicateBillNumber"
        )
    if name == "JournalEntry":
        return call.company.is_other_on("WarnDuplicateJournalNumber")
    return name in SALES and call.switches.warn_duplicate_number


def _type_name(entity: str) -> str:
    return "Journal Entry" if entity == "JournalEntry" else entity
