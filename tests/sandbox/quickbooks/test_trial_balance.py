"""The ledger by account and customer, as a test of the product asks for it."""

from __future__ import annotations

from decimal import Decimal

from tests.sandbox.quickbooks.company import Body, Company


def accounts_of(answer: Body) -> dict[str, Decimal]:
    return {row["Id"]: Decimal(row["Balance"]) for row in answer["Accounts"]}


def owed_by(answer: Body) -> dict[str, tuple[Decimal, Decimal]]:
    return {row["Id"]: (Decimal(row["Posted"]), Decimal(row["Open"])) for row in answer["Customers"]}


def test_an_invoice_and_its_payment_stand_on_their_accounts(books: Company) -> None:
    sale = books.sale(books.line(100, taxed=True), TxnDate="2026-11-02", TxnTaxDetail={"TotalTax": "8.25"})
    invoice = books.make("Invoice", sale)
    books.pay("50.00", invoice["Id"], TxnDate="2026-11-03")
    answer = books.control("trial_balance")
    assert accounts_of(answer) == {
        books.names["receivable"]: Decimal("58.25"),
        books.names["undeposited"]: Decimal(50),
        books.names["income"]: Decimal(-100),
        books.names["tax"]: Decimal("-8.25"),
    }
    assert answer["TotalDebit"] == answer["TotalCredit"] == Decimal("108.25")
    assert owed_by(answer) == {books.names["customer"]: (Decimal("58.25"), Decimal("58.25"))}


def test_days_bound_the_documents_that_count(books: Company) -> None:
    for day, amount in (("2026-11-02", 10), ("2026-11-03", 20), ("2026-11-04", 40)):
        books.invoice(amount, TxnDate=day)
    answer = books.control("trial_balance?first=2026-11-03&last=2026-11-03")
    assert accounts_of(answer)[books.names["income"]] == -20
    answer = books.control("trial_balance?last=2026-11-03")
    assert accounts_of(answer)[books.names["income"]] == -30


def test_a_cheque_to_receivable_is_owed_by_its_customer(books: Company) -> None:
    kind = "AccountBasedExpenseLineDetail"
    line = {"Amount": 30, "DetailType": kind, kind: {"AccountRef": {"value": books.names["receivable"]}}}
    books.make(
        "Purchase",
        {
            "PaymentType": "Check",
            "AccountRef": {"value": books.names["bank"]},
            "EntityRef": {"value": books.names["other"], "type": "Customer"},
            "Line": [line],
        },
    )
    answer = books.control("trial_balance")
    assert owed_by(answer) == {books.names["other"]: (Decimal(30), Decimal(30))}
    assert accounts_of(answer) == {books.names["receivable"]: Decimal(30), books.names["bank"]: Decimal(-30)}


def test_what_is_voided_leaves_nothing_behind(books: Company) -> None:
    invoice = books.invoice(75)
    books.post("invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}, operation="void")
    answer = books.control("trial_balance")
    assert answer["Accounts"] == answer["Customers"] == []


def test_servicetitan_keeps_no_ledger(books: Company) -> None:
    reply = books.http("GET", "/_sandbox/trial_balance?half=servicetitan")
    assert reply.status == 400
    assert "keeps no ledger" in reply.json()["error"]
