"""Payments that found too little open, taken in again when more is (rule 3.3).

What belongs here: which of other days may gain, by what this load lets go of, or by what was written since
they stood so. What does not: looking at what is open (`open_amounts`), and when (`day`).
"""

from collections.abc import Iterable, Mapping, Set
from datetime import timedelta
from decimal import Decimal

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.load import objects
from st_qbo_assets.load.gathering import GONE, MASTERS, DayTurn, applied_by
from st_qbo_assets.load.reasons import TOO_LITTLE_OPEN, reason
from st_qbo_assets.load.results import Subject
from st_qbo_assets.store.links import Link, LinkState
from st_qbo_assets.store.states import RecordState

#: As long as a load may last: what it saw of a payment is older than when it kept that.
_LOAD = timedelta(minutes=15)


def bring_short(turn: DayTurn, planned: Mapping[tuple[SourceRef, str], dict[str, str]]) -> bool:
    """Take in what found too little open on documents that payments let go of in this load (rule 3.3).

    Returns whether there is any. What came into this load before is tried again where it is written.

    Args:
        turn: of the load.
        planned: what payments will take of documents, where they are only planned.
    """
    released: dict[str, list[str]] = {}
    for (source, target), before in turn.applied.items():
        now = planned.get((source, target), applied_by(turn.known.link(source, target)))
        for key, amount in before.items():
            if Decimal(now.get(key, 0)) < Decimal(amount):
                kind, _, qbo_id = key.partition(" ")
                released.setdefault(kind, []).append(qbo_id)
        turn.applied[source, target] = now
    if not released:
        return False
    context = turn.context
    owners = [
        link.source
        for kind, ids in released.items()
        for links in context.links.of_targets(context.name, kind, ids).values()
        for link in links
    ]
    waiting = context.ledger.waiting_for(context.name, owners).values()
    return _take_in_short(turn, [state for states in waiting for state in states])


def bring_left_short(turn: DayTurn) -> None:
    """Take in what found too little open, where a payment of its customer changed since (rule 3.3).

    That load died before it tried those again, or did not see that they waited: they were loaded at the same
    time. Or what they waited for was another document. Looked at again, they stand as of now: no change
    brings them for longer than a load lasts.
    """
    if turn.given.reread is None or turn.given.mapped.keys() <= MASTERS:
        return
    context, name = turn.context, turn.context.name
    states = context.ledger.waiting_because(name, TOO_LITTLE_OPEN)
    if not states:
        return
    named = {state.source: _waited_for(state) for state in states}
    links = context.ledger.links_of_records(name, [*named, *named.values()])
    payers = {
        state.source: {
            _payer(link) for source in (state.source, named[state.source]) for link in links.get(source, ())
        }
        - {""}
        for state in states
    }
    customers = set[str]().union(*payers.values())
    first = min(state.updated_at for state in states) - _LOAD
    changed = [
        link
        for target in {state.target for state in states}
        for link in context.links.of_customers(name, target, customers, changed_since=first)
    ]
    _take_in_short(
        turn,
        [state for state in states if any(_gives(link, state, payers[state.source]) for link in changed)],
    )


def _gives(link: Link, state: RecordState, payers: Set[str]) -> bool:
    """Say whether a payment that changed since may have let go of what another found too little of."""
    is_later = link.updated_at is not None and link.updated_at > state.updated_at - _LOAD
    is_of_them = link.target == state.target and _payer(link) in payers
    return is_later and is_of_them and link.source.record != state.source.record


def _payer(link: Link) -> str:
    return objects.text(link.confirmed.get("CustomerRef") or link.confirmed.get("VendorRef"))


def _waited_for(state: RecordState) -> SourceRef:
    waits_for = state.reason.waits_for if state.reason is not None else None
    return waits_for or state.source


def _take_in_short(turn: DayTurn, states: Iterable[RecordState]) -> bool:
    """Read payments again that found too little open, and take them in; say whether there are any."""
    here = {source.record for source in turn.mapped}
    asked = [
        state
        for state in states
        if state.reason is not None
        and state.reason.code == TOO_LITTLE_OPEN
        and state.source.record not in here
    ]
    short: dict[Entity, set[str]] = {}
    for state in asked:
        short.setdefault(state.source.entity, set()).add(state.source.id)
    reread = turn.given.reread
    if reread is None or turn.stopped is not None:
        return False
    try:
        found = [each for entity, ids in short.items() for each in reread(entity, sorted(ids))]
    except SyncError as error:
        turn.note_stop(error)
        return False  # they stand as they did, and the next load of their day tries them again
    there = {each.source.record for each in found}
    for state in asked:
        if state.source.record not in there:
            turn.keep(_gone(turn, state))
    turn.take_in(found)
    return bool(found)


def _gone(turn: DayTurn, state: RecordState) -> LoadResult:
    """Return where a payment stands that ServiceTitan no longer finds: it waits for nothing any more."""
    context = turn.context
    link = context.ledger.link(context.name, state.source, state.target)
    subject = Subject(state.source, state.target, state.day, state.cents, state.number, state.title)
    if link is None:
        return subject.result(Outcome.NOT_DUE, said=reason("gone_unposted"))
    if link.state is LinkState.VOIDED:
        return subject.result(Outcome.VOIDED, link=link)
    said = reason(GONE, target=link.target, qbo_id=link.qbo_id)
    return subject.result(Outcome.HELD, link=link, said=said)
