"""Checks of assets that are not the load's own: is the reference data fresh?"""

from datetime import timedelta

import dagster as dg

from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs

#: The reference lists are refreshed every night; twice that is late.
_LATE = timedelta(hours=48)


def reference_checks(defs: CompanyDefs) -> list[dg.AssetChecksDefinition]:
    """Return the check `references_fresh` of both reference assets."""
    return [
        _fresh(defs, keys.quickbooks(defs.name, "reference")),
        _fresh(defs, keys.servicetitan(defs.name, "reference")),
    ]


def _fresh(defs: CompanyDefs, key: dg.AssetKey) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=key,
        name="references_fresh",
        description="The lists documents are mapped by were read within the last two days.",
    )
    def references_fresh(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        event = context.instance.get_latest_materialization_event(key)
        age_hours = (defs.now_utc().timestamp() - event.timestamp) / 3600 if event else None
        return dg.AssetCheckResult(
            passed=age_hours is not None and age_hours < _LATE.total_seconds() / 3600,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"age_hours": age_hours or 0.0},
            description="never read" if age_hours is None else f"read {age_hours:.1f} hours ago",
        )

    return references_fresh
