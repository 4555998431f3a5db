"""What follows when somebody edited a document of ours in QuickBooks (rule 5.3).

What belongs here: the company's policy (`report`, `restore`, `accept`), what it leaves on the link and in the
audit, and the merge of a customer or vendor, which is no edit of the document (rule 7.3). What does not:
finding edits (`verify.drift`, the tie-out, change data capture) and the reads that show them (`rechecking`,
`refusals`, `emptying`).

    report    the edit is kept on the link and the record held: nothing is overwritten
    restore   what was posted is forgotten, so that our version is written again, over the version just read
    accept    what is in QuickBooks is the confirmed version until ServiceTitan changes the document
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from st_qbo_assets.domain.outcomes import Json, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.verify import ACCEPTED, Difference, describe, drift, drift_json, owned_fields
from st_qbo_assets.store.links import Link

#: Whom a document names, and the list he is on.
_NAMES = {"CustomerRef": "Customer", "VendorRef": "Vendor"}


@dataclass(frozen=True)
class Settled:
    """What became of an edit.

    Attributes:
        link: as it is kept now.
        held: why the record waits for a person; None if the load goes on.
        said: what is to be said if nothing else follows.
    """

    link: Link
    held: Reason | None = None
    said: Reason | None = None


def edits_of(link: Link, obj: Json, request: Json) -> tuple[Difference, ...]:
    """Return what somebody edited in QuickBooks of the fields we own (rule 5.3).

    Of a customer or item only the fields that the request would overwrite with something else count: the
    others are theirs.
    """
    now = owned_fields(link.target, obj)
    found = drift(link.confirmed, now)
    if objects.name_field(link.target):
        meant = owned_fields(link.target, request)
        return tuple(
            each for each in found if each.field in request and meant.get(each.field) != now.get(each.field)
        )
    return found


def settle_edit(
    context: WriteContext, link: Link, obj: Json, edited: Sequence[Difference], *, is_gone: bool = False
) -> Settled:
    """Keep what the company's policy makes of an edit, and say whether the load goes on.

    What a person voided is a case for a person, whatever the policy; what lies in closed books cannot be
    restored. Both are reported.

    Args:
        context: of the company.
        link: of the edited document.
        obj: as it is now.
        edited: the fields.
        is_gone: whether ServiceTitan has no more document, so that nothing is restored.
    """
    if merged := [each for each in edited if _is_merged(context, each)]:
        survivors = {each.field: each.held for each in merged}
        link = replace(link, confirmed={**link.confirmed, **survivors}, run_id=context.run_id)
        edited = [each for each in edited if each not in merged]
        if not edited:
            link = replace(link, sync_token=objects.text(obj.get("SyncToken")), drift=None)
            context.ledger.save_link(link)
            return Settled(link)
    policy = context.policies.drift
    is_void = objects.is_voided(obj)
    is_closed = context.policies.is_closed(objects.text(link.confirmed.get("TxnDate")))
    is_lost = is_void and not is_gone
    is_shut = policy == "restore" and is_closed
    if objects.name_field(link.target) or policy == "report" or is_shut or is_lost:
        return _report(context, link, edited, is_void=is_void)
    kept = replace(
        link,
        confirmed=owned_fields(link.target, obj),
        sync_token=objects.text(obj.get("SyncToken")),
        drift=None,
        run_id=context.run_id,
    )
    if policy == "restore":
        _decide(context, link, "drift_restored", edited)
        kept = replace(kept, digest="")
        context.ledger.save_link(kept)
        return Settled(kept)
    _decide(context, link, "drift_accepted", edited)
    kept = replace(kept, confirmed={**kept.confirmed, ACCEPTED: _accepted(link, edited)})
    context.ledger.save_link(kept)
    return Settled(kept, said=_said("drift_accepted", link, edited))


def _is_merged(context: WriteContext, edit: Difference) -> bool:
    """Say whether a document names another only because the one it named was merged away."""
    name = _NAMES.get(edit.field, "")
    return bool(name and edit.meant and edit.held) and read_if_there(context, name, edit.meant) is None


def _report(context: WriteContext, link: Link, edited: Sequence[Difference], *, is_void: bool) -> Settled:
    noted = replace(link, drift=drift_json(edited), run_id=context.run_id)
    context.ledger.save_link(noted)
    if is_void:
        held = reason("voided_in_quickbooks", source=link.source, target=link.target, qbo_id=link.qbo_id)
        return Settled(noted, held)
    return Settled(noted, _said("edited_in_quickbooks", link, edited))


def _said(code: str, link: Link, edited: Sequence[Difference]) -> Reason:
    return reason(code, target=link.target, qbo_id=link.qbo_id, differences=describe(edited))


def _accepted(link: Link, edited: Sequence[Difference]) -> Json:
    """Return the accepted edits: of one accepted before, the first version confirmed stays."""
    before = objects.as_mapping(link.confirmed.get(ACCEPTED))
    fresh = drift_json(edited)
    for field, change in fresh.items():
        if first := objects.as_mapping(before.get(field)):
            fresh[field] = {**objects.as_mapping(change), "confirmed": first.get("confirmed")}
    return {**before, **fresh}


def _decide(context: WriteContext, link: Link, code: str, edited: Sequence[Difference]) -> None:
    context.decisions.decide(
        context.name,
        link.source,
        target=link.target,
        qbo_id=link.qbo_id,
        code=code,
        decided_by=f"company file: drift: {context.policies.drift}",
        detail=drift_json(edited),
        run_id=context.run_id,
    )
