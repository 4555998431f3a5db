"""Bills, vendor credits, bill payments, purchase orders."""

from __future__ import annotations

import pytest

from tests.sandbox.quickbooks.company import Body, Company


def by_account(books: Company, amount: object = 100, **detail: object) -> Body:
    return {
        "Amount": amount,
        "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": {"AccountRef": {"value": books.names["expense"]}, **detail},
    }


def by_item(books: Company, amount: object = 20, **more: object) -> Body:
    return {
        "Amount": amount,
        "DetailType": "ItemBasedExpenseLineDetail",
        "ItemBasedExpenseLineDetail": {"ItemRef": {"value": books.names["part"]}},
        **more,
    }


def bill(books: Company, *lines: Body, **more: object) -> Body:
    body = {"VendorRef": {"value": books.names["vendor"]}, "Line": list(lines) or [by_account(books)], **more}
    return books.make("Bill", body)


def pay_bills(books: Company, total: object, *pairs: tuple[str, str, object], **more: object) -> Body:
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]} for kind, id, amount in pairs]
    return {
        "VendorRef": {"value": books.names["vendor"]},
        "TotalAmt": total,
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": {"value": books.names["bank"]}},
        "Line": lines,
        **more,
    }


def owed(books: Company) -> object:
    return books.read("Vendor", books.names["vendor"])["Balance"]


def test_a_bill_is_completed(books: Company) -> None:
    made = bill(books, by_account(books), by_item(books), TxnDate="2026-11-05")
    assert (made["TotalAmt"], made["Balance"], made["DueDate"]) == (120, 120, "2026-11-05")
    assert made["APAccountRef"] == {"value": books.names["payable"], "name": "Accounts Payable (A/P)"}
    assert made["Line"][0]["AccountBasedExpenseLineDetail"]["BillableStatus"] == "NotBillable"
    assert "SubTotalLineDetail" not in [line["DetailType"] for line in made["Line"]]
    assert owed(books) == 120
    assert [books.account_balance(name) for name in ("payable", "expense", "cost")] == [-120, 100, 20]


def test_a_bill_payment_settles_bills_and_credits(books: Company) -> None:
    made = bill(books)
    credit = books.make(
        "VendorCredit", {"VendorRef": {"value": books.names["vendor"]}, "Line": [by_account(books, 30)]}
    )
    pairs = (("Bill", made["Id"], 100), ("VendorCredit", credit["Id"], 30))
    payment = books.make("BillPayment", pay_bills(books, 70, *pairs))
    paid = books.read("Bill", made["Id"])
    assert paid["Balance"] == 0
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "BillPaymentCheck"}]
    assert books.read("VendorCredit", credit["Id"])["Balance"] == 0
    assert owed(books) == 0
    reply = books.post(
        "billpayment",
        {"Id": payment["Id"], "SyncToken": "0", "sparse": True},
        operation="update",
        include="void",
    )
    assert reply.json()["BillPayment"]["TotalAmt"] == 0
    assert owed(books) == 70


def test_what_a_bill_payment_pays_too_much_is_a_vendor_credit(books: Company) -> None:
    made = bill(books)
    books.make("BillPayment", pay_bills(books, 130, ("Bill", made["Id"], 100)))
    assert owed(books) == -30


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"PayType": "CreditCard"}, "2020"),
        ({"CheckPayment": {"BankAccountRef": {"value": "7"}}}, "6430"),
        ({"TotalAmt": 50}, "6000"),
        ({"TotalAmt": -1}, "2140"),
        ({"PayType": "Coins"}, "2170"),
    ],
)
def test_a_bill_payment_is_refused(books: Company, changes: Body, code: str) -> None:
    made = bill(books)
    body = pay_bills(books, 100, ("Bill", made["Id"], 100)) | changes
    assert books.post("billpayment", body).codes[0] == code


def test_deleting_a_bill_frees_its_payment(books: Company) -> None:
    made = bill(books)
    books.make("BillPayment", pay_bills(books, 100, ("Bill", made["Id"], 100)))
    current = books.read("Bill", made["Id"])
    books.post("bill", {"Id": made["Id"], "SyncToken": current["SyncToken"]}, operation="delete")
    assert owed(books) == -100


def test_a_bill_number_is_used_once_per_vendor(books: Company) -> None:
    first = bill(books, DocNumber="INV-9")
    again = {"VendorRef": {"value": books.names["vendor"]}, "Line": [by_account(books)], "DocNumber": "INV-9"}
    reply = books.post("bill", again)
    assert reply.codes == ["6140"]
    assert f"TxnType=Bill with TxnId={first['Id']}" in reply.error["Detail"]
    other = books.make("Vendor", {"DisplayName": "Another Supply"})["Id"]
    assert books.post("bill", again | {"VendorRef": {"value": other}}).status == 200
    assert books.post("bill", again, include="allowduplicatedocnum").status == 200


def test_billable_lines_need_a_customer(books: Company) -> None:
    line = by_account(books, BillableStatus="Billable")
    body = {"VendorRef": {"value": books.names["vendor"]}, "Line": [line]}
    assert books.post("bill", body).codes == ["6310"]
    done = by_account(books, BillableStatus="HasBeenBilled")
    assert (
        books.post("bill", body | {"Line": [done]}).error["Detail"] == "Invalid Enumeration : HAS_BEEN_BILLED"
    )


def test_quantities_of_purchases_are_checked_too(books: Company) -> None:
    line = by_item(books, 21)
    line["ItemBasedExpenseLineDetail"] |= {"Qty": 2, "UnitPrice": 10}
    body = {"VendorRef": {"value": books.names["vendor"]}, "Line": [line]}
    assert books.post("bill", body).codes == ["6070"]


def order(books: Company) -> Body:
    body = {"VendorRef": {"value": books.names["vendor"]}, "Line": [by_item(books), by_item(books, 30)]}
    return books.make("PurchaseOrder", body)


def test_an_order_posts_nothing_and_has_its_own_numbers(books: Company) -> None:
    made = order(books)
    assert (made["POStatus"], made["TotalAmt"]) == ("Open", 50)
    assert int(order(books)["DocNumber"]) == int(made["DocNumber"]) + 1
    assert owed(books) == 0


def test_a_bill_for_the_whole_order_closes_it(books: Company) -> None:
    made = order(books)
    linked = bill(books, by_item(books), LinkedTxn=[{"TxnId": made["Id"], "TxnType": "PurchaseOrder"}])
    closed = books.read("PurchaseOrder", made["Id"])
    assert closed["POStatus"] == "Closed"
    assert closed["LinkedTxn"] == [{"TxnId": linked["Id"], "TxnType": "Bill"}]
    assert linked["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "PurchaseOrder"}]
    books.post("bill", {"Id": linked["Id"], "SyncToken": "0"}, operation="delete")
    opened = books.read("PurchaseOrder", made["Id"])
    assert (opened["POStatus"], opened["LinkedTxn"]) == ("Open", [])


def test_a_bill_for_some_lines_leaves_the_order_open(books: Company) -> None:
    made = order(books)

    def received(line_id: str, amount: object) -> Body:
        link = {"TxnId": made["Id"], "TxnType": "PurchaseOrder", "TxnLineId": line_id}
        return by_item(books, amount, LinkedTxn=[link])

    bill(books, received("1", 20))
    assert books.read("PurchaseOrder", made["Id"])["POStatus"] == "Open"
    bill(books, received("1", 20), received("2", 30))
    assert books.read("PurchaseOrder", made["Id"])["POStatus"] == "Closed"
    without_line = by_item(books, 1, LinkedTxn=[{"TxnId": made["Id"], "TxnType": "PurchaseOrder"}])
    body = {"VendorRef": {"value": books.names["vendor"]}, "Line": [without_line]}
    assert books.post("bill", body).codes == ["6000"]


def test_a_card_purchase_needs_a_card(books: Company) -> None:
    body = {
        "PaymentType": "CreditCard",
        "AccountRef": {"value": books.names["bank"]},
        "Line": [by_account(books)],
    }
    assert books.post("purchase", body).codes == ["6430"]
    made = books.make("Purchase", body | {"AccountRef": {"value": books.names["card"]}})
    assert (made["TotalAmt"], made["Credit"]) == (100, False)
    assert books.read("Account", books.names["card"])["CurrentBalance"] == 100
