"""What the load needs of QuickBooks and of the store, as small protocols.

What belongs here: the calls this package makes, and the bundle of them handed to its parts. What does
not: how they are fulfilled (`quickbooks.client`, `store.ledger`, or fakes in tests).
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Entity, Realm, SourceRef, Tenant
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.quickbooks.answers import Answer
from st_qbo_assets.store.intents import Attempt, AttemptOutcome, Closing, Intent, IntentDraft
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.markers import MarkedObject
from st_qbo_assets.store.states import Also, RecordState
from st_qbo_assets.transport.retry import RetryPolicy


class QuickBooksCalls(Protocol):
    """The calls to one realm that the load makes."""

    def create(self, entity: str, body: Json, request_id: str, *, include: str = "") -> Answer:
        """Create an object and return it as stored; `include` is the query parameter of that name."""
        ...

    def update(self, entity: str, body: Json, request_id: str) -> Answer:
        """Change an object sparsely and return it as stored."""
        ...

    def void(self, entity: str, id: str, sync_token: str, request_id: str) -> Answer:  # noqa: A002 - QuickBooks' word
        """Void a document and return it as stored."""
        ...

    def read(self, entity: str, id: str) -> Answer:  # noqa: A002 - QuickBooks' word
        """Return one object."""
        ...

    def query(self, entity: str, where: str = "") -> Iterable[Json]:
        """Yield the objects of a query, page by page."""
        ...


class LinkReads(Protocol):
    """The crosswalk, looked at from the other side."""

    def of_targets(self, company: Company, target: str, qbo_ids: Iterable[str]) -> dict[str, list[Link]]:
        """Return the links to many QuickBooks objects in one query, by QuickBooks id."""
        ...

    def of_day(self, company: Company, entity: Entity, first: date, last: date | None = None) -> list[Link]:
        """Return the links of the documents last posted with a business day from first to last."""
        ...

    def of_customers(
        self,
        company: Company,
        target: str,
        customers: Iterable[str],
        *,
        changed_since: datetime | None = None,
    ) -> list[Link]:
        """Return the links to documents of one entity that QuickBooks last confirmed for some customers.

        Or for some vendors, where the documents are theirs. Only those changed after an instant of the
        database, if there is one: what was made since, and no more, is not.
        """
        ...


class Decisions(Protocol):
    """The audit of who decided what."""

    def decide(
        self,
        company: Company,
        source: SourceRef,
        *,
        target: str,
        qbo_id: str,
        code: str,
        decided_by: str,
        detail: Json,
        run_id: str = "",
    ) -> None:
        """Keep that a rule, file or person decided something, and on what evidence."""
        ...


class WriteLedger(Protocol):
    """The ledger as a writer sees it."""

    def link(self, company: Company, source: SourceRef, target: str) -> Link | None:
        """Return the link of a source and target."""
        ...

    def links(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        """Return the links of many sources in one query."""
        ...

    def links_of_records(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        """Return the links of many records in one query, whatever their part."""
        ...

    def save_link(self, link: Link) -> None:
        """Insert or overwrite a link."""
        ...

    def lock(self, company: Company, *sources: SourceRef) -> AbstractContextManager[None]:
        """Hold the write locks of records from plan to close."""
        ...

    def lock_names(self, realm: Realm, name_list: str = "names") -> AbstractContextManager[None]:
        """Hold the lock of a name list of a realm."""
        ...

    def open_intent(self, company: Company, source: SourceRef, target: str) -> Intent | None:
        """Return the intent whose outcome is not known yet."""
        ...

    def open_intents_of_records(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> dict[SourceRef, list[Intent]]:
        """Return the open intents of many records in one query, whatever their part."""
        ...

    def begin(self, draft: IntentDraft) -> Attempt:
        """Commit an intent and its first attempt."""
        ...

    def begin_attempt(self, intent: Intent, *, run_id: str = "") -> Attempt:
        """Commit one more send of an open intent."""
        ...

    def close_posted(
        self,
        attempt: Attempt,
        *,
        link: Link,
        closing: Closing | None = None,
        marked: MarkedObject | None = None,
        mismatch: bool = False,
    ) -> None:
        """Close attempt and intent and keep the link, in one transaction."""
        ...

    def close_found(
        self,
        intent: Intent,
        *,
        link: Link,
        closing: Closing | None = None,
        marked: MarkedObject | None = None,
        mismatch: bool = False,
    ) -> None:
        """Close an intent whose write was found in QuickBooks."""
        ...

    def close_absent(self, intent: Intent, *, code: str = "absent", message: str = "") -> None:
        """Close an intent proven not to be in QuickBooks."""
        ...

    def close_attempt(self, attempt: Attempt, outcome: AttemptOutcome, closing: Closing) -> None:
        """Close one send, as failed or rejected."""
        ...

    def record_states(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        """Return where many records stand."""
        ...

    def all_states(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, RecordState]:
        """Return where every part of many records stands, in one query."""
        ...

    def waiting_for(
        self, company: Company, sources: Iterable[SourceRef]
    ) -> dict[SourceRef, list[RecordState]]:
        """Return the records that wait for some others, by the record they wait for."""
        ...

    def waiting_because(self, company: Company, code: str) -> list[RecordState]:
        """Return the records that wait for others for one reason, oldest day first."""
        ...

    def save_states(
        self,
        company: Company,
        results: Iterable[LoadResult | Mapped],
        run_id: str,
        *,
        also: Also | None = None,
    ) -> None:
        """Keep where many records stand, and do something more in the same transaction."""
        ...


class RefundTies(Protocol):
    """Which refunds took which payment's unapplied money (rule 3.5)."""

    def of_payments(self, company: Company, ids: Iterable[str]) -> dict[str, list[RefundTie]]:
        """Return the ties of many refunded payments in one query."""
        ...

    def of_refunds(self, company: Company, ids: Iterable[str]) -> dict[str, RefundTie]:
        """Return the ties of many refunds in one query."""
        ...

    def save(self, company: Company, ties: Iterable[RefundTie]) -> None:
        """Keep ties."""
        ...

    def drop(self, company: Company, refund_ids: Iterable[str]) -> None:
        """Forget the ties of refunds that are something else now."""
        ...


def _no_seam(name: str) -> None:
    """Do nothing at a named point of a write."""


@dataclass(frozen=True)
class WriteContext:
    """Everything one load writes with.

    Attributes:
        policies: what the plan must know of the company.
        applies_itself: whether QuickBooks applies credits by itself (AutoApplyCredit).
        run_id: the Dagster run, kept with every row.
        retry: tries of one write within this load, with its clock and sleep.
        trust_seconds: how long QuickBooks is trusted to remember a request id (rule 5.1).
        seam: called with `after_intent`, `after_send` and `before_close` on every write, so that tests can
            die there.
    """

    company: CompanyFile
    quickbooks: QuickBooksCalls
    ledger: WriteLedger
    links: LinkReads
    decisions: Decisions
    refunds: RefundTies
    policies: WritePolicies = field(default_factory=WritePolicies)
    applies_itself: bool = False
    run_id: str = ""
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=5))
    trust_seconds: float = 600.0
    seam: Callable[[str], None] = field(default=_no_seam, repr=False)

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
