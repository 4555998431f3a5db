"""How long the definitions take to load, against importing Dagster: `python -m benchmarks.definitions`.

What belongs here: fresh interpreters in pairs, so that a busy machine slows both halves of a ratio alike.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

from benchmarks.stage import load_average

_ROOT = Path(__file__).resolve().parents[1]
#: Nothing of these is needed to know which assets there are.
_HEAVY = ["alembic", "dagster_postgres", "pandas", "psycopg2", "pyarrow", "rapidfuzz", "requests"]
_HEAVY += ["sqlalchemy"]
_SCRIPT = f"""
import json, sys, time
began = time.process_time(), time.perf_counter()
import dagster
between = time.process_time(), time.perf_counter()
before = set(sys.modules)
from st_qbo_assets.definitions import defs
defs()
ended = time.process_time(), time.perf_counter()
print(json.dumps({{
    "dagster": [between[0] - began[0], between[1] - began[1]],
    "definitions": [ended[0] - between[0], ended[1] - between[1]],
    "modules": [name.split(".")[0] for name in set(sys.modules) - before],
    "heavy": [name for name in {_HEAVY!r} if name in sys.modules and name not in before],
}}))
"""


def main() -> None:
    """Print the median ratio of several pairs, by processor time and by wall time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        pairs = [_measured(home) for _ in range(given.pairs + 1)][1:]  # the first compiles and fills caches
    ratios = {
        name: [round(pair["definitions"][each] / pair["dagster"][each], 3) for pair in pairs]
        for each, name in enumerate(("processor", "wall"))
    }
    found = {
        "ratio": {name: median(values) for name, values in ratios.items()},
        "of": ratios,
        "dagster_seconds": round(median(pair["dagster"][1] for pair in pairs), 2),
        "definitions_seconds": round(median(pair["definitions"][1] for pair in pairs), 2),
        "heavy": pairs[0]["heavy"],
        "modules": Counter(pairs[0]["modules"]).most_common(8),
    }
    print(json.dumps({"machine": load_average(), "found": found}, indent=1))


def _measured(home: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _SCRIPT],
        cwd=_ROOT,
        env={"ST_QBO_HOME": home, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
