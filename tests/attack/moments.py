"""Where a session dies: at the nth pass of a named moment, by a SIGKILL it sends to itself.

What belongs here: counting passes, and the hooks that see them. What does not: which moment (the tests).

    after_intent    the intent is committed, nothing is sent          the product's own seam
    after_send      QuickBooks has answered, nothing is kept          the product's own seam
    before_close    verified, about to be kept                        the product's own seam
    sent            the request left, its answer is not read          any call over HTTP
    rotation        1 about to refresh, 2 refreshed and not kept, 3 kept
    io              before and after every statement, and around every call over HTTP

Between two of the last kind a process changes nothing outside itself, so they are all the moments there
are. The count replaces the clock: the same seed dies at the same place.
"""

import http.client
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event

from st_qbo_assets.quickbooks.auth import QuickBooksAuth
from st_qbo_assets.store.tokens import QuickBooksTokens

SEAMS = ("after_intent", "after_send", "before_close")


class Moments:
    """Counts passes and dies at the one that was chosen."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self._chosen: tuple[str, int] | None = None
        self._farewell: Callable[[str], None] = lambda _: None
        self._guard = threading.Lock()

    def arm(self, moment: str, nth: int, farewell: Callable[[str], None]) -> None:
        """Die at the nth pass from now on; `farewell` is told where, as the last thing."""
        with self._guard:
            self.passed.clear()
            self._chosen, self._farewell = (moment, nth), farewell

    def disarm(self) -> None:
        """Live on."""
        with self._guard:
            self._chosen = None

    def seam(self, name: str) -> None:
        """Take part in the product's own seams."""
        with self._guard:
            self.passed[name] += 1
            if self._chosen == (name, self.passed[name]):
                self._farewell(f"{name} {self.passed[name]}")
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Put the hooks in place; once a process."""

        def statement(connection: Connection, *_: Any) -> None:
            if connection.dialect.name == "postgresql":  # Dagster's own instance is kept in memory
                self.seam("io")

        for name in ("before_cursor_execute", "after_cursor_execute"):
            event.listen(Engine, name, statement)
        _wrap(
            http.client.HTTPConnection,
            "getresponse",
            before=lambda: (self.seam("sent"), self.seam("io")),
            after=lambda: self.seam("io"),
        )
        rotation = "rotation"
        _wrap(
            QuickBooksAuth,
            "_refresh",
            before=lambda: self.seam(rotation),
            after=lambda: self.seam(rotation),
        )
        _wrap(QuickBooksTokens, "write", before=lambda: None, after=lambda: self.seam(rotation))


def _wrap(owner: type, name: str, *, before: Callable[[], object], after: Callable[[], object]) -> None:
    original = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        before()
        answer = original(*args, **kwargs)
        after()
        return answer

    setattr(owner, name, wrapped)
