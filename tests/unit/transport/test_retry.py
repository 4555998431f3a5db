"""Trying again: how often, how long, and when not at all."""

import pytest

from st_qbo_assets.domain.errors import RateLimited, RemoteFault, SyncError, TransportError, UncertainOutcome
from st_qbo_assets.transport.retry import RetryPolicy
from tests.unit.transport.fake_http import FakeTime


class Flaky:
    """Fails with these errors, then works."""

    def __init__(self, *errors: SyncError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def policy(
    time: FakeTime, *, chance: float = 0.0, attempts: int = 5, total_seconds: float = 300.0
) -> RetryPolicy:
    return RetryPolicy(
        attempts=attempts,
        total_seconds=total_seconds,
        first_delay_seconds=1.0,
        longest_delay_seconds=4.0,
        jitter=0.5,
        clock=time.clock,
        sleep=time.sleep,
        chance=lambda: chance,
    )


def test_waits_double_up_to_a_limit(time: FakeTime) -> None:
    assert policy(time).call(Flaky(*[TransportError("down")] * 4)) == "done"
    assert time.slept == [1.0, 2.0, 4.0, 4.0]


def test_waits_are_spread_by_chance(time: FakeTime) -> None:
    policy(time, chance=0.5).call(Flaky(TransportError("down")))
    assert time.slept == [1.25]


def test_attempts_end_and_the_last_error_goes_up(time: FakeTime) -> None:
    flaky = Flaky(*[TransportError(str(number)) for number in range(9)])
    with pytest.raises(TransportError, match="2"):
        policy(time, attempts=3).call(flaky)
    assert flaky.calls == 3


def test_no_wait_begins_that_would_end_too_late(time: FakeTime) -> None:
    flaky = Flaky(*[RateLimited("wait", retry_after_seconds=60)] * 9)
    with pytest.raises(RateLimited):
        policy(time, attempts=9, total_seconds=150.0).call(flaky)
    assert time.slept == [60.0, 60.0]


def test_the_vendors_wait_is_kept_though_longer_than_ours(time: FakeTime) -> None:
    policy(time, chance=0.1).call(Flaky(RateLimited("wait", retry_after_seconds=60)))
    assert time.slept == [pytest.approx(63.0)]


def test_a_refusal_is_not_tried_again(time: FakeTime) -> None:
    flaky = Flaky(RemoteFault("no", code="2020"))
    with pytest.raises(RemoteFault):
        policy(time).call(flaky)
    assert (flaky.calls, time.slept) == (1, [])


def test_which_errors_are_tried_again_is_the_policys_choice(time: FakeTime) -> None:
    flaky = Flaky(UncertainOutcome("lost"))
    careful = RetryPolicy(retry_on=(RateLimited,), sleep=time.sleep, clock=time.clock)
    with pytest.raises(UncertainOutcome):
        careful.call(flaky)
    assert flaky.calls == 1
