"""One record or object → one comparable value, whatever shape the vendor gave it."""

from datetime import date
from decimal import Decimal

import pytest

from st_qbo_assets.books.accounts import Accounts, GlAccount, Item, ItemSale, read_items
from st_qbo_assets.books.documents import QboKey
from st_qbo_assets.books.quickbooks_side import QuickBooksBooks, read_document
from st_qbo_assets.books.servicetitan_side import JobFacts, read_invoice, read_payment
from st_qbo_assets.domain.ids import SourceRef, Tenant
from tests.unit.books.world import DAY, REFERENCE, TODAY, World, company, line

HVAC = ("40100", "HVAC Service")


def accounts(*, items: dict[str, Item] | None = None, **overrides: str) -> Accounts:
    return Accounts(REFERENCE, overrides=overrides, items=items or {})


# QuickBooks


def invoice(**changes: object) -> dict:
    return {
        "Id": "1",
        "TxnDate": "2026-11-10",
        "TotalAmt": Decimal("10.00"),
        "Balance": Decimal("10.00"),
    } | changes


def test_generated_subtotals_and_text_lines_are_no_income() -> None:
    lines = [
        line("401", "10.00"),
        {"Amount": Decimal("10.00"), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        {"Amount": Decimal("10.00"), "DetailType": "DescriptionOnly", "Description": "Subtotal:"},
    ]
    assert read_document("Invoice", invoice(Line=lines)).income == {ItemSale("i401"): 1_000}


def test_a_discount_lowers_the_income_of_its_account() -> None:
    discount = {"DiscountAccountRef": {"value": "490"}, "PercentBased": False}
    lines = [
        line("401", "10.00"),
        {"Amount": Decimal("2.50"), "DetailType": "DiscountLineDetail", "DiscountLineDetail": discount},
    ]
    assert read_document("Invoice", invoice(Line=lines)).income == {ItemSale("i401"): 1_000, "490": -250}


def test_the_lines_of_a_bundle_count() -> None:
    bundle = {
        "DetailType": "GroupLineDetail",
        "GroupLineDetail": {"Line": [line("401", "4.00"), line("402", "6.00")]},
    }
    assert read_document("Invoice", invoice(Line=[bundle])).income == {
        ItemSale("i401"): 400,
        ItemSale("i402"): 600,
    }


@pytest.mark.parametrize("lines", [{}, {"Line": []}, {"Line": None}])
def test_a_document_may_have_no_lines(lines: dict) -> None:
    assert read_document("Invoice", invoice(**lines)).income == {}


def test_old_void_answers_spell_detail_types_in_capitals() -> None:
    shouted = line("401", "10.00") | {"DetailType": "SALES_ITEM_LINE_DETAIL"}
    assert read_document("Invoice", invoice(Line=[shouted])).income == {ItemSale("i401"): 1_000}


def test_a_void_document_has_voided_before_its_marker_and_no_total() -> None:
    note = "Voided ServiceTitan invoice 8001001"
    void = read_document("Invoice", invoice(PrivateNote=note, TotalAmt=0, Balance=0))
    assert void.is_void
    assert void.sources == (SourceRef.parse("invoice:8001001"),)
    assert not read_document("Invoice", invoice(PrivateNote=note)).is_void


@pytest.mark.rule("2.6")
def test_a_marker_names_its_tenant_only_where_it_must() -> None:
    ours = "ServiceTitan invoice 1 tenant 5, ServiceTitan invoice 2 tenant 6"
    assert read_document("Invoice", invoice(PrivateNote=ours), tenant=Tenant("5")).sources == (
        SourceRef.parse("invoice:1"),
    )
    theirs = read_document(
        "Invoice", invoice(PrivateNote="ServiceTitan invoice 2 tenant 6"), tenant=Tenant("5")
    )
    assert theirs.is_foreign
    assert not theirs.sources


def test_a_credit_memo_counts_against_sales() -> None:
    memo = read_document(
        "CreditMemo", invoice(Line=[line("401", "10.00")], TxnTaxDetail={"TotalTax": Decimal("1.00")})
    )
    assert (memo.total_cents, memo.tax_cents, memo.balance_cents) == (-1_000, -100, -1_000)
    assert memo.income == {ItemSale("i401"): -1_000}


def test_a_voided_payment_is_applied_to_nothing() -> None:
    payment = read_document(
        "Payment", {"Id": "1", "TxnDate": "2026-11-10", "PrivateNote": "Voided", "Line": []}
    )
    assert (payment.is_void, payment.total_cents, payment.applied) == (True, 0, {})


def test_amounts_as_text_are_read_and_absurd_ones_are_a_fault() -> None:
    assert read_document("Invoice", invoice(TotalAmt="10.00")).total_cents == 1_000
    assert "TotalAmt" in read_document("Invoice", invoice(TotalAmt="ten")).fault
    assert "TxnDate" in read_document("Invoice", invoice(TxnDate="tomorrow")).fault


@pytest.mark.rule("2.4")
def test_tax_on_a_line_of_its_own_is_tax_and_no_income() -> None:
    document = read_document("Invoice", invoice(Line=[line("401", "9.00"), line("tax", "1.00")]))
    books = QuickBooksBooks(documents={document.key: document})
    items = {"i401": Item("Service", "401"), "itax": Item("Sales Tax", "890")}
    chart = accounts(items=items)
    taxed = books.with_accounts(chart, tax_item="Sales Tax")[QboKey("Invoice", "1")]
    assert (taxed.tax_cents, taxed.income) == (100, {"401": 900})
    assert books.with_accounts(chart)[QboKey("Invoice", "1")].income == {"401": 900, "890": 100}


# ServiceTitan


@pytest.mark.rule("1.3")
def test_lines_that_are_not_charged_are_no_revenue() -> None:
    record = World().st_invoice(1, DAY, cents={HVAC: 1_000, ("40200", "HVAC Install"): 500})
    record["items"][1]["isChargeable"] = False
    document = read_invoice(record, company(), jobs={}, today=TODAY)
    assert document.income == {GlAccount("40100", "HVAC Service"): 1_000}


def test_lists_may_be_null_and_amounts_missing() -> None:
    record = World().st_invoice(1, DAY, cents={HVAC: 1_000}, salesTax=None, balance=None)
    record["items"] = None
    document = read_invoice(record, company(), jobs={}, today=TODAY)
    assert (document.tax_cents, document.balance_cents, document.income, document.fault) == (0, 1_000, {}, "")


@pytest.mark.rule("1.2")
@pytest.mark.parametrize(
    ("status", "counts"), [("Completed", True), ("Canceled", False), ("Scheduled", False)]
)
def test_the_job_decides_for_a_pending_invoice(status: str, counts: bool) -> None:
    record = World().st_invoice(1, DAY, cents={HVAC: 1_000}, syncStatus="Pending", job={"id": 7})
    document = read_invoice(record, company(), jobs={"7": JobFacts(status)}, today=TODAY)
    assert document.counts is counts


@pytest.mark.rule("1.8")
def test_the_business_unit_of_a_line_decides_too() -> None:
    record = World().st_invoice(1, DAY, cents={HVAC: 1_000})
    record["items"][0]["businessUnit"] = {"id": 2, "name": "Franchise"}
    company_file = company(business_units={"exclude": ["Franchise"]})
    document = read_invoice(record, company_file, jobs={}, today=TODAY)
    assert document.standing.reason is not None
    assert document.standing.reason.code == "spans_companies"


def test_an_unreadable_total_is_not_taken_for_zero() -> None:
    record = World().st_invoice(1, DAY, cents={HVAC: 1_000}, total=None)
    document = read_invoice(record, company(), jobs={}, today=TODAY)
    assert document.counts
    assert "total" in document.fault


def test_a_deleted_payment_applies_nothing() -> None:
    record = World().st_payment(1, DAY, applied={1: 500}, active=False)
    assert read_payment(record, company(), today=TODAY).applied == {}


def test_splits_of_one_payment_to_one_invoice_are_added() -> None:
    record = World().st_payment(1, DAY, applied={1: 500}, unapplied=20)
    record["appliedTo"].append(dict(record["appliedTo"][0], appliedId=2))
    assert read_payment(record, company(), today=TODAY).applied == {"1": 1_000}


def test_a_missing_unapplied_amount_is_the_rest() -> None:
    record = World().st_payment(1, DAY, applied={1: 500}, unapplied=20, unappliedAmount=None)
    assert read_payment(record, company(), today=TODAY).unapplied_cents == 20


# Accounts


@pytest.mark.rule("2.1")
@pytest.mark.parametrize(
    ("account", "key"),
    [
        (GlAccount("40100", "Anything"), "401"),
        (GlAccount("", "hvac  install"), "402"),
        (GlAccount("77777", "Permit Fees"), "470"),
        (GlAccount("77777", "Nothing"), "ServiceTitan 77777 Nothing"),
        (GlAccount("", ""), "ServiceTitan line without an account"),
    ],
)
def test_an_account_matches_by_number_then_by_name_and_never_by_guess(account: GlAccount, key: str) -> None:
    assert accounts().key_of(account) == key


@pytest.mark.rule("2.1")
def test_the_companys_word_comes_first_and_a_word_that_leads_nowhere_is_no_match() -> None:
    chart = Accounts(REFERENCE, overrides={"40100": "49900", "Permit Fees": "No Such"}, items={})
    assert chart.key_of(GlAccount("40100", "HVAC Service")) == "999"
    assert chart.key_of(GlAccount("", "Permit Fees")) == "ServiceTitan Permit Fees as No Such"


def test_an_account_made_inactive_is_still_known_by_its_items() -> None:
    rows = [{"Id": "9", "Name": "Old", "IncomeAccountRef": {"value": "55", "name": "Old Income (deleted)"}}]
    chart = accounts(items=read_items(rows))
    assert chart.key_of(GlAccount("", "Old Income")) == chart.key_of(ItemSale("9")) == "55"
    assert chart.name("55") == "Old Income (deleted)"


def test_an_unknown_item_has_an_account_of_its_own_unless_the_line_names_one() -> None:
    assert accounts().key_of(ItemSale("5")) == "item 5"
    assert accounts().key_of(ItemSale("5", "401")) == "401"
    assert "unknown" in accounts().name("item 5")


def test_accounts_that_come_to_zero_are_left_out() -> None:
    places = {GlAccount("40100", ""): 500, ItemSale("5", "401"): -500}
    assert accounts().by_key(places) == {}


@pytest.mark.rule("1.4")
def test_a_business_date_is_never_shifted() -> None:
    record = World().st_invoice(1, DAY, cents={HVAC: 1}, invoiceDate="2026-11-10T00:00:00Z")
    assert read_invoice(record, company(), jobs={}, today=TODAY).day == date(2026, 11, 10)
