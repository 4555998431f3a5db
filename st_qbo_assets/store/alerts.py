"""What people are told of, each thing once: open while it is so, told at most once, closed when it is over.

What belongs here: opening, closing, and what was told. What does not: what is wrong (`alerting.conditions`)
and telling it (`alerting.targets`). Nothing is deleted: what was told a year ago can be read today.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import Company
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import alerts
from st_qbo_assets.store.sources import clean_text


@dataclass(frozen=True)
class Concern:
    """Something that needs a person.

    Attributes:
        kind: what is wrong (`connection_stopped`, `held`, `tie_out`).
        key: what it is about; of one kind and key one alert is open at most.
        text: one sentence.
        remedy: what she does about it.
        link: where she sees it.
    """

    kind: str
    key: str
    text: str
    remedy: str = ""
    link: str = ""


@dataclass(frozen=True)
class Alert:
    """A concern as it is kept.

    Attributes:
        opened_at: when it was first seen.
        sent_at: when it was told; None if it was not yet.
        tries: how often telling it failed, the last time at `tried_at`.
        closed_at: when it was over.
    """

    id: int
    company: Company
    concern: Concern
    opened_at: datetime
    seen_at: datetime
    sent_at: datetime | None
    tries: int
    tried_at: datetime | None
    closed_at: datetime | None


class Alerts:
    """Reads and writes alerts."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def update(self, company: Company, concerns: Iterable[Concern], *, kinds: Sequence[str]) -> None:
        """Open what is new, keep what goes on, and close what is over of these kinds, in one transaction."""
        found = {(each.kind, each.key): each for each in concerns}
        now = self._database.now()
        is_open = (alerts.c.company == company, alerts.c.kind.in_(list(kinds)), alerts.c.closed_at.is_(None))
        over: ColumnElement[bool] = tuple_(alerts.c.kind, alerts.c.key).not_in(list(found))
        with self._database.begin() as connection:
            close = update(alerts).where(*is_open).values(closed_at=now)
            connection.execute(close.where(over) if found else close)
            for name in sorted(found):
                connection.execute(self._open(company, found[name]))

    def note_sent(self, ids: Iterable[int]) -> None:
        """Note that alerts were told."""
        self._set(ids, sent_at=self._database.now())

    def note_failed(self, ids: Iterable[int], *, at: datetime) -> None:
        """Note that telling alerts failed at a time."""
        self._set(ids, tries=alerts.c.tries + 1, tried_at=at)

    def open(self, company: Company, *, unsent: bool = False) -> list[Alert]:
        """Return what is so now, oldest first; or only what was not told yet."""
        query = select(alerts).where(alerts.c.company == company, alerts.c.closed_at.is_(None))
        if unsent:
            query = query.where(alerts.c.sent_at.is_(None))
        return self._read(query.order_by(alerts.c.opened_at, alerts.c.id))

    def history(self, company: Company, *, limit: int = 200) -> list[Alert]:
        """Return what was ever so, newest first."""
        query = select(alerts).where(alerts.c.company == company).order_by(alerts.c.id.desc())
        return self._read(query.limit(limit))

    def _open(self, company: Company, concern: Concern):
        now = self._database.now()
        told = {
            "text": clean_text(concern.text),
            "remedy": clean_text(concern.remedy),
            "link": concern.link,
            "seen_at": now,
        }
        statement = insert(alerts).values(
            company=company, kind=concern.kind, key=concern.key, opened_at=now, **told
        )
        return statement.on_conflict_do_update(
            index_elements=["company", "kind", "key"], index_where=alerts.c.closed_at.is_(None), set_=told
        )

    def _set(self, ids: Iterable[int], **values: Any) -> None:
        wanted = list(ids)
        if wanted:
            with self._database.autocommit() as connection:
                connection.execute(update(alerts).where(alerts.c.id.in_(wanted)).values(**values))

    def _read(self, query: Any) -> list[Alert]:
        with self._database.autocommit() as connection:
            return [_alert_from(row) for row in connection.execute(query)]


def _alert_from(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        company=row.company,
        concern=Concern(row.kind, row.key, row.text, row.remedy, row.link),
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        sent_at=row.sent_at,
        tries=row.tries,
        tried_at=row.tried_at,
        closed_at=row.closed_at,
    )
