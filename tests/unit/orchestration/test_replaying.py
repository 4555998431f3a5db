"""An outage drains by itself: probes and replays over days, with a clock that only the test moves."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from st_qbo_assets.domain.masters.reasons import MASTERS
from st_qbo_assets.domain.passing import PASSING_REASONS
from st_qbo_assets.load.reasons import LOAD
from st_qbo_assets.orchestration.replaying import (
    MOST_DAYS,
    MOST_TRIES,
    FailedRun,
    Memory,
    Replay,
    given_up,
    is_time,
    judged,
    next_replay,
    together,
    unanswered,
)

_START = datetime(2026, 3, 2, 2, tzinfo=UTC)
_LOADED = frozenset({"acme/loaded/invoices", "acme/books/tie_out"})


@dataclass
class Outage:
    """A sensor that looks every minute, over systems that answer when the test says so."""

    due: dict[date | None, frozenset[str]]
    answers: Callable[[datetime], bool]
    helps: Callable[[datetime], bool]
    now: datetime = _START
    memory: Memory = Memory()
    probes: int = 0
    replays: list[tuple[datetime, Replay]] = field(default_factory=list[tuple[datetime, Replay]])

    def look(self) -> None:
        self.now += timedelta(minutes=1)
        self.memory = Memory.load(self.memory.dump())  # as a sensor's cursor keeps it
        if not is_time(self.memory, self.now):
            return
        self.memory = judged(self.memory, self.due, self.now)
        found = next_replay(self.memory, self.due) if is_time(self.memory, self.now) else None
        if found is None:
            return
        self.probes += 1
        if not self.answers(self.now):
            self.memory = unanswered(self.memory, self.now)
            return
        replay, self.memory = found
        self.replays.append((self.now, replay))
        if self.helps(self.now):
            self.due = {day: due for day, due in self.due.items() if not _is_in(day, replay)}

    def live(self, hours: float) -> None:
        for _ in range(int(hours * 60)):
            self.look()


def _is_in(day: date | None, replay: Replay) -> bool:
    if day is None or replay.first is None or replay.last is None:
        return day == replay.first
    return replay.first <= day <= replay.last


def _days(count: int, *, step: int = 1) -> dict[date | None, frozenset[str]]:
    return {date(2026, 3, 1) + timedelta(days=step * number): _LOADED for number in range(count)}


def test_a_day_without_quickbooks_drains_within_minutes_of_its_return() -> None:
    back = _START + timedelta(hours=24)
    outage = Outage(_days(40), answers=lambda now: now >= back, helps=lambda now: True)
    outage.live(24.5)
    assert outage.due == {}
    first, last = outage.replays[0][0], outage.replays[-1][0]
    assert back <= first <= last <= back + timedelta(minutes=20)
    # what was not answered is no try of any day, and a day of silence costs a hundred questions
    assert [(replay.last - replay.first).days + 1 for _, replay in outage.replays] == [MOST_DAYS, 9]
    assert outage.probes < 110


def test_what_replaying_does_not_help_is_tried_ever_less_and_then_left_to_a_person() -> None:
    outage = Outage(_days(1), answers=lambda now: True, helps=lambda now: False)
    outage.live(72)
    assert len(outage.replays) == MOST_TRIES
    gaps = [(b - a) for (a, _), (b, _) in zip(outage.replays, outage.replays[1:], strict=False)]
    assert gaps == sorted(gaps)
    assert gaps[-1] >= timedelta(hours=4)
    assert given_up(outage.memory, outage.due) == list(outage.due)


def test_a_writes_only_outage_of_a_day_is_not_given_up() -> None:
    back = _START + timedelta(hours=24)
    outage = Outage(_days(3), answers=lambda now: True, helps=lambda now: now >= back)
    outage.live(30)
    assert outage.due == {}


def test_one_day_that_fails_for_ever_does_not_keep_the_others() -> None:
    bad = date(2026, 3, 1)
    outage = Outage(_days(3, step=2), answers=lambda now: True, helps=lambda now: True)
    outage.helps = lambda now: outage.replays[-1][1].first != bad
    outage.live(72)
    assert list(outage.due) == [bad]


def test_a_day_that_was_mended_otherwise_is_forgotten_and_starts_anew() -> None:
    outage = Outage(_days(1), answers=lambda now: True, helps=lambda now: False)
    outage.live(3)
    failed, outage.due = outage.due, {}
    outage.live(5)
    outage.due = failed
    outage.look()
    assert set(outage.memory.tries.values()) == {1}


def test_days_of_other_assets_are_runs_of_their_own_and_lists_come_first() -> None:
    lists, mapped = frozenset({"acme/quickbooks/reference"}), _LOADED | {"acme/mapped/invoices"}
    due = together(_days(4).items(), [(date(2026, 3, 3), mapped), (None, lists), (date(2026, 3, 4), mapped)])
    outage = Outage(dict(due), answers=lambda now: True, helps=lambda now: True)
    outage.live(0.2)
    asked = [
        (replay.first and replay.first.day, replay.last and replay.last.day) for _, replay in outage.replays
    ]
    assert asked == [(None, None), (1, 2), (3, 4)]
    assert outage.replays[2][1].assets == mapped


@settings(max_examples=30)
@given(st.lists(st.booleans(), max_size=40), st.integers(0, 5))
def test_what_is_remembered_survives_the_cursor(answers: list[bool], runs: int) -> None:
    outage = Outage(_days(2), answers=lambda now: bool(answers and answers.pop()), helps=lambda now: False)
    outage.live(0.7)
    failed = tuple(
        FailedRun(f"run{n}", 1.5, ("a/b/c",), date(2026, 3, 1), date(2026, 3, 2)) for n in range(runs)
    )
    memory = Memory(**outage.memory.__dict__ | {"runs": failed})
    assert Memory.load(memory.dump()) == memory


def test_every_passing_reason_is_a_reason_of_the_load_and_no_refusal() -> None:
    assert LOAD.keys() | MASTERS.keys() >= PASSING_REASONS
    assert not {"refused", "servicetitan_refused", "quickbooks_refused", "mismatch"} & PASSING_REASONS
