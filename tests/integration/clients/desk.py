"""Both clients against the sandbox over HTTP, with its controls in reach."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests
from pydantic import SecretStr

from st_qbo_assets.domain.ids import Realm, Tenant
from st_qbo_assets.domain.tokens import TokenPair
from st_qbo_assets.quickbooks.auth import AppCredentials, Endpoints, OAuth, QuickBooksAuth
from st_qbo_assets.quickbooks.client import QuickBooks
from st_qbo_assets.servicetitan.auth import Credentials, MemoryTokenCache, ServiceTitanAuth
from st_qbo_assets.servicetitan.client import ServiceTitan
from st_qbo_assets.transport.budget import Unlimited
from st_qbo_assets.transport.http import Http, Timeouts
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_sandbox.app import Sandbox
from tests.unit.transport.fake_http import FakeBudget, FakeTime

Json = dict[str, Any]


class MemoryVault:
    """Tokens of one company for one process."""

    def __init__(self) -> None:
        self.stored: TokenPair | None = None
        self._lock = threading.Lock()

    def read(self) -> TokenPair | None:
        return self.stored

    def write(self, tokens: TokenPair) -> None:
        self.stored = tokens

    @contextmanager
    def exclusive(self) -> Generator[None]:
        with self._lock:
            yield


class Desk:
    """One sandbox and the two clients of its company; waits are taken, not slept."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.info = sandbox.info()
        self.http = Http(pool_size=8, timeouts=Timeouts(connect_seconds=5, read_seconds=20))
        self.time = FakeTime()
        self.retry = RetryPolicy(sleep=self.time.sleep, clock=self.time.clock)
        self.vault = MemoryVault()
        self.budget = FakeBudget()
        self.servicetitan = self.make_servicetitan()
        self.oauth = self.make_oauth()
        self.auth = QuickBooksAuth(oauth=self.oauth, vault=self.vault)
        self.quickbooks = self.make_quickbooks()

    def close(self) -> None:
        self.http.close()

    def make_servicetitan(self, *, page_size: int | None = None, **changes: Any) -> ServiceTitan:
        """A client of the tenant; `tenant`, `client_secret` or `app_key` may be wrong ones."""
        known = {**self.info["servicetitan"], **changes}
        auth = ServiceTitanAuth(
            http=self.http,
            token_url=known["token_url"],
            credentials=Credentials(
                client_id=known["client_id"],
                client_secret=SecretStr(known["client_secret"]),
                app_key=SecretStr(known["app_key"]),
            ),
            cache=MemoryTokenCache(),
            retry=self.retry,
        )
        return ServiceTitan(
            http=self.http,
            tokens=auth,
            tenant=Tenant(str(known["tenant"])),
            base_url=known["base_url"],
            budget=self.budget,
            retry=self.retry,
            page_size=page_size,
        )

    def make_oauth(self, **changes: Any) -> OAuth:
        """Intuit's OAuth as the sandbox plays it; `client_secret` may be a wrong one."""
        known = {**self.info["quickbooks"], **changes}
        return OAuth(
            http=self.http,
            endpoints=Endpoints(
                authorize=known["authorize_url"], token=known["token_url"], revoke=known["revoke_url"]
            ),
            credentials=AppCredentials(known["client_id"], SecretStr(known["client_secret"])),
            retry=self.retry,
        )

    def make_quickbooks(self, realm: str | None = None) -> QuickBooks:
        """A client of the company, or of another realm with the same tokens."""
        known = self.info["quickbooks"]
        return QuickBooks(
            http=self.http,
            tokens=self.auth,
            realm=Realm(realm or known["realm"]),
            base_url=known["base_url"],
            budget=Unlimited() if realm else self.budget,
            retry=self.retry,
        )

    def connect(self) -> None:
        """Give consent as an administrator, and keep the tokens."""
        known = self.info["quickbooks"]
        code = self.act("consent")["code"]
        self.vault.write(self.oauth.exchange_code(code, redirect_uri=known["redirect_uri"]))

    def control(
        self, name: str, body: Json | None = None, *, half: str = "quickbooks", method: str = ""
    ) -> Any:
        """Use a control of the sandbox."""
        url = self.info[half]["base_url"]
        way = method or ("GET" if body is None else "POST")
        answer = requests.request(way, f"{url}/_sandbox/{name}", json=body, timeout=20)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def act(self, act: str, *, half: str = "quickbooks", **more: Any) -> Json:
        """Act as a person in that product."""
        return self.control("edit", {"act": act, **more}, half=half)

    def fault(
        self, kind: str, *, path: str = "*", times: int = 1, half: str = "quickbooks", **more: Any
    ) -> None:
        """Let the next requests of a path meet a fault."""
        self.control(
            "faults", {"rules": [{"kind": kind, "path": path, "times": times, "half": half, **more}]}
        )

    def advance(self, seconds: float) -> None:
        """Let the vendors' time pass."""
        self.control("clock", {"advance_seconds": seconds})

    def switch(self, half: str = "quickbooks", **switches: Any) -> None:
        """Play something the reference leaves open."""
        self.control("switches", {half: switches})

    def state(self, half: str, entity: str) -> list[Json]:
        """Everything a half holds of an entity."""
        return self.control(f"state?entity={entity}", half=half)

    def sent(self, path: str, *, half: str = "quickbooks") -> list[Json]:
        """The requests the sandbox saw whose path contains this, oldest first."""
        return self.control(f"requests?path={path}", half=half)

    @property
    def now(self) -> datetime:
        """The sandbox's time, which is ours unless it was moved."""
        return datetime.now(UTC)
