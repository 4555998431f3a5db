"""A company's two vendors and the store, built from its file and the settings.

What belongs here: putting the parts together, and the names under which a company's secrets are kept.
What does not: what is read or written through them.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from pydantic import SecretStr

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.errors import ConnectionStopped, SettingsError
from st_qbo_assets.domain.ids import Company, Realm, Tenant, find_markers
from st_qbo_assets.domain.money import parse_amount, to_cents
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.quickbooks.auth import AppCredentials, Endpoints, OAuth, QuickBooksAuth
from st_qbo_assets.quickbooks.client import QuickBooks
from st_qbo_assets.servicetitan.auth import Credentials, ServiceTitanAuth
from st_qbo_assets.servicetitan.client import ServiceTitan
from st_qbo_assets.servicetitan.writer import ServiceTitanWriter
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.audit import Decisions
from st_qbo_assets.store.budget import Budget, BudgetLimits
from st_qbo_assets.store.connection_states import ConnectionStates
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.ledger import Ledger
from st_qbo_assets.store.links import Links
from st_qbo_assets.store.markers import MarkedObject, Markers
from st_qbo_assets.store.marks import DirtyDays, SafeMarks, SeenDocuments
from st_qbo_assets.store.pairs import ForeignWrites, Pairs
from st_qbo_assets.store.refunds import Refunds
from st_qbo_assets.store.states import RecordStates
from st_qbo_assets.store.tie_outs import TieOuts
from st_qbo_assets.store.tokens import QuickBooksTokens, ServiceTitanTokens
from st_qbo_assets.store.vault import Vault
from st_qbo_assets.transport.http import Http, Timeouts
from st_qbo_assets.transport.retry import NO_RETRY, RetryPolicy

#: Names of a company's secrets in the vault.
SERVICETITAN_SECRETS = ("servicetitan_client_id", "servicetitan_client_secret", "servicetitan_app_key")
QUICKBOOKS_SECRETS = ("quickbooks_client_id", "quickbooks_client_secret")
#: What signs the events of the two systems.
SERVICETITAN_WEBHOOK_KEY = "servicetitan_webhook_key"
QUICKBOOKS_VERIFIER_TOKEN = "quickbooks_verifier_token"  # noqa: S105 - its name
#: ServiceTitan allows 60 calls a second for one application and tenant (ServiceTitan reference §2.1).
_SERVICETITAN_LIMITS = BudgetLimits(per_second=50, per_minute=2500, in_flight=8, burst=10)
_BRIEF = Timeouts(connect_seconds=5.0, read_seconds=15.0)
#: Somebody may be waiting at the consent page.
_OAUTH_ATTEMPTS = 4
#: Markers of objects read are kept in one statement for so many.
_MARKERS_AT_ONCE = 200
#: Whether ServiceTitan's connection stands as stopped is looked up again after so many answers.
_LOOKS_EVERY = 100


def scope_of(company: CompanyFile) -> str:
    """Return the scope under which the vault keeps a company's secrets."""
    return f"company:{company.name}"


@dataclass
class Connections:
    """One company, connected; shared by the threads of one step.

    Attributes:
        company: its file.
        database: the store's database.
        run_id: the Dagster run, kept with what is written.
        retry: how often a read is tried again.
        seam: called at named points of every write, so that tests can die there.
    """

    company: CompanyFile
    settings: Settings
    database: Database
    run_id: str = ""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    seam: Callable[[str], None] = lambda _: None
    _http: Http = field(default_factory=lambda: Http(pool_size=16))
    _seen: list[MarkedObject] = field(default_factory=list[MarkedObject])
    _budgets: list[Budget] = field(default_factory=list[Budget])
    _keeping: threading.Lock = field(default_factory=threading.Lock)
    _answered: int = 0

    @property
    def name(self) -> Company:
        """The company's name as the store keys it."""
        return Company(self.company.name)

    @property
    def realm(self) -> Realm:
        """The QuickBooks company."""
        return Realm(self.company.quickbooks.realm)

    @property
    def tenant(self) -> Tenant:
        """The ServiceTitan account."""
        return Tenant(self.company.servicetitan.tenant)

    # Vendors

    @cached_property
    def servicetitan(self) -> ServiceTitan:
        """The tenant's client.

        Raises:
            SettingsError: if its credentials were never stored.
        """
        return ServiceTitan(
            http=self._http,
            tokens=self._servicetitan_auth,
            tenant=self.tenant,
            base_url=self.settings.servicetitan_urls(self.company.environment).api,
            budget=self._servicetitan_budget,
            retry=self.retry,
        )

    @cached_property
    def servicetitan_writer(self) -> ServiceTitanWriter:
        """The tenant's client for writes; it shares token and budget with the other.

        Raises:
            SettingsError: if its credentials were never stored.
        """
        return ServiceTitanWriter(
            http=self._http,
            tokens=self._servicetitan_auth,
            tenant=self.tenant,
            base_url=self.settings.servicetitan_urls(self.company.environment).api,
            budget=self._servicetitan_budget,
            retry=self.retry,
            application=self.company.servicetitan.application,
        )

    @cached_property
    def _servicetitan_auth(self) -> ServiceTitanAuth:
        client_id, client_secret, app_key = self._secrets(SERVICETITAN_SECRETS, "servicetitan")
        return ServiceTitanAuth(
            http=self._http,
            token_url=self.settings.servicetitan_urls(self.company.environment).token,
            credentials=Credentials(client_id.get_secret_value(), client_secret, app_key),
            cache=ServiceTitanTokens(
                self.database, self.vault, tenant=self.tenant, environment=self.company.environment
            ),
            retry=self.retry,
        )

    @cached_property
    def _servicetitan_budget(self) -> Budget:
        return self._budget(f"servicetitan:{self.tenant}", _SERVICETITAN_LIMITS)

    @cached_property
    def oauth(self) -> OAuth:
        """The calls to Intuit's OAuth with the company's app keys.

        Raises:
            SettingsError: if the keys were never stored.
        """
        urls = self.settings.quickbooks_urls(self.company.environment)
        client_id, client_secret = self._secrets(QUICKBOOKS_SECRETS, "quickbooks")
        return OAuth(
            http=self._http,
            endpoints=Endpoints(authorize=urls.authorize, token=urls.token, revoke=urls.revoke),
            credentials=AppCredentials(client_id.get_secret_value(), client_secret),
            retry=replace(self.retry, attempts=min(self.retry.attempts, _OAUTH_ATTEMPTS)),
        )

    @cached_property
    def tokens(self) -> QuickBooksTokens:
        """The realm's tokens."""
        return QuickBooksTokens(
            self.database, self.vault, realm=self.realm, environment=self.company.environment
        )

    @cached_property
    def quickbooks(self) -> QuickBooks:
        """The realm's client; every object it is answered goes into the index of markers."""
        limits = self.company.quickbooks
        return QuickBooks(
            http=self._http,
            tokens=QuickBooksAuth(oauth=self.oauth, vault=self.tokens),
            realm=self.realm,
            base_url=self.settings.quickbooks_urls(self.company.environment).api,
            budget=self._budget(
                self.realm,
                BudgetLimits(
                    per_second=limits.requests_per_second,
                    per_minute=limits.requests_per_minute,
                    in_flight=limits.in_flight,
                ),
            ),
            retry=self.retry,
            observer=self._observe,
        )

    # Store

    @cached_property
    def vault(self) -> Vault:
        """The secrets."""
        return Vault.open(self.database, self.settings)

    @cached_property
    def ledger(self) -> Ledger:
        """Intents, attempts and states."""
        return Ledger(self.database)

    @cached_property
    def links(self) -> Links:
        """The crosswalk."""
        return Links(self.database)

    @cached_property
    def pairs(self) -> Pairs:
        """What customers and vendors of both systems last agreed on."""
        return Pairs(self.database)

    @cached_property
    def foreign_writes(self) -> ForeignWrites:
        """Closes writes to ServiceTitan."""
        return ForeignWrites(self.database)

    @cached_property
    def states(self) -> RecordStates:
        """Where records stand."""
        return RecordStates(self.database)

    @cached_property
    def decisions(self) -> Decisions:
        """Who decided what."""
        return Decisions(self.database)

    @cached_property
    def refunds(self) -> Refunds:
        """Which refunds took which payment's unapplied money."""
        return Refunds(self.database)

    @cached_property
    def markers(self) -> Markers:
        """The index of markers."""
        return Markers(self.database)

    @cached_property
    def marks(self) -> SafeMarks:
        """How far feeds are read."""
        return SafeMarks(self.database)

    @cached_property
    def seen(self) -> SeenDocuments:
        """On which day documents were last seen."""
        return SeenDocuments(self.database)

    @cached_property
    def dirty_days(self) -> DirtyDays:
        """Days that wait for a tie-out."""
        return DirtyDays(self.database)

    @cached_property
    def tie_outs(self) -> TieOuts:
        """The comparisons."""
        return TieOuts(self.database)

    @cached_property
    def connection_states(self) -> ConnectionStates:
        """Whether the two systems may be called."""
        return ConnectionStates(self.database)

    def note_stopped(self, error: ConnectionStopped) -> None:
        """Stop the company's connection to the system that said so, until a person acts."""
        account = self.tenant if error.system == "servicetitan" else self.realm
        self.connection_states.stopped(self.name, error.system, account, error)

    def note_answered(self) -> None:
        """Let ServiceTitan be running again if it was asked and nothing stopped us.

        QuickBooks is not judged by reads: a company whose subscription ended still answers them.
        """
        client = self.__dict__.get("servicetitan")
        if isinstance(client, ServiceTitan) and client.calls.calls > self._answered:
            self._answered = client.calls.calls + _LOOKS_EVERY
            state = self.connection_states.of(self.name, "servicetitan")
            if state is not None and state.is_stopped:
                self.connection_states.connected(self.name, "servicetitan", self.tenant)

    def close(self) -> None:
        """Keep what is not kept yet, and close all connections."""
        self.flush()
        for budget in self._budgets:
            budget.close()
        self._http.close()
        self.database.dispose()

    def flush(self) -> None:
        """Keep the markers of the objects seen since the last time."""
        with self._keeping:
            seen, self._seen = self._seen, []
        if seen:
            self.markers.feed(self.realm, seen)

    def _budget(self, account: str, limits: BudgetLimits) -> Budget:
        budget = Budget(self.database, account, limits=limits)
        self._budgets.append(budget)
        return budget

    def _secrets(self, names: Iterable[str], system: str) -> list[SecretStr]:
        found = [self.vault.get(scope_of(self.company), name) for name in names]
        if not all(found):
            raise SettingsError(
                f"Company {self.company.name} has no credentials for {system}.",
                remedy=f"Run `st-qbo connect {system} --company {self.company.name}`.",
            )
        return [secret for secret in found if secret]

    def _observe(self, entity: str, row: Json) -> None:
        marked = _marked(entity, row)
        if marked is None:
            return
        with self._keeping:
            self._seen.append(marked)
            is_full = len(self._seen) >= _MARKERS_AT_ONCE
        if is_full:
            self.flush()


def open_connections(
    company: CompanyFile,
    settings: Settings,
    *,
    run_id: str = "",
    open_database: Callable[[Settings], Database] = Database.open,
) -> Connections:
    """Return a company's connections; nothing is called yet but the database."""
    return Connections(company, settings, open_database(settings), run_id=run_id)


def open_briefly(company: CompanyFile, settings: Settings) -> Connections:
    """Return connections of somebody who does not wait: every call is made once, and given up soon."""
    http = Http(pool_size=1, timeouts=_BRIEF)
    return Connections(company, settings, Database.open(settings), retry=NO_RETRY, _http=http)


def _marked(entity: str, row: Json) -> MarkedObject | None:
    """Return the index entry of a transaction; None for lists and objects without an id."""
    is_deleted = row.get("status") == "Deleted"
    if not row.get("Id") or not (is_deleted or "TxnDate" in row):
        return None
    return MarkedObject(
        target=entity,
        qbo_id=str(row["Id"]),
        sources=find_markers(row.get("PrivateNote")),
        txn_date=parse_business_date(row.get("TxnDate")),
        sync_token=int(row.get("SyncToken") or 0),
        total_cents=to_cents(parse_amount(row.get("TotalAmt", 0))),
        deleted=is_deleted,
    )
