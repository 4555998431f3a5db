"""Sales tax to the cent in each mode of the company, against both products over HTTP."""

from decimal import Decimal

import pytest

from st_qbo_assets.domain.outcomes import Outcome
from tests.integration.tax.modes import ALL, AUTOMATED, CODES, NONE, TAXING, Mode
from tests.integration.tax.shop import Booked, Shop

pytestmark = pytest.mark.rule("2.4")

TAXED, UNTAXED = {"price": "333.33"}, {"price": "49.99", "taxable": False}
DISCOUNT = {"price": "-20.05", "skuName": "DISC-SR", "taxable": False}
TAXED_DISCOUNT = {"price": "-33.34", "skuName": "DISC-TAXABLE"}

by_name = pytest.mark.parametrize("mode", TAXING, ids=lambda mode: mode.name)


def assert_equal(*found: Booked) -> None:
    assert [(each.result.outcome, each.code, each.stored) for each in found] == [
        (Outcome.POSTED, "", each.meant) for each in found
    ]


@by_name
def test_tax_and_total_are_servicetitans_whatever_the_lines(shop: Shop, mode: Mode) -> None:
    mode.set_up(shop)
    found = shop.books(
        shop.sells(TAXED, UNTAXED),
        shop.sells(TAXED, DISCOUNT, TAXED_DISCOUNT),
        shop.sells(TAXED, tax="7.77"),  # typed over: not what any rate gives
        shop.sells({"price": "0.01"}, UNTAXED, tax="0.01"),
        shop.sells(*[{"price": "1.99"} for _ in range(30)]),
    )
    assert_equal(*found)
    assert [each.meant[0] > 0 for each in found] == [True] * 5


@by_name
def test_tax_is_given_back_as_it_was_taken(shop: Shop, mode: Mode) -> None:
    mode.set_up(shop)
    sold = shop.sells(TAXED, UNTAXED)
    taken_back = shop.desk.act(
        "add_adjustment",
        half="servicetitan",
        invoice_id=sold["id"],
        date=shop.day.isoformat(),
        lines=[{"skuName": "DIAG-01", "quantity": -1, "generalLedgerAccount": shop.account, **TAXED}],
    )
    found = shop.books(sold, taken_back, shop.credits(TAXED, UNTAXED), shop.credits(TAXED, tax="5.01"))
    assert_equal(*found)
    assert [each.result.target for each in found] == ["Invoice", *["CreditMemo"] * 3]
    assert found[0].meant[0] > 0


@pytest.mark.parametrize("mode", [AUTOMATED, CODES], ids=lambda mode: mode.name)
@pytest.mark.parametrize("rounding", ["subtotal", "line"])
def test_how_quickbooks_rounds_does_not_matter(shop: Shop, mode: Mode, rounding: str) -> None:
    mode.set_up(shop)
    shop.desk.switch(tax_rounding=rounding)
    assert_equal(*shop.books(shop.sells(*[{"price": "1.05"} for _ in range(40)])))


def test_each_document_has_the_code_of_its_zone_and_its_rates_share_the_tax(shop: Shop) -> None:
    CODES.set_up(shop)
    zones = [zone for zone in shop.desk.state("servicetitan", "tax-zones") if len(zone["rates"]) == 3]
    names = {code["Id"]: code["Name"] for code in shop.desk.state("quickbooks", "TaxCode")}
    found = shop.books(*(shop.sells(TAXED, tax_zone_id=zone["id"]) for zone in zones))
    assert_equal(*found)
    codes = [names[each.held["TxnTaxDetail"]["TxnTaxCodeRef"]["value"]] for each in found]
    assert codes == [zone["rates"][0]["salesTaxItem"] for zone in zones]


def test_a_code_of_several_rates_shares_the_tax_out_to_the_cent(shop: Shop) -> None:
    CODES.set_up(shop)
    (zone, *_) = shop.desk.state("servicetitan", "tax-zones")
    agency = str(next(iter(shop.desk.quickbooks.query("TaxAgency")))["Id"])
    rates = [
        {"TaxRateName": f"Part {n}", "RateValue": str(rate["taxRate"] * 100), "TaxAgencyId": agency}
        for n, rate in enumerate(zone["rates"])
    ]
    shop.make_tax_code("Three in one", rates)
    shop.decide(tax={"mode": "codes", "zone_codes": {zone["name"]: "Three in one"}})
    (found,) = shop.books(shop.sells(TAXED, tax="29.51", tax_zone_id=zone["id"]))
    assert_equal(found)
    parts = [line["Amount"] for line in found.held["TxnTaxDetail"]["TaxLine"]]
    assert (len(parts), sum(parts)) == (3, Decimal("29.51"))


@pytest.mark.parametrize("mode", ALL, ids=lambda mode: mode.name)
def test_without_tax_every_mode_posts_the_plain_total(shop: Shop, mode: Mode) -> None:
    mode.set_up(shop)
    found = shop.books(
        shop.sells(UNTAXED, tax="0.00"),
        shop.sells(TAXED, tax="0.00"),  # taxable, but ServiceTitan took none
        shop.credits(TAXED, tax="0.00"),
    )
    assert_equal(*found)
    assert [each.meant[0] for each in found] == [0, 0, 0]


@pytest.mark.parametrize("mode", TAXING, ids=lambda mode: mode.name)
@pytest.mark.parametrize("who", ["customer", "location"])
def test_tax_for_the_exempt_is_held_and_what_was_not_taxed_posts(shop: Shop, mode: Mode, who: str) -> None:
    mode.set_up(shop)
    resource, record = ("customers", shop.customer) if who == "customer" else ("locations", shop.location)
    shop.changes(resource, record, taxExempt=True)
    where = {"location_id": shop.location["id"]}
    taxed, plain = shop.books(shop.sells(TAXED, tax="29.51", **where), shop.sells(TAXED, tax="0.00", **where))
    assert (taxed.result.outcome, taxed.code, taxed.stored) == (Outcome.HELD, "tax_on_exempt", None)
    assert record["name"] in str(taxed.result.reason)
    assert_equal(plain)


def test_a_company_without_tax_holds_what_is_taxed(shop: Shop) -> None:
    NONE.set_up(shop)
    (found,) = shop.books(shop.sells(TAXED, tax="29.51"))
    assert (found.result.outcome, found.code) == (Outcome.HELD, "tax_mode_none")


@pytest.mark.parametrize(
    ("mode", "using", "partner", "code"),
    [
        ("automated", True, True, ""),
        ("automated", True, False, "tax_not_automated"),
        ("automated", True, None, "tax_not_automated"),
        ("automated", False, False, "tax_off"),
        ("codes", True, None, ""),
        ("codes", True, True, "tax_is_automated"),
        ("codes", True, False, "tax_off"),
        ("codes", False, None, "tax_off"),
    ],
)
def test_the_three_states_of_automated_tax_carry_it_or_hold_it(
    shop: Shop, mode: str, using: bool, partner: bool | None, code: str
) -> None:
    shop.prefers(UsingSalesTax=using, PartnerTaxEnabled=partner)
    shop.decide(tax={"mode": mode})
    taxed, plain = shop.books(shop.sells(TAXED, tax="29.51"), shop.sells(UNTAXED, tax="0.00"))
    assert_equal(plain)
    if code:
        assert (taxed.result.outcome, taxed.code, taxed.stored) == (Outcome.HELD, code, None)
    else:
        assert_equal(taxed)


@by_name
@pytest.mark.rule("3.5")
@pytest.mark.parametrize("share", ["1", "0.37"])
def test_a_refund_of_what_nothing_took_back_gives_its_tax_back(shop: Shop, mode: Mode, share: str) -> None:
    mode.set_up(shop)
    sold = shop.sells(TAXED, UNTAXED, TAXED_DISCOUNT)
    paid = shop.pays((sold, sold["total"]))
    back = round(Decimal(sold["total"]) * Decimal(share), 2)
    invoice, _, refund = shop.books(sold, paid, shop.refunds(paid, amount=str(back)))
    assert_equal(invoice)
    assert (refund.result.target, refund.result.outcome) == ("RefundReceipt", Outcome.POSTED)
    assert refund.stored is not None
    tax, total = refund.stored
    assert total == back
    exact = back * invoice.meant[0] / invoice.meant[1]
    assert abs(tax - exact) < Decimal("0.01")
