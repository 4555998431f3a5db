"""A ledger in memory that keeps the promises of the real one: one open intent, closed once."""

import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from st_qbo_assets.domain.errors import LedgerConflict
from st_qbo_assets.domain.ids import Company, Entity, Realm, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.store.intents import (
    Attempt,
    AttemptOutcome,
    Closing,
    Intent,
    IntentDraft,
    IntentState,
    request_id_of,
)
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.markers import MarkedObject
from st_qbo_assets.store.states import Also, RecordState
from tests.unit.load.clock import FakeClock

_INSTANT = datetime(2026, 11, 20, tzinfo=UTC)
_MASTERS = (Entity.CUSTOMER, Entity.VENDOR, Entity.ITEM)


@dataclass
class FakeRefunds:
    """The ties of refunds."""

    ties: dict[str, RefundTie] = field(default_factory=dict)

    def of_payments(self, company: Company, ids: Iterable[str]) -> dict[str, list[RefundTie]]:
        wanted = set(ids)
        found: dict[str, list[RefundTie]] = {}
        for tie in self.ties.values():
            if tie.payment in wanted:
                found.setdefault(tie.payment, []).append(tie)
        return found

    def of_refunds(self, company: Company, ids: Iterable[str]) -> dict[str, RefundTie]:
        return {id_: self.ties[id_] for id_ in ids if id_ in self.ties}

    def save(self, company: Company, ties: Iterable[RefundTie]) -> None:
        self.ties.update({tie.refund: tie for tie in ties})

    def drop(self, company: Company, refund_ids: Iterable[str]) -> None:
        for id_ in refund_ids:
            self.ties.pop(id_, None)


@dataclass
class FakeLedger:
    """Ledger, links and decisions of one company."""

    clock: FakeClock = field(default_factory=FakeClock)
    intents: list[Intent] = field(default_factory=list)
    sends: list[Attempt] = field(default_factory=list)
    kept_links: dict[tuple[SourceRef, str], Link] = field(default_factory=dict)
    states: dict[SourceRef, RecordState] = field(default_factory=dict)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    _instants: int = 0
    _held: dict[str, threading.Lock] = field(default_factory=dict)
    _first_sent: dict[int, float] = field(default_factory=dict)
    _guard: threading.RLock = field(default_factory=threading.RLock)

    # links

    def link(self, company: Company, source: SourceRef, target: str) -> Link | None:
        return self.kept_links.get((source, target))

    def links(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        found: dict[SourceRef, list[Link]] = {}
        for source in set(sources):
            links = [link for (known, _), link in self.kept_links.items() if known == source]
            if links:
                found[source] = links
        return found

    def links_of_records(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        records = {source.record for source in sources}
        found: dict[SourceRef, list[Link]] = {}
        for (known, _), link in self.kept_links.items():
            if known.record in records:
                found.setdefault(known, []).append(link)
        return found

    def of_targets(self, company: Company, target: str, qbo_ids: Iterable[str]) -> dict[str, list[Link]]:
        found: dict[str, list[Link]] = {}
        wanted = set(qbo_ids)
        for link in self.kept_links.values():
            if link.target == target and link.qbo_id in wanted:
                found.setdefault(link.qbo_id, []).append(link)
        return found

    def of_day(self, company: Company, entity: Entity, first: date, last: date | None = None) -> list[Link]:
        days = [
            link for link in self.kept_links.values() if link.source.entity is entity and link.day is not None
        ]
        return [link for link in days if link.day is not None and first <= link.day <= (last or first)]

    def of_customers(
        self,
        company: Company,
        target: str,
        customers: Iterable[str],
        *,
        changed_since: datetime | None = None,
    ) -> list[Link]:
        wanted = set(customers)
        links = [link for link in self.kept_links.values() if link.target == target]
        if changed_since is not None:
            links = [link for link in links if _is_changed(link, changed_since)]
        return [
            link
            for link in links
            if (link.confirmed.get("CustomerRef") or link.confirmed.get("VendorRef")) in wanted
        ]

    def save_link(self, link: Link) -> None:
        with self._guard:
            for other in self.kept_links.values():
                is_same_object = (other.target, other.qbo_id) == (link.target, link.qbo_id)
                if is_same_object and other.source != link.source and link.source.entity not in _MASTERS:
                    raise LedgerConflict(f"{link.target} {link.qbo_id} is linked to another record already")
            old, now = self.kept_links.get((link.source, link.target)), self._now()
            made = old.created_at if old is not None else now
            self.kept_links[link.source, link.target] = replace(link, created_at=made, updated_at=now)

    def decide(self, company: Company, source: SourceRef, **decision: Any) -> None:
        self.decisions.append({"source": source, **decision})

    # locks

    @contextmanager
    def lock(self, company: Company, *sources: SourceRef) -> Generator[None]:
        with self._lock(",".join(sorted(f"{source.entity}:{source.id}" for source in sources))):
            yield

    @contextmanager
    def lock_names(self, realm: Realm, name_list: str = "names") -> Generator[None]:
        with self._lock(f"names {name_list}"):
            yield

    @contextmanager
    def _lock(self, name: str) -> Generator[None]:
        with self._guard:
            lock = self._held.setdefault(name, threading.Lock())
        assert lock.acquire(timeout=30), f"{name} is locked by somebody who waits for it"
        try:
            yield
        finally:
            lock.release()

    # intents

    def open_intent(self, company: Company, source: SourceRef, target: str) -> Intent | None:
        found = self.open_intents(company, [source]).get(source, [])
        return next((intent for intent in found if intent.target == target), None)

    def open_intents(
        self, company: Company, sources: Iterable[SourceRef] | None = None
    ) -> dict[SourceRef, list[Intent]]:
        wanted = None if sources is None else set(sources)
        found: dict[SourceRef, list[Intent]] = {}
        with self._guard:
            for intent in self.intents:
                if intent.state is IntentState.OPEN and (wanted is None or intent.source in wanted):
                    first = self._first_sent.get(intent.id)
                    age = None if first is None else self.clock() - first
                    aged = replace(intent, seconds_since_first_sent=age)
                    found.setdefault(intent.source, []).append(aged)
        return found

    def open_intents_of_records(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> dict[SourceRef, list[Intent]]:
        records = {source.record for source in sources}
        found = self.open_intents(company)
        return {source: intents for source, intents in found.items() if source.record in records}

    def begin(self, draft: IntentDraft) -> Attempt:
        with self._guard:
            if self.open_intent(draft.company, draft.source, draft.target) is not None:
                raise LedgerConflict(
                    f"{draft.source} has an open {draft.target} intent: settle that one first"
                )
            same = [
                each for each in self.intents if (each.source, each.target) == (draft.source, draft.target)
            ]
            revision = len(same) + 1
            intent = Intent(
                id=len(self.intents) + 1,
                **{name: getattr(draft, name) for name in IntentDraft.__dataclass_fields__},
                revision=revision,
                request_id=request_id_of(draft, revision),
                state=IntentState.OPEN,
                opened_at=_INSTANT,
                seconds_since_first_sent=0.0,
            )
            self.intents.append(intent)
            return self.begin_attempt(intent, run_id=draft.run_id)

    def begin_attempt(self, intent: Intent, *, run_id: str = "") -> Attempt:
        with self._guard:
            self._must_be_open(intent)
            self._close_unfinished(intent, AttemptOutcome.FAILED)
            self._first_sent.setdefault(intent.id, self.clock())
            number = sum(1 for send in self.sends if send.intent.id == intent.id) + 1
            attempt = Attempt(len(self.sends) + 1, intent, number, _INSTANT, run_id)
            self.sends.append(attempt)
            return attempt

    def close_posted(
        self,
        attempt: Attempt,
        *,
        link: Link,
        closing: Closing | None = None,
        marked: MarkedObject | None = None,
        mismatch: bool = False,
    ) -> None:
        outcome = AttemptOutcome.MISMATCH if mismatch else AttemptOutcome.POSTED
        with self._guard:
            self._must_be_open(attempt.intent)
            self.save_link(link)
            self._close_send(attempt, outcome, closing)
            self._close_intent(attempt.intent, IntentState(outcome.value))

    def close_found(
        self,
        intent: Intent,
        *,
        link: Link,
        closing: Closing | None = None,
        marked: MarkedObject | None = None,
        mismatch: bool = False,
    ) -> None:
        outcome = AttemptOutcome.MISMATCH if mismatch else AttemptOutcome.POSTED
        with self._guard:
            self._must_be_open(intent)
            self.save_link(link)
            self._close_unfinished(intent, outcome)
            self._close_intent(intent, IntentState(outcome.value))

    def close_absent(self, intent: Intent, *, code: str = "absent", message: str = "") -> None:
        with self._guard:
            self._must_be_open(intent)
            self._close_unfinished(intent, AttemptOutcome.FAILED)
            self._close_intent(intent, IntentState.ABSENT)

    def close_attempt(self, attempt: Attempt, outcome: AttemptOutcome, closing: Closing) -> None:
        with self._guard:
            self._must_be_open(attempt.intent)
            self._close_send(attempt, outcome, closing)
            if outcome is AttemptOutcome.REJECTED:
                self._close_intent(attempt.intent, IntentState.REJECTED)

    def _must_be_open(self, intent: Intent) -> None:
        if self.intents[intent.id - 1].state is not IntentState.OPEN:
            raise LedgerConflict(f"the intent {intent.request_id} is closed already")

    def _close_send(self, attempt: Attempt, outcome: AttemptOutcome, closing: Closing | None) -> None:
        if self.sends[attempt.id - 1].outcome is not AttemptOutcome.SENDING:
            raise LedgerConflict("the attempt is closed already")
        self.sends[attempt.id - 1] = replace(attempt, outcome=outcome, closing=closing or Closing())

    def _close_unfinished(self, intent: Intent, outcome: AttemptOutcome) -> None:
        for place, send in enumerate(self.sends):
            if send.intent.id == intent.id and send.outcome is AttemptOutcome.SENDING:
                self.sends[place] = replace(send, outcome=outcome)

    def _close_intent(self, intent: Intent, state: IntentState) -> None:
        self.intents[intent.id - 1] = replace(intent, state=state)

    # states

    def record_states(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        return {source: self.states[source] for source in set(sources) if source in self.states}

    def all_states(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        records = {source.record for source in sources}
        return {source: state for source, state in self.states.items() if source.record in records}

    def waiting_for(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> dict[SourceRef, list[RecordState]]:
        found: dict[SourceRef, list[RecordState]] = {}
        for state in self.states.values():
            if state.reason is not None and state.reason.waits_for in set(sources):
                found.setdefault(state.reason.waits_for, []).append(state)
        return found

    def waiting_because(self, company: Company, code: str) -> list[RecordState]:
        return [
            state
            for state in self.states.values()
            if state.reason is not None and state.reason.waits_for is not None and state.reason.code == code
        ]

    def _now(self) -> datetime:
        """The next instant of the database: no two rows are written at one."""
        self._instants += 1
        return _INSTANT + timedelta(seconds=self._instants + self.clock.now)

    def save_states(
        self,
        company: Company,
        results: Iterable[LoadResult | Mapped],
        run_id: str,
        *,
        also: Also | None = None,
    ) -> None:
        assert also is None
        for result in results:
            assert isinstance(result, LoadResult)
            self.states[result.source] = RecordState(
                company=company,
                source=result.source,
                outcome=result.outcome,
                day=result.day,
                cents=result.cents,
                number=result.number,
                title=result.title,
                target=result.target,
                qbo_id=result.qbo_id,
                operation=result.operation,
                reason=result.reason,
                verdict=None,
                first_seen=_INSTANT,
                updated_at=self._now(),
                run_id=run_id,
            )


def _is_changed(link: Link, since: datetime) -> bool:
    return link.updated_at is not None and link.updated_at > since and link.updated_at != link.created_at
