"""Applying the pairs a person settled in `links.csv`; they come before any rule.

What belongs here: reading the object a pair names, and what is wrong with a pair. What does not: the
file's form (`settled`), and matching by rule (`customers`, `items`, `adoption`).
"""

from collections.abc import Sequence

from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Finding, FindingKind, Resolution
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.settled import SettledLinks, SettledPair
from st_qbo_assets.load.voiding import is_voided_by_us
from st_qbo_assets.store.links import LinkState


def find_settled(
    context: WriteContext, payloads: Sequence[Payload], settled: SettledLinks, known: Resolution
) -> dict[tuple[SourceRef, str], Finding]:
    """Return the findings of payloads whose pair is settled and not linked so yet.

    A pair settled as `none` gives no finding: the object is created, whatever looks like it.

    Raises:
        SyncError: if QuickBooks could not be asked.
    """
    found: dict[tuple[SourceRef, str], Finding] = {}
    for payload in payloads:
        pair = settled.get((payload.source, payload.target))
        link = known.link(payload.source, payload.target)
        if pair is not None and pair.is_again:
            if link is not None and link.qbo_id == pair.qbo_id and not is_voided_by_us(link):
                found[payload.source, payload.target] = _judge_again(context, pair)
            continue
        if pair is None or pair.is_new or (link is not None and link.qbo_id == pair.qbo_id):
            continue
        if link is not None and not objects.name_field(payload.target):
            continue  # a document that was posted stays the document it is
        found[payload.source, payload.target] = _judge(context, payload, pair)
    return found


def _judge(context: WriteContext, payload: Payload, pair: SettledPair) -> Finding:
    obj = read_if_there(context, pair.target, pair.qbo_id)
    problem = "is not in QuickBooks" if obj is None else _problem(context, payload, obj)
    if obj is None or problem:
        said = reason(
            "settled_link_broken", line=pair.line, target=pair.target, qbo_id=pair.qbo_id, problem=problem
        )
        return Finding(FindingKind.HOLD, reason=said)
    said = reason("settled_link", line=pair.line, target=pair.target, qbo_id=pair.qbo_id)
    return Finding(
        FindingKind.LINK,
        obj,
        state=LinkState.SETTLED_PAIR,
        reason=said,
        code="linked_by_file",
        decided_by=f"links.csv line {pair.line}",
        evidence={"line": pair.line},
    )


def _judge_again(context: WriteContext, pair: SettledPair) -> Finding:
    """Return the decision to create a document anew, if the one it takes the place of is really gone."""
    obj = read_if_there(context, pair.target, pair.qbo_id)
    if obj is not None and not objects.is_voided(obj):
        said = reason(
            "settled_link_broken",
            line=pair.line,
            target=pair.target,
            qbo_id=pair.qbo_id,
            problem="is still there: it was neither deleted nor voided in QuickBooks",
        )
        return Finding(FindingKind.HOLD, reason=said, state=LinkState.SETTLED_PAIR)
    said = reason("created_again", line=pair.line, target=pair.target, qbo_id=pair.qbo_id)
    return Finding(
        FindingKind.AGAIN,
        reason=said,
        code="created_again",
        decided_by=f"links.csv line {pair.line}",
        evidence={"line": pair.line, "instead_of": pair.qbo_id},
    )


def _problem(context: WriteContext, payload: Payload, obj: Json) -> str:
    qbo_id = objects.text(obj.get("Id"))
    if obj.get("Active") is False:
        return "is inactive in QuickBooks"
    if payload.target == "Item":
        wanted, held = objects.ref(payload.body, "IncomeAccountRef"), objects.ref(obj, "IncomeAccountRef")
        return f"posts to account {held or 'none'}, not {wanted}" if wanted != held else ""
    if objects.name_field(payload.target):
        return ""
    owners = context.links.of_targets(context.name, payload.target, [qbo_id]).get(qbo_id, [])
    return f"already belongs to {owners[0].source}" if owners else ""
