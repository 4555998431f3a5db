"""Documents that are tied to each other, and what becomes of them when one changes or goes away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.quickbooks.company import Body, Company


def link(kind: str, id: str, amount: Any) -> Body:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def target(doc: Body, **more: Any) -> Body:
    return {"Id": doc["Id"], "SyncToken": doc["SyncToken"], **more}


def tie(books: Company, *lines: Body, **more: Any) -> Body:
    """Make a payment of nothing."""
    customer = {"value": books.names["customer"]}
    return books.make("Payment", {"CustomerRef": customer, "TotalAmt": 0, "Line": list(lines), **more})


def pay_out(books: Company, amount: Any, kind: str = "Check", **more: Any) -> Body:
    """Pay money out to the customer, on Accounts Receivable."""
    name = "AccountBasedExpenseLineDetail"
    line = {"Amount": amount, "DetailType": name, name: {"AccountRef": {"value": books.names["receivable"]}}}
    return books.make(
        "Purchase",
        {
            "PaymentType": kind,
            "AccountRef": {"value": books.names["bank"]},
            "EntityRef": {"value": books.names["customer"], "type": "Customer"},
            "Line": [line],
            **more,
        },
    )


def credit(books: Company, amount: Any, **more: Any) -> Body:
    return books.make("CreditMemo", books.sale(books.line(amount), **more))


def rest_of(books: Company, memo: Body) -> Decimal:
    return Decimal(books.read("CreditMemo", memo["Id"])["RemainingCredit"])


@pytest.mark.parametrize(("kind", "word"), [("Check", "Check"), ("Cash", "Expense")])
def test_a_pay_out_uses_up_a_memo_whatever_word_names_it(books: Company, kind: str, word: str) -> None:
    memo, paid = credit(books, 80), pay_out(books, 80, kind)
    tied = tie(books, link("Expense", paid["Id"], 80), link("CreditMemo", memo["Id"], 80))
    assert [line["LinkedTxn"][0]["TxnType"] for line in tied["Line"]] == [word, "CreditMemo"]
    assert (tied["TotalAmt"], tied["UnappliedAmt"], rest_of(books, memo), books.balance()) == (0, 0, 0, 0)


def test_a_tie_undone_leaves_both_sides_open(books: Company) -> None:
    memo, paid = credit(books, 80), pay_out(books, 80)
    tied = tie(books, link("Check", paid["Id"], 80), link("CreditMemo", memo["Id"], 80))
    books.post("payment", target(tied, sparse=True), operation="update", include="void")
    assert rest_of(books, memo) == 80
    assert books.read("Purchase", paid["Id"]).get("LinkedTxn", []) == []
    again = tie(books, link("Check", paid["Id"], 80), link("CreditMemo", memo["Id"], 80))
    assert again["UnappliedAmt"] == 0


def test_a_smaller_pay_out_gives_the_memo_back_what_it_no_longer_takes(books: Company) -> None:
    memo, paid = credit(books, 80), pay_out(books, 80)
    tie(books, link("Check", paid["Id"], 80), link("CreditMemo", memo["Id"], 80))
    paid = books.read("Purchase", paid["Id"])
    line = {**paid["Line"][0], "Amount": 30}
    books.make("Purchase", target(paid, sparse=True, Line=[line]))
    assert books.balance() == -50
    posted = books.control("trial_balance")["Customers"]
    assert [(row["Posted"], row["Open"]) for row in posted] == [(-50, -50)]


def test_a_pay_out_to_another_customer_lets_go_of_the_memo(books: Company) -> None:
    memo, paid = credit(books, 80), pay_out(books, 80)
    tie(books, link("Check", paid["Id"], 80), link("CreditMemo", memo["Id"], 80))
    paid = books.read("Purchase", paid["Id"])
    other = {"value": books.names["other"], "type": "Customer"}
    books.make("Purchase", target(paid, sparse=True, EntityRef=other))
    assert (books.balance(), books.balance("other")) == (-80, 80)
    assert books.read("Purchase", paid["Id"]).get("LinkedTxn", []) == []


@pytest.mark.parametrize("how", ["zero", "void", "delete"])
def test_a_pay_out_that_goes_away_leaves_the_money_where_it_was(books: Company, how: str) -> None:
    payment = books.pay(70)
    paid = pay_out(books, 70)
    books.make("Payment", target(payment, sparse=True, Line=[link("Check", paid["Id"], 70)]))
    paid = books.read("Purchase", paid["Id"])
    if how == "zero":
        line = {**paid["Line"][0], "Amount": 0}
        emptied = books.make("Purchase", target(paid, sparse=True, Line=[line], PrivateNote="Voided"))
        assert (emptied["TotalAmt"], emptied["PrivateNote"]) == (0, "Voided")
    elif how == "void":
        assert books.act("void", entity="Purchase", id=paid["Id"])["Purchase"]["PrivateNote"] == "Voided"
    else:
        assert books.post("purchase", target(paid), operation="delete").status == 200
    assert books.read("Payment", payment["Id"])["UnappliedAmt"] == 70
    assert (books.balance(), books.account_balance("bank")) == (-70, 0)


def test_a_purchase_cannot_be_voided_by_the_api(books: Company) -> None:
    paid = pay_out(books, 70)
    assert books.post("purchase", target(paid), operation="void").codes == ["500"]


def test_a_refund_receipt_is_emptied_by_an_update_to_zero_lines(books: Company) -> None:
    bank = {"value": books.names["bank"]}
    sale = books.sale(books.line(50, taxed=True), TxnTaxDetail={"TotalTax": 4})
    made = books.make("RefundReceipt", {**sale, "DepositToAccountRef": bank})
    assert (books.account_balance("bank"), books.account_balance("income")) == (-54, 50)
    line = {**made["Line"][0], "Amount": 0}
    body = target(made, sparse=True, Line=[line], TxnTaxDetail={"TotalTax": 0}, PrivateNote="Voided")
    assert books.make("RefundReceipt", body)["TotalAmt"] == 0
    assert books.control("trial_balance")["Accounts"] == []


def test_a_memo_emptied_while_applied_opens_the_invoice_again(books: Company) -> None:
    invoice, memo = books.invoice(100), credit(books, 60)
    tied = tie(books, link("Invoice", invoice["Id"], 60), link("CreditMemo", memo["Id"], 60))
    memo = books.read("CreditMemo", memo["Id"])
    line = {**memo["Line"][0], "Amount": 0}
    books.make("CreditMemo", target(memo, sparse=True, Line=[line]))
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100
    assert books.read("Payment", tied["Id"])["UnappliedAmt"] == 0


def test_a_memo_of_another_customer_lets_go_of_its_invoices(books: Company) -> None:
    invoice, memo = books.invoice(100), credit(books, 60)
    tie(books, link("Invoice", invoice["Id"], 60), link("CreditMemo", memo["Id"], 60))
    books.act("change_customer", entity="CreditMemo", id=memo["Id"], customer=books.names["other"])
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100
    assert (books.balance(), books.balance("other")) == (100, -60)


def test_a_payment_cannot_go_to_another_customer_while_it_pays(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    other = {"value": books.names["other"]}
    assert books.post("payment", target(payment, sparse=True, CustomerRef=other)).codes == ["620"]
    moved = books.make("Payment", target(payment, sparse=True, CustomerRef=other, Line=[]))
    assert moved["UnappliedAmt"] == 50
    assert (books.balance(), books.balance("other")) == (50, -50)


def test_a_payment_cannot_become_smaller_than_what_it_pays(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    assert books.post("payment", target(payment, sparse=True, TotalAmt=40)).codes == ["6000"]
    lines = [link("Invoice", invoice["Id"], 40)]
    assert books.make("Payment", target(payment, sparse=True, TotalAmt=40, Line=lines))["UnappliedAmt"] == 0


def test_each_document_is_judged_by_its_own_date(books: Company) -> None:
    invoice = books.invoice(50, TxnDate="2026-10-30")
    books.act("close_books", date="2026-10-31")
    paid = books.pay(50, invoice["Id"], TxnDate="2026-11-02")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 0
    back = target(paid, sparse=True, TxnDate="2026-10-31")
    assert books.post("payment", back).codes == ["6210"]
    void = books.post("payment", target(paid, sparse=True), operation="update", include="void")
    assert void.status == 200
    assert books.read("Invoice", invoice["Id"])["Balance"] == 50


def test_links_into_a_closed_period_may_be_guarded(books: Company) -> None:
    invoice = books.invoice(50, TxnDate="2026-10-30")
    free = books.pay(50, TxnDate="2026-11-02")
    books.act("close_books", date="2026-10-31")
    books.switch(closed_period_guards_links=True)
    lines = [link("Invoice", invoice["Id"], 50)]
    customer = {"value": books.names["customer"]}
    new = {"CustomerRef": customer, "TotalAmt": 50, "Line": lines, "TxnDate": "2026-11-03"}
    assert books.post("payment", new).codes == ["6210"]
    assert books.post("payment", target(free, sparse=True, Line=lines)).codes == ["6210"]
    assert books.read("Invoice", invoice["Id"])["Balance"] == 50
    books.switch(closed_period_guards_links=False)
    paid = books.make("Payment", target(free, sparse=True, Line=lines))
    books.switch(closed_period_guards_links=True)
    void = books.post("payment", target(paid, sparse=True), operation="update", include="void")
    assert void.codes == ["6210"]
    assert books.post("payment", target(paid), operation="delete").codes == ["6210"]


@pytest.mark.parametrize("entity", ["Invoice", "Payment", "CreditMemo", "RefundReceipt", "Purchase"])
def test_every_deletion_is_a_tombstone_and_every_stale_token_a_fault(books: Company, entity: str) -> None:
    bank = {"value": books.names["bank"]}
    made = {
        "Invoice": lambda: books.invoice(5),
        "Payment": lambda: books.pay(5),
        "CreditMemo": lambda: credit(books, 5),
        "RefundReceipt": lambda: books.make("RefundReceipt", books.sale(DepositToAccountRef=bank)),
        "Purchase": lambda: pay_out(books, 5),
    }[entity]()
    changed = books.make(entity, target(made, sparse=True, PrivateNote="again"))
    assert books.post(entity.lower(), target(made, sparse=True, PrivateNote="x")).codes == ["5010"]
    assert books.post(entity.lower(), target(made), operation="delete").codes == ["5010"]
    assert books.post(entity.lower(), target(changed), operation="delete").status == 200
    answer = books.api("GET", "cdc", entities=entity, changedSince=changed["MetaData"]["LastUpdatedTime"])
    (rows,) = answer.json()["CDCResponse"][0]["QueryResponse"]
    assert [(row["status"], row["Id"]) for row in rows[entity]] == [("Deleted", made["Id"])]
    assert books.post(entity.lower(), target(changed, sparse=True)).codes == ["610"]
