"""What a terminal tells of compared days: every figure that differs, with its day beside the first."""

from typing import Any

import pytest

from st_qbo_assets.cli.days import print_days, print_verdicts


def _figures(difference: int) -> dict[str, Any]:
    names = (
        "servicetitan_count",
        "quickbooks_count",
        "quickbooks_cents",
        "unexplained_cents",
        "held",
        "rejected",
    )
    return {**dict.fromkeys(names, 0), "servicetitan_cents": difference, "difference_cents": difference}


def test_a_figure_off_the_usual_table_is_shown_where_it_differs(capsys: pytest.CaptureFixture[str]) -> None:
    entities = {"invoices": _figures(0), "credit_memos": _figures(-8500), "refunds": _figures(0)}
    day = {"day": "2026-11-20", "is_green": False, "entities": entities, "records": [], "run_id": None}
    print_days({"company": "demo", "mode": "live", "ui_url": "", "days": [day]})
    told = capsys.readouterr().out
    assert "credit memos" in told and "-85.00" in told
    assert "refunds" not in told


def test_a_line_says_whether_a_day_agrees_and_what_is_said_of_its_records(
    capsys: pytest.CaptureFixture[str],
) -> None:
    causes = [("waiting", "held"), ("informational", "not_yet_due"), ("informational", "not_yet_due")]
    day = {
        "day": "2026-11-20",
        "is_green": False,
        "entities": {"invoices": _figures(-8500)},
        "records": [{"kind": kind, "cause": cause} for kind, cause in causes],
        "unexplained_cents": 0,
    }
    never = {"day": "2026-11-21", "is_green": False, "entities": {}, "records": [], "run_id": None}
    print_verdicts({"company": "demo", "days": [day, never]})
    lines = capsys.readouterr().out.splitlines()
    (told,) = [line for line in lines if "2026-11-20" in line]
    assert "-85.00" in told and "open" in told and "2 not yet due, 1 waiting: held" in told
    assert [line for line in lines if "2026-11-21" in line and "open" in line]
