"""How the contractor is organised: business units, tax zones, terms, payment types, employees.

What belongs here: the reference lists of the ServiceTitan side and the facts documents draw from them. What
does not: customers, SKUs and documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.window import Window, local, stamp
from st_qbo_sandbox.identity import COMPANY_NAME, TENANT


@dataclass(frozen=True)
class Unit:
    """A business unit: the income its general SKUs earn, and the QuickBooks class it names."""

    id: int
    name: str
    trade: str
    division: str
    income: str
    quickbooks_class: str | None
    weight: int
    prefix: str
    hard: bool = False
    active: bool = True

    def named(self) -> dict[str, Any]:
        """Write the unit as a reference on a document."""
        return {"id": self.id, "name": self.name}


UNITS: tuple[Unit, ...] = (
    Unit(301, "HVAC Service", "HVAC", "Service", "40100", "HVAC:Service", 30, "HS"),
    Unit(302, "HVAC Install", "HVAC", "Install", "40200", "HVAC:Install", 8, "HI"),
    Unit(303, "HVAC Maintenance", "HVAC", "Maintenance", "40300", "HVAC:Maintenance", 18, "HM"),
    Unit(304, "Plumbing", "Plumbing", "Service", "42100", "Plumbing:Service", 20, "PL"),
    Unit(305, "Drain and Sewer", "Plumbing", "Drain", "42200", "Plumbing:Drain and Sewer", 9, "DR"),
    Unit(306, "Electrical", "Electrical", "Service", "44100", "Electrical", 13, "EL"),
    Unit(307, "Commercial", "HVAC", "Commercial", "40100", "Commercial", 2, "CO"),
    Unit(308, "Solar", "Electrical", "Solar", "44100", "Solar:Residential", 0, "SO", hard=True),
    Unit(309, "Home Inspections", "Other", "Service", "40100", None, 0, "IN", hard=True),
)

UNIT = {unit.name: unit for unit in UNITS}


@dataclass(frozen=True)
class Zone:
    """A tax zone with its state, county and city rates, and the towns it covers."""

    id: int
    name: str
    rates: tuple[tuple[str, str], ...]
    agency: str
    towns: tuple[tuple[str, str, str], ...]

    @property
    def rate(self) -> Decimal:
        """The rate a document in this zone carries: the sum of its parts."""
        return sum((Decimal(rate) for _, rate in self.rates), Decimal(0))


ZONES: tuple[Zone, ...] = (
    Zone(71, "Kansas City - Jackson County", (("MO State", "0.04225"), ("Jackson County", "0.01375"),
         ("Kansas City", "0.0325")), "MO", (("Kansas City", "MO", "64111"), ("Kansas City", "MO", "64114"))),
    Zone(72, "Lee's Summit", (("MO State", "0.04225"), ("Jackson County", "0.01375"),
         ("Lee's Summit", "0.0225")), "MO",
         (("Lee's Summit", "MO", "64063"), ("Lee's Summit", "MO", "64081"))),
    Zone(73, "Liberty - Clay County", (("MO State", "0.04225"), ("Clay County", "0.01125"),
         ("Liberty", "0.0275")), "MO", (("Liberty", "MO", "64068"),)),
    Zone(74, "Overland Park - Johnson County", (("KS State", "0.065"), ("Johnson County", "0.01475"),
         ("Overland Park", "0.01375")), "KS",
         (("Overland Park", "KS", "66212"), ("Overland Park", "KS", "66223"))),
    Zone(75, "Olathe", (("KS State", "0.065"), ("Johnson County", "0.01475"), ("Olathe", "0.015")), "KS",
         (("Olathe", "KS", "66061"), ("Olathe", "KS", "66062"))),
    Zone(76, "Cass County", (("MO State", "0.04225"), ("Cass County", "0.01625")), "MO",
         (("Peculiar", "MO", "64078"),)),
)  # fmt: skip

ZONE = {zone.id: zone for zone in ZONES}

TERMS: tuple[tuple[int, str, str, int, bool], ...] = (
    (11, "Due Upon Receipt", "NumberOfDays", 0, True),
    (12, "Net 15", "NumberOfDays", 15, False),
    (13, "Net 30", "NumberOfDays", 30, False),
    (14, "Net 45", "NumberOfDays", 45, False),
    (15, "2% 10 Net 30", "NumberOfDays", 30, False),
)
TERM_NAME = {term[0]: term[1] for term in TERMS}
TERM_DAYS = {term[0]: term[3] for term in TERMS}


@dataclass(frozen=True)
class PaymentType:
    """A payment type, the ledger account ServiceTitan books it to, and its kind."""

    id: int
    name: str
    account: str
    kind: str
    hard: bool = False


PAYMENT_TYPES: tuple[PaymentType, ...] = (
    PaymentType(1, "Cash", "12000", "cash"),
    PaymentType(2, "Check", "12000", "check"),
    PaymentType(3, "Visa", "12100", "card"),
    PaymentType(4, "MasterCard", "12100", "card"),
    PaymentType(5, "AMEX", "12100", "card"),
    PaymentType(6, "ACH", "10100", "ach"),
    PaymentType(7, "GreenSky Financing", "12300", "financing"),
    PaymentType(8, "Bad Debt Write-Off", "67000", "write-off"),
    PaymentType(9, "Refund (Check)", "10100", "refund"),
    PaymentType(10, "Refund (Credit Card)", "12100", "refund"),
    PaymentType(11, "Barter", "12000", "unmapped", hard=True),
    PaymentType(12, "Customer Credit", "12000", "credit"),
)
PAYMENT_TYPE = {entry.name: entry for entry in PAYMENT_TYPES}

OFFICE: tuple[tuple[int, str, str, str, str], ...] = (
    (21, "Renata", "Kowalewski", "rkowalewski", "Accounting"),
    (22, "Tobias", "Engstrom", "tengstrom", "CSR"),
    (23, "Ines", "Baptista", "ibaptista", "Dispatch"),
    (24, "Harlan", "Wexler", "hwexler", "Owner"),
)
TECHNICIANS: tuple[tuple[int, str, str, int], ...] = (
    (3301, "Darnell", "Okafor", 301),
    (3302, "Wade", "Hutchins", 301),
    (3303, "Luis", "Echeverria", 302),
    (3304, "Priya", "Raghavan", 303),
    (3305, "Colm", "Gallagher", 304),
    (3306, "Marcus", "Thibodeaux", 305),
    (3307, "Jolene", "Straub", 306),
    (3308, "Anders", "Nyquist", 307),
)
JOB_TYPES: dict[str, tuple[tuple[int, str], ...]] = {
    "HVAC Service": ((2101, "No Cool"), (2102, "No Heat"), (2103, "Thermostat")),
    "HVAC Install": ((2111, "System Replacement"), (2112, "Ductless Install")),
    "HVAC Maintenance": ((2121, "Precision Tune-Up"),),
    "Plumbing": ((2131, "Water Heater"), (2132, "Leak Repair"), (2133, "Fixture Replacement")),
    "Drain and Sewer": ((2141, "Drain Clearing"), (2142, "Sewer Repair")),
    "Electrical": ((2151, "Troubleshoot"), (2152, "Panel Upgrade"), (2153, "EV Charger")),
    "Commercial": ((2161, "Rooftop Unit Service"),),
    "Solar": ((2171, "Solar Service"),),
    "Home Inspections": ((2181, "Pre-Sale Inspection"),),
}
JOB_TYPE_NAME = {entry[0]: entry[1] for entries in JOB_TYPES.values() for entry in entries}
OFFICE_ADDRESS = {
    "street": "2200 Heron Landing",
    "unit": None,
    "city": "Kansas City",
    "state": "MO",
    "zip": "64111",
    "country": "USA",
}


def founded(window: Window) -> str:
    """Give the stamp of everything that exists since the company began with ServiceTitan."""
    return stamp(local(window.last_day.replace(year=window.last_day.year - 6, day=1), 9))


def _business_unit(unit: Unit, made: str) -> dict[str, Any]:
    return {
        "id": unit.id,
        "active": unit.active,
        "name": unit.name,
        "officialName": COMPANY_NAME,
        "email": "office@blueheronhomeservices.example.com",
        "currency": "USD",
        "phoneNumber": "8165550100",
        "invoiceHeader": f"<p>{COMPANY_NAME}</p>",
        "invoiceMessage": None,
        "defaultTaxRate": Decimal("0.0885"),
        "authorizationParagraph": None,
        "acknowledgementParagraph": None,
        "address": {
            **OFFICE_ADDRESS,
            "latitude": None,
            "longitude": None,
            "isManualCoordinates": False,
            "isMilitary": False,
        },
        "materialSku": "MATERIAL",
        "quickbooksClass": unit.quickbooks_class,
        "accountCode": None,
        "franchiseId": None,
        "conceptCode": None,
        "corporateContractNumber": None,
        "trade": {"id": sorted({other.trade for other in UNITS}).index(unit.trade) + 1, "name": unit.trade},
        "division": {"id": unit.id, "name": unit.division},
        "tagTypeIds": [],
        "tenant": {
            "id": TENANT,
            "name": "blueheron",
            "accountCode": None,
            "franchiseId": None,
            "conceptCode": None,
            "modifiedOn": made,
        },
        "createdOn": made,
        "modifiedOn": made,
        "externalData": None,
    }


def business_units(window: Window) -> list[dict[str, Any]]:
    """Write the business units; those without a usable class exist in hard data only."""
    made = founded(window)
    return [_business_unit(unit, made) for unit in UNITS if window.hard or not unit.hard]


def tax_zones(window: Window) -> list[dict[str, Any]]:
    """Write the tax zones, one rate per authority; ``salesTaxItem`` names the QuickBooks tax item."""
    made = founded(window)
    return [
        {
            "id": zone.id,
            "name": zone.name,
            "color": position,
            "isTaxRateSeparated": False,
            "isMultipleTaxZone": True,
            "rates": [
                {
                    "id": zone.id * 100 + number,
                    "taxName": name,
                    "taxBaseType": ["Subtotal"],
                    "taxRate": Decimal(rate),
                    "salesTaxItem": f"{zone.agency} {zone.name}",
                }
                for number, (name, rate) in enumerate(zone.rates, start=1)
            ],
            "createdOn": made,
            "modifiedOn": made,
            "active": True,
        }
        for position, zone in enumerate(ZONES, start=1)
    ]


def payment_terms(window: Window) -> list[dict[str, Any]]:
    """Write the payment terms; the early discount of the last one is ServiceTitan's, per term."""
    made = founded(window)
    return [
        {
            "id": term_id,
            "name": name,
            "dueDayType": kind,
            "dueDay": due,
            "isCustomerDefault": is_default,
            "isVendorDefault": term_id == 13,
            "active": True,
            "inUse": True,
            "modifiedOn": made,
            "createdOn": made,
            "paymentTermDiscountModel": {
                "id": term_id * 10 if name.startswith("2%") else None,
                "discountApplyTo": "ApplyToTotalAmount" if name.startswith("2%") else None,
                "discount": 2 if name.startswith("2%") else None,
                "discountType": "Percent" if name.startswith("2%") else None,
                "account": "Discounts Given" if name.startswith("2%") else None,
                "applyBy": "NumberOfDays" if name.startswith("2%") else None,
                "applyByValue": 10 if name.startswith("2%") else None,
            },
            "interestSettings": {
                "id": None,
                "rateType": "Percentage",
                "flatRateValue": None,
                "percentageRateValue": None,
                "chargeMethod": None,
                "frequency": "Monthly",
                "gracePeriod": None,
                "targetInvoices": [],
                "taskId": 0,
                "taskDisplayName": "",
            },
        }
        for term_id, name, kind, due, is_default in TERMS
    ]


def payment_types(window: Window) -> list[dict[str, Any]]:
    """Write the payment types; the one nobody has mapped exists in hard data only."""
    made = founded(window)
    return [
        {"id": entry.id, "name": entry.name, "modifiedOn": made, "createdOn": made}
        for entry in PAYMENT_TYPES
        if window.hard or not entry.hard
    ]


def employees(window: Window) -> list[dict[str, Any]]:
    """Write the people of the office."""
    made = founded(window)
    return [
        {
            "id": person,
            "userId": person + 9000,
            "name": f"{given} {family}",
            "firstName": given,
            "lastName": family,
            "managerId": None,
            "role": role,
            "roleIds": [],
            "businessUnitId": None,
            "createdOn": made,
            "modifiedOn": made,
            "email": f"{login}@blueheronhomeservices.example.com",
            "phoneNumber": "8165550100",
            "loginName": login,
            "active": True,
            "aadUserId": None,
            "accountLocked": False,
            "home": None,
            "agentId": 0,
            "startDate": None,
            "terminationDate": None,
            "hourlyRate": 0,
            "overtimeProfileId": None,
            "customFields": [],
            "permissions": [],
        }
        for person, given, family, login, role in OFFICE
    ]


def technicians(window: Window) -> list[dict[str, Any]]:
    """Write the technicians."""
    made = founded(window)
    return [
        {
            "id": person,
            "userId": person + 9000,
            "name": f"{given} {family}",
            "roleIds": [],
            "businessUnitId": unit,
            "mainZoneId": None,
            "zoneIds": [],
            "createdOn": made,
            "modifiedOn": made,
            "email": f"{given}.{family}@blueheronhomeservices.example.com".lower(),
            "phoneNumber": "8165550100",
            "loginName": f"{given[0]}{family}".lower(),
            "home": None,
            "dailyGoal": 1800,
            "isManagedTech": True,
            "licenseType": "ManagedTech",
            "customFields": [],
            "active": True,
            "aadUserId": None,
            "burdenRate": Decimal("14.50"),
            "team": None,
            "jobFilter": None,
            "permissions": [],
            "accountLocked": False,
            "commissionRate": 0,
            "currentValue": None,
            "firstName": given,
            "lastName": family,
            "hourlyRate": Decimal("31.25"),
            "jobId": None,
            "mobilePhone": None,
            "outboundCallerId": None,
            "payrollId": None,
            "payrollProfileId": None,
            "appoitmentId": None,
            "shiftStart": None,
            "shiftEnd": None,
            "soldByRate": 0,
            "startDate": None,
            "status": "Idle",
            "skills": [],
            "positions": ["Service"],
            "location": None,
            "bio": None,
            "memo": None,
        }
        for person, given, family, unit in TECHNICIANS
    ]


def job_types(window: Window) -> list[dict[str, Any]]:
    """Write the job types of every unit."""
    made = founded(window)
    return [
        {
            "id": type_id,
            "name": name,
            "businessUnitIds": [UNIT[unit].id],
            "skills": [],
            "tagTypeIds": [],
            "priority": "Normal",
            "duration": 7200,
            "soldThreshold": None,
            "class": "Service",
            "summary": "",
            "noCharge": False,
            "enforceRecurringServiceEventSelection": False,
            "invoiceSignaturesRequired": False,
            "modifiedOn": made,
            "createdOn": made,
            "externalData": [],
            "active": True,
            "isSmartDispatched": False,
        }
        for unit, entries in JOB_TYPES.items()
        if window.hard or not UNIT[unit].hard
        for type_id, name in entries
    ]
