"""What the core needs of a half of the sandbox, and the error a half raises for an act it cannot do.

Belongs here: the interface between the core and the two vendors. Does not belong here: anything of one
vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

NAMES = ("servicetitan", "quickbooks")


class EditError(Exception):
    """An act of a person that this half cannot do; the message says why. Answered with 400."""


class Half(Protocol):
    """One vendor. All methods are synchronous and run inline, so that every request is atomic."""

    name: str

    def routes(self) -> Sequence[BaseRoute]:
        """Return the vendor's own paths."""
        ...

    def reset(self) -> None:
        """Wipe this half."""
        ...

    def load(self, seed: dict[str, Any]) -> None:
        """Load this half's part of a contractor seed."""
        ...

    def edit(self, act: dict[str, Any]) -> dict[str, Any]:
        """Act as a person in this product; raises EditError."""
        ...

    def state(self) -> dict[str, Any]:
        """Return everything, by entity."""
        ...

    def stats(self) -> dict[str, Any]:
        """Return counts by entity, calls by kind, and how often it throttled."""
        ...

    def configure(self, switches: dict[str, Any]) -> None:
        """Set switches of this half by name; raises EditError for an unknown one."""
        ...

    def fault(self, kind: str, request: Request) -> Response:
        """Return the vendor's own form of `http_500`, `http_429` or `token_expired`."""
        ...

    def touch(self, request_body: Any, path: str) -> None:
        """Change the object that this request is about, as someone else might just before it."""
        ...

    def throttle(self, request: Request) -> Response | None:
        """Count the request and return the vendor's refusal if it is one too many."""
        ...
