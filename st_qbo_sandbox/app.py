"""The sandbox as a whole: both halves on one storage and one clock, served in one process.

Belongs here: putting the parts together, starting and stopping. Does not belong here: the command line
(`__main__.py`).

In tests: `with Sandbox() as sandbox:` serves an empty sandbox on free ports from a background thread;
`Sandbox(days=2)` has data; `sandbox.app("quickbooks")` is an ASGI application for a test client that needs
no ports.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from starlette.types import ASGIApp

from st_qbo_sandbox import identity
from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.controls import Controls
from st_qbo_sandbox.description import describe
from st_qbo_sandbox.faults import Faults
from st_qbo_sandbox.gate import Gate, Surroundings
from st_qbo_sandbox.half import Half
from st_qbo_sandbox.identity import Ports
from st_qbo_sandbox.quickbooks import QuickBooks
from st_qbo_sandbox.requests_log import RequestsLog
from st_qbo_sandbox.seeding import SeedOptions, default_options, forget, plant, remembered_options
from st_qbo_sandbox.servicetitan import ServiceTitan
from st_qbo_sandbox.storage import Storage
from st_qbo_sandbox.transport import QuietServer, bind, build_server
from st_qbo_sandbox.webhook_sender import send_until_cancelled
from st_qbo_sandbox.webhooks import EventSource, SendsEvents, Webhooks

_START_SECONDS = 60


class Sandbox:
    """One contractor's two systems.

    Args:
        folder: where the state lives and is found again; None keeps it in memory.
        ports: where to listen; 0 asks for free ones.
        halves: what makes each half, when it is not the real one.
        options: seed options by name (`days`, `invoices_per_day`, `seed`, `last_day`, `hard`). With any of
        them an
            unseeded sandbox gets data; state that exists is kept. With none it starts as the folder has it,
            or empty.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        ports: Ports | None = None,
        halves: dict[str, Callable[..., Half]] | None = None,
        **options: Any,
    ) -> None:
        self.storage = Storage(folder)
        self.clock = Clock(self.storage)
        self.shared = Surroundings(clock=self.clock, storage=self.storage, faults=Faults(), log=RequestsLog())
        makers = halves or {"servicetitan": ServiceTitan, "quickbooks": QuickBooks}
        self.halves: dict[str, Half] = {
            name: make(clock=self.clock, storage=self.storage) for name, make in makers.items()
        }
        sources: dict[str, EventSource] = {
            name: half.webhooks for name, half in self.halves.items() if isinstance(half, SendsEvents)
        }
        self.webhooks = Webhooks(self.clock, self.storage, sources)
        controls = Controls(self)
        self._apps = {
            name: Gate(self.halves[name], controls.routes(name), self.shared) for name in self.halves
        }
        self._ports = ports or Ports(0, 0)
        self._listening: dict[str, int] = {}
        self._servers: list[QuietServer] = []
        self._thread: threading.Thread | None = None
        if options:
            self.seed_if_empty(options)

    @property
    def servicetitan_url(self) -> str:
        """Base URL of the ServiceTitan half, once started."""
        return identity.url_of(self._listening["servicetitan"])

    @property
    def quickbooks_url(self) -> str:
        """Base URL of the QuickBooks half, once started."""
        return identity.url_of(self._listening["quickbooks"])

    def seed_if_empty(self, options: dict[str, Any]) -> None:
        """Make data with these options, unless there is some already."""
        if remembered_options(self.storage) is None:
            self._plant(default_options().changed(options))
        self.storage.commit()

    def app(self, half: str) -> ASGIApp:
        """Return the ASGI application of a half, for one thread at a time and not while started."""
        return self._apps[half]

    def bind(self) -> dict[str, socket.socket]:
        """Take the ports.

        Raises:
            SettingError: a port is taken.
        """
        sockets = bind(self._ports)
        self._listening = {half: listener.getsockname()[1] for half, listener in sockets.items()}
        return sockets

    async def serve(self, sockets: dict[str, socket.socket], *, ready: Callable[[], None]) -> None:
        """Serve both halves until `request_stop`; `ready` is called when both answer."""
        self._servers = [build_server(self._apps[half]) for half in sockets]
        serving = [
            asyncio.create_task(server.serve(sockets=[listener]))
            for server, listener in zip(self._servers, sockets.values(), strict=True)
        ]
        while not all(server.started for server in self._servers):
            await asyncio.sleep(0.005)
        sending = asyncio.create_task(send_until_cancelled(self.webhooks))
        ready()
        try:
            await asyncio.gather(*serving)
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
            self.storage.commit()

    def request_stop(self) -> None:
        """Ask both servers to stop; may be called from any thread."""
        for server in self._servers:
            server.should_exit = True

    def start(self) -> Sandbox:
        """Serve from a background thread and return when both halves answer."""
        sockets = self.bind()
        is_ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self.serve(sockets, ready=is_ready.set)), name="sandbox", daemon=True
        )
        self._thread.start()
        if not is_ready.wait(_START_SECONDS):
            raise RuntimeError("the sandbox did not start")
        return self

    def stop(self) -> None:
        """Stop serving and close the storage."""
        self.request_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.storage.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def reset(self, *, half: str | None, empty: bool) -> None:
        """Put both halves (or one) back to just after seeding, or to nothing; drop faults and log."""
        chosen = [self.halves[half]] if half else list(self.halves.values())
        options = remembered_options(self.storage)
        if options is None or empty:
            for one in chosen:
                one.reset()
            self.storage.hush()
            if half is None:
                forget(self.storage)
        else:
            plant(self.storage, chosen, options)
        if half is None:
            self.clock.reset()
            self.webhooks.reset()
        self.shared.faults.clear()
        self.shared.latency_ms = 0.0
        self.shared.statuses.clear()
        self.shared.log.clear()

    def plant(self, given: dict[str, Any]) -> dict[str, Any]:
        """Replace the data of both halves; options not given stay as they were."""
        options = (remembered_options(self.storage) or default_options()).changed(given)
        self._plant(options)
        return options.describe()

    def info(self) -> dict[str, Any]:
        """Describe URLs, credentials and days of this sandbox."""
        ports = Ports(**self._listening) if self._listening else self._ports
        return describe(ports, remembered_options(self.storage))

    def _plant(self, options: SeedOptions) -> None:
        plant(self.storage, list(self.halves.values()), options)
