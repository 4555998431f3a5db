"""The one read before a document is voided by an update, or although it was edited.

What belongs here: what the document as it is now says of its void. What does not: whether it is to be voided
(`voiding`) and the sending (`turn`).
"""

from dataclasses import replace

from st_qbo_assets.domain.outcomes import LoadResult, Outcome
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action
from st_qbo_assets.load.drifting import edits_of, settle_edit
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.results import Subject
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


def keep_emptied(context: WriteContext, link: Link) -> Link:
    """Keep that somebody deleted or voided a document in QuickBooks, and return its link.

    Making it anew takes a person's decision, so the link does not say that we voided it.
    """
    empty = replace(link, state=LinkState.VOIDED, digest="", drift=None, run_id=context.run_id)
    context.ledger.save_link(empty)
    return empty
