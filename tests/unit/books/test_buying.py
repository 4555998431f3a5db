"""What was bought is compared by vendor, account and document; every difference has its one cause."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.evidence import Change
from st_qbo_assets.books.verdict import (
    DayVerdict,
    day_json,
    not_billed_table,
    payables_table,
    verdict_of,
)
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.outcomes import Outcome
from tests.unit.books.purchasing import (
    DAY,
    FREIGHT,
    MATERIALS,
    TAX,
    Purchases,
    goods,
    midnight,
    owed,
)

_KEY = QboKey("Bill", "500")


def books() -> Purchases:
    """A bill of 136.13 with tax and freight, a credit of 20.00 used for it, and a payment of 100.00."""
    bought = Purchases()
    bought.bill(
        1,
        goods("3", "33.3337"),
        amount="136.13",
        taxAmount="8.13",
        shippingAmount="28.00",
        purchaseOrderId=20,
    )
    bought.order(20, goods("3", "33.3337"), total="100.00")
    bought.credit(31, goods("1", "20.00"), amount="20.00", bill=1)
    bought.payment(41, amount="100.00", bill=1)
    bill = owed("Bill", {MATERIALS: "100.00", FREIGHT: "28.00", TAX: "8.13"}, Balance=Decimal("16.13"))
    bought.posted("Bill", 500, "bill:1", bill)
    order = owed("PurchaseOrder", {MATERIALS: "100.00"}, POStatus="Closed")
    bought.posted("PurchaseOrder", 600, "purchase_order:20", order)
    credit = owed("VendorCredit", {MATERIALS: "20.00"}, Balance=Decimal(0))
    bought.posted("VendorCredit", 700, "vendor_credit:31", credit)
    bought.posted(
        "BillPayment", 800, "vendor_credit:31/application", paying("0.00", bill="20.00", credit="20")
    )
    bought.posted("BillPayment", 801, "bill_payment:41", paying("100.00", bill="100.00"))
    return bought


def paying(total: str, *, bill: str, credit: str = "") -> dict[str, object]:
    """A payment of the bill, which uses the credit."""
    lines = [{"Amount": Decimal(bill), "LinkedTxn": [{"TxnId": "500", "TxnType": "Bill"}]}]
    if credit:
        used = {"Amount": Decimal(credit), "LinkedTxn": [{"TxnId": "700", "TxnType": "VendorCredit"}]}
        lines.append(used)
    return {
        "TxnDate": str(DAY),
        "VendorRef": {"value": "61", "name": "Vendor 61"},
        "TotalAmt": Decimal(total),
        "Line": lines,
    }


@pytest.mark.rule("6.1", "8.2", "8.7", "8.8")
def test_bills_credits_and_payments_agree_to_the_cent() -> None:
    day = books().compared()
    assert (verdict_of(day), day.records) == (DayVerdict.GREEN, ())
    told = {
        (each.entity, each.account_name): (each.servicetitan_cents, each.quickbooks_cents)
        for each in day.figures
        if each.servicetitan_count or each.quickbooks_count
    }
    assert told == {
        ("purchase_orders", ""): (10_000, 10_000),
        ("bills", ""): (13_613, 13_613),
        ("vendor_credits", ""): (-2_000, -2_000),
        ("costs", "50100 Materials COGS"): (8_000, 8_000),
        ("costs", "50400 Freight In"): (2_800, 2_800),
        ("costs", "50500 Tax on Purchases"): (813, 813),
        ("payables", "Vendor 61"): (11_613, 11_613),
        ("bill_payments", ""): (10_000, 10_000),
        ("settlements", ""): (12_000, 12_000),
    }
    assert [(each.name, each.documents, each.cents) for each in day.open_payables] == [
        ("Vendor 61", 1, 1_613)
    ]
    assert "| Vendor 61 | 2 | 2 | 116.13 | 116.13 | 0.00 | 16.13 |" in payables_table(day)
    assert day_json(day, Environment.SANDBOX)["entities"]["payables"]["open_cents"] == 1_613


Spoil = Callable[[Purchases], object]


def _without(bought: Purchases, target: str, qbo_id: str) -> None:
    del bought.objects[QboKey(target, qbo_id)]


def _held_as(code: str, outcome: Outcome = Outcome.HELD) -> Spoil:
    def spoil(bought: Purchases) -> None:
        for target, qbo_id in (("Bill", "500"), ("BillPayment", "800"), ("BillPayment", "801")):
            _without(bought, target, qbo_id)
        bought.links = [link for link in bought.links if link.key.id not in ("500", "800", "801")]
        bought.stands("bill:1", outcome, code)

    return spoil


def _dearer(bought: Purchases) -> None:
    bought.rows[0][1].update(billAmount="200.00", shippingAmount="91.87")


def _credit_typed(bought: Purchases) -> None:
    bought.typed("VendorCredit", 902, owed("VendorCredit", {TAX: "5.00"}))


def _orders_off(bought: Purchases) -> None:
    _without(bought, "PurchaseOrder", "600")
    bought.links = [link for link in bought.links if link.key.target != "PurchaseOrder"]
    bought.stands("purchase_order:20", Outcome.HELD, "orders_off")


@pytest.mark.rule("6.2", "6.4", "3.7", "8.3")
@pytest.mark.parametrize(
    ("spoil", "record", "cause"),
    [
        (_held_as("possible_duplicate_bill"), "bill:1", "held"),
        (_held_as("bill_does_not_add_up", Outcome.REJECTED), "bill:1", "rejected"),
        (_held_as("vendor_unknown"), "bill_payment:41", "payment_of_held_invoice"),
        (
            lambda b: b.objects[_KEY].update(VendorRef={"value": "71", "name": "Vendor 71"}),
            "bill:1",
            "wrong_customer",
        ),
        (_dearer, "bill:1", "wrong_amount"),
        (
            lambda b: b.rows[0][1]["items"][0].update(costOfSaleAccount={"number": "50400"}),
            "bill:1",
            "wrong_income_account",
        ),
        (
            lambda b: b.drift.update({_KEY: (Change("DueDate", "2026-12-10", "2026-12-31"),)}),
            "bill:1",
            "edited_in_quickbooks",
        ),
        (
            lambda b: b.typed("BillPayment", 900, paying("16.13", bill="16.13")),
            "BillPayment 900",
            "paid_in_quickbooks_by_hand",
        ),
        (
            lambda b: b.typed("Bill", 901, owed("Bill", {MATERIALS: "136.13"}, DocNumber="B1")),
            "Bill 901",
            "looks_like_ours",
        ),
        (_credit_typed, "VendorCredit 902", "entered_by_hand"),
        (lambda b: b.company.__dict__.update(ap_payments=False), "bill_payment:41", "gate_closed_again"),
        (_orders_off, "purchase_order:20", "held"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)  # fmt: skip
def test_each_difference_has_its_one_cause(spoil: Spoil, record: str, cause: str) -> None:
    bought = books()
    spoil(bought)
    day = bought.compared()
    found = {str(each.source or each.quickbooks[0]): each for each in day.records}
    assert found[record].cause == cause
    assert day.unexplained_cents == 0
    assert "unexplained" not in {each.cause for each in day.records}


@pytest.mark.rule("3.6")
def test_an_order_canceled_after_it_was_posted_stays_and_is_no_difference() -> None:
    bought = books()
    bought.rows[1][1]["status"] = "Canceled"
    assert bought.compared().records == ()
    _without(bought, "PurchaseOrder", "600")
    bought.links = [link for link in bought.links if link.key.target != "PurchaseOrder"]
    day = bought.compared()
    assert day.records == ()
    assert [(each.entity, each.code) for each in day.uncounted] == [("purchase_orders", "order_canceled")]


def test_goods_whose_bill_is_not_there_are_listed_with_their_age() -> None:
    bought = books()
    bought.bill(2, goods("1", "9.00"), amount="9.00", syncStatus="Pending")
    came = {
        "receivedOn": midnight(DAY),
        "vendorId": 6,
        "purchaseOrderId": 20,
        "receiptAmount": Decimal("9.00"),
    }
    bought.receipts = [
        came | {"id": 1, "number": "R1", "billId": 1},
        came | {"id": 2, "number": "R2", "billId": 2},
        came | {"id": 3, "number": "R3", "billId": None},
        came | {"id": 4, "number": "R4", "billId": None, "active": False},
        came | {"id": 5, "number": "R5", "billId": None, "receivedOn": midnight(DAY + timedelta(days=1))},
        came | {"id": 6, "number": "R6", "billId": None, "purchaseOrderId": None},
        came | {"id": 7, "number": "R7", "billId": None, "purchaseOrderId": 999},
    ]
    day = bought.compared()
    found = [(each.receipt.number, each.receipt.order, each.age_days) for each in day.not_billed]
    orderless = [("R6", "", 20), ("R7", "999", 20)]  # its order never was, or is gone
    assert found == [("R2", "PO20", 20), ("R3", "PO20", 20), *orderless]
    assert verdict_of(day) is DayVerdict.GREEN
    assert "| Vendor 6 | PO20 | R3 | 9.00 | 20 | no bill |" in not_billed_table(day)
