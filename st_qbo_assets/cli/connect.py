"""`st-qbo connect`: credentials and consent, stored encrypted.

What belongs here: asking, checking and storing. What does not: keeping tokens alive (clients, store).
A secret is read from the terminal or from standard input, never from the command line.
"""

import getpass
import secrets
import sys
from collections.abc import Mapping

from pydantic import SecretStr

from st_qbo_assets.cli.companies import read_company
from st_qbo_assets.cli.output import say
from st_qbo_assets.connections import (
    QUICKBOOKS_SECRETS,
    SERVICETITAN_SECRETS,
    Connections,
    open_connections,
    scope_of,
)
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.quickbooks.auth import new_state
from st_qbo_assets.settings import Settings, load_settings

CALLBACK = "/connect/quickbooks/callback"
_STATE = "quickbooks_state"


def run_connect_servicetitan(company: str) -> int:
    """Ask for the credentials, test them, store them."""
    connections = open_connections(read_company(company).company, load_settings())
    try:
        connect_servicetitan(connections, _ask(SERVICETITAN_SECRETS))
    finally:
        connections.close()
    say(f"{company} is connected to ServiceTitan.")
    return 0


def run_connect_quickbooks(company: str, *, code: str | None, realm: str | None, state: str | None) -> int:
    """Print the consent link, or exchange the code it brought back."""
    settings = load_settings()
    connections = open_connections(read_company(company).company, settings)
    try:
        if code is None:
            _print_link(connections, settings)
            return 0
        _check_callback(connections, realm=realm, state=state)
        connect_quickbooks(connections, code, redirect_uri=settings.public_url + CALLBACK)
    finally:
        connections.close()
    say(f"{company} is connected to QuickBooks company {realm}.")
    return 0


def connect_servicetitan(connections: Connections, credentials: Mapping[str, SecretStr]) -> None:
    """Store credentials that work.

    Raises:
        SyncError: if ServiceTitan does not accept them; nothing is stored then.
    """
    scope = scope_of(connections.company)
    before = {name: connections.vault.get(scope, name) for name in SERVICETITAN_SECRETS}
    _store(connections, credentials)
    try:
        next(iter(connections.servicetitan.business_units()), None)
    except BaseException:
        for name, secret in before.items():
            if secret is None:
                connections.vault.remove(scope, name)
            else:
                connections.vault.put(scope, name, secret)
        raise
    connections.connection_states.connected(connections.name, "servicetitan", connections.tenant)


def store_quickbooks_app(connections: Connections, credentials: Mapping[str, SecretStr]) -> None:
    """Store the keys of our app at Intuit."""
    _store(connections, credentials)


def connect_quickbooks(connections: Connections, code: str, *, redirect_uri: str) -> None:
    """Exchange an authorization code and prove that the tokens open the company's realm.

    Raises:
        SyncError: if the code is not accepted or belongs to another company.
    """
    tokens = connections.oauth.exchange_code(code, redirect_uri=redirect_uri)
    with connections.tokens.exclusive():
        before = connections.tokens.read()
        connections.tokens.write(tokens)
    try:
        connections.quickbooks.company_info()
    except BaseException:
        if before is not None:
            connections.tokens.write(before)
        else:
            connections.tokens.remove()
        raise
    connections.connection_states.connected(connections.name, "quickbooks", connections.realm)


def _store(connections: Connections, credentials: Mapping[str, SecretStr]) -> None:
    for name, secret in credentials.items():
        connections.vault.put(scope_of(connections.company), name, secret)


def _ask(names: tuple[str, ...]) -> dict[str, SecretStr]:
    """Ask for secrets at the terminal, or read one a line from standard input."""
    found: dict[str, SecretStr] = {}
    for name in names:
        label = name.replace("_", " ")
        value = getpass.getpass(f"{label}: ") if sys.stdin.isatty() else sys.stdin.readline()
        if not value.strip():
            raise SettingsError(
                f"No {label} was given.", remedy=f"Give {len(names)} lines: {', '.join(names)}."
            )
        found[name] = SecretStr(value.strip())
    return found


def _print_link(connections: Connections, settings: Settings) -> None:
    scope = scope_of(connections.company)
    if not all(connections.vault.get(scope, name) for name in QUICKBOOKS_SECRETS):
        store_quickbooks_app(connections, _ask(QUICKBOOKS_SECRETS))
    state = new_state()
    connections.vault.put(scope, _STATE, SecretStr(state))
    link = connections.oauth.authorize_url(redirect_uri=settings.public_url + CALLBACK, state=state)
    say("Open this link as an administrator of the QuickBooks company:")
    sys.stdout.write(link + "\n")
    say("Then run this command again with --code, --realm and --state of the address you are sent to.")


def _check_callback(connections: Connections, *, realm: str | None, state: str | None) -> None:
    scope = scope_of(connections.company)
    expected = connections.vault.get(scope, _STATE)
    if expected is None or not state or not secrets.compare_digest(expected.get_secret_value(), state):
        raise SettingsError(
            "This callback does not belong to the last consent link (state differs).",
            remedy="Run the command without --code, open the new link, and give its --code, --realm and --state.",
        )
    connections.vault.remove(scope, _STATE)
    if realm != connections.realm:
        raise SettingsError(
            f"Consent was given for QuickBooks company {realm}, but {connections.company.name} is {connections.realm}.",
            remedy="Choose the right company on the consent page, or correct `quickbooks.realm` in the company file.",
        )
