"""External data of records: kept by application GUID, replaced or merged (reference §4).

Belongs here: applying `externalData` of a body. Does not belong here: showing it (`views.py`).
"""

from __future__ import annotations

from typing import Any

from st_qbo_sandbox.servicetitan.records import rows_of
from st_qbo_sandbox.storage import Document, as_object


def with_external_data(record: Document, given: Any) -> Document:
    """Return the record with a body's external data; `Replace` (the default) drops the keys not sent."""
    sent = as_object(given)
    if sent is None:
        return record
    application = str(sent["applicationGuid"]).lower()
    held: dict[str, list[dict[str, Any]]] = record.get("_externalData") or {}
    rows = {row["key"]: row["value"] for row in held.get(application, [])}
    if sent.get("patchMode") != "Merge":
        rows = {}
    for row in rows_of(sent, "externalData"):
        rows[row["key"]] = row.get("value")
    kept = [{"key": key, "value": value} for key, value in rows.items() if value is not None]
    return {**record, "_externalData": {**held, application: kept}}
