"""What a load of some days would do, found out now: `python -m st_qbo_assets.orchestration.plan_days`.

What belongs here: reading the days anew, mapping and planning them in a folder of their own that is gone
afterwards, so that neither system, nor the ledger, nor Dagster's history changes. What does not: showing the
answer (`cli.plan`, which starts this process) and any decision.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg

from st_qbo_assets.company_files import read_company
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.days import days_between
from st_qbo_assets.domain.effects import total_of
from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.extract.frames import FRAMES, row_of
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.extracts import PRODUCERS
from st_qbo_assets.orchestration.frames import MAPPED, mapped_row, to_frame
from st_qbo_assets.orchestration.io_manager import DayFrames, FrameFolder
from st_qbo_assets.orchestration.lineage import extracts
from st_qbo_assets.orchestration.loading import RunLoad
from st_qbo_assets.orchestration.mapping_days import DaysMapping
from st_qbo_assets.orchestration.previewing import Previewed, effect_json, step_json, with_effects
from st_qbo_assets.orchestration.references import ReferenceData
from st_qbo_assets.quickbooks.reference import Reference
from st_qbo_assets.settings import load_settings

#: Steps that are only counted.
_QUIET = frozenset({"unchanged", "not_due", "voided"})


class _NoLog:
    """Keeps Dagster's history as it is: a plan materializes nothing."""

    def log_event(self, event: dg.AssetMaterialization, /) -> None:
        """Let go of an event."""


def plan_days(defs: CompanyDefs, connections: Connections, stored: FrameFolder, days: Sequence[date]) -> Json:
    """Return what a load of the days would do, day by day and in all.

    Args:
        defs: of the company.
        connections: its two systems and the store, which are only read.
        stored: where the lists of both systems are, if they were ever read.
        days: without a gap, oldest first.
    """
    with _scratch(defs, connections, stored) as folder:
        _extract(defs, connections, folder, list(days))
        data = ReferenceData(defs, folder, connections)
        mapping = DaysMapping(defs, connections, data, _NoLog(), is_by_hand=True)
        order = keys.load_order(defs.company)
        for entity in order:
            for day in days:
                mapped = mapping.map(entity, day, _frames(defs, folder, days))
                frame = to_frame([mapped_row(each) for each in mapped], MAPPED)
                folder.write(keys.mapped(defs.name, entity), day, frame)
        run = RunLoad(defs, connections, folder, _NoLog(), entities=order, is_fresh=True)
        reference = run.references.quickbooks
        planned = [(day, with_effects(connections, steps, reference)) for day, steps in run.plan(days)]
    return _document(defs, planned, run.references.quickbooks)


def _document(defs: CompanyDefs, days: Sequence[tuple[date, list[Previewed]]], reference: Reference) -> Json:
    whole = total_of(each.effect for _, steps in days for each in steps)
    return {
        "company": defs.name,
        "mode": defs.company.mode,
        "days": [_day(day, steps, reference) for day, steps in days],
        "effect": effect_json(whole, reference),
    }


def _day(day: date, steps: Sequence[Previewed], reference: Reference) -> Json:
    counts: dict[str, int] = {}
    for each in steps:
        counts[each.will] = counts.get(each.will, 0) + 1
    return {
        "day": day.isoformat(),
        "counts": counts,
        "effect": effect_json(total_of(each.effect for each in steps), reference),
        "steps": [step_json(each, reference) for each in steps if each.will not in _QUIET],
    }


def _extract(defs: CompanyDefs, connections: Connections, folder: FrameFolder, days: list[date]) -> None:
    for name, depends_on in extracts(defs.company).items():
        frames = {other: DayFrames(folder, keys.servicetitan(defs.name, other), days) for other in depends_on}
        for day, records in PRODUCERS[name](connections, days, frames):
            frame = to_frame([row_of(record, name) for record in records], FRAMES[name])
            folder.write(keys.servicetitan(defs.name, name), day, frame)


def _frames(defs: CompanyDefs, folder: FrameFolder, days: Sequence[date]) -> dict[str, DayFrames]:
    return {
        name: DayFrames(folder, keys.servicetitan(defs.name, name), days) for name in extracts(defs.company)
    }


@contextmanager
def _scratch(defs: CompanyDefs, connections: Connections, stored: FrameFolder) -> Generator[FrameFolder]:
    """Give an empty folder that holds the lists of both systems, if they were ever read."""
    home = connections.settings.home
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plan-", dir=home) as root:
        folder = FrameFolder(root)
        for key in (keys.quickbooks(defs.name, "reference"), keys.servicetitan(defs.name, "reference")):
            frame = stored.read(key, None)
            if frame is not None:
                folder.write(key, None, frame)
        yield folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the plan of some days, or the error that stopped it, into a file; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--company", required=True)
    parser.add_argument("--from", dest="first", required=True, type=date.fromisoformat)
    parser.add_argument("--to", dest="last", required=True, type=date.fromisoformat)
    parser.add_argument("--answer", required=True, type=Path)
    given = parser.parse_args(arguments)
    settings = load_settings()
    found = read_company(given.company)
    defs = CompanyDefs(found.company, found.links_file)
    connections = open_connections(found.company, settings)
    try:
        days = list(days_between(given.first, given.last))
        answer = plan_days(defs, connections, FrameFolder(str(settings.storage)), days)
    except SyncError as error:
        given.answer.write_text(json.dumps({"error": str(error)}), encoding="utf-8")
        return 2
    finally:
        connections.close()
    given.answer.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
