"""What refunds and other moves of credit need to be understood (rules 3.4, 3.5).

What belongs here: reading the payment a refund refunds, what was refunded of it before, what that payment
paid, and what was taken back of it; and the other half of a credit that may be entered twice. What does
not: what it means (mapping). Days without a refund cost no call.
"""

from collections.abc import Iterable, Iterator, Sequence

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.extract.documents import business_day
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.reader import Documents
from st_qbo_assets.servicetitan.records import CreditMemo, Invoice, Payment
from st_qbo_assets.servicetitan.windows import Dates


def read_refund_context(client: Documents, records: Iterable[AnyRecord]) -> list[AnyRecord]:
    """Return what the refunds among some payments refer to, however far away; nothing if there are none.

    ServiceTitan cannot be asked for the refunds of a payment, only for all payments of a customer.
    """
    refunds = [each for each in records if isinstance(each, Payment) and is_refund(each)]
    if not refunds:
        return []
    customers = {each.customer.id for each in refunds if each.customer and each.customer.id is not None}
    payments = [each for id_ in sorted(customers) for each in client.payments(customer_id=id_)]
    known = {each.id for each in payments}
    wanted = {each.refunded_payment_id for each in refunds if each.refunded_payment_id is not None}
    if missing := sorted(wanted - known):
        payments += client.payments(ids=missing)
    rows = (row for each in _refunded(payments, wanted) for row in each.applied_to)
    paid = sorted({row.applied_to for row in rows if row.applied_to})
    if not paid:
        return [*payments]
    return [
        *payments,
        *client.invoices(ids=paid),
        *(each for id_ in paid for each in client.invoices(adjustment_to_id=id_)),
        *client.credit_memos(applied_to_invoice_ids=paid),
    ]


def read_twins(client: Documents, company: CompanyFile, records: Iterable[AnyRecord]) -> list[AnyRecord]:
    """Return the credit memos of the days of negative invoices, and the invoices beside credit memos."""
    found: list[AnyRecord] = []
    days: set[Dates] = set()
    for record in records:
        day = business_day(record, company) if isinstance(record, (Invoice, CreditMemo)) else None
        if day is None:
            continue
        on = Dates(day, day)
        if isinstance(record, Invoice) and record.total < 0:
            days.add(on)
        elif isinstance(record, CreditMemo) and record.customer is not None:
            found += client.invoices(invoiced=on, customer_id=record.customer.id)
    for on in sorted(days, key=lambda dates: dates.first):
        found += client.credit_memos(dated=on)
    return found


def given_back(records: Sequence[AnyRecord]) -> Iterator[Invoice]:
    """Yield the invoices whose lines the refunds among some records may give back."""
    refunded = {each.refunded_payment_id for each in records if isinstance(each, Payment) and is_refund(each)}
    payments = [each for each in records if isinstance(each, Payment) and each.id in refunded]
    paid = {row.applied_to for each in payments for row in each.applied_to}
    seen: set[int] = set()
    for record in records:
        if isinstance(record, Invoice) and record.id in paid and record.id not in seen:
            seen.add(record.id)
            yield record


def is_refund(payment: Payment) -> bool:
    """Say whether a payment gives money back that it is not applied to anything for."""
    return payment.total < 0 and not any(row.applied_amount for row in payment.applied_to)


def _refunded(payments: Iterable[AnyRecord], wanted: set[int]) -> list[Payment]:
    return [each for each in payments if isinstance(each, Payment) and each.id in wanted]
