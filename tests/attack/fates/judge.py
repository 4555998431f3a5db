"""What must hold after a sync, given what has happened.

What belongs here: comparing what should be with what is, and who may stand in the way of whom. What does not:
either of the two (`rulebook`, `books`), and the acts (`selling`, `crediting`, `bookkeeping`).

Every record's documents post what the rulebook says, once; where nobody stood in the way, their entities,
days, numbers and applications are the rulebook's too. A record may stand otherwise only if the product says
that it holds it, with a reason that fits what happened to it or to a record tied to it, and only as it stood
before. The ledger's trial balance is the sum of all documents, and nothing of ours is unmarked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from tests.attack.fates.books import Books, Document, is_deposited
from tests.attack.fates.office import Standing
from tests.attack.fates.rulebook import Wanted, cents
from tests.attack.fates.shapes import Part, Piece, Postings, Record, record_of, told, total

Json = dict[str, Any]

#: The product's words for "not as ServiceTitan says".
_NOT_DONE = {"held", "blocked", "rejected", "failed", "mismatch"}
#: What waits for something that is held.
_WAITS = frozenset(
    {
        "waits_for",
        "payment_waits",
        "payments_not_planned",
        "unapplied_for_now",
        "credit_stays_unapplied",
        "applied_what_is_open",
    }
)
#: What cannot be voided or become another shape while something holds it.
_PAID = frozenset({"paid_by_hand", "paid_by_hand_too"})
_STAYS = frozenset({"needs_void", "void_used", "shape_waits"})
#: What happened → the reasons it explains, for the record itself and for those tied to it.
_EXPLAINS: Mapping[str, frozenset[str]] = {
    "closed": frozenset({"closed_period", "closed_period_answered"}) | _WAITS | _STAYS,
    "deposited": frozenset({"deposited"}) | _WAITS | _STAYS,
    # What links to a document that somebody deleted is refused by QuickBooks itself.
    "edited": frozenset({"edited_in_quickbooks", "voided_in_quickbooks", "deleted_in_quickbooks", "refused"})
    | _WAITS
    | _STAYS,
    "by hand": _PAID | _WAITS | _STAYS,
    # Until customers are synced, QuickBooks refuses what names the one that is gone.
    "merged": frozenset({"refused", "edited_in_quickbooks"}) | _WAITS | _STAYS,
    "over-applied": frozenset({"applied_what_is_open"}),
    "held": _WAITS,
    # What the product holds stays as it was posted; what it uses there cannot be voided.
    "used": _STAYS,
    # QuickBooks uses credits before we can; what is not open for ours stays unapplied.
    "applies itself": _PAID | {"applied_by_quickbooks"} | _WAITS | _STAYS,
}
_BY_ITSELF = "Created by QB Online"
_NEVER = "9999-12-31"


class Judge:
    """One history's judge: remembers what happened, and judges after each sync."""

    def __init__(self, *, adjusts: bool, applies_credits: bool) -> None:
        #: Until which day the books are closed; empty if they are not.
        self.closed = ""
        #: Whether the product is to look at both products' lists anew.
        self.is_news = False
        #: Until which day the product may still believe the books closed.
        self._believed = ""
        #: Documents that people made in QuickBooks.
        self.theirs: set[str] = set()
        self._adjusts = adjusts
        self._applies_credits = applies_credits
        #: Parts → the open day on which they were posted because their own was closed; there they stay.
        self._put_off: dict[Part, str] = {}
        #: Customers that were merged away in QuickBooks → who got their documents.
        self._survivors: dict[str, str] = {}
        #: What people did in QuickBooks to documents of a record, and nobody has mended.
        self._disturbed: dict[Record, set[str]] = defaultdict(set)
        #: The first day on which a record's documents were last seen; one that was deleted stood there.
        self._stood: dict[Record, str] = {}
        #: Records tied to each other, ever.
        self._kin: dict[Record, set[Record]] = defaultdict(set)
        #: Records that stood otherwise than they should when last seen.
        self._stuck: set[Record] = set()

    def close(self, day: str, *, is_seen: bool) -> None:
        """Know that the books are closed until this day, or open."""
        self._believed = max(self._believed, self.closed)
        self.closed = day
        self.is_news = self.is_news or is_seen

    def look(self) -> bool:
        """Return whether the product looks at the lists anew, and so learns what is closed."""
        looks, self.is_news = self.is_news, False
        if looks:
            self._believed = self.closed
        return looks

    def disturb(self, record: Record, what: str) -> None:
        """Know that something happened to a record's documents in QuickBooks."""
        self._disturbed[record].add(what)

    def merge(self, gone: str, survivor: str) -> None:
        """Know that one customer's documents are another's in QuickBooks now."""
        self._survivors[gone] = survivor

    def _named_now(self, postings: Postings) -> Postings:
        """Return postings with the customers that QuickBooks has now."""
        found: Counter[tuple[str, str]] = Counter()
        for (account, who), amount in postings.items():
            while who in self._survivors:
                who = self._survivors[who]
            found[account, who] += amount
        return {key: amount for key, amount in found.items() if amount}

    def judge(
        self,
        wanted: Mapping[Record, Wanted],
        books: Books,
        *,
        before: Mapping[Record, list[Document]],
        standings: Mapping[Part, Standing],
        planned: set[Part],
    ) -> list[str]:
        """Return what is wrong.

        Args:
            wanted: what should be.
            books: what is.
            before: the documents of each record before the sync.
            standings: what the product says of each part.
            planned: the parts the sync had in its hands.
        """
        live = books.by_record()
        self._stood |= {
            record: min(document.piece.day for document in docs)
            for record, docs in [*before.items(), *live.items()]
            if docs
        }
        self._learn_kin(wanted, live)
        obstacles = self.obstacles(wanted, live)
        for record in _used_by_held(live, standings):
            obstacles[record].add("used")
        self._learn_put_off(wanted, live, before)
        in_hand = {record_of(part) for part in planned}
        problems = [*_once(books), *self._unmarked(books), *_stale(standings, planned)]
        self._stuck, stuck_before = set(), self._stuck
        for record in sorted({*wanted, *live}):
            should = wanted.get(record, Wanted(record, is_due=False))
            said = {
                part: standings[part]
                for part in planned
                if record_of(part) == record and standings[part].outcome in _NOT_DONE
            }
            around = {what for kin in self._family(record) for what in obstacles.get(kin, ())}
            docs = live.get(record, [])
            problems += self._record(
                should,
                docs,
                around,
                was=self._named_now(total(each.piece for each in before.get(record, []))),
                said=said,
                is_late=record not in in_hand and record in stuck_before,
            )
            posted = total(each.piece for each in docs)
            if (
                said
                or posted != self._named_now(should.postings)
                or list(_details(should, docs, self._put_off))
            ):
                self._stuck.add(record)
            else:
                self._disturbed[record].discard("edited")
        return problems

    def _record(
        self,
        should: Wanted,
        docs: list[Document],
        around: set[str],
        *,
        was: Mapping[tuple[str, str], int],
        said: Mapping[Part, Standing],
        is_late: bool,
    ) -> Iterable[str]:
        now, aim = total(each.piece for each in docs), self._named_now(should.postings)
        expected = should.may_hold.union(*(_EXPLAINS[what] for what in around))
        for part, standing in said.items():
            if standing.code not in expected:
                word = f"{standing.outcome}: {standing.code} ({standing.text})"
                yield f"{part} is {word}, expected {sorted(expected)}"
        if now == aim:
            if not around and not said:
                yield from _details(should, docs, self._put_off)
            return
        is_held = bool(said) or is_late or ("edited" in around and now == was)
        if not is_held or not expected:
            yield f"{should.record} posts {told(now)}, should post {told(aim)}"
        elif now != was and not self._adjusts and "edited" not in around:
            yield f"{should.record} is held, yet went from {told(was)} to {told(now)}"

    def _unmarked(self, books: Books) -> Iterable[str]:
        for document in books.documents:
            is_its_own = document.raw.get("PrivateNote", "").startswith(_BY_ITSELF)
            if not document.parts and not is_its_own and document.key not in self.theirs:
                yield f"{document.key} has no marker, and nobody typed it: {told(document.piece.postings)}"

    # Who stands in whose way

    def obstacles(
        self, wanted: Mapping[Record, Wanted], live: Mapping[Record, list[Document]]
    ) -> dict[Record, set[str]]:
        """Return what stands in the way of each record, by itself."""
        closed = max(self.closed, self._believed)
        found: dict[Record, set[str]] = defaultdict(set)
        for record, what in self._disturbed.items():
            if what:
                found[record] |= what
            if "edited" in what and self._stood.get(record, _NEVER) <= closed:
                found[record].add("closed")
        for record, docs in live.items():
            if any(is_deposited(document) for document in docs):
                found[record].add("deposited")
            if closed and any(document.piece.day <= closed for document in docs):
                found[record].add("closed")
        for record, each in wanted.items():
            if self._applies_credits:
                found[record].add("applies itself")
            if any(who in self._survivors for _, who in each.postings):
                found[record].add("merged")
            if each.is_over_applied:
                found[record].add("over-applied")
            if each.may_hold:
                found[record].add("held")
            if any("" < day <= closed for day in (each.day, *(piece.day for piece in each.pieces.values()))):
                found[record].add("closed")
        return found

    def _learn_put_off(
        self,
        wanted: Mapping[Record, Wanted],
        live: Mapping[Record, list[Document]],
        before: Mapping[Record, list[Document]],
    ) -> None:
        closed = max(self.closed, self._believed)
        for record, docs in live.items():
            known = {part for document in before.get(record, ()) for part in document.parts}
            pieces = wanted.get(record, Wanted(record)).pieces
            for piece in (document.piece for document in docs):
                should = pieces.get(piece.part)
                if should is not None and piece.part not in known and should.day <= closed < piece.day:
                    self._put_off[piece.part] = piece.day

    def _learn_kin(self, wanted: Mapping[Record, Wanted], live: Mapping[Record, list[Document]]) -> None:
        ties = [(record, other) for record, each in wanted.items() for other in each.family]
        for record, docs in live.items():
            ties += [(record, record_of(part)) for document in docs for part in document.piece.pays]
        for record, other in ties:
            self._kin[record].add(other)
            self._kin[other].add(record)

    def _family(self, record: Record) -> set[Record]:
        """Return a record with all that are tied to it, directly or not."""
        found, new = {record}, [record]
        while new:
            new = [kin for each in new for kin in self._kin.get(each, ()) if kin not in found]
            found.update(new)
        return found

    def context(
        self,
        wanted: Mapping[Record, Wanted],
        books: Books,
        standings: Mapping[Part, Standing],
    ) -> str:
        """Return everything a reader of a failure wants to see."""
        live = books.by_record()
        disturbed = {record: what for record, what in self._disturbed.items() if what}
        rows = [f"closed: {self.closed or 'never'}; disturbed: {disturbed}"]
        for record in sorted({*wanted, *live}):
            pieces = wanted[record].pieces.values() if record in wanted else ()
            rows += [record, *(f"    should be {_piece(piece)}" for piece in pieces)]
            rows += [f"    is        {each.key} {_piece(each.piece)}" for each in live.get(record, [])]
            rows += [
                f"    said      {part} {each.outcome} {each.code} {each.text}"
                for part, each in standings.items()
                if record_of(part) == record
            ]
        return "\n".join(rows)


def ledger_differs(answer: Json, books: Books) -> Iterable[str]:
    """Compare the ledger's own balances with the sum of all documents."""
    ledger = {row["AcctNum"]: cents(row["Balance"]) for row in answer["Accounts"]}
    summed: Counter[str] = Counter()
    for (account, _), amount in total(document.piece for document in books.documents).items():
        summed[account] += amount
    documents = {account: amount for account, amount in summed.items() if amount}
    if ledger != documents:
        yield f"the ledger says {ledger}, the documents {documents}"


def _used_by_held(
    live: Mapping[Record, list[Document]], standings: Mapping[Part, Standing]
) -> Iterable[Record]:
    """Yield the records that documents of others use, which the product holds as they are."""
    for record in {record_of(part) for part, each in standings.items() if each.outcome in _NOT_DONE}:
        for document in live.get(record, ()):
            yield from (record_of(part) for part in document.piece.pays if record_of(part) != record)


def _stale(standings: Mapping[Part, Standing], planned: set[Part]) -> Iterable[str]:
    """Yield what the product still says of parts that a record it has just looked at no longer has."""
    in_hand = {record_of(part) for part in planned}
    for part, standing in standings.items():
        if record_of(part) in in_hand and part not in planned and standing.outcome in _NOT_DONE:
            yield f"{part} still counts as {standing.outcome}: {standing.code}"


def _once(books: Books) -> Iterable[str]:
    parts = Counter(part for document in books.documents if document.is_live for part in document.parts)
    yield from (f"{part} is booked {count} times" for part, count in parts.items() if count > 1)
    for document in books.documents:
        if len(document.parts) > 1:
            yield f"{document.key} carries {document.parts}"


def _details(should: Wanted, docs: list[Document], put_off: Mapping[Part, str]) -> Iterable[str]:
    """Yield what is otherwise than it should be about documents that post what they should."""
    now = {part: document.piece for document in docs for part in document.parts}
    pieces = {part: piece for part, piece in should.pieces.items() if piece.postings or piece.pays}
    if set(now) != set(pieces):
        yield f"{should.record} has {sorted(now)}, should have {sorted(pieces)}"
        return
    for part, piece in pieces.items():
        is_ = now[part]
        pairs = [("target", piece.target, is_.target), ("lines", piece.pays, is_.pays)]
        is_put_off = put_off.get(part) == is_.day
        pairs += [("day", piece.day, is_.day)] if piece.day and not is_put_off else []
        pairs += [("number", piece.number, is_.number)] if piece.number else []
        yield from (f"{part} has {name} {b}, should have {a}" for name, a, b in pairs if a != b)


def _piece(piece: Piece) -> str:
    pays = ", ".join(f"{part} {amount / 100:.2f}" for part, amount in piece.pays.items())
    words = f"{piece.part} {piece.target} {piece.day} #{piece.number} {told(piece.postings)}"
    return f"{words} pays {pays}" if pays else words
