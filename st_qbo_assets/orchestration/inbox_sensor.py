"""`webhook_inbox`: the events that wait become the fewest runs; the net under the receiver, which asks first.

What belongs here: one bounded turn. What does not: which runs events ask for (`following.events`) and
settling them, which the run does in its ledger transaction (`load_run`).
"""

from collections.abc import Iterator

import dagster as dg

from st_qbo_assets.following.asks import Work
from st_qbo_assets.following.launch import sensor_name
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.live_runs import events_of, request_of, unfinished, works_of
from st_qbo_assets.orchestration.resources import Connector

#: The receiver launches runs itself; what it could not launch waits so long at most.
_SECONDS = 10


def webhook_inbox(defs: CompanyDefs, jobs: list[dg.JobDefinition | object]) -> dg.SensorDefinition:
    """Return the sensor of a company's inbox."""

    @dg.sensor(
        name=sensor_name(defs.name),
        jobs=jobs,  # pyright: ignore[reportArgumentType] - unresolved asset jobs are taken too
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Webhook events of this company that no run has settled: their days are loaded.",
    )
    def inbox(
        context: dg.SensorEvaluationContext, connector: Connector
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        # Heavy: clients and database.
        from st_qbo_assets.following.turn import take_turn

        runs = unfinished(context.instance, defs)
        # A run of names or of drift settles whatever came before it: one at a time is enough.
        waits = works_of(defs, runs) - {Work.LIVE}
        with connector.open(defs, "") as connections:
            asks = take_turn(connections, today=defs.today(), busy=events_of(runs), waits=waits)
        if not asks:
            yield dg.SkipReason("No event waits for a run.")
        for ask in asks:
            yield request_of(defs, ask, asked_by="webhook_inbox")

    return inbox
