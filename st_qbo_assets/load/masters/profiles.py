"""What the customers or vendors of one side are like, before they are matched (rule 10).

What belongs here: counting. What does not: reading them, and matching (`onboarding`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from st_qbo_assets.load.matching import Card


@dataclass(frozen=True)
class Profile:
    """What one side is like: how well its records can be told apart and recognised.

    Attributes:
        active: records in use.
        inactive: records that are not; they are matched only by name.
        same_name: active records whose name, however written, another active one has too.
    """

    active: int
    inactive: int
    with_email: int
    with_phone: int
    with_address: int
    same_name: int


def profile_of(cards: Sequence[Card], *, left_out: int = 0) -> Profile:
    """Return what a side with these records is like.

    Args:
        cards: of its records.
        left_out: inactive records that have no card.
    """
    active = [card for card in cards if card.is_active]
    names = Counter(card.key for card in active if card.key)
    return Profile(
        active=len(active),
        inactive=len(cards) - len(active) + left_out,
        with_email=sum(bool(card.emails) for card in active),
        with_phone=sum(bool(card.phones) for card in active),
        with_address=sum(bool(card.streets) for card in active),
        same_name=sum(count for count in names.values() if count > 1),
    )
