"""Writing the changes of a pair to QuickBooks.

What belongs here: the sparse update with its intent, a name that is taken, an object somebody changed
meanwhile. What does not: what changes (`domain.masters`), creating the object (`load.day`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from st_qbo_assets.domain.errors import SyncError, TransportError
from st_qbo_assets.domain.masters.reasons import reason
from st_qbo_assets.domain.masters.sides import Side, quickbooks_body, read_quickbooks
from st_qbo_assets.domain.masters.values import Value
from st_qbo_assets.domain.names import suffixed
from st_qbo_assets.domain.outcomes import Json, Outcome, Reason, canonical_json
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.ports import PairContext
from st_qbo_assets.load.masters.reading import Pair, manner
from st_qbo_assets.load.sending import Sent, send
from st_qbo_assets.load.verify import BASE, owned_fields
from st_qbo_assets.quickbooks.faults import FaultClass, classify, explain
from st_qbo_assets.store.intents import AttemptOutcome, Closing, Intent, IntentDraft, Operation
from st_qbo_assets.store.links import Link, LinkState


@dataclass(frozen=True)
class Written:
    """How a write to one system ended.

    Attributes:
        outcome: posted, failed or held.
        side: what that system shows afterwards, if it was written.
        link: the link afterwards, if it changed.
        is_stale: whether somebody changed the object meanwhile: read it, decide again.
        is_gone: whether the object is not there any more.
        is_refused: whether the same would be refused again: a person has to change something first.
    """

    outcome: Outcome
    side: Side | None = None
    link: Link | None = None
    said: Reason | None = None
    is_stale: bool = False
    is_gone: bool = False
    is_refused: bool = False


def write_quickbooks(context: PairContext, pair: Pair, changes: Mapping[str, Value], day: date) -> Written:
    """Send changed fields to QuickBooks; a name that is taken gets our suffix (rule 7.3).

    Raises:
        ConnectionStopped: if a person has to act.
    """
    stored = pair.quickbooks.raw if pair.quickbooks is not None else None
    body = quickbooks_body(changes, terms=context.terms, stored=stored)
    with context.write.ledger.lock_names(context.write.realm):
        written = _send(context, pair, body, day)
        if written.said is not None and written.said.code == "name_taken":
            assert pair.servicetitan is not None
            suffix = manner(context, pair.target, pair.servicetitan.raw).suffix
            body = {**body, "DisplayName": suffixed(str(body["DisplayName"]), suffix)}
            written = _send(context, pair, body, day)
    return written


def _send(context: PairContext, pair: Pair, body: Json, day: date) -> Written:
    write, link, now = context.write, pair.link, pair.quickbooks
    assert now is not None
    version = {"Id": link.qbo_id, "SyncToken": objects.text(now.raw.get("SyncToken")), "sparse": True}
    draft = IntentDraft(
        company=write.name,
        tenant=write.tenant,
        realm=write.realm,
        source=link.source,
        target=pair.target,
        operation=Operation.UPDATE,
        digest=hashlib.sha256(canonical_json([pair.target, "fields", body]).encode()).hexdigest(),
        day=day,
        payload=body,
        request={**version, **body},
        run_id=write.run_id,
    )
    attempt = write.ledger.begin(draft)
    write.seam("after_intent")
    sent = send(write, attempt)
    if sent.obj is None:
        return _not_written(context, sent, body)
    after = _linked(link, sent.obj, pair.target, write.run_id)
    write.seam("before_close")
    if sent.is_found:
        closing = Closing(code="found", message="found in QuickBooks", answer=sent.obj)
        write.ledger.close_found(attempt.intent, link=after, closing=closing)
    else:
        write.ledger.close_posted(sent.attempt, link=after, closing=sent.closing)
    side = read_quickbooks(pair.target, sent.obj, terms=context.terms)
    return Written(Outcome.POSTED, side=side, link=after)


def _not_written(context: PairContext, sent: Sent, body: Json) -> Written:
    if sent.is_absent:
        return Written(Outcome.FAILED, is_stale=True)
    if sent.fault is None:
        error: SyncError = sent.error or TransportError("no answer")
        return Written(Outcome.FAILED, said=reason("quickbooks_transient", error=error))
    context.write.ledger.close_attempt(sent.attempt, AttemptOutcome.REJECTED, sent.closing)
    kind = classify(sent.fault)
    if kind is FaultClass.REREAD:
        return Written(Outcome.FAILED, is_stale=True, said=reason("quickbooks_transient", error=sent.fault))
    if kind is FaultClass.NAME_CONFLICT and "DisplayName" in body:
        return Written(Outcome.HELD, said=reason("name_taken", value=body["DisplayName"]), is_refused=True)
    if kind in (FaultClass.GONE, FaultClass.STALE_REFERENCE):
        return Written(Outcome.HELD, is_gone=True)
    row = explain(sent.fault)
    said = reason("quickbooks_refused", error=sent.fault, remedy=row.remedy)
    return Written(Outcome.HELD, said=said, is_refused=True)


def _linked(link: Link, obj: Json, target: str, run_id: str) -> Link:
    confirmed = owned_fields(target, obj)
    if BASE in link.confirmed:
        confirmed[BASE] = link.confirmed[BASE]
    return replace(
        link,
        sync_token=objects.text(obj.get("SyncToken")),
        confirmed=confirmed,
        display_name=objects.display_name(target, obj),
        state=LinkState.ACTIVE if link.state is LinkState.MISMATCH else link.state,
        drift=None,
        run_id=run_id,
    )


def settle_open(context: PairContext, pair: Pair, foreign: str) -> bool:
    """Close what a dead run left open of a pair, and say whether the pair may be written.

    A change says what the record shall be, so whether it arrived is seen by reading the record; only the
    creation of the object is another's business.
    """
    ledger, write = context.write.ledger, context.write
    for source in (pair.link.source, replace(pair.link.source, part="servicetitan")):
        for target in (pair.target, foreign):
            intent: Intent | None = ledger.open_intent(write.name, source, target)
            if intent is None:
                continue
            if intent.operation is Operation.CREATE:
                return False
            ledger.close_absent(intent, code="superseded", message="decided again by what both sides show")
    return True
