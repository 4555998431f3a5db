"""The life of a record: found by any of its names, told from first sight to present state.

What belongs here: who decided what, and reading every table about a record. What does not: writing
the ledger, links or states, each of which has its own module.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, func, insert, select, union_all

from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.outcomes import Json, Outcome, Verdict
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.intents import Attempt, Intent, attempt_from, intent_from, intents_with_sends
from st_qbo_assets.store.links import Link, Links
from st_qbo_assets.store.schema import attempts, decisions, intents, links, record_changes, record_states
from st_qbo_assets.store.sources import clean_text, source_columns, source_from, source_is_in
from st_qbo_assets.store.states import RecordState, RecordStates


@dataclass(frozen=True)
class Decision:
    """That a rule, file or person decided something about a record."""

    at: datetime
    company: Company
    source: SourceRef
    target: str
    qbo_id: str
    code: str
    decided_by: str
    detail: Json
    run_id: str


@dataclass(frozen=True)
class StateChange:
    """That a record came to stand somewhere else."""

    at: datetime
    verdict: Verdict | None
    outcome: Outcome
    day: date
    cents: int
    reason_code: str
    reason_text: str
    qbo_id: str
    run_id: str
    rules: int = 0


@dataclass(frozen=True)
class Life:
    """Everything known of one record or part of it, each list oldest first."""

    source: SourceRef
    state: RecordState | None = None
    changes: list[StateChange] = field(default_factory=list[StateChange])
    intents: list[Intent] = field(default_factory=list[Intent])
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    links: list[Link] = field(default_factory=list[Link])
    decisions: list[Decision] = field(default_factory=list[Decision])


@dataclass(frozen=True)
class AuditQuery:
    """What to look for; a record is found if it answers everything that is set.

    Attributes:
        servicetitan_id: its id in ServiceTitan (an item's is SKU|account).
        title: part of the name of the customer, vendor or item, in any case.
        last_day: end of a range that begins with `day`; without it the range is that one day.
        limit: how many records at most, the newest day first; None means all.
    """

    entity: Entity | None = None
    servicetitan_id: str = ""
    qbo_id: str = ""
    number: str = ""
    title: str = ""
    day: date | None = None
    last_day: date | None = None
    outcome: Outcome | None = None
    limit: int | None = 200


class Decisions:
    """Keeps who decided what."""

    def __init__(self, database: Database) -> None:
        """Write in this database."""
        self._database = database

    def decide(
        self,
        company: Company,
        source: SourceRef,
        *,
        target: str,
        qbo_id: str,
        code: str,
        decided_by: str,
        detail: Json,
        run_id: str = "",
    ) -> None:
        """Keep that a rule, file or person decided something, and on what evidence.

        Args:
            company: whose record.
            source: the record decided about.
            target: QuickBooks entity concerned, or empty.
            qbo_id: QuickBooks object concerned, or empty.
            code: what was decided, e.g. `adopted`.
            decided_by: name of the rule, file or person.
            detail: the evidence.
            run_id: Dagster run.
        """
        values: dict[str, Any] = {
            "company": company,
            **source_columns(source),
            "at": self._database.now(),
            "target": target,
            "qbo_id": qbo_id,
            "code": code,
            "decided_by": clean_text(decided_by),
            "detail": detail,
            "run_id": run_id,
        }
        with self._database.autocommit() as connection:
            connection.execute(insert(decisions).values(values))


class Audit:
    """Finds records and tells their lives."""

    def __init__(self, database: Database) -> None:
        """Read in this database."""
        self._database = database
        self._links = Links(database)
        self._states = RecordStates(database)

    def find(self, company: Company, query: AuditQuery) -> list[Life]:
        """Return the whole lives of the records that answer a query, the newest day first."""
        return self.lives(company, self.sources(company, query))

    def sources(self, company: Company, query: AuditQuery) -> list[SourceRef]:
        """Return the records that answer a query, the newest day first.

        A record that never got a state (a customer linked by file) is found through its link or intent.
        """
        found = union_all(
            *(
                select(table.c.source_entity, table.c.source_id, table.c.source_part, table.c.day).where(
                    table.c.company == company, *conditions
                )
                for table, conditions in _places(query)
            )
        ).subquery()
        columns = (found.c.source_entity, found.c.source_id, found.c.source_part)
        statement = (
            select(*columns)
            .group_by(*columns)
            .order_by(func.max(found.c.day).desc().nulls_last(), *columns)
            .limit(query.limit)
        )
        with self._database.autocommit() as connection:
            return [source_from(row) for row in connection.execute(statement)]

    def lives(self, company: Company, sources: Iterable[SourceRef]) -> list[Life]:
        """Return the lives of some records, in the order asked for, in a fixed number of queries."""
        wanted = list(dict.fromkeys(sources))
        if not wanted:
            return []
        states = self._states.of_sources(company, wanted)
        known = self._links.of_sources(company, wanted)
        lives = {source: Life(source, states.get(source), links=known.get(source, [])) for source in wanted}
        changed = self._rows(select(record_changes), record_changes, company, wanted)
        for row in changed:
            lives[source_from(row)].changes.append(_change_from(row))
        for row in self._rows(select(decisions), decisions, company, wanted):
            lives[source_from(row)].decisions.append(_decision_from(row))
        owners: dict[int, Intent] = {}
        for row in self._rows(intents_with_sends(self._database.now()), intents, company, wanted):
            owners[row.id] = intent_from(row)
            lives[source_from(row)].intents.append(owners[row.id])
        sends = select(attempts).where(attempts.c.intent_id.in_(list(owners))).order_by(attempts.c.id)
        with self._database.autocommit() as connection:
            for row in connection.execute(sends):
                intent = owners[row.intent_id]
                lives[intent.source].attempts.append(attempt_from(row, intent))
        return list(lives.values())

    def _rows(
        self, query: Select[Any], table: Table, company: Company, sources: list[SourceRef]
    ) -> list[Row[Any]]:
        mine = query.where(table.c.company == company, source_is_in(table, sources)).order_by(table.c.id)
        with self._database.autocommit() as connection:
            return list(connection.execute(mine))


def _places(query: AuditQuery) -> list[tuple[Table, list[ColumnElement[bool]]]]:
    """Return the tables that can answer all of the query, each with its conditions."""
    titles = {record_states: "title", links: "display_name"}
    found: list[tuple[Table, list[ColumnElement[bool]]]] = []
    for table in (record_states, links, intents):
        asked: list[tuple[object, str | None, str]] = [
            (query.entity.value if query.entity else "", "source_entity", "is"),
            (query.servicetitan_id, "source_id", "is"),
            (query.qbo_id, "qbo_id", "is"),
            (query.number, "number", "is"),
            (query.title, titles.get(table), "has"),
            (query.outcome.value if query.outcome else "", "outcome", "is"),
            (query.day or "", "day", "within"),
        ]
        conditions: list[ColumnElement[bool]] = []
        for value, name, how in asked:
            if value == "":
                continue
            if name is None or name not in table.c:
                break
            column = table.c[name]
            if how == "has":
                conditions.append(column.icontains(str(value), autoescape=True))
            elif how == "within":
                conditions.append(column.between(value, query.last_day or value))
            else:
                conditions.append(column == value)
        else:
            found.append((table, conditions))
    return found


def _change_from(row: Row[Any]) -> StateChange:
    return StateChange(
        at=row.at,
        verdict=Verdict(row.verdict) if row.verdict is not None else None,
        outcome=Outcome(row.outcome),
        day=row.day,
        cents=row.cents,
        reason_code=row.reason_code,
        reason_text=row.reason_text,
        qbo_id=row.qbo_id,
        run_id=row.run_id,
        rules=row.rules,
    )


def _decision_from(row: Row[Any]) -> Decision:
    return Decision(
        at=row.at,
        company=row.company,
        source=source_from(row),
        target=row.target,
        qbo_id=row.qbo_id,
        code=row.code,
        decided_by=row.decided_by,
        detail=row.detail,
        run_id=row.run_id,
    )
