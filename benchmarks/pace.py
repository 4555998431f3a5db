"""A code location like the product's, but at another pace: `dagster … -m benchmarks.pace`.

What belongs here: the demo company with the limits a benchmark names in `BENCHMARK_PACE` and the policies in
`BENCHMARK_POLICIES`. The company file allows no more than QuickBooks does, so limits above that are put in
past its checks; nothing else differs.
"""

import json
import os
from pathlib import Path

import dagster as dg

from st_qbo_assets.company_files import read_company
from st_qbo_assets.defs import shared  # the module: Dagster takes every definition it finds here
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs

COMPANY = "demo"
VARIABLE = "BENCHMARK_PACE"
POLICIES = "BENCHMARK_POLICIES"
LIFTED = {"requests_per_second": 2000, "requests_per_minute": 100_000}


def company_at(pace: dict[str, int]) -> CompanyFile:
    """Return the demo company with these limits of its QuickBooks side, and the environment's policies."""
    company = read_company(COMPANY).company.model_copy(update=json.loads(os.environ.get(POLICIES, "{}")))
    return company.model_copy(update={"quickbooks": company.quickbooks.model_copy(update=pace)})


def definitions(company: CompanyFile) -> dg.Definitions:
    """Return the definitions of one company with the product's own executor and resources."""
    built = build_company(CompanyDefs(company, Path("links.csv")))
    return dg.Definitions.merge(built, shared.shared())


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions at the pace of the environment, or lifted."""
    return definitions(company_at(json.loads(os.environ.get(VARIABLE, "null")) or LIFTED))
