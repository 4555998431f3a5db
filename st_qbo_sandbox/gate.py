"""The gate in front of each half: log, latency, throttle, faults, one transaction per request, answer.

Belongs here: what happens to every request whatever it asks. Does not belong here: what a vendor answers.

Order: the body is read, the latency waited, then without any pause throttle, fault, handler and commit, so
that requests are atomic although both halves share one event loop; then the answer goes out.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.faults import REFUSE, Faults
from st_qbo_sandbox.half import Half
from st_qbo_sandbox.requests_log import Entry, RequestsLog
from st_qbo_sandbox.storage import Storage, parse_json
from st_qbo_sandbox.transport import connection_of, cut

CONTROL_PREFIX = "/_sandbox"
_HANG_SECONDS = 300
_GZIP_FROM_BYTES = 1_000
_UNAVAILABLE_PAGE = (
    "<html><head><title>503 Service Temporarily Unavailable</title></head>"
    "<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
)
_logger = logging.getLogger(__name__)


@dataclass
class Answer:
    """A whole HTTP answer."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    body: bytes = b""


@dataclass
class Surroundings:
    """What the gates of both halves share."""

    clock: Clock
    storage: Storage
    faults: Faults
    log: RequestsLog
    latency_ms: float = 0.0
    statuses: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])


class Gate:
    """The ASGI application of one half, with the controls beside the vendor's paths."""

    def __init__(self, half: Half, controls: Sequence[BaseRoute], shared: Surroundings) -> None:
        self._half = half
        self._shared = shared
        self._vendor = _application(half.routes())
        self._controls = _application(controls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await _read_body(receive)
        if scope["path"].startswith(CONTROL_PREFIX):
            answer = await self._carry_out(self._controls, scope, body)
            await _send(answer, scope, send, self._shared.clock)
            return
        entry = self._new_entry(scope, body)
        if self._shared.latency_ms:
            await asyncio.sleep(self._shared.latency_ms / 1000)
        self._shared.log.add(entry)
        try:
            await self._answer(entry, scope, body, receive, send)
        finally:
            entry.ended_at = self._shared.clock.now()
            entry.ended_monotonic = time.monotonic()

    async def _answer(self, entry: Entry, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        request = Request(scope, _replay(body))
        app: ASGIApp | None = self._half.throttle(request)
        if app is None:
            entry.fault = self._shared.faults.pick(self._half.name, entry.method, entry.path, entry.query)
            app = self._app_for(entry.fault, request, body)
        if entry.fault in ("reset", "timeout"):
            connection = connection_of(scope)
            if entry.fault == "timeout":
                await _hang(receive)
            self._count("dropped")
            await _drop(connection, receive, reset=True)
            return
        answer = await self._carry_out(app, scope, body)
        self._shared.log.keep_response(entry, answer.body)
        if entry.fault == "lost_response":
            self._count("dropped")
            await _drop(connection_of(scope), receive, reset=False)
            return
        entry.status = answer.status
        self._count(str(answer.status))
        # Before the first byte leaves, so that a client that has its answer finds the entry complete.
        entry.ended_at = self._shared.clock.now()
        entry.ended_monotonic = time.monotonic()
        await _send(answer, scope, send, self._shared.clock, truncated=entry.fault == "truncated")
        if entry.fault == "truncated":
            await _drop(connection_of(scope), receive, reset=False)

    def _app_for(self, fault: str | None, request: Request, body: bytes) -> ASGIApp:
        if fault in ("http_500", "http_429", "token_expired") or (fault or "").startswith(REFUSE):
            return self._half.fault(str(fault), request)
        if fault == "http_503_html":
            return HTMLResponse(_UNAVAILABLE_PAGE, status_code=503)
        if fault == "stale":
            self._half.touch(_read_json(body), request.url.path)
        return self._vendor

    async def _carry_out(self, app: ASGIApp, scope: Scope, body: bytes) -> Answer:
        """Run the application and commit; a crash is undone and answered with 500 and its traceback."""
        storage = self._shared.storage
        try:
            with storage.transaction():
                answer = await _capture(app, scope, body)
        except Exception:
            _logger.exception("the sandbox failed at %s %s", scope["method"], scope["path"])
            crash = PlainTextResponse(f"sandbox error\n{traceback.format_exc()}", status_code=500)
            answer = await _capture(crash, scope, body)
        storage.commit()
        return answer

    def _new_entry(self, scope: Scope, body: bytes) -> Entry:
        return Entry(
            number=self._shared.log.next_number(),
            half=self._half.name,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
            started_at=self._shared.clock.now(),
            started_monotonic=time.monotonic(),
        )

    def _count(self, outcome: str) -> None:
        counts = self._shared.statuses.setdefault(self._half.name, {})
        counts[outcome] = counts.get(outcome, 0) + 1


def _application(routes: Sequence[BaseRoute]) -> ASGIApp:
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return app


def _read_json(body: bytes) -> Any:
    try:
        return parse_json(body)
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _capture(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    answer = Answer()
    parts: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(dict(scope), _replay(body), send)
    answer.body = b"".join(parts)
    return answer


async def _send(answer: Answer, scope: Scope, send: Send, clock: Clock, *, truncated: bool = False) -> None:
    body, headers = answer.body, answer.headers
    names = {name.lower() for name, _ in headers}
    if len(body) >= _GZIP_FROM_BYTES and b"content-encoding" not in names and _accepts_gzip(scope):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers = [*headers, (b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    headers = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    # The vendor's own time, which is the sandbox clock's.
    headers.append((b"date", format_datetime(clock.now(), usegmt=True).encode()))
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if truncated:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    else:
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _accepts_gzip(scope: Scope) -> bool:
    return any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])


async def _hang(receive: Receive) -> None:
    """Wait until the client has gone, or for as long as any client would wait."""
    try:
        async with asyncio.timeout(_HANG_SECONDS):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _drop(connection: asyncio.Transport, receive: Receive, *, reset: bool) -> None:
    cut(connection, reset=reset)
    # The server must have seen the end of the connection before this call ends, or it would complain.
    while (await receive())["type"] != "http.disconnect":
        pass
