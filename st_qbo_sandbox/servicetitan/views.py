"""How a stored record looks in an answer, written once and remembered while the record is the same.

Belongs here: rendering rows to JSON text. Does not belong here: choosing rows.
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.servicetitan.schema.reading import Schema
from st_qbo_sandbox.servicetitan.shapes import project
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.storage import Document, as_array, dump_json

_MAX_REMEMBERED = 100_000
_NULLED = ("customFields", "externalData", "appliedTo", "items")


class View:
    """Renders records by one schema of one module."""

    def __init__(self, module: str, schema: Schema) -> None:
        self._module = module
        self._schema = schema
        self._remembered: dict[object, tuple[Document, str]] = {}

    def show(self, record: Document, switches: Switches, application: str | None = None) -> dict[str, Any]:
        """Return the record as the answer has it, with the external data of one application."""
        external: dict[str, Any] = record.get("_externalData") or {}
        source = {**record, "externalData": external.get(application or "", [])}
        shown: dict[str, Any] = project(self._module, self._schema, source)
        return _vary(shown, switches)

    def render(self, record: Document, switches: Switches, application: str | None = None) -> str:
        """Return the record as JSON text."""
        if application is not None and record.get("_externalData"):
            return dump_json(self.show(record, switches, application))
        id = record.get("id")
        found = self._remembered.get(id)
        if found is not None and found[0] is record:
            return found[1]
        text = dump_json(self.show(record, switches))
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[id] = (record, text)
        return text

    def forget(self) -> None:
        """Forget rendered texts: the switches have changed."""
        self._remembered.clear()


def _vary(shown: dict[str, Any], switches: Switches) -> dict[str, Any]:
    """Play what live tenants do beside the specification, for some of the rows."""
    id = shown.get("id")
    number = id if isinstance(id, int) else 0
    if switches.null_arrays and number % 3 == 0:
        shown = {
            name: None if name in _NULLED and as_array(value) == [] else value
            for name, value in shown.items()
        }
    if switches.unknown_enum_values and number % 5 == 0 and "reviewStatus" in shown:
        shown = {**shown, "reviewStatus": "AwaitingSignature"}
    if switches.unknown_fields:
        shown = {**shown, "fieldOfTheNextRelease": {"since": "ST-99"}}
    if switches.journal_dates_carry_time and shown.get("postDate") and "versionId" in shown:
        shown = {**shown, "postDate": f"{shown['postDate'][:10]}T00:00:00"}
    return shown
