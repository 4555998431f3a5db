"""Purchase orders, bills and vendor credits.

Belongs here: totals, due dates, balances, links between order and bill (reference §6.8, §6.9, §6.11). Does
not belong here: paying (`bill_payments.py`) and purchases paid at once (`purchases.py`).
"""

from __future__ import annotations

from datetime import date

from st_qbo_sandbox.quickbooks import ledger, links
from st_qbo_sandbox.quickbooks.addresses import number_addresses
from st_qbo_sandbox.quickbooks.books import Body, copy_of
from st_qbo_sandbox.quickbooks.calls import Call, money
from st_qbo_sandbox.quickbooks.expense_lines import build_expense_lines
from st_qbo_sandbox.quickbooks.faults import business
from st_qbo_sandbox.quickbooks.numbers import number_document
from st_qbo_sandbox.quickbooks.sales import due_date
from st_qbo_sandbox.quickbooks.sales_lines import keep_class, keep_department
from st_qbo_sandbox.quickbooks.settlement import BILL_PAYMENT, free_payments_of, keep_payments

_NOT_IN_US = ("GlobalTaxCalculation", "ExchangeRate")


def prepare_buying(call: Call, new: Body, old: Body | None) -> None:
    """Complete a new or changed purchase document.

    Raises:
        Fault: whatever QuickBooks refuses about lines, number or total.
    """
    vendor = call.work.find("Vendor", new["VendorRef"]["value"]) or {}
    total = build_expense_lines(call, new, old)
    for name in _NOT_IN_US:
        new.pop(name, None)
    tax = new.get("TxnTaxDetail", {}).get("TotalTax")
    new["TotalAmt"] = total + (money(tax) if tax else 0)
    if new["TotalAmt"] < 0:
        raise business("Transaction amount must be 0 or greater.")
    new["CurrencyRef"] = call.company.home_currency
    account = ledger.payable_account(call.work, new)
    if account:
        new["APAccountRef"] = call.ref("Account", account)
    if "DepartmentRef" in new:
        keep_department(call, new)
    if "ClassRef" in new:
        keep_class(call, new, "ClassTrackingPerTxn")
    if old is None and "VendorAddr" not in new and "BillAddr" in vendor:
        new["VendorAddr"] = copy_of(vendor["BillAddr"])
    number_addresses(call, new, ("VendorAddr", "ShipAddr"))
    number_document(call, new, old)
    _FINISHERS[call.entity.name](call, new, old, vendor)


def _finish_bill(call: Call, new: Body, old: Body | None, vendor: Body) -> None:
    if old is None and "SalesTermRef" not in new and "TermRef" in vendor:
        new["SalesTermRef"] = {"value": vendor["TermRef"]["value"]}
    if "DueDate" not in new or (old is not None and "DueDate" not in call.sent and "TxnDate" in call.sent):
        term = call.work.find("Term", new.get("SalesTermRef", {}).get("value", "")) or {}
        new["DueDate"] = due_date(date.fromisoformat(new["TxnDate"]), term).isoformat()
    orders = _read_orders(call, new)
    paid = [link for link in (old or {}).get("LinkedTxn", ()) if link["TxnType"] != "PurchaseOrder"]
    new["LinkedTxn"] = [{"TxnId": id, "TxnType": "PurchaseOrder"} for id in orders] + paid
    _link_orders(call, new, old, orders)
    new["Balance"] = new["TotalAmt"]
    if old is not None:
        keep_payments(call, BILL_PAYMENT, new, old, "Balance")


def _read_orders(call: Call, new: Body) -> list[str]:
    """Return the purchase orders that the bill or its lines link to."""
    wanted = [link for link in new.get("LinkedTxn", ()) if link.get("TxnType") == "PurchaseOrder"]
    for line in new["Line"]:
        for link in line.get("LinkedTxn", ()):
            if link.get("TxnType") == "PurchaseOrder":
                if not link.get("TxnLineId"):
                    raise business(
                        "A line that links to a purchase order needs TxnId, TxnType and TxnLineId."
                    )
                wanted.append(link)
    found: dict[str, None] = {}
    for link in wanted:
        order = call.work.find("PurchaseOrder", link.get("TxnId", ""))
        if order is None or order["VendorRef"]["value"] != new["VendorRef"]["value"]:
            raise business("The purchase order cannot be linked to this bill.")
        found[order["Id"]] = None
    return list(found)


def _link_orders(call: Call, new: Body, old: Body | None, orders: list[str]) -> None:
    before = [
        link["TxnId"] for link in (old or {}).get("LinkedTxn", ()) if link["TxnType"] == "PurchaseOrder"
    ]
    for id in before:
        if id not in orders:
            unlink_order(call, id, new["Id"])
    back = {"TxnId": new["Id"], "TxnType": "Bill"}
    for id in orders:
        order = call.work.open("PurchaseOrder", id)
        if back not in order.setdefault("LinkedTxn", []):
            order["LinkedTxn"].append(back)
        by_line = {
            link["TxnLineId"]
            for line in new["Line"]
            for link in line.get("LinkedTxn", ())
            if link.get("TxnId") == id and link.get("TxnLineId")
        }
        # All lines received, or the order as a whole: QuickBooks closes it (reference §6.9).
        if not by_line or by_line >= {line["Id"] for line in order["Line"]}:
            order["POStatus"] = "Closed"


def unlink_order(call: Call, order_id: str, bill_id: str) -> None:
    """Take a bill off a purchase order and open the order again."""
    if call.work.find("PurchaseOrder", order_id) is not None:
        order = call.work.open("PurchaseOrder", order_id)
        links.unlink(order, bill_id)
        order["POStatus"] = "Open"


def _finish_vendor_credit(call: Call, new: Body, old: Body | None, vendor: Body) -> None:
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))
    new["_open"] = new["TotalAmt"]
    if old is not None:
        keep_payments(call, BILL_PAYMENT, new, old, "_open")
    new["Balance"] = new["_open"]


def _finish_order(call: Call, new: Body, old: Body | None, vendor: Body) -> None:
    new.setdefault("POStatus", "Open")
    new.setdefault("EmailStatus", "NotSet")
    new["LinkedTxn"] = list((old or {}).get("LinkedTxn", ()))


_FINISHERS = {"Bill": _finish_bill, "VendorCredit": _finish_vendor_credit, "PurchaseOrder": _finish_order}


def remove_buying(call: Call, doc: Body) -> None:
    """Free what is applied or linked before a document is deleted."""
    if call.entity.name in ("Bill", "VendorCredit"):
        free_payments_of(call.work, BILL_PAYMENT, call.entity.name, doc)
    for link in doc.get("LinkedTxn", ()):
        if link["TxnType"] == "PurchaseOrder":
            unlink_order(call, link["TxnId"], doc["Id"])
