"""The rate budget of one account, shared by all processes through Postgres (rule 11).

What belongs here: pacing, places in flight, the sleep after a 429, and the count of metered reads.
What does not: when a call is made or tried again (`transport` and the clients).

Pacing is GCRA: the database keeps the instant at which the next call may start, so calls queue in
the order they asked, whatever process they are of, and leave evenly spaced. A call's place in the
queue is also its place in flight: it starts when its instant has come and fewer than `in_flight`
calls before it are unfinished. A killed process's places are seen to be dead at once, because the
advisory lock it kept is free; a hung one's expire.

One statement a call asks (`acquire_budget`, see the migrations) and one gives back.
"""

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from st_qbo_assets.domain.errors import RateLimited
from st_qbo_assets.store.arrivals import Arrivals, Sent
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import budget_leases, budgets, metered_reads

_log = logging.getLogger(__name__)

#: How often a call whose turn has come looks whether a place is free.
_LOOK_SECONDS = 0.05
#: How many of those looks go by before dead holders are searched for.
_LOOKS_A_SEARCH = 10
_MINUTE = 60
#: Keeps a second's worth of calls within any second, though the vendor's clock ticks otherwise.
_SLACK = 1.01

_ACQUIRE = text(
    "SELECT lease, wait, ahead FROM st_qbo.acquire_budget(:account, :presence, :now, :batch, :call_gap, "
    ":minute_gap, :minute_burst, :batch_gap, :lease, :longest_wait, :workspace, :quota)"
)


@dataclass(frozen=True)
class BudgetLimits:
    """How fast one account may be called.

    Attributes:
        per_second: evenly spaced.
        per_minute: in any sixty seconds.
        in_flight: calls at once, of all processes together.
        batches_per_minute: batch calls, which count as calls too.
        burst: calls that may leave at the second's pace after a pause, within the minute's limit.
        longest_wait_seconds: a call that would wait longer is refused.
        lease_seconds: how long a call may last before its place is given to another.
        read_quota: metered reads a month and workspace.
    """

    per_second: float = 8
    per_minute: int = 400
    in_flight: int = 5
    batches_per_minute: int = 40
    burst: int = 5
    longest_wait_seconds: float = 300
    lease_seconds: float = 180
    read_quota: int = 500_000

    def gaps(self) -> dict[str, float]:
        """Return the seconds between calls by each limit; burst and steady calls stay within the minute's."""
        burst = min(self.burst, max(1, self.per_minute // 2))
        minute_gap = _MINUTE / max(1, self.per_minute - burst)
        return {
            "call_gap": _SLACK / self.per_second,
            "minute_gap": minute_gap,
            "minute_burst": (burst - 1) * minute_gap,
            "batch_gap": _SLACK * _MINUTE / self.batches_per_minute,
        }


@dataclass(frozen=True)
class _Place:
    """A place in the queue; `is_free` if few enough calls stood before it when it was taken."""

    lease: int
    wait_seconds: float
    is_free: bool


class _Held(threading.local):
    """The places this thread holds, newest last."""

    def __init__(self) -> None:
        self.leases: list[int] = []
        self.calls: list[Sent] = []


class Budget:
    """Leave to call one account; fulfils `transport.budget.RateBudget`. Thread-safe.

    Keeps one connection, whose advisory lock tells other processes that this one lives.
    """

    def __init__(
        self,
        database: Database,
        account: str,
        *,
        limits: BudgetLimits | None = None,
        workspace: str = "default",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Share the budget of an account.

        Args:
            database: where it is shared.
            account: whose budget, e.g. the QuickBooks realm.
            limits: how fast it may be called.
            workspace: Intuit workspace that metered reads are billed to.
            sleep: waits for so many seconds (tests).
        """
        self._database = database
        self._account = account
        self._limits = limits or BudgetLimits()
        self._workspace = workspace
        self._sleep = sleep
        self._guard = threading.Lock()
        self._connection: Connection | None = None
        self._presence = 0
        self._held = _Held()
        self._arrivals = Arrivals(
            max(1, int(self._limits.per_second)),
            now=lambda: self._now() or time.monotonic(),
            sleep=lambda seconds: self._sleep(seconds),
        )

    def acquire(self, kind: Literal["read", "write", "batch"], *, metered: bool) -> None:
        """Wait until one more call may be in flight, then count it.

        Raises:
            RateLimited: if the wait would be too long, or the month's metered reads are used up.
        """
        while True:
            place = self._queue(kind, metered=metered)
            try:
                if place.wait_seconds > 0:
                    self._sleep(place.wait_seconds)
                if (place.is_free and place.wait_seconds <= 0) or self._may_start(place.lease):
                    self._held.calls.append(self._arrivals.start())
                    self._held.leases.append(place.lease)
                    return
            except BaseException:
                self._give_back(place.lease)
                raise
            # Somebody got a 429 while we waited: queue again behind the sleep, so that not all wake at once.
            self._give_back(place.lease)
            metered = False  # counted already

    def release(self) -> None:
        """Give back the place of this thread's last call."""
        self._arrivals.end(self._held.calls.pop())
        self._give_back(self._held.leases.pop())

    def penalise(self, seconds: float) -> None:
        """Let nobody call for so long, since the vendor answered 429."""
        statement = insert(budgets).values(account=self._account, asleep_until=self._present() + seconds)
        longest = func.greatest(budgets.c.asleep_until, statement.excluded.asleep_until)
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["account"],
                    set_={"asleep_until": longest},
                )
            )
        _log.warning("budget=asleep account=%s seconds=%g", self._account, seconds)

    def metered_reads(self, month: date) -> int:
        """Return the workspace's metered reads of a month, of all accounts."""
        query = select(func.coalesce(func.sum(metered_reads.c.count), 0)).where(
            metered_reads.c.workspace == self._workspace, metered_reads.c.month == month.replace(day=1)
        )
        with self._database.autocommit() as connection:
            return int(connection.execute(query).scalar_one())

    def close(self) -> None:
        """Give back everything this process holds of the budget."""
        with self._guard:
            if self._connection is not None:
                self._connection.invalidate()  # ends the session, and its advisory lock with it
                self._connection.close()
                self._connection = None

    # --- the queue -----------------------------------------------------------------------------------

    def _queue(self, kind: str, *, metered: bool) -> _Place:
        limits = self._limits
        row = self._run(
            lambda connection: connection.execute(
                _ACQUIRE,
                {
                    "account": self._account,
                    "presence": self._presence,
                    "now": self._now(),
                    "batch": kind == "batch",
                    **limits.gaps(),
                    "lease": limits.lease_seconds,
                    "longest_wait": limits.longest_wait_seconds,
                    "workspace": self._workspace if metered else None,
                    "quota": limits.read_quota,
                },
            ).one()
        )
        if row.lease is None:
            raise self._refusal(row)
        return _Place(row.lease, float(row.wait), is_free=row.ahead < limits.in_flight)

    def _refusal(self, row: Row[Any]) -> RateLimited:
        if row.wait is not None:
            return RateLimited(
                f"the budget of {self._account} has no room for {float(row.wait):.0f} s",
                retry_after_seconds=float(row.wait),
            )
        return RateLimited(
            f"the month's {self._limits.read_quota} metered reads of workspace {self._workspace} are used up",
            retry_after_seconds=86_400,
        )

    def _may_start(self, lease: int) -> bool:
        """Wait until fewer than `in_flight` calls before this one go on; False if the account sleeps."""
        mine = select(budget_leases.c.starts_at).where(budget_leases.c.id == lease).scalar_subquery()
        ahead = select(func.count()).where(
            budget_leases.c.account == self._account, budget_leases.c.starts_at < mine
        )
        asleep = budgets.c.asleep_until > self._present()
        query = select(ahead.scalar_subquery(), asleep).where(budgets.c.account == self._account)
        for look in range(math.ceil(self._limits.longest_wait_seconds / _LOOK_SECONDS)):
            if look % _LOOKS_A_SEARCH == 1:
                self._bury_the_dead()
            before, is_asleep = self._run(lambda connection: connection.execute(query).one())
            if is_asleep or before < self._limits.in_flight:
                return not is_asleep
            self._sleep(_LOOK_SECONDS)
        raise RateLimited(
            f"{self._limits.in_flight} calls of {self._account} do not end",
            retry_after_seconds=self._limits.longest_wait_seconds,
        )

    def _bury_the_dead(self) -> None:
        """Free the places of processes that died (their advisory lock is free) or hang."""

        def free(connection: Connection) -> int:
            dead = (budget_leases.c.presence != self._presence) & func.pg_try_advisory_xact_lock(
                budget_leases.c.presence
            )
            late = budget_leases.c.expires_at <= self._present()
            mine = budget_leases.c.account == self._account
            return connection.execute(delete(budget_leases).where(mine, late | dead)).rowcount

        if freed := self._run(free):
            _log.info("budget=places_freed account=%s count=%d", self._account, freed)

    def _give_back(self, lease: int) -> None:
        statement = delete(budget_leases).where(budget_leases.c.id == lease)
        try:
            self._run(lambda connection: connection.execute(statement))
        except DBAPIError:
            # The call itself went well or has its own error; the place is freed with our presence.
            _log.warning("budget=release_failed account=%s", self._account)

    # --- the connection ------------------------------------------------------------------------------

    def _run(self, ask: Callable[[Connection], Any]) -> Any:
        """Run a statement on the connection that keeps our presence; open another if the server went away."""
        with self._guard:
            try:
                return ask(self._connected())
            except DBAPIError as error:
                if not error.connection_invalidated or self._connection is None:
                    raise
                self._connection.close()
                self._connection = None
                return ask(self._connected())

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._database.lock_engine.connect()
            self._presence = secrets.randbits(62)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": self._presence})
            self._connection = connection
        return self._connection

    def _now(self) -> float | None:
        clock = self._database.clock
        return None if clock is None else clock().timestamp()

    def _present(self) -> Any:
        """Return the present as seconds since 1970, in SQL."""
        now = self._now()
        return func.extract("epoch", func.clock_timestamp()) if now is None else literal(now)
