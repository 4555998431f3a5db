"""Live work goes before backfills: lanes for events, for schedules and people, for backfills, per company.

A backfill from the UI carries no company tag, and asset tags do not become run tags, so each run
is tagged when it is submitted. Lanes never wait for each other: a day loaded by an event does not queue
behind the nightly close, nor that behind a year of history.

A run of an event whose lane is empty does not queue at all where a warm process takes it: the queue is looked
at once a second, which is a fifth of the time an event has.
"""

import dagster as dg
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.storage.dagster_run import DagsterRun

from st_qbo_assets.following.launch import ASKED_TAG, COMPANY_TAG
from st_qbo_assets.orchestration.warm_launcher import WarmRunLauncher

LANE_TAG = "st_qbo/lane"
_RANGE_TAGS = frozenset({"dagster/backfill", "dagster/asset_partition_range_start"})
#: A scheduled range (the nightly close) is live work although it is a range.
SCHEDULED_TAG = "dagster/schedule_name"
_PRIORITIES = {"events": "20", "live": "10", "backfill": "-10"}
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
#: With more runs than these on their way there is no hurry that helps.
_MOST_LOOKED_AT = 200


def lane_of(run: DagsterRun) -> str:
    """Return `<company>/events`, `/live` or `/backfill`; runs over several companies share one lane."""
    companies = {key.path[0] for key in run.asset_selection or () if len(key.path) > 1}
    companies |= {key.asset_key.path[0] for key in run.asset_check_selection or ()}
    companies |= {run.tags[COMPANY_TAG]} if COMPANY_TAG in run.tags else set()
    company = companies.pop() if len(companies) == 1 else "all"
    if ASKED_TAG in run.tags:
        return f"{company}/events"
    is_backfill = bool(_RANGE_TAGS & run.tags.keys()) and SCHEDULED_TAG not in run.tags
    return f"{company}/{'backfill' if is_backfill else 'live'}"


class LaneRunCoordinator(dg.QueuedRunCoordinator):
    """Dagster's queue, with a lane and a priority on every run."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Tag the run with its lane, then queue it, or launch it at once."""
        run = context.dagster_run
        lane = lane_of(run)
        self._instance.add_run_tags(
            run.run_id, {LANE_TAG: lane, "dagster/priority": _PRIORITIES[lane.rpartition("/")[2]]}
        )
        if run.status is dg.DagsterRunStatus.NOT_STARTED and self._goes_at_once(lane):
            self._instance.launch_run(run.run_id, context.workspace)
            return self._instance.get_run_by_id(run.run_id) or run
        return super().submit_run(context)

    def _goes_at_once(self, lane: str) -> bool:
        """Say whether a warm process takes the run now, and neither its lane nor the installation is full.

        Two that are submitted in the same moment may both go: a lane saves work, correctness needs none.
        """
        launcher = self._instance.run_launcher
        if not lane.endswith("/events") or not isinstance(launcher, WarmRunLauncher) or not launcher.is_warm:
            return False
        most = self.get_run_queue_config().max_concurrent_runs
        on_their_way = self._instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED), limit=_MOST_LOOKED_AT)
        started = [run for run in on_their_way if run.status is not dg.DagsterRunStatus.QUEUED]
        has_room = most < 0 or len(started) < most
        return has_room and all(run.tags.get(LANE_TAG) != lane for run in on_their_way)
