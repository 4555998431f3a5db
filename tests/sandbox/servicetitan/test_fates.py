"""What people do to documents after they were made; `Client.act` sees that everything still adds up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client
from tests.sandbox.servicetitan.story import ADA, BANK, DELETED, OPEN, P_FREE, P_PAID, PAID, PARTLY

INVOICES, PAYMENTS, MEMOS = "accounting/invoices", "accounting/payments", "accounting/credit-memos"


def owes(client: Client, customer: int) -> float:
    return client.ok("GET", f"crm/customers/{customer}")["balance"]


def memo_of(client: Client, **more: Any) -> Any:
    """Enter a credit memo of 22.00 for Ada: 20.00 and 10 % tax."""
    lines = [{"skuId": story.CAPACITOR, "quantity": 1, "price": "20.00"}]
    return client.act("add_credit_memo", customer_id=ADA, lines=lines, date="2026-03-12", **more)


def negative_of(client: Client, price: str = "20.00") -> Any:
    lines = [{"skuId": story.DIAG, "quantity": -1, "price": price}]
    return client.act("add_adjustment", invoice_id=PAID, lines=lines, tax=0)


def test_a_credit_memo_is_entered_with_items_tax_and_number(client: Client) -> None:
    before = owes(client, ADA)
    memo = memo_of(client, number="CM-77", description="Goodwill")
    seen = client.one(MEMOS, memo["id"])

    assert (seen["subTotal"], seen["salesTax"], seen["total"], seen["balance"]) == (20, 2, 22, 22)
    assert (seen["date"], seen["referenceNumber"], seen["appliedTo"]) == ("2026-03-12", "CM-77", [])
    (item,) = client.rows(f"{MEMOS}/{memo['id']}/items")
    assert (item["quantity"], item["price"], item["total"], item["taxable"]) == (1, 20, 20, True)
    assert item["revenueGeneralLedgerAccount"]["number"] == "40100"
    (again,) = client.rows(f"{MEMOS}/credit-memo-items", creditMemoIds=str(memo["id"]))
    assert again["creditMemoId"] == memo["id"]
    assert owes(client, ADA) == before - 22


def test_a_credit_memo_is_applied_taken_back_and_applied_anew(client: Client) -> None:
    memo = memo_of(client, splits=[{"invoice_id": OPEN, "amount": 5}])
    assert client.one(INVOICES, OPEN)["balance"] == "50.00"
    client.act("apply_credit_memo", id=memo["id"], invoice_id=OPEN)
    assert (client.one(INVOICES, OPEN)["balance"], client.one(MEMOS, memo["id"])["balance"]) == ("33.00", 0)
    client.act("unapply_credit_memo", id=memo["id"])
    assert (client.one(INVOICES, OPEN)["balance"], client.one(MEMOS, memo["id"])["balance"]) == ("55.00", 22)
    client.act("reapply_credit_memo", id=memo["id"], splits=[{"invoice_id": OPEN, "amount": 7}])
    assert (client.one(INVOICES, OPEN)["balance"], client.one(MEMOS, memo["id"])["balance"]) == ("48.00", 15)


def test_a_changed_credit_memo_has_new_totals(client: Client) -> None:
    memo = memo_of(client)
    (item,) = client.rows(f"{MEMOS}/{memo['id']}/items")
    items = [{"id": item["id"], "price": "10.00"}, {"skuId": story.DIAG, "quantity": 1, "price": "3.00"}]
    client.act("change_credit_memo", id=memo["id"], items=items)
    seen = client.one(MEMOS, memo["id"])
    assert (seen["subTotal"], seen["salesTax"], seen["total"]) == (13, 1, 14)
    rows = client.rows(f"{MEMOS}/{memo['id']}/items")
    assert [row["total"] for row in rows] == [10, 3]
    assert [row["revenueGeneralLedgerAccount"]["number"] for row in rows] == ["40100", "40100"]


def test_a_deleted_credit_memo_opens_what_it_paid(client: Client) -> None:
    before = owes(client, ADA)
    memo = memo_of(client, splits=[{"invoice_id": OPEN, "amount": 22}])
    client.act("delete", resource="credit-memos", id=memo["id"])
    assert client.one(INVOICES, OPEN)["balance"] == "55.00"
    assert owes(client, ADA) == before
    assert client.ids(MEMOS) == [story.MEMO]


def test_a_credit_memo_is_posted_moved_and_given_to_another(client: Client) -> None:
    memo = memo_of(client)
    assert client.act("post", resource="credit-memos", id=memo["id"])["syncStatus"] == "Posted"
    assert client.act("unpost", resource="credit-memos", id=memo["id"])["batch"] is None
    client.act("move_date", resource="credit-memos", id=memo["id"], date="2026-03-20")
    client.act("change_customer", resource="credit-memos", id=memo["id"], customer_id=BANK)
    client.act("change_number", resource="credit-memos", id=memo["id"], to="CM-9")
    seen = client.one(MEMOS, memo["id"])
    assert (seen["date"], seen["customer"]["id"], seen["referenceNumber"]) == ("2026-03-20", BANK, "CM-9")


def test_money_is_paid_out_of_a_credit_memo(client: Client) -> None:
    before = owes(client, ADA)
    memo = memo_of(client)
    splits = [{"memo_id": memo["id"], "amount": "-22.00"}]
    refund = client.act("refund_payment", id=P_PAID, amount=22, type="Refund", splits=splits)
    assert (refund["total"], refund["unappliedAmount"]) == ("-22.00", "0.00")
    assert [row["appliedTo"] for row in refund["appliedTo"]] == [memo["id"]]
    assert client.one(MEMOS, memo["id"])["balance"] == 0
    assert owes(client, ADA) == before
    client.act("void_payment", id=refund["id"])
    assert client.one(MEMOS, memo["id"])["balance"] == 22


def test_the_other_shapes_of_a_refund(client: Client) -> None:
    unapplied = client.act("refund_payment", id=P_FREE, amount=25, type="Refund")
    assert (unapplied["refundedPaymentId"], unapplied["unappliedAmount"]) == (P_FREE, "-25.00")
    nothing_reversed = client.act("refund_payment", id=P_PAID, amount=40, type="Refund")
    assert (nothing_reversed["refundedPaymentId"], nothing_reversed["appliedTo"]) == (P_PAID, [])


def test_an_open_invoice_is_written_off(client: Client) -> None:
    before = owes(client, BANK)
    made = client.act("write_off", invoice_id=PARTLY, type="Check", date="2026-03-14")
    assert (made["total"], made["unappliedAmount"]) == ("105.00", "0.00")
    assert client.one(INVOICES, PARTLY)["balance"] == "0.00"
    assert owes(client, BANK) == before - 105


def test_credit_moves_between_invoices_by_a_payment_of_nothing(client: Client) -> None:
    credit = negative_of(client)
    before = owes(client, ADA)
    moved = client.act("move_credit", from_id=credit["id"], into_id=OPEN, type="Check")
    assert (moved["total"], moved["unappliedAmount"]) == ("0.00", "0.00")
    assert [row["appliedAmount"] for row in moved["appliedTo"]] == ["-20.00", "20.00"]
    assert (client.one(INVOICES, credit["id"])["balance"], client.one(INVOICES, OPEN)["balance"]) == (
        "0.00",
        "35.00",
    )
    assert owes(client, ADA) == before


def test_moved_credit_goes_when_its_invoice_does(client: Client) -> None:
    credit = negative_of(client)
    moved = client.act("move_credit", from_id=credit["id"], into_id=OPEN, type="Check")
    client.act("delete", resource="invoices", id=credit["id"])
    assert client.one(PAYMENTS, moved["id"])["appliedTo"] == []
    assert client.one(INVOICES, OPEN)["balance"] == "55.00"


def test_a_zeroed_invoice_frees_what_paid_it(client: Client) -> None:
    before = owes(client, ADA)
    memo = memo_of(client, splits=[{"invoice_id": OPEN, "amount": 22}])
    client.act("zero_out", id=OPEN)
    seen = client.one(INVOICES, OPEN)
    assert (seen["total"], seen["balance"], seen["items"]) == ("0.00", "0.00", [])
    assert client.one(MEMOS, memo["id"])["balance"] == 22
    client.act("zero_out", id=PAID)
    assert client.one(PAYMENTS, P_PAID)["unappliedAmount"] == "100.00"
    assert owes(client, ADA) == before - 55 - 22 - 100


def test_a_deleted_invoice_frees_the_credit_memo_too(client: Client) -> None:
    memo = memo_of(client, splits=[{"invoice_id": OPEN, "amount": 22}])
    client.act("delete", resource="invoices", id=OPEN)
    assert client.one(MEMOS, memo["id"])["balance"] == 22


def test_an_invoice_of_another_customer_moves_the_balance(client: Client) -> None:
    ada, bank = owes(client, ADA), owes(client, BANK)
    client.act("change_customer", id=OPEN, customer_id=BANK)
    seen = client.one(INVOICES, OPEN)
    assert (seen["customer"]["id"], seen["location"]["id"]) == (BANK, BANK + 100)
    assert (owes(client, ADA), owes(client, BANK)) == (ada - 55, bank + 55)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        ({"act": "apply_credit_memo", "id": story.MEMO, "invoice_id": PARTLY, "amount": 6}, "to apply"),
        (
            {
                "act": "reapply_credit_memo",
                "id": story.MEMO,
                "splits": [{"invoice_id": PARTLY, "amount": 6}],
            },
            "exceed",
        ),
        (
            {
                "act": "reapply_credit_memo",
                "id": story.MEMO,
                "splits": [{"invoice_id": DELETED, "amount": 1}],
            },
            "not found",
        ),
        ({"act": "write_off", "invoice_id": PAID, "type": "Check"}, "nothing to write off"),
        ({"act": "move_credit", "from_id": OPEN, "into_id": PARTLY, "type": "Check"}, "of credit"),
        ({"act": "change_customer", "id": OPEN, "customer_id": 1}, "no record 1"),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, act: Any, says: str) -> None:
    before = client.half.state()
    answer = client.control("edit", act)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert client.half.state() == before
