"""What the contractor buys: purchase orders, receipts, bills, returns, credits, stock moves; deposits.

What belongs here: plain, consistent records of the buying side of ServiceTitan, and bank deposits and journal
entries. What does not: sales.

Goods are ordered three times a day: for a job, for the warehouse, for a truck. What is ordered on a day is
received on that day and billed on the next; amounts on a bill are lines, tax and freight together, as in the
vendor's samples.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.buying_lists import LOCATIONS, VENDOR, Vendor, vendor_of
from st_qbo_sandbox.contractor.chart import line_account
from st_qbo_sandbox.contractor.documents import due_date
from st_qbo_sandbox.contractor.money import ZERO, cents, exact_text, text
from st_qbo_sandbox.contractor.organization import OFFICE_ADDRESS, UNIT, Unit
from st_qbo_sandbox.contractor.pricebook import SKU, Sku
from st_qbo_sandbox.contractor.window import (
    FIRST_CARRIED_NUMBER,
    FIRST_ODD_NUMBER,
    day_of,
    family_of,
    local,
    midnight,
    ordinal,
    record_id,
    stamp,
)

Record = dict[str, Any]

_STOCK = ("CAP-45-5", "CONT-2P-30", "FLT-16X25X4", "BALL-34", "WAX-RING", "GFCI-20", "BRKR-20", "IGN-SN")
_JOB = ("AC-16-3T", "FURN-96-80", "WH-50G", "PANEL-200A", "MINI-12K")
_COST_ACCOUNT = {"Material": "50100", "Equipment": "50200"}


@dataclass(frozen=True)
class Purchase:
    """One purchase from order to bill."""

    day: date
    number: int
    vendor: Vendor
    unit: Unit
    location: int
    lines: tuple[tuple[Sku, Decimal], ...]
    job: Record | None = None
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def goods(self) -> Decimal:
        """The lines' sum at cost."""
        return sum((cents(sku.cost * quantity) for sku, quantity in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        """Sales tax on purchases for a job; stock is bought for resale."""
        return cents(self.goods * self.vendor.tax_rate) if self.job else ZERO

    @property
    def freight(self) -> Decimal:
        """Freight on the larger orders."""
        return Decimal("35.00") if self.goods > 1000 else ZERO

    @property
    def total(self) -> Decimal:
        """What the vendor will bill."""
        return self.goods + self.tax + self.freight

    @property
    def reference(self) -> str:
        """The number of the purchase order."""
        return f"{self.job['jobNumber']}-001" if self.job else f"PO-{ordinal(self.day)}{self.number:02d}"

    @property
    def vendor_number(self) -> str:
        """The vendor's own number of the sale."""
        return f"{self.vendor.prefix}-{ordinal(self.day)}{self.number:02d}"

    def id(self, kind: str, line: int = 0) -> int:
        """Give the id of this purchase's record of a kind, or of one of its lines."""
        return record_id(kind, self.day, self.number * 100 + line)


def _at(purchase: Purchase, hour: int) -> str:
    return stamp(local(purchase.day, hour, purchase.number * 7 % 60, 12, 440_000))


def _trade_accounts(sku: Sku) -> Record:
    return {
        "generalLedgerAccount": line_account(sku.account),
        "costOfSaleAccount": line_account(_COST_ACCOUNT[sku.type]),
        "assetAccount": line_account("13000") if sku.stocked else None,
    }


def _without_id(account: Record | None) -> Record | None:
    return {key: value for key, value in account.items() if key != "id"} if account else None


def order_record(purchase: Purchase) -> Record:
    """Write the purchase order, received in full."""
    job = purchase.job or {}
    return {
        "id": purchase.id("purchase-order"), "number": purchase.reference, "invoiceId": job.get("invoiceId"),
        "jobId": job.get("id"), "projectId": None, "status": "Received",
        "typeId": 501 if purchase.job else 502,
        "vendorId": purchase.vendor.id, "technicianId": None, "shipTo": dict(OFFICE_ADDRESS),
        "businessUnitId": purchase.unit.id, "inventoryLocationId": purchase.location, "batchId": None,
        "budgetCodeId": None, "vendorDocumentNumber": purchase.vendor_number, "date": midnight(purchase.day),
        "requiredOn": midnight(purchase.day), "sentOn": _at(purchase, 8),
        "receivedOn": midnight(purchase.day),
        "createdOn": _at(purchase, 7), "modifiedOn": _at(purchase, 14), "total": purchase.total,
        "tax": purchase.tax,
        "shipping": purchase.freight, "summary": "Job materials" if purchase.job else "Restock",
        "items": [{
            "id": purchase.id("purchase-order-item", line), "skuId": sku.id, "description": sku.name,
            "createdOn": _at(purchase, 7), "modifiedOn": _at(purchase, 14), "skuName": sku.name,
            "skuCode": sku.code,
            "skuType": sku.type, "vendorPartNumber": f"{purchase.vendor.prefix}{sku.id % 10000}",
            "quantity": quantity,
            "quantityReceived": quantity, "cost": sku.cost, "total": cents(sku.cost * quantity),
            "serialNumbers": [],
            "status": "Received", "chargeable": False, "budgetCodeId": None,
        } for line, (sku, quantity) in enumerate(purchase.lines)],
        "customFields": [],
    }  # fmt: skip


def receipt_record(purchase: Purchase, billed: bool) -> Record:
    """Write the receipt of the goods; it names its bill once there is one."""
    return {
        "id": purchase.id("receipt"), "active": True,
        "number": f"R-{ordinal(purchase.day)}{purchase.number:02d}",
        "vendorInvoiceNumber": purchase.vendor_number, "createdById": 21, "memo": "",
        "purchaseOrderId": purchase.id("purchase-order"),
        "billId": purchase.id("inventory-bill") if billed else None,
        "jobId": (purchase.job or {}).get("id"), "businessUnitId": purchase.unit.id,
        "vendorId": purchase.vendor.id,
        "technicianId": None, "inventoryLocationId": purchase.location, "shipTo": dict(OFFICE_ADDRESS),
        "shipToDescription": "Main Warehouse", "receiptAmount": purchase.total, "taxAmount": purchase.tax,
        "shippingAmount": purchase.freight, "receivedOn": midnight(purchase.day),
        "createdOn": _at(purchase, 14),
        "modifiedOn": _at(purchase, 14), "batchId": None, "syncStatus": "Pending", "budgetCodeId": None,
        "items": [{
            "id": purchase.id("receipt-item", line), "skuId": sku.id, "name": sku.name, "code": sku.code,
            "description": sku.name, "quantity": quantity, "cost": sku.cost,
            **{key: _without_id(value) for key, value in _trade_accounts(sku).items()},
            "purchaseOrderItemId": purchase.id("purchase-order-item", line), "budgetCodeId": None,
        } for line, (sku, quantity) in enumerate(purchase.lines)],
        "customFields": [],
    }  # fmt: skip


def _bill_head(purchase: Purchase, on: date, posted: bool) -> Record:
    job = purchase.job or {}
    entered = stamp(local(on, 9, 20, purchase.number % 60, 10_000))
    return {
        "purchaseOrderId": purchase.id("purchase-order"), "syncStatus": "Posted" if posted else "Pending",
        "referenceNumber": purchase.vendor_number, "vendorNumber": purchase.reference,
        "summary": "Job materials" if purchase.job else "Restock", "billDate": midnight(on),
        "billAmount": text(purchase.total), "taxAmount": text(purchase.tax),
        "shippingAmount": text(purchase.freight),
        "createdBy": "rkowalewski", "createdOn": entered, "modifiedOn": entered, "termName": "Net 30",
        "dueDate": midnight(due_date(on, 13)), "shipToDescription": "Main Warehouse",
        "postDate": midnight(on) if posted else None, "batch": None, "businessUnit": purchase.unit.named(),
        "taxZone": None, "vendor": {"id": purchase.vendor.id, "name": purchase.vendor.name},
        "shipTo": dict(OFFICE_ADDRESS), "budgetCodeId": None, "customFields": None, "jobId": job.get("id"),
        "jobNumber": job.get("jobNumber"),
    }  # fmt: skip


def _bill_items(purchase: Purchase) -> list[Record]:
    return [{
        "order": line, "name": sku.name, "description": sku.name, "quantity": exact_text(quantity),
        "cost": exact_text(sku.cost), "serialNumber": None, **_trade_accounts(sku),
        "id": purchase.id("inventory-bill-item", line), "skuId": sku.id,
        "receiptItemId": purchase.id("receipt-item", line), "skuType": sku.type, "skuCode": sku.code,
        "budgetCodeId": None,
    } for line, (sku, quantity) in enumerate(purchase.lines)]  # fmt: skip


def bill_records(purchase: Purchase, on: date, posted: bool) -> tuple[Record, Record]:
    """Write the bill as both lists have it: inventory bill and the newer AP bill with the same id."""
    place = next(name for identity, name, _ in LOCATIONS if identity == purchase.location)
    head = _bill_head(purchase, on, posted)
    inventory = {**head, "id": purchase.id("inventory-bill"),
                 "items": [{**item,
                            "inventoryLocation": place} for item in _bill_items(purchase)]}  # fmt: skip
    payable = {
        **head, "id": purchase.id("inventory-bill"), "status": "Reconciled" if posted else "Unreconciled",
        "source": "Purchasing", "billType": "Procurement", "earlyDiscountDate": None,
        "vendorInvoiceTotal": text(purchase.total), "doNotPay": False, "dateCanceled": None,
        "canceledBy": None,
        "remittanceVendorInfo": None, "expenseItems": [],
        "items": [{**item, "vendorPartNumber": f"{purchase.vendor.prefix}{item['skuId'] % 10000}",
                   "inventoryLocation": {"id": purchase.location, "name": place, "type": "Warehouse"}}
                  for item in _bill_items(purchase)],
    }  # fmt: skip
    return inventory, payable


def return_records(purchase: Purchase) -> tuple[Record, Record]:
    """Write the return of one piece of the first line, and the vendor's credit for it."""
    sku = purchase.lines[0][0]
    amount, on = cents(sku.cost), midnight(purchase.day)
    number = f"RT-{ordinal(purchase.day)}{purchase.number:02d}"
    moment = _at(purchase, 16)
    returned: Record = {
        "id": purchase.id("return"), "active": True, "number": number,
        "referenceNumber": purchase.vendor_number,
        "status": "CreditReceived", "vendorId": purchase.vendor.id,
        "purchaseOrderId": purchase.id("purchase-order"),
        "jobId": None, "projectId": None, "budgetCodeId": None, "businessUnitId": purchase.unit.id,
        "inventoryLocationId": purchase.location, "createdById": 21, "memo": "Wrong part",
        "returnAmount": amount,
        "taxAmount": 0, "shippingAmount": 0, "returnDate": on, "returnedOn": on, "creditReceivedOn": on,
        "createdOn": moment, "modifiedOn": moment, "batchId": None, "batch": None, "syncStatus": "Pending",
        "canceledById": None, "canceledReason": None, "dateCanceled": None,
        "items": [{
            "id": purchase.id("return-item"), "skuId": sku.id, "description": sku.name, "createdOn": moment,
            "modifiedOn": moment, "name": sku.name, "code": sku.code, "quantity": 1, "cost": sku.cost,
            **{key: _without_id(value) for key, value in _trade_accounts(sku).items()}, "serialNumbers": [],
            "createdById": 21, "active": True, "receiptItemId": purchase.id("receipt-item"),
            "budgetCodeId": None,
        }],
        "customFields": [], "externalData": [],
    }  # fmt: skip
    credit: Record = {
        "id": purchase.id("ap-credit"), "inventoryReturnId": purchase.id("return"), "jobId": None,
        "active": True,
        "createdOn": moment, "modifiedOn": moment, "date": on, "canceledOn": None,
        "number": f"VC-{number[3:]}",
        "referenceNumber": f"{purchase.vendor_number}-CR", "memo": "Wrong part", "amount": amount,
        "appliedAmount": 0,
        "status": "Unreconciled", "syncStatus": "Pending", "batch": None,
        "businessUnit": purchase.unit.named(),
        "remittanceVendor": None, "vendor": {"id": purchase.vendor.id, "name": purchase.vendor.name},
        "paymentStatus": "Unpaid", "splits": [], "budgetCodeId": None, "customFields": [],
    }  # fmt: skip
    return returned, credit


def bill_payment_record(purchase: Purchase, on: date, billed: Record) -> Record:
    """Write the payment of one bill from ServiceTitan."""
    moment = stamp(local(on, 10, 5))
    return {
        "id": purchase.id("ap-payment"), "active": True, "createdOn": moment, "modifiedOn": moment,
        "date": midnight(on), "approvedDate": midnight(on), "method": "ServiceTitan",
        "name": purchase.vendor.name,
        "printCheck": False, "amount": purchase.total, "errorMessage": None, "status": "Paid",
        "syncStatus": "Pending",
        "batch": None, "glAccount": line_account("10100"), "businessUnit": purchase.unit.named(),
        "vendor": {"id": purchase.vendor.id, "name": purchase.vendor.name}, "remittanceVendor": None,
        "splits": [{"id": purchase.id("split"), "active": True, "createdOn": moment,
                    "documentId": billed["id"],
                    "inventoryBillId": billed["id"], "amount": purchase.total}],
        "customFields": [],
    }  # fmt: skip


def transfer_record(day: date, sku: Sku, quantity: int) -> Record:
    """Write a transfer from the warehouse to a truck."""
    moment = stamp(local(day, 7, 5))
    return {
        "id": record_id("transfer", day, 1), "transferType": "Transfer", "status": "Received",
        "number": f"T-{ordinal(day)}", "referenceNumber": "", "fromLocationId": 400, "toLocationId": 401,
        "createdById": 21, "memo": "", "date": midnight(day), "pickedDate": midnight(day),
        "receivedDate": midnight(day),
        "createdOn": moment, "modifiedOn": moment, "batchId": None, "batch": None, "syncStatus": "Pending",
        "dateRequired": None, "jobId": None, "invoiceId": None, "canceledById": None, "canceledReason": None,
        "dateCanceled": None, "active": True, "pickedById": 21, "receivedById": 21,
        "items": [{
            "id": record_id("transfer", day, 2), "skuId": sku.id, "description": sku.name,
            "createdOn": moment,
            "modifiedOn": moment, "name": sku.name, "code": sku.code, "quantity": quantity,
            "quantityPicked": quantity,
            "cost": sku.cost, "totalCost": cents(sku.cost * quantity), "serialNumbers": [], "createdById": 21,
            "active": True, "budgetCodeId": None,
        }],
        "customFields": [], "externalData": [],
    }  # fmt: skip


def adjustment_record(day: date, sku: Sku, quantity: int) -> Record:
    """Write a count correction in the warehouse."""
    moment = stamp(local(day, 17, 45))
    return {
        "id": record_id("adjustment", day, 1), "active": True, "number": f"A-{ordinal(day)}",
        "referenceNumber": "",
        "type": "Count", "inventoryLocationId": 400, "businessUnitId": 301, "projectId": None,
        "invoiceId": None,
        "createdById": 21, "memo": "Cycle count", "date": midnight(day), "createdOn": moment,
        "modifiedOn": moment,
        "batchId": None, "batch": None, "syncStatus": "Pending", "canceledReason": None, "canceledById": None,
        "dateCanceled": None, "externalData": [],
        "items": [{
            "id": record_id("adjustment", day, 2), "skuId": sku.id, "description": sku.name,
            "createdOn": moment,
            "modifiedOn": moment, "name": sku.name, "code": sku.code, "quantity": quantity, "cost": sku.cost,
            "totalCost": cents(sku.cost * quantity), "createdById": 21, "active": True, "budgetCodeId": None,
            "serialNumbers": [],
        }],
        "customFields": [],
    }  # fmt: skip


def _line_of_entry(key: str, debit: Decimal, credit: Decimal, on: date) -> Record:
    account = line_account(key)
    return {
        "postDate": on.isoformat(), "debit": debit, "credit": credit, "memo": "Membership revenue recognized",
        "account": {"id": account["id"], "number": account["number"], "name": account["name"],
                    "type": account["type"],
                    "subtype": account["detailType"]},
        "quantity": None, "unitAmount": None, "externalObjects": [],
        "transaction": {"id": record_id("journal-entry", on, 1), "type": "RevenueRecognition",
                        "refNumber": None},
        "businessUnit": UNIT["HVAC Maintenance"].named(), "customer": None, "vendor": None,
        "inventoryLocation": None,
        "job": None, "customerLocation": None, "paymentType": None, "project": None, "serviceAgreement": None,
        "appliedTo": None, "sku": None, "transactionDate": on.isoformat(), "budgetCodeId": None,
    }  # fmt: skip


def journal_record(seed: int, day: date) -> Record:
    """Write the week's revenue recognition: deferred membership money that is earned now."""
    moment = stamp(local(day, 18, 30))
    amount = Decimal("312.50")
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{seed}/journal/{day}")), "createdOn": moment,
        "modifiedOn": moment,
        "number": ordinal(day), "name": "Revenue recognition", "source": "ServiceTitan", "status": "Closed",
        "syncStatus": "NotSynced", "versionId": 1, "lastSyncVersionId": None, "message": None,
        "postDate": day.isoformat(), "exportedOn": None, "exportedBy": None, "customFields": [], "url": None,
        "isEmpty": False,
        "details": [_line_of_entry("23100", amount, ZERO, day),
                    _line_of_entry("Membership Income", ZERO, amount, day)],
    }  # fmt: skip


def _purchases(stream: random.Random, job: Record | None, day: date) -> list[Purchase]:
    job_sku = SKU[stream.choice(_JOB)]
    restock = [(SKU[code], Decimal(stream.randrange(4, 40))) for code in sorted(stream.sample(_STOCK, 3))]
    supplier = vendor_of(job_sku.account)
    made = [Purchase(day, 2, VENDOR["Gulf Coast HVAC Supply"], UNIT["HVAC Service"], 400, tuple(restock)),
            Purchase(day, 3, VENDOR["Show-Me Plumbing Wholesale"], UNIT["Plumbing"], 401,
                     ((SKU["PEX-34"], Decimal("312.5")), (SKU["BALL-34"], Decimal(6))))]  # fmt: skip
    if job:
        supplier = vendor_of(job_sku.account)
        made.insert(
            0, Purchase(day, 1, supplier, UNIT["HVAC Install"], 400, ((job_sku, Decimal(1)),), job=job)
        )
    return made


def write_buying(book: Book) -> None:
    """Write what was bought, returned, moved and banked in the window."""
    first_jobs: dict[int, Record] = {}
    for job in book.records["jobs"]:
        if job["jobStatus"] == "Completed" and job["id"] % 10**5 < FIRST_CARRIED_NUMBER:
            first_jobs.setdefault(family_of(job["id"]), job)
    for day in book.window.dates:
        _write_day(book, day, first_jobs.get(ordinal(day)))
    _write_deposits(book)


def _write_day(book: Book, day: date, job: Record | None) -> None:
    window, records = book.window, book.records
    stream = window.stream(f"buying/{day}")
    for purchase in _purchases(stream, job, day):
        billed_on = day + timedelta(days=1)
        billed = billed_on <= window.last_day
        records["purchase-orders"].append(order_record(purchase))
        records["receipts"].append(receipt_record(purchase, billed))
        if billed:
            inventory, payable = bill_records(purchase, billed_on, posted=billed_on < window.last_day)
            records["inventory-bills"].append(inventory)
            records["ap-bills"].append(payable)
            pay_on = billed_on + timedelta(days=3)
            if purchase.number == 2 and ordinal(day) % 5 == 0 and pay_on <= window.last_day:
                records["ap-payments"].append(bill_payment_record(purchase, pay_on, inventory))
        if purchase.number == 2 and ordinal(day) % 3 == 0:
            returned, credit = return_records(purchase)
            records["returns"].append(returned)
            records["ap-credits"].append(credit)
    records["transfers"].append(transfer_record(day, SKU["CAP-45-5"], stream.randrange(2, 9)))
    if ordinal(day) % 4 == 0:
        records["adjustments"].append(adjustment_record(day, SKU["WAX-RING"], -stream.randrange(1, 4)))
    if ordinal(day) % 7 == 0:
        records["journal-entries"].append(journal_record(window.seed, day))


def _write_deposits(book: Book) -> None:
    """Bank the cash and checks of each family's day two days later, and say so on the payments."""
    slips_of: dict[int, list[Record]] = {}
    for payment in book.records["payments"]:
        family = family_of(payment["id"])
        ordinary = payment["id"] % 10**5 < FIRST_ODD_NUMBER
        if ordinary and payment["type"] in ("Cash", "Check") and payment["date"] == midnight(day_of(family)):
            slips_of.setdefault(family, []).append(payment)
    for day in book.window.dates:
        on = day + timedelta(days=2)
        slips = slips_of.get(ordinal(day), [])
        if on > book.window.last_day or not slips:
            continue
        deposit = _deposit_record(day, on, sum((Decimal(slip["total"]) for slip in slips), ZERO))
        book.records["bank-deposits"].append(deposit)
        for slip in slips:
            slip["deposit"] = {"id": deposit["id"], "name": deposit["name"]}


def _deposit_record(day: date, on: date, amount: Decimal) -> Record:
    moment: datetime = local(on, 14, 45, 0, 5)
    return {
        "id": record_id("bank-deposit", day, 1), "name": f"Deposit {on.isoformat()}",
        "depositStatus": "Deposited",
        "syncStatus": "Pending", "batch": None, "createdOn": stamp(moment), "createdBy": "rkowalewski",
        "modifiedOn": stamp(moment), "active": True, "importId": None, "depositDate": midnight(on),
        "reviewStatus": "Reviewed", "reviewedOn": stamp(moment), "grossAmount": amount, "netAmount": amount,
        "fees": 0,
        "bankAccount": line_account("10100"), "feeAccount": None,
    }  # fmt: skip
