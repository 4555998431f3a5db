"""What the gate has to know, read from ServiceTitan's records.

What belongs here: records to the facts of `domain.gate`, and the day a document belongs to. What does
not: the gate's answer.
"""

from datetime import date
from decimal import Decimal

from st_qbo_assets.domain.days import accounting_day
from st_qbo_assets.domain.gate import (
    BillFacts,
    BillPaymentFacts,
    CreditMemoFacts,
    InvoiceFacts,
    PaymentFacts,
    VendorCreditFacts,
)
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.servicetitan.buying import Bill, BillPayment, PurchaseOrder, VendorCredit
from st_qbo_assets.servicetitan.records import (
    CreditMemo,
    CreditMemoItem,
    Invoice,
    InvoiceItem,
    Payment,
    Unreadable,
)


def chargeable_lines(invoice: Invoice) -> list[InvoiceItem]:
    """Return the lines that are revenue, in source order (rule 1.3)."""
    return [line for line in invoice.items if line.is_chargeable]


def written_lines(invoice: Invoice, lookup: Lookup) -> list[InvoiceItem]:
    """Return the lines that are written: revenue, and at 0.00 what was used of counted stock (rule 1.3)."""
    written: list[InvoiceItem] = []
    for line in invoice.items:
        if line.is_chargeable:
            written.append(line)
        elif line.inventory and lookup.company.counts(line.type):
            nothing = {"total": Decimal(0), "price": Decimal(0), "taxable": False}
            written.append(line.model_copy(update=nothing))
    return written


def invoice_facts(invoice: Invoice, lookup: Lookup) -> InvoiceFacts:
    """Return the gate's facts of an invoice."""
    job_id = invoice.job.id if invoice.job else None
    job = lookup.jobs.get(job_id) if job_id is not None else None
    return InvoiceFacts(
        kind=invoice.invoice_configuration,
        sync_status=invoice.sync_status,
        review_status=invoice.review_status,
        total_cents=to_cents(invoice.total),
        business_date=invoice.invoice_date,
        active=invoice.active,
        export_id=invoice.export_id.strip(),
        job_id="" if job_id is None else str(job_id),
        job_status=job.job_status if job else "",
        business_units=business_units(invoice),
        uses_stock=any(line.inventory and lookup.company.counts(line.type) for line in invoice.items),
    )


def business_units(invoice: Invoice) -> tuple[str, ...]:
    """Return the distinct unit names of the header and of the chargeable lines (rule 1.8)."""
    header = invoice.business_unit.name if invoice.business_unit else ""
    lines = (line.business_unit.name if line.business_unit else "" for line in chargeable_lines(invoice))
    return tuple(dict.fromkeys(name for name in (header, *lines) if name))


def active_items(memo: CreditMemo) -> list[CreditMemoItem]:
    """Return the lines of a credit memo that were not taken out again, in source order."""
    return [item for item in memo.items if item.active]


def credit_memo_facts(memo: CreditMemo) -> CreditMemoFacts:
    """Return the gate's facts of a credit memo."""
    header = memo.business_unit.name if memo.business_unit else ""
    lines = (item.business_unit.name if item.business_unit else "" for item in active_items(memo))
    return CreditMemoFacts(
        sync_status=memo.sync_status,
        total_cents=to_cents(memo.total),
        business_date=memo.date,
        active=memo.active,
        export_id=memo.export_id.strip(),
        business_units=tuple(dict.fromkeys(name for name in (header, *lines) if name)),
    )


def payment_facts(payment: Payment) -> PaymentFacts:
    """Return the gate's facts of a payment."""
    moved = sum(abs(to_cents(row.applied_amount)) for row in payment.applied_to)
    return PaymentFacts(
        sync_status=payment.sync_status,
        total_cents=to_cents(payment.total),
        business_date=payment.date,
        active=payment.active,
        export_id=payment.export_id.strip(),
        business_unit=payment.business_unit.name if payment.business_unit else "",
        moved_cents=moved + abs(to_cents(payment.unapplied_amount or Decimal(0))),
    )


def bill_facts(bill: Bill) -> BillFacts:
    """Return the gate's facts of a bill."""
    return BillFacts(
        sync_status=bill.sync_status,
        total_cents=to_cents(bill.total),
        business_date=bill.date,
        status=bill.status,
        is_canceled=bill.is_canceled,
        active=bill.active,
        business_unit=bill.business_unit.name if bill.business_unit else "",
    )


def vendor_credit_facts(credit: VendorCredit) -> VendorCreditFacts:
    """Return the gate's facts of a vendor's credit."""
    return VendorCreditFacts(
        sync_status=credit.sync_status,
        total_cents=to_cents(credit.amount),
        business_date=credit.date,
        is_canceled=credit.is_canceled,
        active=credit.active,
        business_unit=credit.business_unit.name if credit.business_unit else "",
    )


def bill_payment_facts(payment: BillPayment) -> BillPaymentFacts:
    """Return the gate's facts of a payment of bills."""
    return BillPaymentFacts(
        method=payment.method,
        status=payment.status,
        sync_status=payment.sync_status,
        total_cents=to_cents(payment.amount),
        business_date=payment.date,
        active=payment.active,
        business_unit=payment.business_unit.name if payment.business_unit else "",
    )


def day_of(
    record: Invoice | Payment | CreditMemo | Bill | PurchaseOrder | VendorCredit | BillPayment | Unreadable,
    lookup: Lookup,
) -> date:
    """Return the accounting day: the business date, else the local day it was made (rule 1.4).

    A record that has neither is shown today.
    """
    if isinstance(record, Invoice):
        dated = record.invoice_date
    else:
        dated = record.business_date if isinstance(record, Unreadable) else record.date
    return accounting_day(dated, record.created_on, lookup.company.time_zone) or lookup.today
