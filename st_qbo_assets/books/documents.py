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
    a payment that is a write-off is a credit too (rule 3.1). A purchase order posts nothing.
    """

    INVOICE = "invoices"
    CREDIT = "credit_memos"
    PAYMENT = "payments"
    REFUND = "refunds"
    ORDER = "purchase_orders"
    BILL = "bills"
    VENDOR_CREDIT = "vendor_credits"
    BILL_PAYMENT = "bill_payments"

    @property
    def is_bought(self) -> bool:
        """Whether it belongs to the books of buying: a vendor's and no customer's."""
        return self in _BOUGHT

    @property
    def is_owed(self) -> bool:
        """Whether it says what is owed to a vendor, by its lines."""
        return self in (Shape.BILL, Shape.VENDOR_CREDIT)


_BOUGHT = frozenset({Shape.ORDER, Shape.BILL, Shape.VENDOR_CREDIT, Shape.BILL_PAYMENT})


class QboKey(NamedTuple):
    """One QuickBooks object: entity name and id."""

    target: str
    id: str

    def __str__(self) -> str:
        return f"{self.target} {self.id}"


@dataclass(frozen=True)
class StDocument:
    """A document of sales or of buying as ServiceTitan has it.

    Amounts are signed as the books have them: what is owed, received or paid out to vendors is positive;
    credits, write-offs and refunds are negative, however ServiceTitan writes them.

    Attributes:
        source: its reference, `invoice:8001001`.
        day: its business date; without one the local day on which it was made (rule 1.4).
        standing: what the gate says of it.
        once_posted: what the gate says of it if it is in QuickBooks, where that is something else: an order
            that was canceled later is closed there and stays (rule 3.6).
        number: the number people know it by.
        customer_id: ServiceTitan customer id, of what is bought its vendor's; empty if it names none.
        customer: customer or vendor name.
        total_cents: its total; 0 where it cannot be read.
        tax_cents: its sales tax.
        balance_cents: what is open on it now; 0 on what takes or returns money.
        income: cents of its chargeable lines, of what is bought its cost, by what they stand on: the ledger
            account ServiceTitan names, the account's key once it is matched (see `accounts`).
        lines: how many chargeable lines it has.
        applied: id of a ServiceTitan invoice (or credit memo), or of a bill → cents applied to it; negative
            where a credit is used up.
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
    once_posted: Standing | None = None
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
        """Its vendor if it is bought, else its customer; None if it names nobody."""
        if not self.customer_id:
            return None
        entity = Entity.VENDOR if self.shape.is_bought else Entity.CUSTOMER
        return SourceRef(entity, self.customer_id)

    @property
    def shape(self) -> Shape:
        """What it is in the books."""
        bought = _BOUGHT_SHAPES.get(self.source.entity)
        if bought is not None:
            return bought
        if self.source.entity is Entity.PAYMENT and not self.write_off_item:
            return Shape.REFUND if self.total_cents < 0 else Shape.PAYMENT
        is_invoice = self.source.entity is Entity.INVOICE and self.total_cents >= 0
        return Shape.INVOICE if is_invoice else Shape.CREDIT

    @property
    def applies_itself(self) -> bool:
        """Whether its applications use up a credit of its own: a credit memo, or a write-off."""
        return self.shape is Shape.CREDIT and self.source.entity is not Entity.INVOICE


_BOUGHT_SHAPES = {
    Entity.PURCHASE_ORDER: Shape.ORDER,
    Entity.BILL: Shape.BILL,
    Entity.VENDOR_CREDIT: Shape.VENDOR_CREDIT,
    Entity.BILL_PAYMENT: Shape.BILL_PAYMENT,
}
_SHAPES = {
    "Invoice": Shape.INVOICE,
    "SalesReceipt": Shape.INVOICE,
    "CreditMemo": Shape.CREDIT,
    "Payment": Shape.PAYMENT,
    "RefundReceipt": Shape.REFUND,
    "Purchase": Shape.REFUND,
    "PurchaseOrder": Shape.ORDER,
    "Bill": Shape.BILL,
    "VendorCredit": Shape.VENDOR_CREDIT,
    "BillPayment": Shape.BILL_PAYMENT,
}


@dataclass(frozen=True)
class QboDocument:
    """A document of sales or of buying as QuickBooks has it, signed as `StDocument` is.

    Attributes:
        key: its entity and id.
        day: its `TxnDate`, None if it has none.
        sources: the markers in its private note that are this company's, in order, each once.
        is_foreign: whether its only markers are another tenant's.
        is_void: whether it was voided.
        balance_cents: what is open on an invoice or credit memo; 0 on others.
        payable_cents: what is open on a bill, below zero on a vendor's credit; ServiceTitan tells of none.
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
    payable_cents: int = 0
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
        return self.key.target in ("Payment", "BillPayment")

    @property
    def is_empty_payment(self) -> bool:
        """Whether it moves nothing at all: what QuickBooks leaves of one when what it tied is gone."""
        return self.is_payment and not self.total_cents and not self.applied
