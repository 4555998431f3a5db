"""`st-qbo connect`: credentials and consent at a terminal, and how long they last.

What belongs here: asking the person and telling her. What does not: trying and storing (`connecting`), the
same in a browser (`web`). A secret is read from the terminal or from standard input, never from the command
line.
"""

import getpass
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from st_qbo_assets.cli.output import print_table, say, working
from st_qbo_assets.cli.preconditions import SYSTEM_NAMES, System, require_sandbox
from st_qbo_assets.company_files import read_companies, read_company
from st_qbo_assets.connecting.consent import (
    CALLBACK,
    TERMINAL_MINUTES,
    Callback,
    Consent,
    Consents,
    check_callback,
    check_redirect,
    read_callback,
)
from st_qbo_assets.connecting.keys import make_key_file, store_webhook_key
from st_qbo_assets.connecting.lifetimes import keep_alive, notices_of
from st_qbo_assets.connecting.quickbooks import (
    connect_quickbooks,
    disconnect_quickbooks,
    store_quickbooks_app,
)
from st_qbo_assets.connecting.servicetitan import connect_servicetitan, forget_servicetitan
from st_qbo_assets.connections import (
    QUICKBOOKS_SECRETS,
    QUICKBOOKS_VERIFIER_TOKEN,
    SERVICETITAN_SECRETS,
    SERVICETITAN_WEBHOOK_KEY,
    Connections,
    open_connections,
    scope_of,
)
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.settings import load_settings
from st_qbo_assets.store.connection_states import ConnectionStates
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.tokens import TokenDates, token_dates
from st_qbo_assets.store.vault import KEY_FILE

_KEY_NAMES: dict[System, str] = {
    "servicetitan": SERVICETITAN_WEBHOOK_KEY,
    "quickbooks": QUICKBOOKS_VERIFIER_TOKEN,
}


@dataclass(frozen=True)
class QuickBooksOptions:
    """What the command line asked for.

    Attributes:
        callback: what the consent page sent back; None before it was opened.
        redirect_uri: where it sends back to, if that is not the public address.
    """

    company: str
    callback: Callback | None = None
    redirect_uri: str | None = None
    new_keys: bool = False


def run_connect_servicetitan(company: str) -> int:
    """Ask for the credentials, try them, store them."""
    with _opened(company, "servicetitan") as connections:
        credentials = _ask(SERVICETITAN_SECRETS)
        with working("Asking ServiceTitan …"):
            connect_servicetitan(connections, credentials)
    say(f"{company} is connected to ServiceTitan tenant {connections.tenant}.")
    return 0


def run_connect_quickbooks(options: QuickBooksOptions) -> int:
    """Print the consent link and exchange the code it brings back."""
    with _opened(options.company, "quickbooks") as connections:
        callback = options.callback or _ask_for_consent(connections, options)
        if callback is None:
            return 0
        # used up whatever comes of it: nobody may try a second one on the same link
        consent = Consents(connections.vault).end(callback.state, company=options.company)
        check_callback(callback, company=options.company, realm=connections.realm)
        with working("Asking QuickBooks …"):
            name = connect_quickbooks(connections, callback.code, redirect_uri=consent.redirect_uri)
    say(f"{options.company} is connected to QuickBooks company {name} ({callback.realm}).")
    return 0


def run_disconnect(company: str, system: System) -> int:
    """Withdraw our permission at QuickBooks, or forget ServiceTitan's credentials."""
    with _opened(company, system) as connections:
        if system == "quickbooks":
            disconnect_quickbooks(connections)
            say(f"{company} is disconnected from QuickBooks: the permission is withdrawn.")
        else:
            forget_servicetitan(connections)
            say(f"{company}: the credentials are forgotten. Disconnect the app in ServiceTitan too.")
    return 0


def run_webhook_key(company: str, system: System) -> int:
    """Ask for the key that signs a system's events, and store it."""
    with _opened(company, None) as connections:
        name = _KEY_NAMES[system]
        store_webhook_key(connections, system, _ask((name,))[name])
    say(f"Events of {SYSTEM_NAMES[system]} signed with this key are accepted for {company} from now on.")
    return 0


def run_keep_alive() -> int:
    """Use the permissions that nobody used for a month; status 1 if one could not be."""
    settings = load_settings()
    companies = [folder.company for folder in read_companies()]
    told = keep_alive(companies, lambda company: open_connections(company, settings))
    print_table("QuickBooks permissions", ("company", "what was done"), sorted(told.items()))
    return 1 if any(text.startswith("not refreshed") for text in told.values()) else 0


def run_status() -> int:
    """Tell where all connections stand; status 1 if one is stopped, missing or ends within a week."""
    settings = load_settings()
    companies = [folder.company for folder in read_companies()]
    database = Database.open(settings)
    try:
        states = {(state.company, state.system): state for state in ConnectionStates(database).all()}
        dates = token_dates(database)
    finally:
        database.dispose()
    rows: list[tuple[str, ...]] = []
    is_well = True
    for company in companies:
        for system in SYSTEM_NAMES:
            state = states.get((company.name, system))  # pyright: ignore[reportArgumentType] - a NewType of str
            text = "never connected" if state is None else "stopped" if state.is_stopped else "connected"
            is_well = is_well and text == "connected"
            why = f"{state.message} {state.remedy}" if state is not None and state.is_stopped else ""
            known = dates.get((system, f"{company.environment.value}:{_account(company, system)}"))
            rows.append((company.name, SYSTEM_NAMES[system], text, *_ends(known), why))
    columns = ("company", "system", "state", "access token until", "if idle until", "five years until", "why")
    print_table("Connections", columns, rows)
    for company in companies:
        known = dates.get(("quickbooks", f"{company.environment.value}:{company.quickbooks.realm}"))
        for notice in notices_of(company.name, known, datetime.now(UTC)):
            say(f"{notice.text} {notice.remedy}")
            is_well = is_well and notice.step > 7
    return 0 if is_well else 1


@contextmanager
def _opened(company: str, system: System | None) -> Generator[Connections]:
    """Yield a company's connections, with a vault key even if the one before is lost."""
    folder, settings = read_company(company), load_settings()
    if system is not None:
        require_sandbox(folder.company, settings, system)
    connections = open_connections(folder.company, settings)
    try:
        if make_key_file(settings, connections.database):
            file = settings.home / KEY_FILE
            say(f"{file} was lost: a new key was made. Connect every company anew, or add the old key to it.")
        yield connections
    finally:
        connections.close()


def _account(company: CompanyFile, system: str) -> str:
    return company.servicetitan.tenant if system == "servicetitan" else company.quickbooks.realm


def _ends(dates: TokenDates | None) -> tuple[str, str, str]:
    if dates is None:
        return ("", "", "")
    ends = (dates.access_expires_at, dates.refresh_expires_at, dates.hard_expires_at)
    access, idle, hard = ("" if end is None else f"{end:%Y-%m-%d %H:%M}" for end in ends)
    return access, idle, hard


def _ask(names: tuple[str, ...]) -> dict[str, SecretStr]:
    """Ask for secrets at the terminal, or read one a line from standard input."""
    found: dict[str, SecretStr] = {}
    for name in names:
        label = name.replace("_", " ")
        value = getpass.getpass(f"{label}: ") if sys.stdin.isatty() else sys.stdin.readline()
        if not value.strip():
            raise SettingsError(
                f"No {label} was given.",
                remedy=f"Type it, or give {len(names)} lines on standard input: {', '.join(names)}.",
            )
        found[name] = SecretStr(value.strip())
    return found


def _ask_for_consent(connections: Connections, options: QuickBooksOptions) -> Callback | None:
    """Print the consent link and read the address it led to; None if nobody is there to paste it."""
    redirect_uri = options.redirect_uri or connections.settings.public_url + CALLBACK
    check_redirect(connections.company.environment, redirect_uri)
    if options.new_keys or not _has_app(connections):
        store_quickbooks_app(connections, _ask(QUICKBOOKS_SECRETS))
    state = Consents(connections.vault).begin(
        Consent(options.company, redirect_uri), minutes=TERMINAL_MINUTES
    )
    link = connections.oauth.authorize_url(redirect_uri=redirect_uri, state=state)
    say("Open this link as an administrator of the QuickBooks company:")
    sys.stdout.write(link + "\n")
    sys.stdout.flush()
    say("It leads back to an address with code, state and realmId; no harm if no page opens there.")
    if sys.stdin.isatty():
        say("Paste that address here:")
    pasted = _read_address()
    if not pasted:
        say("Then run this command again with --code, --realm (realmId) and --state of that address.")
        return None
    return read_callback(pasted)


def _read_address() -> str:
    """Return what was pasted, or the first address on standard input; empty if there is none."""
    if sys.stdin.isatty():
        return sys.stdin.readline().strip()
    return next((line.strip() for line in sys.stdin if "://" in line), "")


def _has_app(connections: Connections) -> bool:
    """Say whether the app's keys are stored and can be opened; what cannot is asked for anew."""
    try:
        return all(connections.vault.get(scope_of(connections.company), name) for name in QUICKBOOKS_SECRETS)
    except SettingsError as error:
        say(str(error).removesuffix(error.remedy).strip())
        return False
