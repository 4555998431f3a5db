"""Whom the contractor buys from and where goods are kept: vendors, warehouses, trucks, types.

What belongs here: masters of the buying side. What does not: purchases.

Three vendors stand in QuickBooks under the same name; one is new, one inactive.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.organization import OFFICE_ADDRESS, founded
from st_qbo_sandbox.contractor.window import Window


@dataclass(frozen=True)
class Vendor:
    """A vendor; ``trade`` are the first digits of the income accounts its goods are sold on."""

    id: int
    name: str
    prefix: str
    trade: str
    email: str
    tax_rate: Decimal = Decimal("0.0885")
    active: bool = True


VENDORS: tuple[Vendor, ...] = (
    Vendor(610001, "Gulf Coast HVAC Supply", "GC", "40", "orders@gulfcoasthvac.example.com"),
    Vendor(610002, "Show-Me Plumbing Wholesale", "SM", "42", "ar@showmewholesale.example.com"),
    Vendor(610003, "Midland Electric Distributors", "ME", "44", "billing@midlandelectric.example.com"),
    Vendor(610004, "Caney Fork Duct & Sheet Metal", "CF", "", "shop@caneyfork.example.com"),
    Vendor(610005, "Old Depot Fasteners", "OD", "", "", active=False),
)
VENDOR = {vendor.name: vendor for vendor in VENDORS}

LOCATIONS: tuple[tuple[int, str, str], ...] = (
    (400, "Main Warehouse", "Warehouse"),
    (401, "Truck 12", "Truck"),
    (402, "Truck 7", "Truck"),
)


def vendor_of(account_key: str) -> Vendor:
    """Find who supplies the goods sold on an income account."""
    return next((vendor for vendor in VENDORS if vendor.trade == account_key[:2]), VENDORS[0])


def vendor_record(vendor: Vendor, made: str) -> dict[str, Any]:
    """Write a vendor."""
    return {
        "id": vendor.id,
        "name": vendor.name,
        "active": vendor.active,
        "isTruckReplenishment": vendor.trade == "40",
        "isMobileCreationRestricted": False,
        "memo": "",
        "deliveryOption": "EmailAsPdf",
        "defaultTaxRate": vendor.tax_rate,
        "contactInfo": {
            "firstName": "",
            "lastName": "",
            "phone": "8165550170",
            "email": vendor.email,
            "fax": "",
        },
        "address": {**OFFICE_ADDRESS, "street": f"{vendor.id % 1000 * 9} Supply Row"},
        "createdOn": made,
        "modifiedOn": made,
        "externalData": [],
        "customFields": None,
    }


def _order_type(identity: int, name: str, made: str) -> dict[str, Any]:
    return {
        "id": identity,
        "name": name,
        "active": True,
        "automaticallyReceive": False,
        "displayToTechnician": True,
        "impactToTechnicianPayroll": False,
        "allowTechniciansToSendPo": False,
        "defaultRequiredDateDaysOffset": 1,
        "skipWeekends": True,
        "excludeTaxFromJobCosting": False,
        "createdOn": made,
        "modifiedOn": made,
    }


def _return_type(made: str) -> dict[str, Any]:
    return {
        "id": 701,
        "name": "Wrong part",
        "automaticallyReceiveVendorCredit": False,
        "includeInSalesTax": False,
        "active": True,
        "isDefault": True,
        "isDefaultForConsignment": False,
        "createdOn": made,
        "modifiedOn": made,
    }


def buying_lists(window: Window) -> dict[str, list[dict[str, Any]]]:
    """Write the masters of the buying side."""
    made = founded(window)
    stamps: dict[str, Any] = {"createdOn": made, "modifiedOn": made, "externalData": []}
    return {
        "vendors": [vendor_record(vendor, made) for vendor in VENDORS],
        "purchase-order-types": [_order_type(501, "Job", made), _order_type(502, "Stock", made)],
        "return-types": [_return_type(made)],
        "warehouses": [
            {"id": identity, "name": name, "active": True, "address": dict(OFFICE_ADDRESS),
             "inventoryTemplateId": None,
             **stamps}
            for identity, name, kind in LOCATIONS if kind == "Warehouse"
        ],
        "trucks": [
            {"id": identity, "name": name, "active": True, "memo": "", "warehouseId": 400,
             "technicianIds": [],
             "inventoryTemplateId": None, **stamps}
            for identity, name, kind in LOCATIONS if kind == "Truck"
        ],
    }  # fmt: skip
