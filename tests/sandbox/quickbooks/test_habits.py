"""What existing clients send, right or wrong, and the sandbox must survive."""

from __future__ import annotations

import gzip
import json
from xml.etree import ElementTree

import pytest

from tests.sandbox.quickbooks.company import Company


def test_everything_of_an_object_may_come_back_empty(books: Company) -> None:
    body = books.sale() | {
        "Id": "",
        "DocNumber": None,
        "PrivateNote": "",
        "DueDate": "",
        "ShipDate": "",
        "TrackingNum": "",
        "TotalAmt": "",
        "LinkedTxn": [],
        "CustomField": [],
        "BillEmail": None,
        "SalesTermRef": {"value": "", "name": ""},
        "DepartmentRef": {},
        "InvoiceLink": "",
        "HomeBalance": 0,
        "FreeFormAddress": False,
        "GlobalTaxCalculation": "TaxExcluded",
        "ExchangeRate": 1,
        "domain": "QBO",
        "sparse": False,
        "SyncToken": 0,
    }
    made = books.make("Invoice", body)
    empty = (
        "PrivateNote",
        "TrackingNum",
        "SalesTermRef",
        "DepartmentRef",
        "GlobalTaxCalculation",
        "ExchangeRate",
    )
    assert set(empty) & set(made) == set()
    assert made["TotalAmt"] == 100


def test_numbers_booleans_and_ids_may_be_texts_or_the_other_way_round(books: Company) -> None:
    line = books.line("100.00", Qty="2", UnitPrice="50")
    line["LineNum"] = 0
    line["SalesItemLineDetail"]["ItemRef"] = {"value": int(books.names["service"]), "type": ""}
    body = {
        "CustomerRef": {"value": int(books.names["customer"])},
        "Line": [line],
        "ApplyTaxAfterDiscount": "false",
    }
    assert books.make("Invoice", body | {"DocNumber": 1001})["DocNumber"] == "1001"


def test_quantity_and_price_of_zero_are_unset(books: Company) -> None:
    line = books.line(100, Qty=0, UnitPrice=0, ServiceDate="", TaxInclusiveAmt=0)
    detail = books.make("Invoice", books.sale(line))["Line"][0]["SalesItemLineDetail"]
    assert {"Qty", "UnitPrice", "TaxInclusiveAmt"} & set(detail) == set()
    books.switch(zero_qty_and_price_mean_unset=False)
    assert books.post("invoice", books.sale(line)).codes == ["6070"]


@pytest.mark.parametrize("value", ["NEED_TO_PRINT", "needtoprint", "NeedToPrint"])
def test_enumerations_are_read_without_case_and_separators(books: Company, value: str) -> None:
    assert books.invoice(PrintStatus=value)["PrintStatus"] == "NeedToPrint"


def test_dates_may_carry_a_time(books: Company) -> None:
    assert books.invoice(TxnDate="2026-11-05T00:00:00Z")["TxnDate"] == "2026-11-05"


def test_one_object_where_a_list_belongs(books: Company) -> None:
    body = {"CustomerRef": {"value": books.names["customer"]}, "Line": books.line(5)}
    assert books.make("Invoice", body)["TotalAmt"] == 5


@pytest.mark.parametrize("version", [None, "4", "65", "75", "99"])
def test_any_minor_version_is_served_alike(books: Company, version: str | None) -> None:
    query = {} if version is None else {"minorversion": version}
    assert books.read("Customer", books.names["customer"], **query)["DisplayName"] == "Freeman, Ada"


def test_answers_are_compressed_for_who_can_read_that(books: Company) -> None:
    path = f"invoice/{books.invoice()['Id']}"
    packed = books.api("GET", path, headers={"Accept-Encoding": "gzip, deflate"})
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.content))["Invoice"]
    assert "content-encoding" not in books.api("GET", path).headers


def test_a_compressed_body_is_read(books: Company) -> None:
    raw = gzip.compress(json.dumps(books.sale()).encode())
    reply = books.api("POST", "invoice", raw=raw, headers={"Content-Encoding": "gzip"})
    assert reply.status == 200


def test_paths_may_be_capitalised_or_end_in_a_slash(books: Company) -> None:
    assert books.api("GET", f"Customer/{books.names['customer']}").status == 200
    assert books.api("POST", "invoice/", books.sale()).status == 200


def test_unicode_goes_in_and_out(books: Company) -> None:
    made = books.make("Customer", {"DisplayName": "Señor Müller 🔧 漢字"})
    assert books.read("Customer", made["Id"])["DisplayName"] == "Señor Müller 🔧 漢字"


def test_a_read_object_sent_back_with_its_extras_is_accepted(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    seen = books.read("Payment", payment["Id"])
    assert "LineEx" in seen["Line"][0]
    assert books.make("Payment", seen)["UnappliedAmt"] == 0
    account = books.read("Account", books.names["bank"])
    assert books.make("Account", account)["SyncToken"] == "1"
    assert books.make("Item", books.read("Item", books.names["part"]))["SyncToken"] == "1"
    assert books.make("Customer", books.read("Customer", books.names["customer"]))["SyncToken"] == "1"


def accepted(books: Company, accept: str) -> str:
    headers = {"Authorization": f"Bearer {books.token}"} | ({"Accept": accept} if accept else {})
    reply = books.http(
        "GET", f"/v3/company/9341453172058461/customer/{books.names['customer']}", headers=headers
    )
    assert reply.headers["intuit_tid"]
    return reply.text


def test_a_client_that_asks_for_nothing_gets_xml(books: Company) -> None:
    root = ElementTree.fromstring(accepted(books, ""))
    space = "{http://schema.intuit.com/finance/v3}"
    assert root.tag == f"{space}IntuitResponse"
    (customer,) = root.findall(f"{space}Customer")
    assert customer.attrib == {"domain": "QBO", "sparse": "false"}
    assert customer.findtext(f"{space}DisplayName") == "Freeman, Ada"
    currency = customer.find(f"{space}CurrencyRef")
    assert currency is not None
    assert (currency.text, currency.attrib) == ("USD", {"name": "United States Dollar"})


def test_a_fault_in_xml(books: Company) -> None:
    headers = {"Accept": "application/xml"}
    root = ElementTree.fromstring(books.api("GET", "customer/99", headers=headers).text)
    assert root[0].attrib == {"type": "ValidationFault"}
    assert root[0][0].attrib["code"] == "610"


@pytest.mark.parametrize(
    ("accept", "switch", "is_json"),
    [
        ("*/*", "absent", True),
        ("*/*", "xml", False),
        ("", "json", True),
        ("application/json, text/plain", "xml", True),
    ],
)
def test_who_gets_json(books: Company, accept: str, switch: str, is_json: bool) -> None:
    books.switch(answer_without_accept=switch)
    assert accepted(books, accept).startswith("{") is is_json
