"""How long a company's permissions last, who is told when, and keeping idle ones alive.

What belongs here: dates of tokens told in words, the steps at which a person is warned, the refresh of
companies nobody used for a while. What does not: showing it (`cli`, `web`), sending alerts.

    what                     lasts                          ends for good unless
    ServiceTitan's token     15 minutes                     renewed by itself
    QuickBooks access token  1 hour                         renewed by itself
    QuickBooks permission    100 days from its last use     used, or kept alive by us
    QuickBooks five years    from consent (§1.3)            a person connects again
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.quickbooks.auth import QuickBooksAuth
from st_qbo_assets.store.tokens import TokenDates

_log = logging.getLogger(__name__)

#: Days before an end at which a person is warned.
STEPS = (7, 30, 90)
#: An idle permission is used this long before it dies: Intuit gives 100 days, so after 30 idle ones.
KEEP_ALIVE = timedelta(days=70)
_IDLE_STEPS = (7, 30)


@dataclass(frozen=True)
class Notice:
    """Something that ends soon and needs a person.

    Attributes:
        step: 90, 30 or 7: the smallest of them that is not shorter than the days left; 0 once it has ended.
    """

    company: str
    what: str
    ends_at: datetime
    step: int
    remedy: str

    @property
    def text(self) -> str:
        """One sentence for a person."""
        when = f"{self.ends_at:%Y-%m-%d}"
        if self.step == 0:
            return f"{self.company}: {self.what} ended on {when}."
        return f"{self.company}: {self.what} ends on {when}, in less than {self.step} days."


def notices_of(company: str, dates: TokenDates | None, now: datetime) -> list[Notice]:
    """Return what a person must be told of a company's QuickBooks permission, most urgent first."""
    if dates is None:
        return []
    found: list[Notice] = []
    if dates.hard_expires_at is not None:
        step = _step(dates.hard_expires_at - now, STEPS)
        if step is not None:
            found.append(
                Notice(
                    company,
                    "the QuickBooks permission (five years from consent)",
                    dates.hard_expires_at,
                    step,
                    "Connect QuickBooks again on the Connect page, or with `st-qbo connect quickbooks`.",
                )
            )
    if dates.refresh_expires_at is not None:
        step = _step(dates.refresh_expires_at - now, _IDLE_STEPS)
        if step is not None:
            found.append(
                Notice(
                    company,
                    "the QuickBooks permission, idle for months,",
                    dates.refresh_expires_at,
                    step,
                    "Keep `st-qbo up` running, which uses it in time, or run `st-qbo connect keep-alive`.",
                )
            )
    return sorted(found, key=lambda notice: notice.ends_at)


def keep_alive(
    companies: Iterable[CompanyFile], open_company: Callable[[CompanyFile], Connections]
) -> dict[str, str]:
    """Use the permissions that nobody used for a month; return what became of each company's.

    One that fails is no obstacle for the others. What ended is stopped; what did not answer is tried again
    the next time, of which there are many before it dies.
    """
    told: dict[str, str] = {}
    for company in companies:
        try:
            connections = open_company(company)
            try:
                told[company.name] = _keep_one(connections)
            finally:
                connections.close()
        except SyncError as error:
            _log.warning("keep_alive company=%s failed: %s", company.name, error)
            told[company.name] = f"not refreshed: {error}"
    return told


def _keep_one(connections: Connections) -> str:
    state = connections.connection_states.of(connections.name, "quickbooks")
    if state is None or state.is_stopped:
        return "not connected"
    auth = QuickBooksAuth(oauth=connections.oauth, vault=connections.tokens)
    try:
        used = auth.keep_alive(longer_than=KEEP_ALIVE)
    except ConnectionStopped as error:
        connections.note_stopped(error)
        raise
    return "refreshed" if used else "in use"


def _step(left: timedelta, steps: Iterable[int]) -> int | None:
    if left <= timedelta(0):
        return 0
    return next((step for step in steps if left < timedelta(days=step)), None)
