"""Tying an adjustment to the document it is for, as far as that is open (rule 4).

What belongs here: what an application of an adjustment may apply, now that the payments of the load were
written. What does not: which adjustments there are (`closed_books`), and the sending.
"""

from dataclasses import replace
from decimal import Decimal

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Outcome, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.gathering import DayTurn
from st_qbo_assets.load.open_books import OpenBooks
from st_qbo_assets.load.reasons import TOO_LITTLE_OPEN, reason
from st_qbo_assets.load.shapes import is_adjustment_part, is_application_part
from st_qbo_assets.store.links import Link, LinkState


def cap_ties(turn: DayTurn, books: OpenBooks) -> None:
    """Let adjustments be applied to what is open only; what was paid before stays open on the other side.

    An invoice that was paid in closed books and comes to less leaves the customer a credit, as it does in
    ServiceTitan: asking QuickBooks to apply that would be refused every day.
    """
    if turn.stopped is not None:
        return
    for mapped in list(turn.mapped.values()):
        source, payload = mapped.source, mapped.payload
        is_tie = is_adjustment_part(source) and is_application_part(source)
        if is_tie and payload is not None and source not in turn.results:
            try:
                _cap(turn, mapped, payload, books)
            except SyncError as error:
                turn.note_stop(error)
                turn.keep(turn.subject(mapped).failed(error))


def _cap(turn: DayTurn, mapped: Mapped, payload: Payload, books: OpenBooks) -> None:
    link = turn.known.link(payload.source, payload.target)
    if link is not None and link.digest == payload.digest:
        return
    tied = {(target, source): turn.known.link(source, target) for target, source in _documents(payload)}
    open_ = [_open(books, target, source, each) for (target, source), each in tied.items()]
    if None in open_:
        return  # it is not there yet
    wanted = max(amount for _, _, amount in objects.applications(payload.body))
    is_open = min(each for each in open_ if each is not None) + _applied(books, link)
    if is_open >= wanted:
        return
    others = [each for each in tied.values() if each is not None and not is_adjustment_part(each.source)]
    label = ", ".join(f"{each.target} {each.number or each.qbo_id}" for each in others)
    if is_open <= 0:
        said = reason("adjustment_open", original=label, amount=wanted)
        turn.keep(turn.subject(mapped).result(Outcome.UNCHANGED, said=said))
        return
    lines = [{**line, "Amount": is_open} for line in objects.lines(payload.body)]
    said = reason(TOO_LITTLE_OPEN, open=is_open, wanted=wanted, invoices=label)
    less = payload.with_body({**payload.body, "Line": lines})
    turn.mapped[mapped.source] = replace(mapped, payload=less, reason=said)


def _documents(payload: Payload) -> list[tuple[str, SourceRef]]:
    return [each for each in objects.symbolic_references(payload.body) if each[0] != "Customer"]


def _open(books: OpenBooks, target: str, source: SourceRef, link: Link | None) -> Decimal | None:
    """Return what is open of a document, nothing if it is gone; None if it is not there yet."""
    if link is None:
        return books.is_open((target, str(source)))
    return books.is_open((target, link.qbo_id)) or objects.ZERO


def _applied(books: OpenBooks, link: Link | None) -> Decimal:
    """Return what the application takes of both documents already."""
    if link is None or link.state is LinkState.VOIDED:
        return objects.ZERO
    return max(books.applied(link).values(), default=objects.ZERO)
