"""Records, reference data and lookups for the tests of the mapping; a test names only what matters to it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.quickbooks.reference import (
    Account,
    ListEntry,
    Preferences,
    Reference,
    SalesItem,
    TaxCode,
    Term,
)
from st_qbo_assets.servicetitan import records as st

TODAY = date(2026, 2, 10)
INCOME = {"id": 4101, "name": "HVAC Service Income", "number": "40100", "type": "Income"}
DISCOUNTS = {"id": 4901, "name": "Discounts Given", "number": "49000", "type": "Income"}
DEPOSITS = {"id": 2501, "name": "Customer Deposits", "number": "25000", "type": "Other Current Liability"}
COGS = {"id": 5101, "name": "Materials COGS", "number": "50100", "type": "Cost of Goods Sold"}

RECEIVABLE = Account("84", "Accounts Receivable", "Accounts Receivable", "11000", "Accounts Receivable")
ACCOUNTS = (
    Account("79", "HVAC Service Income", "Sales:HVAC Service Income", "40100", "Income"),
    Account("80", "HVAC Install Income", "Sales:HVAC Install Income", "40200", "Income"),
    Account("81", "Discounts Given", "Discounts Given", "49000", "Income"),
    Account("82", "Customer Deposits", "Customer Deposits", "25000", "Other Current Liability"),
    Account("83", "Materials COGS", "Materials COGS", "50100", "Cost of Goods Sold"),
    Account("4", "Undeposited Funds", "Undeposited Funds", "12000", "Other Current Asset"),
    Account("35", "Operating Checking", "Operating Checking", "10100", "Bank"),
    RECEIVABLE,
)
REFERENCE = Reference(
    accounts=ACCOUNTS,
    classes=(ListEntry("501", "Service", "HVAC:Service"), ListEntry("502", "Install", "HVAC:Install")),
    departments=(ListEntry("601", "Austin", "Austin"),),
    terms=(Term("3", "Net 30", due_days=30), Term("1", "Due on receipt", due_days=0)),
    payment_methods=(ListEntry("1", "Check", "Check"), ListEntry("2", "Visa", "Visa")),
    tax_codes=(
        TaxCode("TAX", "TAX", taxable=True),
        TaxCode("NON", "NON"),
        TaxCode("7", "Travis County 8.25%", taxable=True, is_group=True),
    ),
    items=(SalesItem("77", "Bad debt", "Bad debt", "81"),),
    preferences=Preferences(using_sales_tax=True, partner_tax_enabled=True, custom_txn_numbers=True),
)
PAYMENT_TYPES = {
    "Check": {"becomes": "payment", "deposit_to": "12000"},
    "Visa / MC": {"becomes": "payment", "deposit_to": "Undeposited Funds", "method": "Visa"},
    "Write-off": {"becomes": "write_off", "item": "Bad debt"},
    "Barter": {"becomes": "hold"},
    "Imported": {"becomes": "ignore"},
    "Refund (Check)": {"becomes": "payment", "deposit_to": "10100", "method": "Check"},
    "Refund (Card)": {"becomes": "payment", "deposit_to": "12000"},
}


def company(**changes: Any) -> CompanyFile:
    """A company that starts in 2026 and maps the usual payment types."""
    return CompanyFile.model_validate(
        {
            "name": "acme",
            "environment": "sandbox",
            "servicetitan": {"tenant": "1420761"},
            "quickbooks": {"realm": "9341453172058461"},
            "time_zone": "America/Chicago",
            "start_date": "2026-01-01",
            "payment_types": PAYMENT_TYPES,
            **changes,
        }
    )


def reference(**preferences: Any) -> Reference:
    """The reference data, with other preferences."""
    return replace(REFERENCE, preferences=replace(REFERENCE.preferences, **preferences))


def lookup(**changes: Any) -> Lookup:
    """A lookup in which nothing is posted yet."""
    given: dict[str, Any] = {"company": company(), "reference": REFERENCE, "today": TODAY, "posted": {}}
    return Lookup(**(given | changes))


def line(total: str = "100.00", **changes: Any) -> dict[str, Any]:
    """A chargeable, untaxed service line."""
    return {
        "id": 1,
        "type": "Service",
        "skuId": 900001,
        "skuName": "DIAG-01",
        "displayName": "Diagnostic",
        "description": "Diagnostic",
        "quantity": "1.00",
        "price": total,
        "total": total,
        "taxable": False,
        "isChargeable": True,
        "generalLedgerAccount": INCOME,
        **changes,
    }


def invoice_json(lines: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """A due invoice whose sums agree with its lines."""
    rows = [line()] if lines is None else lines
    charged = [Decimal(row["total"]) for row in rows if row.get("isChargeable") is not False]
    sub_total = sum(charged, Decimal(0))
    tax = Decimal(changes.pop("salesTax", "0.00"))
    return {
        "id": 8001001,
        "syncStatus": "Posted",
        "referenceNumber": "7001001",
        "invoiceDate": "2026-02-03T00:00:00Z",
        "dueDate": "2026-02-03T00:00:00Z",
        "subTotal": str(sub_total),
        "salesTax": str(tax),
        "total": str(sub_total + tax),
        "balance": "0.00",
        "customer": {"id": 5010001, "name": "Alvarez, Maria"},
        "location": {"id": 5020001, "name": "Alvarez, Maria"},
        "businessUnit": {"id": 301, "name": "HVAC - Service"},
        "createdOn": "2026-02-02T15:02:11.0021456Z",
        "reviewStatus": "Reviewed",
        "items": rows,
        "active": True,
        "invoiceConfiguration": "JobInvoice",
        **changes,
    }


def invoice(lines: list[dict[str, Any]] | None = None, **changes: Any) -> st.Invoice:
    """The same as a record."""
    return record(st.Invoice, invoice_json(lines, **changes))


def payment_json(
    total: str = "100.00", applied: dict[int, str] | None = None, **changes: Any
) -> dict[str, Any]:
    """A due check; the rest of what it applies is unapplied."""
    splits = {8001001: total} if applied is None else applied
    rest = Decimal(total) - sum((Decimal(amount) for amount in splits.values()), Decimal(0))
    return {
        "id": 9001,
        "active": True,
        "date": "2026-02-04T00:00:00Z",
        "createdOn": "2026-02-04T15:02:11Z",
        "total": total,
        "unappliedAmount": str(rest),
        "appliedTo": [
            {
                "appliedId": 1,
                "appliedTo": invoice_id,
                "appliedAmount": amount,
                "appliedToReferenceNumber": "7001001",
            }
            for invoice_id, amount in splits.items()
        ],
        "type": "Check",
        "typeId": "2",
        "checkNumber": "1187",
        "customer": {"id": 5010001, "name": "Alvarez, Maria"},
        "businessUnit": {"id": 301, "name": "HVAC - Service"},
        "syncStatus": "Pending",
        **changes,
    }


def payment(total: str = "100.00", applied: dict[int, str] | None = None, **changes: Any) -> st.Payment:
    """The same as a record."""
    return record(st.Payment, payment_json(total, applied, **changes))


def refund(total: str, applied: dict[int, str] | None = None, **changes: Any) -> st.Payment:
    """A refund by check, of payment 9001 if it is applied to nothing."""
    of = {"refundedPaymentId": 9001} if not applied else {}
    given: dict[str, Any] = {"id": 9002, "type": "Refund (Check)", "date": "2026-02-06T00:00:00Z", **of}
    return payment(total, applied or {}, **(given | changes))


def credit_memo_json(
    lines: list[dict[str, Any]] | None = None, applied: dict[int, str] | None = None, **changes: Any
) -> dict[str, Any]:
    """A due credit memo whose sums agree with its lines; money is a number, as the vendor has it."""
    rows = [memo_line()] if lines is None else lines
    sub_total = sum((row["total"] for row in rows if row["active"]), Decimal(0))
    tax = Decimal(changes.pop("salesTax", "0.00"))
    spent = sum((Decimal(amount) for amount in (applied or {}).values()), Decimal(0))
    return {
        "id": 680001,
        "date": "2026-02-05",
        "referenceNumber": "CM-1001",
        "subTotal": sub_total,
        "salesTax": tax,
        "total": sub_total + tax,
        "balance": sub_total + tax - spent,
        "appliedTo": [
            {
                "appliedId": 1,
                "appliedTo": invoice_id,
                "appliedAmount": Decimal(amount),
                "appliedOn": "2026-02-05",
                "appliedToReferenceNumber": "7001001",
            }
            for invoice_id, amount in (applied or {}).items()
        ],
        "customer": {"id": 5010001, "name": "Alvarez, Maria"},
        "location": {"id": 5020001, "name": "Alvarez, Maria"},
        "businessUnit": {"id": 301, "name": "HVAC - Service"},
        "syncStatus": "Pending",
        "createdOn": "2026-02-05T16:30:00.1200045Z",
        "description": "Goodwill",
        "active": True,
        "items": rows,
        **changes,
    }


def memo_line(total: str = "64.50", **changes: Any) -> dict[str, Any]:
    """A line of a credit memo."""
    return {
        "id": 1,
        "active": True,
        "description": "Capacitor",
        "quantity": Decimal("1.0"),
        "cost": Decimal("0"),
        "price": Decimal(total),
        "type": "Material",
        "skuName": "CAP-45-5",
        "skuId": 900002,
        "total": Decimal(total),
        "taxable": False,
        "revenueGeneralLedgerAccount": {"id": 4101, "name": "HVAC Service Income", "number": "40100"},
        **changes,
    }


def credit_memo(
    lines: list[dict[str, Any]] | None = None, applied: dict[int, str] | None = None, **changes: Any
) -> st.CreditMemo:
    """The same as a record."""
    return record(st.CreditMemo, credit_memo_json(lines, applied, **changes))


def customer(**changes: Any) -> st.Customer:
    """A residential customer."""
    return record(
        st.Customer,
        {
            "id": 5010001,
            "name": "Alvarez, Maria",
            "type": "Residential",
            "active": True,
            "taxExempt": False,
            **changes,
        },
    )


def contact(id: int, type: str, value: str, **changes: Any) -> st.Contact:  # noqa: A002 - the vendor's word
    """A contact of the customer."""
    return record(st.Contact, {"id": id, "customerId": 5010001, "type": type, "value": value, **changes})


def record(model: Any, raw: dict[str, Any]) -> Any:
    """A record that must be readable."""
    found = st.parse(model, raw)
    assert not isinstance(found, st.Unreadable), found.problems
    return found
