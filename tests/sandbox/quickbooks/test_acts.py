"""Acts of a bookkeeper."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.company import Company


def test_an_invoice_typed_by_hand(books: Company) -> None:
    lines = [
        {"item": "Repair", "qty": "1.5", "price": "80", "taxed": True, "description": "AC"},
        {"item": books.names["part"], "amount": "12.34"},
    ]
    made = books.act(
        "type_invoice", customer="Freeman, Ada", lines=lines, date="2026-11-03", number="H-7", note="by hand"
    )["Invoice"]
    assert (made["DocNumber"], made["TxnDate"], made["PrivateNote"]) == ("H-7", "2026-11-03", "by hand")
    assert made["TotalAmt"] == Decimal("132.34") + Decimal("9.90")


def test_a_payment_typed_by_hand_pays_in_order(books: Company) -> None:
    ids = [books.invoice(amount)["Id"] for amount in (30, 40)]
    made = books.act("type_payment", customer="Freeman, Ada", amount=50, invoices=ids, account="Checking")[
        "Payment"
    ]
    assert [line["Amount"] for line in made["Line"]] == [30, 20]
    assert [books.read("Invoice", id)["Balance"] for id in ids] == [0, 20]


def test_a_credit_memo_is_applied(books: Company) -> None:
    invoice = books.invoice(100)
    memo = books.make("CreditMemo", books.sale(books.line(30)))
    answer = books.act("apply_credit", invoice=invoice["Id"], credit_memo=memo["Id"], amount=25)
    assert answer["Invoice"]["Balance"] == 75
    assert answer["Payment"]["TotalAmt"] == 0
    assert books.read("CreditMemo", memo["Id"])["RemainingCredit"] == 5


def test_unapplied_money_is_applied_even_if_deposited(books: Company) -> None:
    invoice, payment = books.invoice(100), books.pay(60)
    books.act("deposit", payments=[payment["Id"]])
    answer = books.act("apply_credit", invoice=invoice["Id"], payment=payment["Id"])
    assert (answer["Invoice"]["Balance"], answer["Payment"]["UnappliedAmt"]) == (40, 0)
    assert "nothing open" in books.refused_act("apply_credit", invoice=invoice["Id"], payment=payment["Id"])


def test_unapplying(books: Company) -> None:
    invoice = books.invoice(100)
    payment = books.pay(100, invoice["Id"])
    assert books.act("unapply", payment=payment["Id"])["Payment"]["UnappliedAmt"] == 100
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100


def test_mailing_and_printing_bump_the_token(books: Company) -> None:
    books.invoice(DocNumber="9")
    assert books.act("email", number="9")["Invoice"]["EmailStatus"] == "EmailSent"
    printed = books.act("print", number="9")["Invoice"]
    assert (printed["PrintStatus"], printed["SyncToken"]) == ("PrintComplete", "2")


def test_editing_a_line(books: Company) -> None:
    made = books.make("Invoice", books.sale(books.line(10, Qty=1, UnitPrice=10), books.line(20)))
    changed = books.act("edit_line", id=made["Id"], line="1", amount="12.50", description="late")["Invoice"]
    assert changed["TotalAmt"] == Decimal("32.50")
    assert changed["Line"][0]["Description"] == "late"
    changed = books.act("edit_line", id=made["Id"], line="1", qty=3, price=4)["Invoice"]
    assert changed["TotalAmt"] == 32
    changed = books.act("edit_line", id=made["Id"], line="2", remove=True)["Invoice"]
    assert (changed["TotalAmt"], changed["SyncToken"]) == (12, "3")


def test_editing_customer_date_number_and_anything(books: Company) -> None:
    id = books.invoice(DocNumber="1", TxnDate="2026-11-01")["Id"]
    assert (
        books.act("change_customer", id=id, customer="Twin Lane LLC")["Invoice"]["CustomerRef"]["value"]
        == "2"
    )
    assert books.act("change_date", id=id, date="2026-11-09")["Invoice"]["TxnDate"] == "2026-11-09"
    assert books.act("change_number", id=id, to="2")["Invoice"]["DocNumber"] == "2"
    assert (
        books.act("update", id=id, body={"PrivateNote": "mine now"})["Invoice"]["PrivateNote"] == "mine now"
    )
    assert books.read("Invoice", id)["SyncToken"] == "4"
    assert books.ids("select * from Invoice where TxnDate = '2026-11-09' and DocNumber = '2'") == [id]
    assert books.ids("select * from Invoice where CustomerRef = '1'") == []


def test_voiding_and_deleting(books: Company) -> None:
    first, second = books.invoice(), books.make("CreditMemo", books.sale())
    assert books.act("void", id=first["Id"])["Invoice"]["TotalAmt"] == 0
    assert books.act("void", entity="CreditMemo", id=second["Id"])["CreditMemo"]["RemainingCredit"] == 0
    assert books.act("delete", id=first["Id"])["Invoice"]["status"] == "Deleted"
    assert "only made inactive" in books.refused_act("delete", entity="Customer", id="1")


def test_a_person_may_write_in_closed_books(books: Company) -> None:
    books.act("close_books", date="2026-10-31")
    made = books.act("type_invoice", customer="1", lines=[{"item": "1", "amount": 5}], date="2026-10-01")
    assert made["Invoice"]["TxnDate"] == "2026-10-01"


def test_merging_customers_moves_everything(books: Company) -> None:
    invoice = books.invoice(100)
    books.pay(30)
    old = books.names["customer"]
    survivor = books.act("merge_customers", **{"from": old, "into": books.names["other"]})["Customer"]
    assert survivor["Balance"] == 70
    assert books.api("GET", f"customer/{old}").codes == ["610"]
    moved = books.read("Invoice", invoice["Id"])
    assert (moved["CustomerRef"]["name"], moved["SyncToken"]) == ("Twin Lane LLC", "1")
    assert len(books.ids(f"select * from Payment where CustomerRef = '{books.names['other']}'")) == 1
    assert books.rows("select * from Customer where DisplayName = 'Freeman, Ada'") == []


def test_any_object_can_be_made(books: Company) -> None:
    made = books.act("create", entity="Vendor", body={"DisplayName": "By hand"})["Vendor"]
    assert made["SyncToken"] == "0"


def test_many_acts_at_once_are_all_or_none(books: Company) -> None:
    first = b'{"act": "create", "entity": "Vendor", "body": {"DisplayName": "V"}}'
    body = b'{"acts": [' + first + b', {"act": "nonsense"}]}'
    assert books.http("POST", "/_sandbox/edit", body).status == 400
    assert books.rows("select * from Vendor where DisplayName = 'V'") == []


@pytest.mark.parametrize(
    ("act", "text"),
    [
        ({"act": "fly"}, "unknown act 'fly'"),
        ({"act": "void", "id": "99"}, "610"),
        ({"act": "void", "number": "none"}, "0 Invoice have the number none"),
        ({"act": "type_invoice", "customer": "Nobody", "lines": []}, "no Customer 'Nobody'"),
        ({"act": "type_payment"}, '"amount" is missing'),
        ({"act": "close_books"}, '"date" is missing'),
        ({"act": "update", "entity": "Thing", "id": "1", "body": {}}, "unknown entity 'Thing'"),
        ({"act": "merge_customers", "from": "1", "into": "1"}, "into itself"),
        ({"act": "edit_line", "id": "99", "line": "1"}, "no Invoice '99'"),
    ],
)
def test_acts_that_cannot_be_done_say_why(books: Company, act: dict[str, str], text: str) -> None:
    assert text in books.refused_act(**act)


def test_the_state_holds_every_object_without_private_parts(books: Company) -> None:
    books.invoice()
    state = books.control("state")
    assert [doc["TotalAmt"] for doc in state["Invoice"]] == [100]
    assert len(state["Customer"]) == 2
    assert not [key for docs in state.values() for doc in docs for key in doc if key.startswith("_")]
