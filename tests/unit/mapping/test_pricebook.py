"""Items of the price book: type by policy, accounts, cost, stock, what changed on a day (rules 2.1, 8.5)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import PRICEBOOK
from st_qbo_assets.domain.outcomes import Json, Mapped, Verdict
from st_qbo_assets.mapping.bills import items_of_bill, map_bill
from st_qbo_assets.mapping.invoices import items_of_invoice, map_invoice
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.pricebook import map_changed
from st_qbo_assets.quickbooks.reference import CompanyInfo
from st_qbo_assets.servicetitan import records
from tests.unit.mapping.builders import INCOME, company, invoice, line, record
from tests.unit.mapping.test_bills import ASSET, LISTS, POLICIES, around, bill, goods, sku

DAY = date(2026, 2, 3)
STOCKED = {"isInventory": True, "assetAccount": "13000"}
COUNTED = {"item_policy": {"material": "inventory"}, "opening_quantities": "opening.csv"}


def changed(known: records.PricebookItem, lookup: Lookup) -> list[Mapped]:
    """What a record becomes on the day it changed."""
    return map_changed(known, lookup, day=DAY)


def part(**changes: Any) -> records.Material:
    """The capacitor, changed on the day."""
    return sku(modifiedOn="2026-02-03T20:00:00Z", price=Decimal("64.50"), **changes)


def body_of(mapped: Mapped) -> Json:
    """The payload's body."""
    assert mapped.payload is not None, mapped.reason
    return mapped.payload.body


@pytest.mark.rule("2.1", "8.5")
def test_what_changed_in_the_price_book_follows_with_everything_it_says() -> None:
    known = part(primaryVendor={"id": 1, "vendorId": 6101, "vendorName": "Gulf Coast Supply"})
    (item,) = changed(known, around())
    assert item.source.id == "CAP-45-5|79"
    assert body_of(item) == {
        "Name": "CAP-45-5",
        "Type": "NonInventory",
        "Sku": "CAP-45-5",
        "Description": "Capacitor",
        "PurchaseDesc": "Capacitor",
        "Taxable": False,
        "UnitPrice": Decimal("64.50"),
        "PurchaseCost": Decimal("9.5"),
        "IncomeAccountRef": {"value": "79"},
        "ExpenseAccountRef": {"value": "83"},
        "PrefVendorRef": {"value": "vendor:6101"},
        "Active": True,
        PRICEBOOK: "910001",
    }
    dearer = changed(part(cost=Decimal("11.25")), around())[0]
    assert dearer.payload is not None and item.payload is not None
    assert dearer.payload.digest != item.payload.digest


@pytest.mark.rule("2.1")
def test_lines_of_a_sale_and_of_a_bill_need_one_and_the_same_item() -> None:
    lookup = around(pricebook={910001: part()})
    sold = line("64.50", type="Material", skuId=910001, skuName="CAP-45-5", generalLedgerAccount=INCOME)
    (of_sale,) = items_of_invoice(invoice([sold]), lookup)
    (of_bill,) = items_of_bill(bill(), lookup)
    assert of_sale == of_bill == changed(part(), lookup)[0]


@pytest.mark.rule("2.1")
def test_a_renamed_sku_keeps_its_item_and_another_that_takes_its_code_gets_its_own() -> None:
    made = {"item_skus": {910001: "CAP-45-5"}, "sku_owners": {"CAP-45-5": 910001}}
    renamed, taker = part(code="CAP-45-5-370"), part(id=910099)
    lookup = around(**made, pricebook={910001: renamed, 910099: taker})
    (first,) = changed(renamed, lookup)
    assert (first.source.id, body_of(first)["Sku"]) == ("CAP-45-5|79", "CAP-45-5-370")
    (other,) = changed(taker, lookup)
    assert other.source.id == "CAP-45-5 #910099|79"
    assert other.facts["name_candidates"] == ["CAP-45-5", "CAP-45-5 [40100]", "CAP-45-5 #910099"]


@pytest.mark.rule("2.1")
def test_what_is_not_used_any_more_is_switched_off_where_it_was_made_and_made_nowhere() -> None:
    gone = part(active=False)
    (never,) = changed(gone, around())
    assert (never.verdict, never.reason and never.reason.code) == (Verdict.NOT_DUE, "item_not_used")
    made = {"item_skus": {910001: "CAP-45-5"}, "item_accounts": {910001: ("79", "80")}}
    assert [body_of(item)["Active"] for item in changed(gone, around(**made))] == [False, False]
    (needed,) = items_of_bill(bill(), around(**made, pricebook={910001: gone}))
    assert body_of(needed)["Active"] is True


@pytest.mark.rule("2.1")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": ""}, "item_without_account"),
        ({"account": "77777"}, "item_account_unknown"),
        ({"account": "10100"}, "item_account_unknown"),
        ({"code": " - "}, "item_without_sku"),
    ],
)
def test_a_record_of_which_no_item_can_be_made_says_so_and_holds_nothing(
    changes: dict[str, Any], code: str
) -> None:
    (item,) = changed(part(**changes), around())
    assert (item.verdict, item.reason and item.reason.code) == (Verdict.NOT_DUE, code)


def test_nothing_changes_in_a_company_that_does_not_buy_or_on_another_day() -> None:
    assert map_changed(part(), around(policies={"bill_source": None}), day=DAY) == []
    assert map_changed(part(), around(), day=date(2026, 2, 4)) == []


@pytest.mark.rule("8.5")
@pytest.mark.parametrize(("policy", "type_"), [("service", "Service"), ("non_inventory", "NonInventory")])
def test_the_company_decides_what_new_items_are(policy: str, type_: str) -> None:
    lookup = around(policies={"item_policy": {"material": policy}})
    assert body_of(changed(part(), lookup)[0])["Type"] == type_


@pytest.mark.rule("8.5")
def test_counted_goods_start_with_what_was_on_hand_and_stand_on_their_asset() -> None:
    lookup = around(
        policies=COUNTED, pricebook={910001: part(**STOCKED)}, opening={"cap-45-5": Decimal("12.5")}
    )
    (item,) = changed(part(**STOCKED), lookup)
    body = body_of(item)
    assert (body["Type"], body["TrackQtyOnHand"], body["QtyOnHand"]) == ("Inventory", True, Decimal("12.5"))
    assert (body["InvStartDate"], body["AssetAccountRef"]) == ("2026-01-01", {"value": "130"})
    assert item.payload is not None
    assert item.payload.digest == changed(part(**STOCKED), replace(lookup, opening={}))[0].payload.digest  # type: ignore[union-attr]
    for job in (None, 88):
        jobs = {88: record(records.Job, {"id": 88, "jobNumber": "88", "customerId": 5010001})}
        bought = bill(goods(assetAccount=ASSET), jobId=job)
        (mapped,) = map_bill(bought, replace(lookup, jobs=jobs))
        assert mapped.facts["cost_by_account"] == {"130": 2000}
    (unmeasured,) = map_bill(bill(goods("3", "0.3333"), goods("3", "0.3333"), billAmount="2.00"), lookup)
    assert unmeasured.payload is not None
    assert body_of(changed(part(isInventory=False), lookup)[0])["Type"] == "NonInventory"


@pytest.mark.rule("1.2", "1.3", "8.5")
def test_counted_goods_that_cost_the_customer_nothing_go_at_nothing() -> None:
    lookup = around(policies=COUNTED, pricebook={910001: part(**STOCKED)})
    used = line(
        "129.00", type="Material", skuId=910001, skuName="CAP-45-5", quantity="2", inventory=True,
        isChargeable=False, price="64.50", taxable=True,
    )  # fmt: skip
    (mapped,) = map_invoice(invoice([used]), lookup)
    (row,) = body_of(mapped)["Line"]
    assert (row["Amount"], row["SalesItemLineDetail"]["Qty"]) == (Decimal("0.00"), Decimal(2))
    (left_out,) = map_invoice(invoice([used]), around(pricebook={910001: part(**STOCKED)}))
    assert left_out.reason is not None and left_out.reason.code == "zero_total"


@pytest.mark.rule("8.5")
@pytest.mark.parametrize(
    ("changes", "lists", "code"),
    [
        ({}, {"company": CompanyInfo(edition="QuickBooks Online Essentials")}, "inventory_off"),
        ({}, {"preferences": replace(LISTS.preferences, quantity_on_hand=False)}, "inventory_off"),
        ({"assetAccount": ""}, {}, "stock_account_wrong"),
        ({"assetAccount": "10100"}, {}, "stock_account_wrong"),
        ({"costOfSaleAccount": ""}, {}, "stock_account_wrong"),
    ],
)
def test_what_cannot_be_counted_is_held_with_its_remedy(
    changes: dict[str, Any], lists: dict[str, Any], code: str
) -> None:
    known = part(**{**STOCKED, **changes})
    lookup = around(policies=COUNTED, pricebook={910001: known}, reference=replace(LISTS, **lists))
    (item,) = changed(known, lookup)
    assert item.verdict is Verdict.HELD and item.reason is not None
    assert item.reason.code == code and item.reason.remedy


@pytest.mark.rule("8.5")
@pytest.mark.parametrize(
    "policies",
    [
        {"item_policy": {"material": "inventory"}},
        {**COUNTED, "bill_source": None},
        {**COUNTED, "items": "per_account"},
        {"item_policy": {"service": "inventory"}},
    ],
)
def test_counting_needs_a_start_purchases_and_skus(policies: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        CompanyFile.model_validate(company(**POLICIES).model_dump(mode="json") | policies)
