"""One run of the load step: load, then compare, and tell Dagster what became of each (asset, day).

What belongs here: events. Good pairs are materialized as they happen; for a bad one an observation says why,
and the run ends as failed, so that exactly the bad pairs are red. What does not: the specs (`assets.loaded`),
loading (`loading`) and comparing (`tying`).
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime

import dagster as dg

from st_qbo_assets.books.records import DayTieOut
from st_qbo_assets.books.verdict import (
    DayVerdict,
    figures_table,
    not_billed_table,
    payables_table,
    records_table,
    summary,
    uncounted_table,
    verdict_of,
)
from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.following.launch import ASKED_TAG
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failed_days
from st_qbo_assets.orchestration.live_runs import asked_at, is_by_hand, settle_names
from st_qbo_assets.orchestration.loading import RunLoad, write_context
from st_qbo_assets.orchestration.master_pairs import MasterLoad, terms_of
from st_qbo_assets.orchestration.metadata import Metadata, loaded_metadata, merge_reasons
from st_qbo_assets.orchestration.partitions import run_days
from st_qbo_assets.orchestration.queueing import queue_metadata
from st_qbo_assets.orchestration.references import ReferenceData, References
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.orchestration.tying import tie_out_days

_MASTERS = frozenset({Entity.ITEM, Entity.CUSTOMER, Entity.VENDOR})
_SEVERITY = {
    DayVerdict.GREEN: dg.AssetCheckSeverity.WARN,
    DayVerdict.WAITING: dg.AssetCheckSeverity.WARN,
    DayVerdict.FAILING: dg.AssetCheckSeverity.ERROR,
}
Event = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


@dataclass
class LoadRun:
    """One run of the load step.

    Attributes:
        settles: events of the inbox that are acknowledged with the records of its last day.
    """

    defs: CompanyDefs
    connections: Connections
    connector: Connector
    context: dg.AssetExecutionContext
    settles: tuple[int, ...] = ()
    bad: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    reasons: list[LoadResult] = field(default_factory=list[LoadResult])

    def events(self) -> Iterator[Event]:
        """Yield what happened to every (asset, day), then raise if something failed."""
        days = run_days(self.context.partition_keys)
        entities = [
            e for e in keys.load_order(self.defs.company) if self._is_selected(keys.loaded(self.defs.name, e))
        ]
        if entities:
            run = RunLoad(
                self.defs,
                self.connections,
                self.connector.frames,
                self.context,
                entities=entities,
                is_fresh=self._maps_too(entities),
                settles=self.settles,
                is_by_hand=is_by_hand(self.context.run),
            )
            masters = self._masters(run) if Entity.CUSTOMER in entities else None
            for day, results in run.load(days):
                done = masters.load(Entity.CUSTOMER, day, results) if masters else []
                yield from self._day_events(day, entities, [*results, *done], in_run=set(days))
            if masters is not None and masters.stopped is not None:
                self.connections.note_stopped(masters.stopped)
            elif masters is not None and keys.quickbooks(self.defs.name, "customers") in self._selection():
                settle_names(self.context, self.connections, ["Customer"])
            references = run.references
        else:
            data = ReferenceData(self.defs, self.connector.frames, self.connections)
            references = data.current(self.context)
            if is_by_hand(self.context.run) and self._is_compared(entities):
                references = data.with_present_preferences(references, self.context)
        since = self._loaded_since(entities)
        if since is not None:
            self.connections.dirty_days.note_loaded(self.defs.name, days, read_at=since)
        if self._is_compared(entities):
            yield from self._tie_out(days, references, loaded_since=since)
        if self.bad:
            raise failed_days(merge_reasons(self.reasons), days=self.bad)

    def _is_compared(self, entities: Sequence[Entity]) -> bool:
        """Say whether the days are tied out now; what an event loaded is, every few hours (rule 6.3)."""
        if self._is_selected(keys.books(self.defs.name, keys.TIE_OUT)):
            return True
        return bool(set(entities) - {Entity.CUSTOMER}) and ASKED_TAG not in self.context.run.tags

    def _loaded_since(self, entities: Sequence[Entity]) -> datetime | None:
        """Return an instant before this run read its days; None if it did not read and load them whole.

        The database's clock made it: whatever was marked as changed before is part of what was read.
        """
        documents = set(keys.load_order(self.defs.company)) - _MASTERS
        if not documents <= set(entities) or not self._maps_too(entities):
            return None
        return asked_at(self.context)

    def _masters(self, run: RunLoad) -> MasterLoad:
        return MasterLoad(
            self.defs,
            self.connections,
            self.connector.frames,
            terms_of(run.references, self.connector.frames, self.defs),
            write_context(self.defs, self.connections, run.references),
            is_by_hand=is_by_hand(self.context.run),
        )

    def _is_selected(self, key: dg.AssetKey) -> bool:
        return key in self.context.selected_asset_keys

    def _maps_too(self, entities: Sequence[Entity]) -> bool:
        """Say whether this very run mapped what it loads."""
        return {keys.mapped(self.defs.name, entity) for entity in entities} <= self._selection()

    def _selection(self) -> Set[dg.AssetKey]:
        """Return what the run was asked for; one of a whole job names no assets."""
        return self.context.run.asset_selection or self.context.job_def.asset_layer.selected_asset_keys

    def _day_events(
        self, day: date, entities: Sequence[Entity], results: list[LoadResult], *, in_run: set[date]
    ) -> Iterator[Event]:
        # In dependency order: an asset logged before its upstream is shown as out of date.
        planned = [(entity, day) for entity in entities]
        groups: dict[tuple[Entity, date], list[LoadResult]] = {pair: [] for pair in planned}
        for result in results:
            groups.setdefault((result.source.entity, result.day), []).append(result)
        calls = self.connections.quickbooks.calls
        for (entity, on), group in groups.items():
            if on < self.defs.company.start_date:
                continue  # an old open invoice that was linked has no partition; `st-qbo audit` tells of it
            metadata = loaded_metadata(group, self.defs.company) | {
                "quickbooks_calls_so_far": calls.reads + calls.writes + calls.batches
            }
            metadata |= queue_metadata(self.connections, group, self.defs.now_utc())
            if self.defs.company.mode == "preview":
                metadata["mode"] = "preview: nothing was written"
            if (entity, on) in planned:
                yield self._planned(entity, on, group, metadata)
            else:
                yield self._brought_along(entity, on, metadata, in_run=on in in_run and entity in entities)

    def _planned(self, entity: Entity, day: date, group: list[LoadResult], metadata: Metadata) -> Event:
        key = keys.loaded(self.defs.name, entity)
        failing = [result for result in group if result.outcome.fails_partition]
        if not failing:
            return dg.AssetMaterialization(key, partition=day.isoformat(), metadata=metadata)
        self.bad.setdefault(key.to_user_string(), []).append(day.isoformat())
        self.reasons += failing
        return dg.AssetObservation(
            key,
            partition=day.isoformat(),
            metadata=metadata,
            description=f"{len(failing)} of {len(group)} failed; do what it says and materialize again.",
        )

    def _brought_along(self, entity: Entity, day: date, metadata: Metadata, *, in_run: bool) -> Event:
        """Return what to log for records of a day that was not asked for (rule 3.2).

        Any materialization clears a red partition, so one is logged only where the day was loaded
        before and nothing of it is known to be wrong.
        """
        key = keys.loaded(self.defs.name, entity)
        failing = [outcome for outcome in Outcome if outcome.fails_partition]
        was_loaded = day.isoformat() in self.context.instance.get_materialized_partitions(key)
        is_clean = not self.connections.states.of_days(self.defs.name, entity, [day], outcomes=failing)
        if was_loaded and is_clean and not in_run:
            return dg.AssetMaterialization(key, partition=day.isoformat(), metadata=metadata)
        return dg.AssetObservation(
            key,
            partition=day.isoformat(),
            metadata=metadata,
            description="Brought along by documents of another day.",
        )

    def _tie_out(
        self, days: Sequence[date], references: References, *, loaded_since: datetime | None
    ) -> Iterator[Event]:
        return tie_out_events(
            self.defs, self.connections, self.connector, references, days=days, loaded_since=loaded_since
        )


def tie_out_events(
    defs: CompanyDefs,
    connections: Connections,
    connector: Connector,
    references: References,
    *,
    days: Sequence[date],
    loaded_since: datetime | None,
) -> Iterator[Event]:
    """Compare days, and yield for each its materialization and its check."""
    key = keys.books(defs.name, keys.TIE_OUT)
    compared = tie_out_days(
        defs, connections, references, folder=connector.frames, days=days, loaded_since=loaded_since
    )
    for day in compared:
        verdict = verdict_of(day)
        metadata = _tie_out_metadata(day, defs)
        yield dg.AssetMaterialization(
            key, partition=day.day.isoformat(), metadata=metadata, description=summary(day)
        )
        yield dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=keys.TIES_OUT,
            passed=verdict.is_green,
            severity=_SEVERITY[verdict],
            partition=day.day.isoformat(),
            metadata=metadata,
            description=summary(day),
        )


def _tie_out_metadata(day: DayTieOut, defs: CompanyDefs) -> Metadata:
    invoices, payments = day.figure("invoices"), day.figure("payments")
    metadata: Metadata = {
        "verdict": verdict_of(day).value,
        "difference_cents": sum(abs(figure.difference_cents) for figure in day.figures),
        "unexplained_cents": day.unexplained_cents,
        "invoices": invoices.servicetitan_count,
        "invoices_cents": invoices.servicetitan_cents,
        "payments": payments.servicetitan_count,
        "payments_cents": payments.servicetitan_cents,
        "figures": dg.MetadataValue.md(figures_table(day)),
    }
    records = records_table(day, defs.company.environment)
    if records:
        metadata["differences"] = dg.MetadataValue.md(records)
    if day.uncounted:
        metadata["not_due"] = dg.MetadataValue.md(uncounted_table(day))
    return metadata | _bought_metadata(day) if defs.company.buys else metadata


def _bought_metadata(day: DayTieOut) -> Metadata:
    bills, credits = day.figure("bills"), day.figure("vendor_credits")
    metadata: Metadata = {
        "bills": bills.servicetitan_count,
        "bills_cents": bills.servicetitan_cents,
        "vendor_credits": credits.servicetitan_count,
        "vendor_credits_cents": credits.servicetitan_cents,
        "open_payables_cents": sum(each.cents for each in day.open_payables),
        "received_not_billed_cents": sum(each.receipt.cents for each in day.not_billed),
    }
    if table := payables_table(day):
        metadata["payables"] = dg.MetadataValue.md(table)
    if table := not_billed_table(day):
        metadata["received_not_billed"] = dg.MetadataValue.md(table)
    return metadata
