"""One pair laid side by side: in what the two products differ, and what is known around it.

What belongs here: the facets in which a pair differs, the gaps between what a payment is applied to on
either side, and the ServiceTitan document a stranger resembles. What does not: what the difference is
called (causes).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from st_qbo_assets.books.accounts import Place
from st_qbo_assets.books.documents import Credit, QboDocument, QboKey, StDocument
from st_qbo_assets.books.evidence import Evidence, FieldDrift
from st_qbo_assets.books.pairing import Pair, Pairs
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import Outcome

#: How far apart two payments or invoices of one customer and amount may be dated and still be alike.
ALIKE_WITHIN = timedelta(days=3)

#: What a payment is applied to: one of our invoices, or a QuickBooks document of nobody we know.
Invoice = SourceRef | QboKey


@dataclass(frozen=True)
class Gap:
    """One invoice to which a payment is applied with different amounts.

    Attributes:
        invoice: the invoice; a QuickBooks key if it is none of ours.
        servicetitan_cents: what ServiceTitan applies.
        quickbooks_cents: what QuickBooks applies.
        in_quickbooks: whether the invoice is in QuickBooks at all.
        open_cents: what QuickBooks has open on the invoice; None if it was not read.
        cause: name of the cause of the invoice's own difference, empty if it has none.
    """

    invoice: Invoice
    servicetitan_cents: int
    quickbooks_cents: int
    in_quickbooks: bool
    open_cents: int | None = None
    cause: str = ""

    @property
    def cents(self) -> int:
        """ServiceTitan less QuickBooks."""
        return self.servicetitan_cents - self.quickbooks_cents


@dataclass(frozen=True)
class OpenBalance:
    """What a part of a difference in open balance is about, where it is no document that is compared.

    Attributes:
        credit: a credit memo of ServiceTitan's.
        deposit_cents: money typed on the invoice itself in QuickBooks.
        contradiction_cents: by how much ServiceTitan's balance is not its total less what it applies.
    """

    credit: Credit | None = None
    deposit_cents: int = 0
    contradiction_cents: int = 0


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
        gaps: where a payment is applied otherwise.
        not_counted: invoices a payment is applied to that are not due, with the gate's code and cents.
        drift: fields somebody changed in QuickBooks since last confirmed, unless it mended a mismatch.
        alike: the ServiceTitan document a stranger resembles.
        alike_in_quickbooks: whether that document is in QuickBooks itself, beside the stranger.
        pays: our invoices a payment is applied to in QuickBooks.
        open_balance: set on a part of a difference in open balance; such a case has no documents.
    """

    pair: Pair
    setting: Setting
    differs: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    not_counted: tuple[tuple[SourceRef, str, int], ...] = ()
    drift: tuple[FieldDrift, ...] = ()
    alike: StDocument | None = None
    alike_in_quickbooks: bool = False
    pays: tuple[SourceRef, ...] = ()
    open_balance: OpenBalance = field(default_factory=OpenBalance)


@dataclass(frozen=True)
class Neighbours:
    """What a case may know of other pairs.

    Attributes:
        pairs: all of them.
        invoice_causes: names of the causes of invoices that differ, once they are known.
        look_alikes: index of ServiceTitan documents for strangers.
    """

    pairs: Pairs
    invoice_causes: Mapping[SourceRef, str] = field(default_factory=dict[SourceRef, str])
    look_alikes: "LookAlikes | None" = None


def lay_open(pair: Pair, setting: Setting, neighbours: Neighbours) -> Case:
    """Return the case of a pair."""
    gaps, not_counted = compare_applications(pair, neighbours) if pair.entity is Entity.PAYMENT else ((), ())
    changes = tuple(
        change for document in pair.live for change in setting.evidence.drift.get(document.key, ())
    )
    alike, alike_pair = None, None
    if pair.source is None and pair.live and neighbours.look_alikes is not None:
        alike = neighbours.look_alikes.find(pair.live[0])
        alike_pair = neighbours.pairs.by_source.get(alike.source) if alike is not None else None
    differs = tuple(_facets(pair, setting.evidence.customers, gaps=gaps))
    # A mismatch that agrees by now was mended in QuickBooks: the change is the repair.
    mended = not differs and pair.state is not None and pair.state.outcome is Outcome.MISMATCH
    drift = () if mended else changes
    return Case(
        pair=pair,
        setting=setting,
        differs=(*differs, "drift") if drift else differs,
        gaps=gaps,
        not_counted=not_counted,
        drift=drift,
        alike=alike,
        alike_in_quickbooks=alike_pair is not None and bool(alike_pair.live),
        pays=_pays(pair, neighbours.pairs),
    )


def compare_applications(
    pair: Pair, neighbours: Neighbours
) -> tuple[tuple[Gap, ...], tuple[tuple[SourceRef, str, int], ...]]:
    """Return where a payment is applied otherwise, and its applications to invoices that are not due.

    What ServiceTitan applies to an invoice that is not due, and not in QuickBooks either, is money that
    rightly lies unapplied there (rule 3.2).
    """
    expected, not_counted = expected_applications(pair, neighbours.pairs)
    actual = actual_applications(pair.live, neighbours.pairs.owners)
    gaps = [
        _gap(invoice, expected.get(invoice, 0), actual.get(invoice, 0), neighbours)
        for invoice in dict.fromkeys([*expected, *actual])
        if expected.get(invoice, 0) != actual.get(invoice, 0)
    ]
    return tuple(gaps), not_counted


def expected_applications(
    pair: Pair, pairs: Pairs
) -> tuple[dict[Invoice, int], tuple[tuple[SourceRef, str, int], ...]]:
    """Return what ServiceTitan applies by invoice, and apart from it what goes to invoices not due."""
    expected: dict[Invoice, int] = {}
    not_counted: list[tuple[SourceRef, str, int]] = []
    if pair.counted is None:
        return expected, ()
    for invoice_id, cents in pair.counted.applied.items():
        source = SourceRef(Entity.INVOICE, invoice_id)
        code = _not_due_code(source, pairs)
        if code:
            not_counted.append((source, code, cents))
        else:
            expected[source] = cents
    return expected, tuple(not_counted)


def actual_applications(
    documents: Iterable[QboDocument], owners: Mapping[QboKey, SourceRef]
) -> dict[Invoice, int]:
    """Return what QuickBooks applies to invoices, by source where the invoice is ours."""
    actual: dict[Invoice, int] = {}
    for document in documents:
        for key, cents in document.applied.items():
            if key.target == "Invoice":
                invoice = owners.get(key, key)
                actual[invoice] = actual.get(invoice, 0) + cents
    return actual


class LookAlikes:
    """Finds the ServiceTitan document that a QuickBooks document of nobody resembles, by look-up.

    Alike are two of one number and one customer or total, or two of one customer and total that are
    dated within three days of each other.
    """

    def __init__(self, documents: Iterable[StDocument], customers: Mapping[str, str]) -> None:
        self._customers = customers
        self._by_number: dict[tuple[Entity, str], list[StDocument]] = {}
        self._by_amount: dict[tuple[Entity, str, int], list[StDocument]] = {}
        for document in documents:
            entity = document.source.entity
            if document.number:
                self._by_number.setdefault((entity, document.number.casefold()), []).append(document)
            customer = customers.get(document.customer_id, "")
            if customer and document.total_cents:
                self._by_amount.setdefault((entity, customer, document.total_cents), []).append(document)

    def find(self, stranger: QboDocument) -> StDocument | None:
        """Return the document it resembles; one that is due before one that is not."""
        entity = Entity.PAYMENT if stranger.is_payment else Entity.INVOICE
        same_number = self._by_number.get((entity, stranger.number.casefold()), []) if stranger.number else []
        found = [each for each in same_number if self._same_customer_or_total(each, stranger)]
        same_amount = self._by_amount.get((entity, stranger.customer_id, stranger.total_cents), [])
        found += [each for each in same_amount if _near(each.day, stranger.day)]
        return next((each for each in found if each.counts), found[0] if found else None)

    def _same_customer_or_total(self, document: StDocument, stranger: QboDocument) -> bool:
        if document.total_cents == stranger.total_cents:
            return True
        # A payment's number is a cheque number: two cheques of one customer are not alike by it alone.
        if document.source.entity is Entity.PAYMENT:
            return False
        customer = self._customers.get(document.customer_id, "")
        return bool(customer) and customer == stranger.customer_id


def _facets(pair: Pair, customers: Mapping[str, str], *, gaps: tuple[Gap, ...]) -> Iterable[str]:
    counted = pair.counted
    if counted is not None and not pair.live:
        yield "missing"
    if counted is None and pair.live:
        yield "extra"
    if pair.copies:
        yield "copies"
    if any(document.fault for document in pair.live) or (counted is not None and counted.fault):
        yield "unreadable"
    if counted is not None and pair.live:
        yield from _disagreements(counted, pair.live, customers)
    if gaps and counted is not None and pair.live:
        yield "applied"


def _disagreements(
    st: StDocument, live: tuple[QboDocument, ...], customers: Mapping[str, str]
) -> Iterable[str]:
    if st.total_cents != sum(document.total_cents for document in live):
        yield "total"
    if st.tax_cents != sum(document.tax_cents for document in live):
        yield "tax"
    if dict(st.income) != summed_income(live):
        yield "income"
    customer = customers.get(st.customer_id, "")
    if customer and any(document.customer_id != customer for document in live):
        yield "customer"
    if any(document.day != st.day for document in live):
        yield "date"


def summed_income(documents: Iterable[QboDocument]) -> dict[Place, int]:
    """Return the income of documents by account, accounts that come to zero left out."""
    income: dict[Place, int] = {}
    for document in documents:
        for account, cents in document.income.items():
            income[account] = income.get(account, 0) + cents
    return {account: cents for account, cents in income.items() if cents}


def _gap(invoice: Invoice, servicetitan: int, quickbooks: int, neighbours: Neighbours) -> Gap:
    if isinstance(invoice, QboKey):
        return Gap(invoice, servicetitan, quickbooks, in_quickbooks=True)
    pair = neighbours.pairs.by_source.get(invoice)
    live = pair.live if pair is not None else ()
    gone = pair is not None and bool(pair.absent or pair.voided)
    return Gap(
        invoice,
        servicetitan,
        quickbooks,
        in_quickbooks=bool(live) or (invoice in neighbours.pairs.owned and not gone),
        open_cents=sum(document.balance_cents for document in live) if live else None,
        cause=neighbours.invoice_causes.get(invoice, ""),
    )


def _not_due_code(invoice: SourceRef, pairs: Pairs) -> str:
    """Return why an invoice is not due, empty if it is due, in QuickBooks, or was not read."""
    pair = pairs.by_source.get(invoice)
    if pair is None or pair.st is None or pair.live or pair.links:
        return ""
    return pair.st.not_due_code


def _pays(pair: Pair, pairs: Pairs) -> tuple[SourceRef, ...]:
    paid = actual_applications(pair.live, pairs.owners)
    return tuple(invoice for invoice in paid if isinstance(invoice, SourceRef))


def _near(one: date | None, other: date | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= ALIKE_WITHIN
