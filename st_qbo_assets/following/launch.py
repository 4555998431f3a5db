"""An ask in Dagster's words: job, configuration and tags, the same whoever launches the run.

What belongs here: names and plain values. What does not: Dagster, and sending anything.
"""

from collections.abc import Mapping
from typing import Any

from st_qbo_assets.following.asks import Ask, Work

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
#: Which sensor or receiver asked for a run.
ASKED_TAG = "st_qbo/asked_by"
#: Instant of the database's clock after all was marked that made somebody ask for the run.
ASKED_AT_TAG = "st_qbo/asked_at"
#: Whose run it is.
COMPANY_TAG = "st_qbo/company"
#: By these two a sensor knows that its run is there already, whoever launched it.
RUN_KEY_TAG, SENSOR_TAG = "dagster/run_key", "dagster/sensor_name"


def job_name(company: str, work: Work) -> str:
    """Return the name of the job that does some work."""
    return f"{company}_{work}"


def sensor_name(company: str) -> str:
    """Return the name of the sensor of a company's inbox."""
    return f"{company}_webhook_inbox"


def run_config(company: str, ask: Ask) -> Mapping[str, Any]:
    """Return what the load is told; other work settles its events by when they came."""
    if ask.work is not Work.LIVE or not ask.events:
        return {}
    return {"ops": {f"{company}_load": {"config": {"events": list(ask.events)}}}}


def run_tags(company: str, ask: Ask, *, asked_by: str) -> dict[str, str]:
    """Return the tags of a run; one day is a range too."""
    tags = {ASKED_TAG: asked_by, COMPANY_TAG: company}
    if ask.asked_at is not None:
        tags[ASKED_AT_TAG] = ask.asked_at.isoformat()
    if ask.first is not None and ask.last is not None:
        tags |= {RANGE_START: ask.first.isoformat(), RANGE_END: ask.last.isoformat()}
    return tags
