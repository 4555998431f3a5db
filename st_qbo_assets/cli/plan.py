"""`st-qbo plan`: what a load would do to QuickBooks and to the books, before anything is written.

What belongs here: what must be so before, the process that finds it out, and the answer as a table, CSV or
JSON. What does not: planning (`orchestration.plan_days`).
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from st_qbo_assets.cli.output import money, print_json, print_table, say, working
from st_qbo_assets.cli.preconditions import SYSTEM_NAMES, read_links, require_connected, require_sandbox
from st_qbo_assets.cli.processes import Children
from st_qbo_assets.cli.sync import check_range
from st_qbo_assets.company_files import CompanyFolder, read_company
from st_qbo_assets.connections import open_connections
from st_qbo_assets.domain.csv_text import csv_text
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.settings import Settings, load_settings

_FIGURES = (
    "accounts_receivable_cents",
    "income_cents",
    "sales_tax_cents",
    "cash_cents",
    "accounts_payable_cents",
    "cost_cents",
)
_CSV_HEADS = (
    "day",
    "will",
    "record",
    "document",
    "quickbooks_id",
    "number",
    "name",
    "amount",
    "accounts_receivable",
    "income",
    "sales_tax",
    "cash",
    "accounts_payable",
    "cost",
    "accounts",
    "why",
    "what_to_do",
)


@dataclass(frozen=True)
class PlanOptions:
    """What the command line asked for."""

    company: str
    first: date
    last: date
    form: Literal["table", "json", "csv"] = "table"


def run_plan(wanted: PlanOptions) -> int:
    """Print what a load of the days would do; nothing is written to either system."""
    settings = load_settings()
    folder = read_company(wanted.company)
    check_range(folder.company, wanted.first, wanted.last)
    _require_readable(folder, settings)
    with working("Reading both systems and planning", quiet=wanted.form != "table"):
        document = _planned(settings, wanted)
    if wanted.form == "json":
        print_json(document)
    elif wanted.form == "csv":
        sys.stdout.write(csv_text(_CSV_HEADS, _csv_rows(document)))
    else:
        _print(document)
    return 0


def _require_readable(folder: CompanyFolder, settings: Settings) -> None:
    """Return if both systems can be read.

    Raises:
        SettingsError: the one thing that is wrong, with its cure.
    """
    read_links(folder)
    connections = open_connections(folder.company, settings)
    try:
        for system in SYSTEM_NAMES:
            require_connected(connections, system)
            require_sandbox(folder.company, settings, system)
    finally:
        connections.close()


def _planned(settings: Settings, wanted: PlanOptions) -> dict[str, Any]:
    """Return the plan as the process wrote it.

    Raises:
        SettingsError: with what stopped it.
        ProcessFailed: if it ended without an answer; names its log.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plan-", dir=settings.home) as place:
        answer = Path(place) / "answer.json"
        command = [
            *(sys.executable, "-m", "st_qbo_assets.orchestration.plan_days"),
            *("--company", wanted.company, "--answer", str(answer)),
            *("--from", wanted.first.isoformat(), "--to", wanted.last.isoformat()),
        ]
        children = Children(settings)
        try:
            child = children.start(f"plan-{wanted.company}", command)
            child.process.wait()
        finally:
            children.stop()
        if not answer.exists():
            raise child.failure()
        document: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in document:
        raise SettingsError(document["error"])
    return document


def _csv_rows(document: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    for day in document["days"]:
        for step in day["steps"]:
            effect = step["effect"]
            names = (step[name] for name in _CSV_HEADS[1:7])
            figures = (from_cents(effect[name]) for name in _FIGURES)
            rest = (_accounts(effect), step["why"], step["what_to_do"])
            yield (step["day"], *names, from_cents(step["cents"]), *figures, *rest)


def _print(document: dict[str, Any]) -> None:
    columns = (
        "day",
        "will",
        "record",
        "number",
        "name",
        "amount#",
        "receivable#",
        "income#",
        "tax#",
        "cash#",
        "payable#",
        "cost#",
    )
    rows: list[tuple[object, ...]] = []
    for day in document["days"]:
        for step in day["steps"]:
            figures = [step["effect"][name] for name in _FIGURES]
            names = (step["will"], step["record"], step["number"], step["name"], money(step["cents"]))
            rows.append(
                (step["day"], *names, *(money(cents) if cents else "" for cents in figures), step["why"])
            )
        counts = ", ".join(
            f"{count} {will.replace('_', ' ')}" for will, count in sorted(day["counts"].items())
        )
        figures = [day["effect"][name] for name in _FIGURES]
        rows.append((day["day"], "in all", "", "", counts or "nothing", "", *map(money, figures), ""))
    print_table(f"{document['company']}: what a load would do", (*columns, "why"), rows)
    effect = document["effect"]
    changes = [("Accounts receivable", effect["accounts_receivable_cents"])]
    changes += [("Accounts payable", effect["accounts_payable_cents"])]
    changes += [("Sales tax payable", effect["sales_tax_cents"])]
    moved = (*effect["income"], *effect["costs"], *effect["cash"])
    changes += [(each["name"], each["cents"]) for each in moved]
    told = [(name, money(cents)) for name, cents in changes if cents]
    print_table("What that does to the books", ("account", "change#"), told or [("nothing", money(0))])
    if document["mode"] == "preview":
        say(f"{document['company']} is in mode preview: a load would write nothing of this.")


def _accounts(effect: dict[str, Any]) -> str:
    moved = (*effect["income"], *effect["costs"], *effect["cash"])
    return "; ".join(f"{each['name']} {from_cents(each['cents'])}" for each in moved)
