"""A sender that answers from a script and remembers what it was asked."""

from collections.abc import Callable, Iterable

import simplejson

from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.transport.http import Request, Response

Reply = Response | SyncError | Callable[[Request], Response]


def answer(status: int = 200, body: object = None, *, text: str | None = None, **headers: str) -> Response:
    """An answer with a JSON body, or with any text."""
    content = text if text is not None else "" if body is None else simplejson.dumps(body, use_decimal=True)
    named = {
        name.replace("_", "-") if name != "intuit_tid" else name: value for name, value in headers.items()
    }
    return Response(status=status, headers=named, text=content, seconds=0.25)


class FakeHttp:
    """Answers in the order of its script; the last reply of `always` is given for ever."""

    def __init__(self, replies: Iterable[Reply] = (), *, always: Reply | None = None) -> None:
        self.replies = list(replies)
        self.always = always
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if self.replies else self.always
        if reply is None:
            raise AssertionError(f"nobody expected {request.method} {request.full_url}")
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Response) else reply(request)

    @property
    def last(self) -> Request:
        return self.requests[-1]

    def params(self, number: int = -1) -> dict[str, str]:
        return dict(self.requests[number].params)


class FakeBudget:
    """Counts what was acquired and released, in order."""

    def __init__(self) -> None:
        self.acquired: list[tuple[str, bool]] = []
        self.in_flight = 0
        self.penalties: list[float] = []

    def acquire(self, kind: str, *, metered: bool) -> None:
        self.acquired.append((kind, metered))
        self.in_flight += 1

    def release(self) -> None:
        self.in_flight -= 1

    def penalise(self, seconds: float) -> None:
        self.penalties.append(seconds)


class FakeTime:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class FakeTokens:
    """Gives t1, then t2 once t1 was refused, and so on."""

    def __init__(self) -> None:
        self.number = 1

    @property
    def app_key(self):
        from pydantic import SecretStr

        return SecretStr("ak1.key")

    def access_token(self, *, refused: str = "") -> str:
        if refused == f"t{self.number}":
            self.number += 1
        return f"t{self.number}"
