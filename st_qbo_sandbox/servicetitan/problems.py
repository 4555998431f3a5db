"""ServiceTitan's refusals: bodies after RFC 7807, as `ApiErrorResponse` of the specifications has them.

Belongs here: the form of an error. Does not belong here: deciding that there is one.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.responses import HTMLResponse, Response

from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.storage import dump_json

_RFC = "https://tools.ietf.org/html/rfc"
_TYPES = {
    400: f"{_RFC}7231#section-6.5.1",
    401: f"{_RFC}7235#section-3.1",
    403: f"{_RFC}7231#section-6.5.3",
    404: f"{_RFC}7231#section-6.5.4",
    405: f"{_RFC}7231#section-6.5.5",
    409: f"{_RFC}7231#section-6.5.8",
    429: f"{_RFC}6585#section-4",
    500: f"{_RFC}7231#section-6.6.1",
}
VALIDATION_TITLE = "One or more validation errors occurred."


class RefusalError(Exception):
    """A request the vendor refuses."""

    def __init__(self, status: int, title: str, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.errors = errors or {}


def invalid(**errors: str) -> RefusalError:
    """Return a 400 with one text per field."""
    return RefusalError(400, VALIDATION_TITLE, {field: [text] for field, text in errors.items()})


def not_found(what: str, id: object) -> RefusalError:
    """Return a 404 for an unknown id."""
    return RefusalError(404, f"{what} with id {id} was not found.")


def conflict(title: str) -> RefusalError:
    """Return a 409."""
    return RefusalError(409, title)


_TITLES = {
    400: VALIDATION_TITLE,
    401: "Unauthorized",
    403: "Provided authentication is insufficient to grant access.",
    404: "The resource was not found.",
    409: "The state of the resource does not allow this.",
}


def refusal(status: str) -> RefusalError:
    """Return the refusal of a status, for the fault rule `refuse`."""
    number = int(status)
    return RefusalError(number, _TITLES.get(number, "An error occurred while processing your request."))


def respond(refusal: RefusalError, switches: Switches, *, headers: dict[str, str] | None = None) -> Response:
    """Write a refusal as an HTTP answer; the form of 401 and 403, never documented, is by switch."""
    if refusal.status in (401, 403) and switches.auth_error_body != "problem":
        if switches.auth_error_body == "empty":
            return Response(status_code=refusal.status)
        return HTMLResponse(f"<html><body>{refusal.title}</body></html>", status_code=refusal.status)
    body: dict[str, Any] = {
        "type": _TYPES.get(refusal.status, _TYPES[500]),
        "title": refusal.title,
        "status": refusal.status,
        "traceId": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00",
        "errors": refusal.errors,
        "data": {},
    }
    return Response(
        dump_json(body),
        status_code=refusal.status,
        media_type="application/problem+json",
        headers=headers,
    )
