"""Settling matches and putting back the loser of a conflict, by command."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from st_qbo_assets.domain.company import ItemPolicy
from st_qbo_assets.domain.findings import Level
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.onboarding import matches_of, opening_bought, readiness_of
from st_qbo_assets.orchestration.references import ReferenceData
from tests.integration.masters.polling import Frames, Silent
from tests.integration.masters.shop import Shop
from tests.integration.masters.test_crossing import ADDRESS, new_customer

if TYPE_CHECKING:
    from st_qbo_assets.orchestration.io_manager import FrameFolder


@pytest.mark.rule("7.2", "10")
def test_matches_are_shown_in_buckets_and_settled_in_an_edited_csv(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.office.act("create", entity="Customer", body={"DisplayName": "Petra Quillfeather"})
    made = shop.act_servicetitan(
        "add",
        resource="customers",
        record={"name": "Quillfeather, Petra", "type": "Residential", "address": ADDRESS},
    )
    before = shop.state("quickbooks", "Customer")

    shown = shop.office.run("link", "--company", "demo", "--json")
    row = next(
        each for each in shown.document["customers"]["records"] if each["source"] == f"customer:{made['id']}"
    )
    assert (row["bucket"], row["candidates"][0]["name"]) == ("probable", "Petra Quillfeather")
    profiles = shown.document["customers"]["profiles"]
    assert profiles["servicetitan"]["active"] == len(shown.document["customers"]["records"])
    assert 0 < profiles["quickbooks"]["with_address"] <= profiles["quickbooks"]["active"]
    assert shown.status == 1
    assert shop.state("quickbooks", "Customer") == before

    listed = shop.office.run("link", "--company", "demo", "--csv").out.splitlines()
    line = next(each for each in listed if each.startswith(f"customer:{made['id']},"))
    edited = tmp_path / "edited.csv"
    edited.write_text("\n".join([listed[0], line.replace("Customer,,", "Customer,none,")]), encoding="utf-8")
    links = tmp_path / "links.csv"
    monkeypatch.setattr("st_qbo_assets.company_files.CompanyFolder.links_file", links)
    assert shop.office.run("link", "--company", "demo", "--take", str(edited)).status == 0
    assert f"customer:{made['id']},Customer,none" in links.read_text(encoding="utf-8")


@pytest.mark.rule("7.1")
def test_the_version_that_lost_a_conflict_is_put_back(shop: Shop) -> None:
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

    listed = shop.office.run("restore", "--company", "demo", "--json").document["conflicts"]
    done = shop.office.run("restore", "--company", "demo", "--conflict", str(listed[0]["id"]))

    assert done.status == 0, done.err
    assert shop.stored(qbo_id)["PrimaryEmailAddr"] == {"Address": "office@x.com"}
    assert next(row for row in shop.contacts(id_) if row["type"] == "Email")["value"] == "office@x.com"
    assert shop.poll()["loaded/customers"].get("posted", 0) == 0


@pytest.mark.rule("10", "8.1", "8.5")
def test_readiness_names_what_the_buying_side_lacks(shop: Shop) -> None:
    counts = {"item_policy": ItemPolicy(material="inventory"), "opening_quantities": "on_hand.csv"}
    buys = {"bill_source": "ap_bills", "freight_account": "no such"}
    shop.company = shop.company.model_copy(update={**buys, **counts})
    rule = {"method": "GET", "path": "*/inventory/v2/*/receipts*", "kind": "refuse", "code": "403"}
    shop.office.control("faults", {"rules": [rule]}, half="servicetitan")
    defs = CompanyDefs(shop.company, shop.home / "links.csv")
    with shop.office.opened() as connections:
        references = ReferenceData(defs, cast("FrameFolder", Frames()), connections).refresh(Silent())
        found = readiness_of(defs, connections, references)
    red = {each.label: each for each in found if each.level is Level.RED}
    shop.office.control("faults", {"rules": []}, half="servicetitan")
    with shop.office.opened() as connections:
        bought = opening_bought(defs, connections, matches_of(defs, connections, Entity.VENDOR))
    assert [each.code for each in bought][:1] == ["opening_bills"] and len(bought) > 1
    assert "receipts" in red["scope_missing: receipts"].cure
    assert "`freight_account`" in red["buying_account_unknown"].text
    assert str(shop.home / "on_hand.csv") in red["opening_quantities"].text
    assert red["opening_quantities"].cure.startswith("Put it beside the company file")
    assert not {label for label in red if label.startswith("scope_missing")} - {"scope_missing: receipts"}
