"""Why an invoice is not open by the same amount on both sides.

What belongs here: taking an invoice's difference in open balance apart into its own total and what is
applied to it, payment by payment, each part with the cause found for that document. What does not:
finding those causes.

    difference in balance = difference in total − differences in what each payment applies
                            − what credits of ServiceTitan apply + what was typed on the invoice itself
                            + what ServiceTitan's own sum is out by
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from st_qbo_assets.books.cases import Case, OpenBalance, Setting
from st_qbo_assets.books.causes import UNEXPLAINED, Finding, classify
from st_qbo_assets.books.documents import Credit, QboKey
from st_qbo_assets.books.pairing import Pair, Pairs
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.money import from_cents


@dataclass(frozen=True)
class Part:
    """One part of a difference in open balance."""

    name: str
    cents: int
    finding: Finding | None


class Applied:
    """Everything applied to our invoices on either side, indexed by invoice."""

    def __init__(self, pairs: Pairs, findings: Mapping[str, Finding | None], setting: Setting) -> None:
        self._pairs = pairs
        self._findings = findings
        self._setting = setting
        self._parts: dict[SourceRef, dict[str, tuple[Pair, int]]] = {}
        self._by_servicetitan: dict[SourceRef, int] = {}
        for pair in (*pairs.by_source.values(), *pairs.strangers):
            if pair.entity is not Entity.PAYMENT:
                continue
            if pair.st is not None and pair.st.active:
                for invoice_id, cents in pair.st.applied.items():
                    invoice = SourceRef(Entity.INVOICE, invoice_id)
                    self._add(invoice, pair, cents)
                    self._by_servicetitan[invoice] = self._by_servicetitan.get(invoice, 0) + cents
            for document in pair.live:
                for key, cents in document.applied.items():
                    if key.target == "Invoice" and (owner := pairs.owners.get(key)) is not None:
                        self._add(owner, pair, -cents)

    def parts(self, pair: Pair, own: Finding | None) -> list[Part]:
        """Return what makes the open balance of an invoice differ; what is applied lowers it."""
        assert pair.source is not None and pair.st is not None
        found = [
            Part(payment.name, -cents, self._findings.get(payment.name))
            for payment, cents in self._parts.get(pair.source, {}).values()
            if cents
        ]
        credits = self._pairs.credits.get(pair.source, ())
        found += [
            Part(str(credit.source), -credit.cents, self._classify(credit=credit)) for credit in credits
        ]
        total = pair.st.total_cents - sum(document.total_cents for document in pair.live)
        if total:
            found.append(Part("its own total", total, own))
        deposit = sum(document.deposit_cents for document in pair.live)
        if deposit:
            found.append(Part("the deposit typed on it", deposit, self._classify(deposit_cents=deposit)))
        spent = self._by_servicetitan.get(pair.source, 0) + sum(credit.cents for credit in credits)
        rest = pair.st.balance_cents - (pair.st.total_cents - spent)
        if rest:
            found.append(Part("ServiceTitan's own sum", rest, self._classify(contradiction_cents=rest)))
        return found

    def _classify(
        self, *, credit: Credit | None = None, deposit_cents: int = 0, contradiction_cents: int = 0
    ) -> Finding | None:
        about = OpenBalance(credit, deposit_cents, contradiction_cents)
        state = self._setting.evidence.state_by_source.get(credit.source) if credit is not None else None
        pair = Pair(Entity.INVOICE, source=credit.source if credit is not None else None, state=state)
        return classify(Case(pair, self._setting, differs=("balance",), open_balance=about))

    def _add(self, invoice: SourceRef, pair: Pair, cents: int) -> None:
        parts = self._parts.setdefault(invoice, {})
        _, so_far = parts.get(pair.name, (pair, 0))
        parts[pair.name] = (pair, so_far + cents)


def explain_balance(pair: Pair, own: Finding | None, applied: Applied) -> Finding | None:
    """Return the cause of an invoice's difference in open balance; None if there is none.

    Several parts: the gravest. Parts that do not add up to the difference leave it unexplained.
    """
    st, live = pair.counted, pair.live
    if st is None or not live:
        # Only one side has it: the balance differs for the reason the invoice does.
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
    """Yield invoices whose balances differ, with the QuickBooks payments linked to them.

    Their payments may lie on other days and have to be read before the difference can be explained.
    """
    for source, pair in pairs.by_source.items():
        st = pair.counted
        if st is None or not pair.live or pair.entity is not Entity.INVOICE:
            continue
        if st.balance_cents != sum(document.balance_cents for document in pair.live):
            linked = (key for document in pair.live for key in document.linked if key.target == "Payment")
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
