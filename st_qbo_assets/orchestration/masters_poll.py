"""The polls of customers and of vendors: a job and a cron line of the company for each.

What belongs here: which days a poll covers. From the day of the last one to today: what changed late in the
evening after a poll is not missed. What does not: what is read and decided (`master_frames`, `master_pairs`).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs

_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"
_MASTERS = (Entity.CUSTOMER, Entity.VENDOR)


def master_keys(defs: CompanyDefs, entities: Iterable[Entity] = _MASTERS) -> list[dg.AssetKey]:
    """Return the assets of a poll."""
    return [
        key
        for entity in entities
        for key in (
            keys.servicetitan(defs.name, entity.plural),
            keys.quickbooks(defs.name, entity.plural),
            keys.mapped(defs.name, entity),
            keys.loaded(defs.name, entity),
        )
    ]


def masters_poll(
    defs: CompanyDefs,
) -> tuple[list[UnresolvedAssetJobDefinition], list[dg.ScheduleDefinition]]:
    """Return the jobs of both polls, and of both at once for a person; and the schedules."""
    whole = dg.define_asset_job(
        f"{defs.name}_masters",
        selection=dg.AssetSelection.assets(*master_keys(defs)),
        description="Customers and vendors that changed in either system, brought to the other.",
    )
    crons = defs.company.schedules.masters_poll
    polls = [_poll(defs, Entity.CUSTOMER, crons.customers), _poll(defs, Entity.VENDOR, crons.vendors)]
    return [whole, *(job for job, _ in polls)], [schedule for _, schedule in polls]


def _poll(
    defs: CompanyDefs, entity: Entity, cron: str
) -> tuple[UnresolvedAssetJobDefinition, dg.ScheduleDefinition]:
    job = dg.define_asset_job(
        f"{defs.name}_{entity.plural}",
        selection=dg.AssetSelection.assets(*master_keys(defs, [entity])),
        description=f"{entity.plural.capitalize()} that changed in either system, brought to the other.",
    )

    @dg.schedule(
        name=f"{defs.name}_{entity.plural}_poll",
        job=job,
        cron_schedule=cron,
        execution_timezone=defs.company.time_zone,
        description="From the day of the last poll to today.",
    )
    def poll(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        today = defs.today()
        if today < defs.company.start_date:
            yield dg.SkipReason("The company has not started yet.")
            return
        asked = keys.quickbooks(defs.name, entity.plural)  # a day's load makes loaded/customers as well
        event = context.instance.get_latest_materialization_event(asked)
        first = today - timedelta(days=1)
        if event is not None:
            first = datetime.fromtimestamp(event.timestamp, UTC).astimezone(defs.company.zone).date()
        first = max(min(first, today), defs.company.start_date)
        yield dg.RunRequest(
            run_key=context.scheduled_execution_time.isoformat(),
            tags={_RANGE_START: first.isoformat(), _RANGE_END: today.isoformat()},
        )

    return job, poll
