"""The documents of both products, as the values that are compared.

What belongs here: frozen values in whole cents, whatever product they come from. What does not: how
a vendor writes them (servicetitan_side, quickbooks_side) and which of them belong together (pairing).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from st_qbo_assets.books.accounts import ItemSale, Place
from st_qbo_assets.domain.gate import Standing
from st_qbo_assets.domain.ids import SourceRef


class QboKey(NamedTuple):
    """One QuickBooks object: entity name and id."""

    target: str
    id: str

    def __str__(self) -> str:
        return f"{self.target} {self.id}"


@dataclass(frozen=True)
class StDocument:
    """An invoice or payment as ServiceTitan has it.

    Attributes:
        source: its reference, `invoice:8001001`.
        day: its business date; without one the local day on which it was made (rule 1.4).
        standing: what the gate says of it.
        number: the number people know it by.
        customer_id: ServiceTitan customer id, empty if it names none.
        customer: customer name.
        total_cents: its total; 0 where it cannot be read, negative on a credit.
        tax_cents: its sales tax.
        balance_cents: what is open on it now.
        income: cents of its chargeable lines by what they stand on: the ledger account ServiceTitan
            names, the account's key once it is matched (see `accounts`).
        applied: ServiceTitan invoice id → cents a payment applies to it.
        unapplied_cents: rest of a payment that is applied to nothing.
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
    applied: Mapping[str, int] = field(default_factory=dict[str, int])
    unapplied_cents: int = 0
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


@dataclass(frozen=True)
class Credit:
    """What a credit memo of ServiceTitan applies to one invoice."""

    source: SourceRef
    cents: int


@dataclass(frozen=True)
class QboDocument:
    """A sales document or a payment as QuickBooks has it.

    Attributes:
        key: its entity and id.
        day: its `TxnDate`, None if it has none.
        sources: the markers in its private note that are this company's, in order, each once.
        is_foreign: whether its only markers are another tenant's.
        is_void: whether it was voided.
        balance_cents: what is open on a sales document; 0 on a payment.
        deposit_cents: the `Deposit` field of an invoice, money taken with it.
        income: cents of its lines by what they stand on: the item, the account's key once it is known.
        applied: document a payment's line is linked to → cents.
        linked: documents `LinkedTxn` names on a sales document.
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
        return {place.item_id for place in self.income if isinstance(place, ItemSale) and place.item_id}

    @property
    def is_payment(self) -> bool:
        """Whether it moves money (or credit) to documents and carries no lines of its own."""
        return self.key.target == "Payment"
