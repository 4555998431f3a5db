"""What of an invoice was taken back already, so that a refund does not take it back twice (rule 3.5).

What belongs here: the negative adjustments, credit memos and earlier refunds of one invoice. What does
not: the refund's documents (refunds).
"""

from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.mapping.ties import is_unapplied_refund
from st_qbo_assets.servicetitan.records import Invoice, Payment


def already_reversed(refund: Payment, refunded: Payment, invoice: Invoice, lookup: Lookup) -> Problem | None:
    """Return why a refund of a paid invoice cannot take its income back; None if nothing did before.

    A negative adjustment that no refund uses yet is most likely this refund's: it should be applied to it in
    ServiceTitan. Otherwise an invoice gives back at most what is left of it.
    """
    label = invoice.reference_number or str(invoice.id)
    adjustments = [
        each
        for each in lookup.invoices.values()
        if each.active and each.total < 0 and each.adjustment_to_id == invoice.id
    ]
    unused = [each for each in adjustments if _used(each, lookup) < -to_cents(each.total)]
    if unused:
        numbers = ", ".join(each.reference_number or str(each.id) for each in unused)
        return held(
            "refund_of_reversed_invoice",
            total=from_cents(-to_cents(refund.total)),
            invoice=label,
            credit=numbers,
        )
    taken = -sum(to_cents(each.total) for each in adjustments) + _memos(invoice, lookup)
    taken += _earlier_refunds(refund, refunded, lookup)
    if to_cents(invoice.total) - taken < -to_cents(refund.total):
        return held(
            "refund_exceeds_invoice",
            total=from_cents(-to_cents(refund.total)),
            invoice=label,
            left=from_cents(to_cents(invoice.total) - taken),
        )
    return None


def _used(adjustment: Invoice, lookup: Lookup) -> int:
    """Return how much of a negative invoice refunds and other payments in sight use."""
    return -sum(
        to_cents(row.applied_amount)
        for payment in lookup.payments.values()
        if payment.active
        for row in payment.applied_to
        if row.applied_to == adjustment.id
    )


def _memos(invoice: Invoice, lookup: Lookup) -> int:
    return sum(
        to_cents(row.applied_amount)
        for memo in lookup.credit_memos.values()
        if memo.active
        for row in memo.applied_to
        if row.applied_to == invoice.id
    )


def _earlier_refunds(refund: Payment, refunded: Payment, lookup: Lookup) -> int:
    """Return what earlier refunds of the same payment gave back; the oldest come first."""
    return -sum(
        to_cents(each.total)
        for each in lookup.refunds_by_payment.get(refunded.id, ())
        if each.active and each.id < refund.id and is_unapplied_refund(each)
    )
