"""The Accounting API over HTTP: `/v3/company/{realm}/...`.

Belongs here: from a request to an operation and back, tokens, request ids, metering. Does not belong here:
what an operation does.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from st_qbo_sandbox import identity
from st_qbo_sandbox.quickbooks import cdc, gateway, taxes, times
from st_qbo_sandbox.quickbooks.batch import Batch, read_items
from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.catalog import BY_PATH, SALES, Entity
from st_qbo_sandbox.quickbooks.faults import (
    Fault,
    access_lost,
    fault,
    system_failure,
    throttled,
    unsupported_operation,
    unsupported_property,
)
from st_qbo_sandbox.quickbooks.mail import pdf_of, send_document
from st_qbo_sandbox.quickbooks.oauth import ACCOUNTING, TOKEN_MAX, TOKEN_MIN, OAuth
from st_qbo_sandbox.quickbooks.operations import Operations
from st_qbo_sandbox.quickbooks.query_run import QueryRunner
from st_qbo_sandbox.quickbooks.replay import BATCH_ID_MAX, BATCH_ITEM_ID_MAX, Replay, check_request_id
from st_qbo_sandbox.quickbooks.throttle import Throttle
from st_qbo_sandbox.quickbooks.work import Work
from st_qbo_sandbox.quickbooks.xml_answers import write_xml
from st_qbo_sandbox.storage import as_object, dump_json, parse_json

_PATH = re.compile(r"/v3/company/([^/]+)/(.+?)/?$")


class ApiRoutes:
    """One endpoint for all resources."""

    def __init__(self, operations: Operations, oauth: OAuth, replay: Replay, throttle: Throttle) -> None:
        self._operations = operations
        self._books = operations.books
        self._oauth = oauth
        self._replay = replay
        self._throttle = throttle
        self._queries = QueryRunner(self._books, operations.render)
        self._batch = Batch(self._write, self._queries.run, self._capture)
        self.calls: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [
            Route(
                "/v3/company/{realm}/{resource:path}",
                self.handle,
                methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            )
        ]

    async def handle(self, request: Request) -> Response:
        """Answer one call."""
        response = self._answer(request, await request.body())
        return _as_xml(response) if self._wants_xml(request) else response

    def _wants_xml(self, request: Request) -> bool:
        """Whether the client would get XML: it names it, or names nothing (reference §2.2)."""
        accept = request.headers.get("accept", "").lower()
        wish = self._books.switches.answer_without_accept
        if "json" in accept or wish == "json":
            return False
        return wish == "xml" or not accept or "xml" in accept

    def _answer(self, request: Request, body: bytes) -> Response:
        refused = self._check_token(request)
        if refused is not None:
            return refused
        if self._books.switches.user_lost_access:
            return self._refuse(access_lost())
        if request.headers.get("content-encoding", "") == "gzip":
            body = gzip.decompress(body)
        resource = request.path_params["resource"].strip("/")
        try:
            return self._dispatch(request, resource, body)
        except Fault as error:
            return self._refuse(error)

    def _refuse(self, error: Fault) -> Response:
        self.faults.update(error.codes)
        body = gateway.fault_body(error, self._books.clock.now())
        return gateway.answer_json(body, status=error.status)

    def _check_token(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        now = self._books.clock.now()
        headers = gateway.UNAUTHORIZED_HEADERS
        if scheme.lower() != "bearer" or not token.strip():
            self.faults["3202"] += 1
            return gateway.answer_json(gateway.missing_token_body(now), status=401, headers=headers)
        token = token.strip()
        access = self._oauth.access(token)
        if access.state != "good":
            self.faults["3200"] += 1
            if access.state == "unknown" and not TOKEN_MIN <= len(token) <= TOKEN_MAX:
                return gateway.answer_json(gateway.malformed_token_body(), status=401, headers=headers)
            what = {"expired": "Token expired", "revoked": "Token revoked"}.get(access.state, "Token expired")
            return gateway.answer_json(
                gateway.unauthorized_body(f"{what}: {token[:36]}", now), status=401, headers=headers
            )
        is_foreign = request.path_params["realm"] != identity.REALM or ACCOUNTING not in access.scope.split()
        if is_foreign or self._books.switches.app_unauthorized:
            self.faults["3100"] += 1
            return gateway.answer_json(gateway.forbidden_body(), status=403)
        return None

    def _dispatch(self, request: Request, resource: str, body: bytes) -> Response:
        head, _, tail = resource.partition("/")
        head = head.lower()
        if request.method not in ("GET", "POST"):
            raise unsupported_operation(request.method)
        if head == "query":
            return self._query(request, body)
        if head == "cdc" and request.method == "GET":
            return self._cdc(request)
        if head == "batch" and request.method == "POST":
            return self._replayed(request, "batch", body)
        if resource.lower() == "taxservice/taxcode" and request.method == "POST":
            return self._replayed(request, "taxservice", body)
        entity = BY_PATH.get(head)
        if entity is None:
            raise system_failure(
                f"Could not find resource for relative : /v3/company/{identity.REALM}/{resource}"
            )
        if request.method == "GET":
            return self._read(request, entity, tail)
        if tail:
            return self._send(request, entity, tail)
        return self._replayed(request, entity.path, body)

    def _meter(self) -> None:
        self._throttle.meter()
        cap = self._books.switches.metered_reads_per_month
        if cap is not None and self._throttle.metered_this_month() > cap:
            raise throttled()

    def _json(self, body: Body) -> Response:
        return gateway.answer_text(self._text(body))

    def _text(self, body: Body) -> str:
        return dump_json({**body, "time": times.write_envelope_time(self._books.clock.now())})

    def _query(self, request: Request, body: bytes) -> Response:
        self.calls["query"] += 1
        self._meter()
        statement = request.query_params.get("query", "")
        if request.method == "POST" and body.strip() and not statement:
            kind = request.headers.get("content-type", "application/text").split(";")[0].strip().lower()
            if kind not in ("application/text", "text/plain"):
                raise fault("1050", f"Content type {kind} is not supported.", None)
            statement = _decode(body)
        return self._json({"QueryResponse": self._queries.run(statement)})

    def _capture(self, entities: str, since: str) -> list[Body]:
        return cdc.capture_changes(self._books, self._operations.render, entities, since)

    def _cdc(self, request: Request) -> Response:
        self.calls["cdc"] += 1
        self._meter()
        params = request.query_params
        since = params.get("changedSince") or params.get("changedsince") or ""
        return self._json({"CDCResponse": self._capture(params.get("entities", ""), since)})

    def _read(self, request: Request, entity: Entity, tail: str) -> Response:
        self.calls[f"read {entity.name}"] += 1
        self._meter()
        id, _, more = tail.partition("/")
        if more == "pdf" and entity.name in SALES:
            doc = self._operations.read(entity, id)
            return Response(
                pdf_of(entity.name, doc),
                media_type="application/pdf",
                headers={"intuit_tid": gateway.trace_id()},
            )
        if more or (not id and entity.name not in ("Preferences", "CompanyInfo")):
            raise unsupported_operation("read")
        if entity.name == "Preferences" or (entity.name == "CompanyInfo" and id in ("", "1", identity.REALM)):
            id = "1"
        doc = self._operations.read(entity, id)
        include = request.query_params.get("include", "").lower()
        if entity.name == "Invoice" and "invoicelink" in include:
            doc = {**doc, "InvoiceLink": f"https://connect.intuit.example/t/scs-v1-{doc['Id']}"}
        return self._json({entity.name: doc})

    def _send(self, request: Request, entity: Entity, tail: str) -> Response:
        id, _, action = tail.partition("/")
        if action != "send" or entity.name not in (*SALES, "Payment", "PurchaseOrder"):
            raise unsupported_operation(action or "update")
        self.calls[f"send {entity.name}"] += 1
        most = self._books.switches.mails_per_day
        if not self._throttle.admit([("mails", 86400.0, most)]):
            raise throttled()
        doc = send_document(self._operations, entity, id, request.query_params.get("sendTo"))
        return self._json({entity.name: doc})

    def _replayed(self, request: Request, path: str, body: bytes) -> Response:
        """Run a write once per request id."""
        request_id = request.query_params.get("requestid")
        is_batch = path == "batch"
        if is_batch:
            self._meter()
        if request_id:
            check_request_id(request_id, BATCH_ID_MAX if is_batch else 50)
            key = _batch_key(request_id, body) if is_batch else request_id
            known = self._replay.find(key, body)
            if known is not None:
                return gateway.answer_text(known.text, status=known.status)
        status = 200
        try:
            text = self._run(request, path, body)
        except Fault as error:
            self.faults.update(error.codes)
            status = error.status
            text = dump_json(gateway.fault_body(error, self._books.clock.now()))
        if request_id:
            self._replay.keep(key, body, status, text)  # type: ignore[possibly-undefined]  # set with request_id
        return gateway.answer_text(text, status=status)

    def _run(self, request: Request, path: str, body: bytes) -> str:
        parsed = _parse(body)
        if path == "batch":
            self.calls["batch"] += 1
            return self._text({"BatchItemResponse": self._batch.run(parsed)})
        if path == "taxservice":
            self.calls["create TaxService"] += 1
            work = Work(self._books)
            with self._books.storage.transaction():
                answer = taxes.create_by_service(work, parsed)
                work.commit()
            return dump_json(answer)
        entity = BY_PATH[path]
        include = frozenset(request.query_params.get("include", "").replace(" ", "").lower().split(","))
        operation = request.query_params.get("operation", "").lower()
        doc = self._write(entity, _operation_of(operation, include, parsed), parsed, include)
        return self._text({entity.name: doc})

    def _write(self, entity: Entity, operation: str, body: Any, include: frozenset[str]) -> Body:
        self.calls[f"{operation} {entity.name}"] += 1
        if operation == "delete":
            return self._operations.delete(entity, body)
        if operation == "void":
            return self._operations.void(entity, body)
        if operation == "update" and "void" in include:
            if entity.void_by != "include":
                raise unsupported_operation("void")
            return self._operations.void(entity, body)
        if operation == "update":
            return self._operations.update(entity, body, include=include)
        return self._operations.create(entity, body, include=include)


def _as_xml(response: Response) -> Response:
    if response.media_type != "application/json":
        return response
    body = as_object(parse_json(bytes(response.body))) or {}
    if "fault" in body:
        return response
    kept = {name: response.headers[name] for name in ("intuit_tid", "QBO-Version")}
    return Response(
        write_xml(body), status_code=response.status_code, headers=kept, media_type="application/xml"
    )


def _operation_of(operation: str, include: frozenset[str], body: Any) -> str:
    if operation in ("delete", "void", "update", "create"):
        return operation
    if operation:
        raise unsupported_operation(operation)
    if "void" in include:
        return "update"
    id = (as_object(body) or {}).get("Id")
    return "update" if id not in (None, "", 0, "0") else "create"


def _batch_key(request_id: str, body: bytes) -> str:
    """A retry of a batch is known by its request id and all its item ids (reference §2.3)."""
    ids = [str(item.get("bId", "")) for item in read_items(_parse(body))]
    for id in ids:
        check_request_id(id, BATCH_ITEM_ID_MAX)
    return "\n".join([request_id, *ids])


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise fault(
            "500",
            "Operation An I/O error occurred : MalformedByteSequenceException: "
            "Invalid byte 1 of 1-byte UTF-8 sequence. is not supported.",
        ) from None


def _parse(body: bytes) -> Any:
    text = _decode(body)
    try:
        return parse_json(text)
    except ValueError:
        raise unsupported_property() from None
