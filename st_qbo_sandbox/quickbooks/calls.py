"""One call to an operation: what the rules of an entity are given.

Belongs here: the value passed between `operations.py` and the rules. Does not belong here: behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from st_qbo_sandbox.quickbooks.books import Body, Books, name_of
from st_qbo_sandbox.quickbooks.catalog import Entity
from st_qbo_sandbox.quickbooks.company import Company
from st_qbo_sandbox.quickbooks.switches import Switches
from st_qbo_sandbox.quickbooks.work import Work

CENT = Decimal("0.01")
ZERO = Decimal(0)


def money(amount: Decimal | int) -> Decimal:
    """Round half up to the cent, as QuickBooks does (reference §8 no. 1)."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


@dataclass
class Call:
    """One create, update, void or delete.

    `sent` holds the names of the properties that the request carried, so that rules can tell a computed
    value from a wished one. `person` is true for acts of a person in the product, who may do what the API
    may not.
    """

    company: Company
    work: Work
    entity: Entity
    include: frozenset[str] = frozenset()
    person: bool = False
    sparse: bool = False
    sent: frozenset[str] = field(default_factory=lambda: frozenset[str]())

    @property
    def books(self) -> Books:
        """The committed books."""
        return self.work.books

    @property
    def switches(self) -> Switches:
        """The switches of this moment."""
        return self.work.switches

    def preference(self, group: str, name: str, default: Any = None) -> Any:
        """Return one preference of the company."""
        return self.company.preference(group, name, default)

    def ref(self, entity: str, id: str) -> Body:
        """Return a reference with the present name of its target."""
        found = self.work.find(entity, id)
        return {"value": id, "name": name_of(found)} if found else {"value": id}
