"""Merges: the survivor keeps the links of both, and nothing is posted twice (rules 7.1, 7.3).

What belongs here: noticing that one record of a pair was merged away, and whom its link points to then. What
does not: merging anything ourselves, which neither vendor's API can.
"""

from dataclasses import replace

from st_qbo_assets.domain.ids import SourceRef, is_location
from st_qbo_assets.domain.masters.sides import CUSTOMER, VENDOR, read_quickbooks
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.ports import PairContext
from st_qbo_assets.load.masters.reading import Pair, read_objects
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.verify import BASE, owned_fields
from st_qbo_assets.store.links import Link

_FIELDS = {CUSTOMER: "CustomerRef", VENDOR: "VendorRef"}


def follow_quickbooks(context: PairContext, pair: Pair) -> Pair | None:
    """Return the pair with the object its own was merged into; None if nobody can say which that is.

    QuickBooks tells only that the object is gone. The documents it had name the survivor now: one of ours is
    read. Other links of the gone object follow when their turn comes.
    """
    obj = survivor_of(context, pair.target, pair.link.qbo_id)
    if obj is None:
        return None
    write, survivor = context.write, objects.text(obj.get("Id"))
    others = write.links.of_targets(write.name, pair.target, [survivor]).get(survivor, [])
    return replace(
        pair,
        link=move_link(context, pair.link, obj),
        base=None,
        is_first=not others,
        quickbooks=read_quickbooks(pair.target, obj, terms=context.terms),
    )


def survivor_of(context: PairContext, target: str, gone: str) -> Json | None:
    """Return the object that one which is gone was merged into, as our documents tell; None if none does."""
    field = _FIELDS[target]
    for entity, qbo_id in context.pairs.documents_of(context.write.name, field, gone):
        document = read_if_there(context.write, entity, qbo_id)
        survivor = objects.ref(document, field) if document is not None else ""
        if survivor and survivor != gone:
            obj = read_objects(context, target, [survivor]).get(survivor)
            if obj is not None:
                return obj
    return None


def move_link(context: PairContext, link: Link, obj: Json) -> Link:
    """Return the link to the survivor of a merge in QuickBooks, kept with the documents that followed it."""
    write, survivor = context.write, objects.text(obj.get("Id"))
    moved = _moved(link, link.target, obj, write.run_id)
    if context.is_live:
        write.ledger.save_link(moved)
        documents = context.pairs.follow(write.name, _FIELDS[link.target], link.qbo_id, survivor)
        detail: Json = {"from": link.qbo_id, "into": survivor, "documents": documents}
        _note(context, moved, "merged_in_quickbooks", detail)
    return moved


def follow_servicetitan(context: PairContext, pair: Pair) -> Link | None:
    """Give the survivor of a merge in ServiceTitan the QuickBooks object, if it has none of its own.

    The merged record keeps its link, since old documents may still name it. Two objects in QuickBooks stay
    two: a person merges them there.
    """
    assert pair.servicetitan is not None
    write, source = context.write, SourceRef(pair.entity, pair.servicetitan.merged_to)
    if write.ledger.link(write.name, source, pair.target) is not None or not context.is_live:
        return None
    link = replace(pair.link, source=source, run_id=write.run_id)
    write.ledger.save_link(link)
    _note(context, link, "merged_in_servicetitan", {"from": str(pair.link.source), "into": str(source)})
    return link


def _moved(link: Link, target: str, obj: Json, run_id: str) -> Link:
    confirmed = owned_fields(target, obj)
    if is_location(link.source) and BASE in link.confirmed:
        confirmed[BASE] = link.confirmed[BASE]
    return replace(
        link,
        qbo_id=objects.text(obj.get("Id")),
        sync_token=objects.text(obj.get("SyncToken")),
        confirmed=confirmed,
        display_name=objects.display_name(target, obj),
        drift=None,
        run_id=run_id,
    )


def _note(context: PairContext, link: Link, code: str, detail: Json) -> None:
    write = context.write
    write.decisions.decide(
        write.name,
        link.source,
        target=link.target,
        qbo_id=link.qbo_id,
        code=code,
        decided_by="rule",
        detail=detail,
        run_id=write.run_id,
    )
