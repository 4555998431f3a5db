"""Which scope an operation needs.

Belongs here: scope names. Does not belong here: checking them (`entrance.py`).

Names follow `tn.<module>.<resource>:r|:w` (reference §1). The module codes of accounting, crm and jpm were
seen; those of inventory, pricebook and settings are inferred.
"""

from __future__ import annotations

from st_qbo_sandbox.servicetitan.schema.reading import Operation, operations

_CODES = {
    "accounting": "acc",
    "crm": "crm",
    "inventory": "inv",
    "pricebook": "pb",
    "jpm": "jpm",
    "settings": "settings",
}


def scope_of(operation: Operation) -> str:
    """Return the scope an operation needs, as `tn.acc.invoices:r`."""
    resource = operation.path.removeprefix("export/").split("/")[0].replace("-", "")
    return f"tn.{_CODES[operation.module]}.{resource}:{'r' if operation.method == 'GET' else 'w'}"


ALL_SCOPES = tuple(sorted({scope_of(operation) for operation in operations().values()}))
