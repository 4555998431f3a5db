"""Purchase orders: the bill they become, closed when canceled, linked line by line (rules 3.6, 8.1)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Verdict
from st_qbo_assets.mapping.bills import map_bill
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.orders import items_of_order, map_order
from st_qbo_assets.servicetitan import buying, records
from tests.unit.mapping.builders import record
from tests.unit.mapping.test_bills import LISTS, around, bill, goods

ROW = {"id": 81, "skuId": 910001, "skuCode": "CAP-45-5", "cost": Decimal("10.00"), "quantity": 2}
SKU = {"code": "CAP-45-5", "account": "40100", "costOfSaleAccount": "50100", "description": "Capacitor"}


def order(**changes: Any) -> buying.PurchaseOrder:
    """Two lines of one SKU, with tax and freight."""
    lines = [
        {
            "id": id_,
            "skuId": 910001,
            "skuCode": "CAP-45-5",
            "skuType": "Material",
            "quantity": 2,
            "cost": cost,
        }
        for id_, cost in ((81, Decimal("10.00")), (82, Decimal("9.1250")))
    ]
    given: dict[str, Any] = {
        "id": 5001,
        "number": "PO-5001",
        "status": "Sent",
        "vendorId": 6101,
        "date": "2026-02-02T00:00:00Z",
        "requiredOn": "2026-02-09T00:00:00Z",
        "total": Decimal("74.90"),
        "tax": Decimal("1.65"),
        "shipping": Decimal("35.00"),
        "shipTo": {"street": "1 Main", "city": "Austin", "state": "TX", "zip": "78701"},
        "items": lines,
        "createdOn": "2026-02-02T15:02:11Z",
        **changes,
    }
    return record(buying.PurchaseOrder, given)


def known(**changes: Any) -> Lookup:
    """A lookup with the SKU in the price book."""
    return around(pricebook={910001: record(records.PricebookItem, {"id": 910001, **SKU})}, **changes)


def test_an_order_has_the_lines_of_the_bill_it_becomes() -> None:
    (mapped,) = map_order(order(), known())
    assert mapped.payload is not None
    body = mapped.payload.body
    assert (mapped.cents, body["DocNumber"], body["DueDate"]) == (7490, "PO-5001", "2026-02-09")
    assert (body["VendorRef"], body["APAccountRef"]) == ({"value": "vendor:6101"}, {"value": "33"})
    assert "POStatus" not in body
    assert [(line["Id"], line["Amount"]) for line in body["Line"]] == [
        ("line:81", Decimal("20.00")),
        ("line:82", Decimal("18.25")),
        ("line:freight", Decimal("35.00")),
        ("line:tax", Decimal("1.65")),
    ]
    (item,) = items_of_order(order(), known())
    assert item.payload is not None and item.payload.body["ExpenseAccountRef"] == {"value": "83"}


@pytest.mark.rule("8.4")
def test_lines_of_an_order_for_a_job_name_its_customer_and_class() -> None:
    job = record(records.Job, {"id": 88, "jobNumber": "88", "customerId": 5010001})
    unit = record(records.BusinessUnit, {"id": 301, "name": "HVAC", "quickbooksClass": "HVAC:Service"})
    classed = replace(LISTS, preferences=replace(LISTS.preferences, class_per_line=True))
    placed = replace(classed, preferences=replace(classed.preferences, track_departments=True))
    policies = {"departments": {"HVAC": "Austin"}}
    lookup = known(jobs={88: job}, business_units={301: unit}, reference=placed, policies=policies)
    (mapped,) = map_order(order(jobId=88, businessUnitId=301), lookup)
    assert mapped.payload is not None
    assert "DepartmentRef" not in mapped.payload.body  # an order has none (QB §6.8)
    details = [line[line["DetailType"]] for line in mapped.payload.body["Line"]]
    assert [(each["CustomerRef"]["value"], each["ClassRef"]["value"]) for each in details] == [
        ("customer:5010001", "501")
    ] * 4


@pytest.mark.rule("3.6")
def test_a_canceled_order_is_closed_where_it_was_made_and_else_left_out() -> None:
    source = SourceRef(Entity.PURCHASE_ORDER, "5001")
    (left_out,) = map_order(order(status="Canceled"), known())
    (closed,) = map_order(order(status="Canceled"), known(posted={source: date(2026, 2, 2)}))
    assert left_out.verdict is Verdict.NOT_DUE
    assert closed.payload is not None and closed.payload.body["POStatus"] == "Closed"


@pytest.mark.rule("8.1")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total": Decimal("80.00")}, "bill_does_not_add_up"),
        ({"vendorId": None}, "vendor_missing"),
        ({"vendorId": 9}, "vendor_unknown"),
        ({"status": "Exported"}, "exported_elsewhere"),
        ({"active": False}, "deleted"),
        ({"items": [{**ROW, "quantity": -2}], "total": Decimal("16.65")}, "bought_below_zero"),
        ({"items": [], "total": 0}, "zero_total"),
    ],
)
def test_what_stands_in_the_way_of_an_order_is_named(changes: dict[str, Any], code: str) -> None:
    (mapped,) = map_order(order(**changes), known())
    assert mapped.reason is not None and mapped.reason.code == code


def test_an_order_without_accounts_in_the_price_book_is_held() -> None:
    (mapped,) = map_order(order(), around(pricebook={}))
    assert mapped.reason is not None and mapped.reason.code == "cost_account_missing"


@pytest.mark.rule("8.1")
def test_a_bill_is_linked_to_the_lines_of_its_order_and_what_that_lacks_is_not() -> None:
    billed = bill(
        goods("2", "10.00", id=1),
        goods("2", "9.1250", id=2),
        goods("1", "5.00", id=3),
        goods("1", "5.00", id=4, skuId=910002),
        purchaseOrderId=5001,
        shippingAmount="35.00",
        billAmount="83.25",
    )
    (mapped,) = map_bill(billed, known(purchase_orders={5001: order(tax=0, total=Decimal("73.25"))}))
    assert mapped.payload is not None
    lines = [line.get("LinkedTxn") for line in mapped.payload.body["Line"]]
    linked = [{"TxnId": "purchase_order:5001", "TxnType": "PurchaseOrder"}]
    assert lines == [
        [linked[0] | {"TxnLineId": "line:81"}],
        [linked[0] | {"TxnLineId": "line:82"}],
        None,
        None,
        [linked[0] | {"TxnLineId": "line:freight"}],
    ]
    (alone,) = map_bill(billed, known(purchase_orders={5001: order()}, policies={"purchase_orders": False}))
    assert alone.payload is not None and not any("LinkedTxn" in each for each in alone.payload.body["Line"])


@pytest.mark.rule("8.1", "8.2")
def test_400_lines_at_costs_of_four_decimals_come_to_the_cent_and_are_billed_one_by_one() -> None:
    costs = [Decimal("9.0001") + Decimal(number) / 10_000 for number in range(400)]
    rows = [{**ROW, "id": number, "quantity": 3, "cost": cost} for number, cost in enumerate(costs)]
    whole = Decimal(to_cents(sum(costs, Decimal(0)) * 3)) / 100
    many = order(items=rows, total=whole, tax=0, shipping=0)
    (ordered,) = map_order(many, known())
    assert ordered.payload is not None
    lines = ordered.payload.body["Line"]
    assert (len(lines), sum(line["Amount"] for line in lines)) == (400, whole)
    assert len({line["Id"] for line in lines}) == 400
    bought = [goods("3", str(cost), id=1000 + number) for number, cost in enumerate(costs)]
    billed = bill(*bought, purchaseOrderId=5001, billAmount=str(whole))
    (owed,) = map_bill(billed, known(purchase_orders={5001: many}))
    assert owed.payload is not None and owed.cents == to_cents(whole)
    linked = [line["LinkedTxn"][0]["TxnLineId"] for line in owed.payload.body["Line"]]
    assert linked == [line["Id"] for line in lines]


_AMOUNTS = some.decimals(min_value=0, max_value=9999, places=4)


@pytest.mark.rule("8.2")
@settings(max_examples=50)
@given(
    lines=some.lists(some.tuples(_AMOUNTS, _AMOUNTS), min_size=1, max_size=8),
    tax=some.integers(0, 50_000),
    shipping=some.integers(0, 50_000),
    rounds_lines=some.booleans(),
)
def test_an_order_always_comes_to_its_total(
    lines: list[tuple[Decimal, Decimal]], tax: int, shipping: int, rounds_lines: bool
) -> None:
    exact = [quantity * cost for quantity, cost in lines]
    goods_cents = sum(map(to_cents, exact)) if rounds_lines else to_cents(sum(exact, Decimal(0)))
    extra = from_cents(tax), from_cents(shipping)
    rows = [{**ROW, "id": n, "quantity": pieces, "cost": cost} for n, (pieces, cost) in enumerate(lines)]
    total = goods_cents + tax + shipping
    (mapped,) = map_order(
        order(items=rows, total=from_cents(total), tax=extra[0], shipping=extra[1]), known()
    )
    if mapped.payload is None:
        assert mapped.reason is not None and mapped.reason.code == "zero_total"
        return
    sent = sum(to_cents(line["Amount"]) for line in mapped.payload.body["Line"])
    assert sent == mapped.payload.cents
    assert sent == total or tax + shipping <= len(lines)
