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


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), automatic=st.booleans())
def test_any_sequence_of_acts_leaves_the_books_in_balance(seed: int, automatic: bool) -> None:
    books = new_company()
    books.prefer("SalesFormsPrefs", AutoApplyCredit=automatic)
    dice = random.Random(seed)
    for _ in range(40):
        act(books, dice)
    check(books)
