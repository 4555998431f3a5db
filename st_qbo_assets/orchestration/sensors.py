"""The sensors of recovery, and the net under the load: a run that died uncompared is compared afterwards.

What belongs here: noticing such runs; a load that reported its failures has tied its days out itself. What
does not: what is tried again (`replay_failed`) and what people are told, which are only named here.
"""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.following.launch import ASKED_TAG
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.alerts import alerts_sensor
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failed_runs import NET_TAG, RANGE_END, RANGE_START, is_of
from st_qbo_assets.orchestration.failures import REPORTED
from st_qbo_assets.orchestration.replay_failed import replay_failed
from st_qbo_assets.orchestration.replay_record import replay_record_job

_RANGE = (RANGE_START, RANGE_END)
_PARTITION = "dagster/partition"
Job = UnresolvedAssetJobDefinition | dg.JobDefinition


def company_sensors(defs: CompanyDefs) -> tuple[Sequence[Job], Sequence[dg.SensorDefinition]]:
    """Return the sensors of a company, the jobs they start, and the one that loads single records."""
    tie_out_job, tie_out_net = _tie_out_net(defs)
    replay_job, replay = replay_failed(defs)
    return [tie_out_job, replay_job, replay_record_job(defs)], [tie_out_net, replay, alerts_sensor(defs)]


def _tie_out_net(defs: CompanyDefs) -> tuple[UnresolvedAssetJobDefinition, dg.SensorDefinition]:
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
        is_ours = is_of(run, defs.name)
        is_ours = is_ours and ASKED_TAG not in run.tags  # its days stay due, and are loaded and compared
        tags = {name: run.tags[name] for name in (*_RANGE, _PARTITION) if name in run.tags}
        if not is_ours or not tags or NET_TAG in run.tags or _was_reported(context):
            yield dg.SkipReason("Not a load of this company that died before its tie-out.")
            return
        partition = tags.pop(_PARTITION, None)
        yield dg.RunRequest(run_key=run.run_id, partition_key=partition, tags={**tags, NET_TAG: run.run_id})

    return job, tie_out_net


def _was_reported(context: dg.RunStatusSensorContext) -> bool:
    """Say whether the run tied its days out before it failed."""
    logs = context.instance.all_logs(context.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for entry in logs:
        event = entry.dagster_event
        failure = event.step_failure_data.user_failure_data if event else None
        if failure is not None and REPORTED in failure.metadata:
            return True
    return False
