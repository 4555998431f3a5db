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
_MEMOS_MARK = "servicetitan/recent/credit_memos"


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
            feed.removeprefix(_PREFIX): FeedToken(text, kept_at)
            for feed, (text, kept_at) in kept.items()
            if feed.startswith(_PREFIX)
        },
        memos_since=connections.marks.get(name, _MEMOS_MARK),
        known=known,
        now=now,
        seen=lambda sources: seen_days(connections, sources),
    )
    connections.dirty_days.mark(name, reading.days)
    for feed, token in reading.tokens.items():
        tokens.save(name, f"{_PREFIX}{feed}", token)
    if reading.memos_until is not None:
        connections.marks.advance(name, _MEMOS_MARK, reading.memos_until)
    return reading


def seen_days(connections: Connections, sources: Iterable[SourceRef]) -> Mapping[SourceRef, date]:
    """Return the day each changed record was seen on before, and those of refunds of payments."""
    wanted = list(sources)
    # A payment that changed may no longer have what a refund took of it: the refund is looked at again too.
    payments = [source.id for source in wanted if source.entity is Entity.PAYMENT]
    ties = connections.refunds.of_payments(connections.name, payments)
    wanted += [SourceRef(Entity.PAYMENT, tie.refund) for each in ties.values() for tie in each]
    found: dict[SourceRef, date] = {}
    for entity in (Entity.INVOICE, Entity.PAYMENT, Entity.CREDIT_MEMO):
        ids = [source.id for source in wanted if source.entity is entity]
        days = connections.seen.days_of(connections.name, entity, ids)
        found |= {SourceRef(entity, id_): day for id_, day in days.items()}
    return found
