"""Rows in the vendor's own shape, to be changed by a test."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

_NAMED = {"id": 301, "name": "HVAC - Service"}
_GL = {
    "id": 4101,
    "name": "HVAC Service Income",
    "number": "40100",
    "type": "Income",
    "detailType": "Sales of Product Income",
}
_ADDRESS = {
    "street": "118 Sample Oak Dr",
    "unit": None,
    "city": "Austin",
    "state": "TX",
    "zip": "78704",
    "country": "USA",
}

ITEM: Json = {
    "id": 8101001,
    "description": "<p>Diagnostic</p>",
    "quantity": "1.50",
    "cost": "0.00",
    "totalCost": "0.00",
    "price": "189.00",
    "type": "Service",
    "skuName": "DIAG-01",
    "skuId": 900001,
    "total": "283.50",
    "inventory": False,
    "taxable": False,
    "isChargeable": True,
    "generalLedgerAccount": _GL,
    "costOfSaleAccount": None,
    "assetAccount": None,
    "membershipTypeId": 0,
    "displayName": "Diagnostic and minor repair",
    "order": 0,
    "businessUnit": _NAMED,
    "serviceDate": None,
    "memberPrice": None,
}
INVOICE: Json = {
    "id": 8001001,
    "syncStatus": "Posted",
    "referenceNumber": "7001001",
    "invoiceDate": "2026-02-03T00:00:00Z",
    "dueDate": "2026-03-05T00:00:00Z",
    "subTotal": "283.50",
    "salesTax": "0.00",
    "salesTaxCode": {"id": 71, "name": "Travis County", "taxRate": Decimal("0.0825")},
    "taxZoneId": 71,
    "total": "283.50",
    "balance": "0.00",
    "invoiceType": None,
    "customer": {"id": 5010001, "name": "Alvarez, Maria"},
    "customerAddress": _ADDRESS,
    "location": {"id": 5020001, "name": "Alvarez, Maria"},
    "locationAddress": _ADDRESS,
    "businessUnit": _NAMED,
    "termName": "Net 30",
    "batch": {"id": 88012, "number": "412", "name": "2026-02-03 HVAC"},
    "createdOn": "2026-02-02T15:02:11.0021456Z",
    "modifiedOn": "2026-02-04T13:20:31.4410093Z",
    "adjustmentToId": None,
    "job": {"id": 7001001, "number": "7001001", "type": "No Cool"},
    "sentStatus": "Sent",
    "reviewStatus": "Reviewed",
    "summary": "<p>Replaced capacitor</p>",
    "items": [ITEM],
    "customFields": None,
    "active": True,
    "discountTotal": "0.00",
    "exportId": None,
    "membershipId": None,
    "paidOn": None,
    "invoiceConfiguration": "JobInvoice",
}
PAYMENT: Json = {
    "id": 9001002,
    "active": True,
    "appliedTo": [
        {
            "appliedAmount": "1200.00",
            "appliedBy": "jdoe",
            "appliedId": 9101002,
            "appliedOn": "2026-02-09T10:58:40.1000001Z",
            "appliedTo": 8001002,
            "appliedToReferenceNumber": "7001002",
        }
    ],
    "batch": None,
    "businessUnit": _NAMED,
    "checkNumber": "1187",
    "createdOn": "2026-02-09T10:58:40.1000001Z",
    "customer": {"id": 5010002, "name": "Bluebonnet Dental Group, LLC"},
    "customFields": [],
    "date": "2026-02-09T00:00:00Z",
    "deposit": None,
    "generalLedgerAccount": _GL,
    "memo": None,
    "modifiedOn": "2026-02-09T11:00:02.2000001Z",
    "referenceNumber": "1187",
    "refundedPaymentId": None,
    "syncStatus": "Pending",
    "total": "1250.00",
    "type": "Check",
    "typeId": "2",
    "unappliedAmount": "50.00",
}


def invoice(**changes: Any) -> Json:
    """An invoice row with some fields replaced."""
    return {**deepcopy(INVOICE), **changes}


def item(**changes: Any) -> Json:
    """An invoice line with some fields replaced."""
    return {**deepcopy(ITEM), **changes}


def payment(**changes: Any) -> Json:
    """A payment row with some fields replaced."""
    return {**deepcopy(PAYMENT), **changes}


def without(row: Json, *names: str) -> Json:
    """The row without some fields."""
    return {name: value for name, value in row.items() if name not in names}
