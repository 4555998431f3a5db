"""Payments that come along with other documents, whatever their day.

What belongs here: the payments of an invoice that is posted or has grown (rule 3.2), those that an edit or
void of a document sets free in QuickBooks (rule 3.6), the refunds of a credit memo, and the payment that a
refund takes its money from (rule 3.5).
What does not: how a payment is planned (`plan`), and in which order things are done (`day`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Payload, Verdict
from st_qbo_assets.domain.refunds import REFUND, RefundTie
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import FindingKind
from st_qbo_assets.load.gathering import DayTurn
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.requests import create_request
from st_qbo_assets.load.voiding import is_voided_by_us
from st_qbo_assets.store.links import Link, LinkState

_IN_QUICKBOOKS = frozenset({Outcome.POSTED, Outcome.UNCHANGED, Outcome.MISMATCH})
#: What a plan does that ends in QuickBooks.
_BRINGS = frozenset({"create", "update", "link"})
#: Documents that payments may use, as charge or as credit, so that they are asked for before one is voided.
_USED = frozenset({"Invoice", "CreditMemo", "Bill", "VendorCredit", "Purchase"})


def bring_payments_along(turn: DayTurn, entity: Entity = Entity.INVOICE) -> None:
    """Take in the payments of every invoice (or bill) that is in QuickBooks, or higher, since this load.

    A payment that found too little open has its turn now, whatever its day (rules 3.2, 3.3).
    """
    invoices = [
        result
        for result in _in_quickbooks(turn, entity)
        if result.source not in turn.brought
        and (result.source in turn.grown or turn.before.get(result.source) not in _IN_QUICKBOOKS)
    ]
    if not invoices or not turn.follows:
        return
    try:
        found = _payments_of(turn, [result.source for result in invoices])
    except SyncError as error:
        _not_planned(turn, invoices, error)
        return
    turn.take_in(found)


def bring_waiting(turn: DayTurn) -> None:
    """Take in the refunds that wait for credit memos which are in QuickBooks since this load (rule 3.5).

    One may be dated before the memo it is of; those of a negative invoice come with its payments.
    """
    memos = [
        each
        for each in _in_quickbooks(turn, Entity.CREDIT_MEMO)
        if turn.before.get(each.source) not in _IN_QUICKBOOKS
    ]
    reread = turn.given.reread
    if not memos or not turn.follows or reread is None:
        return
    waiting = turn.context.ledger.waiting_for(turn.context.name, [each.source for each in memos])
    sources = {state.source for states in waiting.values() for state in states}
    ids = sorted({source.id for source in sources if source.entity is Entity.PAYMENT})
    if not ids:
        return
    try:
        turn.take_in(reread(Entity.PAYMENT, ids))
    except SyncError as error:
        _not_planned(turn, memos, error)


def _in_quickbooks(turn: DayTurn, entity: Entity) -> list[LoadResult]:
    return [
        result
        for source, result in turn.results.items()
        if source.entity is entity and not source.part and _is_in_quickbooks(result)
    ]


def _is_in_quickbooks(result: LoadResult) -> bool:
    """Say whether a document is in QuickBooks, or would be."""
    return result.outcome in _IN_QUICKBOOKS or (
        result.outcome is Outcome.PLANNED and result.operation in _BRINGS
    )


def _not_planned(turn: DayTurn, documents: Sequence[LoadResult], error: SyncError) -> None:
    """Let documents fail whose payments could not be read: they bring them along the next time."""
    said = reason("payments_not_planned", error=str(error))
    for result in documents:
        turn.keep(replace(result, outcome=Outcome.FAILED, reason=said))


def free_payments(turn: DayTurn, due: Sequence[Mapped]) -> None:
    """Make sure that payments are planned again which a write of these documents sets free in QuickBooks.

    A document of less than was paid, of another customer, or made anew lets go of its payments, and so may
    every refund that is changed. Which documents grow is noted: more of them is open then.
    """
    turn.grown |= {each.source for each in due if _is_more(turn, each)}
    freeing = [
        each for each in due if turn.follows and each.source not in turn.results and _frees(turn, each)
    ]
    if not freeing or turn.stopped is not None:
        return
    links = [turn.known.link(each.source, each.payload.target) for each in freeing if each.payload]
    try:
        turn.freed |= _unsettle(turn, [link for link in links if link is not None], freeing)
    except SyncError as error:
        turn.note_stop(error)
        said = reason("payments_not_planned", error=str(error))
        for each in freeing:
            turn.keep(turn.subject(each).result(Outcome.FAILED, said=said))
        return
    turn.brought.update(each.source for each in freeing)


def refused_with_payments(turn: DayTurn) -> list[Payload]:
    """Return the documents of another customer now that QuickBooks refused to change while they are paid."""
    found: list[Payload] = []
    for source in turn.brought if turn.freed else ():
        mapped, result = turn.mapped.get(source), turn.results.get(source)
        if result is None or result.reason is None or result.reason.code != "refused":
            continue
        payload = mapped.payload if mapped is not None else None
        link = turn.known.link(source, payload.target) if payload is not None else None
        if payload is not None and link is not None and _is_of_other_customer(turn, payload, link):
            found.append(payload)
    return found


def bring_users(turn: DayTurn) -> None:
    """Take in the payments that either system applies to documents about to be voided (rule 3.6)."""
    gone = [
        each
        for each in turn.unwanted.values()
        if each.target in _USED and turn.known.is_retiring(each.source, each.target)
    ]
    links = [each.link for each in gone if each.link is not None]
    if not links or not turn.follows or turn.stopped is not None:
        return
    try:
        turn.users |= _unsettle(turn, links, [each.mapped for each in gone])
    except SyncError as error:
        turn.note_stop(error)
        said = reason("payments_not_planned", error=str(error))
        for each in gone:
            del turn.unwanted[each.source, each.target]
            turn.known.keep(each.source, each.target)
            for part in turn.parts_of(each.source.record):
                turn.keep(turn.subject(part, each.target).result(Outcome.FAILED, link=each.link, said=said))


def _unsettle(turn: DayTurn, links: Sequence[Link], mapped: Sequence[Mapped]) -> set[SourceRef]:
    """Take in the payments of documents about to be changed or voided, and forget what they were posted as.

    Returns those that QuickBooks shows on the documents.

    Which of them QuickBooks lets go of it says nowhere, so each is compared and written again. All this is
    kept before anything is sent: should this process die, the documents stand as failed, and bring their
    payments along the next time.
    """
    said = reason("being_changed")
    unsure = [turn.subject(each).result(Outcome.FAILED, said=said) for each in mapped]
    if turn.is_live:
        turn.context.ledger.save_states(turn.context.name, unsure, turn.context.run_id)
    for link in links:
        turn.used_by[link.source, link.target] = _users(turn, link)
    users = {user for link in links for user in turn.used_by[link.source, link.target]}
    found = list(_payments_of(turn, [link.source for link in links if not link.source.part]))
    here = {each.source.record for each in [*found, *turn.mapped.values()]}
    reread = turn.given.reread
    for entity in sorted({user.entity for user in users}):
        ids = sorted({user.id for user in users if user.entity is entity and user.record not in here})
        found += reread(entity, ids) if reread is not None and ids else ()
    _forget(
        turn,
        users | _appliers([*found, *turn.mapped.values()], {(each.source, each.target) for each in links}),
    )
    turn.take_in(found, of_any_day=True)
    return users


def _appliers(mapped: Iterable[Mapped], documents: set[tuple[SourceRef, str]]) -> set[SourceRef]:
    """Return the payments that ServiceTitan applies to documents."""
    return {
        each.source
        for each in mapped
        if each.payload is not None
        and each.payload.target in objects.PAYMENTS
        and any(
            (source, target) in documents for target, source in objects.symbolic_references(each.payload.body)
        )
    }


def plan_refunded(turn: DayTurn) -> None:
    """Keep which refunds took a payment's unapplied money, and take those payments in again (rule 3.5)."""
    refunds = {
        source.record
        for source in turn.mapped
        if source.entity is Entity.PAYMENT
        and (source.part == REFUND or any(link.source.part == REFUND for link in turn.known.parts_of(source)))
    }
    if not refunds or not turn.is_live:
        return
    store, name = turn.context.refunds, turn.context.name
    kept = store.of_refunds(name, [refund.id for refund in refunds])
    present = {tie.refund: (tie, result) for tie, result in _ties(turn)}
    dropped = [tie for id_, tie in kept.items() if id_ not in present and not _is_held(turn, _record(id_))]
    fresh = [
        tie
        for tie, result in present.values()
        if kept.get(tie.refund) != tie or result.wrote or turn.before.get(result.source) not in _IN_QUICKBOOKS
    ]
    store.save(name, fresh)
    store.drop(name, [tie.refund for tie in dropped])
    _plan_again(turn, {tie.payment for tie in [*fresh, *dropped]}, [result for _, result in present.values()])


def _plan_again(turn: DayTurn, payments: Iterable[str], refunds: Sequence[LoadResult]) -> None:
    ids, reread = sorted(payments), turn.given.reread
    if not ids or reread is None:
        return
    try:
        found = reread(Entity.PAYMENT, ids)
    except SyncError as error:
        _not_planned(turn, refunds, error)
        return
    for each in found:
        turn.results.pop(each.source, None)
    turn.learn(found)


def _ties(turn: DayTurn) -> Iterable[tuple[RefundTie, LoadResult]]:
    for each in turn.mapped.values():
        tie, result = objects.as_mapping(each.facts.get("tie")), turn.results.get(each.source)
        payment = objects.as_source(tie.get("payment"))
        if payment is None or result is None or result.outcome not in _IN_QUICKBOOKS:
            continue
        cents, txn_type = int(str(tie.get("cents"))), objects.text(tie.get("txn_type"))
        yield RefundTie(payment.id, each.source.id, cents, txn_type), result


def _is_held(turn: DayTurn, record: SourceRef) -> bool:
    return any(part.verdict in (Verdict.HELD, Verdict.REJECTED) for part in turn.parts_of(record))


def _record(payment_id: str) -> SourceRef:
    return SourceRef(Entity.PAYMENT, payment_id)


def _payments_of(turn: DayTurn, documents: Iterable[SourceRef]) -> Sequence[Mapped]:
    wanted = list(documents)
    found: list[Mapped] = []
    for entity, read in (
        (Entity.INVOICE, turn.given.payments_of),
        (Entity.BILL, turn.given.applied_to_bills),
    ):
        ids = [source.id for source in wanted if source.entity is entity]
        found += read(ids) if ids and read is not None else ()
    return found


def _frees(turn: DayTurn, mapped: Mapped) -> bool:
    """Say whether writing a document lets go of payments that are applied to it."""
    payload = mapped.payload
    link = turn.known.link(payload.source, payload.target) if payload is not None else None
    if payload is None or link is None or payload.target not in _USED or payload.digest == link.digest:
        return False
    if payload.target == "Purchase":
        return True  # its lines are written anew, and a payment is linked to one of them
    finding = turn.known.finding(payload.source, payload.target)
    if is_voided_by_us(link) or (finding is not None and finding.kind is FindingKind.AGAIN):
        return True
    return _is_lower(payload, link) or _is_of_other_customer(turn, payload, link)


def _is_lower(payload: Payload, link: Link) -> bool:
    before = objects.amount(link.confirmed.get("TotalAmt"))
    return before is not None and Decimal(abs(payload.cents)) / 100 < before


def _is_more(turn: DayTurn, mapped: Mapped) -> bool:
    payload = mapped.payload
    link = turn.known.link(payload.source, payload.target) if payload is not None else None
    before = objects.amount(link.confirmed.get("TotalAmt")) if link is not None else None
    return payload is not None and before is not None and Decimal(abs(payload.cents)) / 100 > before


def _is_of_other_customer(turn: DayTurn, payload: Payload, link: Link) -> bool:
    whose = "CustomerRef" if "CustomerRef" in payload.body else "VendorRef"
    before = objects.text(link.confirmed.get(whose))
    return bool(before) and objects.ref(create_request(payload, turn.known), whose) != before


def _users(turn: DayTurn, link: Link) -> set[SourceRef]:
    """Return the payments of ours that QuickBooks shows on a document."""
    obj = read_if_there(turn.context, link.target, link.qbo_id)
    kind = objects.settled_by(link.target)
    ids = objects.linked_payments(obj, kind) if obj is not None else []
    found = turn.context.links.of_targets(turn.context.name, kind, ids) if ids else {}
    return {each.source for links in found.values() for each in links}


def _forget(turn: DayTurn, payments: Iterable[SourceRef]) -> None:
    """Forget what payments were last posted as, each under its lock, so that they are written again."""
    ledger, name = turn.context.ledger, turn.context.name
    for source in sorted(payments):
        is_bought = source.entity in (Entity.VENDOR_CREDIT, Entity.BILL_PAYMENT)
        target = "BillPayment" if is_bought else "Payment"
        if not turn.is_live:
            link = turn.known.link(source, target)
            if link is not None and link.state in (LinkState.ACTIVE, LinkState.MISMATCH):
                turn.known.learn_links([replace(link, digest="")])
            continue
        with ledger.lock(name, source):
            link = ledger.link(name, source, target)
            if link is None or link.state not in (LinkState.ACTIVE, LinkState.MISMATCH):
                continue
            unsure = replace(link, digest="", run_id=turn.context.run_id)
            ledger.save_link(unsure)
        turn.known.learn_links([unsure])
