"""The writer: one commit for many, patience with a database that is away, no harm from a bad neighbour."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import DataError, OperationalError

from st_qbo_assets.domain.events import Event, Undecodable
from st_qbo_assets.store.inbox import Arrival, Drop
from st_qbo_assets.web.failures import Failures
from st_qbo_assets.web.inbox_writer import Delivery, InboxWriter, Unavailable


@dataclass
class FakeInbox:
    """Keeps what is stored; is away or refuses as it is told."""

    stored: list[list[Arrival]] = field(default_factory=list)
    away: int = 0
    refuses: str = ""
    gate: threading.Event = field(default_factory=threading.Event)

    def store(self, arrivals: Sequence[Arrival], drops: Sequence[Drop] = ()) -> int:
        self.gate.wait(5)
        if self.away:
            self.away -= 1
            raise OperationalError("", {}, Exception("gone"))
        if any(isinstance(each.what, Event) and each.what.event_id == self.refuses for each in arrivals):
            raise DataError("", {}, Exception("not this"))
        self.stored.append(list(arrivals))
        return len(arrivals)


def delivery(number: int) -> Delivery:
    event = Event("quickbooks", "1", f"e-{number}", "t", "Invoice", str(number), "updated")
    return Delivery((Arrival("acme", event),), (), b"body")


def run(inbox: FakeInbox, *numbers: int, **more: object) -> list[BaseException | None]:
    """Write deliveries at once; the first commit begins when all have come."""
    writer = InboxWriter(inbox, **more)  # pyright: ignore[reportArgumentType]

    async def all_at_once() -> list[BaseException | None]:
        tasks = [asyncio.create_task(writer.write(delivery(number))) for number in numbers]
        await asyncio.sleep(0)
        inbox.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    writer.start()
    try:
        return asyncio.run(all_at_once())
    finally:
        writer.stop()


def test_deliveries_that_come_while_one_commits_share_the_next_commit() -> None:
    inbox = FakeInbox()
    assert run(inbox, *range(50)) == [None] * 50
    assert len(inbox.stored) <= 3
    assert sum(map(len, inbox.stored)) == 50


def test_a_database_that_is_away_for_a_moment_is_waited_for() -> None:
    inbox = FakeInbox(away=3)
    assert run(inbox, 1) == [None]
    assert len(inbox.stored) == 1


def test_nobody_waits_longer_than_the_vendor_does() -> None:
    clock = iter(range(0, 1000, 2))
    inbox = FakeInbox(away=1000)
    [error] = run(inbox, 1, now=lambda: float(next(clock)))
    assert isinstance(error, Unavailable)
    assert inbox.stored == []


def test_what_the_database_refuses_is_kept_as_it_came_and_its_neighbours_as_they_are() -> None:
    inbox = FakeInbox(refuses="e-2")
    assert run(inbox, 1, 2, 3) == [None] * 3
    kept = [arrival.what for batch in inbox.stored for arrival in batch]
    assert sorted(what.record_id for what in kept if isinstance(what, Event)) == ["1", "3"]
    [odd] = [what for what in kept if isinstance(what, Undecodable)]
    assert (odd.raw, odd.system) == (b"body", "quickbooks")


def test_nothing_to_keep_asks_no_database() -> None:
    inbox = FakeInbox(away=1000)
    asyncio.run(InboxWriter(inbox).write(Delivery((), (), b"[]")))


def test_stopping_writes_what_waits() -> None:
    inbox = FakeInbox()
    inbox.gate.set()
    assert run(inbox, 1, 2) == [None, None]


@pytest.mark.parametrize(("seconds", "is_one_too_many"), [(59.0, True), (60.0, False)])
def test_failures_are_counted_by_the_minute(seconds: float, is_one_too_many: bool) -> None:
    now = [0.0]
    failures = Failures(2, now=lambda: now[0])
    assert [failures.add("a"), failures.add("a"), failures.add("b")] == [False, False, False]
    assert failures.is_blocked("a")
    now[0] = seconds
    assert failures.add("a") is is_one_too_many
