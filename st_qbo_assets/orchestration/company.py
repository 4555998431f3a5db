"""Everything Dagster knows of one company, put together.

What belongs here: assembly. Each module beside this one ends in one function that returns its part.
"""

import dagster as dg

from st_qbo_assets.orchestration.assets.books import books_assets
from st_qbo_assets.orchestration.assets.loaded import loaded_assets
from st_qbo_assets.orchestration.assets.mapped import mapped_assets
from st_qbo_assets.orchestration.assets.masters import master_assets
from st_qbo_assets.orchestration.assets.materials import materials_assets
from st_qbo_assets.orchestration.assets.month_close import month_close_assets
from st_qbo_assets.orchestration.assets.onboarding import onboarding_assets
from st_qbo_assets.orchestration.assets.quickbooks import quickbooks_assets
from st_qbo_assets.orchestration.assets.servicetitan import servicetitan_assets
from st_qbo_assets.orchestration.checks import reference_checks
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.describing import described
from st_qbo_assets.orchestration.due_schedules import due_schedules
from st_qbo_assets.orchestration.feed_sensor import feed_catch_up
from st_qbo_assets.orchestration.inbox_sensor import webhook_inbox
from st_qbo_assets.orchestration.live_runs import live_job
from st_qbo_assets.orchestration.masters_poll import masters_poll
from st_qbo_assets.orchestration.materials_schedule import materials_schedules
from st_qbo_assets.orchestration.schedules import company_schedules
from st_qbo_assets.orchestration.sensors import company_sensors


def build_company(defs: CompanyDefs) -> dg.Definitions:
    """Return the definitions of a company."""
    jobs, schedules = company_schedules(defs)
    sensor_jobs, sensors = company_sensors(defs)
    poll_jobs, polls = masters_poll(defs)
    goods_jobs, goods_schedules = materials_schedules(defs)
    live = live_job(defs)
    drift_job = next(job for job in jobs if job.name == f"{defs.name}_drift")
    asked = [webhook_inbox(defs, [live, poll_jobs[0], drift_job]), feed_catch_up(defs, [live])]
    assets = [
        *servicetitan_assets(defs),
        *quickbooks_assets(defs),
        *master_assets(defs),
        *onboarding_assets(defs),
        *mapped_assets(defs),
        *loaded_assets(defs),
        *books_assets(defs),
        *materials_assets(defs),
        *month_close_assets(defs),
    ]
    return dg.Definitions(
        assets=described(assets, defs),
        asset_checks=reference_checks(defs),
        jobs=[*jobs, *sensor_jobs, *poll_jobs, *goods_jobs, live],
        schedules=[
            *schedules,
            *goods_schedules,
            *(polls if defs.company.webhooks else ()),  # else the same is asked every quarter of an hour
            *due_schedules(defs, tie_out=sensor_jobs[0], masters=poll_jobs[0]),
        ],
        sensors=[*sensors, *asked],
    )
