"""Runs that failed for a reason that passes, read from Dagster: what they were to do, and whether it is done.

What belongs here: reading runs and events. What does not: failed records, which the ledger knows better, and
when to try again (`replaying`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from st_qbo_assets.domain.passing import PASSING_ERRORS
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.failures import ERROR, REMEDY, REPORTED
from st_qbo_assets.orchestration.replaying import FailedRun

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
_PARTITION = "dagster/partition"
#: Set on comparisons made because a run died before its own; one that fails itself is not compared again.
NET_TAG = "st_qbo/tie_out_net"
#: Stages whose assets are materialized again by themselves.
STAGES = frozenset({"servicetitan", "quickbooks", "mapped", "loaded"})
_MONTHS = 12
#: Runs read at one look; more are read at the next.
_MOST_RUNS = 25


def failed_since(
    instance: dg.DagsterInstance, company: str, since: float
) -> Iterator[tuple[float, dg.DagsterRun]]:
    """Yield the runs of a company that ended as failed since a time stamp, oldest first, with their end."""
    filters = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE], updated_after=datetime.fromtimestamp(since, UTC)
    )
    records = instance.get_run_records(filters, limit=_MOST_RUNS, order_by="update_timestamp", ascending=True)
    for record in records:
        at = record.update_timestamp.replace(tzinfo=record.update_timestamp.tzinfo or UTC).timestamp()
        if at > since and is_of(record.dagster_run, company):
            yield at, record.dagster_run


def is_of(run: dg.DagsterRun, company: str) -> bool:
    """Say whether a run is of a company."""
    selected = run.asset_selection or frozenset[dg.AssetKey]()
    return any(key.path[0] == company for key in selected) or run.job_name.startswith(f"{company}_")


def passes(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Say whether the run died of something that passes, before it could say what became of its records.

    A process that ended without a word (killed, machine restarted) counts as such.
    """
    failures = list(_failures(instance, run))
    if any(REPORTED in told for told, _ in failures):
        return False
    return all({str(told.get(ERROR)), *_names(error)} & PASSING_ERRORS for told, error in failures)


def was_reported(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Say whether the run ended in good order: its records' states tell what failed."""
    return any(REPORTED in told for told, _ in _failures(instance, run))


def failure_text(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Return why a run failed, in one sentence."""
    for told, error in _failures(instance, run):
        if ERROR in told and error is not None:
            return error.message.strip().removeprefix("dagster._core.definitions.events.Failure: ")
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            return error.message.strip().splitlines()[0]
    return "its process ended without a word."


def failure_remedy(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Return what a person can do about it; empty if the failure does not say."""
    said = (told.get(REMEDY) for told, _ in _failures(instance, run))
    return next((str(remedy) for remedy in said if remedy), "")


def is_replayed(company: str, name: str) -> bool:
    """Say whether an asset is materialized again by itself once both systems answer."""
    owner, stage, *rest = name.split("/")
    is_proof = stage == "books" and rest in ([keys.TIE_OUT], [keys.DRIFT], [keys.DUPLICATES])
    return owner == company and (stage in STAGES or is_proof)


def failed_run(instance: dg.DagsterInstance, run: dg.DagsterRun, at: float) -> FailedRun | None:
    """Return what a run was to materialize; None if it was nothing."""
    planned = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    names = {
        entry.dagster_event.asset_key.to_user_string()
        for entry in planned
        if entry.dagster_event is not None and entry.dagster_event.asset_key is not None
    }
    first = run.tags.get(RANGE_START) or run.tags.get(_PARTITION)
    last = run.tags.get(RANGE_END) or run.tags.get(_PARTITION)
    found = FailedRun(run.run_id, at, tuple(sorted(names)))
    if not names:
        return None
    if not first or not last:
        return found
    try:
        return replace(found, first=date.fromisoformat(first), last=date.fromisoformat(last))
    except ValueError:
        return replace(found, months=tuple(_months(first, last)))


def _months(first: str, last: str) -> Iterator[str]:
    """Yield the months of a range, as their partitions are named."""
    year, month = (int(part) for part in first.split("-"))
    while (name := f"{year:04}-{month:02}") <= last:
        yield name
        year, month = (year, month + 1) if month < _MONTHS else (year + 1, 1)


def is_mended(instance: dg.DagsterInstance, run: FailedRun, days: dg.DailyPartitionsDefinition) -> bool:
    """Say whether everything a failed run was to materialize has been since."""
    for name in run.assets:
        key = dg.AssetKey.from_user_string(name)
        if run.months:
            if not all(_was_made(instance, key, month, run.at) for month in run.months):
                return False
            continue
        if run.first is None or run.last is None:
            event = instance.get_latest_materialization_event(key)
            if event is None or event.timestamp <= run.at:
                return False
            continue
        wanted = [day.isoformat() for day in run.days if day is not None]
        found: Mapping[str, object] = instance.get_status_by_partition(key, wanted, days) or {}
        if any(getattr(status, "value", None) == "FAILED" for status in found.values()):
            return False
    return True


def _was_made(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str, since: float) -> bool:
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition], after_timestamp=since)
    return bool(instance.fetch_materializations(wanted, limit=1).records)


def _failures(
    instance: dg.DagsterInstance, run: dg.DagsterRun
) -> Iterable[tuple[Mapping[str, object], SerializableErrorInfo | None]]:
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is None:
            continue
        data = event.step_failure_data
        told: Mapping[str, Any] = data.user_failure_data.metadata if data.user_failure_data else {}
        yield {name: value.value for name, value in told.items()}, data.error


def _names(error: SerializableErrorInfo | None) -> set[str]:
    """Return the names of an error's class and of those it was caused by."""
    names: set[str] = set()
    while error is not None:
        names.add((error.cls_name or "").rpartition(".")[2])
        error = error.cause
    return names
