"""What an act is given: the records, the balances, and ways to find what it names.

Belongs here: finding and refusing. Does not belong here: any act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.servicetitan.balances import Balances
from st_qbo_sandbox.servicetitan.records import Records
from st_qbo_sandbox.storage import Document


@dataclass
class Desk:
    """Where a person of the contractor's office works."""

    records: Records
    balances: Balances

    def record(self, resource: str, id: object) -> Document:
        """Return a record.

        Raises:
            EditError: there is none.
        """
        if resource not in self.records.names():
            raise EditError(f"no resource {resource!r}; there are {', '.join(sorted(self.records.names()))}")
        found = self.records.get(resource, id)
        if found is None:
            raise EditError(f"no record {id} in {resource}")
        return found

    def store(self, resource: str, record: Document) -> Document:
        """Store a changed record with whatever follows from it."""
        if resource == "invoices":
            return self.balances.settle_invoice(record)
        if resource == "payments":
            return self.balances.settle_payment(record)
        if resource == "credit-memos":
            return self.balances.settle_memo(record)
        return self.records.change(resource, record)


Act = Callable[[Desk, dict[str, Any]], Document]
"""Performs one act and returns the record it is about."""
