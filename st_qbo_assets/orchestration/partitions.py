"""Partitions: a partition is an accounting day of the company, of its close a month.

What belongs here: the partitions definition and its conversion to dates. Everything else imports it.
"""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from st_qbo_assets.domain.company import CompanyFile


def days_of(company: CompanyFile) -> dg.DailyPartitionsDefinition:
    """Return the accounting days from the company's start date; today exists already."""
    return dg.DailyPartitionsDefinition(
        start_date=company.start_date.isoformat(), timezone=company.time_zone, end_offset=1
    )


def months_of(company: CompanyFile) -> dg.MonthlyPartitionsDefinition:
    """Return the months from that of the company's start date; the present one exists already."""
    return dg.MonthlyPartitionsDefinition(
        start_date=f"{company.start_date:%Y-%m}", fmt="%Y-%m", timezone=company.time_zone, end_offset=1
    )


def run_days(partition_keys: Sequence[str]) -> list[date]:
    """Return the days of a run, oldest first."""
    return sorted(date.fromisoformat(key) for key in partition_keys)
