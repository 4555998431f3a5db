"""What is planned with: what was found, what is known, the company's policies, and the action decided.

What belongs here: the values that planning takes and gives. What does not: the decision (`plan`) and what
may be sent today (`effective`). Pure.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json, Outcome, Payload, Reason
from st_qbo_assets.store.links import Link, LinkState


class FindingKind(StrEnum):
    """What looking into QuickBooks said of a payload without a link."""

    OURS = "ours"
    """An object with our own marker: a write whose link was lost."""
    LINK = "link"
    """An object that is the same thing, made by somebody else."""
    NAME = "name"
    """Nothing, but the plain name is taken: create it under this one."""
    AGAIN = "again"
    """Nothing any more, and a person decided that it is made anew."""
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

    def is_retiring(self, source: SourceRef, target: str) -> bool:
        """Say whether a document is about to be voided, so that nothing is applied to it any more."""
        ...

    def parts_of(self, source: SourceRef) -> list[Link]:
        """Return every link of the record a source belongs to, whatever its part."""
        ...


@dataclass(frozen=True)
class WritePolicies:
    """The company's policies that the plan knows.

    Attributes:
        book_close_date: the last closed day of the books, from QuickBooks' preferences. New documents
            are moved or held by the mapping; what is planned into a closed period here is held (rule 4).
        closed_period_edits: what an edit or void of a document in closed books becomes.
        drift: what is done about a document that somebody edited in QuickBooks (rule 5.3).
        start_date: documents from before it are linked, never written; they take payments and voids.
        voids_by_update: whether documents that QuickBooks has no void call for are voided by setting every
            line to zero (rule 3.6). Practice, not documented: without it they are held for a person.
        masters_two_way: whether customers that are linked are left to the sync of both sides (rule 7.1).
    """

    payment_of_unposted_invoice: Literal["wait", "unapplied"] = "wait"
    book_close_date: date | None = None
    closed_period_edits: Literal["hold", "adjust"] = "hold"
    drift: Literal["report", "restore", "accept"] = "report"
    start_date: date | None = None
    voids_by_update: bool = True
    masters_two_way: bool = False

    @classmethod
    def of(cls, company: CompanyFile, *, book_close_date: date | None) -> "WritePolicies":
        """Return the policies of a company."""
        return cls(
            payment_of_unposted_invoice=company.payment_of_unposted_invoice,
            book_close_date=book_close_date,
            closed_period_edits=company.closed_period_edits,
            drift=company.drift,
            start_date=company.start_date,
        )

    @property
    def first_open_day(self) -> date | None:
        """The first day that is not closed; None if no books are."""
        return self.book_close_date + timedelta(days=1) if self.book_close_date else None

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
