"""The consent of QuickBooks: where it comes back to, and the `state` that makes a callback ours.

What belongs here: which redirect addresses Intuit takes, and states: unguessable, good once, bound to a
browser or to a terminal, and ending. What does not: the browser's cookies (`web`), the exchange of the code
(`quickbooks`).

A state is kept encrypted under the hash of its value, so that a dump of the database forges no callback.
"""

import hashlib
import ipaddress
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.quickbooks.auth import new_state
from st_qbo_assets.store.vault import Vault

#: Where Intuit sends the browser back to, below the public address.
CALLBACK = "/connect/quickbooks/callback"
_SCOPE = "consent"
#: A person signs in, finds the company and presses a button meanwhile.
BROWSER_MINUTES = 15
#: The link may have to be sent to somebody else.
TERMINAL_MINUTES = 24 * 60
_LOCAL = ("localhost",)


@dataclass(frozen=True)
class Consent:
    """A consent that was asked for.

    Attributes:
        browser: hash of the secret that the browser which began it holds; empty for a terminal.
    """

    company: str
    redirect_uri: str
    browser: str = ""


@dataclass(frozen=True)
class Callback:
    """What the consent page sent back.

    Attributes:
        error: why there is no code, e.g. `access_denied`.
    """

    state: str = ""
    code: str = ""
    realm: str = ""
    error: str = ""


class Consents:
    """Consents that were asked for and have not come back, in the vault."""

    def __init__(self, vault: Vault) -> None:
        """Keep them in this vault."""
        self._vault = vault

    def begin(self, consent: Consent, *, minutes: int) -> str:
        """Return a state for a consent, good for so many minutes."""
        self._vault.forget_expired(_SCOPE)
        state = new_state()
        text = json.dumps([consent.company, consent.redirect_uri, consent.browser])
        until = datetime.now(UTC) + timedelta(minutes=minutes)
        self._vault.put(_SCOPE, _digest(state), SecretStr(text), expires_at=until)
        return state

    def is_of_terminal(self, state: str) -> bool:
        """Say whether a state was given to a terminal; it stays good."""
        kept = self._vault.get(_SCOPE, _digest(state))
        return kept is not None and not Consent(*json.loads(kept.get_secret_value())).browser

    def end(self, state: str, *, browser: str = "", company: str | None = None) -> Consent:
        """Return the consent of a state, which is used up now, whatever comes of it.

        Args:
            state: as the callback brings it.
            browser: the secret of the browser it comes from; empty at a terminal.
            company: refuse a consent of any other.

        Raises:
            SettingsError: if it was never given, used, too old, or begun elsewhere.
        """
        kept = self._vault.take(_SCOPE, _digest(state))
        if kept is None:
            raise _not_ours()
        consent = Consent(*json.loads(kept.get_secret_value()))
        held = _digest(browser) if browser else ""
        if not secrets.compare_digest(consent.browser, held) or company not in (None, consent.company):
            raise _not_ours()
        return consent


def bound_to(browser: str) -> str:
    """Return what a consent keeps of a browser's secret."""
    return _digest(browser)


def check_redirect(environment: Environment, redirect_uri: str) -> None:
    """Return if Intuit takes this redirect address for keys of this kind (QuickBooks reference §1.2).

    Raises:
        SettingsError: with the cure, before a browser is sent there for nothing.
    """
    parts = urlsplit(redirect_uri)
    host = parts.hostname or ""
    if environment is Environment.SANDBOX:
        return
    said = ""
    if _is_ip(host):
        said = "an IP address, which Intuit does not take"
    elif parts.scheme != "https" and environment is Environment.PRODUCTION:
        said = "not https, and production keys take only that"
    elif host in _LOCAL and environment is Environment.PRODUCTION:
        said = "on this machine, and production keys take only a public host name"
    elif parts.scheme != "https" and host not in _LOCAL:
        said = "neither https nor on http://localhost, and development keys take only these"
    if said:
        raise SettingsError(
            f"The redirect address {redirect_uri} is {said}.",
            remedy="Set ST_QBO_PUBLIC_URL to an address like https://sync.example.com and register "
            f"https://sync.example.com{CALLBACK} at Intuit. Without a public address, run `st-qbo connect "
            "quickbooks --redirect-uri https://…` with any https address registered there: nothing has to "
            "answer, you paste the address the browser ends on.",
        )


def read_callback(address: str) -> Callback:
    """Return what the address says on which the browser ended.

    Raises:
        SettingsError: if it is no callback.
    """
    try:
        given = parse_qs(urlsplit(address.strip()).query)
    except ValueError:
        given = {}
    found = Callback(
        state=given.get("state", [""])[0],
        code=given.get("code", [""])[0],
        realm=given.get("realmId", [""])[0],
        error=given.get("error", [""])[0],
    )
    if not found.state or not (found.error or (found.code and found.realm)):
        raise SettingsError(
            "This is not the address the consent page leads back to: code, state or realmId is missing.",
            remedy="Copy the whole address out of the browser's address bar.",
        )
    return found


def check_callback(callback: Callback, *, company: str, realm: str) -> None:
    """Return if consent was given, and for the company's realm.

    Raises:
        SettingsError: if it was refused, or given for another QuickBooks company.
    """
    if callback.error:
        raise SettingsError(
            f"Consent was not given ({callback.error[:60]}). Nothing has changed.",
            remedy="Begin again, and press Connect as an administrator of the company.",
        )
    if callback.realm != realm:
        raise SettingsError(
            f"Consent was given for QuickBooks company {callback.realm[:40]}, but the company file of "
            f"{company} names {realm}.",
            remedy="Choose the right company on the consent page, or correct `quickbooks: realm` there.",
        )


def _not_ours() -> SettingsError:
    return SettingsError(
        "This callback does not belong to a consent link that is open: its state differs, was used, is too "
        "old, or the link was opened elsewhere.",
        remedy="Begin again (without --code), open the new link, and give what it leads back with.",
    )


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
