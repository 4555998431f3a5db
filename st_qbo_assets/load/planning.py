"""Planning a day as it would be loaded, writing to neither system and keeping nothing.

What belongs here: going through a day as the loader does, with what each step would do. What does not: the
steps themselves (`day`), what they do to the books (`effects`) and showing them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import SourceRef
from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped, Outcome, Payload, Reason, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action, ActionKind
from st_qbo_assets.load.adoption import Elsewhere
from st_qbo_assets.load.apply import RecordWriter
from st_qbo_assets.load.day import DayLoader
from st_qbo_assets.load.foresight import RECHECK, foreseen
from st_qbo_assets.load.gathering import DayInput, DayTurn
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.linking import Posted, link_to, link_to_found, link_to_written
from st_qbo_assets.load.open_amounts import as_last_found, pays
from st_qbo_assets.load.open_books import ConfirmedBooks, OpenBooks, PlannedBooks
from st_qbo_assets.load.plan import plan_write
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.probe import find_written, read_if_there
from st_qbo_assets.load.reading_only import reading_only
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.refusals import over_present
from st_qbo_assets.load.results import Subject, passed_through, subject_of, with_note
from st_qbo_assets.load.retiring import Retiring
from st_qbo_assets.load.settled import SettledLinks
from st_qbo_assets.load.shapes import Unwanted
from st_qbo_assets.load.updating import changes_of
from st_qbo_assets.load.verify import DELETED, Difference, verify, verify_voided
from st_qbo_assets.load.voiding import VOIDS_BY_UPDATE, plan_void
from st_qbo_assets.store.links import Link, LinkState

_FOREIGN = frozenset({LinkState.ADOPTED, LinkState.SETTLED_PAIR})


@dataclass(frozen=True)
class Planned:
    """What a load would do about one document.

    Attributes:
        result: where the record would stand; outcome `planned` and an operation if anything is done.
        mapped: what the mapping made of it; None where only its link is known.
        link: the document in QuickBooks it is about, as it is now.
        rewrites: whether an object in doubt would get our version, once it was looked at (rule 5.3).
        changes: what an update sets to something else than QuickBooks last confirmed.
    """

    result: LoadResult
    mapped: Mapped | None = None
    link: Link | None = None
    rewrites: bool = False
    changes: tuple[Difference, ...] = ()

    @property
    def will(self) -> str:
        """What will happen, in one word: an operation (`create`, `recheck` …), or where the record stands."""
        is_planned = self.result.outcome is Outcome.PLANNED
        return self.result.operation if is_planned else self.result.outcome.value


class DayPlanner:
    """Plans days of one company; keep one for the days of a run, oldest first."""

    def __init__(
        self, context: WriteContext, *, settled: SettledLinks | None = None, looks: bool = True
    ) -> None:
        """Plan with this context, whatever the company's mode.

        Args:
            context: calls, ledger and policies; only reads are made.
            settled: the pairs of `links.csv`.
            looks: whether QuickBooks is asked what it holds of documents without a link, as the load asks;
                else they are planned as new.
        """
        company = context.company.model_copy(update={"mode": "preview"})
        self._context = replace(reading_only(context, is_asked=looks), company=company)
        self._walker = _Walker(self._context, settled=settled, looks=looks)

    def plan(self, given: DayInput, *, assumed: Mapping[SourceRef, Outcome] | None = None) -> list[Planned]:
        """Return what a load of the day would do about every record, in the order it would do it.

        Args:
            given: the day as mapped, and how to look again.
            assumed: where records stand that are not part of it; they go before what the ledger says.

        Raises:
            ConnectionStopped: if a system cannot be asked before a person acts.
            SyncError: if ServiceTitan could not be asked.
        """
        return self._walker.plan(given, assumed or {})


class _Walker(DayLoader):
    """Goes through a day like the loader, noting instead of doing."""

    def __init__(self, context: WriteContext, *, settled: SettledLinks | None, looks: bool) -> None:
        super().__init__(context, settled=settled)
        self._looks = looks
        self._writer = _VoidNotes(context, self, looks=looks)
        self._retiring = Retiring(self._writer, self._keep)
        self._follows = looks
        self._open_books = PlannedBooks(context) if looks else ConfirmedBooks(context)
        self._actions: dict[SourceRef, Action] = {}
        self._assumed: Mapping[SourceRef, Outcome] = {}
        #: Links that a load would make or find, in this plan.
        self._found: list[Link] = []
        self._before: list[Link] = []
        self._counted: set[tuple[SourceRef, str]] = set()

    def plan(self, given: DayInput, assumed: Mapping[SourceRef, Outcome]) -> list[Planned]:
        self._actions, self._assumed, self._before = {}, assumed, list(self._found)
        self._writer.voids.clear()
        turn = self._walk(given)
        if isinstance(self.stopped, ConnectionStopped):
            raise self.stopped
        voids = {(note.result.source, note.result.target): note for note in self._writer.voids}
        planned = [
            voids.pop((result.source, result.target), None) or self._planned(turn, result)
            for result in turn.results.values()
        ]
        return [*voids.values(), *planned]

    def _planned(self, turn: DayTurn, result: LoadResult) -> Planned:
        action = self._actions.get(result.source)
        link = turn.known.link(result.source, result.target)
        if action is not None and action.kind is not ActionKind.ADOPT:
            link = action.link
        rewrites = action is not None and result.operation == RECHECK and self._rewrites(action)
        changes: tuple[Difference, ...] = ()
        if action is not None and action.kind is ActionKind.UPDATE and action.payload and link:
            changes = changes_of(action.payload, link, action.request or {})
        return Planned(result, turn.mapped.get(result.source), link, rewrites, changes)

    def _rewrites(self, action: Action) -> bool:
        link, payload, policy = action.link, action.payload, self._context.policies.drift
        if link is None or payload is None or link.state in _FOREIGN or DELETED in (link.drift or {}):
            return False
        if not link.drift or _is_emptied(link):
            return False
        return policy == "restore" or (policy == "accept" and payload.digest != link.digest)

    def _load_stage(
        self,
        turn: DayTurn,
        targets: tuple[str, ...],
        *,
        applications: bool = False,
        locations: bool = False,
    ) -> None:
        for source, outcome in self._assumed.items():
            if source not in turn.results:
                turn.known.learn_result(LoadResult(source, outcome, turn.given.day))
        turn.known.learn_links(self._before)
        super()._load_stage(turn, targets, applications=applications, locations=locations)

    def _find(self, turn: DayTurn, due: Sequence[Mapped]) -> None:
        if not self._looks:
            return
        super()._find(turn, due)
        actions = [self._planned_write(turn, each) for each in due]
        try:
            self._open_books.read(_linked(each) for each in actions if each.kind is ActionKind.UPDATE)
        except SyncError as error:
            turn.note_stop(error)

    def _at_once(self, turn: DayTurn, mapped: Mapped) -> LoadResult | None:
        payload = mapped.payload
        if mapped.verdict is not Verdict.DUE or payload is None:
            return super()._at_once(turn, mapped)
        said = self._find_out(turn, payload) if self._is_open(turn, mapped) else None
        looked = turn.looked.get(payload.source)
        if isinstance(looked, LoadResult):
            return looked
        action = self._adopted(turn, looked or self._planned_write(turn, mapped))
        step = self._over_present(turn, mapped, action)
        if isinstance(step, LoadResult):
            return step
        self._actions[payload.source] = action = step
        if action.kind is ActionKind.CREATE and self._looks:
            self._found.append(_link_to_come(self._context, action))
        result = foreseen(turn.subject(mapped), action)
        return replace(result, reason=said) if said is not None else result

    def _is_open(self, turn: DayTurn, mapped: Mapped) -> bool:
        return any(source == mapped.source for source, _ in turn.open_intents)

    def _find_out(self, turn: DayTurn, payload: Payload) -> Reason | None:
        """Learn what became of a write whose answer was lost; return what is said where that is not known."""
        intent = self._context.ledger.open_intent(self._context.name, payload.source, payload.target)
        said = reason("not_settled", error="what became of its last write is found out first")
        if intent is None or not self._looks:
            return said
        try:
            written = find_written(self._context, intent)
        except SyncError as error:
            turn.note_stop(error)
            return said
        if written is None:
            return said
        self._learn(turn, link_to_written(self._context, intent, written))
        return None

    def _adopted(self, turn: DayTurn, action: Action) -> Action:
        """Return what follows once an object that was found is linked: from now on others refer to it."""
        payload, finding = action.payload, action.finding
        if action.kind is not ActionKind.ADOPT or payload is None or finding is None:
            return action
        link, is_unsure = link_to_found(self._context, payload, finding, turn.known)
        self._learn(turn, link)
        return plan_write(payload, link, turn.known, self._context.policies) if is_unsure else action

    def _learn(self, turn: DayTurn, link: Link) -> None:
        self._found.append(link)
        turn.known.learn_links([link])

    def _over_present(self, turn: DayTurn, mapped: Mapped, action: Action) -> LoadResult | Action:
        """Return an update as it goes over what is in QuickBooks now: somebody may have edited that."""
        link = action.link
        if not self._looks or action.kind is not ActionKind.UPDATE or link is None or _is_to_come(link):
            return action
        if objects.name_field(link.target) or turn.stopped is not None:
            return action
        subject, seen = turn.subject(mapped), self._open_books.row(_linked(action))
        if seen is None:
            return _deleted(subject, link)
        if _is_deposited(seen) and verify(link.target, action.request or {}, seen):
            return _held_on_deposit(subject, link)
        if objects.text(seen.get("SyncToken")) == link.sync_token:
            return action
        return over_present(self._context, subject, action, seen, wrote=False)

    # What is open for payments

    def _taken(self, turn: DayTurn) -> Mapping[tuple[SourceRef, str], dict[str, str]]:
        """Return what payments will take of documents once they are written."""
        taken: dict[tuple[SourceRef, str], dict[str, str]] = {
            (source, action.payload.target): {
                f"{kind} {id_}": str(amount)
                for (kind, id_), amount in objects.applied(action.request or {}).items()
            }
            for source, action in self._actions.items()
            if action.payload is not None and pays(action)
        }
        return taken | {(note.result.source, note.result.target): {} for note in self._writer.voids}

    def _look_first(self, turn: DayTurn, due: Sequence[Mapped]) -> None:
        """Look at what is open for every payment: what somebody typed shows in no link of ours."""
        settled = [each for each in due if not self._is_open(turn, each)]
        if self._looks:
            planned = [(each, self._planned_write(turn, each)) for each in settled]
            # What is not sent lets go of nothing, and takes nothing.
            is_sent = [isinstance(self._over_present(turn, *each), Action) for each in planned]
            self._look(turn, list(compress(planned, is_sent)))
            return
        for each in settled:
            state = turn.stood.get(each.source)
            if state is None or not turn.known.found_too_little(each.source):
                continue
            action = self._planned_write(turn, each)
            result = as_last_found(turn.subject(each), action, state) if pays(action) else None
            if result is not None:
                turn.looked[each.source] = result

    def _books(self, turn: DayTurn) -> OpenBooks:
        """Return the documents as they will be, once what is planned so far was done."""
        for result in turn.results.values():
            key = (result.source, result.target)
            if result.outcome is not Outcome.PLANNED or key in self._counted:
                continue
            self._counted.add(key)
            link, total = turn.known.link(*key), from_cents(abs(result.cents))
            if result.operation == ActionKind.CREATE:
                self._open_books.grow((result.target, str(result.source)), total)
            elif result.operation == ActionKind.UPDATE and link is not None:
                before = objects.amount(link.confirmed.get("TotalAmt")) or objects.ZERO
                self._open_books.grow((result.target, link.qbo_id), total - before)
        for note in self._writer.voids:
            if note.link is not None and note.link.target in objects.PAYMENTS and note.will == "void":
                self._open_books.void(note.link)
        return self._open_books


def _linked(action: Action) -> tuple[str, str]:
    link = action.link
    return ("", "") if link is None else (link.target, link.qbo_id)


def _deleted(subject: Subject, link: Link) -> LoadResult:
    said = reason("deleted_in_quickbooks", source=link.source, target=link.target, qbo_id=link.qbo_id)
    return subject.result(Outcome.REJECTED, link=link, said=said)


def _is_deposited(seen: Json) -> bool:
    """Say whether a payment lies on a bank deposit, which QuickBooks then lets nobody change."""
    return bool(objects.linked_payments(seen, "Deposit"))


def _held_on_deposit(subject: Subject, link: Link) -> LoadResult:
    said = reason("deposited", target=link.target, qbo_id=link.qbo_id)
    return subject.result(Outcome.HELD, link=link, said=said)


def _link_to_come(context: WriteContext, action: Action) -> Link:
    """Return the link that a create will have, under the name of its record instead of an id."""
    payload = action.payload
    assert payload is not None
    total = {"TotalAmt": from_cents(abs(payload.cents))}
    obj = {**total, **(action.request or {}), "Id": str(payload.source)}
    return link_to(context, Posted.of_payload(payload), obj)


def _is_to_come(link: Link) -> bool:
    return objects.as_source(link.qbo_id) is not None


def _is_emptied(link: Link) -> bool:
    """Say whether what somebody left of a document comes to nothing: voided, it waits for a person."""
    total = objects.as_mapping((link.drift or {}).get("TotalAmt"))
    return bool(total) and not objects.amount(total.get("now"))


class _VoidNotes(RecordWriter):
    """Notes which documents would be voided, also where the record lives on as another document."""

    def __init__(self, context: WriteContext, names: DayLoader, *, looks: bool) -> None:
        super().__init__(context, names)
        self._looks = looks
        self.voids: list[Planned] = []

    def preview_void(self, unwanted: Unwanted) -> LoadResult:
        result, link = super().preview_void(unwanted), unwanted.link
        if self._looks and result.outcome is Outcome.PLANNED and link is not None:
            result, link = self._as_it_is(unwanted, link, result)
        result = with_note(result, unwanted.mapped.reason)
        self.voids.append(Planned(result, unwanted.mapped, link))
        return result

    def _as_it_is(self, unwanted: Unwanted, link: Link, planned: LoadResult) -> tuple[LoadResult, Link]:
        """Return what a void does to a document as it is in QuickBooks now: somebody may have edited it."""
        seen, subject = read_if_there(self._context, link.target, link.qbo_id), subject_of(unwanted)
        if link.target in VOIDS_BY_UPDATE if seen is None else not verify_voided(link.target, seen):
            return subject.result(Outcome.VOIDED, link=link, said=planned.reason), link
        if seen is None:
            return _deleted(subject, link), link
        if _is_deposited(seen):
            return _held_on_deposit(subject, link), link
        if objects.text(seen.get("SyncToken")) == link.sync_token and not link.drift:
            return planned, link
        # What uses it lets go of it before: that it is used now says nothing.
        action = plan_void(link, unwanted.why, self._context.policies)
        step = over_present(self._context, subject, action, seen, wrote=False)
        return (step, link) if isinstance(step, LoadResult) else (planned, step.link or link)

    def link_elsewhere(self, wanted: Elsewhere, obj: Json, known: Knowledge) -> LoadResult:
        """Return what linking a document that others have booked would do."""
        link = link_to(
            self._context, Posted.elsewhere(wanted.mapped, "Invoice"), obj, state=LinkState.ADOPTED
        )
        known.learn_links([link])
        stands = passed_through(wanted.mapped, qbo_id=link.qbo_id, target="Invoice")
        return replace(stands, outcome=Outcome.PLANNED, operation="link")
