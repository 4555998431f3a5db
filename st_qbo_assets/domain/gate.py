"""The gate: whether a ServiceTitan document is due in QuickBooks, decided from a few facts.

What belongs here: the kinds, review, job, date, scope and export rules (rules 1.1–1.8) for invoices,
payments and credit memos, and those of what is bought (rules 8.2, 8.7, 8.8). What does not: reading the
facts from a vendor's record, and what a due document becomes (mapping). The mapping and the tie-out decide by
this one module, so that a document cannot be due for one and not for the other.

The order of the checks is the order of the sentences a bookkeeper would say: not ours, gone, booked
elsewhere, never posts, nothing in it, not its time; only what is due by all of these is then held or
rejected for a fault of its own.
"""

from dataclasses import dataclass
from datetime import date

from st_qbo_assets.domain.company import BusinessUnits, CompanyFile
from st_qbo_assets.domain.outcomes import Reason, Verdict
from st_qbo_assets.domain.reasons import reason

#: What each `invoiceConfiguration` does (rule 1.1); anything else is held.
INVOICE_KINDS: dict[str, bool] = {
    "JobInvoice": True,
    "ProjectInvoice": True,
    "CounterSales": True,
    "MembershipInvoice": True,
    "InterestChargeInvoice": True,
    "ARImportInvoice": False,
}
#: Review statuses that keep a document waiting (rule 1.2).
WAITING_REVIEWS = frozenset({"OnHold", "Rejected"})

_POSTED = "Posted"
_EXPORTED = "Exported"
_COMPLETED = "Completed"
_CANCELED = "Canceled"
_RECONCILED = "Reconciled"
_SERVICETITAN, _PAID = "ServiceTitan", "Paid"
#: Statuses of a payment of bills by which no money left, or it came back.
UNDONE = frozenset({"Cancelled", "Rejected"})


@dataclass(frozen=True)
class InvoiceFacts:
    """What the gate has to know of an invoice.

    Attributes:
        kind: `invoiceConfiguration`.
        sync_status: Pending, Posted or Exported.
        review_status: `reviewStatus`.
        total_cents: the document's total.
        business_date: its local date; None if it has none.
        active: false once it was deleted in ServiceTitan.
        export_id: what another connector wrote there; empty if nothing.
        job_id: its job; empty if it has none.
        job_status: the job's status; empty if the job could not be read.
        business_units: distinct names of the header's unit and those of the chargeable lines (a line
            without a unit has the header's); empty names are left out.
        uses_stock: whether a line takes goods that QuickBooks counts, so that it is not empty at 0.00.
    """

    kind: str
    sync_status: str
    review_status: str
    total_cents: int
    business_date: date | None
    active: bool = True
    export_id: str = ""
    job_id: str = ""
    job_status: str = ""
    business_units: tuple[str, ...] = ()
    uses_stock: bool = False


@dataclass(frozen=True)
class PaymentFacts:
    """What the gate has to know of a payment.

    Attributes:
        moved_cents: sum of the absolute amounts applied and unapplied; a payment of total zero that
            still moves money between documents is not empty.
    """

    sync_status: str
    total_cents: int
    business_date: date | None
    active: bool = True
    export_id: str = ""
    business_unit: str = ""
    moved_cents: int = 0


@dataclass(frozen=True)
class CreditMemoFacts:
    """What the gate has to know of a credit memo.

    Attributes:
        business_units: as of an invoice; those of its lines count too.
    """

    sync_status: str
    total_cents: int
    business_date: date | None
    active: bool = True
    export_id: str = ""
    business_units: tuple[str, ...] = ()


@dataclass(frozen=True)
class BillFacts:
    """What the gate has to know of a vendor's bill.

    Attributes:
        status: `status` of `ap-bills`; empty where the list has none.
        is_canceled: whether ServiceTitan canceled it.
        active: false once it was deleted; a bill that a change of its order replaced is.
    """

    sync_status: str
    total_cents: int
    business_date: date | None
    status: str = ""
    is_canceled: bool = False
    active: bool = True
    business_unit: str = ""


@dataclass(frozen=True)
class OrderFacts:
    """What the gate has to know of a purchase order.

    Attributes:
        is_posted: whether it is in QuickBooks: there a canceled one is closed, not left out (rule 3.6).
    """

    status: str
    total_cents: int
    business_date: date | None
    active: bool = True
    is_posted: bool = False
    business_unit: str = ""


@dataclass(frozen=True)
class VendorCreditFacts:
    """What the gate has to know of a vendor's credit.

    Attributes:
        is_canceled: whether ServiceTitan canceled it.
    """

    sync_status: str
    total_cents: int
    business_date: date | None
    is_canceled: bool = False
    active: bool = True
    business_unit: str = ""


@dataclass(frozen=True)
class BillPaymentFacts:
    """What the gate has to know of a payment of bills.

    Attributes:
        method: ServiceTitan, or AccountingSystem where the books paid.
        status: how far the payment went; Paid is the one that posts.
    """

    method: str
    status: str
    sync_status: str
    total_cents: int
    business_date: date | None
    active: bool = True
    business_unit: str = ""


@dataclass(frozen=True)
class Standing:
    """The gate's answer; the reason is present exactly when the document is not simply due."""

    verdict: Verdict
    reason: Reason | None = None

    @property
    def counts(self) -> bool:
        """Whether the document is due by the gate, held and rejected included (rule 6.1)."""
        return self.verdict is not Verdict.NOT_DUE


DUE = Standing(Verdict.DUE)


def invoice_standing(facts: InvoiceFacts, company: CompanyFile, *, today: date) -> Standing:
    """Say whether an invoice is due; `today` is the company's local day."""
    return (
        _outside(facts.business_units, company.business_units)
        or _gone_or_exported(facts.active, facts.sync_status, facts.export_id)
        or _kind_that_does_not_post(facts.kind)
        or _empty_invoice(facts)
        or _wrong_time(facts.business_date, company, today=today)
        or _gate_closed(facts, company)
        or _undated_or_spanning(facts.business_date, facts.business_units, company)
        or DUE
    )


def payment_standing(facts: PaymentFacts, company: CompanyFile, *, today: date) -> Standing:
    """Say whether a payment is due; `today` is the company's local day.

    Payments have no kind, review or job: money that was taken is due on its date.
    """
    units = (facts.business_unit,) if facts.business_unit else ()
    return (
        _outside(units, company.business_units)
        or _gone_or_exported(facts.active, facts.sync_status, facts.export_id)
        or (_not_due("zero_total") if facts.total_cents == 0 and facts.moved_cents == 0 else None)
        or _wrong_time(facts.business_date, company, today=today)
        or _undated_or_spanning(facts.business_date, units, company)
        or DUE
    )


def credit_memo_standing(facts: CreditMemoFacts, company: CompanyFile, *, today: date) -> Standing:
    """Say whether a credit memo is due; `today` is the company's local day.

    It has no kind, review or job; a company that takes Posted documents only takes Posted memos only.
    """
    return (
        _outside(facts.business_units, company.business_units)
        or _gone_or_exported(facts.active, facts.sync_status, facts.export_id)
        or (_not_due("zero_total") if facts.total_cents == 0 else None)
        or _wrong_time(facts.business_date, company, today=today)
        or (_not_posted(facts.sync_status) if company.gate == "posted" else None)
        or _undated_or_spanning(facts.business_date, facts.business_units, company)
        or DUE
    )


def bill_standing(facts: BillFacts, company: CompanyFile, *, today: date) -> Standing:
    """Say whether a bill is due, by the company's `bill_gate` (rule 8.2); `today` is its local day."""
    units = (facts.business_unit,) if facts.business_unit else ()
    return (
        _outside(units, company.business_units)
        or (_not_due("bill_canceled") if facts.is_canceled else None)
        or _gone_or_exported(facts.active, _exported_before(facts.sync_status), "")
        or (_not_due("zero_total") if facts.total_cents == 0 else None)
        or _wrong_time(facts.business_date, company, today=today)
        or _bill_gate_closed(facts, company)
        or _undated_or_spanning(facts.business_date, units, company)
        or DUE
    )


def order_standing(facts: OrderFacts, company: CompanyFile, *, today: date) -> Standing:
    """Say whether a purchase order is due; `today` is the company's local day.

    It posts nothing and is there for the bills, so no batch is waited for. What was exported after we had
    made it stays ours: ServiceTitan lets nobody edit it any more.
    """
    units = (facts.business_unit,) if facts.business_unit else ()
    is_exported = facts.status == _EXPORTED and not facts.is_posted
    return (
        _outside(units, company.business_units)
        or (_not_due("order_canceled") if facts.status == _CANCELED and not facts.is_posted else None)
        or _gone_or_exported(facts.active, _EXPORTED if is_exported else "", "")
        or (_not_due("zero_total") if facts.total_cents == 0 else None)
        or _wrong_time(facts.business_date, company, today=today)
        or _undated_or_spanning(facts.business_date, units, company)
        or DUE
    )


def vendor_credit_standing(facts: VendorCreditFacts, company: CompanyFile, *, today: date) -> Standing:
    """Say whether a vendor's credit is due; `today` is the company's local day.

    It is never reconciled: a company that takes reconciled bills only takes Posted credits.
    """
    units = (facts.business_unit,) if facts.business_unit else ()
    return (
        _outside(units, company.business_units)
        or (_not_due("vendor_credit_canceled") if facts.is_canceled else None)
        or _gone_or_exported(facts.active, facts.sync_status, "")
        or (_not_due("zero_total") if facts.total_cents == 0 else None)
        or _wrong_time(facts.business_date, company, today=today)
        or (_not_posted(facts.sync_status) if company.bill_gate != "all" else None)
        or _undated_or_spanning(facts.business_date, units, company)
        or DUE
    )


def bill_payment_standing(facts: BillPaymentFacts, company: CompanyFile, *, today: date) -> Standing:
    """Say whether a payment of bills is due (rule 8.8); `today` is the company's local day.

    Money that left is due on its date, whether or not a batch was posted, as payments of customers are.
    """
    units = (facts.business_unit,) if facts.business_unit else ()
    return (
        _outside(units, company.business_units)
        or (None if company.ap_payments else _not_due("ap_payments_off"))
        or (_not_due("paid_in_the_books") if facts.method != _SERVICETITAN else None)
        or (_not_due("bill_payment_undone", status=facts.status) if facts.status in UNDONE else None)
        or _gone_or_exported(facts.active, facts.sync_status, "")
        or (_not_due("zero_total") if facts.total_cents == 0 else None)
        or (_not_due("bill_payment_under_way", status=facts.status) if facts.status != _PAID else None)
        or _wrong_time(facts.business_date, company, today=today)
        or _undated_or_spanning(facts.business_date, units, company)
        or DUE
    )


def _exported_before(sync_status: str) -> str:
    return _EXPORTED if sync_status == "PostedAndExported" else sync_status


def _bill_gate_closed(facts: BillFacts, company: CompanyFile) -> Standing | None:
    if company.bill_gate == "posted":
        return _not_posted(facts.sync_status)
    if company.bill_gate == "reconciled" and facts.status != _RECONCILED:
        return _not_due("bill_not_reconciled", status=facts.status or "without a status")
    return None


def _not_posted(sync_status: str) -> Standing | None:
    if sync_status == _POSTED:
        return None
    return _not_due("not_posted", sync_status=sync_status or "without a status")


def _not_due(code: str, **values: object) -> Standing:
    return Standing(Verdict.NOT_DUE, reason(code, **values))


def _held(code: str, **values: object) -> Standing:
    return Standing(Verdict.HELD, reason(code, **values))


def _outside(units: tuple[str, ...], policy: BusinessUnits) -> Standing | None:
    if units and not any(policy.in_scope(unit) for unit in units):
        return _not_due("out_of_scope", units=", ".join(units))
    return None


def _gone_or_exported(active: bool, sync_status: str, export_id: str) -> Standing | None:
    if not active:
        return _not_due("deleted")
    if sync_status == _EXPORTED or export_id:
        return _not_due("exported_elsewhere", export_id=f" as {export_id}" if export_id else "")
    return None


def _kind_that_does_not_post(kind: str) -> Standing | None:
    posts = INVOICE_KINDS.get(kind)
    if posts is None:
        return _held("kind_unknown", kind=kind)
    return None if posts else _not_due("kind_never_posts", kind=kind)


def _empty_invoice(facts: InvoiceFacts) -> Standing | None:
    if facts.total_cents != 0 or (facts.uses_stock and facts.job_status != _CANCELED):
        return None
    return _not_due("canceled_empty" if facts.job_status == _CANCELED else "zero_total")


def _wrong_time(business_date: date | None, company: CompanyFile, *, today: date) -> Standing | None:
    if business_date is None:
        return None
    if business_date < company.start_date:
        return _not_due("before_start", day=business_date, start=company.start_date)
    if business_date > today:
        return _not_due("future_date", day=business_date, today=today)
    return None


def _gate_closed(facts: InvoiceFacts, company: CompanyFile) -> Standing | None:
    if facts.review_status in WAITING_REVIEWS:
        return _not_due("review_waits", review_status=facts.review_status)
    if facts.sync_status == _POSTED:
        return None
    if company.gate == "posted":
        return _not_posted(facts.sync_status)
    if not facts.job_id or facts.job_status == _COMPLETED:
        return None
    if not facts.job_status:
        return _held("job_unknown", job_id=facts.job_id)
    return _not_due("job_not_completed", job_status=facts.job_status)


def _undated_or_spanning(
    business_date: date | None, units: tuple[str, ...], company: CompanyFile
) -> Standing | None:
    if business_date is None:
        return Standing(Verdict.REJECTED, reason("no_date"))
    policy = company.business_units
    outside = [unit for unit in units if not policy.in_scope(unit)]
    if outside:
        inside = [unit for unit in units if policy.in_scope(unit)]
        return _held("spans_companies", inside=", ".join(inside), outside=", ".join(outside))
    if not units and (policy.include or policy.exclude):
        return _held("unit_missing")
    return None
