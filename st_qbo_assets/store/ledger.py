"""The write-ahead ledger: what we mean to do to QuickBooks, each send of it, and how it ended.

What belongs here: intents and attempts (rules 5.1, 5.4) and, for whoever writes, one object over
links, locks and states. What does not: deciding what to write and whether an answer agrees (load).

    intent    open ──► posted | mismatch | rejected | absent       one open per company, target, source
    attempt   sending ──► posted | mismatch | failed | rejected     failed leaves the intent open

How a write goes, under `lock(company, source)`:

    attempt = ledger.begin(draft)                  committed before anything is sent
    … send with attempt.intent.request_id …
    ledger.close_posted(attempt, link=…)           attempt, intent, link and marker in one transaction
    ledger.close_attempt(attempt, FAILED, …)       no answer: the intent stays open and is resent or probed

A process that dies leaves the intent open: `open_intent` finds it, `begin_attempt` resends it with
the same request id, `close_found` or `close_absent` settle it after a probe.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Row, func, insert, literal, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from st_qbo_assets.domain.errors import LedgerConflict
from st_qbo_assets.domain.ids import Company, Realm, RequestId, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.intents import (
    REQUEST_ID_HASH_LENGTH,
    REQUEST_ID_PREFIX,
    Attempt,
    AttemptOutcome,
    Closing,
    Intent,
    IntentDraft,
    IntentState,
    attempt_from,
    identity_of,
    intent_from,
    intents_with_sends,
)
from st_qbo_assets.store.ledger_sql import OPEN, SETTLE
from st_qbo_assets.store.links import Link, Links, link_columns
from st_qbo_assets.store.locks import Locks
from st_qbo_assets.store.markers import MarkedObject
from st_qbo_assets.store.open_intents import OpenIntents
from st_qbo_assets.store.schema import attempts, intents
from st_qbo_assets.store.sources import clean_text, source_columns
from st_qbo_assets.store.states import Also, RecordState, RecordStates

#: restrict_violation: what the tables' guards answer
_GUARD = "23001"


class Ledger:
    """Everything a writer needs of the store, in one object; thread-safe."""

    def __init__(self, database: Database) -> None:
        """Keep the ledger in this database."""
        self._database = database
        self._links = Links(database)
        self._locks = Locks(database)
        self._states = RecordStates(database)
        self._open_intents = OpenIntents(database)

    # --- links, locks, states: see the classes of those modules ------------------------------------

    def link(self, company: Company, source: SourceRef, target: str) -> Link | None:
        """Return the link of a source and target, if there is one."""
        return self._links.get(company, source, target)

    def links(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        """Return the links of many sources in one query; a source without a link is missing."""
        return self._links.of_sources(company, sources)

    def links_of_records(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        """Return the links of many records in one query, whatever their part; by the source they carry."""
        return self._links.of_records(company, sources)

    def link_by_target(self, company: Company, target: str, qbo_id: str) -> Link | None:
        """Return the link to a QuickBooks object, if there is one."""
        return self._links.by_target(company, target, qbo_id)

    def save_link(self, link: Link) -> None:
        """Insert the link, or overwrite the one of the same company, source and target.

        Raises:
            LedgerConflict: if the document has a link from another source.
        """
        try:
            self._links.save(link)
        except IntegrityError as error:
            raise _taken(link) from error

    def lock(
        self, company: Company, *sources: SourceRef, wait_seconds: float = 120
    ) -> AbstractContextManager[None]:
        """Hold the write locks of records from plan to close; not re-entrant.

        Raises:
            LedgerConflict: if another holder did not finish in time.
        """
        return self._locks.records(company, *sources, wait_seconds=wait_seconds)

    def lock_names(self, realm: Realm, name_list: str = "names") -> AbstractContextManager[None]:
        """Hold the lock of a name list of a realm: names are written one at a time.

        Raises:
            LedgerConflict: if another holder did not finish in time.
        """
        return self._locks.names(realm, name_list)

    def record_states(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        """Return where many records stand, in one query; one never seen is missing."""
        return self._states.of_sources(company, sources)

    def all_states(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        """Return where every part of many records stands, in one query."""
        return self._states.of_records(company, sources)

    def waiting_for(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> dict[SourceRef, list[RecordState]]:
        """Return the records that wait for some others, by the record they wait for."""
        return self._states.waiting_for(company, sources)

    def waiting_because(self, company: Company, code: str) -> list[RecordState]:
        """Return the records that wait for others for one reason, oldest day first."""
        return self._states.waiting_because(company, code)

    def save_states(
        self,
        company: Company,
        results: Iterable[LoadResult | Mapped],
        run_id: str,
        *,
        also: Also | None = None,
    ) -> None:
        """Keep where many records stand; a mapped record that is due is passed over.

        What is to be done also, is in the same transaction.
        """
        self._states.save(company, results, run_id, also=also)

    # --- intents ---------------------------------------------------------------------------------

    def open_intent(self, company: Company, source: SourceRef, target: str) -> Intent | None:
        """Return the intent of a source and target whose outcome is not known yet, if there is one."""
        found = self.open_intents(company, [source]).get(source, ())
        return next((intent for intent in found if intent.target == target), None)

    def open_intents(
        self, company: Company, sources: Iterable[SourceRef] | None = None
    ) -> dict[SourceRef, list[Intent]]:
        """Return the open intents of many sources (of all, if none are named) in one query."""
        return self._open_intents.of_sources(company, sources)

    def open_intents_of_records(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> dict[SourceRef, list[Intent]]:
        """Return the open intents of many records in one query, whatever their part."""
        return self._open_intents.of_records(company, sources)

    def begin_intent(self, draft: IntentDraft) -> Intent:
        """Commit what is to be written, with its revision and request id.

        Raises:
            LedgerConflict: if another intent of this company, target and source is open.
        """
        return self._open(draft, is_sent=False)[0]

    def begin(self, draft: IntentDraft) -> Attempt:
        """Commit an intent and its first attempt together: one statement, just before the call.

        Raises:
            LedgerConflict: if another intent of this company, target and source is open.
        """
        intent, row = self._open(draft, is_sent=True)
        return Attempt(row.attempt_id, intent, 1, row.sent_at, draft.run_id)

    def begin_attempt(self, intent: Intent, *, run_id: str = "") -> Attempt:
        """Commit one more send of an open intent, just before the call.

        An attempt that a dead process left unfinished is closed as failed (`lost`) first; the
        record's lock proves that nobody waits for its answer any more.

        Raises:
            LedgerConflict: if the intent is closed, or another attempt begins at the same time.
        """
        is_open = select(intents.c.id).where(intents.c.id == intent.id, intents.c.state == "open")
        number = select(func.coalesce(func.max(attempts.c.number), 0) + 1).where(
            attempts.c.intent_id == intent.id
        )
        row = select(
            is_open.scalar_subquery(), number.scalar_subquery(), self._database.now(), literal(run_id)
        )
        statement = (
            insert(attempts)
            .from_select(["intent_id", "number", "sent_at", "run_id"], row.where(is_open.exists()))
            .returning(attempts.c.id, attempts.c.number, attempts.c.sent_at)
            .add_cte(self._close_unfinished(intent, "failed", code="lost").cte("unfinished"))
        )
        try:
            with self._database.autocommit() as connection:
                begun = connection.execute(statement).one_or_none()
        except IntegrityError as error:
            raise LedgerConflict(f"{intent.source} is being sent by somebody else just now") from error
        if begun is None:
            raise LedgerConflict(f"the intent {intent.request_id} of {intent.source} is closed already")
        return Attempt(begun.id, intent, begun.number, begun.sent_at, run_id)

    def close_posted(
        self,
        attempt: Attempt,
        *,
        link: Link,
        closing: Closing | None = None,
        marked: MarkedObject | None = None,
        mismatch: bool = False,
    ) -> None:
        """Close attempt and intent, keep the link and the marker, in one transaction.

        Args:
            attempt: the send that was answered.
            link: the object as confirmed; its state is the caller's word.
            closing: what is known of the call.
            marked: the object for the index of markers.
            mismatch: whether QuickBooks stored something else than was meant (rule 5.4).

        Raises:
            LedgerConflict: if the attempt is closed already, or the document belongs to another source.
        """
        end = closing or Closing()
        self._settle(attempt.intent, attempt, link=link, closing=end, marked=marked, mismatch=mismatch)

    def close_found(
        self,
        intent: Intent,
        *,
        link: Link,
        closing: Closing | None = None,
        marked: MarkedObject | None = None,
        mismatch: bool = False,
    ) -> None:
        """Close an intent whose write a probe found in QuickBooks, as `close_posted` does.

        Raises:
            LedgerConflict: if the intent is closed already, or the document belongs to another source.
        """
        end = closing or Closing(code="found")
        self._settle(intent, None, link=link, closing=end, marked=marked, mismatch=mismatch)

    def close_absent(self, intent: Intent, *, code: str = "absent", message: str = "") -> None:
        """Close an intent which a probe proved not to be in QuickBooks, or which was never sent.

        Raises:
            LedgerConflict: if it is closed already.
        """
        unanswered = self._close_unfinished(intent, "failed", code=code, message=clean_text(message))
        self._close_intent(intent, IntentState.ABSENT, unanswered)

    def close_attempt(self, attempt: Attempt, outcome: AttemptOutcome, closing: Closing) -> None:
        """Close one send: `failed` leaves the intent open (another try helps), `rejected` closes it too.

        Raises:
            LedgerConflict: if it is closed already.
            ValueError: if the outcome needs a link; `close_posted` takes those.
        """
        statement = self._close(attempt, outcome, closing)
        if outcome is AttemptOutcome.REJECTED:
            self._close_intent(attempt.intent, IntentState.REJECTED, statement)
        elif outcome is AttemptOutcome.FAILED:
            self._execute_once(statement.returning(attempts.c.id), attempt.intent)
        else:
            raise ValueError(f"an attempt cannot be closed as {outcome} without a link")

    def attempts(self, intent_ids: Iterable[int]) -> list[Attempt]:
        """Return every send of some intents, oldest first."""
        query = intents_with_sends(self._database.now()).where(intents.c.id.in_(list(intent_ids)))
        with self._database.autocommit() as connection:
            owners = {row.id: intent_from(row) for row in connection.execute(query)}
            sends = select(attempts).where(attempts.c.intent_id.in_(list(owners))).order_by(attempts.c.id)
            return [attempt_from(row, owners[row.intent_id]) for row in connection.execute(sends)]

    # --- statements --------------------------------------------------------------------------------

    def _open(self, draft: IntentDraft, *, is_sent: bool) -> tuple[Intent, Row[Any]]:
        values: dict[str, Any] = {
            "company": draft.company,
            "tenant": draft.tenant,
            "realm": draft.realm,
            "target": draft.target,
            **source_columns(draft.source),
            "operation": draft.operation.value,
            "digest": draft.digest,
            "payload": draft.payload,
            "request": draft.request,
            "day": draft.day,
            "run_id": draft.run_id,
            "rules": draft.rules,
            "identity": identity_of(draft),
            "prefix": REQUEST_ID_PREFIX,
            "hash_length": REQUEST_ID_HASH_LENGTH,
            "is_sent": is_sent,
            "now": self._database.fixed_now(),
        }
        try:
            with self._database.autocommit() as connection:
                row = connection.execute(OPEN, values).one()
        except IntegrityError as error:
            raise LedgerConflict(
                f"{draft.source} has an open {draft.target} intent: settle that one first"
            ) from error
        intent = Intent(
            id=row.id,
            company=draft.company,
            tenant=draft.tenant,
            realm=draft.realm,
            source=draft.source,
            target=draft.target,
            operation=draft.operation,
            digest=draft.digest,
            revision=row.revision,
            request_id=RequestId(row.request_id),
            payload=draft.payload,
            request=draft.request,
            state=IntentState.OPEN,
            day=draft.day,
            opened_at=row.opened_at,
            run_id=draft.run_id,
            attempts=1 if is_sent else 0,
            first_sent_at=row.sent_at,
            seconds_since_first_sent=0.0 if is_sent else None,
            rules=draft.rules,
        )
        return intent, row

    def _close(self, attempt: Attempt, outcome: AttemptOutcome, closing: Closing):
        return (
            update(attempts)
            .where(attempts.c.id == attempt.id)
            .values(closed_at=self._database.now(), outcome=outcome.value, **_columns(closing))
        )

    def _close_unfinished(self, intent: Intent, outcome: str, **known: Any):
        return (
            update(attempts)
            .where(attempts.c.intent_id == intent.id, attempts.c.outcome == "sending")
            .values(closed_at=self._database.now(), outcome=outcome, **known)
        )

    def _settle(
        self,
        intent: Intent,
        attempt: Attempt | None,
        *,
        link: Link,
        closing: Closing,
        marked: MarkedObject | None,
        mismatch: bool,
    ) -> None:
        values: dict[str, Any] = {
            "intent_id": intent.id,
            "attempt_id": attempt.id if attempt is not None else None,
            "outcome": (AttemptOutcome.MISMATCH if mismatch else AttemptOutcome.POSTED).value,
            "now": self._database.fixed_now(),
            **_columns(closing),
            **link_columns(link),
            "is_marked": marked is not None,
            "marked_target": marked.target if marked else "",
            "marked_id": marked.qbo_id if marked else "",
            "sources": [str(source) for source in marked.sources] if marked else [],
            "txn_date": marked.txn_date if marked else None,
            "marked_version": marked.sync_token if marked else 0,
            "total_cents": marked.total_cents if marked else 0,
        }
        try:
            self._execute_once(SETTLE, intent, values)
        except IntegrityError as error:
            raise _taken(link) from error

    def _close_intent(self, intent: Intent, state: IntentState, attempt: Any) -> None:
        statement = (
            update(intents)
            .where(intents.c.id == intent.id)
            .values(state=state.value, closed_at=self._database.now())
            .returning(intents.c.id)
            .add_cte(attempt.cte("attempt"))
        )
        self._execute_once(statement, intent)

    def _execute_once(self, statement: Any, intent: Intent, values: dict[str, Any] | None = None) -> None:
        try:
            with self._database.autocommit() as connection:
                connection.execute(statement, values or {}).one()
        except DBAPIError as error:
            if getattr(error.orig, "pgcode", None) == _GUARD:
                raise LedgerConflict(
                    f"the intent {intent.request_id} of {intent.source} is closed already"
                ) from error
            raise


def _columns(closing: Closing) -> dict[str, Any]:
    return {
        "duration_ms": closing.duration_ms,
        "http_status": closing.http_status,
        "code": clean_text(closing.code),
        "message": clean_text(closing.message),
        "intuit_tid": clean_text(closing.intuit_tid),
        "answer": closing.answer,
    }


def _taken(link: Link) -> LedgerConflict:
    return LedgerConflict(
        f"{link.target} {link.qbo_id} is linked to another record already and cannot be {link.source} too"
    )
