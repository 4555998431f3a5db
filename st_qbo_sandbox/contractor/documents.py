"""How one ServiceTitan invoice, invoice item, job and payment is written.

What belongs here: the shape of a record and the arithmetic inside it (line totals, tax, due date). What does
not: who buys what, who pays when, and ids (the book hands them out).

Amounts of invoices and payments are text, as the vendor has it; totals here are half-up to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.chart import line_account
from st_qbo_sandbox.contractor.customers import Customer, Site
from st_qbo_sandbox.contractor.money import ZERO, cents, exact_text, text
from st_qbo_sandbox.contractor.organization import (
    JOB_TYPE_NAME,
    TERM_DAYS,
    TERM_NAME,
    ZONE,
    PaymentType,
    Unit,
)
from st_qbo_sandbox.contractor.pricebook import Sku, income_key
from st_qbo_sandbox.contractor.window import local, midnight, stamp

_COST_OF_SALE = {"Material": "50100", "Equipment": "50200"}


@dataclass(frozen=True)
class Line:
    """One line to be invoiced; ``unit`` None means the invoice's own."""

    sku: Sku
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    unit: Unit | None = None
    chargeable: bool = True

    @property
    def unit_price(self) -> Decimal:
        """The price asked: the SKU's unless the line has its own."""
        return self.sku.price if self.price is None else self.price

    @property
    def total(self) -> Decimal:
        """Quantity times price, half-up to the cent."""
        return cents(self.quantity * self.unit_price)


@dataclass(frozen=True)
class Sale:
    """Everything that decides one invoice."""

    number: int
    day: date
    unit: Unit
    customer: Customer
    site: Site
    lines: tuple[Line, ...]
    created: datetime
    completed: datetime
    modified: datetime
    job_type: int = 0
    job_status: str = "Completed"
    kind: str = "JobInvoice"
    posted: bool = False
    has_job: bool = True
    reference: str = ""
    project_id: int | None = None
    membership_id: int | None = None
    summary: str = "Completed as quoted."
    review: str = "Reviewed"
    changes: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def subtotal(self) -> Decimal:
        """The chargeable lines' sum."""
        return sum((line.total for line in self.lines if line.chargeable), ZERO)

    @property
    def tax(self) -> Decimal:
        """Tax on the taxable lines' sum at the zone's rate, half-up; none for the exempt."""
        if self.customer.tax_exempt or self.site.tax_exempt:
            return ZERO
        taxable = sum((line.total for line in self.lines if line.chargeable and line.sku.taxable), ZERO)
        return cents(taxable * ZONE[self.site.zone_id].rate)

    @property
    def total(self) -> Decimal:
        """Subtotal and tax."""
        return self.subtotal + self.tax


@dataclass(frozen=True)
class Ids:
    """The ids a sale needs, handed out by the book."""

    invoice: int
    job: int
    items: tuple[int, ...]
    batch: int


def due_date(day: date, term_id: int) -> date:
    """Add a term's days to a document's date."""
    return day + timedelta(days=TERM_DAYS[term_id])


def _batch(sale: Sale, ids: Ids) -> dict[str, Any] | None:
    if not sale.posted:
        return None
    return {
        "id": ids.batch,
        "number": str(ids.batch % 10_000),
        "name": f"{sale.day.isoformat()} {sale.unit.name}",
    }


def item_record(sale: Sale, line: Line, identity: int, order: int) -> dict[str, Any]:
    """Write one invoice item."""
    sku, unit = line.sku, line.unit or sale.unit
    at = stamp(sale.completed - timedelta(minutes=30 - min(order, 29)))
    cost_account = _COST_OF_SALE.get(sku.type)
    return {
        "id": identity,
        "description": f"<p>{sku.name}</p>",
        "quantity": exact_text(line.quantity),
        "cost": exact_text(sku.cost),
        "totalCost": text(sku.cost * line.quantity),
        "budgetCodeId": None,
        "inventoryLocationId": 401 if sku.stocked else None,
        "inventoryLocation": "Truck 12" if sku.stocked else None,
        "price": exact_text(line.unit_price),
        "type": sku.type,
        "skuName": sku.code,
        "skuId": sku.id,
        "total": text(line.total),
        "inventory": sku.stocked,
        "taxable": sku.taxable,
        "isChargeable": line.chargeable,
        "generalLedgerAccount": line_account(income_key(sku, unit.income)),
        "costOfSaleAccount": line_account(cost_account) if cost_account else None,
        "assetAccount": line_account("13000") if sku.stocked else None,
        "membershipTypeId": 61 if sku.code.startswith("MEMB") else 0,
        "itemGroup": None,
        "displayName": sku.name,
        "soldHours": sku.hours if sku.type == "Service" else None,
        "createdOn": at,
        "modifiedOn": stamp(sale.modified),
        "serviceDate": None,
        "order": order,
        "businessUnit": unit.named(),
        "createdById": 21,
        "displayInAmount": True,
        "importId": None,
        "exportId": None,
        "inventoryStatus": None,
        "addOn": False,
        "memberPrice": None,
        "technicianId": 3301 + sale.unit.id % 8,
        "installedEquipmentId": None,
        "estimateItemId": None,
    }


def invoice_record(sale: Sale, ids: Ids) -> dict[str, Any]:
    """Write an invoice with its items; the balance is the whole total until the book settles it."""
    zone = ZONE[sale.site.zone_id]
    discounts = sum((line.total for line in sale.lines if line.total < 0 and line.chargeable), ZERO)
    return {
        "id": ids.invoice,
        "syncStatus": "Posted" if sale.posted else "Pending",
        "budgetCodeId": None,
        "referenceNumber": sale.reference,
        "invoiceDate": midnight(sale.day),
        "dueDate": midnight(due_date(sale.day, sale.customer.term_id)),
        "subTotal": text(sale.subtotal),
        "salesTax": text(sale.tax),
        "salesTaxCode": {"id": zone.id, "name": zone.name, "taxRate": zone.rate},
        "taxZoneId": zone.id,
        "total": text(sale.total),
        "balance": text(sale.total),
        "invoiceType": None,
        "customer": sale.customer.named(),
        "customerAddress": dict(sale.customer.address),
        "location": {"id": sale.site.id, "name": sale.site.name},
        "locationAddress": dict(sale.site.address),
        "businessUnit": sale.unit.named(),
        "termName": TERM_NAME[sale.customer.term_id],
        "createdBy": "tengstrom",
        "batch": _batch(sale, ids),
        "depositedOn": None,
        "createdOn": stamp(sale.created),
        "modifiedOn": stamp(sale.modified),
        "adjustmentToId": None,
        "job": {"id": ids.job, "number": sale.reference, "type": JOB_TYPE_NAME[sale.job_type]}
        if sale.has_job
        else None,
        "projectId": sale.project_id,
        "royalty": {"status": "Pending", "date": None, "sentOn": None, "memo": None},
        "employeeInfo": {"id": 22, "name": "tengstrom", "modifiedOn": stamp(sale.created)},
        "commissionEligibilityDate": None,
        "sentStatus": "Sent" if sale.posted else "NotSent",
        "reviewStatus": sale.review,
        "assignedTo": None,
        "summary": f"<p>{sale.summary}</p>",
        "items": [
            item_record(sale, line, identity, order)
            for order, (line, identity) in enumerate(zip(sale.lines, ids.items, strict=True))
        ],
        "customFields": None,
        "active": True,
        "discountTotal": text(-discounts),
        "importId": None,
        "exportId": None,
        "materialSkuId": None,
        "membershipId": sale.membership_id,
        "paidOn": None,
        "invoiceConfiguration": sale.kind,
        **sale.changes,
    }


def job_record(sale: Sale, ids: Ids, *, completed: bool = True) -> dict[str, Any]:
    """Write the job of a sale; a canceled job can carry ``completedOn`` too."""
    return {
        "id": ids.job,
        "jobNumber": sale.reference,
        "projectId": sale.project_id,
        "customerId": sale.customer.id,
        "locationId": sale.site.id,
        "jobStatus": sale.job_status,
        "completedOn": stamp(sale.completed) if completed else None,
        "businessUnitId": sale.unit.id,
        "jobTypeId": sale.job_type,
        "priority": "Normal",
        "campaignId": 1501,
        "appointmentCount": 1,
        "firstAppointmentId": ids.job + 24 * 10**9,
        "lastAppointmentId": ids.job + 24 * 10**9,
        "recallForId": None,
        "warrantyId": None,
        "jobGeneratedLeadSource": None,
        "noCharge": sale.total == 0,
        "notificationsEnabled": True,
        "createdOn": stamp(sale.created),
        "createdById": 22,
        "modifiedOn": stamp(sale.completed + timedelta(seconds=1)),
        "tagTypeIds": [],
        "leadCallId": None,
        "partnerLeadCallId": None,
        "bookingId": None,
        "soldById": 3301 + sale.unit.id % 8,
        "customerPo": "",
        "invoiceId": ids.invoice,
        "membershipId": sale.membership_id,
        "total": sale.total,
        "createdFromEstimateId": None,
        "estimateIds": [],
        "summary": JOB_TYPE_NAME[sale.job_type],
        "customFields": [],
        "externalData": [],
    }


def appointment_record(sale: Sale, ids: Ids) -> dict[str, Any]:
    """Write the one appointment of a sale's job."""
    start = sale.completed - timedelta(hours=2)
    return {
        "id": ids.job + 24 * 10**9,
        "jobId": ids.job,
        "appointmentNumber": f"{sale.reference}-1",
        "start": stamp(start),
        "end": stamp(sale.completed),
        "arrivalWindowStart": stamp(start),
        "arrivalWindowEnd": stamp(start + timedelta(hours=2)),
        "status": {"Completed": "Done", "Canceled": "Canceled", "InProgress": "Working"}.get(
            sale.job_status, sale.job_status
        ),
        "specialInstructions": None,
        "createdOn": stamp(sale.created),
        "modifiedOn": stamp(sale.completed),
        "customerId": sale.customer.id,
        "unused": False,
        "createdById": 22,
        "isConfirmed": True,
        "active": True,
    }


def payment_record(
    identity: int,
    *,
    day: date,
    at: datetime,
    modified: datetime,
    kind: PaymentType,
    customer: Customer,
    unit: Unit,
    total: Decimal,
    splits: list[dict[str, Any]],
    posted: bool,
    reference: str,
) -> dict[str, Any]:
    """Write a payment in the vendor's read model; the unapplied rest follows from the splits."""
    applied = sum((Decimal(split["appliedAmount"]) for split in splits), ZERO)
    return {
        "active": True,
        "appliedTo": splits,
        "authCode": f"{identity % 1_000_000:06d}" if kind.kind == "card" else None,
        "batch": {"id": 10 * 10**9 + identity % 10**9, "number": str(identity % 10_000),
                  "name": f"{day.isoformat()} Payments"} if posted else None,
        "businessUnit": unit.named(),
        "checkNumber": reference if kind.kind == "check" else None,
        "createdBy": "rkowalewski",
        "createdOn": stamp(at),
        "customer": customer.named(),
        "customFields": [],
        "date": midnight(day),
        "deposit": None,
        "generalLedgerAccount": line_account(kind.account),
        "id": identity,
        "memo": None,
        "modifiedOn": stamp(modified),
        "referenceNumber": reference or None,
        "refundedPaymentId": None,
        "syncStatus": "Posted" if posted else "Pending",
        "total": text(total),
        "type": kind.name,
        "typeId": str(kind.id),
        "unappliedAmount": text(total - applied),
    }  # fmt: skip


def split_record(
    identity: int, amount: Decimal, at: datetime, invoice: int, reference: str | None
) -> dict[str, Any]:
    """Write one application of a payment to an invoice."""
    return {
        "appliedAmount": text(amount),
        "appliedBy": "rkowalewski",
        "appliedId": identity,
        "appliedOn": stamp(at),
        "appliedTo": invoice,
        "appliedToReferenceNumber": reference,
    }


def morning_after(day: date) -> datetime:
    """Give the instant at which the office posts a day's batch: the next morning."""
    return local(day + timedelta(days=1), 8, 40, 12, 310_000)
