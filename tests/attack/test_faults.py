"""Everything a network and a vendor can do to a call: after a few runs the day is green, and booked once."""

from collections.abc import Mapping, Sequence

import pytest

from tests.attack import proof
from tests.attack.world import DAY, Arena, World

_MOST_RUNS = 6
#: Kind and how often; a call is tried again a few times within a run, so that these fail some of them.
_KINDS: Mapping[str, float] = {
    "lost_response": 0.4,
    "reset": 0.4,
    "http_500": 0.4,
    "http_503_html": 0.4,
    "http_429": 0.3,
    "truncated": 0.4,
    "token_expired": 0.06,  # twice running is no fault but a refusal
}


def _run_until_green(world: World) -> int:
    """Run the day in a process after the other; return how many it took."""
    for number in range(1, _MOST_RUNS + 1):
        with world.session() as session:
            if session.materialize().is_green:
                return number
    return pytest.fail(f"not green after {_MOST_RUNS} runs")


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("kind", _KINDS)
def test_a_fault_of_every_kind_ends_with_everything_booked_once(arena: Arena, kind: str) -> None:
    with arena.world(seed=1) as world:
        world.faults({"kind": kind, "probability": _KINDS[kind]}, seed=1)
        _run_until_green(world)
        assert world.fault_hits() >= 3
        assert proof.problems(world, DAY) == []


@pytest.mark.rule("5.1", "5.2")
@pytest.mark.parametrize("seed", [1, 2])
def test_all_faults_together_end_with_everything_booked_once(arena: Arena, seed: int) -> None:
    with arena.world(seed=seed) as world:
        rules = [{"kind": kind, "probability": 0.06} for kind in _KINDS]
        world.faults(*rules, seed=seed)
        _run_until_green(world)
        assert world.fault_hits() >= 3
        assert proof.problems(world, DAY) == []


@pytest.mark.rule("5.1", "5.3")
def test_an_object_touched_just_before_an_update_is_read_again_and_updated(arena: Arena) -> None:
    with arena.world(seed=2) as world:
        with world.session() as session:
            assert session.materialize().is_green
        edited = proof.due_documents(world, "invoices", DAY)[:2]
        for invoice in edited:
            _charge_more(world, invoice)
        world.faults({"kind": "stale", "method": "POST", "path": "*/invoice", "times": 2})
        _run_until_green(world)
        assert world.fault_hits() == 2
        assert proof.problems(world, DAY) == []


@pytest.mark.rule("5.1")
def test_a_server_that_is_down_is_not_waited_for_and_replayed_when_it_answers(arena: Arena) -> None:
    with arena.world(seed=2) as world:
        world.faults({"kind": "http_503_html", "half": "quickbooks", "method": "POST", "path": "*/invoice"})
        with world.session() as session:
            run = session.materialize()
        assert not run.success
        assert proof.count(world, "Invoice") == 0
        world.faults()
        assert _run_until_green(world) == 1
        assert proof.problems(world, DAY) == []


@pytest.mark.rule("5.1")
def test_a_grant_that_ended_stops_the_connection_and_the_next_consent_goes_on(arena: Arena) -> None:
    with arena.world(seed=2) as world:
        world.faults({"kind": "reset", "method": "POST", "path": "*/payment"})
        with world.session() as session:
            assert not session.materialize().success
        world.faults()
        world.act("quickbooks", "revoke")
        with world.session() as session:
            run = session.materialize()
            assert not run.success
            assert session.ask("connection", system="quickbooks") == "invalid_grant"
            assert session.ask("connection", system="servicetitan") is None
            session.ask("connect")
            assert session.ask("connection", system="quickbooks") is None
        assert _run_until_green(world) == 1
        assert proof.problems(world, DAY) == []


def _charge_more(world: World, invoice: Mapping[str, object]) -> None:
    """Raise the price of an invoice's first line in ServiceTitan."""
    items = invoice["items"]
    assert isinstance(items, Sequence)
    row = {"id": items[0]["id"], "price": str(proof.amount(items[0]["price"]) + 10)}
    world.act("servicetitan", "update", resource="invoices", id=invoice["id"], set={"items": [row]})
