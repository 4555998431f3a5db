"""Both sides of many pairs, read in few calls.

What belongs here: which pair a changed record belongs to, and the records of both systems by id. What does
not: what is decided about them (`desk`).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault
from st_qbo_assets.domain.ids import Entity
from st_qbo_assets.domain.masters.sides import (
    CUSTOMER,
    SERVICE,
    Side,
    manner_of,
    read_quickbooks,
    read_servicetitan,
)
from st_qbo_assets.domain.masters.three_way import Base
from st_qbo_assets.domain.masters.values import Manner
from st_qbo_assets.domain.outcomes import Json
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.ports import TARGETS, PairContext, Wanted, source_of
from st_qbo_assets.quickbooks.query import quote_list
from st_qbo_assets.store.links import Link, LinkState
from st_qbo_assets.store.pairs import PairRow

_log = logging.getLogger(__name__)
_IDS_PER_QUERY = 200
_CONTACTS = "customer-contacts"
_LISTS = {Entity.CUSTOMER: "customers", Entity.VENDOR: "vendors"}


@dataclass(frozen=True)
class Pair:
    """Two records that are one, as both systems show them now.

    Attributes:
        base: as last agreed; None if they never were compared.
        is_first: whether this link owns the QuickBooks object; others that share it do not travel.
        was_created: whether we created the QuickBooks object, in this load or one that died before comparing.
        servicetitan: None if the record is gone.
        quickbooks: None if the object is gone.
    """

    entity: Entity
    link: Link
    base: Base | None
    is_first: bool
    was_created: bool
    servicetitan: Side | None
    quickbooks: Side | None

    @property
    def target(self) -> str:
        """Customer or Vendor."""
        return TARGETS[self.entity]


def manner(context: PairContext, target: str, record: Json) -> Manner:
    """Return how values of a record are written."""
    company = context.company
    return manner_of(
        target,
        record,
        latin1=company.characters == "latin1",
        name_format=company.name_format,
        terms=company.terms,
        exempt_reason=company.tax.exempt_reason or "",
    )


def find_links(
    context: PairContext, entity: Entity, wanted: Sequence[Wanted]
) -> tuple[list[Link], list[str]]:
    """Return the links of changed records, each once, and the QuickBooks ids that have none."""
    target, write = TARGETS[entity], context.write
    sources = [source_of(entity, each.servicetitan_id) for each in wanted if each.servicetitan_id]
    qbo_ids = [each.qbo_id for each in wanted if each.qbo_id]
    own = write.ledger.links(write.name, sources)
    other = write.links.of_targets(write.name, target, qbo_ids)
    found = {link.source: link for links in own.values() for link in links if link.target == target}
    # A service location's sub-customer has a link with a part: it is no pair of its own.
    found |= {links[0].source: links[0] for links in other.values() if links and not links[0].source.part}
    return list(found.values()), [qbo_id for qbo_id in dict.fromkeys(qbo_ids) if qbo_id not in other]


def read_pairs(
    context: PairContext,
    entity: Entity,
    links: Sequence[Link],
    created: frozenset[str],
    *,
    seen: Mapping[str, Sequence[str]] | None = None,
) -> list[Pair]:
    """Return the pairs of links as both systems show them now.

    Args:
        context: of the company.
        entity: customers or vendors.
        links: of the pairs.
        created: QuickBooks ids of objects this load created.
        seen: service locations that were seen, by customer id; those agreed on are looked at anyway.
    """
    if not links:
        return []
    target, write = TARGETS[entity], context.write
    ids = [link.source.id for link in links]
    bases = context.pairs.of_sources(write.name, entity, ids)
    owners = write.links.of_targets(write.name, target, [link.qbo_id for link in links])
    sharing = [each.source.id for found in owners.values() if len(found) > 1 for each in found]
    records, contacts = read_servicetitan_rows(context, entity, [*ids, *sharing])
    stored = read_objects(context, target, [link.qbo_id for link in links])
    locations = _read_locations(context, entity, bases, seen or {})
    pairs: list[Pair] = []
    for link in links:
        row = bases.get(link.source.id)
        base = row.base if row is not None and row.qbo_id == link.qbo_id else None
        chosen: Mapping[str, str] = base.chosen if base else {}
        record, obj = records.get(link.source.id), stored.get(link.qbo_id)
        pairs.append(
            Pair(
                entity=entity,
                link=link,
                base=base,
                is_first=_is_first(link, owners.get(link.qbo_id, []), records),
                was_created=link.qbo_id in created
                or (base is None and link.state is LinkState.ACTIVE and len(owners[link.qbo_id]) == 1),
                servicetitan=read_servicetitan(
                    target,
                    record,
                    contacts.get(link.source.id, ()),
                    locations=locations.get(link.source.id, ()),
                    chosen=chosen,
                    terms=context.terms,
                    notes=_read_notes(context, target, link.source.id),
                )
                if record is not None
                else None,
                quickbooks=read_quickbooks(target, obj, terms=context.terms) if obj is not None else None,
            )
        )
    return pairs


def _is_first(link: Link, owners: Sequence[Link], records: Mapping[str, Json]) -> bool:
    """Say whether a link is the oldest of its object whose ServiceTitan record was not merged away."""
    for owner in owners:
        if owner.source == link.source:
            return True
        if records.get(owner.source.id, {}).get("mergedToId") is None:
            return False
    return True


def read_again(context: PairContext, pair: Pair) -> Pair:
    """Return a pair with its QuickBooks object read again, since somebody changed it meanwhile."""
    obj = read_objects(context, pair.target, [pair.link.qbo_id]).get(pair.link.qbo_id)
    return replace(pair, quickbooks=read_quickbooks(pair.target, obj, terms=context.terms) if obj else None)


def read_servicetitan_rows(
    context: PairContext, entity: Entity, ids: Iterable[str]
) -> tuple[dict[str, Json], dict[str, list[Json]]]:
    """Return ServiceTitan's records by id, and the contacts of customers by customer id."""
    wanted = sorted({int(id_) for id_ in ids if id_.isdigit()})
    if not wanted:
        return {}, {}
    records = {
        objects.text(row.get("id")): row for row in context.servicetitan.rows(_LISTS[entity], ids=wanted)
    }
    contacts: dict[str, list[Json]] = {}
    if TARGETS[entity] == CUSTOMER:
        for row in context.servicetitan.rows(_CONTACTS, ids=wanted):
            contacts.setdefault(objects.text(row.get("customerId")), []).append(row)
    return records, contacts


def _read_locations(
    context: PairContext, entity: Entity, bases: Mapping[str, PairRow], seen: Mapping[str, Sequence[str]]
) -> dict[str, list[Json]]:
    """Return the service locations agreed on and those seen, by customer id; not all a customer has."""
    if TARGETS[entity] != CUSTOMER:
        return {}
    agreed = [row.base.chosen.get(SERVICE, "") for row in bases.values()]
    wanted = {id_ for id_ in (*agreed, *(each for ids in seen.values() for each in ids)) if id_.isdigit()}
    found: dict[str, list[Json]] = {}
    if wanted:
        for row in context.servicetitan.rows("locations", ids=sorted(map(int, wanted))):
            found.setdefault(objects.text(row.get("customerId")), []).append(row)
    return found


def _read_notes(context: PairContext, target: str, customer_id: str) -> list[Json] | None:
    """Return the notes of a customer; None if the company carries none, or they are not shown to us."""
    if target != CUSTOMER or context.company.notes == "off":
        return None
    try:
        return list(context.writer.notes(customer_id))
    except (RemoteFault, ConnectionStopped) as error:
        # An app may lack the right to notes alone; whether the connection stands, the other calls tell.
        _log.warning("notes=not_read customer=%s error=%s", customer_id, type(error).__name__)
        return None


def read_objects(context: PairContext, target: str, qbo_ids: Iterable[str]) -> dict[str, Json]:
    """Return QuickBooks' objects by id, inactive ones too; one that is gone is missing."""
    wanted = list(dict.fromkeys(qbo_ids))
    found: dict[str, Json] = {}
    for first in range(0, len(wanted), _IDS_PER_QUERY):
        where = f"Id IN {quote_list(wanted[first : first + _IDS_PER_QUERY])} AND Active IN (true, false)"
        for row in context.write.quickbooks.query(target, where):
            found[objects.text(row.get("Id"))] = row
    return found
