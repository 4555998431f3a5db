"""`python -m st_qbo_assets.web`: serves the application until it is asked to end.

What belongs here: the server, its log and exit status. What does not: what is served (`app`).
"""

import logging
import signal
import sys
from types import FrameType

import uvicorn

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.transport.redaction import RedactingFilter
from st_qbo_assets.web.app import build_app

_log = logging.getLogger(__name__)
_BACKLOG = 1024
#: Longer than proxies keep idle connections, so that they and not we end them.
_KEEP_ALIVE_SECONDS = 75
_STOP_SECONDS = 10


def main() -> int:
    """Serve; return the exit status."""
    _log_to_stderr()
    try:
        settings = load_settings()
        database = Database.open(settings)
    except SyncError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    config = uvicorn.Config(
        build_app(settings, database),
        host=settings.web_host,
        port=settings.ports.web,
        log_config=None,
        access_log=False,  # addresses hold codes and states
        server_header=False,
        proxy_headers=False,  # nobody is believed whom he says he speaks for
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_STOP_SECONDS,
        ws="none",
    )
    server = uvicorn.Server(config)
    for number in (signal.SIGINT, signal.SIGTERM):
        # the server stops in good order on either, and then raises it once more for whoever was there before
        signal.signal(number, _already_done)
    try:
        server.run()
    finally:
        database.dispose()
    return 0 if server.started else 2


def _already_done(number: int, frame: FrameType | None) -> None:
    _log.info("web=stopped signal=%d", number)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(RedactingFilter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
