"""`feed_catch_up`: what ServiceTitan's feeds say has changed is loaded, whether or not an event told of it.

What belongs here: one bounded turn, and which due days a run is asked for now. What does not: reading the
feeds (`following.feeds`). Days stay due in the store until a run asked for later has loaded them.

ServiceTitan's reads are free, and it has no event for payments, so it is asked every two minutes.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from st_qbo_assets.domain.days import days_between
from st_qbo_assets.following.asks import asks_of_days
from st_qbo_assets.following.launch import ASKED_TAG, COMPANY_TAG, RANGE_END, RANGE_START
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.live_runs import request_of, unfinished
from st_qbo_assets.orchestration.resources import Connector

if TYPE_CHECKING:
    from st_qbo_assets.extract.feeds import FeedReading

NAME = "feed_catch_up"
#: A day whose run died is asked for again after so long, then after twice as long, up to eight times.
_WAIT = timedelta(minutes=2)
_MOST_DOUBLINGS = 4
_LOOK_BACK = timedelta(hours=2)


def feed_catch_up(defs: CompanyDefs, jobs: list[Any]) -> dg.SensorDefinition:
    """Return the sensor that follows a company's feeds."""

    @dg.sensor(
        name=f"{defs.name}_{NAME}",
        jobs=jobs,
        minimum_interval_seconds=defs.company.schedules.feed_catch_up * 60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Payments, invoices, jobs, credit memos, and what is bought: the days of what changed in "
        "ServiceTitan are loaded, webhooks or not.",
    )
    def catch_up(
        context: dg.SensorEvaluationContext, connector: Connector
    ) -> dg.SensorResult | dg.SkipReason:
        # Heavy: clients and database.
        from st_qbo_assets.following.feeds import note_feeds
        from st_qbo_assets.following.turn import any_stopped

        with connector.open(defs, "") as connections:
            if any_stopped(connections):
                return dg.SkipReason("A system is not connected; `st-qbo doctor` says why.")
            reading = note_feeds(connections, known=_known(context.cursor), now=defs.now_utc())
            due = [day for day in connections.dirty_days.to_load(defs.name) if day <= defs.today()]
            asked_at = connections.dirty_days.present()
        busy = {*_days_of(unfinished(context.instance, defs)), *_resting(context.instance, defs, due)}
        asks = [
            replace(ask, asked_at=asked_at)
            for ask in asks_of_days([], [day for day in due if day not in busy])
        ]
        return dg.SensorResult(
            run_requests=[request_of(defs, ask, asked_by=NAME) for ask in asks],
            skip_reason=None if asks else _said(reading),
            cursor=json.dumps(reading.known),
        )

    return catch_up


def _said(reading: "FeedReading") -> str:
    """Return why there is no run."""
    refused = [f"{feed} are refused: {words}" for feed, words in sorted(reading.refused.items())]
    return " ".join([f"{reading.rows} rows are new; no day is due.", *refused])


def _known(cursor: str | None) -> dict[str, list[str]]:
    """Return the versions of rows that came before; a cursor that cannot be read knows none."""
    try:
        found: Any = json.loads(cursor) if cursor else {}
    except ValueError:
        return {}
    return cast("dict[str, list[str]]", found) if isinstance(found, dict) else {}


def _days_of(runs: Iterable[dg.DagsterRun]) -> set[date]:
    days: set[date] = set()
    for run in runs:
        if RANGE_START in run.tags and RANGE_END in run.tags:
            first, last = (date.fromisoformat(run.tags[name]) for name in (RANGE_START, RANGE_END))
            days |= set(days_between(first, last))
    return days


def _resting(instance: dg.DagsterInstance, defs: CompanyDefs, due: Collection[date]) -> set[date]:
    """Return the due days whose last runs died: they are asked for ever more rarely."""
    now = datetime.now(UTC)
    failed = instance.get_run_records(
        dg.RunsFilter(
            tags={COMPANY_TAG: defs.name, ASKED_TAG: NAME},
            statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED],
            created_after=now - _LOOK_BACK,
        ),
        limit=50,
    )
    tries: dict[date, list[datetime]] = {}
    for record in failed:
        for day in _days_of([record.dagster_run]) & set(due):
            tries.setdefault(day, []).append(record.update_timestamp)
    return {
        day
        for day, ends in tries.items()
        if now - max(ends) < _WAIT * 2 ** min(len(ends) - 1, _MOST_DOUBLINGS)
    }
