"""`st-qbo sync`: materialize days through Dagster, then tell what the tie-out says.

What belongs here: what must be so before, the Dagster process and its progress, the exit status. What does
not: the figures (`days`) and anything that a run does.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from st_qbo_assets.cli.days import days_document, is_green, print_days
from st_qbo_assets.cli.output import ERR, print_json, say
from st_qbo_assets.cli.preconditions import (
    SYSTEM_NAMES,
    System,
    read_links,
    require_connected,
    require_sandbox,
)
from st_qbo_assets.cli.processes import Child, Children, ui_url
from st_qbo_assets.cli.run_log import RunLog
from st_qbo_assets.company_files import (
    CompanyFolder,
    read_companies,
    read_company,
    read_opening_quantities,
)
from st_qbo_assets.connections import Connections, open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import Settings, load_settings

_LOOK_SECONDS = 0.3
#: What a sync materializes of a day.
EVERYTHING = ("servicetitan/*", "mapped/*", "loaded/*", "books/tie_out")


@dataclass(frozen=True)
class RunEnd:
    """How a run ended.

    Attributes:
        reasons: why it failed, a sentence each; empty if it succeeded.
    """

    succeeded: bool
    run_id: str = ""
    reasons: list[str] = field(default_factory=list[str])


def run_sync(company: str, first: date, last: date, *, as_json: bool) -> int:
    """Sync a range of days; return 0 only if the run succeeded and every day is green."""
    settings = load_settings()
    folder = read_company(company)
    read_companies()  # one broken company file keeps Dagster from loading any
    check_range(folder.company, first, last)
    require_ready(folder, settings)
    return sync_days(settings, folder.company, first, last, as_json=as_json)


def sync_days(settings: Settings, company: CompanyFile, first: date, last: date, *, as_json: bool) -> int:
    """Materialize the days, print what the tie-out says, and return the exit status."""
    document = synced_days(settings, company, first, last, quiet=as_json)
    if as_json:
        print_json(document)
    else:
        print_synced(document)
    return 0 if is_synced(document) else 1


def synced_days(
    settings: Settings, company: CompanyFile, first: date, last: date, *, quiet: bool
) -> dict[str, Any]:
    """Materialize the days, and return how that ended and what the tie-out says, as one document."""
    end = materialize(settings, company, first, last, quiet=quiet)
    document = days_document(settings, company, first, last)
    document |= {"succeeded": end.succeeded, "reasons": end.reasons, "run_id": end.run_id or None}
    document["run_url"] = f"{ui_url(settings)}/runs/{end.run_id}" if end.run_id else None
    return document


def is_synced(document: dict[str, Any]) -> bool:
    """Say whether the run succeeded and every day agrees."""
    return bool(document["succeeded"]) and is_green(document)


def print_synced(document: dict[str, Any]) -> None:
    """Print what the tie-out says, and why not everything succeeded, if so."""
    print_days(document)
    for reason in document["reasons"]:
        say(f"Not everything succeeded: {reason}")
    if document["reasons"] and document["run_id"]:
        say(f"The run: {document['run_url']} (`st-qbo up` starts the UI)")


def check_range(company: CompanyFile, first: date, last: date) -> None:
    """Refuse days that cannot be synced.

    Raises:
        SettingsError: naming the day and the cure.
    """
    if last < first:
        raise SettingsError(f"--from {first} is after --to {last}.", remedy="Give the earlier day first.")
    if first < company.start_date:
        raise SettingsError(
            f"{first} is before {company.name}'s start date {company.start_date}; nothing older is booked.",
            remedy="Begin at the start date, or change `start_date` in the company file if the books say so.",
        )
    today = datetime.now(UTC).astimezone(company.zone).date()
    if last > today:
        raise SettingsError(
            f"{last} lies in the future: it is {today} in {company.time_zone}.", remedy="End today or before."
        )


def require_ready(folder: CompanyFolder, settings: Settings) -> None:
    """Return if a run can do its work; what stopped a connection is asked once more, since it may be mended.

    Raises:
        SyncError: the one thing that is wrong, with its cure.
    """
    read_links(folder)
    read_opening_quantities(folder.folder, folder.company)
    connections = open_connections(folder.company, settings)
    try:
        for system in SYSTEM_NAMES:
            require_connected(connections, system)
            require_sandbox(folder.company, settings, system)
            if _why_stopped(connections, system):
                _ask_again(connections, system)
    finally:
        connections.close()


def _ask_again(connections: Connections, system: System) -> None:
    if system == "servicetitan":
        next(iter(connections.servicetitan.business_units()), None)
    else:
        connections.quickbooks.company_info()


def _why_stopped(connections: Connections, system: System) -> str:
    """Return why a person must act before a system may be called; empty if it may."""
    state = connections.connection_states.of(connections.name, system)
    return f"{state.message} {state.remedy}" if state is not None and state.is_stopped else ""


def materialize(
    settings: Settings,
    company: CompanyFile,
    first: date,
    last: date,
    *,
    assets: Sequence[str] = EVERYTHING,
    quiet: bool = False,
) -> RunEnd:
    """Run the company's days in a `dagster` process of their own.

    Interrupted, it lets the run end by itself first: what was begun is settled by the next run anyway.
    """
    say(f"{'Syncing' if assets is EVERYTHING else 'Replaying'} {company.name} from {first} to {last}")
    days = (last - first) // timedelta(days=1) + 1
    command = materialize_command(company.name, first, last, assets)
    return run_dagster(settings, company, command, days=days, quiet=quiet)


def run_dagster(
    settings: Settings, company: CompanyFile, command: list[str], *, days: int, quiet: bool
) -> RunEnd:
    """Run one run of a company in a `dagster` process, and say how it ended."""
    log_name = f"sync-{company.name}"
    log = RunLog(settings.home / "logs" / f"{log_name}.log")
    say(f"The log is {log.path}")
    children = Children(settings)
    try:
        child = children.start(log_name, command)
        _follow(child, log, days=days, quiet=quiet)
    finally:
        children.stop()
    log.advance()
    if child.process.returncode == 0:
        return RunEnd(True, log.run_id)
    return RunEnd(False, log.run_id, _stops(company, settings) or log.reasons())


def materialize_command(name: str, first: date, last: date, assets: Sequence[str]) -> list[str]:
    """Return the command that materializes some of a company's assets for a range of days."""
    return [*_materialize(name, assets), "--partition-range", f"{first.isoformat()}...{last.isoformat()}"]


def day_command(name: str, day: date, assets: Sequence[str]) -> list[str]:
    """Return the command that materializes some of a company's assets for a day; some may belong to none."""
    return [*_materialize(name, assets), "--partition", day.isoformat()]


def _materialize(name: str, assets: Sequence[str]) -> list[str]:
    stages = " or ".join(f'key:"{name}/{each}"' for each in assets)
    return [
        *(sys.executable, "-m", "dagster", "asset", "materialize"),
        *("-m", "st_qbo_assets.definitions"),
        *("--select", f'({stages}) and not key:"{name}/servicetitan/reference"'),
    ]


def _follow(child: Child, log: RunLog, *, days: int, quiet: bool) -> None:
    """Wait for a run to end, showing at a terminal what it does and how many days that is through with."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} days", markup=False),
        TimeElapsedColumn(),
    )
    hidden = quiet or not ERR.is_terminal
    with Progress(*columns, console=ERR, disable=hidden, transient=True) as progress:
        task = progress.add_task(log.phase, total=days)
        while child.process.poll() is None:
            log.advance()
            progress.update(task, description=log.phase, completed=min(log.days_done, days))
            time.sleep(_LOOK_SECONDS)


def _stops(company: CompanyFile, settings: Settings) -> list[str]:
    """Return what stopped the run: every record failed for that one reason then."""
    connections = open_connections(company, settings)
    try:
        reasons = [_why_stopped(connections, system) for system in SYSTEM_NAMES]
    finally:
        connections.close()
    return [reason for reason in reasons if reason]
