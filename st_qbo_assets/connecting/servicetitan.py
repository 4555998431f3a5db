"""ServiceTitan's credentials: tried, then kept; forgotten.

What belongs here: the steps. What does not work is not stored, so that a slip of the pen never disturbs a
connection that works.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from pydantic import SecretStr

from st_qbo_assets.connections import SERVICETITAN_SECRETS, Connections, scope_of
from st_qbo_assets.domain.errors import ConnectionStopped
from st_qbo_assets.servicetitan.auth import Credentials, MemoryTokenCache, ServiceTitanAuth
from st_qbo_assets.servicetitan.client import ServiceTitan
from st_qbo_assets.store.tokens import ServiceTitanTokens
from st_qbo_assets.transport.budget import Unlimited
from st_qbo_assets.transport.http import Http
from st_qbo_assets.transport.retry import RetryPolicy

#: A person waits: trying is over after a few seconds.
RETRY = RetryPolicy(attempts=4)


def connect_servicetitan(connections: Connections, credentials: Mapping[str, SecretStr]) -> None:
    """Store credentials that work.

    Raises:
        SyncError: if ServiceTitan does not accept them; nothing is stored then.
    """
    with trial_http() as http:
        next(iter(_trial_client(connections, credentials, http).business_units()), None)
    for name, secret in credentials.items():
        connections.vault.put(scope_of(connections.company), name, secret)
    # a token that the old credentials fetched would be used until it ends
    _tokens(connections).remove()
    connections.connection_states.connected(connections.name, "servicetitan", connections.tenant)


def forget_servicetitan(connections: Connections) -> None:
    """Forget a company's credentials and their token; the app itself is disconnected in ServiceTitan."""
    for name in SERVICETITAN_SECRETS:
        connections.vault.remove(scope_of(connections.company), name)
    _tokens(connections).remove()
    stopped = ConnectionStopped(
        "ServiceTitan was disconnected by a person.",
        code="disconnected",
        remedy="Give its credentials again: `st-qbo connect servicetitan`, or the Connect page.",
        system="servicetitan",
    )
    connections.connection_states.stopped(connections.name, "servicetitan", connections.tenant, stopped)


@contextmanager
def trial_http() -> Generator[Http]:
    """Yield connections for trying something; closed at the end."""
    http = Http(pool_size=1)
    try:
        yield http
    finally:
        http.close()


def _tokens(connections: Connections) -> ServiceTitanTokens:
    return ServiceTitanTokens(
        connections.database,
        connections.vault,
        tenant=connections.tenant,
        environment=connections.company.environment,
    )


def _trial_client(connections: Connections, credentials: Mapping[str, SecretStr], http: Http) -> ServiceTitan:
    """Return a client that knows these credentials only, and keeps nothing."""
    urls = connections.settings.servicetitan_urls(connections.company.environment)
    client_id, client_secret, app_key = (credentials[name] for name in SERVICETITAN_SECRETS)
    auth = ServiceTitanAuth(
        http=http,
        token_url=urls.token,
        credentials=Credentials(client_id.get_secret_value(), client_secret, app_key),
        cache=MemoryTokenCache(),
        retry=RETRY,
    )
    return ServiceTitan(
        http=http,
        tokens=auth,
        tenant=connections.tenant,
        base_url=urls.api,
        budget=Unlimited(),
        retry=RETRY,
    )
