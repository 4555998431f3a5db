"""What is told of a company before any document is mapped (rules 1.8, 2.1–2.4, 3.1, 3.3, 4)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from st_qbo_assets.domain.findings import Finding, Level
from st_qbo_assets.domain.opening_quantities import parse_opening_quantities
from st_qbo_assets.domain.outcomes import Verdict
from st_qbo_assets.mapping.invoices import map_invoice
from st_qbo_assets.mapping.lookup import Lookup
from st_qbo_assets.mapping.payments import map_payment
from st_qbo_assets.mapping.readiness import (
    check_bill_source,
    check_coverage,
    check_features,
    check_lists,
    lists_needed,
    refusals,
    shared_units,
)
from st_qbo_assets.mapping.readiness.stock import check_on_hand
from st_qbo_assets.quickbooks.reference import CompanyInfo, Preferences, SalesItem
from st_qbo_assets.servicetitan import records as st
from tests.unit.mapping import builders as make
from tests.unit.mapping import test_bills as bills

CHART = (make.INCOME, make.DISCOUNTS, make.DEPOSITS, make.COGS)
SNOW = {"id": 4999, "name": "Snow Removal Income", "number": "40900", "type": "Income"}
HELD = {"payment_types": {name: {"becomes": "hold"} for name in make.PAYMENT_TYPES}}
US = CompanyInfo(name="Blue Heron", country="US", edition="QuickBooks Online Plus", subscription="PAID")


def unit(name: str = "HVAC - Service", **changes: Any) -> st.BusinessUnit:
    row = {"id": 301, "name": name, "active": True, "quickbooksClass": "HVAC:Service", **changes}
    return make.record(st.BusinessUnit, row)


def zone(name: str = "Travis County 8.25%", rate: str = "0.0825") -> st.TaxZone:
    rates = [{"id": 1, "taxName": name, "taxRate": rate, "salesTaxItem": name}]
    return make.record(st.TaxZone, {"id": 7, "name": name, "active": True, "rates": rates})


def lists(**changes: list[st.Record]) -> list[st.Record | st.Unreadable]:
    """What a healthy tenant has; a keyword replaces one list."""
    given: dict[str, list[Any]] = {
        "chart": [make.record(st.GlAccount, {"active": True, **row}) for row in CHART],
        "pricebook": [make.record(st.PricebookItem, {"id": 1, "active": True, "account": "40100"})],
        "units": [unit()],
        "types": [
            make.record(st.PaymentType, {"id": number, "name": name})
            for number, name in enumerate(make.PAYMENT_TYPES, start=1)
        ],
        "terms": [make.record(st.PaymentTerm, {"id": 1, "name": "Net 30", "active": True})],
        "zones": [zone()],
        **changes,
    }
    return [record for rows in given.values() for record in rows]


def covered(records: list[st.Record | st.Unreadable], **changes: Any) -> list[Finding]:
    """What is not well."""
    lookup = Lookup.of(
        records,
        company=make.company(**{**HELD, **changes.pop("company", {})}),
        reference=changes.pop("reference", make.REFERENCE),
        today=make.TODAY,
        posted={},
        **changes,
    )
    return [finding for finding in check_coverage(records, lookup) if finding.level is not Level.OK]


def codes(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.level.value, finding.code) for finding in findings]


def features(company: dict[str, Any] | None = None, **preferences: Any) -> list[tuple[str, str]]:
    reference = replace(make.reference(**preferences), company=US)
    found = check_features(make.company(**(company or {})), reference, yesterday=date(2026, 2, 9))
    return [pair for pair in codes(found) if pair[0] != "ok"]


class TestAccounts:
    @pytest.mark.rule("2.1")
    def test_an_account_of_the_pricebook_that_quickbooks_lacks_is_red_and_names_the_nearest(self) -> None:
        chart = [make.record(st.GlAccount, {"active": True, **SNOW})]
        items = [
            make.record(st.PricebookItem, {"id": 1, "active": True, "account": "40900"}),
            make.record(st.PricebookItem, {"id": 2, "active": True, "generalLedgerAccountId": 4999}),
            make.record(st.PricebookItem, {"id": 3, "active": False, "account": "40900"}),
        ]
        (found,) = covered(lists(chart=chart, pricebook=items))
        assert codes([found]) == [("red", "account_unmapped")]
        assert "40900 Snow Removal Income (2 pricebook items)" in found.text
        assert "40100 Sales:HVAC Service Income" in found.suggestions

    def test_an_income_account_nobody_uses_yet_is_a_warning(self) -> None:
        chart = [make.record(st.GlAccount, {"active": True, **SNOW})]
        assert codes(covered(lists(chart=chart, pricebook=[]))) == [("warn", "account_unmapped")]

    def test_an_override_leads_it_to_an_account(self) -> None:
        chart = [make.record(st.GlAccount, {"active": True, **SNOW})]
        given = {"accounts": {"40900": "40100"}}
        assert covered(lists(chart=chart, pricebook=[]), company=given) == []

    def test_an_override_of_an_account_nobody_has_is_a_slip_of_the_pen(self) -> None:
        (found,) = covered(lists(), company={"accounts": {"4100": "40100"}})
        assert codes([found]) == [("warn", "no_such_name")]
        assert "'4100'" in found.text

    def test_an_override_to_an_account_quickbooks_lacks_is_red_whatever_its_type(self) -> None:
        given = {"accounts": {"50100": "99999", "40100": "88888"}}
        found = covered(lists(), company=given)
        assert codes(found) == [("red", "account_override_unknown")] * 2

    @pytest.mark.rule("2.2")
    @pytest.mark.parametrize(
        ("account", "policy", "expected"),
        [
            ("25000", "post", []),
            ("25000", "hold", [("red", "account_not_income")]),
            ("50100", "post", [("red", "account_not_income")]),
        ],
    )
    def test_only_income_and_posted_liabilities_will_do(
        self, account: str, policy: str, expected: list[tuple[str, str]]
    ) -> None:
        items = [make.record(st.PricebookItem, {"id": 1, "active": True, "account": account})]
        found = covered(lists(pricebook=items), company={"liability_lines": policy})
        assert codes(found) == expected

    @pytest.mark.parametrize("row", [make.INCOME, SNOW, make.COGS, make.DEPOSITS])
    @pytest.mark.parametrize("company", [{}, {"accounts": {"40900": "99999"}}, {"liability_lines": "hold"}])
    def test_red_means_that_documents_with_it_are_held(self, row: Any, company: dict[str, Any]) -> None:
        chart = [make.record(st.GlAccount, {"active": True, **row})]
        items = [make.record(st.PricebookItem, {"id": 1, "active": True, "account": row["number"]})]
        found = covered(lists(chart=chart, pricebook=items), company=company)
        invoice = make.invoice([make.line(generalLedgerAccount=row)])
        (mapped,) = map_invoice(invoice, make.lookup(company=make.company(**company)))
        assert any(each.level is Level.RED for each in found) == (mapped.verdict is Verdict.HELD)


class TestUnits:
    @pytest.mark.rule("2.3")
    def test_a_unit_without_a_class_is_red_and_names_the_nearest(self) -> None:
        found = covered(
            lists(units=[unit(quickbooksClass="HVAC:Servise")]),
            reference=make.reference(class_per_line=True),
        )
        assert codes(found) == [("red", "class_unmapped")]
        assert found[0].suggestions[0] == "HVAC:Service"
        assert "re-materialize" not in found[0].cure

    def test_units_may_go_without_a_class_if_the_company_says_so(self) -> None:
        found = covered(
            lists(units=[unit(quickbooksClass="")]),
            reference=make.reference(class_per_line=True),
            company={"classes": {"unmapped": "none"}},
        )
        assert codes(found) == [("info", "units_without_class")]

    def test_nothing_is_asked_of_classes_that_are_off(self) -> None:
        assert covered(lists(units=[unit(quickbooksClass="")])) == []

    def test_overrides_of_unknown_units_are_named_with_the_one_that_is_meant(self) -> None:
        found = covered(
            lists(),
            reference=make.reference(class_per_line=True, track_departments=True),
            company={
                "classes": {"overrides": {"HVAC - service": "HVAC:Service"}},
                "departments": {"HVAC - Service": "Austin", "Plumbing": "Austin"},
            },
        )
        assert codes(found) == [("warn", "no_such_name")] * 2
        assert found[0].suggestions == ("HVAC - Service",)

    def test_a_unit_without_a_location_is_red_once_the_company_names_locations(self) -> None:
        found = covered(
            lists(units=[unit(), unit("Plumbing", id=302)]),
            reference=make.reference(track_departments=True),
            company={"departments": {"HVAC - Service": "Austin"}},
        )
        assert codes(found) == [("red", "department_unmapped")]

    @pytest.mark.rule("1.8")
    def test_a_unit_out_of_scope_needs_nothing_and_an_unknown_one_in_scope_is_red(self) -> None:
        found = covered(
            lists(units=[unit(), unit("Solar", id=303, quickbooksClass="")]),
            reference=make.reference(class_per_line=True),
            company={"business_units": {"include": ["HVAC - Service", "HVAC - Instal"]}},
        )
        assert codes(found) == [("red", "unit_unknown")]

    @pytest.mark.rule("1.8")
    def test_no_unit_may_belong_to_two_live_companies(self) -> None:
        north = make.company(mode="live", business_units={"include": ["HVAC - Service"]})
        south = make.company(name="south", mode="live", business_units={"exclude": ["Plumbing"]})
        (found,) = shared_units([north, south], [unit(), unit("Plumbing", id=302)])
        assert (found.level, found.code) == (Level.RED, "unit_in_two_companies")
        assert "HVAC - Service belongs to acme and south" in found.text
        preview = make.company(name="south", mode="preview")
        assert shared_units([north, preview], [unit()]) == []


class TestPaymentTypesAndTerms:
    @pytest.mark.rule("3.1")
    def test_types_the_company_does_not_name_are_held(self) -> None:
        types = [
            make.record(st.PaymentType, {"id": 1, "name": name}) for name in (*make.PAYMENT_TYPES, "EFT")
        ]
        found = covered(lists(types=types))
        assert ("warn", "payment_types_unmapped") in codes(found)
        assert any("EFT" in each.text for each in found)

    @pytest.mark.rule("3.1")
    def test_the_account_of_write_offs_is_told_and_a_missing_item_is_red(self) -> None:
        company = {"payment_types": make.PAYMENT_TYPES}
        missing = replace(make.REFERENCE, items=())
        assert codes(covered(lists(), company=company, reference=missing)) == [
            ("red", "write_off_item_unknown")
        ]
        (told,) = covered(lists(), company=company)
        assert told.level is Level.INFO
        assert "'Bad debt' to 49000 Discounts Given (Income)" in told.text
        closed = replace(make.REFERENCE, items=(SalesItem("77", "Bad debt", "Bad debt", "9"),))
        (gone,) = covered(lists(), company=company, reference=closed)
        assert gone.level is Level.WARN

    @pytest.mark.rule("3.5")
    def test_refunds_need_one_accounts_receivable_or_the_named_one(self) -> None:
        second = replace(make.RECEIVABLE, id="8", name="A/R 2", full_name="A/R 2", number="11001")
        two = replace(make.REFERENCE, accounts=(*make.ACCOUNTS, second))
        assert codes(covered(lists(), reference=two)) == [("warn", "receivable_account_unclear")]
        assert codes(covered(lists(), reference=two, company={"receivable_account": "11001"})) == []
        wrong = covered(lists(), company={"receivable_account": "12000"})
        assert codes(wrong) == [("red", "receivable_account_unknown")]

    @pytest.mark.rule("3.1")
    @pytest.mark.parametrize(
        ("policy", "code"),
        [
            ({"becomes": "payment", "deposit_to": "12001"}, "deposit_account_unknown"),
            ({"becomes": "payment", "deposit_to": "40100"}, "deposit_account_wrong_type"),
            ({"becomes": "payment", "deposit_to": "12000", "method": "Chek"}, "payment_method_unknown"),
        ],
    )
    def test_red_means_that_payments_of_the_type_are_held(self, policy: dict[str, str], code: str) -> None:
        company = {"payment_types": {"Check": policy}}
        types = [make.record(st.PaymentType, {"id": 1, "name": "Check"})]
        assert codes(covered(lists(types=types), company=company)) == [("red", code)]
        (mapped,) = map_payment(make.payment(), make.lookup(company=make.company(**company)))
        assert mapped.reason is not None
        assert mapped.reason.code == code

    def test_a_type_only_the_company_file_knows_is_a_slip_of_the_pen(self) -> None:
        types = [make.record(st.PaymentType, {"id": 1, "name": "Check"})]
        policies = {"check": {"becomes": "hold"}, "Check": {"becomes": "hold"}}
        (found,) = covered(lists(types=types), company={"payment_types": policies})
        assert codes([found]) == [("warn", "no_such_name")]
        assert found.suggestions == ("Check",)

    def test_a_missing_term_is_told_and_a_wrong_override_is_red(self) -> None:
        terms = [make.record(st.PaymentTerm, {"id": n, "name": f"Net {n}", "active": True}) for n in (30, 60)]
        types = [make.record(st.PaymentType, {"id": 1, "name": "Check"})]
        company = {"payment_types": {"Check": {"becomes": "hold"}}}
        found = covered(lists(terms=terms, types=types), company=company)
        assert codes(found) == [("info", "terms_missing")]
        found = covered(lists(terms=terms, types=types), company={**company, "terms": {"Net 60": "Net 61"}})
        assert codes(found) == [("red", "term_override_unknown")]


class TestTax:
    def told(self, tax: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
        return codes(covered(lists(**changes.pop("lists", {})), company={"tax": tax}, **changes))

    @pytest.mark.rule("2.4")
    @pytest.mark.parametrize(
        ("tax", "preferences", "code"),
        [
            ({"mode": "automated"}, {}, None),
            ({"mode": "automated"}, {"using_sales_tax": False}, "tax_off"),
            ({"mode": "automated"}, {"partner_tax_enabled": False}, "tax_not_automated"),
            ({"mode": "codes"}, {}, "tax_is_automated"),
            ({"mode": "codes"}, {"using_sales_tax": False}, "tax_off"),
            ({"mode": "codes"}, {"partner_tax_enabled": None}, None),
            ({"mode": "line", "line_item": "Sales tax"}, {}, "tax_item_unknown"),
        ],
    )
    def test_the_mode_must_fit_quickbooks(
        self, tax: dict[str, Any], preferences: dict[str, Any], code: str | None
    ) -> None:
        expected = [("red", code)] if code else []
        assert self.told(tax, reference=make.reference(**preferences)) == expected

    def test_every_taxed_zone_needs_a_code(self) -> None:
        zones = [zone(), zone("Hays County"), zone("No tax", rate="0")]
        manual = make.reference(partner_tax_enabled=None)
        assert self.told({"mode": "codes"}, lists={"zones": zones}, reference=manual) == [
            ("red", "tax_code_unmapped")
        ]
        named = {"mode": "codes", "zone_codes": {"Hays County": "Travis County 8.25%"}}
        assert self.told(named, lists={"zones": zones}, reference=manual) == []

    def test_no_tax_though_zones_have_rates_is_a_warning(self) -> None:
        assert self.told({"mode": "none"}) == [("warn", "tax_mode_none")]
        assert self.told({"mode": "none"}, lists={"zones": []}) == []

    def test_tax_on_a_line_beside_quickbooks_own_is_a_warning(self) -> None:
        line = {"mode": "line", "line_item": "Sales tax"}
        assert self.told(line, tax_item_id="9") == [("warn", "tax_on_a_line")]


class TestFeatures:
    @pytest.mark.rule("2.4")
    @pytest.mark.parametrize(
        ("company", "preferences", "expected"),
        [
            (US, Preferences(), []),
            (replace(US, country="CA"), Preferences(), ["not_us"]),
            (replace(US, country=""), Preferences(), ["not_us"]),
            (US, Preferences(multicurrency=True), ["multicurrency"]),
        ],
    )
    def test_companies_of_other_countries_or_currencies_are_refused(
        self, company: CompanyInfo, preferences: Preferences, expected: list[str]
    ) -> None:
        found = refusals(company, preferences)
        assert codes(found) == [("red", code) for code in expected]
        assert all(finding.cure for finding in found)

    def test_a_healthy_company_has_nothing_to_look_at(self) -> None:
        assert features(class_per_line=True) == []

    @pytest.mark.rule("3.3")
    def test_credits_that_quickbooks_applies_itself_are_a_warning(self) -> None:
        assert features(class_per_line=True, auto_apply_credit=True) == [("warn", "auto_apply_credit")]

    def test_numbers_that_quickbooks_gives_itself_are_a_warning(self) -> None:
        assert features(class_per_line=True, custom_txn_numbers=False) == [("warn", "custom_numbers_off")]

    @pytest.mark.rule("2.3")
    def test_classes_and_locations_named_but_off_are_warnings(self) -> None:
        named = {"classes": {"overrides": {"A": "B"}}, "departments": {"A": "B"}}
        assert features() == [("info", "classes_off")]
        assert features(named) == [("warn", "classes_off"), ("warn", "locations_off")]

    @pytest.mark.rule("4")
    @pytest.mark.parametrize(
        ("policy", "closed", "expected"),
        [
            ("hold", date(2026, 1, 31), [("info", "books_closed")]),
            ("hold", date(2026, 2, 9), [("warn", "books_closed")]),
            ("next_open_day", date(2026, 2, 9), [("info", "books_closed")]),
        ],
    )
    def test_books_closed_over_the_day_that_is_loaded_next_are_a_warning(
        self, policy: str, closed: date, expected: list[tuple[str, str]]
    ) -> None:
        assert features({"closed_period": policy}, class_per_line=True, book_close_date=closed) == expected

    def test_a_subscription_that_is_over_is_red(self) -> None:
        reference = replace(make.reference(), company=replace(US, subscription="EXPIRED"))
        found = check_features(make.company(), reference, yesterday=date(2026, 2, 9))
        assert ("red", "subscription") in codes(found)


def test_rows_that_cannot_be_read_are_counted() -> None:
    bad = st.parse(st.GlAccount, {"id": "x"})
    assert isinstance(bad, st.Unreadable)
    found = covered([*lists(), bad])
    assert ("warn", "unreadable") in codes(found)


class TestBuying:
    NAMED = {**bills.POLICIES, "vendor_credit_account": "50100"}  # noqa: RUF012 - read only

    def found(self, *goods: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
        """What is not well of a company that buys, in Plus, with these materials in its price book."""
        rows = [
            make.record(st.Material, {"id": number, "active": True, "account": "40100", **row})
            for number, row in enumerate(goods or ({"costOfSaleAccount": "50100"},), start=1)
        ]
        reference = replace(bills.LISTS, company=changes.pop("info", US), **changes.pop("lists", {}))
        company = {**self.NAMED, **changes}
        return codes(covered(lists(pricebook=rows), company=company, reference=reference))

    @pytest.mark.rule("8.1", "8.2", "10")
    def test_what_bills_need_is_named_with_its_cure(self) -> None:
        assert self.found() == [("info", "orders_sent")]
        assert self.found(bill_source=None) == []
        assert ("red", "ap_account_unclear") in self.found(lists={"accounts": make.ACCOUNTS})
        assert ("red", "buying_account_unknown") in self.found(freight_account="59999")
        unnamed = self.found(freight_account=None, purchase_tax_account=None, vendor_credit_account=None)
        assert [code for level, code in unnamed if level == "warn"] == [
            "freight_account_missing",
            "purchase_tax_account_missing",
            "vendor_credit_account_missing",
        ]
        assert ("warn", "bill_payment_account_missing") in self.found(ap_payments=True)
        assert ("red", "buying_account_unknown") in self.found(ap_payments=True, bill_payment_account="no")

    @pytest.mark.rule("8.4", "8.5")
    def test_accounts_of_cost_editions_and_counting_are_looked_at(self) -> None:
        goods = ({"costOfSaleAccount": "50990"}, {"costOfSaleAccount": "50990"}, {"costOfSaleAccount": ""})
        assert self.found(*goods) == [
            ("red", "cost_account_unmapped"),
            ("warn", "cost_account_missing"),
            ("info", "orders_sent"),
        ]
        essentials = replace(US, edition="QuickBooks Online Essentials")
        assert ("red", "orders_off") in self.found(info=essentials)
        assert ("info", "orders_left_out") in self.found(info=essentials, purchase_orders=False)
        counted = {"item_policy": {"material": "inventory"}, "opening_quantities": "on_hand.csv"}
        assert ("red", "inventory_off") in self.found(info=essentials, **counted)
        assert ("red", "inventory_off") not in self.found(**counted)

    @pytest.mark.rule("8.1", "10")
    @pytest.mark.parametrize(
        ("named", "inventory", "ap", "expected"),
        [
            ("ap_bills", True, True, [("ok", "bill_source")]),
            ("ap_bills", True, False, [("red", "bill_source_empty")]),
            ("inventory_bills", False, True, [("red", "bill_source_empty")]),
            ("inventory_bills", None, None, [("info", "bill_source")]),
            (None, True, None, [("info", "bills_left_out")]),
            (None, False, None, []),
        ],
    )
    def test_the_list_that_has_the_bills_is_found(
        self, named: str | None, inventory: bool | None, ap: bool | None, expected: list[tuple[str, str]]
    ) -> None:
        found = check_bill_source(named, {"inventory_bills": inventory, "ap_bills": ap})
        assert [(each.level.value, each.code) for each in found] == expected

    @pytest.mark.rule("8.5", "10")
    def test_lines_of_what_is_on_hand_that_lead_nowhere_are_named_with_their_cure(self) -> None:
        stocked = {"CAP-45-5": True, "WAX-RING": True, "TAPE": False}
        materials = [
            make.record(st.Material, {"id": number, "active": True, "code": code, "isInventory": is_stocked})
            for number, (code, is_stocked) in enumerate(stocked.items(), start=1)
        ]
        rows = parse_opening_quantities("sku,quantity\ncap-45-5,12\nTAPE,3\nCAP-45-6,1\n", name="on_hand.csv")
        counts = {**self.NAMED, "item_policy": {"material": "inventory"}, "opening_quantities": "on_hand.csv"}
        found = check_on_hand(rows, materials, make.lookup(company=make.company(**counts)))
        assert [(each.level.value, each.code) for each in found] == [
            ("ok", "opening_quantities"),
            ("red", "opening_sku_unknown"),
            ("warn", "opening_not_counted"),
            ("info", "opening_without_line"),
        ]
        good, unknown, useless, without = found
        assert (unknown.text[:14], unknown.suggestions[0]) == ("on_hand.csv:4:", "CAP-45-5")
        assert "on_hand.csv:3 TAPE" in useless.text and "WAX-RING" in without.text
        assert good.text.startswith("1 SKU ") and all(each.cure for each in found[1:])
        assert check_on_hand(rows, materials, make.lookup(company=make.company(**self.NAMED))) == []
        many = [replace(rows[2], sku=f"X{number}") for number in range(30)]
        of_many = check_on_hand(many, materials, make.lookup(company=make.company(**counts)))
        assert sum(each.code == "opening_sku_unknown" for each in of_many) == 21

    def test_lists_that_servicetitan_does_not_show_are_red_by_name(self) -> None:
        needed = lists_needed(make.lookup(company=make.company(**self.NAMED, ap_payments=True)))
        assert needed == (
            *("vendors", "ap-bills", "purchase-orders", "receipts", "returns", "ap-credits", "ap-payments"),
        )
        (found,) = check_lists({"receipts": "403"}, needed)
        assert (found.level, found.label) == (Level.RED, "scope_missing: receipts")
        assert [each.level for each in check_lists({}, needed)] == [Level.OK]
        assert lists_needed(make.lookup()) == () and check_lists({}, ()) == []
