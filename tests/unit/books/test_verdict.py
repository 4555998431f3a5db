"""What a day's tie-out says, and how it is shown."""

from dataclasses import replace

import pytest
import simplejson

from st_qbo_assets.books.figures import Figure
from st_qbo_assets.books.verdict import (
    DayVerdict,
    day_json,
    figures_table,
    records_table,
    summary,
    uncounted_table,
    verdict_of,
)
from st_qbo_assets.domain.company import Environment
from st_qbo_assets.domain.outcomes import Outcome
from tests.unit.books.world import DAY, World, line

HVAC = ("40100", "HVAC Service")
LIVE = Environment.PRODUCTION


def held_and_wrong() -> World:
    """One invoice right, one a cent off, one held, one not due; the names are nasty."""
    world = World()
    world.invoice(1)
    world.invoice(2)
    world.objects["Invoice"]["1002"]["Line"][0] = line("401", "100.01")
    world.objects["Invoice"]["1002"]["TotalAmt"] += line("401", "0.01")["Amount"]
    world.st_invoice(3, DAY, cents={HVAC: 4_200}, customer={"id": 70, "name": "Pipes | <b>Sons</b>\nLtd"})
    world.stand("invoice:3", Outcome.HELD)
    world.st_invoice(4, DAY, cents={HVAC: 900}, exportId="Q")
    return world.settle()


@pytest.mark.rule("6.2")
def test_the_gravest_cause_decides() -> None:
    day = held_and_wrong().tie_out([DAY])[0]
    assert verdict_of(day) is DayVerdict.FAILING
    without = [record for record in day.records if record.cause != "rounding"]
    figures = tuple(
        replace(
            figure, quickbooks_cents=figure.quickbooks_cents - (1 if figure.quickbooks_cents == 20_001 else 0)
        )
        for figure in day.figures
    )
    waiting = replace(day, records=tuple(without), figures=figures)
    assert verdict_of(waiting) is DayVerdict.WAITING


def test_figures_that_differ_without_a_record_fail() -> None:
    day = World().tie_out([DAY])[0]
    assert verdict_of(day).is_green
    lost = replace(day, figures=(Figure("invoices", servicetitan_cents=1), *day.figures[1:]))
    assert verdict_of(lost) is DayVerdict.FAILING
    assert "1 figures_do_not_add_up" in summary(lost)
    (told,) = day_json(lost, LIVE)["records"]
    assert (told["cause"], told["entity"], told["difference_cents"]) == (
        "figures_do_not_add_up", "invoices", 1,
    )  # fmt: skip
    assert told["evidence"] == (
        "invoices: 0.01 (0) in ServiceTitan, 0.00 (0) in QuickBooks; "
        "the documents that differ come to 0.00 (0)."
    )


def test_the_table_names_record_cause_remedy_and_both_products() -> None:
    table = records_table(held_and_wrong().tie_out([DAY])[0], LIVE)
    rows = table.splitlines()
    assert all(row.count("|") - row.count("\\|") == 11 for row in rows)
    assert "[invoice:2](https://go.servicetitan.com/#/Invoice/2)" in table
    assert "[Invoice 1002](https://app.qbo.intuit.com/app/invoice?txnId=1002)" in table
    assert (
        "failing: rounding. The total is 100.00 in ServiceTitan and 100.01 in QuickBooks, over 1 line."
        in table
    )
    assert "Pipes \\| &lt;b>Sons&lt;/b> Ltd" in table
    assert "Cure some_reason." in table


def test_a_long_table_says_how_much_it_leaves_out() -> None:
    table = records_table(held_and_wrong().tie_out([DAY])[0], LIVE, at_most=1)
    assert table.endswith("… and 4 more.")


def test_a_day_that_agrees_has_no_table() -> None:
    day = World().tie_out([DAY])[0]
    assert records_table(day, LIVE) == ""
    assert uncounted_table(day) == ""


def test_the_figures_show_income_by_account_and_status() -> None:
    table = figures_table(held_and_wrong().tie_out([DAY])[0])
    assert (
        "| income: 40100 Income:HVAC Service Revenue | 3 | 2 | 242.00 | 200.01 | 41.99 | 0.00 | 1 | 0 |"
        in table
    )
    assert "| invoices open | 3 | 2 |" in table


def test_one_sentence_tells_the_day() -> None:
    told = summary(held_and_wrong().tie_out([DAY])[0])
    assert told.startswith(
        "2026-11-10: failing. 3 invoices of 242.00 in ServiceTitan, 2 of 200.01 in QuickBooks."
    )
    assert "2 rounding" in told


@pytest.mark.rule("6.1")
def test_the_json_has_every_figure_of_every_entity() -> None:
    day = held_and_wrong().tie_out([DAY])[0]
    written = simplejson.loads(simplejson.dumps(day_json(day, LIVE)))
    assert " ".join(written["entities"]) == (
        "invoices credit_memos tax income payments refunds applied balances"
    )
    assert written["entities"]["invoices"] == {
        "servicetitan_count": 3,
        "quickbooks_count": 2,
        "servicetitan_cents": 24_200,
        "quickbooks_cents": 20_001,
        "difference_cents": 4_199,
        "unexplained_cents": 0,
        "held": 1,
        "rejected": 0,
    }
    assert [account["account"] for account in written["entities"]["income"]["accounts"]] == ["401"]
    assert written["verdict"] == "failing"
    assert written["not_due"] == [
        {"entity": "invoices", "code": "exported_elsewhere", "count": 1, "cents": 900}
    ]
    assert {record["cause"] for record in written["records"]} == {
        "rounding",
        "held",
        "exported_elsewhere",
    }


def test_statuses_compare_how_far_invoices_are_paid() -> None:
    world = World()
    for id_, paid in ((1, 0), (2, 4_000), (3, 10_000)):
        world.invoice(id_)
        if paid:
            world.payment(id_, applied={id_: paid})
    day = world.settle().tie_out([DAY])[0]
    assert day.statuses == {"paid": (1, 1), "part": (1, 1), "open": (1, 1)}
