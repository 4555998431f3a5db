"""Sales tax through the whole product: other modes than the demo's tie out to the cent, a cent off is red."""

from typing import Any

import pytest

from tests.attack import proof
from tests.attack.world import DAY, Arena, Session, World

pytestmark = pytest.mark.rule("2.4")

_ITEM = "Sales tax by ServiceTitan"


def _prefer(world: World, **tax: Any) -> None:
    world.act("quickbooks", "set_preferences", preferences={"TaxPrefs": tax})


def _manual_codes(world: World) -> dict[str, Any]:
    _prefer(world, UsingSalesTax=True, PartnerTaxEnabled=None)
    return {"mode": "codes"}


def _own_line(world: World) -> dict[str, Any]:
    payable = next(a for a in world.state()["Account"] if a["AccountSubType"] == "SalesTaxPayable")
    body = {"Name": _ITEM, "Type": "Service", "IncomeAccountRef": {"value": payable["Id"]}}
    world.act("quickbooks", "create", entity="Item", body=body)
    return {"mode": "line", "line_item": _ITEM}


@pytest.mark.rule("6.1", "6.2")
@pytest.mark.parametrize("prepare", [_manual_codes, _own_line])
def test_a_day_ties_out_to_the_cent_in_other_modes_than_the_demos(arena: Arena, prepare: Any) -> None:
    with arena.world(seed=4, invoices_per_day=6) as world:
        tax = prepare(world)
        with world.session(company={"tax": tax}) as session:
            run = session.materialize()
            assert run.is_green, session.ask("tie_out", day=DAY)
        due = proof.due_documents(world, "invoices", DAY)
        assert sum(proof.amount(doc["salesTax"]) for doc in due) > 0
        for doc in due:
            assert proof.marked_doc(world, "invoice", doc["id"])["TotalAmt"] == proof.amount(doc["total"])


@pytest.mark.rule("5.4", "6.2", "6.4")
def test_a_cent_of_tax_turns_its_day_red_and_is_named_and_its_payments_post(arena: Arena) -> None:
    with arena.world(seed=4, invoices_per_day=6) as world, world.session() as session:
        world.switch(tax_off_by_cents=1)
        run = session.materialize()

        ours = [doc for doc in world.state()["Invoice"] if doc["Id"] not in world.before["Invoice"]]
        assert not run.success
        assert not run.passes("ties_out", DAY)
        assert [_status(session, entity) for entity in ("invoices", "payments")] == ["FAILED", "MATERIALIZED"]
        found = [each for each in session.ask("tie_out", day=DAY)["records"] if each["entity"] == "invoices"]
        wrong = {each["quickbooks"][0]: each for each in found if each["kind"] == "failing"}
        assert set(wrong) == {f"Invoice {doc['Id']}" for doc in ours}
        assert {(each["cause"], each["difference_cents"]) for each in wrong.values()} == {("wrong_tax", -1)}

        world.switch(tax_off_by_cents=0)
        for doc in ours:
            tax = proof.amount(doc["TxnTaxDetail"]["TotalTax"]) - proof.amount("0.01")
            body = {"TxnTaxDetail": {"TotalTax": str(tax)}}
            world.act("quickbooks", "update", entity="Invoice", id=doc["Id"], body=body)
        log_end = world.log_end()
        assert session.materialize().is_green
        written = [entry for entry in world.requests(since=log_end) if entry["path"].endswith("/invoice")]
        assert written == []


def _status(session: Session, entity: str) -> str | None:
    return session.ask("statuses", asset=f"loaded/{entity}", days=[DAY])[DAY]
