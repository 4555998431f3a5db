"""What was asked and answered: a bounded log of requests, newest last.

Belongs here: keeping exchanges and showing them as JSON. Does not belong here: judging them.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from st_qbo_sandbox.storage import parse_json

MAX_ENTRIES = 20_000
MAX_RESPONSE_BYTES = 64_000_000


@dataclass
class Entry:
    """One request with what became of it; times are in sandbox time and in monotonic seconds."""

    number: int
    half: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    started_at: datetime
    started_monotonic: float
    status: int | None = None
    fault: str | None = None
    response: bytes | None = None
    ended_at: datetime | None = None
    ended_monotonic: float | None = None

    def describe(self) -> dict[str, Any]:
        """Return the entry as JSON; `status` is null where the client got no answer."""
        return {
            "number": self.number,
            "half": self.half,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "parameters": parse_qsl(self.query, keep_blank_values=True),
            "headers": self.headers,
            "body": _read(self.body),
            "status": self.status,
            "fault": self.fault,
            "response": None if self.response is None else _read(self.response),
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "started_monotonic": self.started_monotonic,
            "ended_monotonic": self.ended_monotonic,
        }


class RequestsLog:
    """The last exchanges of both halves; of the oldest the response bodies are dropped first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._with_response: deque[Entry] = deque()
        self._response_bytes = 0
        self._numbered = 0

    def next_number(self) -> int:
        """Return the number of the next entry, counting from 1 and never used twice."""
        self._numbered += 1
        return self._numbered

    def add(self, entry: Entry) -> None:
        """Append an entry."""
        self._entries.append(entry)

    def keep_response(self, entry: Entry, body: bytes) -> None:
        """Keep a response body, at the cost of the oldest ones."""
        entry.response = body
        self._with_response.append(entry)
        self._response_bytes += len(body)
        while self._response_bytes > MAX_RESPONSE_BYTES or len(self._with_response) > MAX_ENTRIES:
            oldest = self._with_response.popleft()
            self._response_bytes -= len(oldest.response or b"")
            oldest.response = None

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        self._entries.clear()
        self._with_response.clear()
        self._response_bytes = 0

    def select(
        self, *, half: str | None = None, path: str | None = None, method: str | None = None, since: int = 0
    ) -> list[Entry]:
        """Return entries after number `since` of this half and method whose path contains `path`."""
        wanted_method = method.upper() if method else None
        return [
            entry
            for entry in self._entries
            if entry.number > since
            and half in (None, entry.half)
            and wanted_method in (None, entry.method)
            and (path is None or path in entry.path)
        ]

    def __len__(self) -> int:
        return len(self._entries)


def _read(body: bytes) -> Any:
    """Return JSON as JSON, else text."""
    text = body.decode("utf-8", errors="replace")
    if text[:1] in "{[":
        try:
            return parse_json(text)
        except json.JSONDecodeError:
            return text
    return text
