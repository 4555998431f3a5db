"""Where every record stands: the newest word of mapping and load on it, by record and by day.

What belongs here: writing and counting states. What does not: how a record came to stand there
(`audit`), and what was sent for it (`ledger`). A trigger keeps every change in `record_changes`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BindParameter, Connection, Date, Row, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Reason, Verdict
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import record_states
from st_qbo_assets.store.sources import (
    clean_text,
    is_any_of,
    record_is_in,
    source_columns,
    source_from,
    source_is_in,
)

_KEY = ("company", "source_entity", "source_id", "source_part")
_SAVED = tuple(
    column.name for column in record_states.columns if column.name not in ("first_seen", "updated_at")
)
#: Something more to be done in the transaction that keeps states.
Also = Callable[[Connection], None]
_OUTCOMES = {
    Verdict.HELD: Outcome.HELD,
    Verdict.REJECTED: Outcome.REJECTED,
    Verdict.NOT_DUE: Outcome.NOT_DUE,
}


@dataclass(frozen=True)
class RecordState:
    """Where one record (or part of it) stands.

    Attributes:
        verdict: what the mapping last said, if it was asked to be kept.
        first_seen: when the record was first seen.
        updated_at: when mapping or load last spoke of it.
        rules: version of the rules it was last mapped by; 0 if that is not known.
    """

    company: Company
    source: SourceRef
    outcome: Outcome
    day: date
    cents: int
    number: str
    title: str
    target: str
    qbo_id: str
    operation: str
    reason: Reason | None
    verdict: Verdict | None
    first_seen: datetime
    updated_at: datetime
    run_id: str
    rules: int = 0


@dataclass(frozen=True)
class StateCount:
    """How many records of one entity and day stand at one outcome."""

    entity: Entity
    day: date
    outcome: Outcome
    count: int
    cents: int
    oldest: datetime


class RecordStates:
    """Reads and writes where records stand."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def save(
        self,
        company: Company,
        results: Iterable[LoadResult | Mapped],
        run_id: str,
        *,
        also: Also | None = None,
    ) -> None:
        """Keep where many records stand, in few statements; of two results for one record the last counts.

        A mapped record that is due says nothing yet of where it stands and is passed over: its
        load result will. What is to be done also, is in the same transaction, records or not.
        """
        rows = {
            result.source: _values(company, result, run_id)
            for result in results
            if not (isinstance(result, Mapped) and result.verdict is Verdict.DUE)
        }
        if not rows and also is None:
            return
        with self._database.begin() as connection:
            if rows:
                # in one order everywhere, so that two runs over the same day cannot wait for each other
                connection.execute(self._upsert(), [rows[source] for source in sorted(rows)])
            if also is not None:
                also(connection)

    def _upsert(self):
        now = self._database.now()
        bound: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in _SAVED}
        statement = insert(record_states).values(**bound, first_seen=now, updated_at=now)
        new = statement.excluded
        changed: dict[str, Any] = {name: new[name] for name in bound if name not in _KEY}
        changed["verdict"] = func.coalesce(new.verdict, record_states.c.verdict)
        for name in ("target", "qbo_id"):  # a held edit of a posted document still has its object
            changed[name] = func.coalesce(func.nullif(new[name], ""), record_states.c[name])
        changed["rules"] = func.coalesce(func.nullif(new.rules, 0), record_states.c.rules)
        changed["updated_at"] = new.updated_at
        return statement.on_conflict_do_update(index_elements=_KEY, set_=changed)

    def of_sources(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        """Return where many records stand, in one query; one never seen is missing."""
        wanted = list(dict.fromkeys(sources))
        if not wanted:
            return {}
        query = select(record_states).where(
            record_states.c.company == company, source_is_in(record_states, wanted)
        )
        return {state.source: state for state in self._read(query)}

    def of_records(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        """Return where every part of many records stands, whatever part is named, in one query."""
        wanted = list(dict.fromkeys(source.record for source in sources))
        if not wanted:
            return {}
        query = select(record_states).where(
            record_states.c.company == company, record_is_in(record_states, wanted)
        )
        return {state.source: state for state in self._read(query)}

    def of_days(
        self, company: Company, entity: Entity, days: Iterable[date], *, outcomes: Iterable[Outcome] = ()
    ) -> list[RecordState]:
        """Return the records of an entity on some business days, by day and number; no outcome means all."""
        query = select(record_states).where(
            record_states.c.company == company,
            record_states.c.source_entity == entity.value,
            record_states.c.day == any_(bindparam("days", list(days), type_=ARRAY(Date))),
        )
        only = [outcome.value for outcome in outcomes]
        if only:
            query = query.where(record_states.c.outcome.in_(only))
        order = (record_states.c.day, record_states.c.number, record_states.c.source_id)
        return self._read(query.order_by(*order))

    def waiting_for(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> dict[SourceRef, list[RecordState]]:
        """Return the records that wait for some others, by the record they wait for."""
        names = [str(source) for source in dict.fromkeys(sources)]
        found: dict[SourceRef, list[RecordState]] = {}
        if names:
            query = select(record_states).where(
                record_states.c.company == company,
                record_states.c.waits_for != "",
                is_any_of(record_states.c.waits_for, names),
            )
            for state in self._read(query.order_by(record_states.c.day, record_states.c.source_id)):
                if state.reason is not None and state.reason.waits_for is not None:
                    found.setdefault(state.reason.waits_for, []).append(state)
        return found

    def waiting_because(self, company: Company, code: str) -> list[RecordState]:
        """Return the records that wait for others for one reason, oldest day first."""
        query = select(record_states).where(
            record_states.c.company == company,
            record_states.c.waits_for != "",
            record_states.c.reason_code == code,
        )
        return self._read(query.order_by(record_states.c.day, record_states.c.source_id))

    def counts(
        self, company: Company, first: date, last: date, *, entity: Entity | None = None
    ) -> list[StateCount]:
        """Return how many records stand where from first to last, in one query."""
        table = record_states.c
        group = (table.source_entity, table.day, table.outcome)
        query = (
            select(
                *group,
                func.count().label("records"),
                func.sum(table.cents).label("cents"),
                func.min(table.first_seen).label("oldest"),
            )
            .where(table.company == company, table.day.between(first, last))
            .group_by(*group)
            .order_by(*group)
        )
        if entity is not None:
            query = query.where(table.source_entity == entity.value)
        with self._database.autocommit() as connection:
            return [
                StateCount(
                    Entity(row.source_entity),
                    row.day,
                    Outcome(row.outcome),
                    row.records,
                    int(row.cents),
                    row.oldest,
                )
                for row in connection.execute(query)
            ]

    def has_reason(
        self, company: Company, code: str, entities: Iterable[Entity], days: Iterable[date]
    ) -> bool:
        """Say whether a record of some days stands where it does for a reason."""
        query = select(record_states.c.source_id).where(
            record_states.c.company == company,
            record_states.c.source_entity.in_([entity.value for entity in entities]),
            record_states.c.day == any_(bindparam("days", list(days), type_=ARRAY(Date))),
            record_states.c.reason_code == code,
        )
        with self._database.autocommit() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def failing_days(self, company: Company) -> dict[Entity, list[date]]:
        """Return, by entity, the days on which a record is rejected, failed or mismatched, oldest first."""
        failing = [outcome.value for outcome in Outcome if outcome.fails_partition]
        table = record_states.c
        query = (
            select(table.source_entity, table.day)
            .distinct()
            .where(table.company == company, table.outcome.in_(failing))
            .order_by(table.source_entity, table.day)
        )
        found: dict[Entity, list[date]] = {}
        with self._database.autocommit() as connection:
            for row in connection.execute(query):
                found.setdefault(Entity(row.source_entity), []).append(row.day)
        return found

    def _read(self, query: Any) -> list[RecordState]:
        with self._database.autocommit() as connection:
            return [state_from(row) for row in connection.execute(query)]


def state_from(row: Row[Any]) -> RecordState:
    """Return the state a row stands for."""
    return RecordState(
        company=row.company,
        source=source_from(row),
        outcome=Outcome(row.outcome),
        day=row.day,
        cents=row.cents,
        number=row.number,
        title=row.title,
        target=row.target,
        qbo_id=row.qbo_id,
        operation=row.operation,
        reason=_reason_from(row),
        verdict=Verdict(row.verdict) if row.verdict is not None else None,
        first_seen=row.first_seen,
        updated_at=row.updated_at,
        run_id=row.run_id,
        rules=row.rules,
    )


def _reason_from(row: Row[Any]) -> Reason | None:
    if not row.reason_code:
        return None
    return Reason(
        code=row.reason_code,
        text=row.reason_text,
        remedy=row.remedy,
        suggestions=tuple(row.suggestions),
        waits_for=SourceRef.parse(row.waits_for) if row.waits_for else None,
    )


def _values(company: Company, result: LoadResult | Mapped, run_id: str) -> dict[str, Any]:
    reason = result.reason
    values: dict[str, Any] = {
        "company": company,
        **source_columns(result.source),
        "target": "",
        "verdict": None,
        "outcome": "",
        "day": result.day,
        "cents": result.cents,
        "number": clean_text(result.number),
        "title": clean_text(result.title),
        "reason_code": reason.code if reason else "",
        "reason_text": clean_text(reason.text) if reason else "",
        "remedy": clean_text(reason.remedy) if reason else "",
        "suggestions": [clean_text(text) for text in reason.suggestions] if reason else [],
        "waits_for": str(reason.waits_for) if reason and reason.waits_for else "",
        "qbo_id": "",
        "operation": "",
        "run_id": run_id,
        "rules": result.rules,
    }
    if isinstance(result, Mapped):
        values |= {"verdict": result.verdict.value, "outcome": _OUTCOMES[result.verdict].value}
        if result.payload is not None:
            values["target"] = result.payload.target
    else:
        values |= {
            "outcome": result.outcome.value,
            "target": result.target,
            "qbo_id": result.qbo_id,
            "operation": result.operation,
        }
    return values
