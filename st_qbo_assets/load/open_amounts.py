"""A payment whose lines take more than QuickBooks has open (rules 3.3, 3.7; QB §8 no. 21).

What belongs here: reading what is open of the charges and credits a payment names, and what it may apply of
them. What does not: which refusals can mean that (`refusals`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.money import from_cents, to_cents
from st_qbo_assets.domain.outcomes import Json, LoadResult, Outcome, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action, ActionKind, Finding, FindingKind
from st_qbo_assets.load.effective import is_application
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.requests import capped_lines, with_amounts
from st_qbo_assets.load.results import Subject
from st_qbo_assets.quickbooks.query import quote_list
from st_qbo_assets.store.links import Link

#: Code of a payment that was applied as far as anything was open.
TOO_LITTLE_OPEN = "applied_what_is_open"
#: A document that payments are applied to: entity and QuickBooks id.
Key = tuple[str, str]
#: What says how much of a document is open. How much of a Purchase is, QuickBooks does not say.
_OPEN_FIELDS = {
    "Invoice": "Balance",
    "CreditMemo": "RemainingCredit",
    "Bill": "Balance",
    "VendorCredit": "Balance",
}
_CHARGES = frozenset({"Invoice", "Bill"})


class OpenAmounts:
    """Finds what a payment may apply, for one record under its lock."""

    def __init__(self, context: WriteContext, subject: Subject) -> None:
        """Decide for the record of the subject."""
        self._context = context
        self._subject = subject

    def after_refusal(self, request: Json, action: Action) -> LoadResult | Action | None:
        """Return what follows a refused payment if too little is open for it; None if that is not why.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        wanted = objects.applied(request)
        rows = self._rows(wanted)
        own = self._applied_now(action.link)
        is_open = {key: open_of(key[0], row) + own.get(key, Decimal(0)) for key, row in rows.items()}
        short = [key for key, amount in wanted.items() if key in is_open and is_open[key] < amount]
        if not short or not self._is_of_one(request, rows.values()):
            return None
        for key in short:
            by_hand = self._typed_payment(key, rows[key], wanted[key]) if key[0] in _CHARGES else None
            if by_hand is not None:
                return self._subject.result(Outcome.HELD, link=action.link, said=by_hand, wrote=True)
        said = reason(
            TOO_LITTLE_OPEN,
            waits_for=self._owner(short[0]),
            open=_money(sum((max(Decimal(0), is_open[each]) for each in short), Decimal(0))),
            wanted=_money(sum((wanted[each] for each in short), Decimal(0))),
            invoices=", ".join(_label(each, rows[each]) for each in short),
        )
        amounts = _in_balance(request, capped_lines(request, is_open))
        if is_application(request) and not any(amounts):
            return self._applied_by_itself(action, wanted, rows, said)
        return self._capped(action, amounts, said)

    def _capped(self, action: Action, amounts: Sequence[Decimal], said: Reason) -> LoadResult | Action:
        """Return the action that applies less; its digest is its own, so that later loads try the rest."""
        payload = action.payload
        assert payload is not None
        less = payload.with_body(with_amounts(payload.body, amounts))
        if action.link is not None and action.link.digest == less.digest:
            return self._subject.result(Outcome.UNCHANGED, link=action.link, said=said, wrote=True)
        return replace(action, payload=less, request=with_amounts(action.request or {}, amounts), reason=said)

    def _applied_by_itself(
        self, action: Action, wanted: Mapping[Key, Decimal], rows: Mapping[Key, Json], said: Reason
    ) -> LoadResult | Action:
        """Take QuickBooks' own application of a credit for ours if it ties the same; else a person looks."""
        kind = self._subject.target
        linked = [frozenset(objects.linked_payments(row, kind)) for row in rows.values()]
        ids = frozenset[str].intersection(*linked) if linked else frozenset[str]()
        links = self._context.links.of_targets(self._context.name, kind, ids) if ids else {}
        free = sorted(ids - set(links))
        for row in self._context.quickbooks.query(kind, f"Id IN {quote_list(free)}") if free else ():
            if objects.applied(row) == wanted and not objects.markers(row) and action.link is None:
                evidence: Json = {
                    "applied": {f"{kind} {id_}": _money(each) for (kind, id_), each in wanted.items()}
                }
                finding = Finding(FindingKind.LINK, row, code="applied_by_quickbooks", evidence=evidence)
                return Action(ActionKind.ADOPT, action.payload, finding=finding, reason=said)
        return self._subject.result(Outcome.HELD, link=action.link, said=said, wrote=True)

    def _rows(self, keys: Mapping[Key, Decimal]) -> dict[Key, Json]:
        rows: dict[Key, Json] = {}
        for entity in _OPEN_FIELDS:
            ids = sorted(id_ for kind, id_ in keys if kind == entity)
            for row in self._context.quickbooks.query(entity, f"Id IN {quote_list(ids)}") if ids else ():
                rows[entity, objects.text(row.get("Id"))] = row
        return rows

    def _is_of_one(self, request: Json, rows: Iterable[Json]) -> bool:
        """Say whether documents stand on the customer of a payment, or on sub-customers of his locations."""
        payer = objects.ref(request, "CustomerRef")
        if not payer:
            vendor = objects.ref(request, "VendorRef")
            return all(objects.ref(row, "VendorRef") == vendor for row in rows)
        others = {objects.ref(row, "CustomerRef") for row in rows} - {payer}
        if not others:
            return True
        links = self._context.links.of_targets(self._context.name, "Customer", [payer, *others])
        records = {id_: {link.source.record for link in found} for id_, found in links.items()}
        return all(records.get(id_, set()) & records.get(payer, set()) for id_ in others)

    def _owner(self, key: Key) -> SourceRef | None:
        """Return the record of a document: once more is open of it, the rest is applied."""
        kind, id_ = key
        found = self._context.links.of_targets(self._context.name, kind, [id_]).get(id_)
        return found[0].source if found else None

    def _applied_now(self, link: Link | None) -> dict[Key, Decimal]:
        obj = read_if_there(self._context, link.target, link.qbo_id) if link is not None else None
        return objects.applied(obj) if obj is not None else {}

    def _typed_payment(self, key: Key, document: Json, wanted: Decimal) -> Reason | None:
        kind = objects.settled_by(key[0])
        ids = objects.linked_payments(document, kind)
        if not ids:
            return None
        links = self._context.links.of_targets(self._context.name, kind, ids)
        for row in self._context.quickbooks.query(kind, f"Id IN {quote_list(sorted(ids))}"):
            qbo_id = objects.text(row.get("Id"))
            taken = objects.applied(row).get(key, Decimal(0))
            # What moves no money is a credit that QuickBooks applied by itself, and nobody's payment.
            is_money = not is_application(row)
            if qbo_id not in links and not objects.markers(row) and taken == wanted and is_money:
                return reason(
                    "paid_by_hand",
                    invoice=_label(key, document),
                    payment=qbo_id,
                    amount=_money(taken),
                    date=objects.text(row.get("TxnDate")),
                )
        return None


def open_of(entity: str, row: Json) -> Decimal:
    """Return what is open of a charge or credit as QuickBooks shows it."""
    return objects.amount(row.get(_OPEN_FIELDS[entity])) or objects.amount(row.get("Balance")) or Decimal(0)


def _in_balance(request: Json, amounts: Sequence[Decimal]) -> list[Decimal]:
    """Return the amounts lowered, last line first, until credits and money are just what is applied.

    No more credit is used than is applied; money may stay unapplied.
    """
    is_credit = [kind in objects.CREDITS for kind, _, _ in objects.applications(request)]
    total = objects.amount(request.get("TotalAmt")) or Decimal(0)
    applied = sum((each for each, credit in zip(amounts, is_credit, strict=True) if not credit), Decimal(0))
    used = sum((each for each, credit in zip(amounts, is_credit, strict=True) if credit), Decimal(0))
    lowered = _cut(amounts, [not credit for credit in is_credit], max(Decimal(0), applied - used - total))
    return _cut(lowered, is_credit, max(Decimal(0), used - applied))


def _cut(amounts: Sequence[Decimal], may: Sequence[bool], by: Decimal) -> list[Decimal]:
    left, cut = by, list(amounts)
    for place in reversed(range(len(cut))):
        if may[place]:
            taken = min(left, cut[place])
            cut[place], left = cut[place] - taken, left - taken
    return cut


def _money(amount: Decimal) -> str:
    return str(from_cents(to_cents(amount)))


def _label(key: Key, row: Json) -> str:
    number = objects.text(row.get("DocNumber"))
    return f"{key[0]} {number}" if number else f"{key[0]} with id {key[1]}"
