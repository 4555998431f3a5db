"""The command line: `st-qbo COMMAND`.

What belongs here: names, options and exit status. Each command's work is in its own module and is
imported only when it runs, so that `st-qbo --help` is quick.
"""

import signal
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from st_qbo_assets.domain.errors import RateLimited, SyncError, TransportError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Outcome


def _day(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


def _as_printed(wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the options with a record that was written as every list prints it: `--id bill:7001`."""
    asked = wanted["servicetitan_id"] or ""
    kind, colon, _ = asked.partition(":")
    try:
        record = SourceRef.parse(asked)
    except ValueError:
        is_bare = not colon or wanted["entity"] is not None or "|" in asked  # an item's SKU may hold a colon
        if is_bare:
            return wanted
        if kind not in _KINDS:
            raise click.UsageError(
                f"--id {asked}: there is no kind {kind!r}; there are {', '.join(_KINDS)}."
            ) from None
        raise click.UsageError(f"--id {asked} names no record: the id is missing.") from None
    entity = record.entity.value
    if wanted["entity"] not in (None, entity):
        raise click.UsageError(f"--id names a {record.entity.label}, --entity another kind.")
    return wanted | {"entity": entity, "servicetitan_id": record.id}


_TRY_AGAIN = "Try again in a few minutes; `st-qbo doctor` says what does not answer."
_DAY = click.DateTime(formats=["%Y-%m-%d"])
_KINDS = [kind.value for kind in Entity]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """ServiceTitan to QuickBooks Online, tied out to the cent."""


@cli.command()
@click.option(
    "--days",
    type=click.IntRange(min=0, max=366),
    default=7,
    show_default=True,
    help="Days of business, ending yesterday; 0 only starts everything.",
)
@click.option(
    "--exit", "exit_", is_flag=True, help="Stop everything at the end instead of leaving the UI running."
)
@click.option("--fresh", is_flag=True, help="Wipe the sandbox, the ledger and the frames of this home first.")
@click.option(
    "--hard", is_flag=True, help="Add every shape this version holds; ends with a status other than 0."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def demo(days: int, exit_: bool, fresh: bool, hard: bool, as_json: bool) -> None:
    """Sync a contractor's days from the sandbox through Dagster and print the tie-out."""
    from st_qbo_assets.cli.demo import DemoOptions, run_demo

    sys.exit(run_demo(DemoOptions(days=days, exit=exit_, fresh=fresh, hard=hard, as_json=as_json)))


@cli.command()
def up() -> None:
    """Start the database and the Dagster UI, and keep them running."""
    from st_qbo_assets.cli.up import run_up

    sys.exit(run_up())


@cli.command()
def serve() -> None:
    """Receive webhooks and show the Connect pages (part of `up` and `demo`)."""
    from st_qbo_assets.cli.serve import run_serve

    sys.exit(run_serve())


@cli.command()
def down() -> None:
    """Stop the embedded database of this home."""
    from st_qbo_assets.cli.up import run_down

    sys.exit(run_down())


@cli.command()
@click.option("--company", required=True, help="Name of the company.")
@click.option("--from", "first", required=True, type=_DAY, callback=_day, help="First business day.")
@click.option("--to", "last", required=True, type=_DAY, callback=_day, help="Last business day, included.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sync(company: str, first: date, last: date, as_json: bool) -> None:
    """Materialize the days of a company and print their tie-out."""
    from st_qbo_assets.cli.sync import run_sync

    sys.exit(run_sync(company, first, last, as_json=as_json))


@cli.command()
@click.option("--company", required=True, help="Name of the company.")
@click.option("--day", type=_DAY, callback=_day, help="Business day.")
@click.option("--from", "first", type=_DAY, callback=_day, help="First business day of a range.")
@click.option("--to", "last", type=_DAY, callback=_day, help="Last business day of a range, included.")
@click.option("--entity", type=click.Choice(_KINDS), help="Only this kind of record.")
@click.option(
    "--outcome", type=click.Choice([each.value for each in Outcome]), help="Days that have such records."
)
@click.option(
    "--id", "servicetitan_id", help="One record, as bill:7001; or its ServiceTitan id, with --entity."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def replay(as_json: bool, **wanted: Any) -> None:
    """Load days again, or one record by itself; what is in QuickBooks already is left alone.

    Days are given, or found by where their records stand. Of a day the whole load is done, of one record only
    that record. Exit status 1 if something is still not well.
    """
    from st_qbo_assets.cli.replay import ReplayOptions, run_replay

    wanted = _as_printed(wanted)
    day = wanted.pop("day")
    if day is not None and (wanted["first"] or wanted["last"]):
        raise click.UsageError("Either --day, or --from and --to.")
    if day is not None:
        wanted |= {"first": day, "last": day}
    options = ReplayOptions(**wanted)
    if options.servicetitan_id is not None and (options.entity is None or options.outcome or options.first):
        raise click.UsageError("--id names one record: say its --entity, and neither days nor --outcome.")
    if (options.first is None) != (options.last is None):
        raise click.UsageError("--from and --to go together.")
    if options.servicetitan_id is None and options.outcome is None and options.first is None:
        raise click.UsageError("Say what to replay: --day, --from and --to, --outcome, or --entity and --id.")
    sys.exit(run_replay(options, as_json=as_json))


@cli.command()
@click.option("--company", required=True, help="Name of the company.")
@click.option("--day", type=_DAY, callback=_day, help="Business day.")
@click.option("--from", "first", type=_DAY, callback=_day, help="First business day of a range.")
@click.option("--to", "last", type=_DAY, callback=_day, help="Last business day of a range, included.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a line for each step.")
def plan(company: str, *, as_json: bool, as_csv: bool, **days: date | None) -> None:
    """Show what a load would do to QuickBooks and to the books; nothing is written."""
    from st_qbo_assets.cli.plan import PlanOptions, run_plan

    first, last = days["day"] or days["first"], days["day"] or days["last"]
    has_range = days["first"] is not None or days["last"] is not None
    if first is None or last is None or (days["day"] is not None and has_range):
        raise click.UsageError("Say which days: --day, or --from and --to.")
    if as_json and as_csv:
        raise click.UsageError("Either --json or --csv.")
    sys.exit(run_plan(PlanOptions(company, first, last, "json" if as_json else "csv" if as_csv else "table")))


@cli.command()
@click.option("--company", required=True, help="Name of the company.")
@click.option("--month", required=True, help="Month, like 2026-11.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder the Markdown and CSV files are copied to as well."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def close(company: str, month: str, out: Path | None, as_json: bool) -> None:
    """Put a month's lists together and say whether its books may be closed.

    Exit status 1 if a day of it is not green.
    """
    from st_qbo_assets.cli.close import CloseOptions, run_close

    sys.exit(run_close(CloseOptions(company, month, out, as_json)))


@cli.command()
@click.option("--company", required=True, help="Name of the company.")
@click.option("--id", "servicetitan_id", help="Record, as bill:7001; or its ServiceTitan id alone.")
@click.option("--entity", type=click.Choice([kind.value for kind in Entity]), help="Kind of record.")
@click.option("--quickbooks-id", help="QuickBooks id.")
@click.option("--number", help="Document number.")
@click.option("--customer", help="Part of the name of a customer, vendor or item.")
@click.option("--day", type=_DAY, callback=_day, help="Business day.")
@click.option("--to", "last_day", type=_DAY, callback=_day, help="Last business day of a range from --day.")
@click.option("--outcome", type=click.Choice([each.value for each in Outcome]), help="Where it stands.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Records at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, payloads and answers too.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a line for all that happened, of every record.")
def audit(as_json: bool, as_csv: bool, **wanted: Any) -> None:
    """Show the whole life of records: seen, mapped, sent, answered, linked, decided.

    A record is found if it answers everything that is asked. Exit status 1 if there is none.
    """
    from st_qbo_assets.cli.audit import AuditOptions, run_audit

    options = AuditOptions(**_as_printed(wanted))
    if replace(options, company="", limit=AuditOptions.limit) == AuditOptions(company=""):
        raise click.UsageError("Say what to look for: --id, --quickbooks-id, --number, --customer, --day …")
    if options.last_day is not None and options.day is None:
        raise click.UsageError("--to ends a range that --day begins: say --day too.")
    if options.last_day is not None and options.day is not None and options.last_day < options.day:
        raise click.UsageError(f"The range ends before it begins: --to {options.last_day} is before --day.")
    if as_json and as_csv:
        raise click.UsageError("Either --json or --csv.")
    sys.exit(run_audit(options, as_json=as_json, as_csv=as_csv))


@cli.command()
@click.option("--company", required=True, help="Name of the company.")
@click.option(
    "--decide",
    "decided",
    multiple=True,
    metavar="RECORD=ID",
    help="Settle a match: customer:12=77, or customer:12=none to make a new one.",
)
@click.option(
    "--take",
    "taken",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settle matches by an edited CSV of this command.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a line for each record, to edit and take back.")
def link(company: str, *, decided: tuple[str, ...], taken: Path | None, as_json: bool, as_csv: bool) -> None:
    """Show who in ServiceTitan is who in QuickBooks, and settle what a rule cannot."""
    from st_qbo_assets.cli.link import LinkOptions, run_link

    if as_json and as_csv:
        raise click.UsageError("Either --json or --csv.")
    form = "json" if as_json else "csv" if as_csv else "table"
    sys.exit(run_link(LinkOptions(company, form, decided, taken)))


@cli.command()
@click.option("--company", required=True, help="Name of the company.")
@click.option("--conflict", type=int, help="Number of the conflict whose other version is put back.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def restore(company: str, *, conflict: int | None, as_json: bool) -> None:
    """Show the conflicts of customers and vendors, or put back the version that lost one."""
    from st_qbo_assets.cli.restore import run_restore

    sys.exit(run_restore(company, conflict, as_json=as_json))


@cli.command()
@click.option("--company", help="Only this company.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def doctor(company: str | None, as_json: bool) -> None:
    """Check settings, database, both connections and the mapping, each with its cure."""
    from st_qbo_assets.cli.doctor import run_doctor

    sys.exit(run_doctor(company, as_json=as_json))


@cli.group(invoke_without_command=True)
@click.pass_context
def connect(context: click.Context) -> None:
    """Connect a company to ServiceTitan and to QuickBooks; alone, show where all connections stand."""
    if context.invoked_subcommand is not None:
        return
    from st_qbo_assets.cli.connect import run_status

    sys.exit(run_status())


_SYSTEM = click.Choice(["servicetitan", "quickbooks"])


@connect.command("servicetitan")
@click.option("--company", required=True)
def connect_servicetitan(company: str) -> None:
    """Store ServiceTitan's credentials, asked for at the terminal or read from standard input."""
    from st_qbo_assets.cli.connect import run_connect_servicetitan

    sys.exit(run_connect_servicetitan(company))


@connect.command("quickbooks")
@click.option("--company", required=True)
@click.option("--code", help="Authorization code of the callback; without it the consent link is printed.")
@click.option("--realm", help="realmId of the callback.")
@click.option("--state", help="state of the callback.")
@click.option("--redirect-uri", help="A registered https address to come back to, if there is no public one.")
@click.option("--new-keys", is_flag=True, help="Ask for client id and secret of the app at Intuit again.")
def connect_quickbooks(
    company: str, code: str | None, realm: str | None, state: str | None, **more: Any
) -> None:
    """Print the consent link and take the address it led to, pasted at the terminal or on standard input."""
    from st_qbo_assets.cli.connect import Callback, QuickBooksOptions, run_connect_quickbooks

    if (code, realm, state).count(None) not in (0, 3):
        raise click.UsageError(
            "--code, --realm and --state go together: all stand in the address you were led to."
        )
    callback = Callback(state=state, code=code, realm=realm) if state and code and realm else None
    sys.exit(run_connect_quickbooks(QuickBooksOptions(company, callback, **more)))


@connect.command("webhooks")
@click.option("--company", required=True)
@click.option("--system", required=True, type=_SYSTEM, help="Whose events the key signs.")
def connect_webhooks(company: str, system: Any) -> None:
    """Store ServiceTitan's webhook key or Intuit's verifier token, asked for or read from standard input."""
    from st_qbo_assets.cli.connect import run_webhook_key

    sys.exit(run_webhook_key(company, system))


@connect.command("disconnect")
@click.option("--company", required=True)
@click.option("--system", required=True, type=_SYSTEM, help="From which system.")
def connect_disconnect(company: str, system: Any) -> None:
    """Withdraw the permission at QuickBooks, or forget ServiceTitan's credentials."""
    from st_qbo_assets.cli.connect import run_disconnect

    sys.exit(run_disconnect(company, system))


@connect.command("keep-alive")
def connect_keep_alive() -> None:
    """Use the QuickBooks permissions that nobody used for a month, so that none dies idle."""
    from st_qbo_assets.cli.connect import run_keep_alive

    sys.exit(run_keep_alive())


@cli.group(invoke_without_command=True)
@click.option("--company", help="Only this company.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def alerts(context: click.Context, company: str | None, as_json: bool) -> None:
    """Show what needs a person now; exit status 1 if there is anything. Its commands say who is told."""
    if context.invoked_subcommand is not None:
        return
    from st_qbo_assets.cli.alerts import run_alerts

    sys.exit(run_alerts(company, as_json=as_json))


@alerts.command("add")
@click.option("--company", required=True)
@click.option("--name", required=True, help="What the target is called, like chat or mail.")
def alerts_add(company: str, name: str) -> None:
    """Tell a chat, a mailbox or a webhook; its address is asked for or read from standard input."""
    from st_qbo_assets.cli.alerts import run_add

    sys.exit(run_add(company, name))


@alerts.command("remove")
@click.option("--company", required=True)
@click.option("--name", required=True)
def alerts_remove(company: str, name: str) -> None:
    """Tell a target no more and forget its address."""
    from st_qbo_assets.cli.alerts import run_remove

    sys.exit(run_remove(company, name))


@alerts.command("test")
@click.option("--company", required=True)
def alerts_test(company: str) -> None:
    """Send a message to every target; exit status 1 if one does not take it."""
    from st_qbo_assets.cli.alerts import run_test

    sys.exit(run_test(company))


@cli.group()
def vault() -> None:
    """The encrypted store of credentials and tokens."""


@vault.command("new-key")
def vault_new_key() -> None:
    """Print a new key for ST_QBO_VAULT_KEYS."""
    from st_qbo_assets.cli.vault import run_new_key

    sys.exit(run_new_key())


@vault.command("rotate")
def vault_rotate() -> None:
    """Encrypt everything anew with the newest key."""
    from st_qbo_assets.cli.vault import run_rotate

    sys.exit(run_rotate())


@cli.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: tuple[str, ...]) -> None:
    """The local ServiceTitan and QuickBooks: `serve` or `info [--json]`."""
    from st_qbo_assets.cli.sandbox import run_sandbox

    sys.exit(run_sandbox(arguments))


def main() -> None:
    """Run the command line.

    Exit status: 0 all is well; 1 the command ran and something is not well; 2 it could not run, with one
    message that names the cure; 130 and 143 it was interrupted or ended, and took its processes with it.
    """
    signal.signal(signal.SIGTERM, _end)
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(128 + signal.SIGINT)
    except SyncError as error:
        _fail(f"{error} {_TRY_AGAIN}" if isinstance(error, (TransportError, RateLimited)) else str(error))
    except Exception as error:
        from sqlalchemy.exc import OperationalError  # whatever raised it has imported it by now

        if not isinstance(error, OperationalError):
            raise
        _fail("The database went away while the command ran. Start it again and repeat the command.")


def _fail(message: str) -> NoReturn:
    click.secho(f"Error: {message}", fg="red", err=True)
    sys.exit(2)


def _end(number: int, _frame: FrameType | None) -> None:
    # so that a command that is ended stops the processes it started
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
