"""Where QuickBooks' tax differs from ServiceTitan's the document is a mismatch, never silently different."""

from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.domain.outcomes import Outcome
from tests.integration.tax.modes import ALL, AUTOMATED, CODES, LINE, Mode
from tests.integration.tax.shop import Booked, Shop

pytestmark = pytest.mark.rule("2.4", "5.4")

CENT = Decimal("0.01")
TAXED, UNTAXED = {"price": "333.33"}, {"price": "49.99", "taxable": False}
#: Those in which QuickBooks has a tax of its own to get wrong.
COMPUTING = [mode for mode in ALL if mode.computes]


def writes(shop: Shop, path: str = "/invoice") -> int:
    return sum(1 for request in shop.desk.sent(path) if request["method"] == "POST")


def assert_mismatch(found: Booked, *, off: Decimal) -> None:
    assert (found.result.outcome, found.code) == (Outcome.MISMATCH, "mismatch")
    assert found.result.outcome.fails_partition
    assert found.result.qbo_id
    tax, total = found.meant
    assert found.stored == (tax + off, total + off)
    assert f"total: {total} meant, {total + off} in QuickBooks" in str(found.result.reason)


@pytest.mark.parametrize(
    ("mode", "cents"),
    [*((mode, 1) for mode in COMPUTING), (AUTOMATED, -1), (CODES, -1)],
    ids=lambda value: value.name if isinstance(value, Mode) else f"{value:+d}",
)
def test_a_cent_is_a_mismatch_after_one_repair_and_is_never_posted_again(
    shop: Shop, mode: Mode, cents: int
) -> None:
    mode.set_up(shop)
    shop.desk.switch(tax_off_by_cents=cents)
    document = _document(shop, mode)

    (found,) = shop.books(document)
    sent = writes(shop)
    (again,) = shop.books(document)

    assert_mismatch(found, off=cents * CENT)
    assert sent == 2  # made, and repaired once
    assert (again.result.outcome, again.result.qbo_id) == (Outcome.MISMATCH, found.result.qbo_id)
    assert writes(shop) == sent


@pytest.mark.parametrize("mode", [mode for mode in ALL if not mode.computes], ids=lambda mode: mode.name)
def test_where_sales_tax_is_off_quickbooks_has_nothing_to_get_wrong(shop: Shop, mode: Mode) -> None:
    mode.set_up(shop)
    shop.desk.switch(tax_off_by_cents=1)
    (found,) = shop.books(_document(shop, mode))
    assert (found.result.outcome, found.stored) == (Outcome.POSTED, found.meant)


@pytest.mark.parametrize("mode", [AUTOMATED, CODES], ids=lambda mode: mode.name)
def test_a_credit_that_comes_out_a_cent_off_is_a_mismatch_too(shop: Shop, mode: Mode) -> None:
    mode.set_up(shop)
    shop.desk.switch(tax_off_by_cents=1)
    (found,) = shop.books(shop.credits(TAXED, UNTAXED))
    assert found.result.target == "CreditMemo"
    assert_mismatch(found, off=CENT)


@pytest.mark.rule("3.5")
def test_a_refund_that_comes_out_a_cent_off_is_a_mismatch_too(shop: Shop) -> None:
    sold = shop.sells(TAXED, UNTAXED)
    paid = shop.pays((sold, sold["total"]))
    shop.books(sold, paid)
    shop.desk.switch(tax_off_by_cents=1)
    *_, found = shop.books(sold, paid, shop.refunds(paid, amount=sold["total"]))
    assert (found.result.target, found.result.outcome) == ("RefundReceipt", Outcome.MISMATCH)
    assert found.stored is not None
    assert found.stored[1] == Decimal(sold["total"]) + CENT


@pytest.mark.parametrize("mode", [AUTOMATED, CODES, LINE], ids=lambda mode: mode.name)
def test_one_repair_that_helps_is_enough(shop: Shop, mode: Mode) -> None:
    mode.set_up(shop)
    shop.desk.switch(tax_off_by_cents=1, tax_off_when="create")
    (found,) = shop.books(shop.sells(TAXED, UNTAXED))
    assert (found.result.outcome, found.code, found.stored) == (Outcome.POSTED, "", found.meant)
    assert writes(shop) == 2


def test_neighbours_of_a_mismatch_post(shop: Shop) -> None:
    shop.desk.switch(apps_may_override_tax=False)
    zone = shop.zone_without_rates()
    off, plain = shop.books(shop.sells(TAXED, tax="7.77"), shop.sells(UNTAXED, tax="0.00", **zone))
    assert off.result.outcome is Outcome.MISMATCH
    assert (plain.result.outcome, plain.stored) == (Outcome.POSTED, plain.meant)


def test_a_mismatch_ends_when_quickbooks_holds_what_servicetitan_says(shop: Shop) -> None:
    shop.desk.switch(tax_off_by_cents=1)
    document = shop.sells(TAXED, UNTAXED)
    (found,) = shop.books(document)
    shop.desk.switch(tax_off_by_cents=0)
    shop.desk.act("update", id=found.result.qbo_id, body={"TxnTaxDetail": {"TotalTax": str(found.meant[0])}})

    (healed,) = shop.books(document)

    assert (healed.result.outcome, healed.stored) == (Outcome.UNCHANGED, healed.meant)


@pytest.mark.parametrize(
    "switches",
    [
        {"apps_may_override_tax": False},
        {"explicit_tax_without_rate": "drop"},
        {"explicit_tax_of_exempt": "drop"},
    ],
    ids=lambda switches: next(iter(switches)),
)
def test_an_engine_that_puts_its_own_tax_in_place_of_ours_is_a_mismatch(
    shop: Shop, switches: dict[str, Any]
) -> None:
    shop.desk.switch(**switches)
    where = shop.zone_without_rates() if "explicit_tax_without_rate" in switches else {}
    if "explicit_tax_of_exempt" in switches:
        shop.books(shop.sells(UNTAXED, tax="0.00"))  # makes the customer
        shop.exempt_in_quickbooks()
    (found,) = shop.books(shop.sells(TAXED, tax="7.77", **where))
    assert found.result.outcome is Outcome.MISMATCH
    assert found.stored is not None and found.stored != found.meant


def test_an_engine_of_its_own_that_agrees_is_as_good(shop: Shop) -> None:
    shop.desk.switch(apps_may_override_tax=False)
    (first,) = shop.books(shop.sells({"price": "100.00"}, tax="1.11"))
    assert first.stored is not None
    (found,) = shop.books(shop.sells({"price": "100.00"}, tax=str(first.stored[0])))
    assert (found.result.outcome, found.stored) == (Outcome.POSTED, found.meant)


def _document(shop: Shop, mode: Mode) -> dict[str, object]:
    return shop.sells(TAXED, UNTAXED, tax="0.00") if "none" in mode.name else shop.sells(TAXED, UNTAXED)
