"""Without events QuickBooks is asked instead, as long as the month's reads last (rule 11)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from st_qbo_assets.company_files import read_company
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.due_schedules import forecast


@pytest.mark.rule("11")
def test_with_webhooks_off_one_question_a_quarter_of_an_hour_replaces_the_polls() -> None:
    company = read_company("demo").company
    found = {
        is_on: {
            schedule.name: schedule.cron_schedule
            for schedule in build_company(
                CompanyDefs(company.model_copy(update={"webhooks": is_on}), Path("links.csv"))
            ).schedules
            or ()
            if hasattr(schedule, "cron_schedule")
        }
        for is_on in (True, False)
    }
    assert found[False]["demo_changes"] == "*/15 * * * *"
    assert set(found[True]) - set(found[False]) == {"demo_customers_poll", "demo_vendors_poll"}


@pytest.mark.rule("11")
def test_the_month_s_reads_are_forecast_from_what_is_used() -> None:
    assert forecast(1000, datetime(2026, 6, 16, tzinfo=UTC)) == 2000
    assert forecast(10, datetime(2026, 6, 1, 1, tzinfo=UTC)) == 300  # the first day is taken for a whole one
