"""Every golden case still gives the payloads that a reviewer has read."""

from pathlib import Path

import pytest

from tests.unit.mapping.golden.cases_on_disk import CASES, as_text, map_case


def test_there_are_cases() -> None:
    assert len(CASES) >= 12


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_case(case: Path) -> None:
    expected = (case / "expected.json").read_text()
    assert as_text(map_case(case)) == expected, (
        "if this is meant: python -m tests.unit.mapping.golden, and CHANGELOG"
    )
