"""A payment whose lines take more than QuickBooks has open (rules 3.3, 3.7; QB §8 no. 21).

What belongs here: what a payment may apply of the charges and credits it names, and what follows where that
is less than it wants: before it is sent, or once it was refused. What does not: reading them (`open_books`),
and which refusals can mean that (`refusals`).
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
from st_qbo_assets.load.open_books import OPEN_FIELDS, Key, OpenBooks, applied_as_confirmed
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.reasons import TOO_LITTLE_OPEN, reason
from st_qbo_assets.load.requests import capped_lines, with_amounts
from st_qbo_assets.load.results import Subject
from st_qbo_assets.quickbooks.query import quote_list
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.states import RecordState

_CHARGES = frozenset({"Invoice", "Bill"})


def pays(action: Action) -> bool:
    """Say whether an action writes a payment."""
    return action.writes and action.payload is not None and action.payload.target in objects.PAYMENTS


def look(
    context: WriteContext, asked: Sequence[tuple[Subject, Action]], books: OpenBooks
) -> dict[SourceRef, LoadResult | Action]:
    """Return what becomes of payments for which too little is open; the others may be sent as they are.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    books.read(key for _, action in asked for key in _keys(action))
    for _, action in asked:
        books.let_go(action)
    short = {
        key
        for _, action in asked
        for key in _short(objects.applied(action.request or {}), books, books.applied(action.link))
    }
    books.read(user for key in short for user in _users(key, books.row(key)))
    found: dict[SourceRef, LoadResult | Action] = {}
    for subject, action in asked:
        step = OpenAmounts(context, subject).before_sending(action, books)
        if step is not None:
            found[subject.source] = step
        if step is None or isinstance(step, Action):
            books.take(step or action)
    return found


def as_last_found(subject: Subject, action: Action, state: RecordState) -> LoadResult | None:
    """Return what the last load found of a payment that is no other since; None if it is another."""
    link, payload = action.link, action.payload
    if link is None or payload is None:
        is_held = state.outcome is Outcome.HELD and state.cents == subject.cents
        return subject.result(Outcome.HELD, said=state.reason) if is_held else None
    taken = applied_as_confirmed(link)
    wanted = {key: taken.get(key, objects.ZERO) for key in objects.applied(action.request or {})}
    less = payload.with_body(with_amounts(payload.body, capped_lines(action.request or {}, wanted)))
    if less.digest != link.digest:
        return None
    return subject.result(Outcome.UNCHANGED, link=link, said=state.reason)


class OpenAmounts:
    """Finds what a payment may apply, for one record."""

    def __init__(self, context: WriteContext, subject: Subject) -> None:
        """Decide for the record of the subject."""
        self._context = context
        self._subject = subject

    def after_refusal(self, request: Json, action: Action) -> LoadResult | Action | None:
        """Return what follows a refused payment if too little is open for it; None if that is not why.

        Where enough is open now another payment has just let go of it, and the same is sent again.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        return self._step(request, action, OpenBooks(self._context), wrote=True)

    def before_sending(self, action: Action, books: OpenBooks) -> LoadResult | Action | None:
        """Return what follows if too little is open for a payment; None if it may be sent as it is.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        return self._step(action.request or {}, action, books, wrote=False)

    def _step(
        self, request: Json, action: Action, books: OpenBooks, *, wrote: bool
    ) -> LoadResult | Action | None:
        wanted = objects.applied(request)
        books.read(_keys(action))
        own = books.applied(action.link)
        short = _short(wanted, books, own)
        rows = {key: row for key in wanted if key[0] in OPEN_FIELDS and (row := books.row(key)) is not None}
        if not rows or not self._is_of_one(request, rows.values()):
            return None
        if not short:
            return action if wrote else None
        for key in short:
            by_hand = self._typed_payment(key, wanted[key], books, action.link)
            if by_hand is not None:
                return self._subject.result(Outcome.HELD, link=action.link, said=by_hand, wrote=wrote)
        is_open = {
            key: amount + own.get(key, objects.ZERO)
            for key in wanted
            if (amount := books.is_open(key)) is not None
        }
        said = reason(
            TOO_LITTLE_OPEN,
            waits_for=self._owner(short[0]),
            open=_money(sum((max(objects.ZERO, is_open[each]) for each in short), objects.ZERO)),
            wanted=_money(sum((wanted[each] for each in short), objects.ZERO)),
            invoices=", ".join(_label(each, rows.get(each, {})) for each in short),
        )
        amounts = _in_balance(request, capped_lines(request, is_open))
        if is_application(request) and not any(amounts):
            return self._applied_by_itself(action, wanted, rows, said, wrote=wrote)
        return self._less(action, amounts, said, wrote=wrote)

    def _less(
        self, action: Action, amounts: Sequence[Decimal], said: Reason, *, wrote: bool
    ) -> LoadResult | Action:
        """Return the action that applies less; its digest is its own, so that later loads try the rest."""
        payload = action.payload
        assert payload is not None
        less = payload.with_body(with_amounts(payload.body, amounts))
        if action.link is not None and action.link.digest == less.digest:
            return self._subject.result(Outcome.UNCHANGED, link=action.link, said=said, wrote=wrote)
        return replace(action, payload=less, request=with_amounts(action.request or {}, amounts), reason=said)

    def _applied_by_itself(
        self,
        action: Action,
        wanted: Mapping[Key, Decimal],
        rows: Mapping[Key, Json],
        said: Reason,
        *,
        wrote: bool,
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
        return self._subject.result(Outcome.HELD, link=action.link, said=said, wrote=wrote)

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

    def _typed_payment(self, key: Key, wanted: Decimal, books: OpenBooks, own: Link | None) -> Reason | None:
        """Return what is said if somebody typed this very payment of a charge into QuickBooks."""
        document = books.row(key) or {}
        users = _users(key, document)
        books.read(users)
        links = self._context.links.of_targets(
            self._context.name, objects.settled_by(key[0]), [qbo_id for _, qbo_id in users]
        )
        for user in users:
            row = books.row(user)
            taken = objects.applied(row).get(key, objects.ZERO) if row is not None else objects.ZERO
            taken = min(taken, books.total(key))
            # What moves no money is a credit that QuickBooks applied by itself, and nobody's payment.
            if row is None or user[1] in links or objects.markers(row) or is_application(row):
                continue
            if taken == wanted:
                return reason(
                    "paid_by_hand" if own is None else "paid_by_hand_too",
                    source=self._subject.source,
                    target=user[0],
                    qbo_id="" if own is None else own.qbo_id,
                    invoice=_label(key, document),
                    payment=user[1],
                    amount=_money(taken),
                    date=objects.text(row.get("TxnDate")),
                )
        return None


def _keys(action: Action) -> list[Key]:
    """Return what has to be read for an action: what it names, and what it is in QuickBooks now."""
    link = action.link
    named = [key for key in objects.applied(action.request or {}) if key[0] in OPEN_FIELDS]
    return named if link is None else [*named, (link.target, link.qbo_id)]


def _short(wanted: Mapping[Key, Decimal], books: OpenBooks, own: Mapping[Key, Decimal]) -> list[Key]:
    """Return the documents of which less is open than wanted, what the payment has of them included."""
    return [
        key
        for key, amount in wanted.items()
        if (there := books.is_open(key)) is not None and there + own.get(key, objects.ZERO) < amount
    ]


def _users(key: Key, document: Json | None) -> list[Key]:
    """Return the payments that QuickBooks shows on a charge."""
    kind = objects.settled_by(key[0])
    is_charge = key[0] in _CHARGES and document is not None
    return [(kind, id_) for id_ in objects.linked_payments(document or {}, kind)] if is_charge else []


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
