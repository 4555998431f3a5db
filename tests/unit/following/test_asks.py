"""The fewest runs, none of them unbounded, and no event without one."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_assets.following.asks import GAP_DAYS, MOST_ASKS, MOST_DAYS, Ask, Due, Work, asks_of_days, spans
from st_qbo_assets.following.launch import ASKED_AT_TAG, run_config, run_tags

FIRST = date(2026, 1, 1)
_days = st.integers(0, 120).map(lambda number: FIRST + timedelta(days=number))
_due = st.lists(st.frozensets(_days, min_size=1, max_size=3), max_size=40).map(
    lambda found: [Due((number,), days, number % 4) for number, days in enumerate(found)]
)


@given(_due, st.lists(_days, max_size=5))
@settings(max_examples=60)
def test_every_event_is_settled_once_after_its_day_was_loaded(due: list[Due], extra: list[date]) -> None:
    asks = asks_of_days(due, extra, most=1000)
    settled = [id_ for ask in asks for id_ in ask.events]
    assert sorted(settled) == [each.events[0] for each in due]
    loaded = {day for ask in asks for day in _range(ask)}
    assert {day for each in due for day in each.days} | set(extra) <= loaded
    for ask in asks:
        assert all(max(due[id_].days) in _range(ask) for id_ in ask.events)


@given(st.sets(_days, min_size=1))
@settings(max_examples=60)
def test_spans_are_few_and_bounded(days: set[date]) -> None:
    found = spans(sorted(days))
    assert all((last - first).days < MOST_DAYS for first, last in found)
    for (first, last), (after, _) in zip(found, found[1:], strict=False):
        assert (after - last).days > GAP_DAYS or (after - first).days >= MOST_DAYS


def test_a_backlog_is_taken_in_turns_and_begins_with_today() -> None:
    apart = [FIRST + timedelta(days=(GAP_DAYS + 1) * number) for number in range(20)]
    asks = asks_of_days([Due((number,), frozenset([day])) for number, day in enumerate(apart)])
    assert [ask.first for ask in asks] == apart[::-1][:MOST_ASKS]
    assert {id_ for ask in asks for id_ in ask.events} == set(range(20 - MOST_ASKS, 20))


def test_the_same_events_and_the_same_try_are_one_run() -> None:
    one = Ask(Work.LIVE, FIRST, FIRST, (1, 2))
    assert one.key == Ask(Work.LIVE, FIRST, FIRST, (1, 2)).key
    assert (
        len({one.key, Ask(Work.LIVE, FIRST, FIRST, (1, 2), 1).key, Ask(Work.LIVE, FIRST, FIRST, (1,)).key})
        == 3
    )
    assert run_config("acme", one) == {"ops": {"acme_load": {"config": {"events": [1, 2]}}}}
    assert ASKED_AT_TAG not in run_tags("acme", one, asked_by="receiver")


def _range(ask: Ask) -> list[date]:
    assert ask.first is not None
    assert ask.last is not None
    return [ask.first + timedelta(days=number) for number in range((ask.last - ask.first).days + 1)]
