"""The two addresses the vendors deliver to.

What belongs here: the order of checks and the answer. What does not: signatures and forms (the clients), SQL.

    what came                                           answer
    more than 1 MiB                                     413, before anything else
    no signature, a wrong one, a company without key    403, nothing is stored; 429 if often
    genuine: known, unknown, repeated, unreadable       200, after the commit
    genuine, but the database or the vault is away      503: the vendor delivers again

A genuine delivery is never refused for what is in it: QuickBooks repeats the whole batch of one that is
(QuickBooks reference §7.3).
"""

import logging
from collections.abc import Callable, Iterable

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.events import Decoded, Event, Undecodable
from st_qbo_assets.quickbooks import webhooks as quickbooks
from st_qbo_assets.servicetitan import webhooks as servicetitan
from st_qbo_assets.store.inbox import Arrival, Drop
from st_qbo_assets.web.bodies import TooLarge, TooSlow, read_body
from st_qbo_assets.web.failures import Failures
from st_qbo_assets.web.inbox_writer import Delivery, InboxWriter, Unavailable
from st_qbo_assets.web.roster import Roster, Snapshot

_log = logging.getLogger(__name__)
#: Failed signatures of one address in a minute; behind a proxy all come from one, which costs genuine ones
#: nothing.
_MOST_FAILURES = 240


class Receiver:
    """Receives deliveries of both vendors."""

    def __init__(
        self,
        roster: Roster,
        writer: InboxWriter,
        *,
        notice: Callable[[Iterable[CompanyFile]], None] = lambda _: None,
    ) -> None:
        """Check against this roster and write with this writer.

        Args:
            roster: of companies and keys.
            writer: keeps what came.
            notice: told whose events were kept; must return at once.
        """
        self._roster = roster
        self._writer = writer
        self._notice = notice
        self._failures = Failures(_MOST_FAILURES)

    def routes(self) -> list[Route]:
        """Return the two addresses."""
        return [
            Route("/webhooks/servicetitan/{company}", self.servicetitan, methods=["POST"]),
            Route("/webhooks/quickbooks", self.quickbooks, methods=["POST"]),
        ]

    async def servicetitan(self, request: Request) -> Response:
        """Take a delivery of ServiceTitan for the company in the address."""
        try:
            body = await read_body(request)
            roster = await self._roster.current()
        except (TooLarge, TooSlow, SQLAlchemyError, SyncError) as error:
            return _unread(error)
        member = roster.members.get(request.path_params["company"])
        if member is not None and member.servicetitan_key is None and member.has_lost_key:
            return _later("the vault cannot be opened")
        key = member.servicetitan_key if member is not None else None
        signature = request.headers.get(servicetitan.SIGNATURE_HEADER, "")
        if member is None or key is None:
            return self._refuse(request)
        if not servicetitan.is_genuine(body, signature, key.get_secret_value()):
            return self._refuse(request)
        events = servicetitan.read_events(body)
        return await self._keep(route_to_company(events, member.company), body, roster)

    async def quickbooks(self, request: Request) -> Response:
        """Take a delivery of QuickBooks, whose events may be of several realms."""
        try:
            body = await read_body(request)
            roster = await self._roster.current()
        except (TooLarge, TooSlow, SQLAlchemyError, SyncError) as error:
            return _unread(error)
        signature = request.headers.get(quickbooks.SIGNATURE_HEADER, "")
        genuine = [token for token in roster.verifier_tokens if quickbooks.is_genuine(body, signature, token)]
        if not genuine:
            return _later("the vault cannot be opened") if roster.has_lost_verifier else self._refuse(request)
        return await self._keep(
            route_by_realm(quickbooks.read_events(body), roster, genuine[0]), body, roster
        )

    def _refuse(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        is_often = self._failures.add(address)
        if not is_often:
            _log.warning("webhook=refused path=%s address=%s", request.url.path[:80], address)
        else:
            return PlainTextResponse("too many failed signatures\n", 429, headers={"Retry-After": "60"})
        return PlainTextResponse("signature missing or wrong\n", 403)

    async def _keep(
        self, routed: tuple[list[Arrival], list[Drop]], body: bytes, roster: Snapshot
    ) -> Response:
        arrivals, drops = routed
        try:
            await self._writer.write(Delivery(tuple(arrivals), tuple(drops), body))
        except Unavailable as error:
            return _later(f"the database is away ({error})")
        names = {arrival.company for arrival in arrivals if isinstance(arrival.what, Event)}
        if names:
            self._notice([roster.members[name].company for name in sorted(names)])
        for drop in drops:
            _log.info("webhook=dropped system=%s reason=%s", drop.system, drop.reason)
        return PlainTextResponse("ok\n")


def route_to_company(events: Iterable[Decoded], company: CompanyFile) -> tuple[list[Arrival], list[Drop]]:
    """Return ServiceTitan's events for a company, and those of other tenants or of things nobody follows."""
    arrivals: list[Arrival] = []
    drops: list[Drop] = []
    for event in events:
        if isinstance(event, Undecodable):
            arrivals.append(Arrival(company.name, event))
        elif event.account != company.servicetitan.tenant:
            drops.append(Drop("servicetitan", "unknown_account", event.account))
        elif not event.entity:
            drops.append(Drop("servicetitan", "not_followed", event.type))
        else:
            arrivals.append(Arrival(company.name, event))
    return arrivals, drops


def route_by_realm(
    events: Iterable[Decoded], roster: Snapshot, verifier_token: str
) -> tuple[list[Arrival], list[Drop]]:
    """Return QuickBooks' events for the companies of their realms, and those that concern nobody here.

    A realm is only known to the app whose token signed: another app's key must not speak for it.
    """
    arrivals: list[Arrival] = []
    drops: list[Drop] = []
    for event in events:
        if isinstance(event, Undecodable):
            arrivals.append(Arrival("", event))
            continue
        companies = roster.of_realm(event.account, verifier_token)
        if not companies:
            drops.append(Drop("quickbooks", "unknown_account", event.account))
        elif not event.entity:
            drops.append(Drop("quickbooks", "not_followed", event.type))
        else:
            arrivals.extend(Arrival(company.name, event) for company in companies)
    return arrivals, drops


def _unread(error: Exception) -> Response:
    if isinstance(error, TooLarge):
        return PlainTextResponse("more than 1 MiB\n", 413, headers={"Connection": "close"})
    if isinstance(error, TooSlow):
        return PlainTextResponse("the body did not come\n", 408, headers={"Connection": "close"})
    return _later(f"the database is away ({type(error).__name__})")


def _later(why: str) -> Response:
    _log.error("webhook=not_kept why=%s", why)
    return PlainTextResponse("not kept, deliver again\n", 503, headers={"Retry-After": "10"})
