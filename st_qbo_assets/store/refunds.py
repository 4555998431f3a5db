"""Which refunds took which payment's unapplied money (rule 3.5).

What belongs here: keeping and finding ties, so that a payment keeps the lines of its refunds whenever and
why ever it is planned again. What does not: which refunds are tied that way (mapping), and whether the tie is
in QuickBooks (`links`).
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Row, select
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import Company
from st_qbo_assets.domain.refunds import RefundTie
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import refunds
from st_qbo_assets.store.sources import is_any_of


class Refunds:
    """The ties of refunds to the payments they refund."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def of_payments(self, company: Company, ids: Iterable[str]) -> dict[str, list[RefundTie]]:
        """Return the ties of many refunded payments in one query; one without refunds is missing."""
        found: dict[str, list[RefundTie]] = {}
        for tie in self._ties(company, refunds.c.payment_id, ids):
            found.setdefault(tie.payment, []).append(tie)
        return found

    def of_refunds(self, company: Company, ids: Iterable[str]) -> dict[str, RefundTie]:
        """Return the ties of many refunds in one query; one that is not tied is missing."""
        return {tie.refund: tie for tie in self._ties(company, refunds.c.refund_id, ids)}

    def save(self, company: Company, ties: Iterable[RefundTie]) -> None:
        """Keep ties; a refund is tied to one payment."""
        rows = [
            {
                "company": company,
                "refund_id": tie.refund,
                "payment_id": tie.payment,
                "cents": tie.cents,
                "txn_type": tie.txn_type,
                "updated_at": self._database.now(),
            }
            for tie in {tie.refund: tie for tie in ties}.values()
        ]
        if not rows:
            return
        statement = insert(refunds).values(rows)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in ("company", "refund_id")}
        with self._database.autocommit() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=("company", "refund_id"), set_=changed)
            )

    def drop(self, company: Company, refund_ids: Iterable[str]) -> None:
        """Forget the ties of refunds that are something else now, or gone."""
        wanted = list(dict.fromkeys(refund_ids))
        if wanted:
            statement = refunds.delete().where(
                refunds.c.company == company, is_any_of(refunds.c.refund_id, wanted)
            )
            with self._database.autocommit() as connection:
                connection.execute(statement)

    def _ties(self, company: Company, column: Column[str], ids: Iterable[str]) -> list[RefundTie]:
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return []
        query = select(refunds).where(refunds.c.company == company, is_any_of(column, wanted))
        with self._database.autocommit() as connection:
            return [_tie(row) for row in connection.execute(query.order_by(refunds.c.refund_id))]


def _tie(row: Row[Any]) -> RefundTie:
    return RefundTie(row.payment_id, row.refund_id, row.cents, row.txn_type)
