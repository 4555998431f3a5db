"""Customers and vendors of one day: what would travel between the systems, and bringing it over.

What belongs here: joining the frames of both sides with links and bases, for `mapped/*`; and handing what
changed to the load, for `loaded/*`. What does not: what travels (`domain.masters`), writing (`load.masters`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from st_qbo_assets.connections import Connections
from st_qbo_assets.domain.company import Creation
from st_qbo_assets.domain.errors import ConnectionStopped
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.masters.changing import servicetitan_change
from st_qbo_assets.domain.masters.reasons import held_reason, reason
from st_qbo_assets.domain.masters.sides import (
    CUSTOMER,
    NOTES,
    REMARKS,
    SERVICE,
    Side,
    Terms,
    manner_of,
    quickbooks_body,
    read_quickbooks,
    read_servicetitan,
)
from st_qbo_assets.domain.masters.three_way import Base, Decision, FieldPolicy, Ways, decide
from st_qbo_assets.domain.outcomes import Json, LoadResult, Mapped, Outcome, Payload, Reason, Verdict
from st_qbo_assets.extract.frames import AnyRecord
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.creating import CreationDesk, creation_body, is_wanted, shown_alone
from st_qbo_assets.load.masters.desk import PairDesk
from st_qbo_assets.load.masters.locations import LocationDesk
from st_qbo_assets.load.masters.ports import (
    FOREIGN,
    TARGETS,
    TO_QUICKBOOKS,
    TO_SERVICETITAN,
    PairContext,
    Wanted,
    orphan,
)
from st_qbo_assets.load.masters.reading import read_objects
from st_qbo_assets.load.masters.to_servicetitan import change_json
from st_qbo_assets.load.ports import WriteContext
from st_qbo_assets.orchestration import keys
from st_qbo_assets.orchestration.context import CompanyDefs
from st_qbo_assets.orchestration.frames import mapped_of, to_rows
from st_qbo_assets.orchestration.io_manager import FrameFolder
from st_qbo_assets.orchestration.master_frames import objects_in
from st_qbo_assets.orchestration.references import References
from st_qbo_assets.servicetitan.records import Contact, Customer, Location
from st_qbo_assets.store.links import Link
from st_qbo_assets.store.pairs import PairRow
from st_qbo_assets.store.states import RecordState

if TYPE_CHECKING:
    pass

_DIRECTIONS = (TO_QUICKBOOKS, TO_SERVICETITAN)


def is_master_row(mapped: Mapped) -> bool:
    """Say whether a mapped row is one direction of a pair, and no payload of the day's load."""
    return mapped.source.entity in TARGETS and mapped.source.part in _DIRECTIONS


def terms_of(references: References, folder: FrameFolder, defs: CompanyDefs) -> Terms:
    """Return the payment terms of both sides."""
    frame = folder.read(keys.servicetitan(defs.name, "reference"), None)
    rows = to_rows(frame, "kind", "id", "name") if frame is not None else ()
    return Terms(
        servicetitan={str(row["id"]): row["name"] for row in rows if row["kind"] == "PaymentTerm"},
        quickbooks={term.id: term.name for term in references.quickbooks.terms},
    )


@dataclass(frozen=True)
class Shown:
    """What the frames of a day show of customers or vendors."""

    records: Mapping[str, Json]
    contacts: Mapping[str, Sequence[Json]]
    stored: Mapping[str, Json]
    gone: frozenset[str]
    locations: Mapping[str, Sequence[Json]] = field(default_factory=dict[str, Sequence[Json]])


def shown_on(
    defs: CompanyDefs, folder: FrameFolder, entity: Entity, day: date, records: Sequence[AnyRecord]
) -> Shown:
    """Return what both frames of a day show; ServiceTitan's customers are given as records."""
    frame = folder.read(keys.quickbooks(defs.name, entity.plural), day)
    rows = list(objects_in(frame))
    stored = {id_: obj for id_, obj, is_gone in rows if not is_gone}
    gone = frozenset(id_ for id_, _, is_gone in rows if is_gone)
    if entity is Entity.VENDOR:
        vendors = folder.read(keys.servicetitan(defs.name, entity.plural), day)
        return Shown({id_: raw for id_, raw, _ in objects_in(vendors)}, {}, stored, gone)
    contacts: dict[str, list[Json]] = {}
    for record in records:
        if isinstance(record, Contact):
            contacts.setdefault(str(record.customer_id), []).append(record.raw)
    locations: dict[str, list[Json]] = {}
    for record in records:
        if isinstance(record, Location):
            locations.setdefault(str(record.customer_id), []).append(record.raw)
    people = {str(record.id): record.raw for record in records if isinstance(record, Customer)}
    return Shown(people, contacts, stored, gone, locations)


@dataclass
class PairRows:
    """The rows of one day that show what would travel; nothing is read of either vendor."""

    defs: CompanyDefs
    connections: Connections
    terms: Terms
    entity: Entity
    day: date
    shown: Shown

    def rows(self) -> list[Mapped]:
        """Return a row for each direction in which something travels or waits, and for what is new."""
        links, orphans = self._links()
        bases = self.connections.pairs.of_sources(
            self.connections.name, self.entity, [link.source.id for link in links]
        )
        found: list[Mapped] = []
        for link in links:
            found += self._of_pair(link, bases.get(link.source.id))
        names = [orphan(self.entity, qbo_id) for qbo_id in orphans]
        looked = self.connections.pairs.of_sources(
            self.connections.name, self.entity, [name.id for name in names]
        )
        states = self.connections.states.of_sources(self.connections.name, names)
        for qbo_id, name in zip(orphans, names, strict=True):
            row, state = looked.get(name.id), states.get(name)
            obj = self.shown.stored[qbo_id]
            is_known = row is not None and row.base.fields == shown_alone(TARGETS[self.entity], obj)
            if is_known and state is not None and self._is_as_it_was(obj, state):
                facts: Json = {"qbo_id": qbo_id, "looked": True}
                verdict = Verdict.HELD if state.outcome is Outcome.HELD else Verdict.NOT_DUE
                found.append(
                    Mapped(name, verdict, self.day, title=state.title, reason=state.reason, facts=facts)
                )
            else:
                found += self._of_orphan(obj)
        return found

    def _is_as_it_was(self, obj: Json, state: RecordState) -> bool:
        """Say whether the company still wants of an object what it wanted when it was looked for."""
        policy = self._policy
        wanted = is_wanted(obj, to_servicetitan=policy.to_servicetitan, listed=policy.listed)
        is_listed = any(objects.same_name(name, obj.get("DisplayName")) for name in policy.listed)
        return not is_listed and bool(wanted) == (state.outcome is Outcome.HELD)

    @property
    def _policy(self) -> Creation:
        company = self.defs.company
        return company.create_customers if self.entity is Entity.CUSTOMER else company.create_vendors

    def _links(self) -> tuple[list[Link], list[str]]:
        target, connections = TARGETS[self.entity], self.connections
        sources = [SourceRef(self.entity, id_) for id_ in self.shown.records]
        own = connections.links.of_sources(connections.name, sources)
        other = connections.links.of_targets(connections.name, target, [*self.shown.stored, *self.shown.gone])
        found = {link.source: link for links in own.values() for link in links if link.target == target}
        found |= {links[0].source: links[0] for links in other.values() if not links[0].source.part}
        return list(found.values()), [id_ for id_ in self.shown.stored if id_ not in other]

    def _of_pair(self, link: Link, row: PairRow | None) -> list[Mapped]:
        if link.qbo_id in self.shown.gone:
            said = reason("gone_from_quickbooks", target=link.target, qbo_id=link.qbo_id)
            return [self._row(link, TO_QUICKBOOKS, Verdict.HELD, said=said)]
        if row is None or row.qbo_id != link.qbo_id:
            # Never compared: the load reads both and sets the base.
            return [self._row(link, TO_QUICKBOOKS, Verdict.DUE)]
        decision = self._decide(link, row.base)
        if decision is None:
            # Merged away in ServiceTitan: the load gives the survivor the link.
            return [self._row(link, TO_QUICKBOOKS, Verdict.DUE)]
        found: list[Mapped] = []
        bodies = {
            TO_QUICKBOOKS: quickbooks_body(decision.to_quickbooks, terms=self.terms),
            TO_SERVICETITAN: self._change(link, row.base, decision),
        }
        for direction, body in bodies.items():
            held = [each for each in decision.held if each.towards in (direction, "either system")]
            if body:
                found.append(self._row(link, direction, Verdict.DUE, body=body))
            elif held:
                found.append(self._row(link, direction, Verdict.HELD, said=held_reason(held)))
        if not found and self._may_have_notes(link, row.base):
            return [self._row(link, TO_QUICKBOOKS, Verdict.DUE)]
        return found

    def _may_have_notes(self, link: Link, base: Base) -> bool:
        """Say whether the notes of a customer are to be read, since he changed after they last were."""
        if link.target != CUSTOMER or self.defs.company.notes == "off":
            return False
        own, _ = self._sides(link, base)
        return own.latest is not None and (base.stamp is None or own.latest > base.stamp)

    def _sides(self, link: Link, base: Base) -> tuple[Side, Side]:
        """Return both sides; one the frames do not show is as it was agreed."""
        record, obj = self.shown.records.get(link.source.id), self.shown.stored.get(link.qbo_id)
        contacts = self.shown.contacts.get(link.source.id, ())
        agreed = base.fields
        own = (
            read_servicetitan(
                link.target,
                record,
                contacts,
                locations=self._location_of(link, base),
                chosen=base.chosen,
                terms=self.terms,
            )
            if record is not None
            else Side(
                link.source.id,
                {name: each.servicetitan for name, each in agreed.items()},
                raw={"id": link.source.id},
            )
        )
        other = (
            read_quickbooks(link.target, obj, terms=self.terms)
            if obj is not None
            else Side(link.qbo_id, {name: each.quickbooks for name, each in agreed.items()})
        )
        unread = {name: base.fields[name].servicetitan for name in (NOTES, REMARKS) if name in base.fields}
        return replace(own, values={**own.values, **unread}), other

    def _location_of(self, link: Link, base: Base) -> list[Json]:
        """Return the location agreed on if the frame shows it, any if none is agreed on yet."""
        shown, chosen = self.shown.locations.get(link.source.id, ()), base.chosen.get(SERVICE, "")
        return [row for row in shown if chosen in ("", objects.text(row.get("id")))]

    def _decide(self, link: Link, base: Base) -> Decision | None:
        own, other = self._sides(link, base)
        if own.merged_to:
            return None
        company = self.defs.company
        policies: dict[str, FieldPolicy] = {**company.field_policies}
        manner = manner_of(
            link.target,
            own.raw,
            latin1=company.characters == "latin1",
            name_format=company.name_format,
            terms=company.terms,
            exempt_reason=company.tax.exempt_reason or "",
        )
        ways = Ways(policies, self.terms, self.defs.now_utc(), company.notes_left_out)
        return decide(base, own, other, manner, ways)

    def _change(self, link: Link, base: Base, decision: Decision) -> Json:
        if not decision.to_servicetitan:
            return {}
        own, _ = self._sides(link, base)
        return change_json(servicetitan_change(link.target, decision.to_servicetitan, own, terms=self.terms))

    def _row(
        self,
        link: Link,
        direction: str,
        verdict: Verdict,
        *,
        body: Json | None = None,
        said: Reason | None = None,
    ) -> Mapped:
        source = replace(link.source, part=direction)
        target = link.target if direction == TO_QUICKBOOKS else FOREIGN[link.target]
        title = link.display_name
        payload = Payload(source, target, self.day, body, title=title) if body else None
        seen = [objects.text(row.get("id")) for row in self.shown.locations.get(link.source.id, ())]
        facts: Json = {"qbo_id": link.qbo_id, "servicetitan_id": link.source.id, "locations": seen}
        return Mapped(source, verdict, self.day, title=title, payload=payload, reason=said, facts=facts)

    def _of_orphan(self, obj: Json) -> list[Mapped]:
        target, company = TARGETS[self.entity], self.defs.company
        policy = self._policy
        wanted = is_wanted(obj, to_servicetitan=policy.to_servicetitan, listed=policy.listed)
        if wanted is None:
            return []
        qbo_id, title = objects.text(obj.get("Id")), objects.text(obj.get("DisplayName"))
        source, facts = orphan(self.entity, qbo_id), {"qbo_id": qbo_id}
        if not wanted:
            said = reason("not_created", entity=self.entity.label)
            return [Mapped(source, Verdict.NOT_DUE, self.day, title=title, reason=said, facts=facts)]
        body = creation_body(
            target, obj, name_format=company.name_format, terms=self.terms, term_names=company.terms
        )
        if isinstance(body, Reason):
            return [Mapped(source, Verdict.HELD, self.day, title=title, reason=body, facts=facts)]
        payload = Payload(source, FOREIGN[target], self.day, body, title=title)
        return [Mapped(source, Verdict.DUE, self.day, title=title, payload=payload, facts=facts)]


@dataclass
class MasterLoad:
    """Brings over what changed on the days of one run; keep one for the run.

    Attributes:
        write: the load's own context.
        is_by_hand: whether a person asked for this run.
    """

    defs: CompanyDefs
    connections: Connections
    folder: FrameFolder
    terms: Terms
    write: WriteContext
    is_by_hand: bool = False
    stopped: ConnectionStopped | None = None
    _desk: PairDesk = field(init=False)
    _creation: CreationDesk = field(init=False)
    _locations: LocationDesk = field(init=False)

    def __post_init__(self) -> None:
        self.context = PairContext(
            write=self.write,
            pairs=self.connections.pairs,
            foreign=self.connections.foreign_writes,
            servicetitan=self.connections.servicetitan,
            writer=self.connections.servicetitan_writer,
            terms=self.terms,
            now=self.defs.now_utc(),
            is_by_hand=self.is_by_hand,
        )
        self._desk = PairDesk(self.context)
        self._creation = CreationDesk(self.context)
        self._locations = LocationDesk(self.context)

    def load(self, entity: Entity, day: date, results: Sequence[LoadResult] = ()) -> list[LoadResult]:
        """Bring a day's pairs to agree, make what QuickBooks alone has; return where both directions stand.

        Args:
            entity: customers or vendors.
            day: the partition.
            results: of the day's load, for what it created or linked.
        """
        frame = self.folder.read(keys.mapped(self.defs.name, entity), day)
        mapped = [mapped_of(row) for row in to_rows(frame)] if frame is not None else []
        done = self._desk.sync(entity, self._wanted(entity, mapped, results), day)
        if entity is Entity.CUSTOMER and self.defs.company.locations_since is not None:
            seen = self.folder.read(keys.quickbooks(self.defs.name, entity.plural), day)
            done += self._locations.follow([id_ for id_, _, _ in objects_in(seen)], day)
        lone = [
            objects.text(each.facts.get("qbo_id"))
            for each in mapped
            if is_master_row(each)
            and each.source.id.startswith("qbo")
            and (not each.facts.get("looked") or self._is_tried_again(each))
        ]
        if lone and self._desk.stopped is None:
            found = read_objects(self.context, TARGETS[entity], lone)
            done += self._creation.create(entity, list(found.values()), day)
        self.stopped = self._desk.stopped or self._creation.stopped or self._locations.stopped
        return done

    def _is_tried_again(self, mapped: Mapped) -> bool:
        """Say whether what ServiceTitan refused to make is sent again, since a person asks for it."""
        return self.is_by_hand and mapped.reason is not None and mapped.reason.code == "servicetitan_refused"

    def _wanted(
        self, entity: Entity, mapped: Sequence[Mapped], results: Sequence[LoadResult]
    ) -> list[Wanted]:
        """Return the pairs to look at: those that show a change, and those that were never compared."""
        changed = {
            objects.text(each.facts.get("servicetitan_id"))
            for each in mapped
            if is_master_row(each) and each.facts.get("servicetitan_id")
        }
        plain = {
            each.source.id
            for each in mapped
            if each.source.entity is entity and not is_master_row(each) and not each.source.part
        }
        locations: dict[str, set[str]] = {}
        for each in mapped:
            ids = objects.as_list(each.facts.get("locations"))
            if each.source.entity is entity and ids:
                locations.setdefault(each.source.id, set()).update(map(objects.text, ids))
        made = {
            result.source.id: result
            for result in results
            if result.source.entity is entity and result.outcome is Outcome.POSTED and not result.source.part
        }
        known = self.connections.pairs.of_sources(self.connections.name, entity, plain)
        wanted = [*changed, *sorted((plain | made.keys()) - known.keys() - changed)]
        return [
            Wanted(
                servicetitan_id=id_,
                qbo_id=made[id_].qbo_id if id_ in made else "",
                was_created=id_ in made and made[id_].operation == "create",
                locations=tuple(sorted(locations.get(id_, ()))),
            )
            for id_ in wanted
            if id_
        ]


def pair_rows(
    defs: CompanyDefs,
    connections: Connections,
    folder: FrameFolder,
    references: References,
    *,
    entity: Entity,
    day: date,
    records: Sequence[AnyRecord] = (),
) -> list[Mapped]:
    """Return the rows of a day's pairs, for `mapped/customers` and `mapped/vendors`."""
    shown = shown_on(defs, folder, entity, day, records)
    terms = terms_of(references, folder, defs)
    return PairRows(defs, connections, terms, entity, day, shown).rows()
