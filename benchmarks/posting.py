"""How fast documents reach QuickBooks: `python -m benchmarks.posting budget|latency|unchanged`.

What belongs here: driving the product's real load, and reading the sandbox's own log. What does not: the
scene (`stage`) and the loop that the load is compared with (`plain_loop`).
"""

import argparse
import json
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.pace import LIFTED, company_at
from benchmarks.plain_loop import PlainLoop, is_document
from benchmarks.stage import INVOICES_A_DAY, is_write, load_average, staged
from st_qbo_assets.orchestration.lineage import extracts

_COMPANY_LIMITS = {"requests_per_second": 10, "requests_per_minute": 500}
_DEFAULT_LIMITS = {"requests_per_second": 8, "requests_per_minute": 400}
_KINDS = ("invoices", "credit_memos", "payments")
_DOCUMENTS = tuple(f"{stage}/{kind}" for stage in ("mapped", "loaded") for kind in _KINDS)
_BEFORE = (
    *(f"servicetitan/{name}" for name in extracts(company_at(LIFTED))),
    *("mapped/items", "mapped/customers", "loaded/items", "loaded/customers"),
)
#: Writes of one day of the sandbox's data, invoices with all that belongs to them; measured.
_WRITES_A_DAY = 80


def budget(writes: int, pace: Mapping[str, int]) -> dict[str, Any]:
    """Return how much of a budget the load uses over the middle 80 % of its writes."""
    with staged(days=math.ceil(writes / _WRITES_A_DAY)) as stage:
        since = stage.log_end()
        _, _, succeeded = stage.run(dict(pace), stage.days)
        entries = stage.requests(since=since)
    written = [position for position, entry in enumerate(entries) if is_write(entry)]
    edge = len(written) // 10
    middle = entries[written[edge] : written[-edge - 1] + 1]
    seconds = middle[-1]["started_monotonic"] - middle[0]["started_monotonic"]
    allowed = min(pace["requests_per_second"], pace["requests_per_minute"] / 60)
    calls = len(middle) - 1
    return {
        "pace": pace,
        "succeeded": succeeded,
        "writes": len(written),
        "calls_measured": calls,
        "writes_measured": sum(map(is_write, middle[1:])),
        "seconds": round(float(seconds), 1),
        "used_of_allowed": round(calls / float(seconds) / allowed, 3),
        "status_429": sum(entry["status"] == 429 for entry in entries),
        "most_in_a_second": most_within(entries, 1),
        "most_in_a_minute": most_within(entries, 60),
        "slowest": slowest_gaps(middle),
    }


def most_within(entries: Sequence[Mapping[str, Any]], seconds: int) -> int:
    """Return the most calls in any window of so many seconds, as the sandbox saw them."""
    starts = sorted(float(entry["started_monotonic"]) for entry in entries)
    return max(bisect_left(starts, start + seconds) - position for position, start in enumerate(starts))


def slowest_gaps(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the longest pauses between two calls, and what stood at both ends."""
    pairs = zip(entries, entries[1:], strict=False)
    gaps = [(float(b["started_monotonic"] - a["started_monotonic"]), _name(a), _name(b)) for a, b in pairs]
    return [
        f"{seconds:.2f} s {first} → {second}" for seconds, first, second in sorted(gaps, reverse=True)[:8]
    ]


def latency(documents: int, milliseconds: Sequence[int], in_flight: int) -> list[dict[str, Any]]:
    """Return the wall time of the load against that of a plain loop, at each latency."""
    return [_against_the_loop(documents, each, in_flight) for each in milliseconds]


def _against_the_loop(documents: int, milliseconds: int, in_flight: int) -> dict[str, Any]:
    with staged(days=math.ceil(documents / INVOICES_A_DAY)) as stage:
        stage.lift_throttles()
        since = stage.log_end()
        pace = {**LIFTED, "in_flight": in_flight}
        stage.run(pace, stage.days, only=_BEFORE)
        lists = stage.requests(since=since)
        since = stage.log_end()
        stage.latency(milliseconds)
        began, _, succeeded = stage.run(pace, stage.days, only=_DOCUMENTS)
        stage.latency(0)
        posted = stage.requests(since=since)
        written = [entry for entry in posted if is_document(entry)]
        ours = float(written[-1]["ended_monotonic"]) - began
        first = float(posted[0]["started_monotonic"])
        loop = PlainLoop(stage)
        loop.fresh_realm([entry for entry in lists if is_write(entry) and entry["status"] == 200])
        stage.latency(milliseconds)
        theirs = loop.post(written)
        stage.latency(0)
    return {
        "latency_ms": milliseconds,
        "in_flight": in_flight,
        "succeeded": succeeded,
        "documents": Counter(_name(entry) for entry in written),
        "reads": sum(not is_write(entry) for entry in posted),
        "load_seconds": round(ours, 1),
        "load_seconds_from_first_call": round(float(written[-1]["ended_monotonic"]) - first, 1),
        "loop_seconds": round(theirs, 1),
        "load_of_loop": round(ours / theirs, 3),
        "slowest": slowest_gaps(posted),
    }


def unchanged() -> dict[str, Any]:
    """Return what an unchanged day costs QuickBooks, tie-out included."""
    with staged(days=3) as stage:
        stage.lift_throttles()
        stage.run(LIFTED, stage.days)
        since = stage.log_end()
        _, _, succeeded = stage.run(LIFTED, stage.days[1:2])
        entries = stage.requests(since=since)
    return {
        "succeeded": succeeded,
        "writes": sum(map(is_write, entries)),
        "calls": len(entries),
        "what": [
            _name(entry) + " " + str(dict(entry["parameters"]).get("query", ""))[:70] for entry in entries
        ],
    }


def _name(entry: Mapping[str, Any]) -> str:
    return f"{entry['method']} {entry['path'].split('/', 4)[-1]}".split("?")[0]


def main() -> None:
    """Run one of the figures and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figure", choices=("budget", "latency", "unchanged"))
    parser.add_argument("--writes", type=int, default=1_000, help="at least so many, for the budget")
    parser.add_argument(
        "--pace", choices=("company", "default"), default="company", help="10/s, 500/min or 8/s, 400/min"
    )
    parser.add_argument("--documents", type=int, default=200, help="invoices, their payments beside them")
    parser.add_argument("--latency-ms", type=int, nargs="+", default=[150, 0])
    parser.add_argument(
        "--in-flight", type=int, default=5, help="calls at once; a company file allows 1 to 10"
    )
    given = parser.parse_args()
    busy = load_average()
    if given.figure == "budget":
        found: Any = budget(given.writes, _COMPANY_LIMITS if given.pace == "company" else _DEFAULT_LIMITS)
    elif given.figure == "latency":
        found = latency(given.documents, given.latency_ms, given.in_flight)
    else:
        found = unchanged()
    print(json.dumps({"machine": [busy, load_average()], "found": found}, indent=1, default=str))


if __name__ == "__main__":
    main()
