"""One write as its handler sees it.

Belongs here: what every handler is given, and how records are found or refused. Does not belong here: any
handler.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from st_qbo_sandbox.servicetitan.balances import Balances
from st_qbo_sandbox.servicetitan.problems import invalid, not_found
from st_qbo_sandbox.servicetitan.records import Records
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.storage import Document, as_array, as_object


@dataclass
class Call:
    """A write: its path parameters and its body, read and without unknown fields."""

    records: Records
    balances: Balances
    switches: Switches
    path: dict[str, str]
    body: Any

    @property
    def fields(self) -> dict[str, Any]:
        """The body of an operation whose body is an object."""
        return as_object(self.body) or {}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The body of an operation whose body is an array of objects."""
        return as_array(self.body) or []

    def target(self, collection: str, what: str, parameter: str = "id") -> Document:
        """Return the record that the path names.

        Raises:
            RefusalError: 404.
        """
        return self.existing(collection, self.path[parameter], what)

    def existing(self, collection: str, id: object, what: str) -> Document:
        """Return a record by id.

        Raises:
            RefusalError: 404.
        """
        found = self.records.get(collection, id)
        if found is None:
            raise not_found(what, id)
        return found

    def referred(self, collection: str, field: str, id: object) -> Document:
        """Return the record that a field of the body names.

        Raises:
            RefusalError: 400.
        """
        found = self.records.get(collection, id)
        if found is None:
            raise invalid(**{field: f"{id} is not a valid id."})
        return found


Write = Callable[[Call], Any]
"""Applies a write and returns what its answer is made from."""
