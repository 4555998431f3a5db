"""Whatever is done, the books balance."""

from __future__ import annotations

import json
import random
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from st_qbo_sandbox.app import Sandbox
from tests.sandbox.quickbooks.company import Body, Company

ZERO = Decimal(0)


def new_company() -> Company:
    company = Company(Sandbox())
    company.switch(requests_per_second=None, requests_per_minute=None)
    company.connect()
    company.set_up()
    return company


def act(books: Company, dice: random.Random) -> None:
    """Do something a client might; a refusal is as good as anything else."""
    documents = {name: books.rows(f"select * from {name}") for name in ("Invoice", "Payment", "CreditMemo")}
    choice = dice.randrange(9)
    amount = Decimal(dice.randrange(1, 20_000)) / 100
    if choice <= 1:
        books.post("invoice", books.sale(books.line(amount, taxed=dice.random() < 0.5)))
    elif choice == 2:
        books.post("creditmemo", books.sale(books.line(amount)))
    elif choice == 3:
        links = [
            {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": "Invoice"}]}
            for doc in dice.sample(documents["Invoice"], min(2, len(documents["Invoice"])))
        ]
        customer = {"value": books.names["customer"]}
        books.post("payment", {"CustomerRef": customer, "TotalAmt": amount * 2, "Line": links})
    elif choice == 4 and documents["Invoice"] and documents["CreditMemo"]:
        invoice, memo = dice.choice(documents["Invoice"]), dice.choice(documents["CreditMemo"])
        wish = {"act": "apply_credit", "invoice": invoice["Id"], "credit_memo": memo["Id"]}
        books.http("POST", "/_sandbox/edit", json.dumps(wish).encode())
    else:
        name = dice.choice(["Invoice", "Payment", "CreditMemo"])
        if documents[name]:
            change(books, dice, name, dice.choice(documents[name]), amount)


def change(books: Company, dice: random.Random, name: str, doc: Body, amount: Decimal) -> None:
    target = {"Id": doc["Id"], "SyncToken": doc["SyncToken"]}
    choice = dice.randrange(4)
    if choice == 0:
        books.post(name.lower(), target, operation="delete")
    elif choice == 1 and name == "Invoice":
        books.post("invoice", target, operation="void")
    elif choice == 1 and name == "Payment":
        books.post("payment", target | {"sparse": True}, operation="update", include="void")
    elif name == "Payment":
        books.post("payment", target | {"sparse": True, "TotalAmt": amount})
    else:
        books.post(name.lower(), target | {"sparse": True, "Line": [books.line(amount)]})


def check(books: Company) -> None:
    posted = books.half.books.balances
    assert sum(posted.values(), ZERO) == 0
    state = books.control("state")
    customers = sum((Decimal(doc["Balance"]) for doc in state["Customer"]), ZERO)
    assert posted.get(books.names["receivable"], ZERO) == customers
    open_parts = (
        sum((Decimal(doc["Balance"]) for doc in state["Invoice"]), ZERO)
        - sum((Decimal(doc["RemainingCredit"]) for doc in state["CreditMemo"]), ZERO)
        - sum((Decimal(doc["UnappliedAmt"]) for doc in state["Payment"]), ZERO)
    )
    assert open_parts == customers
    for payment in state["Payment"]:
        assert payment["UnappliedAmt"] >= 0
        for line in payment["Line"]:
            link = line["LinkedTxn"][0]
            (found,) = [doc for doc in state[link["TxnType"]] if doc["Id"] == link["TxnId"]]
            assert {"TxnId": payment["Id"], "TxnType": "Payment"} in found["LinkedTxn"]
    for name in ("Invoice", "CreditMemo"):
        for doc in state[name]:
            assert 0 <= doc["Balance"] <= doc["TotalAmt"]
            for link in doc["LinkedTxn"]:
                assert link["TxnId"] in [payment["Id"] for payment in state["Payment"]]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), automatic=st.booleans())
def test_any_sequence_of_acts_leaves_the_books_in_balance(seed: int, automatic: bool) -> None:
    books = new_company()
    books.prefer("SalesFormsPrefs", AutoApplyCredit=automatic)
    dice = random.Random(seed)
    for _ in range(40):
        act(books, dice)
    check(books)


def buy(books: Company, dice: random.Random) -> None:
    """Do something on the buying side, or move money."""
    vendor, bank = {"value": books.names["vendor"]}, {"value": books.names["bank"]}
    customer = {"value": books.names["customer"]}
    amount = Decimal(dice.randrange(1, 20_000)) / 100
    documents = {
        name: books.rows(f"select * from {name}")
        for name in ("Bill", "VendorCredit", "BillPayment", "Purchase", "Payment", "Deposit")
    }

    def cost(account: str, **more: object) -> Body:
        detail = {"AccountRef": {"value": books.names[account]}, **more}
        kind = "AccountBasedExpenseLineDetail"
        return {"Amount": amount, "DetailType": kind, kind: detail}

    choice = dice.randrange(9)
    if choice == 0:
        books.post("bill", {"VendorRef": vendor, "Line": [cost("expense")]})
    elif choice == 1:
        books.post("vendorcredit", {"VendorRef": vendor, "Line": [cost("cost")]})
    elif choice == 2:
        lines = [
            {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": name}]}
            for name in ("Bill", "VendorCredit")
            for doc in dice.sample(documents[name], min(1, len(documents[name])))
        ]
        body = {"VendorRef": vendor, "TotalAmt": amount, "PayType": "Check", "Line": lines}
        books.post("billpayment", body | {"CheckPayment": {"BankAccountRef": bank}})
    elif choice == 3:
        line = cost("receivable", CustomerRef=customer)
        books.post("purchase", {"PaymentType": "Check", "AccountRef": bank, "Line": [line]})
    elif choice == 4:
        lines = [
            {"Amount": amount, "LinkedTxn": [{"TxnId": doc["Id"], "TxnType": "Check"}]}
            for doc in dice.sample(documents["Purchase"], min(1, len(documents["Purchase"])))
        ]
        books.post("payment", {"CustomerRef": customer, "TotalAmt": amount * 2, "Line": lines})
    elif choice == 5 and documents["Payment"]:
        wish = {
            "act": "deposit",
            "payments": [dice.choice(documents["Payment"])["Id"]],
            "account": "Checking",
        }
        books.http("POST", "/_sandbox/edit", json.dumps(wish).encode())
    else:
        name = dice.choice(list(documents))
        if documents[name]:
            doc = dice.choice(documents[name])
            target = {"Id": doc["Id"], "SyncToken": doc["SyncToken"]}
            if dice.random() < 0.5:
                books.post(name.lower(), target, operation="delete")
            elif name in ("Bill", "VendorCredit"):
                books.post(name.lower(), target | {"sparse": True, "Line": [cost("expense")]})
            elif name == "Purchase":
                line = cost("receivable", CustomerRef=customer)
                books.post("purchase", target | {"sparse": True, "Line": [line]})
            else:
                books.post(name.lower(), target | {"sparse": True, "PrivateNote": "touched"})


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_buying_and_moving_money_leave_the_books_in_balance(seed: int) -> None:
    books = new_company()
    dice = random.Random(seed)
    for _ in range(40):
        buy(books, dice)
    posted = books.half.books.balances
    state = books.control("state")
    assert sum(posted.values(), ZERO) == 0
    vendors = sum((Decimal(doc["Balance"]) for doc in state["Vendor"]), ZERO)
    customers = sum((Decimal(doc["Balance"]) for doc in state["Customer"]), ZERO)
    assert posted.get(books.names["payable"], ZERO) == -vendors
    assert posted.get(books.names["receivable"], ZERO) == customers
    payments = {doc["Id"]: doc for doc in state["Payment"]}
    deposited = {
        link["TxnId"] for doc in state["Deposit"] for line in doc["Line"] for link in line["LinkedTxn"]
    }
    assert deposited == {
        id for id, doc in payments.items() if any(x["TxnType"] == "Deposit" for x in doc["LinkedTxn"])
    }
    for bill in state["Bill"]:
        assert 0 <= bill["Balance"] <= bill["TotalAmt"]
