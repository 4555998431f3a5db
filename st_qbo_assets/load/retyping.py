"""Items whose type in QuickBooks is not what the company's policy says (rule 8.5).

What belongs here: what is said of such an item. What does not: the policy (mapping), and reading the item
again (`rechecking`). Pure.

An item is never given another type. Between services and goods that are not counted nothing moves, so it is
left as it is, and that is said. Whether goods are counted decides where their cost stands, so such an item is
held.
"""

from typing import Any

from st_qbo_assets.domain.outcomes import Payload, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.verify import ITEM_TYPE
from st_qbo_assets.store.links import Link

_COUNTED = "Inventory"


def type_kept(payload: Payload, link: Link, obj: dict[str, Any] | None = None) -> Reason | None:
    """Return what is said of an item of another type than meant; None if there is nothing to say.

    Args:
        payload: what is meant.
        link: of the item.
        obj: as it is in QuickBooks now; by default as it was last confirmed.
    """
    if payload.target != "Item":
        return None
    held = objects.text((link.confirmed if obj is None else obj).get(ITEM_TYPE))
    meant = objects.text(payload.body.get(ITEM_TYPE))
    if not held or held == meant:
        return None
    code = "item_type_held" if _COUNTED in (held, meant) else "item_type_left"
    return reason(code, qbo_id=link.qbo_id, held=held, meant=meant)
