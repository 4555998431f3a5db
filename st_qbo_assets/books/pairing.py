"""Which documents belong together: one pair per source, and one per QuickBooks document of nobody.

What belongs here: identity. A marker in the private note decides; a link speaks for documents without
one (adopted, or the marker was removed). What does not: whether the two sides agree (cases).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from st_qbo_assets.books.documents import Credit, QboDocument, QboKey, StDocument
from st_qbo_assets.books.evidence import Evidence, KnownLink, KnownState, whole
from st_qbo_assets.domain.ids import Entity, SourceRef

#: QuickBooks entities that are documents of the books; links to others (customers) pair nothing.
DOCUMENTS = frozenset({"Invoice", "CreditMemo", "RefundReceipt", "SalesReceipt", "Payment"})


@dataclass(frozen=True)
class Pair:
    """A ServiceTitan record and the QuickBooks documents that are it.

    Attributes:
        entity: invoice or payment.
        source: the record; None for a QuickBooks document that belongs to none.
        st: the record as ServiceTitan has it, if it was read.
        st_absent: whether ServiceTitan was asked for it by id and has none.
        live: its QuickBooks documents that are not void; a record with parts has several.
        voided: those that are void.
        copies: whether two live documents carry the same source and part.
        links: what the crosswalk says of it.
        absent: linked documents that were asked for by id and do not exist any more.
        state: where the last load left it.
    """

    entity: Entity
    source: SourceRef | None = None
    st: StDocument | None = None
    st_absent: bool = False
    live: tuple[QboDocument, ...] = ()
    voided: tuple[QboDocument, ...] = ()
    copies: bool = False
    links: tuple[KnownLink, ...] = ()
    absent: tuple[QboKey, ...] = ()
    state: KnownState | None = None

    @property
    def name(self) -> str:
        """A name no other pair has: its source, else its QuickBooks document."""
        return str(self.source or (*self.live, *self.voided)[0].key)

    @property
    def counted(self) -> StDocument | None:
        """The ServiceTitan document if it is due."""
        return self.st if self.st is not None and self.st.counts else None

    @property
    def adopted(self) -> bool:
        """Whether it was linked to a document that we did not create."""
        return any(link.adopted for link in self.links) and not any(doc.sources for doc in self.live)


@dataclass(frozen=True)
class Pairs:
    """All pairs of a tie-out.

    Attributes:
        by_source: the pairs of ServiceTitan records.
        strangers: QuickBooks documents of no record, each a pair of its own.
        owners: source of every QuickBooks document that is known to be ours.
        credits: what credit memos of ServiceTitan apply, by invoice.
    """

    by_source: Mapping[SourceRef, Pair]
    strangers: tuple[Pair, ...] = ()
    owners: Mapping[QboKey, SourceRef] = field(default_factory=dict[QboKey, SourceRef])
    credits: Mapping[SourceRef, tuple[Credit, ...]] = field(
        default_factory=dict[SourceRef, tuple[Credit, ...]]
    )

    @cached_property
    def owned(self) -> frozenset[SourceRef]:
        """The sources that some QuickBooks document is known to belong to."""
        return frozenset(self.owners.values())


def owned_source(markers: tuple[SourceRef, ...], linked: SourceRef | None) -> SourceRef | None:
    """Return the source a document belongs to: its marker; of several the linked one, else the first."""
    if not markers:
        return linked
    return linked if linked in markers else markers[0]


def pair_documents(
    servicetitan: Mapping[SourceRef, StDocument],
    quickbooks: Mapping[QboKey, QboDocument],
    evidence: Evidence,
    *,
    st_absent: frozenset[SourceRef] = frozenset(),
    qbo_absent: frozenset[QboKey] = frozenset(),
) -> Pairs:
    """Return the pairs of all documents in hand, in the order in which they were read."""
    owners = {key: whole(source) for key, source in evidence.source_by_key.items() if key.target in DOCUMENTS}
    documents: dict[SourceRef, list[tuple[str, QboDocument]]] = {source: [] for source in servicetitan}
    strangers: list[Pair] = []
    for key, document in quickbooks.items():
        source = owned_source(document.sources, evidence.source_by_key.get(key))
        if source is None:
            strangers.append(_stranger(document))
            continue
        owners[key] = whole(source)
        documents.setdefault(whole(source), []).append((source.part, document))
    by_source: dict[SourceRef, Pair] = {}
    for source, parts in documents.items():
        live = [(part, document) for part, document in parts if not document.is_void]
        links = tuple(evidence.links_by_source.get(source, ()))
        by_source[source] = Pair(
            entity=Entity.PAYMENT if source.entity is Entity.PAYMENT else Entity.INVOICE,
            source=source,
            st=servicetitan.get(source),
            st_absent=source in st_absent,
            live=tuple(document for _, document in live),
            voided=tuple(document for _, document in parts if document.is_void),
            copies=max(Counter((part, document.key.target) for part, document in live).values(), default=0)
            > 1,
            links=links,
            absent=tuple(link.key for link in links if link.key in qbo_absent),
            state=evidence.state_by_source.get(source),
        )
    return Pairs(by_source, tuple(strangers), owners)


def _stranger(document: QboDocument) -> Pair:
    entity = Entity.PAYMENT if document.is_payment else Entity.INVOICE
    if document.is_void:
        return Pair(entity, voided=(document,))
    return Pair(entity, live=(document,))
