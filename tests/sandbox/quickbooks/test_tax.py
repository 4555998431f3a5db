"""Sales tax: automated, manual, off; explicit amounts; tax codes by service."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.company import Body, Company

TEXAS = {"Line1": "1 A St", "City": "Dallas", "CountrySubDivisionCode": "TX", "PostalCode": "75201"}


def manual(books: Company) -> str:
    """Turn the company to manual rates and return a code of 8 percent in two parts."""
    books.prefer("TaxPrefs", PartnerTaxEnabled=None, UsingSalesTax=True)
    agency = books.make("TaxAgency", {"DisplayName": "State"})["Id"]
    details = [
        {"TaxRateName": name, "RateValue": rate, "TaxAgencyId": agency, "TaxApplicableOn": "Sales"}
        for name, rate in (("State rate", "6.25"), ("City rate", "1.75"))
    ]
    reply = books.post("taxservice/taxcode", {"TaxCode": "City", "TaxRateDetails": details})
    assert reply.status == 200
    return reply.json()["TaxCodeId"]


def test_automated_tax_follows_the_ship_address(books: Company) -> None:
    body = books.sale(books.line(100, taxed=True), books.line(50), ShipAddr=TEXAS)
    made = books.make("Invoice", body)
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal("8.25")
    assert [line["TaxLineDetail"]["TaxPercent"] for line in made["TxnTaxDetail"]["TaxLine"]] == [
        Decimal("6.25"),
        2,
    ]
    assert all(line["TaxLineDetail"]["NetAmountTaxable"] == 100 for line in made["TxnTaxDetail"]["TaxLine"])
    assert made["TotalAmt"] == Decimal("158.25")
    oregon = {"Line1": "9 B St", "City": "Bend", "CountrySubDivisionCode": "OR", "PostalCode": "97701"}
    assert books.make("Invoice", body | {"ShipAddr": oregon})["TotalAmt"] == 150


def test_an_explicit_amount_is_honoured_and_prorated(books: Company) -> None:
    tax = {"TotalTax": Decimal("7.77")}
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail=tax))
    assert made["TotalAmt"] == Decimal("107.77")
    assert sum(line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]) == Decimal("7.77")
    none = books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail={"TotalTax": 0}))
    assert none["TotalAmt"] == 100


def test_the_engine_can_be_forced(books: Company) -> None:
    tax = {"TotalTax": 1, "UseAutomatedSalesTax": True}
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail=tax))
    assert made["TotalAmt"] == Decimal("108.25")


def test_an_exempt_customer_is_not_taxed(books: Company) -> None:
    body = {"Taxable": False, "TaxExemptionReasonId": "9"}
    books.act("update", entity="Customer", id=books.names["customer"], body=body)
    assert books.make("Invoice", books.sale(books.line(100, taxed=True)))["TotalAmt"] == 100


@pytest.mark.parametrize(("after", "total"), [(True, Decimal("97.43")), (False, Decimal("98.25"))])
def test_a_discount_comes_before_or_after_tax(books: Company, after: bool, total: Decimal) -> None:
    off = {"Amount": 10, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}}
    body = books.sale(books.line(100, taxed=True), off, ApplyTaxAfterDiscount=after)
    assert books.make("Invoice", body)["TotalAmt"] == total


@pytest.mark.parametrize("preferences", [{"UsingSalesTax": False}, {"PartnerTaxEnabled": False}])
def test_with_tax_off_nothing_is_taxed_and_detail_is_not_stored(books: Company, preferences: Body) -> None:
    books.prefer("TaxPrefs", **preferences)
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail={"TotalTax": 9}))
    assert (made["TotalAmt"], made["TxnTaxDetail"]) == (100, {"TotalTax": 0})


def test_manual_codes_give_their_rates(books: Company) -> None:
    code = manual(books)
    tax = {"TxnTaxCodeRef": {"value": code}}
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), books.line(10), TxnTaxDetail=tax))
    assert made["TxnTaxDetail"]["TotalTax"] == 8
    assert made["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": code}
    assert [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]] == [Decimal("6.25"), Decimal("1.75")]
    explicit = tax | {"TotalTax": 7}
    assert (
        books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail=explicit))["TotalAmt"]
        == 107
    )


def test_manual_companies_without_code_are_not_taxed(books: Company) -> None:
    manual(books)
    assert books.make("Invoice", books.sale(books.line(100, taxed=True)))["TotalAmt"] == 100


def test_the_three_states_are_seen_in_preferences(books: Company) -> None:
    def seen() -> Body:
        return books.api("GET", "preferences").json()["Preferences"]["TaxPrefs"]

    assert seen()["PartnerTaxEnabled"] is True
    books.prefer("TaxPrefs", PartnerTaxEnabled=False)
    assert seen()["PartnerTaxEnabled"] is False
    books.prefer("TaxPrefs", PartnerTaxEnabled=None)
    assert "PartnerTaxEnabled" not in seen()


def test_the_pseudo_codes_are_there(books: Company) -> None:
    rows = books.rows("select * from TaxCode where TaxGroup = false")
    assert {row["Id"]: row["Taxable"] for row in rows} == {"TAX": True, "NON": False}
    assert books.read("TaxCode", "NON")["Name"] == "NON"


def test_the_tax_service_reuses_rates_and_answers_without_envelope(books: Company) -> None:
    manual(books)
    rate = books.rows("select * from TaxRate where Name = 'City rate'")[0]
    body = {"TaxCode": "Again", "TaxRateDetails": [{"TaxRateId": rate["Id"], "TaxApplicableOn": "Sales"}]}
    answer = books.post("taxservice/taxcode", body).json()
    assert answer["TaxRateDetails"][0]["RateValue"] == "1.75%"
    assert set(answer) == {"TaxCode", "TaxCodeId", "TaxRateDetails"}
    assert books.post("taxservice/taxcode", body).codes == ["6240"]


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ({"TaxRateName": "x", "RateValue": "101", "TaxAgencyId": "1"}, "2240"),
        ({"TaxRateName": "x", "RateValue": "5", "TaxAgencyId": "99"}, "2030"),
        ({"TaxRateId": "99"}, "2030"),
        ({"TaxRateName": "x"}, "2020"),
    ],
)
def test_the_tax_service_refuses(books: Company, detail: Body, code: str) -> None:
    manual(books)
    reply = books.post("taxservice/taxcode", {"TaxCode": "New", "TaxRateDetails": [detail]})
    assert reply.codes[0] == code


def test_tax_is_posted_to_its_account(books: Company) -> None:
    books.make("Invoice", books.sale(books.line(100, taxed=True)))
    assert books.account_balance("tax") == Decimal("-8.25")
    assert books.account_balance("receivable") == Decimal("108.25")


def test_changing_only_a_note_keeps_the_tax(books: Company) -> None:
    tax = {"TotalTax": 5}
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail=tax))
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert books.make("Invoice", change | {"PrivateNote": "x"})["TotalAmt"] == 105
    lines = {"SyncToken": "1", "Line": [books.line(200, taxed=True)]}
    assert books.make("Invoice", change | lines)["TotalAmt"] == Decimal("216.50")


def test_the_tax_can_come_out_a_little_off_and_the_total_with_it(books: Company) -> None:
    books.switch(tax_off_by_cents=1)
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail={"TotalTax": 5}))
    assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (Decimal("5.01"), Decimal("105.01"))
    assert sum(line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]) == Decimal("5.01")
    books.switch(tax_off_by_cents=-1)
    untaxed = books.make("Invoice", books.sale(books.line(100), TxnTaxDetail={"TotalTax": 0}))
    assert untaxed["TotalAmt"] == 100


def test_what_is_off_when_made_can_be_right_when_changed(books: Company) -> None:
    books.switch(tax_off_by_cents=1, tax_off_when="create")
    tax = {"TxnTaxDetail": {"TotalTax": 5}}
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), **tax))
    assert made["TotalAmt"] == Decimal("105.01")
    again = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True, **tax}
    assert books.make("Invoice", again)["TotalAmt"] == 105


def test_a_company_may_keep_apps_from_overriding_its_tax(books: Company) -> None:
    books.switch(apps_may_override_tax=False)
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), TxnTaxDetail={"TotalTax": 5}))
    assert made["TotalAmt"] == Decimal("108.25")


@pytest.mark.parametrize("switch", ["explicit_tax_without_rate", "explicit_tax_of_exempt"])
@pytest.mark.parametrize(("way", "total"), [("keep", 107), ("drop", 100)])
def test_an_amount_that_fits_no_rate_is_kept_or_dropped(
    books: Company, switch: str, way: str, total: int
) -> None:
    books.switch(**{switch: way})
    oregon = {"Line1": "9 B St", "City": "Bend", "CountrySubDivisionCode": "OR", "PostalCode": "97701"}
    place = oregon if switch == "explicit_tax_without_rate" else TEXAS
    if switch == "explicit_tax_of_exempt":
        books.act("update", entity="Customer", id=books.names["customer"], body={"Taxable": False})
    body = books.sale(books.line(100, taxed=True), TxnTaxDetail={"TotalTax": 7}, ShipAddr=place)
    assert books.make("Invoice", body)["TotalAmt"] == total


@pytest.mark.parametrize(
    ("is_manual", "way", "tax"),
    [
        (False, "subtotal", "0.49"),
        (False, "line", "0.48"),
        (True, "subtotal", "0.47"),
        (True, "line", "0.45"),
    ],
)
def test_computed_tax_is_rounded_once_or_line_by_line(
    books: Company, is_manual: bool, way: str, tax: str
) -> None:
    code = {"TxnTaxCodeRef": {"value": manual(books)}} if is_manual else {}
    books.switch(tax_rounding=way)
    lines = [books.line(Decimal("1.99"), taxed=True) for _ in range(3)]
    made = books.make("Invoice", books.sale(*lines, TxnTaxDetail=code, ShipAddr=TEXAS))
    assert made["TxnTaxDetail"]["TotalTax"] == Decimal(tax)
