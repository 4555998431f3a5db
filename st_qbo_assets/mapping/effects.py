"""What a due document does to the books, as the figures every part carries.

What belongs here: the figures, signed as they move the books. What does not: adding them up (preview) and the
documents (the modules of the parts). A figure never decides what is written.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from st_qbo_assets.domain.outcomes import Json


class Shape(StrEnum):
    """What a due part is to a bookkeeper (rules 3.1–3.5)."""

    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"
    PAYMENT = "payment"
    CREDIT_APPLICATION = "credit_application"
    """A payment that only moves credit between documents."""
    WRITE_OFF = "write_off"
    REFUND_OF_CREDIT = "refund_of_credit"
    REFUND_OF_UNAPPLIED = "refund_of_unapplied"
    REFUND_RECEIPT = "refund_receipt"
    APPLICATION = "application"
    """The part that ties a document of ours to what it pays or uses."""
    BILL = "bill"
    PURCHASE_ORDER = "purchase_order"
    VENDOR_CREDIT = "vendor_credit"
    VENDOR_CREDIT_APPLICATION = "vendor_credit_application"
    BILL_PAYMENT = "bill_payment"


def books(
    shape: Shape,
    *,
    customer: str,
    income: Mapping[str, int] | None = None,
    tax_cents: int = 0,
    account: str = "",
    cash_cents: int = 0,
    applied: Sequence[Json] = (),
) -> Json:
    """Return the figures of one part.

    Args:
        shape: what it is.
        customer: whose it is, as a reference to the source record.
        income: by QuickBooks account id, credits positive.
        tax_cents: sales tax payable, credits positive.
        account: where money comes in or goes out; empty if none moves.
        cash_cents: money in positive, money out negative.
        applied: rows of what it is applied to.
    """
    by_account = {account: cents for account, cents in (income or {}).items() if cents}
    return {
        "shape": shape.value,
        "customer": customer,
        "income_by_account": by_account,
        "tax_cents": tax_cents,
        "deposit_account": account,
        "cash_cents": cash_cents,
        "receivable_cents": sum(by_account.values()) + tax_cents - cash_cents,
        "applied": list(applied),
        "applied_cents": sum(int(row["cents"]) for row in applied if "invoice" in row),
    }


def bought(
    shape: Shape,
    *,
    vendor: str,
    costs: Mapping[str, int] | None = None,
    account: str = "",
    cash_cents: int = 0,
    applied: Sequence[Json] = (),
) -> Json:
    """Return the figures of one part of what is bought.

    Args:
        shape: what it is.
        vendor: whose it is, as a reference to the source record.
        costs: by QuickBooks account id, debits positive: cost, or stock that is kept.
        account: where money goes out; empty if none moves.
        cash_cents: money in positive, money out negative.
        applied: rows of what it is applied to.
    """
    by_account = {account: cents for account, cents in (costs or {}).items() if cents}
    return {
        "shape": shape.value,
        "vendor": vendor,
        "cost_by_account": by_account,
        "deposit_account": account,
        "cash_cents": cash_cents,
        "payable_cents": sum(by_account.values()) + cash_cents,
        "applied": list(applied),
        "applied_cents": sum(int(row["cents"]) for row in applied if "bill" in row),
    }
