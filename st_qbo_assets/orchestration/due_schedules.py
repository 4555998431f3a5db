"""Schedules of what is due: days that events loaded are compared; QuickBooks is asked where no event tells.

What belongs here: which days, how often, and when the read budget says no (rules 6.3, 11). What does not: the
jobs, which are those of a person too.
"""

import calendar
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from st_qbo_assets.following.asks import spans
from st_qbo_assets.following.launch import RANGE_END, RANGE_START
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.resources import Connector

#: Minutes between two questions to QuickBooks where it sends no events.
_ASK_MINUTES = 15
#: Above this share of the month's metered reads, as forecast, QuickBooks is asked every six hours only.
_SHARE = 0.9
_SLOW_HOURS = 6


def due_schedules(defs: CompanyDefs, *, tie_out: Any, masters: Any) -> list[dg.ScheduleDefinition]:
    """Return the schedules of a company.

    Args:
        defs: of the company.
        tie_out: the job that only compares.
        masters: the job that asks QuickBooks what changed of names and documents, in one metered call.
    """
    return [_compare(defs, tie_out), *([] if defs.company.webhooks else [_ask(defs, masters)])]


def _compare(defs: CompanyDefs, job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{defs.name}_tie_out_due",
        job=job,
        cron_schedule=defs.company.schedules.tie_out_due,
        execution_timezone=defs.company.time_zone,
        description="Days that events or feeds loaded since they were last compared.",
    )
    def tie_out_due(
        context: dg.ScheduleEvaluationContext, connector: Connector
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        with connector.open(defs, "") as connections:
            to_load = set(connections.dirty_days.to_load(defs.name))
            days = [day for day in connections.dirty_days.all(defs.name) if day not in to_load]
        found = spans([day for day in days if defs.company.start_date <= day <= defs.today()])
        if not found:
            yield dg.SkipReason("No day was loaded since it was last compared.")
        for first, last in found:
            yield dg.RunRequest(
                run_key=f"{context.scheduled_execution_time.isoformat()}/{first}",
                tags={RANGE_START: first.isoformat(), RANGE_END: last.isoformat()},
            )

    return tie_out_due


def _ask(defs: CompanyDefs, job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{defs.name}_changes",
        job=job,
        cron_schedule=f"*/{_ASK_MINUTES} * * * *",
        execution_timezone=defs.company.time_zone,
        description="What changed in QuickBooks, which sends no events here: customers, vendors and drift.",
    )
    def changes(
        context: dg.ScheduleEvaluationContext, connector: Connector
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        from st_qbo_assets.store.budget import Budget, BudgetLimits  # heavy: the database

        at = context.scheduled_execution_time
        with connector.open(defs, "") as connections:
            used = Budget(connections.database, connections.realm).metered_reads(defs.now_utc().date())
        is_slow_turn = at.hour % _SLOW_HOURS == 0 and at.minute < _ASK_MINUTES
        if not is_slow_turn and forecast(used, defs.now_utc()) > _SHARE * BudgetLimits().read_quota:
            yield dg.SkipReason(f"{used} metered reads this month: QuickBooks is asked every six hours only.")
            return
        today = defs.today()
        first = max(today - timedelta(days=1), defs.company.start_date)
        if first <= today:
            yield dg.RunRequest(
                run_key=at.isoformat(),
                tags={RANGE_START: first.isoformat(), RANGE_END: today.isoformat()},
            )

    return changes


def forecast(used: int, now: datetime) -> float:
    """Return how many metered reads a month ends with if it goes on as until now."""
    days = calendar.monthrange(now.year, now.month)[1]
    gone = now.day - 1 + now.hour / 24
    return used * days / max(gone, 1.0)
