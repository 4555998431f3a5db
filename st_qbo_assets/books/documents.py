"""The documents of both products, as the values that are compared.

What belongs here: frozen values in whole cents, whatever product they come from. What does not: how
a vendor writes them (servicetitan_side, quickbooks_side) and which of them belong together (pairing).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from st_qbo_assets.books.accounts import ItemCost, ItemSale, Place
from st_qbo_assets.domain.gate import Standing
from st_qbo_assets.domain.ids import Entity, SourceRef


class Shape(StrEnum):
    """What a document is in the books; the value is the figure it is counted in.

    The sign decides (rule 3.4): an invoice below zero is a credit, a payment below zero a refund, and
    a payment that is a write-off is a credit too (rule 3.1).
    """

    INVOICE = "invoices"
    CREDIT = "credit_memos"
    PAYMENT = "payments"
    REFUND = "refunds"
    BILL = "bills"


class QboKey(NamedTuple):
    """One QuickBooks object: entity name and id."""

    target: str
    id: str

    def __str__(self) -> str:
        return f"{self.target} {self.id}"


@dataclass(frozen=True)
class StDocument:
    """An invoice, credit memo or payment as ServiceTitan has it.

    Amounts are signed as the books of sales have them: what is owed or received is positive; credits,
    write-offs and refunds are negative, however ServiceTitan writes them.

    Attributes:
        source: its reference, `invoice:8001001`.
        day: its business date; without one the local day on which it was made (rule 1.4).
        standing: what the gate says of it.
        number: the number people know it by.
        customer_id: ServiceTitan customer id, of a bill its vendor's; empty if it names none.
        customer: customer or vendor name.
        total_cents: its total; 0 where it cannot be read.
        tax_cents: its sales tax.
        balance_cents: what is open on it now; 0 on what takes or returns money.
        income: cents of its chargeable lines, of a bill its cost, by what they stand on: the ledger account
            ServiceTitan names, the account's key once it is matched (see `accounts`).
        lines: how many chargeable lines it has.
        applied: id of a ServiceTitan invoice (or credit memo) → cents applied to it; negative where a
            credit is used up.
        unapplied_cents: rest of a payment or credit that is applied to nothing.
        refunds: id of the payment it gives back, empty if it names none.
        adjusts: id of the invoice it adjusts, empty if it adjusts none.
        write_off_item: QuickBooks item of a payment that is a write-off, empty if it is none.
        active: false once it was deleted in ServiceTitan.
        changed_at: newest of the vendor's stamps on it and on its job.
        fault: why it could not be read in full; empty if it could.
    """

    source: SourceRef
    day: date
    standing: Standing
    number: str = ""
    customer_id: str = ""
    customer: str = ""
    total_cents: int = 0
    tax_cents: int = 0
    balance_cents: int = 0
    income: Mapping[Place, int] = field(default_factory=dict[Place, int])
    lines: int = 0
    applied: Mapping[str, int] = field(default_factory=dict[str, int])
    unapplied_cents: int = 0
    refunds: str = ""
    adjusts: str = ""
    write_off_item: str = ""
    active: bool = True
    changed_at: datetime | None = None
    fault: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is due by the gate, held and rejected included (rule 6.1)."""
        return self.standing.counts

    @property
    def not_due_code(self) -> str:
        """Why the gate says it is not due; empty if it is."""
        return "" if self.counts or self.standing.reason is None else self.standing.reason.code

    @property
    def party(self) -> SourceRef | None:
        """Whose it is: of a bill its vendor, of all others their customer; None if it names nobody."""
        if not self.customer_id:
            return None
        entity = Entity.VENDOR if self.source.entity is Entity.BILL else Entity.CUSTOMER
        return SourceRef(entity, self.customer_id)

    @property
    def shape(self) -> Shape:
        """What it is in the books."""
        if self.source.entity is Entity.BILL:
            return Shape.BILL
        if self.source.entity is Entity.PAYMENT and not self.write_off_item:
            return Shape.REFUND if self.total_cents < 0 else Shape.PAYMENT
        is_invoice = self.source.entity is Entity.INVOICE and self.total_cents >= 0
        return Shape.INVOICE if is_invoice else Shape.CREDIT

    @property
    def applies_itself(self) -> bool:
        """Whether its applications use up a credit of its own: a credit memo, or a write-off."""
        return self.shape is Shape.CREDIT and self.source.entity is not Entity.INVOICE


_SHAPES = {
    "Invoice": Shape.INVOICE,
    "SalesReceipt": Shape.INVOICE,
    "CreditMemo": Shape.CREDIT,
    "Payment": Shape.PAYMENT,
    "RefundReceipt": Shape.REFUND,
    "Purchase": Shape.REFUND,
    "Bill": Shape.BILL,
}


@dataclass(frozen=True)
class QboDocument:
    """A sales document, a payment or a refund as QuickBooks has it, signed as `StDocument` is.

    Attributes:
        key: its entity and id.
        day: its `TxnDate`, None if it has none.
        sources: the markers in its private note that are this company's, in order, each once.
        is_foreign: whether its only markers are another tenant's.
        is_void: whether it was voided.
        balance_cents: what is open on an invoice or credit memo; 0 on others.
        deposit_cents: the `Deposit` field of an invoice, money taken with it.
        income: cents of its lines by what they stand on: the item, the account's key once it is known.
            A Purchase has those lines here that do not stand on Accounts Receivable.
        applied: document a payment's line is linked to → cents; negative where a credit is used up.
        linked: documents `LinkedTxn` names on it.
    """

    key: QboKey
    day: date | None
    sources: tuple[SourceRef, ...] = ()
    is_foreign: bool = False
    is_void: bool = False
    number: str = ""
    customer_id: str = ""
    customer: str = ""
    total_cents: int = 0
    tax_cents: int = 0
    balance_cents: int = 0
    deposit_cents: int = 0
    income: Mapping[Place, int] = field(default_factory=dict[Place, int])
    applied: Mapping[QboKey, int] = field(default_factory=dict[QboKey, int])
    unapplied_cents: int = 0
    linked: tuple[QboKey, ...] = ()
    fault: str = ""

    @property
    def item_ids(self) -> set[str]:
        """The items on its lines, as long as their accounts are not known."""
        return {
            place.item_id
            for place in self.income
            if isinstance(place, (ItemSale, ItemCost)) and place.item_id
        }

    @property
    def shape(self) -> Shape:
        """What it is in the books."""
        return _SHAPES.get(self.key.target, Shape.INVOICE)

    @property
    def is_payment(self) -> bool:
        """Whether it moves money (or credit) to documents and carries no lines of its own."""
        return self.key.target == "Payment"
