"""What the ledger knows of the documents of a tie-out: the evidence a cause may rest on.

What belongs here: the few facts of the store that a difference may be explained by, as values. What
does not: amounts. What the load wrote is never evidence of what the books hold (rule 6.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Protocol

from st_qbo_assets.books.documents import QboKey, StDocument
from st_qbo_assets.domain.ids import Entity, SourceRef, is_location
from st_qbo_assets.domain.outcomes import Outcome, Reason


class FieldDrift(Protocol):
    """A field we own that somebody changed in QuickBooks since it was last confirmed (rule 5.3)."""

    @property
    def field(self) -> str:
        """Name of the field."""
        ...

    @property
    def meant(self) -> str:
        """What QuickBooks last confirmed."""
        ...

    @property
    def held(self) -> str:
        """What QuickBooks holds now."""
        ...


@dataclass(frozen=True)
class Change:
    """A field with what it was and what it is, as text (a `FieldDrift`)."""

    field: str
    meant: str
    held: str


@dataclass(frozen=True)
class KnownLink:
    """A row of the crosswalk.

    Attributes:
        adopted: whether it was linked to an object that we did not create.
        accepted: fields that somebody changed in QuickBooks and that were accepted as they are.
    """

    source: SourceRef
    key: QboKey
    adopted: bool = False
    accepted: tuple[FieldDrift, ...] = ()


@dataclass(frozen=True)
class KnownState:
    """Where the last load left a record."""

    source: SourceRef
    outcome: Outcome
    reason: Reason | None = None


@dataclass(frozen=True)
class OwnLoad:
    """What is known of the last load of the day a record is dated on.

    Attributes:
        is_due: whether its day was never loaded, or changed and was not loaded since.
        seen_until: newest vendor stamp that load had read among records of its kind; None if unknown.
    """

    is_due: bool = False
    seen_until: datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """What the store knows of the documents in hand.

    Attributes:
        links: crosswalk rows of the documents in hand, of the invoices their payments are applied to, of
            their customers, and of the QuickBooks documents in hand that carry no marker.
        states: record states of the same sources.
        marked: marker index: source → QuickBooks objects that were ever seen with its marker.
        drift: fields changed in QuickBooks since last confirmed, by object.
        seen_until: newest vendor stamp the last load of these days had read; None if unknown.
        own_loads: the last load of their own days, of records no load has known, and of those of other days.
        book_close: QuickBooks' BookCloseDate, None if the books are open.
    """

    links: tuple[KnownLink, ...] = ()
    states: tuple[KnownState, ...] = ()
    marked: Mapping[SourceRef, tuple[QboKey, ...]] = field(
        default_factory=dict[SourceRef, tuple[QboKey, ...]]
    )
    drift: Mapping[QboKey, tuple[FieldDrift, ...]] = field(
        default_factory=dict[QboKey, tuple[FieldDrift, ...]]
    )
    seen_until: datetime | None = None
    own_loads: Mapping[SourceRef, OwnLoad] = field(default_factory=dict[SourceRef, OwnLoad])
    book_close: date | None = None

    @cached_property
    def links_by_source(self) -> dict[SourceRef, list[KnownLink]]:
        """The links of every source; a part counts as its record."""
        found: dict[SourceRef, list[KnownLink]] = {}
        for link in self.links:
            found.setdefault(whole(link.source), []).append(link)
        return found

    @cached_property
    def source_by_key(self) -> dict[QboKey, SourceRef]:
        """The source every linked QuickBooks object belongs to."""
        return {link.key: link.source for link in self.links}

    @cached_property
    def state_by_source(self) -> dict[SourceRef, KnownState]:
        """The state of every source; of a record with parts the one that is not settled."""
        found: dict[SourceRef, KnownState] = {}
        for state in self.states:
            source = whole(state.source)
            if source not in found or found[source].outcome.is_settled:
                found[source] = state
        return found

    @cached_property
    def customers(self) -> dict[str, str]:
        """ServiceTitan customer id → QuickBooks customer id."""
        return {
            link.source.id: link.key.id
            for link in self.links
            if link.source == SourceRef(Entity.CUSTOMER, link.source.id) and link.key.target == "Customer"
        }

    @cached_property
    def vendors(self) -> dict[str, str]:
        """ServiceTitan vendor id → QuickBooks vendor id."""
        return {
            link.source.id: link.key.id
            for link in self.links
            if link.source.entity is Entity.VENDOR and link.key.target == "Vendor"
        }

    def seen_of(self, source: SourceRef) -> datetime | None:
        """Return the newest vendor stamp the last load of a record's day had read; None if unknown."""
        own = self.own_loads.get(source)
        return own.seen_until if own is not None and own.seen_until is not None else self.seen_until

    def linked_to(self, document: StDocument) -> str:
        """Return the QuickBooks id of a document's customer or vendor, empty if that is not linked."""
        named = self.vendors if document.shape.is_bought else self.customers
        return named.get(document.customer_id, "")

    def owner_of(self, customer_id: str) -> str:
        """Return who stands for a QuickBooks customer: of a service location's sub-customer its parent."""
        return self._sub_customers.get(customer_id, customer_id)

    @cached_property
    def _sub_customers(self) -> dict[str, str]:
        return {
            link.key.id: self.customers.get(link.source.id, "")
            for link in self.links
            if is_location(link.source) and link.key.target == "Customer"
        }


def whole(source: SourceRef) -> SourceRef:
    """Return the record a part belongs to; a record is its own."""
    return SourceRef(source.entity, source.id) if source.part else source
