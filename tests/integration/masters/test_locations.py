"""A day whose sales name sub-customers for their service locations ties out to the cent."""

from datetime import date

import pytest

from tests.integration.masters.shop import Shop


@pytest.mark.rule("7.5", "6.1")
def test_a_day_of_sub_customers_ties_out_and_a_second_load_writes_nothing(shop: Shop) -> None:
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

    again = shop.poll("days", day=day)
    assert again["loaded/invoices"].get("posted", 0) == again["loaded/customers"].get("posted", 0) == 0
    assert again["books/tie_out"]["verdict"] == "green"
