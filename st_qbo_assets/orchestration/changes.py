"""What changed in ServiceTitan since the last safe mark, as days that have to be loaded (rule 1.5).

What belongs here: asking, and keeping the days as due before the mark moves. A day stays due until a
load of it ended; whatever dies in between, the next schedule finds it again.
"""

from dataclasses import fields
from datetime import date, datetime, timedelta

from st_qbo_assets.connections import Connections
from st_qbo_assets.extract.touched import Marks, touched_days
from st_qbo_assets.following.feeds import seen_days
from st_qbo_assets.orchestration.context import CompanyDefs

_FEEDS = tuple(field.name for field in fields(Marks))
#: No vendor's stamp is further ahead of our clock than this; either may be off by a day.
_AHEAD = timedelta(days=2)


def note_changes(defs: CompanyDefs, connections: Connections) -> list[date]:
    """Return every day that is due to be loaded; those that changed just now are kept first."""
    marks = Marks(**{feed: _mark(defs, connections, feed) for feed in _FEEDS})
    touched = touched_days(
        connections.servicetitan,
        defs.company,
        since=marks,
        until=defs.now_utc() + _AHEAD,
        seen=lambda sources: seen_days(connections, sources),
    )
    connections.dirty_days.mark(defs.name, touched.days)
    for feed in _FEEDS:
        mark: datetime | None = getattr(touched.marks, feed)
        if mark is not None:
            connections.marks.advance(defs.name, f"servicetitan/{feed}", mark)
    return connections.dirty_days.all(defs.name)


def _mark(defs: CompanyDefs, connections: Connections, feed: str) -> datetime | None:
    return connections.marks.get(defs.name, f"servicetitan/{feed}")
