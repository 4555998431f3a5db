"""A real server on loopback that answers bytes from a script, or dies in the ways servers die."""

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType

Step = Callable[[socket.socket], None]


def reply(text: bytes) -> Step:
    """Send these bytes and close."""
    return lambda connection: connection.sendall(text)


def json_reply(body: bytes, *, status: str = "200 OK", headers: bytes = b"") -> Step:
    """Send a whole JSON answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n".encode()
    return reply(head + headers + b"Connection: close\r\n\r\n" + body)


def drop(connection: socket.socket) -> None:
    """Close without a word."""


def reset(connection: socket.socket) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class ScriptedServer:
    """Serves one step for each connection, in order; `silence` is a step that never answers."""

    def __init__(self, *steps: Step) -> None:
        self._steps = steps
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def silence(self, connection: socket.socket) -> None:
        """Hold the connection open until the server is closed."""
        self._closing.wait(30)

    def add(self, *steps: Step) -> None:
        self._steps = (*self._steps, *steps)

    def __enter__(self) -> "ScriptedServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        number = 0
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.received.append(_read_request(connection))
                self._steps[number](connection)
                number += 1


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
