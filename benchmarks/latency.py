"""How long an event takes to the books, span by span: `python -m benchmarks.latency`.

What belongs here: finishing jobs in the sandbox one after another, and reading from ledger and event log when
what happened. What does not: the scene (`stage`). The whole installation runs: sandbox, receiver, Dagster's
web server, daemon and code server, on this machine; load average and processors are part of the result.

    received   the receiver has committed the event
    launched   the run exists
    up         its process reports itself
    began      it knows the company's definitions, and its first step begins
    read       the last extract from ServiceTitan has ended
    mapped     the last mapping has ended
    posted     QuickBooks has answered the last write of the run
    verified   the answer was compared and kept; the event is acknowledged
"""

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from benchmarks.stage import free_port, load_average, staged
from st_qbo_assets.cli.demo import _send_events
from st_qbo_assets.cli.finishing import _act, _new_job
from st_qbo_assets.cli.processes import Children, start_dagster, start_web
from st_qbo_assets.cli.sandbox import sandbox_info
from st_qbo_assets.company_files import read_company
from st_qbo_assets.orchestration.warm_launcher import socket_of
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.database import Database

SPANS = ("received", "launched", "up", "began", "read", "mapped", "posted", "verified")
_PATIENCE_SECONDS = 240
_PAUSE_SECONDS = 10
_MOMENTS = """
SELECT extract(epoch FROM i.received_at) AS received,
       extract(epoch FROM r.create_timestamp AT TIME ZONE 'UTC') AS launched,
       (SELECT extract(epoch FROM min(e.timestamp) AT TIME ZONE 'UTC') FROM public.event_logs e
         WHERE e.run_id = i.run_id AND e.dagster_event_type = 'ENGINE_EVENT') AS up,
       (SELECT extract(epoch FROM min(e.timestamp) AT TIME ZONE 'UTC') FROM public.event_logs e
         WHERE e.run_id = i.run_id AND e.dagster_event_type = 'STEP_START') AS began,
       (SELECT extract(epoch FROM max(e.timestamp) AT TIME ZONE 'UTC') FROM public.event_logs e
         WHERE e.run_id = i.run_id AND e.dagster_event_type = 'STEP_SUCCESS'
           AND e.step_key LIKE '%servicetitan%') AS read,
       (SELECT extract(epoch FROM max(e.timestamp) AT TIME ZONE 'UTC') FROM public.event_logs e
         WHERE e.run_id = i.run_id AND e.dagster_event_type = 'STEP_SUCCESS'
           AND e.step_key LIKE '%mapped%') AS mapped,
       (SELECT extract(epoch FROM max(a.closed_at))
          FROM st_qbo.attempts a WHERE a.run_id = i.run_id) AS posted,
       extract(epoch FROM i.acknowledged_at) AS verified
  FROM st_qbo.inbox i JOIN public.runs r ON r.run_id = i.run_id
 WHERE i.system = 'servicetitan' AND i.record_id = :job AND i.operation = 'completed'
"""


def measure(launchers: Sequence[str], events: int) -> dict[str, list[Mapping[str, float]]]:
    """Return by launcher the seconds of each event from one moment to the next, and in all.

    Launchers take turns on one installation, so that whatever else the machine does slows all of them.
    """
    found: dict[str, list[Mapping[str, float]]] = {launcher: [] for launcher in launchers}
    os.environ.update(ST_QBO_PORT_WEB=str(free_port()), ST_QBO_PORT_DAGSTER=str(free_port()))
    with staged(days=1, arguments=("--last-day", date.today().isoformat())) as stage:  # noqa: DTZ011 - the sandbox's
        settings = load_settings()
        children = Children(settings)
        try:
            start_web(children)
            _send_events(settings, read_company("demo").company, sandbox_info(settings))
            start_dagster(children)
            database = Database.open(settings)
            _one(settings, database)  # the first run of all reads the lists, and makes items and customers
            for _ in range(events):
                for launcher in launchers:
                    _use(launcher, settings)
                    found[launcher] += [told] if (told := _one(settings, database)) else []
            database.dispose()
        finally:
            children.stop()
        del stage
    return found


def _use(launcher: str, settings: Settings) -> None:
    """Have runs launched in one way: where the warm process is not found, they are launched as usual."""
    there = socket_of(settings.dagster_home)
    away = there.with_suffix(".away")
    if launcher == "default" and there.exists():
        there.rename(away)
    elif launcher == "warm" and away.exists():
        away.rename(there)
    if launcher == "warm" and not there.exists():
        raise SystemExit("the warm process is not there; it needs Linux")


def _one(settings: Settings, database: Database) -> Mapping[str, float] | None:
    """Return the spans of one event; None if a feed's run, on its way by chance, was there first."""
    base = settings.sandbox_servicetitan_url
    job = _new_job(base)
    assert job is not None
    time.sleep(_PAUSE_SECONDS)  # the events of making it are over
    began = time.time()
    _act(base, {"act": "complete_job", "id": job["id"]})
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end:
        with database.autocommit() as connection:
            row = connection.execute(text(_MOMENTS), {"job": str(job["id"])}).mappings().first()
        if row is not None and row["verified"] is not None:
            if row["posted"] is None:
                return None
            return _spans({name: float(row[name]) for name in SPANS}, began)
        time.sleep(0.2)
    raise SystemExit(f"job {job['id']} was not booked within {_PATIENCE_SECONDS} s")


def _spans(moments: Mapping[str, float], began: float) -> dict[str, float]:
    spans: dict[str, float] = {}
    before = began
    for name in SPANS:
        spans[name] = round(moments[name] - before, 2)
        before = moments[name]
    return spans | {"in_all": round(moments["verified"] - moments["received"], 2)}


def summary(found: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return how many events there were, and median and 95th percentile of every span."""
    told: dict[str, Any] = {"events": len(found)}
    for name in (*SPANS, "in_all") if found else ():
        values = sorted(each[name] for each in found)
        last = len(values) - 1
        told[name] = {"p50": values[last // 2], "p95": values[round(last * 0.95)]}
    return told


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20, help="for each launcher")
    parser.add_argument("--launcher", choices=("both", "default", "warm"), default="both")
    given = parser.parse_args()
    launchers = ("warm", "default") if given.launcher == "both" else (given.launcher,)
    os.environ["ST_QBO_LAUNCHER"] = launchers[0]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation keeps what it has compiled
    busy = load_average()
    told: dict[str, Any] = {name: summary(found) for name, found in measure(launchers, given.events).items()}
    told["machine"] = [busy, load_average()]
    if given.launcher == "both" and all(told[name]["events"] for name in launchers):
        ratio = told["warm"]["in_all"]["p50"] / told["default"]["in_all"]["p50"]
        told["warm_over_default_p50"] = round(ratio, 2)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
