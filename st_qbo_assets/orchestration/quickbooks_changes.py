"""QuickBooks' changes for the poll of customers and vendors, and in the same call for the drift of documents.

What belongs here: one call of change data capture that serves both (rule 11), and what is asked when that is
too much for one. What does not: what a change of a name means (`master_frames`), what drift is (`drifting`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from st_qbo_assets.connections import Connections
from st_qbo_assets.load.objects import written_by
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.drifting import FEED, keep_followed
from st_qbo_assets.quickbooks.answers import Changes
from st_qbo_assets.quickbooks.changes import Read, read_changes

#: Documents are read along as long as drift was followed this recently; else its own schedule catches up.
_RECENT = timedelta(days=2)


def names_changed(
    defs: CompanyDefs, connections: Connections, targets: Sequence[str], since: datetime
) -> Read:
    """Return what changed of customers and vendors since an instant; drift is followed by the way.

    Args:
        defs: of the company.
        connections: the company's.
        targets: Customer, Vendor or both.
        since: the instant.
    """
    now, client = defs.now_utc(), connections.quickbooks
    mark = connections.marks.get(defs.name, FEED)
    if mark is None or now - mark > _RECENT or since > now:
        return read_changes(client, targets, since=since, now=now)
    documents = written_by(defs.company)
    once = _Once(client.cdc((*targets, *documents), min(since, mark)))
    if once.changes.truncated or now - since > _RECENT:
        return read_changes(client, targets, since=since, now=now)
    read = read_changes(once, (*targets, *documents), since=min(since, mark), now=now)
    keep_followed(defs, connections, read)
    names = {target: read.objects.get(target, ()) for target in targets}
    gone = {target: read.deleted.get(target, ()) for target in targets}
    return Read(names, gone, read.deletions_since, read.as_of)


class _Once:
    """A whole answer that was given already; nothing more is asked."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes

    def cdc(self, entities: object, since: object, /) -> Changes:
        return self.changes

    def query(self, entity: str, where: str = "", /, *, order_by: str = "Id"):
        raise AssertionError(f"a whole answer leaves nothing to ask of {entity}, {where}, {order_by}")
