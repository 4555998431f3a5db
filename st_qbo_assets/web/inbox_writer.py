"""Writes deliveries into the inbox: those that arrive while one transaction commits share the next.

What belongs here: waiting for the commit, trying again while the database is away for a moment. What does
not: SQL (`store.inbox`). A commit waits for the disk, so one a delivery would bound the pace by the disk's;
together they do not wait for each other, and each is answered only after its own commit.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from st_qbo_assets.domain.events import Undecodable
from st_qbo_assets.store.inbox import Arrival, Drop

_log = logging.getLogger(__name__)
#: QuickBooks waits for three seconds.
_PATIENCE_SECONDS = 2.2
_PAUSE_SECONDS = 0.1
_MOST_TOGETHER = 200


class Unavailable(Exception):  # noqa: N818 - it is an answer, 503
    """The inbox could not be written in time: the vendor must deliver again."""


class Keeper(Protocol):
    """What the writer needs of the inbox."""

    def store(self, arrivals: Sequence[Arrival], drops: Sequence[Drop] = ()) -> int:
        """Commit what arrived."""
        ...


@dataclass(frozen=True)
class Delivery:
    """What one call brought.

    Attributes:
        body: the whole body, kept as it is should its events not be storable.
    """

    arrivals: tuple[Arrival, ...]
    drops: tuple[Drop, ...]
    body: bytes


@dataclass(eq=False)
class _Waiting:
    delivery: Delivery
    until: float
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]

    def finish(self, error: Exception | None) -> None:
        def tell() -> None:
            if self.done.done():
                return
            if error is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(error)

        try:
            self.loop.call_soon_threadsafe(tell)
        except RuntimeError:
            _log.info("inbox=answer_gone")  # the loop has closed: nobody waits any more


class InboxWriter:
    """One thread that commits for all requests."""

    def __init__(self, inbox: Keeper, *, now: Callable[[], float] = time.monotonic) -> None:
        """Write into this inbox."""
        self._inbox = inbox
        self._now = now
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    async def write(self, delivery: Delivery) -> None:
        """Return once the delivery is committed.

        Raises:
            Unavailable: if that took too long. It may still be committed; delivered again, it is one.
        """
        if not delivery.arrivals and not delivery.drops:
            return
        loop = asyncio.get_running_loop()
        waiting = _Waiting(delivery, self._now() + _PATIENCE_SECONDS, loop, loop.create_future())
        self._queue.put(waiting)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS + _PAUSE_SECONDS):
                await waiting.done
        except TimeoutError as error:
            raise Unavailable from error

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            together, is_last = self._gather(first)
            try:
                self._write(together)
            except Exception as error:  # noqa: BLE001 - the thread must live; every waiter is told
                _log.exception("inbox=failed deliveries=%d", len(together))
                for waiting in together:
                    waiting.finish(Unavailable(str(type(error).__name__)))
            if is_last:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        together = [first]
        while len(together) < _MOST_TOGETHER:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return together, True
            together.append(more)
        return together, False

    def _write(self, together: list[_Waiting]) -> None:
        while together:
            try:
                self._store([waiting.delivery for waiting in together])
            except SQLAlchemyError as error:
                if not _is_passing(error):
                    _log.warning("inbox=refused error=%s deliveries=%d", type(error).__name__, len(together))
                    self._write_one_by_one(together)
                    return
                # away for a moment (restart, failover), or two writers crossed: try again while anybody waits
                now = self._now()
                for waiting in together:
                    if waiting.until <= now:
                        waiting.finish(Unavailable(type(error).__name__))
                together = [waiting for waiting in together if waiting.until > now]
                if together:
                    time.sleep(_PAUSE_SECONDS)
            else:
                for waiting in together:
                    waiting.finish(None)
                return

    def _write_one_by_one(self, together: list[_Waiting]) -> None:
        """Keep a delivery that the database refuses as it came, and its neighbours as they are."""
        for waiting in together:
            delivery = waiting.delivery
            try:
                try:
                    self._store([delivery])
                except SQLAlchemyError as error:
                    if _is_passing(error):
                        raise
                    self._store([_as_it_came(delivery)])
            except SQLAlchemyError as error:
                waiting.finish(Unavailable(type(error).__name__))
            else:
                waiting.finish(None)

    def _store(self, deliveries: list[Delivery]) -> None:
        arrivals = [arrival for delivery in deliveries for arrival in delivery.arrivals]
        drops = [drop for delivery in deliveries for drop in delivery.drops]
        self._inbox.store(arrivals, drops)


def _is_passing(error: SQLAlchemyError) -> bool:
    """Say whether another try may help."""
    if isinstance(error, (OperationalError, PoolTimeout)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _as_it_came(delivery: Delivery) -> Delivery:
    if not delivery.arrivals:
        return delivery
    first = delivery.arrivals[0]
    what = Undecodable(first.what.system, "the database does not take it", delivery.body)
    return replace(delivery, arrivals=(Arrival(first.company, what),), drops=())
