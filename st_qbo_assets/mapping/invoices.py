"""Invoices: one ServiceTitan invoice becomes one QuickBooks Invoice, or says why not.

What belongs here: the gate's answer, the sums, the header, and the parts put together (rules 1–2, 4).
What does not: lines, tax, tracking and dates, each in its own module. A document is held or rejected
as a whole, telling everything that is wrong with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from st_qbo_assets.domain.gate import invoice_standing
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.money import from_cents, round_to_cent, sum_cents, to_cents
from st_qbo_assets.domain.names import legal_number
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload, Reason, Verdict
from st_qbo_assets.mapping.addresses import physical_address
from st_qbo_assets.mapping.contacts import primary_email
from st_qbo_assets.mapping.facts import chargeable_lines, day_of, invoice_facts
from st_qbo_assets.mapping.items import Item, map_item
from st_qbo_assets.mapping.lines import Line, map_lines
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined, rejected
from st_qbo_assets.mapping.tax import TaxPlan, plan_tax
from st_qbo_assets.mapping.tracking import class_of, department_of, term_of
from st_qbo_assets.mapping.unreadable import map_unreadable
from st_qbo_assets.servicetitan.records import Invoice, InvoiceItem, Unreadable

#: "750 lines if taxable" (QB §6.1); a tax line of our own counts too.
LINE_LIMIT = 749


@dataclass(frozen=True)
class _Parts:
    """What an invoice is put together from."""

    lines: list[Line]
    tax: TaxPlan
    posting: PostingDate
    references: dict[str, str]


def map_invoice(record: Invoice | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return what an invoice becomes: one outcome a part, today always one."""
    if isinstance(record, Unreadable):
        return map_unreadable(record, Invoice, Entity.INVOICE, lookup)
    standing = invoice_standing(invoice_facts(record, lookup), lookup.company, today=lookup.today)
    if standing.verdict is not Verdict.DUE:
        facts = _present(record)
        if standing.reason and standing.reason.code == "exported_elsewhere" and lookup.company.adopt_exported:
            facts["adopt"] = _adoption(record, lookup)
        return [_mapped(record, lookup, standing.verdict, reason=standing.reason, facts=facts)]
    parts = _parts(record, lookup)
    if isinstance(parts, Problem):
        return [_mapped(record, lookup, parts.verdict, reason=parts.reason, facts=_present(record))]
    payload = Payload(
        source=_source(record),
        target="Invoice",
        day=day_of(record, lookup),
        body=_body(record, parts, lookup),
        cents=to_cents(record.total),
        number=_number(record, lookup),
        title=_title(record, lookup),
    )
    facts = _facts(record, parts, lookup)
    return [_mapped(record, lookup, Verdict.DUE, reason=parts.posting.said, payload=payload, facts=facts)]


def items_of_invoice(record: Invoice | Unreadable, lookup: Lookup) -> list[Mapped]:
    """Return the items a due invoice refers to, each once, in line order; none if it is not due."""
    if isinstance(record, Unreadable):
        return []
    standing = invoice_standing(invoice_facts(record, lookup), lookup.company, today=lookup.today)
    parts = _parts(record, lookup) if standing.verdict is Verdict.DUE else None
    if parts is None or isinstance(parts, Problem):
        return []
    items: dict[SourceRef, Item] = {}
    for line in parts.lines:
        items.setdefault(line.item.source, line.item)
    day = day_of(record, lookup)
    return [map_item(item, lookup, day=day) for item in items.values()]


def _parts(invoice: Invoice, lookup: Lookup) -> _Parts | Problem:
    lines = chargeable_lines(invoice)
    problems = _contradictions(invoice, lines)
    if invoice.total < 0 and not problems:
        return held("negative_not_carried", total=round_to_cent(-invoice.total))
    tax = plan_tax(invoice, lines, lookup)
    posting = posting_date(_source(invoice), day_of(invoice, lookup), lookup)
    problems += [part for part in (tax, posting) if isinstance(part, Problem)]
    written, faults = map_lines(invoice, lines, TaxPlan() if isinstance(tax, Problem) else tax, lookup)
    references, wrong = _references(invoice, lookup)
    problems += faults + wrong
    if problems or isinstance(tax, Problem) or isinstance(posting, Problem):
        return joined(problems)
    return _Parts(written, tax, posting, references)


def _contradictions(invoice: Invoice, lines: Sequence[InvoiceItem]) -> list[Problem]:
    """Return how the figures and fields of the record contradict each other."""
    found: list[Problem] = []
    if invoice.customer is None or invoice.customer.id is None:
        found.append(rejected("customer_missing"))
    if len(lines) > LINE_LIMIT:
        found.append(held("too_many_lines", count=len(lines), limit=LINE_LIMIT))
    in_lines = sum_cents(line.total for line in lines)
    stated = in_lines if invoice.sub_total is None else to_cents(invoice.sub_total)
    if in_lines != stated:
        found.append(rejected("lines_do_not_sum", lines=from_cents(in_lines), sub_total=from_cents(stated)))
    whole = stated + to_cents(invoice.sales_tax)
    if whole != to_cents(invoice.total):
        found.append(
            rejected(
                "total_does_not_add_up",
                sub_total=from_cents(stated),
                tax=round_to_cent(invoice.sales_tax),
                sum=from_cents(whole),
                total=round_to_cent(invoice.total),
            )
        )
    return found


def _references(invoice: Invoice, lookup: Lookup) -> tuple[dict[str, str], list[Problem]]:
    """Return the header's references that are found, and what is wrong with the others."""
    found: dict[str, str | Problem | None] = {
        "DepartmentRef": department_of(invoice.business_unit, lookup),
        "SalesTermRef": term_of(invoice.term_name, lookup),
    }
    preferences = lookup.reference.preferences
    if preferences.class_per_txn and not preferences.class_per_line:
        found["ClassRef"] = class_of(invoice.business_unit, lookup)
    ids = {name: value for name, value in found.items() if isinstance(value, str)}
    return ids, [value for value in found.values() if isinstance(value, Problem)]


def _body(invoice: Invoice, parts: _Parts, lookup: Lookup) -> Json:
    lines = [line.body for line in parts.lines]
    body: Json = {
        "CustomerRef": {"value": _customer(invoice)},
        "TxnDate": parts.posting.date.isoformat(),
        "DocNumber": _number(invoice, lookup),
        "PrivateNote": marker(_source(invoice), tenant=lookup.marker_tenant),
        "Line": [*lines, parts.tax.line] if parts.tax.line else lines,
        "EmailStatus": "NotSet",
        "AllowOnlineCreditCardPayment": False,
        "AllowOnlineACHPayment": False,
    }
    body |= {name: {"value": id_} for name, id_ in parts.references.items()}
    if invoice.due_date is not None:
        body["DueDate"] = invoice.due_date.isoformat()
    if parts.tax.detail is not None:
        body["TxnTaxDetail"] = parts.tax.detail
    addresses = {"BillAddr": invoice.customer_address, "ShipAddr": invoice.location_address}
    for name, address in addresses.items():
        written = physical_address(address, lookup)
        if written:
            body[name] = written
    email = primary_email(_customer_id(invoice), lookup)
    if lookup.company.send_email_addresses and email:
        body["BillEmail"] = {"Address": email}
    return body


def _facts(invoice: Invoice, parts: _Parts, lookup: Lookup) -> Json:
    """Return the figures shown in the preview; income is by QuickBooks account (rule 2.1)."""
    income: dict[str, int] = {}
    for line in parts.lines:
        income[line.item.account.id] = income.get(line.item.account.id, 0) + line.cents
    notes: list[str] = []
    if _number(invoice, lookup) != invoice.reference_number.strip():
        notes.append(f"number {invoice.reference_number!r} written as {_number(invoice, lookup)!r}")
    if invoice.term_name and "SalesTermRef" not in parts.references:
        notes.append(f"term {invoice.term_name!r} is not in QuickBooks; the due date is carried")
    left_out = len(invoice.items) - len(parts.lines)
    if left_out:
        notes.append(f"{left_out} lines that are not charged are left out")
    facts: Json = {
        "tax_cents": to_cents(invoice.sales_tax),
        "income_by_account": income,
        "lines": len(parts.lines),
        "items": list(dict.fromkeys(str(line.item.source) for line in parts.lines)),
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
    if _customer_id(invoice) is not None:
        facts["customer"] = _customer(invoice)
    if invoice.balance is not None:
        facts["balance_cents"] = to_cents(invoice.balance)
    return facts


def _adoption(invoice: Invoice, lookup: Lookup) -> Json:
    """Return by what the other connector's document can be found (rule 1.7)."""
    return {
        "target": "Invoice",
        "number": _number(invoice, lookup),
        "export_id": invoice.export_id.strip(),
        "customer": _customer(invoice),
        "cents": to_cents(invoice.total),
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


def _customer_id(invoice: Invoice) -> int | None:
    return invoice.customer.id if invoice.customer else None


def _customer(invoice: Invoice) -> str:
    return str(SourceRef(Entity.CUSTOMER, str(_customer_id(invoice))))


def _number(invoice: Invoice, lookup: Lookup) -> str:
    """Return the number people see, or one made of the internal id where there is none."""
    number = legal_number(invoice.reference_number, latin1=lookup.latin1).text
    return number or f"ST-{invoice.id}"


def _title(invoice: Invoice, lookup: Lookup) -> str:
    return lookup.line_text(invoice.customer.name) if invoice.customer else ""


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
