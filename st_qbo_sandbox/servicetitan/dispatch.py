"""From an HTTP request to the operation it names, and from what the operation does to an HTTP answer.

Belongs here: matching paths, the table of all handlers, statuses. Does not belong here: who may call
(`entrance.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from st_qbo_sandbox.servicetitan.balances import Balances
from st_qbo_sandbox.servicetitan.feeds import FEEDS, FeedEngine, follow_invoice_items
from st_qbo_sandbox.servicetitan.list_tables import LISTS, SINGLES
from st_qbo_sandbox.servicetitan.lists import ListEngine
from st_qbo_sandbox.servicetitan.parameters import read_query
from st_qbo_sandbox.servicetitan.problems import VALIDATION_TITLE, RefusalError, not_found
from st_qbo_sandbox.servicetitan.records import Records
from st_qbo_sandbox.servicetitan.schema.reading import Operation, operations
from st_qbo_sandbox.servicetitan.shapes import BodyError, mismatches, project, read_body
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.servicetitan.views import View
from st_qbo_sandbox.servicetitan.writes import accounting, crm, documents, exported, inventory, jpm, pricebook
from st_qbo_sandbox.servicetitan.writes.call import Call, Write
from st_qbo_sandbox.storage import dump_json, parse_json

WRITES: dict[str, Write] = {
    **accounting.WRITES,
    **crm.WRITES,
    **documents.WRITES,
    **exported.WRITES,
    **inventory.WRITES,
    **jpm.WRITES,
    **pricebook.WRITES,
}
Answerer = Callable[[Operation, Request, dict[str, str], Any, Switches], str]


class Dispatcher:
    """Knows every operation."""

    def __init__(self, records: Records, balances: Balances) -> None:
        self._records = records
        self._balances = balances
        self._views: list[View] = []
        self._answerers: dict[str, Answerer] = {}
        self._routes: dict[tuple[str, str, int], list[tuple[tuple[str, ...], Operation]]] = {}
        self._items = follow_invoice_items(records)
        for key, operation in operations().items():
            answerer = self._answerer(operation)
            if answerer is not None:
                self._answerers[key] = answerer
                segments = tuple(operation.path.split("/"))
                route = (operation.method, operation.module, len(segments))
                self._routes.setdefault(route, []).append((segments, operation))
        for matches in self._routes.values():
            # A fixed segment is preferred to a parameter: `customers/contacts` before `customers/{id}`.
            matches.sort(key=lambda match: [segment.startswith("{") for segment in match[0]])

    def find(self, method: str, module: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Return the operation a path names, with its path parameters."""
        asked = path.split("/")
        for segments, operation in self._routes.get((method, module, len(asked)), []):
            taken: dict[str, str] = {}
            for segment, text in zip(segments, asked, strict=True):
                if segment.startswith("{"):
                    taken[segment[1:-1]] = text
                elif segment != text:
                    break
            else:
                if self._fits(operation, taken):
                    return operation, taken
        return None

    def answer(
        self, operation: Operation, path: dict[str, str], request: Request, raw: bytes, switches: Switches
    ) -> Response:
        """Carry out an operation.

        Raises:
            RefusalError: the vendor's refusal.
        """
        body = self._body(operation, raw)
        text = self._answerers[operation.key](operation, request, path, body, switches)
        if switches.validate_answers and operation.answer is not None:
            wrong = mismatches(operation.module, operation.answer, parse_json(text))
            if wrong:
                return Response("\n".join(["not what the specification says", *wrong]), status_code=500)
        media = "application/json; charset=utf-8" if text else None
        return Response(text, status_code=operation.success, media_type=media)

    def forget_views(self) -> None:
        """Forget rendered rows: the switches have changed."""
        for view in self._views:
            view.forget()

    def handled(self) -> set[str]:
        """Return the keys of the operations that have a handler."""
        return set(self._answerers)

    def _fits(self, operation: Operation, taken: dict[str, str]) -> bool:
        kinds = {p["name"]: p.get("type") for p in operation.parameters if p["in"] == "path"}
        return all(kinds.get(name) != "integer" or text.isdigit() for name, text in taken.items())

    def _body(self, operation: Operation, raw: bytes) -> Any:
        if operation.body is None:
            return None
        try:
            return read_body(operation.module, operation.body, _given(raw))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise RefusalError(400, VALIDATION_TITLE, {"$": ["The input was not valid JSON."]}) from error
        except BodyError as error:
            raise RefusalError(400, VALIDATION_TITLE, error.errors) from error

    def _answerer(self, operation: Operation) -> Answerer | None:
        name = f"{operation.module}/{operation.path}"
        if operation.key in WRITES:
            return self._write(WRITES[operation.key])
        if operation.method != "GET":
            return None
        if name in LISTS:
            return self._list(ListEngine(operation, LISTS[name], self._records))
        if name in FEEDS:
            return self._feed(operation, FEEDS[name])
        if name in SINGLES:
            return self._single(operation, *SINGLES[name])
        return None

    def _write(self, write: Write) -> Answerer:
        def answer(
            operation: Operation, _: Request, path: dict[str, str], body: Any, switches: Switches
        ) -> str:
            result = write(Call(self._records, self._balances, switches, path, body))
            if operation.answer is None:
                return ""
            return dump_json(project(operation.module, operation.answer, result))

        return answer

    def _list(self, engine: ListEngine) -> Answerer:
        self._views.append(engine.view)

        def answer(
            operation: Operation, request: Request, path: dict[str, str], _: Any, switches: Switches
        ) -> str:
            return engine.answer(read_query(operation, request, switches), path, switches)

        return answer

    def _feed(self, operation: Operation, collection: str) -> Answerer:
        records = self._records
        order = records.order(collection, "modifiedOn") if collection else None
        source = self._items if order is None else (records.collection(collection), order)
        engine = FeedEngine(operation, *source)
        self._views.append(engine.view)

        def answer(
            operation: Operation, request: Request, _: dict[str, str], __: Any, switches: Switches
        ) -> str:
            return engine.answer(read_query(operation, request, switches), records, switches)

        return answer

    def _single(self, operation: Operation, collection: str, what: str) -> Answerer:
        view = View(operation.module, operation.answer or {})
        self._views.append(view)

        def answer(
            operation: Operation, request: Request, path: dict[str, str], _: Any, switches: Switches
        ) -> str:
            query = read_query(operation, request, switches)
            (id,) = path.values()
            record = self._records.get(collection, id)
            if record is None:
                raise not_found(what, id)
            if query.get("calculatePrices"):
                record = {**record, "calculatedPrice": record.get("price")}
            return view.render(record, switches, query.get("externalDataApplicationGuid"))

        return answer


def _given(raw: bytes) -> Any:
    value = parse_json(raw) if raw else None
    return {} if value is None else value
