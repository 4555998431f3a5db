"""Checks records against the vendor's own OpenAPI component schemas, where those files are at hand.

Belongs here: finding the files and turning a component into a JSON schema. Does not belong here: the claims
tested.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

COMPONENTS = {
    "customers": ("crm", "Crm.V2.Customers.CustomerResponse"),
    "contacts": ("crm", "Crm.V2.Customers.CustomerContactWithModifiedOnAndCustomerIdResponse"),
    "locations": ("crm", "Crm.V2.Locations.LocationResponse"),
    "invoices": ("accounting", "Accounting.V2.InvoiceResponse"),
    "payments": ("accounting", "Accounting.V2.DetailedPaymentResponse"),
    "payment-types": ("accounting", "Accounting.V2.PaymentTypeResponse"),
    "payment-terms": ("accounting", "Accounting.V2.PaymentTermAPIModel"),
    "tax-zones": ("accounting", "Accounting.V2.TaxZoneResponse"),
    "gl-accounts": ("accounting", "Accounting.V2.GlAccountExtendedResponse"),
    "credit-memos": ("accounting", "Accounting.V2.CreditMemos.CreditMemoPublicResponse"),
    "inventory-bills": ("accounting", "Accounting.V2.InventoryBillResponse"),
    "ap-bills": ("accounting", "Accounting.V2.ApBillResponse"),
    "ap-credits": ("accounting", "Accounting.V2.ApCreditResponse"),
    "ap-payments": ("accounting", "Accounting.V2.ApPaymentResponse"),
    "bank-deposits": ("accounting", "Accounting.V2.DetailedDepositResponse"),
    "journal-entries": ("accounting", "Accounting.V2.JournalEntryResponse"),
    "business-units": ("settings", "TenantSettings.V2.BusinessUnitResponse"),
    "employees": ("settings", "TenantSettings.V2.EmployeeResponse"),
    "technicians": ("settings", "TenantSettings.V2.TechnicianResponse"),
    "services": ("pricebook", "Pricebook.V2.ServiceGetResponse"),
    "materials": ("pricebook", "Pricebook.V2.MaterialResponse"),
    "equipment": ("pricebook", "Pricebook.V2.EquipmentResponse"),
    "discounts-and-fees": ("pricebook", "Pricebook.V2.DiscountAndFeesResponse"),
    "categories": ("pricebook", "Pricebook.V2.CategoryResponse"),
    "jobs": ("jpm", "Jpm.V2.JobResponse"),
    "job-types": ("jpm", "Jpm.V2.JobTypeResponse"),
    "appointments": ("jpm", "Jpm.V2.AppointmentResponse"),
    "projects": ("jpm", "Jpm.V2.ProjectResponse"),
    "vendors": ("inventory", "Inventory.V2.VendorResponse"),
    "purchase-orders": ("inventory", "Inventory.V2.PurchaseOrderResponse"),
    "purchase-order-types": ("inventory", "Inventory.V2.PurchaseOrderTypeResponse"),
    "receipts": ("inventory", "Inventory.V2.InventoryReceiptResponse"),
    "returns": ("inventory", "Inventory.V2.InventoryReturnResponse"),
    "return-types": ("inventory", "Inventory.V2.ListReturnTypesResponse"),
    "adjustments": ("inventory", "Inventory.V2.InventoryAdjustmentResponse"),
    "transfers": ("inventory", "Inventory.V2.InventoryTransferResponse"),
    "warehouses": ("inventory", "Inventory.V2.WarehouseResponse"),
    "trucks": ("inventory", "Inventory.V2.TruckResponse"),
}
CREDIT_MEMO_ITEM = ("accounting", "Accounting.V2.CreditMemos.CreditMemoItemsPublicResponse")
JOURNAL_LINE = ("accounting", "Accounting.V2.JournalEntryDetailsResponse")


def specs_folder() -> Path | None:
    """Find the folder of the vendor's OpenAPI files, named by ``SERVICETITAN_SPECS`` or beside a checkout."""
    named = os.environ.get("SERVICETITAN_SPECS")
    candidates = [Path(named)] if named else []
    candidates += [
        folder / "shared" / "reference" / "servicetitan" / "specs"
        for folder in Path(__file__).resolve().parents
    ]
    return next((folder for folder in candidates if folder.is_dir()), None)


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(entry) for entry in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    given = cast("dict[str, Any]", node)
    made: dict[str, Any] = {key: _strict(value) for key, value in given.items() if key != "nullable"}
    return {"anyOf": [made, {"type": "null"}]} if given.get("nullable") else made


@cache
def _components(module: str) -> Any:
    folder = specs_folder()
    assert folder is not None
    return _strict(json.loads((folder / f"tenant-{module}-v2.json").read_text())["components"])


@cache
def validator(module: str, component: str) -> Validator:
    """Make the validator of one component."""
    schema = {"$ref": f"#/components/schemas/{component}", "components": _components(module)}
    return Draft202012Validator(schema)


def plain(record: Any) -> Any:
    """Turn decimals into JSON numbers, as the wire has them."""
    return json.loads(
        json.dumps(record, default=lambda value: float(value) if isinstance(value, Decimal) else str(value))
    )


def complaints(collection: str, record: dict[str, Any]) -> list[str]:
    """List what is wrong with a record of a collection."""
    shown = {key: value for key, value in plain(record).items() if not key.startswith("_")}
    nested = {"credit-memos": ("items", CREDIT_MEMO_ITEM), "journal-entries": ("details", JOURNAL_LINE)}
    found: list[str] = []
    if collection in nested:
        key, component = nested[collection]
        for row in shown.pop(key, []):
            found += [error.message for error in validator(*component).iter_errors(row)]
    errors = validator(*COMPONENTS[collection]).iter_errors(shown)
    return found + [f"{'/'.join(map(str, error.path))}: {error.message}"[:300] for error in errors]
