"""Making list objects inactive and active again: QuickBooks renames them so that the name becomes free.

Belongs here: the suffix (reference §3.4). Does not belong here: who may be inactivated.
"""

from __future__ import annotations

import re

from st_qbo_sandbox.quickbooks.books import Body, name_key
from st_qbo_sandbox.quickbooks.calls import Call

_SUFFIX = re.compile(r" \(deleted(-\d+)?\)$")


def plain_name(name: str) -> str:
    """Return a name without the suffix of inactive objects."""
    return _SUFFIX.sub("", name)


def change_activity(call: Call, doc: Body, fields: tuple[str, ...]) -> None:
    """Add the suffix to the names of an inactive object, or take it off an active one."""
    suffix = "" if doc["Active"] else _free_suffix(call, doc, plain_name(doc[fields[0]]))
    for field in fields:
        if field in doc:
            doc[field] = plain_name(doc[field]) + suffix


def _free_suffix(call: Call, doc: Body, name: str) -> str:
    number = 0
    while True:
        suffix = f" (deleted-{number})" if number else " (deleted)"
        taken = call.books.by_name[call.entity.name].ids(name_key(name + suffix))
        if not [id for id in taken if id != doc.get("Id")]:
            return suffix
        number += 1
