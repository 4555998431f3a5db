"""Invoices: one ServiceTitan invoice becomes one QuickBooks Invoice or CreditMemo, or says why not.

What belongs here: the gate's answer, the sign (rule 3.4), and what only invoices have (rules 1, 2). What does
not: what all sales documents share (sales), lines, tax, tracking and dates, each in its own module. A
document is held or rejected as a whole, telling everything that is wrong with it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from st_qbo_assets.domain.gate import invoice_standing
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.mapping.contacts import primary_email
from st_qbo_assets.mapping.derived import reversed_sale
from st_qbo_assets.mapping.effects import Shape, books
from st_qbo_assets.mapping.facts import day_of, invoice_facts
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, joined
from st_qbo_assets.mapping.sales import (
    SaleParts,
    contradictions,
    customer,
    customer_id,
    number_of,
    sale_body,
    sale_parts,
)
from st_qbo_assets.mapping.tracking import term_of
from st_qbo_assets.mapping.twins import twin_of_invoice
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.records import Invoice, Unreadable


@dataclass(frozen=True)
class InvoiceParts:
    """What an invoice is put together from; the term only of one that is owed."""

    sale: SaleParts
    term: str = ""

    @property
    def posting_reason(self) -> Reason | None:
        """What is to be said of its date."""
        return self.sale.posting.said


def map_invoice(record: Invoice | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what an invoice becomes: one outcome; below zero it is a credit memo (rule 3.4)."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, Invoice, Entity.INVOICE, lookup)
    standing = invoice_standing(invoice_facts(record, lookup), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        facts = _present(record)
        if standing.reason and standing.reason.code == "exported_elsewhere" and lookup.company.adopt_exported:
            facts["adopt"] = _adoption(record, lookup)
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason, facts=facts)]
    parts = invoice_parts(record, lookup)
    if isinstance(parts, Problem):
        return [_mapped(record, lookup, parts.verdict, reason=parts.reason, facts=_present(record))]
    payload = Payload(
        source=_source(record),
        target=_target(record),
        day=day_of(record, lookup),
        body=_body(record, parts, lookup),
        cents=to_cents(record.total),
        number=_number(record, lookup),
        title=_title(record, lookup),
    )
    facts = _facts(record, parts, lookup)
    return [_mapped(record, lookup, Verdict.DUE, reason=parts.posting_reason, payload=payload, facts=facts)]


def items_of_invoice(record: Invoice | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return the items a due invoice refers to, each once, in line order; none if it is not due."""
    if isinstance(record, Unreadable):
        return []
    standing = invoice_standing(invoice_facts(record, lookup), lookup.company, today=lookup.today)
    parts = invoice_parts(record, lookup) if standing.verdict is Verdict.DUE else None
    if parts is None or isinstance(parts, Problem):
        return []
    return parts.sale.items(lookup, day=day_of(record, lookup))


def invoice_parts(invoice: Invoice, lookup: Lookup) -> InvoiceParts | Problem:
    """Return what an invoice is put together from, or all that stands in its way; its gate is not asked."""
    found = contradictions(invoice, lookup)
    if invoice.total < 0:
        twin = twin_of_invoice(invoice, lookup)
        found += [twin] if twin else []
        sale, term = reversed_sale(invoice), None
    else:
        sale, term = invoice, term_of(invoice.term_name, lookup)
    found += [term] if isinstance(term, Problem) else []
    parts = sale_parts(sale, _source(invoice), lookup, day=day_of(invoice, lookup), found=found)
    if isinstance(parts, Problem):
        return parts
    if isinstance(term, Problem):
        return joined(found)
    return InvoiceParts(parts, term or "")


def _body(invoice: Invoice, parts: InvoiceParts, lookup: Lookup) -> Json:
    is_credit = invoice.total < 0
    sale = reversed_sale(invoice) if is_credit else invoice
    body = sale_body(sale, _source(invoice), parts.sale, lookup, number=_number(invoice, lookup))
    body["EmailStatus"] = "NotSet"
    email = primary_email(customer_id(invoice), lookup)
    if lookup.company.send_email_addresses and email:
        body["BillEmail"] = {"Address": email}
    if is_credit:
        return body
    body |= {"AllowOnlineCreditCardPayment": False, "AllowOnlineACHPayment": False}
    if parts.term:
        body["SalesTermRef"] = {"value": parts.term}
    if invoice.due_date is not None:
        body["DueDate"] = invoice.due_date.isoformat()
    return body


def _target(invoice: Invoice) -> str:
    return "CreditMemo" if invoice.total < 0 else "Invoice"


def _facts(invoice: Invoice, parts: InvoiceParts, lookup: Lookup) -> Json:
    """Return the figures shown in the preview; income is by QuickBooks account (rule 2.1)."""
    is_credit = invoice.total < 0
    sale, sign = (reversed_sale(invoice), -1) if is_credit else (invoice, 1)
    income, tax = parts.sale.booked(sale, lookup, sign=sign)
    lines = parts.sale.lines
    notes: list[str] = []
    if _number(invoice, lookup) != invoice.reference_number.strip():
        notes.append(f"number {invoice.reference_number!r} written as {_number(invoice, lookup)!r}")
    if invoice.term_name and not is_credit and not parts.term:
        notes.append(f"term {invoice.term_name!r} is not in QuickBooks; the due date is carried")
    left_out = len(invoice.items) - len(lines)
    if left_out:
        notes.append(f"{left_out} lines that are not charged are left out")
    facts: Json = {
        **books(
            Shape.CREDIT_MEMO if is_credit else Shape.INVOICE,
            customer=customer(invoice),
            income=income,
            tax_cents=tax,
        ),
        "lines": len(lines),
        "items": list(dict.fromkeys(str(line.item.source) for line in lines)),
        **_present(invoice),
    }
    if invoice.adjustment_to_id is not None:
        facts["adjusts"] = str(SourceRef(Entity.INVOICE, str(invoice.adjustment_to_id)))
    if notes:
        facts["notes"] = notes
    return facts


def _present(invoice: Invoice) -> Json:
    """Return whose it is and what is open of it now, as far as the record says."""
    facts: Json = {}
    if customer_id(invoice) is not None:
        facts["customer"] = customer(invoice)
    if invoice.balance is not None:
        facts["balance_cents"] = to_cents(invoice.balance)
    return facts


def _adoption(invoice: Invoice, lookup: Lookup) -> Json:
    """Return by what the other connector's document can be found (rule 1.7)."""
    return {
        "target": _target(invoice),
        "number": _number(invoice, lookup),
        "export_id": invoice.export_id.strip(),
        "customer": customer(invoice),
        "cents": abs(to_cents(invoice.total)),
        "day": _iso(invoice.invoice_date),
    }


def _mapped(
    invoice: Invoice, lookup: Lookup, verdict: Verdict, *, reason: Reason | None, **rest: Any
) -> Mapped:
    return Mapped(
        source=_source(invoice),
        verdict=verdict,
        day=day_of(invoice, lookup),
        cents=to_cents(invoice.total),
        number=_number(invoice, lookup),
        title=_title(invoice, lookup),
        reason=reason,
        **rest,
    )


def _source(invoice: Invoice) -> SourceRef:
    return SourceRef(Entity.INVOICE, str(invoice.id))


def _number(invoice: Invoice, lookup: Lookup) -> str:
    return number_of(invoice.reference_number, invoice.id, lookup)


def _title(invoice: Invoice, lookup: Lookup) -> str:
    return lookup.line_text(invoice.customer.name) if invoice.customer else ""


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
