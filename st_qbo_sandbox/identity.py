"""Who the sandbox is: the one tenant, the one realm, their credentials, the default ports and URLs.

Belongs here: constants that both halves, the command line and tests must agree on. Does not belong here:
anything that changes while the sandbox runs (tokens, consent codes, clock).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COMPANY_NAME = "Blue Heron Home Services"
TIME_ZONE = "America/Chicago"
HOST = "127.0.0.1"

TENANT = 1420761
SERVICETITAN_CLIENT_ID = "cid.b7kq2mz0w4n8xv5r1t9yp3sd6"
SERVICETITAN_CLIENT_SECRET = "cs1.2v9x0cq7h4m1kzr8wd5nb6tjy3pafs0gue4l7i2o9x1cqv5m8k"
SERVICETITAN_APP_KEY = "ak1.5n0r8c2wq7xm4zk1vtb9jd3hy"

# Signs ServiceTitan's webhooks: 32 to 64 characters, given on the app.
SERVICETITAN_WEBHOOK_KEY = "wk1-7c4e2b9a6d1f8035e2c7b4a9d6f1308c"

# Credentials that are well formed but belong to the other ServiceTitan environment: they get
# `invalid_client`.
SERVICETITAN_PRODUCTION_CLIENT_ID = "cid.q1w9e8r7t6y5u4i3o2p0a9s8d"
SERVICETITAN_PRODUCTION_CLIENT_SECRET = "cs1.9a8s7d6f5g4h3j2k1l0zqxwcevrbtnym8u7i6o5p4a3s2d1f0g"

REALM = "9341453172058461"
QUICKBOOKS_CLIENT_ID = "ABq7TzW0mX3cR8vN5yK1pL9sD4fG6hJ2uE0oI7tA3bV5nM8xQZ"
QUICKBOOKS_CLIENT_SECRET = "k3Zr8QwT1mYv6NbX0cLs4PdF7gHj2KuA9eRi5OtB"
QUICKBOOKS_REDIRECT_URI = "http://localhost:8800/connect/quickbooks/callback"
QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = "5b2f9c1e-7a40-4d83-9e6b-c0d1a7f3e825"

PORT_VARIABLES = {"servicetitan": "ST_QBO_PORT_SERVICETITAN", "quickbooks": "ST_QBO_PORT_QUICKBOOKS"}
DEFAULT_PORTS = {"servicetitan": 8811, "quickbooks": 8812}


class SettingError(Exception):
    """An environment variable of the sandbox cannot be used; the message names it."""


@dataclass(frozen=True)
class Ports:
    """The TCP ports of the two halves; 0 asks the system for a free one."""

    servicetitan: int
    quickbooks: int

    def of(self, half: str) -> int:
        """Return the port of the half with this name."""
        return self.servicetitan if half == "servicetitan" else self.quickbooks


def read_ports(environment: Mapping[str, str] | None = None) -> Ports:
    """Read both ports from the environment, else the defaults.

    Raises:
        SettingError: a variable holds something other than a port number.
    """
    values = os.environ if environment is None else environment
    ports: dict[str, int] = {}
    for half, variable in PORT_VARIABLES.items():
        text = values.get(variable) or str(DEFAULT_PORTS[half])
        if not text.isdigit() or int(text) > 65535:
            raise SettingError(f"{variable} must be a port number from 0 to 65535, not {text!r}")
        ports[half] = int(text)
    return Ports(**ports)


def url_of(port: int) -> str:
    """Return the base URL of a half that listens on this port."""
    return f"http://{HOST}:{port}"


def describe_servicetitan(base_url: str) -> dict[str, Any]:
    """Return the URLs and credentials of the ServiceTitan half."""
    return {
        "base_url": base_url,
        "token_url": f"{base_url}/connect/token",
        "tenant": TENANT,
        "client_id": SERVICETITAN_CLIENT_ID,
        "client_secret": SERVICETITAN_CLIENT_SECRET,
        "app_key": SERVICETITAN_APP_KEY,
        "webhook_key": SERVICETITAN_WEBHOOK_KEY,
    }


def describe_quickbooks(base_url: str) -> dict[str, Any]:
    """Return the URLs and credentials of the QuickBooks half."""
    return {
        "base_url": base_url,
        "authorize_url": f"{base_url}/connect/oauth2",
        "token_url": f"{base_url}/oauth2/v1/tokens/bearer",
        "revoke_url": f"{base_url}/v2/oauth2/tokens/revoke",
        "discovery_url": f"{base_url}/.well-known/openid_sandbox_configuration",
        "realm": REALM,
        "client_id": QUICKBOOKS_CLIENT_ID,
        "client_secret": QUICKBOOKS_CLIENT_SECRET,
        "redirect_uri": QUICKBOOKS_REDIRECT_URI,
        "webhook_verifier_token": QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN,
    }
