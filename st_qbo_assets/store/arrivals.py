"""How many of this process's calls may reach a vendor within one second.

What belongs here: counting calls by when they may arrive. What does not: the pace of an account, shared by
all processes (`budget`), which spaces the instants at which calls may leave. Between leaving and arriving a
call may be held up, by this process or on its way, and then several arrive together with those that follow.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_SECOND = 1.0
#: A call is taken to arrive within so long of its start, or by its answer if that is sooner.
_ON_ITS_WAY_SECONDS = 0.25


@dataclass(eq=False)
class Sent:
    """A call; it counts until no call that starts then can arrive within a second of it."""

    until: float


@dataclass
class Arrivals:
    """Lets a call start once fewer than `most` may arrive in the same second. Thread-safe.

    Attributes:
        most: calls within any second.
        now: the present in seconds.
        sleep: waits for so many seconds.
    """

    most: int
    now: Callable[[], float]
    sleep: Callable[[float], None]
    _calls: list[Sent] = field(default_factory=list[Sent])
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> Sent:
        """Wait until a call may start, and count it."""
        while True:
            with self._guard:
                now = self.now()
                self._calls = [call for call in self._calls if call.until > now]
                if len(self._calls) < self.most:
                    sent = Sent(now + _ON_ITS_WAY_SECONDS + _SECOND)
                    self._calls.append(sent)
                    return sent
                wait = min(call.until for call in self._calls) - now
            self.sleep(wait)

    def end(self, sent: Sent) -> None:
        """Note that a call was answered, so that it has arrived."""
        with self._guard:
            sent.until = min(sent.until, self.now() + _SECOND)
