"""`st-qbo demo`: sandbox, database, web part, Dagster, a contractor's days, the tie-out, and what changes.

What belongs here: the order of things. Everything else is a command of its own.
"""

import json
import shutil
import urllib.request
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, cast

import simplejson
from pydantic import SecretStr

from st_qbo_assets.cli.changing import opened_changes, print_changes
from st_qbo_assets.cli.crossing import show_crossing
from st_qbo_assets.cli.days import print_verdicts
from st_qbo_assets.cli.finishing import Watch, offer_job
from st_qbo_assets.cli.output import print_json, say, working
from st_qbo_assets.cli.processes import (
    LOOPBACK,
    Children,
    require_free_ports,
    start_dagster,
    start_sandbox,
    start_web,
    ui_url,
    web_url,
)
from st_qbo_assets.cli.sandbox import sandbox_info
from st_qbo_assets.cli.sync import is_synced, print_synced, synced_days
from st_qbo_assets.cli.up import only_one, wait_until_interrupted
from st_qbo_assets.company_files import read_company
from st_qbo_assets.connecting.keys import store_webhook_key
from st_qbo_assets.connecting.quickbooks import connect_quickbooks, store_quickbooks_app
from st_qbo_assets.connecting.servicetitan import connect_servicetitan
from st_qbo_assets.connections import open_connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.embedded import stop

COMPANY = "demo"


@dataclass(frozen=True)
class DemoOptions:
    """What the command line asked for."""

    days: int
    exit: bool
    fresh: bool
    hard: bool
    as_json: bool


def run_demo(options: DemoOptions) -> int:
    """Run the demo; return 0 only if every day agrees to the cent."""
    settings = load_settings()
    company = read_company(COMPANY).company
    with only_one(settings):
        require_free_ports(
            settings, "servicetitan", "quickbooks", *([] if options.exit else ["dagster", "web"])
        )
        if options.fresh:
            _wipe(settings)
        children = Children(settings)
        try:
            return _run(options, settings, company, children)
        finally:
            children.stop()


def _run(options: DemoOptions, settings: Settings, company: CompanyFile, children: Children) -> int:
    say("Starting the sandbox (ServiceTitan and QuickBooks) and the database …")
    with working("Starting …", quiet=options.as_json):
        days = str(max(options.days, 1))
        arguments = ["--days", days, "--buying", *(["--hard"] if options.hard else [])]
        start_sandbox(children, arguments)
        Database.open(settings).dispose()
        info = sandbox_info(settings)
        _connect(settings, company, info)
    if not options.exit:
        with working("Starting Dagster …", quiet=options.as_json):
            start_web(children)
            _send_events(settings, company, info)
            start_dagster(children)
        say(f"Dagster UI: {ui_url(settings)}")
        say(f"Connect pages: {web_url(settings)}")
    status = _sync(options, settings, company, info) if options.days else 0
    if not options.exit:
        offer_job(settings)
        say(f"The UI stays up at {ui_url(settings)}. Ctrl-C stops it; `st-qbo down` then stops the database.")
        _stay(settings, company, children)
    return status


def _stay(settings: Settings, company: CompanyFile, children: Children) -> None:
    """Stay up, and tell of what events bring."""
    watch = Watch(settings, company)
    try:
        wait_until_interrupted(children, meanwhile=watch.look)
    finally:
        watch.close()


def _sync(options: DemoOptions, settings: Settings, company: CompanyFile, info: dict[str, Any]) -> int:
    first, last = date.fromisoformat(info["first_day"]), date.fromisoformat(info["last_day"])
    if (info["days"], info["hard"]) != (options.days, options.hard):
        say(f"The sandbox of this home has the days {first} to {last} and is kept; --fresh makes a new one.")
    document = synced_days(settings, company, first, last, quiet=options.as_json)
    if not options.as_json:
        print_synced(document)
    is_right = is_synced(document) and _change(options, settings, company, document, (first, last))
    if options.as_json:
        print_json(document)
    return 0 if is_right else 1


def _change(
    options: DemoOptions,
    settings: Settings,
    company: CompanyFile,
    document: dict[str, Any],
    days: tuple[date, date],
) -> bool:
    """Let people change customers and documents, show what came of it, and say whether all of it arrived.

    What is shown is added to the document.
    """

    def act(half: str, body: dict[str, Any]) -> dict[str, Any]:
        return _control(settings, "edit", body, half=half)

    def sync(first: date, last: date) -> bool:
        found = synced_days(settings, company, first, last, quiet=options.as_json)
        document.update({name: found[name] for name in ("succeeded", "reasons")})
        for reason in found["reasons"]:
            say(f"Not everything succeeded: {reason}")
        return bool(found["succeeded"])

    with opened_changes(settings, company, *days, act) as changes:
        changes.begin()
        has_crossed = show_crossing(settings, company, days[1], act, quiet=options.as_json)
        shown = changes.finish(sync, waits=not options.exit)
    changed = {day["day"]: day for day in shown.days["days"]}
    kept = [day for day in document["days"] if day["day"] not in changed]
    document["days"] = sorted([*kept, *changed.values()], key=lambda day: day["day"])
    document["changes"] = [asdict(row) for row in shown.rows]
    if not options.as_json:
        print_changes(shown.rows)
        print_verdicts(shown.days)
    if not has_crossed:
        say("An edit of a customer did not cross over; the log of the run says why.")
    if not shown.is_right:
        say("Not every change of a document arrived, or a day does not tie out any more: see the tables.")
    return has_crossed and shown.is_right


def _connect(settings: Settings, company: CompanyFile, info: dict[str, Any]) -> None:
    """Connect the demo company to the sandbox, unless it is connected already."""
    connections = open_connections(company, settings)
    try:
        if connections.connection_states.of(connections.name, "servicetitan") is None:
            given = info["servicetitan"]
            names = ("client_id", "client_secret", "app_key")
            connect_servicetitan(
                connections, {f"servicetitan_{name}": SecretStr(given[name]) for name in names}
            )
        if connections.connection_states.of(connections.name, "quickbooks") is None:
            given = info["quickbooks"]
            names = ("client_id", "client_secret")
            store_quickbooks_app(
                connections, {f"quickbooks_{name}": SecretStr(given[name]) for name in names}
            )
            consent = _consent(settings)
            connect_quickbooks(connections, consent["code"], redirect_uri=consent["redirect_uri"])
    finally:
        connections.close()


def _consent(settings: Settings) -> dict[str, str]:
    """Act as the administrator who presses *Connect* on the sandbox's consent page."""
    return _control(settings, "edit", {"act": "consent"})


def _send_events(settings: Settings, company: CompanyFile, info: dict[str, Any]) -> None:
    """Have the sandbox send its events to the receiver, as both portals' webhook pages do."""
    keys = {
        "servicetitan": info["servicetitan"]["webhook_key"],
        "quickbooks": info["quickbooks"]["webhook_verifier_token"],
    }
    connections = open_connections(company, settings)
    try:
        for system, key in keys.items():
            store_webhook_key(connections, system, SecretStr(key))
    finally:
        connections.close()
    base = f"http://{LOOPBACK}:{settings.ports.web}/webhooks"
    paths = {"servicetitan": f"servicetitan/{company.name}", "quickbooks": "quickbooks"}
    wanted = {system: {"url": f"{base}/{paths[system]}", "key": key} for system, key in keys.items()}
    _control(settings, "webhooks", wanted)


def _control(
    settings: Settings, name: str, body: dict[str, Any], *, half: str = "quickbooks"
) -> dict[str, Any]:
    """Use a control of one half of the sandbox."""
    halves = {
        "quickbooks": settings.sandbox_quickbooks_url,
        "servicetitan": settings.sandbox_servicetitan_url,
    }
    request = urllib.request.Request(  # noqa: S310 - the address is the sandbox's
        f"{halves[half]}/_sandbox/{name}",
        data=simplejson.dumps(body, use_decimal=True).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the address is the sandbox's
        return cast("dict[str, Any]", json.load(answer))


def _wipe(settings: Settings) -> None:
    """Forget everything of this home but its logs."""
    if settings.database_url is None:
        stop(settings)
        shutil.rmtree(settings.home / "postgres", ignore_errors=True)
    else:
        say("ST_QBO_DATABASE_URL is set: its ledger is kept, since a ledger is never deleted.")
    for folder in (settings.home / "sandbox", settings.home / "storage", settings.dagster_home):
        shutil.rmtree(folder, ignore_errors=True)
