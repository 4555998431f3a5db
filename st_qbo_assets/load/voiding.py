"""Voiding what ServiceTitan no longer has: each entity in its own way (rule 3.6).

What belongs here: whether a posted document may be voided, and the request that does it. What does not: which
documents are to be voided (`retiring`), and sending. Nothing is ever deleted. Pure.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from st_qbo_assets.domain.outcomes import Json, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action, ActionKind, WritePolicies
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.store.links import Link, LinkState

#: Digest of a void; a void has no payload of its own. A link that carries it was voided by us.
VOID_DIGEST = "void"
#: Entities QuickBooks has a void call for (QB §3.5).
VOID_CALLS = frozenset({"Invoice", "Payment", "BillPayment"})
#: Entities without one: an update sets every line to zero and says "Voided" (practice, rule 3.6).
VOIDS_BY_UPDATE = frozenset({"CreditMemo", "RefundReceipt", "Purchase", "Bill", "VendorCredit"})
_FOREIGN = frozenset({LinkState.ADOPTED, LinkState.SETTLED_PAIR})
_AMOUNTS = ("Qty", "UnitPrice", "TaxInclusiveAmt")


def is_voided_by_us(link: Link) -> bool:
    """Say whether a link's document is empty because we voided it, and not because a person did."""
    return link.state is LinkState.VOIDED and link.digest == VOID_DIGEST


def standing(links: Sequence[Link]) -> Link | None:
    """Return the link of the document that a record is in QuickBooks, else of one it was."""
    live = [link for link in links if link.state is not LinkState.VOIDED]
    return next(iter(live or links), None)


def plan_void(link: Link, why: str, policies: WritePolicies) -> Action:
    """Return what becomes of a posted document that its record no longer is.

    The request is made when the document was read, where a void call does not do.
    """
    if link.state is LinkState.VOIDED:
        return Action(ActionKind.UNCHANGED, link=link)
    is_known = link.target in VOID_CALLS or (policies.voids_by_update and link.target in VOIDS_BY_UPDATE)
    if not is_known or (link.state in _FOREIGN and not _is_from_before(link, policies)):
        held = reason("needs_void", target=link.target, qbo_id=link.qbo_id, why=why or "it is gone.")
        return Action(ActionKind.HELD, link=link, reason=held)
    if policies.is_closed(day := objects.text(link.confirmed.get("TxnDate"))):
        return Action(ActionKind.HELD, link=link, reason=reason("closed_period", day=day))
    if link.target in VOID_CALLS and not link.drift:
        return Action(ActionKind.VOID, request={"Id": link.qbo_id, "SyncToken": link.sync_token}, link=link)
    return Action(ActionKind.VOID, link=link)


def still_used(link: Link, obj: Mapping[str, Any]) -> Reason | None:
    """Return why a document cannot be voided by an update: something in QuickBooks uses it."""
    linked = [objects.as_mapping(each) for each in objects.as_list(obj.get("LinkedTxn"))]
    used = [f"{objects.text(each.get('TxnType'))} {objects.text(each.get('TxnId'))}" for each in linked]
    if link.target == "CreditMemo":
        is_whole = objects.amount(obj.get("Balance")) == objects.amount(obj.get("TotalAmt"))
        used = [] if is_whole else used or ["a payment"]
    if link.target in ("Bill", "VendorCredit"):
        is_whole = objects.amount(obj.get("Balance")) == objects.amount(obj.get("TotalAmt"))
        paying = [each for each in used if not each.startswith("PurchaseOrder ")]
        used = paying if paying or is_whole else ["a payment"]
    if not used:
        return None
    return reason("void_used", target=link.target, qbo_id=link.qbo_id, by=", ".join(used))


def void_request(link: Link, obj: Json) -> Json:
    """Return the request that voids a document: a call of its own, or an update to zero lines."""
    version = {"Id": link.qbo_id, "SyncToken": objects.text(obj.get("SyncToken"))}
    if link.target in VOID_CALLS:
        return version
    note = objects.text(obj.get("PrivateNote"))
    request: Json = {
        **version,
        "sparse": True,
        "PrivateNote": f"Voided {note}".strip(),
        "Line": [_zero_line(line) for line in objects.lines(obj)],
    }
    if link.target in objects.SALES:
        request["TxnTaxDetail"] = {"TotalTax": Decimal("0.00")}
    return request


def _zero_line(line: Json) -> Json:
    """Return a line of nothing: its references stay, so that it is seen what it was."""
    kept: Json = {key: line[key] for key in ("Id", "DetailType", "Description") if key in line}
    kept["Amount"] = Decimal("0.00")
    for key, inner in line.items():
        if key.endswith("LineDetail"):
            kept[key] = {
                name: value for name, value in objects.as_mapping(inner).items() if name not in _AMOUNTS
            }
    return kept


def _is_from_before(link: Link, policies: WritePolicies) -> bool:
    """Say whether an invoice was linked because it was open before the start: it takes voids (rule 1.6)."""
    start: date | None = policies.start_date
    return start is not None and link.day is not None and link.day < start
