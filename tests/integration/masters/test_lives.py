"""What becomes of customers in either system is followed: conflicts, inactivation, merges, renames."""

import pytest

from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Outcome
from tests.integration.masters.polling import Poller
from tests.integration.masters.shop import Shop
from tests.integration.masters.test_crossing import new_customer


@pytest.mark.rule("7.1")
def test_both_versions_of_a_conflict_are_kept_and_the_later_one_stands(shop: Shop) -> None:
    id_ = new_customer(shop)
    shop.poll()
    qbo_id = shop.qbo_id(id_)
    contact = next(row for row in shop.contacts(id_) if row["type"] == "Email")
    shop.act_servicetitan("update", resource="contacts", id=contact["id"], set={"value": "office@x.com"})
    shop.office.control("clock", {"advance_seconds": 600})
    shop.office.act(
        "update", entity="Customer", id=qbo_id, body={"PrimaryEmailAddr": {"Address": "late@x.com"}}
    )
    shop.poll()

    contact = next(row for row in shop.contacts(id_) if row["type"] == "Email")
    assert contact["value"] == "late@x.com", shop.results()
    detail = shop.decision(id_, "conflict")
    assert (detail["servicetitan"]["value"], detail["quickbooks"]["value"]) == ("office@x.com", "late@x.com")
    assert detail["winner"] == "quickbooks"

    shop.company = shop.company.model_copy(
        update={"field_policies": {"email": "hold", "name": "servicetitan_wins"}}
    )
    shop.act_servicetitan("update", resource="contacts", id=contact["id"], set={"value": "one@x.com"})
    shop.act_servicetitan("update", resource="customers", id=id_, set={"name": "Heron, Adele"})
    shop.office.control("clock", {"advance_seconds": 600})
    body = {"PrimaryEmailAddr": {"Address": "two@x.com"}, "DisplayName": "Crane, Ada"}
    shop.office.act("update", entity="Customer", id=qbo_id, body=body)
    told = shop.poll()["loaded/customers"]
    stored = shop.stored(qbo_id)
    assert (stored["DisplayName"], stored["PrimaryEmailAddr"]) == ("Heron, Adele", {"Address": "two@x.com"})
    assert next(row for row in shop.contacts(id_) if row["type"] == "Email")["value"] == "one@x.com"
    assert shop.reasons()["Heron, Adele"] == "field_conflict"
    assert "'one@x.com' in ServiceTitan" in str(told["needs_attention"])


@pytest.mark.rule("7.1", "7.3")
def test_inactive_and_renamed_customers_are_followed(shop: Shop) -> None:
    first, second = new_customer(shop, "Heron, Ada"), new_customer(shop, "Stork, Ben")
    shop.poll()
    shop.office.act("rename", entity="Customer", id=shop.qbo_id(first), name="Ada Heron-Lee")
    shop.office.act("inactivate", entity="Customer", id=shop.qbo_id(second))
    shop.poll()

    assert shop.customer(first)["name"] == "Heron-Lee, Ada"
    assert shop.customer(second)["active"] is False
    assert shop.customer(second)["name"] == "Stork, Ben"

    shop.act_servicetitan("update", resource="customers", id=second, set={"active": True})
    shop.poll()
    assert shop.stored(shop.qbo_id(second))["Active"] is True


@pytest.mark.rule("7.1")
def test_the_survivor_of_a_merge_keeps_both_links(shop: Shop) -> None:
    first, second = new_customer(shop, "Heron, Ada"), new_customer(shop, "Heron, Adele Q")
    shop.poll()
    gone, kept = shop.qbo_id(first), shop.qbo_id(second)
    invoice = shop.office.act(
        "type_invoice", customer=gone, lines=[{"item": shop.any_item(), "amount": "10"}]
    )
    shop.link_invoice(invoice["Invoice"], gone)
    shop.office.act("merge_customers", **{"from": gone, "into": kept})
    shop.poll()

    assert (shop.qbo_id(first), shop.qbo_id(second)) == (kept, kept)
    assert shop.decision(first, "merged_in_quickbooks")["into"] == kept
    before = shop.stored(kept)
    shop.poll()
    assert shop.stored(kept) == before


@pytest.mark.rule("7.1")
def test_a_merge_in_servicetitan_gives_the_survivor_the_object(shop: Shop) -> None:
    first = new_customer(shop, "Heron, Ada")
    shop.poll()
    second = shop.act_servicetitan(
        "add",
        resource="customers",
        record={
            "name": "Heron, Ada Maria",
            "type": "Residential",
            "createdOn": "2024-01-01T00:00:00Z",
            "modifiedOn": "2024-01-01T00:00:00Z",
        },
    )["id"]
    shop.act_servicetitan(
        "update", resource="customers", id=first, set={"active": False, "mergedToId": second}
    )
    shop.poll()

    assert shop.qbo_id(second) == shop.qbo_id(first)
    assert shop.stored(shop.qbo_id(first))["Active"] is True
    with shop.office.opened() as connections:
        links = connections.links.of_sources(
            connections.name, [SourceRef(Entity.CUSTOMER, str(each)) for each in (first, second)]
        )
    assert len(links) == 2


@pytest.mark.rule("7.1")
def test_what_servicetitan_refused_is_held_until_it_changes_or_a_person_asks(shop: Shop) -> None:
    with shop.office.opened() as connections:
        poller = Poller(shop, connections)
        id_ = new_customer(shop)
        poller.poll()
        qbo_id = shop.qbo_id(id_)
        rule = {"method": "PATCH", "path": "*/crm/v2/*/customers/*", "kind": "refuse", "code": "400"}
        shop.office.control("faults", {"rules": [rule]}, half="servicetitan")
        shop.forget_asked()

        def held_after_poll(*, is_by_hand: bool = False) -> tuple[list[str], int]:
            results = poller.poll(is_by_hand=is_by_hand)
            own = [each for each in results if each.source.id == str(id_) and each.outcome is Outcome.HELD]
            codes = [each.reason.code for each in own if each.reason]
            return codes, sum(each.startswith("PATCH") for each in shop.asked())

        shop.office.act("rename", entity="Customer", id=qbo_id, name="Crane, Ada")
        assert held_after_poll() == (["servicetitan_refused"], 1)
        assert held_after_poll() == (["servicetitan_refused"], 1)
        assert held_after_poll(is_by_hand=True) == (["servicetitan_refused"], 2)
        shop.office.act("rename", entity="Customer", id=qbo_id, name="Crane, Adele")
        assert held_after_poll() == (["servicetitan_refused"], 3)
        shop.office.control("faults", {"rules": []}, half="servicetitan")
        assert held_after_poll() == (["servicetitan_refused"], 3)
        assert held_after_poll(is_by_hand=True) == ([], 4)
    assert shop.customer(id_)["name"] == "Crane, Adele"
