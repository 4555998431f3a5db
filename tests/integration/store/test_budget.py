import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from st_qbo_assets.domain.errors import RateLimited
from st_qbo_assets.store.budget import Budget, BudgetLimits
from st_qbo_assets.store.database import Database
from tests.integration.store.builders import REALM


class Timeline:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 31, 23, 50, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


@pytest.fixture
def make(database: Database, timeline: Timeline):
    """A maker of budgets that live on the timeline; each stands for one process."""
    clocked = Database(database.url, clock=timeline)
    made: list[Budget] = []

    def _make(**changes: float) -> Budget:
        budget = Budget(clocked, REALM, limits=BudgetLimits(**changes), sleep=timeline.sleep)  # pyright: ignore[reportArgumentType]
        made.append(budget)
        return budget

    yield _make
    for budget in made:
        budget.close()
    clocked.dispose()


def _spend(budget: Budget, timeline: Timeline, calls: int, kind: str = "write") -> list[float]:
    sent: list[float] = []
    for _ in range(calls):
        budget.acquire(kind, metered=False)  # pyright: ignore[reportArgumentType]
        sent.append(timeline.now.timestamp())
        budget.release()
    return sent


def _most_within(sent: list[float], seconds: float) -> int:
    return max(sum(1 for other in sent if start <= other < start + seconds) for start in sent)


@pytest.mark.rule("11")
@pytest.mark.parametrize(("per_second", "per_minute"), [(8, 400), (10, 500), (10, 30)])
def test_no_second_and_no_minute_holds_more_than_it_may(
    make: Callable[..., Budget], timeline: Timeline, per_second: int, per_minute: int
) -> None:
    budget = make(per_second=per_second, per_minute=per_minute)

    sent = _spend(budget, timeline, 3 * per_minute // 2)

    assert _most_within(sent, 1) <= per_second
    assert _most_within(sent, 60) <= per_minute


@pytest.mark.rule("11")
@pytest.mark.parametrize(("per_second", "per_minute"), [(8, 400), (10, 500), (2, 500)])
def test_a_busy_budget_is_used_to_more_than_nine_tenths(
    make: Callable[..., Budget], timeline: Timeline, per_second: int, per_minute: int
) -> None:
    budget = make(per_second=per_second, per_minute=per_minute)

    sent = _spend(budget, timeline, 450)

    configured = min(per_second, per_minute / 60)
    assert len(sent) / (sent[-1] - sent[0]) >= 0.97 * configured


@pytest.mark.rule("11")
def test_a_pause_saves_up_no_more_than_a_short_burst(make: Callable[..., Budget], timeline: Timeline) -> None:
    budget = make()
    _spend(budget, timeline, 50)
    timeline.sleep(3600)

    sent = _spend(budget, timeline, 400)

    assert _most_within(sent, 60) <= 400
    assert sent[4] - sent[0] < 0.6


@pytest.mark.rule("11")
def test_batches_have_a_limit_of_their_own_and_count_as_calls(
    make: Callable[..., Budget], timeline: Timeline
) -> None:
    budget = make()

    sent = _spend(budget, timeline, 120, kind="batch")

    assert _most_within(sent, 60) <= 40
    assert len(sent) / (sent[-1] - sent[0]) >= 0.9 * 40 / 60


@pytest.mark.rule("11")
def test_two_processes_share_one_budget(make: Callable[..., Budget], timeline: Timeline) -> None:
    first, second = make(), make()

    sent = [
        moment for _ in range(220) for budget in (first, second) for moment in _spend(budget, timeline, 1)
    ]

    assert _most_within(sent, 1) <= 8
    assert _most_within(sent, 60) <= 400


def test_two_accounts_do_not_wait_for_each_other(database: Database, timeline: Timeline) -> None:
    clocked = Database(database.url, clock=timeline)
    budgets = [Budget(clocked, account, sleep=timeline.sleep) for account in ("1", "2")]
    began = timeline.now

    for budget in budgets:
        budget.acquire("write", metered=False)

    assert timeline.now == began
    for budget in budgets:
        budget.close()
    clocked.dispose()


def test_a_throttle_puts_the_account_to_sleep_for_everybody(
    make: Callable[..., Budget], timeline: Timeline
) -> None:
    first, second = make(), make()
    first.acquire("write", metered=False)
    first.release()
    throttled = timeline.now

    first.penalise(60)
    second.acquire("write", metered=False)

    assert (timeline.now - throttled).total_seconds() >= 60


def test_a_call_that_was_waiting_when_the_throttle_came_sleeps_too(
    make: Callable[..., Budget], timeline: Timeline
) -> None:
    throttler = make()
    waiting = make()
    for _ in range(3):
        _spend(waiting, timeline, 5)
    throttled: list[datetime] = []

    def sleep(seconds: float) -> None:
        timeline.sleep(seconds)
        if not throttled:
            throttled.append(timeline.now)
            throttler.penalise(60)

    waiting._sleep = sleep  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - a seam in time
    waiting.acquire("write", metered=False)

    assert (timeline.now - throttled[0]).total_seconds() >= 60


def test_a_wait_longer_than_it_may_be_is_refused_with_its_length(make: Callable[..., Budget]) -> None:
    budget = make(longest_wait_seconds=30)
    budget.penalise(60)

    with pytest.raises(RateLimited) as refused:
        budget.acquire("write", metered=False)

    assert refused.value.retry_after_seconds == pytest.approx(60)


@pytest.mark.rule("11")
def test_metered_reads_are_counted_by_month_and_end_at_the_quota(
    make: Callable[..., Budget], timeline: Timeline
) -> None:
    budget = make(read_quota=3)
    for metered in (True, True, False, True):
        budget.acquire("read", metered=metered)
        budget.release()

    assert budget.metered_reads(date(2026, 3, 31)) == 3
    with pytest.raises(RateLimited, match="used up"):
        budget.acquire("read", metered=True)
    budget.acquire("write", metered=False)
    budget.release()
    timeline.sleep(3600)
    budget.acquire("read", metered=True)
    assert budget.metered_reads(date(2026, 4, 1)) == 1


@pytest.mark.rule("11")
def test_the_sixth_call_waits_until_one_of_five_has_ended(
    make: Callable[..., Budget], timeline: Timeline
) -> None:
    budgets = [make() for _ in range(6)]
    for budget in budgets[:5]:
        budget.acquire("write", metered=False)
    ended: list[datetime] = []

    def sleep(seconds: float) -> None:
        timeline.sleep(seconds)
        if not ended and (timeline.now - began).total_seconds() > 20:
            ended.append(timeline.now)
            budgets[2].release()

    began = timeline.now
    budgets[5]._sleep = sleep  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - a seam in time
    budgets[5].acquire("write", metered=False)

    assert ended
    assert (timeline.now - ended[0]).total_seconds() <= 0.1


@pytest.mark.rule("11")
def test_a_place_whose_holder_hangs_is_given_on_after_its_lease(
    make: Callable[..., Budget], timeline: Timeline
) -> None:
    stuck, next_one = make(in_flight=1), make(in_flight=1)
    stuck.acquire("write", metered=False)
    began = timeline.now

    next_one.acquire("write", metered=False)

    assert 175 <= (timeline.now - began).total_seconds() <= 185


_KILLED = """
import sys
from st_qbo_assets.store.budget import Budget, BudgetLimits
from st_qbo_assets.store.database import Database
budget = Budget(Database(sys.argv[1]), sys.argv[2], limits=BudgetLimits(in_flight=1))
budget.acquire("write", metered=False)
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.mark.rule("11")
def test_places_of_a_killed_process_are_free_at_once(database: Database) -> None:
    command = [sys.executable, "-c", _KILLED, database.url, REALM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
        process.wait()
    budget = Budget(database, REALM, limits=BudgetLimits(in_flight=1))
    began = time.monotonic()

    budget.acquire("write", metered=False)

    assert time.monotonic() - began < 20  # its lease would last 180
    budget.close()


@pytest.mark.rule("11")
def test_five_threads_never_pass_the_configured_rate_nor_wait_longer_than_it_asks(database: Database) -> None:
    limits = BudgetLimits(per_second=100, per_minute=100_000, in_flight=5)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    budget = Budget(database, REALM, limits=limits, sleep=wait)
    sent: list[float] = []
    flying: list[int] = []
    flights = 0
    guard = threading.Lock()

    def write() -> None:
        nonlocal flights
        for _ in range(40):
            budget.acquire("write", metered=False)
            with guard:
                flights += 1
                flying.append(flights)
                sent.append(time.monotonic())
            time.sleep(0.01)
            with guard:
                flights -= 1
            budget.release()

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    budget.close()
    assert _most_within(sent, 1) <= 100
    assert max(flying) <= 5
    # At that rate five threads together wait no longer than this, however slow the machine is.
    assert sum(waits) <= 5 * len(sent) * limits.gaps()["call_gap"]


def test_a_restarted_server_costs_no_call(database: Database) -> None:
    budget = Budget(database, REALM)
    budget.acquire("write", metered=False)
    budget.release()
    with database.autocommit() as connection:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))

    budget.acquire("write", metered=False)
    budget.release()
    budget.close()
