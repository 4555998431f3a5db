"""A week of purchasing, beside the plain orders of ``buying``: what an office meets every week.

What belongs here: orders in parts, open, canceled and not billed, bills without orders, bills replaced and on
hold, a vendor that is a customer too, credits and payments. What does not: shapes that cannot be posted
(``odd_purchases``). All of it is written only when buying is asked for.

Every shape comes once a week, on its own weekday, with numbers of its own; what follows a purchase later than
the last day happens on the last day. Bills hold lines, tax and freight together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from st_qbo_sandbox.contractor.book import Book
from st_qbo_sandbox.contractor.buying import (
    Purchase,
    bill_payment_record,
    bill_records,
    order_record,
    receipt_record,
    return_records,
)
from st_qbo_sandbox.contractor.buying_lists import VENDOR, Vendor
from st_qbo_sandbox.contractor.chart import line_account
from st_qbo_sandbox.contractor.money import ZERO, text
from st_qbo_sandbox.contractor.names import LINKED_FIRMS
from st_qbo_sandbox.contractor.organization import UNIT
from st_qbo_sandbox.contractor.pricebook import SKU, Sku
from st_qbo_sandbox.contractor.window import FIRST_CARRIED_NUMBER, family_of, local, ordinal, stamp

Record = dict[str, Any]
Line = tuple[Sku, Decimal]

BOTH = Vendor(610006, LINKED_FIRMS[4], "KY", "", "")
"""A vendor whose name a customer has too, in both products."""

HVAC, PLUMBING, ELECTRIC = (
    VENDOR[name]
    for name in ("Gulf Coast HVAC Supply", "Show-Me Plumbing Wholesale", "Midland Electric Distributors")
)


@dataclass(frozen=True)
class Bought(Purchase):
    """A purchase whose tax and freight are given."""

    tax_is: Decimal = ZERO
    freight_is: Decimal = ZERO

    @property
    def tax(self) -> Decimal:
        """The tax it was given."""
        return self.tax_is

    @property
    def freight(self) -> Decimal:
        """The freight it was given."""
        return self.freight_is


@dataclass
class Clerk:
    """Writes the papers of one shape on one day."""

    book: Book
    day: date
    number: int

    def buy(self, vendor: Vendor, *lines: Line, part: int = 0, days: int = 0, **more: Any) -> Bought:
        """Describe a purchase, or the part of one that has papers of its own, so many days later."""
        unit = UNIT[more.pop("unit", "HVAC Service")]
        return Bought(self.later(days), self.number + part, vendor, unit, 400, lines, **more)

    def later(self, days: int) -> date:
        """Return the day so many days on, which is not after the last."""
        return min(self.day + timedelta(days=days), self.book.window.last_day)

    def _moment(self, day: date, hour: int) -> str:
        return stamp(self.book.window.happened(local(day, hour, self.number % 60, 7)))

    def order(
        self, whole: Purchase, status: str = "Received", parts: Sequence[Purchase] = (), **more: Any
    ) -> Record:
        """Enter an order of which these parts have come; without parts, all or nothing by its status."""
        record = order_record(whole)
        for item, (sku, quantity) in zip(record["items"], whole.lines, strict=True):
            came = sum((much for part in parts for one, much in part.lines if one.id == sku.id), ZERO)
            done = came if parts else quantity if status == "Received" else ZERO
            item["quantityReceived"] = done
            item["status"] = "Received" if done >= quantity else "PartiallyReceived" if done else "Pending"
        record |= {"status": status, "modifiedOn": self._moment(parts[-1].day if parts else whole.day, 15)}
        if status != "Received":
            record["receivedOn"] = None
        if status == "Pending":
            record["sentOn"] = None
        record |= more
        self.book.records["purchase-orders"].append(record)
        return record

    def receipt(self, part: Purchase, whole: Purchase, *, billed: bool = True, **more: Any) -> Record:
        """Enter what came of an order."""
        record = receipt_record(part, billed)
        record |= {"purchaseOrderId": whole.id("purchase-order"), "createdOn": self._moment(part.day, 14)}
        record["modifiedOn"] = record["createdOn"]
        line_of = {sku.id: line for line, (sku, _) in enumerate(whole.lines)}
        for item in record["items"]:
            item["purchaseOrderItemId"] = whole.id("purchase-order-item", line_of.get(item["skuId"], 0))
        record |= more
        self.book.records["receipts"].append(record)
        return record

    def bill(
        self, part: Purchase, whole: Purchase | None, *, older: Record | None = None, **newer: Any
    ) -> tuple[Record, Record]:
        """Enter the bill of a part, or of goods without an order, in both lists."""
        on = part.day
        posted = on < self.book.window.last_day
        changes: Record = {"createdOn": self._moment(on, 16), "modifiedOn": self._moment(on, 17)}
        changes["purchaseOrderId"] = whole.id("purchase-order") if whole else None
        changes["vendorNumber"] = whole.reference if whole else None
        pair = bill_records(part, on, posted)
        for name, record, own in zip(
            ("inventory-bills", "ap-bills"), pair, (older or {}, newer), strict=True
        ):
            record |= changes
            if whole is None:
                for item in record["items"]:
                    item["receiptItemId"] = None
            record |= own
            self.book.records[name].append(record)
        return pair

    def case(self, name: str, *records: Record) -> None:
        """Note records of a planted case."""
        self.book.case(name, *(record["id"] for record in records))


def goods(code: str, quantity: str, cost: str = "") -> Line:
    """Return a line of so many pieces, at another cost than the price book's if one is given."""
    sku = SKU[code]
    return (replace(sku, cost=Decimal(cost)) if cost else sku), Decimal(quantity)


def _job_of(book: Book, day: date) -> Record | None:
    """Return the second completed job of a day's own, which the plain orders leave alone."""
    jobs = [
        job
        for job in book.records["jobs"]
        if job["jobStatus"] == "Completed"
        and family_of(job["id"]) == ordinal(day)
        and job["id"] % 10**5 < FIRST_CARRIED_NUMBER
    ]
    return jobs[1] if len(jobs) > 1 else None


def order_in_parts(clerk: Clerk) -> None:
    """Order, receive and bill in two parts, the second a day later and with freight."""
    whole = clerk.buy(
        HVAC, goods("CAP-45-5", "24", "11.3127"), goods("CONT-2P-30", "12"), goods("R410A", "50")
    )
    first = clerk.buy(HVAC, goods("CAP-45-5", "10", "11.3127"), goods("CONT-2P-30", "12"), part=1)
    second = clerk.buy(
        HVAC,
        goods("CAP-45-5", "14", "11.3127"),
        goods("R410A", "50"),
        part=2,
        days=1,
        freight_is=Decimal("18.75"),
    )
    order = clerk.order(whole, parts=(first, second))
    order |= {"shipping": second.freight, "total": whole.goods + second.freight}
    bills = [clerk.bill(part, whole)[0] for part in (first, second)]
    for part in (first, second):
        clerk.receipt(part, whole)
    clerk.case("order_in_parts", order)
    clerk.case("bill_of_a_part", *bills)


def order_part_received(clerk: Clerk) -> None:
    """Receive and bill one line of two, and half of that."""
    whole = clerk.buy(
        ELECTRIC, goods("THHN-12", "2000"), goods("GFCI-20", "24", "18.7512"), unit="Electrical"
    )
    first = clerk.buy(ELECTRIC, goods("THHN-12", "1000"), part=1, unit="Electrical")
    order = clerk.order(whole, "PartiallyReceived", (first,))
    clerk.receipt(first, whole)
    clerk.bill(first, whole)
    clerk.case("order_part_received", order)


def job_order_at_another_cost(clerk: Clerk) -> None:
    """Bill a job's goods at other costs than ordered, with tax and freight."""
    job = _job_of(clerk.book, clerk.day)
    whole = clerk.buy(
        PLUMBING, goods("WH-50G", "1"), goods("PEX-34", "37", "0.6850"), job=job, unit="Plumbing"
    )
    part = clerk.buy(
        PLUMBING, goods("WH-50G", "1", "694.1250"), goods("PEX-34", "37", "1.3337"), part=1, job=job,
        unit="Plumbing", tax_is=Decimal("65.80"), freight_is=Decimal("12.40"),
    )  # fmt: skip
    clerk.order(whole)
    clerk.receipt(part, whole)
    older, _ = clerk.bill(part, whole)
    clerk.case("bill_at_another_cost", older)


def orders_without_bill(clerk: Clerk) -> None:
    """Leave an order pending, one sent, one canceled, and one received but not billed."""
    for part, (status, code) in enumerate(
        (("Pending", "IGN-SN"), ("Sent", "BRKR-20"), ("Canceled", "WAX-RING"), ("Received", "FLT-16X25X4"))
    ):
        whole = clerk.buy(HVAC, goods(code, "8"), part=part)
        order = clerk.order(whole, status)
        if status == "Received":
            clerk.receipt(whole, whole, billed=False)
            status = "not_billed"
        clerk.case(f"order_{status.lower()}", order)


def bills_without_order(clerk: Clerk) -> None:
    """Enter a bill of goods bought over the counter, and one of costs, which buys no goods."""
    older, _ = clerk.bill(
        clerk.buy(ELECTRIC, goods("ROMEX-12-2", "250", "0.6133"), unit="Electrical", tax_is=Decimal("13.57")),
        None,
        source="Standalone",
    )
    clerk.case("bill_without_order", older)
    part = clerk.buy(PLUMBING, part=1, unit="Plumbing")
    costs = (("60400", "84.37", "Rags and sealant"), ("50300", "650.00", "Crane, half a day"))
    expenses: list[Record] = [
        {"id": part.id("split", line), "amount": amount, "description": told,
         "generalLedgerAccount": line_account(key), "job": None,
         "businessUnit": part.unit.named(), "budgetCodeId": None, "projectLabelIds": []}
        for line, (key, amount, told) in enumerate(costs)
    ]  # fmt: skip
    total = text(sum((Decimal(amount) for _, amount, _ in costs), ZERO))
    _, newer = clerk.bill(
        part, None, billType="ApBill", source="Standalone", expenseItems=expenses, billAmount=total,
        vendorInvoiceTotal=total,
    )  # fmt: skip
    clerk.book.records["inventory-bills"].pop()
    clerk.case("bill_of_expenses", newer)


def vendor_is_customer(clerk: Clerk) -> None:
    """Buy from somebody who is a customer too."""
    whole = clerk.buy(BOTH, goods("SHOP-MISC", "15", "4.9975"))
    clerk.order(whole)
    clerk.receipt(whole, whole)
    older, _ = clerk.bill(whole, whole)
    clerk.case("vendor_is_customer", older)


def bought_after_sold(clerk: Clerk) -> None:
    """Buy what invoices have been selling from stock nobody bought."""
    whole = clerk.buy(HVAC, goods("TSTAT-T6", "6", "61.9450"), goods("LINESET-38-34", "400", "3.1267"))
    clerk.order(whole)
    clerk.receipt(whole, whole)
    older, _ = clerk.bill(whole, whole)
    clerk.case("bought_after_sold", older)


def bill_replaced(clerk: Clerk) -> None:
    """Change an order after its bill: that one is canceled, another takes its place."""
    whole = clerk.buy(PLUMBING, goods("BALL-34", "30", "13.9500"), unit="Plumbing")
    before = clerk.buy(PLUMBING, goods("BALL-34", "30", "14.2000"), part=1, unit="Plumbing")
    clerk.order(whole)
    clerk.receipt(whole, whole)
    canceled = {"id": 21, "name": "rkowalewski"}
    pair = clerk.bill(before, whole, older={"active": False}, status="Canceled", canceledBy=canceled)
    for record in pair:
        record["referenceNumber"] = whole.vendor_number
        for line, item in enumerate(record["items"]):
            item["receiptItemId"] = whole.id("receipt-item", line)
    older, newer = pair
    newer["dateCanceled"] = newer["modifiedOn"]
    after, _ = clerk.bill(whole, whole)
    clerk.case("bill_canceled", older)
    clerk.case("bill_replacing", after)


def bill_on_hold(clerk: Clerk) -> None:
    """Put a bill on hold, and leave another with a discrepancy."""
    wanted: tuple[tuple[str, Record], ...] = (
        ("bill_on_hold", {"doNotPay": True}),
        ("bill_discrepancy", {"status": "Discrepancy"}),
    )
    for part, (case, more) in enumerate(wanted):
        whole = clerk.buy(
            HVAC, goods("FURN-96-80", "1"), goods("IGN-SN", "2"), part=part, unit="HVAC Install"
        )
        clerk.order(whole)
        clerk.receipt(whole, whole)
        clerk.case(case, clerk.bill(whole, whole, **more)[0])


def credits_of_vendors(clerk: Clerk) -> None:
    """Return a piece with a credit that is applied to its bill, and enter a credit without a return."""
    whole = clerk.buy(HVAC, goods("MINI-12K", "2"), goods("CAP-45-5", "6"), unit="HVAC Install")
    clerk.order(whole)
    clerk.receipt(whole, whole)
    older, _ = clerk.bill(whole, whole)
    returned, credit = return_records(whole)
    split = {
        "id": whole.id("split", 50), "active": True, "createdOn": credit["createdOn"],
        "inventoryBillId": older["id"], "vendorCreditId": credit["id"], "amount": credit["amount"],
    }  # fmt: skip
    credit |= {"splits": [split], "appliedAmount": credit["amount"], "paymentStatus": "Paid"}
    free = clerk.buy(PLUMBING, goods("SHOP-MISC", "3", "8.3333"), part=1, unit="Plumbing")
    _, rebate = return_records(free)
    rebate |= {"inventoryReturnId": None, "memo": "Volume rebate", "amount": free.goods}
    rebate |= {"number": f"VR-{ordinal(clerk.day)}", "referenceNumber": f"{free.vendor_number}-RB"}
    if clerk.day < clerk.book.window.last_day:
        for each in (credit, rebate):
            each["syncStatus"] = "Posted"
    clerk.book.records["returns"].append(returned)
    clerk.book.records["ap-credits"] += [credit, rebate]
    clerk.case("credit_applied", credit)
    clerk.case("credit_without_return", rebate)


def payments_of_bills(clerk: Clerk) -> None:
    """Pay bills from ServiceTitan, from the accounting system, and one payment that was rejected."""
    for part, (method, status) in enumerate(
        (("ServiceTitan", "Paid"), ("AccountingSystem", "Paid"), ("ServiceTitan", "Rejected"))
    ):
        whole = clerk.buy(ELECTRIC, goods("BRKR-20", "20", "8.8125"), part=part, unit="Electrical")
        clerk.order(whole)
        clerk.receipt(whole, whole)
        older, _ = clerk.bill(whole, whole)
        payment = bill_payment_record(whole, clerk.later(1), older) | {"method": method, "status": status}
        clerk.book.records["ap-payments"].append(payment)
        clerk.case(f"payment_{method}_{status}".lower(), payment)


Shape = Callable[[Clerk], None]
SHAPES: tuple[Shape, ...] = (
    order_in_parts,
    order_part_received,
    job_order_at_another_cost,
    orders_without_bill,
    bills_without_order,
    vendor_is_customer,
    bought_after_sold,
    bill_replaced,
    bill_on_hold,
    credits_of_vendors,
    payments_of_bills,
)
FIRST_NUMBER = 10
_NUMBERS_EACH = 5


def comes_on(position: int, day: date) -> bool:
    """Say whether a shape's weekday is this day."""
    return (ordinal(day) - position) % 7 == 0


def write_shapes(book: Book, shapes: Sequence[Shape], first_number: int, numbers_each: int) -> None:
    """Write each shape on its weekday."""
    for day in book.window.dates:
        for position, shape in enumerate(shapes):
            if comes_on(position, day):
                shape(Clerk(book, day, first_number + position * numbers_each))


def write_purchases(book: Book) -> None:
    """Write the week's purchasing of every week."""
    write_shapes(book, SHAPES, FIRST_NUMBER, _NUMBERS_EACH)


def with_vendors(records: dict[str, list[Record]]) -> None:
    """Say on every SKU of the price book that is bought who it is bought from."""
    by_trade = {vendor.trade: vendor for vendor in (HVAC, PLUMBING, ELECTRIC)}
    for name in ("materials", "equipment"):
        for record in records[name]:
            vendor = by_trade.get(SKU[record["code"]].account[:2])
            if vendor is None:
                continue
            record["primaryVendor"] = {
                "id": record["id"] + 5_000_000,
                "vendorName": vendor.name,
                "vendorId": vendor.id,
                "memo": None,
                "vendorPart": f"{vendor.prefix}{record['id'] % 10000}",
                "cost": record["cost"],
                "active": True,
                "primarySubAccount": None,
                "otherSubAccounts": [],
            }
