"""The ASGI application: routes, and what lives as long as it does.

What belongs here: putting the parts together. What does not: any of the parts.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from st_qbo_assets.company_files import DEFS
from st_qbo_assets.connecting.lifetimes import keep_alive
from st_qbo_assets.connections import open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.inbox import Inbox
from st_qbo_assets.store.vault import Vault
from st_qbo_assets.web.connect import ConnectPages
from st_qbo_assets.web.health import Health
from st_qbo_assets.web.inbox_writer import InboxWriter
from st_qbo_assets.web.launching import DagsterRuns, Launcher
from st_qbo_assets.web.roster import Roster
from st_qbo_assets.web.webhooks import Receiver

_log = logging.getLogger(__name__)
#: Idle permissions have weeks before they die; an hour is often enough and costs one question.
_KEEP_ALIVE_SECONDS = 3600.0


def build_app(settings: Settings, database: Database, *, defs: Path = DEFS) -> Starlette:
    """Return the application of an installation.

    Args:
        settings: they decide addresses and who may see the Connect pages.
        database: stays the caller's to close.
        defs: the folder of company files.
    """
    roster = Roster(Vault.open(database, settings), defs=defs)
    writer = InboxWriter(Inbox(database))
    launcher = Launcher(settings, DagsterRuns(settings.dagster_url)) if settings.dagster_url else None

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        writer.start()
        if launcher is not None:
            launcher.start()
        keeper = asyncio.create_task(_keep_alive(settings, roster))
        try:
            yield
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
            await asyncio.to_thread(writer.stop)
            if launcher is not None:
                await asyncio.to_thread(launcher.stop)

    routes = [
        *Receiver(roster, writer, notice=launcher.notice if launcher else _ignore).routes(),
        *Health(database, roster).routes(),
        *ConnectPages(settings, database, roster).routes(),
        Route("/", _home, methods=["GET"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={Exception: _failed})


def _ignore(companies: Iterable[CompanyFile]) -> None:
    """Leave it to the sensors."""


async def _home(request: Request) -> Response:
    return RedirectResponse("/connect", status_code=303)


async def _failed(request: Request, error: Exception) -> Response:
    # what failed is in the log; the stranger learns nothing, and a vendor delivers again
    return PlainTextResponse("something failed; see the log\n", 503, headers={"Retry-After": "10"})


async def _keep_alive(settings: Settings, roster: Roster) -> None:
    """Use idle permissions in time, for as long as the process lives."""
    while True:
        try:
            snapshot = await roster.current()
            companies = [member.company for member in snapshot.members.values()]
            told = await asyncio.to_thread(
                keep_alive, companies, lambda company: open_connections(company, settings)
            )
            for company, what in told.items():
                if what != "in use":
                    _log.info("keep_alive company=%s said=%s", company, what)
        except Exception:  # noqa: BLE001 - the next hour may be better, and receiving must go on
            _log.exception("keep_alive=failed")
        await asyncio.sleep(_KEEP_ALIVE_SECONDS)
