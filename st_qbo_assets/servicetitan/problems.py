"""What an answer of ServiceTitan means when it is not what was asked for: the table, and answers as errors.

What belongs here: statuses and RFC 7807 bodies (ServiceTitan reference §2) with plain words, cause and
remedy; rendered, the table is part of the error cookbook. What does not: sending and trying again.

    401   AuthExpired          403   ConnectionStopped (a scope or the app key is missing)
    429   RateLimited          400, 404, 409 and the rest   RemoteFault
    5xx   TransportError, raised by the transport
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class ProblemKind:
    """One row of the table.

    Attributes:
        code: HTTP status, `5xx`, or the error of the token address.
        plain: one sentence for a bookkeeper.
        cause: how it comes about.
        remedy: what a person does, or what happens by itself.
        retry_helps: whether asking the very same again can succeed.
    """

    code: str
    plain: str
    cause: str
    remedy: str
    retry_helps: bool = False


PROBLEMS: tuple[ProblemKind, ...] = (
    ProblemKind(
        "400",
        "ServiceTitan does not accept the question.",
        "A filter or a value it does not know; it names the field.",
        "Tell the maintainers: the request was built wrongly.",
    ),
    ProblemKind(
        "401",
        "ServiceTitan refused the access token.",
        "It lives for 15 minutes.",
        "Nothing to do: a new one is fetched.",
        retry_helps=True,
    ),
    ProblemKind(
        "403",
        "ServiceTitan does not allow this.",
        "Another tenant, no app key, or a scope the app lacks.",
        "Check the app key, the tenant id and that the app has the read scope of this resource.",
    ),
    ProblemKind(
        "404",
        "ServiceTitan does not know the record or the address.",
        "It was removed, or the tenant id is wrong.",
        "Look the record up in ServiceTitan; compare `servicetitan.tenant` in the company file.",
    ),
    ProblemKind(
        "409",
        "The record was changed at the same moment.",
        "Somebody saved it while it was read.",
        "Replay the day.",
    ),
    ProblemKind(
        "429",
        "ServiceTitan asks to wait.",
        "More calls a second than one app may make for one tenant.",
        "Nothing to do: all wait as long as it asks, then it is asked again.",
        retry_helps=True,
    ),
    ProblemKind(
        "5xx",
        "ServiceTitan had an internal error.",
        "A passing trouble at ServiceTitan.",
        "Nothing to do: it is asked again; if it lasts, replay the day when ServiceTitan answers again.",
        retry_helps=True,
    ),
    ProblemKind(
        "invalid_client",
        "ServiceTitan does not accept the credentials.",
        "Client id and secret belong to one tenant and one environment, or were replaced in its portal.",
        "Check client id and secret; they belong to one tenant and one environment (production or "
        "integration). Then connect again with `st-qbo connect`.",
    ),
)
_BY_CODE = {kind.code: kind for kind in PROBLEMS}
UNKNOWN_PROBLEM = ProblemKind(
    "",
    "ServiceTitan refused the request for a reason that is not in our table.",
    "ServiceTitan says which in its message.",
    "Read the message and the trace id; replay the day once it is settled.",
)


def problem_kind(code: str) -> ProblemKind:
    """Return the row of an HTTP status or of an error of the token address."""
    return _BY_CODE.get("5xx" if re.fullmatch(r"5\d\d", code) else code, UNKNOWN_PROBLEM)


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
    title = redact(str(body.get("title") or response.start)) or "nothing more"
    trace = str(body.get("traceId") or trace_id(response.headers))
    kind = problem_kind(str(response.status))
    if response.status == _TOO_MANY:
        return RateLimited(f"{kind.plain} (429)", retry_after_seconds=wait_seconds(response))
    if response.status == _UNAUTHORISED:
        return AuthExpired(f"{kind.plain} (401)")
    if response.status == _FORBIDDEN:
        return ConnectionStopped(
            f"{kind.plain} {kind.cause} It says 403: {title} (trace {trace or 'unknown'}).",
            code="403",
            remedy=kind.remedy,
            system="servicetitan",
        )
    return RemoteFault(
        f"{kind.plain} {kind.cause} It says: {title}",
        code=str(response.status),
        detail=redact(_field_errors(body.get("errors"))),
        status=response.status,
        remote_request_id=trace,
        remedy=kind.remedy,
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
