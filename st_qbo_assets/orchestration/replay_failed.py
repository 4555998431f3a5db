"""`replay_failed`: what failed because of an outage is materialized again once both systems answer.

What belongs here: the sensor, its job, and one look: what is due, is it time, do they answer, what next. What
does not: the decisions (`replaying`), Dagster's runs (`failed_runs`) and the question (`connecting.probing`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.passing import MASTER_REASONS, PASSING_REASONS
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failed_runs import (
    NET_TAG,
    RANGE_END,
    RANGE_START,
    STAGES,
    failed_run,
    failed_since,
    is_mended,
    is_of,
    is_replayed,
    passes,
)
from st_qbo_assets.orchestration.lanes import ASKED_TAG
from st_qbo_assets.orchestration.masters_poll import master_keys
from st_qbo_assets.orchestration.replaying import (
    Due,
    FailedRun,
    Memory,
    Replay,
    given_up,
    is_time,
    judged,
    next_replay,
    together,
    unanswered,
)
from st_qbo_assets.settings import load_settings

if TYPE_CHECKING:
    from st_qbo_assets.connections import Connections

#: Set on the runs of this sensor: their failures are known from the ledger, or stand in its memory.
REPLAY_TAG = "st_qbo/replay"
#: Runs that are taken care of elsewhere: the inbox and the feeds offer again what no run has settled.
_NOT_OURS = frozenset({REPLAY_TAG, NET_TAG, ASKED_TAG})
_SECONDS = 30
#: The sensor's very first look goes back so far.
_FIRST_LOOK = timedelta(days=2)
_MOST_RUNS_KEPT = 50
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def replay_failed(defs: CompanyDefs) -> tuple[UnresolvedAssetJobDefinition, dg.SensorDefinition]:
    """Return the job of a replay and the sensor that starts it."""
    prefixes = [[defs.name, stage] for stage in sorted(STAGES)]
    proofs = [keys.books(defs.name, name) for name in (keys.TIE_OUT, keys.DRIFT, keys.DUPLICATES)]
    job = dg.define_asset_job(
        f"{defs.name}_replay",
        selection=dg.AssetSelection.key_prefixes(*prefixes) | dg.AssetSelection.assets(*proofs),
        description="What failed because a system did not answer, materialized again.",
        tags={REPLAY_TAG: "true"},
    )

    @dg.sensor(
        name=f"{defs.name}_replay_failed",
        job=job,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Days that failed because of an outage, a throttle or a lost connection are loaded again "
        "by themselves when both systems answer. What was refused waits for a person.",
    )
    def replay(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from st_qbo_assets.connections import open_briefly  # heavy: clients and database

        connections = open_briefly(defs.company, load_settings())
        try:
            return Look(defs, context.instance, connections).take(Memory.load(context.cursor))
        finally:
            connections.close()

    return job, replay


@dataclass(frozen=True)
class Look:
    """One look of the sensor."""

    defs: CompanyDefs
    instance: dg.DagsterInstance
    connections: "Connections"

    def take(self, memory: Memory) -> dg.SensorResult:
        """Return the run to request, if it is time for one, and what to remember."""
        now = self.defs.now_utc()
        if not is_time(memory, now):
            return _skip(memory, f"The next try is at {memory.next_at:%Y-%m-%d %H:%M} UTC.")
        if self._is_replaying():
            return _skip(memory, "A replay is on its way.")
        memory = self._with_runs(memory)
        due = self._due(memory)
        memory = judged(memory, due, now)
        self._tell(given_up(memory, due))
        if not is_time(memory, now):
            return _skip(memory, f"The last replay did not help; the next is at {memory.next_at:%H:%M} UTC.")
        found = next_replay(memory, due)
        if found is None:
            return _skip(memory, "What failed waits for a person." if due else "Nothing failed that passes.")
        silent = self._probe()
        if silent:
            return _skip(unanswered(memory, now), f"No answer yet. {' '.join(silent)}")
        ask, memory = found
        return dg.SensorResult(run_requests=[_request(ask)], cursor=memory.dump())

    def _probe(self) -> list[str]:
        from st_qbo_assets.connecting.probing import probe

        return list(probe(self.connections).values())

    def _is_replaying(self) -> bool:
        filters = dg.RunsFilter(tags={REPLAY_TAG: "true"}, statuses=_UNFINISHED)
        return any(is_of(run, self.defs.name) for run in self.instance.get_runs(filters, limit=100))

    def _with_runs(self, memory: Memory) -> Memory:
        """Return the memory with the runs that died meanwhile, without those that were mended."""
        seen = memory.seen_until or (self.defs.now_utc() - _FIRST_LOOK).timestamp()
        runs = list(memory.runs)
        for at, run in failed_since(self.instance, self.defs.name, seen):
            seen = at
            if _NOT_OURS & run.tags.keys() or not passes(self.instance, run):
                continue
            found = failed_run(self.instance, run, at)
            assets = [name for name in found.assets if is_replayed(self.defs.name, name)] if found else []
            if found is not None and assets:
                runs.append(replace(found, assets=tuple(assets)))
        left = [run for run in runs if not is_mended(self.instance, run, self.defs.days)]
        return replace(memory, seen_until=seen, runs=tuple(left[-_MOST_RUNS_KEPT:]))

    def _due(self, memory: Memory) -> Due:
        """Return what failed and passes: by the ledger, and by the runs that died before it knew."""
        from st_qbo_assets.store.failing import Failing

        failing = Failing(self.connections.database)
        company = self.defs.name
        documents = failing.days(company, PASSING_REASONS - MASTER_REASONS)
        masters = failing.days(company, MASTER_REASONS)
        return together(
            self._within((day, self._loads(entities)) for day, entities in documents.items()),
            self._within((day, _names(master_keys(self.defs))) for day in masters),
            *(self._of(run) for run in memory.runs),
        )

    def _loads(self, entities: dict[Entity, int]) -> frozenset[str]:
        """Return the whole load of a day: what failed may hold up records of every other kind."""
        found: frozenset[str] = frozenset()
        if set(entities) - {Entity.VENDOR}:
            loads = [keys.loaded(self.defs.name, entity) for entity in keys.load_order(self.defs.company)]
            found = _names([*loads, keys.books(self.defs.name, keys.TIE_OUT)])
        return found | _names(master_keys(self.defs)) if Entity.VENDOR in entities else found

    def _of(self, run: FailedRun) -> Iterator[tuple[date | None, frozenset[str]]]:
        assets = frozenset(run.assets)
        if run.first is None:
            yield None, assets
        else:
            yield from self._within((day, assets) for day in run.days if day is not None)

    def _within(
        self, days: Iterator[tuple[date, frozenset[str]]]
    ) -> Iterator[tuple[date | None, frozenset[str]]]:
        first, last = self.defs.company.start_date, self.defs.today()
        return ((day, assets) for day, assets in days if first <= day <= last)

    def _tell(self, days: list[date | None]) -> None:
        """Say that some days are left to a person; the alert is over once they are no longer due."""
        from st_qbo_assets.store.alerts import Alerts, Concern

        concerns = [
            Concern(
                "replay_given_up",
                day.isoformat() if day else "lists",
                f"{day or 'The lists of both systems'}: loading it again did not help, though both systems "
                "answer.",
                "Look at its newest run; what is wrong is written there. Materialize it when that is mended.",
            )
            for day in days
        ]
        Alerts(self.connections.database).update(self.defs.name, concerns, kinds=["replay_given_up"])


def _skip(memory: Memory, why: str) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=why, cursor=memory.dump())


def _request(ask: Replay) -> dg.RunRequest:
    assets = [dg.AssetKey.from_user_string(name) for name in sorted(ask.assets)]
    if ask.first is None or ask.last is None:
        return dg.RunRequest(asset_selection=assets)
    tags = {RANGE_START: ask.first.isoformat(), RANGE_END: ask.last.isoformat()}
    return dg.RunRequest(asset_selection=assets, tags=tags)


def _names(assets: list[dg.AssetKey]) -> frozenset[str]:
    return frozenset(key.to_user_string() for key in assets)
