"""Requests of the product handed to the sandbox in this process, without a socket or a thread.

What belongs here: the product's `Sender`, played by the sandbox's ASGI applications. What does not: faults
of the network, which need a network (`tests/attack/test_faults.py`).
"""

from collections.abc import Coroutine
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from st_qbo_assets.transport.http import Http, Request, Response
from st_qbo_sandbox.app import Sandbox

#: Hosts that no name server knows, one for each half.
HOSTS = {"servicetitan": "http://servicetitan.test", "quickbooks": "http://quickbooks.test"}


class Wire(Http):
    """Answers what the product sends to one of the two hosts."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(pool_size=1)
        self._apps: dict[str, ASGIApp] = {
            urlsplit(url).netloc: sandbox.app(half) for half, url in HOSTS.items()
        }
        self._one_at_a_time = Lock()
        #: (method, path) of every request, oldest first.
        self.sent: list[tuple[str, str]] = []

    def send(self, request: Request) -> Response:
        """Return the answer of the half that the request names."""
        split = urlsplit(request.full_url)
        headers = {"host": split.netloc, **request.headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": split.scheme,
            "server": (split.hostname, 80),
            "client": ("127.0.0.1", 1),
            "root_path": "",
            "path": split.path,
            "raw_path": split.path.encode(),
            "query_string": split.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        messages: list[dict[str, Any]] = []
        body = request.body or b""

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        with self._one_at_a_time:
            self.sent.append((request.method, split.path))
            _finish(self._apps[split.netloc](scope, receive, send))  # type: ignore[arg-type]  # plain dicts
        start, *parts = messages
        return Response(
            status=start["status"],
            headers={name.decode().lower(): value.decode() for name, value in start["headers"]},
            text=b"".join(part.get("body", b"") for part in parts).decode(),
        )


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never really waits."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the sandbox waited")
