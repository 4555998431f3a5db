"""Peak memory of a long run against a short one: `python -m benchmarks.memory`.

What belongs here: the process Dagster runs assets in, started as `st-qbo sync` starts it, and sampling its
process tree. Postgres and the sandbox are no part of that tree.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.pace import COMPANY
from benchmarks.stage import LAST_DAY, Stage, load_average, staged

_ROOT = Path(__file__).resolve().parents[1]
_PAGE = os.sysconf("SC_PAGESIZE")
_EVERY_SECONDS = 0.1
_STAGES = ("servicetitan/*", "mapped/*", "loaded/*", "books/tie_out")


def run(stage: Stage, days: Sequence[date]) -> dict[str, Any]:
    """Materialize days in a process of their own; return its peak."""
    began = time.monotonic()
    samples = sampled(stage, days)
    return {
        "days": len(days),
        "peak_mb": round(max(size for _, size in samples) / 2**20, 1),
        "seconds": round(time.monotonic() - began),
    }


def sampled(stage: Stage, days: Sequence[date]) -> list[tuple[float, int]]:
    """Materialize days in a process of their own; return its resident bytes, each with its second."""
    stages = " or ".join(f'key:"{COMPANY}/{name}"' for name in _STAGES)
    command = [
        *(sys.executable, "-W", "ignore", "-m", "dagster", "asset", "materialize", "-m", "benchmarks.pace"),
        *("--select", f'({stages}) and not key:"{COMPANY}/servicetitan/reference"'),
        *("--partition-range", f"{days[0].isoformat()}...{days[-1].isoformat()}"),
    ]
    samples: list[tuple[float, int]] = []
    with (stage.settings.home / "run.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=subprocess.STDOUT)
        while process.poll() is None:
            samples.append((time.monotonic(), tree_bytes(process.pid)))
            time.sleep(_EVERY_SECONDS)
    if process.returncode:
        tail = (stage.settings.home / "run.log").read_text(errors="replace")[-2000:]
        raise SystemExit(f"the run of {len(days)} days failed, so its memory says nothing:\n{tail}")
    return samples


def tree_bytes(root: int) -> int:
    """Return the resident bytes of a process and all its descendants."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            stat = _read(folder / "stat")
            if stat:
                parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    tree, grows = {root}, True
    while grows:
        more = {pid for pid, parent in parents.items() if parent in tree} - tree
        tree |= more
        grows = bool(more)
    return sum(int(statm.split()[1]) for pid in tree if (statm := _read(Path(f"/proc/{pid}/statm")))) * _PAGE


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""


def main() -> None:
    """Print both peaks and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, nargs=2, default=[7, 60], help="short and long run")
    parser.add_argument("--invoices-per-day", type=int, default=40)
    given = parser.parse_args()
    found: list[dict[str, Any]] = []
    busy = load_average()
    for days in given.days:
        # The same company both times: only what is run differs.
        with staged(days=max(given.days), invoices_a_day=given.invoices_per_day) as stage:
            stage.lift_throttles()
            found.append(run(stage, stage.days[-days:]))
    ratio = round(found[1]["peak_mb"] / found[0]["peak_mb"], 3)
    result = {"ratio": ratio, "runs": found, "until": LAST_DAY.isoformat()}
    print(json.dumps({"machine": [busy, load_average()], "found": result}, indent=1))


if __name__ == "__main__":
    main()
