"""What the product runs against: an own home, an embedded Postgres, and the sandbox as its own process.

What belongs here: setting the scene, running the product's assets in it, and reading the sandbox's log.
What does not: what is measured (the scripts).
"""

import os
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import requests
from pydantic import SecretStr

from benchmarks.pace import COMPANY, company_at, definitions
from st_qbo_assets.cli.processes import Children, environment, prepare_dagster_home, start_sandbox
from st_qbo_assets.connecting.quickbooks import connect_quickbooks, store_quickbooks_app
from st_qbo_assets.connecting.servicetitan import connect_servicetitan
from st_qbo_assets.connections import open_connections
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.embedded import stop

# Dagster says of partitioned checks and single-run backfills that they are young.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
warnings.filterwarnings("ignore", category=dg.BetaWarning)

LAST_DAY = date(2026, 3, 31)
INVOICES_A_DAY = 40
_LIFTED_SWITCHES = {"requests_per_second": None, "requests_per_minute": None, "batches_per_minute": None}
_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_SYNCED = ("servicetitan", "mapped", "loaded")
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
_TIMEOUT = 600


@dataclass
class Stage:
    """One sandbox with its data, one empty ledger, and the company connected."""

    settings: Settings
    days: list[date]

    # The sandbox

    def control(self, name: str, body: Mapping[str, Any] | None = None, **params: Any) -> Any:
        """Return what a control of the sandbox answers."""
        url = f"{self.settings.sandbox_quickbooks_url}/_sandbox/{name}"
        if body is None:
            answer = requests.get(url, params=params, timeout=_TIMEOUT)
        else:
            answer = requests.post(url, json=body, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json(parse_float=Decimal)

    def lift_throttles(self) -> None:
        """Let the sandbox answer as fast as it can."""
        self.control("switches", {"quickbooks": _LIFTED_SWITCHES})

    def latency(self, milliseconds: int) -> None:
        """Let every vendor request wait so long first."""
        self.control("latency", {"latency_ms": milliseconds})

    def requests(self, *, since: int = 0) -> list[dict[str, Any]]:
        """Return the QuickBooks requests after one of this number, oldest first, sign-in left out."""
        found = self.control("requests", since=since)
        return [entry for entry in found if entry["path"].startswith("/v3/company/")]

    def log_end(self) -> int:
        """Return the number of the newest request of both halves, and forget them all."""
        found = self.control("requests", half="all")
        requests.delete(f"{self.settings.sandbox_quickbooks_url}/_sandbox/requests", timeout=_TIMEOUT)
        return max((entry["number"] for entry in found), default=0)

    # The product

    def connect(self) -> None:
        """Connect the company as an administrator does."""
        info = self.control("info")
        connections = open_connections(company_at({}), self.settings)
        try:
            given = _secrets(info, "servicetitan", "client_id", "client_secret", "app_key")
            connect_servicetitan(connections, given)
            store_quickbooks_app(connections, _secrets(info, "quickbooks", "client_id", "client_secret"))
            consent = self.control("edit", {"act": "consent"})
            connect_quickbooks(connections, consent["code"], redirect_uri=consent["redirect_uri"])
        finally:
            connections.close()

    def run(
        self, pace: dict[str, int], days: Sequence[date], only: Sequence[str] | None = None
    ) -> tuple[float, float, bool]:
        """Materialize days in this process; return monotonic start, end, and whether all went well.

        Args:
            pace: limits of the company's QuickBooks side.
            days: a range without gaps.
            only: assets as `loaded/invoices`; by default what `st-qbo sync` materializes.
        """
        job = definitions(company_at(pace)).resolve_implicit_global_asset_job_def()
        every = {key.to_user_string(): key for key in job.asset_layer.selected_asset_keys}
        wanted = (
            [f"{COMPANY}/{name}" for name in only] if only else [name for name in every if _is_synced(name)]
        )
        with dg.DagsterInstance.get() as instance:
            began = time.monotonic()
            found = job.execute_in_process(
                run_config=_QUIET,
                instance=instance,
                asset_selection=[every[name] for name in wanted],
                tags={_RANGE[0]: min(days).isoformat(), _RANGE[1]: max(days).isoformat()},
                raise_on_error=False,
            )
            return began, time.monotonic(), found.success


def _is_synced(name: str) -> bool:
    stage, asset = name.split("/")[1:3]
    return (stage, asset) == ("books", "tie_out") or (stage in _SYNCED and asset != "reference")


@contextmanager
def staged(
    *, days: int, invoices_a_day: int = INVOICES_A_DAY, arguments: Sequence[str] = ()
) -> Iterator[Stage]:
    """Yield a stage with fresh data; everything of it is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="st-qbo-benchmark-"))
    home.chmod(0o755)  # the embedded server may run as another account
    os.environ.update(
        ST_QBO_HOME=str(home),
        ST_QBO_PORT_SERVICETITAN=str(free_port()),
        ST_QBO_PORT_QUICKBOOKS=str(free_port()),
    )
    settings = load_settings()
    os.environ.update(environment(settings))
    prepare_dagster_home(settings)
    children = Children(settings)
    try:
        wanted = {"--days": days, "--invoices-per-day": invoices_a_day, "--last-day": LAST_DAY}
        start_sandbox(children, ["--fresh", *(str(w) for pair in wanted.items() for w in pair), *arguments])
        Database.open(settings).dispose()
        stage = Stage(settings, [LAST_DAY - timedelta(days=back) for back in reversed(range(days))])
        stage.connect()
        stage.run({}, stage.days[:1], only=["servicetitan/reference", "quickbooks/reference"])
        yield stage
    finally:
        children.stop()
        stop(settings)
        shutil.rmtree(home, ignore_errors=True)


def is_write(entry: Mapping[str, Any]) -> bool:
    """Say whether a request of the log is a write: queries may be posted too."""
    return entry["method"] == "POST" and not entry["path"].endswith(("/query", "/batch"))


def load_average() -> str:
    """Return how busy the machine is, for the results."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _secrets(info: dict[str, Any], system: str, *names: str) -> dict[str, SecretStr]:
    return {f"{system}_{name}": SecretStr(info[system][name]) for name in names}
