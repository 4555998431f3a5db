"""What every asset of a company is built from, and what it works with while it runs.

What belongs here: the company's definitions context, its clock and its days. What does not: assets.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.orchestration.partitions import days_of


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CompanyDefs:
    """One company while its definitions are built.

    Attributes:
        company: its validated file.
        links_file: its settled pairs, `links.csv`; need not exist.
        now_utc: the clock that decides what today is.
    """

    company: CompanyFile
    links_file: Path
    now_utc: Callable[[], datetime] = field(default=_utc_now, repr=False)

    @property
    def name(self) -> Company:
        """The company's name, first part of its asset keys."""
        return Company(self.company.name)

    @property
    def days(self) -> dg.DailyPartitionsDefinition:
        """The accounting days."""
        return days_of(self.company)

    def today(self) -> date:
        """The company's local day."""
        return self.now_utc().astimezone(self.company.zone).date()
