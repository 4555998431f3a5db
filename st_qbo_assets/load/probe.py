"""Finding out whether a write happened, after its answer was lost.

What belongs here: looking for the object of an open intent by what can be queried, then by its marker
(rule 5.2). What does not: when to look, and what follows from the answer (`apply`).
"""

from st_qbo_assets.domain.errors import RemoteFault
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.verify import verify, verify_voided
from st_qbo_assets.load.voiding import is_voided_by_us
from st_qbo_assets.quickbooks.faults import FaultClass, classify
from st_qbo_assets.quickbooks.query import quote
from st_qbo_assets.store.intents import Intent, Operation


def find_written(context: WriteContext, intent: Intent) -> Json | None:
    """Return the object that the intent's write made or changed; None proves that it did not happen.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    if intent.operation is Operation.CREATE:
        return _created(context, intent)
    found = read_if_there(context, intent.target, objects.text(intent.request.get("Id")))
    return found if found is not None and is_done(intent, found) else None


def is_done(intent: Intent, obj: Json) -> bool:
    """Say whether an object already is what an update or void of it would make it."""
    if intent.operation is Operation.VOID:
        return not verify_voided(intent.target, obj)
    return intent.operation is Operation.UPDATE and not verify(intent.target, intent.request, obj)


def read_if_there(context: WriteContext, target: str, qbo_id: str) -> Json | None:
    """Return an object by id, None if somebody deleted it.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    try:
        return context.quickbooks.read(target, qbo_id).object
    except RemoteFault as fault:
        if classify(fault) in (FaultClass.GONE, FaultClass.STALE_REFERENCE):
            return None
        raise


def _created(context: WriteContext, intent: Intent) -> Json | None:
    rows = list(context.quickbooks.query(intent.target, _where(intent.target, intent.request)))
    if objects.name_field(intent.target):
        # Name lists carry no note: the very name we sent, with all else we sent and linked to nobody else.
        taken = context.links.of_targets(
            context.name, intent.target, [objects.text(row.get("Id")) for row in rows]
        )
        rows = [
            row for row in rows if _is_what_we_sent(row, intent) and objects.text(row.get("Id")) not in taken
        ]
    else:
        rows = [row for row in rows if intent.source in objects.markers(row)]
        rows = [row for row in rows if not _is_forerunner(context, row, intent)]
    return min(rows, key=lambda row: int(objects.text(row.get("Id")) or 0), default=None)


def _is_forerunner(context: WriteContext, row: Json, intent: Intent) -> bool:
    """Say whether a document is one we emptied, in whose place the intent makes another."""
    if not objects.is_voided(row):
        return False
    link = context.ledger.link(context.name, intent.source, intent.target)
    return link is not None and is_voided_by_us(link)


def _is_what_we_sent(row: Json, intent: Intent) -> bool:
    field = objects.name_field(intent.target)
    is_named_so = objects.same_name(row.get(field), intent.request.get(field))
    has_contacts = all(
        objects.as_mapping(row.get(kind)) == value
        for kind in ("PrimaryEmailAddr", "PrimaryPhone")
        if (value := objects.as_mapping(intent.request.get(kind)))
    )
    return is_named_so and has_contacts and not verify(intent.target, intent.request, row)


def _where(target: str, request: Json) -> str:
    """Return what can be asked for: the note cannot, and an amount is gone once somebody voids."""
    if field := objects.name_field(target):
        return f"{field} = {quote(objects.text(request.get(field)))} AND Active IN (true, false)"
    day = f"TxnDate = {quote(objects.text(request.get('TxnDate')))}"
    if target == "Purchase":
        return day
    if target in objects.BUYING or target == "BillPayment":
        return f"{day} AND VendorRef = {quote(objects.ref(request, 'VendorRef'))}"
    if target == "Payment":
        return f"{day} AND CustomerRef = {quote(objects.ref(request, 'CustomerRef'))}"
    number = objects.text(request.get("DocNumber"))
    return f"DocNumber = {quote(number)}" if number else day
