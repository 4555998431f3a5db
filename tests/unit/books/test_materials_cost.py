"""Cost of materials: quantities must agree, costs are shown, kept stock gives an entry (rule 8.6)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.books.goods_sold import LineSold, goods_sold
from st_qbo_assets.books.goods_used import GoodsUsed, goods_of_invoice
from st_qbo_assets.books.materials_cost import ItemHeld, JobGoods, MaterialsBooks, compare_materials
from st_qbo_assets.books.month_close.consumption import consumption
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json
from tests.unit.mapping.builders import company

DAY = date(2026, 2, 3)
INVOICE = SourceRef.parse("invoice:8001001")
HELD = {"7": ItemHeld("910001", "CAP-45-5", Decimal("9.50"))}


def record(*lines: dict[str, Any]) -> dict[str, Any]:
    """An invoice as ServiceTitan returns it."""
    return {"id": 8001001, "job": {"id": 88, "number": "J-88"}, "items": list(lines)}


def taken(quantity: str = "2", **changes: Any) -> dict[str, Any]:
    """A line of a capacitor from stock."""
    return {
        "type": "Material",
        "skuId": 910001,
        "skuName": "CAP-45-5",
        "quantity": quantity,
        "cost": "11.25",
        "inventory": True,
        "isChargeable": True,
        "costOfSaleAccount": {"number": "50100", "name": "Materials COGS"},
        "assetAccount": {"number": "13000", "name": "Inventory"},
        **changes,
    }


def goods(*lines: dict[str, Any], **policies: Any) -> list[GoodsUsed]:
    """What an invoice of some lines used."""
    return list(goods_of_invoice(record(*lines), company(**policies)))


def compared(
    used: list[GoodsUsed], *sold: LineSold, is_posted: bool = True, items: dict[str, ItemHeld] = HELD
) -> JobGoods:
    """The one row that comes of it."""
    books = MaterialsBooks(
        used=[(DAY, each) for each in used],
        sold=sold,
        items=items,
        posted=frozenset({INVOICE} if is_posted else ()),
    )
    ((row,),) = [day.rows for day in compare_materials(books, [DAY])]
    return row


@pytest.mark.rule("8.6")
def test_pieces_agree_and_the_difference_of_cost_is_shown() -> None:
    row = compared(goods(taken("2"), taken("1")), LineSold(INVOICE, "7", Decimal(3)))
    assert (row.job, row.sku, row.used, row.posted, row.agrees) == ("J-88", "CAP-45-5", 3, 3, True)
    assert (row.used_cents, row.posted_cents, row.valuation_cents) == (3375, 2850, 525)


@pytest.mark.rule("8.6")
@pytest.mark.parametrize(
    ("sold", "agrees"),
    [
        ([LineSold(INVOICE, "7", Decimal(1))], False),
        ([], False),
        ([LineSold(INVOICE, "7", Decimal(3)), LineSold(INVOICE, "7", Decimal(1), -1)], True),
        ([LineSold(INVOICE, "7", None)], True),
        ([LineSold(INVOICE, "8", Decimal(2))], False),
    ],
)
def test_a_quantity_that_differs_is_found(sold: list[LineSold], agrees: bool) -> None:
    assert compared(goods(taken()), *sold).agrees is agrees


def on_document(
    quantity: str | None, *, note: str = "ServiceTitan invoice 8001001", total: str = "9.00"
) -> Json:
    """A document with one line of the item."""
    detail = {"ItemRef": {"value": "7"}, **({"Qty": Decimal(quantity)} if quantity else {})}
    return {"PrivateNote": note, "TotalAmt": Decimal(total), "Line": [{"SalesItemLineDetail": detail}]}


@pytest.mark.rule("8.6")
def test_goods_are_read_off_our_documents_that_stand_and_off_no_others() -> None:
    lines, posted = goods_sold(
        [
            ("Invoice", on_document("3")),
            ("CreditMemo", on_document("1")),
            ("Invoice", on_document(None)),
            ("Invoice", on_document("5", note="Voided - ServiceTitan invoice 8001002", total="0.00")),
            ("Invoice", on_document("5", note="typed by hand")),
            ("Payment", on_document("5")),
        ]
    )
    assert [(line.quantity, line.sign) for line in lines] == [(3, 1), (1, -1), (None, 1)]
    assert posted == {INVOICE}


@pytest.mark.rule("8.6")
def test_an_item_without_its_record_is_known_by_its_sku() -> None:
    row = compared(goods(taken()), LineSold(INVOICE, "7", Decimal(2)), items={"7": ItemHeld("", "cap-45-5")})
    assert row.agrees


@pytest.mark.rule("1.3", "8.6")
def test_what_is_not_charged_is_on_no_document_unless_quickbooks_counts_it() -> None:
    free = taken(isChargeable=False)
    row = compared(goods(free))
    assert (row.used, row.not_written, row.agrees, row.waits) == (0, 2, True, False)
    counted = {
        "item_policy": {"material": "inventory"},
        "opening_quantities": "opening.csv",
        "bill_source": "ap_bills",
    }
    assert not compared(goods(free, **counted)).agrees
    assert compared(goods(free, **counted), LineSold(INVOICE, "7", Decimal(2))).agrees


@pytest.mark.rule("8.6")
def test_a_document_that_is_not_there_yet_waits_and_nonsense_is_no_agreement() -> None:
    row = compared(goods(taken()), is_posted=False)
    assert (row.waits, row.agrees) == (True, False)
    assert not compared(goods(taken(quantity="some")), LineSold(INVOICE, "7", Decimal(0))).agrees


@pytest.mark.rule("8.6")
def test_stock_that_was_kept_is_an_entry_of_equal_sides_to_post() -> None:
    used = goods(taken("2"), taken("1", cost="3.00"), taken("4", inventory=False))
    section = consumption(used, company(stocked_purchases="asset"))
    assert section.rows == (
        ("50100 Materials COGS", "13000 Inventory", 2550, 0, 2),
        ("13000 Inventory", "50100 Materials COGS", 0, 2550, 2),
    )
    assert consumption(used, company()).rows == ()
    counted = [replace(each, is_counted=True) for each in used]
    assert consumption(counted, company(stocked_purchases="asset")).rows == ()
