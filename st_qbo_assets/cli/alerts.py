"""`st-qbo alerts`: what needs a person now, and where it is told.

What belongs here: asking for an address without echo, and tables. What does not: what is wrong and the
sending (`alerting`), which the Dagster sensor does by itself.
"""

import sys
from datetime import UTC, datetime
from typing import Any

import click
from pydantic import SecretStr

from st_qbo_assets.alerting.conditions import concerns_of
from st_qbo_assets.alerting.targets import Targets, send
from st_qbo_assets.cli.output import print_json, print_table, say
from st_qbo_assets.company_files import CompanyFolder, read_companies, read_company
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.alerts import Alert, Alerts
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.vault import Vault


def run_alerts(company: str | None, *, as_json: bool) -> int:
    """Show what needs a person now, asked this moment; return 1 if there is anything."""
    folders = [read_company(company)] if company else list(read_companies())
    settings = load_settings()
    database = Database.open(settings)
    try:
        documents = [_document(folder, database, Vault.open(database, settings)) for folder in folders]
    finally:
        database.dispose()
    if as_json:
        print_json({"companies": documents})
    else:
        rows = [
            (each["company"], one["kind"], one["since"] or "", one["told"] or "", one["text"], one["remedy"])
            for each in documents
            for one in each["alerts"]
        ]
        heads = ("company", "kind", "since", "told", "what", "what to do")
        if rows:
            print_table("What needs a person", heads, rows)
        else:
            say("Nothing needs a person.")
        for each in documents:
            say(f"{each['company']} tells: {', '.join(each['targets']) or 'nobody (`st-qbo alerts add`)'}")
    return 1 if any(each["alerts"] for each in documents) else 0


def run_add(company: str, name: str) -> int:
    """Ask for an address and keep it."""
    with_targets = _Opened(company)
    try:
        with_targets.targets.add(name, _ask())
    finally:
        with_targets.close()
    say(f"{company} tells {name} from now on; try it with `st-qbo alerts test --company {company}`.")
    return 0


def run_remove(company: str, name: str) -> int:
    """Forget an address; return 1 if there was none."""
    with_targets = _Opened(company)
    try:
        was_known = with_targets.targets.remove(name)
    finally:
        with_targets.close()
    say(f"{name} is told no more." if was_known else f"{company} has no target {name}.")
    return 0 if was_known else 1


def run_test(company: str) -> int:
    """Send a message to every address; return 1 if one does not take it."""
    with_targets = _Opened(company)
    try:
        targets = with_targets.targets.all()
    finally:
        with_targets.close()
    if not targets:
        raise SettingsError(
            f"{company} tells nobody.", remedy=f"Run `st-qbo alerts add --company {company} --name chat`."
        )
    taken = send(targets, title=f"{company}: a test", body="Alerts of ServiceTitan → QuickBooks arrive here.")
    print_table(
        "Sent",
        ("target", "answer"),
        [(name, "took it" if did else "did not take it") for name, did in taken.items()],
    )
    return 0 if all(taken.values()) else 1


#: Kinds that only Dagster's sensors see: they are shown as kept.
_KEPT = ("run", "replay_given_up")


class _Opened:
    """The targets of a company, with the database they are in."""

    def __init__(self, company: str) -> None:
        name, settings = read_company(company).company.name, load_settings()
        self._database = Database.open(settings)
        self.targets = Targets(Vault.open(self._database, settings), name)

    def close(self) -> None:
        self._database.dispose()


def _ask() -> SecretStr:
    """Return the address typed without echo, or the first line of standard input."""
    if sys.stdin.isatty():
        return SecretStr(click.prompt("Address (like slack://… or mailtos://…)", hide_input=True, err=True))
    return SecretStr(sys.stdin.readline().strip())


def _document(folder: CompanyFolder, database: Database, vault: Vault) -> dict[str, Any]:
    company = folder.company
    name = Company(company.name)
    kept = {(each.concern.kind, each.concern.key): each for each in Alerts(database).open(name)}
    found = concerns_of(company, database, load_settings(), datetime.now(UTC))
    now = {(each.kind, each.key): each for each in found}
    now |= {
        key: each.concern for key, each in kept.items() if each.concern.kind in ("run", "replay_given_up")
    }
    rows = [
        {
            "kind": concern.kind,
            "text": concern.text,
            "remedy": concern.remedy,
            "link": concern.link,
            "since": _local(kept.get(key), "opened_at", folder),
            "told": _local(kept.get(key), "sent_at", folder),
        }
        for key, concern in sorted(now.items())
    ]
    return {"company": name, "targets": Targets(vault, name).names(), "alerts": rows}


def _local(alert: Alert | None, name: str, folder: CompanyFolder) -> str | None:
    at: datetime | None = getattr(alert, name, None)
    return f"{at.astimezone(folder.company.zone):%Y-%m-%d %H:%M}" if at is not None else None
