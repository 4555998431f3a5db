"""Lines with counted items: what QuickBooks refuses of them.

Belongs here: 6270 and 6520 (reference §4.3). Does not belong here: what such lines move and cost
(`stock.py`).
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.calls import Call
from st_qbo_sandbox.quickbooks.faults import MESSAGES, fault
from st_qbo_sandbox.quickbooks.ledger import flat_lines
from st_qbo_sandbox.quickbooks.stock import ENTITIES, is_tracked


def check_stock_lines(call: Call, doc: Body) -> None:
    """Refuse lines that a counted item cannot stand on.

    Raises:
        Fault: 6270, the document is dated before the item's start; 6520, it does not say how many.
    """
    is_order = call.entity.name == "PurchaseOrder"
    if call.entity.name not in ENTITIES and not (is_order and call.switches.start_date_guards_orders):
        return
    for line in flat_lines(doc["Line"]):
        detail: Body = line.get("SalesItemLineDetail") or line.get("ItemBasedExpenseLineDetail") or {}
        item = call.work.find("Item", detail.get("ItemRef", {}).get("value", ""))
        if item is None or not is_tracked(item):
            continue
        if doc["TxnDate"] < item["InvStartDate"]:
            text = MESSAGES["6270"]
            raise fault("6270", f"{text} : {item['FullyQualifiedName']} starts on {item['InvStartDate']}.")
        if "Qty" not in detail and line.get("Amount") and call.switches.stock_lines_need_quantity:
            raise fault("6520", f"{MESSAGES['6520']} : {item['FullyQualifiedName']}", "Qty")
