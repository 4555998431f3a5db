"""What is open at the start, other connectors, and red points that a person accepted (rule 10)."""

from datetime import UTC, date, datetime

import pytest

from st_qbo_assets.domain.findings import Level, with_accepted
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.mapping.readiness import (
    Open,
    check_connector,
    check_opening,
    check_opening_orders,
    tell_opening_bills,
)
from st_qbo_assets.orchestration.going_live import company_in_effect
from tests.unit.mapping import builders as make

START = date(2026, 1, 1)


@pytest.mark.rule("10")
def test_what_is_open_is_compared_name_by_name() -> None:
    own = {"1": Open("Alvarez", 10_000, 500), "2": Open("Brandt", 700), "4": Open("Ochoa", 50)}
    there = {"81": Open("Alvarez", 10_000, 500), "82": Open("Brandt", 900), "83": Open("Chu", 0, 300)}
    found = check_opening(own, there, {"1": "81", "2": "82", "3": "83"}, START)
    assert [each.label for each in found] == [
        "open_invoices: Brandt",
        "open_invoices: Ochoa",
        "open_credits: Chu",
    ]
    assert "7.00 of invoices from before 2026-01-01 open in ServiceTitan, 9.00 in QuickBooks" in found[0].text
    accepted = with_accepted(found, {"open_invoices: Brandt"})
    assert [each.level for each in accepted] == [Level.INFO, Level.RED, Level.RED]
    assert [each.code for each in check_opening({}, {}, {}, START)] == ["opening_agrees"]


@pytest.mark.rule("8.1", "10")
def test_what_is_on_order_is_compared_vendor_by_vendor_and_open_bills_are_told() -> None:
    own = {"1": Open("Acme Pipe", orders=700), "2": Open("Bolt Co", orders=100)}
    there = {"91": Open("Acme Pipe", orders=700), "93": Open("Cork", orders=300), "94": Open("x", orders=5)}
    found = check_opening_orders(own, there, {"1": "91", "2": "92", "3": "93"}, START)
    assert [each.label for each in found] == ["open_orders: Bolt Co", "open_orders: Cork"]
    assert [each.code for each in check_opening_orders({}, {}, {}, START)] == ["orders_agree"]
    told = tell_opening_bills({"91": 12_345, "92": 55}, START)
    assert (told.level, "124.00 open on bills from before 2026-01-01, of 2 vendors" in told.text) == (
        Level.INFO,
        True,
    )


@pytest.mark.rule("1.7", "10")
def test_an_invoice_exported_lately_shows_that_another_connector_writes() -> None:
    mine = make.company()
    exported = make.invoice(syncStatus="Exported")
    assert check_connector([make.invoice(), exported], mine, days=7).code == "other_connector"
    assert check_connector([make.invoice()], mine, days=7).code == "no_other_connector"
    old = make.invoice(syncStatus="Exported", invoiceDate="2025-12-30T00:00:00Z")
    assert check_connector([old], mine, days=7).code == "other_connector_unknown"


class Known:
    """What the store says of a company."""

    def __init__(self, at: datetime | None) -> None:
        self.at = at

    def get(self, company: Company, feed: str) -> datetime | None:
        return self.at

    def oldest(self, company: Company) -> datetime | None:
        return self.at


@pytest.mark.rule("1.9", "10")
@pytest.mark.parametrize(
    ("environment", "ready", "posted", "mode"),
    [
        ("production", False, False, "preview"),
        ("production", True, False, "live"),
        ("production", False, True, "live"),
        ("sandbox", False, False, "live"),
    ],
)
def test_live_takes_effect_once_a_company_was_found_ready(
    environment: str, ready: bool, posted: bool, mode: str
) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    marks, links = Known(now if ready else None), Known(now if posted else None)
    mine = make.company(mode="live", environment=environment)
    assert company_in_effect(mine, marks, links).mode == mode
