"""The one read of a document whose link is in doubt: mismatch, drift, or adopted and changed.

What belongs here: what the document as it is now means for its link, and what follows. What does not: when a
link is in doubt (`plan`), and the company's policy for edits (`drifting`).
"""

from dataclasses import replace

from st_qbo_assets.domain.ids import is_location
from st_qbo_assets.domain.outcomes import Json, LoadResult, Outcome, Payload, Reason
from st_qbo_assets.load import adoption, objects
from st_qbo_assets.load.actions import Action, ActionKind
from st_qbo_assets.load.drifting import edits_of, settle_edit
from st_qbo_assets.load.effective import is_application
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.linking import Posted, link_to
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.requests import create_request, restored_request, update_request
from st_qbo_assets.load.results import Subject
from st_qbo_assets.load.retyping import type_kept
from st_qbo_assets.load.sub_customers import held_by, trouble_of
from st_qbo_assets.load.verify import ITEM_TYPE, Difference, describe, owned_fields, verify
from st_qbo_assets.store.links import Link, LinkState

_FOREIGN = (LinkState.ADOPTED, LinkState.SETTLED_PAIR)


class Rechecks:
    """Decides what follows the read of a linked document, for one record under its lock."""

    def __init__(self, context: WriteContext, known: Knowledge, subject: Subject) -> None:
        """Decide for the record of the subject."""
        self._context = context
        self._known = known
        self._subject = subject

    def follow(self, action: Action, *, wrote: bool) -> LoadResult | Action | None:
        """Return what follows; None means that the record is to be planned again.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        payload, link = action.payload, action.link
        assert payload is not None and link is not None
        obj = read_if_there(self._context, link.target, link.qbo_id)
        if is_location(link.source) and (said := self._sub_customer(payload, link, obj)) is not None:
            return self._held(link, said, wrote=wrote)
        if obj is None:
            said = reason("deleted_in_quickbooks", source=link.source, target=link.target, qbo_id=link.qbo_id)
            return self._subject.result(Outcome.REJECTED, link=link, said=said, wrote=wrote)
        if link.target == "Item" and objects.text(obj.get(ITEM_TYPE)) != link.confirmed.get(ITEM_TYPE):
            self._retyped(link, obj)
            return None
        if (typed := type_kept(payload, link, obj)) is not None and typed.code != "item_type_left":
            return self._held(link, typed, wrote=wrote)
        different = self._against_payload(payload, link, obj)
        if not different and not self._edited_beyond(payload, link, obj):
            state = link.state if link.state in _FOREIGN else LinkState.ACTIVE
            healed = link_to(self._context, Posted.of_payload(payload), obj, state=state)
            self._context.ledger.save_link(healed)
            return self._subject.result(Outcome.UNCHANGED, link=healed, said=action.reason, wrote=wrote)
        if link.state in _FOREIGN and not objects.name_field(link.target):
            return self._held(link, _adopted_differs(payload, link, different), wrote=wrote)
        if link.state is LinkState.MISMATCH and link.digest == payload.digest:
            said = reason("mismatch", target=link.target, qbo_id=link.qbo_id, differences=describe(different))
            return self._subject.result(Outcome.MISMATCH, link=link, said=said, wrote=wrote)
        if edited := edits_of(link, obj, update_request(payload, link, self._known)):
            return self._after_edit(payload, link, obj, edited, wrote=wrote)
        return self._unedited(payload, link, obj)

    def _sub_customer(self, payload: Payload, link: Link, obj: Json | None) -> Reason | None:
        """Return why documents cannot name the sub-customer of a location, which its link keeps."""
        parent = objects.as_source(objects.ref(payload.body, "ParentRef"))
        owner = self._known.link(parent, link.target) if parent is not None else None
        trouble = trouble_of(obj, owner.qbo_id if owner is not None else "")
        if trouble is None:
            return None
        noted = replace(link, drift=trouble, run_id=self._context.run_id)
        self._context.ledger.save_link(noted)
        self._known.learn_links([noted])
        return held_by(noted)

    def _retyped(self, link: Link, obj: Json) -> None:
        """Keep the type that a person gave an item in QuickBooks."""
        typed = {**link.confirmed, ITEM_TYPE: objects.text(obj.get(ITEM_TYPE))}
        link = replace(link, confirmed=typed, sync_token=objects.text(obj.get("SyncToken")))
        self._context.ledger.save_link(link)
        self._known.learn_links([link])

    def _after_edit(
        self, payload: Payload, link: Link, obj: Json, edited: tuple[Difference, ...], *, wrote: bool
    ) -> LoadResult | Action | None:
        settled = settle_edit(self._context, link, obj, edited)
        self._known.learn_links([settled.link])
        if settled.held is not None:
            return self._held(settled.link, settled.held, wrote=wrote)
        if settled.link.digest == payload.digest:
            return self._subject.result(Outcome.UNCHANGED, link=settled.link, said=settled.said, wrote=wrote)
        if settled.link.digest:
            return None  # accepted, and then ServiceTitan changed it
        request = restored_request(payload, settled.link, self._known, obj)
        return Action(ActionKind.UPDATE, payload, request=request, link=settled.link)

    def _unedited(self, payload: Payload, link: Link, obj: Json) -> None:
        link = replace(
            link, drift=None, sync_token=objects.text(obj.get("SyncToken")), run_id=self._context.run_id
        )
        if payload.digest == link.digest and not objects.name_field(link.target):
            # Neither edited since confirmed nor like the payload, though its digest was posted.
            link = replace(link, state=LinkState.MISMATCH, confirmed=owned_fields(link.target, obj))
        self._context.ledger.save_link(link)
        self._known.learn_links([link])

    def _held(self, link: Link, said: Reason, *, wrote: bool) -> LoadResult:
        return self._subject.result(Outcome.HELD, link=link, said=said, wrote=wrote)

    def _edited_beyond(self, payload: Payload, link: Link, obj: Json) -> bool:
        """Say whether a field we own but do not send was edited, so that equality to the payload hides it."""
        if link.state in _FOREIGN or objects.name_field(link.target):
            return False
        compared = {*payload.body, "TotalAmt", "TotalTax", "Line", "marker", objects.PAID_FROM}
        return any(each.field not in compared for each in edits_of(link, obj, {}))

    def _against_payload(self, payload: Payload, link: Link, obj: Json) -> tuple[Difference, ...]:
        if link.state in _FOREIGN and not objects.name_field(link.target):
            if _is_tie(payload):
                return _ties_differently(create_request(payload, self._known), obj)
            return adoption.differences(payload, obj, self._known)
        request = create_request(payload, self._known, name=link.display_name)
        if (
            link.target in objects.PAYMENTS
            and link.state is LinkState.ACTIVE
            and link.digest == payload.digest
        ):
            # What a posted payment is applied to is an effect of ordinary work (rule 5.3).
            request = {key: value for key, value in request.items() if key != "Line"}
        return verify(
            link.target, request, obj, cents=abs(payload.cents), applies_itself=self._context.applies_itself
        )


def _adopted_differs(payload: Payload, link: Link, different: tuple[Difference, ...]) -> Reason:
    code = "applied_by_quickbooks" if _is_tie(payload) else "adopted_not_updated"
    return reason(code, target=link.target, qbo_id=link.qbo_id, differences=describe(different))


def _is_tie(payload: Payload) -> bool:
    """Say whether a document moves no money: one that is not ours was made by QuickBooks itself."""
    return payload.target in objects.PAYMENTS and is_application(payload.body)


def _ties_differently(request: Json, obj: Json) -> tuple[Difference, ...]:
    """Return where QuickBooks tied other documents than ServiceTitan; on which day is no matter."""
    meant, held = _tied(request), _tied(obj)
    return () if meant == held else (Difference("Line", meant, held),)


def _tied(payment: Json) -> str:
    rows = sorted((kind, txn_id, f"{amount:.2f}") for kind, txn_id, amount in objects.applications(payment))
    return ", ".join(f"{kind} {txn_id} {amount}" for kind, txn_id, amount in rows)
