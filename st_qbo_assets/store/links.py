"""The crosswalk: which QuickBooks object a ServiceTitan record became.

What belongs here: links. What does not: what was sent (`ledger`), what notes in QuickBooks name
(`markers`), and who decided that two records are one (`audit`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, Connection, Date, Row, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import PRICEBOOK, Company, Entity, Realm, SourceRef
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import MASTERS, links, links_whose
from st_qbo_assets.store.sources import (
    clean_text,
    is_any_of,
    record_is_in,
    source_columns,
    source_from,
    source_is_in,
)

#: Between the two stamps of a link that was only made lie microseconds; another write takes a call at least.
_MADE = timedelta(milliseconds=100)


class LinkState(StrEnum):
    """How a link came to be and what is known of its object."""

    ACTIVE = "active"
    MISMATCH = "mismatch"
    ADOPTED = "adopted"
    SETTLED_PAIR = "settled_pair"
    VOIDED = "voided"


@dataclass(frozen=True)
class Link:
    """One row of the crosswalk; unique by company, source and target.

    Attributes:
        target: QuickBooks entity (`Invoice`).
        digest: digest of the payload last posted; empty if we never wrote the object (adopted, matched).
        confirmed: our fields as QuickBooks last confirmed them (rule 5.3).
        display_name: name in QuickBooks, made unique at load.
        day: business day of the document as last posted.
        drift: our fields that somebody edited in QuickBooks, else None.
        created_at: set by the store.
        updated_at: set by the store.
    """

    company: Company
    source: SourceRef
    target: str
    realm: Realm
    qbo_id: str
    sync_token: str = ""
    digest: str = ""
    confirmed: Json = field(default_factory=dict[str, Any])
    display_name: str = ""
    number: str = ""
    day: date | None = None
    state: LinkState = LinkState.ACTIVE
    drift: Json | None = None
    run_id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Links:
    """Reads and writes the crosswalk."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def get(self, company: Company, source: SourceRef, target: str) -> Link | None:
        """Return the link of a source and target, if there is one."""
        found = self.of_sources(company, [source]).get(source, ())
        return next((link for link in found if link.target == target), None)

    def of_sources(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        """Return the links of many sources in one query; a source without a link is missing."""
        wanted = list(dict.fromkeys(sources))
        found: dict[SourceRef, list[Link]] = {}
        if wanted:
            query = select(links).where(links.c.company == company, source_is_in(links, wanted))
            with self._database.autocommit() as connection:
                for row in connection.execute(query.order_by(links.c.id)):
                    link = link_from(row)
                    found.setdefault(link.source, []).append(link)
        return found

    def of_records(self, company: Company, sources: Iterable[SourceRef]) -> dict[SourceRef, list[Link]]:
        """Return the links of many records in one query, whatever their part; by the source they carry."""
        wanted = list(dict.fromkeys(source.record for source in sources))
        found: dict[SourceRef, list[Link]] = {}
        if wanted:
            query = select(links).where(links.c.company == company, record_is_in(links, wanted))
            with self._database.autocommit() as connection:
                for row in connection.execute(query.order_by(links.c.id)):
                    link = link_from(row)
                    found.setdefault(link.source, []).append(link)
        return found

    def of_day(self, company: Company, entity: Entity, first: date, last: date | None = None) -> list[Link]:
        """Return the links of the documents last posted with a business day from first to last."""
        query = select(links).where(
            links.c.company == company,
            links.c.source_entity == entity.value,
            links.c.day.between(first, last or first),
        )
        with self._database.autocommit() as connection:
            return [link_from(row) for row in connection.execute(query.order_by(links.c.id))]

    def dated_later(self, company: Company, entities: Iterable[Entity], days: Iterable[date]) -> list[Link]:
        """Return the links of some days' documents that we dated after their business day."""
        dated = links.c.confirmed["TxnDate"].as_string()
        query = select(links).where(
            links.c.company == company,
            links.c.source_entity.in_([entity.value for entity in entities]),
            links.c.day == any_(bindparam("days", list(days), type_=ARRAY(Date))),
            links.c.state == LinkState.ACTIVE.value,
            dated > func.to_char(links.c.day, "YYYY-MM-DD"),
        )
        with self._database.autocommit() as connection:
            return [link_from(row) for row in connection.execute(query.order_by(links.c.id))]

    def of_run(self, company: Company, run_id: str) -> list[Link]:
        """Return the links that a run wrote last."""
        query = select(links).where(links.c.company == company, links.c.run_id == run_id)
        with self._database.autocommit() as connection:
            return [link_from(row) for row in connection.execute(query.order_by(links.c.id))]

    def by_target(self, company: Company, target: str, qbo_id: str) -> Link | None:
        """Return the link to a QuickBooks object; the oldest one where names share an object."""
        return next(iter(self.of_targets(company, target, [qbo_id]).get(qbo_id, ())), None)

    def of_targets(self, company: Company, target: str, qbo_ids: Iterable[str]) -> dict[str, list[Link]]:
        """Return the links to many QuickBooks objects of one entity in one query, by QuickBooks id."""
        wanted = list(dict.fromkeys(qbo_ids))
        found: dict[str, list[Link]] = {}
        if wanted:
            query = select(links).where(
                links.c.company == company,
                links.c.target == target,
                is_any_of(links.c.qbo_id, wanted),
            )
            with self._database.autocommit() as connection:
                for row in connection.execute(query.order_by(links.c.id)):
                    found.setdefault(row.qbo_id, []).append(link_from(row))
        return found

    def of_customers(
        self,
        company: Company,
        target: str,
        customers: Iterable[str],
        *,
        changed_since: datetime | None = None,
    ) -> list[Link]:
        """Return the links to documents of one entity that QuickBooks last confirmed for some customers.

        Or for some vendors, where the documents are theirs. Only those changed after an instant of the
        database, if there is one: what was made since, and no more, is not.
        """
        query = select(links).where(
            links.c.company == company, links.c.target == target, is_any_of(links_whose, sorted(customers))
        )
        if changed_since is not None:
            is_changed = links.c.updated_at > links.c.created_at + _MADE
            query = query.where(links.c.updated_at > changed_since, is_changed)
        with self._database.autocommit() as connection:
            return [link_from(row) for row in connection.execute(query.order_by(links.c.id))]

    def of_pricebook(self, company: Company, ids: Iterable[str], skus: Iterable[str] = ()) -> list[Link]:
        """Return the links of items of some price book records, or first known by some SKUs, oldest first.

        Which record an item is of stands in what QuickBooks last confirmed, under `PRICEBOOK`.
        """
        records, codes = sorted(set(ids)), sorted(set(skus))
        if not records and not codes:
            return []
        first = func.split_part(links.c.source_id, "|", 1)
        query = select(links).where(
            links.c.company == company,
            links.c.source_entity == Entity.ITEM.value,
            or_(
                is_any_of(links.c.confirmed[PRICEBOOK].as_string(), records),
                is_any_of(first, codes),
            ),
        )
        with self._database.autocommit() as connection:
            return [link_from(row) for row in connection.execute(query.order_by(links.c.id))]

    def save(self, link: Link, connection: Connection | None = None) -> None:
        """Insert the link, or overwrite the one of the same company, source and target.

        Args:
            link: what to keep.
            connection: a transaction to take part in; otherwise it is one of its own.

        Raises:
            sqlalchemy.exc.IntegrityError: if the document has a link from another source.
        """
        statement = self._upsert(link)
        if connection is not None:
            connection.execute(statement)
            return
        with self._database.autocommit() as own:
            own.execute(statement)

    def _upsert(self, link: Link):
        now = self._database.now()
        values = {**link_columns(link), "updated_at": now}
        key = ("company", "source_entity", "source_id", "source_part", "target")
        statement = insert(links).values(created_at=now, **values)
        return statement.on_conflict_do_update(
            index_elements=key,
            set_={name: statement.excluded[name] for name in values if name not in key},
        )

    def set_drift(self, link: Link, drift: Json | None) -> bool:
        """Note what somebody edited in QuickBooks, or that nothing differs any more.

        Returns:
            False if the link was written meanwhile: what was compared with it says nothing any more.
        """
        statement = (
            links.update()
            .where(
                links.c.company == link.company,
                source_is_in(links, [link.source]),
                links.c.target == link.target,
                links.c.qbo_id == link.qbo_id,
                links.c.sync_token == link.sync_token,
                links.c.digest == link.digest,
            )
            .values(drift=drift, updated_at=self._database.now())
        )
        with self._database.autocommit() as connection:
            return connection.execute(statement).rowcount > 0

    def drifted(self, company: Company) -> list[Link]:
        """Return every document's link that was found edited or deleted in QuickBooks, oldest day first."""
        query = select(links).where(
            links.c.company == company, links.c.drift.isnot(None), links.c.is_document
        )
        with self._database.autocommit() as connection:
            rows = connection.execute(query.order_by(links.c.day, links.c.id))
            return [link_from(row) for row in rows]

    def oldest(self, company: Company) -> datetime | None:
        """Return when the first link of a company was made; None if it has none."""
        query = select(func.min(links.c.created_at)).where(links.c.company == company)
        with self._database.autocommit() as connection:
            return connection.execute(query).scalar()


def link_columns(link: Link) -> dict[str, Any]:
    """Return the columns of a link, less the store's own stamps."""
    return {
        "company": link.company,
        **source_columns(link.source),
        "target": link.target,
        "realm": link.realm,
        "qbo_id": link.qbo_id,
        "is_document": link.source.entity.value not in MASTERS,
        "sync_token": link.sync_token,
        "digest": link.digest,
        "confirmed": link.confirmed,
        "display_name": clean_text(link.display_name),
        "number": clean_text(link.number),
        "day": link.day,
        "state": link.state.value,
        "drift": link.drift,
        "run_id": link.run_id,
    }


def link_from(row: Row[Any]) -> Link:
    """Return the link a row stands for."""
    return Link(
        company=row.company,
        source=source_from(row),
        target=row.target,
        realm=row.realm,
        qbo_id=row.qbo_id,
        sync_token=row.sync_token,
        digest=row.digest,
        confirmed=row.confirmed,
        display_name=row.display_name,
        number=row.number,
        day=row.day,
        state=LinkState(row.state),
        drift=row.drift,
        run_id=row.run_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
