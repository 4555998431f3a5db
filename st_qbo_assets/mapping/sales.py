"""Sales documents: what an Invoice, a CreditMemo and a RefundReceipt have in common.

What belongs here: the contradictions of a record's figures, and lines, tax, date and header put together
(rules 1.3, 2.1–2.7, 4). What does not: which of the three a record becomes (invoices, credit_memos, refunds),
and single lines, tax and tracking, each in its own module. What is written here is always read from a `Sale`:
an invoice whose amounts are positive where the document's are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.money import from_cents, round_to_cent, sum_cents, to_cents
from st_qbo_assets.domain.names import legal_number
from st_qbo_assets.domain.outcomes import Json, Mapped
from st_qbo_assets.mapping.addresses import physical_address
from st_qbo_assets.mapping.currency import wrong_currency
from st_qbo_assets.mapping.facts import chargeable_lines, written_lines
from st_qbo_assets.mapping.items import Item, map_item
from st_qbo_assets.mapping.lines import Line, map_lines
from st_qbo_assets.mapping.locations import bill_to
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.periods import PostingDate, posting_date
from st_qbo_assets.mapping.problems import Problem, held, joined, rejected
from st_qbo_assets.mapping.tax import TAXED, TaxPlan, plan_tax
from st_qbo_assets.mapping.tracking import class_of, department_of
from st_qbo_assets.servicetitan.records import Invoice, InvoiceItem

#: "750 lines if taxable" (QB §6.1); untaxed documents end at the number the product is tested with.
TAXED_LINES, LINES = 750, 10_000

#: An invoice, or what a document is written from in an invoice's clothes (`derived`).
Sale = Invoice


@dataclass(frozen=True)
class SaleParts:
    """What a sales document is put together from; `bill_to` refers to a customer or sub-customer."""

    lines: list[Line]
    tax: TaxPlan
    posting: PostingDate
    references: dict[str, str]
    bill_to: str

    def booked(self, sale: Sale, lookup: Lookup, *, sign: int) -> tuple[dict[str, int], int]:
        """Return income by account, and what goes to sales tax payable; -1 turns a sale into a credit.

        Tax that is written as a line goes to the account of that line's item.
        """
        income: dict[str, int] = {}
        for line in self.lines:
            account = line.item.account.id
            income[account] = income.get(account, 0) + sign * line.cents
        tax = sign * to_cents(sale.sales_tax)
        if self.tax.line is None or not lookup.tax_account_id:
            return income, tax
        income[lookup.tax_account_id] = income.get(lookup.tax_account_id, 0) + tax
        return income, 0

    def items(self, lookup: Lookup, *, day: date) -> list[Mapped]:
        """Return the items the lines refer to, each once, in line order."""
        needed: dict[SourceRef, Item] = {}
        for line in self.lines:
            needed.setdefault(line.item.source, line.item)
        return [map_item(item, lookup, day=day) for item in needed.values()]


def contradictions(sale: Sale, lookup: Lookup) -> list[Problem]:
    """Return how the figures and fields of a record contradict each other."""
    lines = chargeable_lines(sale)
    found: list[Problem] = []
    if customer_id(sale) is None:
        found.append(rejected("customer_missing"))
    in_lines = sum_cents(line.total for line in lines)
    stated = in_lines if sale.sub_total is None else to_cents(sale.sub_total)
    if in_lines != stated:
        found.append(rejected("lines_do_not_sum", lines=from_cents(in_lines), sub_total=from_cents(stated)))
    whole = stated + to_cents(sale.sales_tax)
    if whole != to_cents(sale.total):
        found.append(
            rejected(
                "total_does_not_add_up",
                sub_total=from_cents(stated),
                tax=round_to_cent(sale.sales_tax),
                sum=from_cents(whole),
                total=round_to_cent(sale.total),
            )
        )
    currency = wrong_currency(sale, lookup)
    return [*found, currency] if currency else found


def sale_parts(
    sale: Sale, source: SourceRef, lookup: Lookup, *, day: date, found: Sequence[Problem] = ()
) -> SaleParts | Problem:
    """Return what a document is put together from, or everything that is wrong with it.

    Args:
        sale: what is written, in the document's own signs.
        source: the part it is written for; one that is in QuickBooks keeps its date.
        lookup: as everywhere.
        day: the business day.
        found: what is wrong with the record already.
    """
    lines, problems = written_lines(sale, lookup), list(found)
    tax, posting = _tax(sale, lines, lookup), posting_date(source, day, lookup)
    problems += [part for part in (tax, posting) if isinstance(part, Problem)]
    plan = TaxPlan() if isinstance(tax, Problem) else tax
    too_many = _too_many(lines, plan)
    written, faults = ([], too_many) if too_many else map_lines(sale, lines, plan, lookup)
    references, wrong = header_references(sale, lookup)
    problems += faults + wrong
    if problems or isinstance(posting, Problem):
        return joined(problems)
    return SaleParts(written, plan, posting, references, bill_to(sale, lookup, day=day))


def sale_body(sale: Sale, source: SourceRef, parts: SaleParts, lookup: Lookup, *, number: str) -> Json:
    """Return the body that the three kinds of document share."""
    lines = [line.body for line in parts.lines]
    body: Json = {
        "CustomerRef": {"value": parts.bill_to},
        "TxnDate": parts.posting.date.isoformat(),
        "DocNumber": number,
        "PrivateNote": marker(source),
        "Line": [*lines, parts.tax.line] if parts.tax.line else lines,
    }
    body |= {name: {"value": id_} for name, id_ in parts.references.items()}
    if parts.tax.detail is not None:
        body["TxnTaxDetail"] = parts.tax.detail
    addresses = {"BillAddr": sale.customer_address, "ShipAddr": sale.location_address}
    for name, address in addresses.items():
        written = physical_address(address, lookup)
        if written:
            body[name] = written
    return body


def header_references(sale: Sale, lookup: Lookup) -> tuple[dict[str, str], list[Problem]]:
    """Return the header's class and location as far as found, and what is wrong with the others."""
    found: dict[str, str | Problem | None] = {"DepartmentRef": department_of(sale.business_unit, lookup)}
    preferences = lookup.reference.preferences
    if preferences.class_per_txn and not preferences.class_per_line:
        found["ClassRef"] = class_of(sale.business_unit, lookup)
    ids = {name: value for name, value in found.items() if isinstance(value, str)}
    return ids, [value for value in found.values() if isinstance(value, Problem)]


def customer_id(sale: Sale) -> int | None:
    """Return whose it is, None if it names nobody."""
    return sale.customer.id if sale.customer else None


def customer(sale: Sale) -> str:
    """Return the reference to its customer."""
    return str(SourceRef(Entity.CUSTOMER, str(customer_id(sale))))


def number_of(text: str, id: int, lookup: Lookup) -> str:  # noqa: A002 - what it is
    """Return the number people see, or one made of the internal id where there is none."""
    return legal_number(text, latin1=lookup.latin1).text or f"ST-{id}"


def _tax(sale: Sale, lines: Sequence[InvoiceItem], lookup: Lookup) -> TaxPlan | Problem:
    if sale.sales_tax < 0:
        return held("tax_against_total", tax=round_to_cent(abs(sale.sales_tax)))
    return plan_tax(sale, lines, lookup)


def _too_many(lines: Sequence[InvoiceItem], tax: TaxPlan) -> list[Problem]:
    count = len(lines) + (1 if tax.line else 0)
    is_taxed = any(tax.code_of(line) == TAXED for line in lines)
    limit = TAXED_LINES if is_taxed else LINES
    return [held("too_many_lines", count=count, limit=limit)] if count > limit else []
