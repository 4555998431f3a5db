"""Which documents belong together: one pair per source, and one per QuickBooks document of nobody.

What belongs here: identity. A marker in the private note decides; a link speaks for documents without
one (adopted, or the marker was removed). What does not: whether the two sides agree (cases).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from st_qbo_assets.books.documents import QboDocument, QboKey, Shape, StDocument
from st_qbo_assets.books.evidence import Evidence, KnownLink, KnownState, whole
from st_qbo_assets.domain.ids import Entity, SourceRef

#: QuickBooks entities that are documents of the books; links to others (customers) pair nothing.
DOCUMENTS = frozenset(
    {"Invoice", "CreditMemo", "RefundReceipt", "SalesReceipt", "Payment", "Purchase"}
    | {"PurchaseOrder", "Bill", "VendorCredit", "BillPayment"}
)
#: Parts that begin so are the differences of a document in closed books (rule 4).
_ADJUSTMENT = "adjustment"
_ENTITIES = {
    Shape.INVOICE: Entity.INVOICE,
    Shape.CREDIT: Entity.CREDIT_MEMO,
    Shape.PAYMENT: Entity.PAYMENT,
    Shape.ORDER: Entity.PURCHASE_ORDER,
    Shape.BILL: Entity.BILL,
    Shape.VENDOR_CREDIT: Entity.VENDOR_CREDIT,
    Shape.BILL_PAYMENT: Entity.BILL_PAYMENT,
}
_SOURCES = frozenset(_ENTITIES.values())
#: Payments of either side that may move nothing and only tie others together.
_PAYMENTS = frozenset({Entity.PAYMENT, Entity.BILL_PAYMENT})


@dataclass(frozen=True)
class Pair:
    """A ServiceTitan record and the QuickBooks documents that are it.

    Attributes:
        entity: what it is a record of: invoice, credit memo, payment, or of what is bought.
        source: the record; None for a QuickBooks document that belongs to none.
        st: the record as ServiceTitan has it, if it was read.
        st_absent: whether ServiceTitan was asked for it by id and has none.
        live: its QuickBooks documents that are not void; a record with parts has several.
        voided: those that are void.
        parts: part of the record that each of its documents stands for; empty for the record itself.
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
    parts: Mapping[QboKey, str] = field(default_factory=dict[QboKey, str])
    copies: bool = False
    links: tuple[KnownLink, ...] = ()
    absent: tuple[QboKey, ...] = ()
    state: KnownState | None = None

    @cached_property
    def name(self) -> str:
        """A name no other pair has: its source, else its QuickBooks document."""
        return str(self.source or (*self.live, *self.voided)[0].key)

    @cached_property
    def counted(self) -> StDocument | None:
        """The ServiceTitan document if it is due."""
        return self.st if self.st is not None and self.st.counts else None

    @cached_property
    def mains(self) -> tuple[QboDocument, ...]:
        """Its living documents less those that only tie others together."""
        return tuple(document for document in self.live if not self.is_application(document))

    @property
    def shape(self) -> Shape:
        """What it is in the books: by the record, else by its documents."""
        if self.st is not None:
            return self.st.shape
        documents = (*self.mains, *self.live, *self.voided)
        if documents:
            return documents[0].shape
        return Shape.PAYMENT if self.entity is Entity.PAYMENT else Shape.INVOICE

    @property
    def adopted(self) -> bool:
        """Whether it was linked to a document that we did not create."""
        return any(link.adopted for link in self.links) and not any(doc.sources for doc in self.live)

    def is_application(self, document: QboDocument) -> bool:
        """Say whether a document of it moves no money and only ties others together (rule 3.4).

        A payment of ServiceTitan's over nothing, which moves credit between invoices, is itself one of
        total zero and counts.
        """
        if not document.is_payment or document.total_cents:
            return False
        return self.entity not in _PAYMENTS or self.source is None or bool(self.parts.get(document.key))

    @cached_property
    def adjustments(self) -> tuple[QboDocument, ...]:
        """Its living documents that are the difference to what stands in closed books."""
        if not self.parts:
            return ()
        return tuple(doc for doc in self.mains if self.parts.get(doc.key, "").startswith(_ADJUSTMENT))

    def day_of(self, document: QboDocument) -> date | None:
        """Return the day on which a document of it counts.

        An application counts with its record: it moves no money, and cannot be earlier than what it ties.
        """
        if self.st is not None and self.is_application(document):
            return self.st.day
        return document.day


@dataclass(frozen=True)
class Pairs:
    """All pairs of a tie-out.

    Attributes:
        by_source: the pairs of ServiceTitan records.
        strangers: QuickBooks documents of no record, each a pair of its own.
        owners: source of every QuickBooks document that is known to be ours.
    """

    by_source: Mapping[SourceRef, Pair]
    strangers: tuple[Pair, ...] = ()
    owners: Mapping[QboKey, SourceRef] = field(default_factory=dict[QboKey, SourceRef])

    @property
    def all(self) -> tuple[Pair, ...]:
        """Every pair: those of records, then the strangers."""
        return (*self.by_source.values(), *self.strangers)

    @cached_property
    def owned(self) -> frozenset[SourceRef]:
        """The sources that some QuickBooks document is known to belong to."""
        return frozenset(self.owners.values())

    @cached_property
    def refunds_of(self) -> Mapping[SourceRef, tuple[Pair, ...]]:
        """The refunds that are due, by the payment they give back."""
        found: dict[SourceRef, list[Pair]] = {}
        for pair in self.by_source.values():
            if pair.counted is not None and pair.counted.shape is Shape.REFUND and pair.counted.refunds:
                found.setdefault(SourceRef(Entity.PAYMENT, pair.counted.refunds), []).append(pair)
        return {payment: tuple(refunds) for payment, refunds in found.items()}

    @cached_property
    def ties(self) -> Mapping[QboKey, int]:
        """What payments apply to each Purchase, whosever they are."""
        found: dict[QboKey, int] = {}
        for pair in self.all:
            for document in pair.live:
                for key, cents in document.applied.items():
                    if key.target == "Purchase":
                        found[key] = found.get(key, 0) + cents
        return found

    def applied_source(self, applied_id: str, shape: Shape = Shape.PAYMENT) -> SourceRef:
        """Return what ServiceTitan means by an id that a document of some shape is applied to.

        Payments and memos are applied to invoices; a refund may name the credit memo it pays out. Vendors'
        credits and payments to vendors are applied to bills; a payment may use a credit.
        """
        if shape.is_bought:
            bill, credit = SourceRef(Entity.BILL, applied_id), SourceRef(Entity.VENDOR_CREDIT, applied_id)
            return credit if bill not in self.by_source and credit in self.by_source else bill
        memo = SourceRef(Entity.CREDIT_MEMO, applied_id)
        invoice = SourceRef(Entity.INVOICE, applied_id)
        known = self.by_source.get(invoice)
        if (known is None or known.st is None) and memo in self.by_source:
            return memo
        return invoice


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
        record = whole(source)
        owners[key] = record
        documents.setdefault(record, []).append((source.part, document))
    by_source: dict[SourceRef, Pair] = {}
    for source, parts in documents.items():
        links = tuple(evidence.links_by_source.get(source, ()))
        by_source[source] = Pair(
            entity=source.entity if source.entity in _SOURCES else Entity.INVOICE,
            source=source,
            st=_as_it_stands(servicetitan.get(source), is_posted=bool(parts or links)),
            st_absent=source in st_absent,
            live=tuple(document for _, document in parts if not document.is_void),
            voided=tuple(document for _, document in parts if document.is_void),
            parts={document.key: part for part, document in parts if part},
            copies=_has_copies(parts),
            links=links,
            absent=tuple(link.key for link in links if link.key in qbo_absent),
            state=evidence.state_by_source.get(source),
        )
    return Pairs(by_source, tuple(strangers), owners)


def _as_it_stands(st: StDocument | None, *, is_posted: bool) -> StDocument | None:
    """Return a record with what the gate says of it once it is in QuickBooks, if it is."""
    if st is None or st.once_posted is None or not is_posted:
        return st
    return replace(st, standing=st.once_posted, once_posted=None)


def _has_copies(parts: Iterable[tuple[str, QboDocument]]) -> bool:
    live = [(part, document.key.target) for part, document in parts if not document.is_void]
    return len(live) > 1 and max(Counter(live).values()) > 1


def _stranger(document: QboDocument) -> Pair:
    entity = _ENTITIES.get(document.shape, Entity.PAYMENT)
    if document.is_void:
        return Pair(entity, voided=(document,))
    return Pair(entity, live=(document,))
