"""A customer edited on one side arrives on the other, through the assets."""

import pytest

from tests.integration.masters.shop import Shop

ADDRESS = {"street": "12 Cedar Ln", "unit": "", "city": "Austin", "state": "TX", "zip": "78704", "country": "USA"}


def new_customer(shop: Shop, name: str = "Heron, Ada") -> int:
    """A customer who is new in ServiceTitan today, with an e-mail address and a number."""
    made = shop.act_servicetitan(
        "add", resource="customers", record={"name": name, "type": "Residential", "address": ADDRESS}
    )
    shop.act_servicetitan(
        "add", resource="contacts", record={"customerId": made["id"], "type": "Email", "value": "ada@x.com"}
    )
    shop.act_servicetitan(
        "add", resource="contacts", record={"customerId": made["id"], "type": "Phone", "value": "5125550123"}
    )
    return made["id"]


@pytest.mark.rule("7.1")
def test_an_edit_on_either_side_crosses_over_once(shop: Shop) -> None:
    id_ = new_customer(shop)
    shop.poll()
    qbo_id = shop.qbo_id(id_)
    assert shop.stored(qbo_id)["DisplayName"] == "Heron, Ada"

    shop.office.act("update", entity="Customer", id=qbo_id, body={"PrimaryEmailAddr": {"Address": "new@y.org"}})
    first = shop.poll()
    contact = next(row for row in shop.contacts(id_) if row["type"] == "Email")
    assert contact["value"] == "new@y.org", first

    number = next(row for row in shop.contacts(id_) if row["type"] == "Phone")
    shop.act_servicetitan("update", resource="contacts", id=number["id"], set={"value": "(512) 555-0177"})
    shop.poll()
    assert shop.stored(qbo_id)["PrimaryPhone"] == {"FreeFormNumber": "(512) 555-0177"}

    before = shop.asked()
    again = shop.poll()
    assert shop.asked() - before <= 6
    assert again["loaded/customers"].get("posted", 0) == 0, again
