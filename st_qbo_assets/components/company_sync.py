"""A company as a Dagster component: its validated attributes become assets, checks and schedules.

What does not belong here: what any asset does (orchestration) and what the attributes mean
(`domain.company`).
"""

from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import BaseModel

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs


@dataclass
class CompanySync(dg.Component):
    """One QuickBooks company joined to a ServiceTitan tenant, or to some of its business units."""

    company: CompanyFile
    links_file: Path

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """Return the schema of the attributes, so that Dagster's errors name the YAML line."""
        return CompanyFile

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> "CompanySync":
        """Build the component from validated attributes."""
        if not isinstance(attributes, CompanyFile):
            raise TypeError("CompanySync needs attributes")
        return cls(attributes, context.path / "links.csv")

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of the company."""
        return build_company(CompanyDefs(self.company, self.links_file))
