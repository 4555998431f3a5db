"""A week of buying as people do it; every answer is held against the specification by the fixture."""

from __future__ import annotations

from typing import Any

from tests.sandbox.servicetitan import story
from tests.sandbox.servicetitan.conftest import Client

BILLS, AP_BILLS = "accounting/inventory-bills/paginated", "accounting/ap-bills"
ORDERS, RECEIPTS = "inventory/purchase-orders", "inventory/receipts"


def line(quantity: object = 10, cost: str = "8.1234") -> dict[str, Any]:
    return {"sku": "cap", "quantity": quantity, "cost": cost}


def order_of(client: Client, *lines: dict[str, Any], **more: Any) -> Any:
    lines = lines or (line(), {"sku_id": story.FURNACE, "quantity": 1, "cost": 900})
    return client.act("add_order", vendor="Heartland Supply", lines=lines, date="2026-03-09", **more)


def bill_in_both(client: Client, id: int) -> tuple[Any, Any]:
    return client.one(BILLS, id), client.ok("GET", f"{AP_BILLS}/{id}")


def fed(client: Client, feed: str, id: int) -> Any:
    rows = client.ok("GET", feed, includeRecentChanges="true")["data"]
    return next(row for row in rows if row["id"] == id)


def test_an_order_is_received_and_billed_in_two_parts(client: Client) -> None:
    order = order_of(client, job_id=story.JOB_DONE, tax="5.00", shipping=35)
    assert (order["status"], order["total"], order["number"][:5]) == ("Pending", 1021.23, "7001-")
    assert client.act("send_order", id=order["id"])["status"] == "Sent"
    first = client.act(
        "receive_order", id=order["id"], lines=[line(4)], date="2026-03-10", vendor_number="V-1"
    )
    seen = client.ok("GET", f"{ORDERS}/{order['id']}")
    assert seen["status"] == "PartiallyReceived"
    assert [item["quantityReceived"] for item in seen["items"]] == [4, 0]
    bill = client.act("bill_order", id=order["id"], date="2026-03-11", term="Net 30", due_date="2026-04-10")
    older, newer = bill_in_both(client, bill["id"])
    assert (older["billAmount"], older["referenceNumber"], older["items"][0]["cost"]) == (
        "32.49",
        "V-1",
        "8.1234",
    )
    assert (newer["status"], newer["jobNumber"], newer["dueDate"][:10]) == (
        "Unreconciled",
        "7001",
        "2026-04-10",
    )
    client.act("receive_order", id=order["id"], tax="5.00", shipping=35, vendor_number="V-2")
    done = client.ok("GET", f"{ORDERS}/{order['id']}")
    assert (done["status"], done["receivedOn"] is None) == ("Received", False)
    rest = client.act("bill_order", id=order["id"], number="V-2B")
    assert (rest["billAmount"], rest["taxAmount"], rest["shippingAmount"]) == ("988.74", "5.00", "35.00")
    receipts = client.rows(RECEIPTS, purchaseOrderIds=str(order["id"]))
    assert [row["billId"] for row in receipts] == [bill["id"], rest["id"]]
    assert [row["receiptAmount"] for row in receipts] == [32.49, 988.74]
    client.act("cancel_receipt", id=first["id"])
    assert client.ok("GET", f"{ORDERS}/{order['id']}")["status"] == "PartiallyReceived"


def test_a_bill_is_matched_posted_held_replaced_and_canceled(client: Client) -> None:
    order = order_of(client, line())
    client.act("receive_order", id=order["id"])
    bill = client.act("bill_order", id=order["id"], number="INV-9")
    client.act("post_bill", id=bill["id"], batch_number=12)
    client.act("reconcile_bill", id=bill["id"], status="Discrepancy")
    client.act("hold_bill", id=bill["id"])
    older, newer = bill_in_both(client, bill["id"])
    assert (older["syncStatus"], older["batch"]["number"]) == (newer["syncStatus"], "12") == ("Posted", "12")
    assert (newer["status"], newer["doNotPay"]) == ("Discrepancy", True)
    client.act("change_order", id=order["id"], lines=[{"id": order["items"][0]["id"], "cost": 9}])
    new = client.act("replace_bill", id=bill["id"], lines=[line(10, "9")])
    assert (new["billAmount"], new["referenceNumber"], new["purchaseOrderId"]) == (
        "90.00",
        "INV-9",
        order["id"],
    )
    assert client.ids(BILLS, purchaseOrderNumber=order["number"]) == [new["id"]]
    feed = "accounting/export/inventory-bills"
    assert (fed(client, feed, bill["id"])["active"], fed(client, feed, new["id"])["active"]) == (False, True)
    gone = client.ok("GET", f"{AP_BILLS}/{bill['id']}")
    assert (gone["status"], gone["dateCanceled"] is None) == ("Canceled", False)
    edited = client.act("edit_bill", id=new["id"], shipping="12.50", set={"summary": "late"})
    assert (edited["billAmount"], client.one(BILLS, new["id"])["summary"]) == ("102.50", "late")
    client.act("cancel_bill", id=new["id"])
    assert client.rows(RECEIPTS, billId=str(new["id"])) == []
    assert client.ids(BILLS, purchaseOrderNumber=order["number"]) == []


def test_bills_come_without_orders_too(client: Client) -> None:
    expense = {"account": "50100", "amount": "12.34", "job_id": story.JOB_DONE}
    costs = client.act("add_bill", vendor_id=story.VENDOR, expenses=[expense], number="E-1")
    assert (costs["billType"], costs["billAmount"]) == ("ApBill", "12.34")
    assert client.ids(AP_BILLS, billType="ApBill") == [6403, costs["id"]]
    assert client.rows(BILLS, billNumber="E-1") == []
    client.switch(bill_amount_includes_tax_and_shipping=False)
    goods = client.act("add_bill", vendor_id=story.VENDOR, lines=[line(2)], tax=1, shipping=2)
    older, newer = bill_in_both(client, goods["id"])
    assert (older["billAmount"], older["referenceNumber"], newer["source"]) == ("16.25", None, "Standalone")
    client.act("delete_bill", id=goods["id"])
    assert client("GET", f"{AP_BILLS}/{goods['id']}").status_code == 404
    assert fed(client, "accounting/export/inventory-bills", goods["id"])["active"] is False


def test_goods_go_back_and_their_credit_is_applied(client: Client) -> None:
    order = order_of(client, line())
    client.act("receive_order", id=order["id"])
    bill = client.act("bill_order", id=order["id"])
    back = client.act(
        "return_goods", order_id=order["id"], lines=[line(2)], tax="1.00", vendor_number="RMA-7"
    )
    assert (back["status"], back["returnAmount"]) == ("Pending", 17.25)
    assert client.act("send_return", id=back["id"])["status"] == "Returned"
    credit = client.act("credit_return", id=back["id"], number="CR-7", date="2026-03-12")
    (seen,) = client.rows("inventory/returns")
    assert (seen["status"], seen["creditReceivedOn"][:10]) == ("CreditReceived", "2026-03-12")
    client.act("apply_vendor_credit", id=credit["id"], bill_id=bill["id"], amount=10)
    (row,) = client.rows("accounting/ap-credits")
    assert (row["inventoryReturnId"], row["amount"], row["appliedAmount"]) == (back["id"], 17.25, 10)
    assert [split["inventoryBillId"] for split in row["splits"]] == [bill["id"]]
    client.act("cancel_vendor_credit", id=credit["id"])
    (row,) = client.rows("accounting/ap-credits")
    assert (row["status"], row["active"], row["appliedAmount"]) == ("Canceled", False, 0)
    free = client.act("add_vendor_credit", vendor_id=story.VENDOR, amount=5, number="CR-8")
    paid = client.act("pay_bills", bill_ids=[bill["id"]], date="2026-03-20")
    (payment,) = client.rows("accounting/ap-payments")
    assert (payment["amount"], payment["method"], payment["status"]) == (81.23, "ServiceTitan", "Paid")
    assert client.act("cancel_bill_payment", id=paid["id"])["status"] == "Cancelled"
    client.act("cancel_return", id=back["id"])
    assert client.ids("accounting/ap-credits") == [credit["id"], free["id"]]
    assert fed(client, "inventory/export/returns", back["id"])["active"] is False


def test_orders_are_edited_canceled_and_opened_again(client: Client) -> None:
    order = order_of(client)
    furnace = order["items"][1]["id"]
    changed = client.act(
        "change_order", id=order["id"], lines=[{"id": furnace, "remove": True}, line(1, "2")]
    )
    assert ([item["quantity"] for item in changed["items"]], changed["total"]) == ([10, 1], 83.23)
    client.act("receive_order", id=order["id"], lines=[{"id": order["items"][0]["id"], "quantity": 3}])
    assert client.act("cancel_order", id=order["id"])["status"] == "Canceled"
    assert client.act("reopen_order", id=order["id"])["status"] == "PartiallyReceived"
    assert fed(client, "inventory/export/purchase-orders", order["id"])["status"] == "PartiallyReceived"
    client.act("erase", resource="purchase-orders", id=order["id"])
    assert client("GET", f"{ORDERS}/{order['id']}").status_code == 404
    assert client.act("change_cost", sku="CAP", cost="8.7654")["cost"] == 8.7654
    assert client.act("rename_sku", sku="CAP", to="CAP-45", display_name="Capacitor 45")["code"] == "CAP-45"
    assert client.ok("GET", f"pricebook/materials/{story.CAPACITOR}")["displayName"] == "Capacitor 45"
