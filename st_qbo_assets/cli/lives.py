"""The life of a record, told: one JSON document for programs, a timeline for people.

What belongs here: putting what every table says of a record in the order in which it happened. What does not:
reading the tables (`store.audit`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from st_qbo_assets.books.addresses import quickbooks_address, servicetitan_address
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.cli.output import OUT, money
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.load.objects import as_mapping
from st_qbo_assets.load.verify import ACCEPTED
from st_qbo_assets.quickbooks.faults import FaultKind, fault_kind
from st_qbo_assets.quickbooks.wording import drift_in_words
from st_qbo_assets.store.audit import Decision, Life, StateChange
from st_qbo_assets.store.intents import Attempt, AttemptOutcome, Intent, IntentState
from st_qbo_assets.store.links import Link

_SHORT = 8


@dataclass(frozen=True)
class Places:
    """Where the records and runs of a company are shown.

    Attributes:
        zone: the company's time zone, in which people read times; JSON has UTC.
    """

    ui_url: str
    environment: Environment
    zone: ZoneInfo

    def run(self, run_id: str) -> str | None:
        """Return the page of a Dagster run; None if it was no run."""
        return f"{self.ui_url}/runs/{run_id}" if run_id else None

    def quickbooks(self, target: str, qbo_id: str) -> str | None:
        """Return the page of an object in QuickBooks; None if it has none that is known."""
        return quickbooks_address(QboKey(target, qbo_id), self.environment) or None

    def servicetitan(self, source: SourceRef) -> str | None:
        """Return the page of a record in ServiceTitan; None if it has none that is known."""
        return servicetitan_address(source, self.environment) or None

    def local(self, at: datetime) -> str:
        """Return an instant as the company's people read it."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"


# For programs


def life_document(life: Life, places: Places) -> dict[str, Any]:
    """Return everything known of a record, each list oldest first."""
    return {
        "source": str(life.source),
        "entity": life.source.entity.value,
        "servicetitan_id": life.source.id,
        "part": life.source.part,
        "servicetitan_url": places.servicetitan(life.source),
        "state": _state_document(life, places),
        "history": [_change_document(change, places) for change in life.changes],
        "writes": [_write_document(intent, life.attempts, places) for intent in life.intents],
        "links": [_link_document(link, places) for link in life.links],
        "decisions": [_decision_document(decision, places) for decision in life.decisions],
    }


def _state_document(life: Life, places: Places) -> dict[str, Any] | None:
    state = life.state
    if state is None:
        return None
    reason = state.reason
    return {
        "outcome": state.outcome.value,
        "verdict": state.verdict.value if state.verdict else None,
        "day": state.day.isoformat(),
        "cents": state.cents,
        "number": state.number,
        "title": state.title,
        "target": state.target,
        "quickbooks_id": state.qbo_id,
        "quickbooks_url": places.quickbooks(state.target, state.qbo_id) if state.qbo_id else None,
        "operation": state.operation,
        "rules": state.rules or None,
        "reason": None
        if reason is None
        else {
            "code": reason.code,
            "text": reason.text,
            "remedy": reason.remedy,
            "suggestions": list(reason.suggestions),
            "waits_for": str(reason.waits_for) if reason.waits_for else None,
        },
        "first_seen": state.first_seen.isoformat(),
        "updated_at": state.updated_at.isoformat(),
        **_run_document(state.run_id, places),
    }


def _change_document(change: StateChange, places: Places) -> dict[str, Any]:
    return {
        "at": change.at.isoformat(),
        "outcome": change.outcome.value,
        "verdict": change.verdict.value if change.verdict else None,
        "day": change.day.isoformat(),
        "cents": change.cents,
        "reason_code": change.reason_code,
        "reason_text": change.reason_text,
        "rules": change.rules or None,
        "quickbooks_id": change.qbo_id,
        **_run_document(change.run_id, places),
    }


def _write_document(intent: Intent, attempts: Iterable[Attempt], places: Places) -> dict[str, Any]:
    return {
        "operation": intent.operation.value,
        "target": intent.target,
        "state": intent.state.value,
        "day": intent.day.isoformat(),
        "revision": intent.revision,
        "rules": intent.rules or None,
        "request_id": intent.request_id,
        "payload_digest": intent.digest,
        "opened_at": intent.opened_at.isoformat(),
        "closed_at": intent.closed_at.isoformat() if intent.closed_at else None,
        **_run_document(intent.run_id, places),
        "payload": intent.payload,
        "request": intent.request,
        "attempts": [
            _attempt_document(attempt, places) for attempt in attempts if attempt.intent.id == intent.id
        ],
    }


def _attempt_document(attempt: Attempt, places: Places) -> dict[str, Any]:
    closing = attempt.closing
    return {
        "number": attempt.number,
        "outcome": attempt.outcome.value,
        "sent_at": attempt.sent_at.isoformat(),
        "closed_at": attempt.closed_at.isoformat() if attempt.closed_at else None,
        "duration_ms": closing.duration_ms,
        "http_status": closing.http_status,
        "code": closing.code,
        "message": closing.message,
        "intuit_tid": closing.intuit_tid,
        "explained": _explained(attempt),
        "answer": closing.answer,
        **_run_document(attempt.run_id, places),
    }


def _explained(attempt: Attempt) -> dict[str, Any] | None:
    """Return what the cookbook says of a refusal; None if it was none."""
    kind = _fault_of(attempt)
    if kind is None:
        return None
    return {
        "class": kind.fault_class.value,
        "plain": kind.plain,
        "cause": kind.cause,
        "remedy": kind.remedy,
        "retry_helps": kind.retry_helps,
    }


def _fault_of(attempt: Attempt) -> FaultKind | None:
    # Only QuickBooks' own codes are numbers; an answer that never came is closed with the error's name.
    closing = attempt.closing
    is_fault = closing.code.isdigit() and attempt.outcome is not AttemptOutcome.POSTED
    return fault_kind(closing.code, closing.message) if is_fault else None


def _link_document(link: Link, places: Places) -> dict[str, Any]:
    return {
        "target": link.target,
        "quickbooks_id": link.qbo_id,
        "quickbooks_url": places.quickbooks(link.target, link.qbo_id),
        "realm": link.realm,
        "state": link.state.value,
        "number": link.number,
        "display_name": link.display_name,
        "day": link.day.isoformat() if link.day else None,
        "payload_digest": link.digest,
        "sync_token": link.sync_token,
        "drift": link.drift,
        "created_at": link.created_at.isoformat() if link.created_at else None,
        "updated_at": link.updated_at.isoformat() if link.updated_at else None,
        **_run_document(link.run_id, places),
    }


def _decision_document(decision: Decision, places: Places) -> dict[str, Any]:
    return {
        "at": decision.at.isoformat(),
        "code": decision.code,
        "decided_by": decision.decided_by,
        "target": decision.target,
        "quickbooks_id": decision.qbo_id,
        "detail": decision.detail,
        **_run_document(decision.run_id, places),
    }


def _run_document(run_id: str, places: Places) -> dict[str, Any]:
    return {"run_id": run_id or None, "run_url": places.run(run_id)}


# For people


@dataclass(frozen=True)
class LifeEvent:
    """One line of the timeline.

    Attributes:
        rules: version of the rules by which it was mapped, if that is what happened.
        by: rule, file or person that decided, if something was.
    """

    at: datetime
    what: str
    detail: str
    run_id: str = ""
    rules: int = 0
    by: str = ""


def print_life(life: Life, places: Places) -> None:
    """Print where a record stands, and what happened to it in order."""
    OUT.print(Text(_heading(life), "bold"))
    for name, value in _facts(life, places):
        OUT.print(Text.assemble((f"  {name:<13}", "dim"), value), soft_wrap=True)
    events = events_of(life)
    table = Table(box=None, padding=(0, 2, 0, 2))
    for column in (f"when ({places.zone.key})", "what", "detail", "run"):
        table.add_column(column, overflow="fold", no_wrap=column != "detail")
    for event in events:
        cells = (places.local(event.at), event.what, event.detail, event.run_id[:_SHORT])
        table.add_row(*(Text(cell) for cell in cells))
    OUT.print(table)
    for run_id in dict.fromkeys(event.run_id for event in events if event.run_id):
        OUT.print(Text(f"  run {run_id[:_SHORT]}  {places.run(run_id)}"), soft_wrap=True)
    OUT.print()


def _heading(life: Life) -> str:
    name = f"{life.source.entity.label} {life.source.id}"
    name += f" ({life.source.part})" if life.source.part else ""
    state = life.state
    if state is None:
        return name
    number = f"number {state.number}" if state.number else ""
    amount = money(state.cents) if state.cents else ""
    return " · ".join(part for part in (name, number, state.title, state.day.isoformat(), amount) if part)


def _facts(life: Life, places: Places) -> Iterable[tuple[str, str]]:
    state = life.state
    if state is not None:
        yield "now", state.outcome.value + (f" ({state.operation})" if state.operation else "")
        if state.rules:
            yield "rules", f"mapped by version {state.rules}"
        if state.reason is not None:
            yield "why", state.reason.text
            if state.reason.suggestions:
                yield "nearest", ", ".join(state.reason.suggestions)
            if state.reason.remedy:
                yield "what to do", state.reason.remedy
            if state.reason.waits_for is not None:
                yield "waits for", str(state.reason.waits_for)
    address = places.servicetitan(life.source)
    if address:
        yield "ServiceTitan", address
    for link in life.links:
        address = places.quickbooks(link.target, link.qbo_id)
        words = [f"{link.target} {link.qbo_id}", link.display_name or link.number, address]
        yield "QuickBooks", "  ".join(word for word in words if word)
        yield from _changes("edited there", link.drift)
        yield from _changes("accepted there", link.confirmed.get(ACCEPTED))


def _changes(name: str, changes: object) -> Iterable[tuple[str, str]]:
    """Yield what somebody changed in QuickBooks, a line for each field."""
    for field, change in sorted(drift_in_words(as_mapping(changes)).items()):
        yield name, f"{field}: {change['confirmed'] or 'nothing'} → {change['now'] or 'nothing'}"


def events_of(life: Life) -> list[LifeEvent]:
    """Return what happened to a record, oldest first."""
    return sorted(_events(life), key=lambda event: event.at)


def _events(life: Life) -> Iterable[LifeEvent]:
    if life.state is not None:
        # States are kept once a day was loaded; what was written before was seen then at the latest.
        seen = min([life.state.first_seen, *(intent.opened_at for intent in life.intents)])
        yield LifeEvent(seen, "first seen", "")
    yield from (_change_event(change) for change in life.changes)
    for decision in life.decisions:
        evidence = _evidence(decision)
        what = f"{decision.code.replace('_', ' ')} (by {decision.decided_by})"
        target = f"{decision.target} {decision.qbo_id}".strip()
        detail = "; ".join(part for part in (target, evidence) if part)
        yield LifeEvent(decision.at, what, detail, decision.run_id, by=decision.decided_by)
    for intent in life.intents:
        yield from _intent_events(intent)
    for attempt in life.attempts:
        yield from _attempt_events(attempt)
    for link in life.links:
        if link.created_at is not None:
            yield LifeEvent(link.created_at, "linked", f"{link.target} {link.qbo_id}", link.run_id)


def _change_event(change: StateChange) -> LifeEvent:
    verdict = f", mapped as {change.verdict.value}" if change.verdict else ""
    parts = [change.day.isoformat(), money(change.cents) if change.cents else "", change.reason_text]
    parts.append(f"rules {change.rules}" if change.rules else "")
    what = f"stands {change.outcome.value}{verdict}"
    return LifeEvent(change.at, what, _joined(parts), change.run_id, rules=change.rules)


def _intent_events(intent: Intent) -> Iterable[LifeEvent]:
    parts = [f"request {intent.request_id}", f"digest {intent.digest[:12]}", f"revision {intent.revision}"]
    parts.append(f"rules {intent.rules}" if intent.rules else "")
    what = f"{intent.operation.value} {intent.target}"
    yield LifeEvent(intent.opened_at, what, _joined(parts), intent.run_id, rules=intent.rules)
    if intent.closed_at is not None and intent.state is not IntentState.POSTED:
        yield LifeEvent(intent.closed_at, "write ended", intent.state.value, intent.run_id)


def _attempt_events(attempt: Attempt) -> Iterable[LifeEvent]:
    closing = attempt.closing
    yield LifeEvent(attempt.sent_at, f"sent ({attempt.number})", "", attempt.run_id)
    if attempt.closed_at is None or attempt.outcome is AttemptOutcome.SENDING:
        return
    parts = [
        f"HTTP {closing.http_status}" if closing.http_status else "no answer",
        f"after {closing.duration_ms} ms" if closing.duration_ms is not None else "",
        f"intuit_tid {closing.intuit_tid}" if closing.intuit_tid else "",
        f"{closing.code} {closing.message}".strip(),
    ]
    yield LifeEvent(attempt.closed_at, f"answer: {attempt.outcome.value}", _joined(parts), attempt.run_id)
    if (kind := _fault_of(attempt)) is not None:
        helps = "the same again may succeed" if kind.retry_helps else "the same again does not help"
        words = f"{kind.plain} {kind.cause} {kind.remedy} ({helps})"
        yield LifeEvent(attempt.closed_at, "which means", words, attempt.run_id)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def _evidence(decision: Decision) -> str:
    if decision.code.startswith("drift_"):
        return "; ".join(told for _, told in _changes("", decision.detail))
    return ", ".join(f"{name}: {_plain(value)}" for name, value in decision.detail.items())


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " and ".join(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
    return str(value)
