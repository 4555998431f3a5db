"""One policy of trying again: which errors, how many attempts, how long in all.

What belongs here: waiting and counting, with clock, sleep and chance handed in. What does not: which
calls may be tried again at all. Reads are, by the clients; a write is tried again by the load alone,
which knows its intent.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from st_qbo_assets.domain.errors import RateLimited, SyncError, TransportError
from st_qbo_assets.transport.redaction import redact

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetryPolicy:
    """Tries of one call.

    Attributes:
        attempts: calls in all.
        total_seconds: no wait begins that would end later than this after the first call.
        first_delay_seconds: wait before the second attempt; doubles from there on.
        longest_delay_seconds: no wait of our own is longer; one the vendor asked for may be.
        jitter: random share added to each wait, so that workers do not come back together.
        retry_on: errors another attempt can help with.
        clock: seconds that only rise.
        sleep: how to wait.
        chance: a random number in [0, 1).
    """

    attempts: int = 8
    total_seconds: float = 300.0
    first_delay_seconds: float = 0.5
    longest_delay_seconds: float = 30.0
    jitter: float = 0.25
    retry_on: tuple[type[SyncError], ...] = (TransportError, RateLimited)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def call(self, action: Callable[[], Result]) -> Result:
        """Return what the action returns, trying again by this policy.

        Raises:
            SyncError: the last error, when attempts or time are used up or it is none to try again.
        """
        started = self.clock()
        attempt = 1
        while True:
            try:
                return action()
            except self.retry_on as error:
                wait = self.delay_seconds(attempt, error)
                if attempt >= self.attempts or self.clock() - started + wait > self.total_seconds:
                    raise
                _log.info("retry attempt=%d wait_seconds=%.1f error=%s", attempt, wait, redact(str(error)))
            self.sleep(wait)
            attempt += 1

    def delay_seconds(self, attempt: int, error: SyncError) -> float:
        """Return how long to wait after so many attempts; never less than the vendor asked for."""
        wait = min(self.longest_delay_seconds, self.first_delay_seconds * 2 ** (attempt - 1))
        if isinstance(error, RateLimited):
            wait = max(wait, error.retry_after_seconds)
        return wait * (1 + self.jitter * self.chance())


NO_RETRY = RetryPolicy(attempts=1)
