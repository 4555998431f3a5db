"""Closed periods: on which date a document posts (rule 4).

What belongs here: the date of a document of a closed period, new or moved there before. What does not: other
edits and voids of documents that are in QuickBooks already, which the load holds or adjusts.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Reason
from st_qbo_assets.domain.reasons import reason
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.problems import Problem, held


@dataclass(frozen=True)
class PostingDate:
    """The `TxnDate`, and what is to be said where it is not the document's own date."""

    date: date
    said: Reason | None = None


def posting_date(source: SourceRef, day: date, lookup: Lookup) -> PostingDate | Problem:
    """Return the date a document posts on.

    A document that was moved to an open day stays there though that day is closed by now, since periods
    closed after it was posted must change nothing. It never stands later than the first open day: where the
    closing date was taken back, it moves back with it.
    """
    closed = lookup.reference.preferences.book_close_date
    posted = lookup.posted.get(source)
    if closed is None or day > closed:
        return PostingDate(day)
    moves = lookup.company.closed_period == "next_open_day"
    if posted is not None and (posted <= day or not moves):
        return PostingDate(day)  # an edit, if it is one: the load holds or adjusts it
    if not moves:
        return held("closed_period", day=day)
    first_open = closed + timedelta(days=1)
    if posted is not None and posted < first_open:
        return PostingDate(posted, reason("stays_on_later_day", day=day, closed=closed, posted=posted))
    return PostingDate(first_open, reason("moved_to_open_day", closed=closed, posted=first_open))
