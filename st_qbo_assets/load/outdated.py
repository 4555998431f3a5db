"""What was said of parts that a record no longer has.

What belongs here: finding such words after a load, and what takes their place. What does not: documents of
such parts (`retiring`), and keeping states (the ledger). Nothing is ever removed from the ledger, so a part
without a word of its own says that others speak for it.
"""

from st_qbo_assets.domain.ids import SourceRef, is_location
from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.load.gathering import MASTERS, DayTurn
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.store.links import LinkState
from st_qbo_assets.store.states import RecordState

_WAITS = frozenset({Outcome.HELD, Outcome.BLOCKED, Outcome.REJECTED, Outcome.FAILED, Outcome.PLANNED})


def outdated(turn: DayTurn) -> list[LoadResult]:
    """Return the last word on every part that waited, and of which a load of its record says nothing now.

    A payment held as a whole that posts as a write-off and its application waits no more under its own
    name; a part that was held waits no more by itself when the whole record is held.
    """
    told: dict[SourceRef, list[SourceRef]] = {}
    in_doubt = {source for source, _ in turn.open_intents}
    for source in turn.results.keys() - turn.unread:
        told.setdefault(source.record, []).append(source)
    return [
        _settled(turn, state, told[source.record])
        for source, state in turn.stood.items()
        if source.record in told
        and source not in turn.results
        and source not in in_doubt
        and state.outcome in _WAITS
        and (state.outcome is Outcome.PLANNED or not _is_of_poll(source))
    ]


def _is_of_poll(source: SourceRef) -> bool:
    """Say whether the poll speaks of a part, and settles it: what of a name does not reach one side.

    A preview settles nothing.
    """
    return source.entity in MASTERS and bool(source.part) and not is_location(source)


def _settled(turn: DayTurn, state: RecordState, by: list[SourceRef]) -> LoadResult:
    stands = any(link.state is not LinkState.VOIDED for link in turn.links_of(state.source))
    return LoadResult(
        source=state.source,
        outcome=Outcome.UNCHANGED if stands else Outcome.VOIDED,
        day=state.day,
        number=state.number,
        title=state.title,
        target=state.target,
        reason=reason("told_by_parts", parts=", ".join(map(str, sorted(by)))),
    )
