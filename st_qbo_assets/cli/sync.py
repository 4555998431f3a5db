"""`st-qbo sync`: materialize days through Dagster, then print what the tie-out says."""

import json
import subprocess
import sys
from datetime import date
from typing import Any

from st_qbo_assets.cli.companies import read_company
from st_qbo_assets.cli.output import money, print_json, print_table, say
from st_qbo_assets.cli.processes import PROJECT, environment
from st_qbo_assets.cli.up import ui_url
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import days_between
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.tie_outs import TieOutRecord, TieOuts

#: Entities of the tie-out shown in the table; the JSON has all of them.
_SHOWN = ("invoices", "payments", "tax", "balances")


def run_sync(company: str, first: date, last: date, *, as_json: bool) -> int:
    """Sync a range of days; return 0 only if the run succeeded and every day is green."""
    settings = load_settings()
    found = read_company(company).company
    check_range(found, first, last)
    Database.open(settings).dispose()
    succeeded = materialize(settings, found, first, last)
    document = days_document(settings, found, first, last)
    if as_json:
        print_json(document | {"succeeded": succeeded})
    else:
        print_days(document)
    return 0 if succeeded and is_green(document) else 1


def check_range(company: CompanyFile, first: date, last: date) -> None:
    """Refuse days that cannot be synced.

    Raises:
        SettingsError: naming the day and the cure.
    """
    if last < first:
        raise SettingsError(f"--from {first} is after --to {last}.", remedy="Give the earlier day first.")
    if first < company.start_date:
        raise SettingsError(
            f"{first} is before {company.name}'s start date {company.start_date}; nothing is booked before it.",
            remedy="Begin at the start date, or change `start_date` in the company file if the books say so.",
        )


def materialize(settings: Settings, company: CompanyFile, first: date, last: date) -> bool:
    """Run the company's days in a `dagster` process; return whether the run succeeded."""
    name = company.name
    stages = " or ".join(f'key:"{name}/{stage}/*"' for stage in ("servicetitan", "mapped", "loaded", "books"))
    command = [
        *(sys.executable, "-m", "dagster", "asset", "materialize"),
        *("-m", "st_qbo_assets.definitions"),
        *("--select", f'({stages}) and not key:"{name}/servicetitan/reference"'),
        *("--partition-range", f"{first.isoformat()}...{last.isoformat()}"),
    ]
    log = settings.home / "logs" / f"sync-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    say(f"Syncing {name} from {first} to {last}; the log is {log}")
    with log.open("ab") as output:
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=environment(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0


def days_document(settings: Settings, company: CompanyFile, first: date, last: date) -> dict[str, Any]:
    """Return what the newest tie-out of each day says, as one JSON-ready document."""
    database = Database.open(settings)
    try:
        newest = TieOuts(database).newest(Company(company.name), first, last)
    finally:
        database.dispose()
    days = [_day(day, newest.get(day)) for day in days_between(first, last)]
    return {"company": company.name, "mode": company.mode, "ui_url": ui_url(settings), "days": days}


def is_green(document: dict[str, Any]) -> bool:
    """Say whether every day was compared and agrees."""
    return bool(document["days"]) and all(day["is_green"] for day in document["days"])


def print_days(document: dict[str, Any]) -> None:
    """Print a line for each day and entity."""
    columns = ("day", "entity", "ServiceTitan#", "QuickBooks#", "ServiceTitan $#", "QuickBooks $#")
    rows: list[tuple[object, ...]] = []
    for day in document["days"]:
        if not day["entities"]:
            rows.append((day["day"], "not compared", *[""] * 9))
        for entity in _SHOWN:
            figures = day["entities"].get(entity)
            if figures is None:
                continue
            rows.append(
                (
                    day["day"] if entity == _SHOWN[0] else "",
                    entity,
                    figures["servicetitan_count"],
                    figures["quickbooks_count"],
                    money(figures["servicetitan_cents"]),
                    money(figures["quickbooks_cents"]),
                    money(figures["difference_cents"]),
                    money(figures["unexplained_cents"]),
                    figures["held"],
                    figures["rejected"],
                    ("green" if day["is_green"] else "open") if entity == _SHOWN[0] else "",
                )
            )
    print_table(
        f"{document['company']}: ServiceTitan and QuickBooks compared",
        (*columns, "difference#", "unexplained#", "held#", "rejected#", "verdict"),
        rows,
    )
    causes: dict[str, int] = {}
    for day in document["days"]:
        for record in day["records"]:
            label = f"{record['kind']}: {record['cause']}"
            causes[label] = causes.get(label, 0) + 1
    if causes:
        print_table("What differs or waits", ("cause", "records#"), sorted(causes.items()))


def _day(day: date, record: TieOutRecord | None) -> dict[str, Any]:
    if record is None:
        return {"day": day.isoformat(), "is_green": False, "entities": {}, "records": []}
    rows: list[dict[str, Any]] = json.loads(json.dumps(record.rows, default=str))
    entities = {row.pop("entity"): row for row in rows}
    return {
        "day": day.isoformat(),
        "is_green": record.is_green,
        "difference_cents": record.difference_cents,
        "unexplained_cents": record.unexplained_cents,
        "entities": entities,
        "records": record.causes,
    }
