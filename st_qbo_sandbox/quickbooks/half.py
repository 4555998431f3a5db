"""The QuickBooks half: everything put together behind the surface that the sandbox's core expects.

Belongs here: wiring. Does not belong here: behaviour.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.faults import REFUSE
from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.quickbooks import gateway, taxes
from st_qbo_sandbox.quickbooks.acts import Acts
from st_qbo_sandbox.quickbooks.api_routes import ApiRoutes
from st_qbo_sandbox.quickbooks.books import Books
from st_qbo_sandbox.quickbooks.catalog import BY_PATH, ENTITIES
from st_qbo_sandbox.quickbooks.company import Company, merge
from st_qbo_sandbox.quickbooks.faults import Fault, system_failure, throttled
from st_qbo_sandbox.quickbooks.oauth import OAuth
from st_qbo_sandbox.quickbooks.oauth_routes import OAuthRoutes
from st_qbo_sandbox.quickbooks.operations import Operations
from st_qbo_sandbox.quickbooks.refusals import refusal
from st_qbo_sandbox.quickbooks.replay import Replay
from st_qbo_sandbox.quickbooks.switches import Switches, change_switches
from st_qbo_sandbox.quickbooks.throttle import Throttle
from st_qbo_sandbox.quickbooks.trial_balance import trial_balance
from st_qbo_sandbox.quickbooks.webhooks import QuickBooksEvents
from st_qbo_sandbox.quickbooks.work import Work
from st_qbo_sandbox.storage import Storage, as_object

_API = re.compile(r"/v3/company/([^/]+)/([^/?]+)")


class QuickBooks:
    """A QuickBooks Online company over HTTP."""

    name = "quickbooks"

    def __init__(self, *, clock: Clock, storage: Storage) -> None:
        self.clock = clock
        self.switches = Switches()
        self.books = Books(clock, storage, lambda: self.switches)
        self.company = Company(self.books)
        self.operations = Operations(self.books, self.company, self._spend)
        self.oauth = OAuth(clock, storage, lambda: self.switches)
        self.replay = Replay(self.books, storage)
        self.throttling = Throttle(clock)
        self.api = ApiRoutes(self.operations, self.oauth, self.replay, self.throttling)
        self.acts = Acts(self)
        self.webhooks = QuickBooksEvents(clock, self.oauth.is_connected)
        self._oauth_routes = OAuthRoutes(self.oauth, clock)
        self._set_up()

    def _set_up(self) -> None:
        self.company.set_up()
        work = Work(self.books)
        taxes.pseudo_codes(work)
        work.commit()

    def _spend(self, switch: str) -> None:
        """Use up one of a switch that counts down."""
        self.switches = change_switches(self.switches, {switch: getattr(self.switches, switch) - 1})

    def routes(self) -> list[Route]:
        """Return the vendor's own paths."""
        return [*self._oauth_routes.routes(), *self.api.routes()]

    def reset(self) -> None:
        """Wipe the company, tokens, counters and switches."""
        self.books.clear()
        self.oauth.clear()
        self.replay.clear()
        self.throttling.clear()
        self.api.calls.clear()
        self.api.faults.clear()
        self.switches = Switches()
        self._set_up()

    def load(self, seed: dict[str, Any]) -> None:
        """Load `company_info`, `preferences` and `objects` of a seed through the ordinary create path.

        Raises:
            ValueError: an object is refused; the message names it and the fault.
        """
        for entity, key in (("CompanyInfo", "company_info"), ("Preferences", "preferences")):
            patch = seed.get(key)
            stored = self.books.get(entity, "1")
            if patch and stored is not None:
                self.books.put(entity, "1", merge(stored, patch))
        for name, body in seed.get("objects", ()):
            try:
                self.operations.create(ENTITIES[name], body, seed=True)
            except Fault as refused:
                raise ValueError(f"{name} {body.get('Id')}: {refused}") from refused

    def edit(self, act: dict[str, Any]) -> dict[str, Any]:
        """Act as a person in QuickBooks; see `acts.py` for the acts.

        Raises:
            EditError: the act cannot be done.
        """
        return self.acts.perform(act)

    def state(self) -> dict[str, Any]:
        """Return all objects by entity, as the API shows them."""
        return {
            name: [self.operations.render(name, doc) for doc in self.books.all_of(name)] for name in ENTITIES
        }

    def trial_balance(self, *, first: str | None = None, last: str | None = None) -> dict[str, Any]:
        """Return what the ledger says by account and customer, of documents dated within these days."""
        return trial_balance(self.books, first=first, last=last)

    def stats(self) -> dict[str, Any]:
        """Return counts by entity, calls by kind, and what throttling and replay did."""
        return {
            "objects": {name: len(self.books.collection(name)) for name in ENTITIES},
            "calls": dict(self.api.calls),
            "faults": dict(self.api.faults),
            "metered_reads": sum(self.throttling.metered.values()),
            "metered_reads_by_month": dict(self.throttling.metered),
            "throttled": self.throttling.throttled,
            "duplicate_request_ids": self.replay.duplicates,
            "oauth": dict(self.oauth.counts),
            "account_balances": {id: amount for id, amount in self.books.balances.items() if amount},
        }

    def configure(self, switches: dict[str, Any]) -> None:
        """Change switches by name.

        Raises:
            EditError: a name is unknown.
        """
        try:
            self.switches = change_switches(self.switches, switches)
        except ValueError as error:
            raise EditError(str(error)) from error

    def fault(self, kind: str, request: Request) -> Response:
        """Return the vendor's own form of an injected fault."""
        now = self.clock.now()
        if kind.startswith(REFUSE):
            refused = refusal(kind.removeprefix(REFUSE))
            return gateway.answer_json(gateway.fault_body(refused, now), status=refused.status)
        if kind == "http_429":
            return gateway.answer_json(gateway.fault_body(throttled(), now), status=429)
        if kind == "token_expired":
            token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
            self.oauth.expire_access(token)
            body = gateway.unauthorized_body(f"Token expired: {token[:36]}", now)
            return gateway.answer_json(body, status=401, headers=gateway.UNAUTHORIZED_HEADERS)
        if kind == "http_503_html":
            page = "<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>"
            return Response(
                page, status_code=503, media_type="text/html", headers={"intuit_tid": gateway.trace_id()}
            )
        return gateway.answer_json(gateway.fault_body(system_failure(), now), status=500)

    def touch(self, request_body: Any, path: str) -> None:
        """Let someone else change the object that this request is about, just before."""
        match = _API.match(path)
        entity = BY_PATH.get(match.group(2).lower()) if match else None
        id = str((as_object(request_body) or {}).get("Id", ""))
        if entity is None:
            return
        if entity.name in ("CompanyInfo", "Preferences"):
            id = "1"
        stored = self.books.get(entity.name, id)
        if stored is not None:
            work = Work(self.books)
            work.put(entity.name, work.open(entity.name, id))
            work.commit()

    def throttle(self, request: Request) -> Response | None:
        """Count an API call against the limits; None lets it through."""
        match = _API.match(request.url.path)
        if match is None:
            return None
        limits = [
            (f"minute {match.group(1)}", 60.0, self.switches.requests_per_minute),
            (f"second {match.group(1)}", 1.0, self.switches.requests_per_second),
        ]
        if match.group(2).lower() == "batch":
            limits.append((f"batch {match.group(1)}", 60.0, self.switches.batches_per_minute))
        if self.throttling.admit(limits):
            return None
        return gateway.answer_json(gateway.fault_body(throttled(), self.clock.now()), status=429)
