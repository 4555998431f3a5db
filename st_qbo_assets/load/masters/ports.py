"""What the sync of masters needs of ServiceTitan and the store, as small protocols.

What belongs here: the calls, and the bundle handed to the parts. What does not: how they are fulfilled.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.masters.sides import CUSTOMER, VENDOR, Terms
from st_qbo_assets.domain.masters.three_way import FieldPolicy, Ways
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.store.intents import Attempt, Closing
from st_qbo_assets.store.pairs import PairRow

#: Targets of intents whose object is in ServiceTitan.
FOREIGN = {CUSTOMER: "servicetitan/Customer", VENDOR: "servicetitan/Vendor"}
TARGETS = {Entity.CUSTOMER: CUSTOMER, Entity.VENDOR: VENDOR}
#: Parts of a record's results: the direction.
TO_QUICKBOOKS, TO_SERVICETITAN = "quickbooks", "servicetitan"


class ServiceTitanReads(Protocol):
    """Rows of ServiceTitan's lists, verbatim."""

    def rows(self, endpoint: str, *, ids: Iterable[int] | None = None) -> Iterator[Json]:
        """Yield rows by ids, inactive ones included."""
        ...


class ServiceTitanWrites(Protocol):
    """The writes of `servicetitan.writer`."""

    def create_customer(self, body: Json, *, external: str) -> Json:
        """Create a customer with locations and contacts."""
        ...

    def change_customer(self, id_: str, body: Json) -> Json:
        """Change fields of a customer."""
        ...

    def change_location(self, id_: str, body: Json) -> Json:
        """Change fields of a service location."""
        ...

    def create_contact(self, customer_id: str, kind: str, value: str) -> Json:
        """Add a contact."""
        ...

    def change_contact(self, customer_id: str, id_: str, kind: str, value: str) -> Json:
        """Change a contact."""
        ...

    def delete_contact(self, customer_id: str, id_: str) -> None:
        """Delete a contact."""
        ...

    def notes(self, customer_id: str) -> Iterator[Json]:
        """Yield the notes of a customer."""
        ...

    def create_note(self, customer_id: str, text: str) -> Json:
        """Add a note."""
        ...

    def delete_note(self, customer_id: str, id_: str) -> None:
        """Delete a note."""
        ...

    def customers_made_from(self, external: Iterable[str]) -> Iterator[Json]:
        """Yield the customers made from QuickBooks objects."""
        ...

    def customers_like(self, **filters: str) -> Iterator[Json]:
        """Yield customers by filters of the list."""
        ...

    def create_vendor(self, body: Json, *, external: str) -> str:
        """Create a vendor, return its id."""
        ...

    def change_vendor(self, id_: str, body: Json) -> None:
        """Change fields of a vendor."""
        ...

    def vendors_made_from(self, external: Iterable[str]) -> Iterator[Json]:
        """Yield the vendors made from QuickBooks objects."""
        ...


class PairStore(Protocol):
    """The bases of pairs."""

    def of_sources(self, company: Company, entity: Entity, ids: Iterable[str]) -> Mapping[str, PairRow]:
        """Return the bases of many records."""
        ...

    def save(self, company: Company, rows: Iterable[PairRow], run_id: str = "") -> None:
        """Keep what some pairs agree on now."""
        ...

    def documents_of(self, company: Company, field: str, qbo_id: str) -> list[tuple[str, str]]:
        """Return some of our documents that name a customer or vendor."""
        ...

    def follow(self, company: Company, field: str, qbo_id: str, survivor: str) -> int:
        """Let our documents be confirmed with the customer that theirs was merged into."""
        ...


class WrittenElsewhere(Protocol):
    """Closes intents whose object is in ServiceTitan."""

    def close_written(self, attempt: Attempt, closing: Closing) -> None:
        """Close attempt and intent as posted."""
        ...


@dataclass(frozen=True)
class PairContext:
    """Everything the sync of masters works with.

    Attributes:
        write: the load's own context: QuickBooks, ledger, links, decisions.
        terms: payment terms of both sides.
        now: the time of this poll.
        is_by_hand: whether a person asked for this run, so that what was refused is sent again.
    """

    write: WriteContext
    pairs: PairStore
    foreign: WrittenElsewhere
    servicetitan: ServiceTitanReads
    writer: ServiceTitanWrites
    terms: Terms
    now: datetime
    is_by_hand: bool = False

    @property
    def company(self) -> CompanyFile:
        """The company file."""
        return self.write.company

    @property
    def ways(self) -> Ways:
        """How this company decides."""
        policies: dict[str, FieldPolicy] = {**self.company.field_policies}
        return Ways(policies, self.terms, self.now, self.company.notes_left_out)

    @property
    def is_live(self) -> bool:
        """Whether anything is written."""
        return self.company.mode == "live"


@dataclass(frozen=True)
class Wanted:
    """One record that changed, by the id of the side that showed it.

    Attributes:
        was_created: whether this very load created the QuickBooks object.
        locations: service locations of the customer that were seen, by id.
    """

    servicetitan_id: str = ""
    qbo_id: str = ""
    was_created: bool = False
    title: str = ""
    locations: tuple[str, ...] = ()


@dataclass
class Tally:
    """What one sync did, for the metadata of its run."""

    pairs: int = 0
    to_quickbooks: int = 0
    to_servicetitan: int = 0
    conflicts: int = 0
    created: int = 0
    notes: list[str] = field(default_factory=list[str])


def source_of(entity: Entity, servicetitan_id: str, part: str = "") -> SourceRef:
    """Return the name of a record, or of one direction of it."""
    return SourceRef(entity, servicetitan_id, part)


def orphan(entity: Entity, qbo_id: str) -> SourceRef:
    """Return the name of a record that only QuickBooks has, on its way to ServiceTitan."""
    return SourceRef(entity, f"qbo{qbo_id}", TO_SERVICETITAN)
