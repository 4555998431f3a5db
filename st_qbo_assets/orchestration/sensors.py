"""The net under the load: a run that died before it could compare is compared afterwards.

What belongs here: noticing such runs. A load that reported its failures has tied its days out itself.
"""

from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import REPORTED

_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_PARTITION = "dagster/partition"
#: A comparison that failed itself is not compared again.
_NET = "st_qbo/tie_out_net"


def company_sensors(
    defs: CompanyDefs,
) -> tuple[list[UnresolvedAssetJobDefinition], list[dg.SensorDefinition]]:
    """Return the sensors of a company and the jobs they start."""
    tie_out_key = keys.books(defs.name, keys.TIE_OUT)
    job = dg.define_asset_job(
        f"{defs.name}_tie_out",
        selection=dg.AssetSelection.assets(tie_out_key),
        description="Only compares; nothing is written.",
    )

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.FAILURE,
        name=f"{defs.name}_tie_out_net",
        request_job=job,
        monitor_all_code_locations=False,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Ties out the days of runs that died before they could.",
    )
    def tie_out_net(context: dg.RunStatusSensorContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        run = context.dagster_run
        selected = run.asset_selection or frozenset[dg.AssetKey]()
        is_ours = any(key.path[0] == defs.name for key in selected) or run.job_name.startswith(
            f"{defs.name}_"
        )
        tags = {name: run.tags[name] for name in (*_RANGE, _PARTITION) if name in run.tags}
        if not is_ours or not tags or _NET in run.tags or _was_reported(context):
            yield dg.SkipReason("Not a load of this company that died before its tie-out.")
            return
        partition = tags.pop(_PARTITION, None)
        yield dg.RunRequest(run_key=run.run_id, partition_key=partition, tags={**tags, _NET: run.run_id})

    return [job], [tie_out_net]


def _was_reported(context: dg.RunStatusSensorContext) -> bool:
    """Say whether the run tied its days out before it failed."""
    logs = context.instance.all_logs(context.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for entry in logs:
        event = entry.dagster_event
        failure = event.step_failure_data.user_failure_data if event else None
        if failure is not None and REPORTED in failure.metadata:
            return True
    return False
