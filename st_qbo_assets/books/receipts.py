"""Goods that were received and are on no bill yet: they are owed, and nothing in the books says so.

What belongs here: a receipt as a value, and which receipts are not billed. What does not: reading them
(`reads`), and bills (`servicetitan_buying`). A receipt posts nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from st_qbo_assets.books.documents import StDocument
from st_qbo_assets.domain.ids import Entity, SourceRef


@dataclass(frozen=True)
class Receipt:
    """What came of an order.

    Attributes:
        day: local day on which it came.
        vendor: name of the vendor, his id where ServiceTitan's list of vendors does not have him.
        order: number of the purchase order, its id where that is gone.
        bill_id: the bill it stands on, empty if ServiceTitan names none.
        cents: what it states, tax and shipping as ServiceTitan adds them up.
    """

    id: str
    number: str
    day: date
    vendor: str
    order: str
    bill_id: str
    cents: int


@dataclass(frozen=True)
class NotBilled:
    """A receipt whose bill is not there yet.

    Attributes:
        why: what is known of its bill.
        age_days: days since it came.
    """

    receipt: Receipt
    why: str
    age_days: int


def not_billed(
    receipts: Iterable[Receipt], bills: Mapping[SourceRef, StDocument], *, until: date
) -> tuple[NotBilled, ...]:
    """Return the receipts whose bill is not due on a day, oldest first.

    A bill that is due and held is none of them: the day of the bill tells of it.

    Args:
        receipts: those that came up to then.
        bills: the bills they name, as far as ServiceTitan has them.
        until: the day looked at: the end of a month, or today.
    """
    found = [
        NotBilled(receipt, why, (until - receipt.day).days)
        for receipt in receipts
        if receipt.day <= until and (why := _why_not_billed(receipt, bills, until))
    ]
    return tuple(sorted(found, key=lambda each: (each.receipt.day, each.receipt.vendor, each.receipt.id)))


def _why_not_billed(receipt: Receipt, bills: Mapping[SourceRef, StDocument], until: date) -> str:
    """Return why the books do not hold the bill of a receipt; empty if they do, or have to."""
    if not receipt.bill_id:
        return "no bill"
    bill = bills.get(SourceRef(Entity.BILL, receipt.bill_id))
    if bill is None:
        return f"ServiceTitan has no bill {receipt.bill_id}"
    name = f"bill {bill.number or receipt.bill_id}"
    if not bill.counts:
        reason = bill.standing.reason
        return f"{name}: {reason.text}" if reason is not None else f"{name} is not due"
    return f"{name} is dated {bill.day}" if bill.day > until else ""
