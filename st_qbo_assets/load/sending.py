"""Sending one intent until QuickBooks' answer is known, or enough was tried.

What belongs here: the loop of attempts with one request id, and the line between "refused" and "nobody
knows" (rule 5.1). What does not: what follows from an answer (`apply`) or a refusal (`refusals`).
"""

import logging
from dataclasses import dataclass

from st_qbo_assets.domain.errors import (
    AuthExpired,
    ConnectionStopped,
    RateLimited,
    RemoteFault,
    SyncError,
    TransportError,
)
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import find_written
from st_qbo_assets.quickbooks.answers import Answer
from st_qbo_assets.quickbooks.faults import FaultClass, classify
from st_qbo_assets.store.intents import Attempt, AttemptOutcome, Closing, Intent, Operation

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sent:
    """How sending an intent ended; exactly one of object, fault, error and absence.

    Attributes:
        attempt: the last send; not closed yet if QuickBooks answered or refused.
        obj: the object as stored.
        is_found: whether a probe found it, so that the attempt is closed already.
        fault: QuickBooks refused.
        error: nobody knows; the intent stays open.
        is_absent: a probe proved that it never happened; the intent is closed.
        closing: what is known of the call.
    """

    attempt: Attempt
    obj: Json | None = None
    is_found: bool = False
    fault: RemoteFault | None = None
    error: SyncError | None = None
    is_absent: bool = False
    closing: Closing = Closing()


def send(context: WriteContext, attempt: Attempt) -> Sent:
    """Send an attempt, and again with the same request id while that helps.

    Once the request id is too old to be trusted, a probe decides before any resend.

    Raises:
        ConnectionStopped: if a person has to act; the intent stays open.
        SyncError: if a probe could not be made; the intent stays open.
    """
    intent, clock = attempt.intent, context.retry.clock
    started, tried = clock(), 0
    while True:
        tried += 1
        begun = clock()
        try:
            answer = _call(context, intent)
        except RemoteFault as fault:
            if not classify(fault).retry_helps:
                return Sent(attempt, fault=fault, closing=closing_of(fault, seconds=clock() - begun))
            error: SyncError = fault
        except (TransportError, RateLimited, AuthExpired, ConnectionStopped) as caught:
            error = caught
        else:
            context.seam("after_send")
            closing = Closing(
                http_status=200,
                intuit_tid=answer.intuit_tid,
                duration_ms=_milliseconds(clock() - begun),
                answer=answer.object,
            )
            return Sent(attempt, obj=answer.object, closing=closing)
        closing = closing_of(error, seconds=clock() - begun)
        context.ledger.close_attempt(attempt, AttemptOutcome.FAILED, closing)
        if isinstance(error, ConnectionStopped):
            raise error
        wait = context.retry.delay_seconds(tried, error)
        if tried >= context.retry.attempts or clock() - started + wait > context.retry.total_seconds:
            return Sent(attempt, error=error)
        _log.info("write=again source=%s tried=%d code=%s", intent.source, tried, closing.code)
        context.retry.sleep(wait)
        probed = _probe_if_needed(context, attempt, error, seconds=clock() - started)
        if probed is not None:
            return probed
        attempt = context.ledger.begin_attempt(intent, run_id=context.run_id)


def is_trusted(context: WriteContext, intent: Intent, *, seconds: float = 0.0) -> bool:
    """Say whether QuickBooks still knows the intent's request id, so many seconds after it was read."""
    return (intent.seconds_since_first_sent or 0.0) + seconds < context.trust_seconds


def closing_of(error: SyncError, *, seconds: float | None = None) -> Closing:
    """Return what an attempt that ended in an error is closed with."""
    duration = None if seconds is None else _milliseconds(seconds)
    if isinstance(error, RemoteFault):
        return Closing(
            http_status=error.status,
            code=error.code,
            message=f"{error.message} {error.detail}".strip(),
            intuit_tid=error.remote_request_id,
            duration_ms=duration,
        )
    if isinstance(error, ConnectionStopped):
        return Closing(code=error.code, message=str(error), duration_ms=duration)
    if isinstance(error, TransportError):
        return Closing(
            http_status=error.status or None,
            code=type(error).__name__,
            message=str(error),
            intuit_tid=error.remote_request_id,
            duration_ms=duration,
        )
    return Closing(code=type(error).__name__, message=str(error), duration_ms=duration)


def _call(context: WriteContext, intent: Intent) -> Answer:
    if intent.operation is Operation.CREATE:
        body = {key: value for key, value in intent.request.items() if key != objects.INCLUDE}
        include = objects.text(intent.request.get(objects.INCLUDE))
        return context.quickbooks.create(intent.target, body, intent.request_id, include=include)
    if intent.operation is Operation.UPDATE or "Line" in intent.request:
        # a document without a void call is voided by an update to zero lines (rule 3.6)
        return context.quickbooks.update(intent.target, intent.request, intent.request_id)
    qbo_id, token = objects.text(intent.request.get("Id")), objects.text(intent.request.get("SyncToken"))
    return context.quickbooks.void(intent.target, qbo_id, token, intent.request_id)


def _probe_if_needed(
    context: WriteContext, attempt: Attempt, error: SyncError, *, seconds: float
) -> Sent | None:
    """Return what a probe found; None means: send again."""
    intent = attempt.intent
    is_trusted_still = is_trusted(context, intent, seconds=seconds)
    is_replayed = isinstance(error, RemoteFault) and classify(error) is FaultClass.REPLAYED
    if is_trusted_still and not is_replayed:
        return None
    found = find_written(context, intent)
    if found is not None:
        return Sent(attempt, obj=found, is_found=True, closing=Closing(code="found", answer=found))
    if is_trusted_still:
        return None  # the first call with this request id is still running
    context.ledger.close_absent(intent)
    return Sent(attempt, is_absent=True)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
