"""What documents are applied to on either side, and where that differs.

What belongs here: the applications ServiceTitan's records make due, those QuickBooks holds, and the gaps
between the two. What does not: what a gap is called (causes), and the open balances that follow (balances).

Amounts are above zero where something owed is paid (an invoice, a refund on a customer's account) and
below zero where a credit is used up. What ties the parts of one record together (a write-off and its
application) is no application to anything else and is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from st_qbo_assets.books.documents import QboDocument, QboKey, Shape
from st_qbo_assets.books.pairing import Pair, Pairs
from st_qbo_assets.books.refunds import gives_back_unapplied
from st_qbo_assets.domain.ids import SourceRef

#: What something is applied to: one of our records, or a QuickBooks document of nobody we know.
Target = SourceRef | QboKey
_APPLICABLE = frozenset({"Invoice", "CreditMemo", "Purchase", "Bill", "VendorCredit"})
#: What leaves something open.
_OPEN = frozenset({"Invoice", "CreditMemo", "Bill", "VendorCredit"})


class Unapplied(NamedTuple):
    """An application to a document that is not due: the money or credit rightly lies unapplied."""

    target: SourceRef
    code: str
    cents: int


@dataclass(frozen=True)
class Gap:
    """One document to which another is applied with different amounts.

    Attributes:
        target: the document; a QuickBooks key if it is none of ours.
        servicetitan_cents: what ServiceTitan applies.
        quickbooks_cents: what QuickBooks applies.
        in_quickbooks: whether the target is in QuickBooks at all.
        open_cents: what QuickBooks has open on the target; None if it was not read or is none that is open.
        cause: name of the cause of the target's own difference, empty if it has none.
    """

    target: Target
    servicetitan_cents: int
    quickbooks_cents: int
    in_quickbooks: bool
    open_cents: int | None = None
    cause: str = ""

    @property
    def missing_cents(self) -> int:
        """What QuickBooks applies too little; below zero if it applies too much."""
        wanted, held = self.servicetitan_cents, self.quickbooks_cents
        return wanted - held if wanted > 0 or (wanted == 0 and held > 0) else held - wanted


def compare_applications(
    pair: Pair, pairs: Pairs, causes: Mapping[SourceRef, str] | None = None
) -> tuple[tuple[Gap, ...], tuple[Unapplied, ...]]:
    """Return where a record is applied otherwise, and its applications to what is not due.

    What ServiceTitan applies to an invoice that is not due, and not in QuickBooks either, is money that
    rightly lies unapplied there (rule 3.2).

    Args:
        pair: the record.
        pairs: all of them.
        causes: names of the causes of documents that differ, as far as they are known.
    """
    if pair.counted is None and not pair.live:
        return (), ()
    expected, unapplied = expected_applications(pair, pairs)
    actual = actual_applications(pair, pair.live, pairs.owners)
    gaps = tuple(
        _gap(target, expected.get(target, 0), actual.get(target, 0), pairs, causes or {})
        for target in dict.fromkeys([*expected, *actual])
        if expected.get(target, 0) != actual.get(target, 0)
    )
    return (*gaps, *_untied(pair, pairs, causes or {}), *_spent_on_nothing(pair)), unapplied


def expected_applications(pair: Pair, pairs: Pairs) -> tuple[dict[Target, int], tuple[Unapplied, ...]]:
    """Return what ServiceTitan applies by document, and apart from it what goes to documents not due."""
    expected: dict[Target, int] = {}
    st = pair.counted
    if st is None or (not st.applied and st.shape is not Shape.PAYMENT):
        return expected, ()
    unapplied: list[Unapplied] = []
    for applied_id, cents in st.applied.items():
        target = pairs.applied_source(applied_id, st.shape)
        code = _not_due_code(target, pairs)
        if code:
            unapplied.append(Unapplied(target, code, cents))
        else:
            expected[target] = cents
    for refund in pairs.refunds_of.get(st.source, ()):
        if refund.source is not None and refund.counted is not None and gives_back_unapplied(refund, pairs):
            expected[refund.source] = -refund.counted.total_cents
    return expected, tuple(unapplied)


def actual_applications(
    pair: Pair, documents: Iterable[QboDocument], owners: Mapping[QboKey, SourceRef]
) -> dict[Target, int]:
    """Return what some documents of a pair are applied to, by source where the target is ours."""
    actual: dict[Target, int] = {}
    for document in documents:
        for key, cents in document.applied.items():
            if key.target not in _APPLICABLE:
                continue
            target = owners.get(key, key)
            if target != pair.source:
                actual[target] = actual.get(target, 0) + cents
    return {target: cents for target, cents in actual.items() if cents}


def _untied(pair: Pair, pairs: Pairs, causes: Mapping[SourceRef, str]) -> Iterable[Gap]:
    """Yield the gap of a refund that no payment ties: the customer seems to owe it (rule 3.5)."""
    st = pair.counted
    purchases = [document for document in pair.mains if document.key.target == "Purchase"]
    if st is None or not purchases or not gives_back_unapplied(pair, pairs):
        return
    tied = sum(pairs.ties.get(document.key, 0) for document in purchases)
    if tied != -st.total_cents:
        yield _gap(SourceRef(st.source.entity, st.refunds), st.total_cents, -tied, pairs, causes)


def _spent_on_nothing(pair: Pair) -> Iterable[Gap]:
    """Yield what ties of a record use of its credit without paying anything by it.

    QuickBooks leaves that behind where it applied the credit itself and the invoice then came to less.
    """
    for document in pair.live:
        if pair.is_application(document) and document.unapplied_cents:
            yield Gap(document.key, 0, document.unapplied_cents, in_quickbooks=True)


def _gap(
    target: Target, servicetitan: int, quickbooks: int, pairs: Pairs, causes: Mapping[SourceRef, str]
) -> Gap:
    if isinstance(target, QboKey):
        return Gap(target, servicetitan, quickbooks, in_quickbooks=True)
    pair = pairs.by_source.get(target)
    live = pair.mains if pair is not None else ()
    open_ = [document for document in live if document.key.target in _OPEN]
    gone = pair is not None and bool(pair.absent or pair.voided)
    return Gap(
        target,
        servicetitan,
        quickbooks,
        in_quickbooks=bool(live) or (target in pairs.owned and not gone),
        open_cents=abs(sum(doc.balance_cents + doc.payable_cents for doc in open_)) if open_ else None,
        cause=causes.get(target, ""),
    )


def _not_due_code(target: SourceRef, pairs: Pairs) -> str:
    """Return why a document is not due, empty if it is due, in QuickBooks, or was not read."""
    pair = pairs.by_source.get(target)
    if pair is None or pair.st is None or pair.live or pair.links:
        return ""
    return pair.st.not_due_code
