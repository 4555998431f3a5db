"""The rate budget as the clients see it.

What belongs here: the protocol, and the budget that never makes anyone wait. What does not: counting
and sharing between processes, which the store does in Postgres (rule 11).
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal, Protocol

#: What a call is counted as: batches have a limit of their own beside the one of all requests.
CallKind = Literal["read", "write", "batch"]


class RateBudget(Protocol):
    """Leave to call one realm or tenant, shared by all its workers.

    Every `acquire` that returned is followed by exactly one `release` in the same thread, whatever
    became of the call.
    """

    def acquire(self, kind: CallKind, *, metered: bool) -> None:
        """Wait until one more call may be in flight, then count it.

        Raises:
            RateLimited: if the wait would be longer than the budget is willing to sleep, or a monthly
                quota of metered reads is used up.
        """
        ...

    def release(self) -> None:
        """Give back the place in flight."""
        ...

    def penalise(self, seconds: float) -> None:
        """Let nobody call for so long, since the vendor answered 429."""
        ...


class Unlimited:
    """A budget without limits, for calls that nobody counts (OAuth, discovery)."""

    def acquire(self, kind: CallKind, *, metered: bool) -> None:
        """Return at once."""

    def release(self) -> None:
        """Return at once."""

    def penalise(self, seconds: float) -> None:
        """Return at once."""


@contextmanager
def spending(budget: RateBudget, kind: CallKind, *, metered: bool) -> Generator[None]:
    """Hold a place of the budget for the length of a call."""
    budget.acquire(kind, metered=metered)
    try:
        yield
    finally:
        budget.release()
