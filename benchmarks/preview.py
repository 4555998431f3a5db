"""What previewing a day costs beside mapping it: `python -m benchmarks.preview`.

What belongs here: mapping and previewing the same days in one process, each timed by itself, with nothing
posted and with everything posted; and the QuickBooks calls of both. What does not: Dagster's own time.
"""

import argparse
import json
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from benchmarks.pace import LIFTED, company_at
from benchmarks.stage import INVOICES_A_DAY, Stage, load_average, staged
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import DayFrames, FrameFolder
from st_qbo_assets.orchestration.lineage import extracts
from st_qbo_assets.orchestration.mapping_days import DaysMapping
from st_qbo_assets.orchestration.previewing import DaysPreview, preview_metadata
from st_qbo_assets.orchestration.references import ReferenceData


class _NoLog:
    def log_event(self, event: object, /) -> None:
        """Let go of an event."""


def main() -> None:
    """Print the seconds of mapping and of previewing, before and after the days are posted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--invoices-a-day", type=int, default=INVOICES_A_DAY)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with staged(days=given.days, invoices_a_day=given.invoices_a_day) as stage:
        stage.lift_throttles()
        stage.run(LIFTED, stage.days, only=[f"servicetitan/{name}" for name in extracts(company_at(LIFTED))])
        stage.run(LIFTED, stage.days, only=[f"mapped/{entity.plural}" for entity in keys.LOAD_ORDER])
        found: dict[str, object] = {"machine": load_average(), "new": _rounds(stage, given.rounds)}
        _, _, found["posted_well"] = stage.run(LIFTED, stage.days)
        found["posted"] = _rounds(stage, given.rounds)
        found["machine_after"] = load_average()
    print(json.dumps(found, indent=1))


def _rounds(stage: Stage, rounds: int) -> dict[str, object]:
    defs = CompanyDefs(company_at(LIFTED), Path("links.csv"))
    connections = open_connections(defs.company, stage.settings)
    try:
        _measured(defs, connections, stage)  # fills caches: settings, items by name
        before = stage.log_end()
        measured = [_measured(defs, connections, stage) for _ in range(rounds)]
        calls = len(stage.requests(since=before))
    finally:
        connections.close()
    ratios = sorted(preview / mapping for mapping, preview in measured)
    return {
        "mapping_seconds": [round(mapping, 3) for mapping, _ in measured],
        "preview_seconds": [round(preview, 3) for _, preview in measured],
        "ratio": round(ratios[len(ratios) // 2], 2),
        "quickbooks_calls": calls,
    }


def _measured(defs: CompanyDefs, connections: Connections, stage: Stage) -> tuple[float, float]:
    """Return the seconds of mapping all entities of all days, and of previewing what they became."""
    folder = FrameFolder(str(stage.settings.storage))
    frames = _frames(defs, folder, stage.days)
    mapping = DaysMapping(defs, connections, ReferenceData(defs, folder, connections), _NoLog())
    preview = DaysPreview(defs, connections, folder)
    mapped_seconds = preview_seconds = 0.0
    for entity in keys.LOAD_ORDER:
        for day in stage.days:
            began = time.perf_counter()
            result = mapping.map(entity, day, frames)
            mapped = time.perf_counter()
            planned = preview.plan(entity, day, result, mapping.references)
            preview_metadata(planned, mapping.references.quickbooks)
            mapped_seconds += mapped - began
            preview_seconds += time.perf_counter() - mapped
    return mapped_seconds, preview_seconds


def _frames(defs: CompanyDefs, folder: FrameFolder, days: Sequence[date]) -> dict[str, DayFrames]:
    return {
        name: DayFrames(folder, keys.servicetitan(defs.name, name), days) for name in extracts(defs.company)
    }


if __name__ == "__main__":
    main()
