"""Live work goes before backfills: lanes for events, for schedules and people, for backfills, per company.

A backfill from the UI carries no company tag, and asset tags do not become run tags, so each run
is tagged when it is submitted. Lanes never wait for each other: a day loaded by an event does not queue
behind the nightly close, nor that behind a year of history.
"""

import dagster as dg
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.storage.dagster_run import DagsterRun

from st_qbo_assets.following.launch import ASKED_TAG, COMPANY_TAG

LANE_TAG = "st_qbo/lane"
_RANGE_TAGS = frozenset({"dagster/backfill", "dagster/asset_partition_range_start"})
#: A scheduled range (the nightly close) is live work although it is a range.
SCHEDULED_TAG = "dagster/schedule_name"
_PRIORITIES = {"events": "20", "live": "10", "backfill": "-10"}


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
        """Tag the run with its lane, then queue it."""
        lane = lane_of(context.dagster_run)
        self._instance.add_run_tags(
            context.dagster_run.run_id,
            {LANE_TAG: lane, "dagster/priority": _PRIORITIES[lane.rpartition("/")[2]]},
        )
        return super().submit_run(context)
