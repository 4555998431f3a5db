"""Calls with a bearer token that may be refused.

What belongs here: one more try with a new token after a 401. What does not: where tokens come from
(the clients' `auth` modules).
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from st_qbo_assets.domain.errors import AuthExpired

Result = TypeVar("Result")


class TokenSource(Protocol):
    """Where access tokens come from."""

    def access_token(self, *, refused: str = "") -> str:
        """Return a token that should work; never the one that was just refused."""
        ...


def with_token(tokens: TokenSource, send: Callable[[str], Result]) -> Result:
    """Return what `send` makes of a token; after a 401 it is called once more with another.

    A 401 never executed anything, so this holds for writes too.

    Raises:
        AuthExpired: if the new token was refused as well.
    """
    token = tokens.access_token()
    try:
        return send(token)
    except AuthExpired:
        renewed = tokens.access_token(refused=token)
    return send(renewed)
