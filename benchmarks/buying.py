"""A backfill of what is bought against the write budget: `python -m benchmarks.buying`.

What belongs here: items and bills through the product's own process, its pace by the sandbox's log, and
whether its memory grows while it runs. What does not: the scene (`stage`) and the process (`memory`).
"""

import argparse
import json
import math
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.memory import sampled
from benchmarks.pace import POLICIES, VARIABLE
from benchmarks.posting import slowest_gaps
from benchmarks.stage import is_write, load_average, staged

_LIMITS = {"requests_per_second": 8, "requests_per_minute": 400}
#: Bills alone: each order would be a write more.
_POLICIES = {
    "bill_source": "ap_bills",
    "bill_gate": "all",
    "purchase_orders": False,
    "freight_account": "50400",
    "purchase_tax_account": "50500",
}
_KINDS = ("item", "bill")
#: Days' worth of plain invoices beside; the sandbox makes no day without one.
_INVOICES_A_DAY = 1


def backfill(items: int, bills: int, days: int) -> dict[str, Any]:
    """Return how long the writes of a backfill took against their floor, and how its memory went."""
    os.environ |= {VARIABLE: json.dumps(_LIMITS), POLICIES: json.dumps(_POLICIES)}
    wanted = {"--bills-per-day": math.ceil(bills / days), "--skus": items}
    arguments = [str(word) for pair in wanted.items() for word in pair]
    with staged(days=days, invoices_a_day=_INVOICES_A_DAY, arguments=arguments) as stage:
        since = stage.log_end()
        samples = sampled(stage, stage.days)
        entries = stage.requests(since=since)
    writes = [entry for entry in entries if is_write(entry)]
    first, last = (float(entry["started_monotonic"]) for entry in (writes[0], writes[-1]))
    window = [entry for entry in entries if first <= float(entry["started_monotonic"]) <= last]
    allowed = min(_LIMITS["requests_per_second"], _LIMITS["requests_per_minute"] / 60)
    floor, seconds = (len(writes) - 1) / allowed, last - first
    written = Counter(entry["path"].split("/")[-1].split("?")[0] for entry in writes)
    return {
        "written": {kind: written[kind] for kind in _KINDS},
        "writes": len(writes),
        "refused": sum(entry["status"] not in (200, None) for entry in entries),
        "reads_between": len(window) - len(writes),
        "seconds": round(seconds, 1),
        "floor_seconds": round(floor, 1),
        "seconds_of_floor": round(seconds / floor, 3),
        **memory_of(samples),
        "slowest": slowest_gaps(window),
    }


def memory_of(samples: Sequence[tuple[float, int]]) -> dict[str, Any]:
    """Return the peaks of the second and of the last quarter of a run; the first is its start.

    One run is compared with itself, so that a busy machine matters to neither.
    """
    began, ended = samples[0][0], samples[-1][0]
    quarter = (ended - began) / 4
    early = max(size for at, size in samples if quarter <= at - began < 2 * quarter)
    late = max(size for at, size in samples if at - began >= 3 * quarter)
    return {
        "early_peak_mb": round(early / 2**20, 1),
        "late_peak_mb": round(late / 2**20, 1),
        "late_of_early": round(late / early, 3),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--bills", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=20)
    given = parser.parse_args()
    busy = load_average()
    found = backfill(given.items, given.bills, given.days)
    print(json.dumps({"machine": [busy, load_average()], "found": found}, indent=1))


if __name__ == "__main__":
    main()
