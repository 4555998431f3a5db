"""Loading a company that has existed for years."""

from __future__ import annotations

import pytest

from tests.sandbox.quickbooks.company import Company

SEED = {
    "company_info": {"LegalName": "Heron Inc"},
    "preferences": {"SalesFormsPrefs": {"AutoApplyCredit": True}, "TaxPrefs": {"PartnerTaxEnabled": None}},
    "objects": [
        ["Account", {"Id": "84", "Name": "A/R", "AccountType": "Accounts Receivable"}],
        ["Account", {"Id": "4", "Name": "Undeposited Funds", "AccountSubType": "UndepositedFunds"}],
        ["Account", {"Id": "79", "Name": "Sales", "AccountType": "Income"}],
        ["Item", {"Id": "11", "Name": "Repair", "Type": "Service", "IncomeAccountRef": {"value": "79"}}],
        [
            "Customer",
            {
                "Id": "58",
                "DisplayName": "Ann",
                "MetaData": {
                    "CreateTime": "2021-03-01T08:00:00-08:00",
                    "LastUpdatedTime": "2021-03-01T08:00:00-08:00",
                },
            },
        ],
        [
            "Invoice",
            {
                "Id": "130",
                "CustomerRef": {"value": "58"},
                "TxnDate": "2026-10-02",
                "Line": [
                    {
                        "Amount": 75,
                        "DetailType": "SalesItemLineDetail",
                        "SalesItemLineDetail": {"ItemRef": {"value": "11"}},
                    }
                ],
            },
        ],
        [
            "Payment",
            {
                "Id": "131",
                "CustomerRef": {"value": "58"},
                "TotalAmt": 50,
                "MetaData": {
                    "CreateTime": "2026-10-04T09:00:00-07:00",
                    "LastUpdatedTime": "2026-10-04T09:00:00-07:00",
                },
                "Line": [{"Amount": 50, "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]}],
            },
        ],
    ],
}


def test_a_seed_is_loaded_through_the_engine(bare: Company) -> None:
    bare.half.load(SEED)
    bare.connect()
    assert bare.read("Invoice", "130")["Balance"] == 25
    customer = bare.read("Customer", "58")
    assert customer["Balance"] == 25
    assert customer["MetaData"]["CreateTime"] == "2021-03-01T08:00:00-08:00"
    preferences = bare.api("GET", "preferences").json()["Preferences"]
    assert preferences["SalesFormsPrefs"]["AutoApplyCredit"] is True
    assert "PartnerTaxEnabled" not in preferences["TaxPrefs"]
    assert bare.api("GET", "companyinfo/1").json()["CompanyInfo"]["LegalName"] == "Heron Inc"


def test_what_a_seeded_payment_touches_has_its_time(bare: Company) -> None:
    bare.half.load(SEED)
    bare.connect()
    for entity, id in (("Invoice", "130"), ("Customer", "58")):
        assert bare.read(entity, id)["MetaData"]["LastUpdatedTime"] == "2026-10-04T09:00:00-07:00"


def test_ids_go_on_after_those_of_the_seed(bare: Company) -> None:
    bare.half.load(SEED)
    bare.connect()
    assert bare.make("Customer", {"DisplayName": "Bob"})["Id"] == "59"
    assert bare.make("Payment", {"CustomerRef": {"value": "58"}, "TotalAmt": 1})["Id"] == "132"


def test_a_bad_object_of_a_seed_is_named(bare: Company) -> None:
    with pytest.raises(ValueError, match=r"Customer 9: 6080"):
        bare.half.load({"objects": [["Customer", {"Id": "9"}]]})
