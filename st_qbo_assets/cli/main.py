"""The command line: `st-qbo COMMAND`.

What belongs here: names, options and exit status. Each command's work is in its own module and is
imported only when it runs, so that `st-qbo --help` is quick.
"""

import sys
from datetime import date, datetime

import click

from st_qbo_assets.domain.errors import SyncError


def _day(_context: click.Context, _parameter: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """ServiceTitan to QuickBooks Online, tied out to the cent."""


@cli.command()
@click.option(
    "--days",
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
@click.option("--company", required=True)
@click.option("--id", "source_id", help="ServiceTitan id.")
@click.option("--entity", help="Kind of record: invoice, payment, customer, item.")
@click.option("--quickbooks-id", help="QuickBooks id.")
@click.option("--number", help="Document number.")
@click.option("--customer", help="Part of a customer's or item's name.")
@click.option("--day", type=_DAY, callback=_day, help="Business day.")
@click.option(
    "--outcome", help="posted, unchanged, held, blocked, rejected, failed, mismatch, not_due, planned."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def audit(as_json: bool, **wanted: object) -> None:
    """Show the whole life of records: seen, mapped, sent, answered, linked."""
    from st_qbo_assets.cli.audit import run_audit

    sys.exit(run_audit(wanted, as_json=as_json))


@cli.command()
@click.option("--company", help="Only this company.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def doctor(company: str | None, as_json: bool) -> None:
    """Check settings, database, both connections and the mapping, each with its cure."""
    from st_qbo_assets.cli.doctor import run_doctor

    sys.exit(run_doctor(company, as_json=as_json))


@cli.group()
def connect() -> None:
    """Connect a company to ServiceTitan and to QuickBooks."""


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
def connect_quickbooks(company: str, code: str | None, realm: str | None, state: str | None) -> None:
    """Exchange an authorization code for tokens and store them."""
    from st_qbo_assets.cli.connect import run_connect_quickbooks

    sys.exit(run_connect_quickbooks(company, code=code, realm=realm, state=state))


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
    """Run the command line; an error of ours is one clear message and exit status 2."""
    try:
        cli()
    except SyncError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
