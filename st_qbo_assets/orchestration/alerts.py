"""The sensor `alerts`: people are told once of what needs them, and once a day how everything stands.

What belongs here: which runs failed, told as concerns, and one look. What does not: the other conditions, the
words and the addresses (`alerting`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from st_qbo_assets.following.launch import ASKED_TAG
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.failed_runs import (
    failed_run,
    failed_since,
    failure_remedy,
    failure_text,
    is_mended,
    is_replayed,
    passes,
    was_reported,
)
from st_qbo_assets.orchestration.replaying import FailedRun
from st_qbo_assets.settings import load_settings

if TYPE_CHECKING:
    from st_qbo_assets.store.alerts import Concern

_SECONDS = 60
_FIRST_LOOK = timedelta(hours=12)
#: Runs remembered until what they were to do is done.
_MOST_RUNS = 30


def alerts_sensor(defs: CompanyDefs) -> dg.SensorDefinition:
    """Return the sensor of a company that tells people; it starts no run."""

    @dg.sensor(
        name=f"{defs.name}_alerts",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of failed runs, stopped connections, records held for long, differences, stale "
        "data and permissions that end, each once, and sums the day up. Where to: `st-qbo alerts add`.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from st_qbo_assets.alerting.watch import Watch  # heavy: database
        from st_qbo_assets.store.database import Database

        settings, now = load_settings(), defs.now_utc()
        first = (now - _FIRST_LOOK).timestamp()
        runs = Runs(context.instance, defs).read(Known.load(context.cursor, first))
        database = Database.open(settings)
        try:
            done = Watch(defs.company, database, settings).look(
                now, failed_runs=runs.concerns(settings.ui_url)
            )
        finally:
            database.dispose()
        return dg.SensorResult(skip_reason=" ".join(done) or "Nothing new.", cursor=runs.dump())

    return alerts


@dataclass(frozen=True)
class Failed:
    """A failed run, and what is told of it.

    Attributes:
        passes: whether it is run again by itself.
    """

    run: FailedRun
    text: str
    remedy: str
    passes: bool


@dataclass(frozen=True)
class Known:
    """What is remembered from one look to the next: failed runs by what they were to do."""

    seen_until: float
    failed: Mapping[str, Failed]

    def concerns(self, ui_url: str) -> "list[Concern]":
        """Return the runs that need to be told of."""
        from st_qbo_assets.store.alerts import Concern

        return [
            Concern("run", key, _sentence(each), _remedy(each), f"{ui_url}/runs/{each.run.run_id}")
            for key, each in sorted(self.failed.items())
        ]

    def dump(self) -> str:
        """Return it as a sensor's cursor."""
        failed = {
            key: {**each.run.__dict__, "text": each.text, "remedy": each.remedy, "passes": each.passes}
            for key, each in self.failed.items()
        }
        return json.dumps({"seen_until": self.seen_until, "failed": failed}, default=str)

    @classmethod
    def load(cls, text: str | None, first: float) -> "Known":
        """Return what a cursor says; without one nothing is known, and looking begins at `first`."""
        if not text:
            return cls(first, {})
        known: dict[str, Any] = json.loads(text)
        return cls(known["seen_until"], {key: _failed_of(each) for key, each in known["failed"].items()})


@dataclass(frozen=True)
class Runs:
    """Failed runs of a company, read from Dagster."""

    instance: dg.DagsterInstance
    defs: CompanyDefs

    def read(self, known: Known) -> Known:
        """Return what is known now: with what failed since, without what was mended."""
        seen, failed = known.seen_until, dict(known.failed)
        for at, run in failed_since(self.instance, self.defs.name, seen):
            seen = at
            found = failed_run(self.instance, run, at)
            if found is None or was_reported(self.instance, run):
                continue  # the ledger knows its records, and tells of them
            failed[",".join(found.assets)[:500]] = self._told(run, found)
        open_ = {
            key: each
            for key, each in failed.items()
            if not is_mended(self.instance, each.run, self.defs.days)
        }
        return replace(known, seen_until=seen, failed=dict(list(open_.items())[-_MOST_RUNS:]))

    def _told(self, run: dg.DagsterRun, found: FailedRun) -> Failed:
        again = ASKED_TAG in run.tags or all(is_replayed(self.defs.name, name) for name in found.assets)
        return Failed(
            found,
            failure_text(self.instance, run),
            failure_remedy(self.instance, run),
            passes=again and passes(self.instance, run),
        )


def _failed_of(known: dict[str, Any]) -> Failed:
    first, last = known["first"], known["last"]
    run = FailedRun(
        run_id=known["run_id"],
        at=known["at"],
        assets=tuple(known["assets"]),
        first=date.fromisoformat(first) if first else None,
        last=date.fromisoformat(last) if last else None,
        months=tuple(known.get("months", ())),
    )
    return Failed(run, known["text"], known.get("remedy", ""), known["passes"])


def _sentence(failed: Failed) -> str:
    run = failed.run
    parts = [str(run.first), str(run.last)] if run.first is not None else [*run.months]
    of = f" of {parts[0]}" + (f" to {parts[-1]}" if parts[-1] != parts[0] else "") if parts else ""
    what = run.assets[0].split("/", 1)[-1] if len(run.assets) == 1 else "A run"
    return f"{what}{of} could not go on: {failed.text}"


def _remedy(failed: Failed) -> str:
    if failed.passes:
        return "Nothing to do: it is run again by itself when both systems answer."
    return f"{failed.remedy or 'Open the run, do what it says.'} Then materialize the same again."
