"""ServiceTitan's feeds of one company: what changed becomes days that are due, before the tokens move.

What belongs here: joining the feeds with the store, in the order that loses nothing. What does not: reading
them (`extract.feeds`), which runs follow (`asks`).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.extract.feeds import FeedReading, FeedToken, read_feeds
from st_qbo_assets.store.marks import FeedTokens

_PREFIX = "servicetitan/export/"
_RECENT = "servicetitan/recent/"
_MEMOS_MARK = f"{_RECENT}credit_memos"
#: Lists of what is bought that have no feed.
_LISTS = ("bills", "vendor_credits", "bill_payments")


def note_feeds(connections: Connections, *, known: Mapping[str, Iterable[str]], now: datetime) -> FeedReading:
    """Read what changed since the last turn, and keep the days it touches as due.

    Tokens move last: whatever dies before, the same rows are read again.

    Args:
        connections: of the company.
        known: versions of rows that came before; losing them only loads days again.
        now: the present.
    """
    name, tokens = connections.name, FeedTokens(connections.database)
    kept = tokens.all(name)
    reading = read_feeds(
        connections.servicetitan,
        connections.company,
        tokens={
            feed.removeprefix(_PREFIX): FeedToken(text, connections.marks.get(name, feed) or kept_at)
            for feed, (text, kept_at) in kept.items()
            if feed.startswith(_PREFIX)
        },
        memos_since=connections.marks.get(name, _MEMOS_MARK),
        known=known,
        now=now,
        seen=lambda sources: seen_days(connections, sources),
        lists_since={each: connections.marks.get(name, f"{_RECENT}{each}") for each in _LISTS},
    )
    connections.dirty_days.mark(name, reading.days)
    for feed, token in reading.tokens.items():
        tokens.save(name, f"{_PREFIX}{feed}", token)
        connections.marks.advance(name, f"{_PREFIX}{feed}", reading.until[feed])
    if reading.memos_until is not None:
        connections.marks.advance(name, _MEMOS_MARK, reading.memos_until)
    for each, until in reading.lists_until.items():
        connections.marks.advance(name, f"{_RECENT}{each}", until)
    return reading


def seen_days(connections: Connections, sources: Iterable[SourceRef]) -> Mapping[SourceRef, date]:
    """Return the day each changed record was seen on before, and those of refunds of payments."""
    wanted = list(sources)
    # A payment that changed may no longer have what a refund took of it: the refund is looked at again too.
    payments = [source.id for source in wanted if source.entity is Entity.PAYMENT]
    ties = connections.refunds.of_payments(connections.name, payments)
    wanted += [SourceRef(Entity.PAYMENT, tie.refund) for each in ties.values() for tie in each]
    found: dict[SourceRef, date] = {}
    for entity in sorted({source.entity for source in wanted}):
        ids = [source.id for source in wanted if source.entity is entity]
        days = connections.seen.days_of(connections.name, entity, ids)
        found |= {SourceRef(entity, id_): day for id_, day in days.items()}
    return found
