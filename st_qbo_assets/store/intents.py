"""Intents and attempts as values: what a write is, its request id, and how rows become it.

What belongs here: the values and their pure functions. What does not: committing and closing them
(`ledger`).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, true

from st_qbo_assets.domain.ids import Company, Realm, RequestId, SourceRef, Tenant
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.domain.rules_version import RULES_VERSION
from st_qbo_assets.store.schema import attempts, intents
from st_qbo_assets.store.sources import source_from

#: Stands before the hash, so that our requests are recognised in Intuit's logs.
REQUEST_ID_PREFIX = "st-qbo-"
#: With the prefix 47 of the 50 characters QuickBooks allows.
REQUEST_ID_HASH_LENGTH = 40


class Operation(StrEnum):
    """What an intent does to its target."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"


class IntentState(StrEnum):
    """Where an intent stands."""

    OPEN = "open"
    POSTED = "posted"
    MISMATCH = "mismatch"
    REJECTED = "rejected"
    ABSENT = "absent"


class AttemptOutcome(StrEnum):
    """How one send ended."""

    SENDING = "sending"
    POSTED = "posted"
    MISMATCH = "mismatch"
    FAILED = "failed"
    REJECTED = "rejected"


@dataclass(frozen=True)
class IntentDraft:
    """What is to be written.

    Attributes:
        digest: `Payload.digest`; for a void any text that tells it from other writes of the record.
        payload: the body as mapped, with symbolic references.
        request: the body to send, with QuickBooks ids.
        rules: version of the rules that made it.
    """

    company: Company
    tenant: Tenant
    realm: Realm
    source: SourceRef
    target: str
    operation: Operation
    digest: str
    day: date
    payload: Json
    request: Json
    run_id: str = ""
    rules: int = RULES_VERSION


@dataclass(frozen=True)
class Intent:
    """A write that was decided and committed.

    Attributes:
        request_id: sent to QuickBooks on every attempt of this intent (rule 5.1).
        attempts: how often it was sent.
        first_sent_at: when it was first sent, if it was.
        seconds_since_first_sent: the same as an age by the database's clock; past the time QuickBooks is
            trusted to remember a request id, probe before any resend.
    """

    id: int
    company: Company
    tenant: Tenant
    realm: Realm
    source: SourceRef
    target: str
    operation: Operation
    digest: str
    revision: int
    request_id: RequestId
    payload: Json
    request: Json
    state: IntentState
    day: date
    opened_at: datetime
    closed_at: datetime | None = None
    run_id: str = ""
    attempts: int = 0
    first_sent_at: datetime | None = None
    seconds_since_first_sent: float | None = None
    rules: int = 0


@dataclass(frozen=True)
class Closing:
    """What is known of a call when it ended.

    Attributes:
        http_status: None if no answer came.
        code: QuickBooks' fault code, or our own word for a transport error.
        message: the fault in words, free of secrets.
        answer: the object as QuickBooks stored it.
    """

    http_status: int | None = None
    code: str = ""
    message: str = ""
    intuit_tid: str = ""
    duration_ms: int | None = None
    answer: Json | None = None


@dataclass(frozen=True)
class Attempt:
    """One send of an intent."""

    id: int
    intent: Intent
    number: int
    sent_at: datetime
    run_id: str = ""
    outcome: AttemptOutcome = AttemptOutcome.SENDING
    closed_at: datetime | None = None
    closing: Closing = field(default_factory=Closing)


def request_id_of(draft: IntentDraft, revision: int) -> RequestId:
    """Return the request id of the draft's intent at a revision: a pure hash, at most 50 characters."""
    digest = hashlib.sha256((identity_of(draft) + str(revision)).encode()).hexdigest()
    return RequestId(REQUEST_ID_PREFIX + digest[:REQUEST_ID_HASH_LENGTH])


def identity_of(draft: IntentDraft) -> str:
    """Return what a request id is the hash of, less the revision that follows it (rule 5.1)."""
    parts = (draft.tenant, draft.realm, draft.operation.value, draft.target, str(draft.source), draft.digest)
    return "\n".join(parts) + "\n"


def intents_with_sends(now: ColumnElement[datetime]) -> Select[Any]:
    """Return the query for intents with how often and when first each was sent."""
    sends = (
        select(func.count().label("sends"), func.min(attempts.c.sent_at).label("first_sent_at"))
        .where(attempts.c.intent_id == intents.c.id)
        .lateral("sends")
    )
    age = func.extract("epoch", now - sends.c.first_sent_at).label("age")
    return select(intents, sends, age).join(sends, true())


def intent_from(row: Row[Any]) -> Intent:
    """Return the intent a row of `intents_with_sends` stands for."""
    return Intent(
        id=row.id,
        company=row.company,
        tenant=row.tenant,
        realm=row.realm,
        source=source_from(row),
        target=row.target,
        operation=Operation(row.operation),
        digest=row.digest,
        revision=row.revision,
        request_id=RequestId(row.request_id),
        payload=row.payload,
        request=row.request,
        state=IntentState(row.state),
        day=row.day,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        run_id=row.run_id,
        attempts=row.sends,
        first_sent_at=row.first_sent_at,
        seconds_since_first_sent=None if row.age is None else float(row.age),
        rules=row.rules,
    )


def attempt_from(row: Row[Any], intent: Intent) -> Attempt:
    """Return the attempt a row stands for."""
    closing = Closing(
        http_status=row.http_status,
        code=row.code,
        message=row.message,
        intuit_tid=row.intuit_tid,
        duration_ms=row.duration_ms,
        answer=row.answer,
    )
    return Attempt(
        id=row.id,
        intent=intent,
        number=row.number,
        sent_at=row.sent_at,
        run_id=row.run_id,
        outcome=AttemptOutcome(row.outcome),
        closed_at=row.closed_at,
        closing=closing,
    )
