"""A tiny vendor, enough to see what the core does around it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from st_qbo_sandbox.app import Sandbox
from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.storage import Storage


class FakeHalf:
    """Keeps notes: POST /notes adds one, GET /notes lists them, POST /crash adds one and fails."""

    def __init__(self, name: str, *, clock: Clock, storage: Storage) -> None:
        self.name = name
        self.notes = storage.collection(f"{name}/notes")
        self.refuse_after: int | None = None
        self.asked = 0

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/notes", self._list, methods=["GET"]),
            Route("/notes", self._add, methods=["POST"]),
            Route("/crash", self._crash, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        return JSONResponse({"notes": list(self.notes.values())})

    async def _add(self, request: Request) -> Response:
        self._keep((await request.json())["text"])
        return JSONResponse({"count": len(self.notes), "filler": "x" * 5_000})

    async def _crash(self, request: Request) -> Response:
        self._keep("half done")
        raise RuntimeError("on purpose")

    def _keep(self, text: str) -> None:
        self.notes.put(str(len(self.notes) + 1), {"text": text})

    def reset(self) -> None:
        self.notes.clear()
        self.refuse_after, self.asked = None, 0

    def load(self, seed: dict[str, Any]) -> None:
        self._keep(str(seed))

    def edit(self, act: dict[str, Any]) -> dict[str, Any]:
        if "text" not in act:
            raise EditError("an act needs a text")
        self._keep(act["text"])
        return {"kept": act["text"]}

    def state(self) -> dict[str, Any]:
        return {"notes": list(self.notes.values())}

    def stats(self) -> dict[str, Any]:
        return {"entities": {"notes": len(self.notes)}}

    def configure(self, switches: dict[str, Any]) -> None:
        if set(switches) - {"refuse_after"}:
            raise EditError("no such switch")
        self.refuse_after = switches["refuse_after"]

    def fault(self, kind: str, request: Request) -> Response:
        return JSONResponse({"fault": kind}, {"http_500": 500, "http_429": 429, "token_expired": 401}[kind])

    def touch(self, request_body: Any, path: str) -> None:
        self._keep(f"touched before {request_body['text']}")

    def throttle(self, request: Request) -> Response | None:
        self.asked += 1
        if self.refuse_after is not None and self.asked > self.refuse_after:
            return JSONResponse({"slow": "down"}, 429)
        return None


def make_sandbox(**arguments: Any) -> Sandbox:
    """Return a sandbox whose halves are fake."""

    def maker(name: str) -> Any:
        return lambda *, clock, storage: FakeHalf(name, clock=clock, storage=storage)

    return Sandbox(halves={name: maker(name) for name in ("servicetitan", "quickbooks")}, **arguments)
