"""QuickBooks' webhooks: CloudEvents and Intuit's legacy form (reference §7).

Belongs here: which change is which event, both forms, signature, retry ladder. Does not belong here: when
calls are sent (`st_qbo_sandbox/webhooks.py`).

Every write raises events, those of the app itself too. Entities without events (§7.4): CompanyInfo,
TaxCode, TaxRate. Only a connected company has events. `{"test": {"type"?, "id"?, "realm"?}}` sends an event
of any type and realm, as *Send test events* of the portal does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Callable
from typing import Any

from st_qbo_sandbox import identity
from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.half import EditError
from st_qbo_sandbox.quickbooks.catalog import BY_LOWER_NAME, ENTITIES
from st_qbo_sandbox.storage import Change, Document, dump_json
from st_qbo_sandbox.webhooks import Event, WebhookSettings

_PREFIX = "quickbooks."
_TOMBSTONES = "quickbooks.tombstones"
_SOURCE = "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU="
_TYPE = re.compile(r"qbo\.([a-z]+)\.([a-z]+)\.v1")
#: §7.4: who has the operation Void.
_VOIDED = ("BillPayment", "CreditMemo", "Invoice", "Payment", "Purchase", "RefundReceipt", "SalesReceipt")
#: Words of the legacy form by those of CloudEvents.
_LEGACY = {
    "created": "Create",
    "updated": "Update",
    "deleted": "Delete",
    "merged": "Merge",
    "voided": "Void",
    "emailed": "Emailed",
}


class QuickBooksEvents:
    """What QuickBooks sends."""

    # §7.3: 10 s, 20 s, 30 s, 5 m, 20 m, 2 h, 4 h, 6 h, then every 6 h
    retry_seconds = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)
    repeats_last_retry = True
    is_aggregating = True
    defaults = WebhookSettings(timeout_seconds=3.0, hold_back=True)

    def __init__(self, clock: Clock, is_connected: Callable[[], bool]) -> None:
        self._clock = clock
        self._is_connected = is_connected

    def events_of(self, changes: list[Change], settings: WebhookSettings) -> list[Event]:
        """Return the events of what one request changed."""
        if not self._is_connected():
            return []
        merged = {
            change.id: str(change.new["_merged_into"])
            for change in changes
            if change.collection == _TOMBSTONES and change.new is not None and "_merged_into" in change.new
        }
        found: list[Event] = []
        for change in changes:
            name = change.collection.removeprefix(_PREFIX)
            entity = ENTITIES.get(name) if change.collection.startswith(_PREFIX) else None
            if entity is None or not entity.has_events:
                continue
            survivor = merged.get(f"{name}:{change.id}")
            if survivor is not None and change.new is None:
                found.append(self._event(name, survivor, "merged", deletedId=change.id))
                continue
            for operation in _operations(change, settings):
                found.append(self._event(name, change.id, operation))
        return found

    def test_event(self, asked: dict[str, Any]) -> Event:
        """Return an event of any type and realm."""
        match = _TYPE.fullmatch(str(asked.get("type") or "qbo.customer.updated.v1"))
        if match is None or match[2] not in _LEGACY:
            raise EditError(f'"type" is like qbo.customer.updated.v1; operations: {", ".join(_LEGACY)}')
        entity = BY_LOWER_NAME.get(match[1])
        name = entity.name if entity is not None else match[1].capitalize()
        realm = str(asked.get("realm") or identity.REALM)
        return self._event(name, str(asked.get("id") or "1"), match[2], realm=realm)

    def body_of(self, events: list[Document], settings: WebhookSettings) -> str:
        """Return the body of one call: an array of CloudEvents, or the legacy form grouped by realm."""
        if settings.format == "cloudevents":
            return dump_json([_cloud_event(event) for event in events])
        realms: dict[str, list[Document]] = {}
        for event in events:
            realms.setdefault(event["realm"], []).append(_legacy(event))
        notifications = [
            {"realmId": realm, "dataChangeEvent": {"entities": entities}}
            for realm, entities in realms.items()
        ]
        return dump_json({"eventNotifications": notifications})

    def renamed(self, event: Document) -> Document:
        """Return the event with another id."""
        return {**event, "id": str(uuid.uuid4())}

    def headers_of(self, body: bytes, settings: WebhookSettings) -> dict[str, str]:
        """Return the headers of one call."""
        is_legacy = settings.format == "legacy"
        form = "application/json; charset=utf-8" if is_legacy else "application/cloudevents+json"
        headers = {
            "Content-Type": settings.content_type or form,
            "Accept": "application/json",
            "User-Agent": "intuit_notification_server/0.1",
            "intuit-created-time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S-0000"),
            "intuit-t-id": str(uuid.uuid4()),
            "intuit-notification-schema-version": "0.1",
        }
        if settings.key:
            digest = hmac.new(settings.key.encode(), body, hashlib.sha256).digest()
            headers["intuit-signature"] = base64.b64encode(digest).decode()
        return headers

    def _event(
        self, entity: str, id: str, operation: str, *, realm: str = identity.REALM, **more: str
    ) -> Event:
        now = self._clock.now()
        detail = {
            "id": str(uuid.uuid4()),
            "entity": entity,
            "entity_id": id,
            "operation": operation,
            "realm": realm,
            "time": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond:06d}000Z",
            **more,
        }
        return Event(f"qbo.{entity.lower()}.{operation}.v1", detail)


def _operations(change: Change, settings: WebhookSettings) -> list[str]:
    old, new = change.old, change.new
    if old is None:
        return ["created"] if new is not None else []
    if new is None:
        return ["deleted"]
    if old.get("SyncToken") == new.get("SyncToken"):
        # nothing, or a name whose balance alone moved
        is_moved = old.get("MetaData") != new.get("MetaData")
        return ["updated"] if is_moved and settings.balance_fires_names else []
    has_void = change.collection.removeprefix(_PREFIX) in _VOIDED
    was_void, is_void = (str(doc.get("PrivateNote", "")).startswith("Voided") for doc in (old, new))
    if has_void and is_void and not was_void and not new.get("TotalAmt"):
        return ["voided"]
    is_mail = new.get("EmailStatus") == "EmailSent" and old.get("EmailStatus") != "EmailSent"
    return ["emailed"] if is_mail else ["updated"]


def _cloud_event(event: Document) -> Document:
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": _SOURCE,
        "type": f"qbo.{event['entity'].lower()}.{event['operation']}.v1",
        "datacontenttype": "application/json",
        "time": event["time"],
        "intuitentityid": event["entity_id"],
        "intuitaccountid": event["realm"],
        "data": {"deletedId": event["deletedId"]} if "deletedId" in event else {},
    }


def _legacy(event: Document) -> Document:
    entity = {
        "name": event["entity"],
        "id": event["entity_id"],
        "operation": _LEGACY[event["operation"]],
        "lastUpdated": f"{event['time'][:23]}Z",
    }
    return entity | ({"deletedId": event["deletedId"]} if "deletedId" in event else {})
