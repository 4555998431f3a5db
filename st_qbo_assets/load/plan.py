"""Deciding what one payload needs in QuickBooks: create, update, nothing, or wait.

What belongs here: the digest of what may be sent against the one last posted, and the rules that hold a
payload back. What does not: any call, lock or row (`apply`), what may be sent today (`effective`), the bodies
that are sent (`requests`), and how existing objects are found (`customers`, `items`, `adoption`). Pure.
"""

from st_qbo_assets.domain.ids import is_location
from st_qbo_assets.domain.outcomes import Payload, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action, ActionKind, Finding, FindingKind, Resolution, WritePolicies
from st_qbo_assets.load.effective import effective_payload
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.requests import create_request, says_anything, update_request, with_number_allowed
from st_qbo_assets.load.retyping import type_kept
from st_qbo_assets.load.sub_customers import is_its_parent, unusable
from st_qbo_assets.load.voiding import is_voided_by_us, plan_void
from st_qbo_assets.store.links import Link, LinkState

_FOREIGN = frozenset({LinkState.ADOPTED, LinkState.SETTLED_PAIR})
#: What both systems edit: a change is decided by what both show (`load.masters`), not by the payload.
_TWO_WAY = frozenset({"Customer", "Vendor"})


def plan_write(payload: Payload, link: Link | None, known: Resolution, policies: WritePolicies) -> Action:
    """Return what a payload needs, given its link and what is known of the records it refers to.

    Unchanged means that the digest of the effective body equals the digest last posted and nothing we
    own was edited in QuickBooks; no read is spent on it (rule 5.3). A→B→A ends at A, because the digest
    last posted is B's. What we voided ourselves is made anew when it is due again; what a person deleted
    or voided only by her decision.
    """
    finding = known.finding(payload.source, payload.target)
    is_again = link is not None and (is_voided_by_us(link) or _is_decided_again(finding))
    if link is not None and not is_again and not _is_decided(link, finding):
        finding = None
    present = None if is_again else link
    effective = effective_payload(payload, known, policies)
    if effective.payload is None:
        if effective.is_nothing and present is not None:
            return plan_void(present, effective.said.text if effective.said else "", policies)
        # First of all: what a document is compared with is not known before its customer is.
        return Action(ActionKind.BLOCKED, payload, link=present, reason=effective.said)
    if finding is not None and finding.kind is FindingKind.HOLD:
        return Action(ActionKind.HELD, payload, link=link, reason=finding.reason)
    if finding is not None and finding.kind in (FindingKind.OURS, FindingKind.LINK):
        said = finding.reason or effective.said
        return Action(ActionKind.ADOPT, effective.payload, finding=finding, reason=said)
    if present is not None:
        return _if_usable(_plan_linked(effective.payload, present, known, policies, effective.said), known)
    action = _if_usable(_plan_create(effective.payload, finding, known, policies, effective.said), known)
    return _again(action) if is_again else action


def _if_usable(action: Action, known: Resolution) -> Action:
    """Return an action, held if it would name a sub-customer that QuickBooks takes no documents for."""
    if action.payload is None or not action.writes or (said := unusable(action.payload, known)) is None:
        return action
    return Action(ActionKind.HELD, action.payload, link=action.link, reason=said)


def _is_decided_again(finding: Finding | None) -> bool:
    return finding is not None and finding.kind is FindingKind.AGAIN


def _again(action: Action) -> Action:
    """Return the creation of a document whose emptied forerunner still has its number in QuickBooks."""
    if action.kind is not ActionKind.CREATE or action.payload is None or action.request is None:
        return action
    if action.payload.target not in objects.SALES:
        return action
    return Action(
        action.kind,
        action.payload,
        request=with_number_allowed(action.request),
        finding=action.finding,
        reason=action.reason,
    )


def _is_decided(link: Link, finding: Finding | None) -> bool:
    """Say whether a person settled another customer or item than the link says, or what cannot be."""
    if finding is None or finding.state is not LinkState.SETTLED_PAIR:
        return False
    if finding.kind is FindingKind.HOLD:
        return True
    obj = objects.as_mapping(finding.obj)
    return bool(objects.name_field(link.target)) and bool(obj) and objects.text(obj.get("Id")) != link.qbo_id


def _plan_create(
    payload: Payload, finding: Finding | None, known: Resolution, policies: WritePolicies, said: Reason | None
) -> Action:
    request = create_request(payload, known, name=finding.name if finding else "")
    said = (finding.reason if finding else None) or said
    if policies.is_closed(day := objects.text(request.get("TxnDate"))):
        return Action(ActionKind.HELD, payload, reason=reason("closed_period", day=day))
    return Action(ActionKind.CREATE, payload, request=request, finding=finding, reason=said)


def _plan_linked(
    payload: Payload, link: Link, known: Resolution, policies: WritePolicies, said: Reason | None
) -> Action:
    if link.state is LinkState.VOIDED:
        held = reason("voided_in_quickbooks", source=payload.source, target=link.target, qbo_id=link.qbo_id)
        return Action(ActionKind.HELD, payload, link=link, reason=held)
    is_same = payload.digest == link.digest
    is_foreign = link.state in _FOREIGN and not objects.name_field(link.target)
    if link.drift or (is_same and link.state is LinkState.MISMATCH) or (not is_same and is_foreign):
        return Action(ActionKind.RECHECK, payload, link=link, reason=said)
    if (typed := type_kept(payload, link)) is not None:
        if typed.code != "item_type_left":
            return Action(ActionKind.RECHECK, payload, link=link, reason=typed)
        said = said or typed
    # A sub-customer follows its service location, less what it was linked with.
    is_place = is_location(payload.source)
    is_left = is_its_parent(payload, link, known) if is_place else policies.masters_two_way
    if is_same or (payload.target in _TWO_WAY and is_left):
        return Action(ActionKind.UNCHANGED, payload, link=link, reason=said)
    return _plan_update(payload, link, known, policies, said)


def _plan_update(
    payload: Payload, link: Link, known: Resolution, policies: WritePolicies, said: Reason | None
) -> Action:
    request = update_request(payload, link, known)
    posted_day, day = objects.text(link.confirmed.get("TxnDate")), objects.text(request.get("TxnDate"))
    if policies.is_closed(posted_day) or policies.is_closed(day):
        shut = posted_day if policies.is_closed(posted_day) else day
        return Action(ActionKind.HELD, payload, link=link, reason=reason("closed_period", day=shut))
    if not says_anything(request):
        return Action(ActionKind.UNCHANGED, payload, link=link, reason=said)
    return Action(ActionKind.UPDATE, payload, request=request, link=link, reason=said)
