"""ServiceTitan's invoices, credit memos and payments, read from the vendor's records themselves.

What belongs here: one record as verbatim JSON → one comparable value, with the gate's answer. What
does not: what is bought (`servicetitan_buying`), what the mapping would make of it. A record that cannot be
read is a value too, with its fault named, so that it is counted and shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from st_qbo_assets.books.accounts import Accounts, GlAccount, NamedItem, Place
from st_qbo_assets.books.documents import StDocument
from st_qbo_assets.books.loose_json import as_list, as_object, as_text
from st_qbo_assets.books.raw_values import (
    Amounts,
    business_day,
    date_of,
    instant_of,
    newest,
    unless_unreadable,
)
from st_qbo_assets.books.receipts import Receipt
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.gate import (
    CreditMemoFacts,
    InvoiceFacts,
    PaymentFacts,
    Standing,
    credit_memo_standing,
    invoice_standing,
    payment_standing,
)
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json, Verdict
from st_qbo_assets.domain.reasons import reason


@dataclass(frozen=True)
class JobFacts:
    """What the gate and the tie-out need of a job.

    Attributes:
        status: `jobStatus`.
        changed_at: newest of its `modifiedOn` and `completedOn`.
    """

    status: str
    changed_at: datetime | None = None


@dataclass(frozen=True)
class ServiceTitanBooks:
    """What was read from ServiceTitan.

    Attributes:
        documents: those of the days, and others that belong to them.
        absent: sources that were asked for by id and do not exist.
        receipts: of goods received on the days, where the company buys.
    """

    documents: Mapping[SourceRef, StDocument] = field(default_factory=dict[SourceRef, StDocument])
    absent: frozenset[SourceRef] = frozenset()
    receipts: tuple[Receipt, ...] = ()

    def with_accounts(self, accounts: Accounts) -> dict[SourceRef, StDocument]:
        """Return the documents with income by account."""
        return {
            source: replace(document, income={**accounts.by_key(document.income)})
            if document.income
            else document
            for source, document in self.documents.items()
        }


def read_invoice(
    record: Json, company: CompanyFile, *, jobs: Mapping[str, JobFacts], today: date
) -> StDocument:
    """Return one invoice.

    Args:
        record: verbatim, as ServiceTitan returned it.
        company: whose gate decides.
        jobs: facts of its job, by job id.
        today: the company's local day.
    """
    amounts = Amounts()
    total = amounts.cents(record, "total", required=True)
    job = jobs.get(job_id(record))
    standing = invoice_standing(_invoice_facts(record, total, job, company), company, today=today)
    lines = _chargeable(record)
    income = _income(lines, "generalLedgerAccount", amounts)
    if record.get("balance") in (None, ""):
        balance = 0 if record.get("paidOn") else total
    else:
        balance = amounts.cents(record, "balance")
    return StDocument(
        source=SourceRef(Entity.INVOICE, as_text(record.get("id"))),
        day=business_day(record, Entity.INVOICE, company.time_zone) or today,
        number=as_text(record.get("referenceNumber")),
        customer_id=as_text(as_object(record.get("customer")).get("id")),
        customer=as_text(as_object(record.get("customer")).get("name")),
        total_cents=total,
        tax_cents=amounts.cents(record, "salesTax"),
        balance_cents=balance,
        income=income,
        lines=len(lines),
        adjusts=as_text(record.get("adjustmentToId")),
        active=record.get("active") is not False,
        changed_at=newest((instant_of(record.get("modifiedOn")), job.changed_at if job else None)),
        # Last: every amount above may have left a fault.
        standing=unless_unreadable(standing, amounts.faults),
        fault="; ".join(amounts.faults),
    )


def read_payment(record: Json, company: CompanyFile, *, today: date) -> StDocument:
    """Return one payment, refund or write-off."""
    amounts = Amounts()
    total = amounts.cents(record, "total", required=True)
    applied = _applied(record, amounts)
    if record.get("unappliedAmount") in (None, ""):
        unapplied, moved = total - sum(applied.values()), 0
    else:
        unapplied = moved = amounts.cents(record, "unappliedAmount")
    moved = abs(moved) + sum(map(abs, applied.values()))
    active = record.get("active") is not False
    standing = payment_standing(_payment_facts(record, total, moved), company, today=today)
    policy = company.payment_types.get(as_text(record.get("type")))
    item = (policy.item or "") if policy is not None and policy.becomes == "write_off" else ""
    return StDocument(
        source=SourceRef(Entity.PAYMENT, as_text(record.get("id"))),
        day=business_day(record, Entity.PAYMENT, company.time_zone) or today,
        standing=unless_unreadable(_unless_ignored(standing, record, company), amounts.faults),
        number=as_text(record.get("checkNumber")) or as_text(record.get("referenceNumber")),
        customer_id=as_text(as_object(record.get("customer")).get("id")),
        customer=as_text(as_object(record.get("customer")).get("name")),
        total_cents=-total if item else total,
        balance_cents=-unapplied if item else 0,
        income={NamedItem(item): -total} if item and total else {},
        lines=1 if item else 0,
        applied={key: cents for key, cents in applied.items() if cents} if active else {},
        unapplied_cents=unapplied,
        refunds=as_text(record.get("refundedPaymentId")),
        write_off_item=item,
        active=active,
        changed_at=instant_of(record.get("modifiedOn")),
        fault="; ".join(amounts.faults),
    )


def read_credit_memo(record: Json, company: CompanyFile, *, items: Sequence[Json], today: date) -> StDocument:
    """Return one credit memo; ServiceTitan writes its amounts above zero.

    Args:
        record: verbatim, as ServiceTitan returned it.
        company: whose gate decides.
        items: its lines, which ServiceTitan lists apart from it.
        today: the company's local day.
    """
    amounts = Amounts()
    total = amounts.cents(record, "total", required=True)
    lines = [item for item in items if item.get("active") is not False]
    income = _income(lines, "revenueGeneralLedgerAccount", amounts)
    applied = _applied(record, amounts)
    spent = sum(applied.values())
    balance = total - spent if record.get("balance") in (None, "") else amounts.cents(record, "balance")
    active = record.get("active") is not False
    standing = credit_memo_standing(_credit_memo_facts(record, lines, total), company, today=today)
    return StDocument(
        source=SourceRef(Entity.CREDIT_MEMO, as_text(record.get("id"))),
        day=business_day(record, Entity.CREDIT_MEMO, company.time_zone) or today,
        number=as_text(record.get("referenceNumber")),
        customer_id=as_text(as_object(record.get("customer")).get("id")),
        customer=as_text(as_object(record.get("customer")).get("name")),
        total_cents=-total,
        tax_cents=-amounts.cents(record, "salesTax"),
        balance_cents=-balance,
        income={place: -cents for place, cents in income.items()},
        lines=len(lines),
        applied={key: cents for key, cents in applied.items() if cents} if active else {},
        unapplied_cents=total - spent,
        active=active,
        changed_at=instant_of(record.get("modifiedOn")),
        # Last: every amount above may have left a fault.
        standing=unless_unreadable(standing, amounts.faults),
        fault="; ".join(amounts.faults),
    )


def _applied(record: Json, amounts: Amounts) -> dict[str, int]:
    applied: dict[str, int] = {}
    for applied_id, amount in applications(record):
        cents = amounts.cents({"appliedAmount": amount}, "appliedAmount", of=f"applied to {applied_id}: ")
        applied[applied_id] = applied.get(applied_id, 0) + cents
    return applied


def job_id(invoice: Mapping[str, Any]) -> str:
    """Return the id of the job an invoice belongs to, empty if it has none."""
    return as_text(as_object(invoice.get("job")).get("id"))


def applications(payment: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return (invoice id, amount as written) of every split of a payment or credit memo."""
    rows = [as_object(row) for row in as_list(payment.get("appliedTo"))]
    return [(as_text(row.get("appliedTo")), row.get("appliedAmount")) for row in rows]


def job_facts(job: Mapping[str, Any]) -> JobFacts:
    """Return what matters of a job record."""
    stamps = (instant_of(job.get("modifiedOn")), instant_of(job.get("completedOn")))
    return JobFacts(as_text(job.get("jobStatus")), newest(stamps))


def _invoice_facts(
    record: Json, total_cents: int, job: JobFacts | None, company: CompanyFile
) -> InvoiceFacts:
    return InvoiceFacts(
        kind=as_text(record.get("invoiceConfiguration")),
        sync_status=as_text(record.get("syncStatus")),
        review_status=as_text(record.get("reviewStatus")),
        total_cents=total_cents,
        business_date=date_of(record.get("invoiceDate")),
        active=record.get("active") is not False,
        export_id=as_text(record.get("exportId")),
        job_id=job_id(record),
        job_status=job.status if job else "",
        business_units=_units(record, _chargeable(record)),
        uses_stock=any(
            line.get("inventory") is True and company.counts(as_text(line.get("type")))
            for line in map(as_object, as_list(record.get("items")))
        ),
    )


def _credit_memo_facts(record: Json, lines: Sequence[Json], total_cents: int) -> CreditMemoFacts:
    return CreditMemoFacts(
        sync_status=as_text(record.get("syncStatus")),
        total_cents=total_cents,
        business_date=date_of(record.get("date")),
        active=record.get("active") is not False,
        export_id=as_text(record.get("exportId")),
        business_units=_units(record, lines),
    )


def _units(record: Json, lines: Sequence[Json]) -> tuple[str, ...]:
    header = as_text(as_object(record.get("businessUnit")).get("name"))
    names = [header] + [as_text(as_object(line.get("businessUnit")).get("name")) or header for line in lines]
    return tuple(dict.fromkeys(name for name in names if name))


def _income(lines: Sequence[Json], account_field: str, amounts: Amounts) -> dict[Place, int]:
    income: dict[Place, int] = {}
    for number, line in enumerate(lines, start=1):
        cents = amounts.cents(line, "total", required=True, of=f"line {number} ")
        account = as_object(line.get(account_field))
        place = GlAccount(as_text(account.get("number")), as_text(account.get("name")))
        income[place] = income.get(place, 0) + cents
    return {place: cents for place, cents in income.items() if cents}


def _chargeable(record: Json) -> list[Json]:
    """Return the lines that are revenue (rule 1.3)."""
    lines = [as_object(line) for line in as_list(record.get("items"))]
    return [line for line in lines if line.get("isChargeable") is not False]


def _payment_facts(record: Json, total_cents: int, moved_cents: int) -> PaymentFacts:
    return PaymentFacts(
        sync_status=as_text(record.get("syncStatus")),
        total_cents=total_cents,
        business_date=date_of(record.get("date")),
        active=record.get("active") is not False,
        export_id=as_text(record.get("exportId")),
        business_unit=as_text(as_object(record.get("businessUnit")).get("name")),
        moved_cents=moved_cents,
    )


def _unless_ignored(standing: Standing, record: Json, company: CompanyFile) -> Standing:
    """Return the standing, not due where the company ignores the payment's type (rule 3.1)."""
    name = as_text(record.get("type"))
    policy = company.payment_types.get(name)
    if not standing.counts or policy is None or policy.becomes != "ignore":
        return standing
    return Standing(Verdict.NOT_DUE, reason("payment_type_ignored", type=name))
