"""Finding the QuickBooks customers that ServiceTitan customers already are.

What belongs here: the name index of a realm, the findings of a day's unlinked customers in few metered
calls, and what follows when a name is taken (QB §8 no. 14). What does not: the verdict over candidates
(`matching`), saving links (`apply`).
"""

import threading
from collections.abc import Iterable, Sequence

from st_qbo_assets.domain.ids import SourceRef, is_location, location_part
from st_qbo_assets.domain.names import suffixed
from st_qbo_assets.domain.outcomes import Json, Mapped, Payload
from st_qbo_assets.load import objects
from st_qbo_assets.load.actions import Finding, FindingKind, Resolution
from st_qbo_assets.load.candidates import Candidates, Taken
from st_qbo_assets.load.matching import (
    Card,
    Match,
    MatchKind,
    agreements,
    card_of,
    comparable,
    match_customer,
    with_contacts,
)
from st_qbo_assets.load.ports import QuickBooksCalls, WriteContext
from st_qbo_assets.load.reasons import reason
from st_qbo_assets.load.settled import SettledLinks
from st_qbo_assets.quickbooks.query import quote

_KEPT = (
    "Id",
    "SyncToken",
    "DisplayName",
    "CompanyName",
    "GivenName",
    "FamilyName",
    "PrimaryEmailAddr",
    "PrimaryPhone",
    "Active",
    "BillWithParent",
)
_NAME_LISTS = ("Customer", "Vendor", "Employee")
_EVERY_KIND = 3


class CustomerIndex:
    """All customers of a realm by name, inactive ones too, read once when first needed.

    Keep it as long as a run: one metered call per thousand customers.
    """

    def __init__(self, quickbooks: QuickBooksCalls, target: str = "Customer") -> None:
        """Read from this realm when first asked; the target may be Vendor."""
        self._quickbooks = quickbooks
        self.target = target
        self._lock = threading.Lock()
        self._candidates: Candidates | None = None
        self._rows: dict[str, Json] = {}
        self._parts: dict[str, list[Card]] = {}

    def sub_customers(self, parent: str) -> list[Card]:
        """Return the sub-customers of a customer; they never are customers of ServiceTitan (rule 7.5).

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        self._all()
        return self._parts.get(parent, [])

    def likely(self, wanted: Sequence[Card], taken: Taken | None = None) -> list[list[Card]]:
        """Return who some customers might be: those of the same name, of a near one, or of two like facts.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        return self._all().likely(wanted, taken) if wanted else []

    def row(self, qbo_id: str) -> Json:
        """Return the fields of a customer that a link keeps."""
        return self._rows[qbo_id]

    def _all(self) -> Candidates:
        with self._lock:
            if self._candidates is None:
                cards: list[Card] = []
                for row in self._quickbooks.query(self.target, "Active IN (true, false)"):
                    card = card_of(row)
                    self._rows[card.id] = {key: row[key] for key in _KEPT if key in row}
                    if parent := objects.ref(row, "ParentRef"):
                        self._parts.setdefault(parent, []).append(card)
                    else:
                        cards.append(card)
                self._candidates = Candidates(cards)
            return self._candidates


class CustomerDesk:
    """Decides which customer of QuickBooks a payload is, if any (rule 7.2)."""

    def __init__(self, context: WriteContext, *, index: CustomerIndex, settled: SettledLinks) -> None:
        """Decide by the index and the settled pairs."""
        self._context = context
        self._index = index
        self._settled = settled
        self._cards: dict[SourceRef, Card] = {}

    def findings(self, mapped: Sequence[Mapped], known: Resolution) -> dict[tuple[SourceRef, str], Finding]:
        """Return what is found of customers that have neither a link nor a settled pair.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        for each in mapped:
            self._cards[each.source] = _card(each)
        open_ = [
            payload
            for each in mapped
            if (payload := each.payload) is not None
            and known.link(payload.source, payload.target) is None
            and known.finding(payload.source, payload.target) is None
            and not self._is_settled_as_new(payload)
        ]
        found_likely = self._index.likely([self._cards[payload.source] for payload in open_], self._linked)
        likely = {payload.source: cards for payload, cards in zip(open_, found_likely, strict=True)}
        linked = self._linked(card.id for cards in likely.values() for card in cards)
        found: dict[tuple[SourceRef, str], Finding] = {}
        for payload in [each for each in open_ if is_location(each.source)]:
            if finding := self._sub_customer(payload, known):
                found[payload.source, payload.target] = finding
        for payload in [each for each in open_ if not is_location(each.source)]:
            wanted = self._cards[payload.source]
            match = match_customer(wanted, likely[payload.source], linked_ids=linked)
            finding = self._finding(payload, match)
            if finding is not None:
                found[payload.source, payload.target] = finding
        return found

    def after_conflict(self, payload: Payload, tried: str) -> Finding:
        """Return what to do about a name QuickBooks refused: link, another name, or ask.

        Raises:
            SyncError: if QuickBooks could not be asked.
        """
        where = f"DisplayName = {quote(tried)} AND Active IN (true, false)"
        suffix = self._suffixed(payload)
        for entity in _NAME_LISTS:
            for row in self._context.quickbooks.query(entity, where):
                other = f"{entity} {objects.text(row.get('Id'))}"
                decided = self._owner_is_ours(payload, row) if entity == payload.target else None
                if decided is not None:
                    return decided
                return self._renamed(suffix, other, tried=tried)
        return self._renamed(suffix, "another name in QuickBooks", tried=tried)

    def _sub_customer(self, payload: Payload, known: Resolution) -> Finding | None:
        """Return the sub-customer somebody made for a service location: of its name or its street."""
        parent = objects.as_source(objects.ref(payload.body, "ParentRef"))
        link = known.link(parent, payload.target) if parent is not None else None
        cards = self._index.sub_customers(link.qbo_id) if link is not None else []
        taken = self._linked(card.id for card in cards)
        wanted = self._cards[payload.source]
        alike = [
            card
            for card in cards
            if card.id not in taken and (wanted.key == card.key or "address" in agreements(wanted, card))
        ]
        if len(alike) > 1:
            return _unsure(payload, alike, "more than one sub-customer fits")
        if not alike:
            return None
        card, row = alike[0], self._index.row(alike[0].id)
        if row.get("BillWithParent") is True and card.is_active:
            return _link(payload.target, row, card, agreements(wanted, card))
        said = reason("sub_customer_not_billed", name=card.name, qbo_id=card.id)
        return Finding(FindingKind.HOLD, reason=said)

    def _owner_is_ours(self, payload: Payload, row: Json) -> Finding | None:
        """Return a link or a question about the customer that has the name; None if it is somebody else."""
        if is_location(payload.source) or objects.ref(row, "ParentRef"):
            return None
        wanted, card = self._cards.get(payload.source) or card_of(payload.body), card_of(row)
        if self._is_settled_as_new(payload) or self._linked([card.id]):
            return None
        agreeing = agreements(wanted, card)
        if agreeing and card.is_active:
            return _link(payload.target, row, card, agreeing)
        if not agreeing and len(comparable(wanted, card)) == _EVERY_KIND:
            return None
        why = "it has the name" if card.is_active else "it has the name, but is inactive in QuickBooks"
        return _unsure(payload, (card,), why)

    def _renamed(self, suffix: str, other: str, *, tried: str) -> Finding:
        if objects.same_name(tried, suffix):
            return Finding(FindingKind.HOLD, reason=reason("name_taken", names=repr(suffix)))
        return Finding(FindingKind.NAME, name=suffix, reason=reason("renamed", name=suffix, other=other))

    def _finding(self, payload: Payload, match: Match) -> Finding | None:
        if match.kind is MatchKind.LINK and match.card is not None:
            return _link(payload.target, self._index.row(match.card.id), match.card, match.evidence)
        if match.kind is MatchKind.UNSURE:
            return _unsure(payload, match.candidates, match.why)
        if match.name_owner:
            return self._renamed(self._suffixed(payload), f"{payload.target} {match.name_owner}", tried="")
        return None

    def _suffixed(self, payload: Payload) -> str:
        mark = f"{payload.target[0]}-{payload.source.id}"
        if is_location(payload.source):
            mark = f"L-{payload.source.part.removeprefix(location_part(''))}"
        return suffixed(objects.display_name(payload.target, payload.body), f"({mark})")

    def _is_settled_as_new(self, payload: Payload) -> bool:
        pair = self._settled.get((payload.source, payload.target))
        return pair is not None and pair.is_new

    def _linked(self, ids: Iterable[str]) -> frozenset[str]:
        wanted = sorted(set(ids))
        return frozenset(
            self._context.links.of_targets(self._context.name, self._index.target, wanted) if wanted else ()
        )


def _card(mapped: Mapped) -> Card:
    """Return the card of a customer with every e-mail and phone ServiceTitan has, not only those sent."""
    body = mapped.payload.body if mapped.payload is not None else {}
    emails, phones = (objects.as_list(mapped.facts.get(kind)) for kind in ("emails", "phones"))
    return with_contacts(card_of(body), emails=emails, phones=phones)


def _link(target: str, row: Json, card: Card, evidence: tuple[str, ...]) -> Finding:
    said = reason(
        "linked_to_existing",
        target=target,
        qbo_id=card.id,
        name=card.name,
        evidence=" and ".join(evidence),
    )
    detail: Json = {"name": card.name, "agrees": ["name", *evidence]}
    return Finding(FindingKind.LINK, row, reason=said, code="linked_by_rule", evidence=detail)


def _unsure(payload: Payload, candidates: Sequence[Card], why: str) -> Finding:
    labels = tuple(card.label for card in candidates)
    said = reason(
        "match_unsure",
        suggestions=labels,
        candidates=", ".join(labels),
        why=why,
        source=str(payload.source),
        target=payload.target,
    )
    return Finding(FindingKind.HOLD, reason=said)
