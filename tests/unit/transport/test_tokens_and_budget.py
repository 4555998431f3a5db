"""One more try after a 401, and places in flight that are always given back."""

import pytest

from st_qbo_assets.domain.errors import AuthExpired, RateLimited, RemoteFault
from st_qbo_assets.transport.budget import Unlimited, spending
from st_qbo_assets.transport.tokens import with_token
from tests.unit.transport.fake_http import FakeBudget, FakeTokens


def refusing(*refused: str):
    used: list[str] = []

    def send(token: str) -> list[str]:
        used.append(token)
        if token in refused:
            raise AuthExpired("no")
        return used

    return send


def test_a_refused_token_is_replaced_once() -> None:
    assert with_token(FakeTokens(), refusing("t1")) == ["t1", "t2"]


def test_a_second_refusal_goes_up() -> None:
    with pytest.raises(AuthExpired):
        with_token(FakeTokens(), refusing("t1", "t2"))


def test_the_place_in_flight_is_given_back_after_a_failure() -> None:
    budget = FakeBudget()
    with pytest.raises(RemoteFault), spending(budget, "write", metered=False):
        raise RemoteFault("no", code="2020")
    assert (budget.acquired, budget.in_flight) == ([("write", False)], 0)


def test_nothing_is_given_back_that_was_not_acquired() -> None:
    class Exhausted(FakeBudget):
        def acquire(self, kind: str, *, metered: bool) -> None:
            raise RateLimited("the month's reads are used up", retry_after_seconds=3600)

    budget = Exhausted()
    with pytest.raises(RateLimited), spending(budget, "read", metered=True):
        pass
    assert budget.in_flight == 0


def test_an_unlimited_budget_never_waits() -> None:
    with spending(Unlimited(), "read", metered=True):
        Unlimited().penalise(60)
