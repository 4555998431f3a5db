"""The controls under `/_sandbox/`, the same on both ports.

Belongs here: reading a control's body and calling what does it. Does not belong here: doing it.

"This half" is the one whose port was asked; `?half=` or `"half"` in the body names the other.

| control | what it does |
|---|---|
| GET stats | counts of this half, requests by status, throttled, seed |
| GET state | everything this half holds, by entity (`?entity=` for one) |
| GET trial_balance | QuickBooks by account, customer, vendor, counted item (`?first=&last=` by day) |
| POST reset | both halves (or `{"half"}`) as just after seeding; real time, no faults, empty log |
| POST reset `{"empty": true}` | the same without data |
| POST seed | options of `serve`, as `{"days": 7, "buying": true}`: replaces the data of both halves |
| GET, POST clock | `{"advance_seconds": n}` |
| GET, POST faults | `{"rules": [...], "seed": n}` replaces the rules (`faults.py`); GET lists them |
| POST edit | one act of a person in this half, or `{"acts": [...]}`: all or none |
| GET, POST latency | `{"latency_ms": n}`: each vendor request waits so long first |
| POST switches | `{"servicetitan": {...}, "quickbooks": {...}}` |
| GET, DELETE requests | the log, newest last; `?half= path= method= since=<number>` (`half=all`) |
| GET, POST webhooks | `{"servicetitan": {...}, "quickbooks": {...}}` sends events (`webhooks.py`) |
| GET info | what `python -m st_qbo_sandbox info --json` prints |
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from st_qbo_sandbox.faults import RuleError
from st_qbo_sandbox.gate import CONTROL_PREFIX, Surroundings
from st_qbo_sandbox.half import NAMES, EditError, Half
from st_qbo_sandbox.seeding import SeedError
from st_qbo_sandbox.storage import as_array, as_object, dump_json, parse_json
from st_qbo_sandbox.webhooks import Webhooks

Control = Callable[[str, Request, dict[str, Any]], Any]


class ControlError(Exception):
    """A control that cannot be understood. Answered with 400."""


@runtime_checkable
class HasLedger(Protocol):
    """A half that keeps books."""

    def trial_balance(self, *, first: str | None, last: str | None) -> dict[str, Any]:
        """Return balances by account and what each customer owes."""
        ...


class Controlled(Protocol):
    """What the controls need of the sandbox."""

    shared: Surroundings
    halves: dict[str, Half]
    webhooks: Webhooks

    def reset(self, *, half: str | None, empty: bool) -> None:
        """Go back to just after seeding, or to nothing."""
        ...

    def plant(self, given: dict[str, Any]) -> dict[str, Any]:
        """Replace the data and return its options."""
        ...

    def info(self) -> dict[str, Any]:
        """Describe URLs, credentials and days."""
        ...


class Controls:
    """The routes under `/_sandbox/` of one sandbox."""

    def __init__(self, sandbox: Controlled) -> None:
        self._sandbox = sandbox
        self._shared = sandbox.shared

    def routes(self, half: str) -> list[BaseRoute]:
        """Return the control routes for the port of this half."""
        table: list[tuple[str, str, Control]] = [
            ("GET", "stats", self._stats),
            ("GET", "state", self._state),
            ("GET", "trial_balance", self._trial_balance),
            ("POST", "reset", self._reset),
            ("POST", "seed", self._seed),
            ("GET", "clock", self._clock),
            ("POST", "clock", self._advance),
            ("GET", "faults", self._list_faults),
            ("POST", "faults", self._replace_faults),
            ("POST", "edit", self._edit),
            ("GET", "latency", self._latency),
            ("POST", "latency", self._set_latency),
            ("POST", "switches", self._switches),
            ("GET", "requests", self._requests),
            ("DELETE", "requests", self._clear_requests),
            ("GET", "webhooks", self._list_webhooks),
            ("POST", "webhooks", self._set_webhooks),
            ("GET", "info", self._info),
        ]
        return [
            Route(f"{CONTROL_PREFIX}/{name}", self._endpoint(half, control), methods=[method])
            for method, name, control in table
        ]

    def _endpoint(self, half: str, control: Control) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                body = await _read_object(request)
                # A refused control leaves nothing half done.
                with self._shared.storage.transaction():
                    answer, status = control(half, request, body), 200
            except (ControlError, EditError, RuleError, SeedError) as error:
                answer, status = {"error": str(error)}, 400
            return Response(dump_json(answer), status_code=status, media_type="application/json")

        return endpoint

    def _stats(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        name = self._half_named(request.query_params.get("half") or half)
        statuses = self._shared.statuses.get(name, {})
        answered = {"requests": sum(statuses.values()), "statuses": dict(sorted(statuses.items()))}
        return {"half": name} | answered | self._sandbox.halves[name].stats()

    def _state(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        state = self._sandbox.halves[self._half_named(request.query_params.get("half") or half)].state()
        entity = request.query_params.get("entity")
        return state if entity is None else state.get(entity, [])

    def _trial_balance(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        asked = request.query_params
        keeper = self._sandbox.halves[self._half_named(asked.get("half") or half)]
        if not isinstance(keeper, HasLedger):
            raise ControlError(f"{keeper.name} keeps no ledger; ask the port of QuickBooks")
        return keeper.trial_balance(first=asked.get("first"), last=asked.get("last"))

    def _reset(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        name = body.get("half")
        self._sandbox.reset(
            half=None if name is None else self._half_named(name), empty=bool(body.get("empty"))
        )
        return {"reset": name or "both"}

    def _seed(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        return self._sandbox.plant(body)

    def _clock(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        clock = self._shared.clock
        return {"now": clock.now().isoformat(), "offset_seconds": clock.offset_seconds}

    def _advance(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        seconds = _number(body, "advance_seconds")
        if seconds < 0:
            raise ControlError("the clock only moves forward")
        self._shared.clock.advance(seconds)
        return self._clock(half, request, body)

    def _list_faults(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        return {"rules": [rule.describe() for rule in self._shared.faults.rules]}

    def _replace_faults(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        rules = as_array(body.get("rules"))
        if rules is None:
            raise ControlError('faults need {"rules": [...]}')
        self._shared.faults.replace(rules, seed=body.get("seed") or 0)
        return self._list_faults(half, request, body)

    def _edit(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        editor = self._sandbox.halves[self._half_named(body.pop("half", None) or half)]
        acts = as_array(body.get("acts"))
        if acts is not None:
            return {"results": [editor.edit(act) for act in acts]}
        return editor.edit(body)

    def _latency(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        return {"latency_ms": self._shared.latency_ms}

    def _set_latency(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        latency_ms = _number(body, "latency_ms")
        if latency_ms < 0:
            raise ControlError("latency_ms must not be negative")
        self._shared.latency_ms = latency_ms
        return {"latency_ms": latency_ms}

    def _switches(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        for name, given in body.items():
            switches = as_object(given)
            if switches is None:
                raise ControlError(f"the switches of {name} must be an object")
            self._sandbox.halves[self._half_named(name)].configure(switches)
        return {"switched": body}

    def _list_webhooks(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        return self._sandbox.webhooks.describe()

    def _set_webhooks(self, half: str, request: Request, body: dict[str, Any]) -> Any:
        for name, given in body.items():
            wanted = as_object(given)
            if wanted is None:
                raise ControlError(f"the webhooks of {name} must be an object")
            self._sandbox.webhooks.configure(self._half_named(name), wanted)
        return self._sandbox.webhooks.describe()

    def _requests(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        asked = request.query_params
        since = asked.get("since") or "0"
        if not since.isdigit():
            raise ControlError("since is the number of a request")
        name = asked.get("half") or half
        entries = self._shared.log.select(
            half=None if name == "all" else self._half_named(name),
            path=asked.get("path"),
            method=asked.get("method"),
            since=int(since),
        )
        return [entry.describe() for entry in entries]

    def _clear_requests(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        self._shared.log.clear()
        return []

    def _info(self, half: str, request: Request, _: dict[str, Any]) -> Any:
        return self._sandbox.info()

    def _half_named(self, name: Any) -> str:
        if name not in self._sandbox.halves:
            raise ControlError(f"no half {name!r}; there are {', '.join(NAMES)}")
        return str(name)


async def _read_object(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = as_object(parse_json(raw))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if body is None:
        raise ControlError("the body must be a JSON object")
    return body


def _number(body: dict[str, Any], name: str) -> float:
    try:
        return float(body[name])
    except (KeyError, TypeError, ValueError) as error:
        raise ControlError(f'a number "{name}" is needed') from error
