"""Runs that events and feeds ask for: their job, what a load is told, and which are on their way.

What belongs here: the live job of a company and its run requests. What does not: which days and events
(`following`), and what a load does with them (`load_run`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.following.asks import Ask, Work
from st_qbo_assets.following.launch import (
    ASKED_AT_TAG,
    ASKED_TAG,
    COMPANY_TAG,
    job_name,
    run_config,
    run_tags,
)
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.lineage import extracts

if TYPE_CHECKING:
    from st_qbo_assets.connections import Connections

_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
_MOST_RUNS = 200
#: Who starts a run, if no person does: a schedule, a sensor, an event or a feed.
_ASKERS = frozenset({"dagster/schedule_name", "dagster/sensor_name", ASKED_TAG})


class LoadConfig(dg.Config):
    """What a load was asked for.

    Attributes:
        events: numbers of the inbox that are settled with the last of its days.
    """

    events: list[int] = []


def live_job(defs: CompanyDefs) -> UnresolvedAssetJobDefinition:
    """Return the job of an event: documents of its day, read, mapped, loaded; compared later (rule 6.3)."""
    return dg.define_asset_job(
        job_name(defs.name, Work.LIVE),
        selection=dg.AssetSelection.assets(
            *(keys.servicetitan(defs.name, name) for name in extracts(defs.company)),
            *(keys.mapped(defs.name, entity) for entity in keys.load_order(defs.company)),
            *(keys.loaded(defs.name, entity) for entity in keys.load_order(defs.company)),
        ),
        description="The documents of a day, without the comparison: what events and feeds ask for.",
    )


def request_of(defs: CompanyDefs, ask: Ask, *, asked_by: str) -> dg.RunRequest:
    """Return the run request of an ask."""
    return dg.RunRequest(
        run_key=ask.key,
        job_name=job_name(defs.name, ask.work),
        run_config=run_config(defs.name, ask),
        tags=run_tags(defs.name, ask, asked_by=asked_by),
    )


def unfinished(instance: dg.DagsterInstance, defs: CompanyDefs) -> list[dg.DagsterRun]:
    """Return the runs of a company that events or feeds asked for and that have not ended."""
    filters = dg.RunsFilter(tags={COMPANY_TAG: defs.name}, statuses=list(_UNFINISHED))
    return list(instance.get_runs(filters, limit=_MOST_RUNS))


def is_by_hand(run: dg.DagsterRun) -> bool:
    """Say whether a person asked for a run."""
    return not _ASKERS & run.tags.keys()


def asked_at(context: dg.AssetExecutionContext) -> datetime | None:
    """Return an instant of the database's clock before this run began to read; None if it cannot be told.

    What is executed again from a failure may go on with what the first try read.
    """
    run = context.run
    if ASKED_AT_TAG in run.tags:
        return datetime.fromisoformat(run.tags[ASKED_AT_TAG])
    record = context.instance.get_run_record_by_id(run.root_run_id or run.run_id)
    return record.create_timestamp if record is not None else None


def settle_names(
    context: dg.AssetExecutionContext, connections: "Connections", targets: Sequence[str]
) -> None:
    """Acknowledge QuickBooks' events of some entities: this run has read and dealt with all changes."""
    from st_qbo_assets.store.inbox import Inbox  # heavy: the database

    before = asked_at(context)
    if before is None:
        return
    with connections.database.begin() as connection:
        Inbox(connections.database).acknowledge_names(
            connections.name, targets, connection, before=before, run_id=connections.run_id
        )


def events_of(runs: Iterable[dg.DagsterRun]) -> set[int]:
    """Return the events that some runs settle."""
    found: set[int] = set()
    for run in runs:
        ops = cast("dict[str, dict[str, dict[str, list[int]]]]", run.run_config.get("ops", {}))
        for op in ops.values():
            found |= set(op.get("config", {}).get("events", ()))
    return found


def works_of(defs: CompanyDefs, runs: Iterable[dg.DagsterRun]) -> set[Work]:
    """Return what some runs do."""
    names = {job_name(defs.name, work): work for work in Work}
    return {names[run.job_name] for run in runs if run.job_name in names}
