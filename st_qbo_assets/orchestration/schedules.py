"""Schedules of one company: the nightly close, the lists and the proofs, in the company's time zone.

What belongs here: a cron line, a time zone and a selection. Which days changed is asked of ServiceTitan
(`extract.touched`); they are kept as due before the mark moves, so that no crash between asking and
loading loses one.
"""

import logging
from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from st_qbo_assets.domain.days import days_between
from st_qbo_assets.domain.errors import AuthExpired, ConnectionStopped, RateLimited, TransportError
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.settings import load_settings

_log = logging.getLogger(__name__)
_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"


def company_schedules(
    defs: CompanyDefs,
) -> tuple[list[UnresolvedAssetJobDefinition], list[dg.ScheduleDefinition]]:
    """Return the jobs of a company and the schedules that start them."""
    days_job = dg.define_asset_job(
        f"{defs.name}_days",
        selection=(
            dg.AssetSelection.key_prefixes(
                [defs.name, "servicetitan"], [defs.name, "mapped"], [defs.name, "loaded"]
            )
            | dg.AssetSelection.assets(keys.books(defs.name, keys.TIE_OUT))
        )
        - dg.AssetSelection.assets(keys.servicetitan(defs.name, "reference")),
        description="Every day-partitioned asset of the company, for one day or a range of days.",
    )
    reference_job = dg.define_asset_job(
        f"{defs.name}_reference",
        selection=dg.AssetSelection.assets(
            keys.servicetitan(defs.name, "reference"), keys.quickbooks(defs.name, "reference")
        ),
        description="The lists of both systems that documents are mapped by.",
    )
    proofs = [_proof(defs, keys.DRIFT), _proof(defs, keys.DUPLICATES)]
    drift_job, duplicates_job = proofs
    crons = defs.company.schedules
    return [days_job, reference_job, *proofs], [
        _nightly(defs, days_job),
        _at(defs, "reference_refresh", reference_job, crons.reference_refresh, "Reads the lists anew."),
        _at(defs, "drift", drift_job, crons.drift, "Asks QuickBooks what people edited there."),
        _at(defs, "duplicates", duplicates_job, crons.duplicates, "Proves that nothing stands twice."),
        _full_scan(defs, duplicates_job),
    ]


def _nightly(defs: CompanyDefs, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{defs.name}_nightly_close",
        job=job,
        cron_schedule=defs.company.schedules.nightly_close,
        execution_timezone=defs.company.time_zone,
        description="Yesterday, the days before it for late edits, and every day ServiceTitan changed since.",
    )
    def nightly_close(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:

        last = context.scheduled_execution_time.date() - timedelta(days=1)
        first = max(defs.company.start_date, last - timedelta(days=defs.company.schedules.sweep_days - 1))
        days = sorted(day for day in {*days_between(first, last), *_touched(defs)} if day <= defs.today())
        if not days:
            yield dg.SkipReason("No business day has begun yet.")
        for start, end in spans(days):
            yield dg.RunRequest(
                run_key=f"{context.scheduled_execution_time.isoformat()}/{start}",
                tags={_RANGE_START: start.isoformat(), _RANGE_END: end.isoformat()},
            )

    return nightly_close


def _touched(defs: CompanyDefs) -> list[date]:
    """Return the days that are due, asked of ServiceTitan if it answers now.

    If it does not, the run of the night fails and is replayed when it does: the night is not lost.
    """
    from st_qbo_assets.connections import open_briefly  # heavy: the clients
    from st_qbo_assets.orchestration.changes import note_changes

    connections = open_briefly(defs.company, load_settings())
    try:
        return note_changes(defs, connections)
    except ConnectionStopped as error:
        connections.note_stopped(error)
    except (TransportError, RateLimited, AuthExpired) as error:
        _log.warning("nightly=not_asked company=%s error=%s", defs.name, error)
    finally:
        connections.close()
    return []


def _proof(defs: CompanyDefs, name: str) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        f"{defs.name}_{name}", selection=dg.AssetSelection.assets(keys.books(defs.name, name))
    )


def _at(
    defs: CompanyDefs, name: str, job: UnresolvedAssetJobDefinition, cron: str, does: str
) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{defs.name}_{name}",
        job=job,
        cron_schedule=cron,
        execution_timezone=defs.company.time_zone,
        description=does,
    )


def _full_scan(defs: CompanyDefs, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    asset = keys.books(defs.name, keys.DUPLICATES).to_python_identifier()
    return dg.ScheduleDefinition(
        name=f"{defs.name}_full_scan",
        job=job,
        cron_schedule=defs.company.schedules.full_scan,
        execution_timezone=defs.company.time_zone,
        run_config={"ops": {asset: {"config": {"full_scan": True}}}},
        description="Every document that can carry a marker of ours is read again, then the sweep is made.",
    )


def spans(days: list[date]) -> Iterator[tuple[date, date]]:
    """Yield the unbroken spans of sorted days."""
    start = end = None
    for day in days:
        if start is not None and end is not None and day == end + timedelta(days=1):
            end = day
            continue
        if start is not None and end is not None:
            yield start, end
        start = end = day
    if start is not None and end is not None:
        yield start, end
