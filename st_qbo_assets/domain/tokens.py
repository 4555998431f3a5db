"""Access and refresh tokens as values, so that clients and the vault can hand them to each other.

What belongs here: the values and what their dates mean. What does not: fetching them (the clients'
`auth` modules) and keeping them (the vault). Tokens never show in a `repr`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class AccessToken:
    """A bearer token and the instant at which it stops working."""

    value: str = field(repr=False)
    expires_at_utc: datetime

    def is_usable(self, now_utc: datetime, *, margin: timedelta) -> bool:
        """Say whether the token works for at least the margin."""
        return now_utc + margin < self.expires_at_utc


@dataclass(frozen=True)
class TokenPair:
    """One QuickBooks grant: both tokens and the dates at which they end (QuickBooks reference §1.3).

    Attributes:
        access: good for an hour.
        refresh_token: its value rotates about once a day; only the latest one works.
        refresh_expires_at_utc: a hundred idle days from the last use.
        hard_expires_at_utc: five years from the first consent, None if the vendor did not say.
    """

    access: AccessToken
    refresh_token: str = field(repr=False)
    refresh_expires_at_utc: datetime
    hard_expires_at_utc: datetime | None = None
