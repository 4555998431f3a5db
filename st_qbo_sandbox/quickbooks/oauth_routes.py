"""The pages and endpoints of sign-in: consent, tokens, revocation, discovery, user info.

Belongs here: HTTP around `oauth.py`. Does not belong here: lifetimes and rotation.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from st_qbo_sandbox import identity
from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.quickbooks import gateway, id_tokens
from st_qbo_sandbox.quickbooks.oauth import SCOPES, OAuth, OAuthError

_USER = {
    "sub": "b1f5a2c0-6f0e-4d5b-9c1a-2f7d3e8a9b10",
    "email": "office@blueheronhome.example",
    "emailVerified": True,
    "givenName": "Dana",
    "familyName": "Okafor",
    "phoneNumber": "+1 8175550142",
    "phoneNumberVerified": False,
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Connect to QuickBooks (sandbox)</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:32rem;color:#222}}
button{{font:inherit;padding:.6rem 1.4rem;margin-right:1rem}} .box{{border:1px solid
#bbb;border-radius:6px;padding:2rem}}
</style></head><body><div class="box"><h1>{title}</h1>{content}</div></body></html>"""
_FORM = """<p>The app <strong>{app}</strong> asks for access to</p>
<p><strong>{company}</strong><br>company {realm}</p>
<ul>{scopes}</ul>
<form method="post" action="{action}">{fields}
<button type="submit" name="decision" value="connect" id="connect">Connect</button>
<button type="submit" name="decision" value="cancel" id="cancel">Cancel</button></form>"""


class OAuthRoutes:
    """Everything outside `/v3`."""

    def __init__(self, oauth: OAuth, clock: Clock) -> None:
        self._oauth = oauth
        self._clock = clock

    def routes(self) -> list[Route]:
        """Return the routes with the vendor's own paths."""
        found = [
            Route("/connect/oauth2", self.authorize, methods=["GET", "POST"]),
            Route("/oauth2/v1/tokens/bearer", self.token, methods=["POST"]),
            Route("/v2/oauth2/tokens/revoke", self.revoke, methods=["POST"]),
            Route("/v1/openid_connect/userinfo", self.user_info, methods=["GET"]),
            Route("/op/v1/jwks", self.keys, methods=["GET"]),
        ]
        for name in ("openid_configuration", "openid_sandbox_configuration"):
            found.append(Route(f"/.well-known/{name}", self.discovery, methods=["GET"]))
            found.append(Route(f"/.well-known/{name}/", self.discovery, methods=["GET"]))
        return found

    async def authorize(self, request: Request) -> Response:
        """Show the consent page, or act on its buttons."""
        asked = dict(request.query_params)
        if request.method == "POST":
            asked |= dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        problem = _check_request(asked)
        if problem is not None:
            page = _PAGE.format(
                title="Sorry, this app cannot connect", content=f"<p id=error>{html.escape(problem)}</p>"
            )
            return HTMLResponse(page, status_code=400)
        if not asked.get("state"):
            return _back(asked, {"error": "invalid_request", "error_description": "state is required"})
        unknown = [scope for scope in asked.get("scope", "").split() if scope not in SCOPES]
        if unknown or not asked.get("scope", "").split():
            return _back(asked, {"error": "invalid_scope"})
        if request.method == "GET":
            return HTMLResponse(_consent_page(asked))
        if asked.get("decision") != "connect":
            return _back(asked, {"error": "access_denied"})
        code = self._oauth.issue_code(redirect_uri=asked["redirect_uri"], scope=asked["scope"])
        return _back(asked, {"code": code, "realmId": identity.REALM})

    async def token(self, request: Request) -> Response:
        """Exchange a code or refresh."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            self._check_client(request, form)
            grant = form.get("grant_type")
            if grant == "authorization_code":
                answer = self._oauth.exchange(form.get("code", ""), form.get("redirect_uri", ""))
            elif grant == "refresh_token":
                answer = self._oauth.refresh(form.get("refresh_token", ""))
            else:
                raise OAuthError("unsupported_grant_type")
        except OAuthError as error:
            return self._refusal(error)
        if request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() != "true":
            answer.pop("x_refresh_token_hard_expires_in")
        scope = self._oauth.access(answer["access_token"]).scope
        if "openid" in scope.split() and grant == "authorization_code":
            answer["id_token"] = id_tokens.sign_id_token(
                issuer=f"{_base(request)}/op/v1",
                client_id=identity.QUICKBOOKS_CLIENT_ID,
                realm=identity.REALM,
                subject=str(_USER["sub"]),
                now=self._clock.seconds(),
                seconds=3600,
            )
        return JSONResponse(
            answer, headers={"intuit_tid": gateway.trace_id(), "Cache-Control": "no-cache, no-store"}
        )

    async def revoke(self, request: Request) -> Response:
        """Disconnect by token."""
        raw = (await request.body()).decode("utf-8", "replace")
        form = dict(parse_qsl(raw))
        try:
            token = str(json.loads(raw).get("token", ""))
        except (ValueError, AttributeError):
            token = form.get("token", "")
        try:
            self._check_client(request, form)
            self._oauth.revoke(token)
        except OAuthError as error:
            return self._refusal(error)
        return Response(status_code=200, headers={"intuit_tid": gateway.trace_id()})

    async def user_info(self, request: Request) -> Response:
        """Say who signed in."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        access = self._oauth.access(token)
        if access.state != "good":
            body = {"error": "invalid_token"}
            return JSONResponse(body, status_code=401, headers=gateway.UNAUTHORIZED_HEADERS)
        return JSONResponse(_USER, headers={"intuit_tid": gateway.trace_id()})

    async def keys(self, request: Request) -> Response:
        """Return the public keys of id tokens."""
        return JSONResponse(id_tokens.key_set())

    async def discovery(self, request: Request) -> Response:
        """Return the discovery document with the sandbox's own addresses."""
        base = _base(request)
        return JSONResponse(
            {
                "issuer": f"{base}/op/v1",
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
                "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{base}/op/v1/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile", "address", "phone"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
            }
        )

    def _check_client(self, request: Request, form: dict[str, str]) -> None:
        client_id, secret = form.get("client_id"), form.get("client_secret")
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                client_id = secret = None
        self._oauth.check_client(client_id, secret)

    def _refusal(self, error: OAuthError) -> Response:
        return JSONResponse(
            error.body(), status_code=error.status, headers={"intuit_tid": gateway.trace_id()}
        )


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _check_request(asked: dict[str, str]) -> str | None:
    if asked.get("client_id") != identity.QUICKBOOKS_CLIENT_ID:
        return "The client_id is not known."
    if asked.get("response_type") != "code":
        return "The response_type must be code."
    target = urlsplit(asked.get("redirect_uri", ""))
    # Development keys may use any address on the own machine (reference §1.2).
    is_local = target.scheme == "http" and target.hostname in ("localhost", "127.0.0.1")
    if asked.get("redirect_uri") != identity.QUICKBOOKS_REDIRECT_URI and not is_local:
        return "The redirect_uri is invalid. Make sure it is listed in the Redirect URIs of your app."
    return None


def _consent_page(asked: dict[str, str]) -> str:
    kept = ("client_id", "response_type", "scope", "redirect_uri", "state")
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(asked.get(name, ""), quote=True)}">'
        for name in kept
    )
    scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in asked["scope"].split())
    content = _FORM.format(
        app="ServiceTitan sync",
        company=identity.COMPANY_NAME,
        realm=identity.REALM,
        scopes=scopes,
        action="/connect/oauth2",
        fields=fields,
    )
    return _PAGE.format(title="Connect to QuickBooks", content=content)


def _back(asked: dict[str, str], answer: dict[str, str]) -> Response:
    if asked.get("state"):
        answer = {**answer, "state": asked["state"]}
    joint = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return RedirectResponse(f"{asked['redirect_uri']}{joint}{urlencode(answer)}", status_code=302)
