"""Sub-customers of service locations: whether a document can name one, and why not.

What belongs here: what stands in the way, as it is kept on the link and told to people. What does not: making
and renaming them (`plan`), and following what became of them in QuickBooks (`load.masters.locations`). Pure.
"""

from dataclasses import replace

from st_qbo_assets.domain.ids import is_location
from st_qbo_assets.domain.outcomes import Json, Payload, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Resolution
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.verify import DELETED, deleted_json
from st_qbo_assets.store.links import Link

_CUSTOMER = "Customer"
#: Field that is kept as drift → code of the reason.
_CODES = {
    DELETED: "sub_customer_gone",
    "Active": "sub_customer_inactive",
    "ParentRef": "sub_customer_elsewhere",
    "BillWithParent": "sub_customer_not_billed",
}


def trouble_of(obj: Json | None, parent: str) -> Json | None:
    """Return why documents cannot name a sub-customer, as its link keeps it; None if they can.

    One that was merged into its own parent is that parent.

    Args:
        obj: as it is in QuickBooks now; None if it is gone.
        parent: QuickBooks id of the customer whose location it is.
    """
    if obj is None:
        return deleted_json()
    if obj.get("Active") is False:
        return _changed("Active", "true", "false")
    if objects.text(obj.get("Id")) == parent:
        return None
    if parent and objects.ref(obj, "ParentRef") != parent:
        return _changed("ParentRef", parent, objects.ref(obj, "ParentRef"))
    if obj.get("BillWithParent") is not True:
        return _changed("BillWithParent", "true", "false")
    return None


def held_by(link: Link) -> Reason | None:
    """Return why documents cannot name the sub-customer of a link, as it was when it was last looked at."""
    code = next((_CODES[field] for field in link.drift or () if field in _CODES), "")
    if not code or not is_location(link.source):
        return None
    return reason(code, name=link.display_name, qbo_id=link.qbo_id, source=link.source)


def unusable(payload: Payload, known: Resolution) -> Reason | None:
    """Return why a payload cannot name the sub-customer it refers to; None if it can, or names none."""
    for target, source in objects.symbolic_references(payload.body):
        link = known.link(source, target) if is_location(source) else None
        if link is not None and (said := held_by(link)) is not None:
            return replace(said, waits_for=source)
    return None


def is_its_parent(payload: Payload, link: Link, known: Resolution) -> bool:
    """Say whether the sub-customer was merged into its parent, who is never written as a location."""
    parent = objects.as_source(objects.ref(payload.body, "ParentRef"))
    owner = known.link(parent, _CUSTOMER) if parent is not None else None
    return owner is not None and owner.qbo_id == link.qbo_id


def _changed(field: str, before: str, now: str) -> Json:
    return {field: {"confirmed": before, "now": now}}
