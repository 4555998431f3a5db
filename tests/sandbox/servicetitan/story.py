"""A small tenant: two customers, a handful of documents of each kind, totals that add up.

Money of invoices and payments is text and of the other families numbers, as the vendor has it. Every stamp is
in March 2026, whatever the clock says.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Record = dict[str, Any]

ADA, BANK, GONE = 501, 502, 503
SERVICE, INSTALL = 301, 302
ZONE, TERM_DUE, TERM_30 = 71, 11, 13
CASH, CHECK, REFUND = 1, 2, 9
DIAG, CAPACITOR, FURNACE, DISCOUNT = 9001, 9101, 9201, 9301
INCOME, COGS, STOCK, UNDEPOSITED = 4101, 5101, 1301, 1101
JOB_DONE, JOB_OPEN = 7001, 7002
PAID, PARTLY, OPEN, DELETED = 8001, 8002, 8003, 8004
P_PAID, P_PARTLY, P_FREE = 6001, 6002, 6003
MEMO, DEPOSIT, VENDOR, ORDER, BILL, AP_BILL = 6501, 6601, 2201, 6201, 6401, 6402
ADDRESS = {
    "street": "12 Elm St",
    "unit": None,
    "city": "Olathe",
    "state": "KS",
    "zip": "66061",
    "country": "USA",
}


def stamp(day: int, hour: int = 12) -> str:
    """Write an instant of March 2026."""
    return f"2026-03-{day:02d}T{hour:02d}:00:00.1234567Z"


def midnight(day: int) -> str:
    """Write a business date of March 2026."""
    return f"2026-03-{day:02d}T00:00:00Z"


def made(day: int, **fields: Any) -> Record:
    """Make a record created and last changed on a day."""
    return {"createdOn": stamp(day), "modifiedOn": stamp(day, 13), **fields}


def named(id: int, name: str) -> Record:
    """Make a reference."""
    return {"id": id, "name": name}


def account(id: int, name: str, number: str, kind: str) -> Record:
    """Make a GL account as documents carry it."""
    return {"id": id, "name": name, "number": number, "type": kind, "detailType": None}


INCOME_ACCOUNT = account(INCOME, "Service Income", "40100", "Income")
UNITS = {SERVICE: named(SERVICE, "Service"), INSTALL: named(INSTALL, "Install")}
NAMES = {ADA: "Lovelace, Ada", BANK: "First Bank of Olathe"}


def item(
    id: int, sku: int, total: str, *, kind: str = "Service", taxable: bool = False, **more: Any
) -> Record:
    """Make an invoice item of quantity one."""
    return made(
        3,
        id=id,
        description="<b>work</b>",
        quantity="1.00",
        cost="0.00",
        totalCost="0.00",
        price=total,
        total=total,
        type=kind,
        skuName="SKU",
        skuId=sku,
        inventory=False,
        taxable=taxable,
        isChargeable=True,
        generalLedgerAccount=INCOME_ACCOUNT,
        membershipTypeId=0,
        displayName="work",
        order=0,
        businessUnit=UNITS[SERVICE],
        addOn=False,
        **more,
    )


def invoice(id: int, day: int, customer: int, items: list[Record], **fields: Any) -> Record:
    """Make an invoice; its totals are given in `fields`."""
    return made(
        day,
        id=id,
        syncStatus="Pending",
        referenceNumber=str(id),
        invoiceDate=midnight(day),
        dueDate=midnight(day),
        salesTaxCode={"id": ZONE, "name": "Olathe", "taxRate": Decimal("0.1")},
        taxZoneId=ZONE,
        customer=named(customer, NAMES[customer]),
        location=named(customer + 100, "Home"),
        businessUnit=UNITS[SERVICE],
        termName="Due Upon Receipt",
        sentStatus="NotSent",
        reviewStatus="Reviewed",
        items=items,
        invoiceConfiguration="JobInvoice",
        discountTotal="0.00",
        active=True,
        **fields,
    )


def totals(sub: str, tax: str, balance: str, paid_on: str | None = None) -> Record:
    """Make the totals of an invoice."""
    total = str(Decimal(sub) + Decimal(tax))
    return {"subTotal": sub, "salesTax": tax, "total": total, "balance": balance, "paidOn": paid_on}


def applied(id: int, to: int, amount: str, day: int) -> Record:
    """Make an application of a payment."""
    return {
        "appliedId": id,
        "appliedTo": to,
        "appliedAmount": amount,
        "appliedOn": stamp(day),
        "appliedBy": "jdoe",
        "appliedToReferenceNumber": str(to),
    }


def payment(id: int, day: int, customer: int, total: str, rest: str, rows: list[Record]) -> Record:
    """Make a check."""
    return made(
        day,
        id=id,
        active=True,
        appliedTo=rows,
        customer=named(customer, NAMES[customer]),
        businessUnit=UNITS[SERVICE],
        date=midnight(day),
        checkNumber=f"CK{id}",
        generalLedgerAccount=account(UNDEPOSITED, "Undeposited Funds", "12000", "Other Current Asset"),
        syncStatus="Pending",
        total=total,
        unappliedAmount=rest,
        type="Check",
        typeId=str(CHECK),
        customFields=[],
    )


def customer(id: int, balance: str, **fields: Any) -> Record:
    """Make a customer."""
    base = made(1, id=id, active=True, name=NAMES.get(id, "Lovelace, Ada (2)"), type="Residential")
    more = {
        "address": ADDRESS,
        "customFields": [],
        "balance": Decimal(balance),
        "taxExempt": False,
        "tagTypeIds": [],
        "doNotMail": False,
        "doNotService": False,
        "nationalAccount": False,
        "createdById": 21,
        "paymentTermId": TERM_DUE,
        "externalData": [],
    }
    return {**base, **more, **fields}


def contact(id: int, owner: Record, kind: str, value: str) -> Record:
    """Make a contact."""
    phone = {"phoneNumber": value if "Phone" in kind else "", "doNotText": False}
    return made(1, id=id, type=kind, value=value, memo=None, phoneSettings=phone, **owner)


def sku(id: int, code: str, price: str, **fields: Any) -> Record:
    """Make a SKU."""
    return made(
        1, id=id, code=code, displayName=code.title(), description=code, price=Decimal(price), **fields
    )


def people() -> dict[str, list[Record]]:
    """Return customers, locations and contacts."""
    return {
        "customers": [
            customer(ADA, "55.00"),
            customer(BANK, "70.00", type="Commercial", paymentTermId=TERM_30),
            customer(GONE, "0.00", active=False, mergedToId=ADA),
        ],
        "locations": [
            made(
                1,
                id=id + 100,
                customerId=id,
                name="Home",
                active=True,
                address=ADDRESS,
                taxZoneId=ZONE,
                createdById=21,
            )
            for id in (ADA, BANK)
        ],
        "contacts": [
            contact(1, {"customerId": ADA}, "MobilePhone", "(913) 555-0101"),
            contact(2, {"customerId": ADA}, "Email", "ada@example.com"),
            contact(3, {"customerId": BANK}, "Email", "ap@bank.example"),
        ],
        "location-contacts": [contact(4, {"locationId": ADA + 100}, "Phone", "9135550102")],
    }


def lists() -> dict[str, list[Record]]:
    """Return the reference lists."""
    accounts = [
        (INCOME, "Service Income", "40100", "Income", "Revenue"),
        (COGS, "Materials", "50100", "Cost of Goods Sold", "CostOfGoodsSoldMaterials"),
        (STOCK, "Inventory", "13000", "Other Current Asset", "Inventory"),
        (UNDEPOSITED, "Undeposited Funds", "12000", "Other Current Asset", "UndepositedFunds"),
    ]
    return {
        "business-units": [made(1, id=id, active=True, name=unit["name"]) for id, unit in UNITS.items()],
        "tax-zones": [
            made(
                1,
                id=ZONE,
                name="Olathe",
                active=True,
                rates=[{"id": 1, "taxName": "KS", "taxBaseType": ["Subtotal"], "taxRate": Decimal("0.1")}],
            )
        ],
        "payment-terms": [
            made(1, id=TERM_DUE, name="Due Upon Receipt", dueDayType="NumberOfDays", dueDay=0, active=True),
            made(1, id=TERM_30, name="Net 30", dueDayType="NumberOfDays", dueDay=30, active=True),
        ],
        "payment-types": [
            made(1, id=id, name=name) for id, name in ((CASH, "Cash"), (CHECK, "Check"), (REFUND, "Refund"))
        ],
        "gl-accounts": [
            made(
                1,
                id=id,
                name=name,
                number=number,
                type=kind,
                active=True,
                source="AccountingSystem",
                defaultAccountType=default,
            )
            for id, name, number, kind, default in accounts
        ],
        "services": [sku(DIAG, "DIAG", "100.00", account="40100", taxable=False)],
        "materials": [
            sku(CAPACITOR, "CAP", "20.00", account="Service Income", taxable=True, cost=Decimal("8.00")),
            sku(9102, "OLD-CAP", "10.00", active=False),
        ],
        "equipment": [sku(FURNACE, "FURNACE", "2000.00", account="40100", taxable=True)],
        "discounts-and-fees": [
            made(1, id=DISCOUNT, code="SENIOR", type="Discount", amountType="Fixed", amount=Decimal(10))
        ],
        "categories": [made(1, id=31, name="Repairs", active=True, categoryType="Services")],
        "employees": [made(1, id=21, userId=1021, name="Renata K", role="Accounting", active=True)],
        "vendors": [made(1, id=VENDOR, name="Heartland Supply", active=True, deliveryOption="Manual")],
    }


def documents() -> dict[str, list[Record]]:
    """Return the documents."""
    job = {"id": JOB_DONE, "number": str(JOB_DONE), "type": "No Cool"}
    return {
        "invoices": [
            invoice(
                PAID,
                3,
                ADA,
                [item(1, DIAG, "100.00")],
                job=job,
                **totals("100.00", "0.00", "0.00", midnight(4)),
            ),
            invoice(
                PARTLY,
                5,
                BANK,
                [item(2, DIAG, "100.00"), item(3, CAPACITOR, "50.00", kind="Material", taxable=True)],
                **totals("150.00", "5.00", "105.00"),
            ),
            invoice(
                OPEN,
                6,
                ADA,
                [item(4, CAPACITOR, "50.00", kind="Material", taxable=True)],
                **totals("50.00", "5.00", "55.00"),
            ),
            {
                **invoice(DELETED, 7, ADA, [item(5, DIAG, "9.00")], **totals("9.00", "0.00", "9.00")),
                "active": False,
            },
        ],
        "payments": [
            payment(P_PAID, 4, ADA, "100.00", "0.00", [applied(1, PAID, "100.00", 4)]),
            payment(P_PARTLY, 6, BANK, "60.00", "10.00", [applied(2, PARTLY, "50.00", 6)]),
            payment(P_FREE, 8, BANK, "25.00", "25.00", []),
        ],
        "credit-memos": [
            made(
                8,
                id=MEMO,
                date="2026-03-08",
                referenceNumber="CM-1",
                subTotal=Decimal("5.00"),
                salesTax=Decimal("0.00"),
                total=Decimal("5.00"),
                balance=Decimal("5.00"),
                appliedTo=[],
                customer=named(BANK, NAMES[BANK]),
                syncStatus="Pending",
                active=True,
                items=[
                    made(
                        8, id=99, skuId=DIAG, quantity=Decimal(1), cost=0, price=Decimal(5), total=Decimal(5)
                    )
                ],
            )
        ],
        "bank-deposits": [
            made(
                9,
                id=DEPOSIT,
                name="D1",
                depositDate=midnight(9),
                grossAmount=Decimal(0),
                netAmount=Decimal(0),
            )
        ],
        "jobs": [
            made(
                2,
                id=JOB_DONE,
                jobNumber=str(JOB_DONE),
                customerId=ADA,
                locationId=ADA + 100,
                jobStatus="Completed",
                completedOn=stamp(3),
                businessUnitId=SERVICE,
                priority="Normal",
                invoiceId=PAID,
                customerPo="",
            ),
            made(
                6,
                id=JOB_OPEN,
                jobNumber=str(JOB_OPEN),
                customerId=BANK,
                jobStatus="Scheduled",
                invoiceId=OPEN,
            ),
        ],
        "purchase-orders": [
            made(
                5,
                id=ORDER,
                number="PO-1",
                status="Sent",
                typeId=1,
                vendorId=VENDOR,
                date=midnight(5),
                total=Decimal("80.00"),
                items=[
                    made(
                        5,
                        id=61,
                        skuId=CAPACITOR,
                        quantity=Decimal(10),
                        cost=Decimal(8),
                        total=Decimal("80.00"),
                    )
                ],
            )
        ],
        "inventory-bills": [
            made(
                6,
                id=BILL,
                purchaseOrderId=ORDER,
                syncStatus="Posted",
                referenceNumber="INV-77",
                billDate=midnight(6),
                billAmount="80.00",
                vendor=named(VENDOR, "Heartland Supply"),
                items=[],
            )
        ],
        "ap-bills": [
            made(
                6,
                id=AP_BILL,
                billType="Procurement",
                status="Unreconciled",
                source="Purchasing",
                syncStatus="Posted",
                billDate=midnight(6),
                billAmount="80.00",
            ),
            made(7, id=6403, billType="ApBill", status="Reconciled", billAmount="12.00"),
        ],
        "journal-entries": [
            made(
                9,
                id="5d1f0b1e-2f4e-4a57-9c50-0c1d8f6f1a01",
                number=7,
                name="March 9",
                source="ServiceTitan",
                status="Open",
                syncStatus="NotSynced",
                versionId=2,
                postDate="2026-03-09",
                isEmpty=False,
                details=[
                    {"account": {"id": INCOME}, "debit": Decimal(0), "credit": Decimal("10.00")},
                    {"account": {"id": INCOME}, "debit": Decimal(0), "credit": Decimal("5.00")},
                    {"account": {"id": UNDEPOSITED}, "debit": Decimal("15.00"), "credit": Decimal(0)},
                ],
            )
        ],
    }


def tell() -> dict[str, list[Record]]:
    """Return the whole tenant as a seed."""
    return {**people(), **lists(), **documents()}
