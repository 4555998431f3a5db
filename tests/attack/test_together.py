"""Two processes that load the same day at the same time write it once."""

from collections import Counter

import pytest

from tests.attack import proof
from tests.attack.world import DAY, Arena, Run, World


@pytest.mark.rule("5.1")
@pytest.mark.parametrize("seed", [6, 7])
def test_two_processes_at_the_same_time_write_a_day_once(arena: Arena, seed: int) -> None:
    with arena.world(seed=seed, invoices_per_day=10) as world:
        runs = _run_together(world)
        assert all(run.is_green for run in runs), runs
        assert proof.problems(world, DAY) == []
        sent = Counter(
            (entry["path"], entry["query"])
            for entry in world.requests()
            if entry["method"] == "POST" and "requestid=" in entry["query"]
        )
        assert sent
        assert set(sent.values()) == {1}
        assert len(sent) == sum(run.passed.get("after_intent", 0) for run in runs)


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
