"""Which payments apply to which invoices, as ServiceTitan last said.

What belongs here: keeping and finding applications, so that a posted invoice finds its payments
whatever their day (rule 3.2). What does not: whether they are applied in QuickBooks (`links`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from st_qbo_assets.domain.ids import Company, Entity, SourceRef
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.schema import applications
from st_qbo_assets.store.sources import is_any_of


@dataclass(frozen=True)
class Application:
    """One payment's part applied to one invoice, as last mapped."""

    payment: SourceRef
    invoice_id: str
    cents: int


class Applications:
    """Which payments apply to which invoices, as last mapped."""

    def __init__(self, database: Database) -> None:
        """Read and write in this database."""
        self._database = database

    def save(self, company: Company, payments: Iterable[SourceRef], found: Sequence[Application]) -> None:
        """Replace what is known of these payments; a payment without an application applies to nothing."""
        refs = [(payment.id, payment.part) for payment in dict.fromkeys(payments)]
        if not refs:
            return
        rows = [
            {
                "company": company,
                "payment_id": item.payment.id,
                "payment_part": item.payment.part,
                "invoice_id": item.invoice_id,
                "cents": item.cents,
                "updated_at": self._database.now(),
            }
            for item in found
        ]
        with self._database.begin() as connection:
            connection.execute(
                delete(applications).where(
                    applications.c.company == company,
                    tuple_(applications.c.payment_id, applications.c.payment_part).in_(refs),
                )
            )
            if rows:
                connection.execute(insert(applications).values(rows))

    def to_invoices(self, company: Company, invoice_ids: Iterable[str]) -> dict[str, list[Application]]:
        """Return the payments applied to each of many invoices; one without payments is missing."""
        wanted = list(dict.fromkeys(invoice_ids))
        found: dict[str, list[Application]] = {}
        if wanted:
            query = select(applications).where(
                applications.c.company == company, is_any_of(applications.c.invoice_id, wanted)
            )
            with self._database.autocommit() as connection:
                for row in connection.execute(query.order_by(applications.c.payment_id)):
                    payment = SourceRef(Entity.PAYMENT, row.payment_id, row.payment_part)
                    found.setdefault(row.invoice_id, []).append(
                        Application(payment, row.invoice_id, row.cents)
                    )
        return found
