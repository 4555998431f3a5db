"""The query language over HTTP."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote

import pytest

from st_qbo_sandbox.quickbooks.catalog import ENTITIES
from tests.sandbox.quickbooks.company import Company


@pytest.fixture
def sales(books: Company) -> Company:
    """Five invoices on consecutive days, and a few awkward names."""
    for day in range(1, 6):
        books.invoice(day * 100, TxnDate=f"2026-11-0{day}", DocNumber=f"S-{day}")
    for name in ("Adam's Candy Shop", "Back\\slash & Co", "100% Cotton", "Zoë"):
        books.make("Customer", {"DisplayName": name})
    return books


def numbers(company: Company, tail: str) -> list[str]:
    return [row["DocNumber"][2:] for row in company.rows(f"select * from Invoice {tail}")]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        ("where TxnDate = '2026-11-03'", "3"),
        ("where TxnDate > '2026-11-03'", "45"),
        ("where TxnDate >= '2026-11-03' and TxnDate <= '2026-11-04'", "34"),
        ("where TxnDate < '2026-11-03'", "12"),
        ("WHERE txndate IN ('2026-11-01', '2026-11-05')", "15"),
        ("where DocNumber = 's-2'", "2"),
        ("where DocNumber in ('S-1','S-9')", "1"),
        ("where DocNumber like 'S-%'", "12345"),
        ("where DocNumber LIKE '%-4'", "4"),
        ("where TotalAmt > '300.0'", "45"),
        ("where Balance <= '200'", "12"),
        ("where CustomerRef = '1' and TotalAmt >= '500'", "5"),
        ("where DocNumber != 'S-1' and TxnDate != '2026-11-02'", "345"),
        ("where DocNumber not in ('S-1', 'S-2')", "345"),
        ("orderby TxnDate desc", "54321"),
        ("ORDER BY TxnDate DESC MAXRESULTS 2", "54"),
        ("OrderBy TotalAmt DESC, DocNumber ASC startposition 2 maxresults 3", "432"),
        ("startposition 4", "45"),
        ("startposition 6", ""),
        ("where TxnDate <= CURRENT_DATE orderby Id", "12345"),
        ("where MetaData.CreateTime > '2020-01-01T00:00:00-08:00' orderby MetaData.CreateTime, Id", "12345"),
        ("where Metadata.LastUpdatedTime > '2020-01-01T00:00:00Z'", "12345"),
        ("Where METADATA.LASTUPDATEDTIME < '2020-01-01'", ""),
        (";", "12345"),
    ],
)
def test_a_query_finds_what_it_says(sales: Company, tail: str, expected: str) -> None:
    assert "".join(numbers(sales, tail)) == expected


def test_pages_are_named_and_empty_ones_have_no_key(sales: Company) -> None:
    reply = sales.ask("select * from Invoice startposition 2 maxresults 2").json()["QueryResponse"]
    assert (reply["startPosition"], reply["maxResults"], reply["totalCount"]) == (2, 2, 2)
    assert sales.ask("select * from Invoice where DocNumber = 'none'").json()["QueryResponse"] == {}


def test_a_page_is_100_and_at_most_1000(books: Company) -> None:
    half = books.half
    for _ in range(1001):
        half.operations.create(ENTITIES["Invoice"], books.sale())
    assert len(books.rows("select * from Invoice")) == 100
    assert len(books.rows("select * from Invoice maxresults 1000")) == 1000
    refused = books.ask("select * from Invoice maxresults 1001")
    assert (
        refused.error["Detail"] == "QueryValidationError: value 1001 is too large. Max allowed value is 1000"
    )
    books.switch(query_over_1000="clamp")
    assert len(books.rows("select * from Invoice maxresults 2000")) == 1000


@pytest.mark.parametrize(
    "statement", ["select count(*) from Invoice", "SELECT COUNT(*) FROM invoice WHERE TotalAmt > '0'"]
)
def test_counting(sales: Company, statement: str) -> None:
    assert sales.ask(statement).json()["QueryResponse"] == {"totalCount": 5}


@pytest.mark.parametrize("kind", ["application/text", "text/plain", "application/text; charset=utf-8"])
def test_a_query_may_be_posted_as_text(sales: Company, kind: str) -> None:
    statement = "select * from Customer where DisplayName = 'Zoë'".encode()
    reply = sales.api("POST", "query", raw=statement, headers={"Content-Type": kind})
    assert reply.json()["QueryResponse"]["Customer"][0]["DisplayName"] == "Zoë"


def test_a_posted_query_in_json_is_refused(sales: Company) -> None:
    reply = sales.api(
        "POST", "query", raw=b"select * from Item", headers={"Content-Type": "application/json"}
    )
    assert reply.status == 400


@pytest.mark.parametrize(
    ("literal", "name"),
    [
        (r"Adam\'s Candy Shop", "Adam's Candy Shop"),
        (r"Back\\slash & Co", "Back\\slash & Co"),
        ("100% Cotton", "100% Cotton"),
        ("ZOË", "Zoë"),
    ],
)
def test_awkward_names_are_found(sales: Company, literal: str, name: str) -> None:
    rows = sales.rows(f"select * from Customer where DisplayName = '{literal}'")
    assert [row["DisplayName"] for row in rows] == [name]


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("", "QueryParserError: The query provided was empty"),
        (
            "select * from Customer where DisplayName = 'Peet''s'",
            'QueryParserError: Encountered " <STRING_LITERAL> "\'s\' "" at line 1, column 50.',
        ),
        (
            "select * from Customer where DisplayName = 'Cutlery 'R Us'",
            'QueryParserError: Encountered " <IDENTIFIER> "R "" at line 1, column 54.',
        ),
        (
            "select * from Customer where Balance > 0",
            'QueryParserError: Encountered " <INTEGER_LITERAL> "0 "" at line 1.',
        ),
        (
            "select * from Customer where Active = true or Active = false",
            'QueryParserError: Encountered " <IDENTIFIER> "or "" at line 1, column 44.',
        ),
        (
            "select * from Customer where Id = %27",
            "QueryParserError: Invalid content. Lexical error at line 1, column 35.  "
            'Encountered: "%" (37), after : ""',
        ),
        ("select * from", 'QueryParserError: Encountered "<EOF>" at line 1, column 13.'),
        (
            "delete from Customer",
            'QueryParserError: Encountered " <IDENTIFIER> "delete "" at line 1, column 1.',
        ),
    ],
)
def test_what_does_not_parse_is_4000_with_its_place(books: Company, statement: str, detail: str) -> None:
    reply = books.ask(statement)
    assert (reply.status, reply.codes) == (400, ["4000"])
    assert reply.error["Detail"] == detail


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("select * from Invoice where PrivateNote = 'x'", "property 'PrivateNote' is not queryable"),
        ("select * from Invoice where privatenote like 'x%'", "property 'PrivateNote' is not queryable"),
        ("select * from Invoice where Line.Amount > '5'", "property 'Line.Amount' is not queryable"),
        ("select * from Payment where DocNumber = '5'", "property 'DocNumber' is not queryable"),
        ("select * from Invoice orderby Nonsense", "Property Nonsense not found for Entity Invoice"),
        ("select * from Invoice where Id > '5'", "Operator > is not supported for property Id"),
        ("select * from Invoice maxresults 0", "value 0 is too small. Min allowed value is 1"),
        ("select * from Invoice where TxnDate > 'soon'", "Invalid value 'soon' for property TxnDate"),
        ("select * from Nonsense", "Entity Nonsense is not found"),
    ],
)
def test_what_may_not_be_asked_is_4001(books: Company, statement: str, detail: str) -> None:
    reply = books.ask(statement)
    assert (reply.status, reply.codes) == (400, ["4001"])
    assert reply.error["Detail"] == f"QueryValidationError: {detail}"


def test_bare_numbers_may_be_allowed(sales: Company) -> None:
    sales.switch(query_bare_numbers=True)
    assert numbers(sales, "where TotalAmt > 300") == ["4", "5"]


def test_only_active_objects_unless_asked(books: Company) -> None:
    books.act("inactivate", entity="Customer", id=books.names["other"])
    names = "select * from Customer"
    assert len(books.rows(names)) == 1
    assert len(books.rows(f"{names} where Active IN (true, false)")) == 2
    (gone,) = books.rows(f"{names} where Active = false")
    assert gone["DisplayName"] == "Twin Lane LLC (deleted)"


def test_items_show_their_sku_only_on_request(books: Company) -> None:
    books.act("update", entity="Item", id=books.names["part"], body={"Sku": "CAP-45"})
    assert all("Sku" not in row for row in books.rows("select * from Item"))
    rows = books.rows("SELECT *, Sku FROM Item WHERE Sku = 'cap-45'")
    assert [row["Sku"] for row in rows] == ["CAP-45"]
    assert books.read("Item", books.names["part"])["Sku"] == "CAP-45"


def test_columns_project(sales: Company) -> None:
    (row,) = sales.rows("select DocNumber, TotalAmt from Invoice where DocNumber = 'S-2'")
    assert row.pop("Id")
    assert row == {"DocNumber": "S-2", "TotalAmt": Decimal(200), "domain": "QBO", "sparse": True}


def test_account_queries_see_present_balances(books: Company) -> None:
    books.pay(30)
    rows = books.rows("select * from Account where CurrentBalance > '0'")
    assert [row["Name"] for row in rows] == ["Undeposited Funds"]


def test_mail_addresses_and_empty_values(books: Company) -> None:
    assert books.ids("select * from Customer where PrimaryEmailAddr = 'ADA@example.com'") == ["1"]
    assert books.ids("select * from Customer where PrimaryEmailAddr = ' '") == ["2"]


def test_line_breaks_and_blanks_do_not_matter(sales: Company) -> None:
    assert numbers(sales, "\n  where\tTxnDate\n= '2026-11-02'  ") == ["2"]


def test_an_encoded_address_is_read(sales: Company) -> None:
    statement = quote("select * from Invoice where DocNumber like 'S-%' maxresults 1", safe="")
    assert (
        len(sales.api("GET", f"query?query={statement}&minorversion=75").json()["QueryResponse"]["Invoice"])
        == 1
    )
