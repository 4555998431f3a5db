"""A contractor as small as possible: lists without which nothing can be sold, paid or given back.

What belongs here: seeds of both halves of the sandbox, and the company file. What does not: documents,
which every history makes for itself.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from st_qbo_sandbox import identity

Json = dict[str, Any]

#: The business days a history takes place on; the first ones are those whose books are closed later.
DAYS = ("2026-03-09", "2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13")
CUSTOMERS = {501: "Alder, Ann", 502: "Birch, Ben", 503: "Cedar Court LLC"}
SERVICE, PART, FEE = 9001, 9101, 9002
CASH, CHECK, WRITE_OFF, CREDIT, WIRE = 1, 2, 3, 4, 5
PAYMENT_TYPES = {CASH: "Cash", CHECK: "Check", WRITE_OFF: "Write Off", CREDIT: "Credit", WIRE: "Wire"}
#: Account numbers, equal on both sides.
RECEIVABLE, PAYABLE, UNDEPOSITED, BANK, TAX = "11000", "20000", "12000", "10100", "22000"
LABOR, PARTS, BAD_DEBT = "40100", "40200", "49000"
#: The account of the payments of each type; write-offs have the account of their item.
PAID_INTO = {"Cash": UNDEPOSITED, "Check": UNDEPOSITED, "Credit": UNDEPOSITED, "Wire": BANK}
WRITTEN_OFF_TO = BAD_DEBT
ACCOUNT_OF_SKU = {SERVICE: LABOR, PART: PARTS, FEE: LABOR}
ZONE = 71
RATE = Decimal("0.0825")
UNIT = 301
_LONG_AGO = "2026-01-05T12:00:00.1234567Z"
_ACCOUNTS: tuple[tuple[str, str, str, str], ...] = (
    (RECEIVABLE, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    (PAYABLE, "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    (UNDEPOSITED, "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    (BANK, "Checking", "Bank", "Checking"),
    (TAX, "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable"),
    (LABOR, "Labor Income", "Income", "ServiceFeeIncome"),
    (PARTS, "Parts Income", "Income", "SalesOfProductIncome"),
    (BAD_DEBT, "Bad Debts", "Income", "DiscountsRefundsGiven"),
)


def servicetitan() -> Json:
    """Return the seed of the ServiceTitan half."""
    address = {"street": "12 Elm St", "unit": None, "city": "Olathe", "state": "KS", "zip": "66061"}
    address["country"] = "USA"
    return {
        "business-units": [_made(UNIT, name="Service", quickbooksClass=None)],
        "payment-types": [_made(id_, name=name) for id_, name in PAYMENT_TYPES.items()],
        "payment-terms": [],
        "tax-zones": [
            _made(
                ZONE,
                name="Olathe",
                isTaxRateSeparated=False,
                isMultipleTaxZone=False,
                rates=[{"id": 1, "taxName": "Olathe", "taxBaseType": ["Subtotal"], "taxRate": RATE}],
            )
        ],
        "gl-accounts": [
            _made(
                4000 + place,
                name=name,
                number=number,
                type=kind,
                subtype=kind,
                defaultAccountType="UndepositedFunds" if number == UNDEPOSITED else "None",
            )
            for place, (number, name, kind, _) in enumerate(_ACCOUNTS)
        ],
        "customers": [
            _made(id_, name=name, type="Residential", address=address, balance=Decimal("0.00"))
            for id_, name in CUSTOMERS.items()
        ],
        "locations": [
            _made(id_ + 100, customerId=id_, name=name, address=address, taxZoneId=ZONE)
            for id_, name in CUSTOMERS.items()
        ],
        "services": [
            _made(
                SERVICE,
                code="DIAG",
                displayName="Diagnosis",
                price=Decimal(100),
                account=LABOR,
                taxable=False,
            ),
            _made(FEE, code="TRIP", displayName="Trip fee", price=Decimal(25), account=LABOR, taxable=False),
        ],
        "materials": [
            _made(
                PART, code="CAP-45", displayName="Capacitor", price=Decimal(40), account=PARTS, taxable=True
            ),
        ],
    }


def _made(id_: int, **fields: Any) -> Json:
    return {"id": id_, "active": True, "createdOn": _LONG_AGO, "modifiedOn": _LONG_AGO, **fields}


def quickbooks(*, applies_credits: bool) -> Json:
    """Return the seed of the QuickBooks half."""
    objects: list[tuple[str, Json]] = [
        (
            "Account",
            {"Name": name, "AcctNum": number, "AccountType": kind, "AccountSubType": detail},
        )
        for number, name, kind, detail in _ACCOUNTS
    ]
    objects += [
        ("PaymentMethod", {"Name": "Cash", "Type": "NON_CREDIT_CARD"}),
        ("PaymentMethod", {"Name": "Check", "Type": "NON_CREDIT_CARD"}),
    ]
    place = next(n for n, (number, *_) in enumerate(_ACCOUNTS, 1) if number == BAD_DEBT)
    income = {"IncomeAccountRef": {"value": str(place)}}
    objects.append(("Item", {"Name": "Written off", "Type": "Service", **income}))
    return {
        "preferences": {
            "SalesFormsPrefs": {"CustomTxnNumbers": True, "AutoApplyCredit": applies_credits},
            "AccountingInfoPrefs": {"ClassTrackingPerTxnLine": False, "TrackDepartments": False},
            "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": True},
        },
        "objects": objects,
    }


def company_file(**policies: Any) -> Mapping[str, Any]:
    """Return the attributes of the company file."""
    payment = {name: {"becomes": "payment", "deposit_to": number} for name, number in PAID_INTO.items()}
    return {
        "name": "town",
        "environment": "sandbox",
        "servicetitan": {"tenant": str(identity.TENANT)},
        "quickbooks": {"realm": str(identity.REALM), "in_flight": 1},
        "mode": "live",
        "time_zone": "America/Chicago",
        "start_date": "2026-03-01",
        "payment_types": {**payment, "Write Off": {"becomes": "write_off", "item": "Written off"}},
        **policies,
    }
