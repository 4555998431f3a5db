"""Which documents in QuickBooks a record no longer is.

What belongs here: comparing what a record became before with what it is now: deleted, of another sign, a
refund instead of a payment. What does not: how a document is voided (`voiding`) and in which order things
are done (`retiring`, `day`). Pure.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.store.links import Link, LinkState

#: Why a record is not due, where nothing of it is left in ServiceTitan: what it became is voided (rule 3.6).
EMPTY_AT_SOURCE = frozenset(
    {"deleted", "zero_total", "canceled_empty", "bill_canceled"}
    | {"vendor_credit_canceled", "bill_payment_undone"}
)
#: Why a record is not due, where it may be due again: what it became stays and is shown (rule 1.2).
GATE_CLOSED = frozenset(
    {"not_posted", "job_not_completed", "review_waits", "future_date", "bill_not_reconciled"}
    | {"bill_payment_under_way", "paid_in_the_books"}
)

#: Parts that only tie a credit to what it is used for.
APPLICATION_PART = "application"
#: Parts the load makes itself for documents in closed books (rule 4).
ADJUSTMENT_PART = "adjustment"

#: Why the difference to a document in closed books is voided.
_OF_NOTHING = "no difference is left for it to post."
_STAYS = frozenset({Verdict.HELD, Verdict.REJECTED})


class Step(IntEnum):
    """In which order documents are voided: what uses others first."""

    APPLICATION = 1
    MONEY = 2
    DOCUMENT = 3


@dataclass(frozen=True)
class Unwanted:
    """A document (or a write of one that was left open) that its record no longer is.

    Attributes:
        link: None if only an intent is open.
        mapped: what speaks for the record now.
        why: why it is to be voided, in words.
    """

    source: SourceRef
    target: str
    link: Link | None
    mapped: Mapped
    why: str

    @property
    def step(self) -> Step:
        """When it is voided."""
        return step_of(self.source, self.target)


def step_of(source: SourceRef, target: str) -> Step:
    """Return when a document of this kind is voided."""
    if target not in objects.PAYMENTS:
        return Step.DOCUMENT
    return Step.APPLICATION if is_application_part(source) else Step.MONEY


def is_application_part(source: SourceRef) -> bool:
    """Say whether a part only ties a credit to what it is used for."""
    return source.part.endswith(APPLICATION_PART)


def is_adjustment_part(source: SourceRef) -> bool:
    """Say whether a part was made by the load for a document in closed books."""
    return source.part.startswith(ADJUSTMENT_PART)


def find_unwanted(
    parts: Sequence[Mapped], links: Iterable[Link], open_intents: Collection[tuple[SourceRef, str]]
) -> list[Unwanted]:
    """Return the documents of one record that none of its present parts want.

    A record that is held or rejected keeps all it has: nobody knows yet what it becomes. So does one that is
    not due for another reason than that nothing is left of it.

    Args:
        parts: what the mapping makes of the record now.
        links: of all its parts.
        open_intents: source and target of its writes whose outcome is not known.
    """
    first = parts[0]
    if any(part.verdict in _STAYS and not is_application_part(part.source) for part in parts):
        return []
    wanted = {(part.payload.source, part.payload.target) for part in parts if part.payload is not None} | {
        key for key in open_intents if _is_held(parts, key[0])
    }
    if not any(part.verdict is Verdict.DUE for part in parts):
        if first.reason is None or first.reason.code not in EMPTY_AT_SOURCE:
            return []
        why = first.reason.text
    else:
        shapes = " and ".join(sorted({part.payload.target for part in parts if part.payload is not None}))
        why = f"it is {shapes} now."
    live = {(link.source, link.target): link for link in links if link.state is not LinkState.VOIDED}
    candidates = dict.fromkeys([*live, *open_intents])
    return [
        Unwanted(
            source,
            target,
            live.get((source, target)),
            first,
            _OF_NOTHING if is_adjustment_part(source) else why,
        )
        for source, target in candidates
        if (source, target) not in wanted and not _is_held(parts, source)
    ]


def _is_held(parts: Sequence[Mapped], source: SourceRef) -> bool:
    return any(part.verdict in _STAYS and part.source == source for part in parts)
