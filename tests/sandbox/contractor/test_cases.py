from __future__ import annotations

from datetime import date

import pytest

from st_qbo_sandbox.contractor.cases import CASES
from st_qbo_sandbox.contractor.weekly import EVERYDAY, ODDITIES
from st_qbo_sandbox.contractor.window import Window
from tests.sandbox.contractor.seeds import seed_of, window

WINDOWS = (
    window(),
    window(hard=True),
    window(seed=2, hard=True),
    window(seed=7, days=14, a_day=9),
    window(last_day=date(2026, 11, 3), hard=True),
    window(last_day=date(2026, 3, 9), days=3, a_day=40),
    window(last_day=date(2024, 3, 1), days=2, a_day=3),
    window(days=1, a_day=0, hard=True),
)


@pytest.mark.parametrize("frame", WINDOWS, ids=str)
def test_every_case_is_planted_as_often_as_its_table_says(frame: Window) -> None:
    planted = {name: len(ids) for name, ids in seed_of(frame).cases.items()}
    assert planted == {case.name: case.expected(frame) for case in CASES}


def test_planted_ids_are_records_of_the_named_collection() -> None:
    seed = seed_of(window(hard=True))
    known = {name: {record["id"] for record in records} for name, records in seed.servicetitan.items()}
    assert [case.name for case in CASES if not set(seed.cases[case.name]) <= known[case.where]] == []


def test_a_week_of_hard_data_holds_every_hard_case() -> None:
    seed = seed_of(window(hard=True))
    assert not [case.name for case in CASES if case.hard and not seed.cases[case.name]]


def test_a_week_of_default_data_holds_every_default_case_but_the_clock_change() -> None:
    seed = seed_of(window())
    assert [case.name for case in CASES if not case.hard and not seed.cases[case.name]] == ["dst_day"]


def test_every_odd_shape_is_in_the_table_once() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert set(ODDITIES) <= set(names)
    assert {case.name for case in CASES if case.name in ODDITIES and not case.hard} == EVERYDAY


@pytest.mark.parametrize("seed", [1, 2, 11])
def test_a_week_of_default_data_holds_each_everyday_shape_once(seed: int) -> None:
    cases = seed_of(window(seed=seed, a_day=40)).cases
    assert {name: len(cases[name]) for name in EVERYDAY} == dict.fromkeys(EVERYDAY, 1)


@pytest.mark.parametrize(
    ("last_day", "instant"), [(date(2026, 11, 1), "T07:30:07"), (date(2026, 3, 8), "T08:15:07")]
)
def test_the_change_of_the_clocks_has_a_job_beside_it(last_day: date, instant: str) -> None:
    seed = seed_of(window(last_day=last_day, days=2))
    jobs = {job["invoiceId"]: job for job in seed.servicetitan["jobs"]}
    assert [jobs[identity]["completedOn"][10:19] for identity in seed.cases["dst_day"]] == [instant]


def test_late_evening_jobs_are_the_next_day_in_utc() -> None:
    seed = seed_of(window())
    jobs = {job["invoiceId"]: job for job in seed.servicetitan["jobs"]}
    invoices = {invoice["id"]: invoice for invoice in seed.servicetitan["invoices"]}
    for identity in seed.cases["completed_next_utc_day"]:
        assert jobs[identity]["completedOn"][:10] > invoices[identity]["invoiceDate"][:10]
