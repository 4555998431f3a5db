"""When the cost of materials is compared: once a week for its days, which costs QuickBooks one read.

What belongs here: the job and its schedule. What does not: the asset (`assets.materials`). It is no part of
the days' own job: Dagster leaves a step out that comes after the load, which tells by itself what happened.
"""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs

_DAYS = 7
_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"


def materials_schedules(
    defs: CompanyDefs,
) -> tuple[list[UnresolvedAssetJobDefinition], list[dg.ScheduleDefinition]]:
    """Return the job and the schedule of a company; none where the buying side is not carried."""
    if not defs.company.buys:
        return [], []
    job = dg.define_asset_job(
        f"{defs.name}_materials_cost",
        selection=dg.AssetSelection.assets(keys.books(defs.name, keys.MATERIALS_COST)),
        description="Goods used on the days' jobs against our documents.",
    )

    @dg.schedule(
        name=f"{defs.name}_materials_cost",
        job=job,
        cron_schedule=defs.company.schedules.materials_cost,
        execution_timezone=defs.company.time_zone,
        description="Compares the goods of the last seven days; one metered read of QuickBooks.",
    )
    def materials_cost(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        last = context.scheduled_execution_time.date() - timedelta(days=1)
        first = max(defs.company.start_date, last - timedelta(days=_DAYS - 1))
        if last < first:
            yield dg.SkipReason("No business day has begun yet.")
            return
        yield dg.RunRequest(
            run_key=context.scheduled_execution_time.isoformat(),
            tags={_RANGE_START: first.isoformat(), _RANGE_END: last.isoformat()},
        )

    return [job], [materials_cost]
