"""QuickBooks' webhooks: the signature, CloudEvents, and Intuit's legacy form (QuickBooks reference §7).

What belongs here: the vendor's forms. What does not: HTTP (`web`), keeping events (`store.inbox`). One call
may bring events of several companies (realms).
"""

import hashlib
import re
from collections.abc import Iterator
from typing import cast

from st_qbo_assets.domain.events import Decoded, Event, Undecodable, gather
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.transport.decimal_json import write_json
from st_qbo_assets.transport.event_json import items_of, moment_of, read_body, text_of
from st_qbo_assets.transport.signatures import is_signed

SIGNATURE_HEADER = "intuit-signature"
_TYPE = re.compile(r"qbo\.([a-z0-9_-]+)\.([a-z0-9_-]+)\.v\d+", re.IGNORECASE)
#: What we post, follow or look up; events of anything else are counted and dropped (§7.4 has the whole list).
_FOLLOWED = (
    *(
        "Account",
        "Bill",
        "BillPayment",
        "Class",
        "CreditMemo",
        "Customer",
        "Department",
        "Deposit",
        "Invoice",
    ),
    *("Item", "JournalEntry", "Payment", "PaymentMethod", "Preferences", "Purchase", "PurchaseOrder"),
    *("RefundReceipt", "SalesReceipt", "Term", "Transfer", "Vendor", "VendorCredit"),
)
_NAMES = {name.lower(): name for name in _FOLLOWED}
#: Words of the legacy form → those of CloudEvents.
_OPERATIONS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "void": "voided",
    "emailed": "emailed",
}


def is_genuine(body: bytes, signature: str, verifier_token: str) -> bool:
    """Say whether a delivery is signed with the app's verifier token."""
    return is_signed(body, signature, verifier_token)


def read_events(body: bytes) -> list[Decoded]:
    """Return the events of a signed body in either form; never raises, whatever it holds."""
    found = read_body(body)
    if isinstance(found, str):
        return [Undecodable("quickbooks", found, body)]
    if isinstance(found, dict) and "eventNotifications" in found:
        return gather("quickbooks", _read_legacy(found), body)
    return gather("quickbooks", map(_read_cloud_event, items_of(found)), body)


def _read_cloud_event(item: object) -> Event | str:
    if not isinstance(item, dict):
        return "it is no object"
    document = cast(Json, item)
    event_id, type_ = text_of(document, "id"), text_of(document, "type")
    realm, record_id = text_of(document, "intuitaccountid"), text_of(document, "intuitentityid")
    match = _TYPE.fullmatch(type_)
    if not event_id or match is None or not realm or not record_id:
        return "id, type, intuitaccountid or intuitentityid is missing"
    return Event(
        system="quickbooks",
        account=realm,
        event_id=event_id,
        type=type_,
        entity=_NAMES.get(match[1].lower(), ""),
        record_id=record_id,
        operation=match[2].lower(),
        occurred_at=moment_of(document, "time"),
        document=document,
    )


def _read_legacy(document: Json) -> Iterator[Event | str]:
    for notification in items_of(document["eventNotifications"]):
        if not isinstance(notification, dict):
            yield "a notification is no object"
            continue
        body = cast(Json, notification)
        realm, change = text_of(body, "realmId"), body.get("dataChangeEvent")
        entities = cast(Json, change).get("entities") if isinstance(change, dict) else None
        if not realm or not isinstance(entities, list):
            yield "realmId or entities is missing"
            continue
        yield from (_read_legacy_entity(realm, entity) for entity in cast("list[object]", entities))


def _read_legacy_entity(realm: str, document: object) -> Event | str:
    if not isinstance(document, dict):
        return "an entity is no object"
    body = cast(Json, document)
    name, record_id, operation = (text_of(body, key) for key in ("name", "id", "operation"))
    if not name or not record_id or not operation:
        return "name, id or operation of an entity is missing"
    # the form has no id: what is said of a record at one moment is one event, however often it comes
    said = [realm, *(text_of(body, key) for key in ("name", "id", "operation", "lastUpdated"))]
    digest = hashlib.sha256(write_json(said)).hexdigest()
    return Event(
        system="quickbooks",
        account=realm,
        event_id=f"legacy-{digest[:40]}",
        type=f"{name}.{operation}",
        entity=_NAMES.get(name.lower(), ""),
        record_id=record_id,
        operation=_OPERATIONS.get(operation.lower(), operation.lower()),
        occurred_at=moment_of(body, "lastUpdated"),
        document={"realmId": realm, **body},
    )
