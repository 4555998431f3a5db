"""Refunds that follow what they give back, whatever their day (rule 3.5).

What belongs here: taking in the receipts of a customer whose invoices or payments change in a load, since a
receipt is made of the lines of the invoice it refunds. What does not: refunds of unapplied money, which the
store knows by their payment (`bringing.plan_refunded`).
"""

from collections.abc import Sequence

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.gathering import MASTERS, DayTurn
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.shapes import EMPTY_AT_SOURCE
from st_qbo_assets.store.links import Link, LinkState

_RECEIPT = "RefundReceipt"


def bring_receipts(turn: DayTurn) -> None:
    """Take in the posted receipts of every customer of whom something changes.

    That they have to be looked at is kept before anything is sent: should this process die, what changes
    stands as failed, and brings them along the next time.
    """
    changing = [each for each in turn.mapped.values() if _changes(turn, each)]
    customers = {_customer(link) for each in changing for link in turn.known.parts_of(each.source)} - {""}
    if not customers or turn.given.reread is None or turn.stopped is not None:
        return
    receipts = turn.context.links.of_customers(turn.context.name, _RECEIPT, customers)
    here = {source.record for source in turn.mapped}
    ids = [link.source.id for link in receipts if _is_posted(link) and link.source.record not in here]
    if not ids:
        return
    if turn.is_live:
        said = reason("being_changed")
        unsure = [turn.subject(each).result(Outcome.FAILED, said=said) for each in changing]
        turn.context.ledger.save_states(turn.context.name, unsure, turn.context.run_id)
    try:
        turn.take_in(turn.given.reread(Entity.PAYMENT, sorted(set(ids))))
    except SyncError as error:
        _fail(turn, changing, error)


def _fail(turn: DayTurn, changing: Sequence[Mapped], error: SyncError) -> None:
    said = reason("payments_not_planned", error=str(error))
    for each in changing:
        turn.keep(turn.subject(each).result(Outcome.FAILED, said=said))


def _changes(turn: DayTurn, mapped: Mapped) -> bool:
    """Say whether a document that is in QuickBooks is not what it was, or was being changed before."""
    source, payload, said = mapped.source, mapped.payload, mapped.reason
    if source.entity in MASTERS or not turn.known.parts_of(source):
        return False
    if turn.before.get(source) is Outcome.FAILED:
        return True
    if payload is None:
        return mapped.verdict is Verdict.NOT_DUE and said is not None and said.code in EMPTY_AT_SOURCE
    link = turn.known.link(payload.source, payload.target)
    return link is None or link.digest != payload.digest


def _customer(link: Link) -> str:
    return objects.text(link.confirmed.get("CustomerRef")) if _is_posted(link) else ""


def _is_posted(link: Link) -> bool:
    return link.state is not LinkState.VOIDED
