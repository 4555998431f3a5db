"""What an answer of ServiceTitan means when it is not what was asked for.

What belongs here: statuses and RFC 7807 bodies as errors (ServiceTitan reference §2). What does not:
sending and trying again.

    401   AuthExpired          403   ConnectionStopped (a scope or the app key is missing)
    429   RateLimited          400, 404, 409 and the rest   RemoteFault
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    SyncError,
    TransportError,
)
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.transport.http import Response, trace_id
from st_qbo_assets.transport.redaction import redact

#: Waited if a 429 says nothing; the limit counts single seconds, the policy's own delay grows from it.
DEFAULT_WAIT_SECONDS = 2.0
#: A longer wait than this in a title is a misreading, and the next try will tell.
LONGEST_WAIT_SECONDS = 120.0
_UNAUTHORISED, _FORBIDDEN, _TOO_MANY = 401, 403, 429


def error_of(response: Response) -> SyncError | None:
    """Return the error a response means, None for a good one."""
    if 200 <= response.status < 300:
        return None
    body = _problem_body(response)
    title = redact(str(body.get("title") or response.start))
    trace = str(body.get("traceId") or trace_id(response.headers))
    if response.status == _TOO_MANY:
        return RateLimited("ServiceTitan asks to wait (429)", retry_after_seconds=wait_seconds(response))
    if response.status == _UNAUTHORISED:
        return AuthExpired("ServiceTitan refused the access token (401)")
    if response.status == _FORBIDDEN:
        return ConnectionStopped(
            f"ServiceTitan does not allow this (403): {title} (trace {trace or 'unknown'}).",
            code="403",
            remedy="Check the app key, the tenant id and that the app has the read scope of this resource.",
            system="servicetitan",
        )
    return RemoteFault(
        title or "ServiceTitan refused without saying why",
        code=str(response.status),
        detail=redact(_field_errors(body.get("errors"))),
        status=response.status,
        remote_request_id=trace,
    )


def unreadable(response: Response) -> TransportError:
    """Return the error for a good status whose body is no JSON of the promised shape."""
    return TransportError(
        f"ServiceTitan answered something unreadable: {response.start}",
        status=response.status,
        remote_request_id=trace_id(response.headers),
    )


def wait_seconds(response: Response) -> float:
    """Return how long a 429 asks to wait: the header, else the number in the title, else our own."""
    asked = response.retry_after_seconds
    if asked is None:
        # "Rate limit is exceeded. Try again in 12 seconds." - the last number before the word.
        numbers = re.findall(r"(\d+)\s*second", str(_problem_body(response).get("title") or response.text))
        asked = float(numbers[-1]) if numbers else DEFAULT_WAIT_SECONDS
    return min(asked, LONGEST_WAIT_SECONDS)


def _problem_body(response: Response) -> Json:
    body: object = response.json()
    return cast(Json, body) if isinstance(body, dict) else {}


def _field_errors(errors: object) -> str:
    if not isinstance(errors, Mapping):
        return ""
    found: list[str] = []
    for name, texts in cast("Mapping[str, Any]", errors).items():
        listed = cast("list[object]", texts) if isinstance(texts, list) else [texts]
        found.append(f"{name}: {' '.join(str(text) for text in listed)}")
    return "; ".join(found)
