"""`st-qbo connect`: credentials and consent, tried first, then stored encrypted.

What belongs here: asking, trying and storing. What does not: keeping tokens alive (clients, store). A secret
is read from the terminal or from standard input, never from the command line. What does not work is not
stored, so that a slip of the pen never disturbs a connection that works.
"""

import getpass
import secrets
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from st_qbo_assets.cli.output import say, working
from st_qbo_assets.cli.preconditions import require_sandbox
from st_qbo_assets.cli.vault import make_key_file
from st_qbo_assets.company_files import read_company
from st_qbo_assets.connections import (
    QUICKBOOKS_SECRETS,
    SERVICETITAN_SECRETS,
    Connections,
    open_connections,
    scope_of,
)
from st_qbo_assets.domain.errors import ConnectionStopped, SettingsError
from st_qbo_assets.domain.tokens import TokenPair
from st_qbo_assets.mapping.readiness import refusals
from st_qbo_assets.quickbooks.auth import QuickBooksAuth, new_state
from st_qbo_assets.quickbooks.client import QuickBooks
from st_qbo_assets.quickbooks.reference import read_company_info, read_preferences
from st_qbo_assets.servicetitan.auth import Credentials, MemoryTokenCache, ServiceTitanAuth
from st_qbo_assets.servicetitan.client import ServiceTitan
from st_qbo_assets.settings import Settings, load_settings
from st_qbo_assets.store.tokens import ServiceTitanTokens
from st_qbo_assets.transport.budget import Unlimited
from st_qbo_assets.transport.http import Http
from st_qbo_assets.transport.retry import RetryPolicy

CALLBACK = "/connect/quickbooks/callback"
_STATE = "quickbooks_state"
#: A person waits: trying is over after a few seconds.
_RETRY = RetryPolicy(attempts=4)


@dataclass(frozen=True)
class Callback:
    """What the consent page sends back; all None before it was opened."""

    code: str | None = None
    realm: str | None = None
    state: str | None = None


def run_connect_servicetitan(company: str) -> int:
    """Ask for the credentials, try them, store them."""
    folder, settings = read_company(company), load_settings()
    require_sandbox(folder.company, settings, "servicetitan")
    make_key_file(settings)
    connections = open_connections(folder.company, settings)
    try:
        credentials = _ask(SERVICETITAN_SECRETS)
        with working("Asking ServiceTitan …"):
            connect_servicetitan(connections, credentials)
    finally:
        connections.close()
    say(f"{company} is connected to ServiceTitan tenant {folder.company.servicetitan.tenant}.")
    return 0


def run_connect_quickbooks(company: str, callback: Callback, *, new_keys: bool) -> int:
    """Print the consent link, or exchange the code it brought back."""
    folder, settings = read_company(company), load_settings()
    require_sandbox(folder.company, settings, "quickbooks")
    make_key_file(settings)
    connections = open_connections(folder.company, settings)
    try:
        if callback.code is None:
            _print_link(connections, settings, new_keys=new_keys)
            return 0
        _check_callback(connections, callback)
        with working("Asking QuickBooks …"):
            name = connect_quickbooks(connections, callback.code, redirect_uri=settings.public_url + CALLBACK)
    finally:
        connections.close()
    say(f"{company} is connected to QuickBooks company {name} ({callback.realm}).")
    return 0


def connect_servicetitan(connections: Connections, credentials: Mapping[str, SecretStr]) -> None:
    """Store credentials that work.

    Raises:
        SyncError: if ServiceTitan does not accept them; nothing is stored then.
    """
    with _http() as http:
        next(iter(_trial_servicetitan(connections, credentials, http).business_units()), None)
    _store(connections, credentials)
    # a token that the old credentials fetched would be used until it ends
    ServiceTitanTokens(
        connections.database,
        connections.vault,
        tenant=connections.tenant,
        environment=connections.company.environment,
    ).remove()
    connections.connection_states.connected(connections.name, "servicetitan", connections.tenant)


def store_quickbooks_app(connections: Connections, credentials: Mapping[str, SecretStr]) -> None:
    """Store the keys of our app at Intuit."""
    _store(connections, credentials)


def connect_quickbooks(connections: Connections, code: str, *, redirect_uri: str) -> str:
    """Exchange an authorization code, store tokens that open the company's realm, and return its name.

    Raises:
        SyncError: if the code is not accepted, belongs to another company, or to one that is not carried
            (rule 2.4); the tokens before stay then.
    """
    try:
        tokens = connections.oauth.exchange_code(code, redirect_uri=redirect_uri)
    except ConnectionStopped as error:
        if error.code != "invalid_grant":
            raise
        raise SettingsError(
            "QuickBooks does not take this code: it was used, is older than five minutes, or was given for "
            f"another redirect address than {redirect_uri}.",
            remedy="Run the command without --code and open the new link.",
        ) from error
    with _http() as http:
        client = _trial_quickbooks(connections, tokens, http)
        company = read_company_info(client.company_info())
        refused = refusals(company, read_preferences(client.preferences()))
    if refused:
        raise SettingsError(
            " ".join(finding.text for finding in refused),
            remedy=" ".join(finding.cure for finding in refused),
        )
    with connections.tokens.exclusive():
        # a new consent has dates of its own; what is left of the old one must not be mixed with it
        connections.tokens.remove()
        connections.tokens.write(tokens)
    connections.connection_states.connected(connections.name, "quickbooks", connections.realm)
    return company.name


@contextmanager
def _http() -> Generator[Http]:
    http = Http(pool_size=1)
    try:
        yield http
    finally:
        http.close()


def _trial_servicetitan(
    connections: Connections, credentials: Mapping[str, SecretStr], http: Http
) -> ServiceTitan:
    """Return a client that knows these credentials only, and keeps nothing."""
    urls = connections.settings.servicetitan_urls(connections.company.environment)
    client_id, client_secret, app_key = (credentials[name] for name in SERVICETITAN_SECRETS)
    auth = ServiceTitanAuth(
        http=http,
        token_url=urls.token,
        credentials=Credentials(client_id.get_secret_value(), client_secret, app_key),
        cache=MemoryTokenCache(),
        retry=_RETRY,
    )
    return ServiceTitan(
        http=http,
        tokens=auth,
        tenant=connections.tenant,
        base_url=urls.api,
        budget=Unlimited(),
        retry=_RETRY,
    )


class _Given:
    """Tokens just given and not kept yet; fulfils `quickbooks.auth.TokenVault`."""

    def __init__(self, tokens: TokenPair) -> None:
        self._tokens = tokens

    def read(self) -> TokenPair | None:
        return self._tokens

    def write(self, tokens: TokenPair) -> None:
        self._tokens = tokens

    @contextmanager
    def exclusive(self) -> Generator[None]:
        yield


def _trial_quickbooks(connections: Connections, tokens: TokenPair, http: Http) -> QuickBooks:
    """Return a client that uses these tokens only, and keeps nothing."""
    return QuickBooks(
        http=http,
        tokens=QuickBooksAuth(oauth=connections.oauth, vault=_Given(tokens)),
        realm=connections.realm,
        base_url=connections.settings.quickbooks_urls(connections.company.environment).api,
        budget=Unlimited(),
        retry=_RETRY,
    )


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
                f"No {label} was given.",
                remedy=f"Type it, or give {len(names)} lines on standard input: {', '.join(names)}.",
            )
        found[name] = SecretStr(value.strip())
    return found


def _print_link(connections: Connections, settings: Settings, *, new_keys: bool) -> None:
    if new_keys or not _has_app(connections):
        store_quickbooks_app(connections, _ask(QUICKBOOKS_SECRETS))
    state = new_state()
    connections.vault.put(scope_of(connections.company), _STATE, SecretStr(state))
    link = connections.oauth.authorize_url(redirect_uri=settings.public_url + CALLBACK, state=state)
    say("Open this link as an administrator of the QuickBooks company:")
    sys.stdout.write(link + "\n")
    say("Then run this command again with --code, --realm (realmId) and --state of the address it leads to.")


def _has_app(connections: Connections) -> bool:
    """Say whether the app's keys are stored and can be opened; what cannot is asked for anew."""
    try:
        return all(connections.vault.get(scope_of(connections.company), name) for name in QUICKBOOKS_SECRETS)
    except SettingsError as error:
        say(str(error).removesuffix(error.remedy).strip())
        return False


def _check_callback(connections: Connections, callback: Callback) -> None:
    """Return if the callback belongs to our last link, which is used up now, and to the company's realm."""
    scope = scope_of(connections.company)
    expected = connections.vault.get(scope, _STATE)
    given = callback.state or ""
    if expected is None or not secrets.compare_digest(expected.get_secret_value().encode(), given.encode()):
        raise SettingsError(
            "This callback does not belong to the last consent link: its state differs.",
            remedy="Run the command without --code, open the new link, and give what it leads back with.",
        )
    connections.vault.remove(scope, _STATE)
    if callback.realm != connections.realm:
        raise SettingsError(
            f"Consent was given for QuickBooks company {callback.realm}, but the company file of "
            f"{connections.name} names {connections.realm}.",
            remedy="Choose the right company on the consent page, or correct `quickbooks: realm` there.",
        )
