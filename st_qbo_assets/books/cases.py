"""One pair laid side by side: in what the two products differ, and what is known around it.

What belongs here: the facets in which a pair differs, and the ServiceTitan document a stranger resembles.
What does not: what documents are applied to (applications), and what the difference is called (causes).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from st_qbo_assets.books.applications import Gap, Unapplied, actual_applications, compare_applications
from st_qbo_assets.books.documents import QboDocument, QboKey, Shape, StDocument
from st_qbo_assets.books.evidence import Evidence, FieldDrift
from st_qbo_assets.books.pairing import Pair, Pairs
from st_qbo_assets.books.refunds import due_income, expected_target, summed_income
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Outcome

#: How far apart two documents of one customer and amount may be dated and still be alike.
ALIKE_WITHIN = timedelta(days=3)


@dataclass(frozen=True)
class OpenBalance:
    """What a part of a difference in open balance is about, where it is no document that is compared.

    Attributes:
        deposit_cents: money typed on the invoice itself in QuickBooks.
        contradiction_cents: by how much ServiceTitan's balance is not its total less what it applies.
        unapplied: a document that ServiceTitan applies the credit to, and that is nothing to be paid.
    """

    deposit_cents: int = 0
    contradiction_cents: int = 0
    unapplied: Unapplied | None = None


@dataclass(frozen=True)
class Setting:
    """What all cases of a tie-out are judged in."""

    company: CompanyFile
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def seen_until(self) -> datetime | None:
        """Newest vendor stamp the last load had read."""
        return self.evidence.seen_until

    @property
    def book_close(self) -> date | None:
        """QuickBooks' BookCloseDate."""
        return self.evidence.book_close


@dataclass(frozen=True)
class Case:
    """A pair with everything a cause may look at.

    Attributes:
        differs: the facets in which it differs, e.g. `missing`, `total`, `customer`; empty if in none.
        gaps: where it is applied otherwise.
        unapplied: documents it is applied to that are not due, with the gate's code and cents.
        drift: fields somebody changed in QuickBooks since last confirmed, unless it mended a mismatch.
        accepted: fields that were changed in QuickBooks and that somebody accepted there.
        alike: the ServiceTitan document a stranger resembles.
        alike_in_quickbooks: whether that document is in QuickBooks itself, beside the stranger.
        pays: our documents a payment is applied to in QuickBooks.
        open_balance: set on a part of a difference in open balance; such a case has no documents.
    """

    pair: Pair
    setting: Setting
    differs: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unapplied: tuple[Unapplied, ...] = ()
    drift: tuple[FieldDrift, ...] = ()
    accepted: tuple[FieldDrift, ...] = ()
    alike: StDocument | None = None
    alike_in_quickbooks: bool = False
    pays: tuple[SourceRef, ...] = ()
    open_balance: OpenBalance = field(default_factory=OpenBalance)

    @property
    def is_plain(self) -> bool:
        """Whether a record that is due simply agrees with the documents we made of it: nothing to say."""
        pair = self.pair
        return not self.differs and pair.source is not None and pair.counted is not None and not pair.adopted


@dataclass(frozen=True)
class Neighbours:
    """What a case may know of other pairs.

    Attributes:
        pairs: all of them.
        causes: names of the causes of documents that differ, as far as they are known.
        look_alikes: index of ServiceTitan documents for strangers.
    """

    pairs: Pairs
    causes: Mapping[SourceRef, str] = field(default_factory=dict[SourceRef, str])
    look_alikes: "LookAlikes | None" = None


def lay_open(pair: Pair, setting: Setting, neighbours: Neighbours) -> Case:
    """Return the case of a pair."""
    gaps, unapplied = compare_applications(pair, neighbours.pairs, neighbours.causes)
    alike, alike_pair = None, None
    if pair.source is None and pair.live and neighbours.look_alikes is not None:
        alike = neighbours.look_alikes.find(pair.live[0])
        alike_pair = neighbours.pairs.by_source.get(alike.source) if alike is not None else None
    differs = tuple(_facets(pair, setting.evidence, neighbours.pairs, gaps=gaps))
    changes = _changes(pair, setting.evidence.drift)
    # A mismatch that agrees by now was mended in QuickBooks: the change is the repair.
    mended = not differs and pair.state is not None and pair.state.outcome is Outcome.MISMATCH
    drift = () if mended else changes
    return Case(
        pair=pair,
        setting=setting,
        differs=(*differs, "drift") if drift else differs,
        gaps=gaps,
        unapplied=unapplied,
        drift=drift,
        accepted=tuple(change for link in pair.links for change in link.accepted),
        alike=alike,
        alike_in_quickbooks=alike_pair is not None and bool(alike_pair.live),
        pays=_pays(pair, neighbours.pairs),
    )


class LookAlikes:
    """Finds the ServiceTitan document that a QuickBooks document of nobody resembles, by look-up.

    Alike are two of one number and one customer or total, or two of one customer and total that are
    dated within three days of each other.
    """

    def __init__(
        self,
        documents: Iterable[StDocument],
        customers: Mapping[str, str],
        vendors: Mapping[str, str] | None = None,
    ) -> None:
        self._customers = customers
        self._vendors = vendors or {}
        self._by_number: dict[tuple[Shape, str], list[StDocument]] = {}
        self._by_amount: dict[tuple[Shape, str, int], list[StDocument]] = {}
        for document in documents:
            shape = document.shape
            if document.number:
                self._by_number.setdefault((shape, document.number.casefold()), []).append(document)
            customer = self._party(document)
            if customer and document.total_cents:
                self._by_amount.setdefault((shape, customer, document.total_cents), []).append(document)

    def find(self, stranger: QboDocument) -> StDocument | None:
        """Return the document it resembles; one that is due before one that is not."""
        shape = stranger.shape
        same_number = self._by_number.get((shape, stranger.number.casefold()), []) if stranger.number else []
        found = [each for each in same_number if self._same_customer_or_total(each, stranger)]
        same_amount = self._by_amount.get((shape, stranger.customer_id, stranger.total_cents), [])
        found += [each for each in same_amount if _near(each.day, stranger.day)]
        return next((each for each in found if each.counts), found[0] if found else None)

    def _same_customer_or_total(self, document: StDocument, stranger: QboDocument) -> bool:
        if document.total_cents == stranger.total_cents:
            return True
        # A payment's number is a cheque number: two cheques of one customer are not alike by it alone.
        if document.shape in (Shape.PAYMENT, Shape.REFUND, Shape.BILL_PAYMENT):
            return False
        customer = self._party(document)
        return bool(customer) and customer == stranger.customer_id

    def _party(self, document: StDocument) -> str:
        named = self._vendors if document.shape.is_bought else self._customers
        return named.get(document.customer_id, "")


def _facets(pair: Pair, evidence: Evidence, pairs: Pairs, *, gaps: tuple[Gap, ...]) -> Iterable[str]:
    counted = pair.counted
    if counted is not None and not pair.mains:
        yield "missing"
    if counted is None and not all(document.is_empty_payment for document in pair.live):
        yield "extra"
    if pair.copies:
        yield "copies"
    if any(document.fault for document in pair.live) or (counted is not None and counted.fault):
        yield "unreadable"
    if counted is not None and pair.mains:
        yield from _disagreements(counted, pair, evidence, pairs)
    if gaps and counted is not None and pair.live:
        yield "applied"


def _disagreements(st: StDocument, pair: Pair, evidence: Evidence, pairs: Pairs) -> Iterable[str]:
    targets = {document.key.target for document in pair.mains if document not in pair.adjustments}
    expected = expected_target(st, pairs)
    # What changed its kind after its books closed stays what it was there; its difference makes that good.
    if expected and targets - {expected} and not pair.adjustments:
        yield "kind"
    if st.total_cents != sum(document.total_cents for document in pair.live):
        yield "total"
    tax_cents, income = due_income(pair, pairs)
    if tax_cents != sum(document.tax_cents for document in pair.live):
        yield "tax"
    if dict(income) != summed_income(pair.live):
        yield "income"
    customer = evidence.linked_to(st)
    if customer and any(_owner(document, st, evidence) != customer for document in pair.live):
        yield "customer"
    if any(document.day != st.day for document in pair.mains):
        yield "date"


def _owner(document: QboDocument, st: StDocument, evidence: Evidence) -> str:
    return document.customer_id if st.shape.is_bought else evidence.owner_of(document.customer_id)


def _changes(pair: Pair, drift: Mapping[QboKey, tuple[FieldDrift, ...]]) -> tuple[FieldDrift, ...]:
    if not drift:
        return ()
    return tuple(change for document in pair.live for change in drift.get(document.key, ()))


def _pays(pair: Pair, pairs: Pairs) -> tuple[SourceRef, ...]:
    paid = actual_applications(pair, pair.live, pairs.owners)
    return tuple(document for document in paid if isinstance(document, SourceRef))


def _near(one: date | None, other: date | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= ALIKE_WITHIN
