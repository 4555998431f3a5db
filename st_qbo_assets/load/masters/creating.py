"""Making in ServiceTitan what QuickBooks alone has (rules 7.2, 7.4, 7.5, 7.7).

What belongs here: looking before creating, by our external data and then by name and number; the body; the
link that comes of it. What does not: creating in QuickBooks (`load.day`).

ServiceTitan has no idempotency key. A record carries the id of the QuickBooks object it was made from, so
that one whose answer was lost is found by the next run and linked, not made twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from st_qbo_assets.domain.errors import ConnectionStopped, SyncError, UncertainOutcome
from st_qbo_assets.domain.ids import Entity, SourceRef
from st_qbo_assets.domain.masters.reasons import reason
from st_qbo_assets.domain.masters.sides import (
    CUSTOMER,
    REMARKS,
    Side,
    Terms,
    quickbooks_body,
    read_quickbooks,
    read_servicetitan,
    term_id,
)
from st_qbo_assets.domain.masters.three_way import Agreed, Base
from st_qbo_assets.domain.masters.values import (
    Manner,
    Problem,
    Value,
    plain_name,
    shown,
    text,
    to_servicetitan,
)
from st_qbo_assets.domain.names import legal_email, legal_phone, person_parts
from st_qbo_assets.domain.outcomes import Json, LoadResult, Outcome, Reason
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.ports import FOREIGN, TARGETS, PairContext, Tally, orphan, source_of
from st_qbo_assets.load.masters.reading import Pair
from st_qbo_assets.load.masters.to_servicetitan import begin, refused, with_vendor_fields
from st_qbo_assets.load.matching import Card, MatchKind, card_of, match_customer, with_contacts
from st_qbo_assets.load.verify import owned_fields
from st_qbo_assets.store.intents import Closing, Operation
from st_qbo_assets.store.links import Link, LinkState
from st_qbo_assets.store.pairs import PairRow

_KINDS = {"email": "Email", "phone": "Phone", "mobile": "MobilePhone", "fax": "Fax"}


def is_wanted(obj: Json, *, to_servicetitan: str, listed: Iterable[str]) -> bool | None:
    """Say whether a QuickBooks name is to be made in ServiceTitan; None if it never is (rule 7.5).

    Sub-customers, projects and inactive ones never are.
    """
    is_part = bool(objects.ref(obj, "ParentRef")) or obj.get("Job") is True or obj.get("IsProject") is True
    if is_part or obj.get("Active") is False:
        return None
    if to_servicetitan == "listed":
        return any(objects.same_name(name, obj.get("DisplayName")) for name in listed)
    return to_servicetitan == "all"


def creation_body(
    target: str,
    obj: Json,
    *,
    name_format: str,
    terms: Terms | None = None,
    term_names: Mapping[str, str] | None = None,
) -> Json | Reason:
    """Return what a QuickBooks name becomes in ServiceTitan, or what it lacks.

    Args:
        target: Customer or Vendor.
        obj: the QuickBooks object.
        name_format: of persons.
        terms: of both sides; a term that ServiceTitan does not have is left out.
        term_names: ServiceTitan term → QuickBooks term, where they differ.
    """
    side = read_quickbooks(target, obj)
    term = term_of(target, obj, terms or Terms(), term_names or {})[1]
    if target != CUSTOMER:
        return _vendor_body(side, term)
    is_person = not objects.text(obj.get("CompanyName"))
    bill = _complete(side.values.get("address", {}))
    ship = _complete(
        read_quickbooks(target, {**obj, "BillAddr": obj.get("ShipAddr")}).values.get("address", {})
    )
    address, service = bill or ship, ship or bill
    if address is None or service is None:
        return reason("location_missing", value=shown(side.values.get("address", {})))
    name = _servicetitan_name(obj, is_person=is_person, name_format=name_format)
    if not any(char.isalnum() for char in name):
        return reason("name_illegal", value=name, towards="ServiceTitan")
    contacts = [
        {"type": kind, "value": value}
        for field_, kind in _KINDS.items()
        if (value := text(side.values.get(field_, "")))
        and (legal_email(value) if field_ == "email" else legal_phone(value, latin1=False))
    ]
    return {
        "name": name,
        "type": "Residential" if is_person else "Commercial",
        "address": address,
        "locations": [{"name": name, "address": service}],
        "contacts": contacts,
        **({"paymentTermId": int(term)} if term else {}),
    }


def term_of(target: str, obj: Json, terms: Terms, names: Mapping[str, str]) -> tuple[str, str]:
    """Return the name of an object's payment term, and the id of that term in ServiceTitan; empty if none."""
    known = terms.quickbooks.get(objects.ref(obj, "SalesTermRef" if target == CUSTOMER else "TermRef"), "")
    own = next((one for one, other in names.items() if objects.same_name(other, known)), known)
    return known, term_id(own, terms.servicetitan) if known else ""


def _servicetitan_name(obj: Json, *, is_person: bool, name_format: str) -> str:
    name = plain_name(objects.text(obj.get("DisplayName")))
    if is_person and name_format == "first_last" and " " in name and "," not in name:
        family = objects.text(obj.get("FamilyName"))
        if family and name.endswith(f" {family}"):
            return f"{family}, {name[: -len(family) - 1]}"
        given, last = person_parts(name)
        return f"{last}, {given}" if given else name
    return name


def _vendor_body(side: Side, term: str) -> Json | Reason:
    address = side.values.get("address", {})
    person = side.values.get("person", {})
    if not any(char.isalnum() for char in text(side.values["name"])):
        return reason("name_illegal", value=side.values["name"], towards="ServiceTitan")
    parts = address if isinstance(address, dict) else {}
    names = person if isinstance(person, dict) else {}
    return {
        "name": side.values["name"],
        "active": True,
        "isTruckReplenishment": False,
        "restrictedMobileCreation": False,
        "taxRate": 0,
        "firstName": names.get("GivenName", ""),
        "lastName": names.get("FamilyName", ""),
        "phone": side.values.get("phone", ""),
        "email": side.values.get("email", ""),
        "fax": side.values.get("fax", ""),
        "address": {key: parts.get(key, "") for key in ("street", "unit", "city", "state", "zip")}
        | {"country": parts.get("country", "") or "USA"},
        **({"paymentTermId": int(term)} if term else {}),
    }


def _complete(address: Value) -> Json | None:
    written = to_servicetitan("address", address, Manner())
    if isinstance(written, Problem) or not isinstance(written, dict):
        return None
    parts = {key: written.get(key, "") for key in ("street", "unit", "city", "state", "zip", "country")}
    return parts | {"country": parts["country"] or "USA"}


@dataclass
class CreationDesk:
    """Makes records in ServiceTitan; keep one for a run."""

    context: PairContext
    tally: Tally = field(default_factory=Tally)
    stopped: ConnectionStopped | None = None
    _vendors: list[Json] | None = None

    def create(self, entity: Entity, found: Sequence[Json], day: date) -> list[LoadResult]:
        """Make what QuickBooks alone has, and return where each stands, save what was linked meanwhile.

        Args:
            entity: customers or vendors.
            found: QuickBooks objects as read just now.
            day: the partition.
        """
        results: list[LoadResult] = []
        write = self.context.write
        for obj in found:
            if self.stopped is not None:
                break
            try:
                with write.ledger.lock(write.name, orphan(entity, objects.text(obj.get("Id")))):
                    result = self._one(entity, obj, day)
            except ConnectionStopped as error:
                self.stopped = error
                result = self._result(
                    entity, obj, day, Outcome.FAILED, reason("servicetitan_transient", error=error)
                )
            except SyncError as error:
                result = self._result(
                    entity, obj, day, Outcome.FAILED, reason("servicetitan_transient", error=error)
                )
            if result is not None:
                results.append(result)
                self._remember(entity, obj, result)
        write.ledger.save_states(write.name, results, write.run_id)
        return results

    def _remember(self, entity: Entity, obj: Json, result: LoadResult) -> None:
        """Keep what a waiting object showed, so that it is looked for again only once it changed."""
        if result.outcome not in (Outcome.HELD, Outcome.NOT_DUE) or not self.context.is_live:
            return
        base = Base(shown_alone(TARGETS[entity], obj))
        row = PairRow(orphan(entity, result.qbo_id).record, result.qbo_id, base)
        self.context.pairs.save(self.context.write.name, [row], self.context.write.run_id)

    def _one(self, entity: Entity, obj: Json, day: date) -> LoadResult | None:
        target, write, company = TARGETS[entity], self.context.write, self.context.company
        qbo_id = objects.text(obj.get("Id"))
        if write.links.of_targets(write.name, target, [qbo_id]):
            return None
        policy = company.create_customers if entity is Entity.CUSTOMER else company.create_vendors
        wanted = is_wanted(obj, to_servicetitan=policy.to_servicetitan, listed=policy.listed)
        if not wanted:
            said = reason("not_created", entity=entity.label)
            return None if wanted is None else self._result(entity, obj, day, Outcome.NOT_DUE, said)
        made = next(iter(self._made_from(target, qbo_id)), None)
        if made is not None:
            return self._link(entity, obj, made, day, code="found_by_external_data")
        match = match_customer(card_of(obj), self._candidates(entity, obj), linked_ids=frozenset())
        if match.kind is MatchKind.LINK and match.card is not None:
            return self._link_to(entity, obj, match.card.id, day, evidence=match.evidence)
        is_listed = any(objects.same_name(name, obj.get("DisplayName")) for name in policy.listed)
        if match.kind is MatchKind.UNSURE and not is_listed:
            labels = tuple(card.label for card in match.candidates)
            said = reason(
                "servicetitan_match_unsure", suggestions=labels, value=", ".join(labels), qbo_id=qbo_id
            )
            return self._result(entity, obj, day, Outcome.HELD, said)
        body = creation_body(
            target, obj, name_format=company.name_format, terms=self.context.terms, term_names=company.terms
        )
        if isinstance(body, Reason):
            return self._result(entity, obj, day, Outcome.HELD, body)
        if not self.context.is_live:
            return self._result(entity, obj, day, Outcome.PLANNED, None)
        return self._create(entity, obj, body, day)

    # Looking

    def _external(self, qbo_id: str) -> str:
        return f"{self.context.write.realm}:{qbo_id}"

    def _made_from(self, target: str, qbo_id: str) -> Iterable[Json]:
        writer, wanted = self.context.writer, [self._external(qbo_id)]
        return writer.customers_made_from(wanted) if target == CUSTOMER else writer.vendors_made_from(wanted)

    def _candidates(self, entity: Entity, obj: Json) -> list[Card]:
        """Return who it may be in ServiceTitan, as cards; those linked already are somebody else."""
        rows = self._vendor_rows() if entity is Entity.VENDOR else self._alike(obj)
        sources = [source_of(entity, objects.text(row.get("id"))) for row in rows]
        write = self.context.write
        linked = {source.id for source in write.ledger.links(write.name, sources)}
        free = {id_: row for row in rows if (id_ := objects.text(row.get("id"))) not in linked}
        contacts: dict[str, list[Json]] = {}
        if entity is Entity.CUSTOMER and free:
            for row in self.context.servicetitan.rows("customer-contacts", ids=sorted(map(int, free))):
                contacts.setdefault(objects.text(row.get("customerId")), []).append(row)
        return [servicetitan_card(TARGETS[entity], row, contacts.get(id_, [])) for id_, row in free.items()]

    def _alike(self, obj: Json) -> list[Json]:
        name = plain_name(objects.text(obj.get("DisplayName")))
        given, family = person_parts(name)
        asked = dict.fromkeys([name, f"{family}, {given}" if given else name, f"{given} {family}".strip()])
        rows: dict[str, Json] = {}
        for each in asked:
            rows |= {
                objects.text(row.get("id")): row for row in self.context.writer.customers_like(name=each)
            }
        phone = objects.text(objects.as_mapping(obj.get("PrimaryPhone")).get("FreeFormNumber"))
        if phone:
            rows |= {
                objects.text(row.get("id")): row for row in self.context.writer.customers_like(phone=phone)
            }
        return [row for row in rows.values() if row.get("mergedToId") is None]

    def _vendor_rows(self) -> list[Json]:
        if self._vendors is None:
            self._vendors = list(self.context.servicetitan.rows("vendors"))
        return self._vendors

    # Making and linking

    def _create(self, entity: Entity, obj: Json, body: Json, day: date) -> LoadResult:
        target, qbo_id = TARGETS[entity], objects.text(obj.get("Id"))
        stands_for = Pair(entity, self._new_link(entity, obj, f"qbo{qbo_id}"), None, True, False, None, None)
        self._supersede(stands_for)
        attempt = begin(self.context, stands_for, body, Operation.CREATE, day)
        try:
            if target == CUSTOMER:
                made = self.context.writer.create_customer(body, external=self._external(qbo_id))
            else:
                id_ = self.context.writer.create_vendor(body, external=self._external(qbo_id))
                made = with_vendor_fields({"id": id_}, body)  # the answer is the id only
        except UncertainOutcome as error:
            found = next(iter(self._made_from(target, qbo_id)), None)
            if found is None:
                written = refused(self.context, attempt, error)
                return self._result(entity, obj, day, written.outcome, written.said)
            made = found
        except SyncError as error:
            written = refused(self.context, attempt, error)
            return self._result(entity, obj, day, written.outcome, written.said)
        self.context.write.seam("after_send")
        self.context.foreign.close_written(attempt, Closing(http_status=200, answer=made))
        self.tally.created += 1
        result = self._link(entity, obj, made, day, code="created_in_servicetitan", operation="create")
        term, known = term_of(target, obj, self.context.terms, self.context.company.terms)
        if term and not known:
            return replace(result, reason=reason("term_left_out", value=term))
        return result

    def _supersede(self, pair: Pair) -> None:
        """Close the creation a dead run left open: whether it happened was looked for just now."""
        ledger, write = self.context.write.ledger, self.context.write
        source = SourceRef(pair.entity, pair.link.source.id, "servicetitan")
        intent = ledger.open_intent(write.name, source, FOREIGN[pair.target])
        if intent is not None:
            ledger.close_absent(intent, code="absent", message="not found by its external data")

    def _link_to(
        self, entity: Entity, obj: Json, id_: str, day: date, *, evidence: tuple[str, ...]
    ) -> LoadResult:
        list_ = "customers" if entity is Entity.CUSTOMER else "vendors"
        record = next(iter(self.context.servicetitan.rows(list_, ids=[int(id_)])), {"id": id_})
        return self._link(entity, obj, record, day, code="linked_by_rule", evidence=evidence)

    def _link(
        self,
        entity: Entity,
        obj: Json,
        record: Json,
        day: date,
        *,
        code: str,
        operation: str = "link",
        evidence: tuple[str, ...] = (),
    ) -> LoadResult:
        """Keep that the two are one; it overwrites nothing and the base is what both show (rule 7.1)."""
        write, target = self.context.write, TARGETS[entity]
        if not self.context.is_live:
            return self._result(entity, obj, day, Outcome.PLANNED, None)
        link = self._new_link(entity, obj, objects.text(record.get("id")))
        write.ledger.save_link(link)
        if operation == "create":
            base = self._base(target, record, obj)
            self.context.pairs.save(write.name, [PairRow(link.source, link.qbo_id, base)], write.run_id)
        write.decisions.decide(
            write.name,
            link.source,
            target=target,
            qbo_id=link.qbo_id,
            code=code,
            decided_by="rule",
            detail={"agrees": list(evidence)},
            run_id=write.run_id,
        )
        return self._result(
            entity, obj, day, Outcome.POSTED, None, operation=operation, wrote=operation == "create"
        )

    def _base(self, target: str, record: Json, obj: Json) -> Base:
        contacts = objects.as_list(record.get("contacts"))
        locations = [objects.as_mapping(each) for each in objects.as_list(record.get("locations"))]
        own = read_servicetitan(target, record, contacts, locations=locations, terms=self.context.terms)
        other = read_quickbooks(target, obj, terms=self.context.terms)
        fields: Mapping[str, Agreed] = {
            name: Agreed(own.values[name], other.values[name]) for name in own.values if name in other.values
        }
        # What people noted in QuickBooks follows as a note, which a creation cannot carry.
        waiting = {REMARKS: Agreed("", "")} if REMARKS in other.values else {}
        return Base({**fields, **waiting}, {}, own.chosen, own.latest)

    def _new_link(self, entity: Entity, obj: Json, id_: str) -> Link:
        target, write = TARGETS[entity], self.context.write
        return Link(
            company=write.name,
            source=source_of(entity, id_),
            target=target,
            realm=write.realm,
            qbo_id=objects.text(obj.get("Id")),
            sync_token=objects.text(obj.get("SyncToken")),
            confirmed=owned_fields(target, obj),
            display_name=objects.display_name(target, obj),
            state=LinkState.ADOPTED,
            run_id=write.run_id,
        )

    def _result(
        self,
        entity: Entity,
        obj: Json,
        day: date,
        outcome: Outcome,
        said: Reason | None,
        *,
        operation: str = "",
        wrote: bool = False,
    ) -> LoadResult:
        qbo_id = objects.text(obj.get("Id"))
        return LoadResult(
            source=orphan(entity, qbo_id),
            outcome=outcome,
            day=day,
            title=objects.text(obj.get("DisplayName")),
            target=FOREIGN[TARGETS[entity]],
            qbo_id=qbo_id,
            operation=operation,
            wrote=wrote,
            reason=said,
        )


def shown_alone(target: str, obj: Json) -> dict[str, Agreed]:
    """Return what an object without a ServiceTitan record shows, in the form of a base."""
    return {name: Agreed("", value) for name, value in read_quickbooks(target, obj).values.items()}


def servicetitan_card(target: str, record: Json, contacts: Sequence[Json]) -> Card:
    """Return the card of a ServiceTitan record: what it would be in QuickBooks, with every contact."""
    side = read_servicetitan(target, record, contacts)
    body = quickbooks_body(
        {name: value for name, value in side.values.items() if name not in ("parts", "terms")}
    )
    emails = [each.get("value") for each in contacts if each.get("type") == "Email"]
    phones = [each.get("value") for each in contacts if each.get("type") in ("Phone", "MobilePhone")]
    whole = {**body, "Id": side.id, "Active": side.is_active}
    return with_contacts(card_of(whole), emails=emails, phones=phones)
