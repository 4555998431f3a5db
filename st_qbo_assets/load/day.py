"""Loading one day: what in which order, and what must be looked at again.

What belongs here: gathering what is known in bulk, the order by target (rule 5.5), names one at a time
and documents side by side, and the payments that an invoice brings along (rule 3.2). What does not: one
record's turn (`apply`), reading ServiceTitan (the caller hands that in), partitions (orchestration).

A record that has nothing to send takes no lock and costs no call: an unchanged day is a few queries to
our own database.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import date

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Payload, Reason, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.adoption import find_existing
from st_qbo_assets.load.apply import RecordWriter, without_writing
from st_qbo_assets.load.customers import CustomerDesk, CustomerIndex
from st_qbo_assets.load.items import ItemDesk
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.plan import ActionKind, Finding, plan_write
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.results import Subject, passed_through, with_note
from st_qbo_assets.load.settled import SettledLinks
from st_qbo_assets.load.settling import find_settled
from st_qbo_assets.store.links import Link

_log = logging.getLogger(__name__)

Reread = Callable[[Entity, Sequence[str]], Sequence[Mapped]]
PaymentsOf = Callable[[Sequence[str]], Sequence[Mapped]]

#: Load order by target; what stands in one row does not refer to each other.
STAGES: tuple[tuple[str, ...], ...] = (
    ("Item",),
    ("Customer", "Vendor"),
    ("Invoice", "CreditMemo", "PurchaseOrder"),
    ("Bill",),
    ("Payment", "RefundReceipt", "Purchase"),
    ("VendorCredit",),
    ("BillPayment",),
)
#: Stage of a record without a payload, by its entity.
_TARGET_OF = {
    Entity.ITEM: "Item",
    Entity.CUSTOMER: "Customer",
    Entity.VENDOR: "Vendor",
    Entity.INVOICE: "Invoice",
    Entity.CREDIT_MEMO: "CreditMemo",
    Entity.PURCHASE_ORDER: "PurchaseOrder",
    Entity.BILL: "Bill",
    Entity.PAYMENT: "Payment",
    Entity.VENDOR_CREDIT: "VendorCredit",
}
_MASTERS = frozenset({Entity.ITEM, Entity.CUSTOMER, Entity.VENDOR})
_AT_REST = frozenset({Outcome.POSTED, Outcome.UNCHANGED, Outcome.VOIDED})
_IN_QUICKBOOKS = frozenset({Outcome.POSTED, Outcome.UNCHANGED, Outcome.MISMATCH})


@dataclass(frozen=True)
class DayInput:
    """One day as mapped, and how to look again.

    Attributes:
        day: the partition.
        mapped: what the mapping made of the day, by entity, masters included.
        reread: reads and maps records of an entity again by id; what it does not return is gone. It may
            also return the customers and items those records refer to.
        payments_of: reads and maps every payment that ServiceTitan applies to some invoices, by invoice id.
        is_fresh: whether the records were read in this very run; else whatever is not settled is read again.
        days_to_come: days that this run still loads; their payments are planned there.
    """

    day: date
    mapped: Mapping[Entity, Sequence[Mapped]]
    reread: Reread | None = None
    payments_of: PaymentsOf | None = None
    is_fresh: bool = False
    days_to_come: Collection[date] = ()


class DayLoader:
    """Loads days of one company; keep one for the days of a run, oldest first."""

    def __init__(
        self,
        context: WriteContext,
        *,
        settled: SettledLinks | None = None,
        index: CustomerIndex | None = None,
        on_result: Callable[[LoadResult], None] | None = None,
    ) -> None:
        """Load with this context.

        Args:
            context: calls, ledger and policies.
            settled: the pairs of `links.csv`.
            index: the realm's customers by name; by default read once when first needed.
            on_result: shown every result as soon as it is known, from the threads that made it.
        """
        self._context = context
        self._settled = settled or {}
        self._customers = CustomerDesk(
            context, index=index or CustomerIndex(context.quickbooks), settled=self._settled
        )
        self._items = ItemDesk(context)
        self._writer = RecordWriter(context, self)
        self._on_result = on_result
        self._is_live = context.company.mode == "live"

    def after_conflict(self, payload: Payload, tried: str) -> Finding:
        """Return what to do about a name QuickBooks refused.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        desk = self._items if payload.target == "Item" else self._customers
        return desk.after_conflict(payload, tried)

    def load(self, given: DayInput) -> list[LoadResult]:
        """Bring QuickBooks to hold a day, and return where every record of it stands.

        Results of payments of other days that an invoice brought along carry their own day. States are
        saved at the end, together: a load that died before is seen to have died, and its invoices bring
        their payments along again.
        """
        turn = _DayTurn(self._context, given, is_live=self._is_live)
        turn.gather()
        for stage in STAGES:
            self._load_stage(turn, stage)
            if stage[0] == "Invoice":
                turn.bring_payments_along()
        results = list(turn.results.values())
        self._context.ledger.save_states(self._context.name, results, self._context.run_id)
        _log.info("day=loaded day=%s records=%d", given.day, len(results))
        return results

    def _load_stage(self, turn: "_DayTurn", targets: tuple[str, ...]) -> None:
        mapped = [each for each in turn.mapped.values() if _target_of(each) in targets]
        due = [each for each in mapped if each.verdict is Verdict.DUE and each.payload is not None]
        self._find(turn, due)
        jobs: list[Callable[[], LoadResult]] = []
        for each in mapped:
            if each.source in turn.results:
                continue
            done = self._at_once(turn, each)
            if done is not None:
                self._keep(turn, each, done)
            else:
                jobs.append(self._job(turn, each))
        self._run(jobs, side_by_side=not objects.name_field(targets[0]))

    def _find(self, turn: "_DayTurn", due: Sequence[Mapped]) -> None:
        """Look into QuickBooks for what has no link; if it cannot be asked, those records fail for now."""
        payloads = [each.payload for each in due if each.payload is not None]
        if not payloads or turn.stopped is not None:
            return
        try:
            turn.known.learn_findings(find_settled(self._context, payloads, self._settled, turn.known))
            unlinked = [each for each in due if not turn.has_link(each)]
            if not unlinked:
                return
            open_ = [each.payload for each in unlinked if each.payload is not None]
            if payloads[0].target == "Item":
                turn.known.learn_findings(self._items.findings(unlinked, turn.known))
            elif payloads[0].target == "Customer":
                turn.known.learn_findings(self._customers.findings(open_, turn.known))
            else:
                open_ = [each for each in open_ if turn.known.finding(each.source, each.target) is None]
                turn.known.learn_findings(find_existing(self._context, open_, turn.known))
        except SyncError as error:
            turn.note_stop(error)
            for each in due:
                if not turn.has_link(each):
                    self._keep(turn, each, turn.subject(each).failed(error))

    def _at_once(self, turn: "_DayTurn", mapped: Mapped) -> LoadResult | None:
        """Return the result of a record that needs no lock and no call; None if it does."""
        links, has_open = turn.links_of(mapped.source), mapped.source in turn.open_intents
        payload = mapped.payload
        if mapped.verdict is not Verdict.DUE or payload is None:
            if has_open and self._is_live:
                return None
            link = links[0] if links else None
            action = self._writer.plan_retired(mapped, link)
            if link is None or mapped.verdict is not Verdict.NOT_DUE:
                return passed_through(
                    mapped, qbo_id=link.qbo_id if link else "", target=link.target if link else ""
                )
            needs_a_turn = action.writes and self._is_live
            return None if needs_a_turn else without_writing(turn.subject(mapped, link.target), action)
        if not self._is_live:
            return self._writer.preview(payload, turn.known)
        if has_open:
            return None
        link = turn.known.link(payload.source, payload.target)
        action = plan_write(payload, link, turn.known, self._context.policies)
        if action.kind in (ActionKind.UNCHANGED, ActionKind.BLOCKED, ActionKind.HELD):
            return without_writing(turn.subject(mapped), action)
        return None

    def _job(self, turn: "_DayTurn", mapped: Mapped) -> Callable[[], LoadResult]:
        def run() -> LoadResult:
            if turn.stopped is not None:
                return self._keep(turn, mapped, turn.subject(mapped).failed(turn.stopped))
            try:
                if mapped.verdict is Verdict.DUE and mapped.payload is not None:
                    result = self._writer.write(mapped.payload, turn.known)
                else:
                    target = next((link.target for link in turn.links_of(mapped.source)), _target_of(mapped))
                    result = self._writer.retire(
                        mapped, turn.open_intents.get(mapped.source, target), turn.known
                    )
            except ConnectionStopped as error:
                turn.note_stop(error)
                result = turn.subject(mapped).failed(error)
            return self._keep(turn, mapped, result)

        return run

    def _run(self, jobs: Sequence[Callable[[], LoadResult]], *, side_by_side: bool) -> None:
        workers = self._context.company.quickbooks.in_flight
        if not side_by_side or workers == 1 or len(jobs) < 2:
            for job in jobs:
                job()
            return
        with ThreadPoolExecutor(max_workers=min(workers, len(jobs)), thread_name_prefix="load") as pool:
            futures = [pool.submit(job) for job in jobs]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _keep(self, turn: "_DayTurn", mapped: Mapped, result: LoadResult) -> LoadResult:
        result = with_note(result, mapped.reason)
        turn.keep(result)
        if self._on_result is not None:
            self._on_result(result)
        return result


@dataclass
class _DayTurn:
    """One day being loaded."""

    context: WriteContext
    given: DayInput
    is_live: bool
    known: Knowledge = field(default_factory=Knowledge)
    mapped: dict[SourceRef, Mapped] = field(default_factory=dict[SourceRef, Mapped])
    results: dict[SourceRef, LoadResult] = field(default_factory=dict[SourceRef, LoadResult])
    open_intents: dict[SourceRef, str] = field(default_factory=dict[SourceRef, str])
    before: dict[SourceRef, Outcome] = field(default_factory=dict[SourceRef, Outcome])
    stopped: ConnectionStopped | None = None

    def gather(self) -> None:
        """Bring together what the day consists of and what is known of it."""
        self.learn(mapped for group in self.given.mapped.values() for mapped in group)
        missing = [link for entity in _documents(self.given) for link in self._missing(entity)]
        if self.given.reread is None:
            return
        stale = [] if self.given.is_fresh else self._unsettled()
        wanted: dict[Entity, list[str]] = {}
        for source in dict.fromkeys([*stale, *(link.source for link in missing)]):
            wanted.setdefault(source.entity, []).append(source.id)
        for entity, ids in wanted.items():
            self._read_again(self.given.reread, entity, list(dict.fromkeys(ids)), missing)

    def learn(self, mapped: Iterable[Mapped]) -> None:
        """Take records into the day, with links, states and open intents of theirs and of what they name."""
        fresh = {each.source: each for each in mapped}
        self.mapped.update(fresh)
        refers = [
            source
            for each in fresh.values()
            if each.payload is not None
            for _, source in objects.symbolic_references(each.payload.body)
        ]
        ledger, name = self.context.ledger, self.context.name
        sources = list(dict.fromkeys([*fresh, *refers]))
        for links in ledger.links(name, sources).values():
            self.known.learn_links(links)
        states = ledger.record_states(name, sources)
        self.before.update({source: state.outcome for source, state in states.items()})
        self.known.learn_outcomes({source: state.outcome for source, state in states.items()})
        for source, intents in ledger.open_intents(name, list(fresh)).items():
            self.open_intents[source] = intents[0].target

    def bring_payments_along(self) -> None:
        """Take in the payments of every invoice that is in QuickBooks since this load (rule 3.2)."""
        invoices = [
            result
            for source, result in self.results.items()
            if source.entity is Entity.INVOICE
            and result.outcome in _IN_QUICKBOOKS
            and self.before.get(source) not in _IN_QUICKBOOKS
        ]
        if not invoices or self.given.payments_of is None or not self.is_live:
            return
        try:
            found = self.given.payments_of([result.source.id for result in invoices])
        except SyncError as error:
            said = reason("payments_not_planned", error=str(error))
            for result in invoices:
                self.keep(replace(result, outcome=Outcome.FAILED, reason=said))
            return
        days = frozenset(self.given.days_to_come)
        self.learn(each for each in found if each.source not in self.mapped and each.day not in days)

    def keep(self, result: LoadResult) -> None:
        """Keep where a record stands."""
        self.results[result.source] = result
        self.known.learn_result(result)

    def note_stop(self, error: SyncError) -> None:
        """Remember that the connection is stopped, so that nothing more is tried."""
        if isinstance(error, ConnectionStopped):
            self.stopped = self.stopped or error

    def links_of(self, source: SourceRef) -> list[Link]:
        """Return the links of a record."""
        return self.known.links_of(source)

    def has_link(self, mapped: Mapped) -> bool:
        """Say whether a due record is in QuickBooks."""
        payload = mapped.payload
        return payload is not None and self.known.link(payload.source, payload.target) is not None

    def subject(self, mapped: Mapped, target: str = "") -> Subject:
        """Return who a result is about."""
        if mapped.payload is not None:
            return Subject.of_payload(mapped.payload)
        return Subject.of_mapped(mapped, target or _target_of(mapped))

    def _unsettled(self) -> list[SourceRef]:
        # An item has no record of its own: the invoice that needs it brings it when it is read again.
        return [
            source
            for source in self.mapped
            if source.entity is not Entity.ITEM and self.before.get(source) not in _AT_REST
        ]

    def _missing(self, entity: Entity) -> list[Link]:
        links = self.context.links.of_day(self.context.name, entity, self.given.day)
        return [link for link in links if link.source not in self.mapped]

    def _read_again(
        self, reread: Reread, entity: Entity, ids: Sequence[str], missing: Sequence[Link]
    ) -> None:
        try:
            found = reread(entity, ids)
        except SyncError as error:
            said = reason("not_read_again", error=str(error))
            for source in [source for source in self.mapped if source.entity is entity and source.id in ids]:
                failed = self.subject(self.mapped[source]).result(Outcome.FAILED, said=said)
                self.keep(failed)
            return
        days = frozenset(self.given.days_to_come)
        self.learn(each for each in found if each.source in self.mapped or each.day not in days)
        there = {each.source for each in found}
        if entity in _MASTERS:
            return
        self.known.learn_links(missing)
        gone = [source for source in self.mapped if _was_asked(source, entity, ids) and source not in there]
        absent = [
            link for link in missing if _was_asked(link.source, entity, ids) and link.source not in there
        ]
        for source in gone:
            self._gone(self.mapped[source], self.links_of(source))
        for link in absent:
            stands_for = Mapped(link.source, Verdict.NOT_DUE, self.given.day, number=link.number)
            self._gone(stands_for, [link])

    def _gone(self, mapped: Mapped, links: Sequence[Link]) -> None:
        said: Reason | None = mapped.reason
        outcome, link = Outcome.NOT_DUE, next(iter(links), None)
        if link is not None:
            outcome = Outcome.HELD
            said = reason("gone_from_servicetitan", target=link.target, qbo_id=link.qbo_id)
        else:
            said = reason("gone_unposted")
        self.keep(self.subject(mapped, link.target if link else "").result(outcome, link=link, said=said))


def _was_asked(source: SourceRef, entity: Entity, ids: Collection[str]) -> bool:
    return source.entity is entity and source.id in ids


def _documents(given: DayInput) -> list[Entity]:
    return [entity for entity in given.mapped if entity not in _MASTERS]


def _target_of(mapped: Mapped) -> str:
    return mapped.payload.target if mapped.payload is not None else _TARGET_OF[mapped.source.entity]
