"""A day whose sales name sub-customers for their service locations ties out to the cent."""

from datetime import date

import pytest

from st_qbo_assets.domain.ids import is_location, location_part
from tests.integration.masters.shop import Json, Shop


@pytest.mark.rule("7.3", "7.5", "6.1")
def test_a_day_of_sub_customers_ties_out_and_what_becomes_of_them_is_followed(shop: Shop) -> None:
    day = date.fromisoformat(shop.office.sandbox.info()["last_day"])
    shop.company = shop.company.model_copy(update={"locations": "sub_customers", "locations_since": day})
    sold = [
        row
        for row in shop.state("servicetitan", "invoices")
        if row["invoiceDate"].startswith(day.isoformat())
    ]
    done = shop.poll("days", day=day)
    assert done["books/tie_out"]["verdict"] == "green", done["books/tie_out"].get("differences")

    customers = {row["Id"]: row for row in shop.state("quickbooks", "Customer")}
    made = [
        row for row in shop.state("quickbooks", "Invoice") if "ServiceTitan" in row.get("PrivateNote", "")
    ]
    named = [customers[row["CustomerRef"]["value"]] for row in made]
    assert named and all(row["Job"] and row["BillWithParent"] for row in named)
    assert {row["ParentRef"]["value"] for row in named} <= {
        shop.qbo_id(row["customer"]["id"]) for row in sold
    }
    paid = [
        row for row in shop.state("quickbooks", "Payment") if "ServiceTitan" in row.get("PrivateNote", "")
    ]
    assert paid and not any(customers[row["CustomerRef"]["value"]]["Job"] for row in paid)
    assert any(row["Balance"] == 0 for row in made)

    _rename_inactivate_and_merge(shop, next(row for row in made if row["Balance"] == 0))
    again = shop.poll("days", day=day)
    assert again["loaded/invoices"].get("posted", 0) == again["loaded/customers"].get("posted", 0) == 0
    assert again["books/tie_out"]["verdict"] == "green"


def _rename_inactivate_and_merge(shop: Shop, paid: Json) -> None:
    """Somebody renames a location in ServiceTitan, and does away with its sub-customer in QuickBooks."""
    qbo_id = paid["CustomerRef"]["value"]
    with shop.office.opened() as connections:
        links = connections.links.of_targets(connections.name, "Customer", [qbo_id])[qbo_id]
    source = next(link.source for link in links if is_location(link.source))
    place = int(source.part.removeprefix(location_part("")))
    shop.act_servicetitan("update", resource="locations", id=place, set={"name": "Harbor House 7"})
    shop.poll("customers")
    assert shop.stored(qbo_id)["DisplayName"] == "Harbor House 7", shop.results()

    shop.office.act("inactivate", entity="Customer", id=qbo_id)
    shop.poll("customers")
    assert shop.reasons()["Harbor House 7"] == "sub_customer_inactive"
    shop.office.act("reactivate", entity="Customer", id=qbo_id)
    owner = shop.stored(qbo_id)["ParentRef"]["value"]
    shop.office.act("merge_customers", **{"from": qbo_id, "into": owner})
    shop.poll("customers")
    assert (shop.link(source).qbo_id, shop.link(source).drift) == (owner, None)
    assert "Harbor House 7" not in shop.reasons()
