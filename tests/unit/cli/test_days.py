"""What a terminal tells of compared days: every figure that differs, with its day beside the first."""

from typing import Any

import pytest

from st_qbo_assets.cli.days import print_days


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
