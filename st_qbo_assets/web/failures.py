"""Counts failed tries by where they come from; what is genuine is never counted, and never refused.

What belongs here: the count within a minute, of a bounded number of addresses. What does not: what a failure
is.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

_SECONDS = 60.0
_MOST_ADDRESSES = 10_000


class Failures:
    """Says when an address failed too often."""

    def __init__(self, most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        """Allow so many failures a minute."""
        self._most = most
        self._now = now
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, address: str) -> bool:
        """Count a failure; say whether it is one too many."""
        now = self._now()
        since, count = self._seen.pop(address, (now, 0))
        if now - since >= _SECONDS:
            since, count = now, 0
        self._seen[address] = (since, count + 1)
        while len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)
        return count + 1 > self._most

    def is_blocked(self, address: str) -> bool:
        """Say whether an address has failed as often as it may, without counting."""
        since, count = self._seen.get(address, (0.0, 0))
        return count >= self._most and self._now() - since < _SECONDS
