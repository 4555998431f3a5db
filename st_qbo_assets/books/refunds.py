"""What a refund must be in QuickBooks, by what ServiceTitan has reversed already (rule 3.5).

What belongs here: which of the three shapes a refund has, and the income and tax of the one that takes them
back. What does not: comparing (cases, applications).

    applied to a credit                     the credit took income back; cash leaves by a Purchase
    of money that was applied to nothing    the same Purchase, tied on the payment it gives back
    of a payment that is applied in full    a RefundReceipt takes income and tax back, by its share
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from st_qbo_assets.books.accounts import Place
from st_qbo_assets.books.documents import QboDocument, Shape, StDocument
from st_qbo_assets.books.pairing import Pair, Pairs
from st_qbo_assets.domain.ids import Entity, SourceRef

_TARGETS = {
    Shape.INVOICE: "Invoice",
    Shape.CREDIT: "CreditMemo",
    Shape.PAYMENT: "Payment",
    Shape.ORDER: "PurchaseOrder",
    Shape.BILL: "Bill",
    Shape.VENDOR_CREDIT: "VendorCredit",
    Shape.BILL_PAYMENT: "BillPayment",
}


def expected_target(st: StDocument, pairs: Pairs) -> str:
    """Return the QuickBooks entity a record becomes; empty if its neighbours do not tell."""
    if st.shape is not Shape.REFUND:
        return _TARGETS[st.shape]
    if st.applied:
        return "Purchase"
    paid = _refunded(st, pairs)
    if paid is None:
        return ""
    if paid.unapplied_cents >= -st.total_cents:
        return "Purchase"
    return "RefundReceipt" if paid.unapplied_cents == 0 else ""


def gives_back_unapplied(pair: Pair, pairs: Pairs) -> bool:
    """Say whether a refund returns money that was applied to nothing: it is tied on its payment."""
    st = pair.counted
    if st is None or st.shape is not Shape.REFUND or st.applied:
        return False
    return expected_target(st, pairs) == "Purchase"


def due_income(pair: Pair, pairs: Pairs) -> tuple[int, Mapping[Place, int]]:
    """Return the tax and the income by account that a record is due to book.

    Of a refund with nothing reversed they are those of the invoice its payment paid, by its share. To
    which line the last cents go is nothing the books depend on: what QuickBooks has is right if it is
    right to a cent a line, and adds up.
    """
    st = pair.counted
    if st is None:
        return 0, {}
    if st.shape is not Shape.REFUND or expected_target(st, pairs) != "RefundReceipt":
        return st.tax_cents, st.income
    invoice = _paid_invoice(st, pairs)
    if invoice is None or not invoice.total_cents:
        return st.tax_cents, st.income
    share = Fraction(st.total_cents, invoice.total_cents)
    exact = {place: cents * share for place, cents in invoice.income.items()}
    exact_tax = invoice.tax_cents * share
    booked, booked_tax = summed_income(pair.live), sum(document.tax_cents for document in pair.live)
    is_near = all(
        abs(booked.get(place, 0) - exact.get(place, Fraction(0))) <= invoice.lines
        for place in dict.fromkeys([*booked, *exact])
    )
    if is_near and abs(booked_tax - exact_tax) <= 1 and sum(booked.values()) + booked_tax == st.total_cents:
        return booked_tax, booked
    places = [*exact]
    cents = _whole_cents([*exact.values(), exact_tax], st.total_cents)
    return cents[-1], {place: each for place, each in zip(places, cents, strict=False) if each}


def summed_income(documents: Iterable[QboDocument]) -> dict[Place, int]:
    """Return the income of documents by account, accounts that come to zero left out."""
    income: dict[Place, int] = {}
    for document in documents:
        for account, cents in document.income.items():
            income[account] = income.get(account, 0) + cents
    return {account: cents for account, cents in income.items() if cents}


def _refunded(st: StDocument, pairs: Pairs) -> StDocument | None:
    paid = pairs.by_source.get(SourceRef(Entity.PAYMENT, st.refunds)) if st.refunds else None
    return paid.st if paid is not None else None


def _paid_invoice(st: StDocument, pairs: Pairs) -> StDocument | None:
    """Return the one invoice the refunded payment paid; None if it paid several or it was not read."""
    paid = _refunded(st, pairs)
    if paid is None or len(paid.applied) != 1:
        return None
    pair = pairs.by_source.get(pairs.applied_source(next(iter(paid.applied))))
    return pair.st if pair is not None else None


def _whole_cents(exact: list[Fraction], total: int) -> list[int]:
    """Return amounts in whole cents that add up to a total, the largest remainders first."""
    cents = [int(each // 1) for each in exact]
    order = sorted(range(len(exact)), key=lambda n: cents[n] - exact[n])
    for n in order[: max(0, total - sum(cents))]:
        cents[n] += 1
    return cents
