"""What every asset says to a person beside its own words: who looks after it, and what its colours mean.

What belongs here: owners, a legend for each stage, links. What does not: what an asset is (its own module).
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.settings import load_settings

_RUNBOOK = "docs/operations.md"
#: Stage, or stage and name → what a bookkeeper reads below the description.
_LEGENDS: Mapping[str, str] = {
    "servicetitan": "**Green**: the day was read. **Red**: ServiceTitan could not be read; the run says why.",
    "quickbooks": "**Green**: QuickBooks was read. **Red**: it could not be; the run says why.",
    "mapped": "**Look at** `plan`: what would be created, changed or voided, and `why_not`: what is held, "
    "and what to do about it. **Red**: the run could not go on.",
    "loaded": "**Green**: every record is in QuickBooks or rightly waits. **Red**: click the day, *View all "
    "historical events*, and do what the newest `needs_attention` says; then *Materialize → Failed*. "
    "`every_record` leads into both products.",
    "books": "**Look at** its check and at the tables of the day: each difference with its cause and remedy.",
    "books/tie_out": "**A day is closed when the check `ties_out` is green.** Yellow: something waits. Red: "
    "`differences` names each document, its cause and what to do.",
    "books/duplicates": "**Red check**: `documents` names what stands twice. Keep the one the audit names.",
    "books/drift": "**Yellow check**: `edits` tells field by field what somebody changed in QuickBooks.",
    "books/month_close": "**Green check**: every day of the month is green, its books may be closed. Else "
    "`open_days` says what each day waits for.",
    "onboarding": "**Look at** the tables before the company goes live; nothing is written to either system.",
}
_SECTIONS: Mapping[str, str] = {
    "loaded": "A day is red",
    "books": "Green and red",
    "books/drift": "Edited in QuickBooks",
    "books/duplicates": "Twice in QuickBooks",
    "books/month_close": "Closing a month",
    "onboarding": "From preview to live",
}


def described(assets: Iterable[dg.AssetsDefinition], defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the assets with owners, legend and links on each."""
    connect = f"{load_settings().public_url}/connect/{defs.name}"

    def describe(spec: dg.AssetSpec) -> dg.AssetSpec:
        _, stage, *rest = spec.key.path
        name = f"{stage}/{'/'.join(rest)}"
        legend = _LEGENDS.get(name) or _LEGENDS.get(stage, "")
        section = _SECTIONS.get(name) or _SECTIONS.get(stage, "Green and red")
        links: dict[str, dg.MetadataValue[str]] = {
            "runbook": dg.MetadataValue.path(f"{_RUNBOOK}: {section}"),
            "connections": dg.MetadataValue.url(connect),
        }
        if name != f"books/{keys.TIE_OUT}" and stage in ("loaded", "mapped"):
            tie_out = "/".join(keys.books(defs.name, keys.TIE_OUT).path)
            links["closed_when_green"] = dg.MetadataValue.url(f"{load_settings().ui_url}/assets/{tie_out}")
        return spec.replace_attributes(
            description="\n\n".join(part for part in (spec.description, legend) if part),
            owners=list(defs.company.owners),
            metadata={**links, **spec.metadata},
        )

    return list(dg.map_asset_specs(describe, assets))
