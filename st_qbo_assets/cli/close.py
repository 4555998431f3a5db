"""`st-qbo close`: a month's lists, and whether its books may be closed.

What belongs here: what must be so before, the Dagster process, and the answer. What does not: the lists
(`books.month_close`) and closing the books, which is done in QuickBooks.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from st_qbo_assets.books.month_close.months import Month
from st_qbo_assets.books.month_close.pages import DOCUMENT, close_folder, version_folder
from st_qbo_assets.cli.output import money, print_json, print_table, say, working
from st_qbo_assets.cli.preconditions import SYSTEM_NAMES, require_connected, require_sandbox
from st_qbo_assets.cli.processes import Children, ui_url
from st_qbo_assets.cli.run_log import RunLog
from st_qbo_assets.company_files import CompanyFolder, read_companies, read_company
from st_qbo_assets.connections import open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError, SyncError
from st_qbo_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from upath import UPath

#: Causes shown of one day; the page has all of them.
_MOST_CAUSES = 4


@dataclass(frozen=True)
class CloseOptions:
    """What the command line asked for."""

    company: str
    month: str
    out: Path | None = None
    as_json: bool = False


class CloseFailed(SyncError):
    """The run that puts a month's close together failed."""


def run_close(wanted: CloseOptions) -> int:
    """Put a month's close together and tell it; return 0 only if the month may be closed."""
    settings = load_settings()
    folder = read_company(wanted.company)
    read_companies()  # one broken company file keeps Dagster from loading any
    month = _month(wanted.month, folder.company)
    if wanted.out is not None and wanted.out.exists() and not wanted.out.is_dir():
        raise SettingsError(f"{wanted.out} is no folder.", remedy="Name a folder with --out.")
    _require_readable(folder, settings)
    run_id = _materialize(settings, folder.company, month, quiet=wanted.as_json)
    kept = _month_folder(settings, folder.company, month)
    document: dict[str, Any] = json.loads((kept / DOCUMENT).read_text(encoding="utf-8"))
    del document["documents"]  # what the next version is compared with: nobody reads it here
    version = kept / version_folder(document["version"])
    document |= {"folder": str(version), "run_url": f"{ui_url(settings)}/runs/{run_id}" if run_id else None}
    if wanted.out is not None:
        _copy(version, wanted.out)
        document["copied_to"] = str(wanted.out)
    if wanted.as_json:
        print_json(document)
    else:
        _print(document)
    return 0 if document["passes"] else 1


def _month(text: str, company: CompanyFile) -> Month:
    """Return the month asked for.

    Raises:
        SettingsError: if it is none, or lies where there is nothing to close.
    """
    try:
        month = Month.parse(text)
    except ValueError:
        raise SettingsError(f"{text!r} is no month.", remedy="Write it like 2026-11.") from None
    if month.last < company.start_date:
        raise SettingsError(
            f"{month} is before {company.name}'s start date {company.start_date}; nothing of it was booked.",
            remedy="Close the month of the start date, or a later one.",
        )
    today = datetime.now(UTC).astimezone(company.zone).date()
    if month.first > today:
        raise SettingsError(
            f"{month} lies in the future: it is {today} in {company.time_zone}.",
            remedy="Close a month that has begun; it passes when it is over.",
        )
    return month


def _require_readable(folder: CompanyFolder, settings: Settings) -> None:
    connections = open_connections(folder.company, settings)
    try:
        for system in SYSTEM_NAMES:
            require_connected(connections, system)
            require_sandbox(folder.company, settings, system)
    finally:
        connections.close()


def _materialize(settings: Settings, company: CompanyFile, month: Month, *, quiet: bool) -> str:
    """Run the month's close in a `dagster` process of its own; return the run.

    Raises:
        CloseFailed: with why it failed.
    """
    log_name = f"close-{company.name}"
    log = RunLog(settings.home / "logs" / f"{log_name}.log")
    say(f"Closing {month} of {company.name}; the log is {log.path}")
    command = [
        *(sys.executable, "-m", "dagster", "asset", "materialize", "-m", "st_qbo_assets.definitions"),
        *("--select", f'key:"{company.name}/books/month_close"', "--partition", str(month)),
    ]
    children = Children(settings)
    try:
        child = children.start(log_name, command)
        with working("Reading both systems", quiet=quiet):
            child.process.wait()
    finally:
        children.stop()
    log.advance()
    if child.process.returncode != 0:
        raise CloseFailed(f"{month} could not be closed: {' '.join(log.reasons())}")
    return log.run_id


def _month_folder(settings: Settings, company: CompanyFile, month: Month) -> "UPath":
    from upath import UPath

    return UPath(settings.storage).joinpath(*close_folder(company.name), str(month))


def _copy(version: "UPath", out: Path) -> None:
    """Put the files of a version into a folder of the user's."""
    out.mkdir(parents=True, exist_ok=True)
    for path in version.iterdir():
        if not path.name.startswith("."):
            with path.open("rb") as source, (out / path.name).open("wb") as target:
                shutil.copyfileobj(source, target)


def _print(document: dict[str, Any]) -> None:
    lists = [(each["title"], each["rows"], _figures(each)) for each in document["lists"].values()]
    print_table(
        f"{document['company']}: {document['month']}, version {document['version']}",
        ("list", "rows#", "figures"),
        lists,
    )
    waiting = [day for day in document["days"] if not day["is_green"]]
    if waiting:
        print_table(
            "Days that are not green",
            ("day", "state", "causes"),
            ((d["day"], d["state"], _causes(d)) for d in waiting),
        )
    verdict = "passes" if document["passes"] else "does not pass"
    say(f"{document['month']} {verdict}. Everything is in {document.get('copied_to') or document['folder']}")


def _figures(each: dict[str, Any]) -> str:
    """Return the totals of a list as people read them."""
    told: list[str] = []
    for name, value in each.items():
        if name.endswith("_cents"):
            told.append(f"{name.removesuffix('_cents').replace('_', ' ')} {money(value)}")
    return ", ".join(told)


def _causes(state: dict[str, Any]) -> str:
    causes = list(state["causes"].items())
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in causes[:_MOST_CAUSES])
    return told + (" …" if len(causes) > _MOST_CAUSES else "")
