"""A clock that only moves when it is told to, and a sleep that moves it."""

from dataclasses import dataclass

from st_qbo_assets.transport.retry import RetryPolicy


@dataclass
class FakeClock:
    """Seconds since the start of a test."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def quick_retry(clock: FakeClock, *, attempts: int = 5) -> RetryPolicy:
    """A policy that waits on the fake clock."""
    return RetryPolicy(attempts=attempts, clock=clock, sleep=clock.advance, chance=lambda: 0.5)
