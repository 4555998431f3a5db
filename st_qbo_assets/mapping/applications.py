"""Applying one document to another: the rows, and the payment of nothing that ties them.

What belongs here: what a row of a payment or credit memo is applied to, what is wrong with it, and the
lines it becomes (rules 3.2, 3.4, 3.5). What does not: whether the documents are in QuickBooks yet (load).
Every reference stays symbolic; the load applies what can be applied.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from st_qbo_assets.domain.gate import invoice_standing
from st_qbo_assets.domain.ids import Entity, SourceRef, marker
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.mapping.facts import invoice_facts
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.servicetitan.records import Applied, CreditMemo, CreditMemoApplied, Invoice, Named

#: Part of a record that only applies its document to others.
APPLICATION = "application"

Rows = Sequence[Applied] | Sequence[CreditMemoApplied]


@dataclass(frozen=True)
class Row:
    """What is applied to one document, all rows of a record on it together.

    Attributes:
        id: of the invoice or credit memo; 0 if ServiceTitan names none.
        cents: with ServiceTitan's sign.
        number: as ServiceTitan shows it.
        document: the invoice or credit memo, None if nobody finds it.
    """

    id: int
    cents: int
    number: str
    document: Invoice | CreditMemo | None

    @property
    def is_credit(self) -> bool:
        """Whether it is applied to a credit: a negative invoice or a credit memo."""
        return isinstance(self.document, CreditMemo) or (
            isinstance(self.document, Invoice) and self.document.total < 0
        )

    @property
    def source(self) -> SourceRef:
        """The document's reference."""
        entity = Entity.CREDIT_MEMO if isinstance(self.document, CreditMemo) else Entity.INVOICE
        return SourceRef(entity, str(self.id))

    @property
    def label(self) -> str:
        """What to call the document in a sentence."""
        return self.number or (self.document.reference_number if self.document else "") or str(self.id)


def rows_of(applied: Rows, lookup: Lookup) -> list[Row]:
    """Return the rows of a record by document, in source order; those that come to nothing are left out."""
    cents: dict[int, int] = {}
    numbers: dict[int, str] = {}
    for each in applied:
        cents[each.applied_to] = cents.get(each.applied_to, 0) + to_cents(each.applied_amount)
        numbers[each.applied_to] = numbers.get(each.applied_to, "") or each.applied_to_reference_number
    return [
        Row(
            id=id_,
            cents=amount,
            number=lookup.line_text(numbers[id_]),
            document=lookup.invoices.get(id_) or lookup.credit_memos.get(id_),
        )
        for id_, amount in cents.items()
        if amount
    ]


def wrong_rows(rows: Iterable[Row], owner: Named | None, lookup: Lookup) -> list[Problem]:
    """Return the documents that are nobody's, another customer's or company's, or void, as far as known."""
    found: list[Problem] = []
    for row in rows:
        document = row.document
        if not row.id:
            found.append(held("split_without_document", amount=_amount(row)))
        if document is None:
            continue
        other = document.customer
        if owner is not None and other is not None and owner.id != other.id:
            found.append(
                held("payment_of_other_customer", payer=owner.name, invoice=row.label, owner=other.name)
            )
        if not document.active:
            found.append(held("applied_to_void_invoice", invoice=row.label, amount=_amount(row)))
        if isinstance(document, Invoice) and standing_code(document, lookup) == "out_of_scope":
            found.append(held("payment_spans_companies", invoice=row.label))
    return found


def rows_against_sign(rows: Iterable[Row]) -> list[Problem]:
    """Return the rows that no link can say: paying a credit, or taking money back from an invoice."""
    found: list[Problem] = []
    for row in rows:
        if not row.id:
            continue  # `wrong_rows` says so
        if row.document is None and row.cents < 0:
            found.append(held("applied_to_unknown", invoice=row.label, amount=_amount(row)))
        elif row.is_credit and row.cents > 0:
            found.append(held("applied_to_credit", invoice=row.label, amount=_amount(row)))
        elif not row.is_credit and row.cents < 0:
            found.append(held("credit_taken_from_invoice", invoice=row.label, amount=_amount(row)))
    return found


def standing_code(invoice: Invoice, lookup: Lookup) -> str:
    """Return what the gate says of an invoice: `due`, or a reason's code."""
    standing = invoice_standing(invoice_facts(invoice, lookup), lookup.company, today=lookup.today)
    return standing.reason.code if standing.reason else standing.verdict.value


def link_line(source: SourceRef, txn_type: str, cents: int) -> Json:
    """Return the line of a payment that links a document with an amount."""
    return {"Amount": from_cents(cents), "LinkedTxn": [{"TxnId": str(source), "TxnType": txn_type}]}


def lines_of(rows: Iterable[Row]) -> list[Json]:
    """Return a line for every row: invoices are paid, credits are used; amounts are positive."""
    return [
        link_line(row.source, "CreditMemo" if row.is_credit else "Invoice", abs(row.cents)) for row in rows
    ]


def told_of(rows: Iterable[Row], lookup: Lookup) -> list[Json]:
    """Return the rows as the preview and the load are told of them."""
    told: list[Json] = []
    for row in rows:
        name = "credit" if row.is_credit else "invoice"
        each: Json = {name: str(row.source), "cents": abs(row.cents), "number": row.number}
        if isinstance(row.document, Invoice):
            each["standing"] = standing_code(row.document, lookup)
        told.append(each)
    return told


def zero_payment(
    source: SourceRef, customer: str, lines: Sequence[Mapping[str, object]], *, day: date
) -> Json:
    """Return the body of a payment of nothing that ties its lines' documents to each other (QB §6.2)."""
    return {
        "CustomerRef": {"value": customer},
        "TotalAmt": from_cents(0),
        "TxnDate": day.isoformat(),
        "PrivateNote": marker(source),
        "Line": list(lines),
    }


def _amount(row: Row) -> object:
    return from_cents(abs(row.cents))
