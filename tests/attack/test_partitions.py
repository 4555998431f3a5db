"""What turns what red, and what turns it green again: exactly the (asset, day) that failed.

One bad invoice of many leaves its neighbours posted; mending its cause and loading its day writes only
what was missing. What has not changed is not written again.
"""

from collections import Counter

import pytest

from tests.attack import proof
from tests.attack.proof import Doc
from tests.attack.world import DAY, Arena, Session, World

_BEFORE = "2026-03-11"
_DAYS = (_BEFORE, DAY)
_ENTITIES = ("items", "customers", "invoices", "credit_memos", "payments")
_PER_DAY = 20


@pytest.mark.rule("3.2", "5.1", "6.2")
def test_one_bad_invoice_fails_its_own_day_alone_and_heals_alone(arena: Arena) -> None:
    with arena.world(seed=5, days=2, invoices_per_day=_PER_DAY) as world, world.session() as session:
        bad, its_payments = _paid_invoice(world)
        others = {kind: len(_due_on_both_days(world, kind)) for kind in ("invoices", "payments")}
        right = _spoil(world, bad)

        run = session.materialize(*_DAYS)

        assert not run.success
        assert run.passes("ties_out", _BEFORE)
        assert not run.passes("ties_out", DAY)
        assert _statuses(session) == _all_materialized() | {("loaded/invoices", DAY): "FAILED"}
        assert proof.count(world, "Invoice") == others["invoices"] - 1
        assert proof.count(world, "Payment") == others["payments"] - its_payments

        world.act("servicetitan", "update", resource="invoices", id=bad["id"], set=right, totals="as given")
        log_end = world.log_end()
        healed = session.materialize(DAY, only=["loaded/invoices"])

        assert healed.success
        assert _statuses(session) == _all_materialized()
        written = _writes(world, since=log_end)
        assert (written["invoice"], written["payment"]) == (1, its_payments)
        assert written["customer"] == 0
        assert session.materialize(*_DAYS, only=["books/tie_out"]).is_green
        assert proof.problems(world, *_DAYS) == []


@pytest.mark.rule("5.3", "6.3")
def test_an_unchanged_day_writes_nothing_and_costs_five_calls_at_most(arena: Arena) -> None:
    with arena.world(seed=5) as world:
        with world.session() as session:
            assert session.materialize().is_green
        log_end = world.log_end()
        with world.session() as session:
            assert session.materialize().is_green
        asked = [entry["path"] for entry in world.requests(since=log_end)]
        assert _writes(world, since=log_end) == {}
        assert len(asked) <= 5, asked


@pytest.mark.rule("5.1", "5.3")
def test_an_edit_there_and_back_ends_where_it_began(arena: Arena) -> None:
    with arena.world(seed=5) as world:
        with world.session() as session:
            assert session.materialize().is_green
        invoice = proof.due_documents(world, "invoices", DAY)[0]
        first = proof.marked_doc(world, "invoice", invoice["id"])
        item, totals = invoice["items"][0], []
        for price in (str(proof.amount(item["price"]) + 25), item["price"], item["price"]):
            row = {"id": item["id"], "price": price}
            world.act("servicetitan", "update", resource="invoices", id=invoice["id"], set={"items": [row]})
            with world.session() as session:
                assert session.materialize().is_green
            totals.append(proof.marked_doc(world, "invoice", invoice["id"])["TotalAmt"])
        assert totals[0] > first["TotalAmt"]
        assert totals[1:] == [first["TotalAmt"]] * 2
        assert proof.problems(world, DAY) == []


def _due_on_both_days(world: World, kind: str) -> list[Doc]:
    return [doc for day in _DAYS for doc in proof.due_documents(world, kind, day)]


def _paid_invoice(world: World) -> tuple[Doc, int]:
    """Return an invoice of the second day that is paid, and how many payments are applied to it."""
    applied = Counter(
        row["appliedTo"] for doc in _due_on_both_days(world, "payments") for row in doc["appliedTo"]
    )
    paid = [doc for doc in proof.due_documents(world, "invoices", DAY) if applied[doc["id"]]]
    return paid[0], applied[paid[0]["id"]]


def _spoil(world: World, invoice: Doc) -> dict[str, str]:
    """Let the invoice's total not add up; return what puts it right."""
    wrong = str(proof.amount(invoice["total"]) + 1)
    world.act(
        "servicetitan",
        "update",
        resource="invoices",
        id=invoice["id"],
        set={"total": wrong},
        totals="as given",
    )
    return {"total": invoice["total"]}


def _statuses(session: Session) -> dict[tuple[str, str], str | None]:
    assets = [*(f"loaded/{entity}" for entity in _ENTITIES), "books/tie_out"]
    return {
        (asset, day): status
        for asset in assets
        for day, status in session.ask("statuses", asset=asset, days=_DAYS).items()
    }


def _all_materialized() -> dict[tuple[str, str], str | None]:
    assets = [*(f"loaded/{entity}" for entity in _ENTITIES), "books/tie_out"]
    return {(asset, day): "MATERIALIZED" for asset in assets for day in _DAYS}


def _writes(world: World, *, since: int) -> Counter[str]:
    """Return the writes QuickBooks was asked for, by entity."""
    return Counter(
        entry["path"].rsplit("/", 1)[1]
        for entry in world.requests(since=since)
        if entry["method"] == "POST" and "/v3/" in entry["path"] and "requestid=" in entry["query"]
    )
