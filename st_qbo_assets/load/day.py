"""Loading one day, or a few together: what in which order.

What belongs here: the order by target (rule 5.5), names one at a time and documents side by side, and
what is done without a lock. What does not: what the day consists of (`gathering`), one record's turn
(`apply`), reading ServiceTitan (the caller hands that in), partitions (orchestration).

A record that has nothing to send takes no lock and costs no call: an unchanged day is a few queries to
our own database.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef, is_location
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Payload, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action, ActionKind, Finding
from st_qbo_assets.load.adjusted_ties import cap_ties
from st_qbo_assets.load.adoption import LINK_ONLY, exported_elsewhere, find_elsewhere, find_existing
from st_qbo_assets.load.apply import RecordWriter, awaits_emptying
from st_qbo_assets.load.bringing import (
    bring_payments_along,
    bring_users,
    bring_waiting,
    free_payments,
    plan_refunded,
    refused_with_payments,
)
from st_qbo_assets.load.closed_books import adjust_closed
from st_qbo_assets.load.customers import CustomerDesk, CustomerIndex
from st_qbo_assets.load.following import bring_receipts
from st_qbo_assets.load.gathering import DayInput, DayTurn, target_of
from st_qbo_assets.load.items import ItemDesk
from st_qbo_assets.load.open_amounts import look, pays
from st_qbo_assets.load.open_books import OpenBooks
from st_qbo_assets.load.outdated import outdated
from st_qbo_assets.load.plan import plan_write
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.reasons import FOUND_TOO_LITTLE
from st_qbo_assets.load.results import both, passed_through, with_note
from st_qbo_assets.load.retiring import Retiring
from st_qbo_assets.load.retrying import bring_left_short, bring_short
from st_qbo_assets.load.settled import SettledLinks
from st_qbo_assets.load.settling import find_settled
from st_qbo_assets.load.shapes import Step, is_application_part
from st_qbo_assets.load.side_by_side import run_jobs
from st_qbo_assets.load.turn import without_writing
from st_qbo_assets.load.voiding import standing
from st_qbo_assets.store.links import Link, LinkState

__all__ = ["DayInput", "DayLoader"]

_log = logging.getLogger(__name__)

#: Load order by target (rule 5.5); what stands in one row does not refer to each other. A refund of unapplied
#: money stands before the payments, since the payment it refunds is tied to it.
MASTER_STAGES: tuple[tuple[str, ...], ...] = (("Vendor",), ("Item",), ("Customer",))
SALES = ("Invoice", "CreditMemo", "PurchaseOrder")
BILLS = ("Bill",)
REFUNDS = ("RefundReceipt", "Purchase")
PAYMENTS = ("Payment",)
VENDOR_CREDITS = ("VendorCredit",)
BILL_PAYMENTS = ("BillPayment",)
#: Stages whose documents payments are applied to.
_SETTLED = (SALES, BILLS, VENDOR_CREDITS, REFUNDS)
_PAYING = (PAYMENTS, BILL_PAYMENTS)
#: Rounds in which payments that stand in each other's way are sorted out; a swap needs one.
_MOST_ROUNDS = 3


class DayLoader:
    """Loads days of one company; keep one for the days of a run, oldest first.

    Attributes:
        stopped: why the connection is stopped, once it is; from then on every day fails with that reason.
    """

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
        self._vendors = CustomerDesk(
            context, index=CustomerIndex(context.quickbooks, "Vendor"), settled=self._settled
        )
        self._items = ItemDesk(context)
        self._writer = RecordWriter(context, self)
        self._retiring = Retiring(self._writer, self._keep)
        self._on_result = on_result
        self._is_live = context.company.mode == "live"
        self._follows = self._is_live
        self.stopped: ConnectionStopped | None = None

    def after_conflict(self, payload: Payload, tried: str) -> Finding:
        """Return what to do about a name QuickBooks refused.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        desk = {"Item": self._items, "Vendor": self._vendors}.get(payload.target, self._customers)
        return desk.after_conflict(payload, tried)

    def load(self, given: DayInput) -> list[LoadResult]:
        """Bring QuickBooks to hold a day (or the few given together), and return where every record stands.

        Results of payments of other days that an invoice brought along carry their own day. States are
        saved at the end, together: a load that died before is seen to have died, and its invoices bring
        their payments along again.
        """
        turn = self._walk(given)
        results = list(turn.results.values())
        said = [*(each for each in results if each.source not in turn.unread), *outdated(turn)]
        self._context.ledger.save_states(self._context.name, said, self._context.run_id, also=given.also)
        _log.info("day=loaded day=%s records=%d", given.day, len(results))
        return results

    def _walk(self, given: DayInput) -> DayTurn:
        """Go through a day stage by stage, and return its turn with every result."""
        turn = DayTurn(
            self._context, given, is_live=self._is_live, follows=self._follows, stopped=self.stopped
        )
        turn.gather()
        self._retiring.settle_gone(turn)
        bring_left_short(turn)
        bring_receipts(turn)
        for stage in MASTER_STAGES:
            self._load_stage(turn, stage)
        self._load_stage(turn, ("Customer",), locations=True)  # after the parents they refer to
        self._load_documents(turn)
        if turn.changing:
            # What was of another shape is gone now: these records come as what they are.
            turn.changing.clear()
            self._load_documents(turn)
        self._load_applications(turn)
        if bring_short(turn, self._taken(turn)):
            self._load_documents(turn)
            self._load_applications(turn)
        self.stopped = turn.stopped
        return turn

    def _taken(self, turn: DayTurn) -> Mapping[tuple[SourceRef, str], dict[str, str]]:
        """Return what payments will take of documents, where they are only planned."""
        return {}

    def _load_applications(self, turn: DayTurn) -> None:
        """Load what only ties documents, once all of them are there."""
        cap_ties(turn, self._books(turn))
        self._load_stage(turn, PAYMENTS, applications=True)
        self._load_stage(turn, BILL_PAYMENTS, applications=True)

    def _load_documents(self, turn: DayTurn) -> None:
        """Load sales, then what pays them, then void what nothing uses any more (rules 3.2, 3.6, 5.5)."""
        adjust_closed(turn)
        self._retiring.look(turn)
        self._load_stage(turn, SALES)
        if refused := refused_with_payments(turn):
            self._retiring.take_off(turn, refused)
            for each in refused:
                del turn.results[each.source]
            self._load_stage(turn, SALES)
        bring_payments_along(turn)
        bring_waiting(turn)
        bring_users(turn)
        self._retiring.look(turn)
        self._retiring.clear_the_way(turn, "Bill")
        self._load_stage(turn, BILLS)
        bring_payments_along(turn, Entity.BILL)
        self._retiring.look(turn)
        self._load_stage(turn, VENDOR_CREDITS)
        self._retiring.carry_out(turn, Step.APPLICATION)
        self._retiring.carry_out(turn, Step.MONEY)
        self._load_stage(turn, REFUNDS)
        plan_refunded(turn)
        self._retiring.look(turn)
        self._retiring.carry_out(turn, Step.APPLICATION)
        self._retiring.carry_out(turn, Step.MONEY)
        self._load_stage(turn, PAYMENTS)
        self._load_stage(turn, BILL_PAYMENTS)
        self._retiring.let_go(turn)
        self._retiring.carry_out(turn, Step.DOCUMENT)

    def _load_stage(
        self,
        turn: DayTurn,
        targets: tuple[str, ...],
        *,
        applications: bool = False,
        locations: bool = False,
    ) -> None:
        """Load what is, or would be, one of the targets.

        Of payments either money or mere applications; of customers themselves or their service locations.
        """
        mapped = [
            each
            for each in turn.mapped.values()
            if target_of(each) in targets
            and is_application_part(each.source) is applications
            and is_location(each.source) is locations
            and not turn.waits_for_shape(each)
        ]
        due = [each for each in mapped if each.verdict is Verdict.DUE and each.payload is not None]
        self._find(turn, [each for each in due if each.source not in turn.results])
        if targets is SALES:
            self._link_elsewhere(turn, mapped)
        if targets in _SETTLED:
            free_payments(turn, due)
        if targets in _PAYING:
            self._look_first(turn, [each for each in due if each.source not in turn.results])
        jobs: list[Callable[[], LoadResult]] = []
        for each in mapped:
            if each.source in turn.results or turn.is_unwanted(each.source):
                continue
            done = self._at_once(turn, each)
            if done is not None:
                self._keep(turn, each, done)
            else:
                jobs.append(self._job(turn, each))
        self._run(jobs, side_by_side=not objects.name_field(targets[0]))
        if targets in _PAYING:
            self._apply_the_rest(turn, targets)

    def _look_first(self, turn: DayTurn, due: Sequence[Mapped]) -> None:
        """Look at what is open, all at once, of payments that found too little: or they are refused again."""
        asked = [
            (each, self._planned_write(turn, each)) for each in due if self._found_too_little(turn, each)
        ]
        self._look(turn, asked)

    def _look(self, turn: DayTurn, asked: Sequence[tuple[Mapped, Action]]) -> None:
        for each, _ in asked:
            turn.looked.pop(each.source, None)
        if turn.stopped is not None:
            return
        try:
            payments = [(turn.subject(each), action) for each, action in asked if pays(action)]
            turn.looked.update(look(self._context, payments, self._books(turn)))
        except SyncError as error:
            turn.note_stop(error)  # each looks by itself before it is sent

    def _books(self, turn: DayTurn) -> OpenBooks:
        """Return QuickBooks' documents as they are now."""
        return OpenBooks(self._context)

    def _found_too_little(self, turn: DayTurn, mapped: Mapped) -> bool:
        is_settled = all(source != mapped.source for source, _ in turn.open_intents)
        return is_settled and turn.known.found_too_little(mapped.source)

    def _planned_write(self, turn: DayTurn, mapped: Mapped) -> Action:
        payload = mapped.payload
        assert payload is not None
        link = turn.known.link(payload.source, payload.target)
        return plan_write(payload, link, turn.known, self._context.policies)

    def _apply_the_rest(self, turn: DayTurn, targets: tuple[str, ...]) -> None:
        """Try again the payments that found too little open, now that the others have let go of it.

        Where ServiceTitan shifts money between invoices, each payment stands in the way of another until
        that one was written too.
        """
        due = [
            each
            for each in turn.mapped.values()
            if each.payload is not None and each.payload.target in targets
        ]
        for _ in range(_MOST_ROUNDS):
            written = {each.source for each in due if (done := turn.results.get(each.source)) and done.wrote}
            short = [
                each for each in due if _is_short(turn.results.get(each.source)) and written - {each.source}
            ]
            if not short or turn.stopped is not None:
                return
            first = {each.source: turn.results[each.source] for each in short}
            self._look_first(turn, short)
            at_once = {each.source: turn.looked.get(each.source) for each in short}
            for result in at_once.values():
                if isinstance(result, LoadResult):
                    turn.keep(result)
            jobs = [each for each in short if not isinstance(at_once[each.source], LoadResult)]
            self._run([self._job(turn, each) for each in jobs], side_by_side=True)
            for source, before in first.items():
                turn.keep(both(before, turn.results[source]))
            if all(_is_short(turn.results[source]) for source in first):
                return

    def _find(self, turn: DayTurn, due: Sequence[Mapped]) -> None:
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
            elif payloads[0].target in ("Customer", "Vendor"):
                for target, desk in (("Customer", self._customers), ("Vendor", self._vendors)):
                    own = [each for each in unlinked if target_of(each) == target]
                    turn.known.learn_findings(desk.findings(own, turn.known))
            else:
                open_ = [each for each in open_ if turn.known.finding(each.source, each.target) is None]
                turn.known.learn_findings(find_existing(self._context, open_, turn.known))
        except SyncError as error:
            turn.note_stop(error)
            for each in due:
                if not turn.has_link(each):
                    self._keep(turn, each, turn.subject(each).failed(error))

    def _link_elsewhere(self, turn: DayTurn, mapped: Sequence[Mapped]) -> None:
        """Link what others have booked; a failure is no harm, the next load looks again."""
        candidates = [each for each in mapped if not turn.links_of(each.source)]
        if not self._follows or turn.stopped is not None:
            return
        try:
            old = turn.old_invoices()
            wanted = [
                *old,
                *(found for each in candidates if (found := exported_elsewhere(each)) is not None),
            ]
            for each, obj in find_elsewhere(self._context, wanted, turn.known) if wanted else ():
                self._keep(turn, each.mapped, self._writer.link_elsewhere(each, obj, turn.known))
            for each in old:
                if each.mapped.source not in turn.results:
                    self._keep(turn, each.mapped, passed_through(each.mapped, target="Invoice"))
        except SyncError as error:
            turn.note_stop(error)
            _log.warning("link=skipped day=%s error=%s", turn.given.day, type(error).__name__)

    def _at_once(self, turn: DayTurn, mapped: Mapped) -> LoadResult | None:
        """Return the result of a record that needs no lock and no call; None if it does."""
        links, payload = turn.links_of(mapped.source), mapped.payload
        has_open = any(source == mapped.source for source, _ in turn.open_intents)
        if mapped.verdict is not Verdict.DUE or payload is None:
            if has_open and self._is_live:
                return None
            link = standing(links)
            action = self._writer.plan_waiting(mapped, link)
            if link is None or mapped.verdict is not Verdict.NOT_DUE or _is_booked_by_others(mapped, link):
                return passed_through(
                    mapped, qbo_id=link.qbo_id if link else "", target=link.target if link else ""
                )
            if self._is_live and awaits_emptying(action):
                return None
            return without_writing(turn.subject(mapped, link.target), action)
        looked = turn.looked.get(payload.source)
        if isinstance(looked, LoadResult):
            return looked
        if not self._is_live:
            return self._writer.preview(payload, turn.known)
        if has_open:
            return None
        link = turn.known.link(payload.source, payload.target)
        action = plan_write(payload, link, turn.known, self._context.policies)
        if action.kind in (ActionKind.UNCHANGED, ActionKind.BLOCKED, ActionKind.HELD):
            return without_writing(turn.subject(mapped), action)
        return None

    def _job(self, turn: DayTurn, mapped: Mapped) -> Callable[[], LoadResult]:
        def run() -> LoadResult:
            if turn.stopped is not None:
                return self._keep(turn, mapped, turn.subject(mapped).failed(turn.stopped))
            try:
                if mapped.verdict is Verdict.DUE and mapped.payload is not None:
                    result = self._writer.write(mapped.payload, turn.known)
                else:
                    open_ = (target for source, target in turn.open_intents if source == mapped.source)
                    link = standing(turn.links_of(mapped.source))
                    own = link.target if link is not None else target_of(mapped)
                    result = self._writer.find_out(mapped, next(open_, own), turn.known)
            except ConnectionStopped as error:
                turn.note_stop(error)
                result = turn.subject(mapped).failed(error)
            return self._keep(turn, mapped, result)

        return run

    def _run(self, jobs: Sequence[Callable[[], LoadResult]], *, side_by_side: bool) -> None:
        run_jobs(jobs, workers=self._context.company.quickbooks.in_flight if side_by_side else 1)

    def _keep(self, turn: DayTurn, mapped: Mapped, result: LoadResult) -> LoadResult:
        result = replace(with_note(result, mapped.reason), rules=mapped.rules)
        turn.keep(result)
        if self._on_result is not None:
            self._on_result(result)
        return result


def _is_short(result: LoadResult | None) -> bool:
    return result is not None and result.reason is not None and result.reason.code in FOUND_TOO_LITTLE


def _is_booked_by_others(mapped: Mapped, link: Link) -> bool:
    """Say whether a document is linked only because others booked it (rules 1.6, 1.7)."""
    is_foreign = link.state in (LinkState.ADOPTED, LinkState.SETTLED_PAIR)
    return is_foreign and mapped.reason is not None and mapped.reason.code in LINK_ONLY
