"""The same credit entered twice: as a credit memo and as a negative invoice (rule 3.4).

What belongs here: finding the other one of the same customer, amount and day. What does not: which of the two
is meant, which a person says; both wait until then.
"""

from datetime import date

from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.mapping.facts import day_of
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held
from st_qbo_assets.servicetitan.records import CreditMemo, Invoice, Named

_Key = tuple[int, int, date]


def twin_of_invoice(invoice: Invoice, lookup: Lookup) -> Problem | None:
    """Return the problem of a negative invoice for which there is a credit memo too."""
    own = _key(invoice.customer, -to_cents(invoice.total), day_of(invoice, lookup))
    for memo in lookup.credit_memos.values():
        if memo.active and _key(memo.customer, to_cents(memo.total), day_of(memo, lookup)) == own:
            return _case(invoice, memo) if own else None
    return None


def twin_of_memo(memo: CreditMemo, lookup: Lookup) -> Problem | None:
    """Return the problem of a credit memo for which there is a negative invoice too."""
    own = _key(memo.customer, to_cents(memo.total), day_of(memo, lookup))
    for invoice in lookup.invoices.values():
        if invoice.total >= 0 or not invoice.active:
            continue
        if _key(invoice.customer, -to_cents(invoice.total), day_of(invoice, lookup)) == own:
            return _case(invoice, memo) if own else None
    return None


def _key(customer: Named | None, cents: int, day: date) -> _Key | None:
    if customer is None or customer.id is None or cents <= 0:
        return None
    return customer.id, cents, day


def _case(invoice: Invoice, memo: CreditMemo) -> Problem:
    return held(
        "credit_memo_and_negative_invoice",
        memo=memo.reference_number or memo.id,
        invoice=invoice.reference_number or invoice.id,
        total=from_cents(to_cents(memo.total)),
    )
