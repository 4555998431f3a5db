"""One run's load: days oldest first, each from its mapped frames, with what must be looked at again.

What belongs here: joining extract, mapping and load for the loader's questions. What does not: the
write path (`load`) and what Dagster is told (`assets.loaded`).
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.days import parse_business_date
from st_qbo_assets.domain.errors import ConnectionStopped, SyncError
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.outcomes import LoadResult, Mapped, Outcome
from st_qbo_assets.extract.bills import read_bills, read_orders
from st_qbo_assets.extract.credit_memos import with_items
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.extract.payables import read_applied_to_bills, read_bill_payments, read_vendor_credits
from st_qbo_assets.extract.touched import reread as reread_documents
from st_qbo_assets.load.actions import WritePolicies
from st_qbo_assets.load.day import DayInput, DayLoader
from st_qbo_assets.load.gathering import MASTERS
from st_qbo_assets.load.planning import DayPlanner, Planned
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.load.settled import SettledLinks, parse_settled_links
from st_qbo_assets.load.shapes import is_application_part
from st_qbo_assets.mapping.vendors import map_vendor
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.drifting import look_at_asked
from st_qbo_assets.orchestration.frames import mapped_of, to_rows
from st_qbo_assets.orchestration.going_live import company_in_effect
from st_qbo_assets.orchestration.io_manager import FrameFolder, MissingFrame
from st_qbo_assets.orchestration.lookups import build_lookup, map_day, read_around
from st_qbo_assets.orchestration.master_pairs import is_master_row
from st_qbo_assets.orchestration.references import EventLog, ReferenceData, References
from st_qbo_assets.servicetitan.records import Customer, Location
from st_qbo_assets.store.inbox import Inbox
from st_qbo_assets.store.links import Link

_log = logging.getLogger(__name__)

_DOCUMENTS = (Entity.INVOICE, Entity.CREDIT_MEMO, Entity.PAYMENT, *keys.BUYING_ORDER)
#: Days are loaded together until they have so many documents, or are so many.
_DOCUMENTS_TOGETHER = 300
_DAYS_TOGETHER = 14
#: Reasons that rest on the closing date, also on one that QuickBooks alone knows of.
_CLOSED = ("closed_period", "closed_period_answered")

#: What the mapping made of some days, oldest first.
DaysMapped = dict[date, dict[Entity, list[Mapped]]]


@dataclass
class RunLoad:
    """The load of one run.

    Attributes:
        entities: which of `loaded/*` the run was asked for.
        is_by_hand: whether a person waits for it, who may have opened or closed the books a moment ago.
        is_fresh: whether the same run mapped them; else what is not settled is read again.
        settles: events of the inbox that are acknowledged together with where the last records stand.
    """

    defs: CompanyDefs
    connections: Connections
    folder: FrameFolder
    context: EventLog
    entities: Sequence[Entity]
    is_fresh: bool
    settles: tuple[int, ...] = ()
    is_by_hand: bool = False
    references: References = field(init=False)
    _was_refreshed: bool = field(default=False, init=False)
    #: Documents that stand on a later day than their own, though it or an earlier one is open; and their own.
    _reopened: dict[SourceRef, date] = field(default_factory=dict[SourceRef, date], init=False)

    def __post_init__(self) -> None:
        self._data = ReferenceData(self.defs, self.folder, self.connections)
        self.references = self._data.current(self.context)

    def load(self, days: Sequence[date]) -> Iterator[tuple[date, list[LoadResult]]]:
        """Yield each day with where its records stand, oldest first.

        A few days are loaded together: between the invoices of a day and its payments everything waits for
        the last answer, and so many small waits would take longer than the calls.
        """
        self._look_at_closing_date(days)  # before the write context: it holds what is in closed books
        self._look_at_asked(days)
        loader = DayLoader(
            write_context(self.defs, self.connections, self.references), settled=settled_links(self.defs)
        )
        to_come = list(days)
        while to_come:
            mapped = self._next_days(to_come)
            given = self._given(mapped, to_come)
            results = loader.load(given)
            self._remember(mapped)
            self._note_connection(loader.stopped, results)
            yield from by_day(mapped, results).items()

    def load_only(self, records: Collection[SourceRef]) -> list[LoadResult]:
        """Load just these records as ServiceTitan has them now, with what they cannot be without.

        That is a customer or item which is not in QuickBooks yet; what is applied to them is left alone. A
        record that ServiceTitan no longer finds has no result.
        """
        self.references = self._data.with_present_preferences(self.references, self.context)
        loader = DayLoader(
            write_context(self.defs, self.connections, self.references), settled=settled_links(self.defs)
        )
        days: DaysMapped = {}
        for entity in self.entities:
            ids = sorted(record.id for record in records if record.entity is entity)
            found = self._reread_on(self.defs.today())(entity, ids) if ids else []
            for each in self._without_linked_masters(found, records):
                days.setdefault(each.day, {}).setdefault(each.source.entity, []).append(each)
        results: list[LoadResult] = []
        for day in sorted(days):
            results += loader.load(DayInput(day=day, mapped=days[day], is_fresh=True))
        self._remember(days)
        self._note_connection(loader.stopped, results)
        return results

    def _without_linked_masters(
        self, found: Sequence[Mapped], records: Collection[SourceRef]
    ) -> Iterator[Mapped]:
        masters = [each.source for each in found if each.source.entity in MASTERS]
        linked = self.connections.links.of_sources(self.defs.name, masters) if masters else {}
        for each in found:
            is_needed = each.source.entity in MASTERS and each.source not in linked
            if is_needed or each.source.record in records:
                yield each

    def plan(self, days: Sequence[date]) -> Iterator[tuple[date, list[Planned]]]:
        """Yield each day with what a load would do about its records; nothing is written or kept.

        What earlier days of the range would bring counts as there.
        """
        context = write_context(self.defs, self.connections, self.references)
        planner = DayPlanner(context, settled=settled_links(self.defs))
        assumed: dict[SourceRef, Outcome] = {}
        to_come = list(days)
        while to_come:
            mapped = self._next_days(to_come)
            planned = planner.plan(self._given(mapped, to_come), assumed=assumed)
            found: dict[date, list[Planned]] = {day: [] for day in mapped}
            for each in planned:
                source = each.result.source
                if source.entity in MASTERS and source in assumed:
                    continue  # told on the day that needs it first
                found.get(each.result.day, found[min(mapped)]).append(each)
            assumed |= {each.result.source: each.result.outcome for each in planned}
            yield from found.items()

    def _look_at_closing_date(self, days: Sequence[date]) -> None:
        """Ask for the closing date if a person started this, or something of the days rests on it."""
        if set(self.entities) <= MASTERS:
            return  # names stand in no period
        name, closed = self.defs.name, self.references.quickbooks.preferences.book_close_date
        moved: list[Link] = []
        if closed is not None or not self.is_fresh:
            found = self.connections.links.dated_later(name, self.entities, days)
            moved = [link for link in found if not is_application_part(link.source)]
        is_held = self.connections.states.has_reason
        if self.is_by_hand or moved or any(is_held(name, code, self.entities, days) for code in _CLOSED):
            self.references = self._data.with_present_preferences(self.references, self.context)
            closed = self.references.quickbooks.preferences.book_close_date
        self._reopened = {
            link.source: link.day
            for link in moved
            if link.day is not None and (closed is None or link.day > closed or _is_late(link, closed))
        }

    def _look_at_asked(self, days: Sequence[date]) -> None:
        """A person who voided what she was asked to, and loads the day, wants that to count at once."""
        documents = [entity for entity in self.entities if entity not in MASTERS]
        if not self.is_by_hand:
            return
        try:
            look_at_asked(self.connections, documents, days)
        except SyncError as error:
            _log.warning("look=skipped days=%s error=%s", len(days), type(error).__name__)

    def _given(self, mapped: DaysMapped, to_come: Sequence[date]) -> DayInput:
        first = min(mapped)
        return DayInput(
            day=first,
            mapped={entity: _together(mapped, entity) for entity in self.entities},
            reread=self._reread_on(first),
            payments_of=self._payments_on(first),
            applied_to_bills=self._applied_to_bills_on(first) if Entity.BILL in self.entities else None,
            is_fresh=self.is_fresh,
            again=[source for source, day in self._reopened.items() if day in mapped],
            days_to_come=frozenset(to_come) if Entity.PAYMENT in self.entities else (),
            last=max(mapped),
            also=self._acknowledge if self.settles and not to_come else None,
        )

    def _next_days(self, to_come: list[date]) -> DaysMapped:
        """Take the next days that are loaded together: no gap between, and about so many documents."""
        mapped: DaysMapped = {}
        documents = 0
        while to_come and documents < _DOCUMENTS_TOGETHER and len(mapped) < _DAYS_TOGETHER:
            if mapped and to_come[0] - max(mapped) != timedelta(days=1):
                break
            day = to_come.pop(0)
            mapped[day] = {entity: self._mapped(entity, day) for entity in self.entities}
            documents += sum(len(found) for entity, found in mapped[day].items() if entity in _DOCUMENTS)
        return mapped

    def _acknowledge(self, connection: Connection) -> None:
        """Settle the events of this run in the transaction that keeps where its records stand."""
        inbox = Inbox(self.connections.database)
        inbox.acknowledge(self.settles, connection, run_id=self.connections.run_id)

    def _note_connection(self, stopped: ConnectionStopped | None, results: Sequence[LoadResult]) -> None:
        """Keep that QuickBooks stopped us, or that it took a write again after it had."""
        if stopped is not None:
            self.connections.note_stopped(stopped)
        elif any(result.wrote and result.outcome is Outcome.POSTED for result in results):
            connections = self.connections
            connections.connection_states.connected(connections.name, "quickbooks", connections.realm)

    def _mapped(self, entity: Entity, day: date) -> list[Mapped]:
        key = keys.mapped(self.defs.name, entity)
        frame = self.folder.read(key, day)
        if frame is None:
            raise MissingFrame(
                f"{key.to_user_string()} has no data for {day}: materialize it for that day first."
            )
        return [mapped for row in to_rows(frame) if not is_master_row(mapped := mapped_of(row))]

    def _reread_on(self, day: date) -> Callable[[Entity, Sequence[str]], list[Mapped]]:
        def reread(entity: Entity, ids: Sequence[str]) -> list[Mapped]:
            client = self.connections.servicetitan
            wanted = sorted(int(id_) for id_ in ids if id_.isdigit())
            if entity is Entity.CUSTOMER:
                people: list[AnyRecord] = [
                    *client.customers(ids=wanted),
                    *client.customer_contacts(customer_ids=wanted),
                ]
                if self.defs.company.locations_since is not None:
                    people += [place for id_ in wanted for place in client.locations(customer_id=id_)]
                own = [record for record in people if isinstance(record, (Customer, Location))]
                return map_day(entity, day, own, self._lookup(people))
            if entity is Entity.VENDOR:
                rows = client.rows("vendors", ids=wanted)
                return [
                    map_vendor(row, day=day, latin1=self.defs.company.characters == "latin1") for row in rows
                ]
            if entity is Entity.PURCHASE_ORDER:
                return self._map_anew(day, [*read_orders(client, ids=wanted)])
            if entity is Entity.BILL:
                return self._map_anew(day, [*read_bills(client, self.defs.company, ids=wanted)])
            if entity is Entity.VENDOR_CREDIT:
                return self._map_anew(day, [*read_vendor_credits(client, ids=wanted)])
            if entity is Entity.BILL_PAYMENT:
                return self._map_anew(day, [*read_bill_payments(client, ids=wanted)])
            return self._map_anew(day, [*reread_documents(client, entity, wanted).found.values()])

        return reread

    def _payments_on(self, day: date) -> Callable[[Sequence[str]], list[Mapped]]:
        def payments_of(invoice_ids: Sequence[str]) -> list[Mapped]:
            client, ids = self.connections.servicetitan, sorted(int(id_) for id_ in invoice_ids)
            memos = with_items(client, client.credit_memos(applied_to_invoice_ids=ids))
            return self._map_anew(day, [*client.payments(applied_to_invoice_ids=ids), *memos])

        return payments_of

    def _applied_to_bills_on(self, day: date) -> Callable[[Sequence[str]], list[Mapped]]:
        def applied_to_bills(bill_ids: Sequence[str]) -> list[Mapped]:
            client, ids = self.connections.servicetitan, {int(id_) for id_ in bill_ids}
            return self._map_anew(day, read_applied_to_bills(client, self.defs.company, ids))

        return applied_to_bills

    def _map_anew(self, day: date, records: Sequence[AnyRecord]) -> list[Mapped]:
        """Return documents read just now as mapped by the present company file, with what they refer to."""
        around = read_around(self.connections, records)
        lookup = self._lookup([*records, *around])
        customers = [record for record in around if isinstance(record, (Customer, Location))]
        return [
            *map_day(Entity.ITEM, day, records, lookup),
            *map_day(Entity.CUSTOMER, day, customers, lookup),
            *(mapped for entity in _DOCUMENTS for mapped in map_day(entity, day, records, lookup)),
        ]

    def _lookup(self, records: Sequence[AnyRecord]):
        # A person who mends something in QuickBooks and loads again wants her change to count at once.
        if not self.is_fresh and not self._was_refreshed:
            self.references = self._data.refresh(self.context)
            self._was_refreshed = True
        return build_lookup(self.defs, self.references, self.connections, records)

    def _remember(self, mapped: DaysMapped) -> None:
        """Keep the day each document was seen on, so that a moved one touches its old day too."""
        for day, groups in mapped.items():
            for entity in _DOCUMENTS:
                seen = {each.source.id: day for each in groups.get(entity, ())}
                self.connections.seen.save(self.defs.name, entity, seen)


def write_context(defs: CompanyDefs, connections: Connections, references: References) -> WriteContext:
    """Return what a company's loads and plans work with."""
    preferences = references.quickbooks.preferences
    return WriteContext(
        company=company_in_effect(defs.company, connections.marks, connections.links),
        quickbooks=connections.quickbooks,
        ledger=connections.ledger,
        links=connections.links,
        decisions=connections.decisions,
        refunds=connections.refunds,
        policies=_policies(defs.company, book_close_date=preferences.book_close_date),
        applies_itself=preferences.auto_apply_credit,
        run_id=connections.run_id,
        seam=connections.seam,
    )


def _policies(company: CompanyFile, *, book_close_date: date | None) -> WritePolicies:
    """Return the company's policies; customers that are linked are left to the sync of both sides."""
    return replace(WritePolicies.of(company, book_close_date=book_close_date), masters_two_way=True)


def settled_links(defs: CompanyDefs) -> SettledLinks:
    """Return the pairs a person settled; none if there is no file."""
    path = defs.links_file
    return parse_settled_links(path.read_text(encoding="utf-8"), name=str(path)) if path.exists() else {}


def _is_late(link: Link, closed: date) -> bool:
    """Say whether a document stands later than the first open day, since the closing date was taken back."""
    dated = parse_business_date(link.confirmed.get("TxnDate"))
    return dated is not None and dated > closed + timedelta(days=1)


def by_day(mapped: DaysMapped, results: Sequence[LoadResult]) -> dict[date, list[LoadResult]]:
    """Return the results of days that were loaded together, each day's own; other days' go to the first.

    A customer or item that several of the days need has one result, which is told on each of them.
    """
    days: dict[date, list[LoadResult]] = {day: [] for day in mapped}
    first = min(mapped)
    of_source: dict[SourceRef, LoadResult] = {}
    for result in results:
        of_source[result.source] = result
        days.get(result.day, days[first]).append(result)
    for day, groups in mapped.items():
        told = {result.source for result in days[day]}
        for source in (each.source for found in groups.values() for each in found):
            result = of_source.get(source)
            if result is not None and result.source.entity in MASTERS and source not in told:
                days[day].append(replace(result, day=day, wrote=False))
                told.add(source)
    return days


def _together(mapped: DaysMapped, entity: Entity) -> list[Mapped]:
    return [each for groups in mapped.values() for each in groups[entity]]
