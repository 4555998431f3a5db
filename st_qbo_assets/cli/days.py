"""The days of a company as the newest tie-outs say: one document, one table.

What belongs here: reading verdicts and showing them. What does not: comparing (`books`), running (`sync`).
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from st_qbo_assets.cli.output import money, print_table
from st_qbo_assets.cli.processes import ui_url
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import days_between
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.tie_outs import TieOutRecord, TieOuts

#: Entities of the tie-out shown in the table, and what they are called there; others where they differ.
_SHOWN = {
    **{name: name for name in ("invoices", "payments", "tax", "balances")},
    "purchase_orders": "orders",
    "bills": "bills",
    "vendor_credits": "vendor credits",
    "bill_payments": "bill payments",
    "payables": "AP",
}


def days_document(settings: Settings, company: CompanyFile, first: date, last: date) -> dict[str, Any]:
    """Return what the newest tie-out of each day says, as one JSON-ready document."""
    database = Database.open(settings)
    try:
        newest = TieOuts(database).newest(Company(company.name), first, last)
    finally:
        database.dispose()
    address = ui_url(settings)
    days = [_day(day, newest.get(day), address) for day in days_between(first, last)]
    return {"company": company.name, "mode": company.mode, "ui_url": address, "days": days}


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
        for place, (label, figures) in enumerate(_shown(day["entities"])):
            rows.append(
                (
                    day["day"] if place == 0 else "",
                    label,
                    figures["servicetitan_count"],
                    figures["quickbooks_count"],
                    money(figures["servicetitan_cents"]),
                    money(figures["quickbooks_cents"]),
                    money(figures["difference_cents"]),
                    money(figures["unexplained_cents"]),
                    figures["held"],
                    figures["rejected"],
                    _verdict(day, document) if place == 0 else "",
                )
            )
    print_table(
        f"{document['company']}: ServiceTitan and QuickBooks compared",
        (*columns, "difference#", "unexplained#", "held#", "rejected#", "verdict"),
        rows,
    )
    _print_payables(document)
    causes: dict[str, int] = {}
    for day in document["days"]:
        for record in day["records"]:
            label = f"{record['kind']}: {record['cause']}"
            causes[label] = causes.get(label, 0) + 1
    if causes:
        print_table("What differs or waits", ("cause", "records#"), sorted(causes.items()))


def print_verdicts(document: dict[str, Any]) -> None:
    """Print one line for each day: whether it agrees, and what is said of its records."""
    rows: list[tuple[object, ...]] = []
    for day in document["days"]:
        sides = [
            money(day["entities"].get(entity, {}).get(f"{system}_cents", 0))
            for entity in ("invoices", "payments")
            for system in ("servicetitan", "quickbooks")
        ]
        said = Counter(_said(each) for each in day["records"])
        told = ", ".join(f"{count} {words}" for words, count in sorted(said.items()))
        unexplained = money(day.get("unexplained_cents", 0))
        rows.append((day["day"], *sides, unexplained, "green" if day["is_green"] else "open", told))
    systems = [f"{system} {entity} $#" for entity in ("invoices", "payments") for system in ("ST", "QBO")]
    columns = ("day", *systems, "unexplained#", "verdict", "what is said of records")
    print_table(f"{document['company']}: compared again", columns, rows)


def _said(record: dict[str, Any]) -> str:
    words = str(record["cause"]).replace("_", " ")
    return words if record["kind"] == "informational" else f"{record['kind']}: {words}"


def _shown(entities: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the figures of a day that a person wants to see, with what they are called."""
    yield from ((label, entities[entity]) for entity, label in _SHOWN.items() if entity in entities)
    for entity, figures in entities.items():
        if entity not in _SHOWN and figures["difference_cents"]:
            yield entity.replace("_", " "), figures


def _print_payables(document: dict[str, Any]) -> None:
    """Print what is owed to each vendor over all days, and what came and is on no bill yet."""
    owed: dict[str, list[int]] = {}
    waiting: list[tuple[object, ...]] = []
    for day in document["days"]:
        payables = day["entities"].get("payables", {})
        for each in payables.get("accounts", ()):
            sums = owed.setdefault(each["name"], [0, 0, 0])
            sums[0] += each["servicetitan_cents"]
            sums[1] += each["quickbooks_cents"]
        for each in payables.get("open", ()):
            owed.setdefault(each["name"], [0, 0, 0])[2] += each["cents"]
        waiting += [
            (each["day"], each["vendor"], each["order"], money(each["cents"]), each["age_days"], each["why"])
            for each in payables.get("not_billed", ())
        ]
    if owed:
        print_table(
            "Bills less credits by vendor",
            ("vendor", "ServiceTitan $#", "QuickBooks $#", "open in QuickBooks $#"),
            [(name, *map(money, sums)) for name, sums in sorted(owed.items())],
        )
    if waiting:
        print_table(
            "Received, not billed", ("received", "vendor", "order", "amount $#", "days ago#", "why"), waiting
        )


def _verdict(day: dict[str, Any], document: dict[str, Any]) -> str:
    """Return the verdict, saying so where it is older than the run that is told about."""
    verdict = "green" if day["is_green"] else "open"
    run_id = document.get("run_id")
    return verdict if run_id in (None, day["run_id"]) else f"{verdict} before this run"


def _day(day: date, record: TieOutRecord | None, address: str) -> dict[str, Any]:
    if record is None:
        return {"day": day.isoformat(), "is_green": False, "entities": {}, "records": [], "run_id": None}
    rows: list[dict[str, Any]] = json.loads(json.dumps(record.rows, default=str))
    entities = {row.pop("entity"): row for row in rows}
    return {
        "day": day.isoformat(),
        "is_green": record.is_green,
        "difference_cents": record.difference_cents,
        "unexplained_cents": record.unexplained_cents,
        "entities": entities,
        "records": record.causes,
        "compared_at": record.at.isoformat() if record.at else None,
        "run_id": record.run_id or None,
        "run_url": f"{address}/runs/{record.run_id}" if record.run_id else None,
    }
