"""What a document in QuickBooks is to us: which part of which record, what it posts, what it pays.

What belongs here: the words in which what should be and what is are compared. What does not: where either
comes from (`rulebook`, `books`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: A record of ServiceTitan: `invoice:8`, `payment:9`, `credit memo:3`.
Record = str
#: A part of one, as the marker of its document says: `payment:9/refund`.
Part = str
#: (account number, customer's name where the account is Accounts Receivable) → cents, debit positive.
Postings = Mapping[tuple[str, str], int]


def record_of(part: Part) -> Record:
    """Return the record that a part belongs to."""
    return part.partition("/")[0]


@dataclass(frozen=True)
class Piece:
    """One document in QuickBooks that is not void.

    Attributes:
        part: whose it is.
        target: QuickBooks entity.
        day: its date.
        postings: what it does to the books; empty for a payment of nothing.
        pays: for payments, the parts its lines link to → cents.
        number: its number, where one is expected.
    """

    part: Part
    target: str
    day: str
    postings: Postings
    pays: Mapping[Part, int] = field(default_factory=dict[str, int])
    number: str = ""


def total(pieces: Iterable[Piece]) -> dict[tuple[str, str], int]:
    """Return what documents post together; what comes to nothing is left out."""
    summed: Counter[tuple[str, str]] = Counter()
    for piece in pieces:
        for key, cents in piece.postings.items():
            summed[key] += cents
    return {key: cents for key, cents in summed.items() if cents}


def told(postings: Postings) -> str:
    """Say postings in one line."""
    rows = sorted(postings.items())
    words = (f"{account}{' ' + who if who else ''} {cents / 100:+.2f}" for (account, who), cents in rows)
    return "; ".join(words) or "nothing"
