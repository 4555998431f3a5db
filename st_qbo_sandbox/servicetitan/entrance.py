"""Who may call: bearer token, app key, tenant, scope; and how often (reference §1, §2.1, checklist 2 and 10).

Belongs here: everything before an operation is carried out. Does not belong here: the operation.
"""

from __future__ import annotations

import math
from collections import deque

from starlette.requests import Request

from st_qbo_sandbox import identity
from st_qbo_sandbox.clock import Clock
from st_qbo_sandbox.servicetitan.problems import RefusalError
from st_qbo_sandbox.servicetitan.schema.reading import Operation
from st_qbo_sandbox.servicetitan.scopes import scope_of
from st_qbo_sandbox.servicetitan.switches import Switches
from st_qbo_sandbox.servicetitan.tokens import Token, TokenError, read


def identify(request: Request, clock: Clock, switches: Switches) -> Token:
    """Return the token of a request.

    Raises:
        RefusalError: 401 without a valid token, 403 without the app key.
    """
    words = request.headers.get("authorization", "").split()
    if len(words) == 1 and not switches.bearer_word_required:
        words = ["bearer", *words]
    if len(words) != 2 or words[0].lower() != "bearer":
        raise RefusalError(401, "Unauthorized")
    try:
        token = read(words[1], clock)
    except TokenError as error:
        raise RefusalError(401, "Unauthorized") from error
    key = request.headers.get("st-app-key") or request.query_params.get("servicetitanapplicationkey")
    if key != identity.SERVICETITAN_APP_KEY:
        raise RefusalError(403, "Provided authentication is insufficient to grant access.")
    return token


def authorize(token: Token, tenant: str, operation: Operation, switches: Switches) -> None:
    """Let a token through to an operation of a tenant.

    Raises:
        RefusalError: 403.
    """
    scope = scope_of(operation)
    withheld = scope.rsplit(":", 1)[0] in switches.scopes_withheld
    if tenant != token.tenant or scope not in token.scopes or withheld:
        raise RefusalError(403, "Provided authentication is insufficient to grant access.")


class Meter:
    """Counts calls within a sliding period of the sandbox's time."""

    def __init__(self, clock: Clock, period_seconds: float) -> None:
        self._clock = clock
        self._period = period_seconds
        self._times: deque[float] = deque()
        self.refused = 0

    def wait_seconds(self, maximum: int | None) -> int:
        """Count a call; return 0, or for how many seconds it is one too many."""
        now = self._clock.seconds()
        while self._times and self._times[0] <= now - self._period:
            self._times.popleft()
        if maximum is None or len(self._times) < maximum:
            self._times.append(now)
            return 0
        self.refused += 1
        return max(1, math.ceil(self._times[0] + self._period - now))

    def clear(self) -> None:
        """Forget all calls."""
        self._times.clear()
        self.refused = 0


def too_many(wait_seconds: int) -> RefusalError:
    """Return the refusal of one call too many."""
    return RefusalError(429, f"Rate limit is exceeded. Try again in {wait_seconds} seconds.")
