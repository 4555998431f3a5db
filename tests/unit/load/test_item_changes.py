"""Items as the price book changes them: accounts, types, vendors, codes, and what waits meanwhile."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.ids import PRICEBOOK, Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped, Outcome, Payload, Verdict
from tests.unit.load.builders import DAY, Bench, customer, invoice, item
from tests.unit.load.fake_quickbooks import no_mischief
from tests.unit.load.test_buying import ORDER

VENDOR = SourceRef(Entity.VENDOR, "6")


def part(sku: str = "CAP", *, record: str = "910001", **body: Any) -> Mapped:
    """An item of the price book that can be bought."""
    base = item(sku)
    assert base.payload is not None
    whole = {**base.payload.body, "ExpenseAccountRef": {"value": "83"}, PRICEBOOK: record, **body}
    return replace(
        base, payload=replace(base.payload, body=whole, outside_digest=("Name", "Type", PRICEBOOK))
    )


def vendor() -> Mapped:
    payload = Payload(VENDOR, "Vendor", DAY, {"DisplayName": "Gulf Coast"}, outside_digest=("DisplayName",))
    return Mapped(VENDOR, Verdict.DUE, DAY, title="Gulf Coast", payload=payload)


def bill(number: int = 7, *, bought: str = "item:CAP|79") -> Mapped:
    """A bill of two pieces."""
    kind = "ItemBasedExpenseLineDetail"
    detail = {"ItemRef": {"value": bought}, "Qty": Decimal(2), "UnitPrice": Decimal(10)}
    source = SourceRef(Entity.BILL, str(number))
    body: Json = {
        "VendorRef": {"value": str(VENDOR)},
        "TxnDate": DAY.isoformat(),
        "DocNumber": f"GC-{number}",
        "PrivateNote": f"ServiceTitan bill {number}",
        "Line": [{"Amount": Decimal("20.00"), "DetailType": kind, kind: detail}],
    }
    payload = Payload(source, "Bill", DAY, body, cents=2000, number=f"GC-{number}")
    return Mapped(source, Verdict.DUE, DAY, cents=2000, payload=payload)


def refusing(code: str, entity: str, field: str = "") -> Any:
    """QuickBooks that takes no write of an entity (with some field)."""

    def mischief(moment: str, written: str, body: Json) -> None:
        if moment == "before" and written == entity and (not field or field in body):
            raise RemoteFault("Business Validation Error", code=code, detail="No.")

    return mischief


def bench_that_adds_up() -> Bench:
    """A company whose QuickBooks adds up the lines of bills."""
    bench = Bench()
    bench.quickbooks.distort = lambda entity, obj: (
        obj.update(TotalAmt=Decimal(20)) if entity == "Bill" else None
    )
    return bench


def told(result: LoadResult) -> tuple[Outcome, str]:
    return result.outcome, result.reason.code if result.reason else ""


@pytest.mark.rule("2.1", "8.6")
def test_cost_account_price_and_cost_follow_the_price_book() -> None:
    bench = Bench()
    bench.load(part(PurchaseCost=Decimal("9.5")))
    dearer = part(PurchaseCost=Decimal("11.25"), ExpenseAccountRef={"value": "84"}, Sku="CAP-2")
    assert told(bench.load(dearer)["item:CAP|79"]) == (Outcome.POSTED, "")
    (held,) = bench.quickbooks.all("Item")
    assert (held["Name"], held["Sku"], held["PurchaseCost"]) == ("CAP", "CAP-2", Decimal("11.25"))
    assert held["ExpenseAccountRef"] == {"value": "84"} and PRICEBOOK not in held
    assert told(bench.load(dearer)["item:CAP|79"]) == (Outcome.UNCHANGED, "")


@pytest.mark.rule("2.1")
def test_nothing_is_bought_on_an_item_that_keeps_its_old_cost_account() -> None:
    bench = bench_that_adds_up()
    bench.load(part(), vendor())
    bench.quickbooks.mischief = refusing("6000", "Item", "ExpenseAccountRef")
    moved = part(ExpenseAccountRef={"value": "84"})
    results = bench.load(moved, vendor(), bill())
    assert told(results["item:CAP|79"]) == (Outcome.HELD, "item_account_refused")
    assert told(results["bill:7"]) == (Outcome.BLOCKED, "waits_for")
    bench.quickbooks.mischief = no_mischief
    results = bench.load(moved, vendor(), bill())
    assert [results[each].outcome for each in ("item:CAP|79", "bill:7")] == [Outcome.POSTED, Outcome.POSTED]


@pytest.mark.rule("8.5")
def test_a_change_of_policy_gives_no_item_another_type() -> None:
    bench = bench_that_adds_up()
    bench.load(part(Type="NonInventory"), vendor())
    left = bench.load(part(Type="Service"))["item:CAP|79"]
    assert told(left) == (Outcome.UNCHANGED, "item_type_left")
    counted = part(Type="Inventory", TrackQtyOnHand=True, QtyOnHand=Decimal(3))
    results = bench.load(counted, vendor(), bill())
    assert told(results["item:CAP|79"]) == (Outcome.HELD, "item_type_held")
    assert told(results["bill:7"]) == (Outcome.BLOCKED, "waits_for")
    (held,) = bench.quickbooks.all("Item")
    assert (held["Type"], held.get("QtyOnHand")) == ("NonInventory", None)

    # A person changes it in QuickBooks, as only a person can.
    bench.quickbooks.edit("Item", held["Id"], Type="Inventory")
    results = bench.load(counted, vendor(), bill())
    assert results["item:CAP|79"].outcome in (Outcome.UNCHANGED, Outcome.POSTED)
    assert results["bill:7"].outcome is Outcome.POSTED


@pytest.mark.rule("8.5")
def test_an_item_somebody_made_is_not_counted_because_the_company_counts() -> None:
    bench = Bench()
    found = {"Name": "CAP", "Type": "NonInventory", "IncomeAccountRef": {"value": "79"}}
    bench.quickbooks.put("Item", found)
    assert told(bench.load(part(Type="Inventory"))["item:CAP|79"]) == (Outcome.HELD, "item_of_other_type")


@pytest.mark.rule("2.1", "8.2")
def test_an_item_whose_cost_goes_elsewhere_leaves_the_second_name() -> None:
    bench = Bench()
    cost = {"ExpenseAccountRef": {"value": "99"}}
    bench.quickbooks.put(
        "Item", {"Name": "CAP", "Type": "NonInventory", "IncomeAccountRef": {"value": "79"}, **cost}
    )
    assert told(bench.load(part())["item:CAP|79"]) == (Outcome.POSTED, "renamed")
    assert [row["Name"] for row in bench.quickbooks.all("Item")] == ["CAP", "CAP [40100]"]


@pytest.mark.rule("8.1")
@pytest.mark.parametrize("code", ["6000", "620"])
def test_a_bill_that_is_refused_for_its_order_is_owed_without_it(code: str) -> None:
    bench = bench_that_adds_up()
    bench.ledger.save_link(replace(ORDER, company=bench.context().name))
    named = [{"TxnId": "purchase_order:5", "TxnType": "PurchaseOrder", "TxnLineId": "line:81"}]
    of_order = bill()
    assert of_order.payload is not None
    (row,) = of_order.payload.body["Line"]
    body = {**of_order.payload.body, "Line": [row | {"LinkedTxn": named}]}
    of_order = replace(of_order, payload=replace(of_order.payload, body=body))

    def closed(moment: str, written: str, sent: Json) -> None:
        if moment == "before" and written == "Bill" and "LinkedTxn" in sent["Line"][0]:
            raise RemoteFault("Business Validation Error", code=code, detail="The order is closed.")

    bench.quickbooks.mischief = closed
    assert told(bench.load(part(), vendor(), of_order)["bill:7"]) == (Outcome.POSTED, "bill_without_order")


@pytest.mark.rule("8.5")
@pytest.mark.parametrize(
    ("code", "entity", "source", "expected"),
    [
        ("5030", "Item", "item:CAP|79", "inventory_refused"),
        ("6270", "Bill", "bill:7", "stock_not_started"),
        ("6270", "Invoice", "invoice:5", "stock_not_started"),
    ],
)
def test_what_quickbooks_does_not_count_is_held_with_its_remedy(
    code: str, entity: str, source: str, expected: str
) -> None:
    bench = Bench()
    bench.quickbooks.mischief = refusing(code, entity)
    sold = [customer(1), invoice(5, lines=[("CAP", "30.00")])]
    result = bench.load(part(Type="Inventory"), vendor(), bill(), *sold)[source]
    assert told(result) == (Outcome.HELD, expected)
    assert result.reason is not None and result.reason.remedy


@pytest.mark.rule("7.2", "8.3")
def test_a_vendor_who_is_a_customer_too_is_another_name_and_is_owed_his_bill() -> None:
    bench = bench_that_adds_up()
    bench.quickbooks.put("Customer", {"DisplayName": "Gulf Coast"})
    results = bench.load(part(), vendor(), bill())
    (made,), (owed,) = bench.quickbooks.all("Vendor"), bench.quickbooks.all("Bill")
    assert made["DisplayName"] == "Gulf Coast (V-6)"
    assert results["bill:7"].outcome is Outcome.POSTED
    assert owed["VendorRef"] == {"value": made["Id"]}


@pytest.mark.rule("2.1")
def test_an_item_waits_for_no_vendor_and_names_him_once_he_is_there() -> None:
    bench, preferred = Bench(), part(PrefVendorRef={"value": str(VENDOR)})
    assert bench.load(preferred)["item:CAP|79"].outcome is Outcome.POSTED
    assert "PrefVendorRef" not in bench.quickbooks.all("Item")[0]
    bench.load(preferred, vendor())
    (gulf,) = bench.quickbooks.all("Vendor")
    assert bench.quickbooks.all("Item")[0]["PrefVendorRef"] == {"value": gulf["Id"]}


@pytest.mark.rule("2.1")
def test_an_sku_that_another_record_had_before_is_another_item() -> None:
    bench = Bench()
    bench.load(part())
    taker = replace(
        part("CAP", record="910099"),
        source=SourceRef(Entity.ITEM, "CAP #910099|79"),
        facts={"name_candidates": ["CAP", "CAP [40100]", "CAP #910099"]},
    )
    assert taker.payload is not None
    taker = replace(taker, payload=replace(taker.payload, source=taker.source))
    bench.load(part(Sku="CAP-OLD"), taker)
    assert {row["Name"]: row["Sku"] for row in bench.quickbooks.all("Item")} == {
        "CAP": "CAP-OLD",
        "CAP [40100]": "CAP",
    }
