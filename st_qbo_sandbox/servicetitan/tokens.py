"""`POST /connect/token`: client credentials for a bearer token of 900 seconds.

Belongs here: making a token and reading one back. Does not belong here: what a token may do (`entrance.py`).

A token looks like the vendor's (RS256, `at+jwt`, the same claims); its signature is made from a fixed key
of the sandbox, so that nothing need be kept and a token outlives a restart.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from st_qbo_sandbox import identity
from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.servicetitan.scopes import ALL_SCOPES

LIFETIME_SECONDS = 900
_KEY = b"blue heron"
_HEADER = {"alg": "RS256", "kid": "8D21B3C6F0E94E55A7C1", "typ": "at+jwt"}
_ISSUER = "https://auth-integration.servicetitan.io"


class TokenError(Exception):
    """A token that is no token of ours, or has expired."""


@dataclass(frozen=True)
class Token:
    """What a token says."""

    tenant: str
    scopes: frozenset[str]


def issue(clock: Clock, scopes: list[str]) -> str:
    """Return a new token for the one tenant."""
    now = int(clock.seconds())
    claims: dict[str, Any] = {
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
        "iss": _ISSUER,
        "client_id": identity.SERVICETITAN_CLIENT_ID,
        "tenant": str(identity.TENANT),
        "jti": secrets.token_hex(16).upper(),
        "iat": now,
        "scope": scopes,
    }
    signed = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_encode(_signature(signed))}"


def read(text: str, clock: Clock) -> Token:
    """Return what a token says.

    Raises:
        TokenError: it is forged or has expired.
    """
    signed, _, signature = text.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _encode(_signature(signed)).encode()):
        raise TokenError("the token is not valid")
    claims = json.loads(_decode(signed.split(".")[1]))
    if clock.seconds() >= claims["exp"]:
        raise TokenError("the token has expired")
    return Token(tenant=claims["tenant"], scopes=frozenset(claims["scope"]))


async def answer(request: Request, clock: Clock) -> Response:
    """Answer the token endpoint."""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != "application/x-www-form-urlencoded":
        return _refuse("invalid_request")
    form = dict(parse_qsl((await request.body()).decode("utf-8", errors="replace")))
    if form.get("grant_type") != "client_credentials":
        return _refuse("unsupported_grant_type" if form.get("grant_type") else "invalid_request")
    given = (form.get("client_id"), form.get("client_secret"))
    if given != (identity.SERVICETITAN_CLIENT_ID, identity.SERVICETITAN_CLIENT_SECRET):
        return _refuse("invalid_client")
    asked = (form.get("scope") or "").split()
    if set(asked) - set(ALL_SCOPES):
        return _refuse("invalid_scope")
    scopes = asked or list(ALL_SCOPES)
    return JSONResponse(
        {
            "access_token": issue(clock, scopes),
            "expires_in": LIFETIME_SECONDS,
            "token_type": "Bearer",
            "scope": " ".join(scopes),
        },
        headers={"Cache-Control": "no-store, no-cache, max-age=0"},
    )


def _refuse(error: str) -> Response:
    return JSONResponse({"error": error}, status_code=400)


def _signature(signed: str) -> bytes:
    return b"".join(hmac.new(_KEY, f"{n}{signed}".encode(), hashlib.sha256).digest() for n in range(8))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
