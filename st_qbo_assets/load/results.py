"""Building the result of one record.

What belongs here: who a result is about, and the results that errors make. What does not: deciding the
outcome (`apply`) or its words (`reasons`).
"""

from dataclasses import dataclass, replace
from datetime import date

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Payload, Reason, Verdict
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.shapes import Unwanted
from st_qbo_assets.store.links import Link

_OUTCOME_OF_VERDICT = {
    Verdict.HELD: Outcome.HELD,
    Verdict.REJECTED: Outcome.REJECTED,
    Verdict.NOT_DUE: Outcome.NOT_DUE,
}


@dataclass(frozen=True)
class Subject:
    """The record a result is about, as people know it."""

    source: SourceRef
    target: str
    day: date
    cents: int = 0
    number: str = ""
    title: str = ""

    @classmethod
    def of_payload(cls, payload: Payload) -> "Subject":
        """Return the subject of a payload."""
        return cls(payload.source, payload.target, payload.day, payload.cents, payload.number, payload.title)

    @classmethod
    def of_mapped(cls, mapped: Mapped, target: str = "") -> "Subject":
        """Return the subject of a mapped record."""
        return cls(mapped.source, target, mapped.day, mapped.cents, mapped.number, mapped.title)

    def result(
        self,
        outcome: Outcome,
        *,
        link: Link | None = None,
        said: Reason | None = None,
        operation: str = "",
        wrote: bool = False,
    ) -> LoadResult:
        """Return where the record stands."""
        return LoadResult(
            source=self.source,
            outcome=outcome,
            day=self.day,
            cents=self.cents,
            number=self.number,
            title=self.title,
            target=self.target,
            qbo_id=link.qbo_id if link else "",
            operation=operation,
            wrote=wrote,
            reason=said,
        )

    def failed(self, error: SyncError, *, link: Link | None = None, wrote: bool = False) -> LoadResult:
        """Return the result of an error that another run may get over."""
        return self.result(Outcome.FAILED, link=link, said=_reason_of(error), wrote=wrote)

    def unsettled(self, error: SyncError, *, link: Link | None = None) -> LoadResult:
        """Return the result of a write whose outcome is not known."""
        said = reason("not_settled", error=str(error))
        return self.result(Outcome.FAILED, link=link, said=said, wrote=True)


def subject_of(unwanted: Unwanted) -> Subject:
    """Return who the void of a document is about: its part, as its record is known now."""
    link = unwanted.link
    whole = Subject.of_mapped(unwanted.mapped, unwanted.target)
    number = link.number if link is not None and link.number else whole.number
    return replace(whole, source=unwanted.source, number=number)


def passed_through(mapped: Mapped, *, qbo_id: str = "", target: str = "") -> LoadResult:
    """Return the result of a record that the mapping did not call due: its verdict stands."""
    meant = target or (mapped.payload.target if mapped.payload else "")
    result = Subject.of_mapped(mapped, meant).result(_OUTCOME_OF_VERDICT[mapped.verdict], said=mapped.reason)
    return replace(result, qbo_id=qbo_id)


def with_note(result: LoadResult, note: Reason | None) -> LoadResult:
    """Return the result saying a note of the mapping, unless it has something of its own to say."""
    return result if result.reason is not None or note is None else replace(result, reason=note)


def both(first: LoadResult, second: LoadResult) -> LoadResult:
    """Return the result of a record that had two turns in one load."""
    is_rest = second.outcome is Outcome.UNCHANGED and first.outcome is Outcome.POSTED
    return replace(
        second,
        outcome=Outcome.POSTED if is_rest else second.outcome,
        operation=first.operation or second.operation,
        wrote=first.wrote or second.wrote,
    )


def _reason_of(error: SyncError) -> Reason:
    if isinstance(error, ConnectionStopped):
        return reason("connection_stopped", error=str(error), remedy=error.remedy)
    return reason("transient", error=str(error))
