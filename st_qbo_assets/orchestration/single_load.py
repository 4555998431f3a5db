"""Single records loaded by themselves: only they are written, and red days stay red unless that mended them.

What belongs here: the events of such a run. It plans no partition, so that no day turns green by it but one
of which nothing is known to be wrong any more. What does not: loading (`loading`), the job (`replay_record`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failed_days
from st_qbo_assets.orchestration.load_run import Event, tie_out_events
from st_qbo_assets.orchestration.loading import RunLoad
from st_qbo_assets.orchestration.metadata import loaded_metadata, merge_reasons
from st_qbo_assets.orchestration.references import EventLog
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.store.states import RecordState

_FAILING = tuple(outcome for outcome in Outcome if outcome.fails_partition)
Pair = tuple[Entity, date]


@dataclass
class SingleLoad:
    """One run over some records."""

    defs: CompanyDefs
    connections: Connections
    connector: Connector
    context: EventLog

    def events(self, records: Sequence[SourceRef]) -> Iterator[Event]:
        """Yield what became of the records and of their days, then raise if one failed."""
        before = self._days_before(records)
        red = {pair for pair in before if self._failing(pair)}
        run = RunLoad(
            self.defs,
            self.connections,
            self.connector.frames,
            self.context,
            entities=keys.load_order(self.defs.company),
            is_fresh=False,
        )
        results = run.load_only(frozenset(records))
        pairs = before | {(result.source.entity, result.day) for result in results}
        days = sorted({day for _, day in pairs if self._has_partition(day)})
        self.connections.dirty_days.mark(self.defs.name, days)
        for pair in sorted(pairs):
            if self._has_partition(pair[1]):
                yield self._event(pair, results, was_red=pair in red)
        if days:
            yield from tie_out_events(
                self.defs, self.connections, self.connector, run.references, days=days, loaded_since=None
            )
        self._raise_if_bad(records, results)

    def _days_before(self, records: Sequence[SourceRef]) -> set[Pair]:
        states = self.connections.states.of_sources(self.defs.name, records)
        return {(source.entity, state.day) for source, state in states.items()}

    def _failing(self, pair: Pair) -> list[RecordState]:
        return self.connections.states.of_days(self.defs.name, pair[0], [pair[1]], outcomes=_FAILING)

    def _has_partition(self, day: date) -> bool:
        return self.defs.company.start_date <= day <= self.defs.today()

    def _event(self, pair: Pair, results: Sequence[LoadResult], *, was_red: bool) -> Event:
        entity, day = pair
        key = keys.loaded(self.defs.name, entity)
        if was_red and not self._failing(pair):
            stands = self.connections.states.of_days(self.defs.name, entity, [day])
            return dg.AssetMaterialization(
                key,
                partition=day.isoformat(),
                metadata=loaded_metadata([_result_of(state) for state in stands], self.defs.company),
                description="The last of its failed records was loaded by itself.",
            )
        own = [each for each in results if (each.source.entity, each.day) == pair]
        return dg.AssetObservation(
            key,
            partition=day.isoformat(),
            metadata=loaded_metadata(own, self.defs.company),
            description="Single records of the day were loaded by themselves.",
        )

    def _raise_if_bad(self, records: Sequence[SourceRef], results: Sequence[LoadResult]) -> None:
        """Raise if a record failed, or was not found.

        Raises:
            dagster.Failure: with the reasons.
        """
        failing = [result for result in results if result.outcome.fails_partition]
        bad: dict[str, list[str]] = {}
        for result in failing:
            name = keys.loaded(self.defs.name, result.source.entity).to_user_string()
            bad.setdefault(name, []).append(result.day.isoformat())
        found = {result.source.record for result in results}
        gone = [str(record) for record in records if record not in found]
        said = merge_reasons(failing)
        if gone:
            bad["not found in ServiceTitan"] = gone
            said = f"{said} Load the whole day: it says what becomes of a record that is gone.".strip()
        if bad:
            raise failed_days(said, days=bad)


def _result_of(state: RecordState) -> LoadResult:
    return LoadResult(
        source=state.source,
        outcome=state.outcome,
        day=state.day,
        cents=state.cents,
        number=state.number,
        title=state.title,
        target=state.target,
        qbo_id=state.qbo_id,
        operation=state.operation,
        reason=state.reason,
        rules=state.rules,
    )
