"""Why an invoice or credit is not open by the same amount on both sides.

What belongs here: taking a document's difference in open balance apart into its own total and what is
applied to it, document by document, each part with the cause found for that document. What does not:
finding those causes.

    difference in balance = difference in total − differences in what each document applies
                            + what was typed on the invoice itself
                            + what ServiceTitan's own sum is out by

A credit is open below zero, and applying it is below zero too; so the same sum holds for both. What a credit
is applied to and is not due has no place in QuickBooks: the credit lies unapplied there by so much, for the
reason for which that document is not due.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from st_qbo_assets.books.applications import Unapplied, expected_applications
from st_qbo_assets.books.cases import Case, OpenBalance, Setting
from st_qbo_assets.books.causes import UNEXPLAINED, Finding, classify
from st_qbo_assets.books.documents import QboKey, Shape
from st_qbo_assets.books.pairing import Pair, Pairs
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents

#: Shapes that leave a balance open.
_OPEN = frozenset({Shape.INVOICE, Shape.CREDIT})


@dataclass(frozen=True)
class Part:
    """One part of a difference in open balance."""

    name: str
    cents: int
    finding: Finding | None


class Applied:
    """Everything applied to our invoices and credits on either side, indexed by document."""

    def __init__(self, pairs: Pairs, findings: Mapping[str, Finding | None], setting: Setting) -> None:
        self._pairs = pairs
        self._findings = findings
        self._setting = setting
        self._parts: dict[SourceRef, dict[str, tuple[Pair, int]]] = {}
        self._by_servicetitan: dict[SourceRef, int] = {}
        for pair in pairs.all:
            if pair.st is not None and pair.st.active:
                for target, cents in _applied_by(pair, pairs):
                    self._add(target, pair, cents)
                    self._by_servicetitan[target] = self._by_servicetitan.get(target, 0) + cents
            for document in pair.live:
                for key, cents in document.applied.items():
                    if (
                        key.target in ("Invoice", "CreditMemo")
                        and (owner := pairs.owners.get(key)) is not None
                    ):
                        self._add(owner, pair, -cents)

    def parts(self, pair: Pair, own: Finding | None) -> list[Part]:
        """Return what makes the open balance of a document differ; what is applied lowers it."""
        assert pair.source is not None and pair.st is not None
        total = pair.st.total_cents - sum(document.total_cents for document in pair.live)
        found = [Part("its own total", total, own)] if total else []
        unapplied = self._unapplied(pair)
        found += unapplied
        for other, applied in self._parts.get(pair.source, {}).values():
            cents = -applied - (sum(part.cents for part in unapplied) if other.name == pair.name else 0)
            if cents:
                found.append(Part(other.name, cents, self._findings.get(other.name)))
        deposit = sum(document.deposit_cents for document in pair.live)
        if deposit:
            found.append(Part("the deposit typed on it", deposit, self._classify(deposit_cents=deposit)))
        spent = self._by_servicetitan.get(pair.source, 0)
        rest = pair.st.balance_cents - (pair.st.total_cents - spent)
        if rest:
            found.append(Part("ServiceTitan's own sum", rest, self._classify(contradiction_cents=rest)))
        return found

    def _unapplied(self, pair: Pair) -> list[Part]:
        """Return what a credit that applies itself keeps because it is applied to what is not due.

        The cause is that document's own; of one that comes to nothing none is known: too little is open.
        """
        if pair.counted is None or not pair.counted.applies_itself:
            return []
        return [
            Part(
                f"its application to {each.target}",
                each.cents,
                self._findings.get(str(each.target)) or self._classify(unapplied=each),
            )
            for each in expected_applications(pair, self._pairs)[1]
        ]

    def _classify(
        self, *, deposit_cents: int = 0, contradiction_cents: int = 0, unapplied: Unapplied | None = None
    ) -> Finding | None:
        about = OpenBalance(deposit_cents, contradiction_cents, unapplied)
        return classify(Case(Pair(Entity.INVOICE), self._setting, differs=("balance",), open_balance=about))

    def _add(self, target: SourceRef, pair: Pair, cents: int) -> None:
        parts = self._parts.setdefault(target, {})
        _, so_far = parts.get(pair.name, (pair, 0))
        parts[pair.name] = (pair, so_far + cents)


def _applied_by(pair: Pair, pairs: Pairs) -> Iterable[tuple[SourceRef, int]]:
    """Yield what ServiceTitan applies by document; a credit that applies itself is used up by as much."""
    st = pair.st
    if st is None or not st.applied:
        return
    for applied_id, cents in st.applied.items():
        yield pairs.applied_source(applied_id, st.shape), cents
    if st.applies_itself:
        yield st.source, -sum(st.applied.values())


def has_balance(pair: Pair) -> bool:
    """Say whether a pair may leave a balance open, on either side."""
    return pair.shape in _OPEN or any(document.balance_cents for document in pair.mains)


def explain_balance(pair: Pair, own: Finding | None, applied: Applied) -> Finding | None:
    """Return the cause of a document's difference in open balance; None if there is none.

    Several parts: the gravest. Parts that do not add up to the difference leave it unexplained.
    """
    st, live = pair.counted, pair.mains
    if st is None or not live:
        # Only one side has it: the balance differs for the reason the document does.
        return own
    moved = own if any(document.day != st.day for document in live) else None
    difference = st.balance_cents - sum(document.balance_cents for document in live)
    if difference == 0:
        return moved
    parts = applied.parts(pair, own)
    causes = [part.finding for part in parts if part.finding is not None]
    if sum(part.cents for part in parts) != difference or len(causes) != len(parts):
        return _unexplained(difference, parts)
    candidates = [*causes, moved] if moved is not None else causes
    gravest = max(candidates, key=lambda finding: finding.cause.kind.gravity)
    return Finding(gravest.cause, _told(parts), gravest.remedy, gravest.code)


def payments_to_read(pairs: Pairs) -> Iterable[tuple[SourceRef, tuple[QboKey, ...]]]:
    """Yield documents whose balances differ, with the QuickBooks payments linked to them.

    Their payments may lie on other days and have to be read before the difference can be explained.
    """
    for source, pair in pairs.by_source.items():
        st = pair.counted
        if st is None or not pair.mains or not has_balance(pair):
            continue
        if st.balance_cents != sum(document.balance_cents for document in pair.mains):
            linked = (key for document in pair.mains for key in document.linked if key.target == "Payment")
            yield source, tuple(dict.fromkeys(linked))


def _unexplained(difference: int, parts: list[Part]) -> Finding:
    known = f" Known: {_told(parts)}" if parts else ""
    return Finding(
        UNEXPLAINED,
        f"The open balance differs by {from_cents(difference)}.{known}",
        "Compare the payments and credits applied to it in both products.",
    )


def _told(parts: list[Part]) -> str:
    told = "; ".join(
        f"{part.name}: {from_cents(part.cents)}" + (f" ({part.finding.cause.name})" if part.finding else "")
        for part in parts
    )
    only = parts[0].finding if len(parts) == 1 else None
    return f"{told}. {only.evidence}" if only is not None else told
