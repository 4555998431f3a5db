"""Reference lists: fetched cheaply, found by what people write."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from st_qbo_assets.quickbooks.reference import Preferences, Reference, fetch_reference, nearest

Json = dict[str, Any]


def account(id: int, name: str, *, number: str = "", parent: str = "", **more: Any) -> Json:
    full = f"{parent}:{name}" if parent else name
    row = {
        "Id": str(id),
        "Name": name,
        "FullyQualifiedName": full,
        "Active": True,
        "AccountType": "Income",
        **more,
    }
    return {**row, "AcctNum": number} if number else row


def entry(id: int, name: str, full: str = "", **more: Any) -> Json:
    return {"Id": str(id), "Name": name, "FullyQualifiedName": full or name, "Active": True, **more}


LISTS: dict[str, list[Json]] = {
    "Account": [
        account(1, "HVAC Service Income", number="40100", Classification="Revenue"),
        account(2, "Repairs", parent="HVAC"),
        account(3, "Repairs", parent="Plumbing"),
        account(4, "Install", parent="HVAC"),
        account(5, "Undeposited Funds", AccountType="Other Current Asset", AccountSubType="UndepositedFunds"),
        account(6, "Old Income (deleted)", number="49999"),
        account(7, "Closed", Active=False),
        account(8, "40100"),
    ],
    "Class": [entry(1, "HVAC"), entry(2, "Service", "HVAC:Service"), entry(3, "Service", "Plumbing:Service")],
    "Department": [entry(1, "Austin")],
    "Term": [
        {"Id": "3", "Name": "Net 30", "DueDays": 30, "Active": True},
        {"Id": "1", "Name": "Due on receipt", "DueDays": 0, "Active": True},
        {"Id": "6", "Name": "1st", "DayOfMonthDue": 1, "DueNextMonthDays": 5, "Active": True},
    ],
    "PaymentMethod": [{"Id": "2", "Name": "Check", "Type": "NON_CREDIT_CARD", "Active": True}],
    "TaxCode": [
        {"Id": "TAX", "Name": "TAX", "Taxable": True, "TaxGroup": False},
        {"Id": "NON", "Name": "NON", "Taxable": False, "TaxGroup": False},
        {
            "Id": "3",
            "Name": "Tucson",
            "Taxable": True,
            "TaxGroup": True,
            "Active": True,
            "SalesTaxRateList": {
                "TaxRateDetail": [{"TaxRateRef": {"value": "1"}}, {"TaxRateRef": {"value": "2"}}]
            },
        },
        {
            "Id": "4",
            "Name": "Half known",
            "Active": True,
            "SalesTaxRateList": {
                "TaxRateDetail": [{"TaxRateRef": {"value": "1"}}, {"TaxRateRef": {"value": "9"}}]
            },
        },
    ],
    "TaxRate": [{"Id": "1", "RateValue": Decimal("7.1")}, {"Id": "2", "RateValue": 2}],
}
PREFERENCES: Json = {
    "AccountingInfoPrefs": {
        "ClassTrackingPerTxnLine": True,
        "ClassTrackingPerTxn": False,
        "TrackDepartments": "true",
        "UseAccountNumbers": True,
        "BookCloseDate": "2025-12-31",
    },
    "SalesFormsPrefs": {"CustomTxnNumbers": True, "AutoApplyCredit": True, "AllowDiscount": False},
    "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": False},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
}
COMPANY: Json = {
    "CompanyName": "Blue Heron",
    "Country": "USA",
    "CompanyStartDate": "2015-06-05",
    "NameValue": [
        {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
        {"Name": "SubscriptionStatus", "Value": "PAID"},
    ],
}


class FakeClient:
    """Answers the lists, and counts the metered calls it would have made."""

    def __init__(self, lists: dict[str, list[Json]] = LISTS, *, preferences: Json = PREFERENCES) -> None:
        self.lists = lists
        self.sent_preferences = preferences
        self.metered: list[str] = []

    def batch_queries(self, statements: list[str]) -> list[tuple[Json, ...]]:
        self.metered.append("batch")
        entities = [text.split(" FROM ")[1].split()[0] for text in statements]
        return [tuple(self.lists.get(entity, [])[:1000]) for entity in entities]

    def query(self, entity: str, where: str = "") -> list[Json]:
        self.metered.append(entity)
        return self.lists[entity]

    def preferences(self) -> Json:
        self.metered.append("preferences")
        return self.sent_preferences

    def company_info(self) -> Json:
        self.metered.append("companyinfo")
        return COMPANY


@pytest.fixture(scope="module")
def reference() -> Reference:
    return fetch_reference(FakeClient())


def id_of(found: Any) -> str | None:
    return found.id if found else None


@pytest.mark.rule("11")
def test_everything_is_fetched_in_three_metered_calls() -> None:
    client = FakeClient()
    fetch_reference(client)
    assert client.metered == ["batch", "preferences", "companyinfo"]


@pytest.mark.rule("3.1", "11")
def test_items_that_the_company_file_names_cost_no_call_of_their_own() -> None:
    rows: list[Json] = [
        {"Id": "7", "Name": "Bad debt", "Active": True, "IncomeAccountRef": {"value": "81"}},
        {"Id": "8", "Name": "Bad debts", "Type": "Category"},
        {"Id": "9", "Name": "Tax (deleted)", "Active": False, "IncomeAccountRef": {"value": "1"}},
        {"Id": "5", "Name": "Fee", "FullyQualifiedName": "A:Fee", "IncomeAccountRef": {"value": "1"}},
        {"Id": "6", "Name": "Fee", "FullyQualifiedName": "B:Fee", "IncomeAccountRef": {"value": "2"}},
    ]
    client = FakeClient({**LISTS, "Item": rows})
    found = fetch_reference(client, items=["Bad debt", "Fee", "Bad debt"])
    assert client.metered == ["batch", "preferences", "companyinfo"]
    assert found.items_asked == ("Bad debt", "Fee")
    item = found.item(" bad  DEBT ")
    assert item is not None
    assert (item.id, item.account_id) == ("7", "81")
    assert [found.item(name) for name in ("Bad debts", "Tax", "Fee", "Nothing")] == [None] * 4
    assert Reference.from_json(found.to_json()) == found


def test_a_list_of_over_a_thousand_is_read_to_its_end() -> None:
    many = [account(number, f"Account {number}") for number in range(1500)]
    client = FakeClient({**LISTS, "Account": many})
    assert len(fetch_reference(client).accounts) == 1500
    assert client.metered == ["batch", "Account", "preferences", "companyinfo"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("40100", "1"),
        (" 40100 ", "1"),
        ("HVAC Service Income", "1"),
        ("  hvac  service INCOME ", "1"),
        ("HVAC:Repairs", "2"),
        ("plumbing : repairs", "3"),
        ("Install", "4"),
        ("Repairs", None),
        ("Old Income (deleted)", None),
        ("Old Income", None),
        ("49999", None),
        ("Closed", None),
        ("", None),
        ("nothing like it", None),
    ],
)
def test_an_account_is_found_by_number_then_path_then_a_name_only_it_has(
    reference: Reference, text: str, found: str | None
) -> None:
    assert id_of(reference.account(text)) == found


def test_an_account_is_found_by_its_id(reference: Reference) -> None:
    assert id_of(reference.account_by_id("5")) == "5"
    assert reference.account_by_id("7") is None


@pytest.mark.parametrize(
    ("path", "found"), [("HVAC:Service", "2"), ("hvac", "1"), ("Service", None), ("HVAC:X", None)]
)
def test_a_class_is_found_by_its_path(reference: Reference, path: str, found: str | None) -> None:
    assert id_of(reference.class_path(path)) == found


def test_the_other_lists_are_found_by_name(reference: Reference) -> None:
    assert id_of(reference.department("AUSTIN")) == "1"
    assert id_of(reference.payment_method("check")) == "2"
    assert [reference.term(name).due_days for name in ("net 30", "Due on receipt")] == [30, 0]  # type: ignore[union-attr]
    first = reference.term("1st")
    assert first and (first.due_days, first.day_of_month_due, first.due_next_month_days) == (None, 1, 5)
    assert reference.term("Net 45") is None


def test_a_tax_code_has_the_sum_of_its_rates_if_all_are_known(reference: Reference) -> None:
    codes = [reference.tax_code(name) for name in ("Tucson", "TAX", "NON", "Half known")]
    assert [code and code.rate_percent for code in codes] == [Decimal("9.1"), None, None, None]
    assert [bool(code and code.taxable) for code in codes] == [True, True, False, False]


def test_the_settings_are_read(reference: Reference) -> None:
    assert reference.preferences == Preferences(
        class_per_line=True,
        class_per_txn=False,
        track_departments=True,
        custom_txn_numbers=True,
        auto_apply_credit=True,
        use_account_numbers=True,
        allow_discount=False,
        book_close_date=date(2025, 12, 31),
        using_sales_tax=True,
        partner_tax_enabled=False,
        multicurrency=False,
        home_currency="USD",
    )


@pytest.mark.parametrize(
    ("section", "expected"),
    [({"PartnerTaxEnabled": True}, True), ({"PartnerTaxEnabled": False}, False), ({}, None)],
)
def test_automated_tax_has_three_states(section: Json, expected: bool | None) -> None:
    got = fetch_reference(FakeClient(preferences={"TaxPrefs": section})).preferences
    assert got.partner_tax_enabled is expected


def test_settings_that_are_absent_are_off() -> None:
    assert fetch_reference(FakeClient({}, preferences={})).preferences == Preferences()


def test_the_company_is_known(reference: Reference) -> None:
    company = reference.company
    assert (company.name, company.is_us, company.edition) == ("Blue Heron", True, "QuickBooks Online Plus")
    assert (company.subscription, company.start_date) == ("PAID", date(2015, 6, 5))


def test_it_comes_back_from_its_stored_form(reference: Reference) -> None:
    text = reference.to_json()
    assert Reference.from_json(text) == reference
    assert Reference.from_json(Reference().to_json()) == Reference()
    assert id_of(Reference.from_json(text).account("40100")) == "1"


def test_the_nearest_names_are_suggested_best_first_and_none_that_is_unlike(reference: Reference) -> None:
    assert reference.nearest_accounts("HVAC Services Income")[0] == "40100 HVAC Service Income"
    assert reference.nearest_accounts("undeposited", types=["Other Current Asset"]) == ("Undeposited Funds",)
    assert nearest("zzzz qqqq", reference.classes) == ()
    assert nearest("Servce", reference.classes, limit=1) != ()
