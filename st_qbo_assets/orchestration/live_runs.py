"""Runs that events and feeds ask for: their job, their tags, what they are told, and which are on their way.

What belongs here: the live job of a company and its run requests. What does not: which days and events
(`following`), and what a load does with them (`load_run`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.following.asks import Ask, Work
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.lanes import ASKED_TAG, COMPANY_TAG
from st_qbo_assets.orchestration.lineage import EXTRACTS

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


class LoadConfig(dg.Config):
    """What a load was asked for.

    Attributes:
        events: numbers of the inbox that are settled with the last of its days.
    """

    events: list[int] = []


def live_job(defs: CompanyDefs) -> UnresolvedAssetJobDefinition:
    """Return the job of an event: documents of its day, read, mapped, loaded; compared later (rule 6.3)."""
    return dg.define_asset_job(
        job_name(defs, Work.LIVE),
        selection=dg.AssetSelection.assets(
            *(keys.servicetitan(defs.name, name) for name in EXTRACTS),
            *(keys.mapped(defs.name, entity) for entity in keys.LOAD_ORDER),
            *(keys.loaded(defs.name, entity) for entity in keys.LOAD_ORDER),
        ),
        description="The documents of a day, without the comparison: what events and feeds ask for.",
    )


def job_name(defs: CompanyDefs, work: Work) -> str:
    """Return the name of the job that does some work."""
    return f"{defs.name}_{work}"


def request_of(defs: CompanyDefs, ask: Ask, *, asked_by: str) -> dg.RunRequest:
    """Return the run request of an ask."""
    return dg.RunRequest(
        run_key=ask.key,
        job_name=job_name(defs, ask.work),
        run_config=run_config(defs, ask),
        tags=run_tags(defs, ask, asked_by=asked_by),
    )


def run_config(defs: CompanyDefs, ask: Ask) -> Mapping[str, Any]:
    """Return what the load is told; the other work settles its events by when they came."""
    if ask.work is not Work.LIVE or not ask.events:
        return {}
    return {"ops": {f"{defs.name}_load": {"config": {"events": list(ask.events)}}}}


def run_tags(defs: CompanyDefs, ask: Ask, *, asked_by: str) -> dict[str, str]:
    """Return the tags of a run; one day is a range too."""
    tags = {ASKED_TAG: asked_by, COMPANY_TAG: defs.name}
    if ask.first is not None and ask.last is not None:
        tags |= {RANGE_START: ask.first.isoformat(), RANGE_END: ask.last.isoformat()}
    return tags


def unfinished(instance: dg.DagsterInstance, defs: CompanyDefs) -> list[dg.DagsterRun]:
    """Return the runs of a company that events or feeds asked for and that have not ended."""
    return list(
        instance.get_runs(dg.RunsFilter(tags={COMPANY_TAG: defs.name}, statuses=list(_UNFINISHED)), limit=200)
    )


def events_of(runs: Iterable[dg.DagsterRun]) -> set[int]:
    """Return the events that some runs settle."""
    found: set[int] = set()
    for run in runs:
        for op in run.run_config.get("ops", {}).values():
            found |= set(op.get("config", {}).get("events", ()))
    return found
