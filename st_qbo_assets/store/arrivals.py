"""How many of this process's calls may reach a vendor within one second.

What belongs here: counting calls by when they may arrive. What does not: the pace of an account, shared by
all processes (`budget`), which spaces the instants at which calls may leave. Between leaving and arriving a
call may be held up, by this process or on its way, and then several arrive together with those that follow.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_SECOND = 1.0
#: A call is taken to arrive within so long of its start, or by its answer if that is sooner …
_ON_ITS_WAY_SECONDS = 0.25
#: … unless it took longer than this: something stood still, and it may have arrived just before its answer.
_ORDINARY_SECONDS = 1.0
#: How often to look again while none of the calls that count has been answered.
_LOOK_SECONDS = 0.05


@dataclass(eq=False)
class Sent:
    """A call; it counts while it goes on, and until no other can arrive within a second of it.

    Attributes:
        at: when it started.
        until: how long it counts; None while it goes on.
    """

    at: float
    until: float | None = None

    def counts(self, now: float) -> bool:
        """Say whether a call that starts now may arrive within a second of this one."""
        return self.until is None or self.until > now


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
                self._calls = [call for call in self._calls if call.counts(now)]
                if len(self._calls) < self.most:
                    sent = Sent(now)
                    self._calls.append(sent)
                    return sent
                ends = [call.until - now for call in self._calls if call.until is not None]
            self.sleep(min(ends, default=_LOOK_SECONDS))

    def end(self, sent: Sent) -> None:
        """Note that a call was answered, so that it has arrived."""
        with self._guard:
            now = self.now()
            is_ordinary = now - sent.at <= _ORDINARY_SECONDS
            arrived = min(now, sent.at + _ON_ITS_WAY_SECONDS) if is_ordinary else now
            sent.until = arrived + _SECOND
