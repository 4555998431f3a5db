"""Closed periods: on which date a document posts (rule 4).

What belongs here: new documents dated in a closed period. What does not: edits and voids of documents
that are in QuickBooks already, which QuickBooks itself refuses (6210) and the load holds.
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

    A document that is in QuickBooks already keeps the date it has there if that is its own or a later
    one, since periods closed after it was posted must change nothing.
    """
    closed = lookup.reference.preferences.book_close_date
    posted = lookup.posted.get(source)
    if posted is not None:
        is_moved = posted > day and lookup.company.closed_period == "next_open_day" and closed is not None
        return PostingDate(posted if is_moved and closed is not None and day <= closed else day)
    if closed is None or day > closed:
        return PostingDate(day)
    if lookup.company.closed_period == "hold":
        return held("closed_period", day=day)
    first_open = closed + timedelta(days=1)
    return PostingDate(first_open, reason("moved_to_open_day", closed=closed, posted=first_open))
