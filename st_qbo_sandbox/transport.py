"""The TCP side: listening sockets, two servers in one event loop, and cutting a connection.

Belongs here: everything that touches uvicorn or sockets. Does not belong here: what a request means.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import Generator
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from st_qbo_sandbox.identity import HOST, PORT_VARIABLES, Ports, SettingError

_EXTENSION = "st_qbo_sandbox.transport"
_BACKLOG = 256
# Longer than any client keeps an idle connection between two calls, so that only faults break connections.
_KEEP_ALIVE_SECONDS = 300


class CuttableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which also puts the transport into the scope so that the gate can cut it."""

    def on_message_begin(self) -> None:
        """Begin a request's scope."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"transport": self.transport}}


class QuietServer(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Capture none: there are two servers, and the process has its own handlers."""
        yield


def connection_of(scope: Scope) -> asyncio.Transport:
    """Return the TCP connection of this request.

    Raises:
        ConnectionResetError: there is none (a test client that calls the application in process).
    """
    extensions: dict[str, dict[str, Any]] = scope.get("extensions") or {}
    transport: asyncio.Transport | None = extensions.get(_EXTENSION, {}).get("transport")
    if transport is None:
        raise ConnectionResetError("the sandbox dropped the connection on purpose")
    return transport


def cut(transport: asyncio.Transport, *, reset: bool) -> None:
    """Drop the connection; with `reset` the client gets RST, else what was written and then FIN."""
    if transport.is_closing():
        return
    if reset:
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()


def bind(ports: Ports) -> dict[str, socket.socket]:
    """Bind one listening socket per half.

    Raises:
        SettingError: a port is taken or may not be used; the message names the variable that changes it.
    """
    sockets: dict[str, socket.socket] = {}
    for half, variable in PORT_VARIABLES.items():
        # With the protocol named, asyncio turns Nagle off; else each answer waits 40 ms for the client's ACK.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, ports.of(half)))
            listener.listen(_BACKLOG)
        except OSError as error:
            for opened in (listener, *sockets.values()):
                opened.close()
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise SettingError(f"port {ports.of(half)} {reason}; set {variable} to another port") from error
        sockets[half] = listener
    return sockets


def build_server(app: ASGIApp) -> QuietServer:
    """Return a server for one half; it stops soon after its `should_exit` is set."""
    config = uvicorn.Config(
        app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )
    return QuietServer(config)
