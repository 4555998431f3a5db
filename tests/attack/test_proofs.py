"""Drift and duplicates: what people do in QuickBooks is found whatever day it concerns, and nothing else."""

import re
from typing import Any

import pytest

from tests.attack import proof
from tests.attack.world import DAY, Arena, Run, Session, World


def _loaded(world: World) -> list[dict[str, Any]]:
    """Load the day green; return our invoices of it."""
    with world.session() as session:
        assert session.materialize().is_green
    return [doc for doc in world.state()["Invoice"] if "ServiceTitan invoice" in doc.get("PrivateNote", "")]


def _edits(run: Run) -> set[tuple[str, str, str, str]]:
    """Return (document, field, confirmed, now) of the table that a drift proof shows."""
    table = run.told("no_drift").get("edits", "")
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    rows = [[_words(cell) for cell in line.strip("|").split("|")] for line in lines]
    return {(row[1], row[4], row[5], row[6]) for row in rows}


def _words(cell: str) -> str:
    """Return what a cell says, without the page it leads to."""
    return re.sub(r"^\[(.*)\]\(.*\)$", r"\1", cell.strip())


@pytest.mark.rule("5.3")
def test_paying_depositing_and_mailing_100_clean_invoices_raises_no_drift(arena: Arena) -> None:
    with arena.world(seed=9, invoices_per_day=130) as world:
        invoices = _loaded(world)[:100]
        assert len(invoices) == 100
        for doc in invoices:
            world.act("quickbooks", "email", id=doc["Id"], to="somebody@example.com")
            if doc["Balance"]:
                amount, customer = str(doc["Balance"]), doc["CustomerRef"]["value"]
                paid = {"customer": customer, "amount": amount, "invoices": [doc["Id"]], "date": DAY}
                world.act("quickbooks", "type_payment", **paid)
        state = world.state()
        lying = next(each["Id"] for each in state["Account"] if each["Name"] == "Undeposited Funds")
        ours = [
            doc["Id"]
            for doc in state["Payment"]
            if doc["DepositToAccountRef"]["value"] == lying and not _is_deposited(doc)
        ]
        assert ours
        world.act("quickbooks", "deposit", payments=ours, date=DAY)
        assert all(doc["Balance"] == 0 for doc in world.state()["Invoice"] if doc["Id"] in _ids(invoices))
        with world.session() as session:
            drift = session.prove("drift")
            compared = session.materialize(only=["books/tie_out"])
        assert drift.passes("no_drift")
        assert drift.told("no_drift")["changed_in_quickbooks"] >= 100
        assert compared.passes("ties_out", DAY)


@pytest.mark.rule("5.3", "6.4", "11")
def test_edits_deletions_and_copies_are_found_field_by_field_and_their_end_too(arena: Arena) -> None:
    with arena.world(seed=4, invoices_per_day=12) as world:
        invoices = _loaded(world)
        edited, renumbered, deleted, copied, *_ = invoices
        with world.session() as session:
            assert session.prove("drift").passes("no_drift")
            assert session.prove("duplicates").passes("no_duplicates")
            _spoil(world, edited, renumbered, deleted, copied)
            _finds_drift(world, session, edited, renumbered, deleted)
            _finds_copies(world, session, copied)


def _spoil(world: World, edited: Any, renumbered: Any, deleted: Any, copied: Any) -> None:
    world.act("quickbooks", "change_date", id=edited["Id"], date="2026-03-10")
    world.act("quickbooks", "change_number", id=renumbered["Id"], to="X-1")
    world.act("quickbooks", "delete", id=deleted["Id"])
    _copy(world, copied, date="2025-01-15")


def _copy(world: World, doc: dict[str, Any], *, date: str) -> str:
    lines = [{"item": doc["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"], "amount": "1.00"}]
    what = {"customer": doc["CustomerRef"]["value"], "date": date, "lines": lines, "note": doc["PrivateNote"]}
    return world.act("quickbooks", "type_invoice", **what)["Invoice"]["Id"]


def _finds_drift(world: World, session: Session, edited: Any, renumbered: Any, deleted: Any) -> None:
    run = session.prove("drift")
    assert not run.passes("no_drift")
    assert _edits(run) == {
        (f"Invoice {edited['Id']}", "date", DAY, "2026-03-10"),
        # It follows from the date by the term, and we write it too.
        (f"Invoice {edited['Id']}", "due", DAY, "2026-03-10"),
        (f"Invoice {renumbered['Id']}", "number", renumbered["DocNumber"], "X-1"),
        (f"Invoice {deleted['Id']}", "deleted", "", "deleted"),
    }
    assert run.told("no_drift")["metered_calls"] == 1
    # Asked again, QuickBooks tells the same once more; nothing is new.
    assert session.prove("drift").told("no_drift")["newly_drifted"] == 0
    world.act("quickbooks", "change_date", id=edited["Id"], date=DAY)
    healed = session.prove("drift")
    assert healed.told("no_drift")["healed"] == 1
    assert len(_edits(healed)) == 2


def _finds_copies(world: World, session: Session, copied: Any) -> None:
    """A copy long before the days that are compared is known from the changes; its deletion is seen too."""
    run = session.prove("duplicates")
    assert not run.passes("no_duplicates")
    assert f"Invoice {copied['Id']}" in run.told("no_duplicates")["documents"]
    source = proof.marked_docs(world, copied["PrivateNote"])
    for doc in source:
        if doc["Id"] != copied["Id"]:
            world.act("quickbooks", "delete", id=doc["Id"])
    assert session.prove("duplicates").passes("no_duplicates")
    # One that no call has shown yet is found by reading everything.
    _copy(world, copied, date="2025-02-01")
    assert session.prove("duplicates").passes("no_duplicates")
    scanned = session.prove("duplicates", full_scan=True)
    assert not scanned.passes("no_duplicates")
    assert scanned.told("no_duplicates")["metered_calls"] <= 3


def _is_deposited(doc: dict[str, Any]) -> bool:
    return any(link["TxnType"] == "Deposit" for link in doc.get("LinkedTxn", ()))


def _ids(docs: list[dict[str, Any]]) -> set[str]:
    return {doc["Id"] for doc in docs}
