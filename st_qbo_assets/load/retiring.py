"""Voiding what records no longer are, within one load.

What belongs here: looking for such documents among the records of a turn, voiding them in their step, and
what that means for the record's new shape. What does not: which they are (`shapes`), whether one may be
voided (`voiding`), and when each step comes (`day`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Payload, Reason, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import ActionKind
from st_qbo_assets.load.apply import RecordWriter
from st_qbo_assets.load.effective import without_missing
from st_qbo_assets.load.emptying import seems_emptied
from st_qbo_assets.load.gathering import GONE, MASTERS, DayTurn
from st_qbo_assets.load.probe import read_if_there
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.results import subject_of
from st_qbo_assets.load.shapes import Step, Unwanted, find_unwanted, is_application_part
from st_qbo_assets.load.voiding import plan_void
from st_qbo_assets.store.links import Link, LinkState

_DONE = frozenset({Outcome.VOIDED, Outcome.UNCHANGED, Outcome.PLANNED})
_LET_GO = frozenset({Outcome.POSTED, Outcome.UNCHANGED, Outcome.VOIDED})
Keep = Callable[[DayTurn, Mapped, LoadResult], LoadResult]


class Retiring:
    """Voids what records of a turn no longer are; records that change their shape wait for it."""

    def __init__(self, writer: RecordWriter, keep: Keep) -> None:
        """Void through the writer; `keep` takes every result."""
        self._writer = writer
        self._keep = keep

    def look(self, turn: DayTurn) -> None:
        """Look at the records that came in since the last look."""
        by_record: dict[SourceRef, list[Mapped]] = {}
        for each in turn.mapped.values():
            record = each.source.record
            if record.entity not in MASTERS and record not in turn.examined:
                by_record.setdefault(record, []).append(each)
        for record, parts in by_record.items():
            turn.examined.add(record)
            links = turn.known.parts_of(record)
            open_ = [key for key in turn.open_intents if key[0].record == record]
            found = [
                each
                for each in (find_unwanted(parts, links, open_) if links or open_ else ())
                if (each.source, each.target) not in turn.staying
            ]
            if found and self._has_nobody(turn, parts):
                continue
            for each in found:
                self._note(turn, each, parts)

    def _has_nobody(self, turn: DayTurn, parts: Sequence[Mapped]) -> bool:
        """Say whether a new shape would name a customer who is gone; then it waits, and the old one stays.

        QuickBooks would refuse it after the old one was voided. Who was merged there into another is found
        when the customers are synced.
        """
        due = [part for part in parts if part.verdict is Verdict.DUE and part.payload is not None]
        gone: SourceRef | None = None
        try:
            for source in dict.fromkeys(_customers(due)):
                link = turn.known.link(source, "Customer")
                obj = read_if_there(turn.context, "Customer", link.qbo_id) if link is not None else {}
                gone = source if obj is None or obj.get("Active") is False else gone
        except SyncError as error:
            turn.note_stop(error)
            for part in due:
                self._keep(turn, part, turn.subject(part).failed(error))
            return True
        if gone is None:
            return False
        said = reason("waits_for", waits_for=gone, state="is gone from QuickBooks, or inactive there")
        for part in due:
            self._keep(turn, part, turn.subject(part).result(Outcome.BLOCKED, said=said))
        return True

    def _note(self, turn: DayTurn, unwanted: Unwanted, parts: Sequence[Mapped]) -> None:
        turn.unwanted[unwanted.source, unwanted.target] = unwanted
        if any(part.verdict is Verdict.DUE for part in parts):
            turn.changing.add(unwanted.source.record)
        link = unwanted.link
        if link is None or plan_void(link, "", turn.context.policies).kind is ActionKind.VOID:
            turn.known.retire(unwanted.source, unwanted.target)

    def settle_gone(self, turn: DayTurn) -> None:
        """Settle what ServiceTitan no longer finds and a person seems to have emptied, as she was told."""
        for source, result in list(turn.results.items()):
            link = turn.known.link(source, result.target)
            is_gone = result.reason is not None and result.reason.code == GONE
            if not is_gone or link is None or not seems_emptied(link) or not turn.is_live:
                continue
            gone = Mapped(
                source,
                Verdict.NOT_DUE,
                result.day,
                cents=result.cents,
                number=result.number,
                title=result.title,
                reason=Reason(GONE, "ServiceTitan no longer finds it."),
            )
            try:
                found = self._writer.find_out(gone, link.target, turn.known)
            except ConnectionStopped as error:
                turn.note_stop(error)
                return
            if found.outcome is Outcome.VOIDED:
                turn.keep(found)

    def carry_out(self, turn: DayTurn, step: Step) -> None:
        """Void what is to be voided in a step."""
        for key, unwanted in list(turn.unwanted.items()):
            if unwanted.step is step:
                del turn.unwanted[key]
                self._follow(turn, unwanted, self._void(turn, unwanted))

    def clear_the_way(self, turn: DayTurn, target: str) -> None:
        """Void what nothing uses before its replacement is made: two cannot bill one line of an order."""
        for key, unwanted in list(turn.unwanted.items()):
            if key[1] == target and not turn.used_by.get(key):
                del turn.unwanted[key]
                self._follow(turn, unwanted, self._void(turn, unwanted))

    def let_go(self, turn: DayTurn) -> None:
        """Take credits off what is about to be voided, and payments that wait for what takes its place."""
        for source in sorted(turn.users):
            mapped = turn.mapped.get(source)
            if mapped is None or source.record in turn.changing:
                continue
            if turn.waits_for_shape(mapped) or is_application_part(source):
                self._take_off(turn, mapped)

    def take_off(self, turn: DayTurn, documents: Sequence[Payload]) -> None:
        """Take payments off documents that QuickBooks gives to no other customer while they are paid."""
        for each in documents:
            turn.known.retire(each.source, each.target)
        for source in sorted(turn.freed):
            if (mapped := turn.mapped.get(source)) is not None:
                self._take_off(turn, mapped)
        for each in documents:
            turn.known.keep(each.source, each.target)

    def _take_off(self, turn: DayTurn, mapped: Mapped) -> None:
        """Write a payment without what is not there or does not stay; without anything left it is voided."""
        payload = mapped.payload
        if payload is None or payload.target not in objects.PAYMENTS or turn.stopped is not None:
            return
        if not turn.is_live:
            return  # what a plan says of it is said of what it becomes
        link = turn.known.link(mapped.source, payload.target)
        if link is None:
            return
        less = without_missing(payload, turn.known)
        try:
            if less is not None:
                result = self._writer.write(less, turn.known)
            else:
                why = "it lets go of what is changed."
                gone = Unwanted(mapped.source, payload.target, link, mapped, why)
                result = self._writer.void(gone, turn.known)
            turn.let_go[mapped.source] = result.outcome
        except ConnectionStopped as error:
            turn.note_stop(error)

    def _void(self, turn: DayTurn, unwanted: Unwanted) -> LoadResult:
        if not turn.is_live:
            return self._writer.preview_void(unwanted)
        if used := _still_used(turn, unwanted):
            said = reason("void_used", target=unwanted.target, qbo_id=_id(unwanted.link), by=used)
            return subject_of(unwanted).result(Outcome.HELD, link=unwanted.link, said=said)
        if turn.stopped is not None:
            return subject_of(unwanted).failed(turn.stopped, link=unwanted.link)
        try:
            return self._writer.void(unwanted, turn.known)
        except ConnectionStopped as error:
            turn.note_stop(error)
            return subject_of(unwanted).failed(error, link=unwanted.link)

    def _follow(self, turn: DayTurn, unwanted: Unwanted, result: LoadResult) -> None:
        """Keep the result; a new shape is not made while the old one stands, or money would count twice."""
        parts = turn.parts_of(unwanted.source.record)
        due = [part for part in parts if part.verdict is Verdict.DUE and part.payload is not None]
        if result.outcome in _DONE:
            if all(part.source != unwanted.source for part in due):
                self._keep(turn, unwanted.mapped, result)
            return
        if not due or is_application_part(unwanted.source):
            # What moves no money is in nobody's way.
            self._keep(turn, unwanted.mapped, result)
            return
        for part in due:
            said = _waits(part, unwanted, result)
            subject = turn.subject(part)
            self._keep(turn, part, replace(subject.result(result.outcome, link=unwanted.link, said=said)))


def _customers(due: Sequence[Mapped]) -> Iterator[SourceRef]:
    """Yield the customers that documents name."""
    for part in due:
        body = part.payload.body if part.payload is not None else {}
        for field in ("CustomerRef", "EntityRef"):
            if (source := objects.as_source(objects.ref(body, field))) is not None:
                yield source


def _still_used(turn: DayTurn, unwanted: Unwanted) -> str:
    """Return which credits stay applied to a document: voiding it would leave them used up by nothing."""
    users = turn.used_by.get((unwanted.source, unwanted.target), set())
    kind = objects.settled_by(unwanted.target)
    links = [turn.known.link(user, kind) for user in sorted(users) if is_application_part(user)]
    standing = [
        link
        for link in links
        if link is not None
        and link.state is not LinkState.VOIDED
        and turn.let_go.get(link.source, _outcome(turn, link.source)) not in _LET_GO
    ]
    return ", ".join(f"{kind} {link.qbo_id}" for link in standing)


def _outcome(turn: DayTurn, source: SourceRef) -> Outcome | None:
    result = turn.results.get(source)
    return result.outcome if result is not None else None


def _id(link: Link | None) -> str:
    return link.qbo_id if link is not None else ""


def _waits(part: Mapped, unwanted: Unwanted, result: LoadResult) -> Reason:
    target = part.payload.target if part.payload is not None else ""
    said = reason(
        "shape_waits",
        target=target,
        old=unwanted.target,
        qbo_id=result.qbo_id,
        why=result.reason.text if result.reason else "it could not be voided.",
    )
    # What stands in the way is what a person looks for: its code and its remedy.
    because = result.reason
    return replace(said, code=because.code, remedy=because.remedy or said.remedy) if because else said
