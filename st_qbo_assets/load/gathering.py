"""What a day consists of, and what must be looked at again.

What belongs here: the records of the day, what is known of them in bulk, and records read again by id
(rule 1.5). What does not: what comes along from other days (`bringing`), the order in which they are loaded
(`day`), and one record's turn (`turn`).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef, is_location
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome, Verdict
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Action
from st_qbo_assets.load.adoption import Elsewhere, open_from_before
from st_qbo_assets.load.known import Knowledge
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.results import Subject
from st_qbo_assets.load.shapes import Unwanted, is_application_part
from st_qbo_assets.load.unread import as_it_stood, stands
from st_qbo_assets.load.verify import APPLIED
from st_qbo_assets.load.voiding import is_voided_by_us, standing
from st_qbo_assets.store.links import Link, LinkState
from st_qbo_assets.store.states import Also, RecordState

Reread = Callable[[Entity, Sequence[str]], Sequence[Mapped]]
PaymentsOf = Callable[[Sequence[str]], Sequence[Mapped]]

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
    Entity.BILL_PAYMENT: "BillPayment",
}
#: Records that are no documents.
MASTERS = frozenset({Entity.ITEM, Entity.CUSTOMER, Entity.VENDOR})
_AT_REST = frozenset({Outcome.POSTED, Outcome.UNCHANGED, Outcome.VOIDED})
#: Code of what ServiceTitan no longer finds.
GONE = "gone_from_servicetitan"


@dataclass(frozen=True)
class DayInput:
    """One day, or some that follow each other, as mapped, and how to look again.

    Attributes:
        day: the partition; the first of several.
        mapped: what the mapping made of the days, by entity, oldest first, masters included.
        reread: reads and maps records of an entity again by id; what it does not return is gone. It may
            also return the customers and items those records refer to.
        payments_of: reads and maps every payment that ServiceTitan applies to some invoices, by invoice id.
        applied_to_bills: the same of vendors' credits and payments applied to bills, by bill id.
        is_fresh: whether the records were read in this very run; else whatever is not settled, or was
            posted otherwise since, is read again.
        again: settled records that are read again, too, unless all were read in this run.
        days_to_come: days that this run still loads; their payments are planned there.
        last: the last day, if several are loaded together.
        also: what is done in the transaction that keeps where the records stand.
    """

    day: date
    mapped: Mapping[Entity, Sequence[Mapped]]
    reread: Reread | None = None
    payments_of: PaymentsOf | None = None
    applied_to_bills: PaymentsOf | None = None
    is_fresh: bool = False
    again: Collection[SourceRef] = ()
    days_to_come: Collection[date] = ()
    last: date | None = None
    also: Also | None = None


@dataclass
class DayTurn:
    """One day being loaded: its records, what is known of them, and their results.

    Attributes:
        is_live: whether anything is written.
        follows: whether records of other days are looked at that what is written, or planned, brings along.
        before: where each record stood before this load.
        stood: the same with all that was said, for every part a record ever had.
        open_intents: source and target of the writes whose outcome is not known.
        unwanted: what is still to be voided, because its record no longer is that.
        changing: records whose new shape waits until the old one is voided.
        examined: records that were looked at for what they no longer are.
        brought: documents whose payments were read in this load.
        users: payments that QuickBooks shows on documents about to be voided.
        used_by: the payments that QuickBooks shows on each such document.
        let_go: how payments were taken off what is to be voided before anything else is done with them.
        freed: payments that QuickBooks shows on documents whose edit may let go of them.
        grown: documents whose total is more than QuickBooks had before.
        applied: what each payment took of which documents when it came into this load.
        unread: records at rest that could not be read again: nothing new is said of them.
        looked: payments for which too little is open, and what becomes of them.
        staying: documents that stay as they are though no present payload wants them (closed books).
        stopped: why nothing more is sent, once the connection is stopped.
    """

    context: WriteContext
    given: DayInput
    is_live: bool
    follows: bool = False
    known: Knowledge = field(default_factory=Knowledge)
    mapped: dict[SourceRef, Mapped] = field(default_factory=dict[SourceRef, Mapped])
    results: dict[SourceRef, LoadResult] = field(default_factory=dict[SourceRef, LoadResult])
    open_intents: set[tuple[SourceRef, str]] = field(default_factory=set[tuple[SourceRef, str]])
    unwanted: dict[tuple[SourceRef, str], Unwanted] = field(
        default_factory=dict[tuple[SourceRef, str], Unwanted]
    )
    changing: set[SourceRef] = field(default_factory=set[SourceRef])
    examined: set[SourceRef] = field(default_factory=set[SourceRef])
    brought: set[SourceRef] = field(default_factory=set[SourceRef])
    users: set[SourceRef] = field(default_factory=set[SourceRef])
    used_by: dict[tuple[SourceRef, str], set[SourceRef]] = field(
        default_factory=dict[tuple[SourceRef, str], set[SourceRef]]
    )
    let_go: dict[SourceRef, Outcome] = field(default_factory=dict[SourceRef, Outcome])
    freed: set[SourceRef] = field(default_factory=set[SourceRef])
    grown: set[SourceRef] = field(default_factory=set[SourceRef])
    applied: dict[tuple[SourceRef, str], dict[str, str]] = field(
        default_factory=dict[tuple[SourceRef, str], dict[str, str]]
    )
    unread: set[SourceRef] = field(default_factory=set[SourceRef])
    looked: dict[SourceRef, LoadResult | Action] = field(default_factory=dict[SourceRef, LoadResult | Action])
    staying: set[tuple[SourceRef, str]] = field(default_factory=set[tuple[SourceRef, str]])
    before: dict[SourceRef, Outcome] = field(default_factory=dict[SourceRef, Outcome])
    stood: dict[SourceRef, RecordState] = field(default_factory=dict[SourceRef, RecordState])
    stopped: ConnectionStopped | None = None

    def gather(self) -> None:
        """Bring together what the day consists of and what is known of it."""
        self.learn(mapped for group in self.given.mapped.values() for mapped in group)
        missing = [link for entity in _documents(self.given) for link in self._missing(entity)]
        if self.given.reread is None:
            return
        stale: list[SourceRef] = []
        if not self.given.is_fresh:
            stale = [*self._unsettled(), *self.given.again, *self._otherwise_posted()]
        wanted: dict[Entity, list[str]] = {}
        for source in dict.fromkeys([*stale, *self._without_refunds(), *(link.source for link in missing)]):
            wanted.setdefault(source.entity, []).append(source.id)
        for entity, ids in wanted.items():
            self._read_again(self.given.reread, entity, list(dict.fromkeys(ids)), missing)

    def learn(self, mapped: Iterable[Mapped]) -> None:
        """Take records into the day, with links, states and open intents of theirs and of what they name."""
        fresh = {each.source: each for each in mapped}
        self._forget({source.record for source in fresh})
        self.mapped.update(fresh)
        refers = [
            source
            for each in fresh.values()
            if each.payload is not None
            for _, source in objects.symbolic_references(each.payload.body)
        ]
        ledger, name = self.context.ledger, self.context.name
        sources = list(dict.fromkeys([*fresh, *refers]))
        for links in ledger.links_of_records(name, sources).values():
            self.known.learn_links(links)
            for link in links:
                if link.target in objects.PAYMENTS:
                    self.applied.setdefault((link.source, link.target), applied_by(link))
        states = ledger.all_states(name, sources)
        self.stood.update(states)
        for source, state in states.items():
            self.known.learn_reason(source, state.reason)
        self.before.update({source: state.outcome for source, state in states.items()})
        self.known.learn_outcomes({source: state.outcome for source, state in states.items()})
        for intents in ledger.open_intents_of_records(name, list(fresh)).values():
            self.open_intents.update((intent.source, intent.target) for intent in intents)

    def add_parts(self, parts: Sequence[Mapped]) -> None:
        """Put parts that the load makes itself beside the record they are of."""
        sources = [each.source for each in parts]
        self.mapped.update({each.source: each for each in parts})
        self.examined.difference_update(source.record for source in sources)

    def _forget(self, records: Collection[SourceRef]) -> None:
        """Let go of what was made of records before: a part that is gone is not to be loaded."""
        self.examined.difference_update(records)
        for source in [source for source in self.unread if source.record in records]:
            self.unread.discard(source)
            self.results.pop(source, None)
        if self.mapped:
            self.mapped = {
                source: each for source, each in self.mapped.items() if source.record not in records
            }

    def parts_of(self, record: SourceRef) -> list[Mapped]:
        """Return what the mapping makes of a record now, part by part."""
        return [each for source, each in self.mapped.items() if source.record == record]

    def waits_for_shape(self, mapped: Mapped) -> bool:
        """Say whether a record waits until what it was, or what it refers to, is voided."""
        if not self.changing or mapped.source.record in self.changing:
            return bool(self.changing)
        body = mapped.payload.body if mapped.payload is not None else {}
        return any(source.record in self.changing for _, source in objects.symbolic_references(body))

    def is_unwanted(self, source: SourceRef) -> bool:
        """Say whether what a source became is still to be voided; until then nothing is said of it."""
        return any(key[0] == source for key in self.unwanted) if self.unwanted else False

    def take_in(self, found: Iterable[Mapped], *, of_any_day: bool = False) -> None:
        """Take in records of other days; those of days to come are loaded there, unless any day is meant."""
        days = frozenset[date]() if of_any_day else frozenset(self.given.days_to_come)
        here = {source.record for source in self.mapped}
        self.learn(each for each in found if each.source.record not in here and each.day not in days)

    def old_invoices(self) -> list[Elsewhere]:
        """Return the invoices from before the start which payments of this load name first (rule 1.6)."""
        payers: dict[SourceRef, SourceRef] = {}
        paid: dict[SourceRef, int] = {}
        for mapped in self.mapped.values():
            payer = objects.as_source(mapped.facts.get("customer"))
            if mapped.source.entity is not Entity.PAYMENT or mapped.payload is None or payer is None:
                continue
            for row in map(objects.as_mapping, objects.as_list(mapped.facts.get("applied"))):
                invoice, cents = objects.as_source(row.get("invoice")), row.get("cents")
                is_old = row.get("standing") == "before_start" and isinstance(cents, int)
                if invoice is None or not is_old or self.known.outcome(invoice) is not None:
                    continue
                payers[invoice] = payer
                paid[invoice] = paid.get(invoice, 0) + (0 if self.has_link(mapped) else int(cents or 0))
        if not payers or self.given.reread is None:
            return []
        found = self.given.reread(Entity.INVOICE, [invoice.id for invoice in payers])
        old = [each for each in found if each.source in payers]
        wanted = [open_from_before(each, payers[each.source], paid_cents=paid[each.source]) for each in old]
        for each in old:
            self.mapped[each.source] = each
        return [each for each in wanted if each is not None]

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
        """Say whether a due record is in QuickBooks, not emptied by us."""
        payload = mapped.payload
        link = self.known.link(payload.source, payload.target) if payload is not None else None
        return link is not None and not is_voided_by_us(link)

    def subject(self, mapped: Mapped, target: str = "") -> Subject:
        """Return who a result is about."""
        if mapped.payload is not None:
            return Subject.of_payload(mapped.payload)
        return Subject.of_mapped(mapped, target or target_of(mapped))

    def _unsettled(self) -> list[SourceRef]:
        # An item has no record of its own: the invoice that needs it brings it when it is read again.
        return [
            source
            for source in self.mapped
            if source.entity is not Entity.ITEM and self.before.get(source) not in _AT_REST
        ]

    def _otherwise_posted(self) -> list[SourceRef]:
        """Return the documents and service locations mapped otherwise than posted.

        The frame may be from before what was loaded since: of an edit, or of a hold that is over.
        """
        return [
            source
            for source, each in self.mapped.items()
            if (source.entity not in MASTERS or is_location(source))
            and (links := self.known.links_of(source))
            and (each.payload is None or each.payload.digest not in {link.digest for link in links})
        ]

    def _without_refunds(self) -> list[SourceRef]:
        """Return the payments that were mapped before a refund, written since, took their money."""
        paid = {
            source.id: each.payload
            for source, each in self.mapped.items()
            if source.entity is Entity.PAYMENT and not source.part and each.payload is not None
        }
        kept = self.context.refunds.of_payments(self.context.name, paid) if paid else {}
        return [
            paid[id_].source
            for id_, ties in kept.items()
            if not {tie.source for tie in ties}
            <= {source for _, source in objects.symbolic_references(paid[id_].body)}
        ]

    def _missing(self, entity: Entity) -> list[Link]:
        """Return the links of documents of the days that the days do not hold, but of those done with."""
        links = self.context.links.of_day(self.context.name, entity, self.given.day, self.given.last)
        here = {source.record for source in self.mapped}
        missing = [link for link in links if link.source.record not in here]
        voided = {link.source for link in missing if link.state is LinkState.VOIDED}
        states = self.context.ledger.record_states(self.context.name, voided) if voided else {}
        return [
            link
            for link in missing
            if link.state is not LinkState.VOIDED or _is_asked_for(link, states.get(link.source))
        ]

    def _read_again(
        self, reread: Reread, entity: Entity, ids: Sequence[str], missing: Sequence[Link]
    ) -> None:
        try:
            found = reread(entity, ids)
        except SyncError as error:
            self._not_read(entity, ids, error)
            return
        days = frozenset(self.given.days_to_come)
        here = {source.record for source in self.mapped}
        self.learn(each for each in found if each.source.record in here or each.day not in days)
        there = {each.source.record for each in found}
        if entity in MASTERS:
            return
        self.known.learn_links(missing)
        gone = [
            source for source in self.mapped if _was_asked(source, entity, ids) and source.record not in there
        ]
        absent: dict[SourceRef, list[Link]] = {}
        for link in missing:
            if _was_asked(link.source, entity, ids) and link.source.record not in there:
                absent.setdefault(link.source, []).append(link)
        for source in gone:
            self._gone(self.mapped[source], self.links_of(source))
        for source, links in absent.items():
            link = links[0]
            stands_for = Mapped(source, Verdict.NOT_DUE, link.day or self.given.day, number=link.number)
            self._gone(stands_for, links)

    def _not_read(self, entity: Entity, ids: Sequence[str], error: SyncError) -> None:
        """Let records fail that had to be read again; those that stand as they did are not planned."""
        said = reason("not_read_again", error=str(error))
        due = [*self._unsettled(), *self.given.again, *self._without_refunds()]
        failing = {source.record for source in (*due, *(source for source, _ in self.open_intents))}
        asked = [each for source, each in self.mapped.items() if _was_asked(source, entity, ids)]
        at_rest = [each for each in asked if each.source.record not in failing]
        failing |= {each.source.record for each in at_rest if not self._stands(each)}
        for each in asked:
            if each.source.record in failing:
                self.keep(self.subject(each).result(Outcome.FAILED, said=said))
                continue
            del self.mapped[each.source]
            self.unread.add(each.source)
            self.keep(as_it_stood(self.stood[each.source]))

    def _stands(self, mapped: Mapped) -> bool:
        source, policies = mapped.source, self.context.policies
        return stands(mapped, self.stood[source], self.links_of(source), self.known, policies)

    def _gone(self, mapped: Mapped, links: Sequence[Link]) -> None:
        outcome, link = Outcome.NOT_DUE, standing(links)
        if link is None:
            said = reason("gone_unposted")
        elif link.state is LinkState.VOIDED:
            code = "voided_here" if is_voided_by_us(link) else "emptied_by_hand"
            outcome, why = Outcome.VOIDED, "ServiceTitan no longer finds it."
            said = reason(code, target=link.target, qbo_id=link.qbo_id, why=why)
        else:
            outcome = Outcome.HELD
            said = reason(GONE, target=link.target, qbo_id=link.qbo_id)
        self.keep(self.subject(mapped, link.target if link else "").result(outcome, link=link, said=said))


def _is_asked_for(link: Link, state: RecordState | None) -> bool:
    """Say whether a person is still asked for a document though it is done with: that load died."""
    if state is None or state.reason is None:
        return False
    return (state.reason.code, state.qbo_id) == (GONE, link.qbo_id)


def applied_by(link: Link | None) -> dict[str, str]:
    """Return what a payment takes of documents in QuickBooks, as last confirmed."""
    if link is None or link.state is LinkState.VOIDED:
        return {}
    return objects.as_mapping(link.confirmed.get(APPLIED))


def _was_asked(source: SourceRef, entity: Entity, ids: Collection[str]) -> bool:
    return source.entity is entity and source.id in ids


def _documents(given: DayInput) -> list[Entity]:
    return [entity for entity in given.mapped if entity not in MASTERS]


def target_of(mapped: Mapped) -> str:
    """Return what a record is, or would be, in QuickBooks."""
    if mapped.payload is not None:
        return mapped.payload.target
    own = _TARGET_OF[mapped.source.entity]
    return objects.settled_by(own) if is_application_part(mapped.source) else own
