"""What customers and vendors of the two systems last agreed on, and the closing of writes without a link.

What belongs here: the base of each pair, and intents whose object is not in QuickBooks. What does not:
which two records are a pair (`links`) and what a base means (`domain.masters`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.domain.masters.base_json import base_of_json, base_to_json
from st_qbo_assets.domain.masters.three_way import Base
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.intents import Attempt, AttemptOutcome, Closing, IntentState
from st_qbo_assets.store.schema import attempts, decisions, intents, links, master_pairs
from st_qbo_assets.store.sources import is_any_of, source_from


@dataclass(frozen=True)
class PairRow:
    """The base of one pair.

    Attributes:
        source: the ServiceTitan record.
        qbo_id: the QuickBooks object it was agreed with; another one now means another pair.
    """

    source: SourceRef
    qbo_id: str
    base: Base


class Pairs:
    """Reads and writes the bases."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def of_sources(self, company: Company, entity: Entity, ids: Iterable[str]) -> dict[str, PairRow]:
        """Return the bases of many records in one query, by ServiceTitan id; one never agreed is missing."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        query = select(master_pairs).where(
            master_pairs.c.company == company,
            master_pairs.c.source_entity == entity.value,
            is_any_of(master_pairs.c.source_id, wanted),
        )
        with self._database.autocommit() as connection:
            return {
                row.source_id: PairRow(SourceRef(entity, row.source_id), row.qbo_id, base_of_json(row.base))
                for row in connection.execute(query)
            }

    def save(self, company: Company, rows: Iterable[PairRow], run_id: str = "") -> None:
        """Keep what some pairs agree on now."""
        now = self._database.now()
        values = [
            {
                "company": company,
                "source_entity": row.source.entity.value,
                "source_id": row.source.id,
                "qbo_id": row.qbo_id,
                "base": base_to_json(row.base),
                "run_id": run_id,
                "updated_at": now,
            }
            for row in sorted(rows, key=lambda row: row.source)
        ]
        if not values:
            return
        with self._database.begin() as connection:
            for value in values:
                statement = insert(master_pairs).values(value)
                changed = {
                    name: statement.excluded[name] for name in ("qbo_id", "base", "run_id", "updated_at")
                }
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["company", "source_entity", "source_id"], set_=changed
                    )
                )

    def documents_of(
        self, company: Company, field: str, qbo_id: str, *, limit: int = 3
    ) -> list[tuple[str, str]]:
        """Return (entity, id) of some of our documents that name a customer or vendor.

        Args:
            company: whose documents.
            field: `CustomerRef` or `VendorRef`.
            qbo_id: the customer or vendor, as QuickBooks last confirmed it.
            limit: how many.
        """
        query = (
            select(links.c.target, links.c.qbo_id)
            .where(
                links.c.company == company,
                links.c.is_document,
                links.c.confirmed[field].as_string() == qbo_id,
            )
            .order_by(links.c.id.desc())
            .limit(limit)
        )
        with self._database.autocommit() as connection:
            return [(row.target, row.qbo_id) for row in connection.execute(query)]

    def follow(self, company: Company, field: str, qbo_id: str, survivor: str) -> int:
        """Let our documents be confirmed with the customer that theirs was merged into; return how many."""
        query = select(links.c.id, links.c.confirmed).where(
            links.c.company == company, links.c.is_document, links.c.confirmed[field].as_string() == qbo_id
        )
        with self._database.begin() as connection:
            rows = list(connection.execute(query))
            for row in rows:
                confirmed = {**row.confirmed, field: survivor}
                connection.execute(update(links).where(links.c.id == row.id).values(confirmed=confirmed))
        return len(rows)


@dataclass(frozen=True)
class KeptConflict:
    """A conflict with both versions, as it was settled."""

    id: int
    at: datetime
    source: SourceRef
    target: str
    detail: Json
    is_restored: bool


class Conflicts:
    """Reads the conflicts that were settled."""

    def __init__(self, database: Database) -> None:
        """Read in this database."""
        self._database = database

    def all(self, company: Company, *, id: int | None = None, limit: int = 200) -> list[KeptConflict]:  # noqa: A002 - the ledger's word
        """Return conflicts, the newest first, or the one of a number."""
        query = select(decisions).where(decisions.c.company == company, decisions.c.code == "conflict")
        if id is not None:
            query = query.where(decisions.c.id == id)
        put_back = select(decisions.c.detail).where(
            decisions.c.company == company, decisions.c.code == "restored"
        )
        with self._database.autocommit() as connection:
            restored = {row.detail.get("conflict") for row in connection.execute(put_back)}
            return [
                KeptConflict(
                    row.id, row.at, source_from(row), row.target, row.detail, is_restored=row.id in restored
                )
                for row in connection.execute(query.order_by(decisions.c.id.desc()).limit(limit))
            ]


class ForeignWrites:
    """Closes writes whose object is in ServiceTitan, so that no link of QuickBooks comes of them."""

    def __init__(self, database: Database) -> None:
        """Write in this database."""
        self._database = database

    def close_written(self, attempt: Attempt, closing: Closing) -> None:
        """Close an attempt and its intent as posted, in one transaction."""
        now = self._database.now()
        with self._database.begin() as connection:
            connection.execute(
                update(attempts)
                .where(attempts.c.id == attempt.id)
                .values(
                    closed_at=now,
                    outcome=AttemptOutcome.POSTED.value,
                    http_status=closing.http_status,
                    code=closing.code,
                    message=closing.message,
                    duration_ms=closing.duration_ms,
                    answer=closing.answer,
                )
            )
            connection.execute(
                update(intents)
                .where(intents.c.id == attempt.intent.id)
                .values(state=IntentState.POSTED.value, closed_at=now)
            )
