"""The web part on a port of its own, in this process, and deliveries as the vendors send them."""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
import uvicorn
from pydantic import SecretStr

from st_qbo_assets.company_files import DEFS
from st_qbo_assets.connections import QUICKBOOKS_VERIFIER_TOKEN, SERVICETITAN_WEBHOOK_KEY
from st_qbo_assets.settings import Ports, Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.vault import Vault
from st_qbo_assets.web.app import build_app

TENANT, REALM = "1420761", "9341453172058461"
KEY = "0123456789abcdef0123456789abcdef"
VERIFIER = "5b2f9c1e-7a40-4d83-9e6b-c0d1a7f3e825"


@dataclass
class Served:
    """A running web part."""

    url: str
    settings: Settings
    database: Database
    http: requests.Session = field(default_factory=requests.Session)

    def deliver(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, **more: Any
    ) -> requests.Response:
        return self.http.post(f"{self.url}{path}", data=body, headers=headers or {}, timeout=30, **more)

    def servicetitan(self, body: bytes, *, key: str = KEY, company: str = "demo") -> requests.Response:
        digest = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return self.deliver(
            f"/webhooks/servicetitan/{company}", body, {"x-servicetitan-signature": f"sha256={digest}"}
        )

    def quickbooks(self, body: bytes, *, token: str = VERIFIER) -> requests.Response:
        return self.deliver("/webhooks/quickbooks", body, {"intuit-signature": signed(body, token)})


def signed(body: bytes, key: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(settings: Settings, *, defs: Path = DEFS, **changes: Any) -> Generator[Served]:
    """Serve until the end of the block; the port is chosen here."""
    port = free_port()
    settings = replace(
        settings, ports=Ports(web=port), **{"public_url": f"http://localhost:{port}"} | changes
    )
    database = Database.open(settings)
    app = build_app(settings, database, defs=defs)
    server = uvicorn.Server(
        uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, access_log=False, timeout_graceful_shutdown=2
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    started = threading.Event()
    while not server.started:
        started.wait(0.01)
    try:
        with requests.Session() as http:
            yield Served(f"http://127.0.0.1:{port}", settings, database, http)
    finally:
        server.should_exit = True
        thread.join()
        database.dispose()


def give_keys(settings: Settings, database: Database, *, company: str = "demo") -> None:
    vault = Vault.open(database, settings)
    vault.put(f"company:{company}", SERVICETITAN_WEBHOOK_KEY, SecretStr(KEY))
    vault.put(f"company:{company}", QUICKBOOKS_VERIFIER_TOKEN, SecretStr(VERIFIER))


def invoice_event(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"id-{number}",
        "type": "tn.acc.invoice-posted",
        "time": "2026-03-02T18:00:00.1234567Z",
        "source": "https://webhooks.servicetitan.io",
        "userassignedid": f"assigned-{number}",
        "datacontenttype": "application/json",
        "data": {"invoice": {"id": 8001000 + number}, "tenantId": int(TENANT), "tenantName": "x"},
    } | changes


def cloud_event(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"qbo-{number}",
        "source": "intuit.x=",
        "type": "qbo.customer.updated.v1",
        "datacontenttype": "application/json",
        "time": "2026-03-02T18:00:00.123456789Z",
        "intuitentityid": str(number),
        "intuitaccountid": REALM,
        "data": {},
    } | changes


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
