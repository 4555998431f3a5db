"""One process of the product: obeys lines of JSON on a socket until there are no more, or it dies.

What belongs here: the commands, each a thin call of what the product itself offers. What does not: what is
asserted (the tests), where it dies (`moments`), what is wrong with it (`mutants`).

    hello         env, company?             the environment, and changes to the demo's company file
    connect                                 as an administrator at the consent page
    arm           moment, nth               dies by SIGKILL at the nth pass of that moment
    mutate        names                     from here on the product is wrong
    materialize   days, only?               assets of those days on this session's Dagster instance
    prove         name, config?             a proof over the whole books (`duplicates`, `drift`)
    refresh                                 the lists of both systems, as the reference schedule does
    look          hours, cursor             the sensor `replay_failed` so much later, and the run it asks for
    load_records  records                   just these records, as `st-qbo replay --id` does
    statuses      asset, days               where each partition of an asset stands
    tie_out       day                       the newest comparison, as the store has it
    connection    system                    why a system may not be called; null if it may
    age           seconds                   everything in the ledger was sent that much earlier
"""

import json
import os
import socket
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import dagster as dg
import requests
from pydantic import SecretStr
from sqlalchemy import text

from st_qbo_assets.connecting.quickbooks import connect_quickbooks, store_quickbooks_app
from st_qbo_assets.connecting.servicetitan import connect_servicetitan
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.orchestration.company import build_company
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.io_manager import FrameStorage
from st_qbo_assets.orchestration.resources import Connector
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.budget import Budget
from st_qbo_assets.store.tie_outs import TieOuts
from st_qbo_assets.transport.retry import RetryPolicy
from tests.attack.moments import Moments
from tests.attack.mutants import MUTANTS
from tests.companies import seller
from tests.pace import TIMES, hurry

COMPANY = Company("demo")
#: The product's waits are this much shorter here; none is left out.
_TIE_OUT = f"{COMPANY}/books/tie_out"
_STAGES = ("servicetitan", "mapped", "loaded")
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
_MOMENTS = Moments()


class MortalConnector(Connector):
    """The product's connector, whose seam may kill."""

    @contextmanager
    def open(self, defs: CompanyDefs, run_id: str) -> Iterator[Connections]:
        """Yield the connections of a company with the seam in place."""
        with super().open(defs, run_id) as connections:
            connections.seam = _MOMENTS.seam
            yield connections


def obey(connection: socket.socket, instance: dg.DagsterInstance) -> None:
    """Answer commands until there are no more."""
    session = Session(connection, instance)
    for line in connection.makefile("r", encoding="utf-8"):
        given: dict[str, Any] = json.loads(line)
        command = getattr(session, f"do_{given.pop('do')}")
        try:
            answer = {"said": command(**given)}
        except Exception:  # the border of a process: the test shows it
            answer = {"error": traceback.format_exc()}
        session.say(answer)


class Session:
    """The commands."""

    def __init__(self, connection: socket.socket, instance: dg.DagsterInstance) -> None:
        self._socket = connection
        self._instance = instance
        self._company = seller(COMPANY)
        self._links_file = Path()
        self._made: dg.Definitions | None = None

    def say(self, words: dict[str, Any]) -> None:
        """Write one line to the test."""
        self._socket.sendall(json.dumps(words, default=str).encode() + b"\n")

    def do_hello(self, env: dict[str, str], company: dict[str, Any] | None = None) -> None:
        os.environ.update(env)
        log = Path(env["ST_QBO_HOME"]) / "session.log"
        for stream in (1, 2):
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        self._company = _changed(self._company, company or {})
        self._links_file = Path(env["ST_QBO_HOME"]) / "links.csv"
        _hurry()
        _MOMENTS.watch()

    def do_connect(self) -> None:
        info = requests.get(f"{self._quickbooks}/_sandbox/info", timeout=30).json()
        with self._connected() as connections:
            connect_servicetitan(
                connections, _secrets(info, "servicetitan", "client_id", "client_secret", "app_key")
            )
            store_quickbooks_app(connections, _secrets(info, "quickbooks", "client_id", "client_secret"))
            consent = requests.post(
                f"{self._quickbooks}/_sandbox/edit", json={"act": "consent"}, timeout=30
            ).json()
            connect_quickbooks(connections, consent["code"], redirect_uri=consent["redirect_uri"])

    def do_arm(self, moment: str, nth: int) -> None:
        _MOMENTS.arm(moment, nth, lambda where: self.say({"died": where}))

    def do_mutate(self, names: Sequence[str]) -> None:
        for name in names:
            MUTANTS[name]()

    def do_materialize(self, days: Sequence[str], only: Sequence[str] | None = None) -> dict[str, Any]:
        defs = self._definitions()
        job = defs.resolve_implicit_global_asset_job_def()
        every = {key.to_user_string(): key for key in job.asset_layer.selected_asset_keys}
        wanted = [f"{COMPANY}/{name}" for name in only] if only else _as_synced(every)
        found = job.execute_in_process(
            run_config=_QUIET,
            instance=self._instance,
            asset_selection=[every[name] for name in wanted],
            tags={_RANGE[0]: min(days), _RANGE[1]: max(days)},
            raise_on_error=False,
        )
        told = _told(found)
        if _TIE_OUT in wanted:
            # A schedule does so every day, in a run of its own, since it concerns no day.
            told["checks"] += self.do_prove("duplicates")["checks"]
        return told

    def do_prove(self, name: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
        job = self._definitions().resolve_implicit_global_asset_job_def()
        key = dg.AssetKey([COMPANY, "books", name])
        given = {"ops": {key.to_python_identifier(): {"config": config}}} if config else {}
        found = job.execute_in_process(
            run_config=_QUIET | given,
            instance=self._instance,
            asset_selection=[key],
            raise_on_error=False,
        )
        return _told(found)

    def do_refresh(self) -> None:
        job = self._definitions().resolve_implicit_global_asset_job_def()
        lists = [dg.AssetKey([COMPANY, system, "reference"]) for system in ("servicetitan", "quickbooks")]
        job.execute_in_process(run_config=_QUIET, instance=self._instance, asset_selection=lists)

    def do_look(self, hours: float, cursor: str | None) -> dict[str, Any]:
        defs = self._definitions(lambda: datetime.now(UTC) + timedelta(hours=hours))
        context = dg.build_sensor_context(
            instance=self._instance, cursor=cursor, definitions=defs, sensor_name=f"{COMPANY}_replay_failed"
        )
        tick = defs.get_repository_def().get_sensor_def(f"{COMPANY}_replay_failed").evaluate_tick(context)
        asked = [
            {
                "days": [request.tags.get(name) for name in _RANGE],
                "assets": sorted(key.to_user_string() for key in request.asset_selection or ()),
                "success": defs.resolve_job_def(f"{COMPANY}_replay")
                .execute_in_process(
                    run_config=_QUIET,
                    instance=self._instance,
                    asset_selection=list(request.asset_selection or ()),
                    tags=dict(request.tags),
                    raise_on_error=False,
                )
                .success,
            }
            for request in tick.run_requests or ()
        ]
        return {"said": tick.skip_message, "cursor": tick.cursor, "runs": asked}

    def do_load_records(self, records: Sequence[str]) -> dict[str, Any]:
        job = self._definitions().resolve_job_def(f"{COMPANY}_replay_record")
        config = {"ops": {f"{COMPANY}_load_records": {"config": {"records": list(records)}}}}
        found = job.execute_in_process(
            run_config=_QUIET | config, instance=self._instance, raise_on_error=False
        )
        return _told(found)

    def do_statuses(self, asset: str, days: Sequence[str]) -> dict[str, str | None]:
        defs = self._definitions()
        key = dg.AssetKey([COMPANY, *asset.split("/")])
        partitions = defs.resolve_asset_graph().get(key).partitions_def
        assert partitions is not None
        found = self._instance.get_status_by_partition(key, days, partitions) or {}
        return {day: status.value if (status := found.get(day)) else None for day in days}

    def do_tie_out(self, day: str) -> dict[str, Any] | None:
        with self._connected() as connections:
            newest = TieOuts(connections.database).newest(COMPANY, date.fromisoformat(day))
        record = newest.get(date.fromisoformat(day))
        if record is None:
            return None
        return {
            "is_green": record.is_green,
            "difference_cents": record.difference_cents,
            "unexplained_cents": record.unexplained_cents,
            "records": record.causes,
            "rows": record.rows,
        }

    def do_connection(self, system: Literal["servicetitan", "quickbooks"]) -> str | None:
        with self._connected() as connections:
            state = connections.connection_states.of(COMPANY, system)
        return state.code if state is not None and state.is_stopped else None

    def do_age(self, seconds: int) -> None:
        with self._connected() as connections, connections.database.begin() as connection:
            # The ledger's guards refuse to rewrite what was sent; time passing is no rewriting.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            earlier = {"span": f"{seconds} seconds"}
            for statement in (
                "UPDATE st_qbo.attempts SET sent_at = sent_at - CAST(:span AS interval)",
                "UPDATE st_qbo.intents SET opened_at = opened_at - CAST(:span AS interval)",
            ):
                connection.execute(text(statement), earlier)

    @property
    def _quickbooks(self) -> str:
        return load_settings().sandbox_quickbooks_url

    @contextmanager
    def _connected(self) -> Iterator[Connections]:
        connections = open_connections(self._company, load_settings())
        try:
            yield connections
        finally:
            connections.close()

    def _definitions(self, now_utc: Callable[[], datetime] | None = None) -> dg.Definitions:
        """Return what a code location has loaded: the same objects, as long as the clock is its own."""
        if now_utc is not None:
            return self._make(now_utc)
        self._made = self._made or self._make()
        return self._made

    def _make(self, now_utc: Callable[[], datetime] | None = None) -> dg.Definitions:
        clock = {"now_utc": now_utc} if now_utc else {}
        storage = load_settings().storage
        resources = {"io_manager": FrameStorage(root=storage), "connector": MortalConnector(storage=storage)}
        return dg.Definitions.merge(
            build_company(CompanyDefs(self._company, self._links_file, **clock)),
            dg.Definitions(resources=resources, executor=dg.in_process_executor),
        )


def _told(found: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Return what became of a run."""
    checks = [
        {
            "check": each.check_name,
            "day": each.partition,
            "passed": each.passed,
            "said": each.description,
            "metadata": {name: value.value for name, value in each.metadata.items()},
        }
        for each in found.get_asset_check_evaluations()
    ]
    failures = [
        event.step_failure_data.error.to_string()
        for event in found.all_events
        if event.is_step_failure and event.step_failure_data.error is not None
    ]
    return {
        "success": found.success,
        "checks": checks,
        "failures": failures,
        "passed": dict(_MOMENTS.passed),
    }


def _as_synced(names: Sequence[str] | dict[str, Any]) -> list[str]:
    """Return what `st-qbo sync` materializes: the assets of documents and what they need."""
    return [
        name
        for name in names
        if name == _TIE_OUT or (name.split("/")[1] in _STAGES and not name.endswith("/reference"))
    ]


def _secrets(info: dict[str, Any], system: str, *names: str) -> dict[str, SecretStr]:
    return {f"{system}_{name}": SecretStr(info[system][name]) for name in names}


def _changed(company: CompanyFile, changes: dict[str, Any]) -> CompanyFile:
    given = company.model_dump(mode="json")
    for name, value in changes.items():
        given[name] = {**given[name], **value} if isinstance(value, dict) else value
    return CompanyFile.model_validate(given)


def _hurry() -> None:
    """Let the product wait a thousandth of what it means to."""
    hurry()
    delay, penalise = RetryPolicy.delay_seconds, Budget.penalise
    RetryPolicy.delay_seconds = lambda self, attempt, error: delay(self, attempt, error) / TIMES
    Budget.penalise = lambda self, seconds: penalise(self, seconds / TIMES)
