"""Writes to credit memos, GL accounts, journal entries and custom fields (reference §5.4, §5.5, §5.7).

Belongs here: those. Does not belong here: invoices and payments (`documents.py`).
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.servicetitan.balances import ZERO, amount, cents
from st_qbo_sandbox.servicetitan.problems import conflict, invalid
from st_qbo_sandbox.servicetitan.records import Records, named_id, rows_of
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.servicetitan.writes.drafts import USER, find_invoice, named
from st_qbo_sandbox.storage import Document, as_object


def patch_memo(call: Call) -> Document:
    """PATCH /credit-memos/{id}: `summary` is what the list calls `description`."""
    memo, given = call.target("credit-memos", "Credit memo"), call.fields
    changed = {**memo, **{name: given[name] for name in ("active", "date") if name in given}}
    if "date" in given:
        changed["date"] = given["date"][:10]
    if "summary" in given:
        changed["description"] = given["summary"]
    if "businessUnitId" in given:
        changed["businessUnit"] = named(
            call.referred("business-units", "businessUnitId", given["businessUnitId"])
        )
    settled = call.balances.settle_memo(changed)
    return {
        **settled,
        "summary": settled.get("description"),
        "businessUnitId": named_id(settled, "businessUnit"),
    }


def split_memo(call: Call) -> dict[str, Any]:
    """POST /credit-memos/{id}/splits: apply parts of it to invoices."""
    memo = call.target("credit-memos", "Credit memo")
    applied = list(rows_of(memo, "appliedTo"))
    added: list[dict[str, Any]] = []
    for split in rows_of(call.fields, "splits"):
        invoice = find_invoice(call.records, split)
        part = cents(amount(split.get("amount")))
        row = {
            "appliedId": call.records.new_id(),
            "appliedTo": invoice["id"],
            "appliedAmount": part,
            "appliedOn": call.records.stamps.today().isoformat(),
            "appliedBy": USER,
            "appliedToReferenceNumber": invoice.get("referenceNumber"),
        }
        applied.append(row)
        added.append({**split, "id": row["appliedId"], "invoiceId": invoice["id"], "amount": part})
    if sum((amount(row["appliedAmount"]) for row in applied), ZERO) > amount(memo.get("total")):
        raise invalid(splits="The splits exceed the total of the credit memo.")
    call.balances.settle_memo({**memo, "appliedTo": applied})
    return {"id": memo["id"], "splits": added}


def create_account(call: Call) -> Document:
    """POST /gl-accounts: 201; 409 if the name exists."""
    given = call.fields
    if not given.get("name"):
        raise invalid(name="The name field is required.")
    _refuse_same_name(call.records, given["name"], None)
    record = {
        "active": True,
        "isIntacctGroup": False,
        "isIntacctBankAccount": False,
        "source": "PublicApi",
        **given,
    }
    return call.records.add("gl-accounts", record)


def patch_account(call: Call) -> Document:
    """PATCH /gl-accounts/{accountId}: 409 to deactivate one in use."""
    account, given = call.target("gl-accounts", "General ledger account", "accountId"), call.fields
    if given.get("name"):
        _refuse_same_name(call.records, given["name"], account["id"])
    if given.get("active") is False and _is_used(call.records, account["id"]):
        raise conflict("The account is in use and cannot be deactivated.")
    changes = {name: value for name, value in given.items() if value is not None}
    return call.records.change("gl-accounts", {**account, **changes})


def _refuse_same_name(records: Records, name: str, own_id: int | None) -> None:
    for account in records.all("gl-accounts"):
        if account["id"] != own_id and str(account.get("name")).lower() == name.lower():
            raise conflict(f"A general ledger account with name {name} already exists.")


def _is_used(records: Records, account_id: int) -> bool:
    fields = ("generalLedgerAccount", "costOfSaleAccount", "assetAccount")
    on_items = (
        named_id(item, field) == account_id
        for invoice in records.all("invoices")
        for item in rows_of(invoice, "items")
        for field in fields
    )
    on_payments = (named_id(payment, fields[0]) == account_id for payment in records.all("payments"))
    return any(on_items) or any(on_payments)


def create_entry(call: Call) -> None:
    """POST /journal-entries: an entry from outside; the answer is empty."""
    numbers = [entry.get("number", 0) for entry in call.records.all("journal-entries")]
    record = {
        "id": str(uuid.uuid4()),
        "number": max(numbers, default=0) + 1,
        "source": "External",
        "syncStatus": "NotSynced",
        "lastSyncVersionId": None,
    }
    call.records.add("journal-entries", {**record, **_entry(call)})


def replace_entry(call: Call) -> None:
    """PUT /journal-entries/{id}: entries from outside only."""
    entry = _external_entry(call)
    changed = {**entry, **_entry(call), "versionId": entry.get("versionId", 1) + 1}
    call.records.change("journal-entries", changed)


def delete_entry(call: Call) -> None:
    """DELETE /journal-entries/{id}: entries from outside only."""
    call.records.remove("journal-entries", _external_entry(call)["id"])


def _external_entry(call: Call) -> Document:
    entry = call.target("journal-entries", "Journal entry")
    if entry.get("source") != "External":
        raise invalid(id="Only journal entries created through the API can be changed.")
    return entry


def _entry(call: Call) -> Document:
    given = call.fields
    lines = [_entry_line(row) for row in rows_of(given, "lines")]
    debit = sum((line["debit"] for line in lines), Decimal(0))
    credit = sum((line["credit"] for line in lines), Decimal(0))
    if debit != credit:
        raise invalid(lines="Debits and credits differ.")
    named_values = as_object(given.get("customFields")) or {}
    custom = [{"name": name, "value": value} for name, value in named_values.items()]
    return {
        "name": given.get("name"),
        "status": given["status"],
        "versionId": given["versionId"],
        "message": given.get("message"),
        "postDate": (given.get("postDate") or "")[:10] or None,
        "customFields": custom,
        "details": lines,
        "isEmpty": not lines,
    }


def _entry_line(row: dict[str, Any]) -> Document:
    account = row.get("account") or {"id": row.get("accountId", 0)}
    return {
        **row,
        "account": account,
        "debit": amount(row.get("debit")),
        "credit": amount(row.get("credit")),
    }


def patch_entry(call: Call) -> Document:
    """PATCH /journal-entries/{id}: status and custom fields."""
    entry, given = call.target("journal-entries", "Journal entry"), call.fields
    return call.records.change("journal-entries", _with_custom(entry, given, ("status",)))


def sync_entry(call: Call) -> Document:
    """PATCH /journal-entries/{id}/sync: `versionId` is required to say Synced."""
    entry, given = call.target("journal-entries", "Journal entry"), call.fields
    changed = _with_custom(entry, given, ("syncStatus", "message"))
    if given["syncStatus"] == "Synced":
        if given.get("versionId") is None:
            raise invalid(versionId="The versionId field is required when the status is Synced.")
        changed["lastSyncVersionId"] = given["versionId"]
        changed["exportedOn"] = call.records.stamps.now()
    return call.records.change("journal-entries", changed)


def _with_custom(entry: Document, given: dict[str, Any], names: tuple[str, ...]) -> Document:
    changed = {**entry, **{name: given[name] for name in names if name in given}}
    if given.get("customFields"):
        held = {row["name"]: row["value"] for row in rows_of(entry, "customFields")}
        held.update(given["customFields"])
        changed["customFields"] = [{"name": name, "value": value} for name, value in held.items()]
    return changed


def custom_fields_writer(collection: str) -> Write:
    """Return the handler of PATCH …/custom-fields: `{operations: [{objectId, customFields}]}`."""

    def write(call: Call) -> None:
        operations: list[dict[str, Any]] = call.fields["operations"]
        for operation in operations:
            call.referred(collection, "operations", operation["objectId"])
        for operation in operations:
            record = call.existing(collection, operation["objectId"], "Object")
            held = {row["name"]: row for row in rows_of(record, "customFields")}
            for row in operation["customFields"]:
                held[row["name"]] = {**held.get(row["name"], {}), **row}
            call.records.change(collection, {**record, "customFields": list(held.values())})

    return write


_WITH_CUSTOM_FIELDS = (
    "invoices",
    "payments",
    "credit-memos",
    "inventory-bills",
    "ap-bills",
    "ap-credits",
    "ap-payments",
)
WRITES: dict[str, Write] = {
    "PATCH accounting/credit-memos/{id}": patch_memo,
    "POST accounting/credit-memos/{id}/splits": split_memo,
    "POST accounting/gl-accounts": create_account,
    "PATCH accounting/gl-accounts/{accountId}": patch_account,
    "POST accounting/journal-entries": create_entry,
    "PUT accounting/journal-entries/{id}": replace_entry,
    "DELETE accounting/journal-entries/{id}": delete_entry,
    "PATCH accounting/journal-entries/{id}": patch_entry,
    "PATCH accounting/journal-entries/{id}/sync": sync_entry,
    **{f"PATCH accounting/{name}/custom-fields": custom_fields_writer(name) for name in _WITH_CUSTOM_FIELDS},
}
