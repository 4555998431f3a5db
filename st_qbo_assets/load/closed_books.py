"""Documents of a turn that stand in closed books and changed in ServiceTitan (rule 4).

What belongs here: finding them, and putting the parts that adjust them among the records to load. What does
not: the arithmetic of a difference (`adjusting`). Without `closed_period_edits: adjust` the plan holds them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.load import adjusting, objects
from st_qbo_assets.load.adjusting import Figures, Original
from st_qbo_assets.load.drifting import Settled, edits_of, settle_edit
from st_qbo_assets.load.gathering import MASTERS, DayTurn
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.requests import create_request
from st_qbo_assets.load.shapes import EMPTY_AT_SOURCE, is_adjustment_part, is_application_part
from st_qbo_assets.load.verify import ITEM_TYPE, describe, owned_fields
from st_qbo_assets.store.links import Link, LinkState

_OURS = frozenset({LinkState.ACTIVE, LinkState.MISMATCH})
_STAYS = frozenset({Verdict.HELD, Verdict.REJECTED})


def adjust_closed(turn: DayTurn) -> None:
    """Put what adjusts closed documents among the records of a turn; what they are for is done with."""
    policies = turn.context.policies
    if policies.first_open_day is None or turn.stopped is not None:
        return
    for parts in _by_record(turn):
        link = _closed_sale(turn, parts)
        if link is None:
            continue
        mapped = _now(link, parts)
        links = [each for each in turn.known.parts_of(mapped.source) if is_adjustment_part(each.source)]
        turn.staying.update((each.source, each.target) for each in links)
        is_changed = bool(links) or mapped.payload is None or mapped.payload.digest != link.digest
        if policies.closed_period_edits == "hold" or link.drift or not is_changed:
            continue
        try:
            _adjust(turn, Original(mapped, link, {}), links, on=policies.first_open_day)
        except SyncError as error:
            turn.note_stop(error)
            turn.keep(turn.subject(mapped, link.target).failed(error, link=link))


def _by_record(turn: DayTurn) -> list[list[Mapped]]:
    """Return what the mapping made of documents, by record; of what is held nobody knows what it becomes."""
    records: dict[SourceRef, list[Mapped]] = {}
    for each in turn.mapped.values():
        if each.source.entity not in MASTERS and not is_adjustment_part(each.source):
            records.setdefault(each.source.record, []).append(each)
    return [
        parts
        for parts in records.values()
        if not any(part.source in turn.results for part in parts)
        and not any(part.verdict in _STAYS and not is_application_part(part.source) for part in parts)
    ]


def _closed_sale(turn: DayTurn, parts: Sequence[Mapped]) -> Link | None:
    """Return the sale in closed books that a record is or was; of one that is not due for now it stays."""
    first = parts[0]
    if not any(part.verdict is Verdict.DUE for part in parts) and (
        first.reason is None or first.reason.code not in EMPTY_AT_SOURCE
    ):
        return None
    sales = [
        link
        for link in turn.known.parts_of(first.source)
        if link.state in _OURS and link.target in adjusting.ADJUSTED and not is_adjustment_part(link.source)
    ]
    closed = [link for link in sales if turn.context.policies.is_closed(_date_of(link))]
    # One that was made anew in open books is changed there.
    return closed[0] if len(sales) == len(closed) == 1 else None


def _now(link: Link, parts: Sequence[Mapped]) -> Mapped:
    """Return what a sale is now: the part it comes from, or that nothing of it is left."""
    for part in parts:
        is_sale = part.payload is not None and part.payload.target in adjusting.SIGNS
        if part.source == link.source and (is_sale or part.payload is None):
            return part
    return replace(parts[0], source=link.source, verdict=Verdict.NOT_DUE, payload=None, cents=0)


def _adjust(turn: DayTurn, original: Original, links: list[Link], *, on: date) -> None:
    mapped, link = original.mapped, original.link
    request = create_request(mapped.payload, turn.known) if mapped.payload is not None else None
    if request is not None and adjusting.cannot_be_adjusted(link, request):
        return  # the plan holds it
    if link.target in objects.BUYING and _is_of_counted(turn, link, request or {}):
        return  # a difference in money alone would leave the quantities wrong
    closed, open_ = _by_period(turn, links)
    stands = adjusting.figures_of_link(link, like=request)
    for each in closed:
        stands = stands.and_(adjusting.figures_of_link(each, like=request))
    wanted = adjusting.NOTHING
    if mapped.payload is not None and request is not None:
        wanted = adjusting.figures_of_request(mapped.payload.target, request)
    difference = wanted.less(stands)
    if open_ is not None:
        turn.staying -= {
            (each.source, each.target) for each in links if each.source.part.startswith(open_.source.part)
        }
        turn.staying.update((each.source, each.target) for each in closed)
    turn.staying.add((link.source, link.target))
    turn.keep(_stays(turn, mapped, link, is_adjusted=bool(closed) or not difference.is_nothing))
    if mapped.payload is None:
        _leave_applied(turn, mapped)
    if difference.is_nothing:
        return
    if open_ is not None and not open_.drift and adjusting.figures_of_link(open_, like=request) == difference:
        _stands(turn, original, open_)
        return
    obj = read_if_there(turn.context, link.target, link.qbo_id)
    settled = _as_it_is(turn, link, obj)
    if settled.held is not None or obj is None:
        turn.keep(
            turn.subject(mapped, link.target).result(Outcome.HELD, link=settled.link, said=settled.held)
        )
        turn.staying.update((each.source, each.target) for each in links)
    elif settled.link.confirmed != link.confirmed:
        if request is not None and (gone := _merged_away(link, settled.link, request, mapped)) is not None:
            said = reason("waits_for", waits_for=gone, state="was merged into another in QuickBooks")
            turn.keep(turn.subject(mapped, link.target).result(Outcome.BLOCKED, link=settled.link, said=said))
            return
        del turn.results[mapped.source]
        turn.staying.discard((link.source, link.target))
        _adjust(turn, replace(original, link=settled.link), links, on=on)
    else:
        _post(turn, replace(original, body=request or obj), difference, links=links, open_=open_, on=on)


def _merged_away(before: Link, now: Link, request: Json, mapped: Mapped) -> SourceRef | None:
    """Return whom a request still names though he was merged; the sync of masters finds it (rule 7.3)."""
    body = mapped.payload.body if mapped.payload is not None else {}
    for whose in ("CustomerRef", "VendorRef"):
        named = objects.ref(request, whose)
        if named and named == before.confirmed.get(whose) != now.confirmed.get(whose):
            return objects.as_source(objects.ref(body, whose))
    return None


def _as_it_is(turn: DayTurn, link: Link, obj: Json | None) -> Settled:
    """Return a closed document as it is in QuickBooks now, and why nothing is added to it, if so.

    What somebody edited or voided there is no longer what the difference was reckoned from.
    """
    if obj is None:
        said = reason("deleted_in_quickbooks", source=link.source, target=link.target, qbo_id=link.qbo_id)
        return Settled(link, said)
    edited = () if objects.AS_CONFIRMED in obj else edits_of(link, obj, {})
    if not edited:
        return Settled(link)
    if turn.is_live:
        settled = settle_edit(turn.context, link, obj, edited)
        turn.known.learn_links([settled.link])
        return settled
    if turn.context.policies.drift == "accept":
        return Settled(replace(link, confirmed=owned_fields(link.target, obj)))
    said = reason(
        "edited_in_quickbooks", target=link.target, qbo_id=link.qbo_id, differences=describe(edited)
    )
    return Settled(link, said)


def _is_of_counted(turn: DayTurn, link: Link, request: Json) -> bool:
    """Say whether a bill, as it stands or as it should, buys goods that QuickBooks counts (rule 8.5)."""
    confirmed = map(objects.as_mapping, objects.as_list(link.confirmed.get("Line")))
    items = {objects.text(line.get("ItemRef")) for line in confirmed}
    items |= {objects.ref(objects.detail(line), "ItemRef") for line in objects.lines(request)}
    found = turn.context.links.of_targets(turn.context.name, "Item", sorted(items - {""}))
    return any(each.confirmed.get(ITEM_TYPE) == "Inventory" for links in found.values() for each in links)


def _post(
    turn: DayTurn, original: Original, difference: Figures, *, links: list[Link], open_: Link | None, on: date
) -> None:
    """Put the adjustment and its application among the records; what has tax the wrong way round is held."""
    documents = [each for each in links if each.target not in objects.PAYMENTS]
    part, tie_part = adjusting.part_names(documents, open_=open_)
    day = date.fromisoformat(_date_of(open_)) if open_ is not None else on
    posted = adjusting.adjustment(original, difference, part=part, on=day)
    sign = -1 if difference.total < 0 else 1
    if sign * difference.tax < 0:
        said = reason("closed_period", day=_date_of(original.link))
        subject = turn.subject(original.mapped, original.link.target)
        turn.keep(subject.result(Outcome.HELD, link=original.link, said=said))
        turn.staying.update((each.source, each.target) for each in links)
        return
    tie = adjusting.application(original, posted, part=tie_part)
    turn.add_parts([posted, *([tie] if tie is not None else [])])


def _stands(turn: DayTurn, original: Original, open_: Link) -> None:
    """Keep an adjustment that is right, and put its application among the records, should it be missing."""
    turn.staying.add((open_.source, open_.target))
    turn.keep(_result(turn, original.mapped, open_, Outcome.UNCHANGED))
    body: Json = {"CustomerRef": {"value": objects.text(open_.confirmed.get("CustomerRef"))}}
    part, tie_part = adjusting.part_names([], open_=open_)
    figures, day = adjusting.figures_of_link(open_), date.fromisoformat(_date_of(open_))
    posted = adjusting.adjustment(replace(original, body=body), figures, part=part, on=day)
    tie = adjusting.application(original, posted, part=tie_part)
    if tie is not None:
        turn.add_parts([tie])


def _by_period(turn: DayTurn, links: list[Link]) -> tuple[list[Link], Link | None]:
    """Return the adjustments in closed books, and the one that may still be changed."""
    documents = [each for each in links if each.state in _OURS and each.target in adjusting.SIGNS]
    closed = [each for each in documents if turn.context.policies.is_closed(_date_of(each))]
    return closed, next((each for each in reversed(documents) if each not in closed), None)


def _date_of(link: Link) -> str:
    return objects.text(link.confirmed.get("TxnDate"))


def _leave_applied(turn: DayTurn, mapped: Mapped) -> None:
    """Leave what a credit in closed books was applied to; what is charged again stands beside it."""
    for link in turn.known.parts_of(mapped.source):
        is_application = link.target in objects.PAYMENTS and is_application_part(link.source)
        if (
            is_application
            and link.state in _OURS
            and not is_adjustment_part(link.source)
            and turn.context.policies.is_closed(_date_of(link))
        ):
            turn.staying.add((link.source, link.target))
            turn.keep(_result(turn, replace(mapped, source=link.source), link, Outcome.UNCHANGED))


def _stays(turn: DayTurn, mapped: Mapped, link: Link, *, is_adjusted: bool) -> LoadResult:
    outcome = Outcome.UNCHANGED if mapped.payload is not None else Outcome.VOIDED
    code = "adjusted" if is_adjusted else "closed_and_same"
    return _result(turn, mapped, link, outcome, code=code)


def _result(
    turn: DayTurn, mapped: Mapped, link: Link, outcome: Outcome, *, code: str = "adjusted"
) -> LoadResult:
    said = reason(code, target=link.target, qbo_id=link.qbo_id, day=_date_of(link))
    result = turn.subject(mapped, link.target).result(outcome, link=link, said=said)
    result = replace(result, target=link.target)
    return result if link.source == mapped.source else replace(result, source=link.source, reason=None)
