"""Buying that cannot be posted, or only just: hard data, and only when buying is asked for.

What belongs here: bills that do not add up, unknown vendors and SKUs, numbers given twice, an order of 400
lines. What does not: the ordinary week (``purchases``).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.buying_lists import Vendor
from st_qbo_sandbox.contractor.money import text
from st_qbo_sandbox.contractor.pricebook import SKU, SKUS
from st_qbo_sandbox.contractor.purchases import HVAC, PLUMBING, Bought, Clerk, Line, goods, write_shapes

Record = dict[str, Any]

GHOST = Vendor(619_999, "Ghost Supply", "GH", "", "")
"""A vendor that bills name and no list has."""

_MANY = tuple(sku.code for sku in SKUS if sku.type == "Material" and not sku.hard)


def order_of_400_lines(clerk: Clerk) -> None:
    """Order, receive and bill 400 lines, no two at one cost."""
    lines: list[Line] = []
    for number in range(400):
        sku = SKU[_MANY[number % len(_MANY)]]
        lines.append((replace(sku, cost=sku.cost + Decimal(number) / 10_000), Decimal(1 + number % 9)))
    whole = clerk.buy(HVAC, *lines)
    order = clerk.order(whole)
    receipt = clerk.receipt(whole, whole)
    for line, item in enumerate(receipt["items"]):
        item["purchaseOrderItemId"] = whole.id("purchase-order-item", line)
    clerk.bill(whole, whole)
    clerk.case("order_of_400_lines", order)


def _billed(clerk: Clerk, whole: Bought, case: str, **changes: Any) -> tuple[Record, Record]:
    clerk.order(whole)
    clerk.receipt(whole, whole)
    pair = clerk.bill(whole, whole, older=dict(changes), **changes)
    clerk.case(case, pair[0])
    return pair


def bill_does_not_add_up(clerk: Clerk) -> None:
    """Bill ten dollars more than lines, tax and freight come to."""
    whole = clerk.buy(HVAC, goods("CAP-45-5", "10"))
    _billed(clerk, whole, "bill_does_not_add_up", billAmount=text(whole.total + 10))


def bill_of_negative_quantity(clerk: Clerk) -> None:
    """Take pieces back on a bill."""
    whole = clerk.buy(HVAC, goods("CAP-45-5", "10"), goods("CONT-2P-30", "-2"))
    _billed(clerk, whole, "bill_of_negative_quantity")


def bill_of_unknown_vendor(clerk: Clerk) -> None:
    """Bill in the name of a vendor that no list has."""
    _billed(clerk, clerk.buy(GHOST, goods("WAX-RING", "12")), "bill_of_unknown_vendor")


def bill_of_unknown_sku(clerk: Clerk) -> None:
    """Bill a SKU that the price book does not have, on accounts it does."""
    unknown = replace(SKU["IGN-SN"], id=919_999, code="NO-SUCH-SKU", name="Something else")
    _billed(clerk, clerk.buy(HVAC, (unknown, Decimal(3))), "bill_of_unknown_sku")


def bill_without_accounts(clerk: Clerk) -> None:
    """Bill a line that has no account at all."""
    pair = _billed(
        clerk, clerk.buy(PLUMBING, goods("BALL-34", "4"), unit="Plumbing"), "bill_without_accounts"
    )
    for record in pair:
        record["items"][0] |= dict.fromkeys(("generalLedgerAccount", "costOfSaleAccount", "assetAccount"))


def bill_of_deleted_order(clerk: Clerk) -> None:
    """Bill an order that is there no more."""
    whole = clerk.buy(HVAC, goods("CONT-2P-30", "5"))
    _billed(clerk, whole, "bill_of_deleted_order")
    clerk.book.records["purchase-orders"].pop()


def receipt_without_order(clerk: Clerk) -> None:
    """Receive what nobody ordered, and never bill it."""
    whole = clerk.buy(HVAC, goods("R410A", "25"))
    clerk.case("receipt_without_order", clerk.receipt(whole, whole, billed=False))


def bill_numbers(clerk: Clerk) -> None:
    """Give two bills of a vendor one number, one a number of 34 characters, and one none at all."""
    same = "GC-REPEATED-1"
    for part in range(2):
        whole = clerk.buy(HVAC, goods("CAP-45-5", str(2 + part)), part=part)
        _billed(clerk, whole, "bill_number_repeated", referenceNumber=f"{same}-{clerk.number}")
    long = f"SHOWME-WHOLESALE-INVOICE-{clerk.day:%Y%m%d}-{clerk.number}"
    whole = clerk.buy(PLUMBING, goods("WAX-RING", "9"), part=2, unit="Plumbing")
    _billed(clerk, whole, "bill_number_over_21", referenceNumber=long)
    whole = clerk.buy(PLUMBING, goods("WAX-RING", "7"), part=3, unit="Plumbing")
    _billed(clerk, whole, "bill_without_number", referenceNumber=None)
    for name in ("purchase-orders", "receipts"):
        field = "vendorDocumentNumber" if name == "purchase-orders" else "vendorInvoiceNumber"
        clerk.book.records[name][-1][field] = ""


ODD_SHAPES = (
    bill_does_not_add_up,
    bill_of_negative_quantity,
    bill_of_unknown_vendor,
    bill_of_unknown_sku,
    bill_without_accounts,
    bill_of_deleted_order,
    receipt_without_order,
    bill_numbers,
    order_of_400_lines,
)
_FIRST_NUMBER = 100


def write_odd_purchases(book: Book) -> None:
    """Write the odd purchases of every week."""
    write_shapes(book, ODD_SHAPES, _FIRST_NUMBER, 10)
