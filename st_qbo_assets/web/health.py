"""Whether the process lives, and whether it can do its work.

What belongs here: the two answers. What does not: the state of connections (the Connect pages, `doctor`).
Anybody may ask, so no name or address is in an answer.
"""

import asyncio

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.store.database import Database
from st_qbo_assets.web.roster import Roster

_SECONDS = 3.0


class Health:
    """`/healthz` and `/readyz`."""

    def __init__(self, database: Database, roster: Roster) -> None:
        """Ask this database and roster."""
        self._database = database
        self._roster = roster

    def routes(self) -> list[Route]:
        """Return the two addresses."""
        return [
            Route("/healthz", self.alive, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
        ]

    async def alive(self, request: Request) -> Response:
        """Say that the process answers."""
        return JSONResponse({"alive": True})

    async def ready(self, request: Request) -> Response:
        """Say whether deliveries can be checked and kept; 503 if not."""
        checks = {"database": await self._has_database()}
        vault = company_files = False
        if checks["database"]:
            try:
                async with asyncio.timeout(_SECONDS):
                    snapshot = await self._roster.current()
                vault = not snapshot.has_lost_verifier
                company_files = bool(snapshot.members)
            except (TimeoutError, SQLAlchemyError, SyncError):
                pass  # said by `false` below
        checks |= {"vault": vault, "company_files": company_files}
        is_ready = all(checks.values())
        return JSONResponse({"ready": is_ready, **checks}, 200 if is_ready else 503)

    async def _has_database(self) -> bool:
        try:
            async with asyncio.timeout(_SECONDS):
                await asyncio.to_thread(self._ask)
        except (TimeoutError, SQLAlchemyError):
            return False
        return True

    def _ask(self) -> None:
        with self._database.autocommit() as connection:
            connection.execute(text("SELECT 1"))
