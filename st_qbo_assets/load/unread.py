"""Records at rest that ServiceTitan could not be asked for again.

What belongs here: whether such a record stands as it did though its frame says otherwise than was posted, and
its result then. What does not: which records are read again (`gathering`). Pure.
"""

from collections.abc import Sequence

from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome
from st_qbo_assets.load.actions import Resolution, WritePolicies
from st_qbo_assets.load.effective import effective_payload
from st_qbo_assets.load.reasons import TOO_LITTLE_OPEN
from st_qbo_assets.load.voiding import is_voided_by_us
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.states import RecordState


def stands(
    mapped: Mapped, state: RecordState, links: Sequence[Link], known: Resolution, policies: WritePolicies
) -> bool:
    """Say whether a frame differs from what was posted only as was said when it was posted.

    A line was left out or capped, or a person emptied the document. Of anything else nobody knows whether the
    frame is older than what was posted, or an edit that is still to be posted.
    """
    payload = mapped.payload
    if not links or any(link.drift for link in links):
        return False
    if state.outcome is Outcome.VOIDED:
        return payload is None or not any(is_voided_by_us(link) for link in links)
    if payload is None:
        return False
    if state.reason is not None and state.reason.code == TOO_LITTLE_OPEN:
        return payload.cents == state.cents
    sent = effective_payload(payload, known, policies).payload
    return sent is not None and sent.digest in {link.digest for link in links}


def as_it_stood(state: RecordState) -> LoadResult:
    """Return the result of a record at rest that this load does not look at."""
    return LoadResult(
        source=state.source,
        outcome=Outcome.VOIDED if state.outcome is Outcome.VOIDED else Outcome.UNCHANGED,
        day=state.day,
        cents=state.cents,
        number=state.number,
        title=state.title,
        target=state.target,
        qbo_id=state.qbo_id,
        reason=state.reason,
        rules=state.rules,
    )
