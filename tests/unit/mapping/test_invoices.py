"""What an invoice becomes (rules 1.1–1.8, 2.1–2.7, 4)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.domain.ids import Entity, SourceRef, find_markers
from st_qbo_assets.domain.outcomes import Mapped, Verdict
from st_qbo_assets.mapping.invoices import items_of_invoice, map_invoice
from st_qbo_assets.mapping.preview import effect, effect_of_all
from st_qbo_assets.servicetitan.records import (
    BusinessUnit,
    Job,
    Location,
    PricebookItem,
    TaxZone,
    parse_invoice,
)
from tests.unit.mapping import builders as make


def mapped(lines: list[dict[str, Any]] | None = None, *, lookup: Any = None, **changes: Any) -> Mapped:
    (one,) = map_invoice(make.invoice(lines, **changes), lookup or make.lookup())
    return one


def told(one: Mapped) -> tuple[str, str]:
    return one.verdict.value, one.reason.code if one.reason else ""


def body(one: Mapped) -> dict[str, Any]:
    assert one.payload is not None, one.reason
    return one.payload.body


def details(one: Mapped) -> list[dict[str, Any]]:
    return [each["SalesItemLineDetail"] for each in body(one)["Line"]]


def unit(name: str, path: str, id: int = 301) -> dict[int, BusinessUnit]:  # noqa: A002 - the vendor's word
    return {id: make.record(BusinessUnit, {"id": id, "name": name, "quickbooksClass": path})}


@pytest.mark.rule("1.3")
def test_lines_that_are_not_charged_are_left_out() -> None:
    one = mapped([make.line("100.00"), make.line("35.00", isChargeable=False, skuName="PART")])
    assert [each["Amount"] for each in body(one)["Line"]] == [Decimal("100.00")]
    assert one.facts["notes"] == ["1 lines that are not charged are left out"]


@pytest.mark.rule("1.3")
def test_sums_that_contradict_each_other_are_rejected_with_the_figures() -> None:
    one = mapped([make.line("100.00")], subTotal="90.00", total="90.00")
    assert told(one) == ("rejected", "lines_do_not_sum")
    assert one.reason is not None
    assert "100.00" in one.reason.text
    assert "90.00" in one.reason.text
    assert told(mapped([make.line("100.00")], total="108.25")) == ("rejected", "total_does_not_add_up")


@pytest.mark.rule("1.2")
def test_the_gate_decides_before_anything_else() -> None:
    broken = make.line("100.00", generalLedgerAccount=None)
    job = make.record(Job, {"id": 7, "jobStatus": "InProgress"})
    one = mapped([broken], lookup=make.lookup(jobs={7: job}), syncStatus="Pending", job={"id": 7})
    assert told(one) == ("not_due", "job_not_completed")
    assert one.cents == 10000
    assert one.payload is None


@pytest.mark.rule("1.4")
def test_an_undated_invoice_is_rejected_on_the_local_day_it_was_made() -> None:
    one = mapped(invoiceDate=None, createdOn="2026-02-03T03:30:00.1234567Z")
    assert told(one) == ("rejected", "no_date")
    assert one.day == date(2026, 2, 2)


@pytest.mark.rule("1.4")
def test_an_unreadable_record_is_rejected_with_its_problems_and_its_day() -> None:
    (one,) = map_invoice(parse_invoice(make.invoice_json(total="a lot")), make.lookup())
    assert told(one) == ("rejected", "unreadable_record")
    assert (one.day, one.number) == (date(2026, 2, 3), "7001001")
    assert one.reason is not None
    assert "total" in one.reason.text
    (nameless,) = map_invoice(parse_invoice({"total": "1.00"}), make.lookup())
    assert str(nameless.source).startswith("invoice:unreadable-")


@pytest.mark.rule("1.7")
def test_an_exported_invoice_tells_how_to_find_it_only_if_the_company_adopts() -> None:
    assert mapped(syncStatus="Exported").facts == {"customer": "customer:5010001", "balance_cents": 0}
    adopting = make.lookup(company=make.company(adopt_exported=True))
    one = mapped(syncStatus="Exported", exportId="QB-77", lookup=adopting)
    assert told(one) == ("not_due", "exported_elsewhere")
    assert one.facts["adopt"] == {
        "target": "Invoice",
        "number": "7001001",
        "export_id": "QB-77",
        "customer": "customer:5010001",
        "cents": 10000,
        "day": "2026-02-03",
    }


@pytest.mark.rule("1.6")
def test_an_old_invoice_tells_what_is_open_of_it_and_whose_it_is() -> None:
    one = mapped(invoiceDate="2025-12-30T00:00:00Z", balance="40.00")
    assert told(one) == ("not_due", "before_start")
    assert one.facts == {"customer": "customer:5010001", "balance_cents": 4000}
    assert "customer" not in mapped(invoiceDate="2025-12-30T00:00:00Z", customer=None).facts


@pytest.mark.rule("2.1")
def test_one_sku_on_two_accounts_is_two_items() -> None:
    other = {"id": 4102, "name": "HVAC Install Income", "number": "40200"}
    one = mapped([make.line("100.00"), make.line("50.00", generalLedgerAccount=other), make.line("25.00")])
    assert [detail["ItemRef"]["value"] for detail in details(one)] == [
        "item:DIAG-01|79",
        "item:DIAG-01|80",
        "item:DIAG-01|79",
    ]
    assert one.facts["income_by_account"] == {"79": 12500, "80": 5000}
    items = items_of_invoice(
        make.invoice([make.line(), make.line(generalLedgerAccount=other)]), make.lookup()
    )
    assert [item.facts["name_candidates"] for item in items] == [
        ["DIAG-01", "DIAG-01 [40100]"],
        ["DIAG-01", "DIAG-01 [40200]"],
    ]
    assert [item.payload.body["Sku"] for item in items if item.payload] == ["DIAG-01", "DIAG-01"]


@pytest.mark.rule("2.1")
def test_two_ledger_accounts_on_one_quickbooks_account_are_one_item() -> None:
    both = make.lookup(company=make.company(accounts={"40150": "40100"}))
    one = mapped(
        [
            make.line("10.00"),
            make.line("20.00", generalLedgerAccount={"number": "40150", "name": "Old HVAC"}),
        ],
        lookup=both,
    )
    assert one.facts["items"] == ["item:DIAG-01|79"]


@pytest.mark.rule("2.1")
def test_items_per_account_need_no_sku() -> None:
    per_account = make.lookup(company=make.company(items="per_account"))
    one = mapped([make.line(skuName="")], lookup=per_account)
    assert details(one)[0]["ItemRef"] == {"value": "item:|79"}
    (item,) = items_of_invoice(make.invoice(), per_account)
    assert item.payload is not None
    assert item.payload.body["Name"] == "40100 Sales-HVAC Service Income"
    assert "Sku" not in item.payload.body


@pytest.mark.rule("2.1")
@pytest.mark.parametrize(
    ("account", "code"),
    [
        (None, "account_missing"),
        ({"id": 9}, "account_missing"),
        ({"number": "40999", "name": "HVAC Servce Income"}, "account_unmapped"),
        (make.COGS, "account_not_income"),
    ],
)
def test_a_line_without_an_income_account_holds_the_whole_document(account: Any, code: str) -> None:
    one = mapped([make.line("10.00"), make.line("20.00", generalLedgerAccount=account)])
    assert told(one) == ("held", code)
    assert one.reason is not None
    assert "DIAG-01" in one.reason.text
    assert one.reason.remedy
    if code == "account_unmapped":
        assert one.reason.suggestions[0] == "40100 Sales:HVAC Service Income"


@pytest.mark.rule("2.1")
def test_accounts_go_by_override_then_number_then_name() -> None:
    def account(company: dict[str, str], **ledger: str) -> str:
        look = make.lookup(company=make.company(accounts=company))
        return next(
            iter(mapped([make.line(generalLedgerAccount=ledger)], lookup=look).facts["income_by_account"])
        )

    assert account({}, number="40200", name="HVAC Service Income") == "80"
    assert account({}, number="", name="hvac install  INCOME") == "80"
    assert account({}, number="99999", name="HVAC Install Income") == "80"
    assert account({"40200": "40100"}, number="40200") == "79"
    assert account({"HVAC Install Income": "40100"}, number="40200", name="HVAC Install Income") == "79"


@pytest.mark.rule("2.1")
def test_an_override_to_nowhere_is_held_and_never_guessed() -> None:
    look = make.lookup(company=make.company(accounts={"40100": "HVAC Income"}))
    one = mapped(lookup=look)
    assert told(one) == ("held", "account_override_unknown")


@pytest.mark.rule("2.2")
def test_liability_lines_post_as_services_or_wait_by_policy() -> None:
    deposit = make.line("500.00", generalLedgerAccount=make.DEPOSITS, type="Material", skuName="DEPOSIT")
    assert mapped([deposit]).facts["income_by_account"] == {"82": 50000}
    (item,) = items_of_invoice(make.invoice([deposit]), make.lookup())
    assert item.payload is not None
    assert item.payload.body["Type"] == "Service"
    holding = make.lookup(company=make.company(liability_lines="hold"))
    assert told(mapped([deposit], lookup=holding)) == ("held", "liability_line_held")


@pytest.mark.rule("2.3")
def test_classes_go_where_the_preference_says() -> None:
    units = unit("HVAC - Service", "HVAC:Service") | unit("HVAC - Install", "HVAC:Install", 302)
    lines = [make.line("10.00"), make.line("20.00", businessUnit={"id": 302, "name": "HVAC - Install"})]
    per_line = mapped(
        lines, lookup=make.lookup(reference=make.reference(class_per_line=True), business_units=units)
    )
    assert [detail["ClassRef"]["value"] for detail in details(per_line)] == ["501", "502"]
    assert "ClassRef" not in body(per_line)
    per_txn = mapped(
        lines, lookup=make.lookup(reference=make.reference(class_per_txn=True), business_units=units)
    )
    assert body(per_txn)["ClassRef"] == {"value": "501"}
    assert not any("ClassRef" in detail for detail in details(per_txn))
    off = mapped(lines, lookup=make.lookup(business_units=units))
    assert "ClassRef" not in body(off)
    assert not any("ClassRef" in detail for detail in details(off))


@pytest.mark.rule("2.3")
def test_a_unit_without_class_is_held_or_goes_without_by_policy() -> None:
    on = make.reference(class_per_line=True)
    units = unit("HVAC - Service", "HVAC:Servce")
    one = mapped(lookup=make.lookup(reference=on, business_units=units))
    assert told(one) == ("held", "class_unmapped")
    assert one.reason is not None
    assert one.reason.suggestions[0] == "HVAC:Service"
    free = make.company(classes={"unmapped": "none"})
    assert "ClassRef" not in details(mapped(lookup=make.lookup(reference=on, company=free)))[0]
    named = make.company(classes={"overrides": {"HVAC - Service": "HVAC:Install"}})
    assert details(mapped(lookup=make.lookup(reference=on, company=named)))[0]["ClassRef"] == {"value": "502"}


@pytest.mark.rule("2.3")
def test_locations_are_sent_only_if_tracked_and_named() -> None:
    named = make.company(departments={"HVAC - Service": "Austin"})
    tracked = make.reference(track_departments=True)
    assert body(mapped(lookup=make.lookup(company=named, reference=tracked)))["DepartmentRef"] == {
        "value": "601"
    }
    assert "DepartmentRef" not in body(mapped(lookup=make.lookup(company=named)))
    assert "DepartmentRef" not in body(mapped(lookup=make.lookup(reference=tracked)))
    elsewhere = make.company(departments={"Plumbing": "Austin"})
    assert told(mapped(lookup=make.lookup(company=elsewhere, reference=tracked))) == (
        "held",
        "department_unmapped",
    )


TAXED = [make.line("100.00", taxable=True), make.line("50.00")]


@pytest.mark.rule("2.4")
def test_automated_tax_is_stated_to_the_cent() -> None:
    one = mapped(TAXED, salesTax="8.25")
    assert body(one)["TxnTaxDetail"] == {"TotalTax": Decimal("8.25")}
    assert [detail["TaxCodeRef"]["value"] for detail in details(one)] == ["TAX", "NON"]
    assert one.facts["tax_cents"] == 825


@pytest.mark.rule("2.4")
def test_untaxed_documents_leave_nothing_for_quickbooks_to_compute() -> None:
    one = mapped(TAXED)
    assert body(one)["TxnTaxDetail"] == {"TotalTax": Decimal("0.00")}
    assert [detail["TaxCodeRef"]["value"] for detail in details(one)] == ["NON", "NON"]
    off = mapped(TAXED, lookup=make.lookup(reference=make.reference(using_sales_tax=False)))
    assert "TxnTaxDetail" not in body(off)
    assert not any("TaxCodeRef" in detail for detail in details(off))


ZONES = {
    71: make.record(TaxZone, {"id": 71, "name": "Travis", "rates": [{"taxName": "x", "taxRate": "0.0825"}]})
}
CODES = make.company(tax={"mode": "codes", "zone_codes": {"Travis": "Travis County 8.25%"}})
MANUAL = make.reference(partner_tax_enabled=None)


@pytest.mark.rule("2.4")
def test_manual_codes_go_by_zone() -> None:
    look = make.lookup(company=CODES, reference=MANUAL, tax_zones=ZONES)
    one = mapped(TAXED, salesTax="8.25", taxZoneId=71, lookup=look)
    assert body(one)["TxnTaxDetail"] == {"TxnTaxCodeRef": {"value": "7"}, "TotalTax": Decimal("8.25")}
    unnamed = make.lookup(company=make.company(tax={"mode": "codes"}), reference=MANUAL, tax_zones=ZONES)
    held = mapped(TAXED, salesTax="8.25", taxZoneId=71, lookup=unnamed)
    assert told(held) == ("held", "tax_code_unmapped")
    assert held.reason is not None
    assert held.reason.suggestions == ("Travis County 8.25%",)
    by_code = mapped(
        TAXED, salesTax="8.25", salesTaxCode={"id": 1, "name": "travis county 8.25%"}, lookup=unnamed
    )
    assert body(by_code)["TxnTaxDetail"]["TxnTaxCodeRef"] == {"value": "7"}


@pytest.mark.rule("2.4")
def test_tax_as_its_own_line() -> None:
    company = make.company(tax={"mode": "line", "line_item": "Sales Tax"})
    one = mapped(TAXED, salesTax="8.25", lookup=make.lookup(company=company, tax_item_id="44"))
    assert body(one)["Line"][-1]["Amount"] == Decimal("8.25")
    assert details(one)[-1]["ItemRef"] == {"value": "44"}
    assert [detail["TaxCodeRef"]["value"] for detail in details(one)] == ["NON", "NON", "NON"]
    assert sum(each["Amount"] for each in body(one)["Line"]) == Decimal("158.25")
    assert told(mapped(TAXED, salesTax="8.25", lookup=make.lookup(company=company))) == (
        "held",
        "tax_item_unknown",
    )


@pytest.mark.rule("2.4")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reference": make.reference(using_sales_tax=False)}, "tax_off"),
        ({"reference": make.reference(partner_tax_enabled=False)}, "tax_not_automated"),
        ({"reference": MANUAL}, "tax_not_automated"),
        ({"company": CODES}, "tax_is_automated"),
        ({"company": make.company(tax={"mode": "none"})}, "tax_mode_none"),
        ({"customers": {5010001: make.customer(taxExempt=True)}}, "tax_on_exempt"),
        (
            {"locations": {5020001: make.record(Location, {"id": 5020001, "taxExempt": True})}},
            "tax_on_exempt",
        ),
    ],
)
def test_tax_that_cannot_be_carried_is_held(changes: dict[str, Any], code: str) -> None:
    assert told(mapped(TAXED, salesTax="8.25", lookup=make.lookup(**changes))) == ("held", code)
    assert mapped(TAXED, lookup=make.lookup(**changes)).verdict is Verdict.DUE


@pytest.mark.rule("2.4")
def test_tax_on_lines_of_which_none_is_taxable_is_held() -> None:
    assert told(mapped([make.line("100.00")], salesTax="8.25")) == ("held", "tax_without_taxable_line")


@pytest.mark.rule("2.5")
def test_nothing_is_ever_mailed() -> None:
    contacts = {5010001: (make.contact(1, "Email", "maria@example.com"),)}
    one = body(mapped(lookup=make.lookup(contacts=contacts)))
    assert one["EmailStatus"] == "NotSet"
    assert (one["AllowOnlineCreditCardPayment"], one["AllowOnlineACHPayment"]) == (False, False)
    assert "BillEmail" not in one
    allowed = make.lookup(contacts=contacts, company=make.company(send_email_addresses=True))
    assert body(mapped(lookup=allowed))["BillEmail"] == {"Address": "maria@example.com"}
    assert body(mapped(lookup=allowed))["EmailStatus"] == "NotSet"


@pytest.mark.rule("2.6")
def test_the_note_is_exactly_one_marker() -> None:
    note = body(mapped())["PrivateNote"]
    assert note == "ServiceTitan invoice 8001001"
    assert find_markers(note) == (SourceRef(Entity.INVOICE, "8001001"),)


@pytest.mark.rule("2.7")
def test_addresses_of_location_and_customer() -> None:
    house = {
        "street": "118 Sample Oak Dr",
        "unit": "B",
        "city": "Austin",
        "state": "TX",
        "zip": "78704",
        "country": "USA",
    }
    one = body(mapped(locationAddress=house, customerAddress={"street": "PO Box 7", "city": "Waco"}))
    assert one["ShipAddr"] == {
        "Line1": "118 Sample Oak Dr",
        "Line2": "B",
        "City": "Austin",
        "CountrySubDivisionCode": "TX",
        "PostalCode": "78704",
        "Country": "USA",
    }
    assert one["BillAddr"] == {"Line1": "PO Box 7", "City": "Waco"}
    assert "ShipAddr" not in body(mapped(locationAddress={"country": "USA"}))


def test_numbers_terms_and_dates_of_the_header() -> None:
    one = mapped(
        referenceNumber="PROJECT-2026-000123-A-17", termName="Net 30", dueDate="2026-03-05T00:00:00Z"
    )
    assert body(one)["DocNumber"] == one.number
    assert len(one.number) == 21
    assert body(one)["SalesTermRef"] == {"value": "3"}
    assert (body(one)["TxnDate"], body(one)["DueDate"]) == ("2026-02-03", "2026-03-05")
    assert one.facts["notes"] == [f"number 'PROJECT-2026-000123-A-17' written as '{one.number}'"]
    unknown = mapped(termName="Due Upon Receipt")
    assert "SalesTermRef" not in body(unknown)
    assert "due date is carried" in unknown.facts["notes"][0]
    company = make.company(terms={"Due Upon Receipt": "Due on receipt"})
    assert body(mapped(termName="Due Upon Receipt", lookup=make.lookup(company=company)))["SalesTermRef"] == {
        "value": "1"
    }
    wrong = make.company(terms={"Due Upon Receipt": "Due at once"})
    assert told(mapped(termName="Due Upon Receipt", lookup=make.lookup(company=wrong))) == (
        "held",
        "term_override_unknown",
    )
    assert mapped(referenceNumber=None).number == "ST-8001001"


def test_descriptions_and_quantities_in_words() -> None:
    lines = [
        make.line(
            "37.37",
            quantity="3",
            price="12.455",
            description="<p>Hose &amp; clamp</p>",
            serviceDate="2026-02-02T00:00:00Z",
        ),
        make.line("10.00", quantity="2.5", price="3.99", description="", displayName="Filter"),
    ]
    first, second = body(mapped(lines))["Line"]
    assert first["Description"] == "Hose & clamp"
    assert first["SalesItemLineDetail"]["Qty"] == Decimal(3)
    assert first["SalesItemLineDetail"]["ServiceDate"] == "2026-02-02"
    assert second["Description"] == "Filter (quantity 2.5)"
    assert "Qty" not in second["SalesItemLineDetail"]
    assert "UnitPrice" not in second["SalesItemLineDetail"]


def test_a_discount_is_a_negative_line_of_its_own_item() -> None:
    lines = [
        make.line("100.00"),
        make.line("-20.00", skuName="DISC-SR", type="PriceModifier", generalLedgerAccount=make.DISCOUNTS),
    ]
    one = mapped(lines)
    assert [each["Amount"] for each in body(one)["Line"]] == [Decimal("100.00"), Decimal("-20.00")]
    assert one.facts["items"] == ["item:DIAG-01|79", "item:DISC-SR|81"]
    assert one.facts["income_by_account"] == {"79": 10000, "81": -2000}


def test_a_sku_missing_on_the_line_is_found_in_the_pricebook_or_held() -> None:
    book = {
        900001: make.record(
            PricebookItem, {"id": 900001, "code": "DIAG-01", "description": "<b>Diagnosis</b>"}
        )
    }
    assert mapped([make.line(skuName=None)], lookup=make.lookup(pricebook=book)).facts["items"] == [
        "item:DIAG-01|79"
    ]
    assert told(mapped([make.line(skuName=None)])) == ("held", "sku_missing")
    (item,) = items_of_invoice(make.invoice(), make.lookup(pricebook=book))
    assert item.payload is not None
    assert item.payload.body["Description"] == "Diagnosis"


def test_what_differs_from_invoice_to_invoice_does_not_change_an_item() -> None:
    one = items_of_invoice(make.invoice([make.line(type="Material", taxable=True)]), make.lookup())[0].payload
    two = items_of_invoice(make.invoice([make.line(type="Unspecified")]), make.lookup())[0].payload
    assert one is not None
    assert two is not None
    assert one.body != two.body
    assert one.digest == two.digest


@pytest.mark.rule("3.4")
def test_the_sign_decides_whether_an_adjustment_is_an_invoice_or_a_credit_memo() -> None:
    more = mapped([make.line("50.00")], adjustmentToId=8001000)
    less = mapped([make.line("-50.00")], adjustmentToId=8001000)
    for one, target in ((more, "Invoice"), (less, "CreditMemo")):
        assert one.payload is not None
        assert one.payload.target == target
        assert body(one)["Line"][0]["Amount"] == Decimal("50.00")
        assert one.facts["adjusts"] == "invoice:8001000"


@pytest.mark.rule("4")
def test_new_documents_of_a_closed_period_wait_or_move_by_policy() -> None:
    closed = make.reference(book_close_date=date(2026, 2, 3))
    assert told(mapped(lookup=make.lookup(reference=closed))) == ("held", "closed_period")
    moving = make.company(closed_period="next_open_day")
    one = mapped(lookup=make.lookup(reference=closed, company=moving))
    assert told(one) == ("due", "moved_to_open_day")
    assert body(one)["TxnDate"] == "2026-02-04"
    assert one.day == date(2026, 2, 3)
    earlier = make.reference(book_close_date=date(2026, 2, 2))
    assert body(mapped(lookup=make.lookup(reference=earlier)))["TxnDate"] == "2026-02-03"


@pytest.mark.rule("4")
def test_closing_the_books_changes_nothing_of_what_is_posted() -> None:
    source = SourceRef(Entity.INVOICE, "8001001")
    before = mapped()
    assert before.payload is not None
    for company in (make.company(), make.company(closed_period="next_open_day")):
        for posted, sent in ((date(2026, 2, 3), "2026-02-03"), (date(2026, 2, 1), "2026-02-03")):
            look = make.lookup(
                company=company,
                reference=make.reference(book_close_date=date(2026, 2, 28)),
                posted={source: posted},
            )
            assert body(mapped(lookup=look))["TxnDate"] == sent
    moved = make.lookup(
        company=make.company(closed_period="next_open_day"),
        reference=make.reference(book_close_date=date(2026, 3, 31)),
        posted={source: date(2026, 3, 1)},
    )
    assert body(mapped(lookup=moved))["TxnDate"] == "2026-03-01"


@pytest.mark.rule("4")
@pytest.mark.parametrize(
    ("closed", "posted", "sent", "code"),
    [
        (date(2026, 2, 28), date(2026, 3, 1), "2026-03-01", "moved_to_open_day"),
        # Closed further since: it lies in closed books, where nothing is changed.
        (date(2026, 3, 31), date(2026, 3, 1), "2026-03-01", "stays_on_later_day"),
        # Opened in part since, or moved into closed books from an open day: the first open day is another.
        (date(2026, 2, 10), date(2026, 3, 1), "2026-02-11", "moved_to_open_day"),
        # Opened.
        (date(2026, 2, 2), date(2026, 3, 1), "2026-02-03", ""),
    ],
)
def test_a_moved_document_says_where_it_stands_whatever_became_of_the_closing_date(
    closed: date, posted: date, sent: str, code: str
) -> None:
    one = mapped(
        lookup=make.lookup(
            company=make.company(closed_period="next_open_day"),
            reference=make.reference(book_close_date=closed),
            posted={SourceRef(Entity.INVOICE, "8001001"): posted},
        )
    )
    assert body(one)["TxnDate"] == sent
    assert told(one) == ("due", code)
    assert one.reason is None or (sent in one.reason.text)
    assert ("first open day" in one.reason.text if one.reason else False) == (code == "moved_to_open_day")


def test_everything_wrong_is_told_at_once() -> None:
    one = mapped(
        [make.line("10.00", generalLedgerAccount=None), make.line("20.00", generalLedgerAccount=make.COGS)],
        customer=None,
        subTotal="31.00",
        total="31.00",
    )
    assert told(one) == ("rejected", "customer_missing")
    assert one.reason is not None
    for words in ("names no customer", "add up to 30.00", "has no general ledger account", "Materials COGS"):
        assert words in one.reason.text


amounts = st.decimals(min_value="-500", max_value="5000", places=2, allow_nan=False, allow_infinity=False)
quantities = st.decimals(min_value="0", max_value="40", places=3, allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.tuples(amounts, quantities, amounts, st.booleans(), st.booleans()), min_size=1, max_size=8),
    st.decimals(min_value="0", max_value="300", places=2),
)
def test_what_is_written_is_the_invoice_to_the_cent(rows: list[tuple[Any, ...]], tax: Decimal) -> None:
    lines = [
        make.line(str(total), quantity=str(quantity), price=str(price), taxable=taxable, isChargeable=charged)
        for total, quantity, price, taxable, charged in rows
    ]
    one = mapped(lines, salesTax=str(tax))
    if one.verdict is not Verdict.DUE:
        assert effect(one).balances
        return
    written = sum((each["Amount"] for each in body(one)["Line"]), Decimal(0))
    assert written + body(one)["TxnTaxDetail"]["TotalTax"] == Decimal(abs(one.cents)) / 100
    assert sum(one.facts["income_by_account"].values()) + one.facts["tax_cents"] == one.cents
    assert effect_of_all([one, one]).balances
    assert effect(one).receivable == one.cents
