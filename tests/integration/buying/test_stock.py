"""Goods that QuickBooks counts, from the company's file of quantities to the verdict on their days."""

from collections import defaultdict
from decimal import Decimal

import pytest

from st_qbo_assets.domain.company import CompanyFile
from tests.integration.buying.purchasing import Json, Purchasing

pytestmark = pytest.mark.enable_socket


def pieces_moved(purchasing: Purchasing) -> dict[str, Decimal]:
    """Pieces that documents in QuickBooks brought in and took out, by item."""
    moved: defaultdict[str, Decimal] = defaultdict(Decimal)
    kinds = {"Bill": ("ItemBasedExpenseLineDetail", 1), "Invoice": ("SalesItemLineDetail", -1)}
    for entity, (kind, sign) in kinds.items():
        lines = [line for document in purchasing.state("quickbooks", entity) for line in document["Line"]]
        details: list[Json] = [line[kind] for line in lines if line.get(kind)]
        for detail in details:
            moved[detail.get("ItemRef", {}).get("value", "")] += sign * Decimal(str(detail.get("Qty", 0)))
    return moved


@pytest.mark.rule("1.3", "2.1", "8.5", "8.6")
def test_counted_goods_come_and_go_to_the_piece_and_follow_the_price_book(purchasing: Purchasing) -> None:
    policy = {"item_policy": {"material": "inventory"}, "opening_quantities": "opening.csv"}
    purchasing.company = CompanyFile.model_validate({**purchasing.company.model_dump(mode="json"), **policy})
    (purchasing.home / "opening.csv").write_text("sku,quantity\nCAP-45-5,40\nWAX-RING,12.5\n")
    days = purchasing.days[2:3]
    for row in purchasing.state("quickbooks", "Item"):  # somebody made it, and it is not counted
        if row["Name"] == "CAP-45-5":
            act = {"act": "rename", "entity": "Item", "id": row["Id"], "name": "CAP-45-5 old"}
            purchasing.office.control("edit", act)

    told = purchasing.load(days)

    assert {row["verdict"] for row in told["books/tie_out"].values()} == {"green"}
    opening, moved = {"CAP-45-5": Decimal(40), "WAX-RING": Decimal("12.5")}, pieces_moved(purchasing)
    counted = [row for row in purchasing.state("quickbooks", "Item") if row["Type"] == "Inventory"]
    assert any(moved[row["Id"]] for row in counted)
    assert {row["InvStartDate"] for row in counted} == {purchasing.company.start_date.isoformat()}
    for row in counted:
        on_hand = opening.get(row["Sku"], Decimal(0)) + moved[row["Id"]]
        assert Decimal(str(row["QtyOnHand"])) == on_hand, row["Sku"]
    goods = purchasing.load(days, job="materials_cost")["books/materials_cost"]
    assert {row["items_differing"] for row in goods.values()} == {0}
    assert sum(row["items"] for row in goods.values()) and all("not_carried" in row for row in goods.values())

    # Its cost and its code change in the price book; QuickBooks' item stays the same one.
    bought = next(row for row in counted if moved[row["Id"]] > 0)
    purchasing.act_servicetitan("change_cost", sku=bought["Sku"], cost="77.1234")
    purchasing.act_servicetitan("rename_sku", sku=bought["Sku"], to=f"{bought['Sku']}-NEW")
    told = purchasing.load(days)

    after = {row["Id"]: row for row in purchasing.state("quickbooks", "Item") if row["Type"] == "Inventory"}
    assert after.keys() == {row["Id"] for row in counted}
    followed = after[bought["Id"]]
    assert (followed["Name"], followed["Sku"]) == (bought["Name"], f"{bought['Sku']}-NEW")
    assert Decimal(str(followed["PurchaseCost"])) == Decimal("77.1234")
    assert {row["verdict"] for row in told["books/tie_out"].values()} == {"green"}
