"""Which lists there are and where their rows come from: one row per list.

Belongs here: the table. Does not belong here: filters (`filter_tables.py`) and paging (`lists.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.servicetitan.records import Records, named_id, rows_of
from st_qbo_sandbox.storage import Document

Rows = Callable[[Records, dict[str, str]], Iterable[Document]]


@dataclass(frozen=True)
class Listing:
    """One list.

    Attributes:
        collection: whose records are the rows, unless `rows` makes them.
        parent: (collection, path parameter, index of the rows by the parent's id): a list below another
        record. rows: makes rows that are no records of their own. maximum: the largest page. bare: answers
        a JSON array without an envelope. needs: one of these parameters must be sent. defaults: parameters
        that count as sent. activity: how `active` defaults when it is not declared: only active rows, or
        all.
    """

    collection: str = ""
    parent: tuple[str, str, str] | None = None
    rows: Rows | None = None
    maximum: int = 5_000
    bare: bool = False
    needs: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict[str, Any])
    activity: str = "all"


def custom_field_types(resource: str) -> Listing:
    """List the custom field types of a resource."""

    def rows(records: Records, _: dict[str, str]) -> Iterable[Document]:
        return [row for row in records.all("custom-field-types") if row.get("_of") == resource]

    return Listing(rows=rows)


def memo_items(records: Records, _: dict[str, str]) -> Iterable[Document]:
    """Return the items of all credit memos, each with its memo's id."""
    for memo in records.all("credit-memos"):
        for item in rows_of(memo, "items"):
            yield {"active": memo.get("active", True), **item, "creditMemoId": memo["id"]}


def items_of_memo(records: Records, path: dict[str, str]) -> Iterable[Document]:
    """Return the items of one credit memo."""
    return [item for item in memo_items(records, path) if str(item["creditMemoId"]) == path["id"]]


def journal_details(records: Records, path: dict[str, str]) -> Iterable[Document]:
    """Return the lines of one journal entry."""
    entry = records.get("journal-entries", path["id"]) or {}
    return [{"postDate": entry.get("postDate"), **line} for line in rows_of(entry, "details")]


def journal_summary(records: Records, path: dict[str, str]) -> Iterable[Document]:
    """Return the sums of one journal entry by account and business unit."""
    sums: dict[tuple[Any, Any], Document] = {}
    for line in journal_details(records, path):
        key = (named_id(line, "account"), named_id(line, "businessUnit"))
        kept = sums.setdefault(key, {**line, "debit": Decimal(0), "credit": Decimal(0)})
        for side in ("debit", "credit"):
            kept[side] += Decimal(str(line.get(side) or 0))
    return sums.values()


def gl_account_types(records: Records, _: dict[str, str]) -> Iterable[Document]:
    """Return the account types: those kept, else those that the accounts use."""
    kept = list(records.all("gl-account-types"))
    if kept:
        return kept
    first: dict[str, Document] = {}
    for account in records.all("gl-accounts"):
        if account.get("type"):
            first.setdefault(account["type"], account)
    return [
        {
            "id": number,
            "parentTypeId": None,
            "name": name,
            "active": True,
            "createdOn": account["createdOn"],
            "modifiedOn": account["createdOn"],
        }
        for number, (name, account) in enumerate(sorted(first.items()), start=1)
    ]


_ACTIVE = "active only"
_CHANGED = ("modifiedOnOrAfter", "modifiedBefore")

LISTS: dict[str, Listing] = {
    "accounting/invoices": Listing("invoices"),
    "accounting/payments": Listing("payments"),
    "accounting/payment-types": Listing("payment-types"),
    "accounting/payment-terms": Listing("payment-terms"),
    "accounting/tax-zones": Listing("tax-zones"),
    "accounting/gl-accounts": Listing("gl-accounts"),
    "accounting/gl-accounts/types": Listing(rows=gl_account_types),
    "accounting/journal-entries": Listing("journal-entries", maximum=500),
    "accounting/journal-entries/{id}/details": Listing(
        parent=("journal-entries", "id", ""), rows=journal_details, maximum=500
    ),
    "accounting/journal-entries/{id}/summary": Listing(
        parent=("journal-entries", "id", ""), rows=journal_summary, maximum=500
    ),
    "accounting/inventory-bills": Listing("inventory-bills", bare=True, activity=_ACTIVE),
    "accounting/inventory-bills/paginated": Listing("inventory-bills", activity=_ACTIVE),
    "accounting/ap-bills": Listing("ap-bills", defaults={"billType": "Procurement"}),
    "accounting/ap-credits": Listing("ap-credits"),
    "accounting/ap-payments": Listing("ap-payments"),
    "accounting/credit-memos": Listing("credit-memos"),
    "accounting/credit-memos/credit-memo-items": Listing(rows=memo_items),
    "accounting/credit-memos/{id}/items": Listing(parent=("credit-memos", "id", ""), rows=items_of_memo),
    "accounting/bank-deposits": Listing("bank-deposits"),
    "accounting/bank-deposits/{id}/transactions": Listing(
        "payments", parent=("bank-deposits", "id", "deposit")
    ),
    "accounting/remittance-vendors": Listing("remittance-vendors"),
    "accounting/invoices/{invoiceId}/tasks": Listing(
        "invoice-tasks", parent=("invoices", "invoiceId", "invoice")
    ),
    "crm/customers": Listing("customers"),
    "crm/customers/{id}/contacts": Listing(
        "contacts", parent=("customers", "id", "customer"), activity=_ACTIVE
    ),
    "crm/customers/contacts": Listing("contacts", needs=("customerIds", *_CHANGED), activity=_ACTIVE),
    "crm/customers/{id}/notes": Listing(
        "customer-notes", parent=("customers", "id", "customer"), activity=_ACTIVE
    ),
    "crm/locations": Listing("locations"),
    "crm/locations/{id}/contacts": Listing(
        "location-contacts", parent=("locations", "id", "location"), activity=_ACTIVE
    ),
    "crm/locations/contacts": Listing(
        "location-contacts", needs=("locationIds", *_CHANGED), activity=_ACTIVE
    ),
    "crm/contacts": Listing("shared-contacts"),
    "inventory/vendors": Listing("vendors"),
    "inventory/purchase-orders": Listing("purchase-orders"),
    "inventory/purchase-order-types": Listing("purchase-order-types"),
    "inventory/receipts": Listing("receipts"),
    "inventory/returns": Listing("returns"),
    "inventory/return-types": Listing("return-types", maximum=500),
    "inventory/adjustments": Listing("adjustments"),
    "inventory/transfers": Listing("transfers"),
    "inventory/warehouses": Listing("warehouses"),
    "inventory/trucks": Listing("trucks"),
    "inventory/inventory-templates": Listing("inventory-templates"),
    "pricebook/services": Listing("services"),
    "pricebook/materials": Listing("materials"),
    "pricebook/equipment": Listing("equipment"),
    "pricebook/categories": Listing("categories"),
    "pricebook/discounts-and-fees": Listing("discounts-and-fees"),
    "pricebook/materials/costtypes": Listing("cost-types"),
    "jpm/jobs": Listing("jobs"),
    "jpm/appointments": Listing("appointments"),
    "jpm/projects": Listing("projects", activity=_ACTIVE),
    "jpm/job-types": Listing("job-types"),
    "jpm/job-cancel-reasons": Listing("job-cancel-reasons"),
    "jpm/job-hold-reasons": Listing("job-hold-reasons"),
    "jpm/project-statuses": Listing("project-statuses"),
    "jpm/project-substatuses": Listing("project-substatuses"),
    "jpm/project-types": Listing("project-types"),
    "settings/business-units": Listing("business-units"),
    "settings/employees": Listing("employees"),
    "settings/technicians": Listing("technicians"),
    "settings/tag-types": Listing("tag-types"),
    "settings/user-roles": Listing("user-roles"),
    **{
        f"{module}/{resource}/custom-fields": custom_field_types(resource)
        for module, resources in {
            "accounting": (
                "invoices",
                "payments",
                "credit-memos",
                "inventory-bills",
                "ap-bills",
                "ap-credits",
                "ap-payments",
            ),
            "crm": ("customers", "locations"),
            "inventory": ("vendors",),
            "jpm": ("jobs", "projects"),
        }.items()
        for resource in resources
    },
}

# Records that can be read one by one: the operation's path, the collection, what a 404 calls it.
SINGLES: dict[str, tuple[str, str]] = {
    "accounting/ap-bills/{billId}": ("ap-bills", "Bill"),
    "accounting/gl-accounts/{accountId}": ("gl-accounts", "General ledger account"),
    "accounting/journal-entries/{id}": ("journal-entries", "Journal entry"),
    "accounting/payment-terms/{paymentTermId}": ("payment-terms", "Payment term"),
    "accounting/payment-types/{id}": ("payment-types", "Payment type"),
    "accounting/remittance-vendors/{id}": ("remittance-vendors", "Remittance vendor"),
    "crm/customers/{id}": ("customers", "Customer"),
    "crm/locations/{id}": ("locations", "Location"),
    "crm/contacts/{id}": ("shared-contacts", "Contact"),
    "inventory/vendors/{id}": ("vendors", "Vendor"),
    "inventory/purchase-orders/{id}": ("purchase-orders", "Purchase order"),
    "pricebook/services/{id}": ("services", "Service"),
    "pricebook/materials/{id}": ("materials", "Material"),
    "pricebook/equipment/{id}": ("equipment", "Equipment"),
    "pricebook/categories/{id}": ("categories", "Category"),
    "pricebook/discounts-and-fees/{id}": ("discounts-and-fees", "Discount or fee"),
    "jpm/jobs/{id}": ("jobs", "Job"),
    "jpm/appointments/{id}": ("appointments", "Appointment"),
    "jpm/projects/{id}": ("projects", "Project"),
    "jpm/job-types/{id}": ("job-types", "Job type"),
    "jpm/project-statuses/{id}": ("project-statuses", "Project status"),
    "jpm/project-substatuses/{id}": ("project-substatuses", "Project substatus"),
    "jpm/project-types/{id}": ("project-types", "Project type"),
    "settings/business-units/{id}": ("business-units", "Business unit"),
    "settings/employees/{id}": ("employees", "Employee"),
    "settings/technicians/{id}": ("technicians", "Technician"),
}
