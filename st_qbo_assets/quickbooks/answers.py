"""What QuickBooks answered, as values or as the error it means.

What belongs here: the shapes the client returns, and turning a status with its faults into one of our
errors. What does not: sending (`client`), the meaning of codes (`fault_table`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    StaleObject,
    SyncError,
    TransportError,
    UncertainOutcome,
)
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.faults import FaultClass, FaultKind, RawFault, fault_kind
from st_qbo_assets.transport.redaction import redact

#: Intuit documents a flat wait and no `Retry-After` (§5.1).
THROTTLE_SECONDS = 60.0
_UNAUTHORISED, _FORBIDDEN, _TOO_MANY = 401, 403, 429
#: Refusals that pass by themselves; a read is simply asked again.
_PASSES = frozenset({FaultClass.RETRY, FaultClass.NAME_LOCK, FaultClass.REPLAYED})
#: Server errors: a write may have happened all the same.
_SERVER_ERROR_CODES = frozenset({"10000"})


@dataclass(frozen=True)
class Answer:
    """An object as QuickBooks now stores it, amounts as Decimal, with the trace id of the call."""

    entity: str
    object: Json
    intuit_tid: str

    @property
    def id(self) -> str:
        """The object's QuickBooks id."""
        return str(self.object.get("Id", ""))

    @property
    def sync_token(self) -> str:
        """The version to name in the next update."""
        return str(self.object.get("SyncToken", ""))


@dataclass(frozen=True)
class Changes:
    """What change data capture says.

    Attributes:
        objects: live objects by entity, oldest change first.
        deleted: ids of deleted objects by entity.
        truncated: whether the limit of 1000 was reached, so that the window must be split.
        as_of: QuickBooks' own time of the answer; the next window begins a little before it.
    """

    objects: Mapping[str, tuple[Json, ...]]
    deleted: Mapping[str, tuple[str, ...]]
    truncated: bool
    as_of: datetime | None
    intuit_tid: str


@dataclass(frozen=True)
class BatchItem:
    """One part of a batch: a query, or a write of an object.

    Attributes:
        query: the statement; empty for a write.
        entity: QuickBooks entity of the write.
        operation: `create`, `update` or `delete`.
    """

    query: str = ""
    entity: str = ""
    operation: str = ""
    body: Json = field(default_factory=dict[str, Any], repr=False)


@dataclass(frozen=True)
class BatchResult:
    """What became of one part of a batch: rows, an object, or an error."""

    rows: tuple[Json, ...] = ()
    answer: Answer | None = None
    error: SyncError | None = None


def error_of(
    *,
    status: int,
    faults: Sequence[RawFault],
    is_write: bool,
    intuit_tid: str,
    retry_after: float | None = None,
) -> SyncError | None:
    """Return the error that a status with its faults means; None if the answer is good."""
    fault = faults[0] if faults else None
    text = f"{fault.message} {fault.detail}" if fault else ""
    kind = fault_kind(fault.code, text) if fault else None
    if status == _TOO_MANY or (kind and kind.fault_class is FaultClass.THROTTLED):
        wait = THROTTLE_SECONDS if retry_after is None else retry_after
        return RateLimited("QuickBooks asks to wait (429)", retry_after_seconds=wait)
    if kind and kind.fault_class is FaultClass.STOP and fault:
        return ConnectionStopped(_sentence(kind, fault, intuit_tid), code=fault.code, remedy=kind.remedy)
    if status == _UNAUTHORISED or (kind and kind.fault_class is FaultClass.REFRESH):
        return AuthExpired("QuickBooks refused the access token (401)")
    if status == _FORBIDDEN:
        stopped = fault_kind("3100")
        said = f"{stopped.plain} {stopped.cause}"
        return ConnectionStopped(said, code=str(status), remedy=stopped.remedy)
    if fault is None or kind is None:
        return None
    if kind.fault_class in _PASSES and not is_write:
        return TransportError(_sentence(kind, fault, intuit_tid), status=status, remote_request_id=intuit_tid)
    if fault.code in _SERVER_ERROR_CODES:
        return UncertainOutcome(
            _sentence(kind, fault, intuit_tid), status=status, remote_request_id=intuit_tid
        )
    return _refusal(faults, status=status, intuit_tid=intuit_tid)


def _refusal(faults: Sequence[RawFault], *, status: int, intuit_tid: str) -> RemoteFault:
    first = faults[0]
    others = "; ".join(f"{other.code}: {other.detail or other.message}" for other in faults[1:])
    kind = fault_kind(first.code, f"{first.message} {first.detail}")
    error = StaleObject if kind.fault_class is FaultClass.REREAD else RemoteFault
    return error(
        redact(first.message),
        code=first.code or str(status),
        detail=redact(first.detail + (f"; also {others}" if others else "")),
        element=first.element,
        status=status,
        remote_request_id=intuit_tid,
        remedy=kind.remedy,
    )


def _sentence(kind: FaultKind, fault: RawFault, intuit_tid: str) -> str:
    said = redact(fault.detail or fault.message)
    return (
        f"{kind.plain} {kind.cause} QuickBooks says {fault.code}: {said} (trace {intuit_tid or 'unknown'})."
    )


def objects_in(body: object, entity: str) -> tuple[Json, ...]:
    """Return the rows of an entity in a query response; none if the key is absent."""
    rows = body.get(entity) if isinstance(body, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - JSON
    if not isinstance(rows, list):
        return ()
    return tuple(cast(Json, row) for row in cast("list[object]", rows) if isinstance(row, dict))
