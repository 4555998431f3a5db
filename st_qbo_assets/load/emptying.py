"""The one read before a document is voided, where a call of its own does not do, or a person was asked to.

What belongs here: what the document as it is now says of its void. What does not: whether it is to be voided
(`voiding`) and the sending (`turn`).
"""

from dataclasses import replace

from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action, ActionKind
from st_qbo_assets.load.drifting import edits_of, settle_edit
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.results import Subject
from st_qbo_assets.load.verify import DELETED
from st_qbo_assets.load.voiding import VOIDS_BY_UPDATE, still_used, void_request
from st_qbo_assets.store.links import Link, LinkState


def ready_to_void(context: WriteContext, subject: Subject, action: Action) -> LoadResult | Action:
    """Return the void with its request, or why it is not done.

    What somebody deleted or voided in QuickBooks meanwhile is empty already.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    link = action.link
    assert link is not None
    obj = read_if_there(context, link.target, link.qbo_id)
    if obj is None or objects.is_voided(obj):
        return subject.result(Outcome.VOIDED, link=keep_emptied(context, link), said=action.reason)
    if edited := edits_of(link, obj, {}):
        settled = settle_edit(context, link, obj, edited, is_gone=True)
        if settled.held is not None:
            return subject.result(Outcome.HELD, link=settled.link, said=settled.held)
        link = settled.link
    if link.target in VOIDS_BY_UPDATE and (used := still_used(link, obj)):
        return subject.result(Outcome.HELD, link=link, said=used)
    current = replace(link, sync_token=objects.text(obj.get("SyncToken")))
    return replace(action, request=void_request(link, obj), link=current)


def seems_emptied(link: Link) -> bool:
    """Say whether somebody was seen to delete a document, or to take all money off it, as a void does."""
    drift = link.drift or {}
    total = objects.as_mapping(drift.get("TotalAmt"))
    return DELETED in drift or (bool(total) and not objects.amount(total.get("now")))


def unless_emptied(context: WriteContext, action: Action, link: Link, why: str) -> Action:
    """Return what waits for a person to empty a document, unless she has: then it is done with.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    obj = read_if_there(context, link.target, link.qbo_id)
    if obj is not None and not objects.is_voided(obj):
        return action
    said = reason("emptied_by_hand", target=link.target, qbo_id=link.qbo_id, why=why)
    return Action(ActionKind.UNCHANGED, link=keep_emptied(context, link), reason=said)


def keep_emptied(context: WriteContext, link: Link) -> Link:
    """Keep that somebody deleted or voided a document in QuickBooks, and return its link.

    Making it anew takes a person's decision, so the link does not say that we voided it.
    """
    empty = replace(link, state=LinkState.VOIDED, digest="", drift=None, run_id=context.run_id)
    context.ledger.save_link(empty)
    return empty
