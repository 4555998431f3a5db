"""One call to QuickBooks: token, budget, counting, and what the answer means.

What belongs here: everything around a call that is the same for every kind of call. What does not: the
kinds themselves (`client`), and which error a fault is (`answers`).
"""

import threading
from dataclasses import dataclass, replace
from typing import cast

from st_qbo_assets.domain.errors import RateLimited, RemoteFault, TransportError, UncertainOutcome
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.answers import error_of
from st_qbo_assets.quickbooks.faults import find_faults
from st_qbo_assets.transport.budget import CallKind, RateBudget, spending
from st_qbo_assets.transport.http import Request, Response, Sender, trace_id
from st_qbo_assets.transport.retry import RetryPolicy
from st_qbo_assets.transport.tokens import TokenSource, with_token

MINOR_VERSION = "75"
_JSON = "application/json"


@dataclass(frozen=True)
class CallCounts:
    """Calls made by one client, for the metadata of a run; reads, batches and CDC are metered."""

    reads: int = 0
    writes: int = 0
    batches: int = 0
    throttled: int = 0
    seconds: float = 0.0

    @property
    def metered(self) -> int:
        """Calls that count towards the workspace's month (§5.2)."""
        return self.reads + self.batches


@dataclass(frozen=True)
class Call:
    """One call before tokens and retries."""

    method: str
    path: str
    kind: CallKind
    is_write: bool = False
    params: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = _JSON

    @property
    def is_metered(self) -> bool:
        """Whether it counts towards the workspace's month."""
        return self.kind != "write"


@dataclass(frozen=True)
class Body:
    """A good answer's JSON with its trace id."""

    json: Json
    intuit_tid: str


class Calls:
    """Calls of one company; safe to share between threads."""

    def __init__(
        self, *, http: Sender, tokens: TokenSource, root: str, budget: RateBudget, retry: RetryPolicy
    ) -> None:
        """Args are the parts; `root` is the address of the company."""
        self._http = http
        self._tokens = tokens
        self._root = root
        self._budget = budget
        self.retry = retry
        self._counts = CallCounts()
        self._counting = threading.Lock()

    @property
    def counts(self) -> CallCounts:
        """The calls made so far."""
        with self._counting:
            return self._counts

    def read(self, call: Call) -> Body:
        """Return the answer of a call that changes nothing, tried again by the policy."""
        return self.retry.call(lambda: self.send(call))

    def send(self, call: Call) -> Body:
        """Return the answer of a call sent once, save after a 401."""
        return with_token(self._tokens, lambda token: self._once(call, token))

    def punish(self, error: RateLimited) -> None:
        """Let the whole realm wait, since QuickBooks said so."""
        self._budget.penalise(error.retry_after_seconds)
        self._add(throttled=1)

    def _once(self, call: Call, token: str) -> Body:
        request = Request(
            call.method,
            f"{self._root}/{call.path}",
            is_write=call.is_write,
            params=(*call.params, ("minorversion", MINOR_VERSION)),
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": _JSON,
                **({"Content-Type": call.content_type} if call.body is not None else {}),
            },
            body=call.body,
        )
        with spending(self._budget, call.kind, metered=call.is_metered):
            self._add(**{_COUNTED[call.kind]: 1})
            response = self._http.send(request)
        self._add(seconds=response.seconds)
        try:
            return _good(response, call)
        except RateLimited as error:
            self.punish(error)
            raise

    def _add(self, **amounts: float) -> None:
        with self._counting:
            present = {name: getattr(self._counts, name) + amount for name, amount in amounts.items()}
            self._counts = replace(self._counts, **present)


_COUNTED = {"read": "reads", "write": "writes", "batch": "batches"}


def _good(response: Response, call: Call) -> Body:
    """Return the JSON of a good answer, or raise what the answer means."""
    tid = trace_id(response.headers)
    body = response.json()
    error = error_of(
        status=response.status,
        faults=find_faults(body),
        is_write=call.is_write,
        intuit_tid=tid,
        retry_after=response.retry_after_seconds,
    )
    if error is not None:
        raise error
    is_success = 200 <= response.status < 300
    if is_success and isinstance(body, dict):
        return Body(cast(Json, body), tid)
    start = response.start
    if is_success:
        # XML, HTML of a proxy, or half an answer: a write may have happened.
        kind = UncertainOutcome if call.is_write else TransportError
        raise kind(
            f"QuickBooks answered something unreadable: {start}",
            status=response.status,
            remote_request_id=tid,
        )
    raise RemoteFault(
        f"QuickBooks answered {response.status} without saying why",
        code=str(response.status),
        detail=start,
        status=response.status,
        remote_request_id=tid,
    )
