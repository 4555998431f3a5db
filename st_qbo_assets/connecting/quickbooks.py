"""QuickBooks' permission: the app's keys, tokens from a code, and taking the permission back.

What belongs here: the steps. What does not: the consent link and its `state` (`consent`). Tokens that do not
open the company's realm are not stored.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from pydantic import SecretStr

from st_qbo_assets.connecting.servicetitan import RETRY, trial_http
from st_qbo_assets.connections import QUICKBOOKS_SECRETS, Connections, scope_of
from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault, SettingsError
from st_qbo_assets.domain.tokens import TokenPair
from st_qbo_assets.mapping.readiness import refusals
from st_qbo_assets.quickbooks.auth import QuickBooksAuth
from st_qbo_assets.quickbooks.client import QuickBooks
from st_qbo_assets.quickbooks.reference import read_company_info, read_preferences
from st_qbo_assets.transport.budget import Unlimited
from st_qbo_assets.transport.http import Http

_DISCONNECTED = "disconnected"


def store_quickbooks_app(connections: Connections, credentials: Mapping[str, SecretStr]) -> None:
    """Store the keys of our app at Intuit."""
    for name in QUICKBOOKS_SECRETS:
        connections.vault.put(scope_of(connections.company), name, credentials[name])


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
            remedy="Begin again without --code and open the new link.",
        ) from error
    with trial_http() as http:
        client = _trial_client(connections, tokens, http)
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


def disconnect_quickbooks(connections: Connections) -> None:
    """Withdraw our permission at Intuit, forget the tokens, and stop the connection until a person connects.

    Raises:
        TransportError: if Intuit does not answer; nothing has changed then.
    """
    with connections.tokens.exclusive():
        tokens = connections.tokens.read()
        if tokens is not None:
            try:
                connections.oauth.revoke(tokens.refresh_token)
            except (ConnectionStopped, RemoteFault) as error:
                # Intuit does not know the token any more: the permission is gone already
                if isinstance(error, ConnectionStopped) and error.code == "invalid_client":
                    raise
            connections.tokens.remove()
    stopped = ConnectionStopped(
        "QuickBooks was disconnected by a person.",
        code=_DISCONNECTED,
        remedy="Connect it again: `st-qbo connect quickbooks`, or the Connect page.",
    )
    connections.connection_states.stopped(connections.name, "quickbooks", connections.realm, stopped)


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


def _trial_client(connections: Connections, tokens: TokenPair, http: Http) -> QuickBooks:
    """Return a client that uses these tokens only, and keeps nothing."""
    return QuickBooks(
        http=http,
        tokens=QuickBooksAuth(oauth=connections.oauth, vault=_Given(tokens)),
        realm=connections.realm,
        base_url=connections.settings.quickbooks_urls(connections.company.environment).api,
        budget=Unlimited(),
        retry=RETRY,
    )
