"""What is read out of the log of a Dagster run."""

from pathlib import Path

import pytest

from st_qbo_assets.cli.run_log import RunLog

RUN = "59eb3b41-e7cd-4a4c-bcd4-ff047995b877"


def event(step: str, text: str, level: str = "DEBUG") -> str:
    return f"2026-11-23 00:09:26 +0000 - dagster - {level} - __ASSET_JOB - {RUN} - 21630 - {step} - {text}\n"


def started(step: str) -> str:
    return event(step, f'STEP_START - Started execution of step "{step}".')


def made(step: str, text: str) -> str:
    return event(step, f"ASSET_MATERIALIZATION - {text}")


def failure(step: str, body: str) -> str:
    return event(step, f'STEP_FAILURE - Execution of step "{step}" failed.', "ERROR") + f"\n{body}\n"


TRACE = 'Stack Trace:\n  File "execute_plan.py", line 243, in dagster_event_sequence_for_step\n    yield\n'


@pytest.fixture
def log(tmp_path: Path) -> RunLog:
    path = tmp_path / "sync-demo.log"
    path.write_text(failure("old_step", "dagster._core.definitions.events.Failure: An older run.\n"))
    return RunLog(path)


def append(log: RunLog, text: str) -> None:
    with log.path.open("a") as file:
        file.write(text)
    log.advance()


def test_a_run_is_followed_from_phase_to_phase_and_day_to_day(log: RunLog) -> None:
    seen: list[tuple[str, int]] = []
    for text in (
        "a warning of a library\n",
        started("demo__servicetitan__invoices"),
        made("demo__servicetitan__invoices", "Materialized value demo servicetitan invoices.") * 2,
        started("demo__mapped__customers"),
        made("demo__mapped__customers", "Materialized value demo mapped customers."),
        started("demo_load"),
        made("demo_load", "Materialized value demo loaded items."),
        made("demo_load", "Materialized value demo loaded invoices."),
        event("demo_load", "ASSET_OBSERVATION - 1 of 4 failed: demo loaded invoices."),
        made("demo_load", "2026-11-20: green. 38 invoices of 46,978.09 in ServiceTitan"),
    ):
        append(log, text)
        seen.append((log.phase, log.days_done))
    assert seen == [
        ("starting Dagster", 0),
        ("reading invoices from ServiceTitan", 0),
        ("reading invoices from ServiceTitan", 2),
        ("mapping customers", 0),
        ("mapping customers", 1),
        ("writing to QuickBooks", 0),
        ("writing to QuickBooks", 0),
        ("writing to QuickBooks", 1),
        ("writing to QuickBooks", 2),
        ("comparing both", 1),
    ]
    assert log.run_id == RUN


def test_half_a_line_is_read_when_it_is_whole(log: RunLog) -> None:
    line = started("demo__mapped__items")
    append(log, line[:60])
    assert log.phase == "starting Dagster"
    append(log, line[60:])
    assert log.phase == "mapping items"


def test_a_failure_is_told_in_its_own_words_without_the_trace(log: RunLog) -> None:
    said = "dagster._core.definitions.events.Failure: QuickBooks has ended our permission.\nConnect again."
    append(log, failure("demo_load", f"{said}\n\n{TRACE}") + failure("demo_load", f"{said}\n\n{TRACE}"))
    assert log.reasons() == ["QuickBooks has ended our permission.\nConnect again."]


def test_of_an_unforeseen_error_the_cause_is_told(log: RunLog) -> None:
    wrapped = (
        "dagster._core.errors.DagsterExecutionStepExecutionError: Error occurred while executing op:\n\n"
        f"{TRACE}\nThe above exception was caused by the following exception:\nKeyError: 'kind'\n\n{TRACE}"
    )
    append(log, failure("demo_load", wrapped) + event("demo_load", "RUN_FAILURE - failed.", "ERROR"))
    assert log.reasons() == ["KeyError: 'kind'"]


def test_a_process_that_ends_without_a_word_shows_the_end_of_its_log(log: RunLog) -> None:
    append(log, "\n".join(f"line {number}" for number in range(9)) + "\n\nModuleNotFoundError: no dagster\n")
    (told,) = log.reasons()
    assert told.splitlines() == [
        *(f"line {number}" for number in range(4, 9)),
        "ModuleNotFoundError: no dagster",
    ]


def test_a_log_that_is_not_there_yet_says_nothing(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "new.log")
    log.advance()
    assert (log.phase, log.run_id) == ("starting Dagster", "")
    assert log.reasons() == [f"it ended without a word; see {log.path}"]
