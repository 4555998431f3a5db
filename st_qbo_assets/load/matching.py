"""Deciding whether a customer already exists in QuickBooks under the same or a near name.

What belongs here: normalised names, e-mails, phones and addresses, and the verdict over candidates.
What does not: fetching candidates (customers), or writing links. Pure; works on plain values.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from st_qbo_assets.load import objects

#: From this likeness on (0–100, token order ignored) two names are near: a typing slip or an added word.
NEAR_SCORE = 88.0
#: Near names looked at; those linked already fall out later, so a few more than a person will be shown.
_MOST_NEAR = 20
_KINDS = ("e-mail", "phone", "address")
_NO_STREET, _NO_WORD, _QUOTES = re.compile(r"[^\w\s#]"), re.compile(r"[^\w\s]"), re.compile(r"['’`.]")
_NO_DIGIT, _BETWEEN = re.compile(r"\D"), re.compile(r"[,;\s]+")
_EXTENSION = re.compile(r"(?i)\s*(?:x|ext)\.?\s*\d+\s*$")
_STREET_WORDS = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct",
    "boulevard": "blvd", "circle": "cir", "place": "pl", "parkway": "pkwy", "highway": "hwy",
    "terrace": "ter",
    "apartment": "apt", "north": "n", "south": "s", "east": "e", "west": "w", "suite": "ste",
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """What a customer can be recognised by.

    Attributes:
        id: QuickBooks id; empty for the customer looked for.
        name: the unique display name as it stands.
        key: the display name, normalised.
        keys: normalised names (display name, company, given and family name).
        streets: (street line, postal code or empty), normalised.
        whole_address: every address as one normalised text, for free-form ones.
    """

    id: str
    name: str
    is_active: bool = True
    key: str = ""
    keys: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    streets: frozenset[tuple[str, str]] = frozenset()
    whole_address: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name and id shown to people."""
        return f"{self.name} (Id {self.id}{'' if self.is_active else ', inactive'})"


class MatchKind(StrEnum):
    """What matching says of a customer."""

    LINK = "link"
    NEW = "new"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Match:
    """The verdict over all candidates.

    Attributes:
        card: the one to link to, when the kind is link.
        evidence: what agrees besides the name (`e-mail`, `phone`, `address`).
        candidates: who it may be, best first, when unsure.
        why: what is missing for certainty, when unsure.
        name_owner: label of the customer that already has exactly this name and is somebody else.
    """

    kind: MatchKind
    card: Card | None = None
    evidence: tuple[str, ...] = ()
    candidates: tuple[Card, ...] = field(default=())
    why: str = ""
    name_owner: str = ""


def card_of(obj: Mapping[str, Any]) -> Card:
    """Return the card of a QuickBooks customer, or of a customer body about to be sent."""
    people = " ".join(objects.text(obj.get(part)) for part in ("GivenName", "FamilyName"))
    name = objects.stripped_name(obj.get("DisplayName"))
    names = (name, objects.text(obj.get("CompanyName")), people)
    addresses = [
        address for kind in ("BillAddr", "ShipAddr") if (address := objects.as_mapping(obj.get(kind)))
    ]
    phones = [
        objects.as_mapping(obj.get(kind)).get("FreeFormNumber")
        for kind in ("PrimaryPhone", "Mobile", "AlternatePhone")
    ]
    emails = objects.text(objects.as_mapping(obj.get("PrimaryEmailAddr")).get("Address"))
    key = normalise_name(name)
    own = frozenset({key} if key else ())
    return Card(
        id=objects.text(obj.get("Id")),
        name=name,
        is_active=obj.get("Active") is not False,
        key=key,
        keys=frozenset(other for each in {*names} - {name} if (other := normalise_name(each))) | own,
        emails=_emails([emails]),
        phones=_phones(phones),
        streets=frozenset(street for address in addresses if (street := _street(address))[0]),
        whole_address=tuple(_whole(address) for address in addresses),
    )


def with_contacts(card: Card, *, emails: Iterable[object], phones: Iterable[object]) -> Card:
    """Return the card with further e-mails and phones to be recognised by."""
    return replace(card, emails=card.emails | _emails(emails), phones=card.phones | _phones(phones))


def normalise_name(name: object) -> str:
    """Return a name such that "Smith, John", "John  Smith" and "JOHN SMITH" are equal."""
    given = objects.stripped_name(name)
    if given.count(",") == 1:
        last, first = given.split(",")
        given = f"{first} {last}" if first.strip() and last.strip() else given
    folded = unicodedata.normalize("NFKD", given).casefold().replace("&", " and ")
    kept = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return " ".join(_NO_WORD.sub(" ", _QUOTES.sub("", kept)).split())


def normalise_phone(phone: object) -> str:
    """Return the last ten digits of a phone number, empty if there are fewer than seven."""
    digits = _NO_DIGIT.sub("", _EXTENSION.split(objects.text(phone))[0])
    return digits[-10:] if len(digits) >= 7 else ""


def agreements(wanted: Card, other: Card) -> tuple[str, ...]:
    """Return which of e-mail, phone and address are equal on both."""
    found = (wanted.emails & other.emails, wanted.phones & other.phones, _addresses_agree(wanted, other))
    return tuple(kind for kind, agrees in zip(_KINDS, found, strict=True) if agrees)


def comparable(wanted: Card, other: Card) -> tuple[str, ...]:
    """Return which of e-mail, phone and address both state, so that they could contradict."""
    found = (
        wanted.emails and other.emails,
        wanted.phones and other.phones,
        wanted.streets and other.whole_address,
    )
    return tuple(kind for kind, both in zip(_KINDS, found, strict=True) if both)


def match_customer(
    wanted: Card, candidates: Sequence[Card], *, linked_ids: frozenset[str] = frozenset()
) -> Match:
    """Return what the candidates say about a customer that has no link yet (rule 7.2).

    An exact normalised name plus equal e-mail, phone or address links; an exact name alone, a near name, or
    two that fit wait for a person. An exact name against which e-mail, phone and address all contradict,
    and a near name against which at least two of them do, are somebody else; so are customers linked already.

    Args:
        wanted: card of the customer to be.
        candidates: customers of QuickBooks, inactive ones included.
        linked_ids: those of them that belong to another ServiceTitan customer.
    """
    own = wanted.key
    owner = next(
        (card for card in candidates if objects.same_name(card.name, wanted.name) and card.is_active), None
    )
    free = [card for card in candidates if card.id not in linked_ids]
    exact = [card for card in free if own and own in card.keys]
    agreeing = [card for card in exact if agreements(wanted, card)]
    unsure = [card for card in exact if card not in agreeing and len(comparable(wanted, card)) < len(_KINDS)]
    if len(agreeing) == 1 and not unsure:
        card = agreeing[0]
        if card.is_active:
            return Match(MatchKind.LINK, card=card, evidence=agreements(wanted, card))
        return Match(MatchKind.UNSURE, candidates=(card,), why="it fits, but is inactive in QuickBooks")
    if agreeing:
        return Match(MatchKind.UNSURE, candidates=(*agreeing, *unsure), why="more than one fits")
    near = [
        card for card in nearest(wanted, free) if card not in exact and not _is_somebody_else(wanted, card)
    ]
    alike = [
        card for card in free if card not in exact and card not in near and len(agreements(wanted, card)) > 1
    ]
    if unsure or near or alike:
        why = "the names are nearly the same"
        if unsure:
            why = "the name is the same, but no e-mail, phone or address is"
        elif not near:
            why = f"{' and '.join(agreements(wanted, alike[0]))} are the same, but the name is not"
        return Match(MatchKind.UNSURE, candidates=(*unsure, *near, *alike), why=why)
    return Match(MatchKind.NEW, name_owner=owner.label if owner else "")


def nearest(wanted: Card, candidates: Sequence[Card], *, score: float = NEAR_SCORE) -> list[Card]:
    """Return the candidates whose name is near the wanted one, nearest first."""
    from rapidfuzz import fuzz, process

    if not wanted.key:
        return []
    names = [card.key for card in candidates]
    hits = process.extract(
        wanted.key, names, scorer=fuzz.token_sort_ratio, score_cutoff=score, limit=_MOST_NEAR
    )
    return [candidates[index] for _, _, index in hits]


def _emails(values: Iterable[object]) -> frozenset[str]:
    parts = (part for value in values for part in _BETWEEN.split(objects.text(value)))
    return frozenset(part.casefold() for part in parts if "@" in part)


def _phones(values: Iterable[object]) -> frozenset[str]:
    return frozenset(number for value in values if (number := normalise_phone(value)))


def _is_somebody_else(wanted: Card, card: Card) -> bool:
    return not agreements(wanted, card) and len(comparable(wanted, card)) >= 2


def _street(address: Mapping[str, Any]) -> tuple[str, str]:
    return _words(objects.text(address.get("Line1"))), objects.text(address.get("PostalCode"))[:5]


def _whole(address: Mapping[str, Any]) -> str:
    parts: Iterable[str] = (f"Line{number}" for number in range(1, 6))
    return " ".join(_words(objects.text(address.get(part))) for part in (*parts, "City", "PostalCode"))


def _words(value: str) -> str:
    if not value:
        return ""
    words = _NO_STREET.sub(" ", value.casefold()).split()
    return " ".join(_STREET_WORDS.get(word, word) for word in words)


def _addresses_agree(wanted: Card, other: Card) -> bool:
    if wanted.streets & other.streets:
        return True
    return any(
        f" {street} " in f" {whole} " and postal in whole.split()
        for street, postal in wanted.streets
        for whole in other.whole_address
        if postal
    )
