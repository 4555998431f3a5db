"""`onboarding/matches` and `onboarding/readiness`: the first connection, before anything is written.

What belongs here: the specs, and the tables people read. What does not: what is found (`onboarding`),
imported when a step runs. Neither asset writes to a vendor.
"""

import dataclasses
from typing import Any

import dagster as dg

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failures import failure_of
from st_qbo_assets.orchestration.metadata import MOST_ROWS, cell, dollars
from st_qbo_assets.orchestration.resources import Connector

_FINDING = ("level", "finding", "cure", "nearest", "accept as")


def onboarding_assets(defs: CompanyDefs) -> list[dg.AssetsDefinition]:
    """Return the assets of the first connection."""
    return [_matches(defs), _readiness(defs)]


def _matches(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey([defs.name, "onboarding", "matches"]),
        group_name=keys.group(defs.name, "onboarding"),
        description="Who in ServiceTitan is who in QuickBooks, and what waits for a person.",
        kinds={"python"},
    )
    def matches(context: dg.AssetExecutionContext, connector: Connector) -> dg.MaterializeResult[Any]:
        from st_qbo_assets.load.masters.onboarding import BUCKETS  # heavy: the load
        from st_qbo_assets.orchestration.onboarding import MASTERS, matches_of

        metadata: dict[str, Any] = {}
        try:
            with connector.open(defs, context.run_id) as connections:
                for entity in MASTERS:
                    found = matches_of(defs, connections, entity)
                    metadata |= {f"{entity.plural}_{bucket}": found.count(bucket) for bucket in BUCKETS}
                    metadata |= {
                        f"{entity.plural}_waiting_cents": found.waiting_cents,
                        f"{entity.plural}_oldest_wait_days": found.oldest_wait_days(defs.now_utc()),
                    }
                    header = ("", "active", "inactive", "e-mail", "phone", "address", "same name")
                    sides = [
                        (system, *map(str, dataclasses.astuple(profile)))
                        for system, profile in found.profiles.items()
                    ]
                    metadata[f"{entity.plural}_profile"] = dg.MetadataValue.md(_table(header, sides))
                    rows = [
                        (
                            str(row.source),
                            row.name,
                            "; ".join(
                                f"{each.qbo_id} {each.name}, name {each.score}" for each in row.candidates
                            ),
                            row.why,
                            dollars(row.waiting_cents),
                            row.since.date().isoformat() if row.since else "",
                        )
                        for row in found.rows
                        if row.is_open
                    ]
                    if rows:
                        header = ("record", "name", "may be", "why", "waiting", "since")
                        metadata[f"{entity.plural}_to_settle"] = dg.MetadataValue.md(_table(header, rows))
        except SyncError as error:
            raise failure_of(error) from error
        return dg.MaterializeResult(metadata=metadata)

    return matches


def _readiness(defs: CompanyDefs) -> dg.AssetsDefinition:
    @dg.asset(
        key=dg.AssetKey([defs.name, "onboarding", "readiness"]),
        group_name=keys.group(defs.name, "onboarding"),
        description="What must be so before the company is live, each missing thing with its cure.",
        kinds={"python"},
    )
    def readiness(context: dg.AssetExecutionContext, connector: Connector) -> dg.MaterializeResult[Any]:
        from st_qbo_assets.orchestration.onboarding import readiness_of  # heavy: clients and mapping
        from st_qbo_assets.orchestration.references import ReferenceData

        try:
            with connector.open(defs, context.run_id) as connections:
                references = ReferenceData(defs, connector.frames, connections).refresh(context)
                found = readiness_of(defs, connections, references)
        except SyncError as error:
            raise failure_of(error) from error
        order = {"red": 0, "warn": 1, "info": 2, "ok": 3}
        rows = [
            (
                each.level.value,
                each.text,
                each.cure,
                ", ".join(each.suggestions),
                each.label if each.level.value == "red" else "",
            )
            for each in sorted(found, key=lambda each: order[each.level.value])
        ]
        return dg.MaterializeResult(
            metadata={
                "is_ready": not any(each.level.value == "red" for each in found),
                **{level: sum(each.level.value == level for each in found) for level in order},
                "findings": dg.MetadataValue.md(_table(_FINDING, rows)),
            }
        )

    return readiness


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell(text) for text in row) + " |" for row in rows[:MOST_ROWS]]
    left = len(rows) - MOST_ROWS
    return "\n".join(lines) + (f"\n\n… and {left} more." if left > 0 else "")
