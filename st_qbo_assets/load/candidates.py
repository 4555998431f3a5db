"""Who a customer may be, out of all of one side: by name, near name, e-mail, phone and address.

What belongs here: the index over cards, asked for many at once. What does not: the verdict over the few
candidates it gives (`matching`), and reading the cards.

Names are compared as sorted words, every one with every one, in blocks: 20,000 by 20,000 take seconds and
a few megabytes, where one question after the other would take minutes.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from st_qbo_assets.load.matching import NEAR_SCORE, Card, agreements

#: Which of some ids belong to others already.
Taken = Callable[[Collection[str]], Collection[str]]

#: Names compared in one block; a block of 256 by 20,000 takes 5 MB.
_BLOCK = 256
#: Near names of one customer that are looked at.
_MOST_NEAR = 20


class Candidates:
    """All cards of one side, by everything a customer can be recognised by."""

    def __init__(self, cards: Iterable[Card]) -> None:
        """Index the cards; of one name, e-mail or number there may be several."""
        self.cards = tuple(cards)
        self._by_name: dict[str, list[int]] = {}
        self._by_evidence: dict[tuple[str, object], list[int]] = {}
        self._words: list[str] = []
        for place, card in enumerate(self.cards):
            for key in card.keys:
                self._by_name.setdefault(key, []).append(place)
            for kind, value in _evidence(card):
                self._by_evidence.setdefault((kind, value), []).append(place)
            self._words.append(sorted_words(card.key))

    def likely(self, wanted: Sequence[Card], taken: Taken | None = None) -> list[list[Card]]:
        """Return for each card who it may be: of the same name, a near one, or with two like facts.

        Near names are left out where somebody of the same name and with a like fact is free: he it is, or a
        person chooses between such (`match_customer`). That spares most of the comparisons.

        Args:
            wanted: the cards looked for.
            taken: which of some ids belong to others already; without it none do.
        """
        sure = [
            [
                other.id
                for place in self._by_name.get(card.key, ())
                if agreements(card, other := self.cards[place])
            ]
            for card in wanted
        ]
        gone = taken({id_ for ids in sure for id_ in ids}) if taken is not None else frozenset[str]()
        asked = [number for number, ids in enumerate(sure) if not set(ids) - set(gone)]
        near = dict(zip(asked, self._near([sorted_words(wanted[each].key) for each in asked]), strict=True))
        found: list[list[Card]] = []
        for number, card in enumerate(wanted):
            places = near.get(number, ())
            order = dict.fromkeys([*self._by_name.get(card.key, ()), *places, *self._alike(card)])
            found.append([self.cards[place] for place in order])
        return found

    def _alike(self, card: Card) -> list[int]:
        kinds: dict[int, set[str]] = {}
        for kind, value in _evidence(card):
            for place in self._by_evidence.get((kind, value), ()):
                kinds.setdefault(place, set()).add(kind)
        return [place for place, shared in kinds.items() if len(shared) > 1][:_MOST_NEAR]

    def _near(self, wanted: Sequence[str]) -> list[list[int]]:
        import numpy
        from rapidfuzz import fuzz, process

        found: list[list[int]] = []
        for first in range(0, len(wanted), _BLOCK):
            block = wanted[first : first + _BLOCK]
            scores = process.cdist(
                block,
                self._words,
                scorer=fuzz.ratio,
                score_cutoff=NEAR_SCORE,
                dtype=numpy.uint8,
                workers=-1,  # threads of its own, one for each core
            )
            for name, row in zip(block, scores, strict=True):
                hits = numpy.flatnonzero(row) if name else ()
                ranked = sorted((int(place) for place in hits), key=lambda place: (-int(row[place]), place))
                found.append(ranked[:_MOST_NEAR])
        return found


def sorted_words(key: str) -> str:
    """Return a normalised name with its words in order, so that their order does not count."""
    return " ".join(sorted(key.split()))


def _evidence(card: Card) -> Iterable[tuple[str, object]]:
    yield from (("e-mail", value) for value in card.emails)
    yield from (("phone", value) for value in card.phones)
    yield from (("address", street) for street in card.streets if street[1])
