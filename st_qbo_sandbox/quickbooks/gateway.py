"""What stands in front of the Accounting API: lower-case faults, trace id, and the envelope of every answer.

Belongs here: bodies and headers of the gateway (reference §2.2, §4.2). Does not belong here: the capital-F
faults and anything about accounting.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response

from st_qbo_sandbox.quickbooks import times
from st_qbo_sandbox.quickbooks.faults import Fault
from st_qbo_sandbox.storage import dump_json

BUILD = "1995.210"


def trace_id() -> str:
    """Return a fresh `intuit_tid`."""
    return f"1-{secrets.token_hex(4)}-{secrets.token_hex(12)}"


def answer_json(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response with the headers every answer carries."""
    return answer_text(dump_json(body), status=status, headers=headers)


def answer_text(text: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Like `answer_json`, for a body that is already JSON text."""
    sent = {"intuit_tid": trace_id(), "QBO-Version": BUILD, "Cache-Control": "max-age=0, no-cache, no-store"}
    return Response(
        text.encode(), status_code=status, headers=sent | dict(headers or {}), media_type="application/json"
    )


def fault_body(fault: Fault, now: datetime) -> dict[str, Any]:
    """Return the whole body of a capital-F fault."""
    return {"Fault": fault.body(), "time": times.write_envelope_time(now)}


def unauthorized_body(detail: str, now: datetime) -> dict[str, Any]:
    """Return the body of 401/3200: lower-case keys, `time` in epoch milliseconds."""
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [
                {
                    "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                    "detail": detail,
                    "code": "3200",
                    "element": None,
                }
            ],
            "type": "AUTHENTICATION",
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }


def malformed_token_body() -> dict[str, Any]:
    """Return the short body for a bearer token that cannot be one."""
    return {
        "fault": {
            "error": [
                {
                    "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                    "detail": "Malformed bearer token: too short or too long",
                    "code": "3200",
                }
            ],
            "type": "AUTHENTICATION",
        }
    }


def forbidden_body() -> dict[str, Any]:
    """Return the body of 403/3100: the token is good, but not for this realm."""
    return {
        "fault": {
            "error": [
                {
                    "message": "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
                    "detail": None,
                    "code": "3100",
                    "element": None,
                }
            ],
            "type": "SERVICE",
        }
    }


UNAUTHORIZED_HEADERS = {"WWW-Authenticate": 'Bearer realm="Intuit", error="invalid_token"'}


def missing_token_body(now: datetime) -> dict[str, Any]:
    """Return the body of 401/3202: no token was sent."""
    body = unauthorized_body("EmptyField (oauth_token)", now)
    body["fault"]["error"][0] |= {
        "message": "message=AuthenticationFailed; errorCode=003202; statusCode=401",
        "code": "3202",
    }
    return body
