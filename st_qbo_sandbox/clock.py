"""The one clock of the sandbox: real time plus an offset that tests and people may move forward.

Belongs here: what time it is in the sandbox. Does not belong here: how a vendor writes a time, or anything
that waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from st_qbo_sandbox.storage import Storage

_COLLECTION = "clock"
_ID = "offset"


class Clock:
    """Real time plus an offset; the offset is kept in the storage and survives restarts."""

    def __init__(self, storage: Storage, *, real_seconds: Callable[[], float] = time.time) -> None:
        self._storage = storage
        self._real_seconds = real_seconds
        self._offsets = storage.collection(_COLLECTION)

    @property
    def offset_seconds(self) -> float:
        """By how many seconds the sandbox is ahead of real time."""
        kept = self._offsets.get(_ID)
        return float(kept["seconds"]) if kept else 0.0

    def now(self) -> datetime:
        """Return the sandbox time as an aware UTC datetime."""
        real = datetime.fromtimestamp(self._real_seconds(), UTC)
        return real + timedelta(seconds=self.offset_seconds)

    def seconds(self) -> float:
        """Return the sandbox time in seconds since 1970, for throttles and expiries."""
        return self._real_seconds() + self.offset_seconds

    def advance(self, seconds: float) -> datetime:
        """Move the sandbox forward and return its new time.

        Raises:
            ValueError: `seconds` is negative; time does not run backwards.
        """
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._offsets.put(_ID, {"seconds": Decimal(str(round(self.offset_seconds + seconds, 6)))})
        return self.now()

    def reset(self) -> None:
        """Return to real time."""
        self._offsets.clear()
