"""Limits of calls over time.

Belongs here: sliding windows of reference §5.1 and the counters of §5.2. Does not belong here: the 429 body.
"""

from __future__ import annotations

from collections import deque

from st_qbo_sandbox.clock import Clock


class Throttle:
    """Counts accepted calls in sandbox time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}
        self.throttled = 0
        self.metered: dict[str, int] = {}

    def admit(self, limits: list[tuple[str, float, int | None]]) -> bool:
        """Count one call against (window name, seconds, most calls); refuse it if any window is full."""
        now = self._clock.seconds()
        windows: list[deque[float]] = []
        for name, seconds, most in limits:
            calls = self._calls.setdefault(name, deque())
            while calls and calls[0] <= now - seconds:
                calls.popleft()
            if most is not None and len(calls) >= most:
                self.throttled += 1
                return False
            windows.append(calls)
        for calls in windows:
            calls.append(now)
        return True

    def meter(self) -> int:
        """Count one metered read and return this month's number."""
        month = self._clock.now().strftime("%Y-%m")
        self.metered[month] = self.metered.get(month, 0) + 1
        return self.metered[month]

    def metered_this_month(self) -> int:
        """Return how many metered reads this month had."""
        return self.metered.get(self._clock.now().strftime("%Y-%m"), 0)

    def clear(self) -> None:
        """Forget all counts."""
        self._calls.clear()
        self.metered.clear()
        self.throttled = 0
