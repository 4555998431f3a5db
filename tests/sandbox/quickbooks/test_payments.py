"""Payments, credits and deposits: what is applied to what, and what follows from taking it away."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.company import Body, Company


def link(entity: str, id: str, amount: object) -> Body:
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": entity}]}


def target(doc: Body, **more: object) -> Body:
    return {"Id": doc["Id"], "SyncToken": doc["SyncToken"], **more}


def test_the_smallest_payment_is_unapplied_money(books: Company) -> None:
    made = books.pay(25)
    assert made["UnappliedAmt"] == 25
    assert made["Line"] == []
    assert made["DepositToAccountRef"] == {"value": books.names["undeposited"]}
    assert made["ProcessPayment"] is False
    assert books.balance() == -25


def test_a_payment_lowers_the_invoice_and_both_sides_show_the_link(books: Company) -> None:
    invoice = books.invoice(100, DocNumber="7")
    payment = books.pay(60, invoice["Id"])
    seen = books.read("Invoice", invoice["Id"])
    assert (seen["Balance"], seen["TotalAmt"], seen["SyncToken"]) == (40, 100, "1")
    assert seen["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert payment["Line"][0]["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    assert payment["UnappliedAmt"] == 0
    assert books.balance() == 40


def test_line_extras_tell_the_open_balance_at_reading_time(books: Company) -> None:
    invoice = books.invoice(126, DocNumber="1024")
    first = books.pay(55, invoice["Id"])

    def extras() -> dict[str, str]:
        (line,) = books.read("Payment", first["Id"])["Line"]
        return {pair["value"]["Name"]: pair["value"]["Value"] for pair in line["LineEx"]["any"]}

    assert extras() == {"txnId": invoice["Id"], "txnOpenBalance": "126.00", "txnReferenceNumber": "1024"}
    books.pay(55, invoice["Id"])
    assert extras()["txnOpenBalance"] == "71.00"


def test_one_payment_over_many_invoices_and_the_rest_unapplied(books: Company) -> None:
    ids = [books.invoice(30)["Id"] for _ in range(3)]
    made = books.pay(100, *ids, each=30)
    assert made["UnappliedAmt"] == 10
    assert [books.read("Invoice", id)["Balance"] for id in ids] == [0, 0, 0]
    assert books.balance() == -10


def test_more_than_the_open_balance_is_refused(books: Company) -> None:
    invoice = books.invoice(30)
    customer = {"value": books.names["customer"]}
    body = {"CustomerRef": customer, "TotalAmt": 50, "Line": [link("Invoice", invoice["Id"], 31)]}
    assert books.post("payment", body).codes == ["6000"]
    books.switch(overpaid_line_code="620")
    assert books.post("payment", body).codes == ["620"]
    body = {"CustomerRef": customer, "TotalAmt": 20, "Line": [link("Invoice", invoice["Id"], 30)]}
    assert books.post("payment", body).codes == ["6000"]


def test_another_customers_invoice_cannot_be_paid(books: Company) -> None:
    invoice = books.invoice(30)
    body = {
        "CustomerRef": {"value": books.names["other"]},
        "TotalAmt": 30,
        "Line": [link("Invoice", invoice["Id"], 30)],
    }
    assert books.post("payment", body).codes == ["620"]


@pytest.mark.parametrize(("billed", "status"), [(True, 200), (False, 400)])
def test_a_parent_pays_for_sub_customers_billed_with_it(books: Company, billed: bool, status: int) -> None:
    parent = {"value": books.names["customer"]}
    child = books.make(
        "Customer", {"DisplayName": "Unit 4", "Job": True, "ParentRef": parent, "BillWithParent": billed}
    )
    invoice = books.make("Invoice", books.sale(books.line(30)) | {"CustomerRef": {"value": child["Id"]}})
    assert invoice["CustomerRef"]["name"] == "Freeman, Ada:Unit 4"
    body = {"CustomerRef": parent, "TotalAmt": 30, "Line": [link("Invoice", invoice["Id"], 30)]}
    assert books.post("payment", body).status == status


def test_a_payment_must_link_to_something_that_is_there(books: Company) -> None:
    customer = {"value": books.names["customer"]}
    gone = books.invoice(10)
    books.post("invoice", target(gone), operation="delete")
    body = {"CustomerRef": customer, "TotalAmt": 10}
    assert books.post("payment", body | {"Line": [link("Invoice", "999", 10)]}).codes == ["2500"]
    assert books.post("payment", body | {"Line": [link("Invoice", gone["Id"], 10)]}).codes == ["610"]
    assert books.post("payment", body | {"Line": [link("Bill", "1", 10)]}).codes == ["2170"]
    assert books.post("payment", body | {"Line": [{"Amount": 10}]}).codes == ["2020"]
    assert books.post("payment", body | {"TotalAmt": -1}).codes == ["2140"]


def test_an_income_account_cannot_take_a_payment(books: Company) -> None:
    body = {"CustomerRef": {"value": books.names["customer"]}, "TotalAmt": 5}
    account = {"DepositToAccountRef": {"value": books.names["income"]}}
    assert books.post("payment", body | account).codes == ["6430"]


def test_payment_reference_has_the_forms_limit(books: Company) -> None:
    body = {"CustomerRef": {"value": books.names["customer"]}, "TotalAmt": 5, "PaymentRefNum": "x" * 22}
    assert books.post("payment", body).codes == ["2050"]
    books.switch(payment_ref_max=100)
    assert books.post("payment", body).status == 200


def test_updating_lines_moves_the_money(books: Company) -> None:
    first, second = books.invoice(50), books.invoice(50)
    payment = books.pay(50, first["Id"])
    moved = books.make("Payment", target(payment, sparse=True, Line=[link("Invoice", second["Id"], 40)]))
    assert moved["UnappliedAmt"] == 10
    assert [books.read("Invoice", doc["Id"])["Balance"] for doc in (first, second)] == [50, 10]
    assert books.read("Invoice", first["Id"])["LinkedTxn"] == []


def test_an_empty_line_list_removes_all_and_an_absent_one_keeps_them(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    kept = books.make("Payment", target(payment, sparse=True, PrivateNote="x"))
    assert len(kept["Line"]) == 1
    emptied = books.make("Payment", target(kept, sparse=True, Line=[]))
    assert (emptied["Line"], emptied["UnappliedAmt"]) == ([], 50)
    assert books.read("Invoice", invoice["Id"])["Balance"] == 50


def test_a_full_update_without_lines_unapplies(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    body = target(payment, TotalAmt=50, CustomerRef={"value": books.names["customer"]})
    assert books.make("Payment", body)["UnappliedAmt"] == 50


def test_void_payment(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    reply = books.post("payment", target(payment, sparse=True), operation="update", include="void")
    voided = reply.json()["Payment"]
    assert (voided["Line"], voided["TotalAmt"], voided["UnappliedAmt"]) == ([], 0, 0)
    assert (voided["PrivateNote"], voided["SyncToken"]) == ("Voided", "1")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 50
    assert books.balance() == 50


def test_deleting_a_payment_opens_the_invoice(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    books.post("payment", target(payment), operation="delete")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 50


@pytest.mark.parametrize("operation", ["void", "delete"])
def test_an_invoice_that_goes_away_frees_its_payments(books: Company, operation: str) -> None:
    invoice = books.invoice(50)
    payment = books.pay(80, invoice["Id"], each=50)
    reply = books.post("invoice", target(books.read("Invoice", invoice["Id"])), operation=operation)
    assert reply.status == 200
    freed = books.read("Payment", payment["Id"])
    assert (freed["UnappliedAmt"], freed["Line"], freed["SyncToken"]) == (80, [], "1")
    assert books.balance() == -80


def test_an_invoice_made_smaller_gives_back_what_no_longer_fits(books: Company) -> None:
    invoice = books.invoice(100)
    old, new = books.pay(60, invoice["Id"]), books.pay(40, invoice["Id"])
    current = books.read("Invoice", invoice["Id"])
    changed = books.make("Invoice", target(current, sparse=True, Line=[books.line(70)]))
    assert (changed["Balance"], changed["TotalAmt"]) == (0, 70)
    assert books.read("Payment", old["Id"])["UnappliedAmt"] == 0
    seen = books.read("Payment", new["Id"])
    assert (seen["UnappliedAmt"], seen["Line"][0]["Amount"]) == (30, 10)
    assert books.balance() == -30


def test_an_invoice_made_larger_is_open_again(books: Company) -> None:
    invoice = books.invoice(100)
    books.pay(100, invoice["Id"])
    current = books.read("Invoice", invoice["Id"])
    changed = books.make("Invoice", target(current, sparse=True, Line=[books.line(130)]))
    assert changed["Balance"] == 30


def test_an_invoice_given_to_another_customer_loses_its_payments(books: Company) -> None:
    invoice = books.invoice(100)
    payment = books.pay(100, invoice["Id"])
    books.act("change_customer", id=invoice["Id"], customer="Twin Lane LLC")
    assert books.read("Payment", payment["Id"])["UnappliedAmt"] == 100
    assert [books.balance("customer"), books.balance("other")] == [-100, 100]


def test_a_credit_memo_is_used_by_a_payment_of_nothing(books: Company) -> None:
    invoice = books.invoice(300)
    memo = books.make("CreditMemo", books.sale(books.line(120)))
    assert (memo["RemainingCredit"], memo["Balance"]) == (120, 120)
    assert books.balance() == 180
    lines = [link("Invoice", invoice["Id"], 100), link("CreditMemo", memo["Id"], 100)]
    payment = books.make(
        "Payment", {"CustomerRef": {"value": books.names["customer"]}, "TotalAmt": 0, "Line": lines}
    )
    assert payment["UnappliedAmt"] == 0
    used = books.read("CreditMemo", memo["Id"])
    assert (used["RemainingCredit"], used["Balance"]) == (20, 20)
    assert used["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert books.read("Invoice", invoice["Id"])["Balance"] == 200
    assert books.balance() == 180


def test_deleting_the_memo_opens_what_it_paid(books: Company) -> None:
    invoice = books.invoice(100)
    memo = books.make("CreditMemo", books.sale(books.line(100)))
    lines = [link("Invoice", invoice["Id"], 100), link("CreditMemo", memo["Id"], 100)]
    body = {"CustomerRef": {"value": books.names["customer"]}, "TotalAmt": 0, "Line": lines}
    payment = books.make("Payment", body)
    books.post("creditmemo", target(books.read("CreditMemo", memo["Id"])), operation="delete")
    assert books.read("Invoice", invoice["Id"])["Balance"] == 100
    assert books.read("Payment", payment["Id"])["UnappliedAmt"] == 0


def test_a_refund_by_cheque_uses_up_a_credit(books: Company) -> None:
    memo = books.make("CreditMemo", books.sale(books.line(80)))
    customer = {"value": books.names["customer"]}
    cheque = books.make(
        "Purchase",
        {
            "PaymentType": "Check",
            "AccountRef": {"value": books.names["bank"]},
            "EntityRef": {**customer, "type": "Customer"},
            "Line": [
                {
                    "Amount": 80,
                    "DetailType": "AccountBasedExpenseLineDetail",
                    "AccountBasedExpenseLineDetail": {
                        "AccountRef": {"value": books.names["receivable"]},
                        "CustomerRef": customer,
                    },
                }
            ],
        },
    )
    assert books.balance() == 0
    lines = [link("Check", cheque["Id"], 80), link("CreditMemo", memo["Id"], 80)]
    tie = books.make("Payment", {"CustomerRef": customer, "TotalAmt": 0, "Line": lines})
    assert tie["UnappliedAmt"] == 0
    assert books.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0
    assert books.read("Purchase", cheque["Id"])["LinkedTxn"] == [{"TxnId": tie["Id"], "TxnType": "Payment"}]
    assert books.post("payment", {"CustomerRef": customer, "TotalAmt": 0, "Line": lines}).codes == ["6000"]
    assert [books.account_balance(name) for name in ("receivable", "bank", "income")] == [0, -80, 80]


def test_a_cheque_to_receivables_needs_a_customer(books: Company) -> None:
    line = {
        "Amount": 5,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": books.names["receivable"]}},
    }
    body = {"PaymentType": "Cash", "AccountRef": {"value": books.names["bank"]}, "Line": [line]}
    assert "choose a customer" in books.post("purchase", body).error["Detail"]


def test_unapplied_money_can_be_paid_out(books: Company) -> None:
    payment = books.pay(70)
    customer = {"value": books.names["customer"]}
    line = {
        "Amount": 70,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {
            "AccountRef": {"value": books.names["receivable"]},
            "CustomerRef": customer,
        },
    }
    body = {"PaymentType": "Cash", "AccountRef": {"value": books.names["bank"]}, "Line": [line]}
    expense = books.make("Purchase", body)
    tied = books.make("Payment", target(payment, sparse=True, Line=[link("Expense", expense["Id"], 70)]))
    assert tied["UnappliedAmt"] == 0
    assert tied["Line"][0]["LinkedTxn"][0]["TxnType"] == "Expense"
    assert books.balance() == 0


def test_credits_are_applied_by_themselves_if_the_company_wants_it(books: Company) -> None:
    books.prefer("SalesFormsPrefs", AutoApplyCredit=True)
    memo = books.make("CreditMemo", books.sale(books.line(30)))
    payment = books.pay(50)
    invoice = books.invoice(100)
    assert (invoice["Balance"], len(invoice["LinkedTxn"])) == (20, 2)
    assert books.read("Payment", payment["Id"])["UnappliedAmt"] == 0
    assert books.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0
    notes = [row.get("PrivateNote") for row in books.rows("select * from Payment")]
    assert "Created by QB Online to link credits to charges." in notes
    later = books.make("CreditMemo", books.sale(books.line(15)))
    assert later["RemainingCredit"] == 0
    assert books.read("Invoice", invoice["Id"])["Balance"] == 5


def test_a_deposit_freezes_what_lies_on_it(books: Company) -> None:
    invoice = books.invoice(50)
    payment = books.pay(50, invoice["Id"])
    deposit = books.act("deposit", payments=[payment["Id"]], account="Checking")["Deposit"]
    assert deposit["TotalAmt"] == 50
    frozen = books.read("Payment", payment["Id"])
    assert frozen["LinkedTxn"] == [{"TxnId": deposit["Id"], "TxnType": "Deposit"}]
    assert frozen["SyncToken"] == "1"
    assert books.post("payment", target(frozen, sparse=True, PrivateNote="x")).codes == ["6540"]
    assert books.post("payment", target(frozen), operation="delete").codes == ["6540"]
    void = books.post("payment", target(frozen, sparse=True), operation="update", include="void")
    assert void.codes == ["6540"]
    assert [books.account_balance(name) for name in ("undeposited", "bank")] == [0, 50]
    books.post("deposit", target(deposit), operation="delete")
    freed = books.read("Payment", payment["Id"])
    assert books.post("payment", target(freed, sparse=True, PrivateNote="x")).status == 200


def test_a_deposit_takes_each_payment_once_and_whole(books: Company) -> None:
    payment = books.pay(50)
    bank = {"value": books.names["bank"]}
    line: Body = {"LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment", "TxnLineId": "0"}]}
    body: Body = {"DepositToAccountRef": bank, "Line": [line | {"Amount": 40}]}
    assert books.post("deposit", body).codes == ["6000"]
    made = books.make("Deposit", body | {"Line": [line | {"Amount": 50}]})
    assert made["Line"][0]["LinkedTxn"][0]["TxnLineId"] == "0"
    assert books.post("deposit", body | {"Line": [line | {"Amount": 50}]}).codes == ["620"]
    straight = books.pay(5, DepositToAccountRef=bank)
    line = {"Amount": 5, "LinkedTxn": [{"TxnId": straight["Id"], "TxnType": "Payment"}]}
    assert books.post("deposit", body | {"Line": [line]}).codes == ["620"]


def test_a_deposit_may_have_lines_of_its_own_and_cash_back(books: Company) -> None:
    body = {
        "DepositToAccountRef": {"value": books.names["bank"]},
        "Line": [
            {
                "Amount": 90,
                "DetailType": "DepositLineDetail",
                "DepositLineDetail": {"AccountRef": {"value": books.names["income"]}},
            }
        ],
        "CashBack": {"AccountRef": {"value": books.names["expense"]}, "Amount": 20},
    }
    assert books.make("Deposit", body)["TotalAmt"] == 70
    assert [books.account_balance(name) for name in ("bank", "income", "expense")] == [70, -90, 20]


def test_a_journal_entry_on_receivables_is_a_charge_or_a_credit(books: Company) -> None:
    def journal(customer_side: str, other_side: str) -> Body:
        entity = {"Type": "Customer", "EntityRef": {"value": books.names["customer"]}}
        sides = [(customer_side, "receivable", {"Entity": entity}), (other_side, "income", {})]
        lines = [
            {
                "Amount": 25,
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {
                    "PostingType": side,
                    "AccountRef": {"value": books.names[account]},
                    **more,
                },
            }
            for side, account, more in sides
        ]
        return books.make("JournalEntry", {"Line": lines})

    charge, credit = journal("Debit", "Credit"), journal("Credit", "Debit")
    assert books.balance() == 0
    customer = {"value": books.names["customer"]}
    lines = [link("JournalEntry", charge["Id"], 25), link("JournalEntry", credit["Id"], 25)]
    made = books.make("Payment", {"CustomerRef": customer, "TotalAmt": 0, "Line": lines})
    assert made["UnappliedAmt"] == 0
    assert books.balance() == 0


@pytest.mark.parametrize(
    ("amounts", "text"),
    [((10,), "Fill out at least two detail lines to continue."), ((10, 11), "must be equal")],
)
def test_a_journal_entry_must_balance(books: Company, amounts: tuple[int, ...], text: str) -> None:
    lines = [
        {
            "Amount": amount,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": books.names["bank"]}},
        }
        for amount, side in zip(amounts, ("Debit", "Credit"), strict=False)
    ]
    assert text in books.post("journalentry", {"Line": lines}).error["Detail"]


def test_a_transfer_moves_money(books: Company) -> None:
    body = {
        "FromAccountRef": {"value": books.names["bank"]},
        "ToAccountRef": {"value": books.names["undeposited"]},
        "Amount": "12.50",
    }
    books.make("Transfer", body)
    assert books.account_balance("bank") == Decimal("-12.5")
    assert books.post("transfer", body | {"Amount": 0}).codes == ["2140"]


def test_balances_move_the_customers_time_but_not_the_token(books: Company) -> None:
    before = books.read("Customer", books.names["customer"])
    books.advance(60)
    books.invoice(10)
    after = books.read("Customer", books.names["customer"])
    assert after["SyncToken"] == before["SyncToken"]
    assert after["MetaData"]["LastUpdatedTime"] > before["MetaData"]["LastUpdatedTime"]
    books.switch(balance_bumps_name_sync_token=True)
    books.invoice(10)
    assert books.read("Customer", books.names["customer"])["SyncToken"] == "1"


def test_balances_of_jobs_show_on_the_parent(books: Company) -> None:
    parent = books.names["customer"]
    child = books.make("Customer", {"DisplayName": "Job 1", "Job": True, "ParentRef": {"value": parent}})
    books.make("Invoice", books.sale(books.line(40)) | {"CustomerRef": {"value": child["Id"]}})
    books.invoice(10)
    seen = books.read("Customer", parent)
    assert (seen["Balance"], seen["BalanceWithJobs"]) == (10, 50)


def test_sub_account_balances_add_up(books: Company) -> None:
    child = books.make(
        "Account",
        {"Name": "Payroll", "AccountType": "Bank", "ParentRef": {"value": books.names["bank"]}},
    )
    books.pay(30, DepositToAccountRef={"value": child["Id"]})
    books.pay(12, DepositToAccountRef={"value": books.names["bank"]})
    seen = books.read("Account", books.names["bank"])
    assert (seen["CurrentBalance"], seen["CurrentBalanceWithSubAccounts"]) == (12, 42)
    assert books.read("Account", child["Id"])["FullyQualifiedName"] == "Checking:Payroll"
