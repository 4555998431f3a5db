"""Counted goods: ordered, billed in parts, returned, paid, sold; payable, order and stock agree."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.quickbooks.company import Body, Company
from tests.sandbox.quickbooks.test_buying import by_account, pay_bills

ITEM, ACCOUNT = "ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail"


@pytest.fixture
def goods(books: Company) -> Company:
    """The usual company with a counted item that starts on 2026-11-02 with nothing."""
    books.names["valve"] = counted(books, "Valve")["Id"]
    return books


def counted(books: Company, name: str, quantity: object = 0, **more: object) -> Body:
    refs = {"IncomeAccountRef": "income", "ExpenseAccountRef": "cost", "AssetAccountRef": "stock"}
    body = {
        "Name": name,
        "Type": "Inventory",
        "TrackQtyOnHand": True,
        "QtyOnHand": quantity,
        "InvStartDate": "2026-11-02",
        "PurchaseCost": "4.0000",
        **{field: {"value": books.names[account]} for field, account in refs.items()},
        **more,
    }
    return books.make("Item", body)


def bought(
    books: Company, qty: str, unit: str, amount: str, order: Body | None = None, line: str = "1"
) -> Body:
    detail = {"ItemRef": {"value": books.names["valve"]}, "Qty": Decimal(qty), "UnitPrice": Decimal(unit)}
    body: Body = {"Amount": Decimal(amount), "DetailType": ITEM, ITEM: detail}
    if order is not None:
        body["LinkedTxn"] = [{"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": line}]
    return body


def document(books: Company, entity: str, day: str, *lines: Body, **more: object) -> Body:
    vendor = {"value": books.names["vendor"]}
    return books.make(entity, {"VendorRef": vendor, "TxnDate": day, "Line": list(lines), **more})


def sold(books: Company, qty: int, day: str, entity: str = "Invoice") -> Body:
    line = books.line(10 * qty, Qty=qty, UnitPrice=10)
    line["SalesItemLineDetail"]["ItemRef"] = {"value": books.names["valve"]}
    return books.make(entity, books.sale(line, TxnDate=day))


def stand(books: Company, *names: str) -> list[Decimal]:
    return [books.account_balance(name) for name in names]


def on_hand(books: Company) -> tuple[Decimal, Decimal]:
    (row,) = [row for row in books.control("trial_balance")["Items"] if row["Id"] == books.names["valve"]]
    assert Decimal(books.read("Item", row["Id"])["QtyOnHand"]) == Decimal(row["QtyOnHand"])
    return Decimal(row["QtyOnHand"]), Decimal(row["Value"])


def test_an_order_billed_in_parts_credited_and_paid_agrees_to_the_cent(goods: Company) -> None:
    order = document(goods, "PurchaseOrder", "2026-11-03", bought(goods, "10", "4.3333", "43.33"))
    first = document(
        goods, "Bill", "2026-11-04", bought(goods, "4", "4.3333", "17.33", order), DocNumber="A-1"
    )
    half = goods.read("PurchaseOrder", order["Id"])
    assert (half["POStatus"], half["LinkedTxn"]) == ("Open", [{"TxnId": first["Id"], "TxnType": "Bill"}])
    freight = by_account(goods, "9.50")
    second = document(
        goods, "Bill", "2026-11-05", bought(goods, "6", "4.3333", "26.00", order), freight, DocNumber="A-2"
    )
    closed = goods.read("PurchaseOrder", order["Id"])
    assert (closed["POStatus"], int(closed["SyncToken"])) == ("Closed", 2)
    assert second["Line"][0]["LinkedTxn"] == [
        {"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": "1"}
    ]
    assert on_hand(goods) == (10, Decimal("43.33"))
    credit = document(goods, "VendorCredit", "2026-11-06", bought(goods, "1", "4.3333", "4.33"))
    assert on_hand(goods) == (9, Decimal("39.00"))
    assert stand(goods, "payable", "stock", "expense", "cost") == [
        Decimal("-48.50"), Decimal("39.00"), Decimal("9.50"), 0
    ]  # fmt: skip
    pairs = (
        ("Bill", first["Id"], "17.33"),
        ("Bill", second["Id"], "35.50"),
        ("VendorCredit", credit["Id"], "4.33"),
    )
    goods.make("BillPayment", pay_bills(goods, "48.50", *pairs))
    assert stand(goods, "payable", "bank") == [0, Decimal("-48.50")]
    assert goods.read("Vendor", goods.names["vendor"])["Balance"] == 0
    balance = goods.control("trial_balance")
    assert balance["Vendors"] == []
    assert Decimal(balance["TotalDebit"]) == Decimal(balance["TotalCredit"]) == Decimal("48.50")


def test_goods_are_sold_first_in_first_out_and_costed_anew_by_what_comes_before(goods: Company) -> None:
    document(goods, "Bill", "2026-11-04", bought(goods, "2", "5", "10.00"))
    late = document(goods, "Bill", "2026-11-06", bought(goods, "3", "7", "21.00"))
    sold(goods, 3, "2026-11-07")
    assert (on_hand(goods), stand(goods, "cost")) == ((2, Decimal(14)), [17])
    token = goods.read("Invoice", goods.ids("select * from Invoice")[0])["SyncToken"]
    early = document(goods, "Bill", "2026-11-03", bought(goods, "1", "2", "2.00"))
    assert (on_hand(goods), stand(goods, "cost", "stock")) == ((3, Decimal(21)), [12, 21])
    assert goods.read("Invoice", goods.ids("select * from Invoice")[0])["SyncToken"] == token
    goods.post("bill", {"Id": early["Id"], "SyncToken": "0"}, operation="delete")
    assert stand(goods, "cost", "stock") == [17, 14]
    sold(goods, 1, "2026-11-08", "CreditMemo")
    assert (on_hand(goods)[0], stand(goods, "cost")) == (3, [17 - Decimal("5.67")])
    invoice = goods.read("Invoice", goods.ids("select * from Invoice")[0])
    goods.post("invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}, operation="void")
    assert on_hand(goods)[0] == 6
    goods.switch(inventory_costing="average")
    changed = late | {"sparse": True, "PrivateNote": "again"}
    goods.make("Bill", changed)
    sold(goods, 1, "2026-11-09")
    assert stand(goods, "cost")[0] + stand(goods, "stock")[0] == 31


def test_what_is_sold_before_it_came_costs_what_then_comes(goods: Company) -> None:
    invoice = sold(goods, 2, "2026-11-04")
    assert (on_hand(goods), stand(goods, "cost")) == ((-2, Decimal(-8)), [8])
    document(goods, "Bill", "2026-11-06", bought(goods, "5", "6", "30.00"))
    assert (on_hand(goods), stand(goods, "cost", "stock")) == ((3, Decimal(18)), [12, 18])
    line = invoice["Line"][0]
    before = goods.sale(line, TxnDate="2026-11-01")
    fault = goods.post("invoice", before).error
    assert (fault["code"], fault["Message"]) == (
        "6270", "Transaction date is prior to start date for inventory item"
    )  # fmt: skip
    body: Body = {"VendorRef": {"value": goods.names["vendor"]}, "Line": [bought(goods, "1", "1", "1.00")]}
    assert goods.post("bill", body | {"TxnDate": "2026-11-01"}).codes == ["6270"]
    assert goods.post("purchaseorder", body | {"TxnDate": "2026-11-01"}).status == 200
    for name in ("Qty", "UnitPrice"):
        body["Line"][0][ITEM].pop(name)
    assert goods.post("bill", body | {"TxnDate": "2026-11-05"}).codes == ["6520"]


def test_quantities_typed_into_an_item_are_posted(books: Company) -> None:
    item = counted(books, "Pump", 8, PurchaseCost="2.5000")
    assert item["QtyOnHand"] == 8
    assert stand(books, "stock") == [20]
    (equity,) = [doc for doc in books.rows("select * from Account") if doc["AccountType"] == "Equity"]
    assert equity["CurrentBalance"] == -20
    changed = books.make("Item", item | {"sparse": True, "QtyOnHand": 6})
    assert (changed["QtyOnHand"], stand(books, "stock", "cost")) == (6, [15, 5])
    books.switch(item_quantity_update="start")
    assert books.make("Item", changed | {"sparse": True, "QtyOnHand": 8})["QtyOnHand"] == 8
    assert stand(books, "stock", "cost") == [20, 5]
    books.switch(item_quantity_update="ignore")
    changed = books.make("Item", {"Id": item["Id"], "SyncToken": "2", "sparse": True, "QtyOnHand": 6})
    assert changed["QtyOnHand"] == 8
    renamed = books.make("Item", {"Id": item["Id"], "SyncToken": "3", "sparse": True, "Name": "Pump 2"})
    assert (renamed["QtyOnHand"], stand(books, "stock")) == (8, [20])
    retyped = renamed | {"Type": "NonInventory", "TrackQtyOnHand": False}
    assert books.post("item", retyped).codes == ["6000"]


def test_without_the_edition_there_are_no_counted_items_and_no_orders(goods: Company) -> None:
    order = {"VendorRef": {"value": goods.names["vendor"]}, "Line": [bought(goods, "1", "1", "1.00")]}
    goods.switch(purchase_orders=False)
    assert goods.post("purchaseorder", order).error == {
        "Message": "Feature Not Supported Error",
        "Detail": "Feature Not Supported Error : Purchase orders are not turned on for this company.",
        "code": "5030",
        "element": "",
    }
    goods.switch(purchase_orders=True)
    goods.act("set_edition", edition="Essentials")
    assert goods.post("purchaseorder", order).codes == ["5030"]
    refs = ("income", "cost", "stock")
    income, cost, asset = ({"value": goods.names[name]} for name in refs)
    body = {"Name": "Hose", "Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 0,
            "InvStartDate": "2026-11-02", "IncomeAccountRef": income, "ExpenseAccountRef": cost,
            "AssetAccountRef": asset}  # fmt: skip
    assert goods.post("item", body).codes == ["5030"]
    goods.act("set_edition", edition="Plus")
    assert goods.post("item", body).status == 200


def test_orders_are_closed_opened_and_freed(goods: Company) -> None:
    order = document(
        goods, "PurchaseOrder", "2026-11-03", bought(goods, "2", "3", "6.00"), by_account(goods, 5)
    )
    taken = bought(goods, "2", "3", "6.00", order)
    bill = document(goods, "Bill", "2026-11-04", taken)
    order = goods.read("PurchaseOrder", order["Id"])
    assert order["POStatus"] == "Open"
    closed = goods.make("PurchaseOrder", {"Id": order["Id"], "SyncToken": order["SyncToken"], "sparse": True,
                                          "POStatus": "Closed"})  # fmt: skip
    vendor = {"value": goods.names["vendor"]}
    link = {"TxnId": order["Id"], "TxnType": "PurchaseOrder", "TxnLineId": "2"}
    late: Body = {"VendorRef": vendor, "Line": [by_account(goods, 5) | {"LinkedTxn": [link]}]}
    assert goods.post("bill", late).codes == ["620"]
    opened = goods.make("PurchaseOrder", {**closed, "POStatus": "Open"})
    wrong = by_account(goods, 5) | {"LinkedTxn": [{**link, "TxnLineId": "9"}]}
    assert goods.post("bill", late | {"Line": [wrong]}).codes == ["6000"]
    other = goods.make("Bill", late)
    assert goods.read("PurchaseOrder", order["Id"])["POStatus"] == "Closed"
    goods.post("bill", {"Id": other["Id"], "SyncToken": "0"}, operation="delete")
    assert goods.read("PurchaseOrder", order["Id"])["POStatus"] == "Open"
    plain = document(goods, "Bill", "2026-11-05", by_account(goods, 5))
    line = {**plain["Line"][0], "LinkedTxn": [link]}
    ignored = goods.make("Bill", {**plain, "Line": [line]})
    assert ignored["LinkedTxn"] == []
    line.pop("Id")
    linked = goods.make("Bill", {**ignored, "Line": [line]})
    assert [link["TxnId"] for link in linked["LinkedTxn"]] == [order["Id"]]
    now = goods.read("PurchaseOrder", opened["Id"])
    goods.post("purchaseorder", {"Id": now["Id"], "SyncToken": now["SyncToken"]}, operation="delete")
    freed = goods.read("Bill", bill["Id"])
    assert (freed["LinkedTxn"], freed["Line"][0].get("LinkedTxn"), freed["Balance"]) == ([], None, 6)


def test_lines_and_accounts_of_purchases_that_do_not_fit_are_refused(goods: Company) -> None:
    vendor = {"value": goods.names["vendor"]}
    service = {"Amount": 5, "DetailType": ITEM, ITEM: {"ItemRef": {"value": goods.names["service"]}}}
    assert goods.post("bill", {"VendorRef": vendor, "Line": [service]}).codes == ["6000"]
    body = {"VendorRef": vendor, "Line": [by_account(goods)], "APAccountRef": {"value": goods.names["bank"]}}
    assert goods.post("bill", body).codes == ["6430"]
    goods.make("Account", {"Name": "Payable 2", "AccountType": "Accounts Payable"})
    order = {"VendorRef": vendor, "Line": [by_account(goods)]}
    assert goods.post("purchaseorder", order).error["element"] == "APAccountRef"
    goods.prefer("VendorAndPurchasesPrefs", TrackingByCustomer=False, BillableExpenseTracking=False)
    job = by_account(goods, CustomerRef={"value": goods.names["customer"]}, BillableStatus="Billable")
    made = goods.make("Bill", {"VendorRef": vendor, "Line": [job]})["Line"][0][ACCOUNT]
    assert ("CustomerRef" in made, made["BillableStatus"]) == (False, "NotBillable")


def test_buying_is_queried_and_captured(goods: Company) -> None:
    goods.advance(60)
    since = goods.sandbox.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    order = document(goods, "PurchaseOrder", "2026-11-03", bought(goods, "2", "3", "6.00"), DocNumber="P-7")
    bill = document(goods, "Bill", "2026-11-04", bought(goods, "2", "3", "6.00", order), DocNumber="B-7")
    credit = document(goods, "VendorCredit", "2026-11-05", by_account(goods, 1), DocNumber="C-7")
    payment = goods.make("BillPayment", pay_bills(goods, 6, ("Bill", bill["Id"], 6)))
    for entity, number, doc in (
        ("PurchaseOrder", "P-7", order),
        ("Bill", "B-7", bill),
        ("VendorCredit", "C-7", credit),
    ):
        assert goods.ids(f"select * from {entity} where DocNumber = '{number}'") == [doc["Id"]]
        where = f"VendorRef = '{goods.names['vendor']}' and TxnDate >= '2026-11-01'"
        assert goods.ids(f"select * from {entity} where {where}") == [doc["Id"]]
    assert goods.ids("select * from BillPayment where TotalAmt = '6'") == [payment["Id"]]
    goods.post("vendorcredit", {"Id": credit["Id"], "SyncToken": "0"}, operation="delete")
    answer = goods.api(
        "GET", "cdc", entities="PurchaseOrder,Bill,VendorCredit,BillPayment,Item", changedSince=since
    )
    rows = {
        name: found
        for group in answer.json()["CDCResponse"][0]["QueryResponse"]
        for name, found in group.items()
    }
    assert [(row["POStatus"], row["SyncToken"]) for row in rows["PurchaseOrder"]] == [("Closed", "1")]
    assert [(row["Balance"], row["LinkedTxn"][-1]["TxnType"]) for row in rows["Bill"]] == [
        (0, "BillPaymentCheck")
    ]
    assert [row["status"] for row in rows["VendorCredit"]] == ["Deleted"]
    # that goods came moves the time stamp of their item, as a balance does that of a name
    assert [(row["Id"], row["QtyOnHand"], row["SyncToken"]) for row in rows["Item"]] == [
        (goods.names["valve"], 2, "0")
    ]
