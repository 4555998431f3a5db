"""Two processes that load the same day at the same time write it once."""

from collections import Counter

import pytest

from tests.attack import proof
from tests.attack.world import DAY, Arena, Run, World


@pytest.mark.rule("5.1")
def test_two_processes_at_the_same_time_write_a_day_once(arena: Arena) -> None:
    with arena.world(seed=6, invoices_per_day=10) as world:
        runs = _run_together(world)
        assert all(run.is_green for run in runs), runs
        assert proof.problems(world, DAY) == []
        assert len(_sent_once(world)) == sum(run.passed.get("after_intent", 0) for run in runs)


@pytest.mark.rule("5.1")
def test_a_replay_of_single_records_beside_a_load_of_their_day_writes_them_once(arena: Arena) -> None:
    with arena.world(seed=7, invoices_per_day=10) as world:
        records = [f"invoice:{each['id']}" for each in proof.due_documents(world, "invoices", DAY)]
        with world.session() as one, world.session() as other:
            one.begin("materialize", days=[DAY])
            other.begin("load_records", records=records)
            assert Run(**one.answer()).is_green
            replayed = other.answer()
        assert replayed["success"], replayed["failures"]
        assert proof.problems(world, DAY) == []
        assert _sent_once(world)


def _sent_once(world: World) -> Counter[tuple[str, str]]:
    """Return every write that was asked of QuickBooks, none of them twice."""
    sent = Counter(
        (entry["path"], entry["query"])
        for entry in world.requests()
        if entry["method"] == "POST" and "requestid=" in entry["query"]
    )
    assert set(sent.values()) == {1}
    return sent


@pytest.mark.rule("5.1", "5.2")
def test_two_processes_at_the_same_time_under_lost_answers_book_once(arena: Arena) -> None:
    with arena.world(seed=8, invoices_per_day=10) as world:
        world.faults({"kind": "lost_response", "probability": 0.3}, seed=8)
        _run_together(world)
        world.faults()
        with world.session() as session:
            assert session.materialize().is_green
        assert proof.problems(world, DAY) == []


def _run_together(world: World) -> list[Run]:
    """Let two processes materialize the whole day, begun at the same moment; return both runs."""
    with world.session() as one, world.session() as other:
        for session in (one, other):
            session.begin("materialize", days=[DAY])
        return [Run(**session.answer()) for session in (one, other)]
