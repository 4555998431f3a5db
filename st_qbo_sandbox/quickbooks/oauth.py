"""OAuth 2.0: codes, access tokens, refresh tokens and their rotation.

Belongs here: reference §1 without HTTP. Does not belong here: pages and endpoints (`oauth_routes.py`).

A lineage is one consent: it begins with a code and lives through all its refresh token values. A value is
replaced by the first refresh after 24 hours and is dead from then on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from st_qbo_sandbox import identity
from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.quickbooks.switches import Switches
from st_qbo_sandbox.storage import Collection, Document, Storage

ACCOUNTING = "com.intuit.quickbooks.accounting"
SCOPES = (
    ACCOUNTING, "com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address",
    "intuit_name", "com.intuit.quickbooks.payroll", "project-management.project",
    "app-foundations.custom-field-definitions", "app-foundations.custom-field-definitions.read",
    "indirect-tax.tax-calculation.quickbooks", "payroll.compensation.read",
)  # fmt: skip
LINEAGE_SECONDS = 157_680_000
WRONG_TYPE = "Incorrect Token type or clientID"
TOKEN_MIN, TOKEN_MAX = 20, 4096


class OAuthError(Exception):
    """A refused token request: `error` and an optional description, as the token endpoint writes them."""

    def __init__(self, error: str, description: str | None = None, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def body(self) -> dict[str, str]:
        """Return the JSON body."""
        body = {"error": self.error}
        if self.description is not None:
            body["error_description"] = self.description
        return body


@dataclass(frozen=True)
class Access:
    """What an access token is worth: `state` is good, expired, revoked or unknown."""

    state: str
    realm: str = ""
    scope: str = ""


class OAuth:
    """All codes and tokens, kept in the storage."""

    def __init__(self, clock: Clock, storage: Storage, switches: Any) -> None:
        self._clock = clock
        self._switches = switches
        self._codes = storage.collection("quickbooks.codes")
        self._access = storage.collection("quickbooks.access_tokens")
        self._refresh = storage.collection("quickbooks.refresh_tokens")
        self.counts = {
            "codes": 0,
            "exchanges": 0,
            "refreshes": 0,
            "rotations": 0,
            "refused": 0,
            "revocations": 0,
        }

    @property
    def _now(self) -> float:
        return self._clock.seconds()

    @property
    def _options(self) -> Switches:
        return self._switches()

    def check_client(self, client_id: str | None, client_secret: str | None) -> None:
        """Refuse unknown credentials.

        Raises:
            OAuthError: invalid_client, status 401.
        """
        if client_id != identity.QUICKBOOKS_CLIENT_ID or client_secret != identity.QUICKBOOKS_CLIENT_SECRET:
            self.counts["refused"] += 1
            raise OAuthError("invalid_client", status=401)

    def issue_code(self, *, redirect_uri: str, scope: str = ACCOUNTING) -> str:
        """Return a new authorization code for the one company."""
        code = "AB1" + secrets.token_urlsafe(36)
        self._codes.put(
            code, {"redirect_uri": redirect_uri, "scope": scope, "at": _seconds(self._now), "used": False}
        )
        self.counts["codes"] += 1
        return code

    def exchange(self, code: str, redirect_uri: str) -> dict[str, Any]:
        """Turn a code into tokens.

        Raises:
            OAuthError: invalid_grant for a code that is unknown, used, too old, or of another redirect URI.
        """
        kept = self._codes.get(code)
        too_old = (
            kept is not None and self._now - float(kept["at"]) > self._options.authorization_code_seconds
        )
        if kept is None or kept["used"] or too_old or kept["redirect_uri"] != redirect_uri:
            raise self._refuse()
        self._codes.put(code, kept | {"used": True})
        self.counts["exchanges"] += 1
        lineage = secrets.token_hex(8)
        value = _new_refresh_value()
        now = self._now
        self._refresh.put(
            value,
            {
                "lineage": lineage,
                "scope": kept["scope"],
                "realm": identity.REALM,
                "born": _seconds(now),
                "made": _seconds(now),
                "used": _seconds(now),
            },
        )
        return self._answer(value, kept["scope"], lineage, now)

    def refresh(self, value: str) -> dict[str, Any]:
        """Renew the access token; the refresh token value changes when it is a day old.

        Raises:
            OAuthError: invalid_grant.
        """
        kept = self._refresh.get(value)
        if kept is None:
            raise self._refuse(WRONG_TYPE if self._access.get(value) is not None else None)
        now = self._now
        options = self._options
        since_last = now - float(kept.get("refreshed", 0))
        if options.parallel_refresh_revokes and since_last < options.parallel_refresh_seconds:
            self._end_lineage(kept["lineage"])
            raise self._refuse()
        born, used = float(kept["born"]), float(kept["used"])
        if now - used > options.refresh_token_days * 86400 or now - born > LINEAGE_SECONDS:
            self._refresh.remove(value)
            raise self._refuse()
        self.counts["refreshes"] += 1
        changed = kept | {"used": _seconds(now), "refreshed": _seconds(now)}
        if now - float(kept["made"]) >= options.refresh_rotation_hours * 3600:
            self._refresh.remove(value)
            value = _new_refresh_value()
            changed |= {"made": _seconds(now)}
            self.counts["rotations"] += 1
        self._refresh.put(value, changed)
        return self._answer(value, kept["scope"], kept["lineage"], born)

    def _answer(self, refresh_value: str, scope: str, lineage: str, born: float) -> dict[str, Any]:
        token = _new_access_value()
        lifetime = self._options.access_token_seconds
        self._forget_expired()
        self._access.put(
            token,
            {
                "lineage": lineage,
                "scope": scope,
                "realm": identity.REALM,
                "until": _seconds(self._now + lifetime),
            },
        )
        return {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": lifetime,
            "refresh_token": refresh_value,
            "x_refresh_token_expires_in": self._options.refresh_token_days * 86400,
            "x_refresh_token_hard_expires_in": int(born + LINEAGE_SECONDS - self._now),
        }

    def _forget_expired(self) -> None:
        """Drop access tokens that ended a day ago, so that they do not pile up."""
        for token, kept in list(self._access.items()):
            if float(kept["until"]) < self._now - 86400:
                self._access.remove(token)

    def _refuse(self, description: str | None = None) -> OAuthError:
        self.counts["refused"] += 1
        return OAuthError("invalid_grant", description)

    def access(self, token: str) -> Access:
        """Return what an access token is worth now."""
        kept = self._access.get(token)
        if kept is None:
            return Access("unknown")
        if kept.get("revoked"):
            return Access("revoked", kept["realm"], kept["scope"])
        state = "good" if float(kept["until"]) > self._now else "expired"
        return Access(state, kept["realm"], kept["scope"])

    def revoke(self, token: str) -> None:
        """End the consent behind an access or refresh token.

        Raises:
            OAuthError: the token is unknown.
        """
        kept: Document | None = self._refresh.get(token) or self._access.get(token)
        if kept is None or kept.get("revoked"):
            raise OAuthError("invalid_request", "Token not found")
        self.counts["revocations"] += 1
        self._end_lineage(kept["lineage"])

    def revoke_all(self) -> None:
        """End every consent, as a person does who disconnects the app inside the product."""
        for lineage in {kept["lineage"] for kept in self._refresh.values()}:
            self._end_lineage(lineage)

    def is_connected(self) -> bool:
        """Say whether any consent is alive."""
        return len(self._refresh) > 0

    def expire_access(self, token: str) -> None:
        """Let one access token run out now."""
        kept = self._access.get(token)
        if kept is not None:
            self._access.put(token, kept | {"until": _seconds(self._now - 1)})

    def _end_lineage(self, lineage: str) -> None:
        _remove_of(self._refresh, lineage)
        for token, kept in list(self._access.items()):
            if kept["lineage"] == lineage:
                self._access.put(token, kept | {"revoked": True})

    def clear(self) -> None:
        """Forget all codes and tokens."""
        for collection in (self._codes, self._access, self._refresh):
            collection.clear()
        self.counts = dict.fromkeys(self.counts, 0)


def _remove_of(collection: Collection, lineage: str) -> None:
    for value, kept in list(collection.items()):
        if kept["lineage"] == lineage:
            collection.remove(value)


def _seconds(moment: float) -> Decimal:
    return Decimal(str(round(moment, 3)))


def _new_refresh_value() -> str:
    return "RT1-" + secrets.token_urlsafe(33)


def _new_access_value() -> str:
    # As long and as opaque as the vendor's, which is an encrypted JWT.
    return "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwieC5vcmciOiJIMCJ9.." + secrets.token_urlsafe(180)
