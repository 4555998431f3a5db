"""What the Connect pages show of companies: states, ends of tokens, which keys are kept. Never a secret.

What belongs here: reading what is shown, and turning it into HTML. What does not: doing anything (`connect`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from st_qbo_assets.connecting.consent import CALLBACK
from st_qbo_assets.connecting.lifetimes import Notice, notices_of
from st_qbo_assets.connections import (
    QUICKBOOKS_SECRETS,
    QUICKBOOKS_VERIFIER_TOKEN,
    SERVICETITAN_SECRETS,
    SERVICETITAN_WEBHOOK_KEY,
    scope_of,
)
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.connection_states import ConnectionState, ConnectionStates
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.inbox import InboxCounts
from st_qbo_assets.store.tokens import TokenDates, token_dates
from st_qbo_assets.store.vault import Vault
from st_qbo_assets.web.html import Html, button, element, facts, form, join, secret_field, table

BASE = "/connect/company"
_SYSTEMS = (("servicetitan", "ServiceTitan"), ("quickbooks", "QuickBooks"))


@dataclass(frozen=True)
class Shown:
    """Everything a page says of a company.

    Attributes:
        kept: names of the secrets that are kept.
    """

    company: CompanyFile
    states: dict[str, ConnectionState]
    dates: dict[str, TokenDates]
    kept: frozenset[str]
    notices: tuple[Notice, ...]

    def text_of(self, system: str) -> Html:
        """Return the state of one side in a word."""
        state = self.states.get(system)
        if state is None:
            return element("span", "not connected", class_="bad")
        if state.account != self.account_of(system):
            said = f"connected to {state.account}, the company file names {self.account_of(system)}"
            return element("span", said, class_="bad")
        if state.is_stopped:
            word = "disconnected" if state.code == "disconnected" else "stopped"
            return element("span", word, class_="bad")
        return element("span", "connected", class_="good")

    def account_of(self, system: str) -> str:
        """Return tenant or realm of the company file."""
        if system == "servicetitan":
            return self.company.servicetitan.tenant
        return self.company.quickbooks.realm


def read_shown(database: Database, companies: Iterable[CompanyFile], vault: Vault) -> list[Shown]:
    """Return what is shown of companies, by name; needs no vault key."""
    states = ConnectionStates(database).all()
    dates = token_dates(database)
    notes = vault.notes()
    now = datetime.now(UTC)
    found: list[Shown] = []
    for company in sorted(companies, key=lambda each: each.name):
        accounts = {"servicetitan": company.servicetitan.tenant, "quickbooks": company.quickbooks.realm}
        known = {
            system: dates[system, key]
            for system, account in accounts.items()
            if (system, key := f"{company.environment.value}:{account}") in dates
        }
        found.append(
            Shown(
                company=company,
                states={state.system: state for state in states if state.company == company.name},
                dates=known,
                kept=frozenset(note.name for note in notes if note.scope == scope_of(company)),
                notices=tuple(notices_of(company.name, known.get("quickbooks"), now)),
            )
        )
    return found


def list_of(companies: Iterable[Shown]) -> Iterable[str]:
    """Return the content of the list of companies."""
    listed = list(companies)
    yield from (_notice(notice) for shown in listed for notice in shown.notices)
    rows = [
        (
            element("a", shown.company.name, href=f"{BASE}/{shown.company.name}"),
            shown.company.environment.value,
            shown.text_of("servicetitan"),
            shown.text_of("quickbooks"),
            _until(shown.dates.get("quickbooks"), "hard_expires_at"),
        )
        for shown in listed
    ]
    columns = ("company", "environment", "ServiceTitan", "QuickBooks", "QuickBooks permission until")
    yield table(columns, rows)
    yield element("p", "A company is added by a file; see docs/company-file.md.", class_="quiet")


def company_content(shown: Shown, settings: Settings, counts: InboxCounts, token: str) -> Iterable[str]:
    """Return the content of a company's page.

    Args:
        shown: what is known of it.
        settings: they hold the public address.
        counts: of its events.
        token: of the session, for the forms.
    """
    company = shown.company
    path = f"{BASE}/{company.name}"
    yield element("p", element("a", "All companies", href="/connect"))
    yield from (_notice(notice) for notice in shown.notices)
    yield facts([("environment", company.environment.value), ("mode", company.mode)])
    yield element("h2", "ServiceTitan")
    yield _state_facts(shown, "servicetitan", ("tenant", company.servicetitan.tenant))
    yield _servicetitan_forms(shown, path, token)
    yield element("h2", "QuickBooks")
    yield _state_facts(shown, "quickbooks", ("realm", company.quickbooks.realm))
    yield _quickbooks_forms(shown, settings, path, token)
    yield element("h2", "Events (webhooks)")
    yield _webhook_facts(shown, settings, counts)
    yield _key_form(shown, path, token, "servicetitan")
    yield _key_form(shown, path, token, "quickbooks")


def _notice(notice: Notice) -> Html:
    kind = "bad" if notice.step <= 7 else "soon"  # noqa: PLR2004 - a week
    return element("div", element("strong", notice.text), f" {notice.remedy}", class_=f"message {kind}")


def _state_facts(shown: Shown, system: str, account: tuple[str, str]) -> Html:
    rows: list[tuple[str, str]] = [account, ("state", shown.text_of(system))]
    state = shown.states.get(system)
    if state is not None:
        rows.append(("since", _minute(state.since)))
        if state.is_stopped:
            rows.append(("why", f"{state.message} {state.remedy}"))
    dates = shown.dates.get(system)
    if dates is not None:
        rows.append(("access token until", f"{_minute(dates.access_expires_at)} (renewed by itself)"))
        if dates.refresh_expires_at is not None:
            text = f"{_minute(dates.refresh_expires_at)} (each use starts the 100 days anew)"
            rows.append(("refresh token, if idle, until", text))
        if system == "quickbooks":
            rows.append(("five years from consent end", _until(dates, "hard_expires_at")))
    return facts(rows)


def _servicetitan_forms(shown: Shown, path: str, token: str) -> Html:
    is_kept = set(SERVICETITAN_SECRETS) <= shown.kept
    labels = ("Client id", "Client secret", "App key")
    fields = [secret_field(name, label) for name, label in zip(SERVICETITAN_SECRETS, labels, strict=True)]
    give = form(f"{path}/servicetitan", token, *fields, button("Test and keep", id="servicetitan-save"))
    if not is_kept:
        return give
    said = element("p", "Credentials are kept, encrypted. They are not shown again.")
    again = element("details", element("summary", "Give new credentials"), give)
    forget = element(
        "details",
        element("summary", "Disconnect"),
        element("p", "Forgets the credentials here. Disconnect the app in ServiceTitan's settings too."),
        form(f"{path}/servicetitan/forget", token, button("Forget the credentials")),
    )
    return join([said, again, forget])


def _quickbooks_forms(shown: Shown, settings: Settings, path: str, token: str) -> Html:
    labels = ("Client id of the app", "Client secret of the app")
    fields = [secret_field(name, label) for name, label in zip(QUICKBOOKS_SECRETS, labels, strict=True)]
    give = form(f"{path}/quickbooks/app", token, *fields, button("Keep the keys", id="app-save"))
    redirect = element(
        "p", "Redirect URI to register at Intuit: ", element("code", settings.public_url + CALLBACK)
    )
    if not set(QUICKBOOKS_SECRETS) <= shown.kept:
        return join([redirect, element("p", "First the keys of your app at Intuit:"), give])
    connect = form(f"{path}/quickbooks", token, button("Connect to QuickBooks", id="connect-quickbooks"))
    parts = [connect, redirect, element("details", element("summary", "Give new keys of the app"), give)]
    if "quickbooks" in shown.dates:
        parts.append(
            element(
                "details",
                element("summary", "Disconnect"),
                element(
                    "p", "Withdraws the permission at Intuit. Nothing is posted until you connect again."
                ),
                form(
                    f"{path}/quickbooks/disconnect",
                    token,
                    button("Disconnect from QuickBooks", id="disconnect-quickbooks"),
                ),
            )
        )
    return join(parts)


def _webhook_facts(shown: Shown, settings: Settings, counts: InboxCounts) -> Html:
    public, name, unreadable = settings.public_url, shown.company.name, counts.undecodable
    last = counts.last_received_at
    return facts(
        [
            ("ServiceTitan callback URL", element("code", f"{public}/webhooks/servicetitan/{name}")),
            ("QuickBooks endpoint URL", element("code", f"{public}/webhooks/quickbooks")),
            ("last event", _minute(last) if last is not None else "none yet"),
            ("events", f"{counts.pending} waiting, {counts.acknowledged} done, {unreadable} unreadable"),
        ]
    )


def _key_form(shown: Shown, path: str, token: str, system: str) -> Html:
    is_servicetitan = system == "servicetitan"
    name = SERVICETITAN_WEBHOOK_KEY if is_servicetitan else QUICKBOOKS_VERIFIER_TOKEN
    label = "ServiceTitan's webhook key (HMAC)" if is_servicetitan else "Intuit's verifier token"
    give = form(
        f"{path}/webhooks/{system}", token, secret_field("key", label), button("Keep", id=f"key-{system}")
    )
    if name not in shown.kept:
        return join([element("p", f"{label} is not known: its events are refused.", class_="soon"), give])
    said = element("p", f"{label} is kept, encrypted.")
    return join([said, element("details", element("summary", "Give a new one"), give)])


def _until(dates: TokenDates | None, name: str) -> str:
    found: datetime | None = getattr(dates, name) if dates is not None else None
    if dates is None:
        return ""
    return _minute(found) if found is not None else "not told by Intuit"


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def system_name(system: str) -> str:
    """Return how people call a system."""
    return dict(_SYSTEMS)[system]


def company_key(shown: Shown) -> Company:
    """Return the name as the store keys it."""
    return Company(shown.company.name)
