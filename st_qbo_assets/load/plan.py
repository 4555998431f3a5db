"""Deciding what one payload needs in QuickBooks: create, update, nothing, or wait.

What belongs here: the effective body (what may be sent today), its digest against the one last posted,
and the rules that hold a payload back. What does not: any call, lock or row (`apply`), the bodies that
are sent (`requests`), and how existing objects are found (`customers`, `items`, `adoption`). Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Literal, Protocol

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json, Outcome, Payload, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.requests import create_request, says_anything, update_request
from st_qbo_assets.store.links import Link, LinkState

_WAITING = frozenset({Outcome.REJECTED, Outcome.HELD, Outcome.FAILED, Outcome.BLOCKED, Outcome.MISMATCH})
_WORDS: dict[Outcome | None, str] = {
    None: "has not been loaded yet",
    Outcome.NOT_DUE: "is not due",
    Outcome.REJECTED: "was rejected",
    Outcome.HELD: "is held",
    Outcome.BLOCKED: "is waiting itself",
    Outcome.FAILED: "could not be posted",
    Outcome.VOIDED: "was voided",
}
_VOIDABLE = frozenset({"Invoice", "Payment"})
_FOREIGN = frozenset({LinkState.ADOPTED, LinkState.SETTLED_PAIR})


class FindingKind(StrEnum):
    """What looking into QuickBooks said of a payload without a link."""

    OURS = "ours"
    """An object with our own marker: a write whose link was lost."""
    LINK = "link"
    """An object that is the same thing, made by somebody else."""
    NAME = "name"
    """Nothing, but the plain name is taken: create it under this one."""
    HOLD = "hold"
    """A person has to decide."""


@dataclass(frozen=True)
class Finding:
    """What QuickBooks already holds for a payload.

    Attributes:
        obj: the object to link to (ours, link).
        state: state of the new link.
        name: the name to create it under (name).
        reason: why it is held, or what is to be said of a link or name.
        code: what was decided, for the audit.
        decided_by: rule or file that decided.
        evidence: what it was decided on.
    """

    kind: FindingKind
    obj: Json | None = None
    state: LinkState = LinkState.ADOPTED
    name: str = ""
    reason: Reason | None = None
    code: str = ""
    decided_by: str = "rule"
    evidence: Json | None = None


class Resolution(Protocol):
    """What is known of other records while one is planned."""

    def link(self, source: SourceRef, target: str) -> Link | None:
        """Return the link of a source and target."""
        ...

    def outcome(self, source: SourceRef) -> Outcome | None:
        """Return where a record stands, None if it was never loaded."""
        ...

    def finding(self, source: SourceRef, target: str) -> Finding | None:
        """Return what QuickBooks was found to hold for a payload without a link."""
        ...


@dataclass(frozen=True)
class WritePolicies:
    """The company's policies that the plan knows.

    Attributes:
        book_close_date: the last closed day of the books, from QuickBooks' preferences. New documents
            are moved or held by the mapping; what is planned into a closed period here is held (rule 4).
        documents_no_longer_due: what becomes of a posted document that is no longer to be booked.
    """

    payment_of_unposted_invoice: Literal["wait", "unapplied"] = "wait"
    book_close_date: date | None = None
    documents_no_longer_due: Literal["hold", "void"] = "hold"

    @classmethod
    def of(cls, company: CompanyFile, *, book_close_date: date | None) -> "WritePolicies":
        """Return the policies of a company; what is no longer due is held for a person."""
        return cls(
            payment_of_unposted_invoice=company.payment_of_unposted_invoice,
            book_close_date=book_close_date,
        )

    def is_closed(self, day: str) -> bool:
        """Say whether a day (ISO text, empty for none) lies in closed books."""
        return bool(day and self.book_close_date and date.fromisoformat(day) <= self.book_close_date)


class ActionKind(StrEnum):
    """What is to be done."""

    CREATE = "create"
    UPDATE = "update"
    VOID = "void"
    ADOPT = "adopt"
    UNCHANGED = "unchanged"
    RECHECK = "recheck"
    """The link is in doubt (mismatch, drift, adopted and changed): one read decides."""
    BLOCKED = "blocked"
    HELD = "held"


@dataclass(frozen=True)
class Action:
    """The plan of one payload.

    Attributes:
        payload: with the effective body, symbolic; its digest is the one to keep. None for an absence.
        request: the body to send, ids resolved; None if nothing is sent.
        link: the present link.
        finding: what is adopted.
        reason: why it waits, or what is to be said of it.
    """

    kind: ActionKind
    payload: Payload | None = None
    request: Json | None = None
    link: Link | None = None
    finding: Finding | None = None
    reason: Reason | None = None

    @property
    def writes(self) -> bool:
        """Whether carrying it out sends anything to QuickBooks."""
        return self.kind in (ActionKind.CREATE, ActionKind.UPDATE, ActionKind.VOID)


def plan_write(payload: Payload, link: Link | None, known: Resolution, policies: WritePolicies) -> Action:
    """Return what a payload needs, given its link and what is known of the records it refers to.

    Unchanged means that the digest of the effective body equals the digest last posted and nothing we
    own was edited in QuickBooks; no read is spent on it (rule 5.3). A→B→A ends at A, because the digest
    last posted is B's.
    """
    finding = known.finding(payload.source, payload.target)
    if link is not None and not _is_resettled(link, finding):
        finding = None
    effective, said = effective_payload(payload, known, policies)
    if effective is None:
        # First of all: what a document is compared with is not known before its customer is.
        return Action(ActionKind.BLOCKED, payload, link=link, reason=said)
    if finding is not None and finding.kind is FindingKind.HOLD:
        return Action(ActionKind.HELD, payload, reason=finding.reason)
    if finding is not None and finding.kind in (FindingKind.OURS, FindingKind.LINK):
        return Action(ActionKind.ADOPT, effective, finding=finding, reason=finding.reason or said)
    if link is not None:
        return _plan_linked(effective, link, known, policies, said)
    return _plan_create(effective, finding, known, policies, said)


def plan_absence(link: Link, why: str, policies: WritePolicies) -> Action:
    """Return what becomes of a posted document that is no longer to be booked (rules 1.2, 3.6)."""
    if link.state is LinkState.VOIDED:
        return Action(ActionKind.UNCHANGED, link=link)
    is_ours = link.state not in _FOREIGN and link.target in _VOIDABLE
    if policies.documents_no_longer_due == "hold" or not is_ours:
        held = reason("needs_void", target=link.target, qbo_id=link.qbo_id, why=why or "it is not due.")
        return Action(ActionKind.HELD, link=link, reason=held)
    if policies.is_closed(posted_day := objects.text(link.confirmed.get("TxnDate"))):
        return Action(ActionKind.HELD, link=link, reason=reason("closed_period", day=posted_day))
    return Action(ActionKind.VOID, request={"Id": link.qbo_id, "SyncToken": link.sync_token}, link=link)


def effective_payload(
    payload: Payload, known: Resolution, policies: WritePolicies
) -> tuple[Payload | None, Reason | None]:
    """Return the payload with the body that may be sent now, and what is to be said of it.

    A payment line whose invoice is not in QuickBooks is dropped where the invoice is not due, unknown
    or before the start (the payment posts unapplied on its own date), and waits where the invoice was
    rejected, held or failed, unless the company says `unapplied` (rules 1.6, 3.2). No payload means: blocked.
    """
    said: Reason | None = None
    body = payload.body
    if payload.target == "Payment":
        kept, dropped, waits = _payment_lines(objects.as_list(body.get("Line")), known, policies)
        if waits is not None:
            return None, reason("payment_waits", waits_for=waits, state=_state_of(waits, known))
        if dropped:
            invoices = ", ".join(str(source) for source in dict.fromkeys(dropped))
            said = reason("unapplied_for_now", invoices=invoices, state=_state_of(dropped[0], known))
        body = {**body, "Line": kept}
    for target, source in objects.symbolic_references(body):
        if not _is_there(known, source, target):
            return None, reason("waits_for", waits_for=source, state=_state_of(source, known))
    return payload.with_body(body), said


def _is_resettled(link: Link, finding: Finding | None) -> bool:
    """Say whether a person settled a customer or item on another object than it is linked to (rule 7.2)."""
    is_by_file = finding is not None and finding.state is LinkState.SETTLED_PAIR and finding.obj is not None
    if not is_by_file or finding is None or not objects.name_field(link.target):
        return False
    return objects.text(objects.as_mapping(finding.obj).get("Id")) != link.qbo_id


def _plan_create(
    payload: Payload, finding: Finding | None, known: Resolution, policies: WritePolicies, said: Reason | None
) -> Action:
    request = create_request(payload, known, name=finding.name if finding else "")
    said = (finding.reason if finding else None) or said
    if policies.is_closed(day := objects.text(request.get("TxnDate"))):
        return Action(ActionKind.HELD, payload, reason=reason("closed_period", day=day))
    return Action(ActionKind.CREATE, payload, request=request, reason=said)


def _plan_linked(
    payload: Payload, link: Link, known: Resolution, policies: WritePolicies, said: Reason | None
) -> Action:
    if link.state is LinkState.VOIDED:
        held = reason("voided_in_quickbooks", target=link.target, qbo_id=link.qbo_id)
        return Action(ActionKind.HELD, payload, link=link, reason=held)
    is_same = payload.digest == link.digest
    is_foreign = link.state in _FOREIGN and not objects.name_field(link.target)
    if link.drift or (is_same and link.state is LinkState.MISMATCH) or (not is_same and is_foreign):
        return Action(ActionKind.RECHECK, payload, link=link, reason=said)
    if is_same:
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


def _payment_lines(
    lines: Sequence[Any], known: Resolution, policies: WritePolicies
) -> tuple[list[Any], list[SourceRef], SourceRef | None]:
    kept: list[Any] = []
    dropped: list[SourceRef] = []
    for line in lines:
        named = list(objects.symbolic_references(line))
        missing = [source for target, source in named if not _is_there(known, source, target)]
        waiting = [source for source in missing if known.outcome(source) in _WAITING]
        if waiting and policies.payment_of_unposted_invoice == "wait":
            return kept, dropped, waiting[0]
        if missing:
            dropped.extend(missing)
        else:
            kept.append(line)
    return kept, dropped, None


def _is_there(known: Resolution, source: SourceRef, target: str) -> bool:
    link = known.link(source, target)
    if link is not None:
        return link.state is not LinkState.VOIDED
    return known.outcome(source) is Outcome.PLANNED


def _state_of(source: SourceRef, known: Resolution) -> str:
    return _WORDS.get(known.outcome(source), "is not in QuickBooks")
