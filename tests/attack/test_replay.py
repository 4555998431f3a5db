"""What an outage left undone is done by itself when it is over; what was refused waits for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.attack import proof
from tests.attack.proof import Doc
from tests.attack.world import DAY, Arena, Session, World

_ENTITIES = ("items", "customers", "invoices", "credit_memos", "payments")


@dataclass
class Sensor:
    """`replay_failed` of a session, with its cursor."""

    session: Session
    cursor: str | None = None

    def look(self, *, hours: float) -> dict[str, Any]:
        seen = self.session.ask("look", hours=hours, cursor=self.cursor)
        self.cursor = seen["cursor"]
        return seen


@pytest.mark.rule("5.1", "5.2")
def test_a_day_without_quickbooks_drains_by_itself_when_it_is_over(arena: Arena) -> None:
    with arena.world(seed=2) as world, world.session() as session:
        sensor = Sensor(session)
        assert sensor.look(hours=0)["said"] == "Nothing failed that passes."
        world.faults({"kind": "reset", "method": "POST", "path": "*/invoice"})
        assert not session.materialize().success
        world.faults({"kind": "http_503_html", "half": "quickbooks"})
        assert not session.materialize().success
        assert "No answer yet" in sensor.look(hours=0.1)["said"]
        assert "The next try" in sensor.look(hours=0.1)["said"]
        world.wait(86_400)
        assert "No answer yet" in sensor.look(hours=24)["said"]
        assert proof.count(world, "Invoice") == 0

        world.faults()
        [run] = sensor.look(hours=24.5)["runs"]

        assert run["days"] == [DAY, DAY]
        assert run["success"]
        assert set(_statuses(session).values()) == {"MATERIALIZED"}
        assert proof.problems(world, DAY) == []
        assert sensor.look(hours=24.6)["said"] == "Nothing failed that passes."


@pytest.mark.rule("5.1", "5.3")
def test_single_records_are_loaded_alone_and_what_was_refused_is_not_tried_by_itself(arena: Arena) -> None:
    with arena.world(seed=2) as world, world.session() as session:
        one, other = proof.due_documents(world, "invoices", DAY)[:2]
        wrong = {bad["id"]: _spoil(world, bad) for bad in (one, other)}
        assert not session.materialize().success
        assert Sensor(session).look(hours=1)["said"] == "Nothing failed that passes."
        for id_, right in wrong.items():
            world.act("servicetitan", "update", resource="invoices", id=id_, set=right, totals="as given")

        log_end = world.log_end()
        first = session.ask("load_records", records=[f"invoice:{one['id']}"])

        assert first["success"], first["failures"]
        assert _documents(world, since=log_end) == ["invoice"]
        assert _statuses(session)["loaded/invoices"] == "FAILED"
        for _ in range(2):  # the second finds it there
            assert session.ask("load_records", records=[f"invoice:{other['id']}"])["success"]
        assert _documents(world, since=log_end) == ["invoice", "invoice"]
        assert _statuses(session)["loaded/invoices"] == "MATERIALIZED"
        assert session.materialize(DAY).is_green  # their payments follow
        assert proof.problems(world, DAY) == []


def _spoil(world: World, invoice: Doc) -> Mapping[str, str]:
    """Let the invoice's total not add up; return what puts it right."""
    wrong = {"total": str(proof.amount(invoice["total"]) + 1)}
    world.act("servicetitan", "update", resource="invoices", id=invoice["id"], set=wrong, totals="as given")
    return {"total": invoice["total"]}


def _statuses(session: Session) -> dict[str, str | None]:
    assets = [*(f"loaded/{entity}" for entity in _ENTITIES), "books/tie_out"]
    return {asset: session.ask("statuses", asset=asset, days=[DAY])[DAY] for asset in assets}


def _documents(world: World, *, since: int) -> list[str]:
    """Return the documents QuickBooks was asked to write; what they cannot be without is no document."""
    asked = [
        entry["path"].rsplit("/", 1)[1]
        for entry in world.requests(since=since)
        if entry["method"] == "POST" and "/v3/" in entry["path"] and "requestid=" in entry["query"]
    ]
    return [entity for entity in asked if entity not in ("customer", "item")]
