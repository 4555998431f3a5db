"""How far each feed is read, on which day each document was last seen, and which days changed.

What belongs here: the small memories of the extract (rules 1.5, 6.3). What does not: reading.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import ColumnElement, bindparam, delete, func, not_, select
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import Company, Entity
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import dirty_days, feed_tokens, safe_marks, seen_documents
from st_qbo_assets.store.sources import is_any_of


class SafeMarks:
    """The instant before which a feed is safely read."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def get(self, company: Company, feed: str) -> datetime | None:
        """Return the mark of a feed; None if it was never read."""
        query = select(safe_marks.c.mark).where(safe_marks.c.company == company, safe_marks.c.feed == feed)
        with self._database.autocommit() as connection:
            return connection.execute(query).scalar()

    def advance(self, company: Company, feed: str, mark: datetime) -> None:
        """Move the mark forward, after the rows are safe; a run that was overtaken moves nothing back.

        Args:
            company: whose feed.
            feed: what is followed, e.g. `servicetitan/invoices`.
            mark: a vendor's stamp less the margin, aware.
        """
        now = self._database.now()
        statement = insert(safe_marks).values(company=company, feed=feed, mark=mark, updated_at=now)
        new = statement.excluded
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["company", "feed"],
                    set_={"mark": new.mark, "updated_at": new.updated_at},
                    where=new.mark > safe_marks.c.mark,
                )
            )


class SeenDocuments:
    """The business day each document was last seen on."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def days_of(self, company: Company, entity: Entity, ids: Iterable[str]) -> dict[str, date]:
        """Return the day each of many documents was last seen on; one never seen is missing."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        query = select(seen_documents.c.source_id, seen_documents.c.day).where(
            seen_documents.c.company == company,
            seen_documents.c.entity == entity.value,
            is_any_of(seen_documents.c.source_id, wanted),
        )
        with self._database.autocommit() as connection:
            return {row.source_id: row.day for row in connection.execute(query)}

    def touched_days(self, company: Company, entity: Entity, seen: Mapping[str, date]) -> set[date]:
        """Return the days that changed documents touch: where they are and where they were (rule 1.5)."""
        return {*seen.values(), *self.days_of(company, entity, seen).values()}

    def save(self, company: Company, entity: Entity, seen: Mapping[str, date]) -> None:
        """Keep the day of each document, once the days it touches were loaded."""
        if not seen:
            return
        statement = insert(seen_documents).values(
            company=company,
            entity=entity.value,
            source_id=bindparam("b_source_id"),
            day=bindparam("b_day"),
            seen_at=self._database.now(),
        )
        new = statement.excluded
        upsert = statement.on_conflict_do_update(
            index_elements=["company", "entity", "source_id"], set_={"day": new.day, "seen_at": new.seen_at}
        )
        rows = [{"b_source_id": id_, "b_day": seen[id_]} for id_ in sorted(seen)]
        with self._database.begin() as connection:
            connection.execute(upsert, rows)


class FeedTokens:
    """Where each export feed goes on; a token is opaque, so the order of saving is the caller's."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def all(self, company: Company) -> dict[str, tuple[str, datetime]]:
        """Return the token of each feed and when it was kept; one never read is missing."""
        query = select(feed_tokens).where(feed_tokens.c.company == company)
        with self._database.autocommit() as connection:
            return {row.feed: (row.token, row.updated_at) for row in connection.execute(query)}

    def save(self, company: Company, feed: str, token: str) -> None:
        """Keep where a feed goes on, after what was read is safe."""
        now = self._database.now()
        statement = insert(feed_tokens).values(company=company, feed=feed, token=token, updated_at=now)
        new = statement.excluded
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["company", "feed"],
                    set_={"token": new.token, "updated_at": new.updated_at},
                )
            )


class DirtyDays:
    """Days that changed: they are due to be loaded, and after that to be tied out.

        mark          it changed                          to load, to compare
        note_loaded   a run asked for after that loaded it           to compare
        clear         it was compared                     nothing

    All instants are the database's, or compared with such: no other clock decides whether a change was seen.
    """

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def mark(self, company: Company, days: Iterable[date]) -> None:
        """Note that days changed."""
        wanted = sorted(set(days))
        if not wanted:
            return
        statement = insert(dirty_days).values(
            [{"company": company, "day": day, "since": self._database.now()} for day in wanted]
        )
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["company", "day"],
                    set_={"since": func.greatest(dirty_days.c.since, statement.excluded.since)},
                )
            )

    def present(self) -> datetime:
        """Return the instant by which marks made from now on are later."""
        with self._database.autocommit() as connection:
            return connection.execute(select(self._database.now())).scalar_one()

    def all(self, company: Company) -> list[date]:
        """Return the days to tie out, oldest first."""
        query = select(dirty_days.c.day).where(dirty_days.c.company == company).order_by(dirty_days.c.day)
        with self._database.autocommit() as connection:
            return list(connection.execute(query).scalars())

    def to_load(self, company: Company) -> list[date]:
        """Return the days that no run has loaded since they changed, oldest first."""
        query = select(dirty_days.c.day).where(dirty_days.c.company == company, _is_to_load())
        with self._database.autocommit() as connection:
            return list(connection.execute(query.order_by(dirty_days.c.day)).scalars())

    def note_loaded(self, company: Company, days: Iterable[date], *, read_at: datetime) -> None:
        """Note that a run loaded days, which are to be compared now; one marked since is loaded again.

        Args:
            company: whose days.
            days: all that it loaded.
            read_at: before the run began to read them.
        """
        rows = [
            {"company": company, "day": day, "since": read_at, "loaded_at": read_at}
            for day in sorted(set(days))
        ]
        if not rows:
            return
        statement = insert(dirty_days).values(rows)
        loaded_at = func.greatest(dirty_days.c.loaded_at, statement.excluded.loaded_at)
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["company", "day"], set_={"loaded_at": loaded_at}
                )
            )

    def clear(
        self, company: Company, days: Iterable[date], *, read_at: datetime, only_loaded: bool = False
    ) -> None:
        """Forget days that were compared; one marked again after the reading began stays.

        Args:
            company: whose days.
            days: all that were compared.
            read_at: before the records were read, by which those days were loaded or compared.
            only_loaded: keep those that are still to be loaded: they were only compared.
        """
        statement = delete(dirty_days).where(
            dirty_days.c.company == company,
            dirty_days.c.day.in_(list(days)),
            dirty_days.c.since <= read_at,
        )
        if only_loaded:
            statement = statement.where(not_(_is_to_load()))
        with self._database.autocommit() as connection:
            connection.execute(statement)


def _is_to_load() -> ColumnElement[bool]:
    return func.coalesce(dirty_days.c.loaded_at < dirty_days.c.since, True)  # noqa: FBT003 - SQL
