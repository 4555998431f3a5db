"""What a refund takes out of the payment it refunds.

What belongs here: the value that the mapping finds, the store keeps and the mapping of the refunded
payment reads (rule 3.5). What does not: which refunds are tied that way (mapping).
"""

from dataclasses import dataclass

from st_qbo_assets.domain.ids import Entity, SourceRef

#: Part of a refund that is the money going out.
REFUND = "refund"


@dataclass(frozen=True, order=True)
class RefundTie:
    """A refund of money that a payment left unapplied: a line on that payment ties the two.

    Attributes:
        payment: ServiceTitan id of the refunded payment.
        refund: ServiceTitan id of the refund.
        cents: what was given back, positive.
        txn_type: what QuickBooks calls the refund's document in a link: `Check` or `Expense`.
    """

    payment: str
    refund: str
    cents: int
    txn_type: str

    @property
    def source(self) -> SourceRef:
        """The document that the money went out with."""
        return SourceRef(Entity.PAYMENT, self.refund, REFUND)
