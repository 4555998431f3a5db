"""Repeated request ids: the stored answer of the first time is given again.

Belongs here: remembering and forgetting (reference §2.3). Does not belong here: what a write does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from st_qbo_sandbox.quickbooks.books import Books
from st_qbo_sandbox.quickbooks.faults import fault
from st_qbo_sandbox.storage import Storage

ID_MAX = 50
BATCH_ID_MAX = 36
BATCH_ITEM_ID_MAX = 10


@dataclass(frozen=True)
class Answer:
    """A remembered answer: status and JSON text."""

    status: int
    text: str


class Replay:
    """The request ids of the company."""

    def __init__(self, books: Books, storage: Storage) -> None:
        self._books = books
        self._kept = storage.collection("quickbooks.request_ids")
        self.duplicates = 0

    def find(self, request_id: str, body: bytes) -> Answer | None:
        """Return the answer given before under this id, if it is still remembered.

        Raises:
            Fault: 600 if the body differs and the switch says so.
        """
        switches = self._books.switches
        kept = self._kept.get(request_id) if switches.requestid_replay else None
        if kept is None:
            return None
        age = self._books.clock.seconds() - float(kept["seconds"])
        if switches.requestid_minutes is not None and age > switches.requestid_minutes * 60:
            self._kept.remove(request_id)
            return None
        self.duplicates += 1
        if switches.requestid_other_body == "fault" and kept["digest"] != _digest(body):
            raise fault("600", f"Duplicate Request ID : The request ID {request_id} already exists.")
        return Answer(int(kept["status"]), kept["text"])

    def keep(self, request_id: str, body: bytes, status: int, text: str) -> None:
        """Remember an answer."""
        switches = self._books.switches
        if not switches.requestid_replay or (status != 200 and not switches.requestid_remembers_faults):
            return
        seconds = round(self._books.clock.seconds(), 3)
        self._kept.put(
            request_id, {"status": status, "text": text, "seconds": str(seconds), "digest": _digest(body)}
        )

    def clear(self) -> None:
        """Forget all ids."""
        self._kept.clear()
        self.duplicates = 0


def check_request_id(request_id: str, limit: int = ID_MAX) -> None:
    """Refuse an id that is too long.

    Raises:
        Fault: 2130.
    """
    if len(request_id) > limit:
        raise fault(
            "2130", f"Invalid Request Id Format : at most {limit} characters are allowed.", "requestid"
        )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
