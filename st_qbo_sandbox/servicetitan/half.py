"""ServiceTitan as the core drives it: routes, data, acts, faults, throttle.

Belongs here: putting the parts of this half together. Does not belong here: any of the parts.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.faults import REFUSE
from st_qbo_sandbox.servicetitan import acts, tokens
from st_qbo_sandbox.servicetitan.acts.desk import Desk
from st_qbo_sandbox.servicetitan.balances import Balances
from st_qbo_sandbox.servicetitan.dispatch import Dispatcher
from st_qbo_sandbox.servicetitan.entrance import Meter, authorize, identify, too_many
from st_qbo_sandbox.servicetitan.problems import RefusalError, refusal, respond
from st_qbo_sandbox.servicetitan.records import Records
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.servicetitan.webhooks import ServiceTitanEvents
from st_qbo_sandbox.storage import Document, Storage, as_array, as_object

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_TENANT_PATH = "/{module}/v2/tenant/{tenant}/{path:path}"
_BODY_IDS = re.compile(r".*[iI]ds?$")
_SWITCHES = "servicetitan.switches"


class ServiceTitan:
    """The ServiceTitan half."""

    name = "servicetitan"

    def __init__(self, *, clock: Clock, storage: Storage) -> None:
        self._clock = clock
        self._storage = storage
        self.records = Records(clock, storage)
        self._balances = Balances(self.records)
        self._desk = Desk(self.records, self._balances)
        self._dispatcher = Dispatcher(self.records, self._balances)
        self.webhooks = ServiceTitanEvents(self.records)
        self._calls: dict[str, int] = {}
        self._api_meter = Meter(clock, period_seconds=1)
        self._token_meter = Meter(clock, period_seconds=60)
        self._kept_switches = storage.collection(_SWITCHES)
        self._switches = Switches()
        self._take_switches(Switches().changed(self._kept_switches.get("set") or {}))

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self._switches

    def routes(self) -> list[BaseRoute]:
        """Return the token endpoint and the one route of everything else."""
        return [
            Route("/connect/token", self._token, methods=["POST"]),
            Route(_TENANT_PATH, self._operation, methods=_METHODS),
            Route("/{path:path}", self._nowhere, methods=_METHODS),
        ]

    async def _token(self, request: Request) -> Response:
        self._count("POST connect/token")
        return await tokens.answer(request, self._clock)

    async def _nowhere(self, request: Request) -> Response:
        return respond(RefusalError(404, "Resource not found"), self._switches)

    async def _operation(self, request: Request) -> Response:
        raw = await request.body()
        try:
            # One refused half-way has done nothing.
            with self._storage.transaction():
                return self._carry_out(request, raw)
        except RefusalError as refusal:
            return respond(refusal, self._switches)

    def _carry_out(self, request: Request, raw: bytes) -> Response:
        token = identify(request, self._clock, self._switches)
        module, tenant, path = (str(request.path_params[name]) for name in ("module", "tenant", "path"))
        found = self._dispatcher.find(request.method, module, path)
        if found is None:
            if tenant != token.tenant:
                raise RefusalError(403, "Provided authentication is insufficient to grant access.")
            raise RefusalError(404, "Resource not found")
        operation, parameters = found
        authorize(token, tenant, operation, self._switches)
        self._count(operation.key)
        return self._dispatcher.answer(operation, parameters, request, raw, self._switches)

    def reset(self) -> None:
        """Forget all data, set all switches back and forget what was counted."""
        self.records.clear()
        self._kept_switches.clear()
        self._take_switches(Switches())
        self._calls.clear()
        self._api_meter.clear()
        self._token_meter.clear()

    def load(self, seed: dict[str, Any]) -> None:
        """Add the records of a seed: `{collection: [records]}`, each in the vendor's own response shape."""
        highest = 0
        for name, given in seed.items():
            for record in as_array(given) or []:
                loaded = _loaded(name, record)
                self.records.keep(name, loaded)
                highest = max(highest, loaded["id"] if isinstance(loaded["id"], int) else 0)
        self.records.reserve(highest)

    def edit(self, act: dict[str, Any]) -> dict[str, Any]:
        """Act as a person in ServiceTitan; see `acts`.

        Raises:
            EditError: the act makes no sense.
        """
        with self._storage.transaction():
            return acts.perform(self._desk, act)

    def state(self) -> dict[str, Any]:
        """Return all records by collection, as they are stored."""
        return {name: list(self.records.all(name)) for name in self.records.names()}

    def stats(self) -> dict[str, Any]:
        """Return counts of records and of calls by operation."""
        return {
            "entities": {name: len(self.records.collection(name)) for name in self.records.names()},
            "calls": dict(sorted(self._calls.items())),
            "throttled": self._api_meter.refused + self._token_meter.refused,
        }

    def configure(self, switches: dict[str, Any]) -> None:
        """Set switches, which stay set over a restart.

        Raises:
            EditError: there is no such switch, or not with such a value.
        """
        changed = self._switches.changed(switches)
        kept = self._kept_switches.get("set") or {}
        self._kept_switches.put("set", {**kept, **switches})
        self._take_switches(changed)

    def _take_switches(self, switches: Switches) -> None:
        self._switches = self._balances.switches = switches
        self._dispatcher.forget_views()

    def fault(self, kind: str, request: Request) -> Response:
        """Return ServiceTitan's own form of a fault."""
        if kind == "token_expired":
            return respond(RefusalError(401, "Unauthorized"), self._switches)
        if kind == "http_429":
            return self._too_many(1)
        if kind.startswith(REFUSE):
            return respond(refusal(kind.removeprefix(REFUSE)), self._switches)
        return respond(RefusalError(500, "An error occurred while processing your request."), self._switches)

    def touch(self, request_body: Any, path: str) -> None:
        """Change the records that a request is about: those its path or body names by id."""
        match = re.fullmatch(r"/\w+/v2/tenant/\d+/(.+)", path)
        if match is None:
            return
        segments = match[1].split("/")
        resource = segments[0]
        if resource not in self.records.names():
            return
        ids = [segment for segment in segments[1:] if segment.isdigit()][:1] or _ids_in(request_body)
        for id in ids:
            record = self.records.get(resource, id)
            if record is not None:
                self.records.change(resource, record)

    def throttle(self, request: Request) -> Response | None:
        """Count a call of the application on its tenant, or of the token endpoint."""
        if request.url.path == "/connect/token":
            wait = self._token_meter.wait_seconds(self._switches.token_requests_per_minute)
        else:
            wait = self._api_meter.wait_seconds(self._switches.requests_per_second)
        return self._too_many(wait) if wait else None

    def _too_many(self, wait: int) -> Response:
        headers = {"Retry-After": str(wait)} if self._switches.retry_after_header else None
        return respond(too_many(wait), self._switches, headers=headers)

    def _count(self, key: str) -> None:
        self._calls[key] = self._calls.get(key, 0) + 1


def _loaded(name: str, record: Document) -> Document:
    loaded = {"active": True, **record}
    if loaded.get("id") is None:
        # A job's history has no id of its own.
        loaded["id"] = loaded["jobId"]
    if name == "customers":
        loaded.setdefault("_contentModifiedOn", loaded.get("modifiedOn"))
    if name == "payments":
        loaded.setdefault("_transactionType", "ReceivePayment")
    if name == "inventory-bills":
        loaded.setdefault("billType", "Procurement")
    return loaded


def _ids_in(body: Any) -> list[Any]:
    """Return the ids a body names: `[{invoiceId}]`, `{paymentIds}`, ..."""
    found: list[Any] = []
    for row in as_array(body) or [body]:
        for field, value in (as_object(row) or {}).items():
            if _BODY_IDS.fullmatch(field):
                found.extend(as_array(value) or [value])
    return found
