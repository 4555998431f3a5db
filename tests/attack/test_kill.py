"""Killed by SIGKILL while a third of all answers are lost: run again, and the books are as if nothing was.

Each seed is a history of its own: where the process dies, once or twice, and whether an hour passes
before the next run, in which QuickBooks forgets request ids and access tokens end.
"""

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.attack import proof
from tests.attack.world import DAY, Arena, SessionDied, World

#: One seed of each in every group; passes of a run that nothing disturbs, so that most seeds die.
_MOMENTS: Mapping[str, int] = {
    "after_intent": 20,
    "after_send": 20,
    "before_close": 20,
    "rotation": 3,
    "io": 900,
}
_LOST: Mapping[str, object] = {"kind": "lost_response", "probability": 0.3}
_ENTITIES = ("items", "customers", "invoices", "credit_memos", "payments")
_LOADED = (*(f"loaded/{entity}" for entity in _ENTITIES), "books/tie_out")
_MOST_RUNS = 12
_HOUR_SECONDS = 3600


@dataclass
class _History:
    """What a seed has lived through."""

    seed: int
    deaths: list[str] = field(default_factory=list)
    reconnected: int = 0
    runs: int = 0
    wrong: list[str] = field(default_factory=list)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "group" in metafunc.fixturenames:
        groups = -(-metafunc.config.getoption("--attack-seeds") // len(_MOMENTS))
        metafunc.parametrize("group", range(groups))


@pytest.mark.rule("5.1", "5.2", "6.1")
def test_killed_anywhere_the_next_runs_end_with_everything_booked_once(arena: Arena, group: int) -> None:
    first = group * len(_MOMENTS)
    with ThreadPoolExecutor(2) as lanes:
        undisturbed = lanes.submit(_undisturbed, arena, group)
        futures = [lanes.submit(_live, arena, first + n, moment) for n, moment in enumerate(_MOMENTS)]
        lived = [future.result() for future in futures]
        expected = undisturbed.result()
    wrong = {history.seed: history.wrong for history, _ in lived if history.wrong}
    for history, books in lived:
        if differing := proof.contrast(books, expected):
            wrong[history.seed] = [*history.wrong, *differing]
    if wrong:
        lines = [f"{history}\n  " + "\n  ".join(wrong.get(history.seed, ["right"])) for history, _ in lived]
        pytest.fail("\n".join(lines))
    assert sum(1 for history, _ in lived if history.deaths) >= 3, lived


def _undisturbed(arena: Arena, data: int) -> dict[str, list[str]]:
    """Return the books of the same business when nothing goes wrong."""
    with arena.world(seed=data) as world:
        with world.session() as session:
            assert session.materialize().is_green
        assert not proof.problems(world, DAY)
        return proof.canonical(world)


def _live(arena: Arena, seed: int, moment: str) -> tuple[_History, dict[str, list[str]]]:
    chance, history = random.Random(seed), _History(seed)
    with arena.world(seed=seed // len(_MOMENTS)) as world:
        rotates = moment == "rotation" and chance.random() < 0.5
        if moment == "rotation":
            world.wait(_HOUR_SECONDS)  # the access token has ended, so that the run must refresh
        if rotates:
            world.switch(refresh_rotation_hours=0)
        world.faults({**_LOST, "path": "*/v3/*"} if rotates else _LOST, seed=seed)
        plan = [(moment, chance.randint(1, _MOMENTS[moment]))]
        if chance.random() < 0.4:
            again = chance.choice(list(_MOMENTS))
            plan.append((again, chance.randint(1, _MOMENTS[again])))
        is_green = False
        while not is_green and history.runs < _MOST_RUNS:
            is_green = _run_once(world, history, plan, chance)
        history.wrong += _judge(world, history, is_green=is_green, may_reconnect=rotates)
        return history, proof.canonical(world)


def _run_once(world: World, history: _History, plan: list[tuple[str, int]], chance: random.Random) -> bool:
    """Run the day, perhaps to death; return whether it ended green."""
    history.runs += 1
    has_frames = bool(history.deaths) and not history.deaths[-1].startswith(("io", "rotation"))
    only = _LOADED if has_frames and chance.random() < 0.5 else None
    with world.session() as session:
        if plan:
            moment, nth = plan.pop(0)
            session.ask("arm", moment=moment, nth=nth)
        try:
            run = session.materialize(only=only)
        except SessionDied as death:
            history.deaths.append(str(death))
            if chance.random() < 0.5:
                world.wait(_HOUR_SECONDS)
            return False
        if any("invalid_grant" in failure for failure in run.failures):
            session.ask("connect")  # as the failure tells a person to
            history.reconnected += 1
        return run.is_green


def _judge(world: World, history: _History, *, is_green: bool, may_reconnect: bool) -> list[str]:
    wrong = proof.problems(world, DAY)
    with world.session() as session:
        newest = session.ask("tie_out", day=DAY)
    if not is_green:
        wrong.append(f"not green after {history.runs} runs: {newest}")
    elif newest["difference_cents"] or newest["unexplained_cents"]:
        wrong.append(f"green with a difference: {newest}")
    if history.reconnected and not may_reconnect:
        wrong.append("a person had to connect again")
    return wrong
