"""Full and sparse updates, SyncToken, void, delete."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.company import Company


def test_a_full_update_nulls_what_is_left_out(books: Company) -> None:
    made = books.invoice(PrivateNote="keep?", CustomerMemo={"value": "thanks"}, DocNumber="7")
    body = books.sale(books.line(60), Id=made["Id"], SyncToken="0", TxnDate=made["TxnDate"])
    changed = books.make("Invoice", body)
    assert changed["SyncToken"] == "1"
    assert changed["TotalAmt"] == 60
    assert {"PrivateNote", "CustomerMemo", "DocNumber"} & set(changed) == set()
    assert changed["MetaData"]["CreateTime"] == made["MetaData"]["CreateTime"]


def test_a_full_update_needs_what_creation_needs(books: Company) -> None:
    made = books.invoice()
    reply = books.post("invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": False, "PrivateNote": "x"})
    assert reply.codes == ["2020", "2020"]


def test_a_sparse_update_changes_only_what_is_sent(books: Company) -> None:
    made = books.invoice(PrivateNote="keep", DocNumber="7")
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "DueDate": "2027-01-31"}
    changed = books.make("Invoice", change)
    assert changed["DueDate"] == "2027-01-31"
    same = ("PrivateNote", "DocNumber", "Line", "TotalAmt", "CustomerRef", "BillAddr")
    assert {name: changed[name] for name in same} == {name: made[name] for name in same}


def test_a_sparse_update_with_lines_replaces_them_all(books: Company) -> None:
    made = books.make("Invoice", books.sale(books.line(10), books.line(20), books.line(30)))
    second = {**made["Line"][1], "Amount": 25}
    changed = books.make(
        "Invoice",
        {
            "Id": made["Id"],
            "SyncToken": "0",
            "sparse": True,
            "Line": [second, books.line(5), {**books.line(6), "Id": "99"}],
        },
    )
    lines = [(line["Id"], line["Amount"]) for line in changed["Line"][:-1]]
    assert lines == [("2", 25), ("4", 5), ("5", 6)]
    assert changed["TotalAmt"] == 36


def test_a_sparse_update_may_blank_a_text_but_not_a_display_name(books: Company) -> None:
    made = books.invoice(PrivateNote="x")
    changed = books.make("Invoice", {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": ""})
    assert "PrivateNote" not in changed
    customer = books.read("Customer", books.names["customer"])
    body = {"Id": customer["Id"], "SyncToken": customer["SyncToken"], "sparse": True, "DisplayName": ""}
    assert books.make("Customer", body)["DisplayName"] == "Freeman, Ada"


def test_sending_back_what_was_read_changes_nothing_but_the_token(books: Company) -> None:
    made = books.make("Invoice", books.sale(books.line(100, taxed=True), DocNumber="5", PrivateNote="n"))
    changed = books.make("Invoice", made)
    ignore = ("SyncToken", "MetaData")
    assert {k: v for k, v in changed.items() if k not in ignore} == {
        k: v for k, v in made.items() if k not in ignore
    }
    assert changed["SyncToken"] == "1"


def test_read_only_properties_are_ignored(books: Company) -> None:
    made = books.make("Invoice", books.sale(books.line(100), TotalAmt=1, Balance=2, HomeBalance=3))
    assert (made["TotalAmt"], made["Balance"]) == (100, 100)


def test_an_update_needs_id_and_token(books: Company) -> None:
    made = books.invoice()
    assert books.post("invoice", {"Id": made["Id"], "sparse": True}).error["element"] == "SyncToken"
    assert books.post("invoice", {"SyncToken": "0"}, operation="update").codes[0] == "2020"
    assert books.post("invoice", {"Id": "77", "SyncToken": "0", "sparse": True}).codes == ["610"]
    assert books.api("GET", "invoice/abc").codes == ["2030"]


def test_operation_update_in_the_address_is_an_ordinary_update(books: Company) -> None:
    made = books.invoice()
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "x"}
    assert books.make("Invoice", change, operation="update")["PrivateNote"] == "x"


def test_an_address_changed_through_a_document_comes_back_free_form(books: Company) -> None:
    made = books.invoice()
    address = {"Line1": "5 Oak Rd", "City": "Plano", "CountrySubDivisionCode": "TX", "PostalCode": "75023"}
    change = {"Id": made["Id"], "SyncToken": "0", "sparse": True, "ShipAddr": address}
    shown = books.make("Invoice", change)["ShipAddr"]
    assert (shown["Line1"], shown["Line2"]) == ("Freeman, Ada", "5 Oak Rd")
    assert shown["Line3"] == "Plano, TX  75023"
    assert "City" not in shown


def test_void_zeroes_and_keeps_the_invoice(books: Company) -> None:
    made = books.make(
        "Invoice", books.sale(books.line(100, taxed=True, Qty=2, UnitPrice=50), PrivateNote="ours")
    )
    reply = books.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="void")
    voided = reply.json()["Invoice"]
    assert (voided["TotalAmt"], voided["Balance"], voided["TxnTaxDetail"]) == (0, 0, {"TotalTax": 0})
    assert voided["PrivateNote"].startswith("Voided")
    assert voided["PrivateNote"].endswith("ours")
    assert voided["SyncToken"] == "1"
    line = voided["Line"][0]
    assert (line["Amount"], line["SalesItemLineDetail"]["Qty"]) == (0, 0)
    assert "UnitPrice" not in line["SalesItemLineDetail"]
    assert books.balance() == 0
    assert books.ids("select * from Invoice") == [made["Id"]]


def test_delete_answers_shortly_and_the_document_is_gone(books: Company) -> None:
    made = books.invoice()
    reply = books.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert reply.json()["Invoice"] == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    assert books.api("GET", f"invoice/{made['Id']}").error["Detail"].endswith("deleted this transaction.")
    assert books.rows("select * from Invoice") == []
    assert books.balance() == 0


@pytest.mark.parametrize("operation", ["void", "delete"])
def test_void_and_delete_check_the_token(books: Company, operation: str) -> None:
    made = books.invoice()
    assert books.post("invoice", {"Id": made["Id"], "SyncToken": "5"}, operation=operation).codes == ["5010"]
    assert books.post("invoice", {"Id": made["Id"]}, operation=operation).codes == ["2020"]


def test_transactions_share_one_sequence_and_lists_have_their_own(books: Company) -> None:
    first = int(books.invoice()["Id"])
    payment = int(books.pay(5)["Id"])
    memo = int(books.make("CreditMemo", books.sale())["Id"])
    assert [payment - first, memo - first] == [1, 2]
    assert books.names["customer"] == books.names["vendor"] == "1"


def test_times_are_pacific(books: Company) -> None:
    made = books.invoice()
    assert made["MetaData"]["CreateTime"][-6:] in ("-08:00", "-07:00")
    assert len(made["MetaData"]["CreateTime"]) == 25
    time = books.api("GET", "preferences").json()["time"]
    assert time[-6:] in ("-08:00", "-07:00")
    assert time[19] == "."


def test_money_is_exact(books: Company) -> None:
    lines = [books.line(Decimal("0.10")) for _ in range(3)]
    made = books.make("Invoice", books.sale(*lines))
    assert made["TotalAmt"] == Decimal("0.30")


def test_company_info_and_preferences(books: Company) -> None:
    info = books.api("GET", "companyinfo/9341453172058461").json()["CompanyInfo"]
    assert (info["Id"], info["CompanyName"]) == ("1", "Blue Heron Home Services")
    body = {
        "Id": "1",
        "SyncToken": info["SyncToken"],
        "sparse": True,
        "LegalName": "Blue Heron LLC",
        "CompanyName": "BH",
    }
    changed = books.post("companyinfo", body).json()["CompanyInfo"]
    assert (changed["LegalName"], changed["SyncToken"]) == ("Blue Heron LLC", "1")
    prefs = books.api("GET", "preferences").json()["Preferences"]
    body = {
        "Id": "1",
        "SyncToken": prefs["SyncToken"],
        "AccountingInfoPrefs": {"BookCloseDate": "2026-01-01", "CustomerTerminology": "Clients"},
    }
    changed = books.post("preferences", body).json()["Preferences"]["AccountingInfoPrefs"]
    assert changed["CustomerTerminology"] == "Clients"
    assert "BookCloseDate" not in changed


def test_credit_memos_can_be_voided_if_the_switch_says_so(books: Company) -> None:
    memo = books.make("CreditMemo", books.sale())
    target = {"Id": memo["Id"], "SyncToken": "0"}
    assert books.post("creditmemo", target, operation="void").codes == ["500"]
    books.switch(void_credit_memos_and_refunds=True)
    voided = books.post("creditmemo", target, operation="void").json()["CreditMemo"]
    assert (voided["TotalAmt"], voided["RemainingCredit"]) == (0, 0)
    assert books.balance() == 0


def test_a_credit_memo_is_emptied_by_an_update_to_zero_lines(books: Company) -> None:
    memo = books.make("CreditMemo", books.sale(books.line(50)))
    lines = [{**memo["Line"][0], "Amount": 0}]
    body = {"Id": memo["Id"], "SyncToken": "0", "sparse": True, "Line": lines, "PrivateNote": "Voided"}
    emptied = books.make("CreditMemo", body)
    assert (emptied["TotalAmt"], emptied["RemainingCredit"], emptied["PrivateNote"]) == (0, 0, "Voided")
