"""The lists of the QuickBooks company, from preferences and classes to items, vendors and employees.

What belongs here: what a bookkeeper set up over the years, apart from accounts (``chart``) and customers.
What does not: transactions.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.chart import account
from st_qbo_sandbox.contractor.organization import OFFICE, TECHNICIANS, ZONES
from st_qbo_sandbox.contractor.pricebook import SKU
from st_qbo_sandbox.contractor.window import Window
from st_qbo_sandbox.identity import COMPANY_NAME

Object = list[Any]

COMPANY_ADDRESS = {
    "Line1": "2200 Heron Landing",
    "City": "Kansas City",
    "CountrySubDivisionCode": "MO",
    "PostalCode": "64111",
    "Country": "US",
}
_CLASSES: tuple[tuple[str, str, str | None], ...] = (
    ("201", "HVAC", None),
    ("202", "Service", "201"),
    ("203", "Install", "201"),
    ("204", "Maintenance", "201"),
    ("205", "Plumbing", None),
    ("206", "Drain and Sewer", "205"),
    ("210", "Service", "205"),
    ("207", "Electrical", None),
    ("208", "Commercial", None),
    ("209", "Overhead", None),
)
CLASS_ID = {"HVAC:Service": "202", "HVAC:Install": "203", "HVAC:Maintenance": "204",
            "Plumbing:Service": "210",
            "Plumbing:Drain and Sewer": "206", "Electrical": "207", "Commercial": "208"}  # fmt: skip
DEPARTMENTS = (("1", "Kansas City"), ("2", "Overland Park"))
_TERMS: tuple[tuple[str, str, int], ...] = (
    ("1", "Due on receipt", 0),
    ("2", "Net 15", 15),
    ("3", "Net 30", 30),
    ("4", "Net 60", 60),
    ("5", "Due Upon Receipt", 0),
    ("6", "Net 45", 45),
    ("7", "2% 10 Net 30", 30),
)
TERM_ID = {name: term_id for term_id, name, _ in _TERMS}
_METHODS = (
    ("1", "Cash", "NON_CREDIT_CARD"),
    ("2", "Check", "NON_CREDIT_CARD"),
    ("3", "Visa", "CREDIT_CARD"),
    ("4", "MasterCard", "CREDIT_CARD"),
    ("5", "Discover", "CREDIT_CARD"),
    ("6", "American Express", "CREDIT_CARD"),
    ("7", "ACH", "NON_CREDIT_CARD"),
    ("8", "Financing", "NON_CREDIT_CARD"),
)
_AGENCIES = (("1", "Missouri Department of Revenue", "MO"), ("2", "Kansas Department of Revenue", "KS"))

# Items that stand in QuickBooks under a SKU's code, on the account the SKU earns on.
EXISTING_SKUS = ("CAP-REPL", "CONTACTOR-REPL", "LEAK-SRCH", "CAP-45-5", "TUNEUP-AC", "FLT-16X25X4", "WH-50G",
                 "RTU-PM",
                 "PERMIT")  # fmt: skip
ITEM_ID = {code: str(20 + number) for number, code in enumerate(EXISTING_SKUS)}
_VENDORS = (
    ("301", "Gulf Coast HVAC Supply", "orders@gulfcoasthvac.example.com", "AH-20114"),
    ("302", "Show-Me Plumbing Wholesale", "ar@showmewholesale.example.com", "4471"),
    ("303", "Midland Electric Distributors", "billing@midlandelectric.example.com", "BHHS01"),
    ("304", "Evergy", "", "88-1204471"),
    ("305", "Heartland Fleet Fuel", "", "0091"),
    ("306", "City Treasurer", "", ""),
)


def company_info() -> dict[str, Any]:
    """Write what differs from a company just set up: its name and where it is."""
    return {
        "CompanyName": COMPANY_NAME,
        "LegalName": f"{COMPANY_NAME}, Inc.",
        "CompanyAddr": {"Id": "1", **COMPANY_ADDRESS},
        "LegalAddr": {"Id": "1", **COMPANY_ADDRESS},
        "CustomerCommunicationAddr": {"Id": "1", **COMPANY_ADDRESS},
        "PrimaryPhone": {"FreeFormNumber": "(816) 555-0100"},
        "Country": "US",
    }


def preferences() -> dict[str, Any]:
    """Write the preferences a sync looks at; open books, numbers as sent, classes by line, locations on."""
    return {
        "SalesFormsPrefs": {
            "CustomTxnNumbers": True,
            "AllowDiscount": True,
            "AutoApplyCredit": False,
            "DefaultTerms": {"value": "1"},
        },
        "AccountingInfoPrefs": {
            "UseAccountNumbers": True,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": True,
            "TrackDepartments": True,
            "BookCloseDate": None,
        },
        "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": True},
    }


def _classes() -> list[Object]:
    made: list[Object] = []
    for class_id, name, parent in _CLASSES:
        body: dict[str, Any] = {"Id": class_id, "Name": name}
        if parent:
            body |= {"ParentRef": {"value": parent}, "SubClass": True}
        made.append(["Class", body])
    return made


def _taxes() -> list[Object]:
    made: list[Object] = [["TaxAgency", {"Id": agency, "DisplayName": name}] for agency, name, _ in _AGENCIES]
    agency_of = {state: agency for agency, _, state in _AGENCIES}
    for zone in ZONES:
        rate_id, name = str(zone.id), f"{zone.agency} {zone.name}"
        made.append(["TaxRate", {
            "Id": rate_id, "Name": name, "Description": name, "Active": True, "RateValue": zone.rate * 100,
            "AgencyRef": {"value": agency_of[zone.agency]}, "SpecialTaxType": "NONE",
            "DisplayType": "ReadOnly",
        }])  # fmt: skip
        detail = {
            "TaxRateRef": {"value": rate_id, "name": name},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": 0,
        }
        made.append(["TaxCode", {
            "Id": rate_id, "Name": name, "Description": name, "Active": True, "Taxable": True,
            "TaxGroup": True,
            "SalesTaxRateList": {"TaxRateDetail": [detail]}, "PurchaseTaxRateList": {"TaxRateDetail": []},
            "TaxCodeConfigType": "USER_DEFINED",
        }])  # fmt: skip
    return made


def _account_ref(key: str) -> dict[str, Any]:
    return {"value": account(key).qbo_id}


def _items(window: Window) -> list[Object]:
    made: list[Object] = [
        [
            "Item",
            {"Id": "1", "Name": "Services", "Type": "Service", "IncomeAccountRef": _account_ref("Services")},
        ],
        [
            "Item",
            {"Id": "2", "Name": "Hours", "Type": "Service", "IncomeAccountRef": _account_ref("Services")},
        ],
        [
            "Item",
            {"Id": "3", "Name": "Bad debt", "Type": "Service", "IncomeAccountRef": _account_ref("49100")},
        ],
    ]
    for code, item_id in ITEM_ID.items():
        sku = SKU[code]
        body: dict[str, Any] = {
            "Id": item_id, "Name": code, "Sku": code, "Description": sku.name, "UnitPrice": sku.price,
            "Taxable": sku.taxable,
            "Type": "Service" if sku.type == "Service" else "NonInventory",
            "IncomeAccountRef": _account_ref(sku.account),
        }  # fmt: skip
        if sku.type != "Service":
            body |= {"PurchaseCost": sku.cost, "ExpenseAccountRef": _account_ref("50100")}
        made.append(["Item", body])
    if window.hard:
        made.append(["Item", {"Id": "90", "Name": "RETIRED-FLUSH", "Type": "Service", "Active": False,
                              "IncomeAccountRef": _account_ref("40100")}])  # fmt: skip
        made.append(["Item", {"Id": "91", "Name": "WTR-SOFT-INST", "Type": "Service",
                              "IncomeAccountRef": _account_ref("49000")}])  # fmt: skip
    return made


def lists(window: Window) -> list[Object]:
    """Write every list but accounts and customers, parents before children."""
    made = _classes()
    made += [["Department", {"Id": entry, "Name": name}] for entry, name in DEPARTMENTS]
    made += [
        ["Term", {"Id": entry, "Name": name, "Type": "STANDARD", "DueDays": due}]
        for entry, name, due in _TERMS
    ]
    made += [["PaymentMethod", {"Id": entry, "Name": name, "Type": kind}] for entry, name, kind in _METHODS]
    made += _taxes()
    for vendor, name, email, number in _VENDORS:
        body: dict[str, Any] = {
            "Id": vendor,
            "DisplayName": name,
            "CompanyName": name,
            "TermRef": {"value": "3"},
        }
        if email:
            body["PrimaryEmailAddr"] = {"Address": email}
        if number:
            body["AcctNum"] = number
        made.append(["Vendor", body])
    people = [(given, family) for _, given, family, _, _ in OFFICE] + [(g, f) for _, g, f, _ in TECHNICIANS]
    made += [
        ["Employee", {"Id": str(401 + number), "GivenName": given, "FamilyName": family,
                      "DisplayName": f"{given} {family}"}]
        for number, (given, family) in enumerate(people)
    ]  # fmt: skip
    return made + _items(window)


def line_amount(
    code: str, quantity: Decimal, price: Decimal, amount: Decimal, *, taxed: bool, class_id: str
) -> dict[str, Any]:
    """Write a sales line for an existing SKU item."""
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "Description": SKU[code].name,
        "SalesItemLineDetail": {
            "ItemRef": {"value": ITEM_ID[code]},
            "Qty": quantity,
            "UnitPrice": price,
            "TaxCodeRef": {"value": "TAX" if taxed else "NON"},
            "ClassRef": {"value": class_id},
        },
    }
