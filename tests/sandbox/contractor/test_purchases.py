"""The week of purchasing that comes when it is asked for, and that nothing else changes by it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_sandbox.app import Sandbox
from st_qbo_sandbox.contractor import Seed
from st_qbo_sandbox.contractor.cases import CASES
from st_qbo_sandbox.contractor.purchase_cases import BUYING_CASES
from st_qbo_sandbox.seeding import default_options
from tests.sandbox.contractor.seeds import seed_of, window
from tests.sandbox.contractor.specs import complaints, specs_folder

BOUGHT = (
    *("purchase-orders", "receipts", "returns", "inventory-bills", "ap-bills", "ap-credits", "ap-payments"),
    *("vendors", "materials", "equipment"),
)
FRAMES = (
    window(a_day=9, buying=True),
    window(a_day=9, hard=True, buying=True),
    window(seed=2, last_day=date(2026, 3, 9), days=2, a_day=0, hard=True, buying=True),
)


@pytest.fixture(scope="module")
def hard() -> Seed:
    return seed_of(FRAMES[1])


def by_id(seed: Seed, name: str) -> dict[Any, dict[str, Any]]:
    return {record["id"]: record for record in seed.servicetitan.get(name, [])}


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_every_case_of_buying_is_planted_as_often_as_its_table_says(frame: Any) -> None:
    seed = seed_of(frame)
    assert {name: len(ids) for name, ids in seed.cases.items()} == {
        case.name: case.expected(frame) for case in (*CASES, *BUYING_CASES)
    }
    for case in BUYING_CASES:
        assert set(seed.cases[case.name]) <= set(by_id(seed, case.where)), case.name
    for name in BOUGHT:
        assert len(by_id(seed, name)) == len(seed.servicetitan.get(name, [])), name


def test_buying_changes_nothing_that_was_there(hard: Seed) -> None:
    plain = seed_of(window(a_day=9, hard=True))
    assert hard.quickbooks == plain.quickbooks
    for name, records in plain.servicetitan.items():
        if name not in BOUGHT:
            assert hard.servicetitan[name] == records
        elif name not in ("materials", "equipment"):
            assert [record for record in hard.servicetitan[name] if record in records] == records
    assert len(hard.servicetitan["inventory-bills"]) > len(plain.servicetitan["inventory-bills"]) + 20


def test_records_of_buying_fit_the_vendors_schema(hard: Seed) -> None:
    if specs_folder() is None:
        pytest.skip("the vendor's OpenAPI files are not at hand")
    plain = seed_of(window(a_day=9, hard=True))
    for name in BOUGHT:
        known = {str(record) for record in plain.servicetitan.get(name, [])}
        records = [record for record in hard.servicetitan[name] if str(record) not in known]
        # What is gone shows that in the feed alone, whose rows have a field more.
        rows = [
            {key: value for key, value in record.items() if (name, key) != ("inventory-bills", "active")}
            for record in records
            if len(record.get("items", ())) < 50
        ]
        assert [complaint for row in rows for complaint in complaints(name, row)] == [], name


def test_bills_are_lines_tax_and_freight_to_the_cent(hard: Seed) -> None:
    odd = set(hard.cases["bill_does_not_add_up"])
    for name in ("inventory-bills", "ap-bills"):
        for bill in hard.servicetitan[name]:
            lines = [Decimal(row["quantity"]) * Decimal(row["cost"]) for row in bill["items"]]
            parts = [line.quantize(Decimal("0.01"), "ROUND_HALF_UP") for line in lines]
            parts += [Decimal(row["amount"]) for row in bill.get("expenseItems", ())]
            parts += [Decimal(bill["taxAmount"]), Decimal(bill["shippingAmount"])]
            assert (Decimal(bill["billAmount"]) == sum(parts)) == (bill["id"] not in odd), bill["id"]


def test_two_bills_of_an_order_come_to_what_was_received(hard: Seed) -> None:
    (order_id,) = hard.cases["order_in_parts"]
    order = by_id(hard, "purchase-orders")[order_id]
    bills = [by_id(hard, "inventory-bills")[id] for id in hard.cases["bill_of_a_part"]]
    # Each part is rounded by itself: the bills come to a cent more than the order.
    assert sum(Decimal(bill["billAmount"]) for bill in bills) == order["total"] + Decimal("0.01")
    receipts = [row for row in hard.servicetitan["receipts"] if row["purchaseOrderId"] == order_id]
    assert [receipt["billId"] for receipt in receipts] == [bill["id"] for bill in bills]
    assert {row["purchaseOrderItemId"] for receipt in receipts for row in receipt["items"]} == {
        item["id"] for item in order["items"]
    }
    (many,) = hard.cases["order_of_400_lines"]
    assert len(by_id(hard, "purchase-orders")[many]["items"]) == 400
    (sold_before,) = hard.cases["bought_after_sold"]
    assert by_id(hard, "inventory-bills")[sold_before]["items"][0]["skuCode"] == "TSTAT-T6"


def test_buying_is_an_option_that_is_remembered_and_off_by_default() -> None:
    assert default_options().describe()["buying"] is False
    sandbox = Sandbox(days=1, invoices_per_day=0, buying=True, bills_per_day=40, skus=100)
    assert sandbox.info()["buying"] is True
    held = sandbox.halves["servicetitan"].state()
    bulk = [bill for bill in held["inventory-bills"] if bill["items"][0]["skuCode"].startswith("BULK-")]
    assert len(bulk) == 40
    assert len({row["skuId"] for bill in bulk for row in bill["items"]}) == 100
    assert sum(sku["code"].startswith("BULK-") for sku in held["materials"]) == 100
    vendors = sandbox.halves["servicetitan"].state()["vendors"]
    assert "KC Yacht Supply, Inc." in [vendor["name"] for vendor in vendors]
