"""Which refunds a payment gives its unapplied money back with (rule 3.5, the second shape).

What belongs here: finding them, from the records in sight and from what our store knows of others, and
whether the payment's rest covers them. What does not: the documents (refunds, payments). The refund and
the payment it refunds ask here alike, so that one never says what the other does not.
"""

from st_qbo_assets.domain.gate import payment_standing
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.outcomes import Verdict
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.mapping.facts import payment_facts
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem
from st_qbo_assets.mapping.tenders import Money, money_of
from st_qbo_assets.servicetitan.records import Payment

#: What QuickBooks calls a `Purchase` in a link, by its `PaymentType` (QB §6.2).
TXN_TYPES = {"Check": "Check", "Cash": "Expense"}


def rest_of(payment: Payment) -> int:
    """Return what a payment has not applied to anything, refunds not counted."""
    return to_cents(payment.total) - sum(to_cents(row.applied_amount) for row in payment.applied_to)


def payment_type_of(money: Money) -> str:
    """Return the `PaymentType` of a refund's document: a check on a bank account, else an expense."""
    return "Check" if money.account.type == "Bank" else "Cash"


def tied_refunds(payment: Payment, lookup: Lookup) -> tuple[RefundTie, ...]:
    """Return the refunds of a payment's unapplied money, oldest first, as far as its rest covers them."""
    # The record in sight knows better than the store.
    kept = [tie for tie in lookup.refunds_of.get(payment.id, ()) if int(tie.refund) not in lookup.payments]
    seen = [tie for refund in lookup.refunds_by_payment.get(payment.id, ()) if (tie := _tie(refund, lookup))]
    left, taken = rest_of(payment), list[RefundTie]()
    for tie in sorted((*kept, *seen), key=lambda tie: int(tie.refund)):
        if tie.cents <= left:
            left -= tie.cents
            taken.append(tie)
    return tuple(taken)


def is_unapplied_refund(refund: Payment) -> bool:
    """Say whether a record gives money back without applying itself to anything."""
    return refund.total < 0 and not any(row.applied_amount for row in refund.applied_to)


def _tie(refund: Payment, lookup: Lookup) -> RefundTie | None:
    """Return the tie of a refund that could be one; None if it is not due or its money leads nowhere."""
    if not is_unapplied_refund(refund) or refund.refunded_payment_id is None:
        return None
    standing = payment_standing(payment_facts(refund), lookup.company, today=lookup.today)
    money = money_of(refund, lookup)
    if standing.verdict is not Verdict.DUE or isinstance(money, Problem):
        return None
    return RefundTie(
        payment=str(refund.refunded_payment_id),
        refund=str(refund.id),
        cents=-to_cents(refund.total),
        txn_type=TXN_TYPES[payment_type_of(money)],
    )
