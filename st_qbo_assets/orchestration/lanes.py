"""Live work goes before backfills: one lane for each, per company.

A backfill from the UI carries no company tag, and asset tags do not become run tags, so each run
is tagged when it is submitted. Lanes never wait for each other: a day loaded by an event or a
person does not queue behind a year of history.
"""

import dagster as dg
from dagster._core.run_coordinator.base import SubmitRunContext
from dagster._core.storage.dagster_run import DagsterRun

LANE_TAG = "st_qbo/lane"
_RANGE_TAGS = frozenset({"dagster/backfill", "dagster/asset_partition_range_start"})
#: A scheduled range (the nightly close) is live work although it is a range.
SCHEDULED_TAG = "dagster/schedule_name"


def lane_of(run: DagsterRun) -> str:
    """Return `<company>/live` or `<company>/backfill`; runs over several companies share one lane."""
    companies = {key.path[0] for key in run.asset_selection or () if len(key.path) > 1}
    companies |= {key.asset_key.path[0] for key in run.asset_check_selection or ()}
    company = companies.pop() if len(companies) == 1 else "all"
    is_backfill = bool(_RANGE_TAGS & run.tags.keys()) and SCHEDULED_TAG not in run.tags
    return f"{company}/{'backfill' if is_backfill else 'live'}"


class LaneRunCoordinator(dg.QueuedRunCoordinator):
    """Dagster's queue, with a lane and a priority on every run."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Tag the run with its lane, then queue it."""
        lane = lane_of(context.dagster_run)
        priority = "10" if lane.endswith("/live") else "-10"
        self._instance.add_run_tags(
            context.dagster_run.run_id, {LANE_TAG: lane, "dagster/priority": priority}
        )
        return super().submit_run(context)
