"""What the store keeps of a stored object: the link and the index of markers.

What belongs here: making the rows from an intent or payload and the object QuickBooks answered. What
does not: when they are saved (`apply`). Pure.
"""

from dataclasses import dataclass
from datetime import date

from st_qbo_assets.domain.ids import PRICEBOOK, SourceRef
from st_qbo_assets.domain.money import to_cents
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Finding, FindingKind, Resolution
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.requests import base_of, create_request, line_ids
from st_qbo_assets.load.verify import APPLIED, BASE, CLOSED, LINES, NOTE, owned_fields, verify
from st_qbo_assets.store.intents import Intent, Operation
from st_qbo_assets.store.links import Link, LinkState
from st_qbo_assets.store.markers import MarkedObject


@dataclass(frozen=True)
class Posted:
    """What was posted: enough of a payload or intent to make its link."""

    source: SourceRef
    target: str
    digest: str
    day: date
    body: Json

    @classmethod
    def of_intent(cls, intent: Intent) -> "Posted":
        """Return what an intent posts."""
        return cls(intent.source, intent.target, intent.digest, intent.day, intent.payload)

    @classmethod
    def of_payload(cls, payload: Payload) -> "Posted":
        """Return what a payload stands for."""
        return cls(payload.source, payload.target, payload.digest, payload.day, payload.body)

    @classmethod
    def elsewhere(cls, mapped: Mapped, target: str) -> "Posted":
        """Return a document that others have booked: nothing of it was ever posted by us."""
        return cls(mapped.source, target, "", mapped.day, {})


def link_to(
    context: WriteContext,
    posted: Posted,
    obj: Json,
    *,
    state: LinkState = LinkState.ACTIVE,
    digest: str | None = None,
) -> Link:
    """Return the link to an object as QuickBooks stored it, its fields confirmed.

    Args:
        context: of the company.
        posted: what stands behind it.
        obj: the stored object.
        state: of the link.
        digest: the digest to keep, if it is not the one posted.
    """
    confirmed = owned_fields(posted.target, obj)
    if base := base_of(posted.source, posted.target, posted.body):
        confirmed[BASE] = base
    if pricebook := posted.body.get(PRICEBOOK):
        confirmed[PRICEBOOK] = pricebook
    if posted.target == "PurchaseOrder":
        confirmed[LINES] = line_ids(posted.body, obj)
        if posted.body.get("POStatus") == "Closed":
            confirmed[CLOSED] = True
    if posted.target in objects.PAYMENTS:
        confirmed[APPLIED] = {
            f"{kind} {id_}": str(each) for (kind, id_), each in objects.applied(obj).items()
        }
    if posted.target == "Bill":
        confirmed[NOTE] = objects.text(obj.get("PrivateNote"))
    is_name = bool(objects.name_field(posted.target))
    return Link(
        company=context.name,
        source=posted.source,
        target=posted.target,
        realm=context.realm,
        qbo_id=objects.text(obj.get("Id")),
        sync_token=objects.text(obj.get("SyncToken")),
        digest=posted.digest if digest is None else digest,
        confirmed=confirmed,
        display_name=objects.display_name(posted.target, obj) if is_name else "",
        number=objects.text(obj.get("DocNumber")) or objects.text(obj.get("PaymentRefNum")),
        day=None if is_name else posted.day,
        state=state,
        run_id=context.run_id,
    )


def link_to_found(
    context: WriteContext, payload: Payload, finding: Finding, known: Resolution
) -> tuple[Link, bool]:
    """Return the link to an object that was found, and whether it is to be planned again with it.

    Ours but different: an unknown digest makes the next plan an update, which verifies it.
    """
    obj = objects.as_mapping(finding.obj)
    state, differs = finding.state, False
    if finding.kind is FindingKind.OURS:
        state = LinkState.VOIDED if objects.is_voided(obj) else LinkState.ACTIVE
        request = create_request(payload, known)
        differs = bool(verify(payload.target, request, obj, cents=abs(payload.cents)))
    digest = "" if differs else payload.digest
    link = link_to(context, Posted.of_payload(payload), obj, state=state, digest=digest)
    return link, differs or state is LinkState.VOIDED


def link_to_written(context: WriteContext, intent: Intent, obj: Json) -> Link:
    """Return the link to what a write whose answer was lost made or changed."""
    is_void = intent.operation is Operation.VOID
    differs = not is_void and bool(verify(intent.target, intent.request, obj))
    return link_to(context, Posted.of_intent(intent), obj, state=state_after(intent, differs=differs))


def state_after(intent: Intent, *, differs: bool) -> LinkState:
    """Return the state of a link after a write."""
    if differs:
        return LinkState.MISMATCH
    return LinkState.VOIDED if intent.operation is Operation.VOID else LinkState.ACTIVE


def marked(target: str, obj: Json) -> MarkedObject | None:
    """Return the object for the index of markers; none for name lists, which carry no note."""
    if objects.name_field(target):
        return None
    day, token = objects.text(obj.get("TxnDate")), objects.text(obj.get("SyncToken"))
    return MarkedObject(
        target=target,
        qbo_id=objects.text(obj.get("Id")),
        sources=objects.markers(obj),
        txn_date=date.fromisoformat(day) if day else None,
        sync_token=int(token) if token.isdecimal() else 0,
        total_cents=to_cents(objects.amount(obj.get("TotalAmt")) or objects.ZERO),
    )
