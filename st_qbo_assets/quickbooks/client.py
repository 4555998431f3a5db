"""The client of one QuickBooks company.

What belongs here: one method for each kind of call, and paging. What does not: what surrounds a call
(`calls`), what to write (`mapping`, `load`) and what a code means (`fault_table`).

Reads are tried again by the retry policy. A write is sent exactly once, save after a 401, which never
executed anything: whether to send it again is decided by the ledger's intent. Errors of a write:

    TransportError     nothing was sent            UncertainOutcome   it may have happened
    RateLimited        it did not happen, wait     StaleObject        it did not happen, read again
    RemoteFault        it was refused, `classify`  ConnectionStopped  a person must act
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from st_qbo_assets.domain.days import parse_instant
from st_qbo_assets.domain.errors import (
    RateLimited,
    TransportError,
    UncertainOutcome,
)
from st_qbo_assets.domain.ids import Realm
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.answers import Answer, BatchItem, BatchResult, Changes, error_of, objects_in
from st_qbo_assets.quickbooks.calls import Body, Call, CallCounts, Calls
from st_qbo_assets.quickbooks.faults import find_faults
from st_qbo_assets.quickbooks.query import (
    LONGEST_IN_URL,
    PAGE_SIZE,
    count_statement,
    format_instant,
    statement,
)
from st_qbo_assets.transport.budget import RateBudget
from st_qbo_assets.transport.decimal_json import write_json
from st_qbo_assets.transport.http import Sender
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_assets.transport.tokens import TokenSource

__all__ = ["Answer", "BatchItem", "BatchResult", "CallCounts", "Changes", "QuickBooks"]

#: Intuit recommends at most 30 parts; more is refused with 1040 (§3.7).
BATCH_SIZE = 30
LONGEST_REQUEST_ID = 50
LONGEST_BATCH_REQUEST_ID = 36
#: Objects in one answer of change data capture (§3.9).
CDC_LIMIT = 1000
#: How each entity that can be voided is voided (§3.5).
_VOIDS: dict[str, tuple[tuple[tuple[str, str], ...], Json]] = {
    "Invoice": ((("operation", "void"),), {}),
    "Payment": ((("operation", "update"), ("include", "void")), {"sparse": True}),
    "SalesReceipt": ((("operation", "update"), ("include", "void")), {"sparse": True}),
    "BillPayment": ((("operation", "update"), ("include", "void")), {"sparse": True}),
}


class QuickBooks:
    """One company file (realm); share it between threads."""

    def __init__(
        self,
        *,
        http: Sender,
        tokens: TokenSource,
        realm: Realm,
        base_url: str,
        budget: RateBudget,
        retry: RetryPolicy,
        observer: Callable[[str, Json], None] | None = None,
    ) -> None:
        """Args are the parts; `observer` is shown every object that QuickBooks answers, tombstones too."""
        self._calls = Calls(
            http=http,
            tokens=tokens,
            root=f"{base_url.rstrip('/')}/v3/company/{realm}",
            budget=budget,
            retry=retry,
        )
        self._realm = realm
        self._observer = observer

    @property
    def realm(self) -> Realm:
        """The company's id."""
        return self._realm

    @property
    def calls(self) -> CallCounts:
        """The calls made so far."""
        return self._calls.counts

    # Writes

    def create(self, entity: str, body: Json, request_id: str, *, include: str = "") -> Answer:
        """Create an object and return it as stored.

        Args:
            entity: QuickBooks entity.
            body: what to create.
            request_id: of the intent.
            include: query parameter of that name, `allowduplicatedocnum` to take a number that is used.
        """
        return self._write(entity, body, request_id, params=(("include", include),) if include else ())

    def update(self, entity: str, body: Json, request_id: str) -> Answer:
        """Change an object sparsely and return it as stored.

        Args:
            entity: QuickBooks entity, e.g. `Invoice`.
            body: `Id`, `SyncToken`, the fields to change, and **all** lines if any line is in it.
            request_id: of the intent.
        """
        _need(body, "Id", "SyncToken")
        return self._write(entity, {"sparse": True, **body}, request_id)

    def void(self, entity: str, id: str, sync_token: str, request_id: str) -> Answer:
        """Void a document and return it as stored.

        Raises:
            ValueError: if QuickBooks has no void for the entity (rule 3.6 says what is done instead).
        """
        if entity not in _VOIDS:
            raise ValueError(f"QuickBooks cannot void {entity}")
        params, extra = _VOIDS[entity]
        return self._write(entity, {"Id": id, "SyncToken": sync_token, **extra}, request_id, params=params)

    # Reads

    def read(self, entity: str, id: str) -> Answer:
        """Return one object; a deleted one is a `RemoteFault` of class `gone`."""
        answered = self._calls.read(Call("GET", f"{entity.lower()}/{id}", "read"))
        return self._stored(entity, answered, is_write=False)

    def query(
        self, entity: str, where: str = "", *, order_by: str = "Id", page: int = PAGE_SIZE
    ) -> Iterator[Json]:
        """Yield the objects of a query, page by page, each id once.

        Name lists show active objects only, unless `where` says `Active IN (true, false)`.
        """
        seen: set[str] = set()
        start = 1
        while True:
            text = statement(entity, where, order_by=order_by, start=start, page=page)
            rows = objects_in(self._calls.read(self._query_call(text)).json.get("QueryResponse"), entity)
            for row in rows:
                if (id_ := str(row.get("Id", ""))) not in seen:
                    seen.add(id_)
                    self._observe(entity, row)
                    yield row
            if len(rows) < page:
                return
            start += page

    def count(self, entity: str, where: str = "") -> int:
        """Return how many objects a query has."""
        answered = self._calls.read(self._query_call(count_statement(entity, where)))
        return int(_part(answered.json, "QueryResponse").get("totalCount", 0))

    def cdc(self, entities: Iterable[str], since: datetime) -> Changes:
        """Return what changed since an instant, at most 30 days ago; overlap windows by a few minutes."""
        params = (("entities", ",".join(entities)), ("changedSince", format_instant(since)))
        answered = self._calls.read(Call("GET", "cdc", "read", params=params))
        return self._changes(answered)

    def preferences(self) -> Json:
        """Return the company's preferences."""
        return _part(self._calls.read(Call("GET", "preferences", "read")).json, "Preferences")

    def company_info(self) -> Json:
        """Return the company's name, country, edition and addresses."""
        return _part(self._calls.read(Call("GET", f"companyinfo/{self._realm}", "read")).json, "CompanyInfo")

    # Batches

    def batch(self, items: Sequence[BatchItem], request_id: str = "") -> list[BatchResult]:
        """Send up to 30 parts in one metered call and return what became of each, in order.

        With a write among them it is sent once and needs a request id of at most 36 characters; queries
        alone are tried again.

        Raises:
            ValueError: if it is too large or lacks its request id.
        """
        if len(items) > BATCH_SIZE:
            raise ValueError(f"{len(items)} parts in a batch; QuickBooks takes {BATCH_SIZE}")
        is_write = any(not item.query for item in items)
        if is_write and not 0 < len(request_id) <= LONGEST_BATCH_REQUEST_ID:
            raise ValueError(
                f"a batch with writes needs a request id of 1 to {LONGEST_BATCH_REQUEST_ID} characters"
            )
        body = {"BatchItemRequest": [_batch_part(number, item) for number, item in enumerate(items)]}
        call = Call(
            "POST",
            "batch",
            "batch",
            is_write=is_write,
            params=(("requestid", request_id),) if request_id else (),
            body=write_json(body),
        )
        answered = self._calls.send(call) if is_write else self._calls.read(call)
        return self._batch_results(items, answered, is_write=is_write)

    def batch_queries(self, statements: Sequence[str]) -> list[tuple[Json, ...]]:
        """Return the rows of several statements with as few metered calls as possible.

        Raises:
            SyncError: the error of the first statement that failed.
        """
        rows: list[tuple[Json, ...]] = []
        for first in range(0, len(statements), BATCH_SIZE):
            items = [BatchItem(query=text) for text in statements[first : first + BATCH_SIZE]]
            rows += [
                result.rows for result in self._calls.retry.call(lambda items=items: self._whole_batch(items))
            ]
        return rows

    def _whole_batch(self, items: Sequence[BatchItem]) -> list[BatchResult]:
        results = self.batch(items)
        for result in results:
            if result.error is not None:
                raise result.error
        return results

    def _batch_results(
        self, items: Sequence[BatchItem], answered: Body, *, is_write: bool
    ) -> list[BatchResult]:
        parts = {str(part.get("bId")): part for part in objects_in(answered.json, "BatchItemResponse")}
        results: list[BatchResult] = []
        for number, item in enumerate(items):
            part = parts.get(str(number))
            error = error_of(
                status=200, faults=find_faults(part), is_write=not item.query, intuit_tid=answered.intuit_tid
            )
            if isinstance(error, RateLimited):
                self._calls.punish(error)
            if error is None and part is None:
                kind = UncertainOutcome if is_write else TransportError
                error = kind("a part of the batch was not answered", remote_request_id=answered.intuit_tid)
            if error is not None:
                results.append(BatchResult(error=error))
            elif item.query:
                results.append(BatchResult(rows=self._rows_of(_part(part or {}, "QueryResponse"))))
            else:
                body = replace(answered, json=part or {})
                results.append(BatchResult(answer=self._stored(item.entity, body, is_write=True)))
        return results

    # One call

    def _write(
        self, entity: str, body: Json, request_id: str, *, params: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        if not 0 < len(request_id) <= LONGEST_REQUEST_ID:
            raise ValueError(f"a request id has 1 to {LONGEST_REQUEST_ID} characters: {request_id!r}")
        call = Call(
            "POST",
            entity.lower(),
            "write",
            is_write=True,
            params=(*params, ("requestid", request_id)),
            body=write_json(body),
        )
        return self._stored(entity, self._calls.send(call), is_write=True)

    def _query_call(self, text: str) -> Call:
        if len(text) <= LONGEST_IN_URL:
            return Call("GET", "query", "read", params=(("query", text),))
        return Call("POST", "query", "read", body=text.encode(), content_type="application/text")

    def _stored(self, entity: str, answered: Body, *, is_write: bool) -> Answer:
        stored = answered.json.get(entity)
        if not isinstance(stored, dict):
            kind = UncertainOutcome if is_write else TransportError
            raise kind(
                f"QuickBooks answered without the {entity}", status=200, remote_request_id=answered.intuit_tid
            )
        self._observe(entity, cast(Json, stored))
        return Answer(entity, cast(Json, stored), answered.intuit_tid)

    def _rows_of(self, response: Json) -> tuple[Json, ...]:
        rows: list[Json] = []
        for entity in response:
            for row in objects_in(response, entity):
                self._observe(entity, row)
                rows.append(row)
        return tuple(rows)

    def _changes(self, answered: Body) -> Changes:
        objects: dict[str, tuple[Json, ...]] = {}
        deleted: dict[str, tuple[str, ...]] = {}
        largest = total = 0
        for response in objects_in(answered.json, "CDCResponse"):
            for group in objects_in(response, "QueryResponse"):
                for entity in group:
                    rows = objects_in(group, entity)
                    live = tuple(row for row in rows if not _is_deleted(row))
                    gone = tuple(str(row.get("Id", "")) for row in rows if _is_deleted(row))
                    objects[entity] = objects.get(entity, ()) + live
                    deleted[entity] = deleted.get(entity, ()) + gone
                    largest, total = max(largest, len(rows)), total + len(rows)
                    for row in rows:
                        self._observe(entity, row)
        return Changes(
            objects={entity: rows for entity, rows in objects.items() if rows},
            deleted={entity: ids for entity, ids in deleted.items() if ids},
            truncated=total >= CDC_LIMIT or largest == CDC_LIMIT,
            as_of=_instant(answered.json.get("time")),
            intuit_tid=answered.intuit_tid,
        )

    def _observe(self, entity: str, row: Json) -> None:
        if self._observer is not None and row.get("Id"):
            self._observer(entity, row)


def _batch_part(number: int, item: BatchItem) -> Json:
    if item.query:
        return {"bId": str(number), "Query": item.query}
    return {"bId": str(number), "operation": item.operation, item.entity: item.body}


def _part(body: Json, name: str) -> Json:
    found: Any = body.get(name)
    return cast(Json, found) if isinstance(found, dict) else {}


def _is_deleted(row: Json) -> bool:
    return row.get("status") == "Deleted"


def _need(body: Json, *names: str) -> None:
    missing = [name for name in names if not body.get(name)]
    if missing:
        raise ValueError(f"an update needs {' and '.join(missing)}")


def _instant(value: object) -> datetime | None:
    try:
        return parse_instant(value)
    except ValueError:
        return None
