"""ServiceTitan's webhooks: the signature and the CloudEvents in a body (ServiceTitan reference §10).

What belongs here: the vendor's form. What does not: HTTP (`web`), keeping events (`store.inbox`).

The header's name and the digest's encoding come from third parties only: hex and base64 are both taken, with
or without a prefix. There is no event for payments, customers, vendors, purchase orders, bills, credit
memos, the pricebook, and none for a new or deleted invoice.
"""

from collections.abc import Mapping
from typing import cast

from st_qbo_assets.domain.events import Decoded, Event, Undecodable, gather
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.transport.event_json import items_of, moment_of, read_body, text_of
from st_qbo_assets.transport.signatures import is_signed

SIGNATURE_HEADER = "x-servicetitan-signature"
_PREFIXES = ("sha256=", "hmac-sha256=", "sha256:")
#: Beginning of the type → what it is about: where its data are, and what we call it.
_ENTITIES = {
    "tn.acc.invoice-": ("invoice", "invoice"),
    "tn.jpm.job-appointment-": ("appointment", "job"),
    "tn.jpm.job-": ("job", "job"),
}


def is_genuine(body: bytes, signature: str, key: str) -> bool:
    """Say whether a delivery is signed with the company's key."""
    given = signature.strip()
    for prefix in _PREFIXES:
        if given[: len(prefix)].lower() == prefix:
            given = given[len(prefix) :]
            break
    return is_signed(body, given, key)


def read_events(body: bytes) -> list[Decoded]:
    """Return the events of a signed body; never raises, whatever it holds."""
    found = read_body(body)
    if isinstance(found, str):
        return [Undecodable("servicetitan", found, body)]
    return gather("servicetitan", map(_read, items_of(found)), body)


def _read(item: object) -> Event | str:
    if not isinstance(item, dict):
        return "it is no object"
    document = cast(Json, item)
    type_, event_id = text_of(document, "type"), text_of(document, "id")
    assigned_id = text_of(document, "userassignedid")
    data = document.get("data")
    if not type_ or not (event_id or assigned_id) or not isinstance(data, dict):
        return "type, id or data is missing"
    payload = cast(Json, data)
    account = text_of(payload, "tenantId")
    entity, record_id = _subject(type_, payload)
    if not account or (entity and not record_id):
        return "its tenant or its record is missing"
    return Event(
        system="servicetitan",
        account=account,
        event_id=event_id or assigned_id,
        assigned_id=assigned_id,
        type=type_,
        entity=entity,
        record_id=record_id,
        operation=type_.rpartition("-")[2],
        occurred_at=moment_of(document, "time"),
        document=document,
    )


def _subject(type_: str, payload: Mapping[str, object]) -> tuple[str, str]:
    """Return what an event is about and its id; nothing for what is not followed."""
    for beginning, (name, entity) in _ENTITIES.items():
        if type_.startswith(beginning):
            inner = payload.get(name)
            record = cast(Json, inner) if isinstance(inner, dict) else {}
            return entity, text_of(record, "jobId" if name == "appointment" else "id")
    return "", ""
