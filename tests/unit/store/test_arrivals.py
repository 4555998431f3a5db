"""Calls that are held up on their way still arrive within the vendor's second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.store.arrivals import Arrivals, Sent

MOST = 10


class Timeline:
    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.mark.rule("11")
@given(
    calls=st.lists(
        st.tuples(st.floats(0, 0.3), st.floats(0, 0.25), st.floats(0, 0.5)), min_size=MOST + 1, max_size=60
    )
)
def test_no_second_has_more_arrivals_than_allowed(calls: list[tuple[float, float, float]]) -> None:
    timeline = Timeline()
    arrivals = Arrivals(MOST, now=timeline.now, sleep=timeline.sleep)
    arrived: list[float] = []
    for pause, on_its_way, answering in calls:
        timeline.sleep(pause)
        sent = arrivals.start()
        arrived.append(timeline.at + on_its_way)
        timeline.sleep(on_its_way + answering)
        arrivals.end(sent)
    for first in arrived:
        assert sum(first <= each < first + 1 - 1e-6 for each in arrived) <= MOST


@pytest.mark.rule("11")
def test_calls_that_stood_still_count_from_their_answers() -> None:
    timeline = Timeline()
    arrivals = Arrivals(MOST, now=timeline.now, sleep=timeline.sleep)
    stuck = [arrivals.start() for _ in range(5)]
    timeline.sleep(7)
    for each in stuck:
        arrivals.end(each)
    woke = timeline.at
    for _ in range(MOST - len(stuck)):
        arrivals.end(arrivals.start())
    assert timeline.at == woke
    arrivals.start()
    assert timeline.at == woke + 1


@pytest.mark.rule("11")
def test_calls_that_go_on_count() -> None:
    timeline = Timeline()
    going_on: list[Sent] = []

    def sleep(seconds: float) -> None:
        timeline.sleep(seconds)
        if timeline.at >= 1003 and going_on:
            arrivals.end(going_on.pop())

    arrivals = Arrivals(1, now=timeline.now, sleep=sleep)
    going_on.append(arrivals.start())
    arrivals.start()
    assert timeline.at >= 1004
