"""One turn over a company's inbox: what waits is looked at, and the runs it asks for are noted as asked for.

What belongs here: the order that loses nothing. Days that are due are kept first, then events without work
are settled, then those of runs are noted: whatever dies in between, the next turn finds them again.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from st_qbo_assets.connections import Connections
from st_qbo_assets.following.asks import Ask, Work, without
from st_qbo_assets.following.events import AGAIN_AFTER, MOST_RECORDS, keep, want
from st_qbo_assets.store.inbox import Inbox


def take_turn(
    connections: Connections,
    *,
    today: date,
    busy: Collection[int] = (),
    waits: Collection[Work] = (),
    most: int = MOST_RECORDS,
    newest_first: bool = False,
) -> list[Ask]:
    """Return the runs to be launched now; their events are offered again if no run settles them.

    Args:
        connections: of the company.
        today: its local day.
        busy: events of runs that have not ended.
        waits: work that no further run is asked for now.
        most: records looked at.
        newest_first: begin with what came last.
    """
    if any_stopped(connections):
        return []
    inbox = Inbox(connections.database)
    waiting = inbox.pending(connections.name, again_after=AGAIN_AFTER, limit=most, newest_first=newest_first)
    pending = [each for each in waiting if not busy or not set(each.ids) & set(busy)]
    if not pending:
        return []
    wanted = want(connections, inbox, pending, today=today)
    keep(connections, inbox, wanted)
    asked_at = connections.dirty_days.present()
    asks = [replace(ask, asked_at=asked_at) for ask in without(wanted.asks, busy) if ask.work not in waits]
    inbox.note_offered(id_ for ask in asks for id_ in ask.events)
    return asks


def any_stopped(connections: Connections) -> bool:
    """Say whether a person must act before the company's systems may be called."""
    states = (
        connections.connection_states.of(connections.name, name) for name in ("servicetitan", "quickbooks")
    )
    return any(state is None or state.is_stopped for state in states)
